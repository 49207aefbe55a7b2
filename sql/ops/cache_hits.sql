-- name: cache_hits :many
-- title: Cache hits by table
-- Tables that had the most blocks read from outside of PostgreSQL's memory, with the share that was found in
-- it. A large table with a low share that is read often is what the disk works for. The whole database:
-- `ops_database_statistics`.
--
-- @param max = 20              How many tables to return    {minimum: 1, maximum: 200}
-- @param schema?               Only tables of this schema    {minLength: 1, maxLength: 63}
-- @column schema!              Schema of the table
-- @column table!               Name of the table
-- @column blocks_read!         Blocks of table, indexes and long values that were asked of the operating
--     system
-- @column blocks_hit!          Blocks that were in shared_buffers
-- @column hit_percent          Share of those in shared_buffers; null when it was never read    {as: number}
-- @column table_hit_percent    The same for the table alone    {as: number}
-- @column index_hit_percent    The same for its indexes    {as: number}
-- @example usual    {max: 5}  => rows >= 0
-- @example unknown  {schema: no_such_schema}  => rows = 0

select
  stat.schemaname::text as schema,
  stat.relname::text as table,
  total.blocks_read,
  total.blocks_hit,
  round(100.0 * total.blocks_hit / nullif(total.blocks_hit + total.blocks_read, 0), 2) as hit_percent,
  round(
    100.0 * stat.heap_blks_hit / nullif(stat.heap_blks_hit + stat.heap_blks_read, 0),
    2
  ) as table_hit_percent,
  round(
    100.0 * stat.idx_blks_hit / nullif(stat.idx_blks_hit + stat.idx_blks_read, 0),
    2
  ) as index_hit_percent
from pg_catalog.pg_statio_user_tables as stat
cross join lateral (
  select
    coalesce(stat.heap_blks_read, 0) + coalesce(stat.idx_blks_read, 0) + coalesce(stat.toast_blks_read, 0)
      + coalesce(stat.tidx_blks_read, 0) as blocks_read,
    coalesce(stat.heap_blks_hit, 0) + coalesce(stat.idx_blks_hit, 0) + coalesce(stat.toast_blks_hit, 0)
      + coalesce(stat.tidx_blks_hit, 0) as blocks_hit
) as total
where (:schema::text is null or stat.schemaname = :schema)
order by total.blocks_read desc, total.blocks_hit desc, stat.relid
limit :max::integer;
