/**
 * One JSON document a line: the same objects as a tool's `rows`, digit by digit; of a report the document
 * itself. Bytes that are JSON as PostgreSQL sends them stay bytes; the rest goes through the writers of a
 * call.
 */

import { jsonFormOf } from "../../postgres/types/codec.ts";
import { representationOf } from "../../tool/schema.ts";
import { ByteWriter } from "./bytes.ts";
import type { ByteSink, ExportColumns, RowWriter } from "./model.ts";

export function ndjsonWriter({ columns, writers, isDocument }: ExportColumns, sink: ByteSink): RowWriter {
  const out = new ByteWriter();
  const encoder = new TextEncoder();
  const keys = columns.map(({ name }, index) =>
    encoder.encode(`${index === 0 ? "{" : ","}${JSON.stringify(name)}:`)
  );
  const forms = columns.map(({ type, tag }) => jsonFormOf(type, representationOf(tag?.flow ?? {})));
  return {
    write: (row) => {
      const { bytes, starts, lengths } = row;
      if (isDocument) out.text(writers[0]!(row.text(0)));
      else {
        for (let index = 0; index < writers.length; index++) {
          out.bytes(keys[index]!);
          const start = starts[index]!;
          const end = start + lengths[index]!;
          if (end < start) out.text(writers[index]!(null));
          else if (forms[index] === "number") out.bytes(bytes, start, end);
          else if (forms[index] === "string" && isPlain(bytes, start, end)) {
            out.byte(quote);
            out.bytes(bytes, start, end);
            out.byte(quote);
          } else out.text(writers[index]!(row.text(index)));
        }
        out.byte(closingBrace);
      }
      out.byte(newline);
    },
    flush: () => sink(out.take()),
    end: () => {},
  };
}

const quote = 34;
const backslash = 92;
const closingBrace = 125;
const newline = 10;

/** Nothing in it that a string of JSON writes in another way. */
function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte < 32 || byte === quote || byte === backslash) return false;
  }
  return true;
}
