-- Generated: the schema that sqlwright's own tables and migrations make, to read and to review. Do not edit; do not run. Made by
--   pg_dump --schema-only --no-owner --no-privileges --schema=sqlwright "$DATABASE_URL" \
--     | sed -e '/^--/d' -e '/^SET /d' -e '/^SELECT pg_catalog/d' -e '/^\\/d' | cat -s
-- with pg_dump 15 on a database that `migrate` has just filled.

CREATE SCHEMA sqlwright;

COMMENT ON SCHEMA sqlwright IS 'What sqlwright keeps about itself.';

CREATE TABLE sqlwright.function (
    namespace text NOT NULL,
    path text NOT NULL,
    routines text[] NOT NULL,
    sha256 text NOT NULL,
    deployed_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE sqlwright.function IS 'Function files that were deployed to this database.';

COMMENT ON COLUMN sqlwright.function.namespace IS 'Name of the project.';

COMMENT ON COLUMN sqlwright.function.path IS 'Path of the file in the folder of functions.';

COMMENT ON COLUMN sqlwright.function.routines IS 'What the file made: names with their argument types, all with their schemas.';

COMMENT ON COLUMN sqlwright.function.sha256 IS 'SHA-256 of the file''s text.';

COMMENT ON COLUMN sqlwright.function.deployed_at IS 'When it was last deployed.';

CREATE TABLE sqlwright.load (
    id uuid NOT NULL,
    tool text NOT NULL,
    idempotency_key text,
    fingerprint text NOT NULL,
    source text,
    source_bytes bigint,
    loaded_by text DEFAULT SESSION_USER NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    answer json NOT NULL,
    rejects_expire_at timestamp with time zone,
    CONSTRAINT check_load_key CHECK (((length(idempotency_key) >= 1) AND (length(idempotency_key) <= 200)))
);

COMMENT ON TABLE sqlwright.load IS 'Loads of :copy tools that had an idempotency key or rejected rows';

COMMENT ON COLUMN sqlwright.load.fingerprint IS 'SHA-256 of the arguments: another load may not use the same key';

COMMENT ON COLUMN sqlwright.load.source IS 'What was loaded, as the caller named it; null for rows of the call';

COMMENT ON COLUMN sqlwright.load.source_bytes IS 'Size of the source when it was loaded, where it is known';

COMMENT ON COLUMN sqlwright.load.loaded_by IS 'The login';

COMMENT ON COLUMN sqlwright.load.answer IS 'The counts that the load answered';

COMMENT ON COLUMN sqlwright.load.rejects_expire_at IS 'When its rejects are deleted by a later load; null without rejects';

CREATE TABLE sqlwright.load_reject (
    load_id uuid NOT NULL,
    number integer NOT NULL,
    line bigint NOT NULL,
    column_name text,
    value text,
    reason text NOT NULL,
    sqlstate text,
    record text
);

COMMENT ON TABLE sqlwright.load_reject IS 'Rows that a load with mode collect has left out';

COMMENT ON COLUMN sqlwright.load_reject.line IS 'Line of the source, element of a JSON array, or row of the call; from 1';

COMMENT ON COLUMN sqlwright.load_reject.column_name IS 'Column that was refused, where it is known';

COMMENT ON COLUMN sqlwright.load_reject.value IS 'Start of the refused value';

COMMENT ON COLUMN sqlwright.load_reject.reason IS 'Why, in PostgreSQL''s words or the reader''s';

COMMENT ON COLUMN sqlwright.load_reject.record IS 'Start of the record as it stands in the source';

CREATE TABLE sqlwright.migration (
    version integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL,
    duration_ms integer NOT NULL,
    namespace text NOT NULL
);

COMMENT ON TABLE sqlwright.migration IS 'Migrations that were applied to this database.';

COMMENT ON COLUMN sqlwright.migration.version IS 'Number of the migration.';

COMMENT ON COLUMN sqlwright.migration.name IS 'Name of its file.';

COMMENT ON COLUMN sqlwright.migration.sha256 IS 'SHA-256 of the file''s text with line feeds as line ends.';

COMMENT ON COLUMN sqlwright.migration.applied_at IS 'When it was applied.';

COMMENT ON COLUMN sqlwright.migration.duration_ms IS 'How long it took, in milliseconds.';

COMMENT ON COLUMN sqlwright.migration.namespace IS 'sqlwright for its own, else the name of the project.';

CREATE UNLOGGED TABLE sqlwright.upload (
    handle text NOT NULL,
    name text NOT NULL,
    reserved_bytes bigint NOT NULL,
    size_bytes bigint,
    sha256 text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT check_upload_complete CHECK (((size_bytes IS NULL) = (sha256 IS NULL))),
    CONSTRAINT check_upload_handle CHECK ((handle ~ '^[0-9a-f]{32}$'::text)),
    CONSTRAINT check_upload_name CHECK (((char_length(name) >= 1) AND (char_length(name) <= 255))),
    CONSTRAINT check_upload_reserved_bytes CHECK ((reserved_bytes >= 0)),
    CONSTRAINT check_upload_sha256 CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT check_upload_size_bytes CHECK (((size_bytes >= 0) AND (size_bytes <= reserved_bytes)))
);

COMMENT ON TABLE sqlwright.upload IS 'A file that a client has put, as the source of a load; it is deleted when it expires.';

COMMENT ON COLUMN sqlwright.upload.handle IS 'What the client names it by: 128 random bits. Who knows it may load it.';

COMMENT ON COLUMN sqlwright.upload.name IS 'File name as the client gave it, without folders.';

COMMENT ON COLUMN sqlwright.upload.reserved_bytes IS 'What it counts against SQLWRIGHT_UPLOAD_SPACE.';

COMMENT ON COLUMN sqlwright.upload.size_bytes IS 'Bytes of the file; null while it is on its way.';

COMMENT ON COLUMN sqlwright.upload.sha256 IS 'SHA-256 of the bytes, in hexadecimal; null while it is on its way.';

COMMENT ON COLUMN sqlwright.upload.created_at IS 'When the first byte was awaited.';

COMMENT ON COLUMN sqlwright.upload.expires_at IS 'From then on it is not there any more.';

CREATE UNLOGGED TABLE sqlwright.upload_part (
    handle text NOT NULL,
    "position" integer NOT NULL,
    bytes bytea NOT NULL,
    CONSTRAINT check_upload_part_position CHECK (("position" >= 0))
);
ALTER TABLE ONLY sqlwright.upload_part ALTER COLUMN bytes SET STORAGE EXTERNAL;

COMMENT ON TABLE sqlwright.upload_part IS 'The bytes of an upload, one mebibyte a row, the last one shorter.';

COMMENT ON COLUMN sqlwright.upload_part."position" IS 'From 0.';

CREATE TABLE sqlwright.view (
    path text NOT NULL,
    view_name text NOT NULL,
    sha256 text NOT NULL,
    deployed_at timestamp with time zone DEFAULT now() NOT NULL,
    namespace text NOT NULL
);

COMMENT ON TABLE sqlwright.view IS 'View files that were deployed to this database.';

COMMENT ON COLUMN sqlwright.view.path IS 'Path of the file in the SQL directory.';

COMMENT ON COLUMN sqlwright.view.view_name IS 'The view, with its schema, quoted where needed.';

COMMENT ON COLUMN sqlwright.view.sha256 IS 'SHA-256 of the file''s text and column texts.';

COMMENT ON COLUMN sqlwright.view.deployed_at IS 'When it was last deployed.';

COMMENT ON COLUMN sqlwright.view.namespace IS 'Name of the project; empty for query files outside of any.';

ALTER TABLE ONLY sqlwright.function
    ADD CONSTRAINT pk_function PRIMARY KEY (namespace, path);

ALTER TABLE ONLY sqlwright.load
    ADD CONSTRAINT pk_load PRIMARY KEY (id);

ALTER TABLE ONLY sqlwright.load_reject
    ADD CONSTRAINT pk_load_reject PRIMARY KEY (load_id, number);

ALTER TABLE ONLY sqlwright.migration
    ADD CONSTRAINT pk_migration PRIMARY KEY (namespace, version);

ALTER TABLE ONLY sqlwright.upload
    ADD CONSTRAINT pk_upload PRIMARY KEY (handle);

ALTER TABLE ONLY sqlwright.upload_part
    ADD CONSTRAINT pk_upload_part PRIMARY KEY (handle, "position");

ALTER TABLE ONLY sqlwright.view
    ADD CONSTRAINT pk_view PRIMARY KEY (namespace, path);

ALTER TABLE ONLY sqlwright.load
    ADD CONSTRAINT unique_load_key UNIQUE (tool, idempotency_key);

CREATE INDEX index_load_rejects_expire_at ON sqlwright.load USING btree (rejects_expire_at) WHERE (rejects_expire_at IS NOT NULL);

ALTER TABLE ONLY sqlwright.load_reject
    ADD CONSTRAINT fk_load_reject_load FOREIGN KEY (load_id) REFERENCES sqlwright.load(id) ON DELETE CASCADE;

ALTER TABLE ONLY sqlwright.upload_part
    ADD CONSTRAINT fk_upload_part_upload FOREIGN KEY (handle) REFERENCES sqlwright.upload(handle) ON DELETE CASCADE;

