import { serverExtension } from "../../src/extension/server.ts";
import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import postgres from "postgres";
import { checkFiles } from "../../src/app.ts";
import { serverCommand } from "../../src/cli/server/start.ts";
import { withPools } from "../../src/cli/database.ts";
import { createLog } from "../../src/log.ts";
import { Pool } from "../../src/postgres/pool.ts";
import { proveFurther } from "../../src/check/check_tools.ts";
import { run } from "../cli/command.ts";
import { type PgBouncerOptions, testWithPgBouncer, withPgBouncer } from "../fixtures/pgbouncer.ts";
import {
  edgarProject,
  serverConfig,
  testConfig,
  type TestDatabase,
  type TestServer,
  testServer,
  testServers,
  until,
  withDatabase,
  withTestApplication,
  withTools,
} from "../harness.ts";

const files = {
  "pooled/notes.sql": `-- name: notes :many
-- Every note.
--
-- @param least = 0  The first number
-- @rows 100

select note.id, note.note, note.made_at, note.spent, note.body from pooled.note as note where note.id >= :least::bigint order by note.id;
`,
  "pooled/sneak.sql": `-- name: sneak :value
-- A function that writes behind a read tool's back.
--
-- @allow read-tool-writes  the test looks whether the read-only transaction holds

select pooled.sneak() as written;
`,
  "pooled/sleep.sql": `-- name: sleep :value
-- Waits.
--
-- @param seconds  How long
-- @timeout 5s
-- @allow forbidden read-tool-writes  the test looks whether a cancel stops it

select pg_sleep(:seconds::double precision)::text as slept;
`,
  "pooled/brief.sql": `-- name: brief :value
-- Waits, and is stopped by its own ceiling.
--
-- @timeout 100ms
-- @allow forbidden read-tool-writes  the test looks whether the ceiling stops it

select pg_sleep(5)::text as slept;
`,
  "pooled/whoami.sql": `-- name: whoami :one
-- Who runs it, and how.
--
-- @role pooled_reader

select current_user::text as role, current_setting('transaction_read_only') as read_only, current_setting('statement_timeout') as timeout;
`,
  "pooled/plain.sql": `-- name: plain :one
-- How a call without settings of its own runs.

select current_user::text as role, current_setting('transaction_read_only') as read_only, current_setting('statement_timeout') as timeout,
  current_setting('intervalstyle') as intervals, current_setting('timezone') as zone, pg_backend_pid() as pid;
`,
  "pooled/add.sql": `-- name: add :exec
-- Adds a note.
--
-- @param id    Its number
-- @param note  Its text

insert into pooled.note (id, note) values (:id::bigint, :'note');
`,
  "pooled/load.sql": `-- name: load :copy
-- Loads notes; known ones are rewritten.

create temporary table incoming (id bigint not null, note text not null) on commit drop;

copy incoming (id, note) from stdin (format csv, header match);

insert into pooled.note (id, note)
select incoming.id, incoming.note
from incoming
on conflict (id) do update set note = excluded.note
where note.note is distinct from excluded.note;
`,
};

const schema = `
  create schema pooled;
  create table pooled.note (
    id bigint primary key,
    note text not null,
    made_at timestamptz not null default '2026-01-02 03:04:05+05',
    spent interval not null default '1 day 2 hours',
    body bytea not null default '\\x00ff'
  );
  insert into pooled.note (id, note) values (1, 'one');
  create function pooled.sneak() returns integer language sql volatile as 'insert into pooled.note (id, note) values (99, ''sneaked'') returning 1';
  do $$ begin
    if to_regrole('pooled_reader') is null then create role pooled_reader; end if;
  end $$;
  grant pooled_reader to sqlwright_server;
  grant usage on schema pooled to sqlwright_server;
  grant select, insert, update on pooled.note to sqlwright_server;
`;

type Call = Parameters<Parameters<typeof withTools>[2]>[0];

