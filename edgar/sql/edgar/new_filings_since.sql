-- name: new_filings_since :many
-- title: New filings since a day
-- Filings made on a day or later, over all companies, oldest first: follow `next_cursor` to the end, and begin the next round with
-- the last day seen.
--
-- @param since    First day
-- @param forms?   Only these form types, such as 10-K, 10-Q
-- @column document_url   Address of the main document; null when EDGAR names none
-- @column company        Name of the company
-- @page filed_on, accession, cik
-- @example annual  {since: '2026-05-01', forms: [10-K]}  => {rows: [{cik: 1336917, form: 10-K}]}
-- @example none    {since: '2100-01-01'}                 => rows = 0

select
  filing.accession,
  filing.cik,
  company.name as company,
  filing.form,
  filing.filed_on,
  filing.report_on,
  filing.status,
  'https://www.sec.gov/Archives/edgar/data/' || filing.cik || '/' || replace(filing.accession, '-', '')
    || '/' || filing.primary_document as document_url
from edgar.filing as filing
join edgar.company as company on company.cik = filing.cik
where filing.filed_on >= :since::date
  and (:forms::text[] is null or filing.form = any (:forms));
