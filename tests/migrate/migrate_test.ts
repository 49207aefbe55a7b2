/** Migrations and views on a real server: SQLWRIGHT_TEST_DATABASE_URL, whose user may create databases and roles. */

import assert from "node:assert/strict";
import { deployViews, migrate, ownDirectory, refusal, statesOf, until, withCase } from "./deploying.ts";

Deno.test("migrate applies files in order and a second run applies nothing", () =>
  withCase({
    "0001_create_house.sql": "create schema house; create table house.door (id integer);",
    "0002_paint_door.sql": "alter table house.door add column colour text;",
  }, async ({ url, directory, sql }) => {
    const events: string[] = [];
    const log = logInto(events);
    assert.deepEqual(await migrate(url, { directory, log }), {
      applied: ["0001_create_house.sql", "0002_paint_door.sql"],
      current: 2,
    });
    assert.deepEqual(events, ["migration.applied", "migration.applied"]);
    assert.deepEqual(await migrate(url, { directory }), { applied: [], current: 2 });
    await sql`insert into house.door (id, colour) values (1, 'red')`;
    const rows =
      await sql`select version, name, length(sha256) as length, duration_ms >= 0 as is_timed from sqlwright.migration`;
    assert.deepEqual(rows.map((row) => ({ ...row })), [
      { version: 1, name: "0001_create_house.sql", length: 64, is_timed: true },
      { version: 2, name: "0002_paint_door.sql", length: 64, is_timed: true },
    ]);
  }));

Deno.test("migrate takes a client as well as a connection string", () =>
  withCase({ "0001_create_house.sql": "create schema house" }, async ({ directory, sql }) => {
    assert.equal((await migrate(sql, { directory })).current, 1);
    assert.equal((await sql`show lock_timeout`)[0]?.lock_timeout, "0");
  }));

Deno.test("migrationStatus tells applied, pending, changed and missing and changes nothing", () =>
  withCase({
    "0001_create_house.sql": "create schema house",
    "0002_create_door.sql": "create table house.door (id integer)",
    "0003_create_wall.sql": "create table house.wall (id integer)",
  }, async ({ url, directory, write, remove, sql }) => {
    assert.deepEqual((await statesOf(url, directory)).map(({ state }) => state), [
      "pending",
      "pending",
      "pending",
    ]);
    assert.equal((await sql`select to_regnamespace('sqlwright') is null as is_absent`)[0]?.is_absent, true);
    await migrate(url, { directory });
    await write("0002_create_door.sql", "create table house.door (id bigint)");
    await remove("0003_create_wall.sql");
    await write("0004_create_roof.sql", "create table house.roof (id integer)");
    assert.deepEqual(await statesOf(url, directory), [
      { version: 1, name: "0001_create_house.sql", state: "applied" },
      { version: 2, name: "0002_create_door.sql", state: "changed" },
      { version: 3, name: "0003_create_wall.sql", state: "missing" },
      { version: 4, name: "0004_create_roof.sql", state: "pending" },
    ]);
    const changed = await refusal(migrate(url, { directory }), "migration.changed");
    assert.deepEqual(changed.details, { namespace: "house", files: ["0002_create_door.sql"] });
    await write("0002_create_door.sql", "create table house.door (id integer)");
    const missing = await refusal(migrate(url, { directory }), "migration.missing");
    assert.deepEqual(missing.details, { namespace: "house", files: ["0003_create_wall.sql"] });
    assert.equal((await sql`select to_regclass('house.roof') is null as is_absent`)[0]?.is_absent, true);
  }));

Deno.test("migrate reads a file with CRLF line ends or a byte order mark as the same file", () =>
  withCase(
    { "0001_create_house.sql": "create schema house;\nselect 1;\n" },
    async ({ url, directory, write }) => {
      await migrate(url, { directory });
      await write("0001_create_house.sql", "\uFEFFcreate schema house;\r\nselect 1;\r\n");
      assert.deepEqual((await migrate(url, { directory })).applied, []);
    },
  ));

