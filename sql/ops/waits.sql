-- name: waits :many
-- title: Waits
-- What the sessions that run a statement wait for at this moment, most sessions first. "working" is no wait:
-- they use a processor. Lock is another transaction (`ops_blocking_tree`), IO the disk, LWLock the server's
-- own memory, Client the program. A single look says little: call it several times.
--
-- @column wait_type!         Kind of the wait; "working" for none, "hidden" for sessions one may not look
--     into
-- @column wait_event!        The wait itself
-- @column sessions!          Sessions in it
-- @column longest_seconds    How long the oldest of their statements runs
-- @column pids!              Their processes
-- @column is_visible!        False for the sessions that this login may not look into; they may be idle
-- @rows 200
-- @example now  {}  => {rows: [{}]}

select
  wait.wait_type,
  wait.wait_event,
  count(*) as sessions,
  extract(epoch from now() - min(wait.query_start))::bigint as longest_seconds,
  array_agg(wait.pid order by wait.pid) as pids,
  wait.wait_type <> 'hidden' as is_visible
from (
  select
    session.pid,
    session.query_start,
    case
      when session.backend_type is null then 'hidden'
      else coalesce(session.wait_event_type, 'working')
    end as wait_type,
    case
      when session.backend_type is null then 'hidden'
      else coalesce(session.wait_event, 'working')
    end as wait_event
  from pg_catalog.pg_stat_activity as session
  where session.state = 'active'
    or (session.backend_type is null and session.usename is not null)
) as wait
group by wait.wait_type, wait.wait_event
order by count(*) desc, wait.wait_type, wait.wait_event;
