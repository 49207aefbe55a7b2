/** `:unnest` and `:exec`: an outcome for each row, dry runs, the guard of rows, locks in order, and transactions that are run again. */

import assert from "node:assert/strict";
import { withApplication } from "../../src/app.ts";
import { createLog } from "../../src/log.ts";
import type { ToolResult } from "../../src/tool/model.ts";
import {
  callContext,
  testConfig,
  type TestDatabase,
  testOnEach,
  until,
  withDatabase,
  withFiles,
  withTestApplication,
  withTools,
} from "../harness.ts";

const schema = `
  create schema shop;
  create table shop.item (id bigint primary key, name text not null, price numeric(12, 2) not null);
  create table shop.part (region text, id bigint, amount integer not null, primary key (region, id)) partition by list (region);
  create table shop.part_north partition of shop.part for values in ('north');
  create table shop.part_south partition of shop.part for values in ('south');
  insert into shop.item select n, 'item ' || n, n from generate_series(1, 10000) as n;
  insert into shop.part select case when n % 2 = 0 then 'north' else 'south' end, n, n from generate_series(1, 100) as n;
  grant usage on schema shop to sqlwright_server;
  grant select, insert, update, delete on all tables in schema shop to sqlwright_server;
`;

const file = (name: string, kind: string, sql: string, tags: string[] = []) => {
  const parameters = [...new Set([...sql.matchAll(/(?<!:):([a-z_]+)/g)].map(([, parameter]) => parameter))];
  const header = [
    `-- name: ${name} :${kind}`,
    "-- What a test needs.",
    "--",
    ...parameters.map((each) => `-- @param ${each}  A value`),
    ...tags.map((tag) => `-- ${tag}`),
  ];
  return { [`shop/${name}.sql`]: `${header.join("\n")}\n\n${sql};\n` };
};

const setPrices = file(
  "set_prices",
  "unnest",
  `update shop.item as item
set price = change.price
from unnest(:id::bigint[], :price::numeric[]) as change (id, price)
where item.id = change.id
  and item.price is distinct from change.price
returning item.id, item.price`,
);

async function withShop(
  use: (
    call: (tool: string, args?: Record<string, unknown>) => Promise<ToolResult>,
    database: TestDatabase,
  ) => Promise<void>,
  files: Record<string, string> = setPrices,
  options: { server?: TestDatabase["server"]; variables?: Record<string, string> } = {},
): Promise<void> {
  await withDatabase(async (database) => {
    await database.sql.unsafe(schema);
    await withTools(
      database,
      files,
      (call) => use(async (tool, args) => await call(tool, args), database),
      options.variables,
    );
  }, { isEmpty: true, ...(options.server === undefined ? {} : { server: options.server }) });
}

const priceOf = async ({ sql }: TestDatabase, id: number) =>
  (await sql`select price::text from shop.item where id = ${id}`)[0]?.price;

testOnEach("an unnest says of each row whether it was updated, unchanged or missing", async (server) => {
  await withShop(
    async (call) => {
      const result = await call("shop_set_prices", {
        rows: [{ id: 1, price: "9.50" }, { id: 2, price: "2.00" }, { id: 99_999, price: "1" }, {
          id: 3,
          price: "4",
        }],
      });
      assert.deepEqual(result.structured, {
        affected: 2,
        outcomes: { updated: 2, unchanged: 1, missing: 1 },
        row_outcomes: ["updated", "unchanged", "missing", "updated"],
        rows: [{ id: 1, price: "9.50" }, { id: 3, price: "4.00" }],
      });
      const text = JSON.parse(result.text);
      assert.deepEqual(text.outcomes, { updated: 2, unchanged: 1, missing: 1 });
      assert.deepEqual([text.missing_rows, text.unchanged_rows], [[2], [1]]);
      assert.equal(text.row_outcomes, undefined, "the agent reads only what needs its attention");
    },
    setPrices,
    { server },
  );
});

