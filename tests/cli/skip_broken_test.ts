/** A broken file stops its own tool, and a start only where nobody has asked to leave it out. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { freeAddress, makeShop, projectDirectory, run, shopDirectory, spawn, until } from "./command.ts";

const shop = await makeShop();
Deno.test.afterAll(async () => await shop[Symbol.asyncDispose]());

/** The shop's files, one of them broken. */
async function withBrokenFile(use: (sql: string) => Promise<void>): Promise<void> {
  const sql = await Deno.makeTempDir({ prefix: "sqlwright_broken_" });
  try {
    await Deno.mkdir(join(sql, "shop"));
    const source = join(projectDirectory, shopDirectory, "shop");
    for await (const { name } of Deno.readDir(source)) {
      await Deno.copyFile(join(source, name), join(sql, "shop", name));
    }
    await Deno.writeTextFile(
      join(sql, "shop/bad_thing.sql"),
      "-- name: bad_thing :many\n-- A table that is not there.\n\nselect nothing.id from public.nothing limit 1;\n",
    );
    await use(sql);
  } finally {
    await Deno.remove(sql, { recursive: true });
  }
}

Deno.test("call runs a tool that is right beside a file that is broken, and shows the broken one's own error", () =>
  withBrokenFile(async (sql) => {
    const right = await run(["call", "shop_count_things"], { databaseUrl: shop.url, sql });
    assert.equal(right.code, 0, right.stderr);
    assert.equal(right.stdout, "4\n");
    const broken = await run(["call", "shop_bad_thing"], { databaseUrl: shop.url, sql });
    assert.equal(broken.code, 1);
    assert.match(broken.stderr, /error\[postgres-42P01\].*nothing[\s\S]*shop\/bad_thing\.sql:4/);
  }));

Deno.test("so do export, psql, explain and test; list names the broken file", () =>
  withBrokenFile(async (sql) => {
    const options = { databaseUrl: shop.url, sql };
    const exported = await run(["export", "shop_list_things", "--format", "csv"], options);
    assert.equal(exported.code, 0, exported.stderr);
    assert.equal(exported.stdout.trim().split("\n").length, 5);
    const refused = await run(["export", "shop_bad_thing"], options);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /error\[postgres-42P01\][\s\S]*shop\/bad_thing\.sql:4/);
    for (const command of ["psql", "explain"]) {
      const { code, stderr } = await run([command, "shop_count_things"], options);
      assert.equal(code, 0, stderr);
    }
    const listed = await run(["list"], options);
    assert.match(
      listed.stderr,
      /1 broken file left out: sqlwright check shows why\n {2}shop\/bad_thing\.sql/,
    );
    await Deno.writeTextFile(
      `${sql}/shop/shown.sql`,
      "-- name: shown :value\n-- One.\n--\n-- @example usual  {}  => {value: 1}\n\nselect 1 as one;\n",
    );
    const one = await run(["test", `${sql}/shop/shown.sql`], options);
    assert.equal(one.code, 0, one.stderr);
    const all = await run(["test", sql], options);
    assert.equal(all.code, 1);
    assert.match(
      all.stderr,
      /shop\/bad_thing\.sql:4[\s\S]*1 broken query file: the examples in them did not run/,
    );
    assert.match(all.stdout, /shown\.sql/);
  }));

Deno.test("serve refuses a broken file, and with --skip-broken leaves it out and says so", () =>
  withBrokenFile(async (sql) => {
    const options = { databaseUrl: shop.url, sql };
    const refused = await run(["serve", "--http", freeAddress()], options);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /error\[catalog\.invalid\] Cannot start: 1 error in 1 query file/);
    const address = freeAddress();
    const child = spawn(
      ["--allow-all"],
      ["serve", "--http", address, "--skip-broken", "--exit-with-parent"],
      options,
    );
    let log = "";
    const reading = child.stderr.pipeThrough(new TextDecoderStream())
      .pipeTo(new WritableStream({ write: (text) => void (log += text) }));
    await until(() => Promise.resolve(log.includes("server.listening")), "the server");
    await child.stdin.close();
    assert.equal((await child.status).code, 0);
    await Promise.all([reading, child.stdout.cancel()]);
    const lines = log.trim().split("\n").map((line) => JSON.parse(line));
    const broken = lines.find(({ event }) => event === "query_file.broken");
    assert.equal(broken.path, "shop/bad_thing.sql");
    assert.equal(broken.level, "error");
    assert.equal(lines.find(({ event }) => event === "server.listening").tools, 7);
  }));
