/** Files that are cut, mangled, or another thing than their path says. What is cut must never pass as the whole, nor as other rows. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { SqlwrightError } from "sqlwright";
import { findFault } from "../src/source/source_json.ts";
import { parseSourceFile } from "../src/parse/parse.ts";
import {
  excerpts,
  inPieces,
  parseBytes,
  type Parsed,
  parseFile,
  readExcerpt,
  refusal,
} from "./source_files.ts";

const facts = "api/xbrl/companyfacts/CIK0000909832.json";
const index = "Archives/edgar/full-index/2025/QTR4/master.idx";

/** Every kind of file that there is. */
const paths = [
  facts,
  index,
  "Archives/edgar/daily-index/2020/QTR1/master.20200103.idx",
  "Archives/edgar/daily-index/2022/QTR4/company.20221003.idx",
  "submissions/CIK0000320193.json",
  "submissions/CIK0000320193-submissions-001.json",
  "files/company_tickers.json",
  "files/company_tickers_exchange.json",
  "files/company_tickers_mf.json",
  "files/dera/data/financial-statement-data-sets/2009q3.zip",
  "Archives/edgar/data/320193/000121412826000004/wk-form4_1772148758.xml",
  "Archives/edgar/data/1067983/000095012322012275/infotable.xml",
  "Archives/edgar/data/1894188/0001894188-23-000007.txt",
  "Archives/edgar/data/320193/0001193125-19-292676.txt",
];

Deno.test("a file that is cut anywhere is refused; of a list only whole first lines can pass", async () => {
  // Not chosen: the same places each time, spread by a fixed step that shares no factor with the sizes.
  for (const path of paths) {
    const whole = await Deno.readFile(join(excerpts, path));
    const right = await parseBytes(path, whole);
    const end = new TextDecoder("latin1").decode(whole).trimEnd().length;
    const random = sequence(whole.length);
    for (let round = 0; round < 150; round++) {
      const cut = random(end);
      const bytes = whole.subarray(0, cut);
      const found = await parseBytes(path, bytes).catch((error: unknown) => error);
      if (found instanceof SqlwrightError) {
        assert.equal(found.code, "edgar.source_invalid", `${path} at ${cut}`);
        assert.equal(found.details.path, path);
        continue;
      }
      assert.ok(path.endsWith(".idx"), `${path} cut at byte ${cut} of ${whole.length}: ${found}`);
      // Lists have no mark at their end. What a cut leaves is lines as they were, and none is half.
      const rows = (found as Parsed[])[0]!.rows;
      assert.deepEqual(rows, right[0]!.rows.slice(0, rows.length), `${path} at ${cut}`);
      const next = whole.subarray(cut, cut + 1)[0];
      assert.ok(
        rows.length === 0 || bytes.at(-1) === 10 || next === 10 || next === 32 || bytes.at(-1) === 32,
        `${path} at ${cut}: half a line passed`,
      );
    }
  }
});

Deno.test("a byte that is changed gives an error or changes no other row", async () => {
  for (const path of paths.filter((each) => /\.(?:json|idx|xml)$/.test(each))) {
    const whole = await Deno.readFile(join(excerpts, path));
    const right = await parseBytes(path, whole);
    const random = sequence(whole.length + 1);
    for (let round = 0; round < 60; round++) {
      const bytes = whole.slice();
      bytes[random(bytes.length)] = [0, 0xff, 0x22, 0x7c, 0x0a, 0x3c][round % 6]!;
      const found = await parseBytes(path, bytes).catch((error: unknown) => error);
      if (found instanceof SqlwrightError) continue;
      assert.ok(Array.isArray(found), `${path}: ${found}`);
      const [before, after] = [right, found as Parsed[]].map((each) =>
        each.flatMap(({ rows }) => rows.map((row) => JSON.stringify(row)))
      );
      // A name or a text may be another one; a line end more or less touches its own line and the next.
      const others = after!.filter((row) => !before!.includes(row));
      const isShared = /CIK|xml$/.test(path);
      assert.ok(isShared || others.length <= 2, `${path}: ${others.length} rows differ`);
    }
  }
});

Deno.test("half a JSON is refused with the byte where it ends, wrong JSON with the byte where it is wrong", async () => {
  const text = await readExcerpt(facts);
  const half = await refusal(facts, text.slice(0, 1_000));
  assert.equal(half.code, "edgar.source_invalid");
  assert.equal(half.details.byte, 1_000);
  assert.match(half.message, /the file ends in the middle of its JSON \(byte 1000\)/);
  const wrong = await refusal(facts, text.slice(0, 1) + "?" + text.slice(1));
  assert.match(wrong.message, /name or } is due, not "\?.*" \(byte 1\)/);
  assert.ok(wrong.hint!.length > 0);
  assert.match((await refusal(facts, "[]")).message, /an object is due, not \[\] \(field \(root\)\)/);
  assert.match((await refusal(facts, "null")).message, /an object is due, not null/);
});

Deno.test("the place of a fault in JSON is the first character that cannot stand there", () => {
  const cases: [string, number, string][] = [
    ['{"a":1,}', 7, "name"],
    ['{"a" 1}', 5, ":"],
    ['{"a":1 "b":2}', 7, ","],
    ["[1,2", 4, ","],
    ["[1,]", 3, "value"],
    ["{a:1}", 1, "name or }"],
    ['{"a":01}', 5, "value"],
    ["[1]]", 3, "the end"],
    ['{"a":"b', 7, "value"],
    ['{"a":tru', 8, "value"],
    ['{"a":"b\nc"}', 5, "value"],
    ["[1}", 2, ","],
    ["", 0, "value"],
  ];
  for (const [text, position, expected] of cases) {
    assert.deepEqual(findFault(text), { position, expected }, text);
  }
  const deep = "[".repeat(200_000);
  assert.deepEqual(findFault(deep), { position: deep.length, expected: "value or ]" });
});

