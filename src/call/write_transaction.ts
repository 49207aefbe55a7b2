/**
 * A call of an `:exec` or `:unnest` tool: one transaction that is kept only if it changed no more rows than
 * allowed, and that is rolled back in a dry run after everything was done and checked. Rows of `:unnest` are
 * told one by one; see outcomes.ts.
 */

import { errorReport, SqlwrightError } from "../errors.ts";
import { sqlstateOf } from "../postgres/database_error.ts";
import { quoteIdentifier } from "../postgres/identifiers.ts";
import { mainStatement } from "../query/statements.ts";
import type { CallConnection, TextRow } from "../postgres/pool.ts";
import type { ToolCall } from "../tool/kind.ts";
import type { Tool } from "../tool/model.ts";
import { withRetries } from "../tool/retry.ts";
import { beginIfNeeded, beginOf, boundOf } from "../tool/transaction.ts";
import type { Outcome } from "./outcome_names.ts";
import {
  InexactKeys,
  type OutcomeCall,
  type Outcomes,
  type RunStatement,
  runWithOutcomes,
  type TableStanding,
  takeTable,
} from "./outcomes.ts";
import type { BoundRows, BoundWrite, WriteServices, WriteWay } from "./model.ts";

type WriteCall = ToolCall<BoundWrite | BoundRows, WriteServices>;

/**
 * Makes what gets each row of RETURNING; made anew for an attempt that begins again. Null where no row is
 * answered.
 */
type MakeOnRow = () => ((row: TextRow) => void) | null;

export interface Written {
  affected: number;
  isDryRun: boolean;
  /** Null where they cannot be known. */
  outcomes: Outcomes | null;
}

/** Ends the transaction of a dry run, with what it came to. */
class DryRun extends Error {
  constructor(readonly written: Written) {
    super("dry run");
  }
}

/** @param settings for the transaction, beside those that every call has */
export async function runInTransaction(
  call: WriteCall,
  settings: readonly string[],
  makeOnRow: MakeOnRow,
): Promise<Written> {
  const { tool, bound, services: { memory, log } } = call;
  // A procedure may end transactions itself: it gets none of ours, and is never run twice.
  if (mainStatement(tool.query.parsed).nodeType === "CallStmt" && !bound.isDryRun) {
    return await runProcedure(call, settings, makeOnRow);
  }
  const first = tool.query.parsed.unnest ? memory.get(tool) ?? "returning" : "none";
  const begin = beginOf(call, settings);
  const run = (way: WriteWay) =>
    withRetries(call, () => runTransaction(call, { begin, way, onRow: makeOnRow() })).catch((error) => {
      if (error instanceof DryRun) return error.written;
      throw error;
    });
  try {
    return await run(first);
  } catch (error) {
    // Each of these has rolled back: what follows begins from nothing.
    const next = error instanceof InexactKeys
      ? "places"
      : first !== "none" && isRefusal(error)
      ? "none"
      : null;
    if (next === null) throw error;
    const written = await run(next);
    // The statement alone runs: it was our addition that the database refused.
    memory.set(tool, next);
    if (next === "none") log.warn("call.outcomes_unknown", { tool: tool.name, ...whyUnknown(tool, error) });
    return written;
  }
}

/** What an operator can do about it, in one line of the log. */
function whyUnknown({ query }: Tool, error: unknown): Record<string, unknown> {
  const { code, message } = errorReport(error);
  const sqlstate = sqlstateOf(error);
  const keys = query.parsed.unnest;
  return {
    error: { code, message, sqlstate },
    ...(sqlstate === missingPrivilege && keys
      ? {
        // Their places, by which rows are told apart, no privilege of columns covers.
        hint: "The rows are written; what became of each is not told. To tell it: grant select on " +
          `${quoteIdentifier(keys.schema)}.${quoteIdentifier(keys.table)} to the login ` +
          "or @role of the tool",
      }
      : {}),
  };
}

const missingPrivilege = "42501";

interface Attempt {
  begin: string;
  way: WriteWay;
  onRow: ReturnType<MakeOnRow>;
}

