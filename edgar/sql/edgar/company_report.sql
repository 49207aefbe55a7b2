-- name: company_report :report
-- title: Company report
-- One document: the company, its headline figures by fiscal year as last reported, and its latest filings. Null when the company is
-- unknown.
--
-- @param cik             SEC company number, from edgar_find_company
-- @param years = 3       How many fiscal years to include    {minimum: 1, maximum: 10}
-- @param filings = 10    How many filings to include         {minimum: 1, maximum: 50}
-- @example apple    {cik: 320193, years: 1, filings: 1}  => {report: {company: {cik: 320193, name: Apple Inc., tickers: [AAPL]}, years: [{fiscal_year: 2025}]}}
-- @example unknown  {cik: 1}  => null

select json_build_object(
  'company', json_build_object(
    'cik', company.cik,
    'name', company.name,
    'tickers', company.tickers,
    'exchange', company.exchange,
    'sic', company.sic,
    'fiscal_year_end', company.fiscal_year_end,
    'state', company.state
  ),
  'years', coalesce(
    (
      select json_agg(
        json_build_object('fiscal_year', year.fiscal_year, 'end_on', year.end_on, 'figures', year.figures)
        order by year.calendar_year desc
      )
      from (
        select
          headline.calendar_year,
          max(headline.fiscal_year) as fiscal_year,
          max(headline.end_on) as end_on,
          coalesce(
            json_agg(
              json_build_object(
                'item', headline.item,
                'label', item.label,
                'value', headline.value::text,
                'unit', headline.unit,
                'start_on', headline.start_on,
                'end_on', headline.end_on,
                'accession', headline.accession
              )
              order by item.position
            ),
            '[]'
          ) as figures
        from edgar.annual_headline as headline
        join edgar.headline_item as item on item.item = headline.item
        where headline.cik = :cik::edgar.cik
        group by headline.calendar_year
        order by headline.calendar_year desc
        limit :years::integer
      ) as year
    ),
    '[]'
  ),
  'filings', coalesce(
    (
      select json_agg(
        json_build_object(
          'accession', recent.accession,
          'form', recent.form,
          'filed_on', recent.filed_on,
          'report_on', recent.report_on,
          'status', recent.status
        )
        order by recent.filed_on desc, recent.accession desc
      )
      from (
        select filing.accession, filing.form, filing.filed_on, filing.report_on, filing.status
        from edgar.filing as filing
        where filing.cik = :cik
        order by filing.filed_on desc, filing.accession desc
        limit :filings::integer
      ) as recent
    ),
    '[]'
  )
) as report
from edgar.company as company
where company.cik = :cik;
