/**
 * How far a load is, told at most every quarter of a second: rows, bytes, and from the rate so far the time
 * that is left.
 */

export type TellProgress = (done: number, total: number | null, message: string) => void;

export interface ProgressOptions {
  tell: TellProgress;
  /** Rows or bytes in all; null where it is not known. */
  total: number | null;
  unit: "rows" | "bytes";
  /** Bytes of the source that have been read; not called for rows. */
  consumed: () => number;
  /** Statements behind the COPY, each a step more. */
  statements: number;
}

const every_ms = 250;
/** No estimate before: the first bytes fill buffers. */
const estimateAfter_ms = 1000;

export class LoadProgress {
  rows = 0;
  /** The rows are estimated from samples. */
  isEstimated = false;
  readonly #options: ProgressOptions;
  readonly #started_ms = performance.now();
  #told_ms = performance.now();
  #last = -1;
  /** What the COPY came to. */
  #copied: number | null = null;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  /** Called for each chunk. */
  copying(): void {
    const now_ms = performance.now();
    if (now_ms - this.#told_ms < every_ms) return;
    this.#told_ms = now_ms;
    const { unit, total, consumed, statements } = this.#options;
    const done = unit === "rows" ? this.rows : consumed();
    // The protocol wants every value above the one before.
    if (done <= this.#last) return;
    this.#last = done;
    const share = total === null || total === 0 ? null : Math.min(1, done / total);
    const elapsed_ms = now_ms - this.#started_ms;
    const parts = [
      ...(share === null ? [] : [`${Math.floor(share * 100)} %`]),
      ...(this.rows > 0 ? [`${this.isEstimated ? "about " : ""}${rowsText(this.rows)} rows`] : []),
      ...(unit === "bytes" ? [bytesText(done) + (total === null ? "" : ` of ${bytesText(total)}`)] : []),
      ...(share !== null && share > 0.01 && share < 1 && elapsed_ms >= estimateAfter_ms
        ? [`about ${durationText(elapsed_ms * (1 - share) / share)} left`]
        : []),
    ];
    this.#options.tell(done, total === null ? null : total + statements, parts.join(" · "));
  }

  /** Before the statement `index` behind the COPY. */
  merging(index: number, copied: number): void {
    const { statements, tell } = this.#options;
    const { done, end } = this.#behindCopy(index, copied);
    // Again, after a search.
    if (done <= this.#last) {
      return this.#within(end, `merging the rest, statement ${index + 1} of ${statements}`);
    }
    this.#last = done;
    tell(
      done,
      end,
      `${rowsText(copied)} rows copied · merging, statement ${index + 1} of ${statements}`,
    );
  }

  /**
   * While it is looked for the rows that the merges refuse. @param constraint the one that was broken, where
   * it is known
   */
  searching(
    constraint: string | null,
    { found, judged, of }: { found: number; judged: number; of: number },
  ): void {
    const now_ms = performance.now();
    if (now_ms - this.#told_ms < every_ms) return;
    this.#told_ms = now_ms;
    this.#within(
      this.#behindCopy(0, of).end,
      `looking for the rows that break ${constraint ?? "the merge"} · ${rowsText(judged)} of ${
        rowsText(of)
      } tried · ${found} found`,
    );
  }

  #behindCopy(index: number, copied: number): { done: number; end: number } {
    const { unit, total, consumed, statements } = this.#options;
    // The search before has not made it more.
    this.#copied ??= Math.max(total ?? 0, this.#last, unit === "rows" ? copied : consumed());
    return { done: this.#copied + index, end: this.#copied + statements };
  }

  /**
   * Nearer to the end by a part of what is left: how much it is nobody knows, and every value has to be above
   * the one before.
   */
  #within(end: number, message: string): void {
    this.#last = Math.max(this.#last, end - this.#options.statements);
    this.#last += (end - this.#last) / 100;
    this.#options.tell(this.#last, end, message);
  }
}

export function rowsText(rows: number): string {
  if (rows < 10_000) return String(rows);
  return rows < 1_000_000 ? `${Math.round(rows / 1000)} k` : `${(rows / 1e6).toFixed(1)} M`;
}

export function bytesText(bytes: number): string {
  if (bytes < 10_000) return `${bytes} bytes`;
  if (bytes < 10_000_000) {
    return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
  }
  return bytes < 10e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

function durationText(time_ms: number): string {
  const seconds = Math.max(1, Math.round(time_ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
