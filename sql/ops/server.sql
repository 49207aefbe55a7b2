-- name: server :one
-- title: Server and login
-- The server's version, role and age, the database one is in, and what this login may see. Look here first
-- when an answer says that something is hidden.
--
-- @column version!                   Version of PostgreSQL, such as 18.4
-- @column version_number!            The same as a number, such as 180004
-- @column started_at!                When the server was started
-- @column uptime_seconds!            Seconds since then
-- @column is_standby!                True on a standby: it replays the WAL of another server and takes no
--     writes
-- @column database!                  Name of the database that the tools look at
-- @column encoding!                  Its encoding
-- @column collation                  Its default collation
-- @column login!                     Role that the tools run as
-- @column is_superuser!              Whether that role is a superuser
-- @column sees_all_sessions!         Member of pg_read_all_stats (a part of pg_monitor): sees what all
--     sessions do
-- @column sees_all_settings!         Member of pg_read_all_settings (a part of pg_monitor): sees all settings
-- @column reads_all_tables!          Member of pg_read_all_data: has the column statistics that bloat
--     estimates need
-- @column statements_are_counted!    Whether the library of pg_stat_statements is loaded
-- @column to_see_more                What to grant to this login so that no session is hidden; null when none
--     is
-- @example present  {}  => {row: {}}
-- @allow read-tool-writes  pg_is_in_recovery() is volatile because a promotion changes its answer; it writes
--     nothing

select
  current_setting('server_version') as version,
  current_setting('server_version_num')::integer as version_number,
  pg_postmaster_start_time() as started_at,
  extract(epoch from now() - pg_postmaster_start_time())::bigint as uptime_seconds,
  pg_is_in_recovery() as is_standby,
  present.datname::text as database,
  pg_encoding_to_char(present.encoding)::text as encoding,
  present.datcollate as collation,
  current_user::text as login,
  login.rolsuper as is_superuser,
  pg_has_role('pg_read_all_stats', 'usage') as sees_all_sessions,
  pg_has_role('pg_read_all_settings', 'usage') as sees_all_settings,
  pg_has_role('pg_read_all_data', 'usage') as reads_all_tables,
  current_setting('pg_stat_statements.max', true) is not null as statements_are_counted,
  case
    when not pg_has_role('pg_read_all_stats', 'usage') or not pg_has_role('pg_read_all_settings', 'usage')
      then format('grant pg_monitor to %I;', current_user)
  end as to_see_more
from pg_catalog.pg_database as present
join pg_catalog.pg_roles as login on login.rolname = current_user
where present.datname = current_database();
