/**
 * One run at a time: an advisory lock over all processes of a database, which the server gives up when the
 * session ends, so a killed run leaves none behind.
 *
 * The lock is asked for again and again and never waited for inside of PostgreSQL: `create index
 * concurrently` waits for every statement that runs, and a blocked `pg_advisory_lock` of another run would be
 * one, while that run waits for the index.
 */

import { setTimeout as delay } from "node:timers/promises";
import { SqlwrightError } from "../errors.ts";
import { isTrue } from "./applied.ts";
import type { MigrationSession, TurnOptions } from "./model.ts";

/** "sqlwrigh" in ASCII: any fixed number that others are unlikely to use. */
const lockKey = "8318549247006435176";

const firstPause_ms = 20;
const longestPause_ms = 500;
const tellEvery_ms = 5_000;

/**
 * Runs the callback while no other run can.
 * @throws {SqlwrightError} `migration.busy` when another run does not end in time
 */
export async function takeTurn<T>(
  session: MigrationSession,
  options: TurnOptions,
  callback: () => Promise<T>,
): Promise<T> {
  await waitForTurn(session, options);
  try {
    return await callback();
  } finally {
    // A lost session has given the lock up already; the first error is the one to report.
    await session.run(`select pg_advisory_unlock(${lockKey})`).catch(() => {});
  }
}

async function waitForTurn(
  session: MigrationSession,
  { turn_timeout_ms = 600_000, tell, signal }: TurnOptions,
): Promise<void> {
  const started_ms = performance.now();
  let told_ms = Number.NEGATIVE_INFINITY;
  let pause_ms = firstPause_ms;
  for (;;) {
    const [answer] = await session.run(`select pg_try_advisory_lock(${lockKey}) as is_ours`);
    if (answer !== undefined && isTrue(answer.is_ours)) return;
    const waited_ms = performance.now() - started_ms;
    const pid = await findHolder(session);
    if (waited_ms > turn_timeout_ms) throw busy(pid, turn_timeout_ms);
    if (waited_ms - told_ms >= tellEvery_ms) {
      told_ms = waited_ms;
      const seconds = Math.round(waited_ms / 1000);
      const facts = [...(pid === null ? [] : [`pid ${pid}`]), ...(seconds === 0 ? [] : [`${seconds} s`])];
      tell?.(`Waiting for another migrate to end${facts.length === 0 ? "" : ` (${facts.join(", ")})`} …`);
    }
    await delay(Math.min(pause_ms, turn_timeout_ms));
    signal?.throwIfAborted();
    pause_ms = Math.min(pause_ms * 1.5, longestPause_ms);
  }
}

/** The process id of the session that has the turn; null when it has just given it up. */
async function findHolder(session: MigrationSession): Promise<number | null> {
  const [holder] = await session.run(
    `select lock.pid
     from pg_catalog.pg_locks as lock
     where lock.locktype = 'advisory'
       and lock.granted
       and (lock.classid::bigint << 32 | lock.objid::bigint) = ${lockKey}
       and lock.database = (
         select database.oid
         from pg_catalog.pg_database as database
         where database.datname = current_database()
       )`,
  );
  return holder === undefined ? null : Number(holder.pid);
}

function busy(pid: number | null, turn_timeout_ms: number): SqlwrightError {
  return new SqlwrightError(
    "migration.busy",
    `Cannot migrate: another run has not ended within ${turn_timeout_ms / 1000} s`,
    {
      details: { pid, turn_timeout_ms },
      hint: pid === null
        ? "Try again"
        : `Wait for it, or end its session: select pg_terminate_backend(${pid})`,
    },
  );
}
