/**
 * Tables and views as the catalogue has them and as the login may use them: any number of them in one query.
 */

import { hasHeirs } from "../postgres/inheritance.ts";
import type { PoolConnection } from "../postgres/pool.ts";
import type { ScaffoldColumn, ScaffoldTable } from "./model.ts";

/**
 * Names that the scaffolds give to rows of their own, and those that PostgreSQL keeps for itself in a write.
 */
const takenAliases: ReadonlySet<string> = new Set([
  "added",
  "change",
  "excluded",
  "incoming",
  "new",
  "old",
  "picked",
]);

export interface TableName {
  schema: string;
  name: string;
}

/**
 * Every table and view that the login may read or write, in the order of their names; without the product's
 * own and without partitions.
 */
export async function listTables(connection: PoolConnection): Promise<(TableName & { isTable: boolean })[]> {
  const rows = await connection.rows(
    `select namespace.nspname as schema, relation.relname as name, relation.relkind in ('r', 'p') as is_table
     from pg_catalog.pg_class as relation
     join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
     where ${isOfProject}
     order by namespace.nspname, relation.relname`,
  );
  return rows.map(({ schema, name, is_table }) => ({
    schema: schema!,
    name: name!,
    isTable: is_table === "t",
  }));
}

const isOfProject = `relation.relkind in ('r', 'p', 'v', 'm', 'f')
       and namespace.nspname !~ '^pg_'
       and namespace.nspname not in ('information_schema', 'sqlwright')
       and pg_catalog.has_schema_privilege(namespace.oid, 'usage')
       and pg_catalog.has_any_column_privilege(relation.oid, 'select, insert, update')
       and not relation.relispartition
       -- What an extension brought is its own affair.
       and not exists (
         select
         from pg_catalog.pg_depend as dependency
         where dependency.classid = 'pg_catalog.pg_class'::regclass
           and dependency.objid = relation.oid
           and dependency.deptype = 'e'
       )`;

/** The named ones of {@link listTables}, in the order of their names. */
export async function readTables(
  connection: PoolConnection,
  names: readonly TableName[],
): Promise<ScaffoldTable[]> {
  const rows = await connection.rows(tableQuery, [
    JSON.stringify(names.map(({ schema, name }) => ({ schema, name }))),
  ]);
  return rows.map((row): ScaffoldTable => ({
    schema: row.schema!,
    name: row.name!,
    quotedSchema: row.quoted_schema!,
    relation: `${row.quoted_schema}.${row.alias}`,
    alias: takenAliases.has(row.name!) ? `${row.name}_row` : row.alias!,
    isTable: row.is_table === "t",
    hasRules: row.has_rules === "t",
    isMergeable: row.is_mergeable === "t",
    mayInsert: row.may_insert === "t",
    mayDelete: row.may_delete === "t",
    comment: row.comment ?? null,
    columns: (JSON.parse(row.columns ?? "[]") as Omit<ScaffoldColumn, "isNumbered">[]).map((column) => ({
      ...column,
      isNumbered: column.default?.startsWith("nextval(") ?? false,
    })),
  }));
}

/**
 * The key is the primary key, else the smallest unique index of columns that are never null; a table that
 * others inherit from has none, because its indexes say nothing about their rows. A generated
 * column can be read and not written; neither can an identity column, which an UPDATE could only set to its
 * default.
 */
