/**
 * Foreign keys between rows of one load: whether the merges themselves may bring the row that one refers to,
 * and which rows of several that wait for each other wait in vain. Asked of the catalogue and of the staged
 * rows; what it says is a guess where columns of the staging table are named otherwise than the target's, and
 * a trial has the last word.
 */

import { sqlstateOf } from "../../postgres/database_error.ts";
import type { CallConnection } from "../../postgres/pool.ts";
import { quoteIdentifier } from "../../postgres/identifiers.ts";
import type { Refusal } from "../copy/all_or_nothing.ts";
import type { MergeNature } from "./analyse.ts";
import type { StagedRows } from "../copy/staging_table.ts";

type Connection = Pick<CallConnection, "rows" | "script" | "execute">;
type Constraint = Refusal["constraint"];

/** insufficient_privilege, undefined_function: columns of types that do not compare. */
const unanswerable = new Set(["42501", "42883"]);

/**
 * Whether the merges, or triggers of their tables, may bring rows to the table that a foreign key refers to.
 */
export async function isBrought(
  connection: Pick<CallConnection, "rows">,
  constraint: Constraint,
  inserted: MergeNature["inserted"],
): Promise<boolean> {
  if (constraint === undefined) return true;
  const tables = inserted.map(({ schema, table }) =>
    (schema === null ? "" : `${quoteIdentifier(schema)}.`) + quoteIdentifier(table)
  );
  const [found] = await connection.rows(
    `with written as (
       select pg_catalog.to_regclass(target.name)::oid as oid
       from pg_catalog.json_array_elements_text($1::json) as target (name)
     )
     select
       exists (
         select
         from pg_catalog.pg_constraint as own
         join pg_catalog.pg_class as relation on relation.oid = own.conrelid
         join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
         where own.conname = $4
           and relation.relname = $3
           and namespace.nspname = $2
           and own.contype = 'f'
           and own.confrelid not in (
             select written.oid
             from written
             where written.oid is not null
             union
             select tree.relid
             from written
             cross join lateral pg_catalog.pg_partition_tree(written.oid) as tree
             union
             select root.relid
             from written
             cross join lateral pg_catalog.pg_partition_ancestors(written.oid) as root
           )
       )
       and not exists (
         select
         from pg_catalog.pg_trigger as own
         join written on written.oid = own.tgrelid
         where not own.tgisinternal
       )
       and not exists (
         select
         from written
         where written.oid is null
       ) as is_elsewhere`,
    [JSON.stringify(tables), constraint.schema, constraint.table, constraint.name],
  );
  return found?.is_elsewhere !== "t";
}

/**
 * Of rows that wait, those whose parent is neither there nor among the rest, and those that wait for them.
 * Null when nothing can be said. The role may lack the right to look.
 */
export async function hopelessRows(
  connection: Connection,
  staged: StagedRows,
  waiting: readonly { number: number; refusal: Refusal }[],
): Promise<Set<number> | null> {
  const constraints = new Map(
    waiting.map(({ refusal }) => [JSON.stringify(refusal.constraint ?? null), refusal.constraint]),
  );
  if (constraints.has("null")) return null;
  const keys = [];
  for (const constraint of constraints.values()) {
    const key = await foreignKeyOf(connection, constraint!);
    if (key === null || ![...key.columns, ...key.parents].every((name) => staged.columns.has(name))) {
      return null;
    }
    keys.push(key);
  }
  const rest = new Set(waiting.map(({ number }) => number));
  const hopeless = new Set<number>();
  await connection.script("savepoint sqlwright_parents");
  try {
    for (let hasChanged = true; hasChanged && rest.size > 0;) {
      hasChanged = false;
      for (const { columns, relation, parents } of keys) {
        for (const number of await staged.parentless(connection, [...rest], { columns, relation, parents })) {
          hasChanged = rest.delete(number);
          hopeless.add(number);
        }
      }
    }
  } catch (error) {
    if (!unanswerable.has(sqlstateOf(error) ?? "")) throw error;
    await connection.script("rollback to savepoint sqlwright_parents");
    return null;
  } finally {
    await connection.script("release savepoint sqlwright_parents");
  }
  return hopeless;
}

export interface ForeignKey {
  columns: string[];
  /** The table it refers to, quoted, and its columns. */
  relation: string;
  parents: string[];
}

async function foreignKeyOf(
  connection: Connection,
  { schema, table, name }: NonNullable<Constraint>,
): Promise<ForeignKey | null> {
  const [found] = await connection.rows(
    `select
       own.confrelid::regclass::text as relation,
       (
         select pg_catalog.json_agg(attribute.attname order by key.position)
         from pg_catalog.unnest(own.conkey) with ordinality as key (number, position)
         join pg_catalog.pg_attribute as attribute
           on attribute.attrelid = own.conrelid
           and attribute.attnum = key.number
       ) as columns,
       (
         select pg_catalog.json_agg(attribute.attname order by key.position)
         from pg_catalog.unnest(own.confkey) with ordinality as key (number, position)
         join pg_catalog.pg_attribute as attribute
           on attribute.attrelid = own.confrelid
           and attribute.attnum = key.number
       ) as parents
     from pg_catalog.pg_constraint as own
     join pg_catalog.pg_class as relation on relation.oid = own.conrelid
     join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
     where own.conname = $3
       and relation.relname = $2
       and namespace.nspname = $1
       and own.contype = 'f'`,
    [schema, table, name],
  );
  if (found === undefined) return null;
  return {
    relation: found.relation!,
    columns: JSON.parse(found.columns!),
    parents: JSON.parse(found.parents!),
  };
}
