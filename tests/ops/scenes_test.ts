/**
 * What the tools of `ops` say of scenes that are made for real, on each version: locks, indexes, bloat,
 * sequences, slots, statements.
 */

import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import type postgres from "postgres";
import {
  type CallOps,
  type ObservedServer,
  withObservedServer,
  withOps,
} from "../fixtures/observed_server.ts";
import { testServers, until } from "../harness.ts";

type Row = Record<string, unknown>;

for (const server of testServers()) {
  Deno.test(`the tools of ops see what was done to a database (PostgreSQL ${server.version})`, async (t) => {
    await withObservedServer(server, async (observed) => {
      const sql = observed.connect("postgres");
      await sql.unsafe(scene);
      // Each outside of a transaction: VACUUM, and an index that meets two equal rows.
      await sql.unsafe("vacuum analyze shop.item");
      await sql.unsafe("vacuum analyze shop.worn");
      await sql.unsafe(
        "create unique index concurrently index_item_twice on shop.item (twice)",
      ).catch(() => {});
      // A session hands its counters over late when it has just done so.
      await sql`select pg_stat_force_next_flush()`;
      const url = (role: string) => observed.url(role, "postgres");
      await withOps(url("reader"), async (call) => {
        await t.step("indexes", () => checkIndexes(call));
        await t.step("bloat and vacuum", () => checkBloat(call));
        await t.step("sequences", () => checkSequences(call));
        await t.step("tables", () => checkTables(call));
        await t.step("roles and privileges", () => checkPrivileges(call));
        await t.step(
          "a prepared transaction and a slot",
          () => checkLeftovers(call, sql),
        );
        await t.step("statements", () => checkStatements(call, observed));
        await t.step("settings", () => checkSettings(call, observed));
      });
      await withChain(observed, async (pids) => {
        await withOps(
          url("monitor"),
          (call) =>
            t.step(
              "a chain of locks, in pg_monitor",
              () => checkChain(call, pids, true),
            ),
        );
        await withOps(
          url("plain"),
          (call) =>
            t.step(
              "a chain of locks, as least login",
              () => checkChain(call, pids, false),
            ),
        );
      });
      await withOps(
        url("monitor"),
        (call) =>
          t.step(
            "nothing waits for a table that is locked exclusively",
            () => checkLocked(call, observed),
          ),
      );
      await withOps(
        url("monitor"),
        (call) =>
          t.step(
            "a long queue for one row is a short answer",
            () => checkQueue(call, observed),
          ),
      );
    });
  });
}

const scene = `
  create schema shop;
  grant usage on schema shop to clerk;
  create table shop.supplier (id integer constraint pk_supplier primary key, name text);
  create table shop.item (
    id integer generated always as identity constraint pk_item primary key,
    sku text not null,
    color text,
    twice integer not null,
    supplier_id integer constraint fk_item_supplier references shop.supplier on delete cascade
  );
  comment on table shop.item is 'What the shop sells';
  comment on column shop.item.color is 'Shade of the surface';
  insert into shop.supplier values (1, 'North');
  insert into shop.item (sku, color, twice, supplier_id)
  select 'sku-' || n, 'c' || n % 7, 1, 1 from generate_series(1, 3000) as n;
  create index index_item_color on shop.item (color);
  create index index_item_sku on shop.item (sku);
  create index index_item_sku_color on shop.item (sku, color);
  create index index_item_lower on shop.item (lower(sku));
  create index index_item_lower_again on shop.item   (lower( sku ));
  create table shop.worn (id integer constraint pk_worn primary key, body text)
    with (autovacuum_enabled = false);
  insert into shop.worn select n, repeat('x', 200) from generate_series(1, 20000) as n;
  delete from shop.worn where id % 10 > 0;
  create table shop.tight (id integer constraint pk_tight primary key, body text)
    with (autovacuum_enabled = false);
  insert into shop.tight select n, repeat('x', 200) from generate_series(1, 20000) as n;
  analyze shop.tight;
  create sequence shop.ticket maxvalue 1000;
  select setval('shop.ticket', 950);
  create sequence shop.calm maxvalue 1000;
  select setval('shop.calm', 20);
  create table shop.small (id integer);
  create sequence shop.small_id as bigint owned by shop.small.id;
  select setval('shop.small_id', 2000000000);
  create table shop.reading (taken_on date not null, value integer) partition by range (taken_on);
  create table shop.reading_2026 partition of shop.reading for values from ('2026-01-01') to ('2027-01-01');
  create table shop.reading_rest partition of shop.reading default;
  alter table shop.item add constraint check_item_sku check (sku <> '') not valid;
  grant select (id, name), update on shop.supplier to clerk;
  grant select, update on shop.item to clerk with grant option;
`;

