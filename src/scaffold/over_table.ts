/** Query files over a table of the database, one template a kind. Pure. */

import { manyOver, oneOver, reportOver, valueOver, viewOver } from "./read_kinds.ts";
import {
  type ScaffoldColumn,
  type ScaffoldOptions,
  type ScaffoldParts,
  ScaffoldRefusal,
  type ScaffoldTable,
} from "./model.ts";
import { readable } from "./phrases.ts";
import { columnSaidBy, copyOver, execOver, unnestOver } from "./write_kinds.ts";

/** @throws {ScaffoldRefusal} when the table does not have what the kind needs */
export function overTable(
  { name, kind, column: named }: Omit<ScaffoldOptions, "table">,
  table: ScaffoldTable,
): ScaffoldParts {
  const column = named === undefined ? null : columnNamed(table, named);
  if (!["exec", "unnest", "copy"].includes(kind) && readable(table).length === 0) {
    throw new ScaffoldRefusal(`${table.relation} has no column that the login may read`);
  }
  switch (kind) {
    case "many":
      return manyOver(table);
    case "one":
      return oneOver(table);
    case "value":
      return valueOver(name, table, column ?? columnSaidBy(name, readable(table)) ?? null);
    case "report":
      return reportOver(table);
    case "view":
      return viewOver(name, table);
    case "exec":
      return execOver(table, { name, column });
    case "unnest":
      return unnestOver(table, { name, column });
    case "copy":
      return copyOver(table);
    default:
      throw new TypeError(`unknown kind: ${kind satisfies never}`);
  }
}

function columnNamed(table: ScaffoldTable, named: string): ScaffoldColumn {
  const found = table.columns.find(({ name, quoted }) => name === named || quoted === named);
  if (found !== undefined) return found;
  throw new ScaffoldRefusal(
    `${table.relation} has no column "${named}"`,
    `Columns are ${table.columns.map(({ name }) => name).join(", ")}`,
  );
}
