/**
 * Decompression as a stream, within limits of size and ratio. It is node:zlib's: Deno's DecompressionStream
 * knows one gzip member only and takes four times as long (docs/decisions/0014-sources-of-a-load.md).
 */

import { pipeline, Readable } from "node:stream";
import { crc32, createGunzip, createInflateRaw } from "node:zlib";
import { chunkBytes, counted, peek } from "./bytes.ts";
import { corruptSource, tooLargeSource } from "./errors.ts";
import type { DecompressOptions } from "./raw_source.ts";

/** A member of a zip archive, as its directory says. */
export interface ZipMember {
  name: string;
  compressedSize: number;
  /** Decompressed, as the directory says. */
  size: number;
  /** CRC-32 of the decompressed bytes, unsigned, as the directory says. */
  crc: number;
  /** Else it is stored as it is. */
  isDeflated: boolean;
  /** The compressed bytes. */
  read: () => AsyncIterable<Uint8Array>;
}

/**
 * The bytes as they are, or decompressed where they begin as gzip, which may have several members.
 * @throws {SqlwrightError} `load.source_corrupt`, `load.source_too_large`; errors of the source pass as they
 * are
 */
export async function* decompressed(
  source: AsyncIterable<Uint8Array>,
  { name, maximumBytes, signal }: DecompressOptions,
): AsyncGenerator<Uint8Array> {
  const { first, bytes } = await peek(source);
  const counter = new Counter();
  const decoding = new Decoding();
  const isCompressed = compressionOf(first) === "gzip";
  const stored = counter.count(bytes);
  try {
    yield* limited(isCompressed ? gunzip(stored, name, decoding) : stored, {
      name,
      counter,
      isCompressed,
      maximumBytes,
      signal,
    });
  } finally {
    await bytes.return(undefined);
    await decoding.ended;
  }
}

/** By the first bytes of a file. */
export function compressionOf(first: Uint8Array): "gzip" | "zip" | null {
  if (first[0] === 0x1f && first[1] === 0x8b) return "gzip";
  const isZip = first.length >= 4 && first[0] === 0x50 && first[1] === 0x4b &&
    (first[2] === 3 && first[3] === 4 || first[2] === 5 && first[3] === 6);
  return isZip ? "zip" : null;
}

/** How many compressed bytes went by. */
export class Counter {
  bytes = 0;

  count(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    return counted(source, (length) => this.bytes += length);
  }
}

export async function* gunzip(
  source: AsyncIterable<Uint8Array>,
  name: string,
  decoding: Decoding,
): AsyncGenerator<Uint8Array> {
  const decoder = createGunzip({ chunkSize: chunkBytes });
  const padding = new Padding(source, decoder);
  const feed = padding.feed();
  yield* decoding.run(feed, decoder, (error, byte) =>
    corruptSource(
      name,
      error.code === "Z_BUF_ERROR" ? "the gzip stream is cut" : "the gzip stream is broken",
      { byte, cause: error },
    ));
  if (decoder.bytesWritten === 0) throw corruptSource(name, "the gzip stream is cut", { byte: 0 });
  const byte = await padding.findData(feed);
  if (byte !== null) {
    throw corruptSource(name, "the gzip stream has ended, and more than zeros follows", { byte });
  }
}

/**
 * node:zlib takes a zero byte behind a gzip member for padding and leaves everything behind it unread:
 * another member would be lost without a word. So what it leaves is looked at here.
 */
class Padding {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #decoder: ReturnType<typeof createGunzip>;
  /** What the decoder may not have come to. */
  #fed: { start: number; bytes: Uint8Array }[] = [];
  #byte = 0;
  #isOver = false;

