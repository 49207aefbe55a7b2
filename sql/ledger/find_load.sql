-- name: find_load :one
-- title: A load by its key
-- The load of a tool that was done with an idempotency key: what it loaded, and what it answered.
--
-- @param tool              Name of the tool
-- @param idempotency_key   As the caller gave it

select
  load.fingerprint,
  load.source_bytes,
  load.finished_at,
  load.answer
from sqlwright.load as load
where load.tool = :tool::text
  and load.idempotency_key = :idempotency_key::text;
