/**
 * Relations as the catalogue has them: their columns with declared type, default, comment, and whether every
 * row that can be read from them has a value there.
 */

import type { PoolConnection } from "../postgres/pool.ts";

export interface Relation {
  /** `schema.name`, for messages. */
  name: string;
  /**
   * `pg_class.relkind`: `r` table, `p` partitioned table, `v` view, `m` materialized view, `f` foreign table
   * …
   */
  kind: string;
  /** Rules can put another statement in place of a write, with another RETURNING. */
  hasRules: boolean;
  /** By attribute number. */
  columns: ReadonlyMap<number, RelationColumn>;
}

export interface RelationColumn {
  name: string;
  type: number;
  typmod: number;
  /**
   * NOT NULL is declared, valid and enforced, in the table and in all that inherit from it. Views,
   * materialized views and foreign tables enforce nothing.
   */
  isNotNull: boolean;
  hasDefault: boolean;
  /** COMMENT ON COLUMN. */
  comment: string | null;
}

/** By OID. */
export type Relations = ReadonlyMap<number, Relation>;

/** One query for all of them. An OID that the catalogue does not have is left out. */
export async function loadRelations(connection: PoolConnection, oids: Iterable<number>): Promise<Relations> {
  const wanted = [...new Set(oids)].filter((oid) => oid !== 0);
  const relations = new Map<number, Relation & { columns: Map<number, RelationColumn> }>();
  if (wanted.length === 0) return relations;
  for (const row of await connection.rows(relationQuery, [`{${wanted.join(",")}}`])) {
    const oid = Number(row.relation);
    let relation = relations.get(oid);
    if (relation === undefined) {
      relation = {
        name: row.relation_name ?? "",
        kind: row.kind ?? "",
        hasRules: row.has_rules === "t",
        columns: new Map(),
      };
      relations.set(oid, relation);
    }
    relation.columns.set(Number(row.number), {
      name: row.name ?? "",
      type: Number(row.type),
      typmod: Number(row.typmod),
      isNotNull: row.is_not_null === "t",
      hasDefault: row.has_default === "t",
      comment: row.comment ?? null,
    });
  }
  return relations;
}

/**
 * A NOT NULL does not hold when a child of the table lacks it (a child by INHERITS may, before PostgreSQL
 * 18), when a partition is a foreign table, when the constraint has not been validated (18), and for a
 * virtual generated column (18), which is computed when it is read.
 */
const relationQuery = `
with recursive family as (
  select wanted.relation as root, wanted.relation
  from unnest($1::oid[]) as wanted (relation)
  union
  select family.root, inherits.inhrelid
  from family
  join pg_catalog.pg_inherits as inherits on inherits.inhparent = family.relation
),
unproven as (
  select distinct family.root, attribute.attname as name
  from family
  join pg_catalog.pg_class as member on member.oid = family.relation
  join pg_catalog.pg_attribute as attribute on attribute.attrelid = member.oid
  where attribute.attnum > 0
    and not attribute.attisdropped
    and (
      member.relkind not in ('r', 'p')
      or not attribute.attnotnull
      or attribute.attgenerated = 'v'
      or exists (
        select
        from pg_catalog.pg_constraint as con
        where con.conrelid = attribute.attrelid
          and con.contype = 'n'
          and con.conkey = array[attribute.attnum]
          and not con.convalidated
      )
    )
)
select
  class.oid as relation,
  namespace.nspname || '.' || class.relname as relation_name,
  class.relkind as kind,
  class.relhasrules as has_rules,
  attribute.attnum as number,
  attribute.attname as name,
  attribute.atttypid as type,
  attribute.atttypmod as typmod,
  unproven.root is null as is_not_null,
  attribute.atthasdef or attribute.attidentity <> '' as has_default,
  pg_catalog.col_description(class.oid, attribute.attnum) as comment
from unnest($1::oid[]) as wanted (relation)
join pg_catalog.pg_class as class on class.oid = wanted.relation
join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
join pg_catalog.pg_attribute as attribute on attribute.attrelid = class.oid
left join unproven on unproven.root = class.oid and unproven.name = attribute.attname
where attribute.attnum > 0
  and not attribute.attisdropped
order by class.oid, attribute.attnum`;
