/**
 * A login of the least rights beside what `migrate` of this project and of others has left in a database; and
 * what those hear who migrate without the right to.
 */

import assert from "node:assert/strict";
import { withFiles } from "../harness.ts";
import { makeDatabase, run, type TestDatabase } from "./command.ts";

const files = {
  "sqlwright.json": JSON.stringify({ sqlwright: "0.1.0", name: "shop" }),
  "sql/shop/_module.sql": "-- title: Shop\n-- Orders of the shop.\n",
  "sql/shop/orders.sql":
    "-- name: orders :many\n-- title: Orders\n-- All orders.\n\nselect orders.id\nfrom shop.orders as orders\n" +
    "order by orders.id\nlimit 100\n",
  "migrations/0001_create_shop.sql":
    "create schema shop; create table shop.orders (id integer primary key, total numeric);",
  "functions/total.sql": "create or replace function shop.total() returns numeric language sql stable\n" +
    "as 'select coalesce(sum(orders.total), 0) from shop.orders as orders';\n",
};
/** A project that asks for nothing of its own. */
const onlyOps = {
  "sqlwright.json": JSON.stringify({
    sqlwright: "0.1.0",
    name: "watcher",
    modules: ["ops"],
  }),
  "sql/.gitkeep": "",
};

/** A login with no rights but to connect. */
async function withAgent(
  database: TestDatabase,
  use: (agentUrl: string, agent: string) => Promise<void>,
): Promise<void> {
  const agent = `agent_${crypto.randomUUID().slice(0, 8)}`;
  await database.query(`create role ${agent} login password '${agent}'`);
  const url = new URL(database.url);
  [url.username, url.password] = [agent, agent];
  try {
    await use(url.href, agent);
  } finally {
    await database.query(`drop owned by ${agent}; drop role ${agent}`);
  }
}

/** What an MCP client sees of the tools, and what was logged. */
async function startStdio(options: { databaseUrl: string; project: string }) {
  const initialize = {
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: {
      protocolVersion: "2025-06-18",
      capabilities: {},
      clientInfo: { name: "test", version: "1" },
    },
  };
  const lines = [
    initialize,
    { jsonrpc: "2.0", method: "notifications/initialized" },
    { jsonrpc: "2.0", id: 2, method: "tools/list" },
  ].map((line) => JSON.stringify(line) + "\n").join("");
  const { code, stdout, stderr } = await run(["start", "--stdio"], {
    ...options,
    stdin: lines,
  });
  const answers = stdout.trim().split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const tools = (answers.find(({ id }) => id === 2)?.result?.tools ?? []) as {
    name: string;
  }[];
  return { code, stderr, tools: tools.map(({ name }) => name) };
}

