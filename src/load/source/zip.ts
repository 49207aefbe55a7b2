/**
 * One member of a zip archive, found by its central directory and read where it lies: the archive is never held in memory.
 * The directory is parsed by zip.js; the member's bytes are streamed by compression.ts, which has the limits.
 */

import { SqlwrightError } from "../../errors.ts";
import type { RawSource } from "./raw_source.ts";
import { corruptSource, refusedSource } from "./errors.ts";

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

/** What is needed of an entry of zip.js. */
interface Entry {
  filename: string;
  directory: boolean;
  symlink: boolean;
  encrypted: boolean;
  compressionMethod: number;
  compressedSize: number;
  uncompressedSize: number;
  crc32?: number;
  offset: number;
}

/** @throws {SqlwrightError} `load.source_refused` for a member that may not be read or is not there, `load.source_corrupt` */
export async function findMember(
  raw: RawSource,
  wanted: string | null,
  signal: AbortSignal,
): Promise<ZipMember> {
  if (raw.readRange === null || raw.size === null) {
    throw refusedSource(
      raw.name,
      `a zip archive is read from its end, and ${raw.withoutRanges ?? "this source has none"}`,
      "Fetch the archive to the source folder, or upload it",
    );
  }
  const source: RangedSource = { ...raw, readRange: raw.readRange, size: raw.size };
  const entries = await listEntries(source, signal);
  const entry = choose(raw.name, entries.filter(({ directory }) => !directory), wanted);
  return await locate(source, entry);
}

type RangedSource = RawSource & { readRange: NonNullable<RawSource["readRange"]>; size: number };

async function listEntries(raw: RangedSource, signal: AbortSignal): Promise<Entry[]> {
  const { Reader, ZipReader } = await import("@zip.js/zip.js");
  class RangeReader extends Reader<null> {
    constructor() {
      super(null);
      this.size = raw.size;
    }
    override readUint8Array(offset: number, length: number): Promise<Uint8Array> {
      signal.throwIfAborted();
      return readAll(raw, offset, Math.min(length, raw.size - offset));
    }
  }
  const entries: Entry[] = [];
  try {
    // Names are judged below, where the message can say which.
    const reader = new ZipReader(new RangeReader(), { filenameValidation: "tolerant" });
    for await (const entry of reader.getEntriesGenerator()) entries.push(entry as Entry);
    await reader.close();
  } catch (error) {
    if (error instanceof SqlwrightError || signal.aborted) throw error;
    throw corruptSource(raw.name, "the zip archive has no whole directory", {
      byte: raw.size,
      cause: error,
      hint: "Fetch the archive again: its end is missing or broken. Nothing was loaded",
    });
  }
  const unsafe = entries.find(({ filename }) => isUnsafe(filename));
  if (unsafe !== undefined) {
    throw refusedSource(
      raw.name,
      `the zip archive has a member "${unsafe.filename}", whose name leads out of it`,
      "Do not trust this archive; make another without absolute names, backslashes and ..",
    );
  }
  return entries;
}

const isUnsafe = (name: string) =>
  /^\/|^[a-zA-Z]:|\\|\0/.test(name) || name.split("/").some((part) => part === "..");

function choose(source: string, members: readonly Entry[], wanted: string | null): Entry {
  const named = members.slice(0, listedMembers).map(({ filename }) => filename).join(", ");
  const more = members.length > listedMembers ? ` and ${members.length - listedMembers} more` : "";
  const hint = members.length === 0 ? "There is nothing to load" : `Name one of: ${named}${more}`;
  const found = wanted === null ? members : members.filter(({ filename }) => filename === wanted);
  const [entry, other] = found;
  if (entry === undefined) {
    const why = wanted === null ? "the zip archive is empty" : `the zip archive has no member "${wanted}"`;
    throw refusedSource(source, why, hint);
  }
  if (other !== undefined) {
    throw wanted === null
      ? refusedSource(
        source,
        `the zip archive has ${members.length} members, and member does not say which`,
        hint,
      )
      : refusedSource(
        source,
        `the zip archive has the member "${wanted}" twice`,
        "Do not trust this archive",
      );
  }
  const why = entry.symlink
    ? "is a link"
    : entry.encrypted
    ? "is encrypted"
    : entry.compressionMethod !== stored && entry.compressionMethod !== deflated
    ? `is compressed by method ${entry.compressionMethod}`
    : null;
  if (why !== null) {
    throw refusedSource(
      source,
      `the member "${entry.filename}" ${why}`,
      "Only plain files, stored or deflated, are read: make the archive again",
    );
  }
  return entry;
}

/** The data follows a header of its own, whose length only it knows. */
async function locate(raw: RangedSource, entry: Entry): Promise<ZipMember> {
  const { filename, compressedSize, offset } = entry;
  const name = `${raw.name}#${filename}`;
  const header = await readAll(raw, offset, Math.min(localHeaderBytes, Math.max(0, raw.size - offset)));
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const start = header.length < localHeaderBytes || view.getUint32(0, true) !== localHeaderSignature
    ? null
    : offset + localHeaderBytes + view.getUint16(26, true) + view.getUint16(28, true);
  if (start === null || start + compressedSize > raw.size) {
    throw corruptSource(name, "the member does not lie where the archive's directory says", { byte: offset });
  }
  return {
    name: filename,
    compressedSize,
    size: entry.uncompressedSize,
    crc: (entry.crc32 ?? 0) >>> 0,
    isDeflated: entry.compressionMethod === deflated,
    read: () => raw.readRange(start, compressedSize),
  };
}

async function readAll(
  { name, readRange }: RangedSource,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  if (length > maximumDirectoryBytes) {
    throw refusedSource(
      name,
      `the directory of the zip archive has ${length} bytes`,
      `At most ${maximumDirectoryBytes} are read; make archives of fewer members`,
    );
  }
  const bytes = new Uint8Array(length);
  let done = 0;
  for await (const chunk of readRange(offset, length)) {
    bytes.set(chunk, done);
    done += chunk.length;
  }
  return bytes;
}

const listedMembers = 20;
/** A million members. */
const maximumDirectoryBytes = 128 * 1024 ** 2;
const stored = 0;
const deflated = 8;
const localHeaderBytes = 30;
const localHeaderSignature = 0x04034b50;
