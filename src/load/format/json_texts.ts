/**
 * The records of NDJSON and of a JSON array as texts, streamed: a record is one line, or one element. What is
 * inside of a record is not looked at here.
 */

import { SqlwrightError } from "../../errors.ts";
import { joined } from "../source/bytes.ts";
import { recordExcerpt, type Reject } from "./record.ts";

/** A longer record is refused. */
export const maximumTextBytes = 8 * 1024 * 1024;

/** The texts of records, in order. */
export interface TextBatch {
  texts: string[];
  /** Line, or number of the element, of each; from 1. */
  lines: number[];
  /** Byte where each starts; null of lines. */
  bytes: number[] | null;
}

export type TextPart = { texts: TextBatch } | { reject: Reject };

const lineFeed = 10;
const isBlank = /^[ \t\r]*$/;

/** Blank lines are skipped. */
export async function* ndjsonTexts(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<TextPart> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 1;
  let rest: Uint8Array<ArrayBufferLike> = new Uint8Array();
  let isSkipping = false;
  function* read(region: Uint8Array): Generator<TextPart> {
    const text = decodedOrNull(decoder, region);
    if (text !== null) {
      const batch: TextBatch = { texts: [], lines: [], bytes: null };
      const lines = text.split("\n");
      // What follows the last line end is no line.
      if (lines.at(-1) === "") lines.pop();
      for (const each of lines) {
        if (!isBlank.test(each)) {
          batch.texts.push(each);
          batch.lines.push(line);
        }
        line++;
      }
      if (batch.texts.length > 0) yield { texts: batch };
      return;
    }
    // One of the lines is no UTF-8: they are read one by one to find it.
    for (let start = 0; start < region.length;) {
      const end = region.indexOf(lineFeed, start) < 0 ? region.length : region.indexOf(lineFeed, start);
      const each = decodedOrNull(decoder, region.subarray(start, end));
      if (each === null) yield { reject: undecodable(region.subarray(start, end), line) };
      else if (!isBlank.test(each)) yield { texts: { texts: [each], lines: [line], bytes: null } };
      line++;
      start = end + 1;
    }
  }
  for await (const chunk of bytes) {
    const last = chunk.lastIndexOf(lineFeed);
    if (last < 0) {
      if (!isSkipping) rest = joined(rest, chunk);
    } else {
      const first = isSkipping ? chunk.indexOf(lineFeed) + 1 : 0;
      if (isSkipping) line++;
      isSkipping = false;
      yield* read(joined(rest, chunk.subarray(first, last + 1)));
      rest = chunk.slice(last + 1);
    }
    if (rest.length > maximumTextBytes) {
      yield { reject: tooLong(line, null, rest) };
      rest = new Uint8Array();
      isSkipping = true;
    }
  }
  if (rest.length > 0) yield* read(rest);
}

/** @throws {SqlwrightError} `load.row_invalid` when it is no array, or does not end */
export async function* elementTexts(
  bytes: AsyncIterable<Uint8Array>,
  source: string,
): AsyncGenerator<TextPart> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const split = new ElementSplit(source);
  let data: Uint8Array<ArrayBufferLike> = new Uint8Array();
  /** Byte of the source at which `data` begins. */
  let base = 0;
  let element = 1;
  for await (const chunk of bytes) {
    data = joined(data, chunk);
    const { starts, ends, after } = split.read(data, base);
    if (starts.length > 0) {
      const from = starts[0]!;
      const region = data.subarray(from, ends.at(-1)!);
      const text = decodedOrNull(decoder, region);
      // Characters stand where bytes do, while all are ASCII.
      const isAscii = text !== null && text.length === region.length;
      const batch: TextBatch = { texts: [], lines: [], bytes: [] };
      for (let index = 0; index < starts.length; index++) {
        const [start, end] = [starts[index]!, ends[index]!];
        const each = isAscii
          ? text.slice(start - from, end - from)
          : decodedOrNull(decoder, data.subarray(start, end));
        if (each === null) {
          if (batch.texts.length > 0) yield { texts: { ...batch } };
          [batch.texts, batch.lines, batch.bytes] = [[], [], []];
          yield { reject: { ...undecodable(data.subarray(start, end), element), byte: base + start } };
        } else {
          batch.texts.push(each);
          batch.lines.push(element);
          batch.bytes!.push(base + start);
        }
        element++;
      }
      if (batch.texts.length > 0) yield { texts: batch };
    }
    base += after;
    data = data.slice(after);
    if (data.length > maximumTextBytes) {
      throw arrayError(source, `element ${element} has more than ${maximumTextBytes} bytes`, base);
    }
  }
  split.end(base + data.length, element);
}

