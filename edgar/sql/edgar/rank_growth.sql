-- name: rank_growth :many
-- title: Rank companies by growth
-- Companies in order of the growth of one headline item from one calendar year to the next, the fastest first, both years as last
-- reported. A company whose earlier figure is zero or negative has no growth rate and is left out.
--
-- @param year              Calendar year that holds most of the fiscal year          {minimum: 1990, maximum: 2100}
-- @param item = revenue    Headline item, from edgar_headline_items                  {pattern: '^[a-z][a-z0-9_]*$', maxLength: 60}
-- @param sic?              Only this industry: the SIC code, or its first digits     {pattern: '^[0-9]{1,4}$'}
-- @param max = 25          How many companies                                        {minimum: 1, maximum: 200}
-- @column growth!              Growth over the earlier year: 0.25 is 25 %
-- @column previous_value       The figure of the earlier year
-- @column previous_start_on    First day of the earlier year
-- @column previous_end_on      Last day of the earlier year
-- @column previous_accession   The filing the earlier figure comes from
-- @example fastest  {year: 2024, max: 1}              => {rows: [{cik: 1045810, value: '130497000000', previous_value: '60922000000', growth: '1.1420', unit: USD}]}
-- @example software {year: 2024, sic: '7372'}         => {rows: [{cik: 789019}]}
-- @example none     {year: 1990}                      => rows = 0

select
  current.cik,
  company.name as company,
  company.sic,
  current.item,
  round(current.value / previous.value - 1, 4) as growth,
  current.value,
  current.unit,
  current.start_on,
  current.end_on,
  current.accession,
  previous.value as previous_value,
  previous.start_on as previous_start_on,
  previous.end_on as previous_end_on,
  previous.accession as previous_accession
from edgar.annual_headline as current
join edgar.annual_headline as previous
  on previous.cik = current.cik
  and previous.unit = current.unit
join edgar.company as company on company.cik = current.cik
where current.item = :'item'::text
  and current.calendar_year = :year::integer
  and previous.item = :'item'
  and previous.calendar_year = :year - 1
  and previous.value > 0
  and (:sic::text is null or company.sic like :sic || '%')
order by growth desc, current.cik
limit :max::integer;
