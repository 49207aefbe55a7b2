-- name: activity :many
-- title: Activity
-- The sessions of clients at this moment: what each one does, for how long, and what it waits for. Sessions
-- that this login may not look into are always listed, with is_visible false and without a state. Who waits
-- for whom: `ops_blocking_tree`.
--
-- @param state?                     Only sessions in this state
--     {enum: [active, idle, idle in transaction, idle in transaction (aborted), fastpath function call]}
-- @param database?                  Only sessions in this database    {minLength: 1, maxLength: 63}
-- @param min_seconds = 0            Only sessions that have been in their state for so long
--     {minimum: 0, maximum: 31536000}
-- @param with_background = false    Also the server's own processes: checkpointer, autovacuum, WAL senders
-- @param query_length = 300         How many characters of each statement    {minimum: 10, maximum: 10000}
-- @column pid!                      Process of the session
-- @column database                  Database; null for processes that are in none
-- @column role                      Role that logged in
-- @column application               What the client calls itself
-- @column client                    Address of the client; null for a local connection
-- @column kind                      client backend, autovacuum worker and so on
-- @column state                     active: runs a statement; idle: waits for its client; idle in
--     transaction: waits for its client and holds its locks
-- @column state_seconds             For how long it has been in that state    {as: number}
-- @column transaction_seconds       For how long its transaction is open; null outside of one    {as: number}
-- @column wait_type                 Kind of what it waits for, such as Lock or IO; null while it works
-- @column wait_event                What it waits for
-- @column query                     The statement that runs, or the last one; cut to query_length
-- @column is_visible!               False when this login may not look into it: it lacks pg_read_all_stats
-- @page pid
-- @example all     {}  => rows >= 1
-- @example busy    {state: active}  => rows >= 1
-- @example pages   {page_size: 1, with_background: true}  => rows = 1
-- @example none    {database: no_such_database}  => rows = 0
-- @allow page-not-unique  a process is one session

select
  session.pid,
  session.datname::text as database,
  session.usename::text as role,
  session.application_name as application,
  host(session.client_addr) as client,
  session.backend_type as kind,
  session.state,
  round(extract(epoch from now() - session.state_change), 1) as state_seconds,
  round(extract(epoch from now() - session.xact_start), 1) as transaction_seconds,
  session.wait_event_type as wait_type,
  session.wait_event,
  case when session.backend_type is not null then left(session.query, :query_length::integer) end as query,
  session.backend_type is not null as is_visible
from pg_catalog.pg_stat_activity as session
where (:database::text is null or session.datname = :database)
  -- PostgreSQL shows a hidden session's role, but neither its kind nor its state.
  and (
    :with_background::boolean
    or session.backend_type = 'client backend'
    or (session.backend_type is null and session.usename is not null)
  )
  and (
    session.backend_type is null
    or (
      (:state::text is null or session.state = :state)
      and (:min_seconds::integer = 0 or session.state_change <= now() - make_interval(secs => :min_seconds))
    )
  );