/** Tools over PgBouncer before a database of the test's own. */
function testPooled(
  name: string,
  work: (call: Call, database: TestDatabase, pooled: (url: string) => string) => Promise<void>,
  options: PgBouncerOptions & { servers?: TestServer[] } = {},
): void {
  for (const server of options.servers ?? [testServer()]) {
    testWithPgBouncer(
      `${name} (PostgreSQL ${server.version})`,
      () =>
        withPgBouncer(server, options, (pooled) =>
          withDatabase(async (database) => {
            await database.sql.unsafe(schema);
            await withTools(
              { ...database, serverUrl: pooled(database.serverUrl) },
              files,
              (call) => work(call, database, pooled),
            );
          }, { server, isEmpty: true })),
    );
  }
}

async function errorOf(call: Call, tool: string, args: Record<string, unknown> = {}) {
  const { isError, text } = await call(tool, args);
  assert.equal(isError, true, text);
  return JSON.parse(text).error;
}

const settled = {
  role: "sqlwright_server",
  read_only: "on",
  timeout: "10s",
  intervals: "iso_8601",
  zone: "UTC",
};

/** What holds however PgBouncer is set. */
async function callEverything(call: Call, { sql }: TestDatabase): Promise<void> {
  const first = { id: 1, note: "one", made_at: "2026-01-01T22:04:05Z", spent: "P1DT2H", body: "AP8=" };
  assert.deepEqual((await call("pooled_notes")).structured, { rows: [first] });
  for (let round = 0; round < 3; round++) {
    const { row } = (await call("pooled_plain")).structured as { row: Record<string, unknown> };
    const { pid: _pid, ...found } = row;
    assert.deepEqual(found, settled);
    assert.deepEqual((await call("pooled_whoami")).structured, {
      row: { role: "pooled_reader", read_only: "on", timeout: "10s" },
    });
    assert.equal((await errorOf(call, "pooled_sneak")).details.sqlstate, "25006");
  }
  assert.equal((await errorOf(call, "pooled_brief")).code, "call.timeout");
  assert.deepEqual((await call("pooled_add", { id: 2, note: "two" })).structured, { affected: 1 });
  assert.equal((await errorOf(call, "pooled_add", { id: 2, note: "again" })).details.sqlstate, "23505");
  const rows = [{ id: 2, note: "two" }, { id: 3, note: "drei\tund\n\\" }];
  for (const copied of [1, 0]) {
    const loaded = (await call("pooled_load", { rows })).structured as { copied: number; affected: number };
    assert.deepEqual([loaded.copied, loaded.affected], [2, copied]);
  }
  assert.equal((await call("pooled_load", { rows: [{ id: 4, note: null }] })).isError, true);
  const stored = await sql`select id::int, note from pooled.note order by id`;
  assert.deepEqual(stored.map(({ id, note }) => [id, note]), [[1, "one"], [2, "two"], [3, "drei\tund\n\\"]]);
}

for (const mode of ["transaction", "session"] as const) {
  testPooled(
    `behind PgBouncer in ${mode} mode tools answer, load and stay within their bounds`,
    callEverything,
    { mode, servers: testServers(), size: mode === "session" ? 20 : 2 },
  );
}

testPooled(
  "where PgBouncer drops the settings of the start, a read tool still cannot write",
  callEverything,
  {
    ignored:
      "bytea_output, client_min_messages, extra_float_digits, intervalstyle, statement_timeout, idle_in_transaction_session_timeout, default_transaction_read_only",
  },
);

testPooled("calls leave nothing behind in the sessions that they share", async (call, database, pooled) => {
  await callEverything(call, database);
  const other = postgres(pooled(database.serverUrl), { max: 1, prepare: false, onnotice: () => {} });
  try {
    const [left] = await other`
      select current_setting('statement_timeout') as timeout, current_setting('default_transaction_read_only') as read_only,
        current_setting('intervalstyle') as intervals, current_user::text as role,
        (select count(*)::int from pg_prepared_statements) as statements`;
    assert.deepEqual({ ...left }, {
      timeout: "0",
      read_only: "off",
      intervals: "postgres",
      role: "sqlwright_server",
      statements: 0,
    });
  } finally {
    await other.end({ timeout: 1 });
  }
}, { size: 1 });

