-- name: manager_holdings :many
-- title: What a manager holds
-- The securities that an institutional manager holds at the end of a quarter, the largest first, with its share of the whole, from its newest 13F
-- filing for that quarter. Options stand apart with `put_call`.
--
-- @param cik          SEC number of the manager: 1067983 is Berkshire Hathaway
-- @param report_on?   Last day of the quarter; the newest one when left out
-- @param max = 50     How many securities                                   {minimum: 1, maximum: 500}
-- @column issuer_name      Name of the issuer, as the manager writes it
-- @column class_title      Title of the class
-- @column value_usd!       Market value in whole US dollars
-- @column shares           Shares, or the principal amount
-- @column share_of_total   Share of the market value of all rows: 0.25 is 25 %
-- @example none  {cik: 1}  => rows = 0

with filing as (
  select holding.report_on, holding.accession
  from edgar.fund_holding as holding
  where holding.cik = :cik::edgar.cik
    and holding.report_on is not null
    and (:report_on::date is null or holding.report_on = :report_on)
  order by holding.report_on desc, holding.filed_on desc nulls last, holding.accession desc
  limit 1
)
select
  filing.report_on,
  holding.cusip,
  max(holding.issuer_name) as issuer_name,
  max(holding.class_title) as class_title,
  holding.put_call,
  coalesce(sum(holding.value_usd), 0) as value_usd,
  sum(holding.shares) as shares,
  round(sum(holding.value_usd) / nullif(sum(sum(holding.value_usd)) over (), 0), 4) as share_of_total,
  filing.accession
from filing
join edgar.fund_holding as holding on holding.accession = filing.accession
group by filing.report_on, filing.accession, holding.cusip, holding.put_call
order by value_usd desc, holding.cusip, holding.put_call
limit :max::integer;
