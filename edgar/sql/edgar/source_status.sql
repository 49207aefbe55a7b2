-- name: source_status :many
-- title: What is loaded of SEC's files
-- How many files of each kind were loaded, failed, or do not exist at the SEC, and how fresh they are. What failed and why is in
-- edgar_source_files with status failed; what is loaded of each company in edgar_data_status.
--
-- @column kind!              tickers, submissions, company_facts, full_index, daily_index, statement_data_set, document or other
-- @column loaded_files!      Files whose rows are here
-- @column failed_files!      Files that could not be loaded
-- @column missing_files!     Files that SEC does not have
-- @column rows_loaded!       Rows that the files brought
-- @column size_bytes!        Size of the files whose rows are here
-- @column first_loaded_at!   When the oldest of them was written
-- @column last_loaded_at!    When the newest of them was written
-- @column last_failed_at     When loading one failed last
-- @column last_fetched_at    When SEC last sent one; null when all came from folders
-- @example all  {}  => rows >= 0

select
  file.kind,
  count(*) filter (where file.status = 'loaded') as loaded_files,
  count(*) filter (where file.status = 'failed') as failed_files,
  count(*) filter (where file.status = 'missing') as missing_files,
  coalesce(sum(file.rows_loaded), 0)::bigint as rows_loaded,
  coalesce(sum(file.size_bytes) filter (where file.status = 'loaded'), 0)::bigint as size_bytes,
  min(file.loaded_at) as first_loaded_at,
  max(file.loaded_at) as last_loaded_at,
  max(file.loaded_at) filter (where file.status = 'failed') as last_failed_at,
  max(file.fetched_at) as last_fetched_at
from edgar.source_file as file
group by file.kind
order by file.kind
limit 100;
