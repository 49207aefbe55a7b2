/**
 * SEC's archives: the nightly `companyfacts.zip` and `submissions.zip`, one member for each company, and the quarterly statement data sets.
 * The directory of a zip stands at its end, so it is read at random: from the caller's file, or from memory within a limit. Members
 * are unpacked as a stream, checked against their CRC, and never larger than they say or the limit allows; a name that leads out of the
 * archive is refused.
 */

import type { FileEntry, Reader as ZipJsReader } from "@zip.js/zip.js";
import {
  defaultParseLimits,
  type ParseLimits,
  type RandomAccess,
  type SourceFile,
} from "../source/source_file.ts";
import { readWhole } from "../source/source_bytes.ts";
import { refuseHtml, sourceInvalid } from "../source/source_error.ts";
import { type SourceKind, sourceKindOf } from "../source/source_kind.ts";

/** A file in an archive. */
export interface ArchiveMember {
  name: string;
  /** Unpacked, as the archive's directory says. */
  size_bytes: number;
  /** The content, unpacked as it is read. */
  bytes: AsyncIterable<Uint8Array>;
}

/** A member of a bulk archive as the file it is at its own address. */
export interface ArchivedFile extends SourceFile {
  kind: SourceKind;
  /** Unpacked, as the archive's directory says. */
  size_bytes: number;
}

/** A member that unpacks to more than this many times its packed size is a bomb; SEC's JSON comes to about 20. */
const maximumRatio = 1_032;

/**
 * The members of a bulk archive that SEC's layout knows, in the archive's order, each as the file it is at its own address:
 * `CIK0000320193.json` of `companyfacts.zip` comes as `api/xbrl/companyfacts/CIK0000320193.json`. Read each to its end, or not at all, before the next.
 */
export async function* archiveMembers(
  file: SourceFile,
  limits: ParseLimits = defaultParseLimits,
): AsyncGenerator<ArchivedFile> {
  const folder = sourceKindOf(file.path) === "company_facts_archive"
    ? "api/xbrl/companyfacts/"
    : "submissions/";
  for await (const member of zipMembers(file, limits)) {
    const path = folder + member.name.split("/").at(-1)!;
    const kind = sourceKindOf(path);
    if (kind !== null) yield { path, kind, size_bytes: member.size_bytes, bytes: member.bytes };
  }
}

/** All files of a zip. Its folders are left out. */
export async function* zipMembers(file: SourceFile, limits: ParseLimits): AsyncGenerator<ArchiveMember> {
  const { ZipReader, Reader } = await import("@zip.js/zip.js");
  const access = file.random_access ?? await inMemory(file, limits);
  const start = access.size_bytes === 0
    ? new Uint8Array()
    : await access.readBytes(0, Math.min(access.size_bytes, 8_192));
  refuseHtml(file.path, new TextDecoder().decode(start), "a zip archive");
  // A failure of whoever reads the file is not the archive's: it passes as it is.
  const failure: { error: unknown } = { error: null };
  const reader = new ZipReader(randomReader(Reader, access, failure), {
    useWebWorkers: false,
    checkSignature: true,
  });
  // The reader itself holds nothing that must be closed, so members stay readable after the last.
  const entries = reader.getEntriesGenerator();
  for (;;) {
    const { done, value: entry } = await entries.next().catch((cause: unknown) => {
      // The library refuses a name that leads elsewhere by itself, and says which.
      if (cause instanceof Error && "filename" in cause) {
        throw leadsOut(file.path, String(cause.filename), cause);
      }
      throw failure.error ?? sourceInvalid(file.path, "the zip archive is cut or damaged", {}, cause);
    });
    if (done) break;
    if (entry.directory) continue;
    refuseName(file.path, entry.filename);
    yield {
      name: entry.filename,
      size_bytes: entry.uncompressedSize,
      bytes: memberBytes(file.path, entry, limits, failure),
    };
  }
}

async function* memberBytes(
  path: string,
  entry: FileEntry,
  limits: ParseLimits,
  failure: { error: unknown },
): AsyncGenerator<Uint8Array> {
  const place = { member: entry.filename };
  if (entry.encrypted) throw sourceInvalid(path, "the member is encrypted", place);
  const limit = Math.min(limits.unpacked_bytes, entry.uncompressedSize);
  if (
    entry.uncompressedSize > limits.unpacked_bytes ||
    entry.uncompressedSize > entry.compressedSize * maximumRatio + 4_096
  ) {
    throw sourceInvalid(path, `the member would unpack to ${entry.uncompressedSize} bytes`, place);
  }
  const stopped = new AbortController();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const unpacked = entry.getData(writable, {
    useWebWorkers: false,
    checkSignature: true,
    signal: stopped.signal,
  })
    .then(() => null, (error: unknown) => error ?? new Error("unpacking failed"));
  let size = 0;
  try {
    for await (const chunk of readable) {
      size += chunk.length;
      if (size > limit) break;
      yield chunk;
    }
  } catch (cause) {
    throw failure.error ??
      sourceInvalid(path, `the member is cut or damaged after ${size} unpacked bytes`, place, cause);
  } finally {
    // Also where the reader left early. At the end all is unpacked and this stops nothing.
    if (size !== entry.uncompressedSize) stopped.abort();
  }
  if (size > limit) {
    throw sourceInvalid(path, `the member unpacks to more than the ${limit} bytes it says`, place);
  }
  // The checksum is known at the end only: rows were given on by then, and the caller's transaction must not stand.
  const cause = await unpacked;
  if (cause !== null || size !== entry.uncompressedSize) {
    throw failure.error ??
      sourceInvalid(path, "the member is damaged: its checksum or size differs", place, cause);
  }
}

function refuseName(path: string, name: string): void {
  if (/^[/\\]|^[A-Za-z]:|\\|\0/.test(name) || name.split("/").includes("..")) throw leadsOut(path, name);
}

function leadsOut(path: string, name: string, cause?: unknown): Error {
  return sourceInvalid(path, "a member's name leads out of the archive", { member: name }, cause);
}

async function inMemory(file: SourceFile, limits: ParseLimits): Promise<RandomAccess> {
  const bytes = await readWhole(file, limits.archive_bytes);
  return {
    size_bytes: bytes.length,
    readBytes: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
  };
}

function randomReader(
  Reader: typeof ZipJsReader,
  access: RandomAccess,
  failure: { error: unknown },
): ZipJsReader<unknown> {
  const reader = new Reader<unknown>(undefined);
  reader.size = access.size_bytes;
  reader.readUint8Array = async (offset: number, length: number) => {
    const within = Math.max(0, Math.min(length, access.size_bytes - offset));
    if (within === 0) return new Uint8Array();
    try {
      const bytes = await access.readBytes(offset, within);
      return bytes as Uint8Array<ArrayBuffer>;
    } catch (error) {
      failure.error = error;
      throw error;
    }
  };
  return reader;
}
