/** The kinds `:many` and `:one`: rows of a query. A `:many` with `@page` answers them page by page. */

import { rowSchema, rowsSchema, truncatedSchema } from "../tool/answer_schema.ts";
import { type KindEntry, noArguments, type ToolCall } from "../tool/kind.ts";
import type { BoundArguments, ToolResult } from "../tool/model.ts";
import { resultOf, RowCollector, rowsResult, rowTooLarge, tooManyRows } from "../tool/result.ts";
import { closedObject, nullable } from "../tool/schema.ts";
import { mainStatement } from "../query/statements.ts";
import type { TypedQuery } from "../describe/model.ts";
import type { Report } from "../query/diagnostic.ts";
import { type BoundPage } from "./model.ts";
import { pageArguments, pageOutput, runPage } from "./page.ts";
import { runMain } from "./statement.ts";

export const many: KindEntry<BoundArguments | BoundPage> = {
  arguments(query, options) {
    if (options.page === null) return noArguments;
    const { keys: _keys, statements } = options.page;
    const { parameterNames } = mainStatement(query.parsed);
    return pageArguments(options.limits, (values) => ({
      values,
      statements,
      parameters: parameterNames.map((name) => values[name] ?? null),
      filters: [],
    }));
  },
  output: (query, isPaged) =>
    isPaged
      ? pageOutput(query)
      : closedObject({ rows: rowsSchema(query), truncated: truncatedSchema }, ["rows"]),
  check: checkAnswersRows,
  run: (call) => isPaged(call) ? runPage(call) : runMany(call),
};

export const one: KindEntry = {
  arguments: () => noArguments,
  output: (query) => closedObject({ row: nullable(rowSchema(query)) }),
  check: checkAnswersRows,
  run: runOne,
};

function isPaged(call: ToolCall<BoundArguments | BoundPage>): call is ToolCall<BoundPage> {
  return "page" in call.bound;
}

function checkAnswersRows({ parsed: { header, kind }, columns }: TypedQuery, report: Report): void {
  if (columns.length > 0) return;
  report(
    "kind-mismatch",
    header.kindPlace,
    `:${kind} answers rows, and this statement returns none`,
    "Use :exec for a statement without rows",
  );
}

async function runMany(call: ToolCall): Promise<ToolResult> {
  const { tool } = call;
  const collector = new RowCollector(tool.columns.writers, tool.columns.keys, tool.limits);
  await runMain(call, (row) => collector.write(row));
  return rowsResult(tool, collector, { advice: "Ask for less with narrower arguments." });
}

async function runOne(call: ToolCall): Promise<ToolResult> {
  const { tool } = call;
  const collector = new RowCollector(tool.columns.writers, tool.columns.keys, {
    rows: 1,
    bytes: tool.limits.bytes,
  });
  await runMain(call, (row) => collector.write(row));
  if (collector.cutBy === "bytes") throw rowTooLarge(tool);
  if (collector.cutBy === "rows") {
    throw tooManyRows(tool, "Narrow the query to a unique key, or make the file :many");
  }
  return resultOf({ row: collector.count === 0 ? "null" : collector.objects.slice(1, -1) });
}
