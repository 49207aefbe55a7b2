/** A file of SEC's as a parser gets it, and the limits of parsing. */

/** One file of SEC. */
export interface SourceFile {
  /**
   * SEC's URL path without a leading slash, such as `api/xbrl/companyfacts/CIK0000320193.json`; a folder
   * before it does no harm.
   */
  path: string;
  /** The content as SEC names it: `.gz` still packed, anything else plain. */
  bytes: AsyncIterable<Uint8Array>;
  /** For archives: read in place of `bytes`. Without it an archive is held in memory, within a limit. */
  random_access?: RandomAccess | undefined;
  filing?: FilingContext | undefined;
}

/** Limits of a parser. What is over them is refused, not cut. */
export interface ParseLimits {
  /** A file that is parsed as a whole: JSON, XML, HTML, a whole submission. @default 256 MiB */
  whole_bytes: number;
  /**
   * A document that becomes text, which takes a second for 8 MB and holds the process meanwhile. @default 64
   * MiB
   */
  document_bytes: number;
  /** An archive without random access. @default 512 MiB */
  archive_bytes: number;
  /** All that an archive's member or a packed file may unpack to. @default 8 GiB */
  unpacked_bytes: number;
  /** One line of an index or a data set. @default 1 MiB */
  line_bytes: number;
  /** Rows in one batch. @default 2,000 */
  batch_rows: number;
}

export const defaultParseLimits: ParseLimits = {
  whole_bytes: 256 * 2 ** 20,
  document_bytes: 64 * 2 ** 20,
  archive_bytes: 512 * 2 ** 20,
  unpacked_bytes: 8 * 2 ** 30,
  line_bytes: 2 ** 20,
  batch_rows: 2_000,
};

/** What is known of the filing a document belongs to, where neither the path nor the document says it. */
export interface FilingContext {
  /** As `0000320193-24-000123`; the folder of the path says it otherwise. */
  accession?: string | undefined;
  cik?: string | undefined;
  form?: string | undefined;
  /** ISO date. It decides whether a 13F counts in thousands. */
  filed_on?: string | undefined;
  report_on?: string | undefined;
  /** The name of the filer: the manager of a 13F. */
  name?: string | undefined;
}

/** Bytes at any place of a file, for archives, whose directory stands at the end. */
export interface RandomAccess {
  size_bytes: number;
  /** Exactly `length` bytes from `offset`; the caller asks for none behind the end. */
  readBytes(offset: number, length: number): Promise<Uint8Array>;
}
