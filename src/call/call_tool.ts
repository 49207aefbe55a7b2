/**
 * The path of a call: find the tool, bind its arguments, run its statement by kind under its role, time and ceilings, and
 * answer. Read kinds run on sessions that are read-only by default, so a call without `@role` and with the default timeout
 * needs no BEGIN; other calls send BEGIN, settings, statement and COMMIT in one flush.
 */

import { SqlwrightError } from "../errors.ts";
import type { Log } from "../log.ts";
import { nearestName } from "../nearest.ts";
import { isQueryCanceled } from "../postgres/database_error.ts";
import { mainStatement } from "../query/statements.ts";
import { quoteIdentifier } from "../postgres/identifiers.ts";
import type { ConnectionSource, StatementOptions, StatementResult } from "../postgres/pool.ts";
import { argumentFault } from "../tool/arguments.ts";
import type {
  BoundArguments,
  CallContext,
  CallTool,
  Catalog,
  PageStatements,
  Tool,
  ToolResult,
} from "../tool/model.ts";
import { callerField, logCall, logFailure, rounded } from "../tool/call_log.ts";
import { authorize, type Caller, mayUse } from "../tool/caller.ts";
import { readKinds } from "../query/model.ts";
import type { SourceAccess } from "../load/source/model.ts";
import { type CursorScope, readCursor, writeCursor } from "../tool/page.ts";
import { callProgram, type MountedProgram } from "../tool/program_tool.ts";
import { errorResult, resultOf, RowCollector, truncation } from "../tool/result.ts";
import { viewStatements } from "./view.ts";
import type { WriteMemory } from "./write.ts";

export interface Executor {
  catalog: () => Catalog;
  /** Sessions that are read-only by default. */
  reader: ConnectionSource;
  writer: ConnectionSource;
  /** `statement_timeout` of the sessions of both pools. */
  sessionTimeout_ms: number;
  cursorSecret: Uint8Array;
  /** What loads of a caller may read. */
  sources: (caller: Caller) => SourceAccess;
  /** Tools that are written in TypeScript, by name. @default none */
  programs?: ReadonlyMap<string, MountedProgram>;
  log: Log;
}

/** How much longer this side waits than the server's own statement_timeout. */
const timeoutGrace_ms = 2000;

export function callerOf(executor: Executor): CallTool {
  const memory: WriteMemory = new WeakMap();
  return async (name, args, context) => {
    const tool = executor.catalog().tools.get(name);
    if (tool === undefined) {
      const program = executor.programs?.get(name);
      if (program !== undefined) return await callProgram(program, args, context, executor.log);
      throw unknownTool(name, namesFor(executor, context.caller));
    }
    authorize(context.caller, tool);
    const started_ms = performance.now();
    try {
      const bound = tool.binding.bind(args, context.input);
      const bound_ms = performance.now();
      const result = await run(executor, memory, tool, bound, context);
      logCall(executor.log, { name: tool.name, isRead: readKinds.has(tool.kind) }, context, {
        bind_ms: bound_ms - started_ms,
        run_ms: performance.now() - bound_ms,
      });
      return result;
    } catch (thrown) {
      const error = toCallError(thrown, tool, context);
      const fields = {
        tool: tool.name,
        correlation_id: context.correlationId,
        ...callerField(context),
        ms: rounded(performance.now() - started_ms),
      };
      if (!(error instanceof SqlwrightError)) {
        executor.log.error("call.crashed", { ...fields, error });
        throw error;
      }
      logFailure(executor.log, error, fields);
      return errorResult(error);
    }
  };
}

function run(
  executor: Executor,
  memory: WriteMemory,
  tool: Tool,
  bound: BoundArguments,
  context: CallContext,
): Promise<ToolResult> {
  switch (tool.kind) {
    case "many":
      return tool.page
        ? runPage(executor, tool, bound, context, tool.page.statements!)
        : runMany(executor, tool, bound, context);
    case "view": {
      const { statements, values } = viewStatements(tool, bound.filters);
      return runPage(executor, tool, { ...bound, values }, context, statements);
    }
    case "one":
      return runOne(executor, tool, bound, context);
    case "value":
    case "report":
      return runValue(executor, tool, bound, context);
    case "exec":
    case "unnest":
      return runWrite(executor, memory, tool, bound, context);
    case "copy":
      return runCopy(executor, tool, bound, context);
    default:
      throw new TypeError(`unknown kind: ${tool.kind satisfies never}`);
  }
}

