-- name: insider_transactions :many
-- title: Insider transactions of a company
-- Who bought or sold shares of a company: trades that its directors, officers and large owners reported on forms 3, 4 and 5, newest first. A joint
-- filing has a row for each owner: do not add those up. Prices are US dollars for one share; footnotes can change what a price means.
--
-- @param cik       SEC company number of the company whose shares these are, from edgar_find_company
-- @param codes?    Only these codes: P purchase, S sale, A grant, M exercise, F withheld for tax, G gift …
-- @param since?    Only trades of this day or later
-- @param until?    Only trades of this day or earlier
-- @param is_derivative?    True: only options and other derivatives; false: only shares
-- @column value_usd    Shares times price in US dollars; null where either is missing
-- @page transacted_on desc, accession desc, owner_cik desc, position desc
-- @example none  {cik: 1}  => rows = 0

select
  trade.transacted_on,
  trade.owner_cik,
  trade.owner_name,
  trade.officer_title,
  trade.is_director,
  trade.is_officer,
  trade.is_ten_percent_owner,
  trade.transaction_code,
  trade.acquired_disposed,
  trade.security_title,
  trade.is_derivative,
  trade.shares,
  trade.price,
  round(trade.shares * trade.price, 2) as value_usd,
  trade.shares_after,
  trade.is_direct,
  trade.underlying_security,
  trade.exercise_price,
  trade.footnotes,
  trade.accession,
  trade.form,
  trade.filed_on,
  trade.position
from edgar.insider_transaction as trade
where trade.issuer_cik = :cik::edgar.cik
  and not trade.is_holding
  and (:codes::text[] is null or trade.transaction_code = any (:codes))
  and (:is_derivative::boolean is null or trade.is_derivative = :is_derivative)
  and trade.transacted_on >= coalesce(:since::date, '-infinity')
  and trade.transacted_on <= coalesce(:until::date, 'infinity');
