/**
 * What `start` does to a database before the server gets it: migrations, `:view` files, and the bundled sample where there
 * is no company yet. The sample goes through the project's own `:copy` tools, with the server's own login.
 */

import { openPools, requireUsableServer, serverFacts, withApplication } from "../../app.ts";
import { queryClient } from "../../client/queries.ts";
import { type Config, queryFoldersOf } from "../../config.ts";
import type { Queries } from "../../../edgar/src/queries.ts";
import { withMigrationSession } from "../../migrate/session.ts";
import type { PoolConnection } from "../../postgres/pool.ts";
import { loadQueries } from "../../query/loader.ts";
import { formatCount, tell } from "../console/console.ts";
import { silentLog } from "../../log.ts";
import { deployFiles, isDeployedIn } from "../deployment.ts";

export interface PrepareOptions {
  config: Config;
  ownerUrl: string;
  serverUrl: string;
  isEmbedded: boolean;
}

/** In the order in which they are loaded. */
const sample = [
  { name: "load_companies", source: "company.csv", what: "companies" },
  { name: "load_filings", source: "filing.csv", what: "filings" },
  { name: "load_facts", source: "fact.csv", what: "facts" },
] as const;

/** Each step tells on standard error what it did; a database that is up to date is left alone. */
export async function prepareDatabase(options: PrepareOptions): Promise<void> {
  const { config, ownerUrl, serverUrl, isEmbedded } = options;
  const [queries, found] = await Promise.all([
    loadQueries(queryFoldersOf(config)),
    inspect(config, ownerUrl),
  ]);
  if (!isEmbedded && !found.isNew && !await isDeployedIn(config, ownerUrl, queries)) return;
  if (!isEmbedded && found.isNew && !found.mayCreate) {
    tell(`The database is left as it is: "${found.user}" may not create schemas in it`);
    return;
  }
  const { migrations, functions, views } = await deployFiles(config, ownerUrl, queries);
  if (migrations.length > 0) tell(`Applied ${formatCount(migrations.length, "migration")}`);
  if (functions.length > 0) tell(`Deployed ${formatCount(functions.length, "function file")}`);
  if (views.length > 0) tell(`Deployed ${formatCount(views.length, "view")}`);
  const hasTools = sample.every(({ name }) => queries.queries.some(({ tool }) => tool === `edgar_${name}`));
  if (!hasTools || found.hasCompanies) return;
  // Of several first starts one loads the sample; the others wait, and find it.
  await withMigrationSession(ownerUrl, { tell }, async () => {
    if ((await inspect(config, ownerUrl)).hasCompanies) return;
    await loadSample({ ...config, DATABASE_URL: serverUrl });
    await analyze({ ...config, DATABASE_URL: ownerUrl });
  });
}

interface Found {
  /** There is no table in it yet. */
  isNew: boolean;
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
       not exists (
         select
         from pg_catalog.pg_class as relation
         join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
         where namespace.nspname not in ('information_schema', 'sqlwright')
           and namespace.nspname not like 'pg\\_%'
           and relation.relkind in ('r', 'p', 'v', 'm', 'f')
           and not exists (
             select
             from pg_catalog.pg_depend as dependency
             where dependency.classid = 'pg_catalog.pg_class'::regclass
               and dependency.objid = relation.oid
               and dependency.deptype = 'e'
           )
       ) as is_new,
       to_regclass('edgar.company') is not null as has_table,
       has_database_privilege(current_database(), 'create') as may_create,
       current_user as "user"`,
  );
  const is = (name: string) => row?.[name] === "t";
  const hasCompanies = is("has_table") &&
    (await connection.rows("select exists (select from edgar.company) as is_there"))[0]?.is_there === "t";
  return {
    isNew: is("is_new"),
    hasCompanies,
    mayCreate: is("may_create"),
    user: row?.user ?? "",
  };
}

async function loadSample(config: Config): Promise<void> {
  const sources = { kind: "folder" as const, directory: config.SQLWRIGHT_SOURCE_DIR };
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
