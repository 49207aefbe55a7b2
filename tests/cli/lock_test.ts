/** `check --lock`, a lock that is not the one of the files, and a server that starts from its lock. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { makeShop, nowhere, projectDirectory, run, shopDirectory, spawn } from "./command.ts";

const shop = await makeShop();
Deno.test.afterAll(async () => await shop[Symbol.asyncDispose]());
const databaseUrl = shop.url;

/** A copy of the shop's files that may be changed. */
async function withShopFiles(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "sqlwright_lock_" });
  try {
    await Deno.mkdir(join(directory, "shop"));
    for await (const { name } of Deno.readDir(join(projectDirectory, shopDirectory, "shop"))) {
      await Deno.copyFile(join(projectDirectory, shopDirectory, "shop", name), join(directory, "shop", name));
    }
    await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function edit(file: string, change: (text: string) => string): Promise<void> {
  await Deno.writeTextFile(file, change(await Deno.readTextFile(file)));
}

Deno.test("check --lock writes the lock once, and check then holds the files against it", async () => {
  await withShopFiles(async (sql) => {
    assert.equal(
      (await run(["check"], { databaseUrl, sql })).code,
      0,
      "without a lock nothing is held against it",
    );
    const first = await run(["check", "--lock"], { databaseUrl, sql });
    assert.equal(first.code, 0, first.stdout + first.stderr);
    assert.match(first.stderr, /✓ .*lock\.json written, 7 tools\n$/);
    const again = await run(["check", "--lock"], { databaseUrl, sql });
    assert.match(again.stderr, /lock\.json is as it was, 7 tools/);
    const names = [];
    for await (const { name } of Deno.readDir(sql)) names.push(name);
    assert.deepEqual(names.sort(), ["lock.json", "shop"]);

    const plain = await run(["check"], { databaseUrl, sql });
    assert.equal(plain.code, 0, plain.stdout);
    assert.match(plain.stdout, /^✓ 8 files · /);

    await edit(join(sql, "shop/get_thing.sql"), (text) => text.replace("thing.name", "thing.name as label"));
    const stale = await run(["check"], { databaseUrl, sql });
    assert.equal(stale.code, 1);
    assert.match(
      stale.stdout,
      /^error\[lock-stale\]: shop_get_thing: column name was renamed to label \(breaking\)$/m,
    );
    assert.match(stale.stdout, /lock\.json:\d+:5\n.*\n.*"shop_get_thing": \{/);
    assert.match(
      stale.stdout,
      /help: Callers of shop_get_thing must follow\. Run `sqlwright check --lock` and commit the lock/,
    );

    const elsewhere = await run(["check", "shop/list_things"], { databaseUrl, sql });
    assert.equal(elsewhere.code, 0, "another file's change is not this file's");

    const written = await run(["check", "--lock"], { databaseUrl, sql });
    assert.match(written.stderr, /breaking {3}shop_get_thing: column name was renamed to label/);
    assert.equal((await run(["check"], { databaseUrl, sql })).code, 0);
  });
});

Deno.test("what many tools have in common is told once, after what is wrong in the files", async () => {
  await withShopFiles(async (sql) => {
    await run(["check", "--lock"], { databaseUrl, sql });
    for (const name of ["one", "two", "three"]) {
      await Deno.writeTextFile(
        join(sql, `shop/new_${name}.sql`),
        `-- name: new_${name} :value\n-- One.\n\nselect 1 as one;\n`,
      );
    }
    await edit(join(sql, "shop/get_thing.sql"), (text) => text.replace("thing.name", "thing.nmae"));
    const { stdout } = await run(["check"], { databaseUrl, sql });
    assert.equal(stdout.match(/lock-stale/g)?.length, 1, stdout);
    assert.match(stdout, /3 tools: the tool is new: shop_new_one, shop_new_three, shop_new_two/);
    assert.ok(stdout.indexOf("postgres-42703") < stdout.indexOf("lock-stale"), stdout);
  });
});

Deno.test("a lock is not written over broken files, and a broken file is not called removed", async () => {
  await withShopFiles(async (sql) => {
    await run(["check", "--lock"], { databaseUrl, sql });
    const before = await Deno.readTextFile(join(sql, "lock.json"));
    await edit(join(sql, "shop/get_thing.sql"), (text) => text.replace("thing.name", "thing.nmae"));
    const { code, stderr } = await run(["check", "--lock"], { databaseUrl, sql });
    assert.equal(code, 1);
    assert.match(stderr, /✗ the lock was not written: all files have to be right/);
    assert.equal(await Deno.readTextFile(join(sql, "lock.json")), before);
    const { stdout } = await run(["check"], { databaseUrl, sql });
    assert.match(stdout, /error\[postgres-42703\]/);
    assert.doesNotMatch(stdout, /removed/);
  });
});

Deno.test("check --json tells a stale lock as a file of its own", async () => {
  await withShopFiles(async (sql) => {
    await run(["check", "--lock"], { databaseUrl, sql });
    await Deno.remove(join(sql, "shop/get_thing.sql"));
    const { code, stdout } = await run(["check", "--json"], { databaseUrl, sql });
    assert.equal(code, 1);
    const lock = JSON.parse(stdout).files.find(({ path }: { path: string }) => path === "lock.json");
    assert.deepEqual([lock.tool, lock.kind, lock.ok], [null, null, false]);
    assert.equal(lock.diagnostics[0].code, "lock-stale");
    assert.equal(lock.diagnostics[0].message, "shop_get_thing: the tool was removed (breaking)");
  });
});

Deno.test("check --format github prints annotations that GitHub Actions reads", async () => {
  await withShopFiles(async (sql) => {
    await edit(join(sql, "shop/get_thing.sql"), (text) => text.replace("thing.name", "thing.nmae"));
    const { code, stdout } = await run(["check", "--format", "github"], { databaseUrl, sql });
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^::error file=.*shop\/get_thing\.sql,line=\d+,col=\d+,title=postgres-42703::column thing\.nmae does not exist%0A/m,
    );
    assert.match(stdout, /✗ 8 files, 1 error in 1/);
    assert.doesNotMatch(stdout, / --> /);
  });
});

Deno.test("options of check that contradict each other are refused", async () => {
  const wrong = [
    ["--lock", "--static"],
    ["--lock", "shop/get_thing"],
    ["--json", "--format", "github"],
    ["--deny", "seq-scna"],
    ["--large-table", "many"],
  ];
  for (const words of wrong) {
    const { code, stderr } = await run(["check", ...words], { databaseUrl });
    assert.equal(code, 2, `${words}: ${stderr}`);
  }
});

const initialize = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "1" } },
});
const callGet = JSON.stringify({
  jsonrpc: "2.0",
  id: 2,
  method: "tools/call",
  params: { name: "shop_get_thing", arguments: { id: 1 } },
});

