-- name: extend :exec
-- title: Reserve more space for an upload
-- For an upload whose size nobody announced: reserves more, where the space has room, else no row is affected.
--
-- @param handle           Key of the upload
-- @param reserved_bytes   What it counts against the space from now on
-- @param space_bytes      What all uploads together may have

update sqlwright.upload as upload
set reserved_bytes = :reserved_bytes::bigint
where upload.handle = :handle::text
  and (
    select coalesce(sum(other.reserved_bytes), 0)
    from sqlwright.upload as other
    where other.handle <> :handle::text
  ) + :reserved_bytes::bigint <= :space_bytes::bigint;
