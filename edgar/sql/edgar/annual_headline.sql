-- name: annual_headline :view
-- title: Annual headline figures
-- One row for each company, headline item and year, as last reported: the value in the newest filing, from the preferred tag of
-- edgar.headline_concept. Only periods of about twelve months, and balance sheets at the end of one.
--
-- @filter cik =              SEC company number, from edgar_find_company
-- @filter item in            Headline items, such as revenue, net_income
-- @filter calendar_year >=   First calendar year
-- @filter calendar_year <=   Last calendar year
-- @order cik, item, calendar_year
-- @column item               Headline item, such as revenue
-- @column calendar_year!     Calendar year that holds most of the period, as in SEC's frames
-- @column fiscal_year!       The company's own name for the year
-- @column start_on           First day of the period; null for a balance sheet figure
-- @column end_on             Last day of the period
-- @column value              The value in whole units; nothing is scaled
-- @column unit               Unit: a currency such as USD, USD/shares, or shares
-- @column taxonomy           XBRL taxonomy of the tag
-- @column tag                XBRL tag the company reported it under
-- @column accession          Accession number of the filing it comes from
-- @column form               Form type of that filing
-- @column filed_on           Day that filing was made
-- @example revenue  {cik: 320193, item: [revenue], calendar_year_from: 2024, calendar_year_to: 2024}  => {rows: [{value: '391035000000', unit: USD, end_on: '2024-09-28'}]}

create or replace view edgar.annual_headline as
select
  figure.cik,
  figure.item,
  figure.calendar_year,
  case
    when company.is_year_named_by_end then extract(year from figure.end_on - 7)::integer
    else figure.calendar_year
  end as fiscal_year,
  figure.start_on,
  figure.end_on,
  figure.value,
  figure.unit,
  figure.taxonomy,
  figure.tag,
  figure.accession,
  figure.form,
  figure.filed_on
from edgar.annual_figure as figure
join edgar.company as company on company.cik = figure.cik;
