-- name: fund_holders :many
-- title: Funds that hold a security
-- Institutional managers that hold a security at the end of a quarter, the largest first, and how that changed since the quarter before, from their
-- 13F filings. Where a manager filed for a quarter more than once, the newest filing counts. Options are left out. Managers who sold all are
-- listed with `shares` 0 and the accession number of the earlier filing.
--
-- @param cusip        CUSIP of the security, from edgar_find_security         {pattern: '^[0-9A-Za-z]{8,9}$'}
-- @param report_on?   Last day of the quarter; the newest one when left out
-- @param max = 25     How many managers                                       {minimum: 1, maximum: 200}
-- @column manager_name         Name of the manager
-- @column report_on!           Last day of the quarter
-- @column value_usd!           Market value in whole US dollars
-- @column shares!              Shares, or the principal amount
-- @column previous_shares      Shares a quarter earlier; null when no filing of that quarter is here
-- @column change_in_shares     Shares less previous shares; null when there is no earlier filing
-- @column accession!           The filing it comes from
-- @column previous_accession   The earlier filing
-- @rows 200
-- @example none  {cusip: '000000000'}  => rows = 0

with quarter as (
  select
    wanted.report_on,
    (date_trunc('quarter', wanted.report_on) - interval '1 day')::date as previous_on
  from (
    select coalesce(
      :report_on::date,
      (
        select holding.report_on
        from edgar.fund_holding as holding
        where holding.cusip = upper(:cusip::text)
          and holding.report_on is not null
        order by holding.report_on desc
        limit 1
      )
    ) as report_on
  ) as wanted
),
position as (
  select
    holding.cik,
    holding.report_on,
    holding.accession,
    sum(holding.value_usd) as value_usd,
    sum(holding.shares) as shares,
    row_number() over (
      partition by holding.cik, holding.report_on
      order by max(holding.filed_on) desc nulls last, holding.accession desc
    ) as age
  from quarter
  join edgar.fund_holding as holding
    on holding.cusip = upper(:cusip)
    and holding.report_on in (quarter.report_on, quarter.previous_on)
  where holding.put_call is null
  group by holding.cik, holding.report_on, holding.accession
),
current as (
  select position.cik, position.value_usd, position.shares, position.accession
  from position
  join quarter on quarter.report_on = position.report_on
  where position.age = 1
),
previous as (
  select position.cik, position.shares, position.accession
  from position
  join quarter on quarter.previous_on = position.report_on
  where position.age = 1
),
largest as (
  select
    coalesce(current.cik, previous.cik) as cik,
    quarter.report_on,
    coalesce(current.value_usd, 0) as value_usd,
    coalesce(current.shares, 0) as shares,
    previous.shares as previous_shares,
    coalesce(current.shares, 0) - previous.shares as change_in_shares,
    coalesce(current.accession, previous.accession) as accession,
    previous.accession as previous_accession
  from quarter
  cross join (current full join previous on previous.cik = current.cik)
  order by value_usd desc, previous_shares desc nulls last, cik
  limit :max::integer
)
select
  largest.cik,
  (
    select holding.manager_name
    from edgar.fund_holding as holding
    where holding.accession = largest.accession
    order by holding.position
    limit 1
  ) as manager_name,
  largest.report_on,
  largest.value_usd,
  largest.shares,
  largest.previous_shares,
  largest.change_in_shares,
  largest.accession,
  largest.previous_accession
from largest
order by largest.value_usd desc, largest.previous_shares desc nulls last, largest.cik;
