-- name: company_filings :many
-- title: Filings of a company
-- The filings of one company, newest first, each with the address of its main document at the SEC.
--
-- @param cik      SEC company number, from edgar_find_company
-- @param forms?   Only these form types, such as 10-K, 10-Q, 8-K; an amendment is its own type, 10-K/A
-- @param since?   Only filings of this day or later
-- @param until?   Only filings of this day or earlier
-- @column document_url   Address of the main document; null when EDGAR names none
-- @page filed_on desc, accession desc, cik desc
-- @example annual  {cik: 320193, forms: [10-K], since: '2025-01-01'}  => {rows: [{accession: '0000320193-25-000079', report_on: '2025-09-27', document_url: 'https://www.sec.gov/Archives/edgar/data/320193/000032019325000079/aapl-20250927.htm'}]}
-- @example all     {cik: 320193}  => rows >= 50
-- @example none    {cik: 1}       => rows = 0

select
  filing.accession,
  filing.cik,
  filing.form,
  filing.filed_on,
  filing.report_on,
  filing.status,
  filing.size_bytes,
  'https://www.sec.gov/Archives/edgar/data/' || filing.cik || '/' || replace(filing.accession, '-', '')
    || '/' || filing.primary_document as document_url
from edgar.filing as filing
where filing.cik = :cik::edgar.cik
  and (:forms::text[] is null or filing.form = any (:forms))
  and filing.filed_on >= coalesce(:since::date, '-infinity')
  and filing.filed_on <= coalesce(:until::date, 'infinity');
