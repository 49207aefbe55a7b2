/** Values are what was sent and what is stored: digits, lengths, nulls; or the call says why they cannot be. */

import assert from "node:assert/strict";
import { parseJson } from "../../src/mcp/message.ts";
import { type TestDatabase, testOnEach, type TestServer, withDatabase, withTools } from "../harness.ts";

const schema = `
  create schema s;
  create table s.ck(id int primary key, c char(5) not null, b bit(8) not null, unique (c, id));
  insert into s.ck select i, 'aa' || chr(96 + i), (i * 37)::bit(8) from generate_series(1, 9) as i;
  create view s.cks as select id, c, b from s.ck;
  create table s.dec(k numeric(4,2) primary key, at timestamptz(0) not null default now(), v int not null);
  insert into s.dec values (0.13, now(), 1), (0.25, now(), 2);
  create domain s.d_nn as int not null;
  create domain s.mail as text check (value ~ '^.+@.+$');
  create procedure s.p(n int) language sql as 'select 1';
  create procedure s.p_inout(inout a int, inout b text) language plpgsql as $$ begin a := a + 1; b := b || '!'; end $$;
  grant usage on schema s to sqlwright_server;
  grant select on s.ck, s.cks to sqlwright_server;
  grant select, insert, update on s.dec to sqlwright_server;
`;

const value = (name: string, params: string, expression: string) =>
  `-- name: ${name} :value\n-- A value.\n--\n-- @param ${params}\n\nselect ${expression} as answer;\n`;

const files = {
  "s/page.sql": "-- name: page :many\n-- Pages.\n--\n-- @page c, id\n\nselect k.c, k.id from s.ck as k;\n",
  "s/back.sql":
    "-- name: back :many\n-- Pages.\n--\n-- @page c desc, id desc\n\nselect k.c, k.id from s.ck as k;\n",
  "s/cks.sql": `-- name: cks :view
-- All.
--
-- @order c, id
-- @filter c =  The text
-- @filter b in  The bits

create or replace view s.cks as select k.id, k.c, k.b from s.ck as k;
`,
  "s/num.sql": value("num", "n  A number", ":n::numeric::text"),
  "s/big.sql": value("big", "n  A number", ":n::bigint::text"),
  "s/dbl.sql": value("dbl", "n  A number", ":n::float8"),
  "s/js.sql": value("js", "j  Any JSON", "(:j::jsonb)::text"),
  "s/kind.sql": value("kind", "j  Any JSON", "jsonb_typeof(:j::jsonb)"),
  "s/nums.sql": value("nums", "ns  Numbers", ":ns::numeric[]::text"),
  "s/range.sql": value("range", "r  A range", ":r::numrange::text"),
  "s/defaulted.sql": value("defaulted", "n = 0.10  A number", ":n::numeric::text"),
  "s/notnull.sql": value("notnull", "a  A number", ":a::s.d_nn"),
  "s/mail.sql": value("mail", "a  A mail address", ":a::s.mail"),
  "s/ts.sql": value("ts", "t  A time", ":t::timestamp"),
  "s/texts.sql": value("texts", "ts  Texts", ":ts::text[]::text"),
  "s/run.sql":
    "-- name: run :exec\n-- Runs.\n--\n-- @param threshold  How much\n\ncall s.p(:threshold::int);\n",
  "s/inout.sql":
    "-- name: inout :exec\n-- Runs.\n--\n-- @param a  A number\n-- @param b  A text\n\ncall s.p_inout(:a::int, :b::text);\n",
  "s/set_dec.sql": `-- name: set_dec :unnest
-- Sets.
--
-- @param ks  Key
-- @param vs  Value

update s.dec as d set v = change.v
from unnest(:ks::numeric(4,2)[], :vs::int[]) as change (k, v)
where d.k = change.k and d.v is distinct from change.v;
`,
};

type Call = Parameters<Parameters<typeof withTools>[2]>[0];

function testAnswers(name: string, run: (call: Call, database: TestDatabase) => Promise<void>) {
  testOnEach(name, (server: TestServer) =>
    withDatabase(async (database) => {
      await database.sql.unsafe(schema);
      await withTools(database, files, (call) => run(call, database));
    }, { server, isEmpty: true }));
}

/** The arguments as they come in a request, digit by digit. */
function argumentsOf(json: string): Record<string, unknown> {
  const parsed = parseJson(
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":${json}}}`,
  );
  assert.ok(parsed.ok);
  return (parsed.value as { params: { arguments: Record<string, unknown> } }).params.arguments;
}

