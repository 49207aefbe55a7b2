/**
 * One JSON document a line: the same objects as a tool's `rows`, digit by digit; of a report the document
 * itself.
 */

import type { ByteSink, ExportColumns, RowWriter } from "./model.ts";

export function ndjsonWriter({ columns, writers, isDocument }: ExportColumns, sink: ByteSink): RowWriter {
  const encoder = new TextEncoder();
  const keys = columns.map(({ name }, index) => `${index === 0 ? "{" : ","}${JSON.stringify(name)}:`);
  let text = "";
  return {
    write: (row) => {
      if (isDocument) text += writers[0]!(row[0] ?? null);
      else {
        for (let index = 0; index < writers.length; index++) {
          text += keys[index]! + writers[index]!(row[index] ?? null);
        }
        text += "}";
      }
      text += "\n";
    },
    flush: () => {
      const bytes = encoder.encode(text);
      text = "";
      return sink(bytes);
    },
    end: () => {},
  };
}
