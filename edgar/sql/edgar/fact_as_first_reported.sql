-- name: fact_as_first_reported :view
-- title: Facts as first reported
-- One row for each company, XBRL tag, unit and period: the value in the oldest filing that reports it, so later restatements and stock
-- splits are not in it. Filter by company and tag; `days` tells a year (about 365) from a quarter (about 91) and an instant (0).
--
-- @filter cik =            SEC company number, from edgar_find_company
-- @filter taxonomy =       XBRL taxonomy: us-gaap or dei
-- @filter tag =            XBRL tag, such as NetIncomeLoss
-- @filter unit =           Unit, such as USD or USD/shares
-- @filter end_on >=        Periods that end on this day or later
-- @filter end_on <=        Periods that end on this day or earlier
-- @filter days >=          Periods of at least so many days
-- @filter days <=          Periods of at most so many days
-- @order cik, taxonomy, tag, unit, end_on, days
-- @column days!            Length of the period in days, both ends counted; 0 for an instant
-- @example year  {cik: 320193, tag: NetIncomeLoss, end_on_from: '2024-09-28', end_on_to: '2024-09-28', days_from: 350}  => {rows: [{value: '93736000000', unit: USD, accession: '0000320193-24-000123'}]}

create or replace view edgar.fact_as_first_reported as
select
  fact.cik,
  fact.taxonomy,
  fact.tag,
  fact.unit,
  fact.start_on,
  fact.end_on,
  coalesce(fact.end_on - fact.start_on + 1, 0) as days,
  fact.value,
  fact.accession,
  fact.form,
  fact.filed_on
from edgar.fact as fact
where not exists (
  select
  from edgar.fact as earlier
  where earlier.cik = fact.cik
    and earlier.taxonomy = fact.taxonomy
    and earlier.tag = fact.tag
    and earlier.unit = fact.unit
    and earlier.end_on = fact.end_on
    and earlier.start_on is not distinct from fact.start_on
    and (earlier.filed_on, earlier.accession) < (fact.filed_on, fact.accession)
);
