-- name: unused_indexes :many
-- title: Unused indexes
-- Indexes that no query has used since the statistics were reset, the largest first: each costs every write.
-- Left out are those that hold a rule (primary keys, unique, exclusion) or identify rows for replication, and
-- invalid ones (`ops_invalid_indexes`). Before dropping one look at counted_since and at the standbys, which
-- count for themselves.
--
-- @param max = 50              How many indexes to return    {minimum: 1, maximum: 500}
-- @param max_scans = 0         Count as unused what was scanned at most so often
--     {minimum: 0, maximum: 1000000}
-- @param min_bytes = 0         Only indexes of at least this size    {minimum: 0}
-- @param schema?               Only indexes of tables in this schema    {minLength: 1, maxLength: 63}
-- @column schema!              Schema of the index and its table
-- @column table!               Name of the table
-- @column index!               Name of the index
-- @column scans!               How often it was scanned since counting began
-- @column last_scan_at         When it was scanned last; PostgreSQL 15 does not keep it and answers null
-- @column counted_since        When counting began; null when the statistics were never reset
-- @column size_bytes!          Bytes on disk; of an index that is locked exclusively as of the last VACUUM
-- @column size!                The same for people
-- @column supports_foreign_key!    True when a foreign key of its table begins with the same columns: without
--     it deletes in the other table read this one whole
-- @column partition_of         The index of the partitioned table that it is a part of: drop that one
-- @column definition           The statement that makes it again; null while its table is locked exclusively
-- @column to_drop!             The statement that drops it
-- @example usual    {max: 5}  => rows >= 0
-- @example unknown  {schema: no_such_schema}  => rows = 0
-- @allow read-tool-writes  pg_relation_size() is volatile because files grow; it writes nothing

with locked as materialized (
  select held.relation as oid
  from pg_catalog.pg_locks as held
  where held.locktype = 'relation'
    and held.mode = 'AccessExclusiveLock'
),
candidate as (
  select
    stat.schemaname,
    stat.relname,
    stat.indexrelname,
    stat.indexrelid,
    stat.relid,
    stat.idx_scan,
    index.indkey,
    case
      -- Measuring would wait for the lock, and so would the definition below.
      when exists (select from locked where locked.oid = stat.indexrelid)
        then greatest(relation.relpages, 0) * current_setting('block_size')::bigint
      else coalesce(pg_relation_size(stat.indexrelid), 0)
    end as size_bytes
  from pg_catalog.pg_stat_user_indexes as stat
  join pg_catalog.pg_index as index on index.indexrelid = stat.indexrelid
  join pg_catalog.pg_class as relation on relation.oid = stat.indexrelid
  where stat.idx_scan <= :max_scans::bigint
    and not index.indisunique
    and not index.indisexclusion
    and not index.indisreplident
    and index.indisvalid
    and relation.relpersistence <> 't'
    and (:schema::text is null or stat.schemaname = :schema)
)
select
  candidate.schemaname::text as schema,
  candidate.relname::text as table,
  candidate.indexrelname::text as index,
  candidate.idx_scan as scans,
  (
    -- Read out of JSON, because naming the column would be an error on PostgreSQL 15.
    select (to_jsonb(stat) ->> 'last_idx_scan')::timestamptz
    from pg_catalog.pg_stat_user_indexes as stat
    where stat.indexrelid = candidate.indexrelid
  ) as last_scan_at,
  (
    select database.stats_reset
    from pg_catalog.pg_stat_database as database
    where database.datname = current_database()
  ) as counted_since,
  candidate.size_bytes,
  pg_size_pretty(candidate.size_bytes) as size,
  exists (
    select
    from pg_catalog.pg_constraint as foreign_key
    where foreign_key.conrelid = candidate.relid
      and foreign_key.contype = 'f'
      and (candidate.indkey::smallint[])[0 : cardinality(foreign_key.conkey) - 1] @> foreign_key.conkey
  ) as supports_foreign_key,
  (
    select format('%I.%I', space.nspname, parent.relname)
    from pg_catalog.pg_inherits as part
    join pg_catalog.pg_class as parent on parent.oid = part.inhparent
    join pg_catalog.pg_namespace as space on space.oid = parent.relnamespace
    where part.inhrelid = candidate.indexrelid
  ) as partition_of,
  case
    when not exists (select from locked where locked.oid in (candidate.indexrelid, candidate.relid))
      then pg_get_indexdef(candidate.indexrelid)
  end as definition,
  format('drop index concurrently %I.%I;', candidate.schemaname, candidate.indexrelname) as to_drop
from candidate
where candidate.size_bytes >= :min_bytes::bigint
order by candidate.size_bytes desc, candidate.indexrelid
limit :max::integer;
