/**
 * CSV as `COPY … TO STDOUT (FORMAT csv, HEADER)` of PostgreSQL writes it, byte for byte: values as
 * PostgreSQL's text, null is nothing, an empty text is `""`, and quotes stand only where they must. What
 * PostgreSQL sent is what is written: no value becomes a text on its way.
 */

import { ByteWriter } from "./bytes.ts";
import type { ByteSink, ExportColumns, RowWriter } from "./model.ts";

export async function csvWriter({ columns }: ExportColumns, sink: ByteSink): Promise<RowWriter> {
  const out = new ByteWriter();
  const count = columns.length;
  const write = (bytes: Uint8Array, start: number, end: number): void => {
    if (!mustQuote(bytes, start, end, count === 1)) return out.bytes(bytes, start, end);
    out.byte(quote);
    for (let from = start; from < end;) {
      const at = bytes.subarray(from, end).indexOf(quote);
      const to = at < 0 ? end : from + at + 1;
      out.bytes(bytes, from, to);
      // A quote stands twice.
      if (at >= 0) out.byte(quote);
      from = to;
    }
    out.byte(quote);
  };
  const encoder = new TextEncoder();
  for (const [index, { name }] of columns.entries()) {
    if (index > 0) out.byte(comma);
    const bytes = encoder.encode(name);
    write(bytes, 0, bytes.length);
  }
  out.byte(newline);
  await sink(out.take());
  return {
    write: ({ bytes, starts, lengths }) => {
      for (let index = 0; index < count; index++) {
        if (index > 0) out.byte(comma);
        const length = lengths[index]!;
        if (length >= 0) write(bytes, starts[index]!, starts[index]! + length);
      }
      out.byte(newline);
    },
    flush: () => sink(out.take()),
    end: () => {},
  };
}

const quote = 34;
const comma = 44;
const newline = 10;
const carriageReturn = 13;

/** @param isSingle the line could be taken for `\.`, the end mark of COPY's text format */
function mustQuote(bytes: Uint8Array, start: number, end: number, isSingle: boolean): boolean {
  if (start === end) return true;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === quote || byte === comma || byte === newline || byte === carriageReturn) return true;
  }
  return isSingle && end - start === 2 && bytes[start] === 92 && bytes[start + 1] === 46;
}
