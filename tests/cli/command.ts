/** Runs the real command line against a database of the test's own, on the server of SQLWRIGHT_TEST_DATABASE_URL. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";

export const projectDirectory = fileURLToPath(new URL("../../", import.meta.url));
export const shopDirectory = "tests/fixtures/cli/sql";
export const brokenDirectory = "tests/fixtures/cli/broken";

/** Nothing listens there. */
export const nowhere = "postgresql://nobody@127.0.0.1:1/nothing";

export interface CommandOptions {
  databaseUrl?: string;
  /** Query files by themselves. @default those of the shop */
  sql?: string;
  /** A project's folder, in place of `sql`. */
  project?: string;
  env?: Record<string, string>;
  stdin?: string;
  /** Folder of the project. @default this one */
  cwd?: string;
}

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Ends within a minute, or is killed. */
export async function run(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const child = spawn(["--allow-all"], args, options);
  const writer = child.stdin.getWriter();
  if (options.stdin) await writer.write(new TextEncoder().encode(options.stdin));
  await writer.close();
  const bound = setTimeout(() => child.kill("SIGKILL"), 60_000);
  const { code, stdout, stderr } = await child.output();
  clearTimeout(bound);
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** `main.ts` with permission flags and arguments; all three streams are pipes. */
export function spawn(
  flags: readonly string[],
  args: readonly string[],
  { databaseUrl = nowhere, sql = shopDirectory, project, env = {}, cwd = projectDirectory }: CommandOptions =
    {},
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--cached-only",
      ...flags,
      join(projectDirectory, "main.ts"),
      ...inProject(args, project),
    ],
    cwd,
    env: { DATABASE_URL: databaseUrl, ...(project === undefined ? { SQLWRIGHT_SQL_DIR: sql } : {}), ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** The option stands behind the command's name; those of a project's own commands have two words. */
function inProject([command, ...words]: readonly string[], project: string | undefined): string[] {
  if (project === undefined || command === undefined) return [command ?? "", ...words].filter(Boolean);
  const own = command === "edgar" ? words.splice(0, 1) : [];
  return [command, ...own, "--project", project, ...words];
}

export function freeAddress(): string {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return `127.0.0.1:${listener.addr.port}`;
}

export interface TestDatabase extends AsyncDisposable {
  /** Logs in as the owner, who is no superuser. */
  url: string;
  /** Logs in as the superuser. */
  superuserUrl: string;
  query: (text: string) => Promise<Record<string, unknown>[]>;
}

/** An empty database with an owner of its own; both go when the test is done. */
export async function makeDatabase(): Promise<TestDatabase> {
  const adminUrl = Deno.env.get("SQLWRIGHT_TEST_DATABASE_URL");
  assert.ok(adminUrl, "SQLWRIGHT_TEST_DATABASE_URL must name a superuser of a running server");
  const name = `cli_test_${crypto.randomUUID().slice(0, 8)}`;
  const admin = connect(adminUrl);
  await admin.unsafe(`create role ${name} login createrole password '${name}'`);
  await admin.unsafe(`create database ${name} owner ${name}`);
  const urlFor = (user: string | null) => {
    const url = new URL(adminUrl);
    url.pathname = `/${name}`;
    if (user !== null) [url.username, url.password] = [user, user];
    return url.href;
  };
  const superuserUrl = urlFor(null);
  const sql = connect(superuserUrl);
  return {
    url: urlFor(name),
    superuserUrl,
    query: async (text) => [...await sql.unsafe(text)],
    async [Symbol.asyncDispose]() {
      await sql.unsafe(`drop owned by ${name} cascade`);
      await sql.end();
      await admin.unsafe(`drop database ${name} with (force)`);
      await admin.unsafe(`drop owned by ${name} cascade`);
      await admin.unsafe(`drop role ${name}`);
      await admin.end();
    },
  };
}

/** With the table that the fixtures' tools read and write, owned by the database's owner. */
export async function makeShop(): Promise<TestDatabase> {
  const database = await makeDatabase();
  const owner = connect(database.url);
  await owner.unsafe(await Deno.readTextFile(join(projectDirectory, "tests/fixtures/cli/shop.sql")));
  await owner.end();
  return database;
}

/** Until the condition holds; at most 20 seconds. */
export async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!await condition()) {
    assert.ok(performance.now() < deadline, `waited too long for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

function connect(url: string): postgres.Sql {
  return postgres(url, { max: 1, onnotice: () => {}, connect_timeout: 10 });
}
