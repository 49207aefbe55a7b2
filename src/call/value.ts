/** The kinds `:value` and `:report`: one column of one row, of any type and as one JSON document. */

import type { TypedColumn, TypedQuery } from "../describe/model.ts";
import type { Report } from "../query/diagnostic.ts";
import { columnSchema } from "../tool/answer_schema.ts";
import { type KindEntry, noArguments, type ToolCall } from "../tool/kind.ts";
import type { JsonSchema, ToolResult } from "../tool/model.ts";
import { resultOf, rowTooLarge, tooManyRows } from "../tool/result.ts";
import { closedObject } from "../tool/schema.ts";
import { runMain } from "./statement.ts";

export const value: KindEntry = {
  arguments: () => noArguments,
  output: outputOf,
  check: (query, report) => checkOneColumn(query, report, "Use :one for a row of several columns"),
  run: runValue,
};

export const report: KindEntry = {
  arguments: () => noArguments,
  output: outputOf,
  check(query, report) {
    checkOneColumn(query, report, "Build one document with json_build_object(…)");
    const [column, ...others] = query.columns;
    if (column === undefined || others.length > 0 || isJson(column)) return;
    report(
      "kind-mismatch",
      query.parsed.header.kindPlace,
      `:report answers one json or jsonb column, and "${column.name}" is ${column.type.name}`,
      "Use :value, or build a document with json_build_object(…)",
    );
  },
  run: runValue,
};

/** No row is null, unless there always is one. */
function outputOf(query: TypedQuery): JsonSchema {
  const column = query.columns[0]!;
  const isNullable = column.isNullable || !(query.alwaysAnswersOneRow ?? false);
  return closedObject({ [query.parsed.kind]: columnSchema(column, isNullable) });
}

function checkOneColumn(
  { parsed: { header, kind }, columns }: TypedQuery,
  report: Report,
  hint: string,
): void {
  if (columns.length === 1) return;
  report(
    "kind-mismatch",
    header.kindPlace,
    `:${kind} answers one column, and this query has ${columns.length}`,
    hint,
  );
}

function isJson({ type }: TypedColumn): boolean {
  return type.kind === "base" && (type.base === "json" || type.base === "jsonb");
}

async function runValue(call: ToolCall): Promise<ToolResult> {
  const { tool } = call;
  const [write] = tool.columns.writers;
  let answer = "null";
  let count = 0;
  await runMain(call, (row) => {
    if (++count > 1) return "stop";
    answer = row[0] === null || row[0] === undefined ? "null" : write!(row[0]);
  });
  if (count > 1) throw tooManyRows(tool, "Aggregate the rows, or narrow the query to a unique key");
  if (answer.length > tool.limits.bytes) throw rowTooLarge(tool, answer.length);
  return resultOf({ [tool.kind]: answer });
}
