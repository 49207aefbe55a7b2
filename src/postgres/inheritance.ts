/**
 * Tables that others inherit from. Their rows are those of their children too, and their unique indexes are
 * not: each table has its own. A partitioned table is no such table: its keys hold for all of its partitions.
 */

/**
 * SQL: whether tables inherit from the relation.
 * @param relation an expression for its OID
 */
export const hasHeirs = (relation: string): string =>
  `exists (
      select
      from pg_catalog.pg_inherits as inheritance
      join pg_catalog.pg_class as parent on parent.oid = inheritance.inhparent
      where inheritance.inhparent = ${relation}
        and parent.relkind not in ('p', 'I')
    )`;
