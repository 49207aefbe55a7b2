/** What lies in a filing's folder: ownership forms, 13F tables, whole submissions. */

import assert from "node:assert/strict";
import { isInThousands, timesThousand } from "../src/parse/holdings.ts";
import { readHeader } from "../src/parse/filing_text.ts";
import {
  excerpts,
  parseBytes,
  parseFile,
  payloads,
  readExcerpt,
  refusal,
  rowsFor,
  testOnPayloads,
} from "./source_files.ts";

const data = "Archives/edgar/data";
const sale = `${data}/320193/000032019320000086/wf-form4_160262821333467.xml`;
const grant = `${data}/320193/000121412826000004/wk-form4_1772148758.xml`;
const table = `${data}/1067983/000095012322012275/infotable.xml`;
const submission = `${data}/1894188/0001894188-23-000007.txt`;
const report = `${data}/320193/0001193125-19-292676.txt`;

Deno.test("a form 4 of schema X0306 brings its sale with the footnotes it refers to", async () => {
  const parsed = await parseFile(excerpts, sale, { filing: { filed_on: "2020-10-13" } });
  assert.deepEqual(parsed.map(({ query }) => query), ["add_companies", "load_insider_transactions"]);
  assert.deepEqual(parsed[0]!.rows, [{ cik: "320193", name: "Apple Inc." }]);
  const [row, ...others] = parsed[1]!.rows;
  assert.equal(others.length, 0);
  const { footnotes, ...rest } = row!;
  assert.deepEqual(rest, {
    accession: "0000320193-20-000086",
    position: "1",
    is_derivative: "false",
    issuer_cik: "320193",
    owner_cik: "1513362",
    owner_name: "Maestri Luca",
    is_director: "false",
    is_officer: "true",
    is_ten_percent_owner: "false",
    officer_title: "Senior Vice President, CFO",
    security_title: "Common Stock",
    transacted_on: "2020-10-09",
    transaction_code: "S",
    shares: "243431",
    price: "116.89",
    acquired_disposed: "D",
    shares_after: "110272",
    is_direct: "true",
    nature_of_ownership: null,
    underlying_security: null,
    exercise_price: null,
    is_holding: "false",
    form: "4",
    filed_on: "2020-10-13",
  });
  assert.match(
    footnotes!,
    /^This transaction was made pursuant to a Rule 10b5-1 .*\nThis transaction was executed in multiple/,
  );
});

Deno.test("a form 4 of schema X0508 brings shares, a holding and a derivative", async () => {
  const rows = rowsFor(await parseFile(excerpts, grant), "load_insider_transactions");
  assert.deepEqual(
    rows.map((
      row,
    ) => [
      row.position,
      row.is_derivative,
      row.is_holding,
      row.transaction_code,
      row.shares,
      row.shares_after,
    ]),
    [
      ["1", "false", "false", "G", "1113", "4069576"],
      ["2", "false", "true", null, null, "56000"],
      ["3", "true", "false", "A", "1011", "1011"],
    ],
  );
  const [gift, holding, unit] = rows;
  assert.deepEqual([gift!.price, gift!.is_direct, gift!.filed_on], ["0", "true", null]);
  assert.deepEqual([holding!.is_direct, holding!.nature_of_ownership, holding!.transacted_on], [
    "false",
    "By Spouse",
    null,
  ]);
  assert.deepEqual([unit!.underlying_security, unit!.exercise_price], ["Common Stock", null]);
  assert.equal(unit!.footnotes!.split("\n").length, 3, "each footnote once, though F3 is referred to twice");
});

Deno.test("a joint filing brings each row for each owner, at the same position", async () => {
  const text = await readExcerpt(grant);
  const owner = /<reportingOwner>[\s\S]*<\/reportingOwner>/.exec(text)![0];
  const joint = text.replace(
    owner,
    owner + owner.replace("0001214128", "0001513362").replace("<isDirector>1<", "<isDirector>false<"),
  );
  const rows = rowsFor(await parseBytes(grant, joint), "load_insider_transactions");
  assert.deepEqual(
    rows.map((row) => `${row.position} ${row.owner_cik} ${row.is_director}`),
    [
      "1 1214128 true",
      "1 1513362 false",
      "2 1214128 true",
      "2 1513362 false",
      "3 1214128 true",
      "3 1513362 false",
    ],
  );
});

