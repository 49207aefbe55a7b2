/**
 * Query files that write to a table: one row, many by `unnest`, a bulk load. What a write does is in its
 * name: `add_…` inserts, `delete_…` deletes, anything else sets a column, the one that the name ends in.
 * Pure.
 */

import { ColumnUnclear, ScaffoldRefusal } from "./model.ts";
import type { Params } from "./phrases.ts";
import type { ScaffoldColumn, ScaffoldParts, ScaffoldTable } from "./model.ts";
import {
  aligned,
  from,
  insertable,
  isTaggable,
  keyOf,
  names,
  opened,
  parametersOf,
  paramTags,
  remarkOf,
  spread,
  subjectOf,
  textOf,
  unnested,
  where,
  wordsOf,
} from "./phrases.ts";

type Action = "add" | "delete" | "set";

export interface WriteOptions {
  name: string;
  /** The column to set. @default the one that the name says */
  column: ScaffoldColumn | null;
}

export function execOver(table: ScaffoldTable, options: WriteOptions): ScaffoldParts {
  refuseWrites(table);
  const key = keyOf(table);
  switch (actionOf(options.name, table, isSettable)) {
    case "add":
      return insertOver(table);
    case "delete":
      return deleteOver(table);
    case "set":
      return updateOver(table, key, columnToSet(table, options, isSettable));
  }
}

export function unnestOver(table: ScaffoldTable, options: WriteOptions): ScaffoldParts {
  refuseWrites(table);
  const key = keyOf(table);
  const isFit = (column: ScaffoldColumn) => isSettable(column) && column.isScalar;
  const action = actionOf(options.name, table, isFit);
  const unfit = key.find(({ isScalar }) => !isScalar);
  if (action === "add" || (unfit !== undefined && !saysSet(options.name))) return unnestInsert(table);
  if (unfit !== undefined) {
    throw new ScaffoldRefusal(
      `an :unnest takes single values, and the key of ${table.relation} ` +
        `has ${unfit.name}, which is ${unfit.type}`,
    );
  }
  return action === "delete"
    ? unnestDelete(table, key)
    : unnestUpdate(table, key, columnToSet(table, options, isFit));
}

