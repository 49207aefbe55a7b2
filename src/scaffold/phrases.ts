/** The pieces that every scaffold is made of: lists of columns, conditions, tags and their texts. Pure. */

import type { ScaffoldColumn, ScaffoldTable } from "./model.ts";

export type Params = ReadonlyMap<ScaffoldColumn, string>;

export const readable = ({ columns }: ScaffoldTable) => columns.filter(({ isReadable }) => isReadable);
export const insertable = ({ columns }: ScaffoldTable) => columns.filter(({ isInsertable }) => isInsertable);

export function keyOf({ columns }: ScaffoldTable): ScaffoldColumn[] {
  return columns.filter(({ keyPosition }) => keyPosition !== null).sort((one, other) =>
    one.keyPosition! - other.keyPosition!
  );
}

/** Whether a tag can name the column: it is one line, and commas part the columns of a tag. */
export const isTaggable = ({ name }: ScaffoldColumn) => !/[\p{Cc},\u2028\u2029]/u.test(name);

export const names = (columns: readonly ScaffoldColumn[]) =>
  spread(columns.map(({ quoted }) => quoted), "  ");
export const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
export const from = ({ relation, alias }: ScaffoldTable) => `${relation} as ${alias}`;

export function selectOf({ alias }: ScaffoldTable, columns: readonly ScaffoldColumn[]): string {
  return `select\n${columns.map(({ quoted }) => `  ${alias}.${quoted}`).join(",\n")}`;
}

/** Words of the database as a person reads them: one line, without what a tag would read. */
export const plain = (text: string) =>
  text.replace(/[{}]/g, "").replace(/[\s\p{Cc}]+/gu, " ").replace(/^[ =?!@]+/, "").trim();

export const wordsOf = ({ name }: ScaffoldColumn) => plain(name.replaceAll("_", " ")) || "value";

const longestText = 300;

/** The column's own comment as the text of a tag, else its name. */
export function textOf(column: ScaffoldColumn): string {
  const comment = plain(column.comment ?? "");
  if (comment === "") return capital(wordsOf(column));
  const short = comment.length <= longestText ? comment : `${comment.slice(0, longestText).trimEnd()} …`;
  return capital(short);
}

export const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

export const subjectOf = ({ schema, name }: ScaffoldTable) => plain(`${schema}.${name}`);

/** The table's comment as a sentence that may follow another. */
export function remarkOf({ comment }: ScaffoldTable): string {
  const text = plain(comment ?? "").slice(0, longestText);
  return text === "" ? "" : ` ${capital(text)}${/[.!?]$/.test(text) ? "" : "."}`;
}

/** Beside each other where they fit a line, else one a line. */
export function spread(items: readonly string[], indent: string): string {
  const line = items.join(", ");
  const outer = indent.slice(2);
  return line.length <= 90 ? line : `\n${items.map((item) => indent + item).join(",\n")}\n${outer}`;
}

/** After a keyword: on its line, or below it. */
export const opened = (items: readonly string[], indent: string) =>
  spread(items, indent).replace(/^(?!\n)/, " ").trimEnd();

export function where({ alias }: ScaffoldTable, key: readonly ScaffoldColumn[], params: Params): string {
  return `where ${
    key.map((column) => `${alias}.${column.quoted} = :${params.get(column)}::${column.type}`).join("\n  and ")
  }`;
}

export function unnested(columns: readonly ScaffoldColumn[], params: Params): string {
  return spread(columns.map((column) => `:${params.get(column)}::${column.type}[]`), "  ");
}

/**
 * A parameter's name for each column: a letter, then letters, digits and underscores; none twice, none
 * reserved.
 */
export function parametersOf(columns: readonly ScaffoldColumn[]): Params {
  const taken = new Set(["cursor", "page_size", "rows", "source"]);
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

/** `@param` of each column, its text the column's own; a `?` after those that may be left out. */
export function paramTags(
  columns: readonly ScaffoldColumn[],
  params: Params,
  { isOptional = () => false, text = textOf }: {
    isOptional?: (column: ScaffoldColumn) => boolean;
    text?: (column: ScaffoldColumn) => string;
  } = {},
): string[] {
  return aligned(
    columns.map((column) => [
      `@param ${params.get(column)}${isOptional(column) ? "?" : ""}`,
      text(column),
    ]),
  );
}

/** The texts in one column. */
export function aligned(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}   ${text}`);
}