async function runMany(
  executor: Executor,
  tool: Tool,
  bound: BoundArguments,
  context: CallContext,
): Promise<ToolResult> {
  const collector = new RowCollector(tool.columns.writers, tool.columns.keys, tool.limits);
  await runMain(executor, tool, bound, context, (row) => collector.write(row));
  return rowsResult(tool, collector, {}, "Ask for less with narrower arguments.");
}

async function runPage(
  executor: Executor,
  tool: Tool,
  bound: BoundArguments,
  context: CallContext,
  statements: PageStatements,
): Promise<ToolResult> {
  const { keys } = tool.page!;
  const { cursor, size } = bound.page!;
  const scope: CursorScope = {
    tool: tool.name,
    fileHash: tool.query.parsed.hash,
    values: bound.values,
    filters: bound.filters.map(({ filter, value }) => [filter.column, filter.operator, value]),
  };
  const after = cursor === null ? [] : readCursor(cursor, scope, executor.cursorSecret);
  const collector = new RowCollector(tool.columns.writers, tool.columns.keys, {
    rows: size,
    bytes: tool.limits.bytes,
  });
  const names = tool.kind === "view"
    ? Object.keys(bound.values)
    : mainStatement(tool.query.parsed).parameterNames;
  // One row more than asked for tells whether there is a next page.
  const parameters = [...names.map((name) => bound.values[name] ?? null), ...after, String(size + 1)];
  const text = cursor === null ? statements.first : statements.next;
  // The statement ends by its own limit: stopping it would cost a cancel for each page.
  await runStatement(executor, tool, text, parameters, context, (row) => void collector.write(row));
  if (collector.count === 0 && collector.cutBy === "bytes") throw rowTooLarge(tool);
  const last = collector.lastRow;
  const key = collector.cutBy === null || last === null ? null : keys.map(({ index, column }) => {
    const value = last[index] ?? null;
    if (value !== null) return value;
    throw new SqlwrightError(
      "result.unrepresentable",
      `Cannot continue after this page: its last row has no value in "${column}", which orders the pages`,
      {
        details: { column },
        hint: "Order the pages by columns that are never null",
      },
    );
  });
  const nextCursor = key === null ? "null" : JSON.stringify(writeCursor(key, scope, executor.cursorSecret));
  return rowsResult(
    tool,
    collector,
    { next_cursor: nextCursor },
    "Continue with next_cursor.",
    collector.cutBy === "bytes",
  );
}

async function runOne(
  executor: Executor,
  tool: Tool,
  bound: BoundArguments,
  context: CallContext,
): Promise<ToolResult> {
  const collector = new RowCollector(tool.columns.writers, tool.columns.keys, {
    rows: 1,
    bytes: tool.limits.bytes,
  });
  await runMain(executor, tool, bound, context, (row) => collector.write(row));
  if (collector.cutBy === "bytes") throw rowTooLarge(tool);
  if (collector.cutBy === "rows") {
    throw new SqlwrightError(
      "result.too_many_rows",
      `Cannot answer ${tool.name}: the query of a :one tool found more than one row`,
      {
        hint: "Narrow the query to a unique key, or make the file :many",
      },
    );
  }
  return resultOf({ row: collector.count === 0 ? "null" : collector.objects.slice(1, -1) });
}

async function runValue(
  executor: Executor,
  tool: Tool,
  bound: BoundArguments,
  context: CallContext,
): Promise<ToolResult> {
  const [write] = tool.columns.writers;
  let value = "null";
  let count = 0;
  await runMain(executor, tool, bound, context, (row) => {
    if (++count > 1) return "stop";
    value = row[0] === null || row[0] === undefined ? "null" : write!(row[0]);
  });
  if (count > 1) {
    throw new SqlwrightError(
      "result.too_many_rows",
      `Cannot answer ${tool.name}: the query of a :${tool.kind} tool found more than one row`,
      {
        hint: "Aggregate the rows, or narrow the query to a unique key",
      },
    );
  }
  if (value.length > tool.limits.bytes) throw rowTooLarge(tool, value.length);
  return resultOf({ [tool.kind]: value });
}

