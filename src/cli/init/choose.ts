/** Which tables the first tools are made of. Pure. */

import { SqlwrightError } from "../../errors.ts";
import { didYouMean } from "../../query/diagnostic.ts";
import type { Kind } from "../../query/model.ts";
import { kinds, readKinds } from "../../query/model.ts";
import { listNames, type ScaffoldTable } from "../../scaffold/model.ts";
import { matchTables } from "../../scaffold/names.ts";
import type { TableName } from "../../scaffold/read_tables.ts";

export interface Choice {
  schemas?: readonly string[] | undefined;
  /** `schema.pattern*`, or `pattern*` in any chosen schema. */
  patterns?: readonly string[] | undefined;
}

export const nameOf = ({ schema, name }: TableName) => `${schema}.${name}`;

/**
 * @returns the tables in the order of their names
 * @throws {SqlwrightError} `project.no_tables` for a schema or a pattern that nothing matches, with names
 * that are near
 */
export function chooseTables<T extends TableName>(
  known: readonly T[],
  { schemas, patterns }: Choice,
): T[] {
  const names = [...new Set(known.map(({ schema }) => schema))];
  for (const schema of schemas ?? []) {
    if (!names.includes(schema)) {
      throw nothing(
        `no schema "${schema}" with tables that this login may use`,
        schema,
        names,
        "Schemas are",
      );
    }
  }
  const inSchemas = known.filter(({ schema }) => schemas === undefined || schemas.includes(schema));
  if (patterns === undefined) return [...inSchemas];
  const picked = new Set(patterns.flatMap((pattern) => {
    const matches = matchTables(pattern, inSchemas);
    if (matches.length > 0) return matches;
    const plain = pattern.replace(/[*?]+$/, "");
    throw nothing(
      `no table matches "${pattern}"`,
      plain,
      inSchemas.map(nameOf),
      "Tables are",
    );
  }));
  return inSchemas.filter((table) => picked.has(table));
}

function nothing(
  found: string,
  name: string,
  known: readonly string[],
  label: string,
): SqlwrightError {
  const near = didYouMean(name, known) ??
    didYouMean(name, known.map((each) => each.split(".").at(-1)!));
  const listed = `${label} ${listNames(known)}`;
  return new SqlwrightError(
    "project.no_tables",
    `Cannot choose tables: ${found}`,
    {
      hint: near === null ? listed : `${near} ${listed}`,
    },
  );
}

/** From so many tables on each gets what it is read with, and one table shows the other kinds. */
export const mostWhole = 5;

/** Kinds that a table is read with, whatever else. */
const readers: readonly Kind[] = ["many", "one"];

/**
 * Every kind for a few tables; for many of them a list and a row each, and every kind for one: an agent pays
 * for each tool that it sees. A `:view` needs a view in the database, and in a foreign one nothing is made.
 * Kinds that change a table are there only where a person said so.
 */
export function kindsFor(
  tables: readonly ScaffoldTable[],
  { hasViews, writes }: { hasViews: boolean; writes: boolean },
): (table: ScaffoldTable) => readonly Kind[] {
  const all = kinds.filter((kind) => (hasViews || !needsView.has(kind)) && (writes || readKinds.has(kind)));
  if (tables.length <= mostWhole) return () => all;
  const shown = exampleOf(tables);
  return (table) => table === shown ? all : readers;
}

const needsView: ReadonlySet<Kind> = new Set<Kind>(["view"]);

/** The table that shows most: one with a key that the login may write. */
export function exampleOf(
  tables: readonly ScaffoldTable[],
): ScaffoldTable | undefined {
  const hasKey = ({ columns }: ScaffoldTable) => columns.some(({ keyPosition }) => keyPosition !== null);
  return tables.find((table) => table.isTable && table.mayInsert && hasKey(table)) ??
    tables.find(hasKey) ?? tables[0];
}