Deno.test("start as the least login goes on beside what the owner migrated, and says what it cannot see", async () => {
  await using database = await makeDatabase();
  await withAgent(
    database,
    (agentUrl, agent) =>
      withFiles(files, async (project) => {
        const owner = { databaseUrl: database.url, project };
        const least = { databaseUrl: agentUrl, project };
        assert.equal((await run(["migrate"], owner)).code, 0);
        await database.query(
          `grant usage on schema shop to ${agent}; grant select on shop.orders to ${agent}`,
        );

        const started = await startStdio(least);
        assert.equal(started.code, 0, started.stderr);
        assert.deepEqual(started.tools, ["shop_orders"]);
        assert.equal(
          started.stderr.match(/migrations\.hidden/g)?.length,
          1,
          started.stderr,
        );
        assert.match(started.stderr, /usage on schema sqlwright/);

        const doctor = await run(["doctor"], least);
        assert.match(
          doctor.stdout,
          new RegExp(
            `! migrations +not known: "${agent}" lacks usage on schema`,
          ),
        );
        assert.match(doctor.stdout, /All is well/);

        const check = await run(["check"], least);
        assert.equal(check.code, 0, check.stdout + check.stderr);
        assert.match(
          check.stderr,
          /warning: "agent_\w+" lacks usage on schema sqlwright and select on sqlwright\.function/,
        );
        assert.match(
          check.stderr,
          new RegExp(`^grant usage on schema sqlwright to ${agent};$`, "m"),
        );

        for (const words of [["migrate", "status"], ["migrate"]]) {
          const { code, stderr } = await run(words, least);
          assert.equal(code, 1);
          assert.match(
            stderr,
            new RegExp(
              `^error\\[migration\\.failed\\] Cannot read what was applied to this database: "${agent}" lacks ` +
                "usage on schema sqlwright.*\\n  help: Run this with the owner's DATABASE_URL",
            ),
          );
        }

        const grants = await run(["grants", "--role", agent], owner);
        assert.match(
          grants.stdout,
          new RegExp(
            `^grant select on sqlwright\\.migration to ${agent};$`,
            "m",
          ),
        );
        await database.query(grants.stdout);
        assert.doesNotMatch((await run(["check"], least)).stderr, /lacks/);
        assert.equal((await run(["migrate", "status"], least)).code, 0);
        const granted = await startStdio(least);
        assert.equal(granted.code, 0, granted.stderr);
        assert.doesNotMatch(
          granted.stderr,
          /migrations\.hidden|permission denied/,
        );

        // With the rights to see it, a missing migration stops the start.
        await Deno.writeTextFile(
          `${project}/migrations/0002_add_note.sql`,
          "alter table shop.orders add note text;",
        );
        const gap = await startStdio(least);
        assert.equal(gap.code, 1);
        assert.match(
          gap.stderr,
          /help: This was asked as "agent_\w+".*owner's DATABASE_URL/s,
        );
      }),
  );
});

Deno.test("another project's migrate stops nobody: a login with nothing starts, with the module ops alone", async () => {
  await using database = await makeDatabase();
  await withAgent(
    database,
    (agentUrl) =>
      withFiles(files, (shop) =>
        withFiles(onlyOps, async (project) => {
          assert.equal(
            (await run(["migrate"], {
              databaseUrl: database.url,
              project: shop,
            })).code,
            0,
          );
          const { code, stderr, tools } = await startStdio({
            databaseUrl: agentUrl,
            project,
          });
          assert.equal(code, 0, stderr);
          assert.ok(
            tools.includes("ops_server_activity") ||
              tools.every((name) => name.startsWith("ops_")),
          );
          assert.ok(tools.length > 0);
          assert.doesNotMatch(stderr, /permission denied|migrations\.hidden/);
          const doctor = await run(["doctor"], {
            databaseUrl: agentUrl,
            project,
          });
          assert.match(doctor.stdout, /– migrations +not known/);
        })),
  );
});

Deno.test("a project's migrate leaves nothing of loads where no tool loads", async () => {
  await using database = await makeDatabase();
  await withFiles(files, async (project) => {
    const { code, stdout } = await run(["migrate"], {
      databaseUrl: database.url,
      project,
    });
    assert.equal(code, 0);
    assert.doesNotMatch(stdout, /create_loads|create_uploads/);
    const rows = await database.query(
      "select relname from pg_class where relnamespace = 'sqlwright'::regnamespace and relkind = 'r' order by 1",
    );
    assert.deepEqual(rows.map(({ relname }) => relname), [
      "function",
      "migration",
      "view",
    ]);
  });
});

Deno.test("who may not create hears as whom it was asked, and whose DATABASE_URL it takes", async () => {
  await using database = await makeDatabase();
  await withAgent(
    database,
    (agentUrl, agent) =>
      withFiles(files, async (project) => {
        const { code, stderr } = await run(["migrate"], {
          databaseUrl: agentUrl,
          project,
        });
        assert.equal(code, 1);
        assert.match(stderr, /permission denied for database/);
        assert.match(
          stderr,
          new RegExp(
            `help: This was asked as "${agent}".*owner's DATABASE_URL`,
          ),
        );
      }),
  );
});

Deno.test("migrate writes where the role reads by default", async () => {
  await using database = await makeDatabase();
  const owner = new URL(database.url).username;
  await database.query(
    `alter role ${owner} set default_transaction_read_only = on`,
  );
  await withFiles(files, async (project) => {
    const { code, stderr } = await run(["migrate"], {
      databaseUrl: database.url,
      project,
    });
    assert.equal(code, 0, stderr);
  });
});

