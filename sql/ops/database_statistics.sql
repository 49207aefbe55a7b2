-- name: database_statistics :many
-- title: Database statistics
-- What each database has done since its statistics were reset: commits and rollbacks, how much came from
-- memory, temporary files, deadlocks. Under 99 percent from memory while the disk is busy asks for more
-- shared_buffers or better indexes; large temporary files for more work_mem.
--
-- @rows 500
-- @column database              Name of the database
-- @column counted_since         When counting began; null when the statistics were never reset
-- @column commits!              Transactions that were committed
-- @column rollbacks!            Transactions that were rolled back
-- @column hit_percent           Share of blocks found in PostgreSQL's own memory; null when none was read
--     {as: number}
-- @column blocks_read!          Blocks that were asked of the operating system
-- @column temporary_files!      Files that sorts and joins wrote because work_mem was too small
-- @column temporary_bytes!      Bytes in them
-- @column deadlocks!            Deadlocks that PostgreSQL broke
-- @column conflicts!            Queries that a standby cancelled for the sake of replication
-- @column checksum_failures     Damaged pages that were found; null when checksums are off
-- @example all  {}  => rows >= 1

select
  stat.datname::text as database,
  stat.stats_reset as counted_since,
  stat.xact_commit as commits,
  stat.xact_rollback as rollbacks,
  round(100.0 * stat.blks_hit / nullif(stat.blks_hit + stat.blks_read, 0), 2) as hit_percent,
  stat.blks_read as blocks_read,
  stat.temp_files as temporary_files,
  stat.temp_bytes as temporary_bytes,
  stat.deadlocks,
  stat.conflicts,
  stat.checksum_failures
from pg_catalog.pg_stat_database as stat
where stat.datid <> 0
order by stat.xact_commit + stat.xact_rollback desc, stat.datname;
