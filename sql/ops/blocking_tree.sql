-- name: blocking_tree :many
-- title: Who blocks whom
-- The sessions that wait for a lock and those that hold them up, as a tree: depth 0 blocks others and waits
-- for nobody, so look there first. A session that waits for several is listed once, and blocked_by names all
-- of them. Nobody waits: no rows. Everybody may see who waits for whom; what the sessions run only where
-- is_visible is true.
--
-- @param max = 200              How many rows to return    {minimum: 1, maximum: 1000}
-- @param query_length = 300     How many characters of each statement    {minimum: 10, maximum: 10000}
-- @column depth!                0 for a session that waits for nobody, 1 for those that wait for it, and so
--     on
-- @column pid!                  Process; 0 for a prepared transaction (`ops_long_transactions`) that no
--     session holds
-- @column blocked_by!           Processes that it waits for, those before it in the queue too
-- @column path!                 Processes from the root to this one
-- @column waiting!              How many sessions wait behind it, directly or not
-- @column role                  Role of the session
-- @column database              Database of the session
-- @column application           What the client calls itself
-- @column state                 "idle in transaction" at depth 0 is a client that forgot to commit
-- @column wait_seconds          How long it has been waiting; null for a root    {as: number}
-- @column wait_mode             Lock mode that it asks for
-- @column wait_for              What it wants to lock: the table, or the kind of lock
-- @column transaction_seconds   How long its transaction has been open
-- @column query                 Its statement; a root's is the last of its transaction, which may not hold
--     the lock
-- @column is_visible!           False when this login may not look into it: it lacks pg_read_all_stats
-- @example quiet  {}  => rows >= 0
-- @allow read-tool-writes  pg_blocking_pids() is volatile because locks come and go; it changes none

with recursive waiter as materialized (
  select
    wanted.pid,
    min(wanted.waitstart) as waited_since,
    min(wanted.mode) as mode,
    min(
      coalesce(
        (
          select format('%I.%I', namespace.nspname, relation.relname)
          from pg_catalog.pg_class as relation
          join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
          where relation.oid = wanted.relation
            and wanted.database in (
              0,
              (
                select present.oid
                from pg_catalog.pg_database as present
                where present.datname = current_database()
              )
            )
        ),
        wanted.locktype
      )
    ) as target
  from pg_catalog.pg_locks as wanted
  where not wanted.granted
  group by wanted.pid
),
-- Each session is listed once, below one of those that it waits for: one that waits for nobody itself, else
-- the one that has waited longest. Each way through a queue of thirty would be a tree of millions of rows.
edge as materialized (
  select
    waiter.pid,
    blocker.pids as blocked_by,
    (
      select ahead.pid
      from unnest(blocker.pids) as ahead (pid)
      left join waiter as ahead_waiter on ahead_waiter.pid = ahead.pid
      order by ahead_waiter.waited_since nulls first, ahead.pid
      limit 1
    ) as parent
  from waiter
  cross join lateral (select pg_blocking_pids(waiter.pid) as pids) as blocker
  where cardinality(blocker.pids) > 0
),
tree as (
  select distinct
    0 as depth,
    edge.parent as pid,
    '{}'::integer[] as blocked_by,
    array[edge.parent] as path
  from edge
  where not exists (select from edge as other where other.pid = edge.parent)
  union all
  select tree.depth + 1, edge.pid, edge.blocked_by, tree.path || edge.pid
  from tree
  join edge on edge.parent = tree.pid
  where tree.depth < 100
),
behind as (
  select ahead.pid, count(distinct tree.pid) as waiting
  from tree
  cross join lateral unnest(tree.path) as ahead (pid)
  where ahead.pid <> tree.pid
  group by ahead.pid
)
select
  tree.depth,
  tree.pid,
  tree.blocked_by,
  array_to_string(tree.path, ' > ') as path,
  coalesce(behind.waiting, 0) as waiting,
  session.usename::text as role,
  session.datname::text as database,
  session.application_name as application,
  session.state,
  round(extract(epoch from now() - waiter.waited_since), 1) as wait_seconds,
  waiter.mode as wait_mode,
  waiter.target as wait_for,
  extract(epoch from now() - session.xact_start)::bigint as transaction_seconds,
  case when session.backend_type is not null then left(session.query, :query_length::integer) end as query,
  tree.pid = 0 or session.backend_type is not null as is_visible
from tree
left join behind on behind.pid = tree.pid
left join pg_catalog.pg_stat_activity as session on session.pid = tree.pid
left join waiter on waiter.pid = tree.pid
order by tree.path
limit :max::integer;
