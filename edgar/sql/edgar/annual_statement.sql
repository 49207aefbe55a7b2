-- name: annual_statement :many
-- title: Annual statement
-- The headline figures of a company by fiscal year, newest first, restatements resolved: each value as last reported, with the filing it comes
-- from. `first_value` is what the company reported at first, null where it has not changed.
--
-- @param cik          SEC company number, from edgar_find_company
-- @param years = 3    How many fiscal years                                 {minimum: 1, maximum: 20}
-- @param statement?   Only this statement                                   {enum: [income, balance, cash_flow]}
-- @column calendar_year!  Calendar year that holds most of the fiscal year
-- @column fiscal_year!    The company's own name for the year
-- @column first_value     The value as first reported under the same tag, where it differs
-- @rows 500
-- @example apple    {cik: 320193, years: 1, statement: income}  => {rows: [{fiscal_year: 2025, item: revenue, value: '416161000000', unit: USD, start_on: '2024-09-29', end_on: '2025-09-27', accession: '0000320193-25-000079'}]}
-- @example walmart  {cik: 104169, years: 1, statement: income}  => {rows: [{fiscal_year: 2026, item: revenue, value: '713163000000'}]}
-- @example unknown  {cik: 1}                                    => rows = 0

select
  case
    when company.is_year_named_by_end then extract(year from figure.end_on - 7)::integer
    else figure.calendar_year
  end as fiscal_year,
  figure.calendar_year,
  item.statement,
  figure.item,
  item.label,
  figure.value,
  figure.unit,
  figure.start_on,
  figure.end_on,
  nullif(figure.first_value, figure.value) as first_value,
  figure.tag,
  figure.accession,
  figure.form,
  figure.filed_on
from (
  select
    annual.cik,
    annual.item,
    annual.calendar_year,
    annual.value,
    annual.unit,
    annual.start_on,
    annual.end_on,
    annual.first_value,
    annual.tag,
    annual.accession,
    annual.form,
    annual.filed_on,
    dense_rank() over (order by annual.calendar_year desc) as age
  from edgar.annual_figure as annual
  where annual.cik = :cik::edgar.cik
) as figure
join edgar.headline_item as item on item.item = figure.item
join edgar.company as company on company.cik = figure.cik
where figure.age <= :years::integer
  and (:statement::text is null or item.statement = :statement)
order by figure.calendar_year desc, item.position;