Deno.test("a file without a transaction that fails midway says what it left, and status keeps it", async () => {
  await using database = await makeDatabase();
  const broken =
    "-- transaction: none\ncreate table one (id integer);\ncreate table two (id integer);\nselect 1 / 0;\n";
  await withFiles({
    "sqlwright.json": files["sqlwright.json"],
    "sql/.gitkeep": "",
    "migrations/0001_create_all.sql": broken,
  }, async (project) => {
    const options = { databaseUrl: database.url, project };
    const first = await run(["migrate"], options);
    assert.equal(first.code, 1);
    assert.match(first.stderr, /division by zero/);
    assert.match(
      first.stderr,
      /Statements 1 to 2 of this file ran and stay in the database/,
    );
    const status = await run(["migrate", "status"], options);
    assert.match(
      status.stdout,
      /0001_create_all\.sql +pending; statements 1 to 2 of 3 ran/,
    );
    const again = await run(["migrate"], options);
    assert.match(again.stderr, /relation "one" already exists/);
    assert.match(
      (await run(["migrate", "status"], options)).stdout,
      /statements 1 to 2 of 3 ran/,
    );
    await Deno.writeTextFile(
      `${project}/migrations/0001_create_all.sql`,
      broken.replaceAll("table", "table if not exists").replace("1 / 0", "1"),
    );
    assert.equal((await run(["migrate"], options)).code, 0);
    const done = await run(["migrate", "status", "--json"], options);
    const [own] = JSON.parse(done.stdout).migrations.filter((
      { namespace }: { namespace: string },
    ) => namespace === "shop");
    assert.equal(own.state, "applied");
    assert.equal(own.partial, undefined);
  });
});

Deno.test("an owner of what the tools read is warned once, and served", async () => {
  await using database = await makeDatabase();
  await withFiles(files, async (project) => {
    const options = { databaseUrl: database.url, project };
    const { code, stderr, tools } = await startStdio(options);
    assert.equal(code, 0, stderr);
    assert.deepEqual(tools, ["shop_orders"]);
    assert.equal(stderr.match(/database\.owner/g)?.length, 1, stderr);
    assert.match(stderr, /shop\.orders/);
  });
});

Deno.test("--only says of a migration that it is one; a name of another form is told with one that is right", async () => {
  await using database = await makeDatabase();
  await withFiles(files, async (project) => {
    const options = { databaseUrl: database.url, project };
    const only = await run([
      "migrate",
      "--only",
      `${project}/migrations/0001_create_shop.sql`,
    ], options);
    assert.equal(only.code, 2);
    assert.match(
      only.stderr,
      /this is a migration\n {2}help: .*--only is for views and functions/,
    );
    await Deno.writeTextFile(
      `${project}/migrations/0003_half.sql`,
      "select 1;",
    );
    const named = await run(["migrate"], options);
    assert.match(
      named.stderr,
      /0003_half\.sql.*\n {2}help: .*two or more words.*0003_add_half\.sql/,
    );
  });
});

Deno.test("without the folder of query files no command brings a database up first", async () => {
  await withFiles({ "sqlwright.json": files["sqlwright.json"] }, async (project) => {
    for (const words of [["list"], ["call", "shop_orders"], ["start", "--stdio"], ["test"]]) {
      const { code, stderr } = await run(words, { project, env: { DATABASE_URL: "" } });
      assert.equal(code, 1, words.join(" "));
      assert.match(stderr, /error\[catalog\.invalid\] Cannot read the SQL directory .*\/sql"/);
      assert.match(stderr, /help: Make the folder, such as by `sqlwright new`/);
      assert.doesNotMatch(stderr, /SQLWRIGHT_SQL_DIR|Fetching|cluster/);
      const left = (await Array.fromAsync(Deno.readDir(project))).map(({ name }) => name);
      assert.deepEqual(left, ["sqlwright.json"]);
    }
  });
});
