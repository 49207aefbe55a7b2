-- name: load_companies :copy
-- title: Load companies
-- Bulk-loads companies: all rows or none. A company that is already there is updated, and its tickers are replaced. A ticker
-- that another company had moves to the one loaded now.
--
-- @column cik                SEC company number
-- @column name               Conformed name in EDGAR
-- @column tickers            Ticker symbols, the main one first
-- @column exchange           Exchange of the main ticker
-- @column sic                Standard Industrial Classification, four digits
-- @column fiscal_year_end    Month and day, MMDD
-- @column state              State or country of incorporation
-- @scope edgar:load
-- @hint idempotent
-- @timeout 60s
-- @example unchanged  {rows: [{cik: 320193, name: Apple Inc., tickers: [AAPL], exchange: Nasdaq, sic: '3571', fiscal_year_end: '0926', state: CA}]}  => affected = 0

create temporary table incoming (like edgar.company including defaults) on commit drop;

copy incoming (cik, name, tickers, exchange, sic, fiscal_year_end, state) from stdin (format csv, header match);

insert into edgar.company as company (cik, name, tickers, exchange, sic, fiscal_year_end, state)
select distinct
  incoming.cik,
  incoming.name,
  incoming.tickers,
  incoming.exchange,
  incoming.sic,
  incoming.fiscal_year_end,
  incoming.state
from incoming
order by incoming.cik
on conflict (cik) do update
set
  name = excluded.name,
  tickers = excluded.tickers,
  exchange = excluded.exchange,
  sic = excluded.sic,
  fiscal_year_end = excluded.fiscal_year_end,
  state = excluded.state,
  updated_at = now()
where (company.name, company.tickers, company.exchange, company.sic, company.fiscal_year_end, company.state)
  is distinct from
  (excluded.name, excluded.tickers, excluded.exchange, excluded.sic, excluded.fiscal_year_end, excluded.state);

delete from edgar.ticker as ticker
using incoming
where ticker.cik = incoming.cik
  and ticker.ticker <> all (upper(incoming.tickers::text)::text[]);

insert into edgar.ticker as ticker (ticker, cik, position)
select upper(symbol.ticker), incoming.cik, min(symbol.position)
from incoming
cross join unnest(incoming.tickers) with ordinality as symbol (ticker, position)
where symbol.ticker <> ''
group by upper(symbol.ticker), incoming.cik
order by upper(symbol.ticker)
on conflict (ticker) do update
set cik = excluded.cik, position = excluded.position
where (ticker.cik, ticker.position) is distinct from (excluded.cik, excluded.position);
