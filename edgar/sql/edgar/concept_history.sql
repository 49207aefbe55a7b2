-- name: concept_history :many
-- title: One concept over time
-- The values of one XBRL tag of one company, newest period first, each period once as last reported. Years, half-years and
-- quarters stand under one tag: choose with `period`.
--
-- @param cik                   SEC company number, from edgar_find_company    {minimum: 1, maximum: 9999999999}
-- @param tag                   XBRL tag, such as NetIncomeLoss                         {pattern: '^[A-Za-z][A-Za-z0-9_]*$', maxLength: 300}
-- @param taxonomy = us-gaap    XBRL taxonomy
-- @param period = any          Which periods                                           {enum: [any, year, quarter, instant]}
-- @param since?                Only periods that end on this day or later
-- @param max = 40              How many periods to return                              {minimum: 1, maximum: 500}
-- @column days!                Length of the period in days, both ends counted; 0 for an instant
-- @column label                The concept in words
-- @example years    {cik: 320193, tag: NetIncomeLoss, period: year, max: 1}  => {rows: [{value: '112010000000', unit: USD, end_on: '2025-09-27'}]}
-- @example balance  {cik: 320193, tag: Assets, period: instant}              => rows >= 20
-- @example unknown  {cik: 320193, tag: NoSuchTag}                            => rows = 0

select
  fact.cik,
  concept.label,
  fact.tag,
  fact.value,
  fact.unit,
  fact.start_on,
  fact.end_on,
  fact.days,
  fact.accession,
  fact.form,
  fact.filed_on
from edgar.fact_as_last_reported as fact
left join edgar.concept as concept
  on concept.taxonomy = fact.taxonomy
  and concept.tag = fact.tag
where fact.cik = :cik::bigint
  and fact.taxonomy = :'taxonomy'::text
  and fact.tag = :'tag'::text
  and fact.end_on >= coalesce(:since::date, '-infinity')
  and case :'period'::text
    when 'year' then fact.days between 350 and 381
    when 'quarter' then fact.days between 80 and 100
    when 'instant' then fact.days = 0
    else true
  end
order by fact.end_on desc, fact.days desc, fact.unit
limit :max::integer;
