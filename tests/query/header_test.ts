import assert from "node:assert/strict";
import { type ModuleDefaults } from "../../src/query/model.ts";
import { parseHeader, parseModuleHeader } from "../../src/query/header/header.ts";
import { createReport, type Diagnostic } from "../../src/query/diagnostic.ts";
import { indexPlaces } from "../../src/query/source_text.ts";
import { tagRules, unbuiltTags } from "../../src/query/header/tags.ts";

function read(
  text: string,
  { unbuilt = new Set<string>(), moduleDefaults = null as ModuleDefaults | null } = {},
) {
  const diagnostics: Diagnostic[] = [];
  const report = createReport("m/t.sql", diagnostics);
  const parsed = parseHeader(text, indexPlaces(text), report, { moduleDefaults, unbuilt });
  return {
    ...parsed,
    diagnostics,
    found: diagnostics.map(({ code, line, column }) => `${code} ${line}:${column}`),
  };
}

/** A header of a kind with tags from line 3; fails on any diagnostic. */
function good(kind: string, ...tags: string[]) {
  const { header, found } = read(
    `-- name: t :${kind}\n-- Prose.\n${tags.map((tag) => `-- ${tag}\n`).join("")}\nselect 1;\n`,
  );
  assert.deepEqual(found, []);
  return header;
}

function wrong(kind: string, ...tags: string[]): string[] {
  return read(`-- name: t :${kind}\n-- Prose.\n${tags.map((tag) => `-- ${tag}\n`).join("")}\nselect 1;\n`)
    .found;
}

Deno.test("parseHeader() keeps the prose as Markdown and ends it at the first tag", () => {
  const text =
    "-- name: t :one\n-- title: A title: yes\n-- First *line*.\n--\n-- - item\n--       code @x\n--\n-- @timeout 2s\n\nselect 1;\n";
  const { header, found, bodyStart } = read(text);
  assert.deepEqual(found, []);
  assert.equal(header.title, "A title: yes");
  assert.equal(header.description, "First *line*.\n\n- item\n      code @x");
  assert.equal(header.timeout_ms, 2000);
  assert.equal(text.slice(bodyStart), "\n\nselect 1;\n");
  assert.deepEqual(header.kindPlace, { line: 1, column: 12 });
});

Deno.test("parseHeader() reads @param with optional, default, text and flow in any spacing of two or more", () => {
  const { params } = good(
    "one",
    "@param a           Plain text, with = and ? in it",
    "@param b?          Optional  {minimum: 1, maximum: 5.5}",
    "@param c = 20      Whole  {exclusiveMinimum: 0}",
    "@param d = 'two  words: {x}'  Quoted",
    '@param e = "a\\"b"  Escaped',
    "@param f = [1, 2]  List",
    "@param g = 2024-01-01  Date",
    "@param h = two words  Plain scalar",
    "@param i = 9007199254740993  Beyond a double",
    "@param j = true  Truth",
    "@param k  From the first day",
  );
  assert.deepEqual(
    params.map(({ name, optional }) => `${name}${optional ? "?" : ""}`).join(""),
    "ab?cdefghijk",
  );
  assert.deepEqual(params.map((param) => param.default), [
    undefined,
    undefined,
    20,
    "two  words: {x}",
    'a"b',
    [1, 2],
    "2024-01-01",
    "two words",
    "9007199254740993",
    true,
    undefined,
  ]);
  assert.equal(params[3]?.defaultText, "'two  words: {x}'");
  assert.deepEqual(params[1]?.flow, { minimum: 1, maximum: 5.5 });
  assert.equal(params[0]?.text, "Plain text, with = and ? in it");
  assert.equal(params[10]?.text, "From the first day");
  assert.deepEqual(params[0]?.place, { line: 3, column: 11 });
});

Deno.test("parseHeader() joins continuation lines, and their places stay their own", () => {
  const { params: [param] } = good(
    "one",
    "@param a  First",
    "    second",
    "        third",
    "    {pattern: '^[A-Z.-]{1,10}$',",
    "    minLength: 1}",
  );
  assert.equal(param?.text, "First second third");
  assert.deepEqual(param?.flow, { pattern: "^[A-Z.-]{1,10}$", minLength: 1 });
  assert.deepEqual(wrong("one", "@param a  First", "    {minLength: 1,", "      maxLenght: 2}"), [
    "tag-value 5:10",
  ]);
});

