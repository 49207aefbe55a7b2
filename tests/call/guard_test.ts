import assert from "node:assert/strict";
import { createLog } from "../../src/log.ts";
import {
  callContext,
  type TestDatabase,
  testOnEach,
  type TestServer,
  until,
  withDatabase,
  withFiles,
  withTestApplication,
  withTools,
} from "../harness.ts";

const files = {
  "ops/sleep.sql": `-- name: sleep :value
-- Waits.
--
-- @param seconds  How long
-- @timeout 5s
-- @allow forbidden read-tool-writes  the test looks whether a cancel stops it

select pg_sleep(:seconds::double precision)::text as slept;
`,
  "ops/brief.sql": `-- name: brief :value
-- Waits, and is stopped by its own ceiling.
--
-- @timeout 100ms
-- @allow forbidden read-tool-writes  the test looks whether the ceiling stops it

select pg_sleep(5)::text as slept;
`,
  "ops/sneak.sql": `-- name: sneak :value
-- A function that writes behind a read tool's back.
--
-- @allow read-tool-writes  the test looks whether the read-only transaction holds

select ops.sneak() as written;
`,
  "ops/whoami.sql": `-- name: whoami :one
-- Who runs it, and how.
--
-- @role ops_reader

select current_user::text as role, current_setting('transaction_read_only') as read_only, current_setting('statement_timeout') as timeout;
`,
  "ops/plain.sql": `-- name: plain :one
-- How a call without settings of its own runs.

select current_user::text as role, current_setting('transaction_read_only') as read_only, current_setting('statement_timeout') as timeout;
`,
  "ops/write.sql": `-- name: write :exec
-- Writes as another role.
--
-- @param note  Text
-- @role ops_writer

insert into ops.note (note, written_by) values (:'note', current_user);
`,
  "ops/wide.sql": `-- name: wide :many
-- Rows of a thousand characters.
--
-- @param n  How many
-- @bytes 5000
-- @rows 100

select row.number as number, repeat('x', 1000) as filler from generate_series(1, :n::integer) as row (number) limit :n::integer;
`,
  "ops/huge.sql": `-- name: huge :one
-- One row over the ceiling.
--
-- @bytes 100

select repeat('x', 1000) as filler;
`,
  "ops/endless.sql": `-- name: endless :many
-- More rows than anybody waits for.
--
-- @rows 5

select row.number from generate_series(1, 100000) as row (number) cross join generate_series(1, 100000) as again (number);
`,
  "ops/lookup.sql": `-- name: lookup :one
-- One note.
--
-- @param id     Which
-- @param day?   A day
-- @param doc?   A document

select note.id, note.note, :day::date as day, :doc::jsonb as doc from ops.note as note where note.id = :id::bigint;
`,
  "ops/big.sql": `-- name: big :value
-- A bigint that JSON cannot hold.

select 9223372036854775807 as big;
`,
  "ops/asserted.sql": `-- name: asserted :one
-- A column that is said never to be null.
--
-- @column nothing!  Never null

select null::text as nothing;
`,
  "ops/load.sql": `-- name: load :copy
-- Loads notes.

copy ops.note (id, note) from stdin (format csv, header match);
`,
};

const schema = `
  create schema ops;
  create table ops.note (id bigint primary key, note text not null, written_by text);
  insert into ops.note values (1, 'one');
  create function ops.sneak() returns integer language sql volatile as 'insert into ops.note values (99, ''sneaked'') returning 1';
  do $$ begin
    if to_regrole('ops_reader') is null then create role ops_reader; end if;
    if to_regrole('ops_writer') is null then create role ops_writer; end if;
  end $$;
  grant ops_reader, ops_writer to sqlwright_server;
  grant usage on schema ops to sqlwright_server, ops_writer;
  grant select, insert on ops.note to sqlwright_server, ops_writer;
`;

type Call = Parameters<Parameters<typeof withTools>[2]>[0];

