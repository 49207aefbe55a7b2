-- Work that a server asks for and a worker does, `sqlwright edgar work`: the server of the tools has neither the disk nor the hours for SEC's
-- nightly archives. What is asked for twice is one job. The worker reads the request from here, runs it through graphile-worker's queue, and writes
-- down how far it is; it logs in as the owner of this table.

set local lock_timeout = '5s';

do $$
begin
  if to_regtype('edgar.job_state') is null then
    create type edgar.job_state as enum ('queued', 'running', 'done', 'failed');
  end if;
end
$$;

comment on type edgar.job_state is
  'Where a job is: queued = waits for a worker; running = a worker is at it; done = it ended well; failed = it ended otherwise.';

create table if not exists edgar.job (
  name text not null,
  state edgar.job_state not null default 'queued',
  requested_at timestamptz not null default now(),
  taken_at timestamptz,
  started_at timestamptz,
  ended_at timestamptz,
  told_at timestamptz,
  progress text,
  files integer not null default 0,
  rows_loaded bigint not null default 0,
  failure text,
  constraint pk_job primary key (name),
  constraint check_job_name check (name in ('bulk')),
  constraint check_job_files check (files >= 0),
  constraint check_job_rows_loaded check (rows_loaded >= 0),
  constraint check_job_failure check (state <> 'failed' or failure is not null)
);

comment on table edgar.job is 'Work that was asked for and that a worker does. One row for each kind of work: asking again while it is open changes nothing.';
comment on column edgar.job.name is 'bulk: SEC''s nightly archives with all companies.';
comment on column edgar.job.state is 'Where it is.';
comment on column edgar.job.requested_at is 'When it was asked for.';
comment on column edgar.job.taken_at is 'When a worker put it into its queue; null until one has seen it.';
comment on column edgar.job.started_at is 'When a worker began with it, the last time.';
comment on column edgar.job.ended_at is 'When it ended.';
comment on column edgar.job.told_at is 'When its worker last said how far it is.';
comment on column edgar.job.progress is 'What it is doing, in words.';
comment on column edgar.job.files is 'Files that are through: archives, and companies in them.';
comment on column edgar.job.rows_loaded is 'Rows that were read of them.';
comment on column edgar.job.failure is 'Why it failed, or why the last attempt did when it is queued again.';

grant select on edgar.job to sqlwright_reader, sqlwright_writer;
grant insert, update on edgar.job to sqlwright_writer;
