/**
 * The statements behind a COPY: run in order and counted, and what PostgreSQL says when a row of theirs is
 * refused.
 */

import { SqlwrightError } from "../../errors.ts";
import { sqlstateOf } from "../../postgres/database_error.ts";
import type { CallConnection } from "../../postgres/pool.ts";
import type { Statement } from "../../query/model.ts";
import { type Refusal, refusalOf } from "../copy/all_or_nothing.ts";
import { CountTally, type RowCounts } from "../copy/counts.ts";

export interface Merge {
  statement: Statement;
  /** PostgreSQL's text, by number. */
  parameters: readonly (string | null)[];
}

/** What the merges have done. */
export interface Merged {
  /** Rows, by the command tags. */
  affected: number;
  tally: CountTally;
}

export interface MergeOptions {
  signal: AbortSignal;
  /** What is counted before and after each statement. @default nothing */
  count?: () => Promise<RowCounts | null>;
  /** Before each statement. */
  onStatement?: (index: number) => void;
}

/** @param tally goes on from these */
export async function runMerges(
  connection: Pick<CallConnection, "execute">,
  merges: readonly Merge[],
  { signal, count, onStatement }: MergeOptions,
  tally = new CountTally(),
): Promise<Merged> {
  let affected = 0;
  for (const [index, { statement, parameters }] of merges.entries()) {
    // A TRUNCATE sets the counters back.
    const isTallied = count !== undefined && statement.nodeType !== "TruncateStmt";
    const before = isTallied ? await count() : null;
    onStatement?.(index);
    const result = await connection.execute(statement.text, parameters, { signal, isPrepared: false });
    if (changesRows(statement)) affected += result.count;
    if (isTallied) tally.add(before, await count());
  }
  return { affected, tally };
}

/** cardinality_violation: "ON CONFLICT DO UPDATE command cannot affect row a second time", and MERGE's. */
export const affectedTwice = "21000";

/** A merge's refusal of a row; null for errors that are not about rows. */
export function mergeRefusalOf(error: unknown): Refusal | null {
  if (sqlstateOf(error) !== affectedTwice) return refusalOf(error);
  return { line: null, column: null, reason: (error as SqlwrightError).message, sqlstate: affectedTwice };
}

/**
 * Finds the column of a violated constraint that has one; the constraints that were asked for are remembered.
 */
export function constraintColumns(
  connection: Pick<CallConnection, "rows">,
): (refusal: Refusal) => Promise<string | null> {
  const known = new Map<string, string | null>();
  return async ({ constraint }) => {
    if (constraint === undefined) return null;
    const { schema, table, name } = constraint;
    const key = JSON.stringify([schema, table, name]);
    if (known.has(key)) return known.get(key)!;
    const [found] = await connection.rows(
      `select attribute.attname as column_name
       from pg_catalog.pg_constraint as own
       join pg_catalog.pg_class as relation on relation.oid = own.conrelid
       join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
       join pg_catalog.pg_attribute as attribute
         on attribute.attrelid = own.conrelid
         and attribute.attnum = own.conkey[1]
       where own.conname = $3
         and relation.relname = $2
         and namespace.nspname = $1
         and pg_catalog.cardinality(own.conkey) = 1`,
      [schema, table, name],
    );
    const column = found?.column_name ?? null;
    known.set(key, column);
    return column;
  };
}

const changesRows = ({ nodeType }: Statement) =>
  ["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"].includes(nodeType);
