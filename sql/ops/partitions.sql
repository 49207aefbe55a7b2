-- name: partitions :many
-- title: Partitions
-- The partitions of a partitioned table with their bounds and sizes, those below them too. No rows: the table
-- is not partitioned, has no partitions, or is not there.
--
-- @param table                Name of the partitioned table, as PostgreSQL has it
--     {minLength: 1, maxLength: 63}
-- @param schema = public      Its schema    {minLength: 1, maxLength: 63}
-- @rows 1000
-- @column level!              1 for its own partitions, 2 for theirs, and so on
-- @column partition_table!    Name of the partition
-- @column bounds              Which rows go into it; null while it is locked exclusively
-- @column is_default!         True for the one that takes what no other does: rows there usually mean that a
--     partition is missing
-- @column is_leaf!            True when it holds rows itself
-- @column rows_estimate       Rows at the last VACUUM or ANALYZE; null when there was none
-- @column table_bytes!        Bytes without indexes, as of the last VACUUM or ANALYZE
-- @example unknown  {table: no_such_table}  => rows = 0
-- @allow read-tool-writes  pg_partition_tree() is volatile because partitions come and go; it writes nothing

select
  part.level,
  format('%I.%I', namespace.nspname, relation.relname) as partition_table,
  case
    when not exists (
      select
      from pg_catalog.pg_locks as held
      where held.locktype = 'relation'
        and held.relation = part.relid
        and held.mode = 'AccessExclusiveLock'
    )
      then pg_get_expr(relation.relpartbound, relation.oid)
  end as bounds,
  exists (
    select
    from pg_catalog.pg_partitioned_table as parent
    where parent.partdefid = part.relid
  ) as is_default,
  part.isleaf as is_leaf,
  case when relation.reltuples >= 0 then relation.reltuples::bigint end as rows_estimate,
  relation.relpages * current_setting('block_size')::bigint as table_bytes
from pg_catalog.pg_class as wanted
join pg_catalog.pg_namespace as space on space.oid = wanted.relnamespace
join lateral pg_partition_tree(wanted.oid) as part on part.level > 0
join pg_catalog.pg_class as relation on relation.oid = part.relid
join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
where wanted.relkind = 'p'
  and wanted.relname = :table::text
  and space.nspname = :schema::text
order by part.level, namespace.nspname, relation.relname;
