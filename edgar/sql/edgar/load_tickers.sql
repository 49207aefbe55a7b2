-- name: load_tickers :copy
-- title: Load tickers
-- Bulk-loads SEC's list of tickers: all rows or none. Companies that are not known yet are added with their names. The tickers of each company in
-- the list are replaced, in the order of `position`; companies that are not in the list keep theirs. A ticker that another
-- company had moves.
--
-- @column ticker      Ticker symbol
-- @column cik         SEC company number
-- @column position    Place in the list: a company's first ticker is its main one
-- @column name        Name of the company
-- @column exchange    Exchange of the ticker; empty when the list has none
-- @scope edgar:load
-- @hint idempotent
-- @timeout 60s
-- @example unchanged  {rows: [{ticker: AAPL, cik: 320193, position: 1, name: Apple Inc., exchange: Nasdaq}]}  => affected = 0

create temporary table incoming (
  ticker text not null,
  cik edgar.cik not null,
  position integer not null,
  name text not null,
  exchange text
) on commit drop;

copy incoming (ticker, cik, position, name, exchange) from stdin (format csv, header match);

insert into edgar.company (cik, name)
select distinct on (incoming.cik) incoming.cik, incoming.name
from incoming
where not exists (
  select
  from edgar.company as company
  where company.cik = incoming.cik
)
order by incoming.cik, incoming.position
on conflict (cik) do nothing;

-- A symbol that a company loses is taken from its list too, or the list and the way back would differ.
update edgar.company as company
set
  tickers = listed.tickers,
  exchange = coalesce(listed.exchange, company.exchange),
  updated_at = now()
from (
  select
    symbol.cik,
    array_agg(symbol.ticker order by symbol.position, symbol.ticker) as tickers,
    (array_agg(symbol.exchange order by symbol.position, symbol.ticker))[1] as exchange
  from (
    select incoming.cik, upper(incoming.ticker) as ticker, min(incoming.position) as position, min(incoming.exchange) as exchange
    from incoming
    where incoming.ticker <> ''
    group by incoming.cik, upper(incoming.ticker)
  ) as symbol
  group by symbol.cik
) as listed
where company.cik = listed.cik
  and (company.tickers, company.exchange)
    is distinct from
    (listed.tickers, coalesce(listed.exchange, company.exchange));

delete from edgar.ticker as ticker
using incoming
where ticker.cik = incoming.cik
  and not exists (
    select
    from incoming as kept
    where kept.cik = ticker.cik
      and upper(kept.ticker) = ticker.ticker
  );

insert into edgar.ticker as ticker (ticker, cik, position)
select distinct on (symbol.ticker) symbol.ticker, symbol.cik, symbol.position
from (
  select
    listed.ticker,
    listed.cik,
    listed.position as place,
    row_number() over (partition by listed.cik order by listed.position, listed.ticker)::integer as position
  from (
    select upper(incoming.ticker) as ticker, incoming.cik, min(incoming.position) as position
    from incoming
    where incoming.ticker <> ''
    group by upper(incoming.ticker), incoming.cik
  ) as listed
) as symbol
order by symbol.ticker, symbol.place, symbol.cik
on conflict (ticker) do update
set cik = excluded.cik, position = excluded.position
where (ticker.cik, ticker.position) is distinct from (excluded.cik, excluded.position);
