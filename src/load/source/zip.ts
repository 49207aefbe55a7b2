/**
 * Members of a zip archive, found by its central directory and read where they lie: the archive is never held
 * in memory. The directory is parsed by zip.js; a member's bytes are decompressed as a stream by `decode.ts`,
 * which has the limits.
 */

import { readBounded } from "./bytes.ts";
import { Counter, Decoding, limited, unzip, type ZipMember } from "./decode.ts";
import { corruptSource, refusedSource, tooLargeSource } from "./errors.ts";
import { leadsOut } from "./path.ts";
import type { ArchiveMember, DecompressOptions, RangedBytes, RawSource } from "./raw_source.ts";

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

/**
 * @throws {SqlwrightError} `load.source_refused` for a member that may not be read or is not there,
 * `load.source_corrupt`
 */
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
  const archive: RangedBytes = { name: raw.name, size: raw.size, readRange: raw.readRange };
  const entries = await listEntries(archive, signal);
  const entry = choose(raw.name, entries.filter(({ directory }) => !directory), wanted);
  return await locate(archive, entry);
}

/**
 * All files of an archive in the order of its directory. Each has a limit of its own: `maximumBytes`.
 * @throws {SqlwrightError} `load.source_refused` for a name that leads out of the archive,
 * `load.source_corrupt`; `bytes` throws these, for what is encrypted or compressed in another way as well,
 * and `load.source_too_large`. Errors of `readRange` pass as they are.
 */
export async function* archiveMembers(
  archive: RangedBytes,
  options: Omit<DecompressOptions, "name">,
): AsyncGenerator<ArchiveMember> {
  for (const entry of await listEntries(archive, options.signal)) {
    if (entry.directory) continue;
    yield { name: entry.filename, size: entry.uncompressedSize, bytes: contentOf(archive, entry, options) };
  }
}

async function* contentOf(
  archive: RangedBytes,
  entry: Entry,
  { maximumBytes, signal }: Omit<DecompressOptions, "name">,
): AsyncGenerator<Uint8Array> {
  const name = `${archive.name}#${entry.filename}`;
  if (entry.uncompressedSize > maximumBytes) {
    throw tooLargeSource(
      name,
      `the member would have ${entry.uncompressedSize} bytes, and ${maximumBytes} are the most`,
      { maximum: maximumBytes, size: entry.uncompressedSize },
      "Load it in parts",
    );
  }
  refuseUnreadable(archive.name, entry);
  const member = await locate(archive, entry);
  const counter = new Counter();
  const decoding = new Decoding();
  try {
    const bytes = unzip(member, name, { counter, decoding });
    yield* limited(bytes, { name, counter, isCompressed: true, maximumBytes, signal });
  } finally {
    await decoding.ended;
  }
}

async function listEntries(archive: RangedBytes, signal: AbortSignal | undefined): Promise<Entry[]> {
  const { Reader, ZipReader } = await import("@zip.js/zip.js");
  let failure: { error: unknown } | null = null;
  class RangeReader extends Reader<null> {
    constructor() {
      super(null);
      this.size = archive.size;
    }
    override async readUint8Array(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
      signal?.throwIfAborted();
      try {
        return await readAll(archive, offset, Math.max(0, Math.min(length, archive.size - offset)));
      } catch (error) {
        failure = { error };
        throw error;
      }
    }
  }
  const entries: Entry[] = [];
  try {
    // Names are judged below, where the message can say which.
    const reader = new ZipReader(new RangeReader(), { filenameValidation: "tolerant" });
    for await (const entry of reader.getEntriesGenerator()) entries.push(entry as Entry);
    await reader.close();
  } catch (error) {
    if (failure !== null) throw (failure as { error: unknown }).error;
    if (signal?.aborted) throw error;
    throw corruptSource(archive.name, "the zip archive has no whole directory", {
      byte: archive.size,
      cause: error,
      hint: "Fetch the archive again: its end is missing or broken. Nothing was loaded",
    });
  }
  const unsafe = entries.find(({ filename }) => leadsOut(filename));
  if (unsafe !== undefined) {
    throw refusedSource(
      archive.name,
      `the zip archive has a member "${unsafe.filename}", whose name leads out of it`,
      "Do not trust this archive; make another without absolute names, backslashes and ..",
    );
  }
  return entries;
}

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
  refuseUnreadable(source, entry);
  return entry;
}

function refuseUnreadable(source: string, entry: Entry): void {
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
}

/** The data follows a header of its own, whose length only it knows. */
async function locate(archive: RangedBytes, entry: Entry): Promise<ZipMember> {
  const { filename, compressedSize, offset } = entry;
  const name = `${archive.name}#${filename}`;
  const header = await readAll(
    archive,
    offset,
    Math.min(localHeaderBytes, Math.max(0, archive.size - offset)),
  );
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const start = header.length < localHeaderBytes || view.getUint32(0, true) !== localHeaderSignature
    ? null
    : offset + localHeaderBytes + view.getUint16(26, true) + view.getUint16(28, true);
  if (start === null || start + compressedSize > archive.size) {
    throw corruptSource(name, "the member does not lie where the archive's directory says", { byte: offset });
  }
  return {
    name: filename,
    compressedSize,
    size: entry.uncompressedSize,
    crc: (entry.crc32 ?? 0) >>> 0,
    isDeflated: entry.compressionMethod === deflated,
    read: () => archive.readRange(start, compressedSize),
  };
}

async function readAll(
  { name, readRange }: RangedBytes,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (length === 0) return new Uint8Array();
  const bytes = length > maximumDirectoryBytes
    ? null
    : await readBounded(readRange(offset, length), maximumDirectoryBytes);
  if (bytes !== null) return bytes;
  throw refusedSource(
    name,
    `the directory of the zip archive has ${length} bytes`,
    `At most ${maximumDirectoryBytes} are read; make archives of fewer members`,
  );
}

const listedMembers = 20;
/** A million members. */
const maximumDirectoryBytes = 128 * 1024 ** 2;
const stored = 0;
const deflated = 8;
const localHeaderBytes = 30;
const localHeaderSignature = 0x04034b50;
