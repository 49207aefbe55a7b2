/** Query files that read a table: one row, many, a value, a document, a view. Pure. */

import { ScaffoldRefusal } from "./model.ts";
import type { ScaffoldColumn, ScaffoldParts, ScaffoldTable } from "./model.ts";
import {
  aligned,
  from,
  isTaggable,
  keyOf,
  literal,
  parametersOf,
  paramTags,
  readable,
  remarkOf,
  selectOf,
  spread,
  subjectOf,
  textOf,
  where,
  wordsOf,
} from "./phrases.ts";

export function manyOver(table: ScaffoldTable): ScaffoldParts {
  const key = keyOf(table);
  const isPaged = key.length > 0 && key.every(isTaggable);
  return {
    description: `The rows of ${subjectOf(table)}${
      isPaged ? ", page by page" : ", up to the first hundred"
    }.${remarkOf(table)}`,
    tags: [
      isPaged ? `@page ${key.map(({ quoted }) => quoted).join(", ")}` : "@rows 100",
      "@example all  {}  => rows >= 0",
    ],
    sql: `${selectOf(table, readable(table))}\nfrom ${from(table)};`,
  };
}

export function oneOver(table: ScaffoldTable): ScaffoldParts {
  const key = keyOf(table);
  const columns = readable(table);
  if (key.length === 0) {
    return {
      description: `The first row of ${subjectOf(table)}.${remarkOf(table)}`,
      tags: [],
      sql: `${selectOf(table, columns)}\nfrom ${from(table)}\nlimit 1;`,
    };
  }
  const params = parametersOf(key);
  return {
    description: `One row of ${subjectOf(table)} by its key. Null when there is none.${remarkOf(table)}`,
    tags: paramTags(key, params),
    sql: `${selectOf(table, columns)}\nfrom ${from(table)}\n${where(table, key, params)};`,
  };
}

/**
 * A count where the name asks for one, else a column of one row: the one that was named, or the first that is
 * no key.
 */
export function valueOver(name: string, table: ScaffoldTable, column: ScaffoldColumn | null): ScaffoldParts {
  const key = keyOf(table);
  const shown = column ?? readable(table).find((each) => !key.includes(each));
  if (key.length === 0 || shown === undefined || (column === null && name.startsWith("count_"))) {
    return {
      description: `How many rows ${subjectOf(table)} has.${remarkOf(table)}`,
      tags: [],
      sql: `select count(*) as total\nfrom ${from(table)};`,
    };
  }
  const params = parametersOf(key);
  return {
    description: `The ${wordsOf(shown)} of one row of ${
      subjectOf(table)
    } by its key. Null when there is none.`,
    tags: paramTags(key, params),
    sql: `select ${table.alias}.${shown.quoted}\nfrom ${from(table)}\n${where(table, key, params)};`,
  };
}

/** `json_build_object` takes a hundred arguments. */
const mostPairs = 50;

export function reportOver(table: ScaffoldTable): ScaffoldParts {
  const key = keyOf(table);
  const listed = readable(table);
  const order = key.length > 0 ? key : listed.filter(({ isScalar }) => isScalar).slice(0, 1);
  const pairs = listed.map(({ name, quoted }) => `${literal(name)}, picked.${quoted}`);
  const item = listed.length > mostPairs
    ? "row_to_json(picked)"
    : `json_build_object(${spread(pairs, "        ")})`;
  const orderBy = (alias: string) => order.map(({ quoted }) => `${alias}.${quoted}`).join(", ");
  return {
    description: `One document with the first rows of ${subjectOf(table)}.${
      remarkOf(table)
    } Nest what belongs to them.`,
    tags: [
      "@param max = 10   How many rows to list   {minimum: 1, maximum: 100}",
    ],
    sql: [
      "select json_build_object(",
      "  'rows', coalesce(",
      "    (",
      `      select json_agg(${item}${order.length > 0 ? ` order by ${orderBy("picked")}` : ""})`,
      "      from (",
      `        select ${spread(listed.map(({ quoted }) => `${table.alias}.${quoted}`), "          ")}`
        .trimEnd(),
      `        from ${from(table)}`,
      ...(order.length > 0 ? [`        order by ${orderBy(table.alias)}`] : []),
      "        limit :max::integer",
      "      ) as picked",
      "    ),",
      "    '[]'",
      "  )",
      ") as report;",
    ].join("\n"),
  };
}

const mostFilters = 4;

export function viewOver(name: string, table: ScaffoldTable): ScaffoldParts {
  const key = keyOf(table);
  if (key.length === 0) {
    throw new ScaffoldRefusal(`a :view is paged in the order of a key, and ${table.relation} has no key`);
  }
  if (!key.every(isTaggable)) {
    throw new ScaffoldRefusal(
      `a :view is paged in the order of a key, and no tag can name that of ${table.relation}`,
    );
  }
  const columns = readable(table);
  const others = columns.filter((column) => column.isScalar && !key.includes(column));
  // A filter is an argument: the server has two of its own, and models take plain names alone.
  const filters = [...key, ...others]
    .filter(({ name }) => /^[\w.-]{1,60}$/.test(name) && name !== "cursor" && name !== "page_size")
    .slice(0, mostFilters);
  return {
    description: `The rows of ${subjectOf(table)}, to be filtered and paged.${remarkOf(table)}`,
    tags: [
      ...aligned(
        filters.map((column) => [`@filter ${column.quoted} =`, `Only rows with this ${wordsOf(column)}`]),
      ),
      `@order ${key.map(({ quoted }) => quoted).join(", ")}`,
      ...aligned(
        columns.filter((column) => key.includes(column)).map((column) => [
          `@column ${column.quoted}!`,
          textOf(column),
        ]),
      ),
    ],
    sql: `create or replace view ${table.quotedSchema}.${name} as\n${selectOf(table, columns)}\nfrom ${
      from(table)
    };`,
  };
}
