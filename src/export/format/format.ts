import { type ByteSink, type ExportColumns, type RowWriter } from "./model.ts";

export const exportFormats = ["csv", "ndjson", "parquet"] as const;
export type ExportFormat = (typeof exportFormats)[number];

export const contentTypes: Readonly<Record<ExportFormat, string>> = {
  csv: "text/csv; charset=utf-8; header=present",
  ndjson: "application/x-ndjson; charset=utf-8",
  parquet: "application/vnd.apache.parquet",
};

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
