-- name: worker_jobs :many
-- title: Jobs for workers
-- What was asked of workers, how far it is, and how many workers there are. Nothing moves while there is none: somebody has to run
-- `sqlwright edgar work` on a machine with a disk.
--
-- @column name!            bulk: SEC's nightly archives with all companies
-- @column state!           queued, running, done or failed
-- @column requested_at!    When it was asked for
-- @column started_at       When a worker began with it, the last time
-- @column ended_at         When it ended
-- @column told_at          When its worker last said how far it is
-- @column progress         What it is doing, in words
-- @column files!           Files that are through
-- @column rows_loaded!     Rows that were read
-- @column failure          Why it failed, or why the last attempt did when it is queued again
-- @column workers!         Workers that are there now
-- @example none  {}  => rows >= 0

select
  job.name,
  job.state,
  job.requested_at,
  job.started_at,
  job.ended_at,
  job.told_at,
  job.progress,
  job.files,
  job.rows_loaded,
  job.failure,
  (
    select count(*)
    from pg_catalog.pg_locks as held
    where held.locktype = 'advisory'
      -- The letters EDGR: each worker holds one for as long as it lives.
      and held.classid = 1162102610
      and held.granted
      and held.database = (
        select present.oid
        from pg_catalog.pg_database as present
        where present.datname = current_database()
      )
  ) as workers
from edgar.job as job
order by job.name
limit 100;
