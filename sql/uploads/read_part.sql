-- name: read_part :value
-- title: Bytes of an upload
-- One part of an upload, in PostgreSQL's hexadecimal; null when it is not there any more.
--
-- @param handle     Key of the upload
-- @param position   From 0

select part.bytes
from sqlwright.upload_part as part
where part.handle = :handle::text
  and part.position = :position::integer;
