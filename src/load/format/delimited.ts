/**
 * Delimited lines, as bytes: the header line of a source, and its records where they must be known one by
 * one. Where they need not, the bytes go to COPY as they came.
 *
 * A record ends as PostgreSQL ends it: at a line end outside of quotes (`csv`) or one that no backslash
 * escapes (`text`). Only bytes of ASCII are looked at, so any encoding that keeps ASCII will do.
 */

import { SqlwrightError } from "../../errors.ts";
import { BatchBuilder } from "./delimited_batch.ts";
import type { DelimitedForm } from "./options.ts";
import { joined } from "../source/bytes.ts";
import { batchBytes, excerpt, recordExcerpt, type RecordPart, type Reject, textLine } from "./record.ts";

/** A longer record is refused where records must be known one by one. */
export const maximumRecordBytes = 8 * 1024 * 1024;
const maximumHeaderBytes = 1024 * 1024;

const lineFeed = 10;
const carriageReturn = 13;
const backslash = 92;

export interface HeaderLine {
  names: string[];
  /** Lines that the header takes. */
  lines: number;
  /** It ends with a carriage return alone; null where there is none. */
  endsWithReturn: boolean | null;
  /** What follows it. */
  rest: AsyncIterable<Uint8Array>;
}

/**
 * Reads the header and leaves the rest to be streamed. A byte order mark is skipped.
 * @throws {SqlwrightError} `load.header_invalid`
 */
export async function takeHeader(
  bytes: AsyncIterable<Uint8Array>,
  form: DelimitedForm,
  source: string,
): Promise<HeaderLine> {
  const chunks = bytes[Symbol.asyncIterator]();
  let data: Uint8Array<ArrayBufferLike> = new Uint8Array();
  const scan = new RecordScan(form);
  for (;;) {
    const { done, value } = await chunks.next();
    if (!done) data = joined(data, value);
    const start = byteOrderMark(data);
    if (isWideMark(data)) {
      throw headerError(
        source,
        "it begins with the byte order mark of UTF-16",
        "Set the option encoding to utf-16",
      );
    }
    const isRead = data.length > start && scan.next(data, start, data.length, done === true);
    if (isRead && !scan.isUnterminated) {
      const names = fieldsOf(data.subarray(start, scan.end), form).map((name) => name.trim());
      return {
        names,
        lines: scan.lineBreaks + 1,
        endsWithReturn: scan.lineEnd === carriageReturn,
        rest: following(data.subarray(scan.after), chunks),
      };
    }
    if (done) {
      throw headerError(
        source,
        data.length === start ? "it is empty, and a header line is expected" : "its header line does not end",
      );
    }
    if (data.length > maximumHeaderBytes) {
      throw headerError(source, `its header line has more than ${maximumHeaderBytes} bytes`);
    }
  }
}

export function headerError(
  source: string,
  problem: string,
  hint = "The first line names the columns; set the option header to false where there is none",
): SqlwrightError {
  return new SqlwrightError("load.header_invalid", `Cannot load "${source}": ${problem}`, {
    details: { source },
    hint,
  });
}

/** The same bytes without a byte order mark. */
export async function* withoutMark(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Uint8Array<ArrayBufferLike> | null = new Uint8Array();
  for await (const chunk of bytes) {
    if (head === null) {
      yield chunk;
      continue;
    }
    head = joined(head, chunk);
    if (head.length < 3) continue;
    yield head.subarray(byteOrderMark(head));
    head = null;
  }
  if (head !== null && head.length > 0) yield head;
}

async function* following(
  rest: Uint8Array,
  chunks: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    if (rest.length > 0) yield rest;
    for (;;) {
      const { done, value } = await chunks.next();
      if (done) return;
      yield value;
    }
  } finally {
    await chunks.return?.();
  }
}

export interface RecordOptions {
  /** Fields of each record. */
  fields: number;
  /** Indexes of the fields that are passed on. */
  kept: readonly number[];
  /** Line of the source with which the bytes begin. */
  firstLine: number;
  /** What the header's own end says of the others; null where the first of them says it. @default null */
  endsWithReturn?: boolean | null;
}

