/**
 * Real servers and databases for tests. `tests/run.ts` starts the servers and names them in SQLWRIGHT_TEST_SERVERS; a test takes a
 * copy of the template database, which has the migrations, the views and the bundled sample, or an empty one.
 */

import { join } from "node:path";
import postgres from "postgres";
import { type Application, BrokenFilesError, withApplication } from "../src/app.ts";
import { deployFiles } from "../src/cli/deployment.ts";
import { ownMigrations } from "../src/cli/environment.ts";
import { type Config, readConfig } from "../src/config.ts";
import { createLog, type Log } from "../src/log.ts";
import { deploy } from "../src/migrate/deploy.ts";
import { findProject } from "../src/project.ts";
import { formatDiagnostic } from "../src/query/diagnostic.ts";
import { loadQueries } from "../src/query/loader.ts";
import { localCaller } from "../src/tool/caller.ts";
import { testWith } from "./services.ts";
import type { CallContext, ToolResult } from "../src/tool/model.ts";

// The tests of a project reach the insides of the product through this file alone.
export { pageOf } from "../src/call/page.ts";
export { deployFiles } from "../src/cli/deployment.ts";
export { mainStatement } from "../src/query/statements.ts";
export type { ExampleTag } from "../src/query/model.ts";
export { loadQueries } from "../src/query/loader.ts";

export interface TestServer {
  /** Major version. */
  version: number;
  /** A superuser's. */
  url: string;
  ownerUrl: string;
  serverUrl: string;
  /** The folder of `postgres` and `initdb`, for tests that want a cluster of their own. */
  programs: string;
}

export interface TestDatabase {
  server: TestServer;
  name: string;
  /** A superuser's connection string. */
  url: string;
  /** Who runs migrations: `sqlwright_owner`. */
  ownerUrl: string;
  /** Whom the MCP server logs in as: `sqlwright_server`. */
  serverUrl: string;
  /** A superuser's client. */
  sql: postgres.Sql;
}

export const project = new URL("..", import.meta.url).pathname;
/** The project whose tables and files are the tests' real data. */
export const edgarProject = findProject({ project: join(project, "edgar") });
export const edgarConfig = readConfig({}, { project: edgarProject });
/** The settings of a server over the files of a folder, with those of this process; EDGAR's folder is that of its project. */
export function serverConfig(sqlDirectory: string, variables: Record<string, string> = {}): Config {
  const set = { ...Deno.env.toObject(), ...variables };
  if (sqlDirectory === edgarProject.sqlDirectory) return readConfig(set, { project: edgarProject });
  const source = { SQLWRIGHT_SOURCE_DIR: join(edgarProject.directory, "data") };
  return readConfig({ ...source, ...set, SQLWRIGHT_SQL_DIR: sqlDirectory }, { base: project });
}

/** Where Deno keeps its packages, for a child whose environment is made by hand. */
export function cacheVariables(): Record<string, string> {
  const directory = Deno.env.get("DENO_DIR");
  return directory ? { DENO_DIR: directory } : {};
}

export const templateName = "sqlwright_template";

export function testServers(): TestServer[] {
  const text = Deno.env.get("SQLWRIGHT_TEST_SERVERS");
  if (!text) {
    throw new Error("SQLWRIGHT_TEST_SERVERS is not set: run the tests with `deno task test [file …]`");
  }
  return JSON.parse(text);
}

/** PostgreSQL 18. */
export const testServer = (): TestServer => testServers()[0]!;

/** Registers a test once for each server at hand, with the version in its name. */
export function testOnEach(name: string, run: (server: TestServer) => Promise<void>): void {
  for (const server of testServers()) Deno.test(onServer(name, server), () => run(server));
}

/** The same for a test that wants psql. */
export function testOnEachWithPsql(name: string, run: (server: TestServer) => Promise<void>): void {
  for (const server of testServers()) testWith("psql", onServer(name, server), () => run(server));
}

const onServer = (name: string, { version }: TestServer): string => `${name} (PostgreSQL ${version})`;

/** Lends a database of its own. @default a copy of the template */
export async function withDatabase<T>(
  use: (database: TestDatabase) => Promise<T>,
  { server = testServer(), isEmpty = false }: { server?: TestServer; isEmpty?: boolean } = {},
): Promise<T> {
  const name = `test_${crypto.randomUUID().slice(0, 8)}`;
  await administer(server, async (sql) => {
    await sql.unsafe(
      `create database ${name} owner sqlwright_owner template ${isEmpty ? "template0" : templateName}`,
    );
  });
  const url = inDatabase(server.url, name);
  const sql = postgres(url, { max: 4, onnotice: () => {} });
  try {
    return await use({
      server,
      name,
      url,
      sql,
      ownerUrl: inDatabase(server.ownerUrl, name),
      serverUrl: inDatabase(server.serverUrl, name),
    });
  } finally {
    await sql.end({ timeout: 1 });
    await administer(server, async (admin) => {
      await admin.unsafe(`drop database if exists ${name} with (force)`);
    });
  }
}

