/** A query file with PostgreSQL's own types: what describing makes and what tools are made of. */

import type { ColumnTag, ParamTag, ParsedQuery } from "../query/model.ts";
import type { Diagnostic } from "../query/diagnostic.ts";
import type { JsonShape } from "./json_shape/shape.ts";
import { type PgType } from "../postgres/types/types.ts";

/** A query whose every parameter and column has Postgres' own type. */
export interface TypedQuery {
  parsed: ParsedQuery;
  /** In the order of `parsed.parameters`. */
  parameters: TypedParameter[];
  /** Columns of the answer; of `:copy` the columns that a row brings. */
  columns: TypedColumn[];
  /** What the types leave open, for `check` to tell: `report-untyped`. Absent in a query from the lock. */
  notes?: Diagnostic[];
  /** An aggregate over everything: one row whatever the tables hold. Absent in a query from the lock. */
  alwaysAnswersOneRow?: boolean;
}

export interface TypedParameter {
  name: string;
  type: PgType;
  tag: ParamTag | null;
}

export interface TypedColumn {
  name: string;
  type: PgType;
  /** `atttypmod`; -1 where none is known. */
  typmod: number;
  isNullable: boolean;
  /** The header's `!` says never null against what is known: checked at run time. */
  isAsserted: boolean;
  /** A row of `:copy` may leave it out. */
  hasDefault: boolean;
  /** COMMENT ON COLUMN. */
  comment: string | null;
  tag: ColumnTag | null;
  /** Where the value comes from, when it comes from a relation as it is. */
  source: Source | null;
  /** Of json and jsonb, and of arrays of them, where it can be found. Absent in a query from the lock. */
  shape?: JsonShape;
}

/** A column of a relation, where a value comes from it as it is. */
export interface Source {
  relation: number;
  attribute: number;
}
