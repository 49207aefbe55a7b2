/**
 * CSV as `COPY … TO STDOUT (FORMAT csv, HEADER)` of PostgreSQL writes it, byte for byte: values as
 * PostgreSQL's text, null is nothing, an empty text is `""`, and quotes stand only where they must.
 */

import type { ByteSink, ExportColumns, RowWriter } from "./model.ts";

export async function csvWriter({ columns }: ExportColumns, sink: ByteSink): Promise<RowWriter> {
  const encoder = new TextEncoder();
  // The end mark of COPY's text format, which a line of one column could be taken for.
  const isSingle = columns.length === 1;
  const quoted = (value: string): string =>
    value === "" || mustQuote.test(value) || (isSingle && value === "\\.")
      ? `"${value.replaceAll('"', '""')}"`
      : value;
  await sink(encoder.encode(columns.map(({ name }) => quoted(name)).join(",") + "\n"));
  let text = "";
  return {
    write: (row) => {
      let line = "";
      for (let index = 0; index < columns.length; index++) {
        const value = row[index] ?? null;
        if (index > 0) line += ",";
        if (value !== null) line += quoted(value);
      }
      text += line + "\n";
    },
    flush: () => {
      const bytes = encoder.encode(text);
      text = "";
      return sink(bytes);
    },
    end: () => {},
  };
}

const mustQuote = /[",\n\r]/;
