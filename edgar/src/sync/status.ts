/**
 * What is loaded of SEC's files, how fresh it is and what failed, from the ledger; and what workers are at.
 */

import type { EdgarQueries } from "../load/ledger.ts";

export interface EdgarStatus {
  kinds: KindStatus[];
  /** At most twenty, by path. */
  failures: { path: string; failure: string; failed_at: string }[];
  /** There are more failures than these. */
  has_more_failures: boolean;
  jobs: JobStatus[];
}

/** Work that was asked of workers. Times are ISO 8601. */
export interface JobStatus {
  /** `bulk`: the nightly archives. */
  name: string;
  state: "queued" | "running" | "done" | "failed";
  requested_at: string;
  started_at: string | null;
  ended_at: string | null;
  /** What it is doing, in words. */
  progress: string | null;
  files: number;
  rows_loaded: number;
  failure: string | null;
  /** Workers that are there now. */
  workers: number;
  /** What somebody has to do for it; null when nothing. */
  advice: string | null;
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
  const jobs = await readJobs(queries, signal);
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
    jobs,
  };
}

export async function readJobs(queries: EdgarQueries, signal: AbortSignal): Promise<JobStatus[]> {
  const { rows } = await queries.worker_jobs({}, { signal });
  return rows.map(({ told_at: _, files, rows_loaded, workers, ...job }) => ({
    ...job,
    files: Number(files),
    rows_loaded: Number(rows_loaded),
    workers: Number(workers),
    advice: adviceOn(job, Number(workers)),
  }));
}

function adviceOn(
  { state, failure }: { state: JobStatus["state"]; failure: string | null },
  workers: number,
): string | null {
  switch (state) {
    case "queued":
      if (workers === 0) return "No worker is there: run `sqlwright edgar work` on a machine with a disk";
      return failure === null ? "A worker takes it within seconds" : "It is tried again by itself";
    case "running":
      return workers > 0 ? null : "Its worker is gone: run `sqlwright edgar work`, which goes on with it";
    case "failed":
      return "When the reason is gone, ask again: edgar_sync_bulk, or `sqlwright edgar sync --bulk --queue`";
    case "done":
      return null;
    default:
      throw new TypeError(`unknown state: ${state satisfies never}`);
  }
}
