/**
 * What loads leave behind about themselves, in their own transaction: with an idempotency key the answer, so
 * that the same load is done once, and rejects. Two loads with one key wait for each other.
 *
 * Tools may run as a role that knows nothing of this; the ledger is written as the login.
 */

import { createHash } from "node:crypto";
import { bookRows, bookValue, bookWrite } from "../../bookkeeping/run.ts";
import { SqlwrightError } from "../../errors.ts";
import { quoteIdentifier } from "../../postgres/identifiers.ts";
import type { CallConnection } from "../../postgres/pool.ts";
import type { Reject } from "../format/record.ts";
import { recordRejects } from "./rejects.ts";

type Connection = Pick<CallConnection, "rows" | "script" | "execute">;

/** One load, as the ledger knows it. */
export interface LedgerKey {
  tool: string;
  key: string;
  /** SHA-256 of everything that decides what is loaded, except for the content of a source. */
  fingerprint: string;
  /** Null where it is not known. */
  sourceBytes: number | null;
}

/** SHA-256 of arguments; members in any order. */
export function fingerprintOf(value: unknown): string {
  const text = JSON.stringify(
    value,
    (_key, each: unknown) =>
      typeof each === "object" && each !== null && !Array.isArray(each)
        ? Object.fromEntries(
          Object.entries(each).sort(([one], [other]) => one < other ? -1 : 1),
        )
        : each,
  );
  return createHash("sha256").update(text ?? "").digest("hex");
}

/** False where the migration has not been applied, or the login may not write. */
export async function hasLedger(connection: Connection): Promise<boolean> {
  return await asLogin(
    connection,
    async () => await bookValue(connection, ["ledger", "ledger_access"], {}) === "t",
  );
}

/**
 * Waits for a load with the same key, and answers what it answered; null when there was none.
 * @throws {SqlwrightError} `load.key_reused`, `load.ledger_missing`
 */
export async function findLoad(
  connection: Connection,
  { tool, key, fingerprint, sourceBytes }: LedgerKey,
  signal: AbortSignal,
): Promise<string | null> {
  if (!await hasLedger(connection)) throw ledgerMissing();
  return await asLogin(connection, async () => {
    await bookValue(connection, ["ledger", "take_load_turn"], {
      load: `${tool}\n${key}`,
    }, { signal });
    const [found] = await bookRows(connection, ["ledger", "find_load"], {
      tool,
      idempotency_key: key,
    });
    if (found === undefined) return null;
    const isSame = found.fingerprint === fingerprint &&
      (sourceBytes === null || found.source_bytes === null ||
        Number(found.source_bytes) === sourceBytes);
    if (!isSame) throw keyReused(tool, key, found.finished_at!);
    return found.answer!;
  });
}

export interface FinishedLoad {
  id: string;
  tool: string;
  key: string | null;
  fingerprint: string;
  source: string | null;
  sourceBytes: number | null;
  /** JSON text. */
  answer: string;
  rejects: readonly Reject[];
}

export async function recordLoad(
  connection: Connection,
  load: FinishedLoad,
  signal: AbortSignal,
): Promise<void> {
  const { id, tool, key, fingerprint, source, sourceBytes, answer, rejects } = load;
  await asLogin(connection, async () => {
    // Those that have expired go with whichever load comes next.
    await bookWrite(connection, ["ledger", "forget_rejects"], {}, { signal });
    await bookWrite(connection, ["ledger", "record_load"], {
      id,
      tool,
      idempotency_key: key,
      fingerprint,
      source,
      source_bytes: sourceBytes,
      answer,
      has_rejects: rejects.length > 0,
    }, { signal });
    if (rejects.length > 0) {
      await recordRejects(connection, id, rejects, signal);
    }
  });
}

/** The tool's role is set back afterwards; where the work fails, the transaction ends anyway. */
async function asLogin<T>(
  connection: Connection,
  work: () => Promise<T>,
): Promise<T> {
  const [before] = await connection.rows(
    "select pg_catalog.current_setting('role') as role",
  );
  const role = before?.role ?? "none";
  if (role === "none") return await work();
  await connection.script("set local role none");
  const answer = await work();
  await connection.script(`set local role ${quoteIdentifier(role)}`);
  return answer;
}

function keyReused(
  tool: string,
  key: string,
  finishedAt: string,
): SqlwrightError {
  return new SqlwrightError(
    "load.key_reused",
    `Cannot load: the idempotency key "${key}" was used at ${finishedAt} for another load of ${tool}`,
    {
      details: { idempotency_key: key, used_at: finishedAt },
      hint: "Use a key of its own for each load; the same key repeats the same load with the same arguments",
    },
  );
}

function ledgerMissing(): SqlwrightError {
  return new SqlwrightError(
    "load.ledger_missing",
    "Cannot load with an idempotency key: the database has no sqlwright.load that the login may write",
    {
      hint:
        "Run `sqlwright migrate`, and grant the login select, insert, update and delete on sqlwright.load " +
        "and sqlwright.load_reject; or load without a key",
    },
  );
}
