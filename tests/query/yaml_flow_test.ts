import assert from "node:assert/strict";
import { parseDocument } from "yaml";
import { parseFlow, scanFlow } from "../../src/query/header/yaml_flow.ts";

function read(text: string) {
  const problems: string[] = [];
  const flow = parseFlow(text, 0, (index, message) => problems.push(`${index} ${message}`));
  return { flow, problems };
}

const same = [
  "{}",
  "[]",
  "{a: 1, b: -2, c: +3, d: 0x1F, e: 0o17, f: 007, g: 1.50, h: .5, i: 1e3, j: 1.}",
  "{a: true, b: False, c: null, d: ~, e: yes, f: on}",
  "{a: 10-K, b: 2024-01-01, c: 12:30, d: http://x.org/a?b=c#d, e: -x, f: a b  c }",
  "{a: it's, b: 'it''s', c: \"a\\\"b\\n\\u00e9\\x41\\U0001F600\\\\\\/\", d: ''}",
  '{\'a b\': 1, "c": 2, "d":3, e f: 4}',
  "[a, [b, {c: d}], {e: [f]}, ]",
  "{pattern: '^[A-Z.-]{1,10}$', enum: [a, 'b, c', \"}\"]}",
  "{ a : 1 ,b: 2, }",
  "{accession: 0000320193-24-000123, n: 0000000000-00-000000}",
  "{a: é𝒳日本, ключ: 1}",
  "20",
  "two words, and more",
  "'x'",
  "[1, 2]",
  "9007199254740991",
  "2024-01-01T00:00:00Z",
  "a:b",
  "-5",
  "{a: [], b: {}, c: [[]]}",
  "{a: x}",
];

for (const text of same) {
  Deno.test(`parseFlow() reads as the yaml library does: ${text}`, () => {
    const expected = parseDocument(text);
    assert.deepEqual(expected.errors, []);
    const { flow, problems } = read(text);
    assert.deepEqual(problems, []);
    assert.deepEqual(flow?.value, expected.toJS());
  });
}

const refused: [text: string, index: number][] = [
  ["{a}", 1],
  ["{a: }", 1],
  ["{a:1}", 1],
  ["{a: 1, a: 2}", 7],
  ["{a: 1", 4],
  ["{a: 1]", 5],
  ["[a, b", 4],
  ["[a b] c", 6],
  ["[a: 1]", 2],
  ["{[a]: 1}", 1],
  ["{null: 1}", 1],
  ["{__proto__: 1}", 1],
  ["{'__proto__': 1}", 1],
  ["{a: &x 1}", 4],
  ["{a: *x}", 4],
  ["{a: !!str 1}", 4],
  ["{a: 1 # b\n}", 6],
  ["{a: 'x}", 4],
  ['{a: "\\q"}', 5],
  ['{a: "\\UFFFFFFFF"}', 5],
  ["{a: .inf}", 4],
  ["{a: 1e999}", 4],
  ["{a: @b}", 4],
  ["{a: - }", 4],
  ["{, a: 1}", 1],
  ["{? a : 1}", 1],
  ["a: b", 1],
  ["a #b", 2],
  ["[".repeat(33), 32],
];

for (const [text, index] of refused) {
  Deno.test(`parseFlow() refuses ${text}`, () => {
    const { flow, problems } = read(text);
    assert.equal(flow, null);
    assert.deepEqual(problems.map((problem) => Number(problem.split(" ")[0])), [index], problems.join());
  });
}

Deno.test("parseFlow() keeps whole numbers exact and tells where keys and values begin", () => {
  const problems: string[] = [];
  const flow = parseFlow(
    "{a: 9007199254740993, b: -9223372036854775808, c: {d: 1}}",
    100,
    (index) => problems.push(`${index}`),
  );
  assert.deepEqual(flow?.value, { a: "9007199254740993", b: "-9223372036854775808", c: { d: 1 } });
  assert.deepEqual([...flow?.keyStarts ?? []], [["a", 101], ["b", 122], ["c", 147]]);
  assert.deepEqual([...flow?.valueStarts ?? []], [["a", 104], ["b", 125], ["c", 150]]);
});

Deno.test("scanFlow() ends a value where it ends, whatever its quotes hold", () => {
  for (const text of ['{a: \'}\', b: "]\\"}"}', "[it's, {b: 'x''}'}]", "'a''b'", '"a\\"b"', "{a: b's}"]) {
    assert.equal(scanFlow(`${text} rest }`, 0), text.length, text);
    assert.equal(scanFlow(text.slice(0, -1), 0), -1, text);
  }
});
