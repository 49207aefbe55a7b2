/** Counts of the table, idempotency keys, cancelling and progress of `:copy`. */

import assert from "node:assert/strict";
import { localCaller } from "../../src/tool/caller.ts";
import { until } from "../harness.ts";
import { testLoading } from "./loading.ts";

testLoading(
  "a partitioned target is counted: inserted, updated, deleted, unchanged; a merge may have parameters",
  async (
    { load, write, sql },
  ) => {
    await sql.unsafe(
      "insert into shop.part select id, id % 7, 10 from generate_series(1, 100) as id; insert into shop.part values (1000, 1, -1)",
    );
    const rows = Array.from({ length: 200 }, (_, index) => {
      const id = index + 1;
      return `${id},${id % 7},${id <= 60 ? 10 : id <= 100 ? 20 : id > 190 ? 1 : 30}`;
    });
    const answer = await load("shop_parts", {
      source: await write("a.csv", `id,region,amount\n${rows.join("\n")}\n`),
      least: 5,
    });
    assert.deepEqual(answer, {
      copied: 200,
      inserted: 90,
      updated: 40,
      deleted: 1,
      unchanged: 70,
      affected: 131,
      rejected: 0,
    });
  },
);

testLoading(
  "behind a view nothing is counted, and the answer leaves the counts out",
  async ({ load, write }) => {
    const answer = await load("shop_shown", { source: await write("a.csv", "id,name\n1,a\n") });
    assert.deepEqual(answer, { copied: 1, affected: 1, rejected: 0 });
  },
);

testLoading("a load with a key is done once: the repeat answers the first counts and touches nothing", async (
  { load, refused, write, sql },
) => {
  const source = await write("a.csv", "id,name\n1,a\n2,b\nx,c\n");
  const options = { idempotency_key: "monday", mode: "collect" };
  const first = await load("shop_items", { source, options });
  assert.deepEqual([first.inserted, first.rejected, first.already_loaded], [2, 1, false]);
  await sql`delete from shop.item`;
  const again = await load("shop_items", { options, source });
  assert.deepEqual(again, { ...first, already_loaded: true });
  assert.equal((await sql`select count(*)::int as n from shop.item`)[0]!.n, 0);
  const other = await refused("shop_items", {
    rows: [{ id: 3, name: "c" }],
    options: { idempotency_key: "monday" },
  });
  assert.equal(other.code, "load.key_reused");
  assert.match(other.message, /the idempotency key "monday" was used at .* for another load of shop_items/);
  await write("a.csv", "id,name\n1,a\n2,b\n3,c\n4,d\n");
  assert.equal((await refused("shop_items", { source, options })).code, "load.key_reused");
  // Keys are a tool's own, and one that failed has left none.
  assert.equal(
    (await load("shop_checked", { rows: [{ id: 3, name: "c" }], options: { idempotency_key: "monday" } }))
      .inserted,
    1,
  );
  await refused("shop_checked", {
    rows: [{ id: 4, name: "c", price: -1 }],
    options: { idempotency_key: "k2" },
  });
  assert.equal(
    (await load("shop_checked", { rows: [{ id: 4, name: "c" }], options: { idempotency_key: "k2" } }))
      .inserted,
    1,
  );
});

testLoading("a repeat is answered when its source is gone", async ({ load, refused, write, directory }) => {
  const source = await write("gone.csv", "id,name\n1,a\n");
  const options = { idempotency_key: "once" };
  await load("shop_items", { source, options });
  await Deno.remove(`${directory}/gone.csv`);
  assert.equal((await load("shop_items", { source, options })).already_loaded, true);
  assert.equal(
    (await refused("shop_items", { source, options: { idempotency_key: "other" } })).code,
    "load.source_unreadable",
  );
});

testLoading(
  "of two loads with one key at the same time one is done, and the other says so",
  async ({ load, sql }) => {
    const rows = Array.from({ length: 500 }, (_, index) => ({ id: index, name: "n" }));
    const options = { idempotency_key: "both" };
    const answers = await Promise.all([1, 2, 3].map(() => load("shop_items", { rows, options })));
    assert.deepEqual(answers.map(({ already_loaded }) => already_loaded).sort(), [false, true, true]);
    assert.ok(answers.every(({ inserted }) => inserted === 500));
    assert.equal((await sql`select count(*)::int as n from sqlwright.load`)[0]!.n, 1);
  },
);

testLoading(
  "without the migration loads work, and a key is refused with what to do",
  async ({ load, refused, sql }) => {
    await sql.unsafe("drop table sqlwright.load_reject, sqlwright.load");
    const rows = [{ id: 1, name: "a" }];
    assert.equal((await load("shop_items", { rows })).inserted, 1);
    const error = await refused("shop_items", { rows, options: { idempotency_key: "k" } });
    assert.equal(error.code, "load.ledger_missing");
    assert.match(error.hint!, /sqlwright migrate/);
    const collected = await load("shop_checked", {
      rows: [{ id: 2, name: "b", price: -1 }],
      options: { mode: "collect" },
    });
    assert.deepEqual([collected.rejected, collected.rejects!.resource], [1, null]);
  },
);

