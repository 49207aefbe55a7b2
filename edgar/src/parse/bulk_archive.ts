/**
 * SEC's archives: the nightly `companyfacts.zip` and `submissions.zip`, one member for each company, and the
 * quarterly statement data sets. The directory of a zip stands at its end, so it is read at random: from the
 * caller's file, or from memory within a limit. Members are unpacked as a stream, checked against their CRC,
 * and never larger than they say or the limit allows; a name that leads out of the archive is refused.
 */

import { type ArchiveMember, archiveMembers as membersOf, chunkBytes } from "sqlwright";
import {
  defaultParseLimits,
  type ParseLimits,
  type RandomAccess,
  type SourceFile,
} from "../source/source_file.ts";
import { readWhole } from "../source/source_bytes.ts";
import { refuseHtml, toSourceInvalid } from "../source/source_error.ts";
import { type SourceKind, sourceKindOf } from "../source/source_kind.ts";

/** A member of a bulk archive as the file it is at its own address. */
export interface ArchivedFile extends SourceFile {
  kind: SourceKind;
  /** Unpacked, as the archive's directory says. */
  size_bytes: number;
}

/**
 * The members of a bulk archive that SEC's layout knows, in the archive's order, each as the file it is at
 * its own address: `CIK0000320193.json` of `companyfacts.zip` comes as
 * `api/xbrl/companyfacts/CIK0000320193.json`. Read each to its end, or not at all, before the next.
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
    if (kind !== null) yield { path, kind, size_bytes: member.size, bytes: member.bytes };
  }
}

/** All files of a zip, each unpacked as it is read. Its folders are left out. */
export async function* zipMembers(file: SourceFile, limits: ParseLimits): AsyncGenerator<ArchiveMember> {
  const access = file.random_access ?? inMemory(await readWhole(file, limits.archive_bytes));
  const start = access.size_bytes === 0
    ? new Uint8Array()
    : await access.readBytes(0, Math.min(access.size_bytes, 8_192));
  refuseHtml(file.path, new TextDecoder().decode(start), "a zip archive");
  const members = membersOf({
    name: file.path,
    size: access.size_bytes,
    readRange: (offset, length) => readRange(access, offset, length),
  }, { maximumBytes: limits.unpacked_bytes });
  try {
    for await (const { name, size, bytes } of members) {
      yield { name, size, bytes: contentOf(file.path, name, bytes) };
    }
  } catch (error) {
    throw toSourceInvalid(file.path, error);
  }
}

/** The same bytes; what is wrong with them is told as a fault of SEC's file. */
async function* contentOf(
  path: string,
  member: string,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (error) {
    throw toSourceInvalid(path, error, member);
  }
}

async function* readRange(access: RandomAccess, offset: number, length: number): AsyncGenerator<Uint8Array> {
  for (let at = offset; at < offset + length; at += chunkBytes) {
    yield await access.readBytes(at, Math.min(chunkBytes, offset + length - at));
  }
}

export function inMemory(bytes: Uint8Array): RandomAccess {
  return {
    size_bytes: bytes.length,
    readBytes: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
  };
}