/** Where the elements of an array begin and end. */
class ElementSplit {
  readonly #source: string;
  #state: "before" | "inside" | "behind" = "before";
  #depth = 0;
  #isQuoted = false;
  #isEscaped = false;
  /** How far the last call has read into what is left of its data. */
  #scanned = 0;
  #hasElements = false;

  constructor(source: string) {
    this.#source = source;
  }

  /** `after` is how much of `data` is done with. */
  read(data: Uint8Array, base: number): { starts: number[]; ends: number[]; after: number } {
    const starts: number[] = [];
    const ends: number[] = [];
    let start = 0;
    for (let index = this.#scanned; index < data.length; index++) {
      const byte = data[index]!;
      if (this.#isQuoted) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === 92) this.#isEscaped = true;
        else if (byte === 34) this.#isQuoted = false;
        continue;
      }
      if (this.#state !== "inside") {
        if (byte <= 32) continue;
        const isMark = this.#state === "before" && base + index < 3 &&
          (byte === 0xef || byte === 0xbb || byte === 0xbf);
        if (isMark) continue;
        if (this.#state === "behind") {
          throw arrayError(this.#source, "more stands behind the array", base + index);
        }
        if (byte !== 91) throw arrayError(this.#source, "it is no JSON array", base + index);
        this.#state = "inside";
        start = index + 1;
        continue;
      }
      if (byte === 34) this.#isQuoted = true;
      else if (byte === 123 || byte === 91) this.#depth++;
      else if (byte === 125 || byte === 93) {
        if (this.#depth > 0) {
          this.#depth--;
          continue;
        }
        if (byte === 125) throw arrayError(this.#source, '"}" has no beginning', base + index);
        const [from, to] = trimmed(data, start, index);
        if (from < to || this.#hasElements) {
          starts.push(from);
          ends.push(to);
        }
        this.#state = "behind";
        start = index + 1;
      } else if (byte === 44 && this.#depth === 0) {
        const [from, to] = trimmed(data, start, index);
        starts.push(from);
        ends.push(to);
        this.#hasElements = true;
        start = index + 1;
      }
    }
    if (this.#state !== "inside") start = data.length;
    this.#scanned = data.length - start;
    return { starts, ends, after: start };
  }

  end(byte: number, element: number): void {
    if (this.#state === "behind") return;
    throw arrayError(
      this.#source,
      this.#state === "before"
        ? "it is empty, and a JSON array is expected"
        : `it ends in element ${element}`,
      byte,
    );
  }
}

function trimmed(data: Uint8Array, start: number, end: number): [number, number] {
  while (start < end && data[start]! <= 32) start++;
  while (start < end && data[end - 1]! <= 32) end--;
  return [start, end];
}

function arrayError(source: string, problem: string, byte: number): SqlwrightError {
  return new SqlwrightError("load.row_invalid", `Cannot load "${source}", byte ${byte}: ${problem}`, {
    details: { source, byte },
    hint: "Nothing was loaded. The source must be one array of objects; set the format to ndjson " +
      "for an object a line",
  });
}

function undecodable(record: Uint8Array, line: number): Reject {
  const text = new TextDecoder().decode(record.subarray(0, 8192));
  return {
    line,
    byte: null,
    column: null,
    value: null,
    reason: "its bytes are no UTF-8; the option encoding says what else they are, such as latin1",
    sqlstate: "22021",
    record: recordExcerpt(text),
  };
}

function tooLong(line: number, byte: number | null, record: Uint8Array): Reject {
  return {
    line,
    byte,
    column: null,
    value: null,
    reason: `it has more than ${maximumTextBytes} bytes`,
    sqlstate: null,
    record: recordExcerpt(new TextDecoder().decode(record.subarray(0, 8192))),
  };
}

function decodedOrNull(decoder: TextDecoder, bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}
