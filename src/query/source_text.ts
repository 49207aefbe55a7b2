/**
 * From the bytes of a file to its text, and from an offset in the text to the place that a person sees.
 *
 * A byte order mark is skipped. Line ends are LF, CRLF and (as for Postgres) a lone CR. Offsets are
 * JavaScript's: UTF-16 code units; places count code points.
 */
import type { Report } from "./diagnostic.ts";
import type { PlaceAt } from "./model.ts";

export const maximumFile_bytes = 1024 * 1024;

/**
 * The text, or null when the bytes are not UTF-8, hold NUL or are too many: reported at the first wrong byte.
 */
export function decodeSource(bytes: Uint8Array, report: Report): string | null {
  if (bytes.length > maximumFile_bytes) {
    const found = `The file has ${bytes.length} bytes, more than ${maximumFile_bytes}`;
    report("too-large", { line: 1, column: 1 }, found);
    return null;
  }
  const wrong = findInvalidByte(bytes);
  if (wrong !== -1) {
    const before = withoutMark(
      new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(0, wrong)),
    );
    const byte = bytes[wrong] ?? 0;
    const found = byte === 0
      ? "The file holds a NUL byte"
      : `Byte 0x${byte.toString(16).toUpperCase().padStart(2, "0")} is not UTF-8`;
    const fix = byte === 0 ? "Remove it" : "Save the file as UTF-8";
    report("encoding", indexPlaces(before)(before.length), found, fix);
    return null;
  }
  return withoutMark(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
}

/** The text as a person would see it, wrong bytes replaced: to show beside a diagnostic, never to parse. */
export function decodeForDisplay(bytes: Uint8Array): string {
  return withoutMark(
    new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(0, maximumFile_bytes)),
  );
}

/** Offsets beyond the end are the place after the last character. */
export function indexPlaces(text: string): PlaceAt {
  const lineStarts = [0];
  for (const match of text.matchAll(/\r\n|\n|\r/g)) lineStarts.push(match.index + match[0].length);
  return (offset) => {
    const bounded = Math.max(0, Math.min(offset, text.length));
    let low = 0;
    let high = lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((lineStarts[middle] ?? 0) <= bounded) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: countCodePoints(text, lineStarts[low] ?? 0, bounded) + 1 };
  };
}

export function countCodePoints(text: string, start: number, end: number): number {
  let count = 0;
  for (let index = start; index < end; count++) index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
  return count;
}

function withoutMark(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

/** Index of the first byte that is NUL or begins no well-formed UTF-8 sequence, or -1. */
function findInvalidByte(bytes: Uint8Array): number {
  let index = 0;
  while (index < bytes.length) {
    const first = bytes[index] ?? 0;
    if (first === 0) return index;
    if (first < 0x80) {
      index++;
      continue;
    }
    const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4) return index;
    const second = bytes[index + 1] ?? 0;
    // The second byte excludes overlong forms, surrogates and what is above U+10FFFF.
    const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high) return index;
    for (let more = 2; more < length; more++) {
      const byte = bytes[index + more] ?? 0;
      if (byte < 0x80 || byte > 0xbf) return index;
    }
    index += length;
  }
  return -1;
}
