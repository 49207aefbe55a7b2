/**
 * A `:copy` call, in one transaction: the file's temporary tables, the COPY and the merge. Rows come with the call, from a program,
 * or from a source that is streamed and never held. All rows or none, unless the call asks to collect the bad ones; with an
 * idempotency key once and never again.
 */

import { SqlwrightError } from "../errors.ts";
import { collectRecords } from "../load/collect.ts";
import { copyBytes, copyRecords } from "../load/copying.ts";
import { CountTally, transactionCounts } from "../load/counts.ts";
import { type Intake, openIntake, openRows } from "../load/intake.ts";
import { findLoad, fingerprintOf, hasLedger, recordLoad } from "../load/ledger.ts";
import { LoadProgress } from "../load/progress.ts";
import type { Reject } from "../load/record.ts";
import { firstRejects, rejectsUri } from "../load/rejects.ts";
import { defaultMaximumBytes, type OpenedSource, openSource, type SourceAccess } from "../load/source.ts";
import type { CallConnection, ConnectionSource } from "../postgres/pool.ts";
import type { Statement } from "../query/query.ts";
import type { BoundArguments, BoundLoad } from "./arguments.ts";
import type { CallContext, Tool, ToolResult } from "./catalog.ts";
import { jsonColumnsOf } from "./load_columns.ts";
import { defaultMaximumRejects } from "./load_options.ts";
import { resultOf } from "./result.ts";

export type { SourceAccess } from "../load/source.ts";

export async function runLoad(
  pool: ConnectionSource,
  tool: Tool,
  bound: BoundArguments,
  context: CallContext,
  begin: string,
  sources: SourceAccess,
): Promise<ToolResult> {
  const { load } = bound;
  if (load === null) throw new TypeError(`${tool.name} is no :copy tool`);
  // Opened before a connection is taken: a source that is missing or slow to answer keeps none.
  const source = await openedSource(load, sources, context.signal);
  try {
    if (source instanceof SqlwrightError) {
      return await repeatOrThrow(pool, source, { tool, bound, context, begin });
    }
    const intake = await openedIntake(tool, load, source);
    return await pool.withConnection(
      context.signal,
      (connection) =>
        connection.transaction(
          begin,
          () => runStatements(connection, { tool, bound, context, intake, source }),
        ),
    );
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

interface LoadCall {
  tool: Tool;
  bound: BoundArguments;
  context: CallContext;
  intake: Intake;
  source: OpenedSource | null;
}

async function runStatements(connection: CallConnection, call: LoadCall): Promise<ToolResult> {
  const { tool, bound, context, source } = call;
  const { signal } = context;
  const { statements, copy } = tool.query.parsed;
  const target = copy!.target ?? null;
  const key = ledgerKeyOf(tool, bound, source?.size ?? null);
  if (key !== null) {
    const answer = await findLoad(connection, key, signal);
    if (answer !== null) return alreadyLoaded(answer);
  }
  const merges = statements.filter(({ role }) => role === "merge");
  const progress = progressOf(call, merges.length);
  const tally = new CountTally();
  const count = () => target === null ? Promise.resolve(null) : transactionCounts(connection, target);
  let loaded: { copied: number; rejects: Reject[] } = { copied: 0, rejects: [] };
  let affected = 0;
  for (const statement of statements) {
    const isTallied = statement.role !== "setup" && statement.nodeType !== "TruncateStmt";
    const before = isTallied ? await count() : null;
    if (statement.role === "copy") {
      loaded = await copyContent(connection, call, progress);
    } else {
      if (statement.role === "merge") progress.merging(merges.indexOf(statement), loaded.copied);
      const parameters = statement.parameterNames.map((name) => bound.values[name] ?? null);
      const result = await connection.execute(statement.text, parameters, { signal, isPrepared: false });
      if (changesRows(statement)) affected += result.count;
    }
    if (isTallied) tally.add(before, await count());
  }
  const { copied, rejects } = loaded;
  const total = tally.total;
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

async function copyContent(
  connection: CallConnection,
  { bound, context: { signal }, intake }: LoadCall,
  progress: LoadProgress,
): Promise<{ copied: number; rejects: Reject[] }> {
  const { text, content, words, valueOf, textOf } = intake;
  const { options } = bound.load!;
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
  });
}

function progressOf({ bound, context, source }: LoadCall, statements: number): LoadProgress {
  const load = bound.load!;
  return new LoadProgress({
    tell: context.progress,
    total: source !== null ? source.size : "rows" in load ? load.rows.length : null,
    unit: source === null ? "rows" : "bytes",
    consumed: () => source?.consumed() ?? 0,
    statements,
  });
}

/** Null without a key. */
function ledgerKeyOf(tool: Tool, { values, load }: BoundArguments, sourceBytes: number | null) {
  const { idempotency_key: key, ...options } = load!.options;
  if (key === undefined) return null;
  const content = "input" in load!
    ? { name: load.input.name, columns: load.input.columns }
    : "source" in load!
    ? { source: load.source }
    : { columns: load!.columns, rows: load!.rows };
  return { tool: tool.name, key, fingerprint: fingerprintOf({ values, options, content }), sourceBytes };
}

const changesRows = ({ role, nodeType }: Statement) =>
  role === "merge" && ["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"].includes(nodeType);

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
