-- name: record_load :exec
-- title: Record a load
-- Writes down a load in the load's own transaction. Rejected rows are kept for a week.
--
-- @param id                 The load
-- @param tool               Name of the tool
-- @param idempotency_key?   As the caller gave it
-- @param fingerprint        SHA-256 of the arguments
-- @param source?            What was loaded, as the caller named it
-- @param source_bytes?      Size of the source, where it is known
-- @param answer             What the load answered
-- @param has_rejects        Whether rows were rejected

insert into sqlwright.load (
  id, tool, idempotency_key, fingerprint, source, source_bytes, started_at, finished_at, answer, rejects_expire_at
)
values (
  :id::uuid,
  :tool::text,
  :idempotency_key::text,
  :fingerprint::text,
  :source::text,
  :source_bytes::bigint,
  now(),
  clock_timestamp(),
  :answer::json,
  case when :has_rejects::boolean then now() + interval '7 days' end
);
