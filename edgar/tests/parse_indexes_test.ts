/** Lists of filings: full and daily, by pipe and by fixed width, plain and gzip. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
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

const full = "Archives/edgar/full-index/2025/QTR4/master.idx";
const daily = "Archives/edgar/daily-index/2020/QTR1/master.20200103.idx";
const byCompany = "Archives/edgar/daily-index/2022/QTR4/company.20221003.idx";

Deno.test("a full index brings a row for each line, also for the last without a line end", async () => {
  const parsed = await parseFile(excerpts, full);
  assert.deepEqual(parsed.map(({ query }) => query), ["load_index"]);
  assert.deepEqual(parsed[0]!.rows[0], {
    cik: "1000045",
    name: "OLD MARKET CAPITAL Corp",
    form: "10-Q",
    filed_on: "2025-11-14",
    accession: "0001437749-25-035199",
    file_name: "edgar/data/1000045/0001437749-25-035199.txt",
  });
  assert.equal(parsed[0]!.rows.length, 9);
  assert.ok(!(await readExcerpt(full)).endsWith("\n"));
});

Deno.test("backslashes in names stay", async () => {
  const names = rowsFor(await parseFile(excerpts, full), "load_index").map(({ name }) => name!);
  const source = (await readExcerpt(full)).split("\n").slice(11).map((line) => line.split("|")[1]);
  assert.deepEqual(names, source);
  assert.equal(names.filter((name) => name.includes("\\")).length, 3);
});

Deno.test("a daily index has another header, dates without hyphens, and whole rows twice", async () => {
  const rows = rowsFor(await parseFile(excerpts, daily), "load_index");
  assert.equal(rows.length, 5);
  assert.equal(rows[0]!.filed_on, "2020-01-03");
  assert.deepEqual(rows[3], rows[4]);
});

Deno.test("fixed widths are read from the right: full-width names, forms of two words", async () => {
  const rows = rowsFor(await parseFile(excerpts, byCompany), "load_index");
  assert.deepEqual(rows.map(({ name, form }) => [name, form]), [
    ["1st stREIT Office Inc.", "1-A POS"],
    ["3456 Devils Lake Investment, LLC", "D"],
    ["36Kr Holdings Inc.", "SC 13D/A"],
    ["36Kr Holdings Inc.", "SC 13D/A"],
    ["AIM VARIABLE INSURANCE FUNDS (INVESCO VARIABLE INSURANCE FUN", "497"],
    ["AIM VARIABLE INSURANCE FUNDS (INVESCO VARIABLE INSURANCE FUN", "497K"],
  ]);
  assert.deepEqual(rows[0], {
    cik: "1700461",
    name: "1st stREIT Office Inc.",
    form: "1-A POS",
    filed_on: "2022-10-03",
    accession: "0001104659-22-105357",
    file_name: "edgar/data/1700461/0001104659-22-105357.txt",
  });
});

Deno.test("a name or a form that overflows its width is still parted from the other", async () => {
  const text = await readExcerpt(byCompany);
  const name = "36Kr Holdings Inc. and a Name That Goes Beyond Sixty-Two Characters";
  const long = text.replace(/^36Kr Holdings Inc\. +SC 13D\/A +/m, `${name} SC 13D/A ${" ".repeat(4)}`);
  const rows = rowsFor(await parseBytes(byCompany, long), "load_index");
  assert.deepEqual([rows[2]!.name, rows[2]!.form], [name, "SC 13D/A"]);
  // The same rows as SEC's form index has them: the form first, 12 wide, which SCHEDULE 13G/A is not.
  const byForm = [
    ...text.split("\n").slice(0, 8),
    "Form Type   Company Name                                                  CIK",
    ...text.split("\n").slice(9, 11),
    ...rowsOf(text).map(({ left, right }) => left.slice(62).padEnd(12) + left.slice(0, 62) + right),
    `SCHEDULE 13G/A ${rowsOf(text)[0]!.left.slice(0, 62)}${rowsOf(text)[0]!.right}`,
  ].join("\n");
  const path = "Archives/edgar/daily-index/2022/QTR4/form.20221003.idx";
  const turned = rowsFor(await parseBytes(path, byForm), "load_index");
  assert.deepEqual(turned.slice(0, -1), rowsFor(await parseBytes(byCompany, text), "load_index"));
  assert.deepEqual([turned.at(-1)!.form, turned.at(-1)!.name], ["SCHEDULE 13G/A", "1st stREIT Office Inc."]);
});

Deno.test("gzip is known by its bytes, whatever the name says", async () => {
  const bytes = await Deno.readFile(`${excerpts}/${full}`);
  const rows = rowsFor(await parseBytes(full, bytes), "load_index");
  assert.deepEqual(
    rowsFor(await parseBytes(full.replace(".idx", ".gz"), gzipSync(bytes)), "load_index"),
    rows,
  );
  assert.deepEqual(rowsFor(await parseBytes(full.replace(".idx", ".gz"), bytes), "load_index"), rows);
});

Deno.test("gzip of several members, as of files that were packed one after the other, is read to its last", async () => {
  const bytes = await Deno.readFile(`${excerpts}/${full}`);
  const rows = rowsFor(await parseBytes(full, bytes), "load_index");
  // Cut within a line, so that a member that is lost cannot look like a shorter list.
  for (const cuts of [[700], [1, 350, 351, bytes.length - 1]]) {
    const members = [0, ...cuts].map((start, index) => gzipSync(bytes.subarray(start, cuts[index])));
    const packed = Buffer.concat(members);
    assert.deepEqual(rowsFor(await parseBytes(full.replace(".idx", ".gz"), packed), "load_index"), rows);
    const last = packed.length - members.at(-1)!.length;
    const damaged = Uint8Array.from(packed);
    damaged[last + 12] = damaged[last + 12]! ^ 0xff;
    await assert.rejects(parseBytes(full, damaged), /the gzip stream is (broken|cut)/);
    await assert.rejects(
      parseBytes(full, packed.subarray(0, last + 5)),
      /the gzip stream is cut at byte|the gzip stream is cut \(byte/,
    );
    const followed = Buffer.concat([packed, new TextEncoder().encode("\0\0more")]);
    await assert.rejects(
      parseBytes(full, followed),
      /the gzip stream has ended, and more than zeros follows/,
    );
  }
});

Deno.test("older lists are Latin-1, newer UTF-8, line by line", async () => {
  const text = await readExcerpt(daily);
  const latin = new Uint8Array(
    [...text.replace(/CORE LABORATORIES/, "SOCI\u00C9T\u00C9")].map((each) => each.charCodeAt(0)),
  );
  assert.equal(rowsFor(await parseBytes(daily, latin), "load_index")[0]!.name, "SOCI\u00C9T\u00C9 N V");
  const utf8 = text.replace(/CORE LABORATORIES/, "SOCI\u00C9T\u00C9");
  assert.equal(rowsFor(await parseBytes(daily, utf8), "load_index")[0]!.name, "SOCI\u00C9T\u00C9 N V");
});

Deno.test("a line that is none is refused with its number", async () => {
  const text = await readExcerpt(daily);
  const cases: [string, string, RegExp][] = [
    ["|20200103|", "|20200230|", /a date is due, not "20200230" \(line 8, field Date Filed\)/],
    ["1000229|", "CIK|", /a company number is due/],
    [".txt", ".htm", /a file name that ends in accession number/],
    ["|4|", "||", /the form is missing/],
    ["|CORE LABORATORIES N V|", "||", /the name is missing/],
    ["|20200103|", "|", /company number, name, form, date and file name are due/],
    ["CORE", "CO\0RE", /a NUL byte stands in the text \(line 8, column 11\)/],
  ];
  for (const [from, to, message] of cases) {
    const error = await refusal(daily, text.replace(from, to));
    assert.match(error.message, message);
    assert.equal(error.details.line, 8);
  }
});

Deno.test("an index without dashes, or of other columns than its name says, is refused", async () => {
  const text = await readExcerpt(daily);
  assert.match((await refusal(daily, text.replace(/^-+$/m, ""))).message, /no line of dashes/);
  assert.match(
    (await refusal(daily, text.slice(0, 200))).message,
    /no line of dashes ends the header: the file is cut/,
  );
  assert.match((await refusal(byCompany, text)).message, /the columns of a company index are due/);
  assert.match(
    (await refusal(daily, text, { limits: { line_bytes: 20 } })).message,
    /a line is longer than 20 bytes \(line 1\)/,
  );
  assert.match((await refusal(daily, "")).message, /the file is empty/);
});

testOnPayloads(
  "the full index of a quarter has 275,447 rows of 193,299 filings, plain and packed",
  async () => {
    for (const path of [full, full.replace(".idx", ".gz")]) {
      const rows = rowsFor(await parseFile(payloads, path), "load_index");
      assert.equal(rows.length, 275_447);
      assert.equal(new Set(rows.map(({ accession }) => accession)).size, 193_299);
      assert.equal(rows.filter(({ name }) => name!.includes("\\")).length, 119);
      const days = rows.map(({ filed_on }) => filed_on!).sort();
      assert.deepEqual([days[0], days.at(-1)], ["2025-10-01", "2025-12-31"]);
    }
  },
);

testOnPayloads("daily indexes have all their rows, repeated ones too", async () => {
  const master = rowsFor(await parseFile(payloads, daily), "load_index");
  assert.equal(master.length, 7_989);
  assert.equal(new Set(master.map((row) => JSON.stringify(row))).size, 7_989 - 60);
  const company = rowsFor(await parseFile(payloads, byCompany), "load_index");
  assert.equal(company.length, 4_925);
  assert.equal(new Set(company.map((row) => JSON.stringify(row))).size, 4_925 - 16);
  assert.deepEqual(await countRows(payloads, byCompany), { load_index: 4_925 });
});

function rowsOf(text: string): { left: string; right: string }[] {
  return text.split("\n").slice(11).filter((line) => line !== "").map((line) => ({
    left: line.slice(0, 74),
    right: line.slice(74),
  }));
}
