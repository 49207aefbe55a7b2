-- The ledger of SEC's files: what was fetched, what became of it, and the hash that keeps an unchanged file from being loaded twice.

set local lock_timeout = '5s';

do $$
begin
  if to_regtype('edgar.source_status') is null then
    create type edgar.source_status as enum ('loaded', 'failed', 'missing');
  end if;
end
$$;

comment on type edgar.source_status is
  'What became of a file of SEC: loaded = its rows are here; failed = loading it failed; missing = SEC has no such file (404).';

create table if not exists edgar.source_file (
  path text not null,
  kind text not null generated always as (
    case
      when path ~ '^/?files/company_tickers' then 'tickers'
      when path ~ '^/?submissions/' or path ~ '/bulkdata/submissions\.zip' then 'submissions'
      when path ~ '^/?api/xbrl/' or path ~ '/xbrl/companyfacts\.zip' then 'company_facts'
      when path ~ '/full-index/' then 'full_index'
      when path ~ '/daily-index/' then 'daily_index'
      when path ~ '/financial-statement-data-sets/' then 'statement_data_set'
      when path ~ '^/?Archives/edgar/data/' then 'document'
      else 'other'
    end
  ) stored,
  sha256 text,
  etag text,
  last_modified text,
  size_bytes bigint,
  fetched_at timestamptz,
  status edgar.source_status not null,
  failure text,
  rows_loaded bigint not null default 0,
  seconds numeric not null default 0,
  loaded_at timestamptz not null default now(),
  constraint pk_source_file primary key (path),
  constraint check_source_file_path check (path <> ''),
  constraint check_source_file_sha256 check (sha256 ~ '^[0-9a-f]{64}$'),
  constraint check_source_file_size_bytes check (size_bytes >= 0),
  constraint check_source_file_failure check ((failure is not null) = (status = 'failed')),
  constraint check_source_file_rows_loaded check (rows_loaded >= 0),
  constraint check_source_file_seconds check (seconds >= 0)
);

create index if not exists index_source_file_kind on edgar.source_file (kind, status, loaded_at);

comment on table edgar.source_file is
  'A file of SEC that was loaded, or that could not be. A file whose hash is that of a loaded one is not loaded again.';
comment on column edgar.source_file.path is
  'Path of the file at SEC, such as /submissions/CIK0000320193.json; a member of an archive after its path and a slash.';
comment on column edgar.source_file.kind is
  'tickers, submissions, company_facts, full_index, daily_index, statement_data_set, document or other.';
comment on column edgar.source_file.sha256 is 'SHA-256 of the content, in hex; null when there was none.';
comment on column edgar.source_file.etag is 'ETag of SEC''s answer, for the next conditional request.';
comment on column edgar.source_file.last_modified is 'Last-Modified of SEC''s answer, as SEC writes it.';
comment on column edgar.source_file.size_bytes is 'Size of the content in bytes.';
comment on column edgar.source_file.fetched_at is 'When SEC sent the file; null for a file from a folder.';
comment on column edgar.source_file.status is 'What became of the file: loaded, failed or missing.';
comment on column edgar.source_file.failure is 'Why loading it failed; only with status failed.';
comment on column edgar.source_file.rows_loaded is 'Rows that the file brought, changed ones and unchanged ones.';
comment on column edgar.source_file.seconds is 'How long loading it took.';
comment on column edgar.source_file.loaded_at is 'When this row was last written.';
