/**
 * Records into COPY, bad ones left out: each run of records is copied under a savepoint. When PostgreSQL
 * refuses one, its context says which; the run is undone, what stood before the bad record is copied again,
 * the record becomes a reject, and the rest goes on. A record is so sent at most about twice. Where the
 * context names no record, halves are tried until one is left.
 */

import { SqlwrightError } from "../../errors.ts";
import type { CallConnection } from "../../postgres/pool.ts";
import { type Refusal, refusalOf } from "./all_or_nothing.ts";
import type { LoadProgress } from "./progress.ts";
import {
  excerpt,
  type RecordBatch,
  recordExcerpt,
  type RecordPart,
  type Reject,
  type SourceWords,
  subjectOf,
} from "../format/record.ts";
import { withLine } from "./resource_error.ts";
import type { StagedRows } from "./staging_table.ts";

export interface CollectOptions {
  words: SourceWords;
  signal: AbortSignal;
  progress: LoadProgress;
  maximumRejects: number;
  /** The fields of a record, for the refused value; null where they cannot be told apart. */
  valueOf: (record: Uint8Array, column: string) => string | null;
  /** A record as text. */
  textOf: (record: Uint8Array) => string;
  /** Remembers where the rows come from, for the merges. */
  staged: StagedRows | null;
}

const savepoint = "savepoint sqlwright_run";
const keep = "release savepoint sqlwright_run";
const undo = "rollback to savepoint sqlwright_run; release savepoint sqlwright_run";
/** A run that succeeds makes the next one longer, one that is refused shorter. */
const shortestRun = 64;

/** @throws {SqlwrightError} `load.too_many_rejects` */
export async function collectRecords(
  connection: Pick<CallConnection, "copyFrom" | "script">,
  text: string,
  records: AsyncIterable<RecordPart>,
  options: CollectOptions,
): Promise<{ copied: number; rejects: Reject[] }> {
  const { signal, progress, staged } = options;
  const rejects: Reject[] = [];
  const reject = (each: Reject) => {
    rejects.push(each);
    if (rejects.length > options.maximumRejects) throw tooManyRejects(rejects, options);
  };
  let copied = 0;
  let length = Infinity;
  for await (const part of records) {
    signal.throwIfAborted();
    if ("reject" in part) {
      reject(part.reject);
      continue;
    }
    const { batch } = part;
    // Runs that wait, nearest last. A run before a known bad record is one of its own.
    const runs: [start: number, end: number][] = [[0, batch.count]];
    for (let run = runs.pop(); run !== undefined; run = runs.pop()) {
      signal.throwIfAborted();
      const [start, limit] = run;
      const end = Math.min(limit, start + length);
      if (end < limit) runs.push([end, limit]);
      const refusal = await copyRun(
        connection,
        text,
        batch.bytes.subarray(batch.offset(start), batch.offset(end)),
        signal,
        staged === null ? null : { staged, batch, start, end },
      ).catch((error) => {
        throw withLine(error, options.words, (line) => batch.line(Math.min(start + line, end) - 1));
      });
      if (refusal === null) {
        copied += end - start;
        progress.rows += end - start;
        progress.copying();
        length = Math.min(length * 2, Number.MAX_SAFE_INTEGER);
        continue;
      }
      const isAlone = end - start === 1;
      const bad = isAlone ? start : refusedIndex(batch, refusal, start, end);
      length = Math.max(shortestRun, Math.ceil((end - start) / 2));
      if (bad === null) {
        const middle = start + Math.ceil((end - start) / 2);
        runs.push([middle, end], [start, middle]);
        continue;
      }
      if (bad + 1 < end) runs.push([bad + 1, end]);
      if (isAlone || isCertain(batch, start, bad) && !isOfNeighbours(refusal)) {
        reject(rejectOf(batch, bad, refusal, options));
      } else runs.push([bad, bad + 1]);
      if (bad > start) runs.push([start, bad]);
    }
  }
  rejects.sort((one, other) => one.line - other.line);
  return { copied, rejects };
}

async function copyRun(
  connection: Pick<CallConnection, "copyFrom" | "script">,
  text: string,
  bytes: Uint8Array,
  signal: AbortSignal,
  run: { staged: StagedRows; batch: RecordBatch; start: number; end: number } | null,
): Promise<Refusal | null> {
  await connection.script(savepoint);
  try {
    await connection.copyFrom(text, once(bytes), signal);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === null) throw error;
    await connection.script(undo + (run?.staged.undone() ?? ""));
    return run === null ? refusal : run.staged.named(refusal);
  }
  await connection.script((run?.staged.kept(run.batch, run.start, run.end) ?? "") + keep);
  return null;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

/** The refused record of a run, by the line of COPY's input; null where the line is not of the run. */
function refusedIndex(batch: RecordBatch, { line }: Refusal, start: number, end: number): number | null {
  if (line === null) return null;
  if (!batch.hasLineBreaks) return start + line <= end ? start + line - 1 : null;
  const wanted = batch.line(start) + line - 1;
  let [low, high] = [start, end - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (batch.line(middle) <= wanted) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * PostgreSQL does not count every line end inside of quotes. Where there are any before the record, it is
 * tried alone before it is rejected.
 */
function isCertain(batch: RecordBatch, start: number, bad: number): boolean {
  return !batch.hasLineBreaks ||
    (bad + 1 < batch.count && batch.line(bad + 1) - batch.line(start) === bad + 1 - start);
}

/**
 * bad_copy_file_format: a line that ends as the one before it did not is refused beside it, and right alone.
 */
const isOfNeighbours = ({ sqlstate }: Refusal): boolean => sqlstate === "22P04";

function rejectOf(
  batch: RecordBatch,
  index: number,
  { column, reason, sqlstate }: Refusal,
  { valueOf, textOf }: CollectOptions,
): Reject {
  const record = batch.bytes.subarray(batch.offset(index), batch.offset(index + 1));
  const value = column === null ? null : valueOf(record, column);
  return {
    line: batch.line(index),
    byte: batch.byte?.(index) ?? null,
    column,
    value: value === null ? null : excerpt(value),
    reason,
    sqlstate,
    record: recordExcerpt(textOf(record.subarray(0, 8192)).replace(/\r?\n$/, "")),
  };
}

/** @param rejects one more than there may be, the last one last */
export function tooManyRejects(
  rejects: readonly Reject[],
  { maximumRejects, words }: Pick<CollectOptions, "maximumRejects" | "words">,
): SqlwrightError {
  const first = rejects.slice(0, 5).map(({ line, column, reason }) => ({ line, column, reason }));
  const last = rejects.at(-1)!;
  return new SqlwrightError(
    "load.too_many_rejects",
    `Cannot load ${subjectOf(words, last)}: ${last.reason}, and more than ${maximumRejects} ${
      maximumRejects === 1 ? "row is" : "rows are"
    } bad`,
    {
      details: {
        ...(words.source === null ? {} : { source: words.source }),
        max_rejects: maximumRejects,
        first,
      },
      hint: "Nothing was loaded. Correct the source, or raise the option max_rejects",
    },
  );
}