Deno.test("amendments, holdings of derivatives, dates with an offset and CDATA are read; absent boxes are not ticked", async () => {
  const text = (await readExcerpt(grant))
    .replace("<documentType>4<", "<documentType>4/A<")
    .replaceAll("derivativeTransaction>", "derivativeHolding>").replaceAll(
      "nonDerivativeTransaction>",
      "nonDerivativeHolding>",
    )
    .replace("<isOfficer>0</isOfficer>", "")
    .replace("<value>By Spouse</value>", "<value><![CDATA[By A & B]]></value>")
    .replace("<value>Restricted Stock Unit</value>", "<value>R&amp;S &#8217;Unit&#x2019;</value>");
  const rows = rowsFor(await parseBytes(grant, text), "load_insider_transactions");
  assert.deepEqual([...new Set(rows.map(({ form }) => form))], ["4/A"]);
  assert.deepEqual(rows.map(({ is_holding, is_derivative }) => [is_holding, is_derivative]).at(-1), [
    "true",
    "true",
  ]);
  assert.equal(rows[0]!.is_officer, "false");
  assert.ok(rows.some(({ nature_of_ownership }) => nature_of_ownership === "By A & B"));
  assert.equal(rows.at(-1)!.security_title, "R&S \u2019Unit\u2019");
  const dated = (await readExcerpt(sale)).replace("<value>2020-10-09<", "<value>2020-10-09-05:00<");
  assert.equal(
    rowsFor(await parseBytes(sale, dated), "load_insider_transactions")[0]!.transacted_on,
    "2020-10-09",
  );
});

Deno.test("someone who owns nothing brings the issuer alone", async () => {
  const text = (await readExcerpt(sale)).replace(/<nonDerivativeTable>[\s\S]*<\/nonDerivativeTable>/, "");
  assert.deepEqual((await parseBytes(sale, text)).map(({ query }) => query), ["add_companies"]);
});

Deno.test("ownership documents that are wrong are refused with the field or the line", async () => {
  const text = await readExcerpt(sale);
  const cases: [string | RegExp, string, RegExp][] = [
    ["<value>2020-10-09<", "<value>2020-13-09<", /a date is due, not "2020-13-09" .*transactionDate/],
    ["<value>243431<", "<value>243,431<", /a decimal is due, not "243,431"/],
    ["<value>116.89<", "<value>NaN<", /a decimal is due, not "NaN"/],
    ["<value>D</value>", "<value>X</value>", /A or D is due, not "X"/],
    [
      "<issuerCik>0000320193<",
      "<issuerCik>AAPL<",
      /a company number is due, not "AAPL" \(field issuer.issuerCik\)/,
    ],
    ["<rptOwnerName>Maestri Luca<", "<rptOwnerName><", /a name is due/],
    ["<isOfficer>1<", "<isOfficer>yes<", /0 or 1 is due, not "yes"/],
    ["<documentType>4<", "<documentType>10-K<", /form 3, 4 or 5 is due/],
    [/<reportingOwner>[\s\S]*<\/reportingOwner>/, "", /an owner is due/],
    ["</issuer>", "</issuers>", /the XML is not well formed: .* \(line 1\d, column \d+\)/],
    [
      "<ownershipDocument>",
      '<!DOCTYPE x [<!ENTITY a "aaaa">]><ownershipDocument>',
      /a document type declaration/,
    ],
    ["</ownershipDocument>", "", /the file ends before its <\/ownershipDocument> \(line 94\)/],
    ["Maestri", "Mae\0stri", /NUL|not well formed/],
  ];
  for (const [from, to, message] of cases) {
    const changed = text.replace(from, to);
    assert.notEqual(changed, text, String(from));
    const error = await refusal(sale, changed);
    assert.equal(error.code, "edgar.source_invalid");
    assert.match(error.message, message);
  }
});

Deno.test("XML that is not loaded brings nothing, and none at all is refused", async () => {
  const folder = sale.slice(0, sale.lastIndexOf("/"));
  const notice = (await coverPage()).replace("<submissionType>13F-HR<", "<submissionType>13F-NT<");
  assert.deepEqual(await parseBytes(`${folder}/primary_doc.xml`, notice), []);
  assert.match((await refusal(sale, "not at all")).message, /XML is due/);
});

