-- name: compare_companies :many
-- title: Compare companies
-- One headline item of several companies side by side by calendar year, newest first, as last reported. Companies that are unknown, or have no
-- such figure, are missing from the answer.
--
-- @param companies         CIKs or tickers, mixed as you like                        {minItems: 1, maxItems: 25}
-- @param item = revenue    Headline item, from edgar_headline_items                  {pattern: '^[a-z][a-z0-9_]*$', maxLength: 60}
-- @param years = 3         How many calendar years, counted from the newest figure   {minimum: 1, maximum: 20}
-- @column company          Name of the company
-- @column calendar_year!   Calendar year that holds most of the fiscal year
-- @column fiscal_year!     The company's own name for the year
-- @rows 500
-- @example retail   {companies: [WMT, COST, '354950'], item: revenue, years: 1}  => {rows: [{cik: 104169, calendar_year: 2025, value: '713163000000', unit: USD, accession: '0000104169-26-000055'}, {cik: 909832}, {cik: 354950}]}
-- @example unknown  {companies: [NOSUCH]}  => rows = 0

select
  figure.calendar_year,
  figure.cik,
  company.name as company,
  figure.fiscal_year,
  figure.item,
  figure.value,
  figure.unit,
  figure.start_on,
  figure.end_on,
  figure.tag,
  figure.accession,
  figure.form,
  figure.filed_on
from (
  select
    headline.cik,
    headline.item,
    headline.calendar_year,
    headline.fiscal_year,
    headline.value,
    headline.unit,
    headline.start_on,
    headline.end_on,
    headline.tag,
    headline.accession,
    headline.form,
    headline.filed_on,
    max(headline.calendar_year) over () as newest_year
  from edgar.annual_headline as headline
  where headline.item = :'item'::text
    and headline.cik = any (
      array(
        select ticker.cik::bigint
        from unnest(:companies::text[]) as wanted (company)
        join edgar.ticker as ticker on ticker.ticker = upper(wanted.company)
        union
        select wanted.company::bigint
        from unnest(:companies::text[]) as wanted (company)
        where wanted.company ~ '^[0-9]{1,10}$'
      )
    )
) as figure
join edgar.company as company on company.cik = figure.cik
where figure.calendar_year > figure.newest_year - :years::integer
order by figure.calendar_year desc, figure.value desc, figure.cik;
