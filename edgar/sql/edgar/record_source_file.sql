-- name: record_source_file :exec
-- title: Record a file of SEC
-- Writes down what became of a file of SEC: loaded, failed or missing. A file that is recorded already is replaced.
--
-- @param path             Path of the file at SEC, without the host
-- @param status           What became of it
-- @param sha256?          SHA-256 of the content, in hex                       {pattern: '^[0-9a-f]{64}$'}
-- @param etag?            ETag of SEC's answer
-- @param last_modified?   Last-Modified of SEC's answer, as SEC writes it
-- @param size_bytes?      Size of the content in bytes                         {minimum: 0}
-- @param fetched_at?      When SEC sent it; null for a file from a folder
-- @param failure?         Why it failed; only, and always, with status failed  {maxLength: 2000}
-- @param rows_loaded = 0  Rows that the file brought                           {minimum: 0}
-- @param seconds = 0      How long loading it took                             {minimum: 0}
-- @scope edgar:load
-- @hint idempotent
-- @example loaded  {path: files/company_tickers.json, status: loaded, rows_loaded: 10409, seconds: 0.4}  => affected = 1
-- @example reason  {path: files/company_tickers.json, status: failed}  => error 23514

insert into edgar.source_file
  (path, status, sha256, etag, last_modified, size_bytes, fetched_at, failure, rows_loaded, seconds)
values (
  :path::text,
  :status::edgar.source_status,
  :sha256::text,
  :etag::text,
  :last_modified::text,
  :size_bytes::bigint,
  :fetched_at::timestamptz,
  :failure::text,
  :rows_loaded::bigint,
  :seconds::numeric
)
on conflict (path) do update
set
  status = excluded.status,
  sha256 = excluded.sha256,
  etag = excluded.etag,
  last_modified = excluded.last_modified,
  size_bytes = excluded.size_bytes,
  fetched_at = excluded.fetched_at,
  failure = excluded.failure,
  rows_loaded = excluded.rows_loaded,
  seconds = excluded.seconds,
  loaded_at = now();
