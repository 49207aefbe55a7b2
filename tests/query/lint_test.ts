import assert from "node:assert/strict";
import { loadParser } from "../../src/query/parser/libpg_query.ts";
import { parseQuery } from "../../src/query/parse.ts";

await loadParser();

/** Codes with places of a file whose SQL begins in line 5. */
function codes(kind: string, sql: string, tags = "-- @timeout 1s\n"): string[] {
  const bytes = new TextEncoder().encode(`-- name: t :${kind}\n-- Says what it does.\n${tags}\n${sql}\n`);
  return parseQuery({ path: "m/t.sql", bytes, unbuilt: new Set() }).diagnostics
    .map(({ code, line, column }) => `${code} ${line}:${column}`);
}

const fine: [what: string, kind: string, sql: string, tags?: string][] = [
  [
    "a CTE has no schema",
    "one",
    "with a as (select t.b from edgar.t as t), c as (select a.b from a) select c.b from c",
  ],
  [
    "a recursive CTE sees itself",
    "one",
    "with recursive a as (select 1 as b union all select a.b + 1 from a) select a.b from a",
  ],
  [
    "a CTE is seen in sub-queries and set operations",
    "one",
    "with a as (select 1 as b) select a.b from a where exists (select 1 from a) union all select a.b from a",
  ],
  ["a CTE above DML", "exec", "with a as (select 1 as b) delete from edgar.t as t using a where t.b = a.b"],
  [
    "functions in FROM are no tables",
    "one",
    "select g.n from generate_series(1, 2) as g (n), unnest(array[1]) as u",
  ],
  [
    "FOR UPDATE OF names an alias",
    "exec",
    "with a as (select t.b from edgar.t as t for update of t) update edgar.t as t set b = 1 from a where t.b = a.b",
  ],
  [
    "the file's own temporary table",
    "copy",
    "create temp table x on commit drop as select t.a from edgar.t as t limit 0; copy x (a) from stdin; insert into edgar.t (a) select x.a from x",
  ],
  ["a limit bounds", "many", "select t.a from edgar.t as t limit 5"],
  ["fetch first bounds", "many", "select t.a from edgar.t as t fetch first 5 rows only"],
  [
    "a parameter as limit bounds",
    "many",
    "select t.a from edgar.t as t limit :n::int",
    "-- @param n  Rows\n",
  ],
  ["@page bounds", "many", "select t.a, t.b from edgar.t as t order by t.a desc, b", "-- @page a desc, b\n"],
  [
    "@page with an order by number",
    "many",
    "select t.a, t.b as c from edgar.t as t order by 1 desc, t.b",
    "-- @page a desc, c\n",
  ],
  ["@rows bounds", "many", "select t.a from edgar.t as t", "-- @rows 5\n"],
  ["json_agg in a coalesce", "report", "select coalesce(json_agg(t.a), '[]') as r from edgar.t as t"],
  [
    "json_agg in a coalesce around a sub-query",
    "report",
    "select json_build_object('a', coalesce((select json_agg(t.a) from edgar.t as t), '[]')) as r",
  ],
  [
    "json_agg in a coalesce behind casts",
    "report",
    "select coalesce(jsonb_pretty(jsonb_agg(t.a)::jsonb), '[]')::json as r from edgar.t as t",
  ],
  ["json_agg per group", "one", "select t.b, json_agg(t.a) as a from edgar.t as t group by t.b"],
  [
    "json_agg over a window",
    "one",
    "select t.b, json_agg(t.a) over (partition by t.b) as a from edgar.t as t",
  ],
  [
    "is distinct from null",
    "one",
    "select t.a is distinct from null as b, t.a is null as c from edgar.t as t",
  ],
  ["setting null", "exec", "update edgar.t as t set a = null where t.b = 1"],
  [
    "in a sub-query",
    "one",
    "select t.a from edgar.t as t where t.a in (select u.a from edgar.u as u) and t.a = any (select 1)",
  ],
  ["not in a list", "one", "select t.a from edgar.t as t where t.a not in (1, 2)"],
  [
    "count(*) and whole rows",
    "one",
    "select count(*), json_build_object('a', to_jsonb(max(t.*))) as j from edgar.t as t",
  ],
  ["exists (select *)", "one", "select 1 as a where exists (select * from edgar.t as t)"],
  [
    "on conflict do update has no where",
    "exec",
    "insert into edgar.t (a) values (1) on conflict (a) do update set a = 2",
  ],
  [
    "MERGE has its condition",
    "exec",
    "merge into edgar.t as t using edgar.u as u on t.a = u.a when matched then delete",
  ],
  ["nextval in a write", "exec", "insert into edgar.t (a) values (nextval('edgar.s'))"],
  ["a function of another schema", "one", "select edgar.lo_total(), edgar.pg_sleep() as b"],
  [
    "transaction advisory locks",
    "exec",
    "with l as (select pg_advisory_xact_lock(1)) delete from edgar.t as t using l where t.a = 1",
  ],
  [
    "TRUNCATE and ANALYZE beside a COPY",
    "copy",
    "truncate edgar.t; copy edgar.t (a) from stdin; analyze edgar.t",
  ],
  ["values name their columns", "one", "values (1, 2)"],
  ["CALL", "exec", "call edgar.refresh()"],
];