function testOps(
  name: string,
  run: (call: Call, database: TestDatabase) => Promise<void>,
  variables: Record<string, string> = {},
): void {
  testOnEach(name, (server: TestServer) =>
    withDatabase(async (database) => {
      await database.sql.unsafe(schema);
      await withTools(database, files, (call) => run(call, database), variables);
    }, { server, isEmpty: true }));
}

async function errorOf(call: Call, tool: string, args: Record<string, unknown> = {}) {
  const result = await call(tool, args);
  assert.equal(result.isError, true, `expected an error, got ${result.text}`);
  return (JSON.parse(result.text) as {
    error: { code: string; message: string; hint?: string; details: Record<string, unknown> };
  }).error;
}

async function running({ sql, name }: TestDatabase): Promise<number> {
  const [row] =
    await sql`select count(*)::int as n from pg_stat_activity where datname = ${name} and state = 'active' and query like '%pg_sleep%' and pid <> pg_backend_pid()`;
  return row!.n;
}

testOps("a cancelled call leaves no backend at work, time after time", async (call, database) => {
  for (let round = 0; round < 5; round++) {
    const abort = new AbortController();
    const pending = call("ops_sleep", { seconds: 4 }, { signal: abort.signal });
    await until("the statement runs", async () => await running(database) === 1);
    abort.abort();
    await until("the backend has stopped", async () => await running(database) === 0, 1000);
    const error = JSON.parse((await pending).text).error;
    assert.equal(error.code, "call.cancelled");
  }
});

testOps("a call that was cancelled before it starts never reaches the database", async (call, database) => {
  const abort = new AbortController();
  abort.abort();
  const result = await call("ops_sleep", { seconds: 4 }, { signal: abort.signal });
  assert.equal(JSON.parse(result.text).error.code, "call.cancelled");
  assert.equal(await running(database), 0);
});

testOps("cancelling one call leaves its neighbours alone", async (call) => {
  const aborts = Array.from({ length: 6 }, () => new AbortController());
  const calls = aborts.map((abort) => call("ops_sleep", { seconds: 0.4 }, { signal: abort.signal }));
  setTimeout(() => aborts.filter((_, index) => index % 2 === 0).forEach((abort) => abort.abort()), 100);
  const results = await Promise.all(calls);
  assert.deepEqual(results.map(({ isError }) => isError), [true, false, true, false, true, false]);
});

testOps("a tool's timeout stops the statement and says which limit it was", async (call, database) => {
  const error = await errorOf(call, "ops_brief");
  assert.equal(error.code, "call.timeout");
  assert.match(error.message, /longer than 100 ms/);
  assert.equal(await running(database), 0);
});

testOps("a read tool cannot write, whatever its functions do", async (call, { sql }) => {
  const error = await errorOf(call, "ops_sneak");
  assert.equal(error.details.sqlstate, "25006");
  const [row] = await sql`select count(*)::int as n from ops.note`;
  assert.equal(row!.n, 1);
});

testOps(
  "@role, read-only and timeout hold for the call and not for the next one on the connection",
  async (call) => {
    for (let round = 0; round < 3; round++) {
      assert.deepEqual((await call("ops_whoami")).structured, {
        row: { role: "ops_reader", read_only: "on", timeout: "10s" },
      });
      assert.deepEqual((await call("ops_plain")).structured, {
        row: { role: "sqlwright_server", read_only: "on", timeout: "10s" },
      });
    }
  },
  { SQLWRIGHT_POOL_SIZE: "1" },
);

testOps("a write runs as its role and is committed", async (call, { sql }) => {
  // The primary key has no default: the error must leave nothing behind and the connection usable.
  const error = await errorOf(call, "ops_write", { note: "x" });
  assert.equal(error.details.sqlstate, "23502");
  await sql`alter table ops.note alter column id add generated by default as identity (start 10)`;
  assert.deepEqual((await call("ops_write", { note: "x" })).structured, { affected: 1 });
  const [row] = await sql`select written_by from ops.note where note = 'x'`;
  assert.equal(row!.written_by, "ops_writer");
});

