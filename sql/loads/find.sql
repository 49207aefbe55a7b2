-- name: find :one
-- title: A load
-- One load with all that it answered. Null when it is not remembered.
--
-- @param id   The load: `id` of loads_recent

select
  load.id,
  load.tool,
  load.idempotency_key,
  load.source,
  load.source_bytes,
  load.loaded_by,
  load.started_at,
  load.finished_at,
  load.answer,
  load.rejects_expire_at
from sqlwright.load as load
where load.id = :id::uuid;
