/**
 * The ledger of SEC's files, `edgar.source_file`: what became of each, and the hash that keeps an unchanged
 * file from being loaded twice. A file is written down when all its rows are in the database; what ended
 * before is loaded again.
 */

import type { QueryClient } from "sqlwright";
import type { Queries } from "../queries.ts";

export type EdgarQueries = QueryClient<Queries>["edgar"];

export interface LedgerEntry {
  path: string;
  status: "loaded" | "failed" | "missing";
  sha256: string | null;
  etag: string | null;
  last_modified: string | null;
  fetched_at: string | null;
  size_bytes: number | null;
  failure: string | null;
  rows_loaded: number;
  seconds: number | string;
}

const longestFailure = 2000;
const pageSize = 1000;

export class Ledger {
  readonly #queries: EdgarQueries;
  readonly #signal: AbortSignal;
  /** Entries below these paths were read together; a path that is not here has none. */
  readonly #read = new Map<string, Map<string, LedgerEntry>>();

  constructor(queries: EdgarQueries, signal: AbortSignal) {
    this.#queries = queries;
    this.#signal = signal;
  }

  /** Reads all entries below a path at once: for an archive with as many members as there are companies. */
  async readBelow(path: string): Promise<void> {
    const entries = new Map<string, LedgerEntry>();
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<EdgarQueries["source_files"]>> = await this.#queries.source_files(
        { under: path, page_size: pageSize, ...(cursor === null ? {} : { cursor }) },
        { signal: this.#signal },
      );
      for (const row of page.rows) entries.set(row.path, row);
      cursor = page.next_cursor;
    } while (cursor !== null);
    this.#read.set(path, entries);
  }

  async find(path: string): Promise<LedgerEntry | null> {
    for (const [below, entries] of this.#read) {
      if (path.startsWith(below)) return entries.get(path) ?? null;
    }
    const { row } = await this.#queries.source_file({ path }, { signal: this.#signal });
    return row;
  }

  async record(record: LedgerEntry): Promise<void> {
    const { path, status, sha256, etag, last_modified, fetched_at, size_bytes, rows_loaded, seconds } =
      record;
    const failure = record.failure !== null && record.failure.length > longestFailure
      ? `${record.failure.slice(0, longestFailure - 1)}…`
      : record.failure;
    const entry = {
      path,
      status,
      sha256,
      etag,
      last_modified,
      fetched_at,
      size_bytes,
      failure,
      rows_loaded,
      seconds,
    };
    await this.#queries.record_source_file(entry, { signal: this.#signal });
    for (const [below, entries] of this.#read) {
      if (path.startsWith(below)) entries.set(path, entry);
    }
  }
}