for (const [what, kind, sql, tags] of fine) {
  Deno.test(`lintQuery() accepts: ${what}`, () => assert.deepEqual(codes(kind, sql, tags), []));
}

const broken: [what: string, kind: string, sql: string, expected: string[], tags?: string][] = [
  [
    "an earlier CTE is not yet there",
    "one",
    "with a as (select b.c from b), b as (select 1 as c) select a.c from a",
    ["unqualified-table 5:28"],
  ],
  [
    "a CTE is not seen outside",
    "one",
    "select a.b from (with a as (select 1 as b) select a.b from a) as x, a",
    ["unqualified-table 5:69"],
  ],
  [
    "tables in LATERAL, joins, LIKE and DML",
    "exec",
    "with x as (insert into a (b) select c.b from c join d on true, lateral (select 1 from e) as l returning b) delete from f where f.b = 1",
    [
      "unqualified-table 5:24",
      "unqualified-table 5:46",
      "unqualified-table 5:53",
      "unqualified-table 5:87",
      "unqualified-table 5:120",
    ],
  ],
  ["a view without a schema", "view", "create or replace view v as select t.a from edgar.t as t", [
    "unqualified-table 5:24",
  ]],
  ["limit null", "many", "select t.a from edgar.t as t limit null", ["many-unbounded 1:12"]],
  ["a limit in a CTE only", "many", "with a as (select t.a from edgar.t as t limit 5) select a.a from a", [
    "many-unbounded 1:12",
  ]],
  [
    "a limit in one arm of a union",
    "many",
    "(select t.a from edgar.t as t limit 5) union all select u.a from edgar.u as u",
    ["many-unbounded 1:12"],
  ],
  [
    "json_agg with a filter in a group",
    "one",
    "select t.b, json_agg(t.a) filter (where t.c) as a from edgar.t as t group by t.b",
    ["json-agg-null 5:13"],
  ],
  [
    "json_agg over an empty grouping set",
    "one",
    "select json_agg(t.a) as a from edgar.t as t group by grouping sets ((t.b), ())",
    ["json-agg-null 5:8"],
  ],
  [
    "json_agg in a sub-query without its own coalesce",
    "report",
    "select json_build_object('a', (select jsonb_agg(t.a) from edgar.t as t)) as r",
    ["json-agg-null 5:39"],
  ],
  [
    "a coalesce around an object covers nothing inside",
    "report",
    "select coalesce(json_build_object('a', json_agg(t.a)), '{}') as r from edgar.t as t",
    ["json-agg-null 5:40"],
  ],
  [
    "a coalesce to null covers nothing",
    "report",
    "select coalesce(json_agg(t.a), null) as r from edgar.t as t",
    ["json-agg-null 5:17"],
  ],
  [
    "SQL's own json_arrayagg and json_object_agg",
    "report",
    "select json_build_array(json_arrayagg(t.a), json_object_agg(t.a, 1)) as r from edgar.t as t",
    [
      "json-agg-null 5:25",
      "json-agg-null 5:45",
    ],
  ],
  [
    "null compared in every corner",
    "one",
    "select case t.a when null then 1 end as a, t.a <> null as b, null = t.a as c, t.a = null::int as d, t.a not in (1, null) as e from edgar.t as t join edgar.u as u on u.a = null",
    [
      "eq-null 5:17",
      "eq-null 5:48",
      "eq-null 5:67",
      "eq-null 5:83",
      "eq-null 5:105",
      "eq-null 5:170",
    ],
  ],
  [
    "not in a sub-query in other words",
    "one",
    "select not (t.a in (select 1)) as a, t.a <> all (select 2) as b, not t.a = any (select 3) as c from edgar.t as t",
    [
      "not-in-subquery 5:8",
      "not-in-subquery 5:42",
      "not-in-subquery 5:66",
    ],
  ],
  [
    "a star in a set operation, a sub-query and RETURNING",
    "exec",
    "insert into edgar.t (a) select * from edgar.u as u union select x.* from (select (u.b).* from edgar.u as u) as x returning *",
    [
      "select-star 5:32",
      "select-star 5:65",
      "select-star 5:82",
      "select-star 5:124",
    ],
  ],
  [
    "writes deep inside a read",
    "one",
    "select 1 as a from edgar.t as t where exists (with x as (update edgar.t as t set a = 1 where t.a = 2 returning t.a) select x.a from x) and (select setval('edgar.s', 1)) > 0",
    [
      "read-tool-writes 5:65",
      "read-tool-writes 5:148",
    ],
  ],
  [
    "locks deep inside a read",
    "value",
    "select count(*) from (select t.a from edgar.t as t for share) as x, (select 1 as b for update) as y",
    [
      "read-tool-writes 5:52",
      "read-tool-writes 5:84",
    ],
  ],
  [
    "forbidden functions in every corner",
    "one",
    "select query_to_xml('x', true, true, '') as a from dblink('x', 'y') as t (a int) group by lo_get(1) having pg_sleep(1) is null order by pg_notify('a', 'b') limit length(pg_read_binary_file('x'))",
    [
      "forbidden 5:8",
      "forbidden 5:108",
      "forbidden 5:137",
      "forbidden 5:170",
      "forbidden 5:52",
      "forbidden 5:91",
    ],
  ],
  [
    "forbidden functions in a view and a merge",
    "copy",
    "copy edgar.t (a) from stdin; insert into edgar.t (a) select pg_terminate_backend(1)::int",
    ["forbidden 5:61"],
  ],
  ["a page column that is not returned, in other case", "many", "select t.a from edgar.t as t", [
    "column-unknown 3:10",
  ], "-- @page A\n"],
  ["an order that is longer than the page", "many", "select t.a, t.b from edgar.t as t order by a, b", [
    "page-order 5:47",
  ], "-- @page a\n"],
  ["an order that is shorter than the page", "many", "select t.a, t.b from edgar.t as t order by a", [
    "page-order 5:44",
  ], "-- @page a, b\n"],
  ["an order with its own nulls", "many", "select t.a from edgar.t as t order by a nulls first", [
    "page-order 5:39",
  ], "-- @page a\n"],
  [
    "an order by another table's column of that name",
    "many",
    "select t.a from edgar.t as t, edgar.u as u order by u.a",
    ["page-order 5:53"],
    "-- @page a\n",
  ],
  ["columns described that are not returned", "exec", "delete from edgar.t as t where t.a = 1", [
    "column-unknown 3:12",
  ], "-- @column a  Text\n"],
];

