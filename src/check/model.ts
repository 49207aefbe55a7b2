/** What tools need to be allowed, and what of it a role lacks. */

import type { ParsedQuery, Place } from "../query/model.ts";

export type Privilege = "SELECT" | "INSERT" | "UPDATE" | "DELETE";

/** One privilege on one relation. */
export interface RelationNeed {
  schema: string;
  name: string;
  privilege: Privilege;
  /** Names that may be columns of it. */
  words: ReadonlySet<string>;
  /** Words that mean the whole row, where the relation has no column of that name. */
  rowNames: readonly string[];
  /**
   * `columns`: those of the words that it has, and any one where it has none; `all`: every column; `table`:
   * the whole table.
   */
  extent: "columns" | "all" | "table";
  place: Place;
}

export interface ToolNeeds {
  parsed: ParsedQuery;
  /** The role of `@role`; null for the login. */
  role: string | null;
  relations: RelationNeed[];
  /** Schemas of functions and types. */
  schemas: { name: string; place: Place }[];
  functions: { parts: string[]; place: Place }[];
  /** A statement of the file makes a temporary table. */
  isTemporary: boolean;
}

/** Something that can be granted. Names are as the catalogue has them, `object` as SQL takes it. */
export interface Demand {
  /** Null for the login. */
  role: string | null;
  on: "schema" | "table" | "sequence" | "function" | "database" | "role";
  /** `USAGE`, `SELECT` …; of a role its membership. */
  privilege: Privilege | "USAGE" | "EXECUTE" | "TEMPORARY" | "MEMBER";
  /**
   * Quoted where needed, but for a role; a function with its arguments, `procedure` before it where it is
   * one.
   */
  object: string;
  /** Only of tables: null for the whole. */
  columns: string[] | null;
  /** Who needs it, and where the file says so; of the columns those that the tool needs. */
  uses: { parsed: ParsedQuery; place: Place; columns?: readonly string[] }[];
}

/** A demand that a role lacks, with the columns that it lacks. */
export type MissingDemand = Demand & { grantee: string };
