-- name: find_company :many
-- title: Find a company
-- Companies whose ticker is, or whose name contains, the text; an exact ticker or CIK first. Use it to turn a name into
-- the CIK that the other tools take.
--
-- @param q           Part of a name, a ticker, or a CIK    {minLength: 1, maxLength: 80}
-- @param max = 20    How many companies to return          {minimum: 1, maximum: 100}
-- @example by_ticker  {q: AAPL, max: 1}  => {rows: [{cik: 320193}]}
-- @example by_name    {q: walmart}       => {rows: [{cik: 104169, tickers: [WMT]}]}
-- @example unknown    {q: no such company}  => rows = 0

select
  company.cik,
  company.name,
  company.tickers,
  company.exchange,
  company.sic,
  company.fiscal_year_end
from edgar.company as company
left join edgar.ticker as exact
  on exact.cik = company.cik
  and exact.ticker = upper(:'q'::text)
where company.name ilike '%' || :'q' || '%'
  or exact.ticker is not null
  or company.cik::text = ltrim(:'q', '0')
order by
  exact.ticker is not null desc,
  company.cik::text = ltrim(:'q', '0') desc,
  company.name,
  company.cik
limit :max::integer;
