-- name: quarterly_figures :many
-- title: Quarterly figures
-- One headline item by fiscal quarter, newest first, as last reported. Where a company reports only running totals (six or nine months,
-- the year), the quarter is the total less the total before it: `is_derived` is true and `less_accession` names the second
-- source. Fourth quarters are mostly derived. Per-share items and share counts do not add up and are never derived.
--
-- @param cik               SEC company number, from edgar_find_company    {minimum: 1, maximum: 9999999999}
-- @param item = revenue    Headline item over a period, from edgar_headline_items    {pattern: '^[a-z][a-z0-9_]*$', maxLength: 60}
-- @param max = 8           How many quarters                                         {minimum: 1, maximum: 80}
-- @column fiscal_year!     The company's own name for the year
-- @column fiscal_quarter!  Quarter of the fiscal year, 1 to 4
-- @column item             Headline item
-- @column value            The quarter's value in whole units
-- @column unit             Unit: a currency such as USD, USD/shares, or shares
-- @column start_on         First day of the quarter
-- @column end_on           Last day of the quarter
-- @column is_derived!      True when computed from two running totals
-- @column accession!       The filing the value, or the longer total, comes from
-- @column less_accession   The filing of the shorter total; only when derived
-- @example fourth   {cik: 320193, item: revenue, max: 3}  => {rows: [{end_on: '2026-03-28', is_derived: false}, {end_on: '2025-12-27'}, {end_on: '2025-09-27', fiscal_year: 2025, fiscal_quarter: 4, value: '102466000000', is_derived: true}]}
-- @example unknown  {cik: 1}  => rows = 0

with reported as (
  select distinct on (fact.start_on, fact.end_on)
    fact.start_on,
    fact.end_on,
    round((fact.end_on - fact.start_on) / 91.3)::integer as quarters,
    fact.value,
    fact.unit,
    fact.tag,
    fact.accession,
    fact.form,
    fact.filed_on,
    fact.fp,
    item.is_additive
  from edgar.headline_item as item
  join edgar.headline_concept as concept on concept.item = item.item
  join edgar.fact as fact
    on fact.taxonomy = concept.taxonomy
    and fact.tag = concept.tag
  where item.item = :'item'::text
    and item.period_type = 'duration'
    and fact.cik = :cik::bigint
    and fact.unit ~ item.unit_pattern
    and fact.end_on - fact.start_on between 80 and 380
  order by
    fact.start_on,
    fact.end_on,
    fact.filed_on desc,
    fact.accession desc,
    concept.preference,
    fact.unit = 'USD' desc,
    fact.unit
),
total as (
  select
    reported.start_on,
    reported.end_on,
    reported.quarters,
    reported.value,
    reported.unit,
    reported.tag,
    reported.accession,
    reported.form,
    reported.filed_on,
    reported.is_additive,
    max(
      greatest(
        reported.quarters,
        case reported.fp
          when 'Q1' then 1
          when 'Q2' then 2
          when 'Q3' then 3
        end
      )
    ) over (partition by reported.end_on) as fiscal_quarter,
    lag(reported.quarters) over year_to_date as less_quarters,
    lag(reported.end_on) over year_to_date as less_end_on,
    lag(reported.value) over year_to_date as less_value,
    lag(reported.unit) over year_to_date as less_unit,
    lag(reported.tag) over year_to_date as less_tag,
    lag(reported.accession) over year_to_date as less_accession
  from reported
  window year_to_date as (partition by reported.start_on order by reported.end_on)
),
quarter as (
  select
    total.fiscal_quarter,
    total.start_on,
    total.end_on,
    total.value,
    total.unit,
    total.tag,
    total.accession,
    null::edgar.accession as less_accession,
    total.form,
    total.filed_on,
    false as is_derived
  from total
  where total.quarters = 1

  union all

  select
    total.fiscal_quarter,
    total.less_end_on + 1 as start_on,
    total.end_on,
    total.value - total.less_value as value,
    total.unit,
    total.tag,
    total.accession,
    total.less_accession,
    total.form,
    total.filed_on,
    true as is_derived
  from total
  where total.is_additive
    and total.quarters between 2 and 4
    and total.less_quarters = total.quarters - 1
    and total.less_unit = total.unit
    and total.less_tag = total.tag
),
chosen as (
  select distinct on (quarter.end_on)
    quarter.fiscal_quarter,
    quarter.start_on,
    quarter.end_on,
    quarter.value,
    quarter.unit,
    quarter.tag,
    quarter.accession,
    quarter.less_accession,
    quarter.form,
    quarter.filed_on,
    quarter.is_derived
  from quarter
  order by quarter.end_on, quarter.is_derived, quarter.filed_on desc, quarter.start_on
)
select
  case
    when company.is_year_named_by_end
      then extract(year from chosen.end_on + (4 - chosen.fiscal_quarter) * 91 - 7)::integer
    else extract(year from chosen.end_on + (4 - chosen.fiscal_quarter) * 91 - 180)::integer
  end as fiscal_year,
  chosen.fiscal_quarter,
  :'item' as item,
  chosen.value,
  chosen.unit,
  chosen.start_on,
  chosen.end_on,
  chosen.is_derived,
  chosen.tag,
  chosen.accession,
  chosen.less_accession,
  chosen.form,
  chosen.filed_on
from chosen
join edgar.company as company on company.cik = :cik
order by chosen.end_on desc
limit :max::integer;
