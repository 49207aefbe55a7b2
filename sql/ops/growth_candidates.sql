-- name: growth_candidates :many
-- title: Growing tables
-- Tables that have gained the most since the statistics were reset: rows inserted and not deleted again,
-- times the size of a row without its indexes. An estimate for where to look first when the disk fills; call
-- it again after a day to see the difference.
--
-- @param max = 20            How many tables to return    {minimum: 1, maximum: 200}
-- @param schema?             Only tables of this schema    {minLength: 1, maxLength: 63}
-- @column schema!            Schema of the table
-- @column table!             Name of the table
-- @column rows_inserted!     Rows inserted since counting began
-- @column rows_deleted!      Rows deleted since then
-- @column rows_gained!       The difference
-- @column rows_estimate      Rows at the last VACUUM or ANALYZE; null when there was none
-- @column row_bytes          Average bytes of a row on disk, dead room included; null when it was never
--     analyzed
-- @column gained_bytes       rows_gained times row_bytes
-- @column counted_since      When counting began; null when the statistics were never reset: there is no rate
--     then
-- @column bytes_per_day      gained_bytes by day
-- @example usual    {max: 5}  => rows >= 0
-- @example unknown  {schema: no_such_schema}  => rows = 0

select
  stat.schemaname::text as schema,
  stat.relname::text as table,
  stat.n_tup_ins as rows_inserted,
  stat.n_tup_del as rows_deleted,
  stat.n_tup_ins - stat.n_tup_del as rows_gained,
  case when relation.reltuples >= 0 then relation.reltuples::bigint end as rows_estimate,
  row.bytes::bigint as row_bytes,
  ((stat.n_tup_ins - stat.n_tup_del) * row.bytes)::bigint as gained_bytes,
  period.since as counted_since,
  (
    (stat.n_tup_ins - stat.n_tup_del) * row.bytes
      / nullif(extract(epoch from now() - period.since)::double precision / 86400, 0)
  )::bigint as bytes_per_day
from pg_catalog.pg_stat_user_tables as stat
join pg_catalog.pg_class as relation on relation.oid = stat.relid
cross join lateral (
  select relation.relpages::double precision * current_setting('block_size')::integer
    / nullif(greatest(relation.reltuples, 0), 0) as bytes
) as row
cross join (
  select database.stats_reset as since
  from pg_catalog.pg_stat_database as database
  where database.datname = current_database()
) as period
where stat.n_tup_ins > stat.n_tup_del
  and relation.relpersistence <> 't'
  and (:schema::text is null or stat.schemaname = :schema)
order by
  (stat.n_tup_ins - stat.n_tup_del) * coalesce(row.bytes, 0) desc,
  stat.n_tup_ins - stat.n_tup_del desc,
  stat.relid
limit :max::integer;
