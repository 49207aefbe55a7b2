-- What the tools ask over all companies, kept up to date by every statement that changes facts or filings: annual figures, restatements, and
-- how much is loaded of each company. See docs/decisions/0017-facts-partitioned-and-figures-kept.md.
--
-- The triggers run once a statement, in its transaction, and write only what differs: loading the same facts again writes nothing, and
-- no answer is ever behind the facts it is made of. A company's row is locked first, so that two loads of one company that run at the
-- same time do not both count without the other. Functions run with their owner's rights: nobody else writes these tables.

set local lock_timeout = '5s';

create table if not exists edgar.annual_figure (
  cik edgar.cik not null,
  item text not null,
  calendar_year integer not null,
  start_on date,
  end_on date not null,
  value numeric not null,
  unit text not null,
  taxonomy text not null,
  tag text not null,
  accession edgar.accession not null,
  form text not null,
  filed_on date not null,
  first_value numeric not null,
  first_accession edgar.accession not null,
  constraint pk_annual_figure primary key (cik, item, calendar_year),
  constraint fk_annual_figure_company foreign key (cik) references edgar.company (cik) on delete cascade,
  constraint fk_annual_figure_headline_item foreign key (item) references edgar.headline_item (item) on delete cascade
);

-- Rankings: one item in one calendar year over all companies. Also the foreign key to the item.
create index if not exists index_annual_figure_item on edgar.annual_figure (item, calendar_year, unit, value, cik);

comment on table edgar.annual_figure is
  'A headline item of a company in a year, as last reported. Kept by triggers on edgar.fact; read it through edgar.annual_headline.';
comment on column edgar.annual_figure.cik is 'SEC company number.';
comment on column edgar.annual_figure.item is 'Headline item, such as revenue.';
comment on column edgar.annual_figure.calendar_year is 'Calendar year that holds most of the period, as in SEC''s frames.';
comment on column edgar.annual_figure.start_on is 'First day of the period; null for a balance sheet figure.';
comment on column edgar.annual_figure.end_on is 'Last day of the period.';
comment on column edgar.annual_figure.value is 'The value in whole units; nothing is scaled.';
comment on column edgar.annual_figure.unit is 'Unit: a currency such as USD, USD/shares, or shares.';
comment on column edgar.annual_figure.taxonomy is 'XBRL taxonomy of the tag.';
comment on column edgar.annual_figure.tag is 'XBRL tag the company reported it under.';
comment on column edgar.annual_figure.accession is 'Accession number of the filing it comes from.';
comment on column edgar.annual_figure.form is 'Form type of that filing.';
comment on column edgar.annual_figure.filed_on is 'Day that filing was made.';
comment on column edgar.annual_figure.first_value is 'The value as first reported under the same tag for the same period.';
comment on column edgar.annual_figure.first_accession is 'Accession number of the filing that reported it first.';

create table if not exists edgar.restatement (
  cik edgar.cik not null,
  item text not null,
  taxonomy text not null,
  tag text not null,
  unit text not null,
  start_on date,
  end_on date not null,
  calendar_year integer not null,
  first_value numeric not null,
  last_value numeric not null,
  first_accession edgar.accession not null,
  first_filed_on date not null,
  last_accession edgar.accession not null,
  last_filed_on date not null,
  constraint unique_restatement unique nulls not distinct (cik, item, taxonomy, tag, unit, end_on, start_on),
  constraint fk_restatement_company foreign key (cik) references edgar.company (cik) on delete cascade,
  constraint fk_restatement_headline_item foreign key (item) references edgar.headline_item (item) on delete cascade
);

-- The largest changes of an item over all companies. Also the foreign key to the item.
create index if not exists index_restatement_difference
  on edgar.restatement (item, abs(last_value - first_value) desc, cik, end_on, calendar_year);

comment on table edgar.restatement is
  'A year or an instant whose headline figure was first and last reported with different values. Kept by triggers on edgar.fact.';
comment on column edgar.restatement.cik is 'SEC company number.';
comment on column edgar.restatement.item is 'Headline item, such as revenue.';
comment on column edgar.restatement.taxonomy is 'XBRL taxonomy of the tag.';
comment on column edgar.restatement.tag is 'XBRL tag the values were reported under.';
comment on column edgar.restatement.unit is 'Unit: a currency such as USD, USD/shares, or shares.';
comment on column edgar.restatement.start_on is 'First day of the period; null for an instant.';
comment on column edgar.restatement.end_on is 'Last day of the period, or the day of the instant.';
comment on column edgar.restatement.calendar_year is 'Calendar year that holds most of the period.';
comment on column edgar.restatement.first_value is 'The value in the first filing.';
comment on column edgar.restatement.last_value is 'The value in the last filing.';
comment on column edgar.restatement.first_accession is 'The first filing.';
comment on column edgar.restatement.first_filed_on is 'Day the first filing was made.';
comment on column edgar.restatement.last_accession is 'The last filing.';
comment on column edgar.restatement.last_filed_on is 'Day the last filing was made.';