Deno.test("NUL characters are refused with their byte, written out and as they are; an escaped backslash is none", async () => {
  const text = await readExcerpt(facts);
  const at = text.indexOf("COSTCO");
  const escaped = await refusal(facts, text.replace("COSTCO", String.raw`\u0000COSTCO`));
  assert.match(escaped.message, /a NUL character stands in the text/);
  assert.equal(escaped.details.byte, at);
  const plain = await refusal(facts, text.replace("COSTCO", "\0COSTCO"));
  assert.equal(plain.details.byte, at);
  const half = await refusal(facts, text.replace("COSTCO", String.raw`\ud83dCOSTCO`));
  assert.match(half.message, /half a character stands in the text/);
  const pair = await parseBytes(facts, text.replace("COSTCO", String.raw`\ud83d\ude00`));
  assert.equal(pair[0]!.rows[0]!.name, "\u{1F600} WHOLESALE CORP /NEW");
  const letters = await parseBytes(facts, text.replace("COSTCO", String.raw`\\u0000COSTCO`));
  assert.equal(letters[0]!.rows[0]!.name, String.raw`\u0000COSTCO WHOLESALE CORP /NEW`);
});

Deno.test("text that is not UTF-8 is refused with its byte", async () => {
  const bytes = await Deno.readFile(join(excerpts, facts));
  bytes[700] = 0xe9;
  const error = await refusal(facts, bytes);
  assert.match(error.message, /the text is not UTF-8 \(byte 700\)/);
});

Deno.test("SEC's page for refused clients is told apart from every other error page", async () => {
  const page = (title: string) =>
    `<!DOCTYPE html>\n<html lang="en">\n<head>\n<title>SEC.gov | ${title}</title>\n</head>\n<body><h1>${title}</h1></body>\n</html>`;
  const titles = [
    "Request Rate Threshold Exceeded",
    "Your Request Originates from an Undeclared Automated Tool",
  ];
  const documents = ["Archives/edgar/data/320193/000032019324000123/aapl-20240928.htm"];
  for (const path of [...paths, ...documents]) {
    for (const title of titles) {
      const error = await refusal(path, page(title));
      assert.equal(error.code, "edgar.blocked", path);
      assert.match(error.hint!, /Wait ten minutes/);
    }
  }
  for (const path of paths) {
    assert.equal((await refusal(path, page("Page Not Found"))).code, "edgar.source_invalid", path);
  }
});

Deno.test("an empty file, and one over its limit, is refused", async () => {
  for (const path of paths) {
    assert.match((await refusal(path, "")).message, /the file is empty/, path);
    if (path.endsWith(".idx")) continue;
    const whole = await Deno.readFile(join(excerpts, path));
    const error = await refusal(path, whole, { limits: { whole_bytes: 300, archive_bytes: 300 } });
    assert.match(error.message, /it has more than 300 bytes/, path);
  }
});

Deno.test("gzip that is cut, damaged, or unpacks without end is refused", async () => {
  const packed = gzipSync(await Deno.readFile(join(excerpts, index)));
  for (const cut of [3, 12, 200, packed.length - 9, packed.length - 1]) {
    assert.match(
      (await refusal(index, packed.subarray(0, cut))).message,
      /the gzip stream is cut/,
      `${cut}`,
    );
  }
  const damaged = packed.slice();
  damaged[packed.length - 6] = damaged[packed.length - 6]! ^ 0xff;
  assert.match((await refusal(index, damaged)).message, /the gzip stream is broken/);
  const bomb = gzipSync(new Uint8Array(5_000_000));
  assert.match(
    (await refusal(facts, bomb, { limits: { whole_bytes: 1_000_000 } })).message,
    /it has more than 1000000 bytes when decompressed/,
  );
});

Deno.test("a failure of the source passes as it is, not as a fault of the file", async () => {
  for (const path of [index, facts]) {
    for (const pack of [false, true]) {
      const whole = await Deno.readFile(join(excerpts, path));
      const bytes = async function* () {
        yield* inPieces((pack ? gzipSync(whole) : whole).subarray(0, 300), 100);
        throw new Deno.errors.ConnectionReset("cut at byte 300");
      };
      await assert.rejects(async () => {
        for await (const step of parseSourceFile({ path, bytes: bytes() })) {
          for await (const batch of step.batches) void batch;
        }
      }, Deno.errors.ConnectionReset);
    }
  }
});

Deno.test("a path of no kind is refused", async () => {
  assert.match((await refusal("robots.txt", "x")).message, /the path is none of SEC's layouts/);
});

Deno.test("bytes may come one by one", async () => {
  const path = "Archives/edgar/daily-index/2022/QTR4/company.20221003.idx";
  const whole = await Deno.readFile(join(excerpts, path));
  const rows: unknown[] = [];
  for await (const { batches } of parseSourceFile({ path, bytes: inPieces(whole, 1) })) {
    for await (const batch of batches) rows.push(...batch);
  }
  assert.deepEqual(rows, (await parseFile(excerpts, path))[0]!.rows.map((row) => Object.values(row)));
});

/** Numbers below a bound that look random and are the same in each run. */
function sequence(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * bound);
  };
}
