import assert from "node:assert/strict";
import {
  type Diagnostic,
  didYouMean,
  formatDiagnostic,
  sortDiagnostics,
} from "../../src/query/diagnostic.ts";
import { rules } from "../../src/query/rules/rule_list.ts";

const finding = (more: Partial<Diagnostic>): Diagnostic => ({
  code: "eq-null",
  severity: "error",
  path: "edgar/x.sql",
  line: 1,
  column: 1,
  message: "A message",
  hint: "A hint",
  ...more,
});

Deno.test("formatDiagnostic() shows code, place, line, caret and hint", () => {
  const source = "-- name: x :one\n\nselect a = null;\n";
  assert.equal(
    formatDiagnostic(finding({ line: 3, column: 10 }), source),
    [
      "error[eq-null]: A message",
      " --> sql/edgar/x.sql:3:10",
      "  |",
      "3 | select a = null;",
      "  |          ^",
      "  help: A hint",
    ].join("\n"),
  );
});

Deno.test("formatDiagnostic() aligns the caret below tabs, wide and combining characters", () => {
  const caretOf = (text: string, column: number) => {
    const lines = formatDiagnostic(finding({ column }), text).split("\n");
    return { shown: lines[3]?.slice(4), caret: (lines[4] ?? "").indexOf("^") - 4 };
  };
  assert.deepEqual(caretOf("\tx", 2), { shown: "    x", caret: 4 });
  assert.deepEqual(caretOf("ab\tx", 4), { shown: "ab  x", caret: 4 });
  assert.deepEqual(caretOf("日本x", 3), { shown: "日本x", caret: 4 });
  assert.deepEqual(caretOf("e\u0301x", 3), { shown: "e\u0301x", caret: 1 });
  assert.deepEqual(caretOf("𝒳x", 2), { shown: "𝒳x", caret: 1 });
  assert.deepEqual(caretOf("ab", 3), { shown: "ab", caret: 2 });
});

Deno.test("formatDiagnostic() clips a long line around the caret", () => {
  const text = "a".repeat(300) + "X" + "b".repeat(300);
  const lines = formatDiagnostic(finding({ column: 301 }), text, { width: 60 }).split("\n");
  const shown = lines[3]?.slice(4) ?? "";
  const caret = (lines[4] ?? "").indexOf("^") - 4;
  assert.ok(shown.length <= 60);
  assert.equal(shown[caret], "X");
  assert.ok(shown.startsWith("…") && shown.endsWith("…"));
  const start = formatDiagnostic(finding({ column: 1 }), text, { width: 60 }).split("\n")[3] ?? "";
  assert.ok(start.slice(4).startsWith("aaa") && start.endsWith("…"));
  const end = formatDiagnostic(finding({ column: 602 }), text, { width: 60 }).split("\n")[3] ?? "";
  assert.ok(end.slice(4).startsWith("…") && end.endsWith("bbb"));
});

Deno.test("formatDiagnostic() lets no file move the terminal's cursor or turn the text around", () => {
  const text = formatDiagnostic(
    finding({ message: "found \x1b[2J", hint: "\u202e", path: "m/\x07.sql" }),
    "\x1b[31m\u202ex",
  );
  for (const control of ["\x1b", "\x07", "\u202e"]) assert.ok(!text.includes(control));
});

Deno.test("formatDiagnostic() colours only when asked and shows no line that is not there", () => {
  assert.ok(formatDiagnostic(finding({}), "x", { color: true }).startsWith("\x1b[1;31merror[eq-null]"));
  assert.equal(
    formatDiagnostic(finding({ line: 9, hint: null }), null, { directory: "" }),
    "error[eq-null]: A message\n --> edgar/x.sql:9:1",
  );
});

Deno.test("sortDiagnostics() orders by path, line, column, code and drops repeats", () => {
  const sorted = sortDiagnostics([
    finding({ path: "b/x.sql" }),
    finding({ line: 10 }),
    finding({ line: 9, column: 12 }),
    finding({ line: 9, column: 3, code: "no-where" }),
    finding({ line: 9, column: 3 }),
    finding({ line: 9, column: 3 }),
  ]);
  assert.deepEqual(
    sorted.map(({ path, line, column, code }) => `${path}:${line}:${column} ${code}`),
    [
      "edgar/x.sql:9:3 eq-null",
      "edgar/x.sql:9:3 no-where",
      "edgar/x.sql:9:12 eq-null",
      "edgar/x.sql:10:1 eq-null",
      "b/x.sql:1:1 eq-null",
    ].sort((one, other) => Number(other.startsWith("b/")) - Number(one.startsWith("b/"))),
  );
});

Deno.test("didYouMean() suggests slips and nothing far away", () => {
  assert.equal(didYouMean("timout", ["title", "timeout"]), 'Did you mean "timeout"?');
  assert.equal(didYouMean("Rows", ["rows"], "@"), 'Did you mean "@rows"?');
  assert.equal(didYouMean("xyz", ["timeout"]), null);
});

Deno.test("rules: every code of the grammar is in the table", () => {
  const grammar =
    "name-matches-file one-statement kind-mismatch unknown-tag param-unused param-undeclared param-untyped " +
    "column-unnamed column-duplicate select-star unqualified-table many-unbounded page-not-unique json-agg-null eq-null " +
    "not-in-subquery no-where read-tool-writes forbidden over-cost seq-scan example-fails description-missing";
  for (const code of grammar.split(" ")) assert.ok(Object.hasOwn(rules, code), code);
});