create table if not exists edgar.company_load (
  cik edgar.cik not null,
  filings bigint not null default 0,
  loaded_filings bigint not null default 0,
  failed_filings bigint not null default 0,
  facts bigint not null default 0,
  first_filed_on date,
  last_filed_on date,
  facts_filed_on date,
  changed_at timestamptz,
  constraint pk_company_load primary key (cik),
  constraint fk_company_load_company foreign key (cik) references edgar.company (cik) on delete cascade
);

comment on table edgar.company_load is
  'How much is loaded of a company. Kept by triggers on edgar.filing and edgar.fact; absent while there is nothing.';
comment on column edgar.company_load.cik is 'SEC company number.';
comment on column edgar.company_load.filings is 'Filings that are known.';
comment on column edgar.company_load.loaded_filings is 'Filings whose facts are loaded.';
comment on column edgar.company_load.failed_filings is 'Filings whose load failed.';
comment on column edgar.company_load.facts is 'Facts that are loaded.';
comment on column edgar.company_load.first_filed_on is 'Day of the oldest filing.';
comment on column edgar.company_load.last_filed_on is 'Day of the newest filing.';
comment on column edgar.company_load.facts_filed_on is 'Day of the newest filing whose facts are loaded.';
comment on column edgar.company_load.changed_at is 'When a filing of the company was last added or changed.';