async function checkIndexes(call: CallOps): Promise<void> {
  const unused = rows(await call("unused_indexes"));
  const names = unused.map(({ index }) => index);
  ok(names.includes("index_item_color"), `unused: ${names}`);
  ok(!names.includes("pk_item"), "a primary key holds a rule, used or not");
  ok(!names.includes("index_item_twice"), "an invalid index is another tool's");
  const color = unused.find(({ index }) => index === "index_item_color")!;
  strictEqual(color.to_drop, "drop index concurrently shop.index_item_color;");
  strictEqual(color.supports_foreign_key, false);

  const duplicates = rows(await call("duplicate_indexes")).map((
    { index, kept_index, reason },
  ) => [index, kept_index, reason]);
  deepStrictEqual(duplicates.toSorted(), [
    ["index_item_lower_again", "index_item_lower", "same"],
    ["index_item_sku", "index_item_sku_color", "prefix"],
  ]);

  const [invalid, ...others] = rows(await call("invalid_indexes"));
  strictEqual(others.length, 0);
  strictEqual(invalid!.index, "index_item_twice");
  strictEqual(
    invalid!.to_repair,
    "reindex index concurrently shop.index_item_twice;",
  );

  const missing = rows(await call("missing_foreign_key_indexes"));
  deepStrictEqual(
    missing.map((
      { foreign_key, columns, on_delete, to_create },
    ) => [foreign_key, columns, on_delete, to_create]),
    [
      [
        "fk_item_supplier",
        ["supplier_id"],
        "cascade",
        "create index concurrently on shop.item (supplier_id);",
      ],
    ],
  );

  const whole = rows(
    await call("index_use", { min_rows: 1000, schema: "shop" }),
  );
  ok(whole.some(({ table }) => table === "item"));
}

async function checkBloat(call: CallOps): Promise<void> {
  const bloat = rows(
    await call("table_bloat", { min_bytes: 0, schema: "shop" }),
  );
  const percent = (table: string) => Number(bloat.find((row) => row.table === table)!.bloat_percent);
  ok(
    percent("worn") > 75,
    `nine rows of ten are gone, found ${percent("worn")} percent of bloat`,
  );
  ok(
    percent("tight") < 10,
    `nothing was deleted, found ${percent("tight")} percent of bloat`,
  );
  ok(bloat.every(({ is_visible }) => is_visible === true));

  const indexes = rows(
    await call("index_bloat", { min_bytes: 0, schema: "shop" }),
  );
  const ofIndex = (index: string) => Number(indexes.find((row) => row.index === index)!.bloat_percent);
  ok(ofIndex("pk_worn") > 70, `found ${ofIndex("pk_worn")} percent`);
  ok(ofIndex("pk_tight") < 25, `found ${ofIndex("pk_tight")} percent`);

  const vacuum = rows(
    await call("autovacuum", { schema: "shop", only_due: true }),
  );
  const worn = vacuum.find(({ table }) => table === "worn")!;
  strictEqual(worn.is_enabled, false, "it is off for this table");
  ok(worn.last_vacuum_at !== null);

  const growing = rows(await call("growth_candidates", { schema: "shop" }));
  strictEqual(growing.find(({ table }) => table === "worn")!.rows_gained, 2000);
}