testLoading("a cancelled load leaves nothing: while it copies, and while it merges", async (
  { call, sql, write, application },
) => {
  const busy = async () =>
    (await sql`select count(*)::int as n from pg_stat_activity
      where datname = current_database() and usename = 'sqlwright_server' and state <> 'idle'`)[0]!.n;
  const left = async () =>
    (await sql`select count(*)::int as n from pg_class where relpersistence = 't' and relkind = 'r'`)[0]!.n;
  const abort = new AbortController();
  async function* endless() {
    for (let id = 0;; id += 1000) {
      yield Array.from({ length: 1000 }, (_, index) => [String(id + index), "n"]);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  const seen: string[] = [];
  const copying = application.callTool("shop_items", {}, {
    signal: abort.signal,
    correlationId: "test",
    caller: localCaller,
    progress: (_done, _total, message) => {
      seen.push(message);
      abort.abort(new Error("the test has seen enough"));
    },
    input: { name: "endless", columns: ["id", "name"], batches: endless() },
  });
  const cancelled = await copying;
  assert.equal(cancelled.isError, true);
  assert.match(seen[0]!, /^\d+( k)? rows$/);
  await until("no backend is at work", async () => await busy() === 0);

  const second = new AbortController();
  const messages: string[] = [];
  const merging = call("shop_slow", { source: await write("a.csv", "id,name\n1,a\n") }, {
    signal: second.signal,
    progress: (_done, _total, message) => void messages.push(message),
  });
  await until(
    "it merges",
    async () =>
      (await sql`select count(*)::int as n from pg_stat_activity where query like 'insert into shop.raw%' and state = 'active'`)[
        0
      ]!.n === 1,
  );
  second.abort();
  const stopped = (await merging).structured.error as { code: string };
  assert.equal(stopped.code, "call.cancelled");
  assert.deepEqual(messages, ["1 rows copied · merging, statement 1 of 1"]);
  await until("no backend is at work", async () => await busy() === 0);
  assert.equal(await left(), 0);
  const [count] =
    await sql`select (select count(*) from shop.item)::int + (select count(*) from shop.raw)::int as n`;
  assert.equal(count!.n, 0);
});

testLoading(
  "progress tells share, rows, bytes and what is left, ever more of it",
  async ({ call, write }) => {
    const line = "x".repeat(200);
    const rows = Array.from({ length: 600_000 }, (_, index) => `${index},${line}\n`).join("");
    const told: [number, number | null, string][] = [];
    const result = await call("shop_items", { source: await write("a.csv", `id,name\n${rows}`) }, {
      progress: (done, total, message) => void told.push([done, total, message]),
    });
    assert.equal(result.isError, false, result.text);
    assert.ok(told.length > 1, "it was told");
    assert.ok(told.every(([done], index) => index === 0 || done > told[index - 1]![0]));
    assert.match(
      told[0]![2],
      /^\d+ % · about \d+( k)? rows · \d+(\.\d)? [kM]B of \d+ MB( · about \d+ s left)?$/,
    );
    assert.match(told.at(-1)![2], /^600 k rows copied · merging, statement 1 of 1$/);
  },
);

testLoading(
  "a limit on disk use ends the load with PostgreSQL's own words and SQLSTATE, and nothing stays",
  async ({ call, refused, sql, write, database }) => {
    await sql.unsafe(`alter role sqlwright_server in database ${database.name} set temp_file_limit = '1MB'`);
    await sql.unsafe(`alter role sqlwright_server in database ${database.name} set work_mem = '64kB'`);
    // New sessions have the limit; those of the pool are ended.
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'sqlwright_server' and datname = current_database()`;
    await until(
      "the sessions have ended",
      async () =>
        (await sql`select count(*)::int as n from pg_stat_activity where usename = 'sqlwright_server' and datname = current_database()`)[
          0
        ]!.n === 0,
    );
    // A backend is out of that view before its socket closes.
    await until(
      "the pool has a new session",
      async () => !(await call("shop_raw", { rows: [{ id: 1, name: "a" }] })).isError,
    );
    const rows = Array.from(
      { length: 100_000 },
      (_, index) => `${(index * 7919) % 100_000},${"n".repeat(100)}\n`,
    ).join("");
    const source = await write("a.csv", `id,name\n${rows}`);
    const error = await refused("shop_items", { source });
    assert.equal(error.details.sqlstate, "53400");
    assert.match(error.message, /temporary file size exceeds/);
    assert.equal((await sql`select count(*)::int as n from shop.item`)[0]!.n, 0);
  },
);
