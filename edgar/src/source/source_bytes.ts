/**
 * Bytes of a file as text: whole, or line by line as they arrive. gzip is recognised by its first bytes and
 * not by the name, because an HTTP client may have unpacked it already. Everything has a limit; what is over
 * it is refused.
 */

import { Buffer } from "node:buffer";
import { decompressed, readBounded } from "sqlwright";
import type { ParseLimits, SourceFile } from "./source_file.ts";
import { refuseHtml, sourceInvalid, toSourceInvalid } from "./source_error.ts";

export interface Lines {
  lines: string[];
  /** The number of the first of them in the file. */
  first_line: number;
}

/** The whole file as bytes, unpacked. */
export async function readWhole(file: SourceFile, limit_bytes: number): Promise<Uint8Array> {
  const bytes = await readBounded(unpack(file.path, file.bytes, limit_bytes), limit_bytes);
  if (bytes === null) throw new TypeError("what was unpacked is within its limit");
  return bytes;
}

/**
 * The whole file as UTF-8. Bytes that are none, and NUL, which PostgreSQL's text cannot hold, are refused
 * with their place.
 */
export async function readUtf8(file: SourceFile, limits: ParseLimits): Promise<string> {
  const bytes = await readWhole(file, limits.whole_bytes);
  refuseNul(file.path, bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw sourceInvalid(file.path, "the text is not UTF-8", { byte: firstBadByte(bytes) }, cause);
  }
}

/** The whole file as UTF-8, or as Windows-1252 (what SEC's older Latin-1 files are) where it is none. */
export async function readOldText(file: SourceFile, limits: ParseLimits): Promise<string> {
  const bytes = await readWhole(file, limits.whole_bytes);
  refuseNul(file.path, bytes);
  return decodeOld(bytes);
}

/**
 * The lines of a file in the groups in which its bytes arrive, without their ends; memory is one chunk and
 * the longest line. Each line is UTF-8, or Windows-1252 where it is none: SEC's older indexes are Latin-1,
 * and the two do not mix in a line.
 */
export async function* readLines(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  options: LineOptions,
): AsyncGenerator<Lines> {
  const { limits, member } = options;
  let rest = "";
  let first_line = 1;
  let isStart = true;
  for await (const chunk of unpack(path, bytes, limits.unpacked_bytes)) {
    // One character per byte, so that a character cut by a chunk's end is whole again when its line is.
    const text = rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString("latin1");
    const lines = text.split("\n");
    rest = lines.pop()!;
    if (rest.length > limits.line_bytes) throw longLine(path, first_line + lines.length, { limits, member });
    if (lines.length === 0) continue;
    if (isStart) {
      refuseHtml(
        path,
        lines[0]!.replace(/^\u00EF\u00BB\u00BF/, "") + "\n" + lines.slice(1, 40).join("\n"),
        "a table",
      );
    }
    isStart = false;
    yield { lines: finishLines(path, lines, first_line, { limits, member }), first_line };
    first_line += lines.length;
  }
  if (rest === "") return;
  if (isStart) refuseHtml(path, rest, "a table");
  yield { lines: finishLines(path, [rest], first_line, { limits, member }), first_line };
}

/** Text of unknown age: UTF-8 where it is that, else Windows-1252, which maps every byte. */
export function decodeOld(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

interface LineOptions {
  limits: ParseLimits;
  member?: string | undefined;
}

function longLine(path: string, line: number, { limits, member }: LineOptions): Error {
  return sourceInvalid(path, `a line is longer than ${limits.line_bytes} bytes`, { line, member });
}

function finishLines(path: string, lines: string[], first_line: number, options: LineOptions): string[] {
  const { limits, member } = options;
  for (let index = 0; index < lines.length; index++) {
    let line = lines[index]!;
    if (line.length > limits.line_bytes) throw longLine(path, first_line + index, options);
    if (line.endsWith("\r")) line = line.slice(0, -1);
    if (line.includes("\0")) {
      const column = line.indexOf("\0") + 1;
      throw sourceInvalid(path, "a NUL byte stands in the text", {
        line: first_line + index,
        column,
        member,
      });
    }
    if (/[\u0080-\u00ff]/.test(line)) line = decodeOld(Buffer.from(line, "latin1"));
    lines[index] = line;
  }
  return lines;
}

/**
 * The bytes as they are, or unpacked where they begin like gzip; there may be `limit_bytes`, and not none.
 */
async function* unpack(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  limit_bytes: number,
): AsyncGenerator<Uint8Array> {
  let isEmpty = true;
  try {
    for await (const chunk of decompressed(bytes, { name: path, maximumBytes: limit_bytes })) {
      isEmpty = false;
      yield chunk;
    }
  } catch (error) {
    throw toSourceInvalid(path, error);
  }
  if (isEmpty) throw sourceInvalid(path, "the file is empty");
}

function refuseNul(path: string, bytes: Uint8Array): void {
  const byte = bytes.indexOf(0);
  if (byte >= 0) throw sourceInvalid(path, "a NUL byte stands in the text", { byte });
}

/** Where the first character that is none begins: the longest beginning that decodes, found by halving. */
function firstBadByte(bytes: Uint8Array): number {
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    // A character that the middle cuts is no fault.
    if (decodes(bytes.subarray(0, middle), true)) good = middle;
    else bad = middle;
  }
  // Back over the beginning of a character that goes on wrongly.
  while (good > 0 && !decodes(bytes.subarray(0, good), false)) good--;
  return good;
}

function decodes(bytes: Uint8Array, stream: boolean): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream });
    return true;
  } catch {
    return false;
  }
}
