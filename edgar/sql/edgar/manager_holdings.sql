-- name: manager_holdings :many
-- title: What a manager holds
-- The securities that an institutional manager holds at the end of a quarter, the largest first, with its share of the whole, from its 13F
-- filings. A restatement counts instead of what it restates; an amendment that adds holdings counts beside it: edgar_manager_filings lists
-- them. Options stand apart with `put_call`.
--
-- @param cik          SEC number of the manager: 1067983 is Berkshire Hathaway
-- @param report_on?   Last day of the quarter; the newest one when left out
-- @param max = 50     How many securities                                   {minimum: 1, maximum: 500}
-- @column report_on        Last day of the quarter; null when nothing that is loaded says it, and the newest filing is shown
-- @column issuer_name      Name of the issuer, as the manager writes it
-- @column class_title      Title of the class
-- @column value_usd!       Market value in whole US dollars
-- @column shares           Shares, or the principal amount
-- @column share_of_total   Share of the market value of all rows: 0.25 is 25 %
-- @column accessions!      Accession numbers of the filings it comes from
-- @example none  {cik: 1}  => rows = 0

with newest as (
  select holding.cik, holding.report_on, holding.accession
  from edgar.fund_holding as holding
  where holding.cik = :cik::edgar.cik
    and (:report_on::date is null or holding.report_on = :report_on)
  order by holding.report_on desc nulls last, holding.filed_on desc nulls last, holding.accession desc
  limit 1
),
filing as (
  select report.accession
  from newest
  join edgar.fund_report as report
    on report.cik = newest.cik
    and report.report_on = newest.report_on
  where not exists (
    select
    from edgar.superseded_fund_report as superseded
    where superseded.accession = report.accession
  )
  union
  select newest.accession
  from newest
  where newest.report_on is null
)
select
  holding.report_on,
  holding.cusip,
  max(holding.issuer_name) as issuer_name,
  max(holding.class_title) as class_title,
  holding.put_call,
  coalesce(sum(holding.value_usd), 0) as value_usd,
  sum(holding.shares) as shares,
  round(sum(holding.value_usd) / nullif(sum(sum(holding.value_usd)) over (), 0), 4) as share_of_total,
  array_agg(distinct holding.accession::text order by holding.accession::text) as accessions
from filing
join edgar.fund_holding as holding on holding.accession = filing.accession
group by holding.report_on, holding.cusip, holding.put_call
order by value_usd desc, holding.cusip, holding.put_call
limit :max::integer;
