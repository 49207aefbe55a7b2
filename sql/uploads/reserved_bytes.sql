-- name: reserved_bytes :value
-- title: What an upload has reserved
-- The bytes that an upload counts against the space; null when it is not there any more.
--
-- @param handle   Key of the upload

select upload.reserved_bytes
from sqlwright.upload as upload
where upload.handle = :handle::text;