/** Serves over stdio with these messages; standard input stays open until both streams have ended, or the messages are answered. */
async function serve(
  sql: string,
  url: string,
  messages: string[],
): Promise<{ code: number; lines: string[]; stderr: string }> {
  const child = spawn(["--allow-all"], ["serve", "--stdio"], { databaseUrl: url, sql });
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(messages.map((each) => `${each}\n`).join("")));
  const bound = setTimeout(() => child.kill("SIGKILL"), 20_000);
  const lines: string[] = [];
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    lines.push(...parts);
    if (messages.length > 0 && lines.length === messages.length) await writer.close();
  }
  const [{ code }, stderr] = await Promise.all([child.status, new Response(child.stderr).text()]);
  await writer.close().catch(() => {});
  clearTimeout(bound);
  return { code, lines, stderr };
}

Deno.test("serve answers from the lock, and calls the database, without PostgreSQL's parser", async () => {
  await withShopFiles(async (sql) => {
    await shop.query("create domain shop.number as bigint check (value >= 1)");
    await edit(join(sql, "shop/get_thing.sql"), (text) => text.replace(":id::integer", ":id::shop.number"));
    await run(["check", "--lock"], { databaseUrl, sql });
    const wrong = callGet.replace('"id":2', '"id":3').replace('{"id":1}', '{"id":0}');
    const { code, lines, stderr } = await serve(sql, databaseUrl, [initialize, callGet, wrong]);
    assert.equal(code, 0, stderr);
    const answers = lines.map((line) => JSON.parse(line));
    assert.equal(answers.find(({ id }) => id === 1).result.serverInfo.name, "sqlwright");
    assert.equal(answers.find(({ id }) => id === 2).result.structuredContent.row.id, 1);
    assert.match(answers.find(({ id }) => id === 3).result.content[0].text, /must be at least 1/);
  });
});

Deno.test("serve from the lock still stops for a database that is not there", async () => {
  await withShopFiles(async (sql) => {
    await run(["check", "--lock"], { databaseUrl, sql });
    const { code, stderr } = await serve(sql, nowhere, []);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^error\[database\.unreachable\] Cannot reach PostgreSQL at 127\.0\.0\.1:1\/nothing/,
    );
  });
});

Deno.test("serve from the lock stops when the database has moved, and names the tools", async () => {
  const moved = await makeShop();
  try {
    await withShopFiles(async (sql) => {
      await run(["check", "--lock"], { databaseUrl: moved.url, sql });
      await moved.query("alter table shop.thing rename column name to label");
      const { code, stderr } = await serve(sql, moved.url, []);
      assert.equal(code, 1);
      assert.match(
        stderr,
        /^error\[catalog\.drifted\] Cannot serve by lock\.json, for the database has moved:/m,
      );
      assert.match(stderr, /shop_get_thing/);
      assert.match(stderr, /the column shop\.thing\.name is gone/);
    });
  } finally {
    await moved[Symbol.asyncDispose]();
  }
});

Deno.test("serve goes the whole way when a file is not the one that was locked", async () => {
  await withShopFiles(async (sql) => {
    await run(["check", "--lock"], { databaseUrl, sql });
    await edit(join(sql, "shop/get_thing.sql"), (text) => text.replace("thing.name", "thing.name as label"));
    const { lines } = await serve(sql, databaseUrl, [initialize, callGet]);
    const answer = lines.map((line) => JSON.parse(line)).find(({ id }) => id === 2);
    assert.ok(Object.hasOwn(answer.result.structuredContent.row, "label"));
  });
});
