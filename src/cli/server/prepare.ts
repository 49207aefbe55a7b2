/**
 * What `start` does to a database before the server gets it: migrations, `:view` files, and the bundled sample where there
 * is no company yet. The sample goes through the project's own `:copy` tools, with the server's own login.
 */

import { join } from "node:path";
import { openPools, requireUsableServer, serverFacts, withApplication } from "../../app.ts";
import { queryClient } from "../../client/queries.ts";
import type { Config } from "../../config.ts";
import type { Queries } from "../../../edgar/src/queries.ts";
import { deployViews, type ViewFile } from "../../migrate/views.ts";
import { migrate } from "../../migrate/migrate.ts";
import type { PoolConnection } from "../../postgres/pool.ts";
import type { Diagnostic } from "../../query/diagnostic.ts";
import { type LoadedQueries, loadQueries } from "../../query/loader.ts";
import { formatCount, tell } from "../console/console.ts";
import { silentLog } from "../../log.ts";
import { migrationsDirectory, projectDirectory } from "../environment.ts";

export interface PrepareOptions {
  config: Config;
  ownerUrl: string;
  serverUrl: string;
  isEmbedded: boolean;
}

export interface Deployment {
  /** Files of `migrations/`. */
  applied: string[];
  /** The version the database is at now. */
  current: number;
  /** Paths of `:view` files. */
  views: string[];
  /** Of the query files. Views in broken files were not deployed. */
  diagnostics: Diagnostic[];
  sources: ReadonlyMap<string, string>;
}

/** In the order in which they are loaded. */
const sample = [
  { name: "load_companies", source: "edgar/company.csv", what: "companies" },
  { name: "load_filings", source: "edgar/filing.csv", what: "filings" },
  { name: "load_facts", source: "edgar/fact.csv", what: "facts" },
] as const;

/** Each step tells on standard error what it did; a database that is up to date is left alone. */
export async function prepareDatabase(options: PrepareOptions): Promise<void> {
  const { config, ownerUrl, serverUrl, isEmbedded } = options;
  const [queries, found] = await Promise.all([
    loadQueries(config.SQLWRIGHT_SQL_DIR),
    inspect(config, ownerUrl),
  ]);
  if (!isEmbedded && !isOurs(found, queries)) return;
  const { applied, views } = await deploy(ownerUrl, queries);
  if (applied.length > 0) tell(`Applied ${formatCount(applied.length, "migration")}`);
  if (views.length > 0) tell(`Deployed ${formatCount(views.length, "view")}`);
  const hasTools = sample.every(({ name }) => queries.queries.some(({ tool }) => tool === `edgar_${name}`));
  if (
    hasTools && (applied.length > 0 || !found.hasCompanies) && !(await inspect(config, ownerUrl)).hasCompanies
  ) {
    await loadSample({ ...config, DATABASE_URL: serverUrl });
    await analyze({ ...config, DATABASE_URL: ownerUrl });
  }
}

/** Migrations, then the views of all files that are right by themselves. */
export async function deploy(
  ownerUrl: string,
  { queries, diagnostics, sources }: LoadedQueries,
): Promise<Deployment> {
  const { applied, current } = await migrate(ownerUrl, { directory: migrationsDirectory });
  const views = queries.filter(({ kind }) => kind === "view").map(({ path, source, header }): ViewFile => ({
    path,
    text: source,
    ...(header.title === null ? {} : { comment: header.title }),
    columns: header.columns.map(({ name, text }) => ({ name, text })),
  }));
  const { changed } = await deployViews(ownerUrl, views);
  return { applied, current, views: changed, diagnostics, sources };
}

interface Found {
  isMigrated: boolean;
  hasSchema: boolean;
  hasCompanies: boolean;
  mayCreate: boolean;
  user: string;
}

/** @throws {SqlwrightError} what the server would refuse too, before anything is changed */
async function inspect(config: Config, ownerUrl: string): Promise<Found> {
  const pools = openPools({ ...config, DATABASE_URL: ownerUrl });
  try {
    return await pools.reader.withConnection(undefined, async (connection) => {
      requireUsableServer(await serverFacts(connection), config);
      return await readFound(connection);
    });
  } finally {
    await Promise.all([pools.reader.close(), pools.writer.close()]);
  }
}

async function readFound(connection: PoolConnection): Promise<Found> {
  const [row] = await connection.rows(
    `select
       to_regclass('sqlwright.migration') is not null as is_migrated,
       to_regnamespace('edgar') is not null as has_schema,
       to_regclass('edgar.company') is not null as has_table,
       has_database_privilege(current_database(), 'create') as may_create,
       current_user as "user"`,
  );
  const is = (name: string) => row?.[name] === "t";
  const hasCompanies = is("has_table") &&
    (await connection.rows("select exists (select from edgar.company) as is_there"))[0]?.is_there === "t";
  return {
    isMigrated: is("is_migrated"),
    hasSchema: is("has_schema"),
    hasCompanies,
    mayCreate: is("may_create"),
    user: row?.user ?? "",
  };
}

/** Whether a database of one's own is to be migrated: see the help of `start`. */
function isOurs({ isMigrated, hasSchema, mayCreate, user }: Found, { modules }: LoadedQueries): boolean {
  if (isMigrated) return true;
  if (hasSchema || !modules.some(({ name }) => name === "edgar")) return false;
  if (mayCreate) return true;
  tell(`The database is left as it is: "${user}" may not create schemas in it`);
  return false;
}

async function loadSample(config: Config): Promise<void> {
  const sources = { kind: "folder" as const, directory: join(projectDirectory, "data") };
  await withApplication(config, { log: silentLog, sources }, async ({ callTool }) => {
    const loaded: string[] = [];
    const { edgar } = queryClient<Queries>(callTool);
    for (const { name, source, what } of sample) {
      const { copied } = await edgar[name]({ source }, {
        signal: AbortSignal.timeout(config.SQLWRIGHT_LOAD_TIMEOUT),
        correlationId: "sample",
      });
      loaded.push(formatCount(copied, what, what));
    }
    tell(`Loaded the bundled sample: ${loaded.join(", ")}`);
  });
}

/** Statistics for the planner: the tables were empty a moment ago, and autovacuum looks only once a minute. */
async function analyze(config: Config): Promise<void> {
  const pools = openPools(config);
  try {
    await pools.writer.withConnection(undefined, (connection) => connection.script("analyze"));
  } finally {
    await Promise.all([pools.reader.close(), pools.writer.close()]);
  }
}