Deno.test("parseHeader() reads a server-filled parameter", () => {
  const { params } = good("one", "@param who from claim.tenant.id", "@param agent?  from header.user-agent");
  assert.deepEqual(params.map(({ from }) => from), [
    { source: "claim", path: "tenant.id" },
    { source: "header", path: "user-agent" },
  ]);
  assert.deepEqual(wrong("one", "@param who from claim."), ["tag-value 3:20"]);
});

Deno.test("parseHeader() reads every flow keyword and refuses every wrong value at the value", () => {
  const right =
    "{minimum: 1, maximum: 9, exclusiveMinimum: 0, exclusiveMaximum: 10, multipleOf: 0.5, minLength: 0, maxLength: 3, " +
    "pattern: a, enum: [a, b], format: date, minItems: 0, maxItems: 2, uniqueItems: true, examples: [1], as: string}";
  assert.equal(Object.keys(good("one", `@param a  Text  ${right}`).params[0]?.flow ?? {}).length, 15);
  const values = [
    "minimum: x",
    "maximum: .inf",
    "maximum: 9007199254740993",
    "multipleOf: 0",
    "minLength: -1",
    "maxLength: 1.5",
    "pattern: '('",
    "pattern: 1",
    "enum: []",
    "enum: [a, a]",
    "enum: a",
    "enum: [{a: 1}]",
    "format: dat",
    "minItems: x",
    "uniqueItems: yes",
    "examples: []",
    "as: integer",
  ];
  for (const value of values) {
    const start = "-- @param a  Text  {".length + value.indexOf(":") + 3;
    assert.deepEqual(wrong("one", `@param a  Text  {${value}}`), [`tag-value 3:${start}`], value);
  }
  for (
    const flow of [
      "{a: &x 1}",
      "{minimum: !!int 1}",
      "{minimum: *x}",
      "{__proto__: 1}",
      "{? [a] : 1}",
      "{minimum}",
    ]
  ) {
    assert.equal(wrong("one", `@param a  Text  ${flow}`).length, 1, flow);
  }
  const deep = `{examples: ${"[".repeat(40)}1${"]".repeat(40)}}`;
  assert.equal(wrong("one", `@param a  Text  ${deep}`).length, 1);
});

Deno.test("parseHeader() checks a default against its own flow", () => {
  assert.deepEqual(wrong("one", "@param a = 0  Text  {minimum: 1}"), ["tag-value 3:15"]);
  assert.deepEqual(wrong("one", "@param a = xyz  Text  {enum: [x, y]}"), ["tag-value 3:15"]);
  assert.deepEqual(wrong("one", "@param a = xyz  Text  {maxLength: 2}"), ["tag-value 3:15"]);
  assert.deepEqual(wrong("one", "@param a = xyz  Text  {pattern: '^a'}"), ["tag-value 3:15"]);
  assert.deepEqual(wrong("one", "@param a = 5  Text  {exclusiveMaximum: 5}"), ["tag-value 3:15"]);
});

Deno.test("parseHeader() reads @column with its marks", () => {
  const { columns } = good(
    "one",
    "@column a  Text  {as: number}",
    "@column b!",
    "@column c?  Maybe",
    '@column "D e"  Quoted',
  );
  assert.deepEqual(columns.map(({ name, nullable, text }) => [name, nullable, text]), [
    ["a", null, "Text"],
    ["b", false, ""],
    ["c", true, "Maybe"],
    ["D e", null, "Quoted"],
  ]);
});

Deno.test("parseHeader() reads the tags of a page, a view and a chart", () => {
  assert.deepEqual(
    good("many", "@page filed_on desc, accession").page.map((
      { column, descending, place },
    ) => [column, descending, place.column]),
    [
      ["filed_on", true, 10],
      ["accession", false, 25],
    ],
  );
  const view = good(
    "view",
    "@filter a  Equal",
    "@filter b >=  From",
    "@filter b <=  To",
    "@filter c ~  Like",
    "@filter d in  Any",
    "@order a desc",
  );
  assert.deepEqual(view.filters.map(({ column, operator }) => `${column} ${operator}`), [
    "a =",
    "b >=",
    "b <=",
    "c ~",
    "d in",
  ]);
  assert.deepEqual(view.order.map(({ column, descending }) => [column, descending]), [["a", true]]);
  assert.deepEqual(wrong("view", "@filter a =  One", "@filter a in  Two"), ["tag-duplicate 4:12"]);
  assert.deepEqual(wrong("view", "@filter b_from  One", "@filter b >=  Two"), ["tag-duplicate 4:12"]);
  assert.deepEqual(wrong("many", "@page a, , b"), ["tag-value 3:13"]);
  assert.deepEqual(wrong("many", "@page a, a desc"), ["tag-duplicate 3:13"]);
  const { chart } = good("many", "@chart bar  x=a  y=b,c  series=d");
  assert.deepEqual(chart && [chart.type, chart.x, chart.y, chart.series], ["bar", "a", ["b", "c"], "d"]);
  assert.deepEqual(wrong("many", "@chart bar  x=a"), ["tag-value 3:11"]);
});

