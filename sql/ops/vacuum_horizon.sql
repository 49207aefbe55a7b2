-- name: vacuum_horizon :report
-- title: What holds VACUUM back
-- VACUUM removes only rows that nobody can still see. Listed is who keeps the oldest view: transactions,
-- prepared transactions, replication slots and standbys, each with its age in transactions, the oldest first.
-- End the first one, and VACUUM gets on as far as the second.
--
-- @param max = 20     How many of each to list    {minimum: 1, maximum: 100}
-- @column report!     Holders of each kind, and how many sessions are hidden
-- @example usual  {}  => {report: {}}

with session as (
  select
    activity.pid,
    activity.usename::text as role,
    activity.datname::text as database,
    activity.state,
    -- A session that has written and one that only reads hold VACUUM back alike.
    greatest(age(activity.backend_xmin), age(activity.backend_xid)) as age_in_transactions,
    activity.xact_start,
    activity.backend_type,
    activity.query,
    activity.backend_type is null and activity.usename is not null as is_hidden
  from pg_catalog.pg_stat_activity as activity
  where activity.pid <> pg_backend_pid()
)
select json_build_object(
  'sessions', coalesce(
    (
      select json_agg(
        json_build_object(
          'pid', oldest.pid,
          'kind', oldest.backend_type,
          'role', oldest.role,
          'database', oldest.database,
          'state', oldest.state,
          'age_in_transactions', oldest.age_in_transactions,
          'transaction_seconds', extract(epoch from now() - oldest.xact_start)::bigint,
          'query', left(oldest.query, 300)
        )
        order by oldest.age_in_transactions desc, oldest.pid
      )
      from (
        select
          session.pid,
          session.backend_type,
          session.role,
          session.database,
          session.state,
          session.age_in_transactions,
          session.xact_start,
          session.query
        from session
        where session.age_in_transactions is not null
          -- VACUUM itself does not hold VACUUM back.
          and session.backend_type <> 'autovacuum worker'
        order by session.age_in_transactions desc, session.pid
        limit :max::integer
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
          'age_in_transactions', oldest.age_in_transactions,
          'prepared_at', oldest.prepared
        )
        order by oldest.age_in_transactions desc, oldest.gid
      )
      from (
        select
          prepared.gid,
          prepared.owner::text as owner,
          prepared.database::text as database,
          age(prepared.transaction) as age_in_transactions,
          prepared.prepared
        from pg_catalog.pg_prepared_xacts as prepared
        order by age(prepared.transaction) desc, prepared.gid
        limit :max
      ) as oldest
    ),
    '[]'
  ),
  'slots', coalesce(
    (
      select json_agg(
        json_build_object(
          'name', oldest.slot_name,
          'kind', oldest.slot_type,
          'database', oldest.database,
          'is_active', oldest.active,
          'age_in_transactions', oldest.rows_age,
          'catalog_age_in_transactions', oldest.catalog_age
        )
        order by oldest.held_age desc, oldest.slot_name
      )
      from (
        select
          slot.slot_name::text as slot_name,
          slot.slot_type,
          slot.database::text as database,
          slot.active,
          age(slot.xmin) as rows_age,
          age(slot.catalog_xmin) as catalog_age,
          greatest(age(slot.xmin), age(slot.catalog_xmin)) as held_age
        from pg_catalog.pg_replication_slots as slot
        where slot.xmin is not null
          or slot.catalog_xmin is not null
        order by greatest(age(slot.xmin), age(slot.catalog_xmin)) desc, slot.slot_name
        limit :max
      ) as oldest
    ),
    '[]'
  ),
  'hidden_sessions', (select count(*) from session where session.is_hidden),
  'note', case
    when exists (select from session where session.is_hidden)
      then format(
        'What sessions of other roles hold is hidden. To see it: grant pg_monitor to %I;',
        current_user
      )
  end
) as report;
