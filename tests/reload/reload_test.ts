/** Hot reload in the process: saves, broken saves, bursts, checkouts, deletions, while calls run. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { withApplication } from "../../src/app.ts";
import { createLog } from "../../src/log.ts";
import { callContext, project, testConfig, until, withDatabase, withFiles } from "../harness.ts";
import { testWith } from "../services.ts";
import { answering, broken, callWithoutPause, fileOf, withReloading } from "./reloading.ts";

Deno.test("a save is served, told once, and listed", async () => {
  await withReloading(
    { "m/a.sql": answering("a", "one"), "m/b.sql": answering("b", "b") },
    async (reloading) => {
      const { application, save, call, swaps } = reloading;
      const before = application.live.status;
      const kept = application.catalog().tools.get("m_b");
      await save("m/a.sql", answering("a", "two", "Another title"));
      await until("the change is told", () => swaps() === 1);
      assert.equal(await call("m_a"), "two");
      assert.equal(application.catalog().tools.get("m_a")!.title, "Another title");
      assert.equal(application.catalog().tools.get("m_b"), kept, "an unchanged file was made anew");
      const { last_reload, fingerprint, serving_since } = application.live.status;
      assert.deepEqual([last_reload?.outcome, last_reload?.changed], ["swapped", ["m_a"]]);
      assert.notEqual(fingerprint, before.fingerprint);
      assert.ok(serving_since >= before.serving_since);
    },
  );
});

Deno.test("after a start from the lock the first save makes one tool anew, and leaves the others", async () => {
  const files = {
    "m/_module.sql": "-- Prose.\n-- @rows 7\n",
    "m/a.sql": answering("a", "one"),
    "m/b.sql": answering("b", "b").replace(":value", ":many").replace(";", "\nlimit 1;"),
  };
  await withDatabase((database) =>
    withFiles(files, async (directory) => {
      const { success, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--allow-all", "main.ts", "check", "--lock", "--sql", directory],
        cwd: project,
        env: { DATABASE_URL: database.serverUrl },
      }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
      const config = testConfig({ DATABASE_URL: database.serverUrl, SQLWRIGHT_SQL_DIR: directory });
      const log = createLog({ level: "error" });
      await withApplication(config, { log, startsFromLock: true, isWatching: true }, async (application) => {
        const before = application.live.status;
        const kept = application.catalog().tools.get("m_b");
        await Deno.writeTextFile(join(directory, "m/a.sql"), answering("a", "two"));
        await until("the save is served", async () =>
          (await application.callTool("m_a", {}, callContext())).structured.value === "two");
        assert.equal(application.catalog().tools.get("m_b"), kept);
        const { last_reload, files } = application.live.status;
        assert.deepEqual(last_reload!.changed, ["m_a"]);
        assert.deepEqual(files, before.files);
      });
    }), { isEmpty: true });
});

Deno.test("a broken save keeps the last good tool, says where it broke, and lets other changes in", async () => {
  const files = { "m/a.sql": answering("a", "one"), "m/b.sql": answering("b", "one") };
  await withReloading(files, async ({ application, save, call, lines, drawn }) => {
    await save("m/a.sql", broken("a"));
    await save("m/b.sql", answering("b", "two"));
    await save("m/c.sql", answering("c", "new"));
    await until("the good change is served", async () => await call("m_b") === "two");
    await until("the status tells", () => fileOf(application.live.status, "m/a.sql")!.state === "broken");
    assert.deepEqual([await call("m_a"), await call("m_c")], ["one", "new"]);
    const file = fileOf(application.live.status, "m/a.sql")!;
    assert.equal(file.serves, "last good");
    assert.deepEqual(file.diagnostics.map(({ code, line, column }) => [code, line, column]), [
      ["syntax-error", 5, 1],
    ]);
    const told = lines.filter(({ event }) => event === "query_file.broken");
    assert.deepEqual(told.map(({ path, line, serves }) => [path, line, serves]), [[
      "m/a.sql",
      5,
      "last good",
    ]]);
    assert.deepEqual(drawn.map(({ path }) => path), ["m/a.sql"]);

    await save("m/a.sql", answering("a", "mended"));
    await until("the mended file is served", async () => await call("m_a") === "mended");
    assert.deepEqual(fileOf(application.live.status, "m/a.sql")!.diagnostics, []);
    assert.ok(lines.some(({ event, path }) => event === "query_file.mended" && path === "m/a.sql"));
  });
});

Deno.test("a save that the database refuses keeps the last good tool, and is served once the table is there", async () => {
  await withReloading({ "m/a.sql": answering("a", "one") }, async (reloading, database) => {
    const { application, save, call } = reloading;
    await save("m/a.sql", answering("a", "two").replace(";", "\nfrom public.later as later\nlimit 1;"));
    await until("it is told", () => fileOf(application.live.status, "m/a.sql")!.state === "broken");
    const [found] = fileOf(application.live.status, "m/a.sql")!.diagnostics;
    assert.deepEqual([found!.code, found!.line, found!.column], ["postgres-42P01", 6, 6]);
    assert.equal(application.live.status.last_reload!.outcome, "kept");
    assert.equal(await call("m_a"), "one");
    await database.sql`create table public.later as select 1 as id`;
    await database.sql`grant select on public.later to public`;
    await until("it is served without another save", async () => await call("m_a") === "two", 10_000);
    assert.equal(fileOf(application.live.status, "m/a.sql")!.state, "ok");
  });
});

Deno.test("a broken _module.sql keeps its whole module as it was, with its defaults", async () => {
  const files = {
    "m/_module.sql": "-- title: Module\n-- Prose.\n-- @rows 7\n",
    "m/a.sql": answering("a", "one").replace(":value", ":many").replace(";", "\nlimit 1;"),
    "other/b.sql": answering("b", "one"),
  };
  await withReloading(files, async ({ application, save, call }) => {
    const tool = application.catalog().tools.get("m_a")!;
    assert.equal(tool.limits.rows, 7);
    await save("m/_module.sql", "-- title: Other\n-- Prose.\n-- @rows many\n");
    await save("m/a.sql", files["m/a.sql"].replace("one", "two"));
    await save("other/b.sql", answering("b", "two"));
    await until("the other module is served", async () => await call("other_b") === "two");
    await until("it is told", () => fileOf(application.live.status, "m/_module.sql")!.state === "broken");
    assert.equal(application.catalog().tools.get("m_a"), tool);
    assert.deepEqual(application.catalog().modules.map(({ title }) => title), ["Module", null]);
    assert.equal(fileOf(application.live.status, "m/a.sql")!.serves, "last good");

    await save("m/_module.sql", "-- title: Other\n-- Prose.\n-- @rows 5\n");
    await until(
      "the module is served",
      () => application.catalog().tools.get("m_a")!.limits.rows === 5,
    );
    assert.match(application.instructions(), /^# Other/);
  });
});

Deno.test("a burst of a hundred saves ends in the last content, and no call of sixteen callers fails", async () => {
  await withReloading({ "m/a.sql": answering("a", "0") }, async ({ save, call, swaps }) => {
    const { answers, stop } = callWithoutPause(call, ["m_a"], 16);
    for (let number = 1; number <= 100; number++) {
      await save("m/a.sql", number % 10 === 3 ? broken("a") : answering("a", String(number)));
      if (number % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 15));
    }
    await until("the last content is served", async () => await call("m_a") === "100");
    await stop();
    assert.ok(answers.length > 100);
    assert.ok(swaps() >= 1 && swaps() < 50, `${swaps()} swaps`);
    const numbers = answers.map(Number);
    assert.ok(numbers.every((number) => number >= 0 && number <= 100));
  });
});

testWith(
  "git",
  "a checkout of forty files swaps them while they are called, and drops none",
  async (program) => {
    const names = Array.from({ length: 40 }, (_, index) => `q${index}`);
    const files = (text: string) =>
      Object.fromEntries(names.map((name) => [`m/${name}.sql`, answering(name, text)]));
    await withReloading({ ...files("one"), "m/_module.sql": "-- Prose.\n" }, async (reloading) => {
      const { application, directory, save, call } = reloading;
      const git = async (...args: string[]) => {
        const identity = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"];
        const { success, stderr } = await new Deno.Command(program, {
          args: [...identity, ...args],
          cwd: directory,
        })
          .output();
        assert.ok(success, new TextDecoder().decode(stderr));
      };
      await git("init", "-q", "-b", "one");
      await git("add", ".");
      await git("commit", "-qm", "one");
      await git("checkout", "-qb", "two");
      for (const [path, text] of Object.entries(files("two"))) await save(path, text);
      await save("m/_module.sql", "-- Other prose.\n");
      await git("commit", "-qam", "two");
      await until("the second state is served", async () => await call("m_q39") === "two");

      const tools = names.map((name) => `m_${name}`);
      const { answers, stop } = callWithoutPause(call, tools, 8);
      for (const branch of ["one", "two", "one"]) {
        await git("checkout", "-q", branch);
        await until(`${branch} is served`, async () => {
          const served = await Promise.all(tools.map((tool) => call(tool)));
          return served.every((text) => text === branch);
        });
      }
      await stop();
      assert.ok(answers.every((text) => text === "one" || text === "two"));
      assert.match(application.instructions(), /Prose\.$/);
    });
  },
);

Deno.test("a file that is removed and written again a moment later is never gone", async () => {
  const files = { "m/a.sql": answering("a", "one"), "m/_module.sql": "-- Prose.\n-- @rows 7\n" };
  await withReloading(files, async ({ application, save, remove, call, swaps }) => {
    const { stop } = callWithoutPause(call, ["m_a"], 4);
    await remove("m/a.sql");
    await remove("m/_module.sql");
    await new Promise((resolve) => setTimeout(resolve, 70));
    await save("m/_module.sql", files["m/_module.sql"]);
    await save("m/a.sql", answering("a", "two"));
    await until("the new content is served", async () => await call("m_a") === "two");
    await stop();
    assert.equal(application.catalog().tools.get("m_a")!.limits.rows, 7);
    assert.equal(swaps(), 1);
  });
});

Deno.test("a deleted module and a renamed file take their tools along; a call in flight ends", async () => {
  const slow = `-- name: slow :value
-- Waits.
-- @allow forbidden read-tool-writes  the test needs a call that takes its time

select pg_sleep(1)::text as waited;
`;
  const files = { "gone/slow.sql": slow, "m/a.sql": answering("a", "one"), "m/b.sql": answering("b", "b") };
  await withReloading(files, async ({ application, directory, save, remove, call }) => {
    const inFlight = call("gone_slow");
    await remove("gone");
    await Deno.rename(join(directory, "m/a.sql"), join(directory, "m/c.sql"));
    await save("m/c.sql", answering("c", "one"));
    await until("the new name is served", () => application.catalog().tools.has("m_c"));
    await until("the old ones are gone", () => application.catalog().tools.size === 2);
    assert.deepEqual([...application.catalog().tools.keys()], ["m_b", "m_c"]);
    assert.deepEqual(application.catalog().modules.map(({ name }) => name), ["m"]);
    await assert.rejects(call("gone_slow"), { code: "tool.unknown" });
    assert.equal(await inFlight, "");
  });
});

Deno.test("a save that changes nothing, and a file that is none, do nothing", async () => {
  await withReloading({ "m/a.sql": answering("a", "one") }, async (reloading) => {
    const { application, save, swaps, lines } = reloading;
    const catalog = application.catalog();
    await save("m/a.sql", answering("a", "one"));
    await save("m/.a.sql.swp", "half");
    await until("it was looked at", () => lines.some(({ event }) => event === "catalog.reloaded"));
    assert.equal(application.catalog(), catalog);
    assert.equal(swaps(), 0);
    assert.equal(application.live.status.last_reload?.outcome, "unchanged");
    assert.ok(lines.every(({ level }) => level === "debug"), JSON.stringify(lines));
  });
});

Deno.test("a database that is down at the moment of a save is asked again when it is back", async () => {
  await withReloading({ "m/a.sql": answering("a", "one") }, async (reloading, { sql, name, server }) => {
    const { application, save, call, lines } = reloading;
    const { default: postgres } = await import("postgres");
    const admin = postgres(server.url, { max: 1, onnotice: () => {} });
    try {
      await admin.unsafe(`alter database ${name} allow_connections false`);
      await sql.end({ timeout: 1 });
      await admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`;
      await save("m/a.sql", answering("a", "two"));
      await until(
        "the failure is told",
        () => application.live.status.last_reload?.error !== undefined,
        10_000,
      );
      const { outcome, error } = application.live.status.last_reload!;
      assert.deepEqual([outcome, error?.code.split(".")[0]], ["kept", "database"]);
      assert.equal(lines.filter(({ event }) => event === "catalog.kept")[0]!.level, "warn");
      await admin.unsafe(`alter database ${name} allow_connections true`);
      await until(
        "the save is served",
        async () => await call("m_a").catch(() => null) === "two",
        10_000,
      );
      assert.equal(application.live.status.last_reload!.outcome, "swapped");
    } finally {
      await admin.end();
    }
  });
});

Deno.test("the folder itself may be taken away and come back", async () => {
  await withReloading({ "m/a.sql": answering("a", "one") }, async ({ application, directory, call }) => {
    await Deno.rename(directory, `${directory}.away`);
    await until("it is told", () => application.live.status.last_reload?.error?.code === "catalog.invalid");
    assert.equal(await call("m_a"), "one");
    await Deno.mkdir(join(directory, "m"), { recursive: true });
    await Deno.writeTextFile(join(directory, "m/a.sql"), answering("a", "two"));
    await until("the new folder is served", async () => await call("m_a") === "two");
    await Deno.writeTextFile(join(directory, "m/a.sql"), answering("a", "three"));
    await until("the new folder is watched", async () => await call("m_a") === "three");
    await Deno.remove(`${directory}.away`, { recursive: true });
  });
});

Deno.test("a hundred reloads leave no connection and no heap of prepared statements behind", async () => {
  const names = Array.from({ length: 10 }, (_, index) => `q${index}`);
  const text = (round: number) => (name: string) =>
    [`m/${name}.sql`, answering(name, String(round))] as const;
  await withReloading(
    Object.fromEntries(names.map(text(0))),
    async ({ application, save, call }, database) => {
      for (let round = 1; round <= 100; round++) {
        for (const [path, content] of names.map(text(round))) await save(path, content);
        assert.equal(await application.live.reload({ isSettled: true, isRetry: false }), null);
        const answers = await Promise.all(names.map((name) => call(`m_${name}`)));
        assert.deepEqual(answers, names.map(() => String(round)));
      }
      const { reader, writer } = application.pools;
      const held = async (pool: typeof reader) =>
        await pool.withConnection(undefined, async (connection) => {
          const [row] = await connection.rows("select count(*) as n from pg_catalog.pg_prepared_statements");
          return Number(row!.n);
        });
      // Replaced connections need a moment to leave the server; their successors connect when they are first used.
      await until("no connection is left over", async () => {
        const [row] = await database.sql`
          select count(*)::int as n from pg_stat_activity
          where datname = ${database.name} and application_name = 'sqlwright'`;
        return row!.n <= reader.usage.open + writer.usage.open;
      });
      for (const pool of [reader, writer]) {
        const open = pool.usage.open;
        const counts = await Promise.all(Array.from({ length: open }, () => held(pool)));
        assert.ok(counts.every((count) => count <= 510), counts.join(", "));
      }
    },
    { isWatching: false },
  );
});
