/** Company facts, submissions and tickers: SEC's JSON. */

import assert from "node:assert/strict";
import { overflowPages } from "../src/parse/submissions.ts";
import {
  countRows,
  excerpts,
  parseBytes,
  parseFile,
  payloads,
  readExcerpt,
  refusal,
  rowsFor,
  testOnPayloads,
} from "./source_files.ts";

const costco = "api/xbrl/companyfacts/CIK0000909832.json";
const mcdonalds = "api/xbrl/companyfacts/CIK0000063908.json";
const apple = "submissions/CIK0000320193.json";
const applePage = "submissions/CIK0000320193-submissions-001.json";

Deno.test("company facts bring the company, its concepts and its facts, in this order", async () => {
  const parsed = await parseFile(excerpts, mcdonalds);
  assert.deepEqual(parsed.map(({ query }) => query), ["add_companies", "load_concepts", "load_facts"]);
  // A curly apostrophe stays one.
  assert.deepEqual(parsed[0]!.rows, [{ cik: "63908", name: "McDONALD\u2019S CORPORATION" }]);
  assert.deepEqual(parsed[2]!.columns, [
    "cik",
    "taxonomy",
    "tag",
    "unit",
    "start_on",
    "end_on",
    "value",
    "accession",
    "fy",
    "fp",
    "form",
    "filed_on",
    "frame",
  ]);
  const shares = parsed[2]!.rows.find(({ tag }) => tag === "EntityCommonStockSharesOutstanding")!;
  assert.equal(shares.start_on, null, "an instant has no start");
  assert.equal(shares.unit, "shares");
});

Deno.test("earnings per share in the unit pure keep every digit", async () => {
  const facts = rowsFor(await parseFile(excerpts, costco), "load_facts");
  assert.ok(facts.some(({ unit }) => unit === "pure"), "Costco's early earnings per share are in pure");
  const source = [...(await readExcerpt(costco)).matchAll(/"val":([^,}]+)/g)].map(([, text]) => text);
  assert.deepEqual(facts.map(({ value }) => value).toSorted(), source.toSorted());
});

Deno.test("values keep the JSON's own text where a float would not", async () => {
  const text = await readExcerpt(costco);
  for (
    const value of [
      "0.10",
      "123456789012345678901234567890.000000000001",
      "-0.000000000000000000001",
      "1.5E+7",
      "2.0",
    ]
  ) {
    const changed = text.replace(/"val":[^,}]+/, `"val":${value}`);
    const facts = rowsFor(await parseBytes(costco, changed), "load_facts");
    assert.equal(facts[0]!.value, value);
  }
});

Deno.test("what looks like a value inside a text or a longer name stays as it is", async () => {
  const text = await readExcerpt(costco);
  const label = String.raw`a \"val\":5 and \\ \"val\": 6,`;
  const changed = text.replace(/"label":"[^"]*"/, `"label":"${label}"`).replace(
    '"fp":"FY"',
    '"fp":"FY","a\\"val":7,"val2":8',
  );
  const parsed = await parseBytes(costco, changed);
  assert.equal(rowsFor(parsed, "load_concepts")[0]!.label, JSON.parse(`"${label}"`));
  assert.deepEqual(
    rowsFor(parsed, "load_facts"),
    rowsFor(await parseBytes(costco, text), "load_facts"),
  );
});

Deno.test("a company number is taken as a number and as padded text, and must be the path's", async () => {
  const text = await readExcerpt(costco);
  const padded = rowsFor(
    await parseBytes(costco, text.replace('"cik":909832', '"cik":"0000909832"')),
    "load_facts",
  );
  assert.equal(padded[0]!.cik, "909832");
  const other = await refusal(costco, text.replace('"cik":909832', '"cik":320193'));
  assert.equal(other.details.field, "cik");
});

