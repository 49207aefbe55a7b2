/**
 * What a program that uses sqlwright opens: a database, an application, a scratch server. Each imports its
 * work when it is called, so that a server with an extension pays at its start for nothing that only the
 * extension's commands and tests use.
 */

import { join } from "node:path";
import type { Application, ApplicationOptions } from "./app.ts";
import type { Database, DatabaseOptions } from "./cli/database.ts";
import type { Cell, Column, TableOptions } from "./cli/console/table.ts";
import { type Config, queryFoldersOf, readConfig } from "./config.ts";
import { findProject } from "./project.ts";

/**
 * Opens the tools of the settings over the database of DATABASE_URL, lends them and closes them.
 * @throws {SqlwrightError} `config.invalid` without DATABASE_URL, `database.*`, `catalog.invalid` where a
 * query file is wrong
 */
export async function withApplication<T>(
  config: Config,
  options: ApplicationOptions,
  use: (application: Application) => Promise<T>,
): Promise<T> {
  const { withApplication } = await later<typeof import("./app.ts")>("./app.ts");
  return await withApplication(config, options, use);
}

/**
 * Lends the database of the settings: that of DATABASE_URL, else the embedded one, which is brought up where
 * it is not running.
 * @throws {SqlwrightError} `embedded.*` when the embedded database cannot be brought up
 */
export async function withDatabase<T, Settings extends Config = Config>(
  config: Settings,
  use: (database: Database<Settings>) => Promise<T>,
  options: DatabaseOptions = {},
): Promise<T> {
  const { withDatabase } = await later<typeof import("./cli/database.ts")>("./cli/database.ts");
  return await withDatabase(config, use, options);
}

export interface ScratchOptions {
  /** Loads the bundled sample. @default true */
  hasSample?: boolean;
  /** Settings by the names of their variables, without DATABASE_URL. @default none */
  variables?: Record<string, string>;
}

/**
 * Lends an embedded database of its own in a temporary folder, with migrations and views, and removes it. For
 * tests and benchmarks.
 * @param directory the folder of the project
 */
export async function withScratchDatabase<T>(
  directory: string,
  use: (database: Database) => Promise<T>,
  { hasSample = true, variables = {} }: ScratchOptions = {},
): Promise<T> {
  const { withEmbedded } = await later<typeof import("./embedded/embedded.ts")>("./embedded/embedded.ts");
  const { prepareDatabase } = await later<typeof import("./cli/server/prepare.ts")>(
    "./cli/server/prepare.ts",
  );
  const { deployFiles } = await later<typeof import("./cli/deployment.ts")>("./cli/deployment.ts");
  const { loadQueries } = await later<typeof import("./query/loader.ts")>("./query/loader.ts");
  const home = await Deno.makeTempDir({ prefix: "sqlwright_scratch_" });
  // Root runs PostgreSQL as another account, which must be able to pass.
  if (Deno.build.os !== "windows") await Deno.chmod(home, 0o755);
  try {
    return await withEmbedded({ directory: join(home, ".sqlwright"), log: () => {} }, async (server) => {
      const { url, ownerUrl } = server;
      const project = findProject({ project: directory });
      const config = readConfig({ ...variables, DATABASE_URL: url }, { project });
      if (hasSample) await prepareDatabase({ config, ownerUrl, serverUrl: url, isEmbedded: true });
      else await deployFiles(config, ownerUrl, await loadQueries(queryFoldersOf(config)));
      return await use({ config, url, ownerUrl, isEmbedded: true });
    });
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

/** Draws rows as the commands do: a line each, or blocks where that would leave too little to read. */
export async function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  options: TableOptions,
): Promise<string> {
  const { formatTable } = await later<typeof import("./cli/console/table.ts")>("./cli/console/table.ts");
  return formatTable(columns, rows, options);
}

/**
 * Not as a literal: Deno reads all that a module can import before it runs the first line, and a server
 * imports this one at its start.
 */
async function later<Module>(path: string): Promise<Module> {
  return await import(new URL(path, import.meta.url).href) as Module;
}
