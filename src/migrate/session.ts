/**
 * The session in which migrations, functions and views are deployed: one direct connection, with limits on
 * every wait, and the turn of this run (see `turn.ts`).
 */

import postgres from "postgres";
import { SqlwrightError } from "../errors.ts";
import { describeTarget, driverTarget } from "../postgres/connection_url.ts";
import { toDatabaseError } from "../postgres/database_error.ts";
import { statementError } from "./script.ts";
import { backendQuestion, isStartRefusal, pooledParameters, sessionParameters } from "../postgres/session.ts";
import type { MigrationSession, MigrationTarget, SessionOptions } from "./model.ts";
import { takeTurn } from "./turn.ts";

/**
 * Runs the callback while no other run of migrations, functions or views can, over all processes.
 * @throws {SqlwrightError} `migration.pooled` behind a pooler, where no lock outlives its transaction, and
 * `migration.busy`
 */
export async function withMigrationSession<T>(
  target: MigrationTarget,
  options: SessionOptions,
  callback: (session: MigrationSession) => Promise<T>,
): Promise<T> {
  return await withSession(target, options, async (session) => {
    if (session.isPooled) throw pooledError(target);
    return await takeTurn(session, options, () => callback(session));
  });
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
  // A connection of our own, also beside a client: postgres.js reconnects by itself, and no statement may run
  // on a new connection outside the transaction and without the lock that the lost one had.
  const open = (connection: Record<string, string>) => openClient(target, { connectTimeout_ms, connection });
  // As the session's defaults, so that a file's own limits end with RESET. Those of every session are among
  // them: what a file means, and what is read back of a view, depends on no role's settings.
  let opened = open({
    ...sessionParameters,
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
      hint: "Connect directly: run sqlwright migrate with a DATABASE_URL that names the host and port of " +
        "PostgreSQL itself",
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