/** Splits into records; those with another number of fields are rejected. */
export async function* delimitedRecords(
  bytes: AsyncIterable<Uint8Array>,
  form: DelimitedForm,
  { fields, kept, firstLine, endsWithReturn = null }: RecordOptions,
): AsyncGenerator<RecordPart> {
  const isWhole = kept.length === fields;
  const scan = new RecordScan(form, isWhole ? null : kept, endsWithReturn);
  const probe = new RecordScan(form);
  const isRecord = (bytes: Uint8Array, start: number, end: number) =>
    start > 0 && probe.next(bytes, start, end, false) && probe.lineBreaks === 0 && probe.fields === fields;
  const batch = new BatchBuilder(isWhole, form);
  let line = firstLine;
  let data: Uint8Array<ArrayBufferLike> = new Uint8Array();
  /** The rest of a line that is too long goes by. */
  let isSkipping = false;
  /** All that is complete in `data`; answers where the rest begins. */
  function* read(isEnd: boolean): Generator<RecordPart, number> {
    let start = 0;
    while (start < data.length) {
      const isFound = scan.next(data, start, data.length, isEnd);
      const isTooLong = !isFound && data.length - start > maximumRecordBytes;
      if (!isFound && !isTooLong) return start;
      if (isFound && !scan.isUnterminated && scan.fields === fields) {
        const end = scan.after;
        batch.add(data, start, end, scan, line);
        line += scan.lineBreaks + 1;
        start = end;
        if (batch.size >= batchBytes) yield { batch: batch.take() };
        continue;
      }
      if (batch.count > 0) yield { batch: batch.take() };
      // A quote that does not close swallows good lines: only its own line is rejected, and reading goes on
      // behind that. One that closes somewhere has swallowed some when the next line is a record by itself.
      const isSwallowing = isTooLong || scan.isUnterminated ||
        (scan.lineBreaks > 0 && isRecord(data, data.indexOf(scan.lineEnd, start) + 1, scan.after));
      const lineEnd = isSwallowing ? data.indexOf(scan.lineEnd, start) : -1;
      const end = isSwallowing ? (lineEnd < 0 ? data.length : lineEnd + 1) : scan.after;
      const reason = isTooLong
        ? `it does not end within ${maximumRecordBytes} bytes; a quote may be missing`
        : scan.isUnterminated
        ? "a quoted value does not end"
        : `${scan.fields} value${scan.fields === 1 ? "" : "s"}, and ${fields} ${
          fields === 1 ? "is" : "are"
        } expected${scan.lineBreaks > 0 ? "; a quote may be missing" : ""}`;
      yield { reject: malformed(data.subarray(start, end), line, reason, form) };
      line += isSwallowing ? 1 : scan.lineBreaks + 1;
      start = end;
      isSkipping = isTooLong && lineEnd < 0;
    }
    return start;
  }
  for await (let chunk of bytes) {
    if (isSkipping) {
      const lineEnd = chunk.indexOf(scan.lineEnd);
      if (lineEnd < 0) continue;
      isSkipping = false;
      chunk = chunk.subarray(lineEnd + 1);
    }
    data = joined(data, chunk);
    const start = yield* read(false);
    if (batch.count > 0) yield { batch: batch.take() };
    data = data.subarray(start);
  }
  yield* read(true);
  if (batch.count > 0) yield { batch: batch.take() };
}

/** One field of a record, unquoted; null where it is not there. For messages. */
export function fieldOf(record: Uint8Array, index: number, form: DelimitedForm): string | null {
  return fieldsOf(record, form)[index] ?? null;
}

/** A record's fields, unquoted. */
export function fieldsOf(record: Uint8Array, form: DelimitedForm): string[] {
  const text = decoded(record, form).replace(/\r?\n$|\r$/, "");
  const { delimiter, quote, escape, format } = form;
  const fields = [""];
  let isQuoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!;
    const last = fields.length - 1;
    const following = text[index + 1];
    if (isQuoted) {
      if (character === escape && (following === quote || (following === escape && escape !== quote))) {
        fields[last] += following;
        index++;
      } else if (character === quote) isQuoted = false;
      else fields[last] += character;
    } else if (format === "text" && character === "\\") {
      fields[last] += character + (following ?? "");
      index++;
    } else if (character === quote) isQuoted = true;
    else if (character === delimiter) fields.push("");
    else fields[last] += character;
  }
  return fields;
}

