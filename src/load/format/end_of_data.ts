/**
 * `\.` alone on a line, where COPY may end. PostgreSQL reads nothing behind it and says nothing of it, so
 * rows would be lost: in the text format it is the end of the data in every version, and in CSV up to version
 * 17, where it is a value since.
 *
 * Here it means the same for every server: in CSV a value, which is passed on in quotes; in the text format
 * the end, behind which nothing may stand. Quotes are counted only in chunks that have any, because
 * everything that COPY takes as bytes comes through here.
 */

import { SqlwrightError } from "../../errors.ts";
import type { DelimitedForm } from "./options.ts";
import { joined } from "../source/bytes.ts";

const lineFeed = 10;
const carriageReturn = 13;
const dot = 46;
const backslash = 92;

/** @param lines lines of the source before the bytes */
export function withoutEndMark(
  bytes: AsyncIterable<Uint8Array>,
  form: DelimitedForm,
  { source, lines }: { source: string; lines: number },
): AsyncIterable<Uint8Array> {
  if (form.format === "csv") return quotedMarks(bytes, form);
  // The second byte of a character may be a backslash there; PostgreSQL knows.
  return form.encoding.hidesAscii ? bytes : endedText(bytes, source, lines);
}

/** The mark as CSV that is a value in every version. */
export function quotedMark({ quote }: DelimitedForm): Uint8Array {
  const byte = (quote ?? "\x01").charCodeAt(0);
  return new Uint8Array([byte, backslash, dot, byte]);
}

export const isMark = (bytes: Uint8Array) => bytes.length === 2 && bytes[0] === backslash && bytes[1] === dot;

const isLineEnd = (byte: number | undefined) => byte === lineFeed || byte === carriageReturn;

async function* quotedMarks(
  bytes: AsyncIterable<Uint8Array>,
  form: DelimitedForm,
): AsyncGenerator<Uint8Array> {
  const quotes = new QuoteCount(form);
  let held: Uint8Array<ArrayBufferLike> = new Uint8Array();
  let isLineStart = true;
  function* read(data: Uint8Array, isEnd: boolean): Generator<Uint8Array> {
    let start = 0;
    for (let at = data.indexOf(backslash); at >= 0; at = data.indexOf(backslash, at + 1)) {
      if (at === 0 ? !isLineStart : !isLineEnd(data[at - 1])) continue;
      if (at + 2 >= data.length && !isEnd) {
        quotes.count(data.subarray(start, at));
        if (at > start) yield data.subarray(start, at);
        isLineStart = true;
        held = data.slice(at);
        return;
      }
      if (data[at + 1] !== dot || (at + 2 < data.length && !isLineEnd(data[at + 2]))) continue;
      quotes.count(data.subarray(start, at));
      if (at > start) yield data.subarray(start, at);
      yield quotes.isOpen ? data.subarray(at, at + 2) : quotedMark(form);
      start = at + 2;
    }
    if (start === data.length) {
      isLineStart = false;
      return;
    }
    const rest = data.subarray(start);
    quotes.count(rest);
    isLineStart = isLineEnd(rest.at(-1));
    yield rest;
  }
  for await (const chunk of bytes) {
    const data = joined(held, chunk);
    held = new Uint8Array();
    yield* read(data, false);
  }
  if (held.length > 0) yield* read(held, true);
}

/** Whether a quoted value is open behind the bytes so far. */
class QuoteCount {
  isOpen = false;
  readonly #quote: number;
  /** -1 where a quote is escaped by another one: then each turns it, and two turn nothing. */
  readonly #escape: number;
  #isEscaped = false;

  constructor({ quote, escape }: DelimitedForm) {
    this.#quote = quote === null ? -1 : quote.charCodeAt(0);
    this.#escape = escape === null || escape === quote ? -1 : escape.charCodeAt(0);
  }

  count(bytes: Uint8Array): void {
    const quote = this.#quote;
    if (quote < 0 || (!this.isOpen && bytes.indexOf(quote) < 0)) return;
    const escape = this.#escape;
    if (escape < 0) {
      let turns = 0;
      for (let index = 0; index < bytes.length; index++) if (bytes[index] === quote) turns++;
      if (turns % 2 === 1) this.isOpen = !this.isOpen;
      return;
    }
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index]!;
      if (this.#isEscaped) this.#isEscaped = false;
      else if (this.isOpen && byte === escape) this.#isEscaped = true;
      else if (byte === quote) this.isOpen = !this.isOpen;
    }
  }
}

async function* endedText(
  bytes: AsyncIterable<Uint8Array>,
  source: string,
  lines: number,
): AsyncGenerator<Uint8Array> {
  let line = lines + 1;
  let isLineStart = true;
  let isOver = false;
  let held: Uint8Array<ArrayBufferLike> = new Uint8Array();
  /** How much of `data` goes on: up to the mark, or to what the next chunk decides. */
  const read = (data: Uint8Array, isEnd: boolean): number => {
    for (let index = 0; index < data.length; index++) {
      const byte = data[index]!;
      if (byte === lineFeed) {
        line++;
        isLineStart = true;
        continue;
      }
      if (byte !== backslash) {
        if (byte !== carriageReturn) isLineStart = false;
        continue;
      }
      if (index + 2 >= data.length && !isEnd) return index;
      const isAtEnd = data[index + 1] === dot && (index + 2 >= data.length || isLineEnd(data[index + 2]));
      if (isAtEnd) {
        if (!isLineStart) throw markError(source, line, "the end mark \\. is not alone on its line");
        isOver = true;
        return index;
      }
      if (data[index + 1] === lineFeed) line++;
      isLineStart = false;
      index++;
    }
    return data.length;
  };
  for await (const chunk of bytes) {
    let data = joined(held, chunk);
    held = new Uint8Array();
    if (!isOver) {
      const end = read(data, false);
      if (end > 0) yield data.subarray(0, end);
      data = data.subarray(end);
      if (!isOver) {
        held = data.slice();
        continue;
      }
      data = data.subarray(2);
    }
    requireBlank(data, source, line);
  }
  if (held.length === 0) return;
  const end = read(held, true);
  if (end > 0) yield held.subarray(0, end);
}

function requireBlank(bytes: Uint8Array, source: string, line: number): void {
  for (const byte of bytes) {
    if (byte > 32) throw markError(source, line, "the end mark \\. stands here, and more follows it");
  }
}

function markError(source: string, line: number, problem: string): SqlwrightError {
  return new SqlwrightError("load.row_invalid", `Cannot load "${source}", line ${line}: ${problem}`, {
    details: { source, line },
    hint: "Nothing was loaded. In COPY's text format \\. ends the data: take the line out, or write \\\\. " +
      "where it is a value",
  });
}
