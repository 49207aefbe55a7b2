-- name: describe_table :report
-- title: Describe a table
-- One document of a table or view: columns with types, defaults and comments, keys, foreign keys in both
-- directions, indexes with their use, checks, triggers, rows and size. A name that no table has is an error;
-- names of all tables: `ops_find_table`.
--
-- @param table       Its name, or schema.name, as PostgreSQL has it or as SQL writes it
--     {minLength: 1, maxLength: 260}
-- @param schema?     Its schema; when absent the first on the search path, then the first by name
--     {minLength: 1, maxLength: 63}
-- @example catalogue  {schema: pg_catalog, table: pg_class}  => {report: {schema: pg_catalog, table:
--     pg_class, kind: table}}
-- @example written    {table: pg_catalog.pg_class}  => {report: {schema: pg_catalog, table: pg_class}}
-- @example unknown    {table: no_such_table}  => error database.failed

with wanted as materialized (
  select
    relation.oid,
    namespace.oid as namespace_oid,
    namespace.nspname::text as schema,
    relation.relname::text as name,
    relation.relkind,
    relation.relpersistence,
    relation.relowner,
    relation.reltuples,
    relation.relpages,
    relation.relrowsecurity,
    relation.relispartition,
    -- Asking for expressions and definitions would wait for this lock; they are null then.
    exists (
      select
      from pg_catalog.pg_locks as held
      where held.locktype = 'relation'
        and held.mode = 'AccessExclusiveLock'
        and (
          held.relation = relation.oid
          or held.relation in (
            select index.indexrelid
            from pg_catalog.pg_index as index
            where index.indrelid = relation.oid
          )
        )
    ) as is_locked
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
select json_build_object(
  'schema', wanted.schema,
  'table', wanted.name,
  'kind', case wanted.relkind
    when 'p' then 'partitioned table'
    when 'v' then 'view'
    when 'm' then 'materialized view'
    when 'f' then 'foreign table'
    else 'table'
  end,
  'comment', obj_description(wanted.oid, 'pg_class'),
  'owner', pg_get_userbyid(wanted.relowner)::text,
  'is_temporary', wanted.relpersistence = 't',
  'is_unlogged', wanted.relpersistence = 'u',
  'is_row_secured', wanted.relrowsecurity,
  'may_read', has_schema_privilege(wanted.namespace_oid, 'usage')
    and has_any_column_privilege(wanted.oid, 'select'),
  'is_locked', wanted.is_locked,
  'rows_estimate', case
    when wanted.reltuples >= 0 and wanted.relkind <> 'v'
      then wanted.reltuples::bigint
  end,
  'table_bytes', case
    -- A partitioned table holds nothing itself, and its own count is -1 once it was analysed.
    when wanted.relkind = 'p'
      then coalesce(
        (
          select sum(greatest(leaf.relpages, 0))
          from (
            -- Not by pg_partition_tree(), which locks what it finds and would wait.
            with recursive below as (
              select part.inhrelid as oid
              from pg_catalog.pg_inherits as part
              where part.inhparent = wanted.oid
              union all
              select part.inhrelid
              from below
              join pg_catalog.pg_inherits as part on part.inhparent = below.oid
            )
            select below.oid
            from below
          ) as part
          join pg_catalog.pg_class as leaf on leaf.oid = part.oid
        ),
        0
      )
    else greatest(wanted.relpages, 0)
  end * current_setting('block_size')::bigint,
  'partition_of', (
    select format('%I.%I', space.nspname, parent.relname)
    from pg_catalog.pg_inherits as part
    join pg_catalog.pg_class as parent on parent.oid = part.inhparent
    join pg_catalog.pg_namespace as space on space.oid = parent.relnamespace
    where part.inhrelid = wanted.oid
      and wanted.relispartition
  ),
  'partition_key', case
    when wanted.relkind = 'p' and not wanted.is_locked
      then pg_get_partkeydef(wanted.oid)
  end,
  'partitions', (select count(*) from pg_catalog.pg_inherits as part where part.inhparent = wanted.oid),
  'columns', coalesce(
    (
      select json_agg(
        json_build_object(
          'column', attribute.attname::text,
          'type', format_type(attribute.atttypid, attribute.atttypmod),
          'is_nullable', not attribute.attnotnull,
          'default', case when not wanted.is_locked then pg_get_expr(given.adbin, given.adrelid) end,
          'is_generated', attribute.attgenerated <> '',
          'is_identity', attribute.attidentity <> '',
          'comment', col_description(wanted.oid, attribute.attnum)
        )
        order by attribute.attnum
      )
      from pg_catalog.pg_attribute as attribute
      left join pg_catalog.pg_attrdef as given
        on given.adrelid = attribute.attrelid
        and given.adnum = attribute.attnum
      where attribute.attrelid = wanted.oid
        and attribute.attnum > 0
        and not attribute.attisdropped
    ),
    '[]'
  ),
  'constraints', coalesce(
    (
      select json_agg(
        json_build_object(
          'constraint', held.conname::text,
          'kind', case held.contype
            when 'p' then 'primary key'
            when 'u' then 'unique'
            when 'f' then 'foreign key'
            when 'c' then 'check'
            when 'x' then 'exclusion'
            else 'constraint trigger'
          end,
          'definition', case when not wanted.is_locked then pg_get_constraintdef(held.oid, true) end,
          'is_validated', held.convalidated
        )
        order by position(held.contype in 'pufcxt'), held.conname
      )
      from pg_catalog.pg_constraint as held
      where held.conrelid = wanted.oid
        -- PostgreSQL 18 keeps NOT NULL here too; the columns say it.
        and held.contype <> 'n'
    ),
    '[]'
  ),
  'referenced_by', coalesce(
    (
      select json_agg(
        json_build_object(
          'table', format('%I.%I', space.nspname, other.relname),
          'foreign_key', held.conname::text,
          'columns', (
            select array_agg(attribute.attname::text order by part.position)
            from unnest(held.conkey) with ordinality as part (number, position)
            join pg_catalog.pg_attribute as attribute
              on attribute.attrelid = held.conrelid
              and attribute.attnum = part.number
          )
        )
        order by space.nspname, other.relname, held.conname
      )
      from pg_catalog.pg_constraint as held
      join pg_catalog.pg_class as other on other.oid = held.conrelid
      join pg_catalog.pg_namespace as space on space.oid = other.relnamespace
      where held.confrelid = wanted.oid
        and held.contype = 'f'
        and held.conparentid = 0
    ),
    '[]'
  ),
  'indexes', coalesce(
    (
      select json_agg(
        json_build_object(
          'index', named.relname::text,
          'definition', case when not wanted.is_locked then pg_get_indexdef(index.indexrelid) end,
          'is_unique', index.indisunique,
          'is_primary', index.indisprimary,
          'is_valid', index.indisvalid,
          'scans', coalesce(pg_stat_get_numscans(index.indexrelid), 0),
          'bytes', greatest(named.relpages, 0) * current_setting('block_size')::bigint
        )
        order by index.indisprimary desc, named.relname
      )
      from pg_catalog.pg_index as index
      join pg_catalog.pg_class as named on named.oid = index.indexrelid
      where index.indrelid = wanted.oid
    ),
    '[]'
  ),
  'triggers', coalesce(
    (
      select json_agg(
        json_build_object(
          'trigger', trigger.tgname::text,
          'definition', case when not wanted.is_locked then pg_get_triggerdef(trigger.oid, true) end,
          'is_enabled', trigger.tgenabled <> 'D'
        )
        order by trigger.tgname
      )
      from pg_catalog.pg_trigger as trigger
      where trigger.tgrelid = wanted.oid
        and not trigger.tgisinternal
    ),
    '[]'
  ),
  'same_name_in', coalesce(
    (
      select json_agg(space.nspname::text order by space.nspname)
      from pg_catalog.pg_class as other
      join pg_catalog.pg_namespace as space on space.oid = other.relnamespace
      where other.relname = wanted.name
        and other.relkind in ('r', 'p', 'v', 'm', 'f')
        and other.oid <> wanted.oid
    ),
    '[]'
  )
) as report
from known
left join wanted on wanted.oid = known.oid;