  constructor(source: AsyncIterable<Uint8Array>, decoder: ReturnType<typeof createGunzip>) {
    this.#source = source[Symbol.asyncIterator]();
    this.#decoder = decoder;
    decoder.once("end", () => this.#isOver = true);
  }

  async *feed(): AsyncGenerator<Uint8Array> {
    try {
      for (let chunk = await this.#next(); chunk !== null; chunk = await this.#next()) {
        const taken = this.#decoder.bytesWritten;
        this.#fed = this.#fed.filter(({ start, bytes }) => start + bytes.length > taken);
        this.#fed.push({ start: this.#byte - chunk.length, bytes: chunk });
        yield chunk;
      }
    } finally {
      if (!this.#isOver) await this.#source.return?.();
    }
  }

  /** The first byte behind the decoder's end that is no zero; null where there is none. */
  async findData(feed: AsyncGenerator<Uint8Array>): Promise<number | null> {
    try {
      await feed.return(undefined);
      const taken = this.#decoder.bytesWritten;
      for (const { start, bytes } of this.#fed) {
        const at = bytes.findIndex((byte, index) => byte !== 0 && start + index >= taken);
        if (at >= 0) return start + at;
      }
      for (let chunk = await this.#next(); chunk !== null; chunk = await this.#next()) {
        const at = chunk.findIndex((byte) => byte !== 0);
        if (at >= 0) return this.#byte - chunk.length + at;
      }
      return null;
    } finally {
      await this.#source.return?.();
    }
  }

  async #next(): Promise<Uint8Array | null> {
    const { value, done } = await this.#source.next();
    if (done) return null;
    this.#byte += value.length;
    return value;
  }
}

/** The member's bytes; its size and CRC-32 are held against those of the directory. */
export async function* unzip(
  member: ZipMember,
  name: string,
  { counter, decoding }: { counter: Counter; decoding: Decoding },
): AsyncGenerator<Uint8Array> {
  const { compressedSize, size, crc, isDeflated } = member;
  let checksum = 0;
  let done = 0;
  const stored = counter.count(member.read());
  const bytes = isDeflated
    ? decoding.run(stored, createInflateRaw({ chunkSize: chunkBytes }), (error, byte) =>
      corruptSource(
        name,
        error.code === "Z_BUF_ERROR" ? "the member is cut" : "the member is broken",
        { byte, cause: error },
      ))
    : stored;
  for await (const chunk of bytes) {
    done += chunk.length;
    if (done > size) break;
    checksum = crc32(chunk, checksum);
    yield chunk;
  }
  if (done !== size) {
    throw corruptSource(
      name,
      `the archive's directory says ${size} bytes, but there are ${done > size ? "more" : done}`,
      { byte: counter.bytes },
    );
  }
  if (checksum !== crc) {
    throw corruptSource(name, "the member's bytes do not have the CRC-32 of the archive's directory", {
      byte: compressedSize,
    });
  }
}

type ZlibError = Error & { code?: string };

/** A source on its way through a decoder. */
export class Decoding {
  /** Nothing of it is under way any more. */
  ended: Promise<void> = Promise.resolve();

  /** Errors of the source pass through; those of the decoder get the byte that it came to. */
  async *run(
    source: AsyncIterable<Uint8Array>,
    decoder: ReturnType<typeof createGunzip>,
    toError: (error: ZlibError, byte: number) => Error,
  ): AsyncGenerator<Uint8Array> {
    const input = Readable.from(source, { objectMode: false, highWaterMark: chunkBytes });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    pipeline(input, decoder, () => resolve());
    try {
      for await (const chunk of decoder) yield chunk as Uint8Array;
    } catch (error) {
      // The second is a member behind padding.
      const isOurs = /^Z_|^ERR_STREAM_PUSH_AFTER_EOF$/.test(String((error as ZlibError).code));
      throw isOurs ? toError(error as ZlibError, decoder.bytesWritten) : error;
    } finally {
      // Not waited for: the source may stand still until it is closed.
      decoder.destroy();
      input.destroy();
    }
  }
}

export interface DecodeLimits {
  name: string;
  counter: Counter;
  isCompressed: boolean;
  /** Most decompressed bytes. */
  maximumBytes: number;
  signal?: AbortSignal | undefined;
}

/** Passes the bytes on until there are too many of them, or too many for what they were compressed to. */
export async function* limited(
  source: AsyncIterable<Uint8Array>,
  { name, counter, isCompressed, maximumBytes, signal }: DecodeLimits,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const chunk of source) {
    signal?.throwIfAborted();
    done += chunk.length;
    if (done > maximumBytes) {
      throw tooLargeSource(
        name,
        `it has more than ${maximumBytes} bytes${isCompressed ? " when decompressed" : ""}`,
        { maximum: maximumBytes },
        "Load it in parts, or raise SQLWRIGHT_MAX_SOURCE",
      );
    }
    if (isCompressed && done > freeBytes && done > counter.bytes * maximumRatio) {
      throw tooLargeSource(
        name,
        `${counter.bytes} bytes decompress to more than ${done}: a zip bomb`,
        { compressed: counter.bytes, decompressed: done, maximum_ratio: maximumRatio },
        `Decompress the file yourself if it is right; at most ${maximumRatio} to 1 is loaded`,
      );
    }
    yield chunk;
  }
}

/** So much is decompressed whatever the ratio. */
const freeBytes = 64 * 1024 ** 2;
/** Texts of figures come to 10 or 20 to 1. */
const maximumRatio = 200;
