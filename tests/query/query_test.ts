import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { loadParser } from "../../src/query/parser/libpg_query.ts";
import { parseQuery } from "../../src/query/parse.ts";
import { functionCalls, outputColumns } from "../../src/query/parser/parse_tree.ts";

await loadParser();

const header = (kind: string, tags = "") => `-- name: t :${kind}\n-- Says what it does.\n${tags}\n`;

function parse(text: string | Uint8Array, path = "m/t.sql") {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return parseQuery({ path, bytes, unbuilt: new Set() });
}

function codes(text: string): string[] {
  return parse(text).diagnostics.map(({ code, line, column }) => `${code} ${line}:${column}`);
}

/** The parsed query; fails on any diagnostic. */
function good(text: string) {
  const { query, diagnostics } = parse(text);
  assert.deepEqual(diagnostics, []);
  assert.ok(query);
  return query;
}

Deno.test("parseQuery() gives tool, module, kind, hash and the $n text", () => {
  const text = `${
    header("one", "-- @param a  First\n-- @param b?  Second\n")
  }select :b::int as b, :'a'::text as a, :b as c;\n`;
  const query = good(text);
  assert.equal(query.tool, "m_t");
  assert.equal(query.module, "m");
  assert.equal(query.kind, "one");
  assert.equal(query.hash, createHash("sha256").update(text).digest("hex"));
  assert.deepEqual(query.parameters.map(({ name, place }) => [name, place.line, place.column]), [
    ["b", 6, 8],
    ["a", 6, 22],
  ]);
  assert.equal(query.parameters[0]?.tag?.optional, true);
  const [statement] = query.statements;
  assert.equal(statement?.text, "select $1::int as b, $2::text as a, $1 as c");
  assert.deepEqual(statement?.parameterNames, ["b", "a"]);
  assert.equal(statement?.nodeType, "SelectStmt");
  assert.equal(statement?.role, "main");
  assert.equal(statement?.returnsRows, true);
});

Deno.test("parseQuery() skips a BOM and reads CRLF, with the same places", () => {
  const text = `${header("one")}select 1 as a,\n  2 frm x y\n;\n`;
  const places = codes(text);
  assert.deepEqual(places, ["syntax-error 5:9"]);
  assert.deepEqual(codes(`\uFEFF${text.replaceAll("\n", "\r\n")}`), places);
});

Deno.test("parseQuery() puts Postgres' syntax errors on the DBA's own character behind multi-byte text and parameters", () => {
  const text = `${header("one", "-- @param long_name  A\n")}select 'é𝒳日本', :'long_name' as ж frm x y;\n`;
  assert.deepEqual(codes(text), ["syntax-error 5:34"]);
});

Deno.test("parseQuery() puts errors of the tree on the right character behind multi-byte text", () => {
  const text = `${header("one")}select 'é𝒳日本' as a, b from été.t as t where t.ж = null;\n`;
  assert.deepEqual(codes(text), ["eq-null 4:49"]);
});

Deno.test("parseQuery() points at the end when the SQL ends too early", () => {
  assert.deepEqual(codes(`${header("one")}select 1 as a from\n`), ["syntax-error 4:19"]);
});

Deno.test("parseQuery() refuses SQL that is nested beyond reason and goes on afterwards", () => {
  for (const text of [`${"(".repeat(20_000)}1${")".repeat(20_000)}`, `1${"+1".repeat(30_000)}`]) {
    assert.deepEqual(codes(`${header("one")}select ${text} as a;\n`).map((each) => each.split(" ")[0]), [
      "syntax-error",
    ]);
  }
  good(`${header("one")}select 1 as a;\n`);
});

Deno.test("parseQuery() tells the errors of header, parameters and SQL together", () => {
  const text = `${
    header("one", "-- @timout 2s\n-- @param a  First  {minimun: 1}\n")
  }select * from t where x = null and y = :b;\n`;
  assert.deepEqual(codes(text).sort(), [
    "eq-null 6:25",
    "param-undeclared 6:40",
    "param-unused 4:11",
    "select-star 6:8",
    "tag-value 4:22",
    "unknown-tag 3:4",
    "unqualified-table 6:15",
  ]);
});

Deno.test("parseQuery() reads the target and options of a COPY", () => {
  const query = good(
    `${
      header("copy")
    }copy edgar.t (a, "B c") from stdin (format csv, header true, DELIMITER ';', force_null (a), freeze);\n`,
  );
  assert.deepEqual(query.copy, {
    schema: "edgar",
    table: "t",
    columns: ["a", "B c"],
    options: { format: "csv", header: "true", delimiter: ";", force_null: "a", freeze: true },
    target: { schema: "edgar", table: "t" },
  });
});

Deno.test("parseQuery() gives the statements of a :copy their roles", () => {
  const query = good(
    `${header("copy", "-- @param d  Day\n")}create temp table incoming (like edgar.t) on commit drop;
create index on incoming (a);
copy incoming (a) from stdin;
analyze incoming;
insert into edgar.t (a, d) select incoming.a, :d::date from incoming returning t.a;
`,
  );
  assert.deepEqual(query.statements.map(({ role, nodeType, returnsRows }) => [role, nodeType, returnsRows]), [
    ["setup", "CreateStmt", false],
    ["setup", "IndexStmt", false],
    ["copy", "CopyStmt", false],
    ["merge", "VacuumStmt", false],
    ["merge", "InsertStmt", true],
  ]);
  assert.equal(query.copy?.schema, null);
});

