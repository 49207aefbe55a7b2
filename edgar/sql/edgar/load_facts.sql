-- name: load_facts :copy
-- title: Load facts
-- Bulk-loads XBRL facts: all rows or none. A fact that is already there takes the new value and frame, also when the new frame is
-- empty: SEC moves a frame from one fact to the next. Concepts and filings that are not known yet are added from the
-- facts; the companies must be there. The filings become loaded.
--
-- @column cik          SEC company number
-- @column taxonomy     XBRL taxonomy, such as us-gaap
-- @column tag          XBRL tag, such as NetIncomeLoss
-- @column unit         Unit, such as USD
-- @column start_on     First day of the period; empty for an instant
-- @column end_on       Last day of the period, or the day of the instant
-- @column value        The value in whole units
-- @column accession    Accession number of the filing
-- @column fy           Fiscal year of the filing
-- @column fp           Fiscal period of the filing
-- @column form         Form type of the filing
-- @column filed_on     Day the filing was made
-- @column frame        SEC's calendar period
-- @scope edgar:load
-- @hint idempotent
-- @timeout 600s
-- @example unchanged  {rows: [{cik: 320193, taxonomy: us-gaap, tag: Assets, unit: USD, start_on: null, end_on: '2025-09-27', value: '359241000000', accession: 0000320193-25-000079, fy: 2025, fp: FY, form: 10-K, filed_on: '2025-10-31', frame: null}]}  => affected = 0

create temporary table incoming (like edgar.fact including defaults) on commit drop;

copy incoming (cik, taxonomy, tag, unit, start_on, end_on, value, accession, fy, fp, form, filed_on, frame)
from stdin (format csv, header match);

-- One load of a company at a time: what is read of its facts below stays so until they are written.
select count(*) as companies
from (
  select company.cik
  from edgar.company as company
  where company.cik in (
      select incoming.cik
      from incoming
    )
  order by company.cik
  for no key update
) as locked;

insert into edgar.concept (taxonomy, tag)
select distinct incoming.taxonomy, incoming.tag
from incoming
order by incoming.taxonomy, incoming.tag
on conflict (taxonomy, tag) do nothing;

insert into edgar.filing as filing (accession, cik, form, filed_on, status)
select distinct on (incoming.accession, incoming.cik)
  incoming.accession,
  incoming.cik,
  incoming.form,
  incoming.filed_on,
  'loaded'::edgar.filing_status
from incoming
order by incoming.accession, incoming.cik, incoming.filed_on, incoming.form
on conflict (accession, cik) do update
set status = excluded.status, failure = null, updated_at = now()
where filing.status is distinct from excluded.status;

-- Update and insert apart, each after reading what is there: "on conflict do update" locks every row that it finds, which writes it, changed or
-- not, and looks each new one up twice. What is there is read as one range of the key for each company, whatever the planner believes of rows
-- that have just come.
with known as materialized (
  select
    fact.cik,
    fact.taxonomy,
    fact.tag,
    fact.unit,
    fact.start_on,
    fact.end_on,
    fact.value,
    fact.fy,
    fact.fp,
    fact.form,
    fact.filed_on,
    fact.frame,
    fact.accession
  from edgar.fact as fact
  where fact.cik = any (
      array(
        select distinct incoming.cik::bigint
        from incoming
      )
    )
),
changed as materialized (
  select
    incoming.cik,
    incoming.taxonomy,
    incoming.tag,
    incoming.unit,
    incoming.start_on,
    incoming.end_on,
    incoming.value,
    incoming.accession,
    incoming.fy,
    incoming.fp,
    incoming.form,
    incoming.filed_on,
    incoming.frame
  from incoming
  join known
    on known.cik = incoming.cik
    and known.taxonomy = incoming.taxonomy
    and known.tag = incoming.tag
    and known.unit = incoming.unit
    and known.end_on = incoming.end_on
    and coalesce(known.start_on, '-infinity') = coalesce(incoming.start_on, '-infinity')
    and known.accession = incoming.accession
  where (known.value, known.fy, known.fp, known.form, known.filed_on, known.frame)
    is distinct from
    (incoming.value, incoming.fy, incoming.fp, incoming.form, incoming.filed_on, incoming.frame)
)
update edgar.fact as fact
set
  value = changed.value,
  fy = changed.fy,
  fp = changed.fp,
  form = changed.form,
  filed_on = changed.filed_on,
  frame = changed.frame
from changed
where fact.cik = changed.cik
  and fact.taxonomy = changed.taxonomy
  and fact.tag = changed.tag
  and fact.unit = changed.unit
  and fact.end_on = changed.end_on
  and fact.start_on is not distinct from changed.start_on
  and fact.accession = changed.accession;

with known as materialized (
  select
    fact.cik,
    fact.taxonomy,
    fact.tag,
    fact.unit,
    fact.start_on,
    fact.end_on,
    fact.accession
  from edgar.fact as fact
  where fact.cik = any (
      array(
        select distinct incoming.cik::bigint
        from incoming
      )
    )
)
insert into edgar.fact
  (cik, taxonomy, tag, unit, start_on, end_on, value, accession, fy, fp, form, filed_on, frame)
select distinct on (
  incoming.cik,
  incoming.taxonomy,
  incoming.tag,
  incoming.unit,
  incoming.end_on,
  incoming.start_on,
  incoming.accession
)
  incoming.cik,
  incoming.taxonomy,
  incoming.tag,
  incoming.unit,
  incoming.start_on,
  incoming.end_on,
  incoming.value,
  incoming.accession,
  incoming.fy,
  incoming.fp,
  incoming.form,
  incoming.filed_on,
  incoming.frame
from incoming
left join known
  on known.cik = incoming.cik
  and known.taxonomy = incoming.taxonomy
  and known.tag = incoming.tag
  and known.unit = incoming.unit
  and known.end_on = incoming.end_on
  and coalesce(known.start_on, '-infinity') = coalesce(incoming.start_on, '-infinity')
  and known.accession = incoming.accession
where known.cik is null
order by
  incoming.cik,
  incoming.taxonomy,
  incoming.tag,
  incoming.unit,
  incoming.end_on,
  incoming.start_on,
  incoming.accession,
  incoming.frame;

-- How the company names its years: from the first filing of its newest year among these facts.
update edgar.company as company
set is_year_named_by_end = newest.is_year_named_by_end
from (
  select distinct on (incoming.cik)
    incoming.cik,
    incoming.fy = extract(year from incoming.end_on - 7)::integer as is_year_named_by_end
  from incoming
  where incoming.form = '10-K'
    and incoming.fp = 'FY'
    and incoming.fy is not null
    and incoming.end_on - incoming.start_on between 350 and 380
  order by incoming.cik, incoming.end_on desc, incoming.filed_on, incoming.fy
) as newest
where company.cik = newest.cik
  and company.is_year_named_by_end is distinct from newest.is_year_named_by_end;