Deno.test("labels, descriptions, years and periods may be null, and a company may have no facts", async () => {
  const text = await readExcerpt(costco);
  const parsed = await parseBytes(
    costco,
    text.replace(/"label":"[^"]*","description":"[^"]*"/, '"label":null,"description":null')
      .replace(/"fy":\d+,"fp":"[^"]*"/, '"fy":null,"fp":null'),
  );
  const [concept] = rowsFor(parsed, "load_concepts");
  assert.deepEqual([concept!.label, concept!.description], [null, null]);
  const [fact] = rowsFor(parsed, "load_facts");
  assert.deepEqual([fact!.fy, fact!.fp], [null, null]);
  const none = await parseBytes(
    costco,
    '{"cik":909832,"entityName":"COSTCO WHOLESALE CORP /NEW","facts":{}}',
  );
  assert.deepEqual(none.map(({ query }) => query), ["add_companies"]);
});

Deno.test("a fact that is listed again counts once, the one in a frame first", async () => {
  const text = await readExcerpt(costco);
  const fact = /\{"start"[^}]*\}/.exec(text)![0];
  const framed = fact.replace(/,"frame":"[^"]*"/, "").replace("}", ',"frame":"CY2008"}').replace(
    /"val":[^,]+/,
    '"val":9',
  );
  const plain = rowsFor(await parseBytes(costco, text), "load_facts");
  const unframed = text.replace(fact, `${fact.replace(/,"frame":"[^"]*"/, "")},${framed}`);
  const again = rowsFor(await parseBytes(costco, unframed), "load_facts");
  assert.equal(again.length, plain.length);
  assert.deepEqual([again[0]!.value, again[0]!.frame], ["9", "CY2008"]);
});

Deno.test("a wrong value of a fact is refused with its place", async () => {
  const text = await readExcerpt(costco);
  const cases: [RegExp, string, string][] = [
    [/"val":[^,}]+/, '"val":"many"', ".val"],
    [/"val":[^,}]+/, '"val":null', ".val"],
    [/"val":[^,}]+/, `"val":${"9".repeat(60)}`, ".val"],
    [/"val":[^,}]+/, '"val":1e400', ".val"],
    [/"end":"[^"]*"/, '"end":"2009-02-30"', ".end"],
    [/"end":"[^"]*"/, '"end":20090228', ".end"],
    [/"start":"[^"]*"/, '"start":"soon"', ".start"],
    [/"filed":"[^"]*"/, '"filed":""', ".filed"],
    [/"accn":"[^"]*"/, '"accn":"0000909832"', ".accn"],
    [/"fy":\d+/, '"fy":"2009"', ".fy"],
    [/"form":"[^"]*"/, '"form":null', ".form"],
  ];
  for (const [pattern, replacement, field] of cases) {
    const error = await refusal(costco, text.replace(pattern, replacement));
    assert.equal(error.code, "edgar.source_invalid");
    assert.match(String(error.details.field), /^us-gaap\.EarningsPerShareBasic\.[\w/]+\[0\]/);
    assert.ok(String(error.details.field).endsWith(field), `${replacement}: ${error.message}`);
  }
});

testOnPayloads("14 companies bring 316,008 facts", async () => {
  const expected = {
    "0000063908": 23466,
    "0000077476": 32118,
    "0000104169": 24871,
    "0000320193": 24852,
    "0000354950": 21151,
    "0000789019": 31574,
    "0000909832": 24426,
    "0001045810": 26571,
    "0001336917": 21058,
    "0001364479": 23891,
    "0001477333": 9671,
    "0001637459": 22033,
    "0001657853": 14304,
    "0001744489": 16022,
  };
  let all = 0;
  for (const [cik, facts] of Object.entries(expected)) {
    const counts = await countRows(payloads, `api/xbrl/companyfacts/CIK${cik}.json`);
    assert.equal(counts.load_facts, facts, cik);
    all += facts;
  }
  assert.equal(all, 316_008);
});

