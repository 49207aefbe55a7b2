/**
 * CSV as `COPY … TO STDOUT (FORMAT csv, HEADER)` of PostgreSQL writes it, byte for byte: values as PostgreSQL's text, null is nothing,
 * an empty text is `""`, and quotes stand only where they must.
 */

import type { TextRow } from "../postgres/pool.ts";
import type { ByteSink, ExportColumns, RowWriter } from "./format.ts";

export async function csvWriter({ columns }: ExportColumns, sink: ByteSink): Promise<RowWriter> {
  const encoder = new TextEncoder();
  // The end mark of COPY's text format, which a line of one column could be taken for.
  const isSingle = columns.length === 1;
  const write = (value: string | null): string => {
    if (value === null) return "";
    if (value === "" || mustQuote.test(value) || (isSingle && value === "\\.")) {
      return `"${value.replaceAll('"', '""')}"`;
    }
    return value;
  };
  const line = (row: TextRow): string => {
    let text = write(row[0] ?? null);
    for (let index = 1; index < columns.length; index++) text += "," + write(row[index] ?? null);
    return text + "\n";
  };
  await sink(encoder.encode(line(columns.map(({ name }) => name))));
  return {
    write: (rows) => {
      let text = "";
      for (const row of rows) text += line(row);
      return sink(encoder.encode(text));
    },
    end: () => {},
  };
}

const mustQuote = /[",\n\r]/;
