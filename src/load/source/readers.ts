/**
 * The readers of `decode.ts`, `zip.ts` and `file.ts` for the TypeScript of a project. They import their work
 * when they are called: node:zlib alone costs the start of a server ten milliseconds.
 */

import type { ArchiveMember, DecompressOptions, RangedBytes, RawSource } from "./raw_source.ts";

/**
 * The bytes as they are, or decompressed where they begin as gzip, which may have several members.
 * @throws {SqlwrightError} `load.source_corrupt`, `load.source_too_large`; errors of the source pass as they
 * are
 */
export async function* decompressed(
  source: AsyncIterable<Uint8Array>,
  options: DecompressOptions,
): AsyncGenerator<Uint8Array> {
  const { decompressed } = await import("./decode.ts");
  yield* decompressed(source, options);
}

/**
 * All files of a zip archive in the order of its directory. Each has a limit of its own: `maximumBytes`.
 * @throws {SqlwrightError} `load.source_refused` for a name that leads out of the archive,
 * `load.source_corrupt`; `bytes` throws these, for what is encrypted or compressed in another way as well,
 * and `load.source_too_large`. Errors of `readRange` pass as they are.
 */
export async function* archiveMembers(
  archive: RangedBytes,
  options: Omit<DecompressOptions, "name">,
): AsyncGenerator<ArchiveMember> {
  const { archiveMembers } = await import("./zip.ts");
  yield* archiveMembers(archive, options);
}

/**
 * A file of this machine, to be read whole or at any place, and to be closed.
 * @throws {SqlwrightError} `load.source_unreadable`; reading throws `load.source_cut` where it changes
 * meanwhile
 */
export async function openFile(path: string): Promise<RawSource> {
  const { openFile } = await import("./file.ts");
  return await openFile(path, null);
}
