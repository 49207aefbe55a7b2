import assert from "node:assert/strict";
import {
  type CalledTool,
  type CallSwitches,
  readArguments,
  splitWords,
} from "../../src/cli/calls/call_arguments.ts";
import { UsageError } from "../../src/cli/console/console.ts";
import type { JsonSchema } from "../../src/tool/model.ts";

function read(properties: Record<string, JsonSchema>, ...words: string[]): Record<string, unknown> {
  const tool: CalledTool = { name: "shop_tool", kind: "many", inputSchema: { type: "object", properties } };
  const switches: CallSwitches = { json: false, help: false };
  return readArguments(tool, splitWords(words, switches), switches);
}

Deno.test("readArguments converts text by the schema's type", () => {
  const properties = {
    whole: { type: "integer" },
    big: { type: ["integer", "string"] },
    real: { type: "number" },
    exact: { type: ["number", "string"] },
    flag: { type: "boolean" },
    text: { type: "string" },
    maybe: { type: ["integer", "null"] },
    texts: { type: ["array", "null"], items: { type: ["string", "null"] } },
    wholes: { type: "array", items: { type: "integer" } },
    object: { type: "object" },
    any: {},
  };
  const cases: [string[], unknown][] = [
    [["--whole", "5"], { whole: 5 }],
    [["--whole", "-5"], { whole: -5 }],
    [["--big", "9007199254740993"], { big: "9007199254740993" }],
    [["--big", "12"], { big: 12 }],
    [["--real", "1e3"], { real: 1000 }],
    [["--exact", "1.10"], { exact: "1.10" }],
    [["--flag"], { flag: true }],
    [["--flag", "false"], { flag: false }],
    [["--text", "true"], { text: "true" }],
    [["--text", "null"], { text: "null" }],
    [["--text=--odd"], { text: "--odd" }],
    [["--text="], { text: "" }],
    [["--maybe", "null"], { maybe: null }],
    [["--texts", "a, b"], { texts: ["a", "b"] }],
    [["--texts", '["a,b", null]'], { texts: ["a,b", null] }],
    [["--texts", "a", "--texts", "b,c"], { texts: ["a", "b", "c"] }],
    [["--wholes", "1,2"], { wholes: [1, 2] }],
    [["--wholes", ""], { wholes: [] }],
    [["--object", '{"a": 1}'], { object: { a: 1 } }],
    [["--any", "plain words"], { any: "plain words" }],
    [["--any", "[1]"], { any: [1] }],
    [['{"whole": 1}', "--whole", "2", "--text", "x"], { whole: 2, text: "x" }],
  ];
  for (const [words, expected] of cases) {
    assert.deepEqual(read(properties, ...words), expected, words.join(" "));
  }
});

Deno.test("readArguments leaves what it cannot convert to the tool's own validation", () => {
  const properties = { whole: { type: "integer" }, flag: { type: "boolean" }, object: { type: "object" } };
  assert.deepEqual(read(properties, "--whole", "1.5"), { whole: "1.5" });
  assert.deepEqual(read(properties, "--flag", "yes"), { flag: "yes" });
  assert.deepEqual(read(properties, "--object", "{no"), { object: "{no" });
});

Deno.test("readArguments takes dashes for underscores, and keeps prototype names out", () => {
  const properties = { filed_on_from: { type: "string" } };
  assert.deepEqual(read(properties, "--filed-on-from", "2026-01-01"), { filed_on_from: "2026-01-01" });
  assert.throws(() => read(properties, "--__proto__", "x"), UsageError);
  assert.throws(() => read(properties, "--constructor", "x"), UsageError);
});

Deno.test("splitWords keeps the command's own options apart", () => {
  const switches: CallSwitches = { json: false, help: false };
  const { json, pairs } = splitWords(
    ["--q", "x", "--json", "--sql", "there", "--source=file.csv", "-h"],
    switches,
  );
  assert.deepEqual(switches, { json: true, help: true, sql: "there", source: "file.csv" });
  assert.equal(json, null);
  assert.deepEqual(pairs, [{ name: "q", value: "x" }]);
});

Deno.test("JSON that is no object is wrong usage", () => {
  for (const text of ["[1]", "1", "null", "{", "words"]) {
    assert.throws(() => read({}, text), UsageError, text);
  }
});