Deno.test("parseHeader() reads ceilings, cache, role, scopes, hints, confirm, resource, deprecated and allow", () => {
  const header = good(
    "exec",
    "@rows 10",
    "@bytes 2048",
    "@tokens 500",
    "@timeout 1500ms",
    "@max-cost 100000",
    '@role "Writer"',
    "@scope edgar:read edgar:write",
    "@hint idempotent",
    "@hint open-world",
    "@confirm when affected > 100",
    "@deprecated",
    "@allow no-where forbidden  every row is meant",
    "    and that is fine",
  );
  assert.deepEqual(
    [header.rows, header.bytes, header.tokens, header.timeout_ms, header.maxCost, header.role, header.scopes],
    [10, 2048, 500, 1500, 100000, "Writer", ["edgar:read", "edgar:write"]],
  );
  assert.deepEqual(header.hints.map(({ name }) => name), ["idempotent", "open-world"]);
  assert.deepEqual(header.confirm, { affectedAbove: 100 });
  assert.deepEqual(header.deprecated, { use: null });
  assert.deepEqual(header.allows.map(({ rules, reason }) => [rules, reason]), [
    [["no-where", "forbidden"], "every row is meant and that is fine"],
  ]);
  const one = good(
    "one",
    "@cache 10m by claim.sub claim.tenant.id",
    "@resource edgar://company/{cik}/{form}",
    "@param cik  A",
    "@param form  B",
  );
  assert.deepEqual(one.cache && [one.cache.ttl_ms, one.cache.by], [600_000, ["sub", "tenant.id"]]);
  assert.equal(one.resource?.template, "edgar://company/{cik}/{form}");
  assert.deepEqual(good("exec", "@confirm always").confirm, { always: true });
});

Deno.test("parseHeader() reads examples and what they expect", () => {
  const { examples } = good(
    "many",
    "@example one  {q: it's, list: [a, 'b}'], n: null}  => rows >= 1",
    "@example two  {}  => rows = 0",
    "@example three  {q: 1}  => error 22P02",
    "@example four  {q: 1}  => error argument.unknown",
    "@example five  {q: 1}  => error",
    "@example six  {q: 1}",
    "    => {rows: [{cik: 320193}]}",
  );
  assert.deepEqual(examples.map(({ expect }) => expect), [
    { kind: "rows", operator: ">=", count: 1 },
    { kind: "rows", operator: "=", count: 0 },
    { kind: "error", code: "22P02" },
    { kind: "error", code: "argument.unknown" },
    { kind: "error", code: null },
    { kind: "subset", value: { rows: [{ cik: 320193 }] } },
  ]);
  assert.deepEqual(examples[0]?.arguments, { q: "it's", list: ["a", "b}"], n: null });
  assert.deepEqual(good("one", "@example a  {}  => null").examples[0]?.expect, { kind: "null" });
  assert.deepEqual(good("copy", "@example a  {rows: []}  => affected = 0").examples[0]?.expect, {
    kind: "affected",
    count: 0,
  });
  assert.deepEqual(wrong("many", "@example a  {}  => null"), ["tag-value 3:23"]);
  assert.deepEqual(wrong("many", "@example a  {}  => {rows: []} x"), ["tag-value 3:33"]);
  assert.deepEqual(wrong("many", "@example a  {}  => rows >= 1", "@example a  {}  => rows >= 1"), [
    "tag-duplicate 4:13",
  ]);
});

Deno.test("parseHeader() refuses wrong values of every tag at the value", () => {
  const values: [kind: string, tag: string, column: number][] = [
    ["one", "@bytes 1k", 11],
    ["one", "@bytes 99999999999", 11],
    ["one", "@timeout 0s", 13],
    ["one", "@timeout 25d", 13],
    ["one", "@timeout 2S", 13],
    ["one", "@cache 10m per claim.sub", 15],
    ["one", "@cache 10m by sub", 18],
    ["one", "@role Writer", 10],
    ["one", "@role public", 10],
    ["one", `@role ${"r".repeat(64)}`, 10],
    ["exec", "@confirm", 4],
    ["exec", "@confirm sometimes", 13],
    ["one", "@resource edgar://{a", 22],
    ["one", "@resource edgar://a b", 23],
    ["one", "@deprecated use", 16],
    ["one", "@allow over-cost", 11],
    ["one", "@untrusted a, b", 15],
    ["one", "@complete 1  from a.b.c", 14],
    ["one", "@complete q  insert into a", 17],
    ["one", "@column 1a  Text", 12],
    ["view", "@filter 1a  Text", 12],
    ["view", "@filter a", 12],
    ["view", "@filter a  Text  {minimum: 1}", 21],
    ["one", "@example A  {}  => null", 13],
    ["one", "@example a {q: 1 => null", 15],
  ];
  for (const [kind, tag, column] of values) {
    assert.deepEqual(wrong(kind, tag), [`tag-value 3:${column}`], tag);
  }
});