/** The real cover page, cut out of the real submission. */
async function coverPage(): Promise<string> {
  return /<edgarSubmission[\s\S]*<\/edgarSubmission>/.exec(await readExcerpt(submission))![0];
}

Deno.test("the cover page of a 13F says whether it amends, and how; its SEC form is the published one", async () => {
  const path = `${data}/1894188/000189418823000007/primary_doc.xml`;
  const cover = await coverPage();
  const [plain] = rowsFor(await parseBytes(path, cover), "load_fund_reports");
  assert.deepEqual(
    [plain!.accession, plain!.cik, plain!.manager_name, plain!.report_on, plain!.filed_on, plain!.form],
    ["0001894188-23-000007", "1894188", "LTS One Management LP", "2023-09-30", null, "13F-HR"],
  );
  // No amendment is among the payloads at hand, so the real page is made one, with the elements of SEC's technical specification.
  const amended = (type: string) =>
    cover.replace("<submissionType>13F-HR<", "<submissionType>13F-HR/A<").replace(
      "<filingManager>",
      `<isAmendment>true</isAmendment><amendmentNo>2</amendmentNo><amendmentInfo>${type}</amendmentInfo><filingManager>`,
    );
  for (
    const [type, found] of [
      ["<amendmentType>RESTATEMENT</amendmentType>", "RESTATEMENT"],
      ["<amendmentType>New Holdings</amendmentType>", "NEW HOLDINGS"],
      ["", null],
    ] as const
  ) {
    const [row] = rowsFor(await parseBytes(path, amended(type)), "load_fund_reports");
    assert.deepEqual([row!.form, row!.amendment_number, row!.amendment_type], ["13F-HR/A", "2", found]);
  }
  const refused = await refusal(path, amended("<amendmentType>SOME</amendmentType>"));
  assert.match(
    refused.message,
    /RESTATEMENT or NEW HOLDINGS is due, not "SOME" \(field coverPage\.amendmentInfo\.amendmentType\)/,
  );
  const day = await refusal(
    path,
    cover.replace("<periodOfReport>09-30-2023<", "<periodOfReport>09-31-2023<"),
  );
  assert.match(day.message, /a date such as 09-30-2023 is due, not "09-31-2023" \(field periodOfReport\)/);
});

Deno.test("a 13F of 2022 counts in thousands and comes in dollars; several managers stay a list", async () => {
  const rows = rowsFor(await parseFile(excerpts, table), "load_fund_holdings");
  assert.deepEqual(rows[0], {
    accession: "0000950123-22-012275",
    position: "1",
    cik: "1067983",
    manager_name: null,
    report_on: null,
    filed_on: null,
    issuer_name: "ACTIVISION BLIZZARD INC",
    class_title: "COM",
    cusip: "00507V109",
    figi: null,
    value_usd: "1906458000",
    shares: "25645116",
    share_type: "SH",
    put_call: null,
    discretion: "DFND",
    other_managers: "4,8,11",
    voting_sole: "25645116",
    voting_shared: "0",
    voting_none: "0",
  });
  const known = { filed_on: "2022-11-14", report_on: "2022-09-30", name: "BERKSHIRE HATHAWAY INC" };
  const [row] = rowsFor(await parseFile(excerpts, table, { filing: known }), "load_fund_holdings");
  assert.deepEqual([row!.filed_on, row!.report_on, row!.manager_name], Object.values(known));
  const later = { filing: { filed_on: "2023-01-03" } };
  assert.equal(
    rowsFor(await parseFile(excerpts, table, later), "load_fund_holdings")[0]!.value_usd,
    "1906458",
  );
});

Deno.test("thousands end on 2023-01-03, and multiplying is exact", () => {
  assert.equal(isInThousands("0000950123-22-012275", "2023-01-03"), false);
  assert.equal(isInThousands("0000950123-23-000001", "2023-01-02"), true);
  assert.deepEqual(
    ["0000950123-22-012275", "0000950123-23-002585", "0000950123-99-000001"].map((each) =>
      isInThousands(each)
    ),
    [true, false, true],
  );
  assert.deepEqual(
    ["0", "17", "1.5", "0.0005", "12.34567", "-3", "99999999999999999"].map(timesThousand),
    ["0", "17000", "1500", "0.5", "12345.67", "-3000", "99999999999999999000"],
  );
});