async function checkSequences(call: CallOps): Promise<void> {
  const { sequences } = report(await call("sequences_near_end"));
  deepStrictEqual(
    (sequences as Row[]).map((
      { sequence, used_percent },
    ) => [sequence, used_percent]),
    [
      ["shop.ticket", 95],
      ["shop.small_id", 93.1],
    ],
  );
}

async function checkTables(call: CallOps): Promise<void> {
  const byColumn = rows(await call("find_table", { q: "SHADE" }));
  deepStrictEqual(byColumn.map(({ table, columns }) => [table, columns]), [[
    "item",
    ["color"],
  ]]);
  strictEqual(
    rows(await call("find_table", { q: "reading_2026" })).length,
    0,
    "a partition is found by its table",
  );
  const item = report(
    await call("describe_table", { table: "item", schema: "shop" }),
  );
  strictEqual(item.comment, "What the shop sells");
  deepStrictEqual(
    (item.columns as Row[]).map(({ column, type }) => [column, type])[0],
    ["id", "integer"],
  );
  deepStrictEqual(
    (item.constraints as Row[]).map(({ constraint }) => constraint),
    [
      "pk_item",
      "fk_item_supplier",
      "check_item_sku",
    ],
  );
  const supplier = report(
    await call("describe_table", { table: "supplier", schema: "shop" }),
  );
  deepStrictEqual(
    (supplier.referenced_by as Row[]).map((
      { table, columns },
    ) => [table, columns]),
    [
      ["shop.item", ["supplier_id"]],
    ],
  );
  const partitions = rows(
    await call("partitions", { table: "reading", schema: "shop" }),
  );
  deepStrictEqual(
    partitions.map((
      { partition_table, is_default },
    ) => [partition_table, is_default]),
    [
      ["shop.reading_2026", false],
      ["shop.reading_rest", true],
    ],
  );
  // One rule for the name of a table: with its schema or without, as PostgreSQL has it or as SQL writes it.
  for (const table of ["shop.reading", '"shop"."reading"', "SHOP.Reading", "reading"]) {
    deepStrictEqual(rows(await call("partitions", { table })), partitions, table);
    const described = report(await call("describe_table", { table }));
    strictEqual(described.kind, "partitioned table");
    strictEqual(
      described.table_bytes,
      partitions.reduce((sum, { table_bytes }) => sum + Number(table_bytes), 0),
      "a partitioned table is as large as its partitions, also where it was analysed",
    );
  }
  for (const tool of ["describe_table", "partitions", "table_locks", "table_privileges"]) {
    for (const args of [{ table: "no.such \"table'" }, { table: "reading", schema: "no_such_schema" }]) {
      await rejects(call(tool, args), /"sqlstate":"42P01"/, tool);
    }
  }
  const keyless = rows(
    await call("tables_without_primary_key", { schema: "shop" }),
  );
  deepStrictEqual(keyless.map(({ table }) => table), ["reading", "small"]);
  const unproven = rows(await call("constraints_not_validated"));
  strictEqual(
    unproven[0]!.to_validate,
    "alter table shop.item validate constraint check_item_sku;",
  );
  const [first, second] = [
    await call("table_sizes", { schema: "shop", page_size: 2 }),
    await call("table_sizes", { schema: "shop" }),
  ];
  deepStrictEqual(rows(first), rows(second).slice(0, 2));
  ok(typeof first.next_cursor === "string");
  const rest = await call("table_sizes", {
    schema: "shop",
    cursor: first.next_cursor,
  });
  strictEqual(
    rows(rest).length,
    rows(second).length - 2,
    "a page goes on where the last one ended",
  );
}

