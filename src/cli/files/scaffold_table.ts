/** Query files over a table of the database, one template a kind. Pure. */

import type { Kind } from "../../query/model.ts";

/** A table or view, with the names that SQL takes: quoted where they must be. */
export interface ScaffoldTable {
  schema: string;
  name: string;
  /** `schema.name`, quoted where needed. */
  relation: string;
  /** The name alone, quoted where needed: the alias. */
  alias: string;
  columns: ScaffoldColumn[];
}

export interface ScaffoldColumn {
  name: string;
  /** Quoted where needed. */
  quoted: string;
  /** As Postgres writes it in a cast. */
  type: string;
  isNullable: boolean;
  /** In the order of the key; null when it is no part of the primary key. */
  keyPosition: number | null;
  /** False for generated and for identity columns. */
  isWritable: boolean;
  /** Has `=` and an order, and is no array: fit for keys, `is distinct from` and unnest. */
  isScalar: boolean;
  comment: string | null;
}

/** What a file is made of. */
export interface ScaffoldParts {
  description: string;
  tags: string[];
  sql: string;
}

/** Why there can be no such file; told to the DBA. */
export class ScaffoldRefusal extends Error {
  override readonly name = "ScaffoldRefusal";
}

/** @throws {ScaffoldRefusal} when the table does not have what the kind needs */
export function overTable(name: string, kind: Kind, table: ScaffoldTable): ScaffoldParts {
  switch (kind) {
    case "many":
      return manyOver(table);
    case "one":
      return oneOver(table);
    case "value":
      return valueOver(table);
    case "report":
      return reportOver(table);
    case "view":
      return viewOver(name, table);
    case "exec":
      return execOver(table);
    case "unnest":
      return unnestOver(table);
    case "copy":
      return copyOver(table);
    default:
      throw new TypeError(`unknown kind: ${kind satisfies never}`);
  }
}

function manyOver(table: ScaffoldTable): ScaffoldParts {
  const key = keyOf(table);
  const bound = key.length > 0 ? [`@page ${key.map(({ quoted }) => quoted).join(", ")}`] : ["@rows 100"];
  return {
    description: `The rows of ${subjectOf(table)}${
      key.length > 0 ? ", page by page" : ", up to the first hundred"
    }. Say here what an agent should know to pick the tool, and narrow the query with parameters.`,
    tags: [...bound, "@example all  {}  => rows >= 0"],
    sql: `${selectOf(table)}\nfrom ${from(table)};`,
  };
}

function oneOver(table: ScaffoldTable): ScaffoldParts {
  const key = keyOf(table);
  if (key.length === 0) {
    return {
      description: `The first row of ${subjectOf(table)}. Narrow it to the row that you mean.`,
      tags: [],
      sql: `${selectOf(table)}\nfrom ${from(table)}\nlimit 1;`,
    };
  }
  const params = parametersOf(key, []);
  return {
    description: `One row of ${subjectOf(table)} by its key. Null when there is none.`,
    tags: aligned(key.map((column) => [`@param ${params.get(column)}`, textOf(column)])),
    sql: `${selectOf(table)}\nfrom ${from(table)}\n${where(table, key, params)};`,
  };
}

function valueOver(table: ScaffoldTable): ScaffoldParts {
  const key = keyOf(table);
  const [shown] = table.columns.filter((column) => !key.includes(column));
  if (key.length === 0 || shown === undefined) {
    return {
      description: `How many rows ${subjectOf(table)} has.`,
      tags: [],
      sql: `select count(*) as total\nfrom ${from(table)};`,
    };
  }
  const params = parametersOf(key, []);
  return {
    description: `The ${wordsOf(shown)} of one row of ${
      subjectOf(table)
    } by its key. Null when there is none.`,
    tags: aligned(key.map((column) => [`@param ${params.get(column)}`, textOf(column)])),
    sql: `select ${table.alias}.${shown.quoted}\nfrom ${from(table)}\n${where(table, key, params)};`,
  };
}

