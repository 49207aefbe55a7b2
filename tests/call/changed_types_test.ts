/**
 * Tables, types and functions change while a server runs. What a tool answers then is right by the new types,
 * with its clients told, or it is an error: no value is ever written by a writer of another type.
 */

import assert from "node:assert/strict";
import { exportFormats } from "../../src/export/format/format.ts";
import { builtinOids } from "../../src/postgres/types/builtin_oids.ts";
import { prepareExport, runExport } from "../../src/export/run.ts";
import { localCaller } from "../../src/tool/caller.ts";
import {
  callContext,
  type TestDatabase,
  testOnEach,
  type TestServer,
  withDatabase,
  withTools,
} from "../harness.ts";

const schema = `
  create schema s;
  create type s.colour as enum ('red', 'green');
  create type s.pair as (a int, b text);
  create table s.thing (
    id int primary key, v int not null, ok boolean not null default true, raw bytea not null default '\\x00',
    colour s.colour not null default 'red', pair s.pair
  );
  insert into s.thing (id, v, pair) values (1, 10, row (1, 'x')), (2, 20, row (2, 'y')), (3, 30, row (3, 'z'));
  create function s.answer() returns int stable language sql as 'select 1';
  grant usage on schema s to sqlwright_server;
  grant select, insert, update on s.thing to sqlwright_server;
`;

const files = {
  "s/all.sql":
    "-- name: all :many\n-- All.\n--\n-- @rows 10\n\nselect t.id, t.v from s.thing as t order by t.id;\n",
  "s/page.sql": "-- name: page :many\n-- Pages.\n--\n-- @page id\n\nselect t.id, t.v from s.thing as t;\n",
  "s/one.sql":
    "-- name: one :one\n-- One.\n--\n-- @param id  Which\n\nselect t.v, t.ok, t.raw from s.thing as t where t.id = :id::int;\n",
  "s/worth.sql": "-- name: worth :value\n-- One value.\n\nselect s.answer() as answer;\n",
  "s/colours.sql":
    "-- name: colours :many\n-- Colours.\n--\n-- @rows 10\n\nselect t.id, t.colour from s.thing as t order by t.id;\n",
  "s/pairs.sql":
    "-- name: pairs :many\n-- Pairs.\n--\n-- @rows 10\n\nselect t.id, t.pair from s.thing as t order by t.id;\n",
  "s/set_v.sql":
    "-- name: set_v :exec\n-- Sets.\n--\n-- @param id  Which\n\nupdate s.thing as t set ok = true where t.id = :id::int returning t.id, t.v;\n",
  "s/set_many.sql": `-- name: set_many :unnest
-- Sets many.
--
-- @param ids  Which
-- @param oks  To what

update s.thing as t set ok = change.ok
from unnest(:ids::int[], :oks::boolean[]) as change (id, ok)
where t.id = change.id and t.ok is distinct from change.ok
returning t.id, t.v;
`,
};

type Tools = Parameters<Parameters<typeof withTools>[2]>;

function testThings(
  name: string,
  run: (call: Tools[0], database: TestDatabase, application: Tools[1]) => Promise<void>,
) {
  testOnEach(name, (server: TestServer) =>
    withDatabase(async (database) => {
      await database.sql.unsafe(schema);
      await withTools(database, files, (call, application) => run(call, database, application));
    }, { server, isEmpty: true }));
}

testThings(
  "a column that becomes another type is answered by that type, in every kind, and clients are told",
  async (call, { sql }, application) => {
    const before = await call("s_all");
    assert.deepEqual(before.structured.rows, [{ id: 1, v: 10 }, { id: 2, v: 20 }, { id: 3, v: 30 }]);
    for (const tool of ["s_page", "s_set_v"]) await call(tool, tool === "s_page" ? {} : { id: 1 });
    await call("s_one", { id: 1 });
    let told = 0;
    const stop = application.onCatalogChanged(() => told++);
    // A stored text that would be a member of the protocol's message, were it written as it is.
    const evil = '1}],"isError":true,"x":[{"v":1';
    await sql.unsafe(
      `alter table s.thing alter v type text using case id when 1 then 'hello' when 2 then '0,"id":666' else '${evil}' end`,
    );
    const after = await call("s_all");
    assert.equal(after.isError, false, after.text);
    assert.deepEqual((after.structured.rows as { v: unknown }[]).map(({ v }) => v), await texts(sql));
    assert.equal(told, 1);
    const page = await call("s_page", { page_size: 1 });
    assert.deepEqual((page.structured.rows as { v: unknown }[])[0]!.v, "hello");
    assert.deepEqual((await call("s_one", { id: 1 })).structured.row, { v: "hello", ok: true, raw: "AA==" });
    const schemaOf = application.catalog().tools.get("s_all")!.outputSchema;
    assert.match(JSON.stringify(schemaOf), /"v":\{[^}]*"string"/);
    stop();
  },
);

async function texts(sql: TestDatabase["sql"]): Promise<string[]> {
  const rows = await sql`select v from s.thing order by id`;
  return rows.map(({ v }) => v);
}

