-- name: database_sizes :many
-- title: Database sizes
-- The databases of the server, the largest first, with their sessions. The size of a database that this login
-- may neither connect to nor look into is null, and such rows come last.
--
-- @rows 500
-- @column database!             Name of the database
-- @column owner!                Role that owns it
-- @column size_bytes            Bytes on disk; null when this login may not know
-- @column size                  The same for people
-- @column sessions              Sessions that are connected now
-- @column connection_limit      How many sessions it allows; null when it has no limit of its own
-- @column allows_connections!   False when nobody can connect
-- @column is_template!          Whether anybody may copy it
-- @column is_visible!           False when the size is hidden: it needs CONNECT on the database, or
--     pg_monitor
-- @example all  {}  => rows >= 1
-- @allow read-tool-writes  pg_database_size() is volatile because files grow; it writes nothing

select
  database.datname::text as database,
  pg_get_userbyid(database.datdba)::text as owner,
  measured.bytes as size_bytes,
  pg_size_pretty(measured.bytes) as size,
  stat.numbackends as sessions,
  nullif(database.datconnlimit, -1) as connection_limit,
  database.datallowconn as allows_connections,
  database.datistemplate as is_template,
  measured.bytes is not null as is_visible
from pg_catalog.pg_database as database
left join pg_catalog.pg_stat_database as stat on stat.datid = database.oid
cross join lateral (
  -- Without one of the two rights the function fails.
  select case
    when has_database_privilege(database.oid, 'connect') or pg_has_role('pg_read_all_stats', 'usage')
      then pg_database_size(database.oid)
  end as bytes
) as measured
order by measured.bytes desc nulls last, database.datname;