testOnPayloads("facts of the whole files have SEC's exact values and names", async () => {
  const pepsi = rowsFor(await parseFile(payloads, "api/xbrl/companyfacts/CIK0000077476.json"), "load_facts");
  assert.ok(
    pepsi.some(({ tag, value, accession }) =>
      tag === "EntityPublicFloat" && value === "108253443093.84" && accession === "0001445305-13-000278"
    ),
  );
  const depot = await parseFile(payloads, "api/xbrl/companyfacts/CIK0000354950.json");
  assert.equal(rowsFor(depot, "add_companies")[0]!.name, "HOME DEPOT,\u00A0INC.");
  const facts = rowsFor(await parseFile(payloads, "api/xbrl/companyfacts/CIK0001336917.json"), "load_facts");
  assert.equal(facts.filter(({ end_on, filed_on }) => end_on! > filed_on!).length, 19, "filers' errors stay");
  const keys = new Set(
    facts.map((fact) =>
      [fact.tag, fact.taxonomy, fact.unit, fact.start_on, fact.end_on, fact.accession].join()
    ),
  );
  assert.equal(keys.size, facts.length);
});

testOnPayloads("from one state of Apple's facts to the next 273 come and 72 lose their frame", async () => {
  const state = async (date: string) => {
    const path = "api/xbrl/companyfacts/CIK0000320193.json";
    const rows = rowsFor(await parseFile(`${payloads}/snapshots/${date}`, path), "load_facts");
    return new Map(rows.map(({ frame, value, ...key }) => [
      JSON.stringify([key.taxonomy, key.tag, key.unit, key.start_on, key.end_on, key.accession]),
      { frame, value },
    ]));
  };
  const [before, after] = [await state("2026-01-30"), await state("2026-05-01")];
  let [inserted, unframed, unchanged] = [0, 0, 0];
  for (const [key, now] of after) {
    const then = before.get(key);
    if (then === undefined) inserted++;
    else if (then.frame !== now.frame) unframed += Number(now.frame === null);
    else unchanged += Number(then.value === now.value);
  }
  assert.deepEqual([inserted, unframed, unchanged], [273, 72, 24_507]);
  assert.ok([...before.keys()].every((key) => after.has(key)));
});

Deno.test("submissions bring the company and its filings, absent text as NULL", async () => {
  const parsed = await parseFile(excerpts, apple);
  assert.deepEqual(rowsFor(parsed, "load_companies"), [{
    cik: "320193",
    name: "Apple Inc.",
    tickers: '{"AAPL"}',
    exchange: "Nasdaq",
    sic: "3571",
    fiscal_year_end: "0926",
    state: "CA",
  }]);
  const filings = rowsFor(parsed, "load_submissions");
  assert.deepEqual(filings.slice(0, 2), [{
    accession: "0001140361-26-032884",
    cik: "320193",
    form: "4",
    filed_on: "2026-08-13",
    report_on: "2026-08-11",
    accepted_text: "2026-08-13T22:30:20.000Z",
    act: null,
    file_number: null,
    film_number: null,
    items: null,
    size_bytes: "4672",
    is_xbrl: "false",
    is_inline_xbrl: "false",
    primary_document: "xslF345X06/form4.xml",
    primary_document_description: "FORM 4",
  }, {
    accession: "0001950047-26-007959",
    cik: "320193",
    form: "144",
    filed_on: "2026-08-11",
    report_on: null,
    accepted_text: "2026-08-11T20:29:44.000Z",
    act: "33",
    file_number: "001-36743",
    film_number: "261263722",
    items: null,
    size_bytes: "4966",
    is_xbrl: "false",
    is_inline_xbrl: "false",
    primary_document: "xsl144X01/primary_doc.xml",
    primary_document_description: null,
  }]);
});

Deno.test("a page of older filings is the bare columns, and its company stands in the path", async () => {
  const parsed = await parseFile(excerpts, applePage);
  assert.deepEqual(parsed.map(({ query }) => query), ["load_submissions"]);
  assert.equal(parsed[0]!.rows[0]!.cik, "320193");
  assert.equal(parsed[0]!.rows[0]!.primary_document_description, "DEFA14A");
});