for (const [what, kind, sql, expected, tags] of broken) {
  Deno.test(`lintQuery() finds: ${what}`, () =>
    assert.deepEqual(codes(kind, sql, tags).sort(), expected.sort()));
}

Deno.test("@allow switches a rule off for its file, and no other rule", () => {
  const sql = "select * from t where a = null";
  assert.deepEqual(codes("one", sql).sort(), ["eq-null 5:25", "select-star 5:8", "unqualified-table 5:15"]);
  assert.deepEqual(codes("one", sql, "-- @allow select-star unqualified-table  we know\n"), ["eq-null 5:25"]);
});

Deno.test("@allow forbidden opens functions and what may stand beside a COPY, and no statement of another kind", () => {
  const allow = "-- @allow forbidden  we know\n";
  assert.deepEqual(codes("value", "select pg_sleep(1)::text as a", allow), []);
  assert.deepEqual(codes("copy", "lock table edgar.t; copy edgar.t (a) from stdin", allow), []);
  for (
    const sql of [
      "do $$ begin end $$",
      "commit",
      "set a = 1",
      "copy edgar.t (a) from program 'id'",
      "prepare x as select 1",
    ]
  ) {
    assert.deepEqual(codes("exec", sql, allow), ["kind-mismatch 1:12"], sql);
    assert.deepEqual(codes("exec", sql), ["forbidden 5:1"], sql);
  }
  assert.deepEqual(codes("copy", "copy edgar.t (a) from stdin; commit", allow), ["kind-mismatch 1:12"]);
});

Deno.test("statements that no kind is for are refused, whatever comment stands before them", () => {
  for (
    const sql of [
      "create table edgar.x (a int)",
      "drop table edgar.t",
      "grant select on edgar.t to public",
      "vacuum",
      "explain analyze delete from edgar.t",
      "copy edgar.t (a) to stdout",
      "show work_mem",
      "refresh materialized view edgar.m",
    ]
  ) {
    for (const kind of ["many", "one", "value", "report", "exec", "view", "unnest", "copy"]) {
      const found = codes(
        kind,
        `/* select */ -- select\n${sql}`,
        kind === "many" ? "-- @rows 5\n" : undefined,
      );
      assert.ok(found.includes("kind-mismatch 1:12"), `${sql} as :${kind}: ${found}`);
    }
  }
});
