-- name: latest_value :value
-- title: Latest value of a concept
-- The newest value of one XBRL tag of one company with its unit, period and source. Null when there is none. A tag such as
-- NetIncomeLoss stands for quarters and years alike: `start_on` and `end_on` say which this is.
--
-- @param cik                   SEC company number, from edgar_find_company    {minimum: 1, maximum: 9999999999}
-- @param tag                   XBRL tag, such as Assets                                {pattern: '^[A-Za-z][A-Za-z0-9_]*$', maxLength: 300}
-- @param taxonomy = us-gaap    XBRL taxonomy; dei holds EntityCommonStockSharesOutstanding
-- @example shares   {cik: 320193, tag: EntityCommonStockSharesOutstanding, taxonomy: dei}  => {value: {unit: shares, accession: '0000320193-26-000013'}}
-- @example unknown  {cik: 320193, tag: NoSuchTag}  => null

select json_build_object(
  'value', fact.value::text,
  'unit', fact.unit,
  'start_on', fact.start_on,
  'end_on', fact.end_on,
  'accession', fact.accession,
  'form', fact.form,
  'filed_on', fact.filed_on
) as value
from edgar.fact as fact
where fact.cik = :cik::bigint
  and fact.taxonomy = :'taxonomy'::text
  and fact.tag = :'tag'::text
order by fact.end_on desc, fact.filed_on desc, fact.accession desc, fact.start_on desc, fact.unit
limit 1;
