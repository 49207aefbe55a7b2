/** Records of delimited lines, however the bytes are cut into chunks. */

import assert from "node:assert/strict";
import { delimitedRecords, fieldsOf, takeHeader } from "../../../src/load/format/delimited.ts";
import { elementTexts, ndjsonTexts } from "../../../src/load/format/json_texts.ts";
import { type DelimitedForm, sourceFormOf } from "../../../src/load/format/options.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

async function* cut(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = encoder.encode(text);
  for (let start = 0; start < bytes.length; start += size) {
    yield await Promise.resolve(bytes.subarray(start, start + size));
  }
}

function form(options: Record<string, string | boolean> = { format: "csv", header: true }): DelimitedForm {
  const found = sourceFormOf(
    { schema: null, table: "t", columns: ["a", "b"], options, target: null },
    {},
    null,
  );
  assert.equal(found.kind, "delimited");
  return found as DelimitedForm;
}

async function recordsOf(text: string, size: number, kept = [0, 1], own = form()): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const part of delimitedRecords(cut(text, size), own, { fields: 2, kept, firstLine: 2 })) {
    if ("reject" in part) found.push([part.reject.line, "reject"]);
    else {
      for (let index = 0; index < part.batch.count; index++) {
        const { bytes, offset, line } = part.batch;
        found.push([line(index), decoder.decode(bytes.subarray(offset(index), offset(index + 1)))]);
      }
    }
  }
  return found;
}

Deno.test("records and their lines are the same for every size of chunk", async () => {
  const text = 'a,b\r\n"x\ny","q""q"\n,é\nbad\n1,2,3\n"two\r\nlines",z\nlast,one';
  const expected = [
    [2, "a,b\r\n"],
    [3, '"x\ny","q""q"\n'],
    [5, ",é\n"],
    [6, "reject"],
    [7, "reject"],
    [8, '"two\r\nlines",z\n'],
    [10, "last,one"],
  ];
  for (const size of [1, 2, 3, 7, 1000]) assert.deepEqual(await recordsOf(text, size), expected, `${size}`);
  assert.deepEqual(await recordsOf('1,"a,b"\n2,c\n', 5, [1]), [[2, '"a,b"\n'], [3, "c\n"]]);
  assert.deepEqual(await recordsOf("a,b\rc,d\r", 1), [[2, "a,b\r"], [3, "c,d\r"]]);
  assert.deepEqual(await recordsOf("a\\\tx\tb\nc\\\nd\te\n", 3, [0, 1], form({})), [
    [2, "a\\\tx\tb\n"],
    [3, "c\\\nd\te\n"],
  ]);
});

Deno.test("a quote that does not close rejects its own line and keeps those behind it", async () => {
  for (const size of [1, 4, 1000]) {
    assert.deepEqual(await recordsOf('a,b\nc,"d\ne,f\ng,h\n', size), [
      [2, "a,b\n"],
      [3, "reject"],
      [4, "e,f\n"],
      [5, "g,h\n"],
    ]);
  }
});

Deno.test("a line that is too long is one reject, and the line behind it the next record", async () => {
  const chunk = encoder.encode("x".repeat(256 * 1024));
  async function* bytes(end: string) {
    yield encoder.encode(`1,a${end}2,`);
    for (let index = 0; index < 40; index++) yield await Promise.resolve(chunk);
    yield encoder.encode(`,tail${end}7,ok${end}`);
  }
  for (const end of ["\n", "\r\n", "\r"]) {
    const found: unknown[] = [];
    for await (
      const part of delimitedRecords(bytes(end), form(), { fields: 2, kept: [0, 1], firstLine: 2 })
    ) {
      found.push("reject" in part ? [part.reject.line, part.reject.reason] : part.batch.line(0));
    }
    assert.deepEqual(found, [2, [3, "it does not end within 8388608 bytes; a quote may be missing"], 4], end);
  }
});

Deno.test("a header is taken whatever the chunks, with quotes, a mark and line ends inside", async () => {
  for (const size of [1, 2, 5, 1000]) {
    const { names, lines, rest } = await takeHeader(cut('\uFEFF"a ""x""\ny", b\r\n1,2\n', size), form(), "s");
    let left = "";
    for await (const chunk of rest) left += decoder.decode(chunk);
    assert.deepEqual([names, lines, left], [['a "x"\ny', "b"], 2, "1,2\n"]);
  }
});

Deno.test("fields are unquoted as COPY does", () => {
  assert.deepEqual(fieldsOf(encoder.encode('a"b,c"d,"e""f",\n'), form()), ["ab,cd", 'e"f', ""]);
});

Deno.test("texts of NDJSON and arrays are the same for every size of chunk", async () => {
  const elements = ['{"a":"]},[\\"é"}', "[1,[2]]", '"x"', "12"];
  for (const size of [1, 2, 3, 8, 1000]) {
    const found: [number, string, number?][] = [];
    for await (const part of elementTexts(cut(` [${elements.join(" , ")}]\n`, size), "s")) {
      if ("texts" in part) {
        part.texts.texts.forEach((text, index) => found.push([part.texts.lines[index]!, text]));
      }
    }
    assert.deepEqual(found, elements.map((text, index) => [index + 1, text]), `${size}`);
    const lines: [number, string][] = [];
    for await (const part of ndjsonTexts(cut('{"é":1}\n\n \r\n{"b":2}\r\n[3]', size))) {
      if ("texts" in part) {
        part.texts.texts.forEach((text, index) => lines.push([part.texts.lines[index]!, text.trim()]));
      }
    }
    assert.deepEqual(lines, [[1, '{"é":1}'], [4, '{"b":2}'], [5, "[3]"]], `${size}`);
  }
});