Deno.test("options and other managers of a 13F are kept, with and without a prefix", async () => {
  const text = (await readExcerpt(table)).replace(
    "<investmentDiscretion>",
    "<putCall>Put</putCall><figi>BBG000B9XRY4</figi><otherManager>2</otherManager><investmentDiscretion>",
  );
  const rows = rowsFor(await parseBytes(table, text), "load_fund_holdings");
  assert.deepEqual([rows[0]!.put_call, rows[0]!.figi, rows[0]!.other_managers], [
    "Put",
    "BBG000B9XRY4",
    "2,4,8,11",
  ]);
  const prefixed = text.replace(/<(\/?)(\w)/g, "<$1n1:$2").replace("xmlns=", "xmlns:n1=");
  assert.deepEqual(rowsFor(await parseBytes(table, prefixed), "load_fund_holdings"), rows);
});

Deno.test("a long 13F table is parsed in pieces: the same rows in order, and a fault keeps its place in the whole", async () => {
  const text = await readExcerpt(table);
  const [, start, lines, end] = /^([\s\S]*?)(<infoTable>[\s\S]*<\/infoTable>)([\s\S]*)$/.exec(
    text,
  ) as unknown as string[];
  const long = `${start}${`${lines}<!-- no end: </infoTable> -->\n`.repeat(200)}${end}`;
  const few = rowsFor(await parseBytes(table, text), "load_fund_holdings");
  let turns = 0;
  const timer = setInterval(() => void turns++, 1);
  const rows = rowsFor(
    await parseBytes(table, long.replaceAll("<!-- no end: </infoTable> -->", "")),
    "load_fund_holdings",
  );
  clearInterval(timer);
  assert.ok(turns > 5, `${turns} turns`);
  assert.equal(rows.length, few.length * 200);
  for (const [index, row] of rows.entries()) {
    assert.deepEqual(row, { ...few[index % few.length], position: String(index + 1) });
  }
  assert.deepEqual(
    rowsFor(await parseBytes(table, long), "load_fund_holdings"),
    rows,
    "a comment may hold anything",
  );
  const at = long.lastIndexOf("<cusip>");
  const broken = await refusal(table, `${long.slice(0, at)}<cusip${long.slice(at + 7)}`);
  assert.match(broken.message, /the XML is not well formed/);
  const line = long.slice(0, at).split("\n").length;
  assert.ok(Math.abs(Number(broken.details.line) - line) <= 2, `${broken.details.line} is not about ${line}`);
});

Deno.test("a 13F with a wrong value is refused with the row", async () => {
  const text = await readExcerpt(table);
  const many = await refusal(table, text.replace("<value>85095<", "<value>85,095<"));
  assert.match(many.message, /a number is due, not "85,095" \(field infoTable\[2\]\.value\)/);
  const none = await refusal(table, text.replace("<cusip>00507V109</cusip>", ""));
  assert.match(none.message, /text is due \(field infoTable\[1\]\.cusip\)/);
});

Deno.test("a whole submission brings its filing, and its 13F table with manager, period and day", async () => {
  const parsed = await parseFile(excerpts, submission);
  assert.deepEqual(parsed.map(({ query }) => query), [
    "load_index",
    "load_fund_reports",
    "load_fund_holdings",
  ]);
  assert.deepEqual(parsed[0]!.rows, [{
    cik: "1894188",
    name: "LTS One Management LP",
    form: "13F-HR",
    filed_on: "2023-11-14",
    accession: "0001894188-23-000007",
    file_name: "edgar/data/1894188/0001894188-23-000007.txt",
  }]);
  assert.deepEqual(parsed[1]!.rows, [{
    accession: "0001894188-23-000007",
    cik: "1894188",
    manager_name: "LTS One Management LP",
    report_on: "2023-09-30",
    filed_on: "2023-11-14",
    form: "13F-HR",
    report_type: "13F HOLDINGS REPORT",
    amendment_number: null,
    amendment_type: null,
    entries: "14",
    value_usd: "454926000",
  }]);
  const rows = parsed[2]!.rows;
  assert.equal(rows.length, 14);
  assert.equal(sum(rows, "value_usd"), 454_926_000n);
  assert.deepEqual(
    [rows[0]!.manager_name, rows[0]!.report_on, rows[0]!.filed_on, rows[0]!.cik],
    ["LTS One Management LP", "2023-09-30", "2023-11-14", "1894188"],
  );
  assert.ok(
    rows.some(({ issuer_name }) => issuer_name === "INTERNATIONAL FLAVORS&FRAGRA"),
    "references are decoded",
  );
});

