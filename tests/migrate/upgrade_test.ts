/** A database that a version before namespaces migrated goes on as it is: nothing runs again, and nothing is lost. */

import assert from "node:assert/strict";
import { openPools } from "../../src/app.ts";
import { deployFiles, migrationLists } from "../../src/cli/deployment.ts";
import { ownMigrations, projectMigrations } from "../../src/cli/environment.ts";
import { findMigrationGap } from "../../src/migrate/gap.ts";
import { migrationStatus } from "../../src/migrate/migrate.ts";
import { loadQueries } from "../../src/query/loader.ts";
import {
  edgarConfig,
  edgarProject,
  testConfig,
  type TestDatabase,
  testOnEach,
  withDatabase,
} from "../harness.ts";
import { migrate, refusal } from "./deploying.ts";

const dump = await Deno.readTextFile(new URL("./fixtures/before_namespaces.sql", import.meta.url));
const queries = await loadQueries(edgarProject.sqlDirectory);

testOnEach(
  "a database of 0.1 takes namespaces, keeps what it has, and goes on with the project's list",
  (server) =>
    withDatabase(async (database) => {
      await restore(database);
      const { sql, ownerUrl } = database;
      const before = await contentOf(database);
      const times = await sql`select name, applied_at, duration_ms from sqlwright.migration order by version`;
      assert.equal(times.length, 24);

      const { migrations, functions, views } = await deployFiles(edgarConfig, ownerUrl, queries);
      assert.equal(functions.length, 9, "function files take over what migrations made");
      assert.deepEqual(migrations, [
        { namespace: "sqlwright", name: "0003_grant_views.sql" },
        { namespace: "edgar", name: "0025_grant_bookkeeping.sql" },
      ]);
      assert.deepEqual(views, []);
      assert.deepEqual(await contentOf(database), before);

      const rows = await sql`
      select namespace, version, name, applied_at, duration_ms
      from sqlwright.migration
      where name not in ('0003_grant_views.sql', '0025_grant_bookkeeping.sql')
      order by applied_at`;
      assert.deepEqual(
        rows.filter(({ namespace }) => namespace === "sqlwright").map(({ version, name }) => [version, name]),
        [[1, "0001_create_loads.sql"], [2, "0002_create_uploads.sql"]],
      );
      assert.equal(rows.filter(({ namespace }) => namespace === "edgar").length, 22);
      assert.deepEqual(
        rows.map(({ applied_at, duration_ms }) => [applied_at, duration_ms]),
        times.map(({ applied_at, duration_ms }) => [applied_at, duration_ms]),
        "what was applied keeps its time",
      );
      const [key] = await sql`
      select pg_get_constraintdef(oid) as definition from pg_constraint where conname = 'pk_migration'`;
      assert.equal(key!.definition, "PRIMARY KEY (namespace, version)");
      assert.deepEqual(
        (await sql`select distinct namespace from sqlwright.view`).map(({ namespace }) => namespace),
        ["edgar"],
      );

      const again = await deployFiles(edgarConfig, ownerUrl, queries);
      assert.deepEqual([again.migrations, again.functions, again.views], [[], [], []]);
      const status = await migrationStatus(ownerUrl, migrationLists(edgarProject, queries.queries));
      assert.deepEqual(status.migrations.filter(({ state }) => state !== "applied"), []);
      assert.deepEqual(status.others, []);
    }, { server, isEmpty: true }),
);

/** What has come since 0.1. */
const pending = ["0003_grant_views.sql", "0025_grant_bookkeeping.sql"];

testOnEach(
  "a look at a database of 0.1 changes nothing, and a server may start over it",
  (server) =>
    withDatabase(async (database) => {
      await restore(database);
      const { ownerUrl, sql } = database;
      const plan = await deployFiles(edgarConfig, ownerUrl, queries, { isDryRun: true });
      assert.deepEqual(plan.migrations.map(({ name }) => name), pending);
      const { migrations } = await migrationStatus(ownerUrl, migrationLists(edgarProject, queries.queries));
      assert.deepEqual(
        migrations.filter(({ state }) => state !== "applied").map(({ name }) => name),
        pending,
      );
      const columns = await sql`
      select attname from pg_attribute where attrelid = 'sqlwright.migration'::regclass and attname = 'namespace'`;
      assert.deepEqual([...columns], [], "nothing has changed");
      assert.deepEqual(await gapOf(ownerUrl), { pending, isMigrated: true, hidden: null });
      await deployFiles(edgarConfig, ownerUrl, queries);
      assert.deepEqual(await gapOf(ownerUrl), { pending: [], isMigrated: true, hidden: null });
    }, { server, isEmpty: true }),
);

