/** `migrate` in a project of one's own, over a database of one's own: what comes into it, and what does not. */

import assert from "node:assert/strict";
import { withFiles } from "../harness.ts";
import { makeDatabase, run, type TestDatabase } from "./command.ts";

const openOrders = `-- name: open_orders :view
-- title: Open orders
-- Orders that are not paid.
--
-- @order id

create or replace view shop.open_orders as
select orders.id, orders.total
from shop.orders as orders
where orders.paid_on is null
`;

const files = {
  "sqlwright.json": JSON.stringify({ sqlwright: "0.1.0", name: "shop" }),
  "sql/shop/_module.sql": "-- title: Shop\n-- Orders of the shop.\n",
  "sql/shop/open_orders.sql": openOrders,
  "sql/shop/orders.sql": `-- name: orders :many
-- title: Orders
-- All orders.

select orders.id, orders.total
from shop.orders as orders
order by orders.id
limit 100
`,
  "functions/total.sql": "create or replace function shop.total() returns numeric language sql stable\n" +
    "as 'select coalesce(sum(orders.total), 0) from shop.orders as orders';\n",
};

const orders =
  "create schema shop; create table shop.orders (id integer primary key, total numeric not null, paid_on date)";

/** A folder of the project and a database with its table, which no migration made. */
async function withShop(
  more: Record<string, string>,
  use: (options: { databaseUrl: string; project: string }, database: TestDatabase) => Promise<void>,
): Promise<void> {
  await using database = await makeDatabase();
  await database.query(orders);
  const { pathname } = new URL(database.url);
  const owner = pathname.slice(1);
  await database.query(`alter schema shop owner to ${owner}; alter table shop.orders owner to ${owner}`);
  await withFiles(
    { ...files, ...more },
    (project) => use({ databaseUrl: database.url, project }, database),
  );
}

async function relationsOf(database: TestDatabase): Promise<string[]> {
  const rows = await database.query(
    `select relation.oid::regclass::text as name
     from pg_class as relation
     join pg_namespace as namespace on namespace.oid = relation.relnamespace
     where namespace.nspname not like 'pg\\_%' and namespace.nspname <> 'information_schema'
       and relation.relkind in ('r', 'v')
     order by 1`,
  );
  return rows.map(({ name }) => String(name));
}

const bookkeeping = ["sqlwright.function", "sqlwright.migration", "sqlwright.view"];

