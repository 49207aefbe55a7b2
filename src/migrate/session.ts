/**
 * The session in which migrations and views are deployed: one direct connection, with limits on every wait, and an advisory
 * lock so that one run goes on at a time over all processes. The server gives the lock up when the session ends, so a killed
 * run leaves none behind.
 */

import postgres from "postgres";
import { SqlwrightError } from "../errors.ts";
import type { Log } from "../log.ts";
import { describeTarget, driverTarget } from "../postgres/connection_url.ts";
import { sqlstateOf, toDatabaseError } from "../postgres/database_error.ts";
import { type Script, type ScriptStatement, statementError } from "./script.ts";
import { backendQuestion, isStartRefusal, pooledParameters } from "../postgres/session.ts";

/** A connection string, or a client whose server, user and password are used for a connection of our own. */
export type MigrationTarget = string | postgres.Sql;

export interface SessionOptions {
  log?: Log;
  /** Stops the statement that runs; its file is rolled back. */
  signal?: AbortSignal;
  /** How long to wait for another run, and for any lock that a file does not bound itself. @default 30000 */
  lockTimeout_ms?: number;
  /** @default 3600000 */
  statementTimeout_ms?: number;
  /** Only for a connection string. @default 10000 */
  connectTimeout_ms?: number;
}

/** One connection with the right to change the schema. */
export interface MigrationSession {
  /** A pooler stands between: what is set or locked for the session may be another's in the next transaction. */
  isPooled: boolean;
  /** Rows as text or as the driver makes them: convert. */
  run(text: string, parameters?: (string | number)[]): Promise<Record<string, unknown>[]>;
  runStatement(script: Script, statement: ScriptStatement): Promise<void>;
  /** Columns that a query would answer, with the relation and attribute they come from. */
  describe(text: string): Promise<{ name: string; table: number; number: number }[]>;
  /** BEGIN, the callback, COMMIT; ROLLBACK when it throws. */
  inTransaction<T>(callback: () => Promise<T>): Promise<T>;
}

/**
 * Runs the callback while no other run of migrations or views can, over all processes.
 * @throws {SqlwrightError} `migration.pooled` behind a pooler, where no lock outlives its transaction
 */
export async function withMigrationSession<T>(
  target: MigrationTarget,
  options: SessionOptions,
  callback: (session: MigrationSession) => Promise<T>,
): Promise<T> {
  return await withSession(target, options, async (session) => {
    if (session.isPooled) throw pooledError(target);
    await lock(session, options);
    try {
      return await callback(session);
    } finally {
      // A lost session has given the lock up already; the first error is the one to tell.
      await session.run(`select pg_advisory_unlock(${lockKey})`).catch(() => {});
    }
  });
}

/** The tables in which migrate and deployViews write down what they did. */
export async function createBookkeeping(session: MigrationSession): Promise<void> {
  const [found] = await session.run(
    "select to_regclass('sqlwright.migration') is not null and to_regclass('sqlwright.view') is not null as is_there",
  );
  if (found !== undefined && isTrue(found.is_there)) return;
  await session.inTransaction(async () => {
    await session.run(bookkeeping);
  });
}

/** A boolean of Postgres, whether the client's types turn it into one or leave it text. */
export function isTrue(value: unknown): boolean {
  return value === true || value === "t";
}

/** "sqlwrigh" in ASCII: any fixed number that others are unlikely to use. */
const lockKey = "8318549247006435176";

const bookkeeping = `
create schema if not exists sqlwright;
comment on schema sqlwright is 'What sqlwright keeps about itself.';
create table if not exists sqlwright.migration (
  version integer not null,
  name text not null,
  sha256 text not null,
  applied_at timestamptz not null default now(),
  duration_ms integer not null,
  constraint pk_migration primary key (version)
);
comment on table sqlwright.migration is 'Migrations that were applied to this database.';
comment on column sqlwright.migration.version is 'Number of the migration.';
comment on column sqlwright.migration.name is 'Name of its file.';
comment on column sqlwright.migration.sha256 is 'SHA-256 of the file''s text with line feeds as line ends.';
comment on column sqlwright.migration.applied_at is 'When it was applied.';
comment on column sqlwright.migration.duration_ms is 'How long it took, in milliseconds.';
create table if not exists sqlwright.view (
  path text not null,
  view_name text not null,
  sha256 text not null,
  deployed_at timestamptz not null default now(),
  constraint pk_view primary key (path)
);
comment on table sqlwright.view is 'View files that were deployed to this database.';
comment on column sqlwright.view.path is 'Path of the file in the SQL directory.';
comment on column sqlwright.view.view_name is 'The view, with its schema, quoted where needed.';
comment on column sqlwright.view.sha256 is 'SHA-256 of the file''s text and column texts.';
comment on column sqlwright.view.deployed_at is 'When it was last deployed.';
`;

