-- name: manager_filings :many
-- title: 13F filings of a manager
-- The 13F filings of an institutional manager that are loaded, newest quarter first, and which of them count: a RESTATEMENT replaces all earlier
-- filings for its quarter, NEW HOLDINGS adds to them. Of a filing whose cover page is not here nobody knows: it replaces.
--
-- @param cik         SEC number of the manager: 1067983 is Berkshire Hathaway
-- @param max = 40    How many filings                                      {minimum: 1, maximum: 400}
-- @column counts!          False when a later filing replaces it
-- @column superseded_by    Accession number of the newest filing that replaces it
-- @example none  {cik: 1}  => rows = 0

select
  report.accession,
  report.manager_name,
  report.report_on,
  report.filed_on,
  report.form,
  report.amendment_number,
  report.amendment_type,
  report.entries,
  report.value_usd,
  replacing.superseded_by is null as counts,
  replacing.superseded_by
from edgar.fund_report as report
left join lateral (
  select max(superseded.superseded_by::text) as superseded_by
  from edgar.superseded_fund_report as superseded
  where superseded.accession = report.accession
) as replacing on true
where report.cik = :cik::edgar.cik
order by report.report_on desc nulls last, report.filed_on desc nulls last, report.accession desc
limit :max::integer;
