/** Any number of runs at once: one works, the others wait and say so. */

import assert from "node:assert/strict";
import { deployFiles } from "../../src/cli/deployment.ts";
import { loadQueries } from "../../src/query/loader.ts";
import { edgarConfig, edgarProject, testOnEach, withDatabase } from "../harness.ts";
import { migrate, until, withCase } from "./deploying.ts";

const queries = await loadQueries(edgarProject.sqlDirectory);

// EDGAR's migrations build indexes concurrently, which waits for every statement of the other runs.
testOnEach(
  "ten runs at once over an empty database all succeed, and each file runs once",
  (server) =>
    withDatabase(async ({ ownerUrl, sql }) => {
      const lines: string[] = [];
      const tell = (line: string) => void lines.push(line);
      const runs = await Promise.all(
        Array.from({ length: 10 }, () => deployFiles(edgarConfig, ownerUrl, queries, { tell })),
      );
      const working = runs.filter(({ migrations }) => migrations.length > 0);
      assert.equal(working.length, 1);
      const [counted] = await sql`select count(*)::integer as count from sqlwright.migration`;
      assert.equal(counted!.count, working[0]!.migrations.length);
      assert.equal(runs.filter(({ functions, views }) => functions.length + views.length > 0).length, 1);
      assert.ok(lines.length >= 9, "each of the others says that it waits");
      for (const line of lines) {
        assert.match(line, /^Waiting for another migrate to end( \((pid \d+|\d+ s|pid \d+, \d+ s)\))? …$/);
      }
      const [locks] =
        await sql`select count(*)::integer as count from pg_locks where locktype = 'advisory' and granted
      and database = (select oid from pg_database where datname = current_database())`;
      assert.equal(locks!.count, 0, "nobody keeps the turn");
    }, { server, isEmpty: true }),
);

Deno.test("a run that waits names the session it waits for, and goes on when that one is killed", () =>
  withCase({ "0001_create_house.sql": "create schema house;\nselect pg_sleep(30);" }, async (given) => {
    const { url, directory, write, sql } = given;
    const first = migrate(url, { directory }).then(() => null, (error: Error) => error);
    const sleeping = () =>
      sql`select pid from pg_stat_activity where datname = current_database() and query like '%pg_sleep(30)%'
        and state = 'active' and pid <> pg_backend_pid()`;
    await until(async () => (await sleeping()).length > 0);
    const pid = (await sleeping())[0]!.pid;
    await write("0001_create_house.sql", "create schema house;");
    const lines: string[] = [];
    const second = migrate(url, { directory, tell: (line) => void lines.push(line) });
    await until(() => Promise.resolve(lines.length > 0));
    assert.equal(lines[0], `Waiting for another migrate to end (pid ${pid}) …`);
    await sql`select pg_terminate_backend(${pid})`;
    assert.deepEqual((await second).applied, ["0001_create_house.sql"]);
    assert.match(String(await first), /was lost/);
  }));

Deno.test("a run that waits can be stopped, and one with nothing to do waits for nobody", () =>
  withCase({ "0001_create_house.sql": "create schema house;" }, async ({ url, directory, write, sql }) => {
    await migrate(url, { directory });
    await sql`select pg_advisory_lock(8318549247006435176)`;
    assert.deepEqual((await migrate(url, { directory })).applied, []);
    await write("0002_create_door.sql", "create table house.door (id integer);");
    const controller = new AbortController();
    const waiting = assert.rejects(migrate(url, { directory, signal: controller.signal }), {
      name: "AbortError",
    });
    await until(async () =>
      (await sql`select from pg_stat_activity where datname = current_database() and application_name = 'sqlwright migrate'
        and query like '%pg_try_advisory_lock%' or query like '%pg_locks%' and application_name = 'sqlwright migrate'`)
        .length > 0
    );
    controller.abort();
    await waiting;
    await sql`select pg_advisory_unlock(8318549247006435176)`;
    assert.deepEqual((await migrate(url, { directory })).applied, ["0002_create_door.sql"]);
  }));
