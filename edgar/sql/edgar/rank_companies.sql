-- name: rank_companies :many
-- title: Rank companies by a figure
-- Companies in order of one headline item in one calendar year, the largest first, as last reported. Each unit is ranked by itself, US dollars
-- first.
--
-- @param year                     Calendar year that holds most of the fiscal year            {minimum: 1990, maximum: 2100}
-- @param item = revenue           Headline item, from edgar_headline_items                    {pattern: '^[a-z][a-z0-9_]*$', maxLength: 60}
-- @param sic?                     Only this industry: the SIC code, or its first digits       {pattern: '^[0-9]{1,4}$'}
-- @param smallest_first = false   The smallest first instead
-- @param max = 25                 How many companies                                          {minimum: 1, maximum: 200}
-- @column place!                  Place in the ranking of the unit, 1 first
-- @column company                 Name of the company
-- @column fiscal_year!            The company's own name for the year
-- @example revenue  {year: 2024, max: 2}                     => {rows: [{place: 1, cik: 104169, value: '680985000000', unit: USD, accession: '0000104169-26-000055'}, {place: 2, cik: 320193, value: '391035000000'}]}
-- @example income   {year: 2024, item: net_income, max: 1}   => {rows: [{cik: 320193, value: '93736000000'}]}
-- @example none     {year: 1990}                             => rows = 0

select
  rank() over (
    partition by headline.unit
    order by case when :smallest_first::boolean then -headline.value else headline.value end desc
  ) as place,
  headline.cik,
  company.name as company,
  company.sic,
  headline.item,
  headline.value,
  headline.unit,
  headline.fiscal_year,
  headline.start_on,
  headline.end_on,
  headline.tag,
  headline.accession,
  headline.form,
  headline.filed_on
from edgar.annual_headline as headline
join edgar.company as company on company.cik = headline.cik
where headline.item = :'item'::text
  and headline.calendar_year = :year::integer
  and (:sic::text is null or company.sic like :sic || '%')
order by headline.unit = 'USD' desc, headline.unit, place, headline.cik
limit :max::integer;
