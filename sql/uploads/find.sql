-- name: find :one
-- title: An upload by its key
-- An upload that is whole and has not expired.
--
-- @param handle       Key of the upload
-- @column expires_at  ISO 8601

select
  upload.name,
  upload.size_bytes,
  upload.sha256,
  to_char(upload.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as expires_at
from sqlwright.upload as upload
where upload.handle = :handle::text
  and upload.size_bytes is not null
  and upload.expires_at > now();
