-- name: replication :report
-- title: Replication
-- The state of replication as this server sees it: the standbys and subscribers that it sends WAL to with
-- their lag, what it receives itself when it is a standby, its subscriptions, and archiving. Slots:
-- `ops_replication_slots`.
--
-- @column report!   All of it; empty lists where there is no replication
-- @example usual  {}  => {report: {}}
-- @allow read-tool-writes  pg_is_in_recovery() and the positions in the WAL are volatile because they move;
--     reading them writes nothing

with position as materialized (
  select
    pg_is_in_recovery() as is_standby,
    -- The second of them fails on a standby.
    case when pg_is_in_recovery() then pg_last_wal_receive_lsn() else pg_current_wal_lsn() end as lsn
)
select json_build_object(
  'is_standby', position.is_standby,
  'position', position.lsn::text,
  'replay_delay_seconds', case
    when position.is_standby
      then extract(epoch from now() - pg_last_xact_replay_timestamp())::bigint
  end,
  'senders', coalesce(
    (
      select json_agg(
        json_build_object(
          'pid', sender.pid,
          'role', sender.usename::text,
          'application', sender.application_name,
          'client', host(sender.client_addr),
          'state', sender.state,
          'is_synchronous', sender.sync_state in ('sync', 'quorum'),
          'lag_bytes', pg_wal_lsn_diff(position.lsn, sender.replay_lsn)::bigint,
          'replay_lag_seconds', round(extract(epoch from sender.replay_lag), 1)::float8,
          'is_visible', sender.state is not null
        )
        order by sender.application_name, sender.pid
      )
      from pg_catalog.pg_stat_replication as sender
    ),
    '[]'
  ),
  'receivers', coalesce(
    (
      select json_agg(
        json_build_object(
          'pid', receiver.pid,
          'status', receiver.status,
          'sender', receiver.sender_host,
          'slot', receiver.slot_name,
          'last_message_at', receiver.last_msg_receipt_time,
          'is_visible', receiver.status is not null
        )
        order by receiver.pid
      )
      from pg_catalog.pg_stat_wal_receiver as receiver
    ),
    '[]'
  ),
  'subscriptions', coalesce(
    (
      select json_agg(
        json_build_object(
          'subscription', subscription.subname::text,
          'is_running', subscription.pid is not null,
          'last_message_at', subscription.last_msg_receipt_time,
          'position', subscription.latest_end_lsn::text
        )
        order by subscription.subname, subscription.pid
      )
      from pg_catalog.pg_stat_subscription as subscription
      -- Rows with a relation are workers that copy a table at the beginning.
      where subscription.relid is null
    ),
    '[]'
  ),
  'archiving', (
    select json_build_object(
      'mode', current_setting('archive_mode'),
      'archived', archiver.archived_count,
      'last_archived_at', archiver.last_archived_time,
      'failed', archiver.failed_count,
      'last_failed_at', archiver.last_failed_time
    )
    from pg_catalog.pg_stat_archiver as archiver
  ),
  'hidden_senders', (
    select count(*)
    from pg_catalog.pg_stat_replication as sender
    where sender.state is null
  ),
  'note', case
    when not pg_has_role('pg_read_all_stats', 'usage')
      then format(
        'Standbys are listed without state and lag. To see them: grant pg_monitor to %I;',
        current_user
      )
  end
) as report
from position;
