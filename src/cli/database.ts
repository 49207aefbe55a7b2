/**
 * The database of a command: that of DATABASE_URL, else the embedded one, which is brought up or shared and
 * left when the command ends.
 */

import { openPools, type Pools } from "../app.ts";
import type { Config } from "../config.ts";
import { requireFolder } from "../query/loader.ts";
import { tell } from "./console/console.ts";

export interface Database<Settings extends Config = Config> {
  /** The settings with the server's login in DATABASE_URL. */
  config: Settings;
  url: string;
  /** The login for migrations: the same as `url` with DATABASE_URL. */
  ownerUrl: string;
  isEmbedded: boolean;
}

export interface DatabaseOptions {
  /** Migrates and loads an embedded database that never was. @default true */
  prepareNew?: boolean;
  /** The command is about query files: without their folder no database is fetched. @default as prepareNew */
  needsFiles?: boolean;
}

/** @throws {SqlwrightError} `embedded.*` when the embedded database cannot be brought up */
export async function withDatabase<T, Settings extends Config = Config>(
  config: Settings,
  use: (database: Database<Settings>) => Promise<T>,
  { prepareNew = true, needsFiles = prepareNew }: DatabaseOptions = {},
): Promise<T> {
  const { DATABASE_URL: url } = config;
  if (url !== undefined) return await use({ config, url, ownerUrl: url, isEmbedded: false });
  if (needsFiles) await requireFolder(config.SQLWRIGHT_SQL_DIR);
  const { withEmbedded } = await import("../embedded/embedded.ts");
  return await withEmbedded({ directory: config.SQLWRIGHT_DATA_DIR, log: tell }, async (server) => {
    const { url, ownerUrl } = server;
    const failed = server.failed.then((error) => Promise.reject(error));
    const work = async () => {
      if (prepareNew && !await isPrepared(config, ownerUrl)) {
        tell("Preparing the new database …");
        const { prepareDatabase } = await import("./server/prepare.ts");
        await prepareDatabase({ config, ownerUrl, serverUrl: url, isEmbedded: true });
      }
      return await use({ config: { ...config, DATABASE_URL: url }, url, ownerUrl, isEmbedded: true });
    };
    return await Promise.race([work(), failed]);
  });
}

export async function withPools<T>(config: Config, use: (pools: Pools) => Promise<T>): Promise<T> {
  const pools = openPools(config);
  try {
    return await use(pools);
  } finally {
    await Promise.all([pools.reader.close(), pools.writer.close()]);
  }
}

async function isPrepared(config: Config, ownerUrl: string): Promise<boolean> {
  return await withPools(
    { ...config, DATABASE_URL: ownerUrl },
    ({ reader }) =>
      reader.withConnection(undefined, async (connection) => {
        const [row] = await connection.rows(
          "select to_regclass('sqlwright.migration') is not null as is_there",
        );
        return row?.is_there === "t";
      }),
  );
}