Deno.test("a submissions file names the pages that belong to it", async () => {
  const json = JSON.parse(await readExcerpt(apple));
  assert.deepEqual(overflowPages(json, apple), [{
    path: applePage,
    filings: 1240,
    filed_from: "1994-01-26",
    filed_to: "2015-06-02",
  }]);
  assert.deepEqual(overflowPages(JSON.parse(await readExcerpt(applePage)), applePage), []);
  json.filings.files[0].name = "../CIK0000320193-submissions-001.json";
  assert.throws(() => overflowPages(json, apple), { code: "edgar.source_invalid" });
});

Deno.test("columns of a later time are accepted and those of an earlier one may be missing", async () => {
  const json = JSON.parse(await readExcerpt(applePage));
  delete json.isInlineXBRL;
  delete json.size;
  json.columnOfTomorrow = json.form;
  const [row] = rowsFor(await parseBytes(applePage, JSON.stringify(json)), "load_submissions");
  assert.deepEqual([row!.is_inline_xbrl, row!.size_bytes, row!.form], [null, null, "DEFA14A"]);
});

Deno.test("columns of unequal length, wrong values and missing columns are refused by name", async () => {
  const text = await readExcerpt(applePage);
  const changed = (change: (json: Record<string, unknown[]>) => void) => {
    const json = JSON.parse(text);
    change(json);
    return JSON.stringify(json);
  };
  const cases: [(json: Record<string, unknown[]>) => void, string][] = [
    [(json) => json.items!.pop(), "items"],
    [(json) => json.form!.push("4"), "form"],
    [(json) => delete json.form, "form"],
    [(json) => delete json.accessionNumber, "accessionNumber"],
    [(json) => json.filingDate![3] = "2013-13-01", "filingDate[3]"],
    [(json) => json.filingDate![3] = "", "filingDate[3]"],
    [(json) => json.accessionNumber![0] = "1", "accessionNumber[0]"],
    [(json) => json.size![1] = "large", "size[1]"],
    [(json) => json.isXBRL![1] = 2, "isXBRL[1]"],
    [(json) => json.act![1] = 34, "act[1]"],
  ];
  for (const [change, field] of cases) {
    const error = await refusal(applePage, changed(change));
    assert.equal(error.details.field, field, error.message);
  }
});

Deno.test("as many exchanges as tickers are due, and every ticker is one element of the array", async () => {
  const json = JSON.parse(await readExcerpt(apple));
  json.tickers = ["BRK-B", 'a"b', ""];
  assert.equal((await refusal(apple, JSON.stringify(json))).details.field, "exchanges");
  json.exchanges = [null, "NYSE", "NYSE"];
  const [company] = rowsFor(await parseBytes(apple, JSON.stringify(json)), "load_companies");
  assert.deepEqual([company!.tickers, company!.exchange], ['{"BRK-B","a\\"b"}', null]);
});

testOnPayloads(
  "13 companies bring 35,018 filings with their pages, and older states read as well",
  async () => {
    let filings = 0;
    let empty = 0;
    let companies = 0;
    for await (const { name } of Deno.readDir(`${payloads}/submissions`)) {
      const parsed = await parseFile(`${payloads}`, `submissions/${name}`);
      const rows = rowsFor(parsed, "load_submissions");
      filings += rows.length;
      companies += rowsFor(parsed, "load_companies").length;
      empty += rows.filter(({ report_on }) => report_on === null).length;
    }
    assert.deepEqual([companies, filings], [13, 35_018]);
    assert.equal(Math.round(empty / filings * 100), 17, "per cent without a period");
    const older = await parseFile(`${payloads}/snapshots/2023-08-08`, apple);
    const olderPage = await parseFile(`${payloads}/snapshots/2023-08-08`, applePage);
    assert.equal(rowsFor(older, "load_companies")[0]!.cik, "320193");
    assert.equal(
      rowsFor(older, "load_submissions").length + rowsFor(olderPage, "load_submissions").length,
      1_988,
    );
    assert.equal(
      (await countRows(`${payloads}/snapshots/2025-11`, "submissions/CIK0000354950.json")).load_submissions,
      1_001,
    );
  },
);

