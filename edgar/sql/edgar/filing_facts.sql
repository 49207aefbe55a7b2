-- name: filing_facts :many
-- title: Facts of a filing
-- Every XBRL fact that one filing reported, with comparatives of earlier periods: what exactly did this document say?
--
-- @param accession   Accession number, such as 0000320193-25-000079
-- @column days!      Length of the period in days, both ends counted; 0 for an instant
-- @page cik, taxonomy, tag, unit, end_on, days
-- @allow seq-scan  a part of the facts that holds one company alone is read whole, and that is right
-- @allow page-not-unique  the accession is one, and days with end_on stands for start_on: the fact's whole key
-- @example apple    {accession: '0000320193-25-000079'}  => rows >= 50
-- @example unknown  {accession: '0000000000-00-000000'}  => rows = 0

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
from edgar.filing as filing
join edgar.fact as fact
  on fact.cik = filing.cik
  and fact.accession = filing.accession
where filing.accession = :'accession'::edgar.accession;
