/** The formats of an export: how they are called, and what writes each of them. What a writer needs beyond this file it imports when it is made. */

import type { TypedColumn } from "../../describe/describe.ts";
import type { TextRow } from "../../postgres/pool.ts";

export const exportFormats = ["csv", "ndjson", "parquet"] as const;
export type ExportFormat = (typeof exportFormats)[number];

export const contentTypes: Readonly<Record<ExportFormat, string>> = {
  csv: "text/csv; charset=utf-8; header=present",
  ndjson: "application/x-ndjson; charset=utf-8",
  parquet: "application/vnd.apache.parquet",
};

/** The columns of an export, and what writes each as JSON; null is `null`. */
export interface ExportColumns {
  columns: readonly TypedColumn[];
  writers: readonly ((text: string | null) => string)[];
  /** The answer is one document and no rows: its one column is the line. */
  isDocument: boolean;
}

/** Where the bytes go; resolves when more may follow. */
export type ByteSink = (bytes: Uint8Array) => Promise<void> | void;

/** Turns rows into bytes. A row is written when it arrives, so that none outlives its batch; the bytes go when the batch is over. */
export interface RowWriter {
  write(row: TextRow): void;
  flush(): Promise<void> | void;
  /** Writes what must stand at the end. A file without it is not whole. */
  end(): Promise<void> | void;
}

export async function makeWriter(
  format: ExportFormat,
  columns: ExportColumns,
  sink: ByteSink,
): Promise<RowWriter> {
  switch (format) {
    case "csv": {
      const { csvWriter } = await import("./csv.ts");
      return csvWriter(columns, sink);
    }
    case "ndjson": {
      const { ndjsonWriter } = await import("./ndjson.ts");
      return ndjsonWriter(columns, sink);
    }
    case "parquet": {
      const { parquetWriter } = await import("./parquet.ts");
      return parquetWriter(columns, sink);
    }
    default:
      throw new TypeError(`unknown format: ${format satisfies never}`);
  }
}
