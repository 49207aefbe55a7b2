-- name: load_filings :copy
-- title: Load filings
-- Bulk-loads filings: all rows or none. A filing that is already there is updated and keeps its status; a row that occurs twice counts
-- once. The companies must be there.
--
-- @column accession           Accession number
-- @column cik                 SEC company number
-- @column form                Form type, such as 10-K
-- @column filed_on            Day the filing was made
-- @column report_on           Last day of the period, or the day of the event, that the filing reports on
-- @column primary_document    File name of the main document
-- @column size_bytes          Size of the whole submission in bytes
-- @scope edgar:load
-- @hint idempotent
-- @timeout 300s
-- @example unchanged  {rows: [{accession: 0000320193-25-000079, cik: 320193, form: 10-K, filed_on: '2025-10-31', report_on: '2025-09-27', primary_document: aapl-20250927.htm, size_bytes: 9392337}]}  => affected = 0
-- @example unknown    {rows: [{accession: 0000000000-00-000000, cik: 1, form: 10-K, filed_on: '2025-10-31', report_on: null, primary_document: null, size_bytes: null}]}  => error 23503

create temporary table incoming (like edgar.filing including defaults) on commit drop;

copy incoming (accession, cik, form, filed_on, report_on, primary_document, size_bytes)
from stdin (format csv, header match);

insert into edgar.filing as filing (accession, cik, form, filed_on, report_on, primary_document, size_bytes)
select distinct
  incoming.accession,
  incoming.cik,
  incoming.form,
  incoming.filed_on,
  incoming.report_on,
  incoming.primary_document,
  incoming.size_bytes
from incoming
order by incoming.accession, incoming.cik
on conflict (accession, cik) do update
set
  form = excluded.form,
  filed_on = excluded.filed_on,
  report_on = excluded.report_on,
  primary_document = excluded.primary_document,
  size_bytes = excluded.size_bytes,
  updated_at = now()
where (filing.form, filing.filed_on, filing.report_on, filing.primary_document, filing.size_bytes)
  is distinct from
  (excluded.form, excluded.filed_on, excluded.report_on, excluded.primary_document, excluded.size_bytes);
