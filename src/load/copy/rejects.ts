/**
 * Rejected rows: the first of them are in the answer, and all in `sqlwright.load_reject`, from where a
 * resource shows them until they expire.
 */

import { bookValue, bookWrite } from "../../bookkeeping/run.ts";
import { sqlstateOf } from "../../postgres/database_error.ts";
import type { CallConnection } from "../../postgres/pool.ts";
import type { Reject } from "../format/record.ts";

export const rejectsUri = (loadId: string): string => `sqlwright://loads/${loadId}/rejects`;

/** So many are in the answer. */
export const firstRejects = 20;
/** So many go to the database at once. */
const batchRejects = 5000;

/** Writes them in the load's own transaction. */
export async function recordRejects(
  connection: Pick<CallConnection, "execute">,
  loadId: string,
  rejects: readonly Reject[],
  signal: AbortSignal,
): Promise<void> {
  for (let start = 0; start < rejects.length; start += batchRejects) {
    const rows = rejects.slice(start, start + batchRejects).map(
      ({ line, column, value, reason, sqlstate, record }, index) => ({
        number: start + index + 1,
        line,
        column_name: column,
        value,
        reason,
        sqlstate,
        record,
      }),
    );
    await bookWrite(connection, ["ledger", "record_rejects"], {
      load_id: loadId,
      rows,
    }, { signal });
  }
}

/** What PostgreSQL says where the migration has not been applied, and where the login may not read. */
const missing = new Set(["42P01", "3F000", "42501"]);

/** The rejects of a load as JSON text; null when there is no such load, or they have expired. */
export async function readRejects(
  connection: Pick<CallConnection, "execute">,
  loadId: string,
): Promise<string | null> {
  try {
    return await bookValue(connection, ["ledger", "reject_document"], {
      id: loadId,
    });
  } catch (error) {
    if (missing.has(sqlstateOf(error) ?? "")) return null;
    throw error;
  }
}
