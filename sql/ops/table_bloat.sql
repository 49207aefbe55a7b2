-- name: table_bloat :many
-- title: Table bloat
-- How much of each table is estimated to be empty: the pages it has against the pages its rows would fill,
-- from the statistics of the last ANALYZE. Most empty first. An estimate within a fifth or so; rows with many
-- nulls or long values make it worse. VACUUM makes the room free for new rows; only VACUUM FULL or pg_repack
-- give it back, and the first locks everybody out.
--
-- @param max = 20                 How many tables to return, of the 500 largest    {minimum: 1, maximum: 200}
-- @param min_bytes = 1048576      Only tables of at least this size    {minimum: 0}
-- @param schema?                  Only tables of this schema    {minLength: 1, maxLength: 63}
-- @column schema!                 Schema of the table
-- @column table!                  Name of the table
-- @column table_bytes!            Bytes of the table without indexes and long values, as of the last VACUUM
--     or ANALYZE
-- @column size!                   The same for people
-- @column rows_estimate           Rows in it; null when it was never analyzed
-- @column dead_rows!              Rows that were updated or deleted and not yet removed by VACUUM
-- @column bloat_bytes             Estimate of the room that is empty or dead; null when there are no
--     statistics
-- @column bloat_percent           Its share of the table    {as: number}
-- @column analyzed_at             When its statistics were made; null for never
-- @column is_visible!             False when this login may not see statistics of all columns: they need
--     SELECT on the table, or pg_read_all_data; pg_monitor alone does not give it. bloat_bytes is null then
-- @example usual    {max: 5, min_bytes: 0}  => rows >= 0
-- @example unknown  {schema: no_such_schema}  => rows = 0

select
  sized.schema::text as schema,
  sized.table::text as table,
  sized.table_bytes,
  pg_size_pretty(sized.table_bytes) as size,
  sized.rows_estimate,
  coalesce(pg_stat_get_dead_tuples(sized.oid), 0) as dead_rows,
  bloat.bytes as bloat_bytes,
  round(100.0 * bloat.bytes / nullif(sized.table_bytes, 0), 1) as bloat_percent,
  greatest(
    pg_stat_get_last_analyze_time(sized.oid),
    pg_stat_get_last_autoanalyze_time(sized.oid)
  ) as analyzed_at,
  sized.is_visible
from (
  select
    relation.oid,
    namespace.nspname as schema,
    relation.relname as table,
    greatest(relation.relpages, 0) * current_setting('block_size')::bigint as table_bytes,
    case when relation.reltuples >= 0 then relation.reltuples::bigint end as rows_estimate,
    coalesce(
      (
        select option.option_value::integer
        from pg_options_to_table(relation.reloptions) as option
        where option.option_name = 'fillfactor'
      ),
      100
    ) as fill_percent,
    has_table_privilege(relation.oid, 'select') or not exists (
      select
      from pg_catalog.pg_attribute as attribute
      where attribute.attrelid = relation.oid
        and attribute.attnum > 0
        and not attribute.attisdropped
        and not has_column_privilege(relation.oid, attribute.attnum, 'select')
    ) as is_visible
  from pg_catalog.pg_class as relation
  join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
  where relation.relkind in ('r', 'm')
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
    -- A row has a header of 23 bytes with a bit a column for nulls, then its values, both in steps of 8
    -- bytes, and 4 bytes in the page that point to it.
    4 + 8 * ceil((23 + case when max(stat.null_frac) > 0 then ceil(count(*) / 8.0) else 0 end) / 8)
      + 8 * ceil(sum((1 - stat.null_frac) * stat.avg_width)::numeric / 8) as bytes
  from pg_catalog.pg_stats as stat
  where stat.schemaname = sized.schema
    and stat.tablename = sized.table
    and not stat.inherited
) as row
cross join lateral (
  select case
    when sized.is_visible
      then greatest(
        0,
        sized.table_bytes - current_setting('block_size')::bigint * ceil(
          -- A page has a header of 24 bytes.
          sized.rows_estimate / nullif(
            floor((current_setting('block_size')::integer - 24) * sized.fill_percent / 100 / row.bytes),
            0
          )
        )
      )::bigint
  end as bytes
) as bloat
order by bloat.bytes desc nulls last, sized.table_bytes desc, sized.oid
limit :max::integer;
