create or replace function edgar.on_facts_changed()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
  changed_accessions text[];
  changed_ciks bigint[];
  counts bigint[];
  ciks bigint[];
  missing record;
begin
  if tg_op = 'TRUNCATE' then
    delete from edgar.annual_figure;
    delete from edgar.restatement;
    update edgar.company_load as kept set facts = 0 where kept.facts <> 0;
    return null;
  end if;

  -- The changed facts are read once; the rest is about their filings, of which there are few.
  select array_agg(filed.accession), array_agg(filed.cik), array_agg(filed.facts)
  into changed_accessions, changed_ciks, counts
  from (
    select changed.accession::text as accession, changed.cik::bigint as cik, count(*) as facts
    from changed
    group by changed.accession, changed.cik
  ) as filed;
  if changed_ciks is null then
    return null;
  end if;

  if tg_op <> 'DELETE' then
    -- The foreign key to the filing, once for each filing. The lock keeps it until the end of the transaction, as a foreign key's does.
    perform
    from edgar.filing as filing
    where (filing.accession, filing.cik) in (
      select filed.accession, filed.cik
      from unnest(changed_accessions, changed_ciks) as filed (accession, cik)
    )
    order by filing.accession, filing.cik
    for key share;

    select filed.accession, filed.cik
    into missing
    from unnest(changed_accessions, changed_ciks) as filed (accession, cik)
    where not exists (
      select
      from edgar.filing as filing
      where filing.accession = filed.accession
        and filing.cik = filed.cik
    )
    limit 1;
    if found then
      raise exception 'insert or update on table "fact" violates foreign key constraint "fk_fact_filing"'
        using
          errcode = 'foreign_key_violation',
          detail = format('Key (accession, cik)=(%s, %s) is not present in table "filing".', missing.accession, missing.cik),
          schema = 'edgar',
          table = 'fact',
          constraint = 'fk_fact_filing';
    end if;
  end if;

  ciks := array(select distinct filed.cik from unnest(changed_ciks) as filed (cik));
  if tg_op = 'UPDATE' then
    ciks := array(
      select known.cik from unnest(ciks) as known (cik)
      union
      select former.cik from former
    );
  end if;
  perform edgar.keep_figures(ciks);

  -- Counts go up and down by what changed, so that loads of one company at the same time add up.
  if tg_op = 'INSERT' then
    insert into edgar.company_load as kept (cik, facts)
    select filed.cik, sum(filed.facts)
    from unnest(changed_ciks, counts) as filed (cik, facts)
    group by filed.cik
    order by filed.cik
    on conflict (cik) do update set facts = kept.facts + excluded.facts;
  elsif tg_op = 'DELETE' then
    update edgar.company_load as kept
    set facts = kept.facts - gone.facts
    from (
      select filed.cik, sum(filed.facts) as facts
      from unnest(changed_ciks, counts) as filed (cik, facts)
      group by filed.cik
    ) as gone
    where kept.cik = gone.cik;
  elsif exists (
    select changed.cik from changed
    except all
    select former.cik from former
  ) then
    perform edgar.keep_company_load(ciks, true);
  end if;
  return null;
end
$function$;

comment on function edgar.on_facts_changed() is
  'Trigger: facts belong to known filings; annual figures, restatements and counts follow the facts.';

revoke execute on function edgar.on_facts_changed() from public;
