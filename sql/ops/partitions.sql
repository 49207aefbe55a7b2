-- name: partitions :many
-- title: Partitions
-- The partitions of a partitioned table with their bounds and sizes, those below them too. No rows: the table
-- is not partitioned or has no partitions. A name that no table has is an error; names of all tables:
-- `ops_find_table`.
--
-- @param table                Its name, or schema.name, as PostgreSQL has it or as SQL writes it
--     {minLength: 1, maxLength: 260}
-- @param schema?              Its schema; when absent the first on the search path, then the first by name
--     {minLength: 1, maxLength: 63}
-- @rows 1000
-- @column level!              1 for its own partitions, 2 for theirs, and so on
-- @column partition_table!    Name of the partition
-- @column bounds              Which rows go into it; null while it is locked exclusively
-- @column is_default!         True for the one that takes what no other does: rows there usually mean that a
--     partition is missing
-- @column is_leaf!            True when it holds rows itself
-- @column rows_estimate       Rows at the last VACUUM or ANALYZE; null when there was none
-- @column table_bytes!        Bytes without indexes, as of the last VACUUM or ANALYZE
-- @example plain    {table: pg_catalog.pg_class}  => rows = 0
-- @example unknown  {table: no_such_table}  => error database.failed
-- @allow read-tool-writes  pg_partition_tree() is volatile because partitions come and go; it writes nothing

with wanted as materialized (
  select relation.oid
  from pg_catalog.pg_class as relation
  join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
  where relation.relkind in ('r', 'p', 'v', 'm', 'f')
    and (:schema::text is null or namespace.nspname = :schema)
    and (
      replace(:table::text, '"', '') in (
        replace(relation.relname, '"', ''),
        replace(format('%s.%s', namespace.nspname, relation.relname), '"', '')
      )
      -- Unquoted, as SQL reads it.
      or lower(:table) in (relation.relname, format('%s.%s', namespace.nspname, relation.relname))
    )
  order by
    lower(:table) in (relation.relname, format('%s.%s', namespace.nspname, relation.relname))
      and :table <> lower(:table),
    pg_table_is_visible(relation.oid) desc,
    namespace.nspname
  limit 1
),
-- Fails as PostgreSQL does where there is no such table.
known as materialized (
  select wanted.oid
  from wanted
  union all
  select quote_ident(concat_ws('.', :schema, :table))::regclass::oid
  where not exists (select from wanted)
)
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
  case
    -- One that is partitioned itself holds what its own partitions do.
    when part.isleaf then greatest(relation.relpages, 0)
    else coalesce(
      (
        select sum(greatest(leaf.relpages, 0))
        from pg_partition_tree(part.relid) as below
        join pg_catalog.pg_class as leaf on leaf.oid = below.relid
        where below.isleaf
      ),
      0
    )
  end::bigint * current_setting('block_size')::bigint as table_bytes
from known
join pg_catalog.pg_class as parent on parent.oid = known.oid and parent.relkind = 'p'
join lateral pg_partition_tree(parent.oid) as part on part.level > 0
join pg_catalog.pg_class as relation on relation.oid = part.relid
join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
order by part.level, namespace.nspname, relation.relname;
