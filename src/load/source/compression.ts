/**
 * From the bytes of a file to its text: gzip and zip are seen by their first bytes and undone as a stream, within limits of size and
 * ratio. Decompression is node:zlib's: Deno's DecompressionStream knows one gzip member only and takes four times as long
 * (docs/decisions/0014-sources-of-a-load.md).
 */

import { pipeline, Readable } from "node:stream";
import { crc32, createGunzip, createInflateRaw } from "node:zlib";
import { chunkBytes, type RawSource } from "./raw_source.ts";
import type { OpenedSource, SourceOptions } from "./model.ts";
import { corruptSource, refusedSource, tooLargeSource } from "./errors.ts";
import { findMember, type ZipMember } from "./zip.ts";

/** Takes over the raw source: it is closed when this rejects, and by the answer's `close`. */
export async function openCompressed(raw: RawSource, options: SourceOptions): Promise<OpenedSource> {
  try {
    return await open(raw, options);
  } catch (error) {
    await raw.close();
    throw error;
  }
}

async function open(raw: RawSource, options: SourceOptions): Promise<OpenedSource> {
  const counter = new Counter();
  const decoding = new Decoding();
  // In this order: what waits for bytes ends with the source.
  const close = async () => {
    await raw.close();
    await decoding.ended;
  };
  const form = await formOf(raw, options);
  const limits = { ...options, name: raw.name, counter };
  switch (form.kind) {
    case "zip": {
      const member = await findMember(raw, options.member, options.signal);
      const name = `${raw.name}#${member.name}`;
      const content = unzip(member, name, { counter, decoding });
      const { first, bytes } = await peek(limited(content, { ...limits, name, isCompressed: true }));
      const inner = compressionOf(first);
      if (inner !== null) {
        await bytes.return(undefined);
        throw refusedSource(
          name,
          `the member is a ${inner} archive itself`,
          `Take it out of ${raw.fileName}, and load it by its own`,
        );
      }
      return {
        name,
        size: member.compressedSize,
        consumed: () => counter.bytes,
        bytes,
        extension: extensionOf(member.name, null),
        // Its first bytes have been decoded, whether a reader came or not.
        close: async () => {
          await raw.close();
          await bytes.return(undefined);
          await decoding.ended;
        },
      };
    }
    case "gzip":
    case "none":
      if (options.member !== null) {
        throw refusedSource(
          raw.name,
          `it is no zip archive, so it has no member "${options.member}"`,
          "Leave member out",
        );
      }
      return {
        name: raw.name,
        size: raw.size,
        consumed: () => counter.bytes,
        bytes: form.kind === "gzip"
          ? limited(gunzip(counter.count(form.bytes), raw.name, decoding), { ...limits, isCompressed: true })
          : limited(counter.count(form.bytes), { ...limits, isCompressed: false }),
        extension: extensionOf(raw.fileName, raw.mediaType),
        close,
      };
    default:
      return form satisfies never;
  }
}

type Form = { kind: "zip" } | { kind: "gzip" | "none"; bytes: AsyncIterable<Uint8Array> };

async function formOf(raw: RawSource, { compression, member, signal }: SourceOptions): Promise<Form> {
  if (compression === "zip") return { kind: "zip" };
  if (compression !== "auto") return { kind: compression, bytes: raw.read() };
  signal.throwIfAborted();
  const { first, bytes } = await peek(raw.read());
  const found = compressionOf(first);
  if (found === "zip") {
    await bytes.return(undefined);
    return { kind: "zip" };
  }
  if (found === "gzip") return { kind: "gzip", bytes };
  // A name that promises what the bytes do not hold is a broken file, not a text.
  const promised = /\.gz$/i.test(raw.fileName) ? "gzip" : /\.zip$/i.test(raw.fileName) ? "zip" : null;
  if (promised !== null && !raw.isDecoded) {
    await bytes.return(undefined);
    throw corruptSource(raw.name, `it is named as ${promised} but does not begin as one`, {
      byte: 0,
      hint: `Fetch the file again, or say compression: "none"${member === null ? "" : " and no member"}`,
    });
  }
  return { kind: "none", bytes };
}

/** By the first bytes of a file. */
function compressionOf(first: Uint8Array): "gzip" | "zip" | null {
  if (first[0] === 0x1f && first[1] === 0x8b) return "gzip";
  const isZip = first.length >= 4 && first[0] === 0x50 && first[1] === 0x4b &&
    (first[2] === 3 && first[3] === 4 || first[2] === 5 && first[3] === 6);
  return isZip ? "zip" : null;
}

/** The first four bytes, and all bytes. */
async function peek(
  source: AsyncIterable<Uint8Array>,
): Promise<{ first: Uint8Array; bytes: AsyncGenerator<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]();
  const seen: Uint8Array[] = [];
  let first = new Uint8Array();
  while (first.length < 4) {
    const { value, done } = await iterator.next();
    if (done) break;
    seen.push(value);
    first = new Uint8Array([...first, ...value.subarray(0, 4)]);
  }
  let isReturned = false;
  const release = async () => {
    if (!isReturned) await iterator.return?.();
    isReturned = true;
  };
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      yield* seen;
      seen.length = 0;
      for (;;) {
        const { value, done } = await iterator.next();
        if (done) return;
        yield value;
      }
    } finally {
      await release();
    }
  }
  const bytes = all();
  const end = bytes.return.bind(bytes);
  // A generator that has not begun would not come to its `finally`.
  bytes.return = async (value) => {
    await release();
    return await end(value);
  };
  return { first, bytes };
}

/** How many compressed bytes went by. */
class Counter {
  bytes = 0;

  async *count(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      this.bytes += chunk.length;
      yield chunk;
    }
  }
}

async function* gunzip(
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
 * node:zlib takes a zero byte behind a gzip member for padding and leaves everything behind it unread: another member would be lost
 * without a word. So what it leaves is looked at here.
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
async function* unzip(
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
class Decoding {
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

interface Limits extends SourceOptions {
  name: string;
  counter: Counter;
  isCompressed: boolean;
}

/** Passes the bytes on until there are too many of them, or too many for what they were compressed to. */
async function* limited(
  source: AsyncIterable<Uint8Array>,
  { name, counter, isCompressed, maximumBytes, signal }: Limits,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const chunk of source) {
    signal.throwIfAborted();
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

function extensionOf(fileName: string, mediaType: string | null): string | null {
  const bare = fileName.replace(/\.(gz|zip)$/i, "");
  const extension = /[^./\\]\.([A-Za-z0-9_-]{1,16})$/.exec(bare)?.[1]?.toLowerCase();
  return extension ?? (mediaType === null ? null : extensionsByMediaType[mediaType] ?? null);
}

const extensionsByMediaType: Record<string, string | undefined> = {
  "text/csv": "csv",
  "text/tab-separated-values": "tsv",
  "application/json": "json",
  "application/x-ndjson": "ndjson",
  "application/jsonl": "ndjson",
};