async function checkPrivileges(call: CallOps): Promise<void> {
  const granted = rows(await call("table_privileges", { role: "clerk" }));
  deepStrictEqual(
    granted.map((
      { table, privileges, grantable },
    ) => [table, privileges, grantable]),
    [
      ["item", ["SELECT", "UPDATE"], ["SELECT", "UPDATE"]],
      ["supplier", ["UPDATE"], []],
    ],
  );
  const access = rows(
    await call("role_access", { role: "clerk", schema: "shop" }),
  );
  deepStrictEqual(
    access.map((
      { table, selects, inserts, updates, deletes },
    ) => [table, selects, inserts, updates, deletes]),
    [
      ["item", true, false, true, false],
      ["supplier", true, false, true, false],
    ],
  );
  deepStrictEqual(
    rows(await call("role_access", { role: "monitor", schema: "shop" })),
    [],
  );
  const failed = await call("role_access", { role: "nobody_at_all" }).then(
    () => "",
    String,
  );
  ok(failed.includes("nobody_at_all"), failed);
  const [monitor] = rows(await call("roles", { name: "monitor" }));
  deepStrictEqual(monitor!.member_of, ["pg_monitor"]);
}

async function checkLeftovers(call: CallOps, sql: postgres.Sql): Promise<void> {
  await sql.unsafe("begin");
  await sql.unsafe("update shop.supplier set name = 'South' where id = 1");
  await sql.unsafe("prepare transaction 'left over'");
  await sql`select pg_create_physical_replication_slot('forgotten', true)`;
  try {
    const { prepared } = report(
      await call("long_transactions", { min_seconds: 0 }),
    );
    strictEqual(
      (prepared as Row[])[0]!.to_undo,
      "rollback prepared 'left over';",
    );
    const horizon = report(await call("vacuum_horizon"));
    strictEqual((horizon.prepared as Row[])[0]!.name, "left over");
    const [slot] = rows(await call("replication_slots"));
    strictEqual(slot!.slot, "forgotten");
    strictEqual(slot!.is_active, false);
    ok(Number(slot!.retained_bytes) >= 0);
    const { findings } = report(await call("health_report"));
    const tools = (findings as Row[]).map(({ tool }) => tool);
    for (
      const tool of [
        "ops_replication_slots",
        "ops_invalid_indexes",
        "ops_sequences_near_end",
      ]
    ) {
      ok(tools.includes(tool), `${tool} in ${JSON.stringify(findings)}`);
    }
    strictEqual(
      (findings as Row[])[0]!.severity,
      "critical",
      "the worst comes first",
    );
  } finally {
    await sql.unsafe("rollback prepared 'left over'");
    await sql`select pg_drop_replication_slot('forgotten')`;
  }
  strictEqual(rows(await call("replication_slots")).length, 0);
}

async function checkStatements(
  call: CallOps,
  observed: ObservedServer,
): Promise<void> {
  const before = report(await call("slow_statements"));
  strictEqual(before.is_available, false);
  ok(String(before.what_to_do).includes("create extension pg_stat_statements"));
  const sql = observed.connect("postgres");
  await sql.unsafe(
    "create schema stats; create extension pg_stat_statements schema stats",
  );
  // Not to be read without USAGE on its schema; the reader has it through pg_read_all_data.
  const lacking = await withOps(
    observed.url("monitor", "postgres"),
    async (asMonitor) => report(await asMonitor("slow_statements")),
  );
  ok(
    String(lacking.what_to_do).includes(
      "grant usage on schema stats to monitor",
    ),
    String(lacking.what_to_do),
  );
  for (let time = 0; time < 7; time++) {
    await sql.unsafe("select count(*) from shop.item where color <> '<&>\r\n'");
  }
  const after = report(
    await call("slow_statements", { order_by: "calls", max: 100 }),
  );
  strictEqual(after.is_available, true);
  const counted = (after.statements as Row[]).find(({ query }) =>
    String(query).includes("from shop.item where color <>")
  );
  strictEqual(counted?.calls, 7);
  strictEqual(
    counted.query,
    "select count(*) from shop.item where color <> $1",
  );
  const marked = (after.statements as Row[]).find(({ query }) => String(query).includes("<<&>>"));
  strictEqual(marked, undefined);
  for (let time = 0; time < 9; time++) {
    await sql.unsafe('select 1 as "<b>&amp;"');
  }
  const odd = report(
    await call("slow_statements", { order_by: "calls", max: 100 }),
  );
  ok(
    (odd.statements as Row[]).some(({ query }) => query === 'select $1 as "<b>&amp;"'),
    "XML's signs come back as they were",
  );
  ok((odd.statements as Row[]).length > 0 && odd.hidden_statements === 0);
  await sql.unsafe("grant usage on schema stats to plain");
  const least = await withOps(
    observed.url("plain", "postgres"),
    async (asLeast) => report(await asLeast("slow_statements")),
  );
  ok(Number(least.hidden_statements) > 0, "texts of others are hidden");
  ok(String(least.note).includes("grant pg_monitor to plain"));
}