Deno.test("ten thousand rows are one call, and one more is refused with the bound", async () => {
  await withShop(async (call, { sql }) => {
    const rows = Array.from({ length: 10_000 }, (_, index) => ({ id: index + 1, price: "7.25" }));
    const { structured, text, isError } = await call("shop_set_prices", { rows });
    assert.equal(isError, false, text.slice(0, 300));
    assert.equal(structured.affected, 10_000);
    assert.deepEqual(structured.outcomes, { updated: 10_000, unchanged: 0, missing: 0 });
    assert.equal((structured.row_outcomes as string[]).length, 10_000);
    const [{ count }] = await sql`select count(*)::int from shop.item where price = 7.25` as unknown as [
      { count: number },
    ];
    assert.equal(count, 10_000);
    const refused = await call("shop_set_prices", { rows: [...rows, { id: 1, price: "1" }] });
    assert.equal((refused.structured.error as { code: string }).code, "argument.invalid");
    assert.match(refused.text, /at most 10000 items/);
  });
});

Deno.test("rows of one key, rows of several keys and keys without a value are told alike", async () => {
  const files = {
    ...setPrices,
    ...file(
      "set_parts",
      "unnest",
      `update shop.part as part
set amount = change.amount
from unnest(:region::text[], :id::bigint[], :amount::integer[]) as change (region, id, amount)
where (part.region, part.id) = (change.region, change.id)
  and part.amount <> change.amount`,
    ),
  };
  await withShop(async (call) => {
    const twice = await call("shop_set_prices", { rows: [{ id: 5, price: "1" }, { id: 5, price: "1" }] });
    assert.deepEqual(twice.structured.row_outcomes, ["updated", "updated"]);
    // With other values one of them would be dropped without a word.
    const other = await call("shop_set_prices", {
      rows: [{ id: 4, price: "1" }, { id: 5, price: "2" }, { id: 5, price: "3" }],
    });
    const { code, message } = other.structured.error as { code: string; message: string };
    assert.equal(code, "argument.invalid");
    assert.match(message, /rows\[1\] and rows\[2\] have the same id and other values/);
    const parts = await call("shop_set_parts", {
      rows: [
        { region: "north", id: 2, amount: 0 },
        { region: "south", id: 2, amount: 0 },
        { region: "south", id: 1, amount: 1 },
        { region: "south", id: 3, amount: 0 },
      ],
    });
    assert.deepEqual(parts.structured, {
      affected: 2,
      outcomes: { updated: 2, unchanged: 1, missing: 1 },
      row_outcomes: ["updated", "missing", "unchanged", "updated"],
    });
  }, files);
});

Deno.test("keys that are written in other ways than the table's are told all the same", async () => {
  const files = {
    ...file(
      "set_names",
      "unnest",
      `update shop.odd as odd
set name = change.name
from unnest(:key::numeric[], :name::text[]) as change (key, name)
where odd.key = change.key
  and odd.name <> change.name`,
    ),
    ...file(
      "set_words",
      "unnest",
      `update shop.padded as padded
set name = change.name
from unnest(:key::text[], :name::text[]) as change (key, name)
where padded.key = change.key
  and padded.name <> change.name`,
    ),
  };
  await withDatabase(async (database) => {
    await database.sql.unsafe(`${schema}
      create table shop.odd (key numeric primary key, name text not null);
      insert into shop.odd values (1.50, 'a'), (2, 'b');
      create collation shop.blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      create table shop.padded (key text collate shop.blind primary key, name text not null);
      insert into shop.padded values ('Aa', 'a'), ('Bb', 'b');
      grant all on shop.odd, shop.padded to sqlwright_server;
    `);
    await withTools(database, files, async (call) => {
      const odd = [{ key: "1.5", name: "x" }, { key: "2.000", name: "b" }, { key: "3", name: "c" }];
      assert.deepEqual((await call("shop_set_names", { rows: odd })).structured.row_outcomes, [
        "updated",
        "unchanged",
        "missing",
      ]);
      for (const name of ["x", "y"]) {
        const words = [{ key: "aA", name }, { key: "bb", name: "b" }, { key: "c", name: "c" }];
        const { structured, text } = await call("shop_set_words", { rows: words });
        assert.deepEqual(structured.row_outcomes, ["updated", "unchanged", "missing"], text);
        assert.equal(structured.affected, 1);
      }
    });
  }, { isEmpty: true });
});

