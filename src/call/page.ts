/**
 * Pages of rows, for the kinds that have them: the arguments `cursor` and `page_size`, the answer, and one
 * call.
 */

import type { TypedQuery } from "../describe/model.ts";
import { SqlwrightError } from "../errors.ts";
import { rowsSchema, truncatedSchema } from "../tool/answer_schema.ts";
import { given, type KindArguments, type ToolCall } from "../tool/kind.ts";
import type { BoundArguments, JsonSchema, ToolLimits, ToolResult } from "../tool/model.ts";
import { RowCollector, rowsResult, rowTooLarge } from "../tool/result.ts";
import { closedObject } from "../tool/schema.ts";
import { type CursorScope, readCursor, writeCursor } from "./keyset.ts";
import { runStatement } from "./statement.ts";
import { type BoundPage, type PageSource } from "./model.ts";

/** Rows of a page that does not say how many it wants. */
const defaultPageSize = 50;

/** The arguments of a tool with pages, of which `sourceOf` makes what the page reads. */
export function pageArguments(
  { rows: maximumSize }: ToolLimits,
  sourceOf: (values: BoundArguments["values"], args: Record<string, unknown>) => PageSource,
): KindArguments<BoundPage> {
  const defaultSize = Math.min(defaultPageSize, maximumSize);
  const properties: Record<string, JsonSchema> = {
    cursor: {
      description: "next_cursor of the page before; absent for the first page",
      type: ["string", "null"],
      maxLength: 8192,
    },
    page_size: {
      description: "Rows a page",
      type: "integer",
      minimum: 1,
      maximum: maximumSize,
      default: defaultSize,
    },
  };
  return {
    properties,
    required: [],
    reserved: Object.keys(properties),
    bind: (values, args) => {
      const source = sourceOf(values, args);
      const cursor = (given(args, "cursor") ?? null) as string | null;
      const size = (given(args, "page_size") ?? defaultSize) as number;
      return { values: source.values, page: { ...source, cursor, size } };
    },
  };
}

/** The page that bound arguments ask for; null for tools without pages. */
export function pageOf(bound: BoundArguments | BoundPage): BoundPage["page"] | null {
  return "page" in bound ? bound.page : null;
}

export function pageOutput(query: TypedQuery): JsonSchema {
  return closedObject({
    rows: rowsSchema(query),
    next_cursor: { description: "Null at the end", type: ["string", "null"] },
    truncated: truncatedSchema,
  }, ["rows", "next_cursor"]);
}

export async function runPage(call: ToolCall<BoundPage>): Promise<ToolResult> {
  const { tool, bound: { page }, services: { cursorSecret } } = call;
  const { cursor, size, statements } = page;
  const scope: CursorScope = {
    tool: tool.name,
    fileHash: tool.query.parsed.hash,
    values: page.values,
    filters: page.filters,
  };
  const after = cursor === null ? [] : readCursor(cursor, scope, cursorSecret);
  const collector = new RowCollector(tool.columns.writers, tool.columns.keys, {
    rows: size,
    bytes: tool.limits.bytes,
  });
  // One row more than asked for shows whether there is a next page.
  const parameters = [...page.parameters, ...after, String(size + 1)];
  const text = cursor === null ? statements.first : statements.next;
  // The statement ends by its own limit: stopping it would cost a cancel for each page.
  await runStatement(call, text, parameters, (row) => void collector.write(row));
  if (collector.count === 0 && collector.cutBy === "bytes") throw rowTooLarge(tool);
  const key = keyOfLastRow(call, collector);
  return rowsResult(tool, collector, {
    advice: collector.cutBy === "bytes" ? "Continue with next_cursor." : null,
    after: {
      next_cursor: key === null ? "null" : JSON.stringify(writeCursor(key, scope, cursorSecret)),
    },
  });
}

/** Where the next page begins; null after the last one. */
function keyOfLastRow({ tool }: ToolCall, { cutBy, lastRow }: RowCollector): string[] | null {
  if (cutBy === null || lastRow === null) return null;
  return tool.page!.keys.map(({ index, column }) => {
    const value = lastRow[index] ?? null;
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
}
