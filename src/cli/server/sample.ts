/**
 * The sample that comes with a project: rows for a database that has none. They go through the project's own
 * `:copy` tools, with the server's own login.
 */

import { resolve } from "node:path";
import { openPools, withApplication } from "../../app.ts";
import { toError } from "../../client/queries.ts";
import type { Config } from "../../config.ts";
import type { Sample } from "../../extension/extension.ts";
import { readManifest } from "../../extension/manifest.ts";
import { silentLog } from "../../log.ts";
import { withMigrationSession } from "../../migrate/session.ts";
import { quoteIdentifier } from "../../postgres/identifiers.ts";
import type { ParsedQuery } from "../../query/model.ts";
import { localCaller } from "../../tool/caller.ts";
import { formatCount, tell } from "../console/console.ts";

export interface SampleOptions {
  config: Config;
  /** The login that owns the schemas: it reads whether the table is empty, and gathers statistics. */
  ownerUrl: string;
  /** The login whose tools load. */
  serverUrl: string;
  queries: readonly ParsedQuery[];
}

/** Loads it where the project has one whose tools are all there, and its table is there and empty. */
export async function loadSample({ config, ownerUrl, serverUrl, queries }: SampleOptions): Promise<void> {
  const sample = (await readManifest(config))?.sample ?? null;
  if (sample === null || !sample.loads.every(({ tool }) => queries.some((query) => query.tool === tool))) {
    return;
  }
  const ownerConfig = { ...config, DATABASE_URL: ownerUrl };
  if (!await isEmpty(ownerConfig, sample)) return;
  // Of several first starts one loads the sample; the others wait, and find it.
  await withMigrationSession(ownerUrl, { tell }, async () => {
    if (!await isEmpty(ownerConfig, sample)) return;
    await load({ ...config, DATABASE_URL: serverUrl }, sample);
    // The tables were empty a moment ago, and autovacuum looks only once a minute.
    await analyze(ownerConfig);
  });
}

async function isEmpty(config: Config, { table }: Sample): Promise<boolean> {
  const name = table.split(".").map(quoteIdentifier).join(".");
  const pools = openPools(config);
  try {
    return await pools.reader.withConnection(undefined, async (connection) => {
      const [found] = await connection.rows("select to_regclass($1) is not null as is_there", [name]);
      if (found?.is_there !== "t") return false;
      const [row] = await connection.rows(`select not exists (select from ${name}) as is_empty`);
      return row?.is_empty === "t";
    });
  } finally {
    await Promise.all([pools.reader.close(), pools.writer.close()]);
  }
}

async function load(config: Config, { directory, loads }: Sample): Promise<void> {
  const sources = { kind: "folder" as const, directory: resolve(config.project?.directory ?? "", directory) };
  await withApplication(config, { log: silentLog, sources }, async ({ callTool }) => {
    const loaded: string[] = [];
    for (const { tool, source, what } of loads) {
      const { isError, structured } = await callTool(tool, { source }, {
        signal: AbortSignal.timeout(config.SQLWRIGHT_LOAD_TIMEOUT),
        progress: () => {},
        correlationId: "sample",
        caller: localCaller,
      });
      if (isError) throw toError(structured.error);
      loaded.push(formatCount(Number(structured.copied), what, what));
    }
    tell(`Loaded the bundled sample: ${loaded.join(", ")}`);
  });
}

async function analyze(config: Config): Promise<void> {
  const pools = openPools(config);
  try {
    await pools.writer.withConnection(undefined, (connection) => connection.script("analyze"));
  } finally {
    await Promise.all([pools.reader.close(), pools.writer.close()]);
  }
}
