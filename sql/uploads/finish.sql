-- name: finish :exec
-- title: Finish an upload
-- An upload is whole: its size and its hash are written down, and its time begins. No row is returned when it has expired on its way.
--
-- @param handle       Key of the upload
-- @param size_bytes   Bytes of the file
-- @param sha256       SHA-256 of the bytes, in hexadecimal
-- @param ttl_ms       How long it is kept, in milliseconds
-- @column expires_at  ISO 8601

update sqlwright.upload as upload
set
  size_bytes = :size_bytes::bigint,
  sha256 = :sha256::text,
  reserved_bytes = :size_bytes::bigint,
  expires_at = clock_timestamp() + :ttl_ms::bigint * interval '1 millisecond'
where upload.handle = :handle::text
returning to_char(upload.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as expires_at;