async function checkSettings(
  call: CallOps,
  observed: ObservedServer,
): Promise<void> {
  const changed = rows(await call("settings_changed"));
  strictEqual(
    changed.find(({ name }) => name === "wal_level")!.value,
    "logical",
  );
  ok(
    !changed.some(({ name }) => name === "work_mem"),
    "a default is not listed",
  );
  ok(changed.every(({ is_complete }) => is_complete === true));
  await withOps(observed.url("plain", "postgres"), async (asLeast) => {
    const seen = rows(await asLeast("settings_changed"));
    ok(!seen.some(({ name }) => name === "shared_preload_libraries"));
    ok(
      seen.every(({ is_complete }) => is_complete === false),
      "it says that there is more",
    );
  });
  const { row } = await call("server");
  const { version_number, login, to_see_more } = row as Row;
  strictEqual(Math.floor(Number(version_number) / 10_000), observed.version);
  deepStrictEqual([login, to_see_more], ["reader", null]);
  const checkpoints = (await call("checkpoints")).row as Row;
  ok(Number(checkpoints.timed) + Number(checkpoints.requested) >= 0);
}

/** The first session holds a row, the second waits for it and holds another, which the third wants. */
async function withChain(
  observed: ObservedServer,
  use: (pids: number[]) => Promise<void>,
): Promise<void> {
  const sessions = [1, 2, 3].map(() => observed.connect("postgres", "clerk"));
  const pids: number[] = [];
  for (const session of sessions) {
    await session.unsafe("begin");
    pids.push(Number((await session`select pg_backend_pid() as pid`)[0]!.pid));
  }
  const [first, second, third] = sessions as [
    postgres.Sql,
    postgres.Sql,
    postgres.Sql,
  ];
  const lock = (session: postgres.Sql, id: number) =>
    session`update shop.item set color = color where id = ${id}`;
  await lock(first, 1);
  await lock(second, 2);
  const waits = [lock(second, 1).then(() => {}), lock(third, 2).then(() => {})];
  const sql = observed.connect("postgres");
  await until("two sessions wait", async () => {
    const [row] = await sql`select count(distinct pid)::int as count from pg_locks where not granted`;
    return row!.count === 2;
  });
  try {
    await use(pids);
  } finally {
    await first.unsafe("rollback");
    await waits[0];
    await second.unsafe("rollback");
    await waits[1];
    await third.unsafe("rollback");
  }
}

