-- name: load_fund_classes :copy
-- title: Load fund classes
-- Bulk-loads SEC's list of mutual funds' classes of shares with their symbols: all rows or none. A class that is already there is updated.
--
-- @column symbol       Ticker symbol of the class
-- @column cik          SEC company number of the fund's registrant
-- @column series_id    SEC's id of the fund, S and nine digits
-- @column class_id     SEC's id of the class of shares, C and nine digits
-- @scope edgar:load
-- @hint idempotent
-- @timeout 60s
-- @example bad  {rows: [{symbol: LACAX, cik: 2110, series_id: none, class_id: C000024954}]}  => error 23514

create temporary table incoming (like edgar.fund_class including defaults) on commit drop;

copy incoming (symbol, cik, series_id, class_id) from stdin (format csv, header match);

insert into edgar.fund_class as fund_class (class_id, series_id, cik, symbol)
select distinct on (incoming.class_id)
  incoming.class_id,
  incoming.series_id,
  incoming.cik,
  nullif(incoming.symbol, '') as symbol
from incoming
order by incoming.class_id, incoming.symbol
on conflict (class_id) do update
set series_id = excluded.series_id, cik = excluded.cik, symbol = excluded.symbol
where (fund_class.series_id, fund_class.cik, fund_class.symbol)
  is distinct from
  (excluded.series_id, excluded.cik, excluded.symbol);
