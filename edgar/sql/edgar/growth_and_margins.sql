-- name: growth_and_margins :many
-- title: Growth and margins
-- Revenue, its growth, margins and free cash flow of a company by fiscal year, newest first, as last reported. Ratios are fractions: 0.25 is
-- 25 %. A ratio is null where a figure it needs is not reported. `accessions` are the filings of all figures in the row.
--
-- @param cik          SEC company number, from edgar_find_company
-- @param years = 5    How many fiscal years                          {minimum: 1, maximum: 20}
-- @column fiscal_year!       The company's own name for the year
-- @column start_on           First day of the year
-- @column end_on             Last day of the year
-- @column revenue            Revenue in `unit`
-- @column unit               Currency of revenue, net_income and free_cash_flow
-- @column revenue_growth     Revenue over the year before, less one; null when the year before is not the one before
-- @column gross_margin       Gross profit, or revenue less cost of revenue, over revenue
-- @column operating_margin   Operating income over revenue
-- @column net_income         Net income in `unit`
-- @column net_margin         Net income over revenue
-- @column free_cash_flow     Operating cash flow less capital expenditure, in `unit`
-- @column free_cash_flow_margin   Free cash flow over revenue
-- @column accessions         Accession numbers of the filings that the figures come from
-- @example apple    {cik: 320193, years: 2}  => {rows: [{fiscal_year: 2025, revenue: '416161000000', revenue_growth: '0.0643', net_margin: '0.2692', unit: USD}, {fiscal_year: 2024}]}
-- @example unknown  {cik: 1}  => rows = 0

with year as (
  select
    headline.calendar_year,
    max(headline.fiscal_year) as fiscal_year,
    min(headline.start_on) as start_on,
    max(headline.end_on) as end_on,
    headline.unit,
    max(headline.value) filter (where headline.item = 'revenue') as revenue,
    max(headline.value) filter (where headline.item = 'cost_of_revenue') as cost_of_revenue,
    max(headline.value) filter (where headline.item = 'gross_profit') as gross_profit,
    max(headline.value) filter (where headline.item = 'operating_income') as operating_income,
    max(headline.value) filter (where headline.item = 'net_income') as net_income,
    max(headline.value) filter (where headline.item = 'operating_cash_flow') as operating_cash_flow,
    max(headline.value) filter (where headline.item = 'capital_expenditure') as capital_expenditure,
    array_agg(distinct headline.accession::text order by headline.accession::text) as accessions
  from edgar.annual_headline as headline
  where headline.cik = :cik::edgar.cik
    and headline.item in (
      'revenue',
      'cost_of_revenue',
      'gross_profit',
      'operating_income',
      'net_income',
      'operating_cash_flow',
      'capital_expenditure'
    )
  group by headline.calendar_year, headline.unit
)
select
  year.fiscal_year,
  year.start_on,
  year.end_on,
  year.unit,
  year.revenue,
  case
    when lag(year.calendar_year) over by_year = year.calendar_year - 1
      then round(year.revenue / nullif(lag(year.revenue) over by_year, 0) - 1, 4)
  end as revenue_growth,
  round(coalesce(year.gross_profit, year.revenue - year.cost_of_revenue) / nullif(year.revenue, 0), 4) as gross_margin,
  round(year.operating_income / nullif(year.revenue, 0), 4) as operating_margin,
  year.net_income,
  round(year.net_income / nullif(year.revenue, 0), 4) as net_margin,
  year.operating_cash_flow - year.capital_expenditure as free_cash_flow,
  round((year.operating_cash_flow - year.capital_expenditure) / nullif(year.revenue, 0), 4) as free_cash_flow_margin,
  year.accessions
from year
window by_year as (partition by year.unit order by year.calendar_year)
order by year.calendar_year desc, year.unit
limit :years::integer;