async function checkChain(
  call: CallOps,
  pids: number[],
  isVisible: boolean,
): Promise<void> {
  const tree = rows(await call("blocking_tree"));
  deepStrictEqual(
    tree.map((
      { depth, pid, blocked_by, waiting },
    ) => [depth, pid, blocked_by, waiting]),
    [
      [0, pids[0], [], 2],
      [1, pids[1], [pids[0]], 1],
      [2, pids[2], [pids[1]], 0],
    ],
  );
  deepStrictEqual(
    tree.map(({ role }) => role),
    ["clerk", "clerk", "clerk"],
    "everybody sees who it is",
  );
  ok(tree.every(({ is_visible }) => is_visible === isVisible));
  strictEqual(tree[0]!.state, isVisible ? "idle in transaction" : null);
  strictEqual(String(tree[1]!.query).includes("update shop.item"), isVisible);
  ok(Number(tree[1]!.wait_seconds) >= 0);

  const long = report(
    await call("long_transactions", { min_seconds: 0, only_idle: true }),
  );
  const idle = (long.transactions as Row[]).map(({ pid }) => pid);
  strictEqual(idle.includes(pids[0]), isVisible);
  strictEqual(Number(long.hidden_sessions) > 0, !isVisible);
  strictEqual(long.note !== null, !isVisible);

  const activity = rows(
    await call("activity", { state: "idle in transaction" }),
  );
  const first = activity.find(({ pid }) => pid === pids[0])!;
  deepStrictEqual(
    [first.is_visible, first.state],
    isVisible ? [true, "idle in transaction"] : [false, null],
  );

  const waits = rows(await call("waits"));
  ok(
    waits.some(({ wait_type, sessions }) =>
      isVisible ? wait_type === "Lock" && sessions === 2 : wait_type === "hidden"
    ),
  );

  const locks = rows(
    await call("table_locks", { schema: "shop", table: "item" }),
  );
  ok(
    pids.every((pid) => locks.some((lock) => lock.pid === pid)),
    "locks are everybody's to see",
  );

  const { findings, hidden_sessions } = report(await call("health_report"));
  strictEqual(Number(hidden_sessions) > 0, !isVisible);
  ok(Array.isArray(findings));
  const connections = report(await call("connections"));
  strictEqual(Number(connections.hidden_sessions) > 0, !isVisible);
  ok(Number((await call("free_connections")).value) > 50);
}

/** ALTER TABLE and its like hold such a lock; asking for a size would wait for it. */
async function checkLocked(
  call: CallOps,
  observed: ObservedServer,
): Promise<void> {
  const session = observed.connect("postgres");
  await session.unsafe(
    "begin; lock table shop.item in access exclusive mode; lock table shop.worn in access exclusive mode",
  );
  try {
    const sizes = rows(await call("table_sizes", { schema: "shop" }));
    const measured = (table: string) => sizes.find((row) => row.table === table)!.is_measured;
    deepStrictEqual([measured("item"), measured("worn"), measured("tight")], [
      false,
      false,
      true,
    ]);
    const described = report(
      await call("describe_table", { schema: "shop", table: "item" }),
    );
    strictEqual(described.is_locked, true);
    strictEqual((described.columns as Row[]).length, 5);
    for (
      const tool of [
        "unused_indexes",
        "duplicate_indexes",
        "table_bloat",
        "health_report",
        "sequences_near_end",
      ]
    ) await call(tool);
  } finally {
    await session.unsafe("rollback");
  }
  await session.unsafe("begin; reindex index shop.index_item_color");
  try {
    strictEqual(
      rows(await call("table_sizes", { schema: "shop" })).find(({ table }) => table === "item")!.is_measured,
      false,
    );
    ok(
      rows(await call("unused_indexes")).some(({ index }) => index === "index_item_color"),
    );
  } finally {
    await session.unsafe("rollback");
  }
}

/** Every one of them waits for all before it: as ways through the queue they would be billions. */
async function checkQueue(
  call: CallOps,
  observed: ObservedServer,
): Promise<void> {
  const holder = observed.connect("postgres", "clerk");
  await holder.unsafe("begin; update shop.item set color = color where id = 3");
  const others = Array.from(
    { length: 30 },
    () => observed.connect("postgres", "clerk"),
  );
  const waits = others.map((session) =>
    session.unsafe("update shop.item set color = color where id = 3").then(
      () => {},
    )
  );
  const sql = observed.connect("postgres");
  try {
    await until("thirty sessions wait", async () => {
      const [row] = await sql`select count(distinct pid)::int as count from pg_locks where not granted`;
      return row!.count === 30;
    });
    const tree = rows(await call("blocking_tree"));
    strictEqual(tree.length, 31);
    deepStrictEqual([tree[0]!.depth, tree[0]!.waiting], [0, 30]);
    strictEqual(
      new Set(tree.map(({ pid }) => pid)).size,
      31,
      "each session once",
    );
  } finally {
    await holder.unsafe("rollback");
    await Promise.all(waits);
  }
}

const rows = (answer: Row) => answer.rows as Row[];
const report = (answer: Row) => answer.report as Row;