testOps(
  "the byte ceiling cuts at a whole row and says so; a single row over it is an error",
  async (call) => {
    const { rows, truncated } = (await call("ops_wide", { n: 50 })).structured as {
      rows: unknown[];
      truncated: string;
    };
    assert.equal(rows.length, 4);
    assert.match(truncated, /first 4 rows: the ceiling is 5000 bytes/);
    assert.equal((await errorOf(call, "ops_huge")).code, "result.too_large");
  },
);

testOps("the row ceiling stops a query that would never end", async (call, database) => {
  const { rows, truncated } = (await call("ops_endless")).structured as {
    rows: unknown[];
    truncated: string;
  };
  assert.equal(rows.length, 5);
  assert.match(truncated, /ceiling is 5 rows/);
  await until("no backend is at the query", async () => {
    const [row] = await database.sql`
      select count(*)::int as n from pg_stat_activity
      where datname = ${database.name} and state = 'active' and query like '%as again (number)%' and pid <> pg_backend_pid()`;
    return row!.n === 0;
  });
});

testOps("64 calls at once all answer, over a pool of four", async (call) => {
  const results = await Promise.all(
    Array.from({ length: 64 }, (_, index) => call("ops_lookup", { id: 1, doc: { index } })),
  );
  assert.deepEqual(
    results.map(({ structured }) => (structured.row as { doc: { index: number } }).doc.index),
    Array.from({ length: 64 }, (_, index) => index),
  );
}, { SQLWRIGHT_POOL_SIZE: "4" });

testOps("the queue for connections is bounded in length and in time", async (call) => {
  const results = await Promise.all(Array.from({ length: 4 }, () => call("ops_sleep", { seconds: 0.6 })));
  const codes = results.map(({ isError, text }) => isError ? JSON.parse(text).error.code : "done");
  assert.deepEqual(codes.sort(), ["call.busy", "call.busy", "call.busy", "done"]);
}, { SQLWRIGHT_POOL_SIZE: "1", SQLWRIGHT_QUEUE_SIZE: "2", SQLWRIGHT_QUEUE_TIMEOUT: "200ms" });

testOps("arguments are held to the schema and each fault is named", async (call) => {
  const cases: [Record<string, unknown>, RegExp, string][] = [
    [{ idd: 1 }, /"idd" is unknown.*did you mean "id"\? "id" is required/, "argument.invalid"],
    [{ id: 1, extra: true }, /"extra" is unknown: there are id, day and doc/, "argument.unknown"],
    [{ id: "one" }, /"id" must match/, "argument.invalid"],
    [{ id: 1.5 }, /"id" must be an integer or a string, found 1\.5/, "argument.invalid"],
    [{ id: 9007199254740993 }, /"id" must be an integer or a string/, "argument.invalid"],
    [{ id: null }, /"id" must be an integer or a string, found null/, "argument.invalid"],
    [{ id: [1] }, /"id" must be an integer or a string/, "argument.invalid"],
    [{ id: "99999999999999999999" }, /"id" must match/, "argument.invalid"],
    [{ id: "9999999999999999999" }, /"id" is refused by PostgreSQL \(22003\)/, "argument.invalid"],
    [
      { id: 1, day: "yesterday" },
      /"day" must be a date such as 2024-12-31, found "yesterday"/,
      "argument.invalid",
    ],
    [{ id: 1, day: "2024-13-45" }, /"day" is refused by PostgreSQL \(22008\)/, "argument.invalid"],
    [{ id: 1, doc: "nul \0 inside" }, /"doc" is refused by PostgreSQL \(22P05\)/, "argument.invalid"],
    [JSON.parse('{"id": 1, "__proto__": {"polluted": true}}'), /"__proto__" is unknown/, "argument.unknown"],
    [{ id: 1, constructor: 1 }, /"constructor" is unknown/, "argument.unknown"],
  ];
  for (const [args, message, code] of cases) {
    const error = await errorOf(call, "ops_lookup", args);
    assert.match(error.message, message);
    assert.equal(error.code, code, error.message);
  }
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  assert.deepEqual((await call("ops_lookup", { id: "1", day: null })).structured, {
    row: { id: 1, note: "one", day: null, doc: null },
  });
});

