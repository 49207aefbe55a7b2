-- name: free_connections :value
-- title: Free connections
-- How many more connections a role without special rights can open before the server refuses with "too many
-- clients". Who holds the others: `ops_connections`.
--
-- @column free!   Connections left for ordinary roles; 0 or more
-- @example some  {}  => {}

select greatest(
  0,
  current_setting('max_connections')::integer
    - current_setting('superuser_reserved_connections')::integer
    -- PostgreSQL 15 has no reserved_connections.
    - coalesce(current_setting('reserved_connections', true), '0')::integer
    -- Hidden sessions count: they have a role, but no kind.
    - count(*) filter (
      where session.backend_type = 'client backend'
        or (session.backend_type is null and session.usename is not null)
    )
) as free
from pg_catalog.pg_stat_activity as session;
