-- name: health_report :report
-- title: Health report
-- Looks at everything once and lists what deserves attention, worst first, each with the tool that has the
-- details: "critical" stops work or soon will, "warning" should be looked at this week, "notice" costs
-- something. An empty list of findings with nothing hidden is a healthy database.
--
-- @column report!   The server, the findings, and what this login could not look at
-- @example now  {}  => {report: {}}
-- @allow read-tool-writes  pg_is_in_recovery(), positions in the WAL and values of sequences are volatile
--     because they move; reading them writes nothing

with session as materialized (
  select
    activity.state,
    activity.xact_start,
    activity.backend_type,
    activity.wait_event_type,
    activity.backend_type is null and activity.usename is not null as is_hidden
  from pg_catalog.pg_stat_activity as activity
  where activity.pid <> pg_backend_pid()
),
connection as (
  select
    count(*) filter (where session.is_hidden or session.backend_type = 'client backend') + 1 as used,
    current_setting('max_connections')::integer
      - current_setting('superuser_reserved_connections')::integer as allowed
  from session
),
relation as materialized (
  select
    class.oid,
    class.relkind,
    class.relpages,
    class.reltuples,
    class.relispartition,
    class.relfrozenxid
  from pg_catalog.pg_class as class
  join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
  where class.relpersistence <> 't'
    and namespace.nspname !~ '^pg_'
    and namespace.nspname <> 'information_schema'
),
unused as (
  select
    count(*) as count,
    coalesce(sum(relation.relpages), 0) * current_setting('block_size')::bigint as bytes
  from pg_catalog.pg_index as index
  join relation on relation.oid = index.indexrelid
  where not index.indisunique
    and not index.indisexclusion
    and not index.indisreplident
    and index.indisvalid
    and relation.relkind = 'i'
    -- Small ones cost next to nothing.
    and relation.relpages >= 128
    and coalesce(pg_stat_get_numscans(relation.oid), 0) = 0
),
altered as materialized (
  select held.relation as oid
  from pg_catalog.pg_locks as held
  where held.locktype = 'relation'
    and held.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
),
sequence as materialized (
  select
    counter.seqrelid,
    100 * (reading.last_value - counter.seqmin::numeric) / nullif(
      least(
        counter.seqmax,
        case type.typname when 'int2' then 32767 when 'int4' then 2147483647 else counter.seqmax end
      ) - counter.seqmin::numeric,
      0
    ) as used_percent,
    reading.is_granted as is_visible
  from pg_catalog.pg_sequence as counter
  join pg_catalog.pg_class as class on class.oid = counter.seqrelid
  join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
  cross join lateral (
    select (has_sequence_privilege(class.oid, 'select') or has_sequence_privilege(class.oid, 'usage'))
      -- Asking for the value would wait for one who alters the sequence.
      and not exists (select from altered where altered.oid = class.oid) as is_granted
  ) as permission
  cross join lateral (
    select
      permission.is_granted,
      case when permission.is_granted then pg_sequence_last_value(class.oid) end as last_value
  ) as reading
  left join pg_catalog.pg_depend as dependency
    on dependency.classid = 'pg_catalog.pg_class'::regclass
    and dependency.objid = counter.seqrelid
    and dependency.refclassid = 'pg_catalog.pg_class'::regclass
    and dependency.refobjsubid > 0
    and dependency.deptype in ('a', 'i')
  left join pg_catalog.pg_attribute as attribute
    on attribute.attrelid = dependency.refobjid
    and attribute.attnum = dependency.refobjsubid
  left join pg_catalog.pg_type as type on type.oid = attribute.atttypid
  where counter.seqincrement > 0
    and not counter.seqcycle
    and not pg_is_other_temp_schema(namespace.oid)
),
finding (severity, area, message, tool) as (
  select
    case when connection.used >= connection.allowed * 0.95 then 'critical' else 'warning' end,
    'connections',
    format('%s of %s connections are in use', connection.used, connection.allowed),
    'ops_connections'
  from connection
  where connection.used >= connection.allowed * 0.8
  union all
  select
    case when max(now() - waiting.waitstart) > interval '1 minute' then 'critical' else 'warning' end,
    'locks',
    format(
      '%s sessions wait for a lock, the longest for %s s',
      count(distinct waiting.pid),
      extract(epoch from max(now() - waiting.waitstart))::bigint
    ),
    'ops_blocking_tree'
  from pg_catalog.pg_locks as waiting
  where not waiting.granted
    and waiting.waitstart < now() - interval '1 second'
  having count(*) > 0
  union all
  select
    case when max(now() - session.xact_start) > interval '1 hour' then 'critical' else 'warning' end,
    'transactions',
    format(
      '%s transactions are idle for more than a minute since they began, the oldest began %s s ago',
      count(*),
      extract(epoch from max(now() - session.xact_start))::bigint
    ),
    'ops_long_transactions'
  from session
  where session.state like 'idle in transaction%'
    and session.xact_start < now() - interval '1 minute'
  having count(*) > 0
  union all
  select
    'warning',
    'transactions',
    format(
      '%s statements run for more than an hour, the oldest for %s s',
      count(*),
      extract(epoch from max(now() - session.xact_start))::bigint
    ),
    'ops_long_transactions'
  from session
  where session.state = 'active'
    and session.backend_type = 'client backend'
    and session.xact_start < now() - interval '1 hour'
  having count(*) > 0
  union all
  select
    case when min(prepared.prepared) < now() - interval '1 hour' then 'critical' else 'warning' end,
    'transactions',
    format(
      '%s prepared transactions are not finished, the oldest for %s s',
      count(*),
      extract(epoch from now() - min(prepared.prepared))::bigint
    ),
    'ops_long_transactions'
  from pg_catalog.pg_prepared_xacts as prepared
  where prepared.prepared < now() - interval '1 minute'
  having count(*) > 0
  union all
  select
    case when age(database.datfrozenxid) > 1500000000 then 'critical' else 'warning' end,
    'wraparound',
    format(
      'Database %I has rows that were not frozen for %s transactions',
      database.datname,
      age(database.datfrozenxid)
    ),
    'ops_wraparound'
  from pg_catalog.pg_database as database
  -- Autovacuum begins at the setting; beyond it, it does not keep up.
  where age(database.datfrozenxid) > current_setting('autovacuum_freeze_max_age')::bigint * 1.2
  union all
  select
    'warning',
    'vacuum',
    format('%s tables have more than a fifth of dead rows', count(*)),
    'ops_autovacuum'
  from relation
  cross join lateral (select coalesce(pg_stat_get_dead_tuples(relation.oid), 0) as count) as dead
  where relation.relkind in ('r', 'm')
    and dead.count > 10000
    and dead.count > 0.2 * (dead.count + greatest(relation.reltuples, 0))
  having count(*) > 0
  union all
  select 'critical', 'vacuum', 'Autovacuum is off for the whole server', 'ops_autovacuum'
  where current_setting('autovacuum') = 'off'
    or current_setting('track_counts') = 'off'
  union all
  select
    'warning',
    'indexes',
    format('%s indexes are invalid: writes pay for them and no query uses them', count(*)),
    'ops_invalid_indexes'
  from pg_catalog.pg_index as index
  join relation on relation.oid = index.indexrelid
  where not index.indisvalid
  having count(*) > 0
  union all
  select
    'notice',
    'indexes',
    format(
      '%s indexes of %s were never used since the statistics were reset',
      unused.count,
      pg_size_pretty(unused.bytes)
    ),
    'ops_unused_indexes'
  from unused
  where unused.count > 0
  union all
  select
    'notice',
    'indexes',
    format('%s foreign keys of tables with more than 1000 rows have no index', count(*)),
    'ops_missing_foreign_key_indexes'
  from pg_catalog.pg_constraint as foreign_key
  join relation on relation.oid = foreign_key.conrelid
  where foreign_key.contype = 'f'
    and foreign_key.conparentid = 0
    and relation.reltuples > 1000
    and not exists (
      select
      from pg_catalog.pg_index as index
      where index.indrelid = foreign_key.conrelid
        and index.indisvalid
        and index.indpred is null
        and index.indnkeyatts >= cardinality(foreign_key.conkey)
        and (index.indkey::smallint[])[0 : cardinality(foreign_key.conkey) - 1] @> foreign_key.conkey
    )
  having count(*) > 0
  union all
  select
    case when max(sequence.used_percent) >= 95 then 'critical' else 'warning' end,
    'sequences',
    format('%s sequences have used more than three quarters of their numbers', count(*)),
    'ops_sequences_near_end'
  from sequence
  where sequence.used_percent >= 75
  having count(*) > 0
  union all
  select
    case
      when kept.bytes > 10737418240 or slot.wal_status in ('unreserved', 'lost') then 'critical'
      else 'warning'
    end,
    'replication',
    format(
      'Nobody reads from the replication slot %s, which keeps %s of WAL',
      slot.slot_name,
      pg_size_pretty(kept.bytes)
    ),
    'ops_replication_slots'
  from pg_catalog.pg_replication_slots as slot
  cross join lateral (
    select pg_wal_lsn_diff(
      -- The second of them fails on a standby.
      case when pg_is_in_recovery() then pg_last_wal_receive_lsn() else pg_current_wal_lsn() end,
      slot.restart_lsn
    )::bigint as bytes
  ) as kept
  where not slot.active
    -- A slot that reserved nothing keeps nothing.
    and slot.restart_lsn is not null
  union all
  select
    'warning',
    'archiving',
    format('The last WAL segment could not be archived; %s attempts failed', archiver.failed_count),
    'ops_replication'
  from pg_catalog.pg_stat_archiver as archiver
  where archiver.last_failed_time > coalesce(archiver.last_archived_time, '-infinity')
  union all
  select
    'critical',
    'storage',
    format('%s damaged pages were found in database %I', stat.checksum_failures, stat.datname),
    'ops_database_statistics'
  from pg_catalog.pg_stat_database as stat
  where stat.checksum_failures > 0
  union all
  select
    'notice',
    'memory',
    format(
      'Only %s percent of blocks were found in memory',
      round(100.0 * stat.blks_hit / (stat.blks_hit + stat.blks_read), 1)
    ),
    'ops_database_statistics'
  from pg_catalog.pg_stat_database as stat
  where stat.datname = current_database()
    -- Of a few reads a share says nothing.
    and stat.blks_hit + stat.blks_read > 1000000
    and stat.blks_hit < 0.9 * (stat.blks_hit + stat.blks_read)
  union all
  select
    'critical',
    'settings',
    format('%s is off: a crash can destroy data', setting.name),
    'ops_settings_changed'
  from pg_catalog.pg_settings as setting
  where setting.name in ('fsync', 'full_page_writes')
    and setting.setting = 'off'
  union all
  select
    'notice',
    'settings',
    format(
      '%s settings wait for a restart: %s',
      count(*),
      string_agg(setting.name, ', ' order by setting.name)
    ),
    'ops_settings_changed'
  from pg_catalog.pg_settings as setting
  where setting.pending_restart
  having count(*) > 0
)
select json_build_object(
  'server', json_build_object(
    'version', current_setting('server_version'),
    'database', current_database()::text,
    'is_standby', pg_is_in_recovery(),
    'uptime_seconds', extract(epoch from now() - pg_postmaster_start_time())::bigint,
    'tables', (
      select count(*)
      from relation
      where relation.relkind in ('r', 'p')
        and not relation.relispartition
    ),
    'connections_used', (select connection.used from connection),
    'connections_allowed', (select connection.allowed from connection)
  ),
  'findings', coalesce(
    (
      select json_agg(
        json_build_object(
          'severity', finding.severity,
          'area', finding.area,
          'message', finding.message,
          'tool', finding.tool
        )
        order by
          array_position(array['critical', 'warning', 'notice'], finding.severity),
          finding.area,
          finding.message
      )
      from finding
    ),
    '[]'
  ),
  'hidden_sessions', (select count(*) from session where session.is_hidden),
  'hidden_sequences', (select count(*) from sequence where not sequence.is_visible),
  'note', nullif(
    concat_ws(
      ' ',
      case
        when exists (select from session where session.is_hidden)
          then format(
            'Transactions of other roles could not be looked at: grant pg_monitor to %I;',
            current_user
          )
      end,
      case
        when exists (select from sequence where not sequence.is_visible)
          then format('Some sequences could not be looked at: grant pg_read_all_data to %I;', current_user)
      end
    ),
    ''
  )
) as report;