testOps("a value that JSON cannot hold is an error that names the column", async (call) => {
  const error = await errorOf(call, "ops_big");
  assert.equal(error.code, "result.unrepresentable");
  assert.match(error.message, /column "big" holds the bigint 9223372036854775807/);
  assert.match(
    (await errorOf(call, "ops_asserted")).message,
    /column "nothing" is declared "nothing!", never null/,
  );
});

testOps(
  "a bad line of a source file is named with line, column and reason; nothing is loaded",
  async (call, { sql }) => {
    const error = await errorOf(call, "ops_load", { source: "bad.csv" });
    assert.equal(error.code, "load.row_invalid");
    assert.match(error.message, /"bad.csv", line 3, column "id": invalid input syntax for type bigint: "x"/);
    assert.deepEqual({ line: error.details.line, column: error.details.column }, { line: 3, column: "id" });
    const [row] = await sql`select count(*)::int as n from ops.note`;
    assert.equal(row!.n, 1);
    assert.deepEqual((await call("ops_load", { source: "good.csv" })).structured, {
      copied: 2,
      inserted: 2,
      updated: 0,
      unchanged: 0,
      rejected: 0,
    });
    for (
      const [source, code] of [
        ["../secret.csv", "load.source_refused"],
        ["/etc/passwd", "load.source_refused"],
        ["a/../../x", "load.source_refused"],
        ["link.csv", "load.source_refused"],
        ["none.csv", "load.source_unreadable"],
        [".", "load.source_refused"],
      ] as const
    ) {
      assert.equal((await errorOf(call, "ops_load", { source })).code, code, source);
    }
  },
  { SQLWRIGHT_SOURCE_DIR: await sourceFolder() },
);

Deno.test("a database that is lost and comes back is used again without a restart", async () => {
  await withDatabase(async (database) => {
    await database.sql.unsafe(schema);
    await withTools(database, files, async (call) => {
      assert.equal((await call("ops_lookup", { id: 1 })).isError, false);
      const pending = call("ops_sleep", { seconds: 4 });
      await until("the statement runs", async () => await running(database) === 1);
      await database
        .sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${database.name} and pid <> pg_backend_pid()`;
      assert.equal(JSON.parse((await pending).text).error.code, "database.lost");
      await until("a call answers again", async () => !(await call("ops_lookup", { id: 1 })).isError);
      const results = await Promise.all(Array.from({ length: 20 }, () => call("ops_lookup", { id: 1 })));
      assert.deepEqual(results.filter(({ isError }) => isError), []);
    });
  }, { isEmpty: true });
});

Deno.test("the log names what went wrong and never what the caller sent", async () => {
  const lines: string[] = [];
  await withDatabase(async (database) => {
    await database.sql.unsafe(schema);
    await withFiles(
      files,
      (directory) =>
        withTestApplication(
          { DATABASE_URL: database.serverUrl, SQLWRIGHT_SQL_DIR: directory },
          async ({ callTool }) => {
            await callTool("ops_lookup", { id: 1, day: "s3cret" }, callContext());
            await callTool("ops_lookup", { id: 1, doc: { s3cret: "s3cret" } }, callContext());
            await callTool("ops_write", { note: "s3cret" }, callContext());
            await callTool("ops_load", { rows: [{ id: 1, note: "s3cret" }] }, callContext());
          },
          createLog({ level: "debug", write: (line) => lines.push(line) }),
        ),
    );
  }, { isEmpty: true });
  assert.ok(lines.length >= 4, lines.join("\n"));
  assert.deepEqual(lines.filter((line) => line.includes("s3cret")), []);
});

async function sourceFolder(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "sqlwright_sources_" });
  await Deno.writeTextFile(`${folder}/bad.csv`, "id,note\n5,five\nx,six\n7,seven\n");
  await Deno.writeTextFile(`${folder}/good.csv`, 'id,note\n5,five\n6,"six\nlines"\n');
  await Deno.symlink("/etc/hostname", `${folder}/link.csv`);
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  return folder;
}
