-- name: long_transactions :report
-- title: Long and idle transactions
-- Transactions that have been open for long, the oldest first, and prepared transactions that nobody
-- finished. They hold locks and keep VACUUM from removing dead rows. "idle in transaction" is a client that
-- began and then did nothing; `ops_vacuum_horizon` says which one VACUUM waits for.
--
-- @param min_seconds = 60     Only transactions open for at least so many seconds
--     {minimum: 0, maximum: 31536000}
-- @param only_idle = false    Only those whose client does nothing
-- @param query_length = 300   How many characters of each statement    {minimum: 10, maximum: 10000}
-- @column report!             Transactions, prepared transactions, hidden sessions; at most 100 of each
-- @example usual  {}  => {report: {}}
-- @example idle   {only_idle: true, min_seconds: 0}  => {report: {}}

with session as (
  select
    activity.pid,
    activity.usename::text as role,
    activity.datname::text as database,
    activity.application_name as application,
    activity.state,
    activity.xact_start,
    activity.state_change,
    activity.backend_xid is not null as has_written,
    activity.query,
    activity.backend_type is null and activity.usename is not null as is_hidden
  from pg_catalog.pg_stat_activity as activity
)
select json_build_object(
  'transactions', coalesce(
    (
      select json_agg(
        json_build_object(
          'pid', oldest.pid,
          'role', oldest.role,
          'database', oldest.database,
          'application', oldest.application,
          'state', oldest.state,
          'transaction_seconds', extract(epoch from now() - oldest.xact_start)::bigint,
          'state_seconds', extract(epoch from now() - oldest.state_change)::bigint,
          'has_written', oldest.has_written,
          'query', left(oldest.query, :query_length::integer)
        )
        order by oldest.xact_start, oldest.pid
      )
      from (
        select
          session.pid,
          session.role,
          session.database,
          session.application,
          session.state,
          session.xact_start,
          session.state_change,
          session.has_written,
          session.query
        from session
        where session.xact_start <= now() - make_interval(secs => :min_seconds::integer)
          and session.pid <> pg_backend_pid()
          and (not :only_idle::boolean or session.state like 'idle in transaction%')
        order by session.xact_start, session.pid
        limit 100
      ) as oldest
    ),
    '[]'
  ),
  'prepared', coalesce(
    (
      select json_agg(
        json_build_object(
          'name', oldest.gid,
          'role', oldest.owner,
          'database', oldest.database,
          'prepared_at', oldest.prepared,
          'age_seconds', extract(epoch from now() - oldest.prepared)::bigint,
          'to_undo', format('rollback prepared %L;', oldest.gid)
        )
        order by oldest.prepared, oldest.gid
      )
      from (
        select
          prepared.gid,
          prepared.owner::text as owner,
          prepared.database::text as database,
          prepared.prepared
        from pg_catalog.pg_prepared_xacts as prepared
        where prepared.prepared <= now() - make_interval(secs => :min_seconds)
        order by prepared.prepared, prepared.gid
        limit 100
      ) as oldest
    ),
    '[]'
  ),
  'hidden_sessions', (select count(*) from session where session.is_hidden),
  'note', case
    when exists (select from session where session.is_hidden)
      then format(
        'Transactions of other roles are hidden: there may be more. To see them: grant pg_monitor to %I;',
        current_user
      )
  end
) as report;