-- Makes annual figures and restatements of these companies what their facts say.
create or replace function edgar.keep_figures(ciks bigint[])
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

  with reported as materialized (
    select
      fact.cik,
      concept.item,
      concept.preference,
      item.period_type,
      extract(year from fact.end_on - 180)::integer as calendar_year,
      fact.start_on,
      fact.end_on,
      fact.value,
      fact.unit,
      fact.taxonomy,
      fact.tag,
      fact.accession,
      fact.form,
      fact.filed_on,
      first_value(fact.value) over in_time as first_value,
      first_value(fact.accession) over in_time as first_accession,
      first_value(fact.filed_on) over in_time as first_filed_on,
      row_number() over in_time = count(*) over (
        partition by concept.item, fact.cik, fact.taxonomy, fact.tag, fact.unit, fact.end_on, fact.start_on
      ) as is_last
    from unnest(ciks) as wanted (cik)
    cross join edgar.headline_concept as concept
    join edgar.headline_item as item on item.item = concept.item
    -- One range of the key for each company and tag, whatever the planner believes of either: hence the offset.
    cross join lateral (
      select
        fact.cik,
        fact.start_on,
        fact.end_on,
        fact.value,
        fact.unit,
        fact.taxonomy,
        fact.tag,
        fact.accession,
        fact.form,
        fact.filed_on
      from edgar.fact as fact
      where fact.cik = wanted.cik
        and fact.taxonomy = concept.taxonomy
        and fact.tag = concept.tag
      offset 0
    ) as fact
    where fact.unit ~ item.unit_pattern
      and (
        (item.period_type = 'duration' and fact.end_on - fact.start_on between 350 and 380)
        or (item.period_type = 'instant' and fact.start_on is null)
      )
    window in_time as (
      partition by concept.item, fact.cik, fact.taxonomy, fact.tag, fact.unit, fact.end_on, fact.start_on
      order by fact.filed_on, fact.accession
    )
  ),
  annual as materialized (
    -- The newest filing wins, and within it the preferred tag. A balance sheet counts when the company reported a year's net income
    -- to the same day.
    select distinct on (reported.cik, reported.item, reported.calendar_year)
      reported.cik,
      reported.item,
      reported.calendar_year,
      reported.start_on,
      reported.end_on,
      reported.value,
      reported.unit,
      reported.taxonomy,
      reported.tag,
      reported.accession,
      reported.form,
      reported.filed_on,
      reported.first_value,
      reported.first_accession
    from reported
    where case reported.period_type
        when 'duration' then reported.form not in ('10-Q', '10-Q/A')
        else (reported.cik, reported.end_on) in (
          select income.cik, income.end_on
          from reported as income
          where income.item = 'net_income'
            and income.form not in ('10-Q', '10-Q/A')
        )
      end
    order by
      reported.cik,
      reported.item,
      reported.calendar_year,
      reported.filed_on desc,
      reported.accession desc,
      reported.preference,
      reported.unit = 'USD' desc,
      reported.end_on desc,
      reported.unit
  ),
  restated as materialized (
    select
      reported.cik,
      reported.item,
      reported.taxonomy,
      reported.tag,
      reported.unit,
      reported.start_on,
      reported.end_on,
      reported.calendar_year,
      reported.first_value,
      reported.value as last_value,
      reported.first_accession,
      reported.first_filed_on,
      reported.accession as last_accession,
      reported.filed_on as last_filed_on
    from reported
    where reported.is_last
      and reported.value <> reported.first_value
  ),
  gone_annual as (
    delete from edgar.annual_figure as figure
    where figure.cik = any (ciks)
      and (figure.cik, figure.item, figure.calendar_year) not in (
        select annual.cik, annual.item, annual.calendar_year
        from annual
      )
  ),
  kept_annual as (
    insert into edgar.annual_figure as figure
      (
        cik,
        item,
        calendar_year,
        start_on,
        end_on,
        value,
        unit,
        taxonomy,
        tag,
        accession,
        form,
        filed_on,
        first_value,
        first_accession
      )
    select
      annual.cik,
      annual.item,
      annual.calendar_year,
      annual.start_on,
      annual.end_on,
      annual.value,
      annual.unit,
      annual.taxonomy,
      annual.tag,
      annual.accession,
      annual.form,
      annual.filed_on,
      annual.first_value,
      annual.first_accession
    from annual
    where not exists (
      select
      from edgar.annual_figure as same
      where same.cik = annual.cik
        and same.item = annual.item
        and same.calendar_year = annual.calendar_year
        and (
          same.start_on,
          same.end_on,
          same.value,
          same.unit,
          same.taxonomy,
          same.tag,
          same.accession,
          same.form,
          same.filed_on,
          same.first_value,
          same.first_accession
        ) is not distinct from (
          annual.start_on,
          annual.end_on,
          annual.value,
          annual.unit,
          annual.taxonomy,
          annual.tag,
          annual.accession,
          annual.form,
          annual.filed_on,
          annual.first_value,
          annual.first_accession
        )
    )
    on conflict (cik, item, calendar_year) do update
    set
      start_on = excluded.start_on,
      end_on = excluded.end_on,
      value = excluded.value,
      unit = excluded.unit,
      taxonomy = excluded.taxonomy,
      tag = excluded.tag,
      accession = excluded.accession,
      form = excluded.form,
      filed_on = excluded.filed_on,
      first_value = excluded.first_value,
      first_accession = excluded.first_accession
  ),
  gone_restated as (
    delete from edgar.restatement as former
    where former.cik = any (ciks)
      and not exists (
        select
        from restated
        where restated.cik = former.cik
          and restated.item = former.item
          and restated.taxonomy = former.taxonomy
          and restated.tag = former.tag
          and restated.unit = former.unit
          and restated.end_on = former.end_on
          and restated.start_on is not distinct from former.start_on
      )
  )
  insert into edgar.restatement as restatement
    (
      cik,
      item,
      taxonomy,
      tag,
      unit,
      start_on,
      end_on,
      calendar_year,
      first_value,
      last_value,
      first_accession,
      first_filed_on,
      last_accession,
      last_filed_on
    )
  select
    restated.cik,
    restated.item,
    restated.taxonomy,
    restated.tag,
    restated.unit,
    restated.start_on,
    restated.end_on,
    restated.calendar_year,
    restated.first_value,
    restated.last_value,
    restated.first_accession,
    restated.first_filed_on,
    restated.last_accession,
    restated.last_filed_on
  from restated
  where not exists (
    select
    from edgar.restatement as same
    where same.cik = restated.cik
      and same.item = restated.item
      and same.taxonomy = restated.taxonomy
      and same.tag = restated.tag
      and same.unit = restated.unit
      and same.end_on = restated.end_on
      and same.start_on is not distinct from restated.start_on
      and (same.first_value, same.last_value, same.first_accession, same.first_filed_on, same.last_accession, same.last_filed_on)
        is not distinct from
        (
          restated.first_value,
          restated.last_value,
          restated.first_accession,
          restated.first_filed_on,
          restated.last_accession,
          restated.last_filed_on
        )
  )
  on conflict (cik, item, taxonomy, tag, unit, end_on, start_on) do update
  set
    calendar_year = excluded.calendar_year,
    first_value = excluded.first_value,
    last_value = excluded.last_value,
    first_accession = excluded.first_accession,
    first_filed_on = excluded.first_filed_on,
    last_accession = excluded.last_accession,
    last_filed_on = excluded.last_filed_on;
end
$function$;

comment on function edgar.keep_figures(bigint[]) is
  'Makes edgar.annual_figure and edgar.restatement of these companies what their facts say; writes only what differs.';

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

create or replace function edgar.on_filings_changed()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
  ciks bigint[];