/** The roles and the template; called once a server. */
export async function buildTemplate(server: TestServer): Promise<void> {
  await administer(server, async (sql) => {
    for (
      const [role, option] of [["sqlwright_owner", "login createrole"], [
        "sqlwright_server",
        "login",
      ]] as const
    ) {
      const [found] = await sql`select 1 from pg_roles where rolname = ${role}`;
      if (!found) await sql.unsafe(`create role ${role} ${option}`);
    }
    await sql.unsafe(`create database ${templateName} owner sqlwright_owner`);
  });
  const ownerUrl = inDatabase(server.ownerUrl, templateName);
  await deployFiles(edgarConfig, ownerUrl, await loadQueries(edgarProject.sqlDirectory));
  await withTestApplication(
    { DATABASE_URL: inDatabase(server.serverUrl, templateName) },
    async (application) => {
      for (
        const [tool, source] of [["edgar_load_companies", "company"], ["edgar_load_filings", "filing"], [
          "edgar_load_facts",
          "fact",
        ]] as const
      ) {
        const result = await application.callTool(tool, { source: `${source}.csv` }, callContext());
        if (result.isError) throw new Error(result.text);
      }
    },
  );
  await administer({ ...server, url: inDatabase(server.url, templateName) }, async (sql) => {
    await sql.unsafe("vacuum analyze");
  });
}

export const testConfig = (variables: Record<string, string>): Config =>
  readConfig({
    SQLWRIGHT_SQL_DIR: edgarProject.sqlDirectory,
    SQLWRIGHT_SOURCE_DIR: join(edgarProject.directory, "data"),
    ...variables,
  });

/** sqlwright's own migrations and those of a folder as the project "edgar"; names of the folder's files are answered. */
export async function migrateFolder(ownerUrl: string, directory: string): Promise<{ applied: string[] }> {
  const { migrations } = await deploy(ownerUrl, {
    lists: {
      own: ownMigrations,
      project: { namespace: "edgar", directory, shownAs: "migrations" },
      usesOwn: true,
    },
    namespace: "edgar",
    functions: [],
    hasAllFunctions: false,
    views: [],
  });
  return { applied: migrations.filter(({ namespace }) => namespace === "edgar").map(({ name }) => name) };
}

/** The application as `serve` opens it; log lines go nowhere unless a log is given. */
export async function withTestApplication<T>(
  variables: Record<string, string>,
  use: (application: Application) => Promise<T>,
  log: Log = createLog({ level: "error", write: () => {} }),
): Promise<T> {
  return await withApplication(testConfig(variables), { log }, use).catch((error) => {
    if (!(error instanceof BrokenFilesError)) throw error;
    const { diagnostics, sources } = error.files;
    throw new Error(
      diagnostics.map((each) => formatDiagnostic(each, sources.get(each.path) ?? "")).join("\n"),
      { cause: error },
    );
  });
}

/** A folder of query files that lives as long as the callback; paths are relative to it. */
export async function withFiles<T>(
  files: Record<string, string>,
  use: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = await Deno.makeTempDir({ prefix: "sqlwright_files_" });
  try {
    for (const [path, text] of Object.entries(files)) {
      const file = join(directory, path);
      await Deno.mkdir(join(file, ".."), { recursive: true });
      await Deno.writeTextFile(file, text);
    }
    return await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** An application over query files of the test. */
export async function withTools<T>(
  database: TestDatabase,
  files: Record<string, string>,
  use: (
    call: (
      tool: string,
      args?: Record<string, unknown>,
      context?: Partial<CallContext>,
    ) => Promise<ToolResult>,
    application: Application,
  ) => Promise<T>,
  variables: Record<string, string> = {},
): Promise<T> {
  return await withFiles(
    files,
    (directory) =>
      withTestApplication(
        { DATABASE_URL: database.serverUrl, SQLWRIGHT_SQL_DIR: directory, ...variables },
        (application) =>
          use(
            (tool, args = {}, context = {}) =>
              application.callTool(tool, args, { ...callContext(), ...context }),
            application,
          ),
      ),
  );
}

export function callContext(signal: AbortSignal = new AbortController().signal): CallContext {
  return { signal, progress: () => {}, correlationId: "test", caller: localCaller };
}

export function inDatabase(url: string, database: string): string {
  return url.replace(/\/[^/?]*(\?|$)/, `/${database}$1`);
}

/** Asks until it is so; fails with the question after the bound. */
export async function until(
  question: string,
  isSo: () => Promise<boolean> | boolean,
  bound_ms = 5000,
): Promise<void> {
  const deadline_ms = performance.now() + bound_ms;
  while (!await isSo()) {
    if (performance.now() > deadline_ms) throw new Error(`Not so within ${bound_ms} ms: ${question}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function administer(
  server: Pick<TestServer, "url">,
  use: (sql: postgres.Sql) => Promise<void>,
): Promise<void> {
  const sql = postgres(server.url, { max: 1, onnotice: () => {} });
  try {
    await use(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}