async function lock(session: MigrationSession, { lockTimeout_ms = 30_000 }: SessionOptions): Promise<void> {
  try {
    await session.run(`select pg_advisory_lock(${lockKey})`);
  } catch (error) {
    if (sqlstateOf(error) !== "55P03") throw error;
    const holders = await session.run(
      `select pid from pg_catalog.pg_locks
       where locktype = 'advisory' and granted and (classid::bigint << 32 | objid::bigint) = ${lockKey}
         and database = (select oid from pg_catalog.pg_database where datname = current_database())`,
    );
    const pid = holders[0] === undefined ? null : Number(holders[0].pid);
    throw new SqlwrightError(
      "migration.failed",
      `Cannot migrate: another run has not ended within ${lockTimeout_ms} ms`,
      {
        details: { pid, lockTimeout_ms },
        hint: pid === null
          ? "Try again"
          : `Wait for it, or end its session: select pg_terminate_backend(${pid})`,
        cause: error,
      },
    );
  }
}

/** The same without the lock, for reading. */
export async function withSession<T>(
  target: MigrationTarget,
  options: SessionOptions,
  callback: (session: MigrationSession) => Promise<T>,
): Promise<T> {
  const { connectTimeout_ms = 10_000, lockTimeout_ms = 30_000, statementTimeout_ms = 3_600_000, signal } =
    options;
  signal?.throwIfAborted();
  const place = typeof target === "string" ? describeTarget(target) : placeOf(target);
  // A connection of our own, also beside a client: postgres.js reconnects by itself, and no statement may run on a new connection
  // outside the transaction and without the lock that the lost one had.
  const open = (connection: Record<string, string>) => openClient(target, { connectTimeout_ms, connection });
  // As the session's defaults, so that a file's own limits end with RESET.
  let opened = open({
    application_name: "sqlwright migrate",
    client_min_messages: "warning",
    lock_timeout: String(lockTimeout_ms),
    statement_timeout: String(statementTimeout_ms),
  });
  try {
    let isPooled: boolean;
    try {
      const answer = await opened.client.unsafe(backendQuestion);
      isPooled = Number(answer[0]?.pid) !== answer.state.pid;
    } catch (error) {
      if (!isStartRefusal(error)) throw toDatabaseError(error, place);
      isPooled = true;
      opened = open(pooledParameters);
    }
    return await callback(createSession(opened, { place, signal, isPooled }));
  } finally {
    await opened.client.end({ timeout: opened.isLost() ? 0 : 1 });
  }
}

interface OpenClient {
  client: postgres.Sql;
  isLost: () => boolean;
}

function openClient(
  target: MigrationTarget,
  { connectTimeout_ms, connection }: { connectTimeout_ms: number; connection: Record<string, string> },
): OpenClient {
  let isLost = false;
  const connectionOptions = {
    max: 1,
    idle_timeout: null,
    max_lifetime: null,
    connect_timeout: Math.max(1, Math.ceil(connectTimeout_ms / 1000)),
    fetch_types: false,
    connection,
    onnotice: () => {},
    onclose: () => isLost = true,
  };
  const client = postgres(
    {
      ...(typeof target === "string" ? driverTarget(target) : target.options),
      ...connectionOptions,
    } as unknown as postgres.Options<Record<string, postgres.PostgresType>>,
  );
  return { client, isLost: () => isLost };
}

function createSession(
  { client, isLost }: OpenClient,
  { place, signal, isPooled }: { place: string; signal: AbortSignal | undefined; isPooled: boolean },
): MigrationSession {
  const run: MigrationSession["run"] = async (text, parameters = []) => {
    signal?.throwIfAborted();
    if (isLost()) throw lostError(place);
    const query = client.unsafe(text, parameters);
    const onAbort = () => query.cancel();
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return [...await query].map((row) => ({ ...row }));
    } catch (error) {
      throw signal?.aborted ? signal.reason : toDatabaseError(error, place);
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  };
  return {
    isPooled,
    run,
    async runStatement(script, statement) {
      try {
        await run(statement.text);
      } catch (error) {
        throw statementError(script, statement, error);
      }
    },
    async describe(text) {
      try {
        const { columns } = await client.unsafe(text).describe();
        return columns.map(({ name, table, number }) => ({ name, table, number }));
      } catch (error) {
        throw toDatabaseError(error, place);
      }
    },
    async inTransaction(callback) {
      await run("begin");
      let answer: Awaited<ReturnType<typeof callback>>;
      try {
        answer = await callback();
        await run("commit");
      } catch (error) {
        // Not through `run`, which refuses once the signal has aborted.
        if (!isLost()) await client.unsafe("rollback").catch(() => {});
        throw error;
      }
      return answer;
    },
  };
}

function pooledError(target: MigrationTarget): SqlwrightError {
  const place = typeof target === "string" ? describeTarget(target) : placeOf(target);
  return new SqlwrightError(
    "migration.pooled",
    `Cannot migrate over "${place}": it is a connection pooler, which cannot hold the lock of a run`,
    {
      details: { place },
      hint:
        "Connect directly: run sqlwright migrate with a DATABASE_URL that names the host and port of PostgreSQL itself",
    },
  );
}

function lostError(place: string): SqlwrightError {
  return new SqlwrightError(
    "database.lost",
    `Cannot migrate: the connection to PostgreSQL at ${place} was lost`,
    {
      hint: "Migrate again: what was not finished has been rolled back",
    },
  );
}

function placeOf({ options }: postgres.Sql): string {
  return `${options.host[0] ?? "localhost"}:${options.port[0] ?? 5432}/${options.database}`;
}
