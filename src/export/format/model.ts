/** What the writers of all formats get and give. */

import type { TypedColumn } from "../../describe/model.ts";
import type { RowBytes } from "../../postgres/pool.ts";

/** The columns of an export, and what writes each as JSON; null is `null`. */
export interface ExportColumns {
  columns: readonly TypedColumn[];
  writers: readonly ((text: string | null) => string)[];
  /** The answer is one document and no rows: its one column is the line. */
  isDocument: boolean;
}

/** Where the bytes go; resolves when more may follow. */
export type ByteSink = (bytes: Uint8Array) => Promise<void> | void;

/**
 * Turns rows into bytes. A row is written when it arrives, so that none outlives its batch; the bytes go when
 * the batch is over.
 */
export interface RowWriter {
  write(row: RowBytes): void;
  flush(): Promise<void> | void;
  /** Writes what must stand at the end. A file without it is not whole. */
  end(): Promise<void> | void;
}
