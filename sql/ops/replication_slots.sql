-- name: replication_slots :many
-- title: Replication slots
-- Replication slots with the WAL that each one keeps from being removed. One that nobody uses fills the disk
-- until it is dropped: look first at those with is_active false. Everybody may see them.
--
-- @rows 200
-- @column slot!                 Name of the slot
-- @column kind!                 physical (a standby) or logical (a subscriber)
-- @column database              Database of a logical slot
-- @column is_active!            Whether somebody reads from it now
-- @column inactive_since        Since when nobody does; kept by PostgreSQL 17 and later
-- @column retained_bytes        WAL that it keeps; null when it has reserved none
-- @column retained              The same for people
-- @column wal_status            reserved and extended are well; unreserved and lost: it kept more than
--     max_slot_wal_keep_size allows
-- @column remaining_bytes       How much more may be written before it is lost; null without such a limit
-- @column invalidation_reason   Why it cannot be used any more; kept by PostgreSQL 17 and later
-- @column to_drop!              The statement that drops it, for when its reader is gone for good
-- @example usual  {}  => rows >= 0
-- @allow read-tool-writes  pg_is_in_recovery() and the positions in the WAL are volatile because they move;
--     reading them writes nothing

select
  slot.slot_name::text as slot,
  slot.slot_type as kind,
  slot.database::text as database,
  slot.active as is_active,
  -- Read out of JSON, because naming the column would be an error on PostgreSQL 15 and 16.
  (to_jsonb(slot) ->> 'inactive_since')::timestamptz as inactive_since,
  kept.bytes as retained_bytes,
  pg_size_pretty(kept.bytes) as retained,
  slot.wal_status,
  slot.safe_wal_size as remaining_bytes,
  to_jsonb(slot) ->> 'invalidation_reason' as invalidation_reason,
  format('select pg_drop_replication_slot(%L);', slot.slot_name) as to_drop
from pg_catalog.pg_replication_slots as slot
cross join lateral (
  select pg_wal_lsn_diff(
    -- The second of them fails on a standby.
    case when pg_is_in_recovery() then pg_last_wal_receive_lsn() else pg_current_wal_lsn() end,
    slot.restart_lsn
  )::bigint as bytes
) as kept
order by kept.bytes desc nulls last, slot.slot_name;