Deno.test("parseQuery() names the view of a :view", () => {
  const query = good(
    `${header("view")}create or replace view edgar.v (x) as select t.a from edgar.t as t;\n`,
  );
  assert.deepEqual(query.view, { schema: "edgar", name: "v" });
});

Deno.test("parseQuery() lets the arrays of an :unnest go undescribed, and no other parameter", () => {
  const sql =
    "update edgar.t as t set b = c.b from unnest(:a::int[], :b::text[]) as c (a, b) where t.a = c.a and t.d = :d::int;\n";
  assert.deepEqual(codes(header("unnest") + sql), ["param-undeclared 4:106"]);
  const query = good(header("unnest", "-- @param d  Day\n") + sql);
  assert.deepEqual(query.parameters.map(({ name, isUnnested, tag }) => [name, isUnnested, tag === null]), [
    ["a", true, true],
    ["b", true, true],
    ["d", false, false],
  ]);
});

Deno.test("parseQuery() reserves the inputs that the server adds", () => {
  const page = header("many", "-- @param page_size  A\n-- @page a\n");
  assert.deepEqual(codes(`${page}select t.a from edgar.t as t where t.b = :page_size::int;\n`), [
    "param-reserved 6:42",
  ]);
  good(`${header("one", "-- @param page_size  A\n")}select :page_size::int as a;\n`);
  assert.deepEqual(
    codes(
      `${
        header("copy", "-- @param source  A\n")
      }copy edgar.t (a) from stdin;\ndelete from edgar.t as t where t.a = :source::int;\n`,
    ),
    ["param-reserved 6:38"],
  );
});

Deno.test("parseQuery() refuses what is not UTF-8 at its own place, overlong forms and surrogates too", () => {
  for (
    const bytes of [
      [0x80],
      [0xc0, 0xaf],
      [0xed, 0xa0, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
      [0xe2, 0x82],
      [0xff],
      [0x00],
    ]
  ) {
    const start = new TextEncoder().encode(`${header("one")}select 'é`);
    const { query, diagnostics } = parse(
      new Uint8Array([...start, ...bytes, ...new TextEncoder().encode("' as a;\n")]),
    );
    assert.equal(query, null);
    assert.deepEqual(diagnostics.map(({ code, line, column }) => [code, line, column]), [[
      "encoding",
      4,
      10,
    ]]);
  }
});

Deno.test("parseQuery() refuses a file above a mebibyte", () => {
  assert.deepEqual(codes(`${header("one")}select '${"x".repeat(1024 * 1024)}' as a;\n`), ["too-large 1:1"]);
});

Deno.test("parseQuery() checks the query of a @complete", () => {
  const file = (query: string) =>
    codes(`${header("one", `-- @param q  Name\n-- @complete q  ${query}\n`)}select :q::text as a;\n`);
  assert.deepEqual(file("select t.a from edgar.t as t where t.a ilike :value || '%' limit 10"), []);
  for (
    const wrong of [
      "select 1",
      "select :other",
      "select :value; select 2",
      "select :value frm x y",
      "select :'value",
    ]
  ) {
    assert.deepEqual(file(wrong), ["tag-value 4:17"], wrong);
  }
});

Deno.test("functionCalls() finds calls in every corner of a statement", () => {
  const query = good(
    `${header("one")}with a as (select f1() as x), b as (select a.x from a union select f2() from a)
select coalesce(f3(), pg_catalog.f4()) as y, (select f5()) as z, extract(year from now()) as e
from b, lateral f6(b.x) as l, rows from (f7(), f8()) as r
where exists (select 1 from edgar.t as t where t.a = any (array[f9()])) and b.x in (f10(), 2)
group by b.x having count(*) filter (where f11()) > 0
window w as (order by f12())
order by f13() limit f14();
`,
  );
  const [statement] = query.statements;
  assert.ok(statement);
  const calls = functionCalls(statement);
  const names = calls.map(({ parts }) => parts.join(".")).sort();
  assert.deepEqual(
    names,
    [
      ..."1 2 3 5 6 7 8 9 10 11 12 13 14".split(" ").map((n) => `f${n}`),
      "pg_catalog.f4",
      "pg_catalog.extract",
      "now",
      "count",
    ].sort(),
  );
  assert.deepEqual(calls.find(({ parts }) => parts.at(-1) === "f4")?.place, { line: 5, column: 23 });
  const call = good(`${header("exec")}call edgar.refresh();\n`).statements[0];
  assert.deepEqual(call && functionCalls(call).map(({ parts }) => parts), [["edgar", "refresh"]]);
});

Deno.test("outputColumns() names columns as Postgres does", () => {
  const query = good(
    `${
      header("one")
    }select t.a, (t.c).d, count(*), t.e::text, 'x'::text, case when true then t.g end, case when true then 1 else t.h end,
  (select u.i from edgar.u as u), exists (select 1), array[1], array(select 2) as k, row(1, 2), nullif(1, 2), greatest(1, 2), current_date,
  coalesce(1, 2), t.l collate "C" from edgar.t as t group by t.a;\n`,
  );
  const [statement] = query.statements;
  assert.ok(statement);
  assert.deepEqual(
    outputColumns(statement.nodeType, statement.tree).map(({ name }) => name),
    "a d count e text case h i exists array k row nullif greatest current_date coalesce l".split(" "),
  );
});
