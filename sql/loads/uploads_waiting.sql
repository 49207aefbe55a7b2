-- name: uploads_waiting :many
-- title: Uploads that wait
-- Files that clients have put and that have not expired, the next to expire first. Their handles are not shown: who knows one may load it.
--
-- @column is_whole     False while the file is on its way
-- @column kept_bytes   What it counts against SQLWRIGHT_UPLOAD_SPACE
-- @rows 200
-- @example any  {}  => rows >= 0

select
  upload.name,
  upload.size_bytes is not null as is_whole,
  upload.size_bytes,
  upload.reserved_bytes as kept_bytes,
  upload.sha256,
  upload.created_at,
  upload.expires_at
from sqlwright.upload as upload
where upload.expires_at > now()
order by upload.expires_at, upload.created_at;