const tableQuery = `
with wanted as (
  select relation.oid, relation.relname, relation.relkind, relation.relhasrules, namespace.nspname
  from pg_catalog.json_to_recordset($1::json) as named (schema text, name text)
  join pg_catalog.pg_namespace as namespace on namespace.nspname = named.schema
  join pg_catalog.pg_class as relation
    on relation.relnamespace = namespace.oid
    and relation.relname = named.name
  where ${isOfProject}
),
unique_key as (
  select distinct on (index.indrelid)
    index.indrelid,
    index.indimmediate and not index.indisexclusion as is_mergeable,
    index.indkey::int2[] as attributes,
    index.indnkeyatts as count
  from pg_catalog.pg_index as index
  join wanted on wanted.oid = index.indrelid
  where index.indisunique
    and not ${hasHeirs("index.indrelid")}
    and index.indisvalid
    and index.indpred is null
    and index.indexprs is null
    and not exists (
      select
      from pg_catalog.pg_attribute as attribute
      where attribute.attrelid = index.indrelid
        and attribute.attnum = any ((index.indkey::int2[])[0 : index.indnkeyatts - 1])
        and (
          not attribute.attnotnull
          or not pg_catalog.has_column_privilege(index.indrelid, attribute.attnum, 'select')
        )
    )
  order by
    index.indrelid,
    index.indisprimary desc,
    index.indimmediate desc,
    index.indnkeyatts,
    index.indexrelid
)
select
  wanted.nspname as schema,
  wanted.relname as name,
  pg_catalog.quote_ident(wanted.nspname) as quoted_schema,
  pg_catalog.quote_ident(wanted.relname) as alias,
  wanted.relkind in ('r', 'p') as is_table,
  wanted.relkind in ('r', 'p') and wanted.relhasrules as has_rules,
  coalesce(unique_key.is_mergeable, false)
    and pg_catalog.has_table_privilege(wanted.oid, 'select')
    and pg_catalog.has_database_privilege(pg_catalog.current_database(), 'temporary') as is_mergeable,
  pg_catalog.has_any_column_privilege(wanted.oid, 'insert')
    and not exists (
      select
      from pg_catalog.pg_attribute as attribute
      where attribute.attrelid = wanted.oid
        and attribute.attnum > 0
        and not attribute.attisdropped
        and attribute.attnotnull
        and not attribute.atthasdef
        and attribute.attidentity = ''
        and not pg_catalog.has_column_privilege(wanted.oid, attribute.attnum, 'insert')
    ) as may_insert,
  pg_catalog.has_table_privilege(wanted.oid, 'delete') as may_delete,
  pg_catalog.obj_description(wanted.oid, 'pg_class') as comment,
  (
    select pg_catalog.json_agg(
      pg_catalog.json_build_object(
        'name', attribute.attname,
        'quoted', pg_catalog.quote_ident(attribute.attname),
        'type', pg_catalog.format_type(attribute.atttypid, -1),
        'isNullable', not (attribute.attnotnull or type.typnotnull),
        'keyPosition', (
          select part.position
          from unnest(unique_key.attributes) with ordinality as part (attribute, position)
          where part.attribute = attribute.attnum
            and part.position <= unique_key.count
        ),
        'isReadable', pg_catalog.has_column_privilege(wanted.oid, attribute.attnum, 'select'),
        'isInsertable', attribute.attgenerated = ''
          and attribute.attidentity = ''
          and pg_catalog.has_column_privilege(wanted.oid, attribute.attnum, 'insert'),
        'isUpdatable', attribute.attgenerated = ''
          and attribute.attidentity = ''
          and pg_catalog.has_column_privilege(wanted.oid, attribute.attnum, 'update'),
        'isScalar', type.typcategory in ('N', 'S', 'D', 'B', 'E', 'T', 'I') or base.typname = 'uuid',
        'isComparable', type.typcategory in ('N', 'S', 'D', 'B', 'E', 'T', 'I')
          or base.typname in ('uuid', 'jsonb', 'bytea')
          or exists (
            select
            from pg_catalog.pg_type as element
            where element.oid = base.typelem
              and base.typcategory = 'A'
              and element.typcategory in ('N', 'S', 'D', 'B', 'E', 'T', 'I')
          ),
        'isEnum', base.typtype = 'e',
        'isReference', exists (
          select
          from pg_catalog.pg_constraint as reference
          where reference.conrelid = wanted.oid
            and reference.contype = 'f'
            and attribute.attnum = any (reference.conkey)
        ),
        'default', case
          when attribute.attgenerated = '' then pg_catalog.pg_get_expr(fallback.adbin, fallback.adrelid)
        end,
        'comment', pg_catalog.col_description(wanted.oid, attribute.attnum)
      )
      order by attribute.attnum
    )
    from pg_catalog.pg_attribute as attribute
    join pg_catalog.pg_type as type on type.oid = attribute.atttypid
    join pg_catalog.pg_type as base on base.oid = coalesce(nullif(type.typbasetype, 0), type.oid)
    left join pg_catalog.pg_attrdef as fallback
      on fallback.adrelid = attribute.attrelid
      and fallback.adnum = attribute.attnum
    where attribute.attrelid = wanted.oid
      and attribute.attnum > 0
      and not attribute.attisdropped
      and pg_catalog.has_column_privilege(wanted.oid, attribute.attnum, 'select, insert, update')
  ) as columns
from wanted
left join unique_key on unique_key.indrelid = wanted.oid
order by wanted.nspname, wanted.relname`;
