/**
 * How many rows of a table this transaction has inserted, updated and deleted: PostgreSQL counts them itself,
 * per transaction, for its statistics. No statement is changed for it, it costs nothing, and it holds for
 * MERGE, ON CONFLICT and partitions alike.
 */

import type { CallConnection } from "../../postgres/pool.ts";
import { quoteIdentifier } from "../../postgres/identifiers.ts";

export interface RowCounts {
  inserted: number;
  updated: number;
  deleted: number;
}

/**
 * Partitions count for themselves. Null sums where nothing is counted: a view, a foreign table, `track_counts
 * = off`.
 */
const countQuery = `select
    pg_catalog.sum(pg_catalog.pg_stat_get_xact_tuples_inserted(part.oid))::bigint as inserted,
    pg_catalog.sum(pg_catalog.pg_stat_get_xact_tuples_updated(part.oid))::bigint as updated,
    pg_catalog.sum(pg_catalog.pg_stat_get_xact_tuples_deleted(part.oid))::bigint as deleted
  from (
    select relation.oid
    from pg_catalog.pg_class as relation
    where relation.oid = pg_catalog.to_regclass($1)
      and relation.relkind in ('r', 'p')
    union
    select tree.relid::oid
    from pg_catalog.pg_partition_tree(pg_catalog.to_regclass($1)) as tree
  ) as part
  where pg_catalog.current_setting('track_counts')::boolean`;

/**
 * What has been counted in this transaction until now; null where nothing is. Only differences of two answers
 * mean something.
 */
export async function transactionCounts(
  connection: Pick<CallConnection, "rows">,
  { schema, table }: { schema: string | null; table: string },
): Promise<RowCounts | null> {
  const name = (schema === null ? "" : `${quoteIdentifier(schema)}.`) + quoteIdentifier(table);
  const [found] = await connection.rows(countQuery, [name]);
  if (found === undefined || found.inserted === null) return null;
  return { inserted: Number(found.inserted), updated: Number(found.updated), deleted: Number(found.deleted) };
}

/**
 * Adds up what happens between two looks, so that a TRUNCATE, which sets the counters back, can be left out.
 */
export class CountTally {
  #total: RowCounts = { inserted: 0, updated: 0, deleted: 0 };
  #isCounted = true;

  add(before: RowCounts | null, after: RowCounts | null): void {
    if (before === null || after === null) {
      this.#isCounted = false;
      return;
    }
    this.#total = {
      inserted: this.#total.inserted + after.inserted - before.inserted,
      updated: this.#total.updated + after.updated - before.updated,
      deleted: this.#total.deleted + after.deleted - before.deleted,
    };
  }

  /** Null when some of it was not counted. */
  get total(): RowCounts | null {
    return this.#isCounted ? this.#total : null;
  }
}
