-- name: connections :report
-- title: Connections
-- How many connections the server allows and has, and who holds them, by database, role, application and
-- state. Many idle ones ask for a pooler, many "idle in transaction" for `ops_long_transactions`.
--
-- @param groups = 50   How many groups to list, the largest first    {minimum: 1, maximum: 200}
-- @column report!      Limits, and the groups of sessions; the state of hidden sessions is null
-- @example all  {}  => {report: {groups: [{}]}}
-- @example one  {groups: 1}  => {report: {groups: [{}]}}

with client as (
  select
    session.datname::text as database,
    session.usename::text as role,
    session.application_name as application,
    session.state,
    session.state_change,
    session.backend_type is null as is_hidden
  from pg_catalog.pg_stat_activity as session
  -- PostgreSQL shows a hidden session's role, but not that it is a client's.
  where session.backend_type = 'client backend'
    or (session.backend_type is null and session.usename is not null)
)
select json_build_object(
  'max_connections', current_setting('max_connections')::integer,
  'reserved', current_setting('superuser_reserved_connections')::integer
    -- PostgreSQL 15 has no reserved_connections.
    + coalesce(current_setting('reserved_connections', true), '0')::integer,
  'used', (select count(*) from client),
  'groups', coalesce(
    (
      select json_agg(
        json_build_object(
          'database', largest.database,
          'role', largest.role,
          'application', largest.application,
          'state', largest.state,
          'sessions', largest.sessions,
          'longest_in_state_seconds', largest.longest_in_state_seconds
        )
        order by largest.sessions desc, largest.database, largest.role, largest.application, largest.state
      )
      from (
        select
          client.database,
          client.role,
          client.application,
          client.state,
          count(*) as sessions,
          extract(epoch from now() - min(client.state_change))::bigint as longest_in_state_seconds
        from client
        group by client.database, client.role, client.application, client.state
        order by count(*) desc, client.database, client.role, client.application, client.state
        limit :groups::integer
      ) as largest
    ),
    '[]'
  ),
  'hidden_sessions', (select count(*) from client where client.is_hidden),
  'note', case
    when exists (select from client where client.is_hidden)
      then format(
        'The state of other roles'' sessions is hidden. To see it: grant pg_monitor to %I;',
        current_user
      )
  end
) as report;
