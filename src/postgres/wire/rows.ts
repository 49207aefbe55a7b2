/** DataRow and RowDescription: the columns of an answer, and its rows as PostgreSQL's text. */

import { Buffer } from "node:buffer";
import { ProtocolViolation } from "./protocol_error.ts";

/** A row as Postgres' text output, one entry a column. */
export type TextRow = (string | null)[];

/** One field of a RowDescription. */
export interface ResultColumn {
  name: string;
  /** OID of the table that the column comes from, and its number there; 0 where it comes from none. */
  table: number;
  number: number;
  /** OID; of a domain, that of its base type. */
  type: number;
  /** Such as a varchar's length; −1 for none. */
  modifier: number;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Rows longer than this are decoded value by value: one text of all would be held by each of its values. */
const mostJoinedBytes = 16 * 1024;

/** @throws {ProtocolViolation} where lengths and body do not fit */
export function readRow(bytes: Uint8Array, start: number, end: number, columns: number): TextRow {
  const row = new Array<string | null>(columns);
  if (end - start < 2 || int16(bytes, start) !== columns) {
    throw new ProtocolViolation(`a row has not the ${columns} columns of its description`);
  }
  // One text for all values is faster than one for each. It has a letter a byte where all is ASCII: then
  // values lie in it where they lie in the bytes. What is no text, the lengths, becomes a letter a byte too,
  // or makes it shorter.
  const from = start + 2;
  const isJoined = end - start <= mostJoinedBytes;
  const joined = isJoined ? decoder.decode(bytes.subarray(from, end)) : "";
  const isPlain = isJoined && joined.length === end - from;
  const values = isPlain ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = from;
  for (let index = 0; index < columns; index++) {
    if (at + 4 > end) throw new ProtocolViolation("a row ends within a value's length");
    const length = int32(bytes, at);
    at += 4;
    if (length === -1) {
      row[index] = null;
      continue;
    }
    const next = at + length;
    if (length < 0 || next > end) throw new ProtocolViolation("a value is longer than its row");
    row[index] = values === null
      ? joined.substring(at - from, next - from)
      : values.toString("utf8", at, next);
    at = next;
  }
  if (at !== end) throw new ProtocolViolation("a row has bytes behind its last value");
  return row;
}

/** @throws {ProtocolViolation} */
export function readColumns(bytes: Uint8Array, start: number, end: number): ResultColumn[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const columns: ResultColumn[] = [];
  if (end - start < 2) throw new ProtocolViolation("a row description without a count");
  const count = view.getUint16(start);
  let at = start + 2;
  for (let index = 0; index < count; index++) {
    const nameEnd = bytes.indexOf(0, at);
    if (nameEnd < 0 || nameEnd + 19 > end) {
      throw new ProtocolViolation("a row description ends within a column");
    }
    const name = decoder.decode(bytes.subarray(at, nameEnd));
    at = nameEnd + 1;
    columns.push({
      name,
      table: view.getUint32(at),
      number: view.getInt16(at + 4),
      type: view.getUint32(at + 6),
      modifier: view.getInt32(at + 12),
    });
    at += 18;
  }
  if (at !== end) throw new ProtocolViolation("a row description has bytes behind its last column");
  return columns;
}

/** The type OIDs of a ParameterDescription. */
export function readParameterTypes(bytes: Uint8Array, start: number, end: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = end - start < 2 ? -1 : view.getUint16(start);
  if (end - start !== 2 + 4 * count) throw new ProtocolViolation("a parameter description of another length");
  return Array.from({ length: count }, (_, index) => view.getUint32(start + 2 + 4 * index));
}

export function int16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

export function int32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/** A row where it came, for whoever passes bytes on: valid until the next one. */
export class RowBytes {
  bytes: Uint8Array = new Uint8Array(0);
  /** Where each value begins. */
  readonly starts: Int32Array;
  /** Of each value; −1 is null. */
  readonly lengths: Int32Array;

  constructor(columns: number) {
    this.starts = new Int32Array(columns);
    this.lengths = new Int32Array(columns);
  }

  /** @throws {ProtocolViolation} where lengths and body do not fit */
  read(bytes: Uint8Array, start: number, end: number): this {
    const { starts, lengths } = this;
    const columns = starts.length;
    if (end - start < 2 || int16(bytes, start) !== columns) {
      throw new ProtocolViolation(`a row has not the ${columns} columns of its description`);
    }
    let at = start + 2;
    for (let index = 0; index < columns; index++) {
      if (at + 4 > end) throw new ProtocolViolation("a row ends within a value's length");
      const length = int32(bytes, at);
      at += 4;
      if (length < -1 || at + length > end) throw new ProtocolViolation("a value is longer than its row");
      starts[index] = at;
      lengths[index] = length;
      if (length > 0) at += length;
    }
    if (at !== end) throw new ProtocolViolation("a row has bytes behind its last value");
    this.bytes = bytes;
    return this;
  }

  /** A value as text; null is null. */
  text(index: number): string | null {
    const length = this.lengths[index]!;
    if (length < 0) return null;
    const start = this.starts[index]!;
    return decoder.decode(this.bytes.subarray(start, start + length));
  }
}
