/** What is loaded of SEC's files, how fresh it is and what failed, from the ledger. */

import type { EdgarQueries } from "./ledger.ts";

export interface EdgarStatus {
  kinds: KindStatus[];
  /** At most twenty, by path. */
  failures: { path: string; failure: string; failed_at: string }[];
  /** There are more failures than these. */
  has_more_failures: boolean;
}

/** Times are ISO 8601. */
export interface KindStatus {
  kind: string;
  loaded_files: number;
  failed_files: number;
  missing_files: number;
  rows_loaded: number;
  size_bytes: number;
  last_loaded_at: string;
  /** When SEC last sent a file of this kind; null when all came from folders. */
  last_fetched_at: string | null;
}

const maximumFailures = 20;

export async function readStatus(queries: EdgarQueries, signal: AbortSignal): Promise<EdgarStatus> {
  const { rows: kinds } = await queries.source_status({}, { signal });
  const failed = await queries.source_files({ status: "failed", page_size: maximumFailures }, { signal });
  return {
    kinds: kinds.map(({ kind, last_loaded_at, last_fetched_at, ...counts }) => ({
      kind,
      loaded_files: Number(counts.loaded_files),
      failed_files: Number(counts.failed_files),
      missing_files: Number(counts.missing_files),
      rows_loaded: Number(counts.rows_loaded),
      size_bytes: Number(counts.size_bytes),
      last_loaded_at,
      last_fetched_at,
    })),
    failures: failed.rows.map(({ path, failure, loaded_at }) => ({
      path,
      failure: failure ?? "",
      failed_at: loaded_at,
    })),
    has_more_failures: failed.next_cursor !== null,
  };
}
