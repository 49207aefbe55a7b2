-- name: queue_bulk_sync :exec
-- title: Ask for SEC's nightly archives
-- Queues the load of SEC's nightly archives, every company with its filings and facts, for a worker with a disk: `sqlwright edgar work`. It takes
-- hours. While it is queued or running, asking again changes nothing. How far it is: edgar_worker_jobs.
--
-- @scope edgar:sync
-- @hint idempotent
-- @example twice  {}  => affected = 1

insert into edgar.job as job (name)
values ('bulk')
on conflict (name) do update
set
  state = 'queued',
  requested_at = now(),
  taken_at = null,
  started_at = null,
  ended_at = null,
  told_at = null,
  progress = null,
  files = 0,
  rows_loaded = 0,
  failure = null
where job.state in ('done', 'failed')
returning job.name, job.state, job.requested_at;
