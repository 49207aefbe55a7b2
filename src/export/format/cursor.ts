/**
 * The rows of a statement in batches, through a server-side cursor with bound values. PostgreSQL makes one
 * batch while the one before is taken, and no third one until it has been: two are held at most. In a
 * read-only transaction, so the rows are those of one moment.
 */

import type { ConnectionSource, TextRow } from "../../postgres/pool.ts";

export interface CursorRequest {
  pool: ConnectionSource;
  /** `begin read only` with the call's settings. */
  begin: string;
  text: string;
  parameters: readonly (string | null)[];
  signal: AbortSignal;
}

/** Rows a FETCH: enough to hide the round trip, few enough to be small. */
const batchRows = 2000;

/**
 * Resolves when the last batch has been taken. What `onRow` and `endBatch` throw ends the statement and is
 * thrown.
 * @param endBatch called after the rows of a batch, with how many there were; first rows of the next one may
 * have come before
 */
export async function readInBatches(
  { pool, begin, text, parameters, signal }: CursorRequest,
  onRow: (row: TextRow) => void,
  endBatch: (rows: number) => Promise<void> | void,
): Promise<void> {
  await pool.withConnection(signal, (connection) =>
    connection.transaction(begin, async () => {
      const options = { signal, isPrepared: false };
      await connection.execute(`declare sqlwright_export no scroll cursor for ${text}`, parameters, options);
      const fetch = () => {
        const fetched = connection.execute(`fetch forward ${batchRows} from sqlwright_export`, [], {
          ...options,
          onRow,
        });
        // It is awaited in its turn, or not at all after an error.
        fetched.catch(() => {});
        return fetched;
      };
      for (let [batch, next] = [fetch(), fetch()];; [batch, next] = [next, fetch()]) {
        const { count } = await batch;
        if (count > 0) await endBatch(count);
        signal.throwIfAborted();
        if (count < batchRows) return void await next;
      }
    }));
}
