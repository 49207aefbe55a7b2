-- name: fund_holders :many
-- title: Funds that hold a security
-- Institutional managers that hold a security at the end of a quarter, the largest first, and how that changed since the quarter before, from their
-- 13F filings. A restatement counts instead of what it restates; an amendment that adds holdings counts beside it, so a figure can come from
-- two filings. Options are left out. Managers who sold all are listed with `shares` 0, an empty `accessions` and the earlier filings. A filing
-- whose quarter nothing loaded tells is left out: edgar_manager_filings lists it, and its cover page brings the quarter.
--
-- @param cusip        CUSIP of the security, from edgar_find_security         {pattern: '^[0-9A-Za-z]{8,9}$'}
-- @param report_on?   Last day of the quarter; the newest one when left out
-- @param max = 25     How many managers                                       {minimum: 1, maximum: 200}
-- @column manager_name          Name of the manager
-- @column report_on!            Last day of the quarter
-- @column value_usd!            Market value in whole US dollars
-- @column shares!               Shares, or the principal amount
-- @column previous_shares       Shares a quarter earlier; null when no filing of that quarter is here
-- @column change_in_shares      Shares less previous shares; null when there is no earlier filing
-- @column accessions!           Accession numbers of the filings it comes from
-- @column previous_accessions!  Accession numbers of the earlier filings
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
position as materialized (
  select
    holding.cik,
    holding.report_on,
    holding.accession,
    sum(holding.value_usd) as value_usd,
    sum(holding.shares) as shares
  from quarter
  join edgar.fund_holding as holding
    on holding.cusip = upper(:cusip)
    and holding.report_on in (quarter.report_on, quarter.previous_on)
  where holding.put_call is null
  group by holding.cik, holding.report_on, holding.accession
),
-- As in edgar.superseded_fund_report, for two quarters of all managers at once.
report as materialized (
  select
    filed.accession,
    filed.cik,
    filed.report_on,
    filed.amendment_type,
    (coalesce(filed.filed_on, '-infinity'), coalesce(filed.amendment_number, 0), filed.accession::text) as age
  from quarter
  join edgar.fund_report as filed on filed.report_on in (quarter.report_on, quarter.previous_on)
),
superseded as materialized (
  select report.accession
  from report
  join report as later
    on later.cik = report.cik
    and later.report_on = report.report_on
    and later.accession <> report.accession
  where later.amendment_type is distinct from 'NEW HOLDINGS'
    and later.age > report.age
),
counted as materialized (
  select position.cik, position.report_on, position.accession, position.value_usd, position.shares
  from position
  where not exists (
    select
    from superseded
    where superseded.accession = position.accession
  )
),
current as (
  select counted.cik, sum(counted.value_usd) as value_usd, sum(counted.shares) as shares
  from counted
  join quarter on quarter.report_on = counted.report_on
  group by counted.cik
),
previous as (
  select counted.cik, sum(counted.shares) as shares
  from counted
  join quarter on quarter.previous_on = counted.report_on
  group by counted.cik
),
largest as materialized (
  select
    coalesce(current.cik, previous.cik) as cik,
    quarter.report_on,
    quarter.previous_on,
    coalesce(current.value_usd, 0) as value_usd,
    coalesce(current.shares, 0) as shares,
    previous.shares as previous_shares,
    coalesce(current.shares, 0) - previous.shares as change_in_shares
  from quarter
  cross join (current full join previous on previous.cik = current.cik)
  order by value_usd desc, previous_shares desc nulls last, cik
  limit :max::integer
),
-- Only of those that are listed.
source as materialized (
  select
    counted.cik,
    counted.report_on,
    array_agg(counted.accession::text order by counted.accession) as accessions
  from counted
  join largest on largest.cik = counted.cik
  group by counted.cik, counted.report_on
)
select
  largest.cik,
  (
    select holding.manager_name
    from edgar.fund_holding as holding
    where holding.accession = coalesce(source.accessions[1], previous_source.accessions[1])
    order by holding.position
    limit 1
  ) as manager_name,
  largest.report_on,
  largest.value_usd,
  largest.shares,
  largest.previous_shares,
  largest.change_in_shares,
  coalesce(source.accessions, '{}') as accessions,
  coalesce(previous_source.accessions, '{}') as previous_accessions
from largest
left join source
  on source.cik = largest.cik
  and source.report_on = largest.report_on
left join source as previous_source
  on previous_source.cik = largest.cik
  and previous_source.report_on = largest.previous_on
order by largest.value_usd desc, largest.previous_shares desc nulls last, largest.cik;
