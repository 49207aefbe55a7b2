-- name: invalid_indexes :many
-- title: Invalid indexes
-- Indexes that no query uses although writes pay for them: usually a CREATE INDEX CONCURRENTLY that failed or
-- still runs. Of a partitioned table: a partition has no such index yet.
--
-- @rows 500
-- @column schema!             Schema of the index
-- @column table!              Name of the table
-- @column index!              Name of the index
-- @column is_maintained!      True when writes go to it all the same
-- @column size_bytes!         Bytes, as of the last VACUUM or ANALYZE
-- @column build_phase         What its building does now; null when nobody builds it, or this login may not
--     look into that session
-- @column may_be_building!    True when a session holds the lock on the table that building needs; VACUUM
--     holds the same. Do not drop it then
-- @column definition          The statement that makes it; null while its table is locked exclusively
-- @column to_repair!          What a person can run when nobody builds it
-- @example usual  {}  => rows >= 0

select
  namespace.nspname::text as schema,
  owner.relname::text as table,
  relation.relname::text as index,
  index.indisready as is_maintained,
  greatest(relation.relpages, 0) * current_setting('block_size')::bigint as size_bytes,
  (
    select min(progress.phase)
    from pg_catalog.pg_stat_progress_create_index as progress
    where progress.index_relid = index.indexrelid
  ) as build_phase,
  exists (
    select
    from pg_catalog.pg_locks as held
    where held.locktype = 'relation'
      and held.relation = index.indrelid
      and held.mode in ('ShareUpdateExclusiveLock', 'ShareLock')
  ) as may_be_building,
  case
    -- PostgreSQL would wait for such a lock before it tells the definition.
    when not exists (
      select
      from pg_catalog.pg_locks as held
      where held.locktype = 'relation'
        and held.mode = 'AccessExclusiveLock'
        and held.relation in (index.indrelid, index.indexrelid)
    )
      then pg_get_indexdef(index.indexrelid)
  end as definition,
  case
    when relation.relkind = 'I'
      then 'Make the index on each partition that lacks it, then attach each: '
        || format('alter index %I.%I attach partition …;', namespace.nspname, relation.relname)
    -- REINDEX CONCURRENTLY leaves these when it fails; the index that it was to replace still works.
    when relation.relname ~ '_cc(new|old)[0-9]*$'
      then format('drop index concurrently %I.%I;', namespace.nspname, relation.relname)
    else format('reindex index concurrently %I.%I;', namespace.nspname, relation.relname)
  end as to_repair
from pg_catalog.pg_index as index
join pg_catalog.pg_class as relation on relation.oid = index.indexrelid
join pg_catalog.pg_class as owner on owner.oid = index.indrelid
join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
where not (index.indisvalid and index.indisready and index.indislive)
  and relation.relpersistence <> 't'
order by relation.relpages desc, index.indexrelid;