Deno.test("an update that changes the key itself tells its rows", async () => {
  const files = file(
    "renumber",
    "unnest",
    `update shop.item as item
set id = change.next
from unnest(:id::bigint[], :next::bigint[]) as change (id, next)
where item.id = change.id
returning item.id`,
  );
  await withShop(async (call) => {
    const { structured } = await call("shop_renumber", {
      rows: [{ id: 1, next: 50_001 }, { id: 60_000, next: 60_001 }, { id: 2, next: 1 }],
    });
    assert.deepEqual(structured.row_outcomes, ["updated", "missing", "updated"]);
  }, files);
});

Deno.test("a row that a trigger keeps as it was is unchanged", async () => {
  await withShop(async (call, { sql }) => {
    await sql.unsafe(`
      create function shop.keep() returns trigger language plpgsql as $$ begin
        if old.id = 2 then return null; end if;
        return new;
      end $$;
      create trigger keep before update on shop.item for each row execute function shop.keep();
    `);
    const result = await call("shop_set_prices", { rows: [{ id: 1, price: "0" }, { id: 2, price: "0" }] });
    assert.deepEqual(result.structured.row_outcomes, ["updated", "unchanged"]);
  });
});

testOnEach("inserts, deletes and merges have outcomes of their own", async (server) => {
  const files = {
    ...file(
      "put_items",
      "unnest",
      `insert into shop.item as item (id, name, price)
select change.id, change.name, 1
from unnest(:id::bigint[], :name::text[]) as change (id, name)
on conflict (id) do update
set name = excluded.name
where item.name <> excluded.name`,
    ),
    ...file(
      "add_items",
      "unnest",
      `insert into shop.item (id, name, price)
select change.id, change.name, 1
from unnest(:id::bigint[], :name::text[]) as change (id, name)
on conflict (id) do nothing`,
    ),
    ...file(
      "drop_items",
      "unnest",
      `delete from shop.item as item
using unnest(:id::bigint[]) as change (id)
where item.id = change.id
  and item.price < 100`,
    ),
    ...file(
      "merge_items",
      "unnest",
      `merge into shop.item as item
using unnest(:id::bigint[], :name::text[]) as change (id, name)
on item.id = change.id
when matched and change.name = 'gone' then delete
when matched and item.name <> change.name then update set name = change.name
when not matched and change.name <> 'gone' then insert (id, name, price) values (change.id, change.name, 1)`,
    ),
  };
  await withShop(
    async (call) => {
      const outcomes = async (tool: string, rows: Record<string, unknown>[]) => {
        const { structured, text, isError } = await call(tool, { rows });
        assert.equal(isError, false, text);
        return structured.row_outcomes;
      };
      const named = (id: number, name: string) => ({ id, name });
      assert.deepEqual(
        await outcomes("shop_put_items", [named(1, "item 1"), named(2, "two"), named(20_001, "new")]),
        ["unchanged", "updated", "inserted"],
      );
      assert.deepEqual(
        await outcomes("shop_add_items", [named(1, "one"), named(20_002, "new")]),
        ["unchanged", "inserted"],
      );
      assert.deepEqual(
        await outcomes("shop_drop_items", [{ id: 3 }, { id: 30_000 }, { id: 200 }]),
        ["deleted", "missing", "unchanged"],
      );
      assert.deepEqual(
        await outcomes("shop_merge_items", [
          named(4, "gone"),
          named(5, "five"),
          named(6, "item 6"),
          named(20_003, "new"),
          named(20_004, "gone"),
        ]),
        ["deleted", "updated", "unchanged", "inserted", "missing"],
      );
    },
    files,
    { server },
  );
});

