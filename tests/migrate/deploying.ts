/** Databases and folders of their own for tests of migrations, functions and views. */

import assert from "node:assert/strict";
import postgres from "postgres";
import { SqlwrightError } from "../../src/errors.ts";
import { deploy, type Deployment, planDeployment } from "../../src/migrate/deploy.ts";
import { readFunctions } from "../../src/migrate/functions.ts";
import { type MigrationLists, type MigrationState, migrationStatus } from "../../src/migrate/migrate.ts";
import type { SessionOptions } from "../../src/migrate/model.ts";
import type { ViewFile } from "../../src/migrate/views.ts";

export interface Case {
  url: string;
  /** A client of the case's own database. */
  sql: postgres.Sql;
  database: string;
  /** A folder of the case's own. */
  directory: string;
  write: (name: string, text: string) => Promise<void>;
  remove: (name: string) => Promise<void>;
}

/** The folder with sqlwright's own migrations. */
export const ownDirectory = new URL("../../migrations", import.meta.url).pathname;

export function listsOf(directory: string, { namespace = "house", usesOwn = false } = {}): MigrationLists {
  return {
    own: { namespace: "sqlwright", directory: ownDirectory, shownAs: "sqlwright:migrations" },
    project: { namespace, directory, shownAs: "migrations" },
    usesOwn,
  };
}

/** Runs the migrations of a folder as those of the project "house". */
export async function migrate(
  target: string | postgres.Sql,
  { directory, namespace, usesOwn, ...options }: SessionOptions & {
    directory: string;
    namespace?: string;
    usesOwn?: boolean;
  },
): Promise<{ applied: string[]; current: number }> {
  const { migrations, current } = await deploy(target, {
    lists: listsOf(directory, {
      ...(namespace === undefined ? {} : { namespace }),
      ...(usesOwn === undefined ? {} : { usesOwn }),
    }),
    namespace: namespace ?? "house",
    functions: [],
    hasAllFunctions: false,
    views: [],
  }, options);
  return { applied: migrations.map(({ name }) => name), current };
}

/** The states of the project's migrations, without sqlwright's own. */
export async function statesOf(url: string, directory: string): Promise<Omit<MigrationState, "namespace">[]> {
  const { migrations } = await migrationStatus(url, listsOf(directory));
  return migrations
    .filter(({ namespace }) => namespace === "house")
    .map(({ version, name, state }) => ({ version, name, state }));
}

/** Deploys views alone. */
export async function deployViews(url: string, views: readonly ViewFile[]): Promise<{ changed: string[] }> {
  const files = { lists: null, namespace: "house", functions: [], hasAllFunctions: false, views };
  return { changed: (await deploy(url, files)).views };
}

/** Migrations of the folder, functions of its folder `functions`, and views; with `isDryRun` only what would run. */
export async function deployAll(
  url: string,
  directory: string,
  { views = [], isDryRun = false }: { views?: readonly ViewFile[]; isDryRun?: boolean } = {},
): Promise<Deployment> {
  const functions = await readFunctions(`${directory}/functions`, "functions");
  const lists = listsOf(directory);
  const files = { lists, namespace: "house", functions, hasAllFunctions: true, views };
  return await (isDryRun ? planDeployment : deploy)(url, files);
}

/** A database and a folder of its own, both gone afterwards. */
export async function withCase(
  files: Record<string, string>,
  callback: (given: Case) => Promise<void>,
): Promise<void> {
  const server = Deno.env.get("SQLWRIGHT_TEST_DATABASE_URL");
  assert.ok(
    server,
    "Set SQLWRIGHT_TEST_DATABASE_URL to a running server whose user may create databases and roles",
  );
  const database = `migrate_${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;
  const directory = await Deno.makeTempDir({ prefix: "migrations_" });
  const admin = postgres(server, { max: 1, onnotice: () => {} });
  const url = Object.assign(new URL(server), { pathname: `/${database}` }).href;
  const write = async (name: string, text: string) => {
    const path = `${directory}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, text);
  };
  const remove = (name: string) => Deno.remove(`${directory}/${name}`);
  await admin.unsafe(`create database ${database}`);
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    for (const [name, text] of Object.entries(files)) await write(name, text);
    await callback({ url, sql, database, directory, write, remove });
  } finally {
    await sql.end();
    await admin.unsafe(`drop database if exists ${database} with (force)`);
    await admin.end();
    await Deno.remove(directory, { recursive: true });
  }
}

export async function refusal(work: Promise<unknown>, code: string): Promise<SqlwrightError> {
  const error = await work.then(() => null, (error: unknown) => error);
  assert.ok(error instanceof SqlwrightError, `expected ${code}, got ${error}`);
  assert.equal(error.code, code, error.message);
  return error;
}

/** Polls until the condition holds; fails after ten seconds. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline_ms = performance.now() + 10_000;
  while (!await condition()) {
    assert.ok(performance.now() < deadline_ms, "the condition did not come true within ten seconds");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
