/** Financial Statement Data Sets and the nightly archives: zip files. */

import assert from "node:assert/strict";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipReader, ZipWriter } from "@zip.js/zip.js";
import { join } from "node:path";
import { archiveMembers } from "../src/parse/bulk_archive.ts";
import { defaultParseLimits, type RandomAccess } from "../src/source/source_file.ts";
import { parseSourceFile } from "../src/parse/parse.ts";
import {
  excerpts,
  inPieces,
  parseBytes,
  parseFile,
  payloads,
  readExcerpt,
  refusal,
  rowsFor,
  testOnPayloads,
} from "./source_files.ts";

const dataSets = "files/dera/data/financial-statement-data-sets/2009q3.zip";
const factsArchive = "Archives/edgar/daily-index/xbrl/companyfacts.zip";
const submissionsArchive = "Archives/edgar/daily-index/bulkdata/submissions.zip";

Deno.test("statement data sets bring submissions, tags, numbers and presentations under SEC's names", async () => {
  const parsed = await parseFile(excerpts, dataSets);
  assert.deepEqual(parsed.map(({ query }) => query), [
    "load_statement_submissions",
    "load_statement_tags",
    "load_statement_numbers",
    "load_statement_presentations",
  ]);
  assert.equal(parsed[0]!.rows[0]!.name, "EDISON MISSION ENERGY");
  assert.equal(parsed[0]!.rows[0]!.accepted, "2009-08-07 09:10:00.0");
  assert.deepEqual(parsed[2]!.rows[0], {
    adsh: "0001193125-09-170393",
    tag: "StockIssuedDuringPeriodValueAcquisitions",
    version: "us-gaap/2008",
    ddate: "20080630",
    qtrs: "2",
    uom: "USD",
    segments: "EquityComponents=CommonStock;",
    coreg: null,
    value: "500000.0000",
    footnote: null,
  });
  assert.ok(parsed[2]!.rows.some(({ value }) => value === null), "a value may be missing");
});

Deno.test("a quoted field loses its quotes and keeps those within", async () => {
  const numbers = rowsFor(await parseFile(excerpts, dataSets), "load_statement_numbers");
  const quoted = numbers.filter(({ footnote }) => footnote?.includes('"'));
  assert.equal(quoted.length, 2);
  assert.ok(quoted.every(({ footnote }) => !footnote!.startsWith('"') && !footnote!.includes('""')));
});

Deno.test("an edition without segments and with another order of columns is read by its header", async () => {
  const members = await unzip(dataSets);
  const rows = rowsFor(await parseFile(excerpts, dataSets), "load_statement_numbers");
  const lines = members.get("num.txt")!.trimEnd().split("\n").filter((line) => !line.includes('"'));
  members.set(
    "num.txt",
    lines.map((line) => {
      const [adsh, tag, version, ddate, qtrs, uom, , coreg, value, footnote] = line.split("\t");
      return [adsh, tag, version, coreg, ddate, qtrs, uom, value, footnote].join("\t");
    }).join("\n") + "\n",
  );
  const old = rowsFor(await parseBytes(dataSets, await zip(members)), "load_statement_numbers");
  const expected = rows.filter(({ footnote }) => !footnote?.includes('"')).map((row) => ({
    ...row,
    segments: null,
  }));
  assert.deepEqual(old, expected);
});

Deno.test("a quoted field may hold a tab and a line end, and columns of a later time are passed over", async () => {
  const members = await unzip(dataSets);
  const [header, first] = members.get("num.txt")!.split("\n") as [string, string];
  const fields = first.split("\t");
  fields[9] = '"two\tfields ""and""\ntwo lines"';
  members.set("num.txt", `${header}\tlater\n${fields.join("\t")}\tx\n`);
  const [row] = rowsFor(await parseBytes(dataSets, await zip(members)), "load_statement_numbers");
  assert.equal(row!.footnote, 'two\tfields "and"\ntwo lines');
});

