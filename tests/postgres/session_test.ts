/**
 * A login whose own settings are all the other way: whatever a role has set, a file means what its check saw,
 * values are what was given, and the lock is the same. Directly, behind PgBouncer, in psql and in migrations.
 */

import assert from "node:assert/strict";
import { withMigrationSession } from "../../src/migrate/session.ts";
import { Pool } from "../../src/postgres/pool.ts";
import { run } from "../cli/command.ts";
import { testWithPgBouncer, withPgBouncer } from "../fixtures/pgbouncer.ts";
import {
  project,
  type TestDatabase,
  testOnEach,
  testServer,
  withDatabase,
  withFiles,
  withTools,
} from "../harness.ts";
import { testWith } from "../services.ts";

const files = {
  "odd/guard.sql": `-- name: guard :one
-- Three strings as the check of the file reads them; two and a wait where backslashes escape.

select '\\' as a, ' as b, pg_sleep(1)::text as c --' as d;
`,
  "odd/values.sql": `-- name: values :one
-- Values as they were given.
--
-- @param texts    Texts
-- @param numbers  Numbers
-- @param text     A text

select :texts::text[] as texts, :numbers::int[] as numbers, cardinality(array_positions(:numbers::int[], null)) as nulls,
  :text::text as text, '{null}'::text[] as written;
`,
  "odd/forms.sql": `-- name: forms :one
-- What depends on forms of output and of XML.
--
-- @allow eq-null  the test looks what it means

select timestamptz '2026-01-02 03:04:05+00' as at, date '2026-01-02' as day, interval '1 day 2 hours' as spent,
  '\\x00ff'::bytea as bytes, (1 = null) is null as is_unknown,
  xmlforest('\\x00ff'::bytea as bytes)::text as xml, 'a <b/>'::xml::text as content;
`,
  "odd/rows.sql": `-- name: rows :many
-- The rows that the policy shows.
--
-- @rows 10

select own.id from odd.own as own order by own.id;
`,
  "odd/add.sql": `-- name: add :exec
-- Adds a row.
--
-- @param id    Its number
-- @param note  A text

insert into odd.own (id, note) values (:id::integer, :note::text);
`,
};

const load = `-- name: load :copy
-- Loads rows by way of a temporary table.

create temporary table incoming (id integer not null, note text) on commit drop;

copy incoming (id, note) from stdin (format csv, header match);

insert into odd.own (id, note)
select incoming.id, incoming.note
from incoming;
`;

const wrong = `
  create schema odd;
  create table odd.own (id integer primary key, note text, kind text not null default 'Kind'
    check (kind <> 'none'));
  insert into odd.own (id) values (1), (2);
  alter table odd.own enable row level security;
  create policy own_reads on odd.own using (id <> 2);
  grant usage on schema odd to sqlwright_server;
  grant select, insert, delete on odd.own to sqlwright_server;
`;

const others = {
  standard_conforming_strings: "off",
  backslash_quote: "on",
  array_nulls: "off",
  quote_all_identifiers: "on",
  row_security: "off",
  transform_null_equals: "on",
  xmlbinary: "hex",
  xmloption: "document",
  datestyle: "German",
  intervalstyle: "sql_standard",
  timezone: "Asia/Tokyo",
  bytea_output: "escape",
  extra_float_digits: "-15",
  client_encoding: "LATIN1",
  client_min_messages: "debug1",
};

/** In this database alone: the role is shared by all tests. */
async function turnAround({ sql, name }: TestDatabase): Promise<void> {
  await sql.unsafe(wrong);
  for (const role of ["sqlwright_server", "sqlwright_owner"]) {
    for (const [setting, value] of Object.entries(others)) {
      await sql.unsafe(
        `alter role ${role} in database ${name} set ${setting} = '${value}'`,
      );
    }
  }
}

type Call = Parameters<Parameters<typeof withTools>[2]>[0];

async function answersRight(call: Call): Promise<void> {
  const rowOf = async (tool: string, args: Record<string, unknown> = {}) => {
    const { structured } = await call(tool, args);
    assert.equal(structured.error, undefined, JSON.stringify(structured));
    return structured.row;
  };
  assert.deepEqual(await rowOf("odd_guard"), {
    a: "\\",
    d: " as b, pg_sleep(1)::text as c --",
  });
  assert.deepEqual(
    await rowOf("odd_values", {
      texts: ["null", "a\\b", "ü€", "it's"],
      numbers: [1, null, 3],
      text: "\\', x --",
    }),
    {
      texts: ["null", "a\\b", "ü€", "it's"],
      numbers: [1, null, 3],
      nulls: 1,
      text: "\\', x --",
      written: [null],
    },
  );
  assert.deepEqual(await rowOf("odd_forms"), {
    at: "2026-01-02T03:04:05Z",
    day: "2026-01-02",
    spent: "P1DT2H",
    bytes: "AP8=",
    is_unknown: true,
    xml: "<bytes>AP8=</bytes>",
    content: "a <b/>",
  });
  const { structured } = await call("odd_rows");
  assert.deepEqual(structured.rows, [{ id: 1 }]);
}

testOnEach(
  "a role's own settings change nothing of what a file means",
  (server) =>
    withDatabase(async (database) => {
      await turnAround(database);
      await withTools(database, files, answersRight);
    }, { server, isEmpty: true }),
);

testWithPgBouncer(
  "nor do they behind a pooler, where they come along with each transaction",
  () =>
    withPgBouncer(
      testServer(),
      {},
      (pooled) =>
        withDatabase(async (database) => {
          await turnAround(database);
          await withTools(
            { ...database, serverUrl: pooled(database.serverUrl) },
            files,
            answersRight,
          );
        }, { isEmpty: true }),
    ),
);