export function copyOver(table: ScaffoldTable): ScaffoldParts {
  refuseWrites(table);
  const columns = insertable(table);
  const key = keyOf(table);
  refuseInsert(table);
  if (columns.length === 0) throw new ScaffoldRefusal(`${table.relation} has no column that COPY could fill`);
  const tags = aligned(
    columns.filter(isTaggable).map((column) => [`@column ${column.quoted}`, textOf(column)]),
  );
  const others = columns.filter((column) => !key.includes(column));
  const isMerge = key.length > 0 && table.isMergeable &&
    key.every((column) => column.isInsertable && column.isScalar) &&
    others.every(({ isUpdatable, isReadable }) => isUpdatable && isReadable);
  if (!isMerge) {
    return {
      description: `Bulk-loads rows into ${subjectOf(table)}: all rows or none.${remarkOf(table)}`,
      tags: [...tags, "@hint additive"],
      sql: `copy ${table.relation} (${names(columns)})\nfrom stdin (format csv, header match);`,
    };
  }
  const list = (alias: string, which = columns) =>
    spread(which.map(({ quoted }) => `${alias}.${quoted}`), "    ");
  const update = others.length === 0 ? "do nothing" : [
    "do update",
    `set\n${others.map(({ quoted }) => `  ${quoted} = excluded.${quoted}`).join(",\n")}`,
    ...(others.every(({ isComparable }) => isComparable)
      ? [`where (${list(table.alias, others)})\n  is distinct from (${list("excluded", others)})`]
      : []),
  ].join("\n");
  return {
    description: `Bulk-loads rows into ${subjectOf(table)}: all rows or none. A row that is there already ${
      others.length === 0 ? "stays" : "takes the new values"
    }; of rows with one key the last counts.${remarkOf(table)}`,
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

/** Its old value is read too: to tell what changes, and for the answer. */
const isSettable = ({ isUpdatable, isReadable }: ScaffoldColumn) => isUpdatable && isReadable;

const saysSet = (name: string) => /^(set|update|change)_/.test(name);

/** What the name says; for a name that says nothing, what the table can do. */
function actionOf(
  name: string,
  table: ScaffoldTable,
  isFit: (column: ScaffoldColumn) => boolean,
): Action {
  const key = keyOf(table);
  if (/^(add|insert|create)_/.test(name)) return "add";
  const canSet = key.length > 0 && table.columns.some((column) => isFit(column) && !key.includes(column));
  if (/^(delete|remove)_/.test(name)) {
    if (key.length === 0) throw withoutKey(table, "deleted");
    if (!table.mayDelete) throw new ScaffoldRefusal(`the login may not delete rows of ${table.relation}`);
    return "delete";
  }
  if (canSet) return "set";
  if (!saysSet(name)) return "add";
  if (key.length === 0) throw withoutKey(table, "set");
  throw new ScaffoldRefusal(`${table.relation} has no column beside its key that the login may set`);
}

function withoutKey({ relation }: ScaffoldTable, done: string): ScaffoldRefusal {
  return new ScaffoldRefusal(`a row of ${relation} can be ${done} by its key, and it has no key`);
}

/**
 * @throws {ColumnUnclear} when the name does not end in the name of a column that could be set, and there are
 * several
 */
function columnToSet(
  table: ScaffoldTable,
  { name, column }: WriteOptions,
  isFit: (column: ScaffoldColumn) => boolean,
): ScaffoldColumn {
  const key = keyOf(table);
  const fit = table.columns.filter((each) => isFit(each) && !key.includes(each));
  if (column !== null) {
    if (fit.includes(column)) return column;
    throw new ScaffoldRefusal(
      `${column.name} of ${table.relation} cannot be set`,
      `Columns are ${fit.map(({ name }) => name).join(", ")}`,
    );
  }
  const said = columnSaidBy(name, fit) ?? (fit.length === 1 ? fit[0] : undefined);
  if (said !== undefined) return said;
  throw new ColumnUnclear(name, table.relation, fit.map(({ name }) => name));
}

/** The longest column whose name the tool's name ends in. */
export function columnSaidBy(
  name: string,
  columns: readonly ScaffoldColumn[],
): ScaffoldColumn | undefined {
  return columns
    .filter((column) => `_${name}`.endsWith(`_${wordOf(column)}`))
    .sort((one, other) => other.name.length - one.name.length)[0];
}

/** A column's name as a tool's name can have it. */
const wordOf = ({ name }: ScaffoldColumn) => name.toLowerCase().replace(/[^a-z0-9]+/g, "_");

function updateOver(table: ScaffoldTable, key: ScaffoldColumn[], changed: ScaffoldColumn): ScaffoldParts {
  const params = parametersOf([...key, changed]);
  const value = `:${params.get(changed)}::${changed.type}`;
  return {
    description: `Sets ${wordsOf(changed)} of one row of ${subjectOf(table)}. ${
      changed.isComparable
        ? "Answers what changed: nothing when the row is unknown or is so already."
        : "Answers the row's key: nothing when it is unknown."
    }`,
    tags: [...setTags(key, changed, params), "@hint idempotent"],
    sql: [
      `update ${from(table)}`,
      `set ${changed.quoted} = ${value}`,
      where(table, key, params),
      ...(changed.isComparable ? [`  and ${table.alias}.${changed.quoted} is distinct from ${value}`] : []),
      `returning ${returned(table, [...key, changed])};`,
    ].join("\n"),
  };
}

function unnestUpdate(table: ScaffoldTable, key: ScaffoldColumn[], changed: ScaffoldColumn): ScaffoldParts {
  const columns = [...key, changed];
  const params = parametersOf(columns);
  return {
    description:
      `Sets ${wordsOf(changed)} of many rows of ${
        subjectOf(table)
      } in one statement. Rows that are unknown or are so already are left alone; ` +
      "the answer lists what changed.",
    tags: [...setTags(key, changed, params), "@hint idempotent"],
    sql:
      `update ${from(table)}\nset ${changed.quoted} = change.${changed.quoted}\nfrom unnest(${
        unnested(columns, params)
      })\n  as change (${names(columns)})\nwhere ${matched(table, key)}\n` +
      `  and ${table.alias}.${changed.quoted} is distinct from change.${changed.quoted}\n` +
      `returning ${returned(table, columns)};`,
  };
}

/**
 * The value that is set is always given: one that may be left out would empty the column of whoever forgot
 * it.
 */
function setTags(key: readonly ScaffoldColumn[], changed: ScaffoldColumn, params: Params): string[] {
  return paramTags([...key, changed], params, {
    text: (column) => column === changed ? `The new ${wordsOf(column)}` : textOf(column),
  });
}

function deleteOver(table: ScaffoldTable): ScaffoldParts {
  const key = keyOf(table);
  const params = parametersOf(key);
  return {
    description: `Deletes one row of ${subjectOf(table)}. Answers its key: nothing when the row is unknown.`,
    tags: [...paramTags(key, params), "@hint idempotent"],
    sql: `delete from ${from(table)}\n${where(table, key, params)}\nreturning ${returned(table, key)};`,
  };
}

function unnestDelete(table: ScaffoldTable, key: ScaffoldColumn[]): ScaffoldParts {
  const params = parametersOf(key);
  return {
    description: `Deletes many rows of ${
      subjectOf(table)
    } in one statement. Rows that are unknown are left alone; the answer lists what was deleted.`,
    tags: [...paramTags(key, params), "@hint idempotent"],
    sql: `delete from ${from(table)}\nusing unnest(${unnested(key, params)})\n  as change (${
      names(key)
    })\nwhere ${matched(table, key)}\nreturning ${returned(table, key)};`,
  };
}

function insertOver(table: ScaffoldTable): ScaffoldParts {
  const columns = columnsToAdd(table);
  const params = parametersOf(columns);
  const key = keyOf(table);
  const values = columns.map((column) => withDefault(`:${params.get(column)}::${column.type}`, column));
  return {
    description: `Adds a row to ${subjectOf(table)}.${key.length > 0 ? " Answers its key." : ""}${
      remarkOf(table)
    }`,
    tags: [...addTags(columns, params), "@hint additive"],
    sql:
      (columns.length === 0
        ? `insert into ${from(table)}\ndefault values`
        : `insert into ${from(table)} (${names(columns)})\nvalues (${spread(values, "  ")})`) +
      (key.length > 0 ? `\nreturning ${returned(table, key)};` : ";"),
  };
}

function unnestInsert(table: ScaffoldTable): ScaffoldParts {
  const added = columnsToAdd(table);
  const columns = added.filter(({ isScalar }) => isScalar);
  const left = added.find((column) => !column.isScalar && !mayLeaveOut(column));
  if (columns.length === 0 || left !== undefined) {
    throw new ScaffoldRefusal(
      `an :unnest takes single values, and ${table.relation} ${
        left === undefined ? "has no column that it could write" : `needs ${left.name}, which is ${left.type}`
      }`,
    );
  }
  const params = parametersOf(columns);
  return {
    description: `Adds many rows to ${subjectOf(table)} in one statement.${remarkOf(table)}`,
    tags: [
      ...addTags(columns, params),
      "@hint additive",
      "@allow unnest-outcome-unknown  every row is a new one",
    ],
    sql: `insert into ${table.relation} (${names(columns)})\nselect${
      opened(columns.map((column) => withDefault(`added.${column.quoted}`, column)), "  ")
    }\nfrom unnest(${unnested(columns, params)})\n  as added (${names(columns)});`,
  };
}

/** What a new row is given: not the numbers that a sequence gives. */
function columnsToAdd(table: ScaffoldTable): ScaffoldColumn[] {
  refuseInsert(table);
  return insertable(table).filter(({ isNumbered }) => !isNumbered);
}

const mayLeaveOut = (column: ScaffoldColumn) => column.isNullable || column.default !== null;

function addTags(columns: readonly ScaffoldColumn[], params: Params): string[] {
  return paramTags(columns, params, { isOptional: mayLeaveOut });
}

/** An INSERT that names a column does not take its default by itself. */
const withDefault = (value: string, { default: fallback }: ScaffoldColumn) =>
  fallback === null ? value : `coalesce(${value}, ${fallback})`;

const returned = ({ alias }: ScaffoldTable, columns: readonly ScaffoldColumn[]) =>
  columns.map(({ quoted }) => `${alias}.${quoted}`).join(", ");

const matched = ({ alias }: ScaffoldTable, key: readonly ScaffoldColumn[]) =>
  key.map(({ quoted }) => `${alias}.${quoted} = change.${quoted}`).join("\n  and ");

function refuseWrites({ hasRules, isTable, relation }: ScaffoldTable): void {
  if (!isTable) throw new ScaffoldRefusal(`${relation} is no table, and only tables are written`);
  if (!hasRules) return;
  throw new ScaffoldRefusal(
    `rules put another statement in place of a write to ${relation}`,
    "Write the file by hand, for what the rules do",
  );
}

function refuseInsert({ mayInsert, relation }: ScaffoldTable): void {
  if (!mayInsert) throw new ScaffoldRefusal(`the login may not add rows to ${relation}`);
}