Deno.test("without a certain key there are no outcomes, and check says so", async () => {
  const files = file(
    "raise",
    "unnest",
    `update shop.item as item
set price = change.price
from unnest(:low::bigint[], :high::bigint[], :price::numeric[]) as change (low, high, price)
where item.id between change.low and change.high`,
  );
  await withShop(async (call, database) => {
    const { structured } = await call("shop_raise", { rows: [{ low: 1, high: 3, price: "1" }] });
    assert.deepEqual(structured, { affected: 3 });
    await withFiles(
      files,
      (directory) =>
        withTestApplication(
          { DATABASE_URL: database.serverUrl, SQLWRIGHT_SQL_DIR: directory },
          async (application) => {
            const [status] = application.live.status.files;
            assert.deepEqual(status!.diagnostics.map(({ code, severity }) => [code, severity]), [[
              "unnest-outcome-unknown",
              "warning",
            ]]);
            await Promise.resolve();
          },
        ),
    );
  }, files);
});

Deno.test("a login that may change rows and not look at their places has no outcomes, and changes them", async () => {
  const files = {
    ...setPrices,
    ...file(
      "merge_prices",
      "unnest",
      `merge into shop.item as item
using unnest(:id::bigint[], :price::numeric[]) as change (id, price)
on item.id = change.id
when matched then update set price = change.price`,
    ),
  };
  await withShop(async (call, { sql }) => {
    await sql.unsafe(`
      revoke all on shop.item from sqlwright_server;
      grant select (id, price), update (price) on shop.item to sqlwright_server;
    `);
    for (const price of ["3.00", "4.00"]) {
      const update = await call("shop_set_prices", { rows: [{ id: 1, price }] });
      assert.deepEqual(update.structured.row_outcomes, ["updated"], update.text);
      const merge = await call("shop_merge_prices", { rows: [{ id: 2, price }] });
      assert.equal(merge.isError, false, merge.text);
      assert.deepEqual(merge.structured, { affected: 1 });
      const [row] =
        await sql`select count(*)::int as changed from shop.item where price = ${price}::numeric and id < 3`;
      assert.equal(row!.changed, 2);
    }
  }, files);
});

Deno.test("why there are no outcomes is one line that says the grant", async () => {
  const merge = file(
    "merge_prices",
    "unnest",
    `merge into shop.item as item
using unnest(:id::bigint[], :price::numeric[]) as change (id, price)
on item.id = change.id
when matched then update set price = change.price`,
  );
  await withDatabase(async (database) => {
    await database.sql.unsafe(schema);
    await database.sql.unsafe(`
      revoke all on shop.item from sqlwright_server;
      grant select (id, price), update (price) on shop.item to sqlwright_server;
    `);
    const lines: string[] = [];
    const log = createLog({ level: "warn", write: (line) => lines.push(line) });
    await withFiles(merge, async (directory) => {
      const config = testConfig({ DATABASE_URL: database.serverUrl, SQLWRIGHT_SQL_DIR: directory });
      await withApplication(config, { log }, async ({ callTool }) => {
        await callTool("shop_merge_prices", { rows: [{ id: 2, price: "3.00" }] }, callContext());
      });
    });
    const [line] = lines.filter((each) => each.includes("call.outcomes_unknown"));
    const { error, hint } = JSON.parse(line!);
    assert.equal(error.sqlstate, "42501");
    assert.match(hint, /grant select on "shop"\."item" to/);
    assert.doesNotMatch(line!, /stack/);
  }, { isEmpty: true });
});