begin
  if tg_op = 'TRUNCATE' then
    delete from edgar.fact;
    delete from edgar.company_load;
    return null;
  end if;

  if tg_op = 'UPDATE' then
    if exists (
      select former.accession, former.cik
      from former
      except
      select changed.accession, changed.cik
      from changed
    ) then
      raise exception 'update on table "filing" changes the key of a filing'
        using
          errcode = 'foreign_key_violation',
          hint = 'Delete the filing with its facts and insert it anew',
          schema = 'edgar',
          table = 'filing';
    end if;
  elsif tg_op = 'DELETE' then
    -- The foreign key of facts: on delete cascade.
    delete from edgar.fact as fact
    using changed
    where fact.cik = changed.cik
      and fact.accession = changed.accession;
  end if;

  ciks := array(select distinct changed.cik from changed);
  if cardinality(ciks) = 0 then
    return null;
  end if;

  if tg_op <> 'DELETE' then
    update edgar.document_part as document
    set form = changed.form, filed_on = changed.filed_on
    from changed
    where document.accession = changed.accession
      and document.cik = changed.cik
      and (document.form, document.filed_on) is distinct from (changed.form, changed.filed_on);

    -- What documents that were here before their filing did not say.
    update edgar.fund_holding as holding
    set
      report_on = coalesce(holding.report_on, changed.report_on),
      filed_on = coalesce(holding.filed_on, changed.filed_on),
      manager_name = coalesce(holding.manager_name, company.name)
    from changed
    join edgar.company as company on company.cik = changed.cik
    where holding.accession = changed.accession
      and holding.cik = changed.cik
      and (
        (holding.report_on is null and changed.report_on is not null)
        or holding.filed_on is null
        or holding.manager_name is null
      );

    update edgar.insider_transaction as trade
    set form = coalesce(trade.form, changed.form), filed_on = coalesce(trade.filed_on, changed.filed_on)
    from changed
    where trade.accession = changed.accession
      and (trade.form is null or trade.filed_on is null);
  end if;
  perform edgar.keep_company_load(ciks);
  return null;
end
$function$;

comment on function edgar.on_filings_changed() is
  'Trigger: facts go with their filing; counts, and form and days of documents and holdings, follow the filings.';

-- A DBA who edits which tags hold an item gets the figures of all companies anew, in one transaction.
create or replace function edgar.on_headlines_changed()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $function$
begin
  perform edgar.keep_all_figures();
  return null;
end
$function$;

comment on function edgar.on_headlines_changed() is 'Trigger: annual figures and restatements follow the tables of headline items.';

create or replace function edgar.keep_all_figures()
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
  ciks bigint[];
  last_cik bigint := 0;
begin
  loop
    ciks := array(
      select company.cik
      from edgar.company as company
      where company.cik > last_cik
      order by company.cik
      limit 200
    );
    exit when cardinality(ciks) = 0;
    perform edgar.keep_figures(ciks);
    last_cik := ciks[cardinality(ciks)];
  end loop;
end
$function$;

comment on function edgar.keep_all_figures() is 'edgar.keep_figures of all companies.';

revoke execute on function
  edgar.keep_figures(bigint[]),
  edgar.keep_company_load(bigint[], boolean),
  edgar.keep_all_figures(),
  edgar.on_facts_changed(),
  edgar.on_filings_changed(),
  edgar.on_headlines_changed()
from public;

create or replace trigger keep_facts_inserted
after insert on edgar.fact
referencing new table as changed
for each statement execute function edgar.on_facts_changed();

create or replace trigger keep_facts_updated
after update on edgar.fact
referencing old table as former new table as changed
for each statement execute function edgar.on_facts_changed();

create or replace trigger keep_facts_deleted
after delete on edgar.fact
referencing old table as changed
for each statement execute function edgar.on_facts_changed();

create or replace trigger keep_facts_truncated
after truncate on edgar.fact
for each statement execute function edgar.on_facts_changed();

create or replace trigger keep_filings_inserted
after insert on edgar.filing
referencing new table as changed
for each statement execute function edgar.on_filings_changed();

create or replace trigger keep_filings_updated
after update on edgar.filing
referencing old table as former new table as changed
for each statement execute function edgar.on_filings_changed();

create or replace trigger keep_filings_deleted
after delete on edgar.filing
referencing old table as changed
for each statement execute function edgar.on_filings_changed();

create or replace trigger keep_filings_truncated
after truncate on edgar.filing
for each statement execute function edgar.on_filings_changed();

create or replace trigger keep_headline_concepts
after insert or update or delete or truncate on edgar.headline_concept
for each statement execute function edgar.on_headlines_changed();

create or replace trigger keep_headline_items
after insert or update or delete or truncate on edgar.headline_item
for each statement execute function edgar.on_headlines_changed();

-- What is there already.
select edgar.keep_all_figures();
select edgar.keep_company_load(array(select company.cik from edgar.company as company), true);

analyze edgar.annual_figure, edgar.restatement, edgar.company_load;
