-- What :copy tools remember: loads with an idempotency key, so that the same load is done once, and the rows that a collecting
-- load has rejected, until they expire.

set local lock_timeout = '5s';

create table if not exists sqlwright.load (
  id uuid constraint pk_load primary key,
  tool text not null,
  idempotency_key text,
  fingerprint text not null,
  source text,
  source_bytes bigint,
  loaded_by text not null default session_user,
  started_at timestamptz not null,
  finished_at timestamptz not null,
  answer json not null,
  rejects_expire_at timestamptz,
  constraint unique_load_key unique (tool, idempotency_key),
  constraint check_load_key check (length(idempotency_key) between 1 and 200)
);

create index if not exists index_load_rejects_expire_at on sqlwright.load (rejects_expire_at)
where rejects_expire_at is not null;

create table if not exists sqlwright.load_reject (
  load_id uuid not null constraint fk_load_reject_load references sqlwright.load (id) on delete cascade,
  number integer not null,
  line bigint not null,
  column_name text,
  value text,
  reason text not null,
  sqlstate text,
  record text,
  constraint pk_load_reject primary key (load_id, number)
);

comment on table sqlwright.load is 'Loads of :copy tools that had an idempotency key or rejected rows';
comment on column sqlwright.load.fingerprint is 'SHA-256 of the arguments: another load may not use the same key';
comment on column sqlwright.load.source is 'What was loaded, as the caller named it; null for rows of the call';
comment on column sqlwright.load.source_bytes is 'Size of the source when it was loaded, where it is known';
comment on column sqlwright.load.loaded_by is 'The login';
comment on column sqlwright.load.answer is 'The counts that the load answered';
comment on column sqlwright.load.rejects_expire_at is 'When its rejects are deleted by a later load; null without rejects';
comment on table sqlwright.load_reject is 'Rows that a load with mode collect has left out';
comment on column sqlwright.load_reject.line is 'Line of the source, element of a JSON array, or row of the call; from 1';
comment on column sqlwright.load_reject.column_name is 'Column that was refused, where it is known';
comment on column sqlwright.load_reject.value is 'Start of the refused value';
comment on column sqlwright.load_reject.reason is 'Why, in PostgreSQL''s words or the reader''s';
comment on column sqlwright.load_reject.record is 'Start of the record as it stands in the source';

do $$
begin
  -- The login of the embedded database. Other logins are granted what they need by an administrator.
  if exists (select from pg_catalog.pg_roles as role where role.rolname = 'sqlwright_server') then
    grant usage on schema sqlwright to sqlwright_server;
    grant select, insert, update, delete on sqlwright.load, sqlwright.load_reject to sqlwright_server;
  end if;
end
$$;