testThings(
  "a write over a column that has become another type keeps nothing, and works when called again",
  async (call, { sql }) => {
    await call("s_set_v", { id: 1 });
    await call("s_set_many", { rows: [{ ids: 1, oks: false }] });
    await sql.unsafe("alter table s.thing alter v type text using 'now ' || v");
    const refused = await call("s_set_many", { rows: [{ ids: 2, oks: false }] });
    assert.equal(refused.isError, true);
    assert.equal(JSON.parse(refused.text).error.code, "tool.outdated");
    assert.deepEqual([...await sql`select ok from s.thing where id = 2`], [{ ok: true }]);
    const again = await call("s_set_many", { rows: [{ ids: 2, oks: false }, { ids: 9, oks: true }] });
    assert.deepEqual(again.structured.rows, [{ id: 2, v: "now 20" }]);
    // What became of each row is still known.
    assert.deepEqual(again.structured.row_outcomes, ["updated", "missing"]);
    const exec = await call("s_set_v", { id: 1 });
    const second = exec.isError ? await call("s_set_v", { id: 1 }) : exec;
    assert.deepEqual(second.structured.rows, [{ id: 1, v: "now 10" }]);
  },
);

testThings(
  "int becomes bigint, boolean becomes text, bytea becomes text: the answers are the new ones",
  async (call, { sql }) => {
    await call("s_one", { id: 1 });
    await sql.unsafe(
      `alter table s.thing alter ok drop default, alter ok type text using 'f', alter raw drop default,
     alter raw type text using '\\x6162', alter v type bigint using 9007199254740993`,
    );
    const result = await call("s_one", { id: 1 });
    assert.equal(JSON.parse(result.text).error.code, "result.unrepresentable");
    await sql.unsafe("update s.thing set v = 5");
    assert.deepEqual((await call("s_one", { id: 1 })).structured.row, { v: 5, ok: "f", raw: "\\x6162" });
  },
);

testThings(
  "a function that answers another type, a new label, a null and an attribute more",
  async (call, { sql }) => {
    assert.deepEqual((await call("s_worth")).structured, { value: 1 });
    await sql.unsafe(
      "drop function s.answer(); create function s.answer() returns text stable language sql as $$ select 'a \"b\"' $$",
    );
    assert.deepEqual((await call("s_worth")).structured, { value: 'a "b"' });

    await call("s_colours");
    await sql.unsafe("alter type s.colour add value 'blue'");
    await sql.unsafe("update s.thing set colour = 'blue' where id = 2");
    const colours = await call("s_colours");
    assert.deepEqual((colours.structured.rows as { colour: string }[])[1], { id: 2, colour: "blue" });

    await call("s_all");
    await sql.unsafe("alter table s.thing alter v drop not null");
    await sql.unsafe("update s.thing set v = null where id = 1");
    assert.deepEqual(((await call("s_all")).structured.rows as unknown[])[0], { id: 1, v: null });

    await call("s_pairs");
    await sql.unsafe("alter type s.pair add attribute c int");
    assert.deepEqual(((await call("s_pairs")).structured.rows as unknown[])[0], {
      id: 1,
      pair: { a: 1, b: "x", c: null },
    });
  },
);

testThings(
  "a column that is gone is an error that says so, and another connection does not answer the old one",
  async (call, { sql }) => {
    await call("s_all");
    await sql.unsafe("alter table s.thing drop column v");
    for (let attempt = 0; attempt < 3; attempt++) {
      const result = await call("s_all");
      assert.equal(result.isError, true);
      assert.match(result.text, /column t\.v does not exist/);
    }
  },
);

testThings("an export holds the types too, in every format", async (call, { sql }, application) => {
  await call("s_all");
  const prepared = exportFormats.map((format) =>
    prepareExport(application.catalog(), { tool: "s_all", args: {}, format }, localCaller)
  );
  await sql.unsafe("alter table s.thing alter v type text using 'x'");
  for (const each of prepared) {
    const bytes: Uint8Array[] = [];
    await assert.rejects(
      runExport(
        application.host.pools.reader,
        each,
        (part) => void bytes.push(part.slice()),
        { timeout_ms: 5000, bytes: 1e6 },
        callContext(),
      ),
      { code: "tool.outdated" },
    );
    assert.ok(!new TextDecoder().decode(Uint8Array.from(bytes.flatMap((part) => [...part]))).includes("x\n"));
  }
});

testOnEach(
  "the OIDs of PostgreSQL's own types are those of its catalogue",
  (server) =>
    withDatabase(async ({ sql }) => {
      const rows = await sql`
      select format_type(type.oid, null) as name, type.oid::int as oid from pg_type as type
      where type.oid < 10000 and type.typtype in ('b', 'r', 'm')`;
      const known = new Map(rows.map(({ name, oid }) => [name, oid]));
      for (const [name, oid] of builtinOids) if (known.has(name)) assert.equal(known.get(name), oid, name);
      assert.ok([...known.keys()].filter((name) => builtinOids.has(name)).length > 100);
    }, { server, isEmpty: true }),
);
