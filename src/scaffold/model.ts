/**
 * What a scaffold is made from, a table as the login may use it, and what it is made of. Imports nothing but
 * the kinds.
 */

import type { Kind } from "../query/model.ts";

/** A table or view, with the names that SQL takes: quoted where they must be. */
export interface ScaffoldTable {
  schema: string;
  name: string;
  /** Quoted where needed. */
  quotedSchema: string;
  /** `schema.name`, quoted where needed. */
  relation: string;
  /** The name alone, quoted where needed; never a name that the scaffolds give themselves. */
  alias: string;
  /** Not a view, a materialized view or a foreign table. */
  isTable: boolean;
  /** Rules put another statement in place of a write. */
  hasRules: boolean;
  /**
   * A load can be merged into it: the key is checked at once and by equality, and the login may make a
   * staging table like it.
   */
  isMergeable: boolean;
  /** The login may give every column that a row needs. */
  mayInsert: boolean;
  mayDelete: boolean;
  comment: string | null;
  /** Those that the login may read or write. */
  columns: ScaffoldColumn[];
}

export interface ScaffoldColumn {
  name: string;
  /** Quoted where needed. */
  quoted: string;
  /** As Postgres writes it in a cast. */
  type: string;
  isNullable: boolean;
  /**
   * In the order of the key; null when it is no part of it. The key is the primary key, else a unique one
   * without nulls.
   */
  keyPosition: number | null;
  isReadable: boolean;
  /** The login may give it in an INSERT, and it is no generated and no identity column. */
  isInsertable: boolean;
  /** The same for an UPDATE. */
  isUpdatable: boolean;
  /** Has `=` and an order, and is no array: fit for keys, `is distinct from` and unnest. */
  isScalar: boolean;
  /** Has `=`: also arrays, jsonb, bytes. */
  isComparable: boolean;
  /** Values that the type lists. */
  isEnum: boolean;
  isReference: boolean;
  /** A sequence gives it when an INSERT leaves it out. */
  isNumbered: boolean;
  /** Its DEFAULT as SQL; null without one, and where it is generated. */
  default: string | null;
  comment: string | null;
}

/** What a file is made of. */
export interface ScaffoldParts {
  description: string;
  tags: string[];
  sql: string;
}

export interface ScaffoldOptions {
  name: string;
  kind: Kind;
  table: ScaffoldTable | null;
  /** The column that a write sets. @default the one that the name says */
  column?: string | undefined;
}

/** Why there can be no such file, for the DBA. */
export class ScaffoldRefusal extends Error {
  override readonly name: string = "ScaffoldRefusal";
  /** What to do instead. */
  constructor(message: string, readonly hint = "Choose another table or another kind") {
    super(message);
  }
}

/** The name of a write does not say which column it sets. */
export class ColumnUnclear extends ScaffoldRefusal {
  override readonly name = "ColumnUnclear";
  constructor(tool: string, table: string, readonly choices: readonly string[]) {
    super(
      `the name "${tool}" does not say which column of ${table} it sets`,
      `Name the tool set_COLUMN, or write --column. Columns are ${listNames(choices)}`,
    );
  }
}

const mostListed = 20;

/** The first names, and how many more there are. */
export function listNames(names: readonly string[]): string {
  const more = names.length - mostListed;
  return `${names.slice(0, mostListed).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