Deno.test("the hint of a view that is not deployed deploys that view and nothing else", () =>
  withShop(
    { "migrations/0001_add_note.sql": "alter table shop.orders add column note text;" },
    async (options, database) => {
      const check = await run(["check"], options);
      assert.equal(check.code, 1);
      const hint = /`sqlwright (migrate --only [^`]+)`/.exec(check.stdout)?.[1];
      assert.equal(hint, "migrate --only shop/open_orders.sql", check.stdout);
      const { code, stdout, stderr } = await run(hint.split(" "), options);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^view +shop +shop\/open_orders\.sql\n\n✓ Deployed 1 file\n$/m);
      assert.deepEqual(await relationsOf(database), ["shop.open_orders", "shop.orders", ...bookkeeping]);
      assert.deepEqual(await database.query("select name from sqlwright.migration"), []);
      const roles = await database.query("select proname from pg_proc where proname = 'total'");
      assert.deepEqual(roles, [], "the function was not asked for");
      assert.equal((await run(["check"], options)).code, 0);
      assert.equal((await run(hint.split(" "), options)).stdout, "✓ Deployed already\n");
    },
  ));

Deno.test("--only takes paths of files and of functions, and refuses what has nothing to deploy", () =>
  withShop(
    { "sql/shop/broken.sql": "-- name: broken :view\n-- @nothing\nselect 1\n" },
    async (options, database) => {
      const both = await run(
        ["migrate", "--only", `${options.project}/sql/shop/open_orders.sql`, "total.sql"],
        options,
      );
      assert.equal(both.code, 0, both.stderr);
      assert.match(both.stdout, /^function +shop +total\.sql\nview +shop +shop\/open_orders\.sql$/m);
      for (
        const [path, code, message] of [
          ["shop/orders.sql", 2, /a :many file has nothing to deploy/],
          ["shop/nowhere.sql", 2, /there is no such file/],
          ["shop/broken.sql", 1, /unknown-tag/],
        ] as const
      ) {
        const { code: ended, stderr } = await run(["migrate", "--only", path], options);
        assert.equal(ended, code, stderr);
        assert.match(stderr, message);
      }
      assert.deepEqual(await relationsOf(database), ["shop.open_orders", "shop.orders", ...bookkeeping]);
    },
  ));

Deno.test("migrate --dry-run names everything that would run, and changes nothing", () =>
  withShop(
    { "migrations/0001_add_note.sql": "alter table shop.orders add column note text;" },
    async (options, database) => {
      const { code, stdout, stderr } = await run(["migrate", "--dry-run"], options);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^would run +namespace +file$/m);
      for (
        const row of [
          /^migration +shop +0001_add_note\.sql$/m,
          /^function +shop +total\.sql$/m,
          /^view +shop +shop\/open_orders\.sql$/m,
        ]
      ) assert.match(stdout, row);
      assert.doesNotMatch(stdout, /create_loads/, "no tool loads");
      assert.match(stdout, /✓ Nothing was changed: without --dry-run, \d+ files would run\n$/);
      assert.deepEqual(await relationsOf(database), ["shop.orders"]);
      const json = JSON.parse((await run(["migrate", "--dry-run", "--json"], options)).stdout);
      assert.equal(json.dry_run, true);
      const ofProject = json.applied.filter(({ namespace }: { namespace: string }) => namespace === "shop");
      assert.deepEqual(
        [ofProject.length, json.functions, json.views],
        [1, ["total.sql"], ["shop/open_orders.sql"]],
      );

      assert.equal((await run(["migrate"], options)).code, 0);
      const after = await run(["migrate", "--dry-run"], options);
      assert.equal(after.stdout, "✓ Up to date at version 1\n");
    },
  ));

Deno.test("two projects share a database, each with its own list, and status says whose the others are", () =>
  withShop(
    { "migrations/0001_add_note.sql": "alter table shop.orders add column note text;" },
    async (options, database) => {
      assert.equal((await run(["migrate"], options)).code, 0);
      const depot = {
        "sqlwright.json": JSON.stringify({ sqlwright: "0.1.0", name: "depot" }),
        "sql/depot/_module.sql": "-- title: Depot\n-- Goods.\n",
        "migrations/0001_create_depot.sql": "create schema depot; create table depot.good (id integer);",
      };
      // Its owner may make schemas, as that of a database of its own.
      await database.query(
        "grant create on database " + new URL(database.url).pathname.slice(1) + " to public",
      );
      await withFiles(depot, async (project) => {
        const other = { ...options, project };
        assert.equal((await run(["migrate"], other)).code, 0);
        const status = await run(["migrate", "status"], other);
        assert.equal(status.code, 0, status.stderr);
        assert.match(status.stdout, /^depot +1 {2}0001_create_depot\.sql +applied$/m);
        assert.match(status.stdout, /Also in this database: 1 migration of the project "shop"\n$/);
      });
      await withFiles(
        { ...depot, "sqlwright.json": JSON.stringify({ sqlwright: "0.1.0", name: "shop" }) },
        async (project) => {
          const { code, stderr } = await run(["migrate"], { ...options, project });
          assert.equal(code, 1);
          assert.match(
            stderr,
            /^error\[migration\.foreign\] .*another project that is called "shop" too, such as "0001_add_note\.sql"/,
          );
        },
      );
    },
  ));

Deno.test("query files by themselves bring their views and no migration", () =>
  withShop({}, async ({ databaseUrl, project }, database) => {
    const { code, stdout, stderr } = await run(["migrate"], { databaseUrl, sql: `${project}/sql` });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /✓ Deployed 1 file\n$/);
    assert.deepEqual(await relationsOf(database), ["shop.open_orders", "shop.orders", ...bookkeeping]);
    // The project takes the view over that was deployed before there was one.
    assert.match(
      (await run(["migrate", "--dry-run"], { databaseUrl, project })).stdout,
      /function +shop +total\.sql/,
    );
    assert.equal((await run(["migrate"], { databaseUrl, project })).code, 0);
    assert.deepEqual(await database.query("select namespace, path from sqlwright.view"), [
      { namespace: "shop", path: "shop/open_orders.sql" },
    ]);
  }));

Deno.test("migrate of contradicting words is refused", async () => {
  const { code, stderr } = await run(["migrate", "status", "--dry-run"]);
  assert.equal(code, 2);
  assert.match(stderr, /migrate status changes nothing/);
});
