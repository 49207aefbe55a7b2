/** `init`: a project from nothing, over a database of one's own, and what it says when it cannot. */

import assert from "node:assert/strict";
import { join } from "node:path";
import stringWidth from "string-width";
import { makeShop, run } from "./command.ts";

const shop = await makeShop();
Deno.test.afterAll(async () => await shop[Symbol.asyncDispose]());

async function withFolder(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "sqlwright_init_" }));
  try {
    await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const init = (directory: string, ...args: string[]) =>
  run(["init", directory, "--yes", ...args], { sql: "" });

async function filesBelow(directory: string, folder = ""): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(join(directory, folder))) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory) files.push(...await filesBelow(directory, path));
    else files.push(path);
  }
  return files.sort();
}

const read = (directory: string, path: string) => Deno.readTextFile(join(directory, path));

Deno.test("init makes a project of the chosen tables that checks, calls a tool, and leaves the database alone", () =>
  withFolder(async (directory) => {
    await Deno.writeTextFile(join(directory, ".gitignore"), "node_modules\n");
    const relations = () =>
      shop.query("select oid::regclass::text as name from pg_class where oid >= 16384 order by oid");
    const before = await relations();
    const { code, stdout, stderr } = await init(directory, "--database-url", shop.url, "--schema", "shop");
    assert.equal(code, 0, stdout + stderr);
    assert.deepEqual(await relations(), before, "tools that read leave nothing in the database");
    const files = await filesBelow(directory);
    for (
      const path of [
        ".cursor/mcp.json",
        ".env",
        ".env.example",
        ".github/workflows/sqlwright.yml",
        ".mcp.json",
        ".vscode/mcp.json",
        "AGENTS.md",
        "README.md",
        "roles.sql",
        "sql/lock.json",
        "sql/shop/_module.sql",
        "sql/shop/list_thing.sql",
        "sqlwright.json",
        "tests/shop.sql",
      ]
    ) assert.ok(files.includes(path), `${path} is missing`);
    assert.match(stdout, /✓ \d+ files/);
    assert.match(stdout, /Lamp/, "a tool was called and its answer shown");
    assert.match(await read(directory, ".gitignore"), /^node_modules\n\.env\n\.sqlwright\/\n$/);
    assert.equal(await read(directory, ".env"), `DATABASE_URL=${shop.url}\n`);
    if (Deno.build.os !== "windows") {
      assert.equal((await Deno.stat(join(directory, ".env"))).mode! & 0o777, 0o600);
    }
    const password = new URL(shop.url).password;
    for (const path of files.filter((path) => path !== ".env")) {
      assert.ok(!(await read(directory, path)).includes(password), `${path} shows the password`);
    }
    assert.deepEqual(JSON.parse(await read(directory, "sqlwright.json")).modules, ["ops"]);
    for (
      const line of (stdout + stderr).split("\n").filter((line) => /^ {2}(made|kept) |✓|note:/.test(line))
    ) {
      assert.ok(stringWidth(line) <= 80 || line.includes(directory), `wider than 80: ${line}`);
    }
    const test = await run(["test"], { project: directory, databaseUrl: shop.url });
    assert.equal(test.code, 0, test.stdout + test.stderr);
    assert.match(test.stdout + test.stderr, /shop_list_thing answers/);
  }));

Deno.test("init run again keeps what is there and adds what is missing", () =>
  withFolder(async (directory) => {
    const options = ["--database-url", shop.url, "--no-ops"];
    assert.equal((await init(directory, ...options)).code, 0);
    await Deno.writeTextFile(join(directory, "AGENTS.md"), "mine\n");
    await Deno.remove(join(directory, ".mcp.json"));
    const lock = await read(directory, "sql/lock.json");
    const { code, stdout, stderr } = await init(directory, ...options);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /made {2}\.mcp\.json/);
    assert.match(stdout, /kept {2}AGENTS\.md/);
    assert.match(stdout, /kept {2}sql\/shop\/list_thing\.sql/);
    assert.equal(await read(directory, "AGENTS.md"), "mine\n");
    assert.equal(await read(directory, "sql/lock.json"), lock);
    assert.deepEqual(JSON.parse(await read(directory, "sqlwright.json")).modules, []);
  }));

Deno.test("init says what is wrong before it writes anything", () =>
  withFolder(async (directory) => {
    const wrongPassword = "postgresql://nobody:x@127.0.0.1:1/nothing";
    const cases: [string[], number, RegExp][] = [
      [["--database-url", wrongPassword], 1, /database\.unreachable.*nothing listens there/],
      [["--database-url", "nonsense"], 1, /config\.invalid.*DATABASE_URL/],
      [["--database-url", shop.superuserUrl], 1, /superuser[\s\S]*create role/],
      [["--database-url", shop.url, "--schema", "shopp"], 2, /no schema "shopp"[\s\S]*shop/],
      [["--database-url", shop.url, "--tables", "thin"], 2, /no table matches "thin"[\s\S]*shop\.thing/],
      [["--database-url", shop.url, "--module", "ops"], 2, /"ops" is a built-in module/],
      [["--database-url", shop.url, "--module", "My Shop"], 2, /is no name of a module/],
      [["--database-url", shop.url, "--embedded"], 2, /exclude each other/],
    ];
    for (const [args, exitCode, message] of cases) {
      const { code, stdout, stderr } = await init(directory, ...args);
      assert.equal(code, exitCode, `${args.join(" ")}: ${stderr}`);
      assert.match(stderr, message);
      assert.equal(stdout, "");
      assert.deepEqual(await filesBelow(directory), [], args.join(" "));
    }
    await Deno.writeTextFile(join(directory, "sqlwright.json"), '{"sqlwright": "99.0.0", "name": "shop"}');
    const newer = await init(directory, "--database-url", shop.url);
    assert.equal(newer.code, 1);
    assert.match(newer.stderr, /project\.newer.*made with sqlwright 99\.0\.0/);
    assert.deepEqual(await filesBelow(directory), ["sqlwright.json"]);
  }));
