-- name: missing_foreign_key_indexes :many
-- title: Foreign keys without an index
-- Foreign keys whose own columns no index begins with: every delete in the other table, and every update of
-- its key, reads this table whole and holds locks for so long. Largest tables first. Tables whose other side
-- is never deleted from can do without.
--
-- @param max = 50              How many foreign keys to return    {minimum: 1, maximum: 500}
-- @param min_rows = 0          Only tables with at least so many rows    {minimum: 0, maximum: 1000000000}
-- @param schema?               Only tables of this schema    {minLength: 1, maxLength: 63}
-- @column schema!              Schema of the table
-- @column table!               Name of the table
-- @column foreign_key!         Name of the constraint
-- @column columns!             Its columns
-- @column referenced_table!    The table that it refers to
-- @column on_delete!           What a delete there does here
-- @column referenced_deletes!  Rows deleted there since the statistics were reset
-- @column referenced_updates!  Rows updated there since then; only changes of the key matter
-- @column rows_estimate        Rows of the table; null when it was never analyzed
-- @column table_bytes!         Bytes of the table, as of the last VACUUM or ANALYZE
-- @column to_create!           The statement that makes the index
-- @example usual    {max: 5}  => rows >= 0
-- @example unknown  {schema: no_such_schema}  => rows = 0

select
  namespace.nspname::text as schema,
  relation.relname::text as table,
  foreign_key.conname::text as foreign_key,
  key.names as columns,
  format('%I.%I', target_space.nspname, target.relname) as referenced_table,
  case foreign_key.confdeltype
    when 'a' then 'no action'
    when 'r' then 'restrict'
    when 'c' then 'cascade'
    when 'n' then 'set null'
    else 'set default'
  end as on_delete,
  coalesce(pg_stat_get_tuples_deleted(target.oid), 0) as referenced_deletes,
  coalesce(pg_stat_get_tuples_updated(target.oid), 0) as referenced_updates,
  case when relation.reltuples >= 0 then relation.reltuples::bigint end as rows_estimate,
  size.pages * current_setting('block_size')::bigint as table_bytes,
  format(
    'create index %son %I.%I (%s);',
    -- A partitioned index cannot be built concurrently.
    case when relation.relkind = 'p' then '' else 'concurrently ' end,
    namespace.nspname,
    relation.relname,
    key.quoted
  ) as to_create
from pg_catalog.pg_constraint as foreign_key
join pg_catalog.pg_class as relation on relation.oid = foreign_key.conrelid
join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
join pg_catalog.pg_class as target on target.oid = foreign_key.confrelid
join pg_catalog.pg_namespace as target_space on target_space.oid = target.relnamespace
cross join lateral (
  select
    array_agg(attribute.attname::text order by part.position) as names,
    string_agg(quote_ident(attribute.attname), ', ' order by part.position) as quoted
  from unnest(foreign_key.conkey) with ordinality as part (number, position)
  join pg_catalog.pg_attribute as attribute
    on attribute.attrelid = foreign_key.conrelid
    and attribute.attnum = part.number
) as key
cross join lateral (
  -- A partitioned table holds what its partitions do.
  with recursive part as (
    select relation.oid as oid
    union all
    select below.inhrelid
    from part
    join pg_catalog.pg_inherits as below on below.inhparent = part.oid
    where relation.relkind = 'p'
  )
  select sum(greatest(class.relpages, 0))::bigint as pages
  from part
  join pg_catalog.pg_class as class on class.oid = part.oid
) as size
where foreign_key.contype = 'f'
  -- The keys of partitions are copies of the partitioned table's.
  and foreign_key.conparentid = 0
  and relation.relpersistence <> 't'
  and greatest(relation.reltuples, 0) >= :min_rows::bigint
  and (:schema::text is null or namespace.nspname = :schema)
  and not exists (
    select
    from pg_catalog.pg_index as index
    where index.indrelid = foreign_key.conrelid
      and index.indisvalid
      and index.indpred is null
      and index.indnkeyatts >= cardinality(foreign_key.conkey)
      and (index.indkey::smallint[])[0 : cardinality(foreign_key.conkey) - 1] @> foreign_key.conkey
  )
order by size.pages desc, foreign_key.oid
limit :max::integer;
