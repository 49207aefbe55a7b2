import assert from "node:assert/strict";
import { LineSplitter, LineWriter } from "../../src/mcp/stdio/lines.ts";
import { maxNesting, parseJson } from "../../src/mcp/message.ts";

Deno.test("parseJson() refuses what nests deeper than the limit, before it is parsed", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  assert.equal(parseJson(nested(maxNesting)).ok, true);
  const deep = parseJson(nested(maxNesting + 1));
  assert.deepEqual(deep, {
    ok: false,
    code: -32600,
    message: `Invalid Request: objects and arrays nest deeper than ${maxNesting} levels`,
    id: null,
  });
  assert.equal(parseJson(nested(1_000_000)).ok, false);
  assert.equal(parseJson('{"a":'.repeat(100_000)).ok, false);
});

Deno.test("parseJson() does not count brackets inside of strings", () => {
  const text = JSON.stringify({ a: "[".repeat(500), b: '\\"['.repeat(500), c: "\\".repeat(7) });
  assert.deepEqual(parseJson(text), { ok: true, value: JSON.parse(text) });
});

Deno.test("parseJson() tells text that is not JSON", () => {
  for (const text of ["", "{", '{"a": "' + "x".repeat(500), "undefined", "{'a': 1}"]) {
    const parsed = parseJson(text);
    assert.equal(parsed.ok, false);
    if (!parsed.ok) assert.equal(parsed.code, -32700);
  }
});

Deno.test("LineSplitter cuts lines wherever the chunks end", () => {
  const text = '{"a":"ü"}\n\r\n{"b":2}\r\nrest';
  const bytes = new TextEncoder().encode(text);
  for (let size = 1; size <= bytes.length; size++) {
    const lines: string[] = [];
    const splitter = new LineSplitter(100, { onLine: (line) => lines.push(line), onUnreadable: assert.fail });
    for (let at = 0; at < bytes.length; at += size) splitter.push(bytes.subarray(at, at + size));
    assert.deepEqual(lines.map((line) => line.trim()), ['{"a":"ü"}', '{"b":2}'], `chunks of ${size}`);
  }
});

Deno.test("LineSplitter drops a line that is too long or not UTF-8 and goes on", () => {
  const lines: string[] = [], unreadable: string[] = [];
  const splitter = new LineSplitter(10, {
    onLine: (line) => lines.push(line),
    onUnreadable: (why) => unreadable.push(why),
  });
  splitter.push(new TextEncoder().encode("0123456789\n" + "x".repeat(11)));
  splitter.push(new TextEncoder().encode("x".repeat(100) + "\nok\n"));
  splitter.push(new Uint8Array([0xff, 0x0a]));
  assert.deepEqual(lines, ["0123456789", "ok"]);
  assert.deepEqual(unreadable, [
    "the message has 111 bytes, 10 are allowed",
    "the message is not valid UTF-8",
  ]);
});

Deno.test("LineWriter writes lines in order through a sink that takes a few bytes at a time", async () => {
  const written: number[] = [];
  const writer = new LineWriter({
    write: async (bytes) => {
      await Promise.resolve();
      written.push(...bytes.subarray(0, 3));
      return Math.min(3, bytes.length);
    },
  }, assert.fail);
  for (const line of ["one", "two", "drei ü"]) writer.write(line);
  await writer.flush();
  assert.equal(new TextDecoder().decode(new Uint8Array(written)), "one\ntwo\ndrei ü\n");
  assert.equal(writer.pendingChars, 0);
});

Deno.test("LineWriter says once that the other side is gone and drops what comes after", async () => {
  let told = 0, writes = 0;
  const writer = new LineWriter({
    write: () => {
      writes++;
      return Promise.reject(new Deno.errors.BrokenPipe("closed"));
    },
  }, () => told++);
  writer.write("one");
  await writer.flush();
  writer.write("two");
  await writer.flush();
  assert.ok(writer.broken instanceof Deno.errors.BrokenPipe);
  assert.deepEqual([told, writes, writer.pendingChars], [1, 1, 0]);
});
