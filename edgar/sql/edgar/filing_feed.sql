-- name: filing_feed :many
-- title: Filings of a day
-- Everything filed on one day over all companies, by form type where one is given. New days appear as they are loaded.
--
-- @param filed_on   Day the filings were made
-- @param form?      Only this form type, such as 8-K
-- @column document_url   Address of the main document; null when EDGAR names none
-- @column company        Name of the company
-- @page accession, cik
-- @example day   {filed_on: '2026-02-03'}              => rows >= 1
-- @example form  {filed_on: '2026-02-03', form: 10-K}  => {rows: [{cik: 77476, accession: '0000077476-26-000007'}]}
-- @example none  {filed_on: '1990-01-01'}              => rows = 0

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
where filing.filed_on = :filed_on::date
  and (:form::text is null or filing.form = :form);
