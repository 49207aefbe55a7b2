-- name: checkpoints :one
-- title: Checkpoints
-- How often the server writes its memory to disk, and whether because of the time (as it should) or because
-- the WAL is full: a requested_percent far above 10 asks for a larger max_wal_size. Everybody may see it.
--
-- @column timed!                Checkpoints that came in their time
-- @column requested!            Checkpoints that came earlier, because the WAL was full or somebody asked
-- @column requested_percent     Share of the second; null when there was none    {as: number}
-- @column write_seconds!        Time that went into writing
-- @column sync_seconds!         Time that went into syncing
-- @column buffers_written!      Blocks that they wrote
-- @column counted_since         When counting began
-- @column max_wal_size!         The setting
-- @column checkpoint_timeout!   The setting
-- @example now  {}  => {row: {}}
-- @allow forbidden read-tool-writes  query_to_xml() runs one of two fixed texts, in the call's read-only
--     transaction: PostgreSQL 17 moved these counters to a view that naming it in the file would be an error
--     before

select
  counted.timed,
  counted.requested,
  round(100.0 * counted.requested / nullif(counted.timed + counted.requested, 0), 1) as requested_percent,
  (counted.write_ms / 1000)::bigint as write_seconds,
  (counted.sync_ms / 1000)::bigint as sync_seconds,
  counted.buffers_written,
  counted.counted_since,
  current_setting('max_wal_size') as max_wal_size,
  current_setting('checkpoint_timeout') as checkpoint_timeout
from (
  select query_to_xml(
    case
      when current_setting('server_version_num')::integer >= 170000
        then $text$
          select row_to_json(counted)
          from (
            select
              num_timed as timed, num_requested as requested, write_time as write_ms, sync_time as sync_ms,
              buffers_written, stats_reset as counted_since
            from pg_catalog.pg_stat_checkpointer
          ) as counted
        $text$
      else $text$
        select row_to_json(counted)
        from (
          select
            checkpoints_timed as timed, checkpoints_req as requested, checkpoint_write_time as write_ms,
            checkpoint_sync_time as sync_ms, buffers_checkpoint as buffers_written,
            stats_reset as counted_since
          from pg_catalog.pg_stat_bgwriter
        ) as counted
      $text$
    end,
    false,
    false,
    ''
  )::text as xml
) as answer
-- Numbers and a time: nothing in them that XML would have to escape.
cross join lateral json_to_record(
  split_part(split_part(answer.xml, '<row_to_json>', 2), '</row_to_json>', 1)::json
) as counted (
  timed bigint,
  requested bigint,
  write_ms float8,
  sync_ms float8,
  buffers_written bigint,
  counted_since timestamptz
);