// What writes is imported by the first call that writes: a start from the lock is measured in modules.

async function runCopy(
  executor: Executor,
  tool: Tool,
  bound: BoundArguments,
  context: CallContext,
): Promise<ToolResult> {
  const { runLoad } = await import("../load/run.ts");
  const begin = beginOf(tool, executor.sessionTimeout_ms, true);
  const load = () => runLoad(executor.writer, tool, bound, context, begin, executor.sources(context.caller));
  // Rows that came with the call can be sent twice, a stream cannot.
  if (bound.load === null || !("rows" in bound.load)) return await load();
  const { withRetries } = await import("./retry.ts");
  return await withRetries({ tool: tool.name, context, log: executor.log }, load);
}

async function runWrite(
  executor: Executor,
  memory: WriteMemory,
  tool: Tool,
  bound: BoundArguments,
  context: CallContext,
): Promise<ToolResult> {
  const returnsRows = tool.columns.names.length > 0;
  let collector = new RowCollector(tool.columns.writers, tool.columns.keys, tool.limits);
  const { outcomeMembers, runWriteCall } = await import("./write.ts");
  const { affected, isDryRun, outcomes } = await runWriteCall({
    writer: executor.writer,
    tool,
    bound,
    context,
    begin: (isAlways) => beginOf(tool, executor.sessionTimeout_ms, isAlways),
    bound_ms: tool.limits.timeout_ms + timeoutGrace_ms,
    makeOnRow: () => {
      if (!returnsRows) return null;
      collector = new RowCollector(tool.columns.writers, tool.columns.keys, tool.limits);
      // A write is never cut short: rows beyond the ceiling are left out of the answer, not of the statement.
      return (row) => void collector.write(row);
    },
    memory,
    log: executor.log,
  });
  const own = { affected: String(affected), ...(isDryRun ? { dry_run: "true" } : {}) };
  const { structured, text } = outcomes === null ? { structured: {}, text: {} } : outcomeMembers(outcomes);
  const members = { ...own, ...structured };
  const textMembers = { ...own, ...text };
  if (!returnsRows) return resultOf(members, textMembers);
  const advice = `All ${affected} rows were ${isDryRun ? "written and undone" : "written"}.`;
  return rowsResult(tool, collector, {}, advice, true, members, textMembers);
}

/** `{rows, …}`, and for the agent the same with the column names once. */
function rowsResult(
  tool: Tool,
  collector: RowCollector,
  after: Record<string, string>,
  advice: string,
  saysCut = true,
  before: Record<string, string> = {},
  textBefore: Record<string, string> = before,
): ToolResult {
  if (collector.count === 0 && collector.cutBy === "bytes") throw rowTooLarge(tool);
  const cut = saysCut ? truncation(collector, tool.limits, advice) : null;
  const members = { ...after, ...(cut === null ? {} : { truncated: JSON.stringify(cut) }) };
  return resultOf(
    { ...before, rows: collector.objects, ...members },
    { ...textBefore, columns: tool.columns.namesJson, rows: collector.arrays, ...members },
  );
}

function runMain(
  executor: Executor,
  tool: Tool,
  bound: BoundArguments,
  context: CallContext,
  onRow: StatementOptions["onRow"],
): Promise<StatementResult> {
  const { text, parameterNames } = mainStatement(tool.query.parsed);
  return runStatement(
    executor,
    tool,
    text,
    parameterNames.map((name) => bound.values[name] ?? null),
    context,
    onRow,
  );
}

function runStatement(
  executor: Executor,
  tool: Tool,
  text: string,
  parameters: (string | null)[],
  { signal }: CallContext,
  onRow: StatementOptions["onRow"],
): Promise<StatementResult> {
  const pool = readKinds.has(tool.kind) ? executor.reader : executor.writer;
  const begin = beginOf(tool, executor.sessionTimeout_ms, false);
  const options: StatementOptions = {
    signal,
    bound_ms: tool.limits.timeout_ms + timeoutGrace_ms,
    ...(onRow === undefined ? {} : { onRow }),
  };
  return pool.withConnection(signal, (connection) => {
    const statement = () => connection.execute(text, parameters, options);
    return begin === null ? statement() : connection.pipelined(begin, statement);
  });
}

