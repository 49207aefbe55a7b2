/**
 * Records on their way to COPY: batches of bytes in COPY's own form, with where each record stands in the
 * source, and rejects, the records that are none. What reads a source yields both, in the source's order.
 */

import { SqlwrightError } from "../../errors.ts";

/** Records end to end, whole. */
export interface RecordBatch {
  bytes: Uint8Array;
  count: number;
  /** Byte in `bytes` where record `index` starts; `count` gives the end. */
  offset: (index: number) => number;
  /** Line of the source, element of an array or row of the call of record `index`; from 1. */
  line: (index: number) => number;
  /** Byte of the source where record `index` starts; null where it is not kept. */
  byte: ((index: number) => number) | null;
  /** A record may stand in several lines of COPY's input. */
  hasLineBreaks: boolean;
}

/** A record that is not loaded. */
export interface Reject {
  line: number;
  /** Where it starts in the source, where that is known. */
  byte: number | null;
  column: string | null;
  /** Start of the refused value. */
  value: string | null;
  reason: string;
  sqlstate: string | null;
  /** Start of the record as it stands in the source. */
  record: string | null;
}

export type RecordPart = { batch: RecordBatch } | { reject: Reject };

/** What a `line` of the source is called in messages. */
export type LineWord = "line" | "element" | "row";

export const batchBytes = 256 * 1024;
const valueLength = 80;
const recordLength = 1024;

export function excerpt(text: string, length = valueLength): string {
  const clean = text.replaceAll("\0", "\uFFFD").toWellFormed();
  return clean.length > length ? `${clean.slice(0, length - 1).toWellFormed()}…` : clean;
}

export const recordExcerpt = (text: string): string => excerpt(text, recordLength);

/** `line 3 (byte 1204), column "cik"`. */
export function placeOf(
  word: LineWord,
  { line, byte, column }: Pick<Reject, "line" | "byte" | "column">,
): string {
  return `${word} ${line}${byte === null ? "" : ` (byte ${byte})`}${
    column === null ? "" : `, column "${column}"`
  }`;
}

/** What messages call a source and its lines. */
export interface SourceWords {
  /** Null for rows of the call. */
  source: string | null;
  word: LineWord;
}

/** `"facts.csv", line 3`: what could not be loaded. */
export function subjectOf({ source, word }: SourceWords, place: Parameters<typeof placeOf>[1]): string {
  return (source === null ? "" : `"${source}", `) + placeOf(word, place);
}

/** The error of a reject where every record must be loaded. */
export function rejectError(reject: Reject, words: SourceWords): SqlwrightError {
  const { line, byte, column, value, sqlstate, reason } = reject;
  return new SqlwrightError("load.row_invalid", `Cannot load ${subjectOf(words, reject)}: ${reason}`, {
    details: {
      ...(words.source === null ? {} : { source: words.source }),
      [words.word]: line,
      ...(byte === null ? {} : { byte }),
      column,
      ...(value === null ? {} : { value }),
      ...(sqlstate === null ? {} : { sqlstate }),
    },
    hint: "Nothing was loaded. Correct the row and load again, or load the good rows " +
      "with the option mode: collect",
  });
}

/**
 * Where PostgreSQL's context says that a COPY was, from line 1; it may stand behind the lines of triggers,
 * and in any language.
 */
export function copyContext(where: unknown): { line: number | null; column: string | null } {
  const [, line, column] = copyLine.exec(typeof where === "string" ? where : "") ?? [];
  return { line: line === undefined ? null : Number(line), column: column ?? null };
}

const copyLine = /^COPY [^\n]*?, \p{L}+ (\d+)(?:, \p{L}+ ([^:\n]+?)\s*(?::|$))?/mu;

const encoder = new TextEncoder();

/** Values as one line of COPY's text format. */
export function textLine(values: readonly (string | null)[]): string {
  let line = "";
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (index > 0) line += "\t";
    if (value === null || value === undefined) line += "\\N";
    else line += special.test(value) ? value.replace(specials, escapeCharacter) : value;
  }
  return line + "\n";
}

const special = /[\\\t\n\r]/;
const specials = /[\\\t\n\r]/g;

function escapeCharacter(character: string): string {
  switch (character) {
    case "\t":
      return "\\t";
    case "\n":
      return "\\n";
    case "\r":
      return "\\r";
    default:
      return "\\\\";
  }
}

/** A batch of lines of COPY's text format; a line's record is found when it is asked for. */
export function textBatch(
  lines: string,
  count: number,
  line: RecordBatch["line"],
  byte: RecordBatch["byte"] = null,
): RecordBatch {
  const bytes = encoder.encode(lines);
  let offsets: number[] | null = null;
  const findOffsets = () => {
    const found = [0];
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, end + 1)) found.push(end + 1);
    return found;
  };
  return {
    bytes,
    count,
    line,
    byte,
    hasLineBreaks: false,
    offset: (index) => (offsets ??= findOffsets())[index]!,
  };
}

/** Rows that are there already, or stream in, as PostgreSQL's text. */
export async function* rowRecords(
  batches: AsyncIterable<readonly (string | null)[][]> | Iterable<readonly (string | null)[][]>,
): AsyncGenerator<RecordPart> {
  let lines = "";
  let first = 1;
  let count = 0;
  const flush = (): RecordPart => {
    const start = first;
    const batch = textBatch(lines, count, (index) => start + index);
    first += count;
    lines = "";
    count = 0;
    return { batch };
  };
  for await (const rows of batches) {
    for (const row of rows) {
      lines += textLine(row);
      count++;
      if (lines.length >= batchBytes) yield flush();
    }
  }
  if (count > 0) yield flush();
}