/** Values as a record. For messages. */
export function lineOf(
  values: readonly (string | null)[],
  { delimiter, quote, format }: DelimitedForm,
): string {
  if (format === "text") return textLine(values).replaceAll("\t", delimiter);
  return values.map((value) => {
    if (value === null || quote === null) return value ?? "";
    const isQuoted = value === "" ||
      [delimiter, quote, "\n", "\r"].some((special) => value.includes(special));
    return isQuoted ? quote + value.replaceAll(quote, quote + quote) + quote : value;
  }).join(delimiter);
}

export function decoded(bytes: Uint8Array, { encoding }: Pick<DelimitedForm, "encoding">): string {
  return new TextDecoder(encoding.label ?? "utf-8").decode(bytes);
}

function malformed(record: Uint8Array, line: number, reason: string, form: DelimitedForm): Reject {
  const text = decoded(record.subarray(0, 8192), form).replace(/\r?\n$/, "");
  return {
    line,
    byte: null,
    column: null,
    value: excerpt(text),
    reason,
    sqlstate: "22P04",
    record: recordExcerpt(text),
  };
}

/** Finds where the next record ends. */
class RecordScan {
  /** Behind the last byte of the record, without its line end. */
  end = 0;
  /** Behind its line end. */
  after = 0;
  fields = 0;
  /** Line ends inside of it. */
  lineBreaks = 0;
  isUnterminated = false;
  /** Starts and ends of the kept fields, in the order of the record. */
  readonly places: number[] = [];
  readonly delimiter: number;
  readonly #quote: number;
  readonly #escape: number;
  readonly #isText: boolean;
  readonly #kept: readonly number[] | null;
  /** Of a source whose first line ends with a carriage return alone, one ends a line, beside line feeds. */
  #endsWithReturn: boolean | null;

  constructor(
    { format, delimiter, quote, escape }: DelimitedForm,
    kept: readonly number[] | null = null,
    endsWithReturn: boolean | null = null,
  ) {
    this.#endsWithReturn = endsWithReturn;
    this.delimiter = delimiter.charCodeAt(0);
    this.#quote = quote === null ? -1 : quote.charCodeAt(0);
    this.#escape = escape === null ? -1 : escape.charCodeAt(0);
    this.#isText = format === "text";
    this.#kept = kept;
  }

  /** The last byte of a line end. */
  get lineEnd(): number {
    return this.#endsWithReturn === true ? carriageReturn : lineFeed;
  }

  /** False when the record goes on behind `length`. `places` are relative to `data`. */
  next(data: Uint8Array, start: number, length: number, isEnd: boolean): boolean {
    const [delimiter, quote, isText] = [this.delimiter, this.#quote, this.#isText];
    const escape = this.#escape === quote ? -2 : this.#escape;
    const kept = this.#kept;
    this.places.length = 0;
    let fields = 1;
    let fieldStart = start;
    let lineBreaks = 0;
    let isQuoted = false;
    let index = start;
    let end = -1;
    for (; index < length; index++) {
      const byte = data[index]!;
      if (isQuoted) {
        if (byte === quote) isQuoted = false;
        else if (byte === escape) index++;
        else if (byte === lineFeed) lineBreaks++;
      } else if (byte === delimiter) {
        if (kept !== null && kept.includes(fields - 1)) this.places.push(fieldStart, index);
        fieldStart = index + 1;
        fields++;
      } else if (byte === quote) {
        isQuoted = true;
      } else if (byte === lineFeed) {
        // Of lines that end in two ways each ends by its own.
        this.#endsWithReturn ??= false;
        end = index > start && data[index - 1] === carriageReturn ? index - 1 : index;
        break;
      } else if (byte === carriageReturn && this.#endsWithReturn !== false) {
        if (index + 1 === length && !isEnd) return false;
        if (data[index + 1] === lineFeed) continue;
        this.#endsWithReturn = true;
        end = index;
        break;
      } else if (isText && byte === backslash) {
        index++;
        if (data[index] === lineFeed) lineBreaks++;
      }
    }
    if (end < 0) {
      if (!isEnd) return false;
      end = length;
      this.after = length;
    } else this.after = index + 1;
    if (kept !== null && kept.includes(fields - 1)) this.places.push(fieldStart, end);
    this.end = end;
    this.fields = fields;
    this.lineBreaks = lineBreaks;
    this.isUnterminated = isQuoted;
    return true;
  }
}

const isWideMark = ([first, second]: Uint8Array) =>
  (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);

const byteOrderMark = (data: Uint8Array) => data[0] === 0xef && data[1] === 0xbb && data[2] === 0xbf ? 3 : 0;
