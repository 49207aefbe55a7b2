-- name: table_locks :many
-- title: Locks on a table
-- Who holds or wants a lock on a table, its indexes or the table that it is a part of; those that hold one
-- first. One waiting AccessExclusiveLock makes every later reader wait too. No rows: nobody uses the table at
-- this moment. A name that no table has is an error; names of all tables: `ops_find_table`.
--
-- @param table                  Its name, or schema.name, as PostgreSQL has it or as SQL writes it
--     {minLength: 1, maxLength: 260}
-- @param schema?                Its schema; when absent the first on the search path, then the first by name
--     {minLength: 1, maxLength: 63}
-- @rows 500
-- @column pid                   Process of the session; null for a prepared transaction
-- @column relation!             The table, or the index of it
-- @column mode!                 Lock mode, such as RowExclusiveLock for a write, AccessExclusiveLock for
--     ALTER TABLE
-- @column is_granted!           False while it waits
-- @column wait_seconds          How long it has been waiting    {as: number}
-- @column role                  Role of the session
-- @column state                 What the session does
-- @column transaction_seconds   How long its transaction has been open
-- @column query                 Start of its statement
-- @column is_visible!           False when this login may not look into it: it lacks pg_read_all_stats
-- @example unknown  {table: no_such_table}  => error database.failed

with wanted as materialized (
  select relation.oid, relation.relname
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
  select wanted.oid, wanted.relname
  from wanted
  union all
  select quote_ident(concat_ws('.', :schema, :table))::regclass::oid, null
  where not exists (select from wanted)
)
select
  held.pid,
  relation.name as relation,
  held.mode,
  held.granted as is_granted,
  round(extract(epoch from now() - held.waitstart), 1) as wait_seconds,
  session.usename::text as role,
  session.state,
  extract(epoch from now() - session.xact_start)::bigint as transaction_seconds,
  case when session.backend_type is not null then left(session.query, 300) end as query,
  held.pid is null or session.backend_type is not null as is_visible
from known
join lateral (
  select known.oid as oid, known.relname::text as name
  union all
  select index.indexrelid, named.relname::text
  from pg_catalog.pg_index as index
  join pg_catalog.pg_class as named on named.oid = index.indexrelid
  where index.indrelid = known.oid
  union all
  select parent.inhparent, named.relname::text
  from pg_catalog.pg_inherits as parent
  join pg_catalog.pg_class as named on named.oid = parent.inhparent
  where parent.inhrelid = known.oid
) as relation on true
join pg_catalog.pg_locks as held
  on held.locktype = 'relation'
  and held.relation = relation.oid
  and held.database in (
    0,
    (select present.oid from pg_catalog.pg_database as present where present.datname = current_database())
  )
left join pg_catalog.pg_stat_activity as session on session.pid = held.pid
order by held.granted desc, held.waitstart, relation.oid, held.pid, held.mode;
