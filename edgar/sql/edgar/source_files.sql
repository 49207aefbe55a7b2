-- name: source_files :many
-- title: Files of SEC
-- The files of SEC that were loaded, that failed, or that SEC does not have, by path; with the reason of each failure.
--
-- @param status?   Only files with this status
-- @param kind?     Only this kind    {enum: [tickers, submissions, company_facts, full_index, daily_index, statement_data_set, document, other]}
-- @param under?    Only files whose path begins with this text    {maxLength: 300}
-- @page path
-- @example none  {under: no/such/folder/}  => rows = 0

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
where (:status::edgar.source_status is null or file.status = :status)
  and (:kind::text is null or file.kind = :kind)
  and (:under::text is null or starts_with(file.path, :under));