testPooled("32 calls at once share two sessions", async (call) => {
  const numbers = Array.from({ length: 32 }, (_, index) => index);
  const answers = await Promise.all(numbers.map(async (number) => {
    const written = await call("pooled_add", { id: 100 + number, note: `note ${number}` });
    const read = await call("pooled_notes", { least: 100 + number });
    const { row } = (await call("pooled_plain")).structured as { row: { pid: number } };
    return { isError: written.isError || read.isError, first: read.structured, pid: row.pid };
  }));
  assert.deepEqual(answers.filter(({ isError }) => isError), []);
  answers.forEach(({ first }, number) => {
    const { rows } = first as { rows: { id: number; note: string }[] };
    assert.equal(rows[0]!.note, `note ${number}`);
  });
  // The reader and the writer log in as one: two sessions serve both.
  assert.ok(new Set(answers.map(({ pid }) => pid)).size <= 2);
});

testPooled("a cancel goes through PgBouncer to the backend", async (call, { sql, name }) => {
  const running = async () => {
    const [row] =
      await sql`select count(*)::int as n from pg_stat_activity where datname = ${name} and state = 'active' and query like '%pg_sleep%' and pid <> pg_backend_pid()`;
    return row!.n;
  };
  for (let round = 0; round < 5; round++) {
    const abort = new AbortController();
    const pending = call("pooled_sleep", { seconds: 4 }, { signal: abort.signal });
    await until("the statement runs", async () => await running() === 1);
    abort.abort();
    await until("the backend has stopped", async () => await running() === 0, 1000);
    assert.equal(JSON.parse((await pending).text).error.code, "call.cancelled");
  }
});

testPooled("a call that waits for a session can be cancelled, and its neighbours go on", async (call) => {
  const aborts = Array.from({ length: 6 }, () => new AbortController());
  const calls = aborts.map((abort) => call("pooled_sleep", { seconds: 0.3 }, { signal: abort.signal }));
  setTimeout(() => aborts.filter((_, index) => index % 2 === 0).forEach((abort) => abort.abort()), 100);
  const results = await Promise.all(calls);
  assert.deepEqual(results.map(({ isError }) => isError), [true, false, true, false, true, false]);
  assert.deepEqual((await call("pooled_sleep", { seconds: 0 })).structured, { value: "" });
});

