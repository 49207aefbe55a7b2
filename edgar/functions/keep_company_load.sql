-- Makes the counts of filings of these companies what edgar.filing says; with facts too when asked, which counts them.
create or replace function edgar.keep_company_load(ciks bigint[], with_facts boolean default false)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $function$
begin
  perform
  from edgar.company as company
  where company.cik = any (ciks)
  order by company.cik
  for no key update;

  insert into edgar.company_load as kept
    (cik, filings, loaded_filings, failed_filings, facts, first_filed_on, last_filed_on, facts_filed_on, changed_at)
  select
    company.cik,
    coalesce(listed.filings, 0),
    coalesce(listed.loaded_filings, 0),
    coalesce(listed.failed_filings, 0),
    case
      when with_facts then coalesce(counted.facts, 0)
      else coalesce((select present.facts from edgar.company_load as present where present.cik = company.cik), 0)
    end,
    listed.first_filed_on,
    listed.last_filed_on,
    listed.facts_filed_on,
    listed.changed_at
  from edgar.company as company
  left join (
    select
      filing.cik,
      count(*) as filings,
      count(*) filter (where filing.status = 'loaded') as loaded_filings,
      count(*) filter (where filing.status = 'failed') as failed_filings,
      min(filing.filed_on) as first_filed_on,
      max(filing.filed_on) as last_filed_on,
      max(filing.filed_on) filter (where filing.status = 'loaded') as facts_filed_on,
      max(filing.updated_at) as changed_at
    from edgar.filing as filing
    where filing.cik = any (ciks)
    group by filing.cik
  ) as listed on listed.cik = company.cik
  left join (
    select fact.cik, count(*) as facts
    from edgar.fact as fact
    where with_facts
      and fact.cik = any (ciks)
    group by fact.cik
  ) as counted on counted.cik = company.cik
  where company.cik = any (ciks)
  order by company.cik
  on conflict (cik) do update
  set
    filings = excluded.filings,
    loaded_filings = excluded.loaded_filings,
    failed_filings = excluded.failed_filings,
    facts = case when with_facts then excluded.facts else kept.facts end,
    first_filed_on = excluded.first_filed_on,
    last_filed_on = excluded.last_filed_on,
    facts_filed_on = excluded.facts_filed_on,
    changed_at = excluded.changed_at
  where (
    kept.filings,
    kept.loaded_filings,
    kept.failed_filings,
    kept.facts,
    kept.first_filed_on,
    kept.last_filed_on,
    kept.facts_filed_on,
    kept.changed_at
  ) is distinct from (
    excluded.filings,
    excluded.loaded_filings,
    excluded.failed_filings,
    case when with_facts then excluded.facts else kept.facts end,
    excluded.first_filed_on,
    excluded.last_filed_on,
    excluded.facts_filed_on,
    excluded.changed_at
  );
end
$function$;

comment on function edgar.keep_company_load(bigint[], boolean) is
  'Makes edgar.company_load of these companies what their filings say, and with the second argument their facts.';

revoke execute on function edgar.keep_company_load(bigint[], boolean) from public;
