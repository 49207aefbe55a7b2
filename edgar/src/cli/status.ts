/** How `edgar status` looks. */

import type { EdgarStatus, JobStatus } from "../sync/status.ts";
import { type Cell, type Column, formatTable, type Paint } from "sqlwright";
import { count, formatSize, formatSpan } from "./progress.ts";

export interface StatusDrawing {
  paint: Paint;
  width: number;
  /** @default now */
  now_ms?: number;
}

const columns: Column[] = [
  { title: "kind", isWhole: true },
  { title: "loaded", isNumber: true },
  { title: "failed", isNumber: true },
  { title: "missing", isNumber: true },
  { title: "rows", isNumber: true },
  { title: "size", isNumber: true },
  { title: "last loaded", isWhole: true },
  { title: "from SEC", isWhole: true },
];

export async function formatStatus(
  status: EdgarStatus,
  { paint, width, now_ms = Date.now() }: StatusDrawing,
): Promise<string> {
  const { kinds, failures, has_more_failures: hasMore } = status;
  const ago = (time: string | null) => time === null ? "–" : `${formatAge(now_ms - Date.parse(time))} ago`;
  const jobs = status.jobs.flatMap((job) => ["", ...formatJob(job, { paint, ago })]);
  if (kinds.length === 0) {
    const nothing = `${
      paint("bold", "Nothing of SEC's files is loaded")
    }; \`sqlwright edgar load PATH\` or \`edgar sync --ticker AAPL\` begins`;
    return [nothing, ...jobs].join("\n");
  }
  const rows = kinds.map((kind): Cell[] => [
    kind.kind.replaceAll("_", " "),
    count(kind.loaded_files),
    count(kind.failed_files),
    count(kind.missing_files),
    count(kind.rows_loaded),
    formatSize(kind.size_bytes),
    ago(kind.last_loaded_at),
    ago(kind.last_fetched_at),
  ]);
  const isShown = ({ title }: Column) =>
    title === "size"
      ? width >= 100
      : title === "missing"
      ? kinds.some(({ missing_files }) => missing_files > 0)
      : true;
  const pick = <T>(cells: readonly T[]) => cells.filter((_, index) => isShown(columns[index]!));
  const table = await formatTable(pick(columns), rows.map(pick), { paint, width });
  if (failures.length === 0) return [table, "", paint("green", "no failures"), ...jobs].join("\n");
  const lines = failures.map(({ path, failure, failed_at }) =>
    `${paint("red", "✗")} ${path} ${paint("dim", ago(failed_at))}\n    ${failure}`
  );
  const more = hasMore ? ["… and more: edgar_source_files with status failed lists them"] : [];
  return [table, "", ...lines, ...more, ...jobs].join("\n");
}

const stateStyles = { queued: "yellow", running: "cyan", done: "green", failed: "red" } as const;

/**
 * `nightly archives: running since 4 min ago, 812 files, 1,203,441 rows`, and below it what it is at or what
 * is to be done.
 */
function formatJob(
  job: JobStatus,
  { paint, ago }: { paint: Paint; ago: (time: string | null) => string },
): string[] {
  const { state, requested_at, started_at, ended_at, files, rows_loaded, progress, failure, advice } = job;
  const since = state === "queued"
    ? `asked for ${ago(requested_at)}`
    : state === "running"
    ? `began ${ago(started_at)}`
    : `ended ${ago(ended_at)}`;
  const counts = files > 0
    ? `, ${count(files)} ${files === 1 ? "file" : "files"}, ${count(rows_loaded)} rows`
    : "";
  const words = [failure, state === "running" ? progress : null, advice].filter((text) => text !== null);
  return [
    `nightly archives: ${paint(stateStyles[state], state)}, ${since}${counts}`,
    ...words.map((text) => `    ${text}`),
  ];
}

function formatAge(age_ms: number): string {
  const seconds = Math.max(0, Math.round(age_ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  return seconds < 48 * 3600 ? formatSpan(seconds) : `${Math.floor(seconds / 86_400)} days`;
}
