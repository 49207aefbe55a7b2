-- name: company_concepts :many
-- title: Concepts of a company
-- Which XBRL concepts a company reports, in which unit, how often and over which years. Use it to see what is there before
-- edgar_concept_history.
--
-- @param cik    SEC company number, from edgar_find_company    {minimum: 1, maximum: 9999999999}
-- @param q?     Only tags that contain this text
-- @column facts!         How many values were reported
-- @column first_end_on!  End of the first period
-- @column last_end_on!   End of the last period
-- @page taxonomy, tag, unit, cik
-- @allow page-not-unique  the facts are grouped by exactly these columns, and a concept joins one row
-- @example assets  {cik: 320193, q: AssetsCurrent}  => {rows: [{tag: AssetsCurrent, unit: USD}]}
-- @example none    {cik: 1}                         => rows = 0

select
  used.taxonomy,
  used.tag,
  used.unit,
  used.cik,
  concept.label,
  used.facts,
  used.first_end_on,
  used.last_end_on
from (
  select
    fact.cik,
    fact.taxonomy,
    fact.tag,
    fact.unit,
    count(*) as facts,
    min(fact.end_on) as first_end_on,
    max(fact.end_on) as last_end_on
  from edgar.fact as fact
  where fact.cik = :cik::bigint
    and (:q::text is null or strpos(lower(fact.tag collate "C"), lower(:q collate "C")) > 0)
  group by fact.cik, fact.taxonomy, fact.tag, fact.unit
) as used
left join edgar.concept as concept
  on concept.taxonomy = used.taxonomy
  and concept.tag = used.tag;