async function runTransaction(call: WriteCall, { begin, way, onRow }: Attempt): Promise<Written> {
  const { tool, bound, context: { signal }, services: { writer } } = call;
  const { isDryRun } = bound;
  const { text, parameterNames, returnsRows } = mainStatement(tool.query.parsed);
  const maximum = Math.min(bound.maxAffected ?? Infinity, tool.limits.affected);
  const options = { signal, bound_ms: boundOf(call) };
  const heldOptions = { ...options, onColumns: tool.columns.hold };
  const firstKey = tool.columns.names.length;
  const runOn = (connection: CallConnection): RunStatement => async ({ returning, values }, onKey) => {
    // RETURNING is the last clause of a statement.
    const extension = returning === "" ? "" : returnsRows ? `,\n  ${returning}` : `\nreturning ${returning}`;
    const { count } = await connection.execute(
      text + extension,
      parameterNames.map((name) => (values ?? bound.values)[name] ?? null),
      onRow === null && onKey === undefined ? heldOptions : {
        ...heldOptions,
        onRow: (row) => {
          onRow?.(row);
          onKey?.(row, firstKey);
        },
      },
    );
    if (count > maximum) throw tooManyAffected(tool, count, maximum);
    return count;
  };
  const outcomeCall = (connection: CallConnection): OutcomeCall => ({
    connection,
    tool,
    keys: tool.query.parsed.unnest!,
    bound: bound as BoundRows,
    options,
  });
  const first = async (connection: CallConnection): Promise<TableStanding | null> =>
    way === "returning" ? await takeTable(outcomeCall(connection)) : null;
  const work = async (connection: CallConnection, standing: TableStanding | null): Promise<Written> => {
    const run = runOn(connection);
    const { affected, outcomes } = way === "none"
      ? { affected: await run({ returning: "" }), outcomes: null }
      : await runWithOutcomes(outcomeCall(connection), standing, run);
    if (!isDryRun) return { affected, isDryRun, outcomes };
    // COMMIT would check these.
    await connection.execute("set constraints all immediate", [], { ...options, isPrepared: false });
    throw new DryRun({ affected, isDryRun, outcomes });
  };
  return await writer.withConnection(
    signal,
    (connection) =>
      connection.transaction(
        begin,
        (standing) => work(connection, standing),
        () => first(connection),
      ),
  );
}

async function runProcedure(
  call: WriteCall,
  settings: readonly string[],
  makeOnRow: MakeOnRow,
): Promise<Written> {
  const { tool, bound, context: { signal }, services: { writer } } = call;
  const { text, parameterNames } = mainStatement(tool.query.parsed);
  const values = parameterNames.map((name) => bound.values[name] ?? null);
  const onRow = makeOnRow();
  const begin = beginIfNeeded(call, settings);
  const { count } = await writer.withConnection(signal, (connection) => {
    const run = () =>
      connection.execute(text, values, {
        onColumns: tool.columns.hold,
        signal,
        bound_ms: boundOf(call),
        ...(onRow === null ? {} : { onRow }),
      });
    return begin === null ? run() : connection.pipelined(begin, run);
  });
  return { affected: count, isDryRun: false, outcomes: null };
}

/**
 * Privileges that only our additions need, and what has no places: views and foreign tables. Classes 42 and
 * 0A.
 */
function isRefusal(error: unknown): boolean {
  return /^(42|0A)/.test(sqlstateOf(error) ?? "");
}

function tooManyAffected(tool: Tool, affected: number, maximum: number): SqlwrightError {
  const isOwn = maximum < tool.limits.affected;
  return new SqlwrightError(
    "write.too_many_affected",
    `Cannot keep what ${tool.name} did: it changed ${affected} rows, and at most ${maximum} may change`,
    {
      details: { affected, max_affected: maximum, ceiling: tool.limits.affected },
      hint: `Nothing was changed. Narrow the arguments, or ${
        isOwn ? "raise max_affected" : "let the DBA raise @max-affected or SQLWRIGHT_MAX_AFFECTED"
      }`,
    },
  );
}

/**
 * Positions from 0, as in an error's `rows[3]`, of the rows that were not changed; the text names so many of
 * each at most.
 */
const listedRows = 50;

/** Members of the answer, and those of the text for the agent. */
export function outcomeMembers(
  { counts, rows }: Outcomes,
): { structured: Record<string, string>; text: Record<string, string> } {
  const outcomes = JSON.stringify(counts);
  const text: Record<string, string> = { outcomes };
  for (const name of ["missing", "unchanged"] satisfies Outcome[]) {
    const positions = rows.flatMap((outcome, index) => outcome === name ? [index] : []);
    if (positions.length === 0 || positions.length === rows.length) continue;
    text[`${name}_rows`] = JSON.stringify(positions.slice(0, listedRows));
    if (positions.length > listedRows) text[`${name}_rows_more`] = String(positions.length - listedRows);
  }
  return { structured: { outcomes, row_outcomes: JSON.stringify(rows) }, text };
}
