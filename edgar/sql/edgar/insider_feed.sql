-- name: insider_feed :many
-- title: Latest insider transactions
-- Trades of insiders over all companies since a day, newest first, such as all purchases of the last week. For one company use
-- edgar_insider_transactions.
--
-- @param since      Trades of this day or later
-- @param codes?     Only these codes: P purchase, S sale, A grant, M exercise, F withheld for tax, G gift …
-- @param minimum_value_usd?    Only trades of at least so many US dollars
-- @column company      Name of the company; null until it is known
-- @column value_usd    Shares times price in US dollars; null where either is missing
-- @page transacted_on desc, accession desc, owner_cik desc, position desc
-- @example none  {since: '2100-01-01'}  => rows = 0

select
  trade.transacted_on,
  trade.issuer_cik,
  company.name as company,
  trade.owner_cik,
  trade.owner_name,
  trade.officer_title,
  trade.transaction_code,
  trade.acquired_disposed,
  trade.security_title,
  trade.is_derivative,
  trade.shares,
  trade.price,
  round(trade.shares * trade.price, 2) as value_usd,
  trade.shares_after,
  trade.accession,
  trade.form,
  trade.filed_on,
  trade.position
from edgar.insider_transaction as trade
left join edgar.company as company on company.cik = trade.issuer_cik
where trade.transacted_on >= :since::date
  and not trade.is_holding
  and (:codes::text[] is null or trade.transaction_code = any (:codes))
  and (:minimum_value_usd::numeric is null or trade.shares * trade.price >= :minimum_value_usd);
