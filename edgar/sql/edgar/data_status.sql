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
  coalesce(kept.filings, 0) as filings,
  coalesce(kept.loaded_filings, 0) as loaded_filings,
  coalesce(kept.failed_filings, 0) as failed_filings,
  coalesce(kept.facts, 0) as facts,
  kept.first_filed_on,
  kept.last_filed_on,
  kept.facts_filed_on,
  kept.changed_at
from edgar.company as company
left join edgar.company_load as kept on kept.cik = company.cik
where (:cik::edgar.cik is null or company.cik = :cik);
