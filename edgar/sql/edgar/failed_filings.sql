-- name: failed_filings :many
-- title: Failed filings
-- Filings whose load failed, oldest failure first, with the reason.
--
-- @column company     Name of the company
-- @column failed_at   When the failure was recorded
-- @page failed_at, accession, cik
-- @example none  {}  => rows = 0

select
  filing.updated_at as failed_at,
  filing.accession,
  filing.cik,
  company.name as company,
  filing.form,
  filing.filed_on,
  filing.failure
from edgar.filing as filing
join edgar.company as company on company.cik = filing.cik
where filing.status = 'failed';
