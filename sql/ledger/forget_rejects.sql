-- name: forget_rejects :exec
-- title: Forget rejects that have expired
-- Deletes rejects whose time is over, those of a hundred loads at once. Each load that is recorded does so, so nothing else has to.

with expired as (
  select old.id
  from sqlwright.load as old
  where old.rejects_expire_at < now()
  order by old.rejects_expire_at
  limit 100
  for update skip locked
), emptied as (
  delete from sqlwright.load_reject as reject
  using expired
  where reject.load_id = expired.id
)
update sqlwright.load as load
set rejects_expire_at = null
from expired
where load.id = expired.id;
