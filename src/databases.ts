/**
 * The database of a server: its two pools, and the first thing that is asked over them. Begun before anything
 * else is loaded, because PostgreSQL takes its time to start a session.
 */

import type { Config } from "./config.ts";
import { SqlwrightError } from "./errors.ts";
import type { MigrationList } from "./migrate/files.ts";
import { findMigrationGap, type MigrationGap } from "./migrate/gap.ts";
import { Pool, type PoolConnection, type Pools } from "./postgres/pool.ts";
import { Secrets } from "./postgres/target/secrets.ts";
import { readTarget } from "./postgres/target/target.ts";

export interface ServerFacts {
  /** `server_version_num`, such as 180004. */
  version: number;
  versionText: string;
  user: string;
  database: string;
  isSuperuser: boolean;
  /** Tables that belong to the login, with their schemas; the first thousand. */
  ownedTables: string[];
  /** A pooler such as PgBouncer stands between. */
  isPooled: boolean;
}

/** A database that is being asked what it is. */
export interface Opening {
  pools: Pools;
  first: Promise<{ facts: ServerFacts; gap: MigrationGap | null }>;
}

/** Opens both pools and asks; what goes wrong is told by `first`. */
export function openServer(config: Config, migrations: readonly MigrationList[]): Opening {
  const pools = openPools(config);
  const first = pools.reader.withConnection(undefined, async (connection) => {
    const [facts, gap] = await Promise.all([
      serverFacts(connection),
      findMigrationGap(connection, migrations),
    ]);
    return { facts, gap };
  });
  // Whoever opened it has other things to do before it asks.
  first.catch(() => {});
  return { pools, first };
}

/** Each is taken for the time of one mebibyte or four. */
const uploadConnections = 2;

/** All pools, not yet connected. Sessions of the reader are read-only by default. */
export function openPools(config: Config): Pools {
  const { DATABASE_URL: url } = config;
  if (url === undefined) {
    throw new SqlwrightError("config.invalid", "Cannot start: DATABASE_URL is not set", {
      hint: "Set DATABASE_URL in .env, or run `sqlwright start`, which brings its own PostgreSQL",
    });
  }
  const options = {
    url: readTarget(url),
    secrets: new Secrets(),
    size: config.SQLWRIGHT_POOL_SIZE,
    queueSize: config.SQLWRIGHT_QUEUE_SIZE,
    queueTimeout_ms: config.SQLWRIGHT_QUEUE_TIMEOUT,
    connectTimeout_ms: config.SQLWRIGHT_CONNECT_TIMEOUT,
    session: { isPooled: false },
  };
  const parameters = {
    statement_timeout: String(config.SQLWRIGHT_TIMEOUT),
    idle_in_transaction_session_timeout: "60000",
  };
  return {
    reader: new Pool({ ...options, parameters: { ...parameters, default_transaction_read_only: "on" } }),
    writer: new Pool({ ...options, parameters }),
    uploads: new Pool({ ...options, parameters, size: uploadConnections }),
  };
}

export async function serverFacts(connection: PoolConnection): Promise<ServerFacts> {
  const [row] = await connection.rows(
    `select
       current_setting('server_version_num') as version,
       current_setting('server_version') as version_text,
       current_user as "user",
       current_database() as database,
       (
         select role.rolsuper
         from pg_catalog.pg_roles as role
         where role.rolname = current_user
       ) as is_superuser,
       (
         select coalesce(pg_catalog.json_agg(owned.name), '[]')
         from (
           select namespace.nspname || '.' || relation.relname as name
           from pg_catalog.pg_class as relation
           join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
           join pg_catalog.pg_roles as role on role.oid = relation.relowner
           where role.rolname = current_user
             and relation.relkind in ('r', 'p')
             and namespace.nspname not in ('information_schema', 'sqlwright')
             and namespace.nspname not like 'pg\\_%'
           limit 1000
         ) as owned
       ) as owned_tables`,
  );
  return {
    version: Number(row!.version),
    versionText: row!.version_text!,
    user: row!.user!,
    database: row!.database!,
    isSuperuser: row!.is_superuser === "t",
    ownedTables: JSON.parse(row!.owned_tables!),
    isPooled: connection.isPooled,
  };
}
