-- name: find_fund_class :many
-- title: Find a mutual fund by its symbol
-- The fund, class of shares and registrant behind a mutual fund's symbol. Companies' tickers are in edgar_find_company.
--
-- @param symbol      Symbol of the class of shares, such as VFIAX    {minLength: 1, maxLength: 20}
-- @column company    Name of the registrant; null until it is known
-- @rows 20
-- @example none  {symbol: NOSUCH}  => rows = 0

select
  fund_class.symbol,
  fund_class.class_id,
  fund_class.series_id,
  fund_class.cik,
  company.name as company
from edgar.fund_class as fund_class
left join edgar.company as company on company.cik = fund_class.cik
where upper(fund_class.symbol) = upper(:symbol::text)
order by fund_class.class_id;