Deno.test("a dry run tells what would happen, deferred constraints too, and keeps nothing", async () => {
  const files = {
    ...setPrices,
    ...file("rename", "exec", "update shop.item as item set name = :name::text where item.id <= :id::bigint"),
    ...file("add", "exec", "insert into shop.child (item) values (:item::bigint)"),
  };
  await withDatabase(async (database) => {
    await database.sql.unsafe(`${schema}
      create table shop.child (item bigint references shop.item deferrable initially deferred);
      grant all on shop.child to sqlwright_server;
    `);
    await withTools(database, files, async (call) => {
      const unnest = await call("shop_set_prices", { rows: [{ id: 1, price: "77" }], dry_run: true });
      assert.deepEqual(unnest.structured, {
        affected: 1,
        dry_run: true,
        outcomes: { updated: 1, unchanged: 0, missing: 0 },
        row_outcomes: ["updated"],
        rows: [{ id: 1, price: "77.00" }],
      });
      const exec = await call("shop_rename", { name: "x", id: 10, dry_run: true });
      assert.deepEqual(exec.structured, { affected: 10, dry_run: true });
      assert.deepEqual((await call("shop_rename", { name: "x", id: 10, dry_run: false })).structured, {
        affected: 10,
      });
      const orphan = await call("shop_add", { item: 123_456, dry_run: true });
      assert.equal((orphan.structured.error as { details: { sqlstate: string } }).details.sqlstate, "23503");
      assert.equal(await priceOf(database, 1), "1.00");
    });
  }, { isEmpty: true });
});

Deno.test("a write that changes more rows than allowed is undone, whoever set the bound", async () => {
  const files = {
    ...file("rename", "exec", "update shop.item as item set name = :name::text where item.id <= :id::bigint"),
    ...file("clear", "exec", "update shop.item as item set name = '' where item.id <= :id::bigint", [
      "@max-affected 5",
    ]),
  };
  await withShop(
    async (call, { sql }) => {
      const refusal = async (tool: string, args: Record<string, unknown>) => {
        const { structured, isError } = await call(tool, args);
        assert.equal(isError, true);
        const { code, details, hint } = structured.error as {
          code: string;
          details: Record<string, unknown>;
          hint: string;
        };
        return { code, details, hint };
      };
      const own = await refusal("shop_rename", { name: "x", id: 10, max_affected: 9 });
      assert.deepEqual([own.code, own.details], ["write.too_many_affected", {
        affected: 10,
        max_affected: 9,
        ceiling: 50,
      }]);
      assert.match(own.hint, /raise max_affected/);
      const files = await refusal("shop_clear", { id: 6 });
      assert.deepEqual(files.details, { affected: 6, max_affected: 5, ceiling: 5 });
      assert.match(files.hint, /@max-affected/);
      assert.equal((await refusal("shop_rename", { name: "x", id: 51 })).code, "write.too_many_affected");
      assert.equal((await refusal("shop_clear", { id: 1, max_affected: 6 })).code, "argument.invalid");
      const [row] = await sql`select count(*)::int as changed from shop.item where name in ('x', '')`;
      assert.equal(row!.changed, 0);
      assert.equal((await call("shop_rename", { name: "x", id: 10, max_affected: 10 })).isError, false);
    },
    files,
    { variables: { SQLWRIGHT_MAX_AFFECTED: "50" } },
  );
});

Deno.test("updates of the same rows in opposite orders wait for one another and never deadlock", async () => {
  await withShop(async (call, { sql }) => {
    // A small timeout would find a deadlock at once.
    await sql.unsafe(
      "alter database " + (await sql`select current_database() as name`)[0]!.name +
        " set deadlock_timeout = '10ms'",
    );
    const rows = Array.from({ length: 5000 }, (_, index) => ({ id: index + 1, price: "0" }));
    const up = (price: string) => rows.map(({ id }) => ({ id, price }));
    for (let round = 0; round < 50; round++) {
      // The first to come has the table alone; the others wait for it, and then meet each other.
      const results = await Promise.all([
        call("shop_set_prices", { rows: up(`${round}.10`) }),
        call("shop_set_prices", { rows: up(`${round}.20`).toReversed() }),
        call("shop_set_prices", { rows: up(`${round}.30`) }),
      ]);
      for (const result of results) {
        assert.equal(result.isError, false, result.text.slice(0, 300));
        assert.deepEqual(result.structured.outcomes, { updated: 5000, unchanged: 0, missing: 0 });
      }
    }
    const [found] = await sql`select deadlocks::int from pg_stat_database where datname = current_database()`;
    assert.equal(found!.deadlocks, 0);
  });
});

