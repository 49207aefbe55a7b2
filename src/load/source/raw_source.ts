/** Bytes as they are on a disk, on the wire or in a table: what `compression.ts` reads from. */

export interface RawSource {
  /** As the caller named it. */
  name: string;
  /** Name of the file, for its extension: the last part of a path. */
  fileName: string;
  /** What the sender says it is, when it says so: `text/csv`. */
  mediaType: string | null;
  /** Null when it is not known before the end. */
  size: number | null;
  /** All bytes from the first; may be called once. */
  read: () => AsyncIterable<Uint8Array>;
  /** Some bytes from an offset; null where it can only be read from the first to the last. One at a time. */
  readRange: ((offset: number, length: number) => AsyncIterable<Uint8Array>) | null;
  /** Why there are no ranges, for whom it concerns. */
  withoutRanges?: string;
  /** The transport has undone a compression on the way, so the name's `.gz` need not be true any more. */
  isDecoded: boolean;
  close: () => Promise<void>;
}

/** Bytes that can be read at any place, one range at a time. */
export interface RangedBytes {
  name: string;
  size: number;
  readRange: NonNullable<RawSource["readRange"]>;
}

/** A file in an archive. */
export interface ArchiveMember {
  name: string;
  /** Decompressed, as the archive's directory says. */
  size: number;
  /**
   * The content, decompressed as it is read. It can be read once, and to its end before that of another
   * member.
   */
  bytes: AsyncIterable<Uint8Array>;
}

export interface DecompressOptions {
  /** Of the file, for messages. */
  name: string;
  /** Most bytes, decompressed. */
  maximumBytes: number;
  /** @default never */
  signal?: AbortSignal | undefined;
}
