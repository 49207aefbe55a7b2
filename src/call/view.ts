/** The select of a `:view` tool: only the filters that a call gives, so that each combination gets its own plan. */

import type { TypedColumn } from "../describe/model.ts";
import { quoteIdentifier } from "../postgres/identifiers.ts";
import type { BoundArguments, PageStatements, Tool } from "../tool/model.ts";
import { pageStatements } from "../tool/page.ts";

type Filters = BoundArguments["filters"];

export function viewStatements(
  tool: Tool,
  filters: Filters,
): { statements: PageStatements; values: Record<string, string> } {
  const { view } = tool.query.parsed;
  const { names } = tool.columns;
  const conditions = filters.map(({ filter: { column, operator } }, index) => {
    const type = tool.query.columns.find(({ name }) => name === column)!;
    return condition(`source.${quoteIdentifier(column)}`, operator, index + 1, type);
  });
  const text = [
    `select ${names.map((name) => `source.${quoteIdentifier(name)}`).join(", ")}`,
    `from ${quoteIdentifier(view!.schema)}.${quoteIdentifier(view!.name)} as source`,
    ...(conditions.length > 0 ? [`where ${conditions.join("\n  and ")}`] : []),
  ].join("\n");
  return {
    statements: pageStatements(text, names, tool.page!.keys, filters.length),
    values: Object.fromEntries(
      filters.map(({ filter, value }, index) => [`${index} ${filter.column} ${filter.operator}`, value]),
    ),
  };
}

function condition(
  column: string,
  operator: Filters[number]["filter"]["operator"],
  number: number,
  { type }: TypedColumn,
): string {
  switch (operator) {
    case "in":
      return `${column} = any ($${number}::${type.name}[])`;
    case "~":
      return `${column} ~ $${number}::text`;
    case "=":
    case ">=":
    case "<=":
      return `${column} ${operator} $${number}::${type.name}`;
    default:
      throw new TypeError(`unknown operator: ${operator satisfies never}`);
  }
}