Deno.test("a serialization failure is tried again, and the log counts it; a lost connection is not", async () => {
  const files = {
    ...file("rename", "exec", "update shop.item as item set name = :name::text where item.id = :id::bigint"),
    ...setPrices,
  };
  await withDatabase(async (database) => {
    const { sql } = database;
    await sql.unsafe(`${schema}
      alter role sqlwright_server in database ${database.name} set default_transaction_isolation = 'serializable'`);
    const lines: Record<string, unknown>[] = [];
    const log = createLog({ level: "debug", write: (line) => lines.push(JSON.parse(line)) });
    const retries = () =>
      lines.filter(({ event, msg, message }) => [event, msg, message].includes("call.retried"));
    await withFiles(files, (directory) =>
      withTestApplication(
        { DATABASE_URL: database.serverUrl, SQLWRIGHT_SQL_DIR: directory },
        async (application) => {
          for (
            const [tool, args] of [
              ["shop_rename", { id: 1, name: "mine" }],
              ["shop_set_prices", { rows: [{ id: 1, price: "5.55" }] }],
            ] as const
          ) {
            lines.length = 0;
            const blocker = await sql.reserve();
            await blocker.unsafe("begin; update shop.item set name = name || '!' where id = 1");
            const pending = application.callTool(tool, args, callContext());
            await until("the call waits for the row", async () => {
              const [row] = await sql`
                select count(*)::int as waiting from pg_stat_activity
                where datname = current_database() and wait_event_type = 'Lock'`;
              return row!.waiting === 1;
            });
            await blocker.unsafe("commit");
            blocker.release();
            const result = await pending;
            assert.equal(result.isError, false, result.text);
            assert.deepEqual(retries().map(({ attempt, sqlstate }) => [attempt, sqlstate]), [[1, "40001"]]);
          }
          lines.length = 0;
          const blocker = await sql.reserve();
          await blocker.unsafe("begin; update shop.item set name = name || '!' where id = 1");
          const pending = application.callTool("shop_rename", { id: 1, name: "lost" }, callContext());
          await until("the call's session is ended", async () =>
            (await sql`
              select pg_terminate_backend(pid) as ended from pg_stat_activity
              where datname = current_database() and wait_event_type = 'Lock'`).length === 1);
          const result = await pending;
          assert.equal((result.structured.error as { code: string }).code, "database.lost");
          assert.equal(retries().length, 0);
          await blocker.unsafe("rollback");
          blocker.release();
        },
        log,
      ));
  }, { isEmpty: true });
});

Deno.test("a call that keeps failing to serialize gives up after four attempts", async () => {
  const files = file("fail", "exec", "update shop.item as item set name = shop.fail() where item.id = 1");
  await withDatabase(async (database) => {
    await database.sql.unsafe(`${schema}
      create sequence shop.attempts;
      grant all on shop.attempts to sqlwright_server;
      create function shop.fail() returns text language plpgsql volatile as $$ begin
        perform nextval('shop.attempts');
        raise exception 'again' using errcode = '40001';
      end $$;`);
    await withTools(database, files, async (call) => {
      const { structured } = await call("shop_fail");
      assert.equal(
        (structured.error as { details: { sqlstate: string } }).details.sqlstate,
        "40001",
      );
      const [row] = await database.sql`select last_value::int as attempts from shop.attempts`;
      assert.equal(row!.attempts, 4);
    });
  }, { isEmpty: true });
});
