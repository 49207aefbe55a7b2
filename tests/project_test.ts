/** Which project a command acts on, and what a wrong `sqlwright.json` gets. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { SqlwrightError } from "../src/errors.ts";
import { findOuterProject, findProject } from "../src/project.ts";
import { version } from "../src/version.ts";
import { projectDirectory } from "./cli/command.ts";

const whole = { sqlwright: version, name: "shop" };

async function withFolder(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "sqlwright_project_" }));
  try {
    await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function writeProject(directory: string, settings: unknown): Promise<void> {
  await Deno.mkdir(directory, { recursive: true });
  const text = typeof settings === "string" ? settings : JSON.stringify(settings, null, 2);
  await Deno.writeTextFile(join(directory, "sqlwright.json"), text);
}

function refusal(find: () => unknown): SqlwrightError {
  try {
    find();
  } catch (error) {
    assert.ok(error instanceof SqlwrightError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "nothing was refused" });
}

/** Runs the command line in a folder, with no variable of sqlwright set. */
async function runIn(cwd: string, args: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--cached-only", "--allow-all", join(projectDirectory, "main.ts"), ...args],
    cwd,
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH")!, HOME: cwd, DENO_DIR: denoDirectory(), NO_COLOR: "1", ...env },
    stdin: "null",
    signal: AbortSignal.timeout(60_000),
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** The caches of this process, which has another home. */
const denoDirectory = () => Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME") ?? "", ".cache", "deno");

Deno.test("findProject() takes the nearest sqlwright.json upward, and tells the project around it", () =>
  withFolder(async (directory) => {
    await writeProject(directory, { ...whole, name: "outer" });
    await writeProject(join(directory, "a/b"), whole);
    await Deno.mkdir(join(directory, "a/b/sql/shop"), { recursive: true });
    const found = findProject({ from: join(directory, "a/b/sql/shop") });
    assert.deepEqual(found, {
      directory: join(directory, "a/b"),
      name: "shop",
      sqlwright: version,
      sqlDirectory: join(directory, "a/b/sql"),
      migrationsDirectory: join(directory, "a/b/migrations"),
      functionsDirectory: join(directory, "a/b/functions"),
      testsDirectory: join(directory, "a/b/tests"),
      lockFile: join(directory, "a/b/sql/lock.json"),
      modules: [],
      extension: null,
    });
    assert.equal(findOuterProject(found), directory);
    assert.equal(findProject({ from: join(directory, "a") }).name, "outer");
    assert.equal(findProject({ project: "a/b", from: directory }).name, "shop");
    assert.equal(findProject({ project: "a/b/sqlwright.json", from: directory }).name, "shop");
    assert.equal(findOuterProject(findProject({ from: directory })), null);
  }));

Deno.test("a sqlwright.json that is wrong is refused with its place and what to do", () =>
  withFolder(async (directory) => {
    const path = join(directory, "sqlwright.json");
    await Deno.symlink(await Deno.realPath(join(directory, "..")), join(directory, "linked"));
    const cases: [unknown, string, RegExp, RegExp][] = [
      ['{\n  "name": "shop",\n}', "project.invalid", /:3:1: it is no JSON/, /Correct it/],
      ["[]", "project.invalid", /:1:1: it is \[\]/, /object/],
      [{ ...whole, migration: "m" }, "project.invalid", /:4:3: unknown key "migration"/, /"migrations"/],
      [{ ...whole, sql: 7 }, "project.invalid", /:4:3: "sql" is 7/, /as a text/],
      [{ ...whole, sql: "../other" }, "project.invalid", /"sql" leads out of the project/, /inside of/],
      [
        { ...whole, sql: "linked" },
        "project.invalid",
        /"sql" leads out of the project: .*linked is a link/,
        /inside of/,
      ],
      [{ ...whole, modules: "ops" }, "project.invalid", /:4:3: "modules" is "ops"/, /\["ops"\]/],
      [{ ...whole, modules: ["op"] }, "project.invalid", /no module "op" comes with sqlwright/, /"ops"/],
      [{ ...whole, modules: ["ops", "ops"] }, "project.invalid", /"ops" is named twice/, /once/],
      [{ ...whole, extension: "x.py" }, "project.invalid", /"extension" is "x.py"/, /TypeScript/],
      [
        { ...whole, sqll: "s", modules: ["op"], extension: "x.py" },
        "project.invalid",
        /unknown key "sqll".*"extension" is "x.py".*no module "op"/,
        /"sql".*TypeScript.*"ops"/,
      ],
      [{ name: "shop" }, "project.invalid", /there is no "sqlwright"/, new RegExp(version)],
      [{ ...whole, name: "My Shop" }, "project.invalid", /:3:3: "name" is "My Shop"/, /lower-case/],
      [{ ...whole, name: "sqlwright" }, "project.invalid", /"name" is "sqlwright"/, /not sqlwright/],
      [{ ...whole, sqlwright: "999.0.0" }, "project.newer", /made with sqlwright 999\.0\.0/, /999\.0\.0/],
    ];
    for (const [settings, code, message, hint] of cases) {
      await writeProject(directory, settings);
      const error = refusal(() => findProject({ from: directory }));
      assert.equal(error.code, code, error.message);
      assert.ok(error.message.includes(path), error.message);
      assert.match(error.message, message);
      assert.match(error.hint ?? "", hint);
    }
  }));

Deno.test("a sqlwright.json that may not be read is told as that", async () => {
  if (Deno.uid() === 0) {
    // Root may read everything, so what stands in the way here is a folder of that name.
    await withFolder(async (directory) => {
      await Deno.mkdir(join(directory, "sqlwright.json"));
      const error = refusal(() => findProject({ from: directory }));
      assert.equal(error.code, "project.unreadable");
      assert.match(error.message, /it is a folder|directory/);
    });
    return;
  }
  await withFolder(async (directory) => {
    await writeProject(directory, whole);
    await Deno.chmod(join(directory, "sqlwright.json"), 0o000);
    const error = refusal(() => findProject({ from: directory }));
    assert.equal(error.code, "project.unreadable");
    assert.match(error.message, /permission denied/);
  });
});

Deno.test("without a project every command says so before it makes or changes anything", () =>
  withFolder(async (directory) => {
    const commands = [
      ["start"],
      ["start", "--stdio"],
      ["check"],
      ["list"],
      ["call", "shop_find"],
      ["migrate"],
      ["migrate", "status"],
      ["permissions"],
      ["client-config", "cursor"],
      ["types"],
      ["test"],
    ];
    for (const args of commands) {
      const { code, stdout, stderr } = await runIn(directory, args);
      assert.equal(code, 1, args.join(" "));
      assert.equal(stdout, "");
      assert.ok(
        stderr.startsWith(`error[project.missing] Cannot find a project: no sqlwright.json in ${directory}`),
        stderr,
      );
      assert.match(stderr, /sqlwright init/);
    }
    assert.deepEqual(await Array.fromAsync(Deno.readDir(directory)), []);
  }));

Deno.test("settings come from the command line, then the environment, then the project's .env", () =>
  withFolder(async (directory) => {
    await writeProject(directory, whole);
    await Deno.mkdir(join(directory, "sql/shop"), { recursive: true });
    await Deno.mkdir(join(directory, "deep/inside"), { recursive: true });
    await Deno.writeTextFile(
      join(directory, ".env"),
      "SQLWRIGHT_HTTP=127.0.0.1:7001\nSQLWRIGHT_ROWS=7\nDATABASE_URL=postgresql://me:hunter22@127.0.0.1:1/x\n",
    );
    const flags = async (args: string[], env: Record<string, string> = {}) =>
      (await runIn(join(directory, "deep/inside"), ["permissions", ...args], env)).stdout;
    assert.match(await flags([]), /127\.0\.0\.1:7001/);
    assert.match(await flags([], { SQLWRIGHT_HTTP: "127.0.0.1:7002" }), /127\.0\.0\.1:7002/);
    assert.match(await flags(["--http", "127.0.0.1:7003"], { SQLWRIGHT_HTTP: "127.0.0.1:7002" }), /:7003/);
    assert.ok((await flags([])).includes(`--allow-read=${directory}/sql,${directory}/data`), await flags([]));
    const { stdout } = await runIn(join(directory, "deep/inside"), ["doctor"], { SQLWRIGHT_BYTES: "2MiB" });
    assert.match(stdout, new RegExp(`project +"shop" in ${directory}`));
    assert.match(stdout, /SQLWRIGHT_ROWS=7 from \.env/);
    assert.match(stdout, /SQLWRIGHT_BYTES=2097152 from environment/);
    assert.match(stdout, /DATABASE_URL=postgresql:\/\/me:\*\*\*@127\.0\.0\.1:1\/x from \.env/);
    assert.ok(!stdout.includes("hunter22"));
  }));

Deno.test("a project's .env may not name another folder of query files", () =>
  withFolder(async (directory) => {
    await writeProject(directory, whole);
    await Deno.writeTextFile(join(directory, ".env"), "SQLWRIGHT_SQL_DIR=elsewhere\n");
    const { code, stderr } = await runIn(directory, ["check", "--static"]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /error\[config\.invalid\] Cannot use SQLWRIGHT_SQL_DIR in .*\.env: this is a project/,
    );
    assert.match(stderr, /sqlwright\.json/);
  }));

Deno.test("--project and --sql together are refused", () =>
  withFolder(async (directory) => {
    await writeProject(directory, whole);
    const { code, stderr } = await runIn(directory, ["check", "--static", "--project", ".", "--sql", "sql"]);
    assert.equal(code, 1);
    assert.match(stderr, /Cannot use --project and --sql together/);
  }));
