-- name: settings_changed :many
-- title: Changed settings
-- Settings of the server, this database or this role that differ from PostgreSQL's defaults, with where each
-- one was set; those that wait for a restart too.
--
-- @param name?                 Only settings whose name contains this    {minLength: 1, maxLength: 63}
-- @rows 500
-- @column name!                Name of the setting
-- @column value                Its value now
-- @column unit                 Unit of both values, such as 8kB or ms
-- @column default_value        PostgreSQL's default
-- @column source!              Where it was set: configuration file, command line, database, user and so on
-- @column set_in               File and line; null when it is not from a file or this login may not see that
-- @column waits_for_restart!   True when the file has another value, which a restart will bring
-- @column description!         What it does
-- @column is_complete!         False when this login may not see all settings, so that more may have changed:
--     it lacks pg_read_all_settings
-- @example all      {}  => rows >= 1
-- @example unknown  {name: no_such_setting}  => rows = 0

select
  setting.name,
  setting.setting as value,
  setting.unit,
  setting.boot_val as default_value,
  setting.source,
  setting.sourcefile || ':' || setting.sourceline as set_in,
  setting.pending_restart as waits_for_restart,
  setting.short_desc as description,
  pg_has_role('pg_read_all_settings', 'usage') as is_complete
from pg_catalog.pg_settings as setting
where (
    -- What the client or this session has set is the tool server's own business.
    (
      setting.source not in ('default', 'override', 'client', 'session')
      and setting.setting is distinct from setting.boot_val
    )
    or setting.pending_restart
  )
  and (:name::text is null or position(lower(:name) in lower(setting.name)) > 0)
order by setting.name;
