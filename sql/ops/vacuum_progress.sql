-- name: vacuum_progress :many
-- title: Running vacuums
-- The VACUUMs that run in this database at this moment, by hand or automatic, with how far each one is. No
-- rows: none runs.
--
-- @rows 200
-- @column pid!                  Process that does it
-- @column table                 The table; null when it is hidden
-- @column phase                 What it does now
-- @column scanned_percent       Share of the table's pages that it has looked at    {as: number}
-- @column index_rounds          How many times it has gone through all indexes; more than one asks for more
--     maintenance_work_mem
-- @column running_seconds       For how long it runs
-- @column is_automatic          Whether autovacuum does it
-- @column is_visible!           False when this login may not look into it: it lacks pg_read_all_stats
-- @example now  {}  => rows >= 0

select
  progress.pid,
  (
    select format('%I.%I', namespace.nspname, relation.relname)
    from pg_catalog.pg_class as relation
    join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
    where relation.oid = progress.relid
  ) as table,
  progress.phase,
  round(100.0 * progress.heap_blks_scanned / nullif(progress.heap_blks_total, 0), 1) as scanned_percent,
  progress.index_vacuum_count as index_rounds,
  extract(epoch from now() - session.xact_start)::bigint as running_seconds,
  session.backend_type = 'autovacuum worker' as is_automatic,
  progress.relid is not null as is_visible
from pg_catalog.pg_stat_progress_vacuum as progress
left join pg_catalog.pg_stat_activity as session on session.pid = progress.pid
where progress.datname = current_database()
order by session.xact_start, progress.pid;
