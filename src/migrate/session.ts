/**
 * The session in which migrations, functions and views are deployed: one direct connection, with limits on
 * every wait, and the turn of this run (see `turn.ts`).
 */

import { SqlwrightError } from "../errors.ts";
import { cancellationOf } from "../postgres/cancellation.ts";
import { toDatabaseError } from "../postgres/database_error.ts";
import { backendQuestion, isStartRefusal, pooledParameters, sessionParameters } from "../postgres/session.ts";
import { describeTarget, type Target } from "../postgres/target/model.ts";
import { Secrets } from "../postgres/target/secrets.ts";
import { readTarget } from "../postgres/target/target.ts";
import { openSession } from "../postgres/wire/open.ts";
import { ConnectionEnded } from "../postgres/wire/protocol_error.ts";
import type { Sent, Session } from "../postgres/wire/session.ts";
import { statementError } from "./script.ts";
import type { MigrationSession, MigrationTarget, SessionOptions } from "./model.ts";
import { sqlstateOf } from "./objects.ts";
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
  const to = targetOf(target);
  const place = describeTarget(to);
  const secrets = new Secrets();
  // A session of our own, which is never opened anew: no statement may run outside the transaction and
  // without the lock that a lost one had.
  const open = (parameters: Readonly<Record<string, string>>) =>
    openSession({ target: to, secrets, parameters, timeout_ms: connectTimeout_ms });
  let opened: Session | null = null;
  try {
    let isPooled: boolean;
    try {
      // As the session's defaults, so that a file's own limits end with RESET. Those of every session are
      // among them: what a file means, and what is read back of a view, depends on no role's settings.
      opened = await open({
        ...sessionParameters,
        application_name: "sqlwright migrate",
        client_min_messages: "warning",
        lock_timeout: String(lockTimeout_ms),
        statement_timeout: String(statementTimeout_ms),
        // A role may have it on, to guard people from their own typing; a migration means to write.
        default_transaction_read_only: "off",
      });
      isPooled = await backendOf(opened) !== opened.process;
    } catch (error) {
      opened?.destroy(error);
      if (!isStartRefusal(error)) throw toDatabaseError(error, place);
      isPooled = true;
      opened = await open(pooledParameters).catch((error) => {
        throw toDatabaseError(error, place);
      });
    }
    return await callback(createSession(opened, { place, signal, isPooled, user: to.user?.value ?? null }));
  } finally {
    await opened?.close();
  }
}

async function backendOf(session: Session): Promise<number> {
  let process = "";
  const onRow = ([pid]: (string | null)[]) => void (process = pid ?? "");
  await session.execute(backendQuestion, [], { onRow }, false).answer;
  return Number(process);
}

function targetOf(target: MigrationTarget): Target {
  if (typeof target === "string") return readTarget(target);
  const { host, port, user, pass, database, path } = target.options;
  const values = {
    host: path ? path.replace(/\/\.s\.PGSQL\.\d+$/, "") : host.join(","),
    port: port.join(","),
    user,
    password: typeof pass === "string" ? pass : "",
    dbname: database ?? "",
    sslmode: "prefer",
  };
  const text = Object.entries(values).map(([name, value]) => `${name}='${value.replace(/[\\']/g, "\\$&")}'`);
  return readTarget(text.join(" "), () => undefined);
}

function createSession(
  session: Session,
  { place, signal, isPooled, user }: {
    place: string;
    signal: AbortSignal | undefined;
    isPooled: boolean;
    user: string | null;
  },
): MigrationSession {
  const finish = async <T>(send: () => Sent<T>): Promise<T> => {
    signal?.throwIfAborted();
    if (session.isEnded) throw lostError(place);
    const sent = send();
    const cancellation = cancellationOf({
      settled: sent.answer,
      isActive: sent.isActive,
      cancel: (bound) => session.cancel(bound),
      giveUp: () => session.destroy(new ConnectionEnded("CONNECTION_CLOSED", "the server did not answer")),
    });
    const onAbort = () => cancellation.start();
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await sent.answer;
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      const told = withWayOut(toDatabaseError(error, place), user);
      throw told instanceof SqlwrightError && told.code === "database.lost" ? lostError(place, told) : told;
    } finally {
      signal?.removeEventListener("abort", onAbort);
      await cancellation.finished();
    }
  };
  const runScript = async (text: string) => void await finish(() => session.script(text));
  return {
    isPooled,
    runScript,
    async run(text, parameters = []) {
      let names: string[] = [];
      const rows: Record<string, string | null>[] = [];
      await finish(() =>
        session.execute(text, parameters.map(String), {
          onColumns: (columns) => names = columns.map(({ name }) => name),
          onRow: (row) => void rows.push(Object.fromEntries(row.map((value, at) => [names[at]!, value]))),
        }, false)
      );
      return rows;
    },
    async runStatement(script, statement) {
      try {
        await runScript(statement.text);
      } catch (error) {
        throw statementError(script, statement, error);
      }
    },
    async describe(text) {
      const { columns } = await finish(() => session.describe(text));
      return columns.map(({ name, table, number }) => ({ name, table, number }));
    },
    async inTransaction(callback) {
      await runScript("begin");
      let answer: Awaited<ReturnType<typeof callback>>;
      try {
        answer = await callback();
        await runScript("commit");
      } catch (error) {
        // Not with the signal, which refuses once it has aborted.
        if (!session.isEnded) await session.script("rollback").answer.catch(() => {});
        throw error;
      }
      return answer;
    },
  };
}

/** What a login lacks is seldom to be granted to it: migrations are another login's work. */
function withWayOut(error: unknown, login: unknown): unknown {
  if (!(error instanceof SqlwrightError) || error.hint !== null) return error;
  if (sqlstateOf(error) !== insufficientPrivilege) return error;
  return new SqlwrightError(error.code, error.message, {
    details: { ...error.details, login },
    hint: `This was asked as "${login}". Migrations run as the owner of the database: run the command with ` +
      "the owner's DATABASE_URL",
    cause: error,
  });
}

const insufficientPrivilege = "42501";

function pooledError(target: MigrationTarget): SqlwrightError {
  const place = describeTarget(targetOf(target));
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

function lostError(place: string, cause?: SqlwrightError): SqlwrightError {
  const sqlstate = cause?.details.sqlstate;
  const reason = sqlstate === undefined ? "" : `: ${cause!.message}`;
  return new SqlwrightError(
    "database.lost",
    `Cannot migrate: the connection to PostgreSQL at ${place} was lost${reason}`,
    {
      ...(sqlstate === undefined ? {} : { details: cause!.details }),
      ...(cause === undefined ? {} : { cause }),
      hint: "Migrate again: what was not finished has been rolled back",
    },
  );
}