Deno.test("a role whose transactions are read-only by default loads, writes, and tests its writes", () =>
  withDatabase(async (database) => {
    await database.sql.unsafe(wrong);
    await database.sql.unsafe(
      `alter role sqlwright_server in database ${database.name} set default_transaction_read_only = on`,
    );
    const example = files["odd/add.sql"].replace(
      "\n\ninsert",
      "\n-- @example usual  {id: 7, note: x}  => {affected: 1}\n\ninsert",
    );
    const written = { "odd/add.sql": example, "odd/load.sql": load };
    await withTools(database, written, async (call) => {
      const loaded = await call("odd_load", { rows: [{ id: 8, note: "loaded" }] });
      assert.equal(loaded.structured.error, undefined, loaded.text);
      const added = await call("odd_add", { id: 9, note: "added" });
      assert.equal(added.structured.affected, 1, added.text);
    });
    await withFiles(written, async (sql) => {
      for (const words of [["check"], ["test", `${sql}/odd/add.sql`]]) {
        const { code, stdout, stderr } = await run(words, { databaseUrl: database.serverUrl, sql });
        assert.equal(code, 0, stdout + stderr);
      }
    });
  }, { isEmpty: true }));

Deno.test("the lock of a login with other settings is the same text", () =>
  withDatabase(async (database) => {
    await database.sql.unsafe(wrong);
    await withFiles(files, async (sql) => {
      const lock = async () => {
        const { code, stderr } = await run(["check", "--lock"], {
          databaseUrl: database.serverUrl,
          sql,
        });
        assert.equal(code, 0, stderr);
        return await Deno.readTextFile(`${sql}/lock.json`);
      };
      const before = await lock();
      await Deno.remove(`${sql}/lock.json`);
      for (const [setting, value] of Object.entries(others)) {
        await database.sql.unsafe(
          `alter role sqlwright_server in database ${database.name} set ${setting} = '${value}'`,
        );
      }
      assert.equal(await lock(), before);
    });
  }, { isEmpty: true }));

Deno.test("migrations read their files, and views are read back, with the settings of every session", () =>
  withDatabase(async (database) => {
    await turnAround(database);
    await database.sql`grant create on schema odd to sqlwright_owner`;
    await database.sql`grant usage on schema odd to sqlwright_owner`;
    await database.sql`grant select on odd.own to sqlwright_owner`;
    const read = await withMigrationSession(
      database.ownerUrl,
      {},
      async (session) => {
        await session.run(
          "create view odd.shown as select id, 'a\\b'::text as \"text\" from odd.own",
        );
        const [row] = await session.run(
          "select '\\' as a, ' as b --' as c, pg_get_viewdef('odd.shown'::regclass) as definition",
        );
        return row;
      },
    );
    assert.equal(read?.a, "\\");
    assert.equal(read?.c, " as b --");
    assert.equal(
      read?.definition,
      " SELECT id,\n    'a\\b'::text AS text\n   FROM odd.own;",
    );
  }, { isEmpty: true }));

Deno.test("a server that refuses a setting is told by the setting's name", async () => {
  const pool = new Pool({
    url: testServer().serverUrl,
    connectTimeout_ms: 5000,
    parameters: { sqlwright_unknown: "on" },
    size: 1,
    queueSize: 0,
    queueTimeout_ms: 1000,
  });
  try {
    await assert.rejects(
      pool.withConnection(
        undefined,
        (connection) => connection.rows("select 1"),
      ),
      (error: { code?: string; message?: string }) =>
        error.code === "database.refused" &&
        /refuses a setting of the session.*"sqlwright_unknown"/.test(
          error.message!,
        ),
    );
  } finally {
    await pool.close();
  }
});

const injection = "\\', null); delete from odd.own; --";

for (const isPooled of [false, true]) {
  const name = `psql: a value stays a value, printed and with --run${isPooled ? ", behind a pooler" : ""}`;
  const over = isPooled
    ? <T>(use: (pooled: (url: string) => string) => Promise<T>) => withPgBouncer(testServer(), {}, use)
    : <T>(use: (pooled: (url: string) => string) => Promise<T>) => use((url) => url);
  (isPooled
    ? testWithPgBouncer
    : (title: string, test: () => Promise<void>) => testWith("psql", title, test))(
      name,
      () =>
        over((pooled) =>
          withDatabase(async (database) => {
            await turnAround(database);
            const databaseUrl = pooled(database.serverUrl);
            const password = decodeURIComponent(new URL(databaseUrl).password) || undefined;
            await withFiles(files, async (sql) => {
              const words = (
                id: number,
              ) => [
                "psql",
                "odd_add",
                "--id",
                String(id),
                "--note",
                `${injection} ü€`,
              ];
              const ran = await run([...words(7), "--run"], {
                databaseUrl,
                sql,
              });
              assert.equal(ran.code, 0, ran.stderr);
              const printed = await run(words(8), { databaseUrl, sql });
              assert.equal(printed.code, 0, printed.stderr);
              const shell = await new Deno.Command("sh", {
                args: ["-c", printed.stdout],
                cwd: project,
                env: password === undefined ? {} : { PGPASSWORD: password },
                stdin: "null",
              }).output();
              assert.ok(shell.success, new TextDecoder().decode(shell.stderr));
            });
            assert.deepEqual(
              [...await database.sql`select id, note from odd.own order by id`],
              [
                { id: 1, note: null },
                { id: 2, note: null },
                { id: 7, note: `${injection} ü€` },
                { id: 8, note: `${injection} ü€` },
              ],
            );
          }, { isEmpty: true })
        ),
    );
}
