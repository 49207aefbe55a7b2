/** Names of modules and files made of names in the database, and patterns that tables are picked by. Pure. */

import { createHash } from "node:crypto";
import type { TableName } from "./read_tables.ts";

/** Of a tool's name, which is the module's, an underscore, and the file's. */
export const longestToolName = 64;
export const namePattern = /^[a-z][a-z0-9_]*$/;
const longestModule = 24;

/**
 * `OrderDetails` and `order-details` become `order_details`: a lower-case letter, then such letters, digits,
 * underscores.
 */
export function slugOf(name: string): string {
  const plain = name.normalize("NFKD").replace(/\p{M}/gu, "")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
  if (plain === "") return `t_${digestOf(name)}`;
  return /^[a-z]/.test(plain) ? plain : `t_${plain}`;
}

/** The module of a schema's tools. */
export const moduleOf = (schema: string) => shortened(slugOf(schema), longestModule, schema);

/**
 * The file's name, short enough beside its module; what is cut off is told apart by four characters of a
 * digest.
 */
export function fileNameOf(module: string, words: readonly string[]): string {
  const name = words.join("_");
  return shortened(name, longestToolName - module.length - 1, name);
}

/**
 * A slug for each table, none twice in one module. A table whose name is its slug keeps it whatever other
 * tables there are, so that a run after new tables came makes the names of the first run again.
 */
export function slugsOf(tables: readonly TableName[]): Map<TableName, string> {
  const users = new Map<string, TableName[]>();
  for (const table of tables) {
    const slug = slugOf(table.name);
    users.set(slug, [...users.get(slug) ?? [], table]);
  }
  const slugs = new Map<TableName, string>();
  for (const [slug, sharing] of users) {
    const exact = sharing.length === 1 ? sharing[0] : sharing.find(({ name }) => name === slug);
    for (const table of sharing) {
      slugs.set(table, table === exact ? slug : `${slug}_${digestOf(`${table.schema}.${table.name}`)}`);
    }
  }
  return slugs;
}

function shortened(slug: string, length: number, source: string): string {
  return slug.length <= length ? slug : `${slug.slice(0, length - 5).replace(/_+$/, "")}_${digestOf(source)}`;
}

const digestOf = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 4);

/** `schema.table` with `*` and `?`; without a dot, tables of any schema. Letter case does not count. */
export function matchTables<T extends TableName>(pattern: string, tables: readonly T[]): T[] {
  const exact = splitName(pattern);
  const named = tables.filter(({ schema, name }) => exact?.[0] === schema && exact[1] === name);
  if (named.length > 0) return named;
  const dot = pattern.indexOf(".");
  const [schemas, names] = dot < 0 ? ["*", pattern] : [pattern.slice(0, dot), pattern.slice(dot + 1)];
  const [isSchema, isName] = [globOf(schemas), globOf(names)];
  return tables.filter(({ schema, name }) => isSchema.test(schema) && isName.test(name));
}

function globOf(pattern: string): RegExp {
  const source = pattern.replaceAll('"', "").replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*").replaceAll("?", ".");
  return new RegExp(`^${source}$`, "isu");
}

/** A name as SQL reads it: `shop.order`, `"Odd schema"."Odd table"`; null for anything else. */
export function splitName(named: string): [string, string] | null {
  const part = String.raw`("(?:[^"]|"")+"|[^".\s]+)`;
  const match = new RegExp(`^${part}\\.${part}$`).exec(named.trim());
  if (match === null) return null;
  const plain = (text: string) => text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
  return [plain(match[1]!), plain(match[2]!)];
}