Deno.test("migrate points at the wrong character and undoes the whole file", () =>
  withCase({
    "0001_create_house.sql": "create schema house;",
    "0002_create_door.sql":
      "-- Türen und 🚪\ncreate table house.door (id integer);\n\n  select 'ä🚪', wrong\n  from house.door;\n",
  }, async ({ url, directory, sql }) => {
    const error = await refusal(migrate(url, { directory }), "migration.failed");
    const { file, line, column, sqlstate } = error.details;
    assert.deepEqual({ file, line, column, sqlstate }, {
      file: "migrations/0002_create_door.sql",
      line: 4,
      column: 16,
      sqlstate: "42703",
    });
    assert.match(error.message, /0002_create_door\.sql" at 4:16: column "wrong" does not exist/);
    assert.equal((await sql`select to_regclass('house.door') is null as is_absent`)[0]?.is_absent, true);
    assert.deepEqual((await statesOf(url, directory)).map(({ state }) => state), [
      "applied",
      "pending",
    ]);
  }));

Deno.test("migrate points at a syntax error before anything of the file runs", () =>
  withCase(
    { "0001_create_house.sql": "create schema house;\ncreate tabel house.door ();" },
    async (given) => {
      const error = await refusal(migrate(given.url, { directory: given.directory }), "migration.failed");
      const { line, column, sqlstate } = error.details;
      assert.deepEqual({ line, column, sqlstate }, { line: 2, column: 8, sqlstate: "42601" });
    },
  ));

Deno.test("migrate points at the statement where Postgres gives no position", () =>
  withCase({ "0001_create_house.sql": "create schema house;\n\n  create schema house;" }, async (given) => {
    const error = await refusal(migrate(given.url, { directory: given.directory }), "migration.failed");
    const { line, column, sqlstate } = error.details;
    assert.deepEqual({ line, column, sqlstate }, { line: 3, column: 3, sqlstate: "42P06" });
  }));

Deno.test("migrate refuses to end its own transaction and to wait for data", () =>
  withCase(
    { "0001_create_house.sql": "create schema house;\ncommit;" },
    async ({ url, directory, write, sql }) => {
      const committed = await refusal(migrate(url, { directory }), "migration.failed");
      assert.deepEqual([committed.details.line, committed.details.column], [2, 1]);
      await write(
        "0001_create_house.sql",
        "create schema house;\ncreate table house.door (id int);\n copy house.door from stdin;",
      );
      const copied = await refusal(migrate(url, { directory }), "migration.failed");
      assert.deepEqual([copied.details.line, copied.details.column], [3, 2]);
      assert.equal((await sql`select to_regnamespace('house') is null as is_absent`)[0]?.is_absent, true);
    },
  ));

Deno.test("migrate refuses names that are no migration, numbers that repeat, and numbers that come late", () =>
  withCase({ "0002_create_house.sql": "create schema house" }, async ({ url, directory, write, remove }) => {
    await migrate(url, { directory });
    await write("create_door.sql", "select 1");
    assert.equal(
      (await refusal(migrate(url, { directory }), "migration.failed")).details.file,
      "create_door.sql",
    );
    await remove("create_door.sql");
    await write("0002_create_other.sql", "select 1");
    const repeated = await refusal(migrate(url, { directory }), "migration.failed");
    assert.deepEqual(repeated.details, { file: "0002_create_other.sql", other: "0002_create_house.sql" });
    await remove("0002_create_other.sql");
    await write("0001_create_door.sql", "select 1");
    const late = await refusal(migrate(url, { directory }), "migration.failed");
    assert.deepEqual(late.details, { namespace: "house", files: ["0001_create_door.sql"], current: 2 });
    const file = await refusal(
      migrate(url, { directory: `${directory}/0001_create_door.sql` }),
      "migration.failed",
    );
    assert.match(file.message, /it is not a folder/);
  }));

Deno.test("migrate builds an index concurrently in a file without a transaction", () =>
  withCase({
    "0001_create_house.sql": "create schema house; create table house.door (id integer);",
    "0002_index_door.sql": "create index concurrently index_door on house.door (id);",
  }, async ({ url, directory, write, sql }) => {
    const error = await refusal(migrate(url, { directory }), "migration.failed");
    assert.equal(error.details.sqlstate, "25001");
    assert.match(error.hint ?? "", /-- transaction: none/);
    await write(
      "0002_index_door.sql",
      "-- transaction: none\nset lock_timeout = '7s';\ncreate index concurrently index_door on house.door (id);",
    );
    await write(
      "0003_show_timeout.sql",
      "create table house.seen as select current_setting('lock_timeout') as value;",
    );
    await migrate(url, { directory, lockTimeout_ms: 9000 });
    assert.equal(
      (await sql`select indisvalid from pg_index where indexrelid = 'house.index_door'::regclass`)[0]
        ?.indisvalid,
      true,
    );
    assert.equal((await sql`select value from house.seen`)[0]?.value, "9s");
  }));

Deno.test("migrate leaves nothing half done when its session is killed", () =>
  withCase(
    { "0001_create_house.sql": "create schema house;\nselect pg_sleep(30);" },
    async ({ url, directory, write, sql }) => {
      const running = refusal(migrate(url, { directory }), "database.lost");
      await until(async () =>
        (await sql`
        select pg_terminate_backend(pid)
        from pg_stat_activity
        where datname = current_database() and query like '%pg_sleep(30)%' and pid <> pg_backend_pid()`)
          .length > 0
      );
      await running;
      assert.equal((await sql`select to_regnamespace('house') is null as is_absent`)[0]?.is_absent, true);
      await write("0001_create_house.sql", "create schema house;");
      assert.equal((await migrate(url, { directory })).current, 1);
    },
  ));

Deno.test("migrate stops when its signal aborts and undoes the file", () =>
  withCase(
    { "0001_create_house.sql": "create schema house;\nselect pg_sleep(30);" },
    async ({ url, directory, sql }) => {
      const controller = new AbortController();
      const running = assert.rejects(migrate(url, { directory, signal: controller.signal }), {
        name: "AbortError",
      });
      const sleeping = () =>
        sql`
      select from pg_stat_activity where datname = current_database() and query like '%pg_sleep(30)%' and state = 'active'
        and pid <> pg_backend_pid()`;
      await until(async () => (await sleeping()).length > 0);
      controller.abort();
      await running;
      await until(async () => (await sleeping()).length === 0);
      assert.equal((await sql`select to_regnamespace('house') is null as is_absent`)[0]?.is_absent, true);
    },
  ));

Deno.test("two runs at once apply each file once", () =>
  withCase({
    "0001_create_house.sql": "create schema house; select pg_sleep(0.1);",
    "0002_create_door.sql": "create table house.door (id integer);",
  }, async ({ url, directory }) => {
    const runs = await Promise.all([1, 2, 3].map(() => migrate(url, { directory })));
    assert.deepEqual(runs.map(({ applied }) => applied.length).sort(), [0, 0, 2]);
  }));

Deno.test("migrate waits for another run only so long and names its session", () =>
  withCase(
    { "0001_create_house.sql": "create schema house;\nselect pg_sleep(30);" },
    async ({ url, directory, sql }) => {
      const first = refusal(migrate(url, { directory }), "database.lost");
      const sleeping = () =>
        sql`
      select pid from pg_stat_activity where datname = current_database() and query like '%pg_sleep(30)%'
        and state = 'active' and pid <> pg_backend_pid()`;
      await until(async () => (await sleeping()).length > 0);
      const pid = (await sleeping())[0]?.pid;
      const second = await refusal(migrate(url, { directory, turn_timeout_ms: 100 }), "migration.busy");
      assert.deepEqual(second.details, { pid, turn_timeout_ms: 100 });
      await sql`select pg_terminate_backend(${pid})`;
      await first;
    },
  ));

Deno.test("migrate says so when nothing listens", async () => {
  const directory = await Deno.makeTempDir();
  const error = await refusal(
    migrate("postgres://nobody@127.0.0.1:9/none", { directory }),
    "database.unreachable",
  );
  assert.match(error.message, /127\.0\.0\.1:9\/none/);
  await Deno.remove(directory);
});

Deno.test("deployViews follows references, leaves what is deployed alone, and takes over column texts", () =>
  withCase({
    "0001_create_house.sql":
      "create schema house; create table house.door (id integer, colour text); comment on column house.door.colour is 'It''s paint.';",
  }, async ({ url, directory, sql }) => {
    await migrate(url, { directory });
    const base = {
      path: "house/red.sql",
      text:
        "-- name: red :view\n\ncreate or replace view house.red as\nselect door.id, door.colour from house.door as door;\n",
    };
    const top = {
      path: "house/all_red.sql",
      text: "create or replace view house.all_red as select red.id, red.colour from house.red as red",
      comment: "Red doors",
    };
    assert.deepEqual(await deployViews(url, [top, base]), {
      changed: ["house/red.sql", "house/all_red.sql"],
    });
    assert.deepEqual(await deployViews(url, [top, base]), { changed: [] });
    const described = { ...base, columns: [{ name: "id", text: "Number of the door" }] };
    assert.deepEqual(await deployViews(url, [top, described]), { changed: ["house/red.sql"] });
    const comments = await sql`
      select col_description('house.red'::regclass, 1) as id, col_description('house.all_red'::regclass, 2) as colour,
        obj_description('house.all_red'::regclass) as view`;
    assert.deepEqual({ ...comments[0] }, {
      id: "Number of the door",
      colour: "It's paint.",
      view: "Red doors",
    });
    await sql`drop view house.all_red`;
    assert.deepEqual(await deployViews(url, [top, described]), { changed: ["house/all_red.sql"] });
  }));

Deno.test("deployViews says to drop a view whose columns changed, and deploys nothing", () =>
  withCase({
    "0001_create_house.sql": "create schema house; create table house.door (id integer, colour text);",
  }, async ({ url, directory, sql }) => {
    await migrate(url, { directory });
    const view = (select: string) => ({
      path: "house/red.sql",
      text: `create or replace view house.red as select ${select} from house.door as door`,
    });
    await deployViews(url, [view("door.id")]);
    const other = { path: "house/blue.sql", text: "create or replace view house.blue as select 1 as id" };
    const error = await refusal(deployViews(url, [other, view("door.colour")]), "migration.failed");
    assert.equal(error.details.sqlstate, "42P16");
    assert.match(error.hint ?? "", /drop "house"\."red" in a migration/);
    assert.equal((await sql`select to_regclass('house.blue') is null as is_absent`)[0]?.is_absent, true);
  }));

Deno.test("deployViews points at what no other view can mend", () =>
  withCase({ "0001_create_house.sql": "create schema house;" }, async ({ url, directory }) => {
    await migrate(url, { directory });
    const view = {
      path: "house/red.sql",
      text:
        "-- name: red :view\n\ncreate or replace view house.red as\nselect door.id\nfrom house.dor as door;",
    };
    const error = await refusal(deployViews(url, [view]), "migration.failed");
    const { file, line, column, sqlstate } = error.details;
    assert.deepEqual({ file, line, column, sqlstate }, {
      file: "house/red.sql",
      line: 5,
      column: 6,
      sqlstate: "42P01",
    });
  }));

Deno.test("each of sqlwright's own migrations can run twice where it stands", () =>
  withCase({}, async ({ url, sql, directory }) => {
    const names = (await Array.fromAsync(Deno.readDir(ownDirectory))).map(({ name }) => name)
      .filter((name) => /^\d{4}_/.test(name)).sort();
    assert.ok(names.length > 1);
    assert.deepEqual((await migrate(url, { directory, usesOwn: true })).applied, names);
    await sql`delete from sqlwright.migration`;
    assert.deepEqual((await migrate(url, { directory, usesOwn: true })).applied, names, "again");
    const texts = await sql`
      select relation.relname as without_comment
      from pg_class as relation
      where relation.relnamespace = 'sqlwright'::regnamespace and relation.relkind = 'r' and obj_description(relation.oid) is null`;
    assert.deepEqual([...texts], []);
  }));

function logInto(events: string[]) {
  const note = (event: string) => void events.push(event);
  const log = { debug: note, info: note, warn: note, error: note, with: () => log };
  return log;
}
