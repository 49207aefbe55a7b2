-- name: restatements :many
-- title: Restatements
-- Periods of about a year, or instants, whose headline figure was reported with different values: the first, the last, and the difference, the
-- largest change first. Stock splits show here for per-share items; a change of accounting rules does too.
--
-- @param item = net_income    Headline item, from edgar_headline_items                 {pattern: '^[a-z][a-z0-9_]*$', maxLength: 60}
-- @param cik?                 Only this company
-- @param from_year = 2015     Calendar years from this one                             {minimum: 1990, maximum: 2100}
-- @param to_year = 2100       Calendar years up to this one                            {minimum: 1990, maximum: 2100}
-- @param max = 25             How many periods                                         {minimum: 1, maximum: 200}
-- @column company             Name of the company
-- @column item                Headline item
-- @column first_value!        The value in the first filing
-- @column last_value!         The value in the last filing
-- @column difference!         Last less first
-- @column change              Difference over the first value: 0.05 is 5 %; null when the first is zero
-- @column first_accession!    The first filing
-- @column first_filed_on      Day the first filing was made
-- @column last_accession!     The last filing
-- @column last_filed_on       Day the last filing was made
-- @example split    {item: eps_diluted, cik: 1045810, max: 5}  => rows >= 1
-- @example unknown  {cik: 1}  => rows = 0

with reported as (
  select
    fact.cik,
    fact.taxonomy,
    fact.tag,
    fact.unit,
    fact.start_on,
    fact.end_on,
    array_agg(fact.value order by fact.filed_on, fact.accession) as amounts,
    array_agg(fact.accession::text order by fact.filed_on, fact.accession) as accessions,
    array_agg(fact.filed_on order by fact.filed_on, fact.accession) as days
  from edgar.headline_item as item
  join edgar.headline_concept as concept on concept.item = item.item
  join edgar.fact as fact
    on fact.taxonomy = concept.taxonomy
    and fact.tag = concept.tag
  where item.item = :'item'::text
    and (:cik::edgar.cik is null or fact.cik = :cik)
    and extract(year from fact.end_on - 180)::integer between :from_year::integer and :to_year::integer
    and fact.unit ~ item.unit_pattern
    and (
      (item.period_type = 'instant' and fact.start_on is null)
      or (item.period_type = 'duration' and fact.end_on - fact.start_on between 350 and 380)
    )
  group by fact.cik, fact.taxonomy, fact.tag, fact.unit, fact.start_on, fact.end_on
  having min(fact.value) <> max(fact.value)
)
select
  reported.cik,
  company.name as company,
  :'item' as item,
  reported.tag,
  reported.start_on,
  reported.end_on,
  reported.unit,
  reported.amounts[1] as first_value,
  reported.amounts[cardinality(reported.amounts)] as last_value,
  reported.amounts[cardinality(reported.amounts)] - reported.amounts[1] as difference,
  round((reported.amounts[cardinality(reported.amounts)] - reported.amounts[1]) / nullif(abs(reported.amounts[1]), 0), 4)
    as change,
  reported.accessions[1] as first_accession,
  reported.days[1] as first_filed_on,
  reported.accessions[cardinality(reported.accessions)] as last_accession,
  reported.days[cardinality(reported.days)] as last_filed_on
from reported
join edgar.company as company on company.cik = reported.cik
where reported.amounts[1] <> reported.amounts[cardinality(reported.amounts)]
order by abs(reported.amounts[cardinality(reported.amounts)] - reported.amounts[1]) desc, reported.cik, reported.end_on
limit :max::integer;