/** BEGIN with the settings of one call; null when the session's own settings are right. */
function beginOf(tool: Tool, sessionTimeout_ms: number, isAlways: true): string;
function beginOf(tool: Tool, sessionTimeout_ms: number, isAlways: boolean): string | null;
function beginOf(tool: Tool, sessionTimeout_ms: number, isAlways: boolean): string | null {
  const { query, limits, kind, plansEachCall } = tool;
  const { role } = query.parsed.header;
  const settings = [
    ...(limits.timeout_ms === sessionTimeout_ms
      ? []
      : [`set local statement_timeout = ${limits.timeout_ms}`]),
    // A plan for arrays of any length takes them for short ones.
    ...(plansEachCall || kind === "unnest" ? ["set local plan_cache_mode = force_custom_plan"] : []),
    ...(role === null ? [] : [`set local role ${quoteIdentifier(role)}`]),
  ];
  if (settings.length === 0 && !isAlways) return null;
  return [readKinds.has(kind) ? "begin read only" : "begin read write", ...settings].join("; ");
}

/** Cancelled and timed-out calls, and errors in a bound value, by their cause; others unchanged. */
function toCallError(error: unknown, tool: Tool, { signal }: CallContext): unknown {
  if (signal.aborted && (error === signal.reason || isQueryCanceled(error))) {
    return signal.reason instanceof SqlwrightError
      ? signal.reason
      : new SqlwrightError("call.cancelled", `Cannot finish ${tool.name}: the call was cancelled`, {
        cause: error,
      });
  }
  if (isQueryCanceled(error)) {
    const { timeout_ms } = tool.limits;
    return new SqlwrightError(
      "call.timeout",
      `Cannot finish ${tool.name}: it took longer than ${timeout_ms} ms`,
      {
        details: { timeout_ms },
        hint: "Ask for less, or let the DBA raise @timeout",
        cause: error,
      },
    );
  }
  if (error instanceof SqlwrightError && error.code === "database.failed") {
    return argumentErrorOf(error, tool) ?? error;
  }
  return error;
}

/** A value that Postgres refuses when it is bound: the context of the error names the parameter's number. */
function argumentErrorOf(error: SqlwrightError, tool: Tool): SqlwrightError | null {
  const { sqlstate, where } = error.details;
  if (typeof sqlstate !== "string" || typeof where !== "string" || !/^(22|23)/.test(sqlstate)) return null;
  const number = /\$(\d+)/.exec(where)?.[1];
  if (number === undefined || tool.kind === "copy") return null;
  const name = mainStatement(tool.query.parsed).parameterNames[Number(number) - 1];
  if (name === undefined) return null;
  const fault = argumentFault(tool.name, name, `is refused by PostgreSQL (${sqlstate}): ${error.message}`);
  fault.details.sqlstate = sqlstate;
  return fault;
}

function rowTooLarge(tool: Tool, bytes?: number): SqlwrightError {
  return new SqlwrightError(
    "result.too_large",
    `Cannot answer ${tool.name}: ${
      bytes === undefined ? "a single row" : `the ${tool.kind} of ${bytes} bytes`
    } is over the ceiling of ${tool.limits.bytes} bytes`,
    {
      details: { ceiling_bytes: tool.limits.bytes },
      hint: "Ask for less, or let the DBA raise @bytes and SQLWRIGHT_BYTES",
    },
  );
}

/** A tool that the caller may not use is not proposed either. */
function namesFor({ catalog, programs }: Executor, caller: Caller): string[] {
  const tools = [...catalog().tools.values(), ...[...programs?.values() ?? []].map(({ tool }) => tool)];
  return tools.filter(({ scopes }) => mayUse(caller, scopes)).map(({ name }) => name);
}

function unknownTool(name: string, names: readonly string[]): SqlwrightError {
  const near = nearestName(name.slice(0, 80), names);
  const advice = near === null ? "" : `; did you mean "${near}"?`;
  return new SqlwrightError("tool.unknown", `There is no tool "${name.slice(0, 80)}"${advice}`, {
    details: { tool: name.slice(0, 80) },
    hint: "tools/list names every tool",
  });
}
