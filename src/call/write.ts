/** The kind `:exec`, and what `:unnest` shares with it: arguments, answer and call of a write. */

import type { TypedQuery } from "../describe/model.ts";
import { countSchema, rowsSchema, truncatedSchema } from "../tool/answer_schema.ts";
import { given, type KindArguments, type KindEntry, type ToolCall } from "../tool/kind.ts";
import type { JsonSchema, ToolLimits, ToolResult } from "../tool/model.ts";
import { resultOf, RowCollector, rowsResult } from "../tool/result.ts";
import { closedObject } from "../tool/schema.ts";
import { type BoundWrite, type WriteServices } from "./model.ts";

export const exec: KindEntry<BoundWrite, WriteServices> = {
  arguments: (_query, { limits }) => writeArguments(limits),
  output: (query) => writeOutput(query),
  check: () => {},
  run: (call) => runWrite(call),
};

export function writeArguments({ affected }: ToolLimits): KindArguments<BoundWrite> {
  const properties = writeProperties(affected);
  return {
    properties,
    required: [],
    reserved: Object.keys(properties),
    bind: (values, args) => ({
      values,
      isDryRun: (given(args, "dry_run") ?? false) as boolean,
      maxAffected: (given(args, "max_affected") ?? null) as number | null,
    }),
  };
}

function writeProperties(maxAffected: number): Record<string, JsonSchema> {
  return {
    dry_run: {
      description: "Do it, answer what was done, and undo it",
      type: "boolean",
      default: false,
    },
    max_affected: {
      description: "Undo it when more rows than this are changed",
      type: ["integer", "null"],
      minimum: 0,
      maximum: maxAffected,
    },
  };
}

/** @param outcomes members for what became of the rows */
export function writeOutput(query: TypedQuery, outcomes: Record<string, JsonSchema> = {}): JsonSchema {
  const returnsRows = query.parsed.statements[0]?.returnsRows ?? false;
  return closedObject(
    {
      affected: countSchema("Rows the statement changed"),
      dry_run: { description: "Set when nothing was kept", type: "boolean" },
      ...outcomes,
      ...(returnsRows ? { rows: rowsSchema(query), truncated: truncatedSchema } : {}),
    },
    returnsRows ? ["affected", "rows"] : ["affected"],
  );
}

/** @param settings for the transaction, beside those that every call has */
export async function runWrite(
  call: ToolCall<BoundWrite, WriteServices>,
  settings: readonly string[] = [],
): Promise<ToolResult> {
  // A start from the lock is measured in modules: what writes is imported by the first call that writes.
  const { outcomeMembers, runInTransaction } = await import("./write_transaction.ts");
  const { tool } = call;
  const returnsRows = tool.columns.names.length > 0;
  const makeCollector = () => new RowCollector(tool.columns.writers, tool.columns.keys, tool.limits);
  let collector = makeCollector();
  const { affected, isDryRun, outcomes } = await runInTransaction(call, settings, () => {
    if (!returnsRows) return null;
    collector = makeCollector();
    // A write is never cut short: rows beyond the ceiling are left out of the answer, not of the statement.
    return (row) => void collector.write(row);
  });
  const own = { affected: String(affected), ...(isDryRun ? { dry_run: "true" } : {}) };
  const { structured, text } = outcomes === null ? { structured: {}, text: {} } : outcomeMembers(outcomes);
  const before = { ...own, ...structured };
  const textBefore = { ...own, ...text };
  if (!returnsRows) return resultOf(before, textBefore);
  const advice = `All ${affected} rows were ${isDryRun ? "written and undone" : "written"}.`;
  return rowsResult(tool, collector, { advice, before, textBefore });
}
