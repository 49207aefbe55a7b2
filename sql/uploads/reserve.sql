-- name: reserve :exec
-- title: Reserve space for an upload
-- Writes down an upload that is on its way, where the space that all uploads may have has room for it: else no row is affected.
--
-- @param handle           Key of the upload
-- @param name             File name, without folders
-- @param reserved_bytes   What it counts against the space
-- @param ttl_ms           How long it is kept, in milliseconds
-- @param space_bytes      What all uploads together may have

insert into sqlwright.upload (handle, name, reserved_bytes, expires_at)
select
  :handle::text,
  :name::text,
  :reserved_bytes::bigint,
  clock_timestamp() + :ttl_ms::bigint * interval '1 millisecond'
where (
  select coalesce(sum(upload.reserved_bytes), 0)
  from sqlwright.upload as upload
) + :reserved_bytes::bigint <= :space_bytes::bigint;