Deno.test("tickers come in SEC's order within each company", async () => {
  const rows = rowsFor(await parseFile(excerpts, "files/company_tickers.json"), "load_tickers");
  assert.deepEqual(rows[1], {
    ticker: "AAPL",
    cik: "320193",
    position: "1",
    name: "Apple Inc.",
    exchange: null,
  });
  assert.equal(rows.length, 12);
});

Deno.test("an exchange is NULL where SEC writes null or nothing, and fields are found by name", async () => {
  const path = "files/company_tickers_exchange.json";
  const rows = rowsFor(await parseFile(excerpts, path), "load_tickers");
  assert.deepEqual(rows.map(({ exchange }) => exchange).slice(-2), [null, null]);
  const json = JSON.parse(await readExcerpt(path));
  const turned = {
    fields: json.fields.toReversed(),
    data: json.data.map((row: unknown[]) => row.toReversed()),
  };
  assert.deepEqual(rowsFor(await parseBytes(path, JSON.stringify(turned)), "load_tickers"), rows);
  const short = { ...json, data: [...json.data, [1, "one"]] };
  assert.equal((await refusal(path, JSON.stringify(short))).details.field, "data[8]");
  const unnamed = { ...json, fields: ["cik", "name", "ticker", "market"] };
  assert.match((await refusal(path, JSON.stringify(unnamed))).message, /the field exchange is missing/);
});

Deno.test("classes of funds keep their symbols' case and may have none", async () => {
  const path = "files/company_tickers_mf.json";
  const rows = rowsFor(await parseFile(excerpts, path), "load_fund_classes");
  assert.deepEqual(rows[0], {
    symbol: "LACAX",
    cik: "2110",
    series_id: "S000009184",
    class_id: "C000024954",
  });
  assert.equal(rows.filter(({ symbol }) => symbol === null).length, 1);
  assert.equal(rows.filter(({ symbol }) => /[a-z]/.test(symbol ?? "")).length, 2);
});

Deno.test("an empty list of tickers is refused, because it would take all away", async () => {
  assert.match((await refusal("files/company_tickers.json", "{}")).message, /there is no row/);
});

testOnPayloads("the lists of tickers have all their rows", async () => {
  const tickers = rowsFor(await parseFile(payloads, "files/company_tickers.json"), "load_tickers");
  assert.equal(tickers.length, 10_409);
  assert.equal(new Set(tickers.map(({ cik }) => cik)).size, 8_042);
  assert.equal(Math.max(...tickers.map(({ position }) => Number(position))), 25);
  const exchanges = rowsFor(await parseFile(payloads, "files/company_tickers_exchange.json"), "load_tickers");
  assert.equal(exchanges.length, 10_089);
  assert.equal(exchanges.filter(({ exchange }) => exchange === null).length, 176);
  const funds = rowsFor(await parseFile(payloads, "files/company_tickers_mf.json"), "load_fund_classes");
  assert.equal(funds.length, 28_761);
  assert.equal(funds.filter(({ symbol }) => /[a-z]/.test(symbol ?? "")).length, 33);
  assert.equal(funds.filter(({ symbol }) => symbol === null).length, 1);
  assert.equal(
    (await countRows(`${payloads}/snapshots/2024-08`, "files/company_tickers.json")).load_tickers,
    10_230,
  );
  const old = rowsFor(
    await parseFile(`${payloads}/snapshots/2023-02`, "files/company_tickers_exchange.json"),
    "load_tickers",
  );
  assert.deepEqual([old.length, old.filter(({ exchange }) => exchange === null).length], [11_497, 625]);
});