Deno.test("a wrong field of a data set is refused with member and line", async () => {
  const cases: [member: string, from: string | RegExp, to: string, message: RegExp][] = [
    [
      "num.txt",
      "20080630",
      "20080631",
      /a date is due, not "20080631" \(in "num.txt", line 2, field ddate\)/,
    ],
    ["num.txt", "500000.0000", "NaN", /a decimal is due, not "NaN"/],
    ["num.txt", "0001193125-09-170393", "", /a value is due \(in "num.txt", line 2, field adsh\)/],
    ["num.txt", "\t500000.0000\t", "\t", /10 fields are due, 9 were found \(in "num.txt", line 2\)/],
    [
      "num.txt",
      "\t500000.0000\t",
      '\t"500000\t',
      /a quote that begins here is not closed \(in "num.txt", line 2\)/,
    ],
    [
      "num.txt",
      "\t500000.0000\t",
      '\t"500000"0\t',
      /a tab is due after a closing quote \(in "num.txt", line 2/,
    ],
    [
      "num.txt",
      "ddate",
      "date",
      /the column ddate is missing \(in "num.txt", line 1\)|the column ddate is missing, not/,
    ],
    ["pre.txt", "\t1\t2\t", "\t1\ttwo\t", /a whole number is due, not "two"/],
    [
      "sub.txt",
      "\t930835\t",
      "\tEME\t",
      /a company number is due, not "EME" \(in "sub.txt", line 2, field cik\)/,
    ],
    ["tag.txt", "\t0\t0\t", "\t0\tno\t", /0 or 1 is due, not "no"/],
  ];
  for (const [member, from, to, message] of cases) {
    const members = await unzip(dataSets);
    const text = members.get(member)!;
    // The last row, so that an open quote has nothing to close it.
    const single = text.split("\n").slice(0, 2).join("\n") + "\n";
    members.set(member, single.replace(from, to));
    const error = await refusal(dataSets, await zip(members));
    assert.match(error.message, message);
    assert.equal(error.details.member, member);
  }
});

Deno.test("a data set without one of its tables is refused", async () => {
  const members = await unzip(dataSets);
  members.delete("pre.txt");
  assert.match((await refusal(dataSets, await zip(members))).message, /the member pre.txt is missing/);
});

Deno.test("the members of a nightly archive are files at their own addresses", async () => {
  const facts = await zip(
    new Map([
      ["CIK0000909832.json", await readExcerpt("api/xbrl/companyfacts/CIK0000909832.json")],
      ["CIK0000063908.json", await readExcerpt("api/xbrl/companyfacts/CIK0000063908.json")],
      ["placeholder.txt", "nothing of SEC's layout"],
    ]),
  );
  const found: string[] = [];
  for await (
    const { path, kind, size_bytes, bytes } of archiveMembers({ path: factsArchive, bytes: inPieces(facts) })
  ) {
    const content = new Uint8Array(size_bytes);
    let size = 0;
    for await (const chunk of bytes) content.set(chunk, (size += chunk.length) - chunk.length);
    found.push(`${path} ${kind}`);
    assert.deepEqual(new TextDecoder().decode(content), await readExcerpt(path));
  }
  assert.deepEqual(found, [
    "api/xbrl/companyfacts/CIK0000909832.json company_facts",
    "api/xbrl/companyfacts/CIK0000063908.json company_facts",
  ]);
  const parsed = await parseBytes(factsArchive, facts);
  assert.deepEqual(rowsFor(parsed, "add_companies").map(({ cik }) => cik), ["909832", "63908"]);

  const submissions = await zip(
    new Map([
      ["CIK0000320193.json", await readExcerpt("submissions/CIK0000320193.json")],
      [
        "CIK0000320193-submissions-001.json",
        await readExcerpt("submissions/CIK0000320193-submissions-001.json"),
      ],
    ]),
  );
  assert.equal(rowsFor(await parseBytes(submissionsArchive, submissions), "load_submissions").length, 20);
});

Deno.test("members that are not read cost nothing, and a reader may leave in the middle of one", async () => {
  const facts = await zip(
    new Map([
      [
        "CIK0000909832.json",
        (await readExcerpt("api/xbrl/companyfacts/CIK0000909832.json")).padEnd(4_000_000),
      ],
      ["CIK0000063908.json", await readExcerpt("api/xbrl/companyfacts/CIK0000063908.json")],
    ]),
  );
  const reads: number[] = [];
  const access: RandomAccess = {
    size_bytes: facts.length,
    readBytes: (offset, length) => {
      reads.push(length);
      return Promise.resolve(facts.slice(offset, offset + length));
    },
  };
  const paths: string[] = [];
  for await (
    const { path, bytes } of archiveMembers({
      path: factsArchive,
      bytes: inPieces(facts),
      random_access: access,
    })
  ) {
    paths.push(path);
    for await (const chunk of bytes) {
      assert.ok(chunk.length > 0);
      break;
    }
  }
  assert.equal(paths.length, 2);
  assert.ok(reads.length > 0);
});

Deno.test("archives that are cut, damaged, too large or lead elsewhere are refused", async () => {
  const good = await Deno.readFile(join(excerpts, dataSets));
  for (const cut of [1, 100, Math.floor(good.length / 2), good.length - 1]) {
    assert.match(
      (await refusal(dataSets, good.subarray(0, cut))).message,
      /the zip archive has no whole directory/,
    );
  }
  const damaged = good.slice();
  damaged[60] = damaged[60]! ^ 0xff;
  const broken = await refusal(dataSets, damaged);
  assert.equal(broken.code, "edgar.source_invalid");
  assert.match(broken.message, /the member is broken|CRC-32/);
  assert.match(String(broken.details.member), /\.txt$/);
  assert.match(
    (await refusal(dataSets, good, { limits: { unpacked_bytes: 100 } })).message,
    /the member would have \d+ bytes, and 100 are the most \(in "\w+\.txt"\)/,
  );
  assert.match(
    (await refusal(dataSets, good, { limits: { archive_bytes: 100 } })).message,
    /it has more than 100 bytes/,
  );
  const outside = await zip(new Map([["../CIK0000909832.json", "{}"]]));
  assert.match(
    (await refusal(factsArchive, outside)).message,
    /has a member "\.\.\/CIK0000909832\.json", whose name leads out of it/,
  );
});

Deno.test("a failure of whoever reads the archive passes as it is", async () => {
  const access: RandomAccess = {
    size_bytes: 1_000,
    readBytes: () => Promise.reject(new Deno.errors.ConnectionReset("cut at byte 10,000")),
  };
  const file = { path: dataSets, bytes: inPieces(new Uint8Array()), random_access: access };
  await assert.rejects(async () => {
    for await (const { batches } of parseSourceFile(file, "statement_data_sets", defaultParseLimits)) {
      void batches;
    }
  }, Deno.errors.ConnectionReset);
});

testOnPayloads("the third quarter of 2009 has all its rows", async () => {
  const parsed = await parseFile(payloads, dataSets);
  const rows = Object.fromEntries(parsed.map(({ query, rows }) => [query, rows.length]));
  assert.deepEqual(rows, {
    load_statement_submissions: 435,
    load_statement_tags: 8_820,
    load_statement_numbers: 126_650,
    load_statement_presentations: 47_958,
  });
  const numbers = rowsFor(parsed, "load_statement_numbers");
  assert.equal(numbers.filter(({ value }) => value === null).length, 52);
  assert.equal(numbers.filter(({ segments, coreg }) => segments === null && coreg === null).length, 109_554);
  assert.equal(numbers.filter(({ footnote }) => footnote?.includes('"')).length, 15);
  const keys = new Set(
    numbers.map(({ adsh, tag, version, ddate, qtrs, uom, segments, coreg }) =>
      JSON.stringify([adsh, tag, version, ddate, qtrs, uom, segments, coreg])
    ),
  );
  assert.equal(keys.size, numbers.length, "the key holds");
  const tags = rowsFor(parsed, "load_statement_tags");
  assert.equal(tags.filter(({ tlabel, doc }) => `${tlabel}${doc}`.includes('"')).length, 67);
});

async function unzip(path: string): Promise<Map<string, string>> {
  const reader = new ZipReader(new Uint8ArrayReader(await Deno.readFile(join(excerpts, path))));
  const members = new Map<string, string>();
  for (const entry of await reader.getEntries()) {
    if (entry.directory) continue;
    const bytes = await entry.getData(new Uint8ArrayWriter(), { useWebWorkers: false });
    members.set(entry.filename, new TextDecoder().decode(bytes));
  }
  await reader.close();
  return members;
}

async function zip(members: ReadonlyMap<string, string>): Promise<Uint8Array> {
  const writer = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false });
  for (const [name, text] of members) {
    await writer.add(name, new Uint8ArrayReader(new TextEncoder().encode(text)));
  }
  return await writer.close();
}
