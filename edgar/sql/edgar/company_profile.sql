-- name: company_profile :one
-- title: Company profile
-- One company: names, tickers, industry, fiscal year, and what is loaded of it. Null when the company is unknown.
--
-- @param cik                 SEC company number, from edgar_find_company
-- @column filings            Filings that are known
-- @column latest_form        Form type of the newest filing
-- @column latest_filed_on    Day of the newest filing
-- @column latest_accession   Accession number of the newest filing
-- @example apple    {cik: 320193}  => {row: {name: Apple Inc., tickers: [AAPL], exchange: Nasdaq, latest_filed_on: '2026-07-31'}}
-- @example unknown  {cik: 1}       => null

select
  company.cik,
  company.name,
  company.tickers,
  company.exchange,
  company.sic,
  company.fiscal_year_end,
  company.state,
  company.is_year_named_by_end,
  (
    select count(*)
    from edgar.filing as filing
    where filing.cik = company.cik
  ) as filings,
  latest.form as latest_form,
  latest.filed_on as latest_filed_on,
  latest.accession as latest_accession
from edgar.company as company
left join lateral (
  select filing.form, filing.filed_on, filing.accession
  from edgar.filing as filing
  where filing.cik = company.cik
  order by filing.filed_on desc, filing.accession desc
  limit 1
) as latest on true
where company.cik = :cik::edgar.cik;
