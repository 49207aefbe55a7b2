/** The files of many tables at once: what they are called, and which kinds fit which table. Pure. */

import type { Kind } from "../query/model.ts";
import { type ScaffoldColumn, ScaffoldRefusal, type ScaffoldTable } from "./model.ts";
import { fileNameOf, moduleOf, slugOf, slugsOf } from "./names.ts";
import { keyOf } from "./phrases.ts";
import { scaffoldQuery } from "./scaffold.ts";

export interface ScaffoldedFile {
  module: string;
  name: string;
  kind: Kind;
  /** `schema.name`. */
  table: string;
  text: string;
}

export interface LeftOut {
  kind: Kind;
  /** `schema.name`. */
  table: string;
  reason: string;
}

export interface ScaffoldTablesOptions {
  /** Kinds for a table. */
  kindsOf: (table: ScaffoldTable) => readonly Kind[];
  /** One module for all tables. @default a module for each schema */
  module?: string | undefined;
}

/** A file for each table and kind that fit; for the others the reason. */
export function scaffoldTables(
  tables: readonly ScaffoldTable[],
  { kindsOf, module: named }: ScaffoldTablesOptions,
): { files: ScaffoldedFile[]; leftOut: LeftOut[] } {
  const files: ScaffoldedFile[] = [];
  const leftOut: LeftOut[] = [];
  const modules = new Map<string, ScaffoldTable[]>();
  for (const table of tables) {
    const module = named ?? moduleOf(table.schema);
    modules.set(module, [...modules.get(module) ?? [], table]);
  }
  for (const [module, members] of modules) {
    const slugs = slugsOf(members);
    for (const table of members) {
      for (const kind of kindsOf(table)) {
        const relation = `${table.schema}.${table.name}`;
        const { words, column } = plan(kind, table, slugs.get(table)!);
        const name = fileNameOf(module, words);
        try {
          const text = scaffoldQuery({ name, kind, table, column: column?.name });
          files.push({ module, name, kind, table: relation, text });
        } catch (error) {
          if (!(error instanceof ScaffoldRefusal)) throw error;
          leftOut.push({ kind, table: relation, reason: error.message });
        }
      }
    }
  }
  return { files, leftOut };
}

function plan(
  kind: Kind,
  table: ScaffoldTable,
  slug: string,
): { words: string[]; column?: ScaffoldColumn | undefined } {
  const setting = (column: ScaffoldColumn) => ({ words: ["set", slug, slugOf(column.name)], column });
  switch (kind) {
    case "many":
      return { words: ["list", slug] };
    case "one":
      return { words: ["get", slug] };
    case "value":
      return { words: ["count", slug] };
    case "report":
      return { words: ["report", slug] };
    case "view":
      return { words: [slug, "view"] };
    case "exec": {
      const column = columnWorthSetting(table);
      return table.mayInsert || column === undefined ? { words: ["add", slug] } : setting(column);
    }
    case "unnest": {
      const column = columnWorthSetting(table);
      const isKeyed = keyOf(table).every(({ isScalar }) => isScalar);
      return column === undefined || !isKeyed ? { words: ["add", "many", slug] } : setting(column);
    }
    case "copy":
      return { words: ["load", slug] };
    default:
      throw new TypeError(`unknown kind: ${kind satisfies never}`);
  }
}

/** What people set most: a status, a mark, else the first value that refers to nothing else. */
function columnWorthSetting(table: ScaffoldTable): ScaffoldColumn | undefined {
  const key = keyOf(table);
  if (key.length === 0) return undefined;
  const fit = table.columns.filter((column) =>
    column.isUpdatable && column.isReadable && column.isScalar && !key.includes(column)
  );
  return fit.find(({ isEnum, name }) => isEnum || /(^|_)(status|state)$/i.test(name)) ??
    fit.find(({ type }) => type === "boolean") ??
    fit.find(({ isReference }) => !isReference) ??
    fit[0];
}
