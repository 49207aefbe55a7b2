/** What a load may read, and a source that is open. */

import type { HostName } from "./https.ts";
import type { UploadStore } from "./upload.ts";

/** What a load may read beside files. All absent: files only. */
export interface SourceServices {
  /** Hosts that `https://…` may go to. @default none */
  hosts?: readonly HostName[] | undefined;
  /** Where `upload:<handle>` is kept. @default none */
  uploads?: UploadStore | undefined;
  /** Whose uploads may be loaded: the subject of the caller. @default those that belong to nobody */
  uploadOwner?: string | null | undefined;
  /** A resource of this server; null when there is none of this URI. @default no resources */
  resources?: ((uri: string) => ResourceText | null | Promise<ResourceText | null>) | undefined;
  /** Most decompressed bytes of one source: SQLWRIGHT_MAX_SOURCE. @default 64 GiB */
  maximumBytes?: number | undefined;
  /** How long a server may take to begin its answer. @default 30000 */
  answer_ms?: number | undefined;
  /** How long no byte may come from a server. @default 60000 */
  stall_ms?: number | undefined;
}

export interface ResourceText {
  mimeType: string;
  text: string;
}

/** Which sources a load may read. */
export type SourceAccess =
  /** Of the files only those below this folder. */
  | { kind: "folder"; directory: string } & SourceServices
  /** Any file: a person at the command line names it. */
  | { kind: "any" } & SourceServices;

/**
 * Where a load's bytes come from: `shop/order.csv` below the source folder, `https://…` on the allow-list,
 * `upload:<handle>`, `resource:<uri>`.
 */
export interface OpenedSource {
  /** As the caller named it, for messages; with the member for archives: "2009q3.zip#num.txt". */
  name: string;
  /** Bytes on the wire or disk when known (compressed size for compressed sources), for progress. */
  size: number | null;
  /** Compressed bytes read so far. */
  consumed: () => number;
  /** Decompressed bytes, streamed with backpressure; errors are SqlwrightError with file/member and byte. */
  bytes: AsyncIterable<Uint8Array>;
  /**
   * File name's extension below compression, lower case, for format detection: "csv", "tsv", "ndjson",
   * "json", "txt", "idx", or null.
   */
  extension: string | null;
  close: () => Promise<void>;
}

export interface SourceOptions {
  compression: "auto" | "none" | "gzip" | "zip";
  /** Member of a zip; also `file.zip#member`. Null: the only one. */
  member: string | null;
  signal: AbortSignal;
  /**
   * Most decompressed bytes; `access.maximumBytes ?? defaultMaximumBytes` where the caller has no limit of
   * its own.
   */
  maximumBytes: number;
}
