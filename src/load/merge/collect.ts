/**
 * Merges in mode `collect`: all staged rows at once under a savepoint, as ever. Only where PostgreSQL refuses
 * one of them the bad rows are looked for, become rejects, and the merges run again over the rest; that last
 * run alone is counted and stays.
 */

import { SqlwrightError } from "../../errors.ts";
import type { CallConnection } from "../../postgres/pool.ts";
import { tooManyRejects } from "../copy/collect.ts";
import type { Refusal } from "../copy/all_or_nothing.ts";
import {
  constraintColumns,
  type Merge,
  type Merged,
  type MergeOptions,
  mergeRefusalOf,
  runMerges,
} from "./merge.ts";
import { type MergeNature, natureOf } from "./analyse.ts";
import { findBadRows, findClashes, type SearchOptions } from "./find_bad_rows.ts";
import type { LoadProgress } from "../copy/progress.ts";
import type { Reject, SourceWords } from "../format/record.ts";
import type { BadRow, RecordForm, StagedRows } from "../copy/staging_table.ts";

export interface CollectMergeOptions extends MergeOptions {
  staged: StagedRows;
  staging: { table: string };
  form: RecordForm;
  words: SourceWords;
  progress: LoadProgress;
  maximumRejects: number;
  /** Those of the COPY. */
  rejects: readonly Reject[];
  /** The search takes this long at most. */
  timeout_ms: number;
}

const savepoint = "savepoint sqlwright_merge";
const keep = "set constraints all immediate; release savepoint sqlwright_merge";
const undo = "rollback to savepoint sqlwright_merge; release savepoint sqlwright_merge";

/** @throws {SqlwrightError} `load.too_many_rejects`, `call.timeout`, and what is no row's fault */
export async function collectMerges(
  connection: Pick<CallConnection, "rows" | "script" | "execute">,
  merges: readonly Merge[],
  options: CollectMergeOptions,
): Promise<Merged & { rejects: Reject[] }> {
  const { staged, staging, signal, progress, rejects, maximumRejects, form, words } = options;
  const told: Reject[] = [];
  const columnOf = constraintColumns(connection);
  const tell = async (rows: readonly BadRow[]) => {
    for (const { refusal } of rows) refusal.column ??= await columnOf(refusal);
    return await staged.rejectsOf(connection, rows, form);
  };
  let nature: MergeNature | null = null;
  let deadline_ms = 0;
  let isSearched = false;
  for (;;) {
    const done = await tryAll(connection, merges, options);
    if ("merged" in done) return { ...done.merged, rejects: told };
    const { failure } = done;
    if (nature === null) {
      nature = await natureOf(connection, merges.map(({ statement }) => statement), staging, staged.columns);
      deadline_ms = performance.now() + options.timeout_ms;
      if (nature.whole !== null) throw undecidable(failure.error, nature.whole);
    }
    const most = maximumRejects - rejects.length - told.length;
    const bad: BadRow[] = [];
    const search: SearchOptions = {
      staged,
      merges,
      nature,
      signal,
      most,
      found: async (row) => {
        bad.push(row);
        if (bad.length <= most) return;
        throw tooManyRejects([...rejects, ...told, ...await tell(bad)], { maximumRejects, words });
      },
      searching: (judged) => {
        if (performance.now() > deadline_ms) throw tooSlow(options.timeout_ms, told.length + bad.length);
        progress.searching(failure.refusal.constraint?.name ?? null, {
          found: told.length + bad.length,
          judged,
          of: staged.count,
        });
      },
    };
    if (!isSearched) isSearched = !(await findBadRows(connection, search)).isCut;
    if (bad.length === 0) await findClashes(connection, failure, search);
    told.push(...await tell(bad));
    await staged.remove(connection, bad, signal);
  }
}

interface MergeFailure {
  error: unknown;
  refusal: Refusal;
  /** Of the statement. */
  index: number;
}

async function tryAll(
  connection: Pick<CallConnection, "rows" | "script" | "execute">,
  merges: readonly Merge[],
  { staged, signal, count, onStatement }: CollectMergeOptions,
): Promise<{ merged: Merged } | { failure: MergeFailure }> {
  await connection.script(savepoint);
  let index = 0;
  try {
    await staged.arrange(connection, signal);
    const merged = await runMerges(connection, merges, {
      signal,
      ...(count === undefined ? {} : { count }),
      onStatement: (each) => {
        index = each;
        onStatement?.(each);
      },
    });
    await connection.script(keep);
    return { merged };
  } catch (error) {
    const refusal = mergeRefusalOf(error);
    if (refusal === null) throw error;
    await connection.script(undo);
    return { failure: { error, refusal, index } };
  }
}

/** The merges' own error, with why the rows behind it are not looked for. */
function undecidable(error: unknown, why: string): unknown {
  if (!(error instanceof SqlwrightError)) return error;
  return new SqlwrightError(error.code, error.message, {
    details: error.details,
    hint:
      `Nothing was loaded. Mode collect looks for no row here, because ${why}: what it does with some of ` +
      "the rows says nothing of all. Correct the source, or let the staging table's constraints refuse " +
      "such rows",
    cause: error,
  });
}

function tooSlow(timeout_ms: number, found: number): SqlwrightError {
  return new SqlwrightError(
    "call.timeout",
    `Cannot finish the load: the search for the rows that its merge refuses took longer than ` +
      `${timeout_ms} ms; ${found} were found`,
    {
      details: { timeout_ms, found },
      hint:
        "Nothing was loaded. Load in parts, let the staging table's constraints refuse such rows, or let " +
        "the DBA raise @timeout",
    },
  );
}
