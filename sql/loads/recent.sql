-- name: recent :view
-- title: Recent loads
-- Loads that were remembered, the newest first: what was loaded, by whom, how long it took, and what became of its rows.
--
-- @column id               The load, for loads_rejects
-- @column seconds          From the beginning of its transaction to the end of its merge
-- @column copied           Rows read from the source
-- @column inserted         Rows that were new in the table
-- @column updated          Rows that were changed in the table
-- @column rejected         Bad rows that were left out
-- @column has_rejects      Whether the rejected rows can still be read
-- @filter tool =           Name of the tool
-- @filter source ~         Part of the name of the source
-- @filter loaded_by =      The login
-- @filter finished_at >=   From this time on
-- @filter has_rejects =    Only loads with rejected rows, or without
-- @order finished_at desc, id

create or replace view sqlwright.recent_load as
select
  load.id,
  load.tool,
  load.source,
  load.source_bytes,
  load.loaded_by,
  load.finished_at,
  round(extract(epoch from load.finished_at - load.started_at), 3) as seconds,
  (load.answer ->> 'copied')::bigint as copied,
  (load.answer ->> 'inserted')::bigint as inserted,
  (load.answer ->> 'updated')::bigint as updated,
  (load.answer ->> 'rejected')::bigint as rejected,
  coalesce(load.rejects_expire_at > now(), false) as has_rejects
from sqlwright.load as load;
