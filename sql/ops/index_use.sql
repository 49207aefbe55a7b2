-- name: index_use :many
-- title: Tables read whole
-- How tables are read: whole, or through an index. A large table with many whole reads misses an index for
-- some query; `ops_slow_statements` finds the query. Most rows read in whole reads first.
--
-- @param max = 20                How many tables to return    {minimum: 1, maximum: 200}
-- @param min_rows = 1000         Only tables with so many rows: small ones are rightly read whole
--     {minimum: 0, maximum: 1000000000}
-- @param schema?                 Only tables of this schema    {minLength: 1, maxLength: 63}
-- @column schema!                Schema of the table
-- @column table!                 Name of the table
-- @column whole_reads!           Sequential scans since counting began
-- @column rows_read_whole!       Rows that they went through
-- @column rows_by_whole_read     Rows that one of them went through on average
-- @column index_reads!           Scans of its indexes
-- @column index_percent          Share of scans that used an index; null when there was none    {as: number}
-- @column rows_estimate!         Rows that are in it now
-- @column last_whole_read_at     Time of the last whole read; PostgreSQL 15 does not keep it and answers null
-- @example usual    {max: 5}  => rows >= 0
-- @example unknown  {schema: no_such_schema}  => rows = 0

select
  stat.schemaname::text as schema,
  stat.relname::text as table,
  stat.seq_scan as whole_reads,
  stat.seq_tup_read as rows_read_whole,
  stat.seq_tup_read / nullif(stat.seq_scan, 0) as rows_by_whole_read,
  coalesce(stat.idx_scan, 0) as index_reads,
  round(
    100.0 * coalesce(stat.idx_scan, 0) / nullif(stat.seq_scan + coalesce(stat.idx_scan, 0), 0),
    1
  ) as index_percent,
  stat.n_live_tup as rows_estimate,
  -- Read out of JSON, because naming the column would be an error on PostgreSQL 15.
  (to_jsonb(stat) ->> 'last_seq_scan')::timestamptz as last_whole_read_at
from pg_catalog.pg_stat_user_tables as stat
where stat.n_live_tup >= :min_rows::bigint
  and (:schema::text is null or stat.schemaname = :schema)
order by stat.seq_tup_read desc, stat.seq_scan desc, stat.relid
limit :max::integer;
