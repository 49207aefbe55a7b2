/**
 * What `start` does to a database before the server gets it: migrations, functions, `:view` files, and the
 * project's sample.
 */

import { openPools, requireUsableServer, serverFacts } from "../../app.ts";
import { type Config, queryFoldersOf } from "../../config.ts";
import { bookAccessQuery, isClosed, toBookAccess } from "../../migrate/access.ts";
import type { PoolConnection } from "../../postgres/pool.ts";
import { loadQueries } from "../../query/loader.ts";
import { formatCount, tell } from "../console/console.ts";
import { deployFiles, isDeployedIn } from "../deployment.ts";
import { loadSample } from "./sample.ts";

export interface PrepareOptions {
  config: Config;
  ownerUrl: string;
  serverUrl: string;
  isEmbedded: boolean;
}

/** Each step tells on standard error what it did; a database that is up to date is left alone. */
export async function prepareDatabase(options: PrepareOptions): Promise<void> {
  const { config, ownerUrl, serverUrl, isEmbedded } = options;
  const [queries, found] = await Promise.all([
    loadQueries(queryFoldersOf(config)),
    inspect(config, ownerUrl),
  ]);
  // What was applied is not for this login to say; the server starts over it and tells so where it matters.
  if (!isEmbedded && found.isHidden) return;
  if (!isEmbedded && !found.isNew && !await isDeployedIn(config, ownerUrl, queries)) return;
  if (!isEmbedded && found.isNew && !found.mayCreate) {
    tell(`The database is left as it is: "${found.user}" may not create schemas in it`);
    return;
  }
  const { migrations, functions, views } = await deployFiles(config, ownerUrl, queries);
  if (migrations.length > 0) tell(`Applied ${formatCount(migrations.length, "migration")}`);
  if (functions.length > 0) tell(`Deployed ${formatCount(functions.length, "function file")}`);
  if (views.length > 0) tell(`Deployed ${formatCount(views.length, "view")}`);
  await loadSample({ config, ownerUrl, serverUrl, queries: queries.queries });
}

interface Found {
  /** There is no table in it yet. */
  isNew: boolean;
  mayCreate: boolean;
  /** Something was written down by `migrate` that this login may not read. */
  isHidden: boolean;
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
       has_database_privilege(current_database(), 'create') as may_create,
       current_user as "user"`,
  );
  const is = (name: string) => row?.[name] === "t";
  return {
    isNew: is("is_new"),
    mayCreate: is("may_create"),
    isHidden: isClosed(toBookAccess((await connection.rows(bookAccessQuery))[0])),
    user: row?.user ?? "",
  };
}
