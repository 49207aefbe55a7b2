-- name: tables_without_primary_key :many
-- title: Tables without a primary key
-- Tables whose rows nothing identifies: they cannot be paged, updated row by row or replicated logically.
-- unique_index names one that could become the primary key, over columns that are never null.
--
-- @param schema?           Only tables of this schema    {minLength: 1, maxLength: 63}
-- @column schema!          Schema of the table
-- @column table!           Name of the table
-- @column rows_estimate    Rows at the last VACUUM or ANALYZE; null when there was none
-- @column unique_index     A unique index without null and condition
-- @column is_published!    Whether a publication sends it to subscribers: updates and deletes fail there,
--     unless REPLICA IDENTITY FULL is set
-- @page schema, table
-- @example usual    {page_size: 5}  => rows >= 0
-- @example unknown  {schema: no_such_schema}  => rows = 0
-- @allow page-not-unique  schema and name are unique among relations

select
  namespace.nspname::text as schema,
  relation.relname::text as table,
  case when relation.reltuples >= 0 then relation.reltuples::bigint end as rows_estimate,
  (
    select min(named.relname::text)
    from pg_catalog.pg_index as index
    join pg_catalog.pg_class as named on named.oid = index.indexrelid
    where index.indrelid = relation.oid
      and index.indisunique
      and index.indisvalid
      and index.indimmediate
      and index.indpred is null
      and index.indexprs is null
      and not exists (
        select
        from pg_catalog.pg_attribute as attribute
        where attribute.attrelid = relation.oid
          and attribute.attnum = any (index.indkey)
          and not attribute.attnotnull
      )
  ) as unique_index,
  exists (
    select
    from pg_catalog.pg_publication_rel as published
    where published.prrelid = relation.oid
  )
    or exists (
      select
      from pg_catalog.pg_publication as publication
      where publication.puballtables
    ) as is_published
from pg_catalog.pg_class as relation
join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
where relation.relkind in ('r', 'p')
  and not relation.relispartition
  and relation.relpersistence <> 't'
  and namespace.nspname !~ '^pg_'
  and namespace.nspname <> 'information_schema'
  and (:schema::text is null or namespace.nspname = :schema)
  and not exists (
    select
    from pg_catalog.pg_constraint as held
    where held.conrelid = relation.oid
      and held.contype = 'p'
  );