Deno.test("another project leaves the rows of a database of 0.1 alone, and the right one takes them later", () =>
  withDatabase(async (database) => {
    await restore(database);
    const { ownerUrl, sql } = database;
    const directory = await Deno.makeTempDir({ prefix: "migrations_" });
    try {
      await Deno.writeTextFile(`${directory}/0001_create_shop.sql`, "create schema shop;");
      const { applied } = await migrate(ownerUrl, { directory, namespace: "shop" });
      assert.deepEqual(applied, ["0003_grant_views.sql", "0001_create_shop.sql"]);
      const counts = () =>
        sql`select namespace, count(*)::integer as count from sqlwright.migration group by namespace order by 1`;
      assert.deepEqual((await counts()).map(({ namespace, count }) => [namespace, count]), [
        ["", 22],
        ["shop", 1],
        ["sqlwright", 3],
      ]);
      await deployFiles(edgarConfig, ownerUrl, queries);
      assert.deepEqual((await counts()).map(({ namespace, count }) => [namespace, count]), [
        ["edgar", 23],
        ["shop", 1],
        ["sqlwright", 3],
      ]);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  }, { isEmpty: true }));

Deno.test("a file of 0.1 that changed since is refused before anything is written", () =>
  withDatabase(async (database) => {
    await restore(database);
    const { ownerUrl, sql } = database;
    await sql`update sqlwright.migration set sha256 = 'other' where name = '0011_detail_filings.sql'`;
    const error = await refusal(deployFiles(edgarConfig, ownerUrl, queries), "migration.changed");
    assert.deepEqual(error.details, { namespace: "edgar", files: ["0011_detail_filings.sql"] });
    const columns = await sql`
      select attname from pg_attribute where attrelid = 'sqlwright.migration'::regclass and attname = 'namespace'`;
    assert.deepEqual([...columns], []);
  }, { isEmpty: true }));

/** As the owner, whom the tables belonged to. */
async function restore({ sql }: TestDatabase): Promise<void> {
  await sql.reserve().then(async (session) => {
    await session.unsafe(`set role sqlwright_owner; ${dump}`);
    await session.unsafe("reset all; reset role");
    session.release();
  });
}

/** Every row of every table but the bookkeeping of migrations and views. */
async function contentOf({ sql }: TestDatabase): Promise<Record<string, unknown>> {
  const tables = await sql`
    select oid::regclass::text as name
    from pg_class
    where relnamespace in ('edgar'::regnamespace, 'sqlwright'::regnamespace)
      and relkind in ('r', 'p')
      and not relispartition
      and oid::regclass::text not in ('sqlwright.migration', 'sqlwright.view', 'sqlwright.function')
    order by 1`;
  const content: Record<string, unknown> = {};
  for (const { name } of tables) {
    const [row] = await sql.unsafe(
      `select count(*)::integer as rows, md5(coalesce(string_agg(each::text, e'\\n' order by each::text), '')) as hash
       from ${name} as each`,
    );
    content[name] = { ...row };
  }
  const filled = Object.values(content).filter((each) => (each as { rows: number }).rows > 0);
  assert.ok(filled.length > 10, "the dump holds data");
  return content;
}

async function gapOf(url: string) {
  const pools = openPools(testConfig({ DATABASE_URL: url }));
  try {
    return await pools.reader.withConnection(
      undefined,
      (connection) => findMigrationGap(connection, [ownMigrations, projectMigrations(edgarProject)!]),
    );
  } finally {
    await Promise.all([pools.reader.close(), pools.writer.close(), pools.uploads.close()]);
  }
}