testPooled(
  "when PostgreSQL ends the sessions behind PgBouncer, later calls work",
  async (call, { sql, name }) => {
    for (let round = 0; round < 3; round++) {
      assert.equal((await call("pooled_notes")).isError, false);
      await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name} and pid <> pg_backend_pid() and usename = 'sqlwright_server'`;
      await until("a call works", async () => !(await call("pooled_notes")).isError);
    }
  },
);

testWithPgBouncer("the shipped files have the same schemas and proofs behind PgBouncer", async () => {
  await withPgBouncer(testServer(), {}, (pooled) =>
    withDatabase(async ({ serverUrl }) => {
      const [direct, through] = await Promise.all([proveAll(serverUrl), proveAll(pooled(serverUrl))]);
      assert.equal(direct.isPooled, false);
      assert.equal(through.isPooled, true);
      assert.ok(direct.tools.length > 10);
      assert.deepEqual({ ...through, isPooled: false }, direct);
    }));
});

async function proveAll(url: string) {
  const config = testConfig({ DATABASE_URL: url });
  return await withPools(config, async (pools) => {
    const { catalog, diagnostics } = await checkFiles(config, pools.writer);
    const tools = [...catalog.tools.values()];
    const further = await pools.writer.withConnection(undefined, (each) =>
      proveFurther(each, {
        tools,
        queries: tools.map(({ query }) => query.parsed),
      }));
    return {
      isPooled: pools.writer.isPooled,
      diagnostics: [...diagnostics, ...further.diagnostics].map(({ code, path, message }) => ({
        code,
        path,
        message,
      })),
      tools: tools.map(({ name, inputSchema, outputSchema }) => ({ name, inputSchema, outputSchema })),
    };
  });
}

testWithPgBouncer(
  "one warning says that a pooler stands between: in the log, in check and in doctor",
  async () => {
    await withPgBouncer(testServer(), {}, (pooled) =>
      withDatabase(async ({ serverUrl }) => {
        const lines: string[] = [];
        await withTestApplication(
          { DATABASE_URL: pooled(serverUrl) },
          async (application) => await application.ready,
          createLog({ level: "warn", write: (line) => void lines.push(line) }),
        );
        assert.equal(lines.filter((line) => JSON.parse(line).event === "database.pooled").length, 1);
        const options = { databaseUrl: pooled(serverUrl), project: "edgar" };
        const check = await run(["check"], options);
        assert.equal(check.stderr.match(/leads to a connection pooler/g)?.length, 1, check.stderr);
        const doctor = await run(["doctor"], options);
        assert.match(doctor.stdout, /^! pooler +DATABASE_URL leads to a connection pooler/m);
        assert.match(doctor.stdout, /^✓ server +starts and stops/m);
      }));
  },
);

testWithPgBouncer("migrate is refused behind a pooler, and its status is not", async () => {
  for (const ignored of ["", "lock_timeout, statement_timeout, client_min_messages"]) {
    await withPgBouncer(testServer(), { ignored }, (pooled) =>
      withDatabase(async ({ ownerUrl }) => {
        const options = { databaseUrl: pooled(ownerUrl), project: "edgar" };
        const { code, stderr } = await run(["migrate"], options);
        assert.equal(code, 1);
        assert.match(stderr, /it is a connection pooler, which cannot hold the lock of a run/);
        assert.match(stderr, /migration\.pooled/);
        assert.match(stderr, /Connect directly/);
        const status = await run(["migrate", "status"], options);
        assert.equal(status.code, 0, status.stderr);
      }, { isEmpty: true }));
  }
});

testWithPgBouncer("migrate behind a pooler with nothing to do says so and takes no lock", async () => {
  await withPgBouncer(testServer(), {}, (pooled) =>
    withDatabase(async ({ ownerUrl }) => {
      const done = await run(["migrate"], { databaseUrl: pooled(ownerUrl), project: "edgar" });
      assert.equal(done.code, 0, done.stderr);
      assert.match(done.stdout, /Up to date/);
    }));
});

testWithPgBouncer("a client over stdio is served behind PgBouncer by the sandboxed server", async () => {
  await withPgBouncer(testServer(), {}, (pooled) =>
    withDatabase(async (database) => {
      const config = serverConfig(edgarProject.sqlDirectory);
      const { args, cwd, env } = serverCommand({
        stdio: true,
        http: "127.0.0.1:0",
        config,
        extension: await serverExtension(config),
        databaseUrl: pooled(database.serverUrl),
      });
      const client = new Client({ name: "test", version: "1" });
      await client.connect(
        new StdioClientTransport({
          command: Deno.execPath(),
          args,
          cwd,
          env: { ...Deno.env.toObject(), ...env },
          stderr: "ignore",
        }),
      );
      try {
        const together = await Promise.all(
          Array.from(
            { length: 32 },
            () => client.callTool({ name: "edgar_find_company", arguments: { q: "AAPL" } }),
          ),
        );
        for (const { isError, structuredContent } of together) {
          assert.notEqual(isError, true);
          const { rows } = structuredContent as { rows: { cik: number }[] };
          assert.equal(rows[0]!.cik, 320193);
        }
      } finally {
        await client.close();
      }
    }));
});

testWithPgBouncer(
  "a pooler with no session to give is an error within a bound, and mended by itself",
  async () => {
    await withPgBouncer(testServer(), { size: 1 }, (pooled) =>
      withDatabase(async ({ serverUrl }) => {
        const holder = postgres(pooled(serverUrl), { max: 1, prepare: false, onnotice: () => {} });
        const pool = new Pool({
          url: pooled(serverUrl),
          size: 1,
          queueSize: 1,
          queueTimeout_ms: 1000,
          connectTimeout_ms: 500,
          parameters: {},
        });
        const ask = () => pool.withConnection(undefined, (connection) => connection.rows("select 1 as one"));
        try {
          const held = await holder.reserve();
          await held.unsafe("begin");
          await assert.rejects(ask(), { code: "database.unreachable" });
          await held.unsafe("rollback");
          held.release();
          assert.deepEqual(await ask(), [{ one: "1" }]);
        } finally {
          await Promise.all([pool.close(), holder.end({ timeout: 1 })]);
        }
      }));
  },
);
