/**
 * Bytes from the server → messages. Each is a type, a length and a body, and the length is looked at before a
 * byte of the body is kept: a message that is longer than its kind may be is cut or skipped, and one whose
 * length or type cannot be ends the connection. Nothing is guessed, so that no message is ever read from the
 * middle of another.
 */

import { ProtocolViolation } from "./protocol_error.ts";

/** Gets each message: its type as a number, and where its body lies. The bytes are valid for this call. */
export interface MessageSink {
  message: (type: number, bytes: Uint8Array, start: number, end: number) => void;
  /** A DataRow or CopyData of this many bytes is longer than allowed; its bytes are skipped. */
  tooLong: (type: number, length: number) => void;
  /** How long the body of a DataRow or CopyData may be. Asked for each that does not fit into a chunk. */
  mostRowBytes: () => number;
}

/** Errors and notices quote values, however long these are: the end of what is longer is left out. */
const mostTextBytes = 64 * 1024;
/** 1,600 columns have names of at most 63 bytes; everything else is far shorter. */
const mostOtherBytes = 1024 * 1024;

const enum Fate {
  keep,
  cut,
  skip,
}

const letter = (type: string): number => type.charCodeAt(0);
const dataRow = letter("D");
const copyData = letter("d");
const errorResponse = letter("E");
const noticeResponse = letter("N");

/** All that a server may send behind its answer to SSLRequest. */
const knownTypes = new Set([..."RSKZTtnDCIE1 23sNAGHWdcv".replace(" ", "")].map(letter));

const headerBytes = 5;

export class Framer {
  readonly #sink: MessageSink;
  /** A message of which a part has come. */
  #kept = new Uint8Array(0);
  #keptLength = 0;
  /** Of the body that is coming: how many bytes are still to be skipped. */
  #skipping = 0;
  /** Of a cut message: how much of its end is to be skipped when its kept part is complete. */
  #cutBytes = 0;
  /** The length of the whole message in `#kept`, header and all; 0 while the header is incomplete. */
  #wanted = 0;

  constructor(sink: MessageSink) {
    this.#sink = sink;
  }

  /** @throws {ProtocolViolation} the connection must not be used again */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#skipping > 0) {
        const skipped = Math.min(this.#skipping, chunk.length - at);
        this.#skipping -= skipped;
        at += skipped;
      } else if (this.#keptLength > 0) {
        at = this.#complete(chunk, at);
      } else {
        at = this.#readWhole(chunk, at);
      }
    }
  }

  /** Messages that lie in the chunk with all their bytes are read where they are. */
  #readWhole(chunk: Uint8Array, from: number): number {
    const sink = this.#sink;
    let at = from;
    while (chunk.length - at >= headerBytes) {
      const type = chunk[at]!;
      const length = lengthAt(chunk, at);
      const end = at + 1 + length;
      if (end > chunk.length || length > mostOtherBytes) break;
      check(type, length);
      sink.message(type, chunk, at + headerBytes, end);
      at = end;
    }
    if (at < chunk.length) {
      const header = Math.min(headerBytes, chunk.length - at);
      this.#keep(chunk.subarray(at, at + header), headerBytes);
      at += header;
      if (this.#keptLength === headerBytes) this.#plan();
    }
    return at;
  }

  /** Takes what the message that has begun still needs. */
  #complete(chunk: Uint8Array, from: number): number {
    const wanted = this.#wanted === 0 ? headerBytes : this.#wanted;
    const part = chunk.subarray(from, from + wanted - this.#keptLength);
    this.#keep(part, wanted);
    if (this.#keptLength === wanted) {
      if (this.#wanted === 0) this.#plan();
      else this.#deliver();
    }
    return from + part.length;
  }

  /** A header is complete: what becomes of the body is decided before any of it is kept. */
  #plan(): void {
    const type = this.#kept[0]!;
    const length = lengthAt(this.#kept, 0);
    check(type, length);
    const body = length - 4;
    switch (this.#fate(type, body)) {
      case Fate.skip:
        this.#keptLength = 0;
        this.#skipping = body;
        this.#sink.tooLong(type, body);
        return;
      case Fate.cut:
        this.#cutBytes = body - mostTextBytes;
        this.#wanted = headerBytes + mostTextBytes;
        return;
      default:
        this.#wanted = headerBytes + body;
        if (body === 0) this.#deliver();
    }
  }

  #fate(type: number, body: number): Fate {
    if (type === dataRow || type === copyData) {
      return body > this.#sink.mostRowBytes() ? Fate.skip : Fate.keep;
    }
    if (type === errorResponse || type === noticeResponse) return body > mostTextBytes ? Fate.cut : Fate.keep;
    if (body > mostOtherBytes) {
      throw new ProtocolViolation(`a message of type ${typeName(type)} is ${body} bytes long`);
    }
    return Fate.keep;
  }

  #deliver(): void {
    const kept = this.#kept;
    const end = this.#wanted;
    this.#keptLength = 0;
    this.#wanted = 0;
    this.#skipping = this.#cutBytes;
    this.#cutBytes = 0;
    // A long row's bytes are not held for the next one, which is short as a rule.
    if (kept.length > mostOtherBytes) this.#kept = new Uint8Array(0);
    this.#sink.message(kept[0]!, kept, headerBytes, end);
  }

  /** Room grows with what has come, not with what a length promises. */
  #keep(part: Uint8Array, wanted: number): void {
    const length = this.#keptLength + part.length;
    if (length > this.#kept.length) {
      const grown = new Uint8Array(Math.min(wanted, Math.max(length * 2, 1024)));
      grown.set(this.#kept.subarray(0, this.#keptLength));
      this.#kept = grown;
    }
    this.#kept.set(part, this.#keptLength);
    this.#keptLength = length;
  }
}

function check(type: number, length: number): void {
  if (!knownTypes.has(type)) {
    throw new ProtocolViolation(`a message of the unknown type ${typeName(type)}`);
  }
  if (length < 4) throw new ProtocolViolation(`a message of type ${typeName(type)} has the length ${length}`);
}

/** Of the message that begins at `at`; negative where the server sent such a one. */
function lengthAt(bytes: Uint8Array, at: number): number {
  return (bytes[at + 1]! << 24) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!;
}

export function typeName(type: number): string {
  return type > 32 && type < 127
    ? `"${String.fromCharCode(type)}"`
    : `0x${type.toString(16).padStart(2, "0")}`;
}
