-- name: rejects :many
-- title: Rejected rows of a load
-- The rows that a load has left out, in the order of its source, and why. Nothing when their time is over.
--
-- @param load_id     The load: `id` of loads_recent
-- @param sqlstate?   Only those that PostgreSQL refused with this code    {pattern: '^[0-9A-Z]{5}$'}
-- @page load_id, number

select
  reject.load_id,
  reject.number,
  reject.line,
  reject.column_name,
  reject.value,
  reject.reason,
  reject.sqlstate,
  reject.record
from sqlwright.load_reject as reject
where reject.load_id = :load_id::uuid
  and (:sqlstate::text is null or reject.sqlstate = :sqlstate);
