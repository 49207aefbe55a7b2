/**
 * A `:copy` call, in one transaction: the file's temporary tables, the COPY and the merge. Rows come with the
 * call, from a program, or from a source that is streamed and never held. All rows or none, unless the call
 * asks to collect the bad ones; with an idempotency key once and never again.
 */

import { SqlwrightError } from "../errors.ts";
import { collectRecords } from "./copy/collect.ts";
import { copyBytes, copyRecords } from "./copy/all_or_nothing.ts";
import { CountTally, type RowCounts, transactionCounts } from "./copy/counts.ts";
import { type Intake, openIntake, openRows } from "./format/open_content.ts";
import { findLoad, fingerprintOf, hasLedger, recordLoad } from "./copy/ledger.ts";
import { type Merge, type Merged, runMerges } from "./merge/merge.ts";
import { LoadProgress } from "./copy/progress.ts";
import type { Reject } from "./format/record.ts";
import { firstRejects, rejectsUri } from "./copy/rejects.ts";
import { toResourceError } from "./copy/resource_error.ts";
import { defaultMaximumBytes, openSource } from "./source/source.ts";
import type { OpenedSource, SourceAccess } from "./source/model.ts";
import type { StagedRows } from "./copy/staging_table.ts";
import type { CallConnection, ConnectionSource } from "../postgres/pool.ts";
import type { CopyTarget, Statement } from "../query/model.ts";
import type { BoundArguments, Tool, ToolResult } from "../tool/model.ts";
import type { ToolCall } from "../tool/kind.ts";
import { beginOf } from "../tool/transaction.ts";
import type { BoundCopy, BoundLoad, CopyServices } from "./model.ts";
import { jsonColumnsOf } from "./columns.ts";
import { defaultMaximumRejects } from "./argument.ts";
import { resultOf } from "../tool/result.ts";

export async function runLoad(load: ToolCall<BoundCopy, CopyServices>): Promise<ToolResult> {
  const { tool, bound, context, services: { writer, sources } } = load;
  const begin = beginOf(load);
  // Opened before a connection is taken: a source that is missing or slow to answer keeps none.
  const source = await openedSource(bound.load, sources(context.caller), context.signal);
  try {
    if (source instanceof SqlwrightError) {
      return await repeatOrThrow(writer, source, { tool, bound, context, begin });
    }
    const intake = await openedIntake(tool, bound.load, source);
    const call: LoadCall = { tool, bound, context, intake, source, statement: null, rows: 0 };
    return await writer.withConnection(
      context.signal,
      (connection) => connection.transaction(begin, () => runStatements(connection, call)),
    ).catch((error) => {
      throw toResourceError(error, {
        statement: call.statement,
        words: intake.words,
        rows: call.rows,
        bytesRead: source?.consumed() ?? null,
        bytes: source?.size ?? null,
      });
    });
  } finally {
    if (source !== null && !(source instanceof SqlwrightError)) await source.close();
  }
}

/** Null where there is none; an error where it cannot be opened. */
async function openedSource(
  load: BoundLoad,
  access: SourceAccess,
  signal: AbortSignal,
): Promise<OpenedSource | SqlwrightError | null> {
  if (!("source" in load)) return null;
  const { compression = "auto", member = null } = load.options;
  const maximumBytes = access.maximumBytes ?? defaultMaximumBytes;
  try {
    return await openSource(load.source, access, { compression, member, signal, maximumBytes });
  } catch (error) {
    if (error instanceof SqlwrightError) return error;
    throw error;
  }
}

/** A load that was done needs its source no more, such as an upload that has expired. */
async function repeatOrThrow(
  pool: ConnectionSource,
  error: SqlwrightError,
  { tool, bound, context, begin }: Pick<LoadCall, "tool" | "bound" | "context"> & { begin: string },
): Promise<ToolResult> {
  const key = ledgerKeyOf(tool, bound, null);
  if (key === null) throw error;
  const answer = await pool.withConnection(
    context.signal,
    (connection) => connection.transaction(begin, () => findLoad(connection, key, context.signal)),
  ).catch(() => null);
  if (answer === null) throw error;
  return alreadyLoaded(answer);
}

