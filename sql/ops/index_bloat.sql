-- name: index_bloat :many
-- title: Index bloat
-- How much of each B-tree index is estimated to be empty, most first: the pages it has against the pages its
-- entries would fill, from the statistics of the last ANALYZE. An estimate; PostgreSQL stores repeated keys
-- once, so an index over few different values can be smaller than it. REINDEX CONCURRENTLY builds it anew
-- while others work.
--
-- @param max = 20                 How many indexes to return, of the 500 largest   {minimum: 1, maximum: 200}
-- @param min_bytes = 1048576      Only indexes of at least this size    {minimum: 0}
-- @param schema?                  Only indexes of tables in this schema    {minLength: 1, maxLength: 63}
-- @column schema!                 Schema of the table
-- @column table!                  Name of the table
-- @column index!                  Name of the index
-- @column index_bytes!            Bytes of the index, as of the last VACUUM or ANALYZE
-- @column size!                   The same for people
-- @column bloat_bytes             Estimate of the room that is empty; null when statistics are missing or
--     hidden
-- @column bloat_percent           Its share of the index    {as: number}
-- @column to_rebuild!             The statement that builds it anew
-- @column is_visible!             False when this login may not see statistics of the table: they need SELECT
--     on it, or pg_read_all_data; pg_monitor alone does not give it
-- @example usual    {max: 5, min_bytes: 0}  => rows >= 0
-- @example unknown  {schema: no_such_schema}  => rows = 0

select
  sized.schema::text as schema,
  sized.table::text as table,
  sized.index::text as index,
  sized.index_bytes,
  pg_size_pretty(sized.index_bytes) as size,
  bloat.bytes as bloat_bytes,
  round(100.0 * bloat.bytes / nullif(sized.index_bytes, 0), 1) as bloat_percent,
  format('reindex index concurrently %I.%I;', sized.schema, sized.index) as to_rebuild,
  sized.is_visible
from (
  select
    relation.oid,
    namespace.nspname as schema,
    owner.relname as table,
    relation.relname as index,
    array(
      select attribute.attname
      from pg_catalog.pg_attribute as attribute
      where attribute.attrelid = owner.oid
        and attribute.attnum = any (index.indkey)
        and attribute.attnum > 0
    ) as columns,
    index.indnatts,
    greatest(relation.relpages, 0) * current_setting('block_size')::bigint as index_bytes,
    case when relation.reltuples >= 0 then relation.reltuples::bigint end as entries,
    coalesce(
      (
        select option.option_value::integer
        from pg_options_to_table(relation.reloptions) as option
        where option.option_name = 'fillfactor'
      ),
      90
    ) as fill_percent,
    has_table_privilege(owner.oid, 'select') as is_visible
  from pg_catalog.pg_index as index
  join pg_catalog.pg_class as relation on relation.oid = index.indexrelid
  join pg_catalog.pg_am as method on method.oid = relation.relam
  join pg_catalog.pg_class as owner on owner.oid = index.indrelid
  join pg_catalog.pg_namespace as namespace on namespace.oid = owner.relnamespace
  where method.amname = 'btree'
    and relation.relkind = 'i'
    and index.indisvalid
    and relation.relpersistence <> 't'
    and greatest(relation.relpages, 0) * current_setting('block_size')::bigint >= :min_bytes::bigint
    and namespace.nspname !~ '^pg_'
    and namespace.nspname <> 'information_schema'
    and (:schema::text is null or namespace.nspname = :schema)
  order by relation.relpages desc, relation.oid
  limit 500
) as sized
cross join lateral (
  select
    -- An entry has a header of 8 bytes, 16 where a key can be null, and 4 bytes that point to it.
    4 + case when max(known.null_frac) > 0 then 16 else 8 end
      + 8 * ceil(sum((1 - known.null_frac) * known.avg_width)::numeric / 8) as bytes,
    count(*) = sized.indnatts as is_known
  from (
    select stat.null_frac, stat.avg_width
    from pg_catalog.pg_stats as stat
    where stat.schemaname = sized.schema
      and stat.tablename = sized.table
      and stat.attname = any (sized.columns)
      and not stat.inherited
    union all
    -- Statistics of expressions are kept by the index itself.
    select stat.null_frac, stat.avg_width
    from pg_catalog.pg_stats as stat
    where stat.schemaname = sized.schema
      and stat.tablename = sized.index
      and not stat.inherited
  ) as known
) as entry
cross join lateral (
  select case
    when entry.is_known
      then greatest(
        0,
        sized.index_bytes - current_setting('block_size')::bigint * (
          -- One page tells about the index; a page has 24 bytes at its head and 16 at its end.
          1 + ceil(
            sized.entries / nullif(
              floor((current_setting('block_size')::integer - 40) * sized.fill_percent / 100 / entry.bytes),
              0
            )
          )
        )
      )::bigint
  end as bytes
) as bloat
order by bloat.bytes desc nulls last, sized.index_bytes desc, sized.oid
limit :max::integer;
