-- name: data_status :many
-- title: What is loaded
-- What is loaded of each company and how fresh it is: filings, facts, and the newest day of each. A newest filing after
-- `facts_filed_on` has no figures here yet.
--
-- @param cik?   Only this company
-- @column company             Name of the company
-- @column filings!            Filings that are known
-- @column loaded_filings!     Filings whose facts are loaded
-- @column failed_filings!     Filings whose load failed; see edgar_failed_filings
-- @column facts!              Facts that are loaded
-- @column first_filed_on      Day of the oldest filing
-- @column last_filed_on       Day of the newest filing
-- @column facts_filed_on      Day of the newest filing whose facts are loaded
-- @column changed_at          When a filing of the company was last added or changed here
-- @page cik
-- @example all    {}             => rows >= 12
-- @example apple  {cik: 320193}  => {rows: [{filings: 179, facts: 2339, facts_filed_on: '2026-05-01', last_filed_on: '2026-07-31'}]}

select
  company.cik,
  company.name as company,
  listed.filings,
  listed.loaded_filings,
  listed.failed_filings,
  reported.facts,
  listed.first_filed_on,
  listed.last_filed_on,
  listed.facts_filed_on,
  listed.changed_at
from edgar.company as company
cross join lateral (
  select
    count(*) as filings,
    count(*) filter (where filing.status = 'loaded') as loaded_filings,
    count(*) filter (where filing.status = 'failed') as failed_filings,
    min(filing.filed_on) as first_filed_on,
    max(filing.filed_on) as last_filed_on,
    max(filing.filed_on) filter (where filing.status = 'loaded') as facts_filed_on,
    max(filing.updated_at) as changed_at
  from edgar.filing as filing
  where filing.cik = company.cik
) as listed
cross join lateral (
  select count(*) as facts
  from edgar.fact as fact
  where fact.cik = company.cik
) as reported
where (:cik::edgar.cik is null or company.cik = :cik);
