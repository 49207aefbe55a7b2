-- name: find_security :many
-- title: Find a security by its issuer
-- CUSIPs of securities in managers' 13F filings whose issuer's name begins with the text, as managers write it: APPLE, BERKSHIRE HATHAWAY. SEC
-- publishes no list that leads from a CUSIP to a company: choose by name and class, and take the `cusip` to edgar_fund_holders.
--
-- @param q           Beginning of the issuer's name             {minLength: 2, maxLength: 80}
-- @param max = 20    How many securities to return              {minimum: 1, maximum: 100}
-- @column issuer_name      Name of the issuer, as one of the managers writes it
-- @column class_title      Title of the class, as one of the managers writes it
-- @column rows!            In how many rows of information tables it stands
-- @column last_report_on   Newest quarter it is reported for
-- @example none  {q: NO SUCH ISSUER}  => rows = 0

select
  found.cusip,
  max(found.issuer_name) as issuer_name,
  max(found.class_title) as class_title,
  count(*) as rows,
  max(found.report_on) as last_report_on
from (
  select holding.cusip, holding.issuer_name, holding.class_title, holding.report_on
  from edgar.fund_holding as holding
  -- A range of the index rather than LIKE, which no plan for all values can use an index for.
  where upper(holding.issuer_name) ~>=~ upper(:q::text)
    and upper(holding.issuer_name) ~<~ (upper(:q) || U&'\+10FFFF')
  limit 20000
) as found
group by found.cusip
order by rows desc, found.cusip
limit :max::integer;
