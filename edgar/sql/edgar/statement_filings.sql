-- name: statement_filings :many
-- title: Filings in the statement data sets
-- The filings of a company in SEC's Financial Statement Data Sets, newest first: what edgar_filing_statement can show.
--
-- @param cik   SEC company number, from edgar_find_company
-- @column accession!   Accession number of the filing
-- @page filed desc, accession desc
-- @example none  {cik: 1}  => rows = 0

select
  submission.adsh as accession,
  submission.cik,
  submission.name,
  submission.form,
  submission.filed,
  submission.period,
  submission.fy,
  submission.fp
from edgar.statement_submission as submission
where submission.cik = :cik::edgar.cik;