Deno.test("a whole submission brings the text of its main document and none of its pictures", async () => {
  const parsed = await parseFile(excerpts, report);
  assert.deepEqual(parsed.map(({ query }) => query), ["load_index", "load_documents"]);
  const parts = parsed[1]!.rows;
  assert.ok(parts.every(({ file_name, cik }) => file_name === "d828969d8k.htm" && cik === "320193"));
  const text = parts.map(({ body }) => body).join("\n\n");
  assert.match(text, /Item 8\.01 \| Other Events\./i);
  assert.doesNotMatch(text, /AmendmentFlag|duration_2019|us-gaap|begin 644|<\w/);
});

Deno.test("an ownership form in a whole submission is read with the header's day", async () => {
  const xml = await readExcerpt(sale);
  const text = (await readExcerpt(submission))
    .replace(
      /<TYPE>INFORMATION TABLE[\s\S]*?<\/DOCUMENT>/,
      `<TYPE>4\n<SEQUENCE>1\n<FILENAME>form4.xml\n<TEXT>\n<XML>\n${xml}\n</XML>\n</TEXT>\n</DOCUMENT>`,
    );
  const [row] = rowsFor(await parseBytes(submission, text), "load_insider_transactions");
  assert.deepEqual([row!.filed_on, row!.accession, row!.form], ["2023-11-14", "0001894188-23-000007", "4"]);
});

Deno.test("a filing of several parties lists each once", async () => {
  const text = await readExcerpt(submission);
  const party = /\tCOMPANY DATA:[\s\S]*?(?=\tFILING VALUES)/.exec(text)![0];
  const joint = text.replace(
    party,
    `${party}\n${party}\n${
      party.replace("0001894188", "0000320193").replace("LTS One Management LP", "Apple Inc.")
    }`,
  );
  assert.deepEqual(readHeader(submission, joint).parties, [
    { cik: "1894188", name: "LTS One Management LP" },
    { cik: "320193", name: "Apple Inc." },
  ]);
});

Deno.test("a whole submission that is cut or of another filing is refused", async () => {
  const text = await readExcerpt(submission);
  assert.match(
    (await refusal(submission, text.slice(0, -20))).message,
    /the file ends before its <\/SEC-DOCUMENT>/,
  );
  assert.match(
    (await refusal(submission, text.replace("</DOCUMENT>\n</SEC-DOCUMENT>", "</SEC-DOCUMENT>"))).message,
    /document 2 has no end/,
  );
  assert.match(
    (await refusal(
      submission,
      text.replace("FILED AS OF DATE:\t\t20231114", "FILED AS OF DATE:\t\t20231314"),
    )).message,
    /a date is due, not "20231314"/,
  );
  assert.match((await refusal(report, text)).message, /the filing of the path, 0001193125-19-292676, is due/);
  assert.match((await refusal(submission, "hello")).message, /a whole submission is due/);
});

testOnPayloads("the 13F tables of Berkshire Hathaway sum up to SEC's totals, in dollars", async () => {
  const before = rowsFor(await parseFile(payloads, table), "load_fund_holdings");
  assert.deepEqual([before.length, sum(before, "value_usd")], [179, 296_096_640_000n]);
  const after = rowsFor(
    await parseFile(payloads, `${data}/1067983/000095012323002585/infotable.xml`),
    "load_fund_holdings",
  );
  assert.deepEqual([after.length, sum(after, "value_usd")], [172, 299_007_622_119n]);
  const prefixed = rowsFor(
    await parseFile(payloads, `${data}/1894188/000189418823000007/index.xml`),
    "load_fund_holdings",
  );
  assert.deepEqual([prefixed.length, sum(prefixed, "value_usd")], [14, 454_926_000n]);
});

testOnPayloads(
  "the whole submission of an 8-K with 19 documents brings its main document alone",
  async () => {
    const parsed = await parseFile(payloads, report);
    assert.deepEqual(parsed, await parseFile(excerpts, report));
  },
);

function sum(rows: readonly Record<string, string | null>[], column: string): bigint {
  return rows.reduce((total, row) => total + BigInt(row[column]!), 0n);
}
