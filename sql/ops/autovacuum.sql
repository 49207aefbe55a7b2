-- name: autovacuum :many
-- title: Autovacuum by table
-- How near each table is to its next automatic VACUUM and ANALYZE, the most overdue first, and when the last
-- ones were. Far above 100 percent for long: autovacuum is off, too slow, or held back
-- (`ops_vacuum_horizon`).
--
-- @param max = 50                 How many tables to return    {minimum: 1, maximum: 500}
-- @param only_due = false         Only tables that are due for one of them, or where it is off
-- @param schema?                  Only tables of this schema    {minLength: 1, maxLength: 63}
-- @column schema!                 Schema of the table
-- @column table!                  Name of the table
-- @column rows_estimate!          Rows that are alive
-- @column dead_rows!              Rows that were updated or deleted and not yet removed
-- @column vacuum_threshold!       Dead rows at which autovacuum comes
-- @column vacuum_percent!         dead_rows in percent of the threshold    {as: number}
-- @column insert_percent          Inserted rows in percent of their threshold; null where inserts do not
--     bring it    {as: number}
-- @column analyze_percent!        Changed rows in percent of the threshold for ANALYZE    {as: number}
-- @column last_vacuum_at          Last VACUUM, by hand or automatic
-- @column last_analyze_at         Last ANALYZE, by hand or automatic
-- @column vacuums!                How many of the first since counting began
-- @column is_enabled!             False when autovacuum is off for the server or for this table
-- @example usual    {max: 5}  => rows >= 0
-- @example unknown  {schema: no_such_schema}  => rows = 0

with setting as materialized (
  select
    current_setting('autovacuum')::boolean and current_setting('track_counts')::boolean as is_enabled,
    current_setting('autovacuum_vacuum_threshold')::float8 as vacuum_base,
    current_setting('autovacuum_vacuum_scale_factor')::float8 as vacuum_scale,
    -- PostgreSQL 18 has a ceiling.
    current_setting('autovacuum_vacuum_max_threshold', true)::float8 as vacuum_ceiling,
    current_setting('autovacuum_vacuum_insert_threshold')::float8 as insert_base,
    current_setting('autovacuum_vacuum_insert_scale_factor')::float8 as insert_scale,
    current_setting('autovacuum_analyze_threshold')::float8 as analyze_base,
    current_setting('autovacuum_analyze_scale_factor')::float8 as analyze_scale
),
measured as (
  select
    stat.schemaname::text as schema,
    stat.relname::text as table,
    stat.relid,
    stat.n_live_tup,
    stat.n_dead_tup,
    stat.n_mod_since_analyze,
    stat.n_ins_since_vacuum,
    greatest(stat.last_vacuum, stat.last_autovacuum) as last_vacuum_at,
    greatest(stat.last_analyze, stat.last_autoanalyze) as last_analyze_at,
    stat.vacuum_count + stat.autovacuum_count as vacuums,
    setting.is_enabled and coalesce(own.is_enabled, true) as is_enabled,
    least(
      coalesce(own.vacuum_base, setting.vacuum_base)
        + coalesce(own.vacuum_scale, setting.vacuum_scale) * rows.count,
      nullif(coalesce(own.vacuum_ceiling, setting.vacuum_ceiling), -1)
    ) as vacuum_threshold,
    nullif(coalesce(own.insert_base, setting.insert_base), -1)
      + coalesce(own.insert_scale, setting.insert_scale) * rows.count as insert_threshold,
    coalesce(own.analyze_base, setting.analyze_base)
      + coalesce(own.analyze_scale, setting.analyze_scale) * rows.count as analyze_threshold
  from pg_catalog.pg_stat_user_tables as stat
  join pg_catalog.pg_class as relation on relation.oid = stat.relid
  cross join setting
  cross join lateral (select greatest(relation.reltuples, 0) as count) as rows
  cross join lateral (
    select
      (given.options ->> 'autovacuum_enabled')::boolean as is_enabled,
      (given.options ->> 'autovacuum_vacuum_threshold')::float8 as vacuum_base,
      (given.options ->> 'autovacuum_vacuum_scale_factor')::float8 as vacuum_scale,
      (given.options ->> 'autovacuum_vacuum_max_threshold')::float8 as vacuum_ceiling,
      (given.options ->> 'autovacuum_vacuum_insert_threshold')::float8 as insert_base,
      (given.options ->> 'autovacuum_vacuum_insert_scale_factor')::float8 as insert_scale,
      (given.options ->> 'autovacuum_analyze_threshold')::float8 as analyze_base,
      (given.options ->> 'autovacuum_analyze_scale_factor')::float8 as analyze_scale
    from (
      select coalesce(jsonb_object_agg(option.option_name, option.option_value), '{}') as options
      from pg_options_to_table(relation.reloptions) as option
    ) as given
  ) as own
  where relation.relpersistence <> 't'
    and (:schema::text is null or stat.schemaname = :schema)
)
select
  measured.schema,
  measured.table,
  measured.n_live_tup as rows_estimate,
  measured.n_dead_tup as dead_rows,
  measured.vacuum_threshold::bigint as vacuum_threshold,
  round((100 * measured.n_dead_tup / greatest(measured.vacuum_threshold, 1))::numeric, 1) as vacuum_percent,
  -- greatest() would make a number of a threshold that is null.
  round(
    (100 * measured.n_ins_since_vacuum / nullif(measured.insert_threshold, 0))::numeric,
    1
  ) as insert_percent,
  round(
    (100 * measured.n_mod_since_analyze / greatest(measured.analyze_threshold, 1))::numeric,
    1
  ) as analyze_percent,
  measured.last_vacuum_at,
  measured.last_analyze_at,
  measured.vacuums,
  measured.is_enabled
from measured
where not :only_due::boolean
  or not measured.is_enabled
  or measured.n_dead_tup > measured.vacuum_threshold
  or measured.n_ins_since_vacuum > measured.insert_threshold
  or measured.n_mod_since_analyze > measured.analyze_threshold
order by
  measured.n_dead_tup / greatest(measured.vacuum_threshold, 1) desc,
  measured.n_dead_tup desc,
  measured.relid
limit :max::integer;