Deno.test("parseHeader() refuses every tag on every kind it means nothing for", () => {
  for (const [tag, rule] of tagRules) {
    for (const kind of ["many", "one", "value", "report", "exec", "view", "unnest", "copy"] as const) {
      const { found } = read(`-- name: t :${kind}\n-- Prose.\n-- @${tag} x\n\nselect 1;\n`);
      const isMisplaced = found.includes("tag-misplaced 3:4");
      assert.equal(isMisplaced, rule.kinds !== null && !rule.kinds.includes(kind), `@${tag} on :${kind}`);
    }
  }
});

Deno.test("parseHeader() refuses tags without an effect yet, after reading them, and only those", () => {
  for (const name of unbuiltTags) assert.ok(name === "param from" || tagRules.has(name), name);
  const text =
    "-- name: t :one\n-- Prose.\n-- @scope a\n-- @param x from claim.sub\n-- @timeout 1s\n\nselect 1;\n";
  const refused = read(text, { unbuilt: new Set(["scope", "param from"]) });
  assert.deepEqual(refused.found, ["tag-unbuilt 3:4", "tag-unbuilt 4:13"]);
  assert.equal(refused.diagnostics[0]?.message, "@scope is not built yet");
  assert.deepEqual(refused.header.scopes, ["a"]);
  assert.deepEqual(read(text).found, []);
});

Deno.test("parseHeader() puts a file's tags over its module's, and no ceiling above", () => {
  const text =
    "-- title: M\n-- Prose.\n--\n-- @role reader\n-- @scope a b\n-- @timeout 5s\n-- @rows 100\n-- @bytes 5000\n";
  const found: Diagnostic[] = [];
  const { title, instructions, defaults } = parseModuleHeader(
    text,
    indexPlaces(text),
    createReport("m/_module.sql", found),
    { unbuilt: new Set() },
  );
  assert.deepEqual(found, []);
  assert.deepEqual([title, instructions], ["M", "Prose."]);
  const { header } = read("-- name: t :many\n-- Prose.\n-- @rows 10\n-- @role writer\n\nselect 1;\n", {
    moduleDefaults: defaults,
  });
  assert.deepEqual([header.role, header.rows, header.bytes, header.timeout_ms, header.scopes], [
    "writer",
    10,
    5000,
    5000,
    ["a", "b"],
  ]);
  const above = read("-- name: t :many\n-- Prose.\n-- @timeout 6s\n\nselect 1;\n", {
    moduleDefaults: defaults,
  });
  assert.deepEqual(above.found, ["tag-value 3:13"]);
});

Deno.test("parseHeader() takes prose that looks a little like a tag for what it is", () => {
  const { header, found } = read(
    "-- name: t :one\n-- Mail x@y.org, see title: and name: below.\n--     @code in a block\n\nselect 1;\n",
  );
  assert.deepEqual(found, []);
  assert.match(header.description, /@code in a block/);
});

Deno.test("parseHeader() reads scopes as RFC 6749 has them, each once, and a file's own for its module's", () => {
  assert.deepEqual(good("one", "@scope edgar:load  https://x.example/a.b", "@scope !#[]~").scopes, [
    "edgar:load",
    "https://x.example/a.b",
    "!#[]~",
  ]);
  assert.deepEqual(wrong("one", '@scope a b"c'), ["tag-value 3:13"]);
  assert.deepEqual(wrong("one", "@scope a\\b"), ["tag-value 3:11"]);
  assert.deepEqual(wrong("one", "@scope caf\u00e9"), ["tag-value 3:11"]);
  assert.deepEqual(wrong("one", "@scope a b a"), ["tag-duplicate 3:15"]);
  assert.deepEqual(wrong("one", "@scope a", "@scope a"), ["tag-duplicate 4:11"]);
  assert.deepEqual(wrong("one", "@scope"), ["tag-value 3:4"]);
  assert.deepEqual([...unbuiltTags].includes("scope"), false);
});