function openedIntake(tool: Tool, load: BoundLoad, source: OpenedSource | null): Intake | Promise<Intake> {
  const copy = tool.query.parsed.copy!;
  if (source !== null) {
    return openIntake(source, { copy, columns: jsonColumnsOf(tool.query.columns), options: load.options });
  }
  if ("input" in load) return openRows(copy, load.input);
  if (!("rows" in load)) throw new TypeError("a load has rows, a source or an input");
  return openRows(copy, { columns: load.columns, batches: [load.rows], name: null });
}

interface LoadCall extends Pick<ToolCall<BoundCopy>, "tool" | "bound" | "context"> {
  intake: Intake;
  source: OpenedSource | null;
  /** How far it is, for an error: the statement that runs, null for those up to the COPY; and the rows. */
  statement: string | null;
  rows: number;
}

async function runStatements(connection: CallConnection, call: LoadCall): Promise<ToolResult> {
  const { tool, bound, context, intake, source } = call;
  const { signal } = context;
  const { statements, copy } = tool.query.parsed;
  const target = copy!.target ?? null;
  const key = ledgerKeyOf(tool, bound, source?.size ?? null);
  if (key !== null) {
    const answer = await findLoad(connection, key, signal);
    if (answer !== null) return alreadyLoaded(answer);
  }
  const merges = statements.filter(({ role }) => role === "merge").map((statement): Merge => ({
    statement,
    parameters: parametersOf(statement, bound),
  }));
  const progress = progressOf(call, merges.length);
  const tally = new CountTally();
  const count = () => target === null ? Promise.resolve(null) : transactionCounts(connection, target);
  for (const statement of statements.filter(({ role }) => role === "setup")) {
    await connection.execute(statement.text, parametersOf(statement, bound), { signal, isPrepared: false });
  }
  const staged = merges.length > 0 && bound.load.options.mode === "collect"
    ? await stagedRows(connection, copy!, merges)
    : null;
  // Staged rows are none of the target's.
  const before = staged === null ? await count() : null;
  let loaded = await copyContent(connection, call, progress, staged);
  if (staged === null) tally.add(before, keptOf(before, await count(), loaded));
  const options = {
    signal,
    count,
    onStatement: (index: number) => {
      call.statement = `statement ${index + 1} of the merge`;
      progress.merging(index, loaded.copied);
    },
  };
  call.statement = "the merge";
  let merged: Merged;
  if (staged === null) merged = await runMerges(connection, merges, options, tally);
  else {
    // The search for rows that a merge refuses is no part of other loads.
    const { collectMerges } = await import("./merge/collect.ts");
    const collected = await collectMerges(connection, merges, {
      ...options,
      staged,
      staging: copy!,
      form: intake,
      words: intake.words,
      progress,
      maximumRejects: bound.load.options.max_rejects ?? defaultMaximumRejects,
      rejects: loaded.rejects,
      timeout_ms: tool.limits.timeout_ms,
    });
    merged = collected;
    loaded = withRejects(loaded, collected.rejects);
  }
  const { affected } = merged;
  const { copied, rejects } = loaded;
  const total = merged.tally.total;
  const id = crypto.randomUUID();
  const isKept = rejects.length > 0 && await hasLedger(connection);
  const counts = {
    copied,
    ...(total === null ? {} : {
      inserted: total.inserted,
      updated: total.updated,
      ...(total.deleted > 0 ? { deleted: total.deleted } : {}),
      unchanged: Math.max(0, copied - total.inserted - total.updated),
    }),
    ...(merges.length > 0 ? { affected } : {}),
    rejected: rejects.length,
    ...(rejects.length > 0 ? { rejects: rejectsOf(rejects, isKept ? rejectsUri(id) : null) } : {}),
  };
  if (key !== null || isKept) {
    call.statement = "the ledger of loads";
    await recordLoad(connection, {
      id,
      tool: tool.name,
      key: key?.key ?? null,
      fingerprint: key?.fingerprint ?? "",
      source: source?.name ?? null,
      sourceBytes: source?.size ?? null,
      answer: JSON.stringify(counts),
      rejects: isKept ? rejects : [],
    }, signal);
  }
  return loadResult({ ...counts, ...(key === null ? {} : { already_loaded: false }) });
}