testAnswers("a cursor goes through keys of char(n) and bit(n) to its end", async (call) => {
  for (
    const [tool, wanted] of [["s_page", [1, 2, 3, 4, 5, 6, 7, 8, 9]], ["s_back", [
      9,
      8,
      7,
      6,
      5,
      4,
      3,
      2,
      1,
    ]]] as const
  ) {
    const found: number[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < 10; page++) {
      const { structured } = await call(tool, { page_size: 2, ...(cursor === null ? {} : { cursor }) });
      found.push(...(structured.rows as { id: number }[]).map(({ id }) => id));
      cursor = structured.next_cursor as string | null;
      if (cursor === null) break;
    }
    assert.deepEqual(found, wanted);
  }
});

testAnswers("filters over char(n) and bit(n) find what is there", async (call) => {
  const one = await call("s_cks", { c: "aac" });
  assert.deepEqual((one.structured.rows as { id: number }[]).map(({ id }) => id), [3]);
  const bits = await call("s_cks", { b: ["00100101", "01001010"] });
  assert.deepEqual((bits.structured.rows as { id: number }[]).map(({ id }) => id), [1, 2]);
});

testAnswers("numbers keep the digits that they were sent with, or are refused", async (call) => {
  const cases: [string, string, unknown][] = [
    ["s_num", '{"n": 12345678901234567890}', "12345678901234567890"],
    ["s_num", '{"n": 0.1234567890123456789}', "0.1234567890123456789"],
    ["s_num", '{"n": 0.10}', "0.10"],
    ["s_num", '{"n": 1}', "1"],
    ["s_num", '{"n": "7.50"}', "7.50"],
    ["s_big", '{"n": 9007199254740993}', "9007199254740993"],
    ["s_big", '{"n": 5.0}', "5"],
    ["s_js", '{"j": {"a": 12345678901234567890, "b": [0.10]}}', '{"a": 12345678901234567890, "b": [0.10]}'],
    ["s_nums", '{"ns": [1.10, 12345678901234567890]}', "{1.10,12345678901234567890}"],
    ["s_range", '{"r": {"lower": 1.50, "upper": 2}}', "[1.50,2)"],
    ["s_dbl", '{"n": 1.5}', 1.5],
    ["s_defaulted", "{}", "0.10"],
  ];
  for (const [tool, json, wanted] of cases) {
    const { structured, text } = await call(tool, argumentsOf(json));
    assert.deepEqual(structured.value, wanted, `${tool} ${json}: ${text}`);
  }
  const long = await call("s_num", argumentsOf('{"n": 1e400}'));
  assert.equal((long.structured.value as string).length, 401);
  const beyond = await call("s_dbl", argumentsOf('{"n": 1e309}'));
  assert.equal(beyond.isError, true);
  assert.match(beyond.text, /beyond double precision/);
  const tooBig = await call("s_big", argumentsOf('{"n": 99999999999999999999}'));
  assert.match(tooBig.text, /is refused by PostgreSQL|out of range/);
});

testAnswers("JSON null is JSON null, where a value is required", async (call) => {
  assert.equal((await call("s_kind", { j: null })).structured.value, "null");
  assert.equal((await call("s_kind", { j: [null] })).structured.value, "array");
});

testAnswers("a parameter of a domain that refuses nulls is a parameter", async (call) => {
  assert.equal((await call("s_notnull", { a: 7 })).structured.value, 7);
});

testAnswers("a text that the domain takes passes the schema that is advertised", async (call) => {
  assert.equal((await call("s_mail", { a: "a\nb@c" })).structured.value, "a\nb@c");
});

testAnswers("a timestamp without zone refuses the offset that it would drop", async (call) => {
  const refused = await call("s_ts", { t: "2024-05-01T12:00:00+05:00" });
  assert.match(refused.text, /without zone/);
  assert.equal((await call("s_ts", { t: "2024-05-01T12:00:00" })).structured.value, "2024-05-01T12:00:00");
});

testAnswers("whole numbers are taken for texts of a list", async (call) => {
  assert.equal((await call("s_texts", { ts: [320193, "x"] })).structured.value, "{320193,x}");
});

testAnswers("CALL is checked, runs, and answers what it gives back", async (call) => {
  assert.deepEqual((await call("s_run", { threshold: 1 })).structured, { affected: 0 });
  const { structured } = await call("s_inout", { a: 1, b: "x" });
  assert.deepEqual(structured, { rows: [{ a: 2, b: "x!" }], affected: 0 });
});

testAnswers("a key is told by the value that the file casts it to", async (call) => {
  const { structured } = await call("s_set_dec", { rows: [{ ks: "0.125", vs: 9 }, { ks: "0.25", vs: 2 }] });
  assert.deepEqual(structured.row_outcomes, ["updated", "unchanged"]);
});
