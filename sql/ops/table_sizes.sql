-- name: table_sizes :many
-- title: Table sizes
-- Tables and materialized views with what they, their indexes and their long values take on disk, the largest
-- first, in pages. Each partition is a row of its own; a partitioned table itself takes nothing.
--
-- @param schema?          Only tables of this schema    {minLength: 1, maxLength: 63}
-- @column total_bytes!    Table, indexes and long values (TOAST)
-- @column schema!         Schema of the table
-- @column table!          Name of the table
-- @column size!           total_bytes for people
-- @column table_bytes     The table with its long values; null when it is locked
-- @column index_bytes     All its indexes
-- @column rows_estimate   Rows at the last VACUUM or ANALYZE; null when there was none
-- @column kind!           table or materialized view
-- @column partition_of    The partitioned table that it is a part of
-- @column is_measured!    False when somebody locks the table exclusively, because measuring would wait for
--     the lock: total_bytes is then the size of the table alone at the last VACUUM
-- @page total_bytes desc, schema desc, table desc
-- @example largest  {page_size: 5}  => rows >= 0
-- @example unknown  {schema: no_such_schema}  => rows = 0
-- @allow page-not-unique  schema and name are unique among relations
-- @allow read-tool-writes  pg_table_size() is volatile because files grow; it writes nothing

with locked as materialized (
  select held.relation as oid
  from pg_catalog.pg_locks as held
  where held.locktype = 'relation'
    and held.mode = 'AccessExclusiveLock'
),
-- A lock on an index, on the long values or on their index holds up measuring the table as well.
unmeasurable as materialized (
  select locked.oid
  from locked
  union
  select index.indrelid
  from locked
  join pg_catalog.pg_index as index on index.indexrelid = locked.oid
  union
  select owner.oid
  from locked
  left join pg_catalog.pg_index as index on index.indexrelid = locked.oid
  join pg_catalog.pg_class as owner on owner.reltoastrelid in (locked.oid, index.indrelid)
)
select
  coalesce(measured.table_bytes + measured.index_bytes, estimate.bytes) as total_bytes,
  namespace.nspname::text as schema,
  relation.relname::text as table,
  pg_size_pretty(coalesce(measured.table_bytes + measured.index_bytes, estimate.bytes)) as size,
  measured.table_bytes,
  measured.index_bytes,
  case when relation.reltuples >= 0 then relation.reltuples::bigint end as rows_estimate,
  case relation.relkind when 'm' then 'materialized view' else 'table' end as kind,
  case
    when relation.relispartition
      then (
        select format('%I.%I', space.nspname, parent.relname)
        from pg_catalog.pg_inherits as part
        join pg_catalog.pg_class as parent on parent.oid = part.inhparent
        join pg_catalog.pg_namespace as space on space.oid = parent.relnamespace
        where part.inhrelid = relation.oid
      )
  end as partition_of,
  measured.table_bytes is not null as is_measured
from pg_catalog.pg_class as relation
join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
cross join lateral (
  select greatest(relation.relpages, 0)::bigint * current_setting('block_size')::bigint as bytes
) as estimate
left join lateral (
  select
    pg_table_size(relation.oid) as table_bytes,
    pg_indexes_size(relation.oid) as index_bytes
  where not exists (select from unmeasurable where unmeasurable.oid = relation.oid)
) as measured on true
where relation.relkind in ('r', 'm')
  and namespace.nspname !~ '^pg_'
  and namespace.nspname <> 'information_schema'
  and (:schema::text is null or namespace.nspname = :schema);