async function stagedRows(
  connection: CallConnection,
  copy: CopyTarget,
  merges: readonly Merge[],
): Promise<StagedRows | null> {
  const { StagedRows } = await import("./copy/staging_table.ts");
  const isIndexed = merges.some(({ statement }) => indexes.has(statement.nodeType));
  return await StagedRows.open(connection, copy, isIndexed);
}

/** CREATE INDEX and ANALYZE. */
const indexes: ReadonlySet<string> = new Set(["IndexStmt", "VacuumStmt"]);

const parametersOf = ({ parameterNames }: Statement, { values }: BoundArguments) =>
  parameterNames.map((name) => values[name] ?? null);

/** Rows of runs that were undone are counted as inserted too; what stays is what was copied. */
function keptOf(before: RowCounts | null, after: RowCounts | null, { copied }: Loaded): RowCounts | null {
  if (before === null || after === null) return null;
  return { ...after, inserted: Math.min(after.inserted, before.inserted + copied) };
}

interface Loaded {
  copied: number;
  rejects: Reject[];
}

/** Rows that the merge has refused have been copied before. */
function withRejects({ copied, rejects }: Loaded, merged: readonly Reject[]): Loaded {
  return {
    copied: copied - merged.length,
    rejects: [...rejects, ...merged].sort((one, other) => one.line - other.line),
  };
}

async function copyContent(
  connection: CallConnection,
  call: LoadCall,
  progress: LoadProgress,
  staged: StagedRows | null,
): Promise<Loaded> {
  try {
    return await copyInto(connection, call, progress, staged);
  } finally {
    call.rows = progress.rows;
  }
}

async function copyInto(
  connection: CallConnection,
  { bound, context: { signal }, intake }: LoadCall,
  progress: LoadProgress,
  staged: StagedRows | null,
): Promise<Loaded> {
  const { textInto, content, words, valueOf, textOf } = intake;
  const text = staged === null ? textInto() : textInto(staged.relation);
  const { options } = bound.load;
  if (content.kind === "bytes") {
    const { bytes, lineOffset } = content;
    return {
      copied: await copyBytes(connection, text, bytes, { words, signal, progress, lineOffset }),
      rejects: [],
    };
  }
  if (options.mode !== "collect") {
    return {
      copied: await copyRecords(connection, text, content.records, { words, signal, progress }),
      rejects: [],
    };
  }
  return await collectRecords(connection, text, content.records, {
    words,
    signal,
    progress,
    maximumRejects: options.max_rejects ?? defaultMaximumRejects,
    valueOf,
    textOf,
    staged,
  });
}

function progressOf({ bound, context, source }: LoadCall, statements: number): LoadProgress {
  const { load } = bound;
  return new LoadProgress({
    tell: context.progress,
    total: source !== null ? source.size : "rows" in load ? load.rows.length : null,
    unit: source === null ? "rows" : "bytes",
    consumed: () => source?.consumed() ?? 0,
    statements,
  });
}

/** Null without a key. */
function ledgerKeyOf(tool: Tool, { values, load }: BoundCopy, sourceBytes: number | null) {
  const { idempotency_key: key, ...options } = load.options;
  if (key === undefined) return null;
  const content = "input" in load
    ? { name: load.input.name, columns: load.input.columns }
    : "source" in load
    ? { source: load.source }
    : { columns: load.columns, rows: load.rows };
  return { tool: tool.name, key, fingerprint: fingerprintOf({ values, options, content }), sourceBytes };
}

function rejectsOf(rejects: readonly Reject[], resource: string | null) {
  return {
    count: rejects.length,
    resource,
    first: rejects.slice(0, firstRejects).map(({ line, column, value, reason, sqlstate }) => ({
      line,
      column,
      value,
      reason,
      sqlstate,
    })),
  };
}

function alreadyLoaded(answer: string): ToolResult {
  return loadResult({ ...JSON.parse(answer), already_loaded: true });
}

function loadResult(answer: Record<string, unknown>): ToolResult {
  const result = resultOf(
    Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, JSON.stringify(value)])),
  );
  const resource = (answer.rejects as { resource?: string | null } | undefined)?.resource ?? null;
  if (resource === null) return result;
  return Object.defineProperty(result, "links", {
    value: [{
      uri: resource,
      name: "rejects",
      title: "Rejected rows",
      mimeType: "application/json",
    }],
    enumerable: true,
  });
}
