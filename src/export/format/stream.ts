/**
 * The rows of a statement as PostgreSQL sends them: what is taken slowly is read slowly, and then sent
 * slowly. In a read-only transaction, so the rows are those of one moment.
 */

import type { ConnectionSource, ResultColumn, RowBytes } from "../../postgres/pool.ts";

export interface StreamRequest {
  pool: ConnectionSource;
  /** `begin read only` with the call's settings. */
  begin: string;
  text: string;
  parameters: readonly (string | null)[];
  signal: AbortSignal;
  /** Holds the columns to those that the writer was made for. */
  onColumns: (columns: readonly ResultColumn[]) => void;
}

/**
 * Resolves when the last rows have been taken. What `onRow` and `onBatch` throw ends the statement and is
 * thrown.
 * @param onBatch called after the rows of one piece that came together, with how many there were; the next
 * piece is read when it is done
 */
export async function streamRows(
  { pool, begin, text, parameters, signal, onColumns }: StreamRequest,
  onRow: (row: RowBytes) => void,
  onBatch: (rows: number) => Promise<void> | void,
): Promise<void> {
  await pool.withConnection(signal, (connection) =>
    connection.transaction(begin, async () => {
      let count = 0;
      const endBatch = async () => {
        const rows = count;
        count = 0;
        await onBatch(rows);
      };
      await connection.execute(text, parameters, {
        signal,
        isPrepared: false,
        onColumns,
        onRowBytes: (row) => {
          count++;
          onRow(row);
        },
        whenDrained: () => count === 0 ? null : endBatch(),
      });
      if (count > 0) await endBatch();
    }));
}
