-- name: source_file :one
-- title: One file of SEC
-- What became of one file of SEC, with the hash and the ETag of its content. Null when it was never asked for.
--
-- @param path   Path of the file at SEC, without the host
-- @example unknown  {path: files/no_such_file.json}  => null

select
  file.path,
  file.kind,
  file.status,
  file.sha256,
  file.etag,
  file.last_modified,
  file.size_bytes,
  file.fetched_at,
  file.failure,
  file.rows_loaded,
  file.seconds,
  file.loaded_at
from edgar.source_file as file
where file.path = :path::text;
