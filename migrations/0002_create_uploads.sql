-- Uploads: files that clients put to the server and name as the source of a load (upload:<handle>), until they expire.
--
-- In the database, because the server's process cannot write files, and because any replica of it may answer the load.
-- Unlogged, because an upload is used within the hour: after a crash of PostgreSQL it is put again.

set local lock_timeout = '5s';

create unlogged table if not exists sqlwright.upload (
  handle text not null,
  name text not null,
  reserved_bytes bigint not null,
  size_bytes bigint,
  sha256 text,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  constraint pk_upload primary key (handle),
  constraint check_upload_handle check (handle ~ '^[0-9a-f]{32}$'),
  constraint check_upload_name check (char_length(name) between 1 and 255),
  constraint check_upload_reserved_bytes check (reserved_bytes >= 0),
  constraint check_upload_size_bytes check (size_bytes between 0 and reserved_bytes),
  constraint check_upload_sha256 check (sha256 ~ '^[0-9a-f]{64}$'),
  constraint check_upload_complete check ((size_bytes is null) = (sha256 is null))
);

comment on table sqlwright.upload is 'A file that a client has put, as the source of a load; it is deleted when it expires.';
comment on column sqlwright.upload.handle is 'What the client names it by: 128 random bits. Who knows it may load it.';
comment on column sqlwright.upload.name is 'File name as the client gave it, without folders.';
comment on column sqlwright.upload.reserved_bytes is 'What it counts against SQLWRIGHT_UPLOAD_SPACE.';
comment on column sqlwright.upload.size_bytes is 'Bytes of the file; null while it is on its way.';
comment on column sqlwright.upload.sha256 is 'SHA-256 of the bytes, in hexadecimal; null while it is on its way.';
comment on column sqlwright.upload.created_at is 'When the first byte was awaited.';
comment on column sqlwright.upload.expires_at is 'From then on it is not there any more.';

create unlogged table if not exists sqlwright.upload_part (
  handle text not null,
  position integer not null,
  bytes bytea not null,
  constraint pk_upload_part primary key (handle, position),
  constraint fk_upload_part_upload foreign key (handle) references sqlwright.upload (handle) on delete cascade,
  constraint check_upload_part_position check (position >= 0)
);

-- Compressing what mostly is compressed already would only take time.
alter table sqlwright.upload_part alter column bytes set storage external;

comment on table sqlwright.upload_part is 'The bytes of an upload, one mebibyte a row, the last one shorter.';
comment on column sqlwright.upload_part.position is 'From 0.';

do $$
begin
  if exists (select from pg_catalog.pg_roles as role where role.rolname = 'sqlwright_server') then
    grant select, insert, update, delete on sqlwright.upload, sqlwright.upload_part to sqlwright_server;
  end if;
end
$$;
