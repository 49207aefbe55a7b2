/**
 * The rows of a statement in batches, through a server-side cursor with bound values: neither side holds more than one batch, and the
 * next one is asked for when the last one has been taken. In a read-only transaction, so the rows are those of one moment.
 */

import type { ConnectionSource, TextRow } from "../postgres/pool.ts";

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

/** Resolves when the last batch has been taken. What `take` throws ends the statement and is thrown. */
export async function readInBatches(
  { pool, begin, text, parameters, signal }: CursorRequest,
  take: (rows: TextRow[]) => Promise<void> | void,
): Promise<void> {
  await pool.withConnection(signal, (connection) =>
    connection.transaction(begin, async () => {
      const options = { signal, isPrepared: false };
      await connection.execute(`declare sqlwright_export no scroll cursor for ${text}`, parameters, options);
      for (;;) {
        const rows: TextRow[] = [];
        await connection.execute(`fetch forward ${batchRows} from sqlwright_export`, [], {
          ...options,
          onRow: (row) => void rows.push(row),
        });
        if (rows.length > 0) await take(rows);
        signal.throwIfAborted();
        if (rows.length < batchRows) return;
      }
    }));
}