function reportOver(table: ScaffoldTable): ScaffoldParts {
  const key = keyOf(table);
  const order = key.length > 0 ? key : table.columns.filter(({ isScalar }) => isScalar).slice(0, 1);
  const listed = table.columns;
  const pairs = listed.map(({ name, quoted }) => `${literal(name)}, picked.${quoted}`);
  const orderBy = (alias: string) => order.map(({ quoted }) => `${alias}.${quoted}`).join(", ");
  return {
    description: `One document with the first rows of ${subjectOf(table)}. Nest what belongs to them.`,
    tags: [
      "@param max = 10   How many rows to list   {minimum: 1, maximum: 100}",
    ],
    sql: [
      "select json_build_object(",
      "  'rows', coalesce(",
      "    (",
      `      select json_agg(json_build_object(${spread(pairs, "        ")})${
        order.length > 0 ? ` order by ${orderBy("picked")}` : ""
      })`,
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

function viewOver(name: string, table: ScaffoldTable): ScaffoldParts {
  const key = keyOf(table);
  if (key.length === 0) {
    throw new ScaffoldRefusal(
      `A :view is paged in the order of a key, and ${table.relation} has no primary key`,
    );
  }
  const others = table.columns.filter((column) => column.isScalar && !key.includes(column));
  // The server's own arguments have these names.
  const filters = [...key, ...others].filter(({ name }) => name !== "cursor" && name !== "page_size").slice(
    0,
    4,
  );
  return {
    description: `The rows of ${
      subjectOf(table)
    }, to be filtered and paged. Say here what an agent should know to pick it.`,
    tags: [
      ...aligned(
        filters.map((column) => [`@filter ${column.quoted} =`, `Only rows with this ${wordsOf(column)}`]),
      ),
      `@order ${key.map(({ quoted }) => quoted).join(", ")}`,
      ...aligned(
        table.columns.filter((column) => key.includes(column)).map((column) => [
          `@column ${column.quoted}!`,
          textOf(column),
        ]),
      ),
    ],
    sql: `create or replace view ${table.relation.replace(/[^.]*$/, "")}${name} as\n${
      selectOf(table)
    }\nfrom ${from(table)};`,
  };
}

function execOver(table: ScaffoldTable): ScaffoldParts {
  const key = keyOf(table);
  const [changed] = table.columns.filter((column) =>
    column.isWritable && column.isScalar && !key.includes(column)
  );
  if (key.length === 0 || changed === undefined) return insertOver(table);
  const params = parametersOf([...key, changed], []);
  const value = `:${params.get(changed)}`;
  return {
    description:
      `Sets ${changed.name} of one row of ${
        subjectOf(table)
      }. Answers what changed: nothing when the row is ` +
      "unknown or is so already.",
    tags: [
      ...aligned([...key, changed].map((column) => [
        `@param ${params.get(column)}${column === changed && column.isNullable ? "?" : ""}`,
        column === changed ? `The new ${wordsOf(column)}` : textOf(column),
      ])),
      "@hint idempotent",
    ],
    sql:
      `update ${from(table)}\nset ${changed.quoted} = ${value}::${changed.type}\n${
        where(table, key, params)
      }\n` +
      `  and ${table.alias}.${changed.quoted} is distinct from ${value}::${changed.type}\n` +
      `returning ${[...key, changed].map(({ quoted }) => `${table.alias}.${quoted}`).join(", ")};`,
  };
}

function insertOver(table: ScaffoldTable): ScaffoldParts {
  const columns = writable(table);
  const params = parametersOf(columns, []);
  return {
    description: `Adds a row to ${subjectOf(table)}.`,
    tags: [
      ...aligned(columns.map((column) => [
        `@param ${params.get(column)}${column.isNullable ? "?" : ""}`,
        textOf(column),
      ])),
      "@hint additive",
    ],
    sql: `insert into ${table.relation} (${names(columns)})\nvalues (${
      spread(columns.map((column) => `:${params.get(column)}::${column.type}`), "  ")
    });`,
  };
}

function unnestOver(table: ScaffoldTable): ScaffoldParts {
  const key = keyOf(table);
  const isKeyed = key.length > 0 && key.every(({ isScalar }) => isScalar);
  const [changed] = table.columns.filter((column) =>
    column.isWritable && column.isScalar && !key.includes(column)
  );
  if (!isKeyed || changed === undefined) return unnestInsert(table);
  const columns = [...key, changed];
  const params = parametersOf(columns, ["rows"]);
  const match = key.map(({ quoted }) => `${table.alias}.${quoted} = change.${quoted}`);
  return {
    description:
      `Sets ${changed.name} of many rows of ${
        subjectOf(table)
      } in one statement. Rows that are unknown or are so ` +
      "already are left alone; the answer lists what changed.",
    tags: [
      ...aligned(columns.map((column) => [
        `@param ${params.get(column)}${column === changed && column.isNullable ? "?" : ""}`,
        column === changed ? `The new ${wordsOf(column)}` : textOf(column),
      ])),
      "@hint idempotent",
    ],
    sql:
      `update ${from(table)}\nset ${changed.quoted} = change.${changed.quoted}\nfrom unnest(${
        unnested(columns, params)
      })\n  as change (${names(columns)})\nwhere ${match.join("\n  and ")}\n` +
      `  and ${table.alias}.${changed.quoted} is distinct from change.${changed.quoted}\n` +
      `returning ${columns.map(({ quoted }) => `${table.alias}.${quoted}`).join(", ")};`,
  };
}

function unnestInsert(table: ScaffoldTable): ScaffoldParts {
  const columns = writable(table).filter(({ isScalar }) => isScalar);
  const left = writable(table).find((column) => !column.isScalar && !column.isNullable);
  if (columns.length === 0 || left !== undefined) {
    throw new ScaffoldRefusal(
      `An :unnest takes single values, and ${table.relation} ${
        left === undefined ? "has no column that it could write" : `needs ${left.name}, which is ${left.type}`
      }`,
    );
  }
  const params = parametersOf(columns, ["rows"]);
  return {
    description: `Adds many rows to ${subjectOf(table)} in one statement.`,
    tags: [
      ...aligned(columns.map((column) => [
        `@param ${params.get(column)}${column.isNullable ? "?" : ""}`,
        textOf(column),
      ])),
      "@hint additive",
    ],
    sql: `insert into ${table.relation} (${names(columns)})\nselect${
      opened(columns.map(({ quoted }) => `added.${quoted}`), "  ").trimEnd()
    }\nfrom unnest(${unnested(columns, params)})\n  as added (${names(columns)});`,
  };
}

function copyOver(table: ScaffoldTable): ScaffoldParts {
  const columns = writable(table);
  const key = keyOf(table);
  const tags = aligned(columns.map((column) => [`@column ${column.quoted}`, textOf(column)]));
  if (columns.length === 0) throw new ScaffoldRefusal(`${table.relation} has no column that COPY could fill`);
  if (key.length === 0 || key.some((column) => !column.isWritable || !column.isScalar)) {
    return {
      description: `Bulk-loads rows into ${subjectOf(table)}: all rows or none.`,
      tags: [...tags, "@hint additive"],
      sql: `copy ${table.relation} (${names(columns)})\nfrom stdin (format csv, header match);`,
    };
  }
  const others = columns.filter((column) => !key.includes(column));
  const list = (alias: string, which = columns) =>
    spread(which.map(({ quoted }) => `${alias}.${quoted}`), "    ");
  const update = others.length === 0 ? "do nothing" : [
    "do update",
    `set\n${others.map(({ quoted }) => `  ${quoted} = excluded.${quoted}`).join(",\n")}`,
    ...(others.every(({ isScalar }) => isScalar)
      ? [`where (${list(table.alias, others)})\n  is distinct from (${list("excluded", others)})`]
      : []),
  ].join("\n");
  return {
    description:
      `Bulk-loads rows into ${
        subjectOf(table)
      }: all rows or none. A row that is there already takes the new ` +
      "values; of rows with one key the last counts.",
    tags: [...tags, "@hint idempotent"],
    sql: [
      `create temporary table incoming (like ${table.relation} including defaults) on commit drop;`,
      `copy incoming (${names(columns)})\nfrom stdin (format csv, header match);`,
      `insert into ${from(table)} (${names(columns)})\nselect distinct on (${list("incoming", key)})\n${
        columns.map(({ quoted }) => `  incoming.${quoted}`).join(",\n")
      }\nfrom incoming\norder by ${list("incoming", key)}, incoming.ctid desc\non conflict (${
        names(key)
      }) ${update};`,
    ].join("\n\n"),
  };
}

const keyOf = ({ columns }: ScaffoldTable) =>
  columns.filter(({ keyPosition }) => keyPosition !== null).sort((one, other) =>
    one.keyPosition! - other.keyPosition!
  );
const writable = ({ columns }: ScaffoldTable) => columns.filter(({ isWritable }) => isWritable);
const names = (columns: readonly ScaffoldColumn[]) => spread(columns.map(({ quoted }) => quoted), "  ");
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
const from = ({ relation, alias }: ScaffoldTable) => `${relation} as ${alias}`;
const selectOf = ({ columns, alias }: ScaffoldTable) =>
  `select\n${columns.map(({ quoted }) => `  ${alias}.${quoted}`).join(",\n")}`;
const wordsOf = ({ name }: ScaffoldColumn) => name.replaceAll("_", " ");
/** The column's own comment as the text of a tag: one line, fields not parted, no flow. */
const textOf = (column: ScaffoldColumn) =>
  column.comment?.replace(/[{}]/g, "").replace(/\s+/g, " ").trim() || capital(wordsOf(column));
const opened = (items: readonly string[], indent: string) => spread(items, indent).replace(/^(?!\n)/, " ");
/** Beside each other where they fit a line, else one a line. */
function spread(items: readonly string[], indent: string): string {
  const line = items.join(", ");
  const outer = indent.slice(2);
  return line.length <= 90 ? line : `\n${items.map((item) => indent + item).join(",\n")}\n${outer}`;
}
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function subjectOf({ schema, name }: ScaffoldTable): string {
  return `${schema}.${name}`;
}

function where(
  { alias }: ScaffoldTable,
  key: readonly ScaffoldColumn[],
  params: ReadonlyMap<ScaffoldColumn, string>,
): string {
  return `where ${
    key.map((column) => `${alias}.${column.quoted} = :${params.get(column)}::${column.type}`).join("\n  and ")
  }`;
}

function unnested(columns: readonly ScaffoldColumn[], params: ReadonlyMap<ScaffoldColumn, string>): string {
  return spread(columns.map((column) => `:${params.get(column)}::${column.type}[]`), "  ");
}

/** A parameter's name for each column: a letter, then letters, digits and underscores; none twice, none reserved. */
function parametersOf(
  columns: readonly ScaffoldColumn[],
  reserved: readonly string[],
): Map<ScaffoldColumn, string> {
  const taken = new Set([...reserved, "cursor", "page_size", "rows", "source"]);
  const names = new Map<ScaffoldColumn, string>();
  for (const column of columns) {
    const plain = column.name.replace(/[^A-Za-z0-9_]/g, "_").slice(0, 50);
    const base = /^[A-Za-z]/.test(plain) ? plain : `p_${plain}`;
    let name = base;
    for (let number = 2; taken.has(name); number++) name = `${base}_${number}`;
    taken.add(name);
    names.set(column, name);
  }
  return names;
}

/** The texts in one column. */
function aligned(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}   ${text}`);
}
