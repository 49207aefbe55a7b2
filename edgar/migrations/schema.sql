-- Generated: the schema that the migrations, functions and view files make, to read and to review. Do not edit; do not run. Made by
--   pg_dump --schema-only --no-owner --no-privileges --schema=edgar "$DATABASE_URL" \
--     | sed -e '/^--/d' -e '/^SET /d' -e '/^SELECT pg_catalog/d' -e '/^\\/d' | cat -s
-- with pg_dump 15 on a database that `migrate` has just filled.

CREATE SCHEMA edgar;

COMMENT ON SCHEMA edgar IS 'Companies, filings and XBRL facts of SEC EDGAR.';

CREATE DOMAIN edgar.accession AS text
	CONSTRAINT check_accession CHECK ((VALUE ~ '^[0-9]{10}-[0-9]{2}-[0-9]{6}$'::text));

COMMENT ON DOMAIN edgar.accession IS 'Accession number, EDGAR''s id of a filing: 0000320193-25-000079.';

CREATE DOMAIN edgar.cik AS bigint
	CONSTRAINT check_cik CHECK (((VALUE >= 1) AND (VALUE <= '9999999999'::bigint)));

COMMENT ON DOMAIN edgar.cik IS 'SEC company number (Central Index Key), not padded: 320193 is Apple.';

CREATE TYPE edgar.filing_status AS ENUM (
    'listed',
    'loaded',
    'failed'
);

COMMENT ON TYPE edgar.filing_status IS 'What is known of a filing: listed = only that it exists; loaded = its XBRL facts are here; failed = loading it failed.';

CREATE TYPE edgar.job_state AS ENUM (
    'queued',
    'running',
    'done',
    'failed'
);

COMMENT ON TYPE edgar.job_state IS 'Where a job is: queued = waits for a worker; running = a worker is at it; done = it ended well; failed = it ended otherwise.';

CREATE TYPE edgar.period_type AS ENUM (
    'duration',
    'instant'
);

COMMENT ON TYPE edgar.period_type IS 'duration = over a period, such as revenue; instant = on a day, such as total assets.';

CREATE TYPE edgar.source_status AS ENUM (
    'loaded',
    'failed',
    'missing'
);

COMMENT ON TYPE edgar.source_status IS 'What became of a file of SEC: loaded = its rows are here; failed = loading it failed; missing = SEC has no such file (404).';

CREATE FUNCTION edgar.begin_bulk() RETURNS timestamp with time zone
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  found_at timestamptz;
begin
  lock table edgar.fact in access exclusive mode;
  insert into edgar.bulk_load (is_running) values (true)
  on conflict (is_running) do nothing;
  create index if not exists index_fact_bulk on edgar.fact (cik);
  alter table edgar.fact drop constraint if exists unique_fact;
  alter table edgar.fact disable trigger user;
  select bulk.began_at into found_at from edgar.bulk_load as bulk;
  return found_at;
end
$$;

COMMENT ON FUNCTION edgar.begin_bulk() IS 'Prepares edgar.fact for a bulk load: no key, no triggers, a small index by company. May be called again. Ends with call edgar.end_bulk().';

CREATE PROCEDURE edgar.end_bulk()
    LANGUAGE plpgsql
    AS $$
declare
  ciks bigint[];
  last_cik bigint := 0;
begin
  perform pg_catalog.set_config('maintenance_work_mem', '256MB', false);
  lock table edgar.fact in access exclusive mode;
  if not exists (
    select
    from pg_catalog.pg_constraint as present
    where present.conrelid = 'edgar.fact'::pg_catalog.regclass
      and present.conname = 'unique_fact'
  ) then
    alter table edgar.fact
      add constraint unique_fact unique nulls not distinct (cik, taxonomy, tag, unit, end_on, start_on, accession);
  end if;
  drop index if exists edgar.index_fact_bulk;
  alter table edgar.fact enable trigger user;
  analyze edgar.company, edgar.filing, edgar.fact;
  commit;

  if exists (select from edgar.bulk_load as bulk) then
    if exists (
      select
      from edgar.fact as fact
      where not exists (
        select
        from edgar.filing as filing
        where filing.accession = fact.accession
          and filing.cik = fact.cik
      )
    ) then
      raise exception 'facts were loaded without their filings'
        using
          errcode = 'foreign_key_violation',
          hint = 'Load facts with edgar_load_facts, which adds their filings',
          schema = 'edgar',
          table = 'fact',
          constraint = 'fk_fact_filing';
    end if;
    loop
      ciks := array(
        select company.cik
        from edgar.company as company
        where company.cik > last_cik
        order by company.cik
        limit 200
      );
      exit when pg_catalog.cardinality(ciks) = 0;
      perform edgar.keep_figures(ciks);
      perform edgar.keep_company_load(ciks, true);
      last_cik := ciks[pg_catalog.cardinality(ciks)];
      commit;
    end loop;
    delete from edgar.bulk_load where is_running;
  end if;
  analyze edgar.annual_figure, edgar.restatement, edgar.company_load;
  perform pg_catalog.set_config('maintenance_work_mem', null, false);
end
$$;

COMMENT ON PROCEDURE edgar.end_bulk() IS 'Ends a bulk load: builds the key of edgar.fact, annual figures, restatements and counts, and analyses. May be called again.';

CREATE FUNCTION edgar.keep_all_figures() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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
$$;

COMMENT ON FUNCTION edgar.keep_all_figures() IS 'edgar.keep_figures of all companies.';

CREATE FUNCTION edgar.keep_company_load(ciks bigint[], with_facts boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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
$$;

COMMENT ON FUNCTION edgar.keep_company_load(ciks bigint[], with_facts boolean) IS 'Makes edgar.company_load of these companies what their filings say, and with the second argument their facts.';

CREATE FUNCTION edgar.keep_figures(ciks bigint[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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
$$;

COMMENT ON FUNCTION edgar.keep_figures(ciks bigint[]) IS 'Makes edgar.annual_figure and edgar.restatement of these companies what their facts say; writes only what differs.';

CREATE FUNCTION edgar.on_facts_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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
$$;

COMMENT ON FUNCTION edgar.on_facts_changed() IS 'Trigger: facts belong to known filings; annual figures, restatements and counts follow the facts.';

CREATE FUNCTION edgar.on_filings_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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
$$;

COMMENT ON FUNCTION edgar.on_filings_changed() IS 'Trigger: facts go with their filing; counts, and form and days of documents and holdings, follow the filings.';

CREATE FUNCTION edgar.on_filings_named() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  update edgar.fund_report as report
  set
    report_on = coalesce(report.report_on, changed.report_on),
    filed_on = coalesce(report.filed_on, changed.filed_on),
    manager_name = coalesce(report.manager_name, company.name)
  from changed
  join edgar.company as company on company.cik = changed.cik
  where report.accession = changed.accession
    and report.cik = changed.cik
    and (
      (report.report_on is null and changed.report_on is not null)
      or report.filed_on is null
      or report.manager_name is null
    );
  return null;
end
$$;

COMMENT ON FUNCTION edgar.on_filings_named() IS 'Trigger: quarter, day and manager of a 13F filing follow the filing.';

CREATE FUNCTION edgar.on_headlines_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform edgar.keep_all_figures();
  return null;
end
$$;

COMMENT ON FUNCTION edgar.on_headlines_changed() IS 'Trigger: annual figures and restatements follow the tables of headline items.';

CREATE TABLE edgar.annual_figure (
    cik edgar.cik NOT NULL,
    item text NOT NULL,
    calendar_year integer NOT NULL,
    start_on date,
    end_on date NOT NULL,
    value numeric NOT NULL,
    unit text NOT NULL,
    taxonomy text NOT NULL,
    tag text NOT NULL,
    accession edgar.accession NOT NULL,
    form text NOT NULL,
    filed_on date NOT NULL,
    first_value numeric NOT NULL,
    first_accession edgar.accession NOT NULL
);

COMMENT ON TABLE edgar.annual_figure IS 'A headline item of a company in a year, as last reported. Kept by triggers on edgar.fact; read it through edgar.annual_headline.';

COMMENT ON COLUMN edgar.annual_figure.cik IS 'SEC company number.';

COMMENT ON COLUMN edgar.annual_figure.item IS 'Headline item, such as revenue.';

COMMENT ON COLUMN edgar.annual_figure.calendar_year IS 'Calendar year that holds most of the period, as in SEC''s frames.';

COMMENT ON COLUMN edgar.annual_figure.start_on IS 'First day of the period; null for a balance sheet figure.';

COMMENT ON COLUMN edgar.annual_figure.end_on IS 'Last day of the period.';

COMMENT ON COLUMN edgar.annual_figure.value IS 'The value in whole units; nothing is scaled.';

COMMENT ON COLUMN edgar.annual_figure.unit IS 'Unit: a currency such as USD, USD/shares, or shares.';

COMMENT ON COLUMN edgar.annual_figure.taxonomy IS 'XBRL taxonomy of the tag.';

COMMENT ON COLUMN edgar.annual_figure.tag IS 'XBRL tag the company reported it under.';

COMMENT ON COLUMN edgar.annual_figure.accession IS 'Accession number of the filing it comes from.';

COMMENT ON COLUMN edgar.annual_figure.form IS 'Form type of that filing.';

COMMENT ON COLUMN edgar.annual_figure.filed_on IS 'Day that filing was made.';

COMMENT ON COLUMN edgar.annual_figure.first_value IS 'The value as first reported under the same tag for the same period.';

COMMENT ON COLUMN edgar.annual_figure.first_accession IS 'Accession number of the filing that reported it first.';

CREATE TABLE edgar.company (
    cik edgar.cik NOT NULL,
    name text NOT NULL,
    tickers text[] DEFAULT '{}'::text[] NOT NULL,
    exchange text,
    sic text,
    fiscal_year_end text,
    state text,
    is_year_named_by_end boolean DEFAULT true NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT check_company_fiscal_year_end CHECK ((fiscal_year_end ~ '^(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$'::text)),
    CONSTRAINT check_company_name CHECK ((name <> ''::text)),
    CONSTRAINT check_company_sic CHECK ((sic ~ '^[0-9]{4}$'::text))
);

COMMENT ON TABLE edgar.company IS 'A registrant of the SEC.';

COMMENT ON COLUMN edgar.company.cik IS 'SEC company number.';

COMMENT ON COLUMN edgar.company.name IS 'Conformed name in EDGAR.';

COMMENT ON COLUMN edgar.company.tickers IS 'Ticker symbols, the main one first; empty when not listed.';

COMMENT ON COLUMN edgar.company.exchange IS 'Exchange of the main ticker, such as Nasdaq or NYSE.';

COMMENT ON COLUMN edgar.company.sic IS 'Standard Industrial Classification, four digits: 7372 is prepackaged software.';

COMMENT ON COLUMN edgar.company.fiscal_year_end IS 'Month and day the fiscal year ends, MMDD: 0926 is 26 September.';

COMMENT ON COLUMN edgar.company.state IS 'State or country of incorporation, EDGAR''s two-letter code.';

COMMENT ON COLUMN edgar.company.is_year_named_by_end IS 'True when the company names a fiscal year by the calendar year it ends in (Walmart: the year to 2026-01-31 is 2026), false when by the one before (Home Depot: the year to 2026-02-01 is 2025).';

COMMENT ON COLUMN edgar.company.updated_at IS 'When this row was last changed by a load.';

CREATE VIEW edgar.annual_headline AS
 SELECT figure.cik,
    figure.item,
    figure.calendar_year,
        CASE
            WHEN company.is_year_named_by_end THEN (EXTRACT(year FROM (figure.end_on - 7)))::integer
            ELSE figure.calendar_year
        END AS fiscal_year,
    figure.start_on,
    figure.end_on,
    figure.value,
    figure.unit,
    figure.taxonomy,
    figure.tag,
    figure.accession,
    figure.form,
    figure.filed_on
   FROM (edgar.annual_figure figure
     JOIN edgar.company company ON (((company.cik)::bigint = (figure.cik)::bigint)));

COMMENT ON VIEW edgar.annual_headline IS 'Annual headline figures';

COMMENT ON COLUMN edgar.annual_headline.cik IS 'SEC company number.';

COMMENT ON COLUMN edgar.annual_headline.item IS 'Headline item, such as revenue';

COMMENT ON COLUMN edgar.annual_headline.calendar_year IS 'Calendar year that holds most of the period, as in SEC''s frames';

COMMENT ON COLUMN edgar.annual_headline.fiscal_year IS 'The company''s own name for the year';

COMMENT ON COLUMN edgar.annual_headline.start_on IS 'First day of the period; null for a balance sheet figure';

COMMENT ON COLUMN edgar.annual_headline.end_on IS 'Last day of the period';

COMMENT ON COLUMN edgar.annual_headline.value IS 'The value in whole units; nothing is scaled';

COMMENT ON COLUMN edgar.annual_headline.unit IS 'Unit: a currency such as USD, USD/shares, or shares';

COMMENT ON COLUMN edgar.annual_headline.taxonomy IS 'XBRL taxonomy of the tag';

COMMENT ON COLUMN edgar.annual_headline.tag IS 'XBRL tag the company reported it under';

COMMENT ON COLUMN edgar.annual_headline.accession IS 'Accession number of the filing it comes from';

COMMENT ON COLUMN edgar.annual_headline.form IS 'Form type of that filing';

COMMENT ON COLUMN edgar.annual_headline.filed_on IS 'Day that filing was made';

CREATE TABLE edgar.bulk_load (
    is_running boolean DEFAULT true NOT NULL,
    began_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT check_bulk_load_is_running CHECK (is_running)
);

COMMENT ON TABLE edgar.bulk_load IS 'One row while a bulk load runs, between edgar.begin_bulk() and edgar.end_bulk(): annual figures, restatements and counts wait for its end.';

COMMENT ON COLUMN edgar.bulk_load.is_running IS 'Always true: there is one bulk load or none.';

COMMENT ON COLUMN edgar.bulk_load.began_at IS 'When it began.';

CREATE TABLE edgar.company_load (
    cik edgar.cik NOT NULL,
    filings bigint DEFAULT 0 NOT NULL,
    loaded_filings bigint DEFAULT 0 NOT NULL,
    failed_filings bigint DEFAULT 0 NOT NULL,
    facts bigint DEFAULT 0 NOT NULL,
    first_filed_on date,
    last_filed_on date,
    facts_filed_on date,
    changed_at timestamp with time zone
);

COMMENT ON TABLE edgar.company_load IS 'How much is loaded of a company. Kept by triggers on edgar.filing and edgar.fact; absent while there is nothing.';

COMMENT ON COLUMN edgar.company_load.cik IS 'SEC company number.';

COMMENT ON COLUMN edgar.company_load.filings IS 'Filings that are known.';

COMMENT ON COLUMN edgar.company_load.loaded_filings IS 'Filings whose facts are loaded.';

COMMENT ON COLUMN edgar.company_load.failed_filings IS 'Filings whose load failed.';

COMMENT ON COLUMN edgar.company_load.facts IS 'Facts that are loaded.';

COMMENT ON COLUMN edgar.company_load.first_filed_on IS 'Day of the oldest filing.';

COMMENT ON COLUMN edgar.company_load.last_filed_on IS 'Day of the newest filing.';

COMMENT ON COLUMN edgar.company_load.facts_filed_on IS 'Day of the newest filing whose facts are loaded.';

COMMENT ON COLUMN edgar.company_load.changed_at IS 'When a filing of the company was last added or changed.';

CREATE TABLE edgar.concept (
    taxonomy text NOT NULL,
    tag text NOT NULL,
    label text,
    description text,
    labelled_on date,
    CONSTRAINT check_concept_tag CHECK ((tag <> ''::text)),
    CONSTRAINT check_concept_taxonomy CHECK ((taxonomy <> ''::text))
);

COMMENT ON TABLE edgar.concept IS 'An XBRL concept: what a fact is a value of.';

COMMENT ON COLUMN edgar.concept.taxonomy IS 'XBRL taxonomy: us-gaap, dei, ifrs-full, srt.';

COMMENT ON COLUMN edgar.concept.tag IS 'XBRL tag within the taxonomy, such as NetIncomeLoss.';

COMMENT ON COLUMN edgar.concept.label IS 'The concept''s name in words.';

COMMENT ON COLUMN edgar.concept.description IS 'What the concept means.';

COMMENT ON COLUMN edgar.concept.labelled_on IS 'Day of the newest filing, in the source of the label, that uses the concept; null when the source did not say.';

CREATE TABLE edgar.document_part (
    accession edgar.accession NOT NULL,
    cik edgar.cik NOT NULL,
    file_name text NOT NULL,
    part integer NOT NULL,
    form text,
    filed_on date,
    body text NOT NULL,
    words tsvector GENERATED ALWAYS AS (to_tsvector('english'::regconfig, translate(body, '®™©℠'::text, ''::text))) STORED NOT NULL,
    CONSTRAINT check_document_part_body CHECK ((length(body) <= 100000)),
    CONSTRAINT check_document_part_file_name CHECK ((file_name <> ''::text)),
    CONSTRAINT check_document_part_part CHECK ((part >= 1))
)
WITH (autovacuum_analyze_scale_factor='0.02');
ALTER TABLE ONLY edgar.document_part ALTER COLUMN words SET STATISTICS 1000;

COMMENT ON TABLE edgar.document_part IS 'A part of the text of a filing''s document, about a page or two.';

COMMENT ON COLUMN edgar.document_part.accession IS 'Accession number of the filing: the source to cite.';

COMMENT ON COLUMN edgar.document_part.cik IS 'SEC company number.';

COMMENT ON COLUMN edgar.document_part.file_name IS 'File name of the document in the filing''s folder.';

COMMENT ON COLUMN edgar.document_part.part IS 'Number of the part in the document, 1 first.';

COMMENT ON COLUMN edgar.document_part.form IS 'Form type of the filing; null until the filing is known.';

COMMENT ON COLUMN edgar.document_part.filed_on IS 'Day the filing was made; null until the filing is known.';

COMMENT ON COLUMN edgar.document_part.body IS 'The text.';

COMMENT ON COLUMN edgar.document_part.words IS 'The words of the text for full-text search, stemmed as English.';

CREATE TABLE edgar.fact (
    cik edgar.cik NOT NULL,
    taxonomy text NOT NULL,
    tag text NOT NULL,
    unit text NOT NULL,
    start_on date,
    end_on date NOT NULL,
    value numeric NOT NULL,
    accession edgar.accession NOT NULL,
    fy integer,
    fp text,
    form text NOT NULL,
    filed_on date NOT NULL,
    frame text,
    CONSTRAINT check_fact_unit CHECK ((unit <> ''::text))
)
PARTITION BY HASH (cik);

COMMENT ON TABLE edgar.fact IS 'A value that a company reported for a concept and a period in one filing. Later filings repeat a period; values that differ are restatements or stock splits.';

COMMENT ON COLUMN edgar.fact.cik IS 'SEC company number.';

COMMENT ON COLUMN edgar.fact.taxonomy IS 'XBRL taxonomy of the tag.';

COMMENT ON COLUMN edgar.fact.tag IS 'XBRL tag: what the value is of.';

COMMENT ON COLUMN edgar.fact.unit IS 'Unit as the filer wrote it: USD, USD/shares, shares, pure.';

COMMENT ON COLUMN edgar.fact.start_on IS 'First day of the period; null for an instant, such as a balance sheet figure.';

COMMENT ON COLUMN edgar.fact.end_on IS 'Last day of the period, or the day of the instant.';

COMMENT ON COLUMN edgar.fact.value IS 'The value in whole units, exactly as SEC publishes it; nothing is scaled.';

COMMENT ON COLUMN edgar.fact.accession IS 'Accession number of the filing that reported the value: the source to cite.';

COMMENT ON COLUMN edgar.fact.fy IS 'Fiscal year of the filing, not of the period.';

COMMENT ON COLUMN edgar.fact.fp IS 'Fiscal period of the filing, not of the value: FY, Q1, Q2, Q3 or Q4.';

COMMENT ON COLUMN edgar.fact.form IS 'Form type of the filing that reported the value.';

COMMENT ON COLUMN edgar.fact.filed_on IS 'Day that filing was made.';

COMMENT ON COLUMN edgar.fact.frame IS 'SEC''s calendar period, such as CY2024 or CY2024Q3I, on the one fact SEC picks for it.';

CREATE TABLE edgar.fact_0 (
    cik edgar.cik NOT NULL,
    taxonomy text NOT NULL,
    tag text NOT NULL,
    unit text NOT NULL,
    start_on date,
    end_on date NOT NULL,
    value numeric NOT NULL,
    accession edgar.accession NOT NULL,
    fy integer,
    fp text,
    form text NOT NULL,
    filed_on date NOT NULL,
    frame text,
    CONSTRAINT check_fact_unit CHECK ((unit <> ''::text))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_insert_scale_factor='0.02', autovacuum_analyze_scale_factor='0.02');

COMMENT ON TABLE edgar.fact_0 IS 'Part of edgar.fact. Read and write edgar.fact.';

CREATE TABLE edgar.fact_1 (
    cik edgar.cik NOT NULL,
    taxonomy text NOT NULL,
    tag text NOT NULL,
    unit text NOT NULL,
    start_on date,
    end_on date NOT NULL,
    value numeric NOT NULL,
    accession edgar.accession NOT NULL,
    fy integer,
    fp text,
    form text NOT NULL,
    filed_on date NOT NULL,
    frame text,
    CONSTRAINT check_fact_unit CHECK ((unit <> ''::text))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_insert_scale_factor='0.02', autovacuum_analyze_scale_factor='0.02');

COMMENT ON TABLE edgar.fact_1 IS 'Part of edgar.fact. Read and write edgar.fact.';

CREATE TABLE edgar.fact_2 (
    cik edgar.cik NOT NULL,
    taxonomy text NOT NULL,
    tag text NOT NULL,
    unit text NOT NULL,
    start_on date,
    end_on date NOT NULL,
    value numeric NOT NULL,
    accession edgar.accession NOT NULL,
    fy integer,
    fp text,
    form text NOT NULL,
    filed_on date NOT NULL,
    frame text,
    CONSTRAINT check_fact_unit CHECK ((unit <> ''::text))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_insert_scale_factor='0.02', autovacuum_analyze_scale_factor='0.02');

COMMENT ON TABLE edgar.fact_2 IS 'Part of edgar.fact. Read and write edgar.fact.';

CREATE TABLE edgar.fact_3 (
    cik edgar.cik NOT NULL,
    taxonomy text NOT NULL,
    tag text NOT NULL,
    unit text NOT NULL,
    start_on date,
    end_on date NOT NULL,
    value numeric NOT NULL,
    accession edgar.accession NOT NULL,
    fy integer,
    fp text,
    form text NOT NULL,
    filed_on date NOT NULL,
    frame text,
    CONSTRAINT check_fact_unit CHECK ((unit <> ''::text))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_insert_scale_factor='0.02', autovacuum_analyze_scale_factor='0.02');

COMMENT ON TABLE edgar.fact_3 IS 'Part of edgar.fact. Read and write edgar.fact.';

CREATE TABLE edgar.fact_4 (
    cik edgar.cik NOT NULL,
    taxonomy text NOT NULL,
    tag text NOT NULL,
    unit text NOT NULL,
    start_on date,
    end_on date NOT NULL,
    value numeric NOT NULL,
    accession edgar.accession NOT NULL,
    fy integer,
    fp text,
    form text NOT NULL,
    filed_on date NOT NULL,
    frame text,
    CONSTRAINT check_fact_unit CHECK ((unit <> ''::text))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_insert_scale_factor='0.02', autovacuum_analyze_scale_factor='0.02');

COMMENT ON TABLE edgar.fact_4 IS 'Part of edgar.fact. Read and write edgar.fact.';

CREATE TABLE edgar.fact_5 (
    cik edgar.cik NOT NULL,
    taxonomy text NOT NULL,
    tag text NOT NULL,
    unit text NOT NULL,
    start_on date,
    end_on date NOT NULL,
    value numeric NOT NULL,
    accession edgar.accession NOT NULL,
    fy integer,
    fp text,
    form text NOT NULL,
    filed_on date NOT NULL,
    frame text,
    CONSTRAINT check_fact_unit CHECK ((unit <> ''::text))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_insert_scale_factor='0.02', autovacuum_analyze_scale_factor='0.02');

COMMENT ON TABLE edgar.fact_5 IS 'Part of edgar.fact. Read and write edgar.fact.';

CREATE TABLE edgar.fact_6 (
    cik edgar.cik NOT NULL,
    taxonomy text NOT NULL,
    tag text NOT NULL,
    unit text NOT NULL,
    start_on date,
    end_on date NOT NULL,
    value numeric NOT NULL,
    accession edgar.accession NOT NULL,
    fy integer,
    fp text,
    form text NOT NULL,
    filed_on date NOT NULL,
    frame text,
    CONSTRAINT check_fact_unit CHECK ((unit <> ''::text))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_insert_scale_factor='0.02', autovacuum_analyze_scale_factor='0.02');

COMMENT ON TABLE edgar.fact_6 IS 'Part of edgar.fact. Read and write edgar.fact.';

CREATE TABLE edgar.fact_7 (
    cik edgar.cik NOT NULL,
    taxonomy text NOT NULL,
    tag text NOT NULL,
    unit text NOT NULL,
    start_on date,
    end_on date NOT NULL,
    value numeric NOT NULL,
    accession edgar.accession NOT NULL,
    fy integer,
    fp text,
    form text NOT NULL,
    filed_on date NOT NULL,
    frame text,
    CONSTRAINT check_fact_unit CHECK ((unit <> ''::text))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_insert_scale_factor='0.02', autovacuum_analyze_scale_factor='0.02');

COMMENT ON TABLE edgar.fact_7 IS 'Part of edgar.fact. Read and write edgar.fact.';

CREATE VIEW edgar.fact_as_first_reported AS
 SELECT fact.cik,
    fact.taxonomy,
    fact.tag,
    fact.unit,
    fact.start_on,
    fact.end_on,
    COALESCE(((fact.end_on - fact.start_on) + 1), 0) AS days,
    fact.value,
    fact.accession,
    fact.form,
    fact.filed_on
   FROM edgar.fact fact
  WHERE (NOT (EXISTS ( SELECT
           FROM edgar.fact earlier
          WHERE (((earlier.cik)::bigint = (fact.cik)::bigint) AND (earlier.taxonomy = fact.taxonomy) AND (earlier.tag = fact.tag) AND (earlier.unit = fact.unit) AND (earlier.end_on = fact.end_on) AND (NOT (earlier.start_on IS DISTINCT FROM fact.start_on)) AND (ROW(earlier.filed_on, (earlier.accession)::text) < ROW(fact.filed_on, (fact.accession)::text))))));

COMMENT ON VIEW edgar.fact_as_first_reported IS 'Facts as first reported';

COMMENT ON COLUMN edgar.fact_as_first_reported.cik IS 'SEC company number.';

COMMENT ON COLUMN edgar.fact_as_first_reported.taxonomy IS 'XBRL taxonomy of the tag.';

COMMENT ON COLUMN edgar.fact_as_first_reported.tag IS 'XBRL tag: what the value is of.';

COMMENT ON COLUMN edgar.fact_as_first_reported.unit IS 'Unit as the filer wrote it: USD, USD/shares, shares, pure.';

COMMENT ON COLUMN edgar.fact_as_first_reported.start_on IS 'First day of the period; null for an instant, such as a balance sheet figure.';

COMMENT ON COLUMN edgar.fact_as_first_reported.end_on IS 'Last day of the period, or the day of the instant.';

COMMENT ON COLUMN edgar.fact_as_first_reported.days IS 'Length of the period in days, both ends counted; 0 for an instant';

COMMENT ON COLUMN edgar.fact_as_first_reported.value IS 'The value in whole units, exactly as SEC publishes it; nothing is scaled.';

COMMENT ON COLUMN edgar.fact_as_first_reported.accession IS 'Accession number of the filing that reported the value: the source to cite.';

COMMENT ON COLUMN edgar.fact_as_first_reported.form IS 'Form type of the filing that reported the value.';

COMMENT ON COLUMN edgar.fact_as_first_reported.filed_on IS 'Day that filing was made.';

CREATE VIEW edgar.fact_as_last_reported AS
 SELECT fact.cik,
    fact.taxonomy,
    fact.tag,
    fact.unit,
    fact.start_on,
    fact.end_on,
    COALESCE(((fact.end_on - fact.start_on) + 1), 0) AS days,
    fact.value,
    fact.accession,
    fact.form,
    fact.filed_on
   FROM edgar.fact fact
  WHERE (NOT (EXISTS ( SELECT
           FROM edgar.fact later
          WHERE (((later.cik)::bigint = (fact.cik)::bigint) AND (later.taxonomy = fact.taxonomy) AND (later.tag = fact.tag) AND (later.unit = fact.unit) AND (later.end_on = fact.end_on) AND (NOT (later.start_on IS DISTINCT FROM fact.start_on)) AND (ROW(later.filed_on, (later.accession)::text) > ROW(fact.filed_on, (fact.accession)::text))))));

COMMENT ON VIEW edgar.fact_as_last_reported IS 'Facts as last reported';

COMMENT ON COLUMN edgar.fact_as_last_reported.cik IS 'SEC company number.';

COMMENT ON COLUMN edgar.fact_as_last_reported.taxonomy IS 'XBRL taxonomy of the tag.';

COMMENT ON COLUMN edgar.fact_as_last_reported.tag IS 'XBRL tag: what the value is of.';

COMMENT ON COLUMN edgar.fact_as_last_reported.unit IS 'Unit as the filer wrote it: USD, USD/shares, shares, pure.';

COMMENT ON COLUMN edgar.fact_as_last_reported.start_on IS 'First day of the period; null for an instant, such as a balance sheet figure.';

COMMENT ON COLUMN edgar.fact_as_last_reported.end_on IS 'Last day of the period, or the day of the instant.';

COMMENT ON COLUMN edgar.fact_as_last_reported.days IS 'Length of the period in days, both ends counted; 0 for an instant';

COMMENT ON COLUMN edgar.fact_as_last_reported.value IS 'The value in whole units, exactly as SEC publishes it; nothing is scaled.';

COMMENT ON COLUMN edgar.fact_as_last_reported.accession IS 'Accession number of the filing that reported the value: the source to cite.';

COMMENT ON COLUMN edgar.fact_as_last_reported.form IS 'Form type of the filing that reported the value.';

COMMENT ON COLUMN edgar.fact_as_last_reported.filed_on IS 'Day that filing was made.';

CREATE TABLE edgar.filing (
    accession edgar.accession NOT NULL,
    cik edgar.cik NOT NULL,
    form text NOT NULL,
    filed_on date NOT NULL,
    report_on date,
    primary_document text,
    size_bytes bigint,
    status edgar.filing_status DEFAULT 'listed'::edgar.filing_status NOT NULL,
    failure text,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    accepted_text text,
    act text,
    file_number text,
    film_number text,
    items text[],
    is_xbrl boolean,
    is_inline_xbrl boolean,
    primary_document_description text,
    file_name text,
    CONSTRAINT check_filing_failure CHECK (((failure IS NULL) OR (status = 'failed'::edgar.filing_status))),
    CONSTRAINT check_filing_form CHECK ((form <> ''::text)),
    CONSTRAINT check_filing_size_bytes CHECK ((size_bytes >= 0))
);

COMMENT ON TABLE edgar.filing IS 'A filing with the SEC, once for each company it was made for.';

COMMENT ON COLUMN edgar.filing.accession IS 'Accession number: the source to cite.';

COMMENT ON COLUMN edgar.filing.cik IS 'SEC company number.';

COMMENT ON COLUMN edgar.filing.form IS 'Form type: 10-K annual report, 10-Q quarterly report, 8-K current report; /A marks an amendment.';

COMMENT ON COLUMN edgar.filing.filed_on IS 'Day the filing was made.';

COMMENT ON COLUMN edgar.filing.report_on IS 'Last day of the period, or the day of the event, that the filing reports on.';

COMMENT ON COLUMN edgar.filing.primary_document IS 'File name of the main document in the filing''s folder.';

COMMENT ON COLUMN edgar.filing.size_bytes IS 'Size of the whole submission in bytes.';

COMMENT ON COLUMN edgar.filing.status IS 'What is known of the filing: listed, loaded or failed.';

COMMENT ON COLUMN edgar.filing.failure IS 'Why loading the filing failed; only with status failed.';

COMMENT ON COLUMN edgar.filing.updated_at IS 'When this row was last changed.';

COMMENT ON COLUMN edgar.filing.accepted_text IS 'When EDGAR accepted the filing, as SEC writes it. Not reliably UTC, whatever the Z says: use filed_on for time.';

COMMENT ON COLUMN edgar.filing.act IS 'Act the filing was made under: 33, 34, 40 …';

COMMENT ON COLUMN edgar.filing.file_number IS 'SEC file number of the registration.';

COMMENT ON COLUMN edgar.filing.film_number IS 'SEC film number of the filing.';

COMMENT ON COLUMN edgar.filing.items IS 'Items of an 8-K, such as 2.02 (results) and 9.01 (exhibits); null for other forms.';

COMMENT ON COLUMN edgar.filing.is_xbrl IS 'True when the filing has XBRL.';

COMMENT ON COLUMN edgar.filing.is_inline_xbrl IS 'True when the XBRL is in the main document itself.';

COMMENT ON COLUMN edgar.filing.primary_document_description IS 'What the filer calls the main document.';

COMMENT ON COLUMN edgar.filing.file_name IS 'Path of the whole submission below www.sec.gov/Archives, where it is not edgar/data/CIK/ACCESSION.txt.';

CREATE TABLE edgar.fund_class (
    class_id text NOT NULL,
    series_id text NOT NULL,
    cik edgar.cik NOT NULL,
    symbol text,
    CONSTRAINT check_fund_class_class_id CHECK ((class_id ~ '^C[0-9]{9}$'::text)),
    CONSTRAINT check_fund_class_series_id CHECK ((series_id ~ '^S[0-9]{9}$'::text)),
    CONSTRAINT check_fund_class_symbol CHECK ((symbol <> ''::text))
);

COMMENT ON TABLE edgar.fund_class IS 'A class of shares of a mutual fund, with its symbol.';

COMMENT ON COLUMN edgar.fund_class.class_id IS 'SEC''s id of the class of shares: C000024954.';

COMMENT ON COLUMN edgar.fund_class.series_id IS 'SEC''s id of the fund that the class belongs to: S000009184.';

COMMENT ON COLUMN edgar.fund_class.cik IS 'SEC company number of the fund''s registrant.';

COMMENT ON COLUMN edgar.fund_class.symbol IS 'Ticker symbol of the class, in SEC''s spelling; null when it has none.';

CREATE TABLE edgar.fund_holding (
    accession edgar.accession NOT NULL,
    "position" integer NOT NULL,
    cik edgar.cik NOT NULL,
    manager_name text,
    report_on date,
    filed_on date,
    issuer_name text NOT NULL,
    class_title text,
    cusip text NOT NULL,
    figi text,
    value_usd numeric,
    shares numeric,
    share_type text,
    put_call text,
    discretion text,
    other_managers text,
    voting_sole numeric,
    voting_shared numeric,
    voting_none numeric,
    CONSTRAINT check_fund_holding_cusip CHECK ((cusip <> ''::text))
)
WITH (autovacuum_analyze_scale_factor='0.02');

COMMENT ON TABLE edgar.fund_holding IS 'A row of an institutional manager''s information table (13F). One security can have several rows in a filing.';

COMMENT ON COLUMN edgar.fund_holding.accession IS 'Accession number of the filing: the source to cite.';

COMMENT ON COLUMN edgar.fund_holding."position" IS 'Place in the information table, 1 first.';

COMMENT ON COLUMN edgar.fund_holding.cik IS 'SEC number of the manager.';

COMMENT ON COLUMN edgar.fund_holding.manager_name IS 'Name of the manager.';

COMMENT ON COLUMN edgar.fund_holding.report_on IS 'Last day of the quarter that is reported on.';

COMMENT ON COLUMN edgar.fund_holding.filed_on IS 'Day the filing was made.';

COMMENT ON COLUMN edgar.fund_holding.issuer_name IS 'Name of the issuer, as the manager writes it.';

COMMENT ON COLUMN edgar.fund_holding.class_title IS 'Title of the class of securities.';

COMMENT ON COLUMN edgar.fund_holding.cusip IS 'CUSIP of the security, nine characters. SEC publishes no list that leads from it to a CIK.';

COMMENT ON COLUMN edgar.fund_holding.figi IS 'FIGI of the security, where given.';

COMMENT ON COLUMN edgar.fund_holding.value_usd IS 'Market value in whole US dollars, also for filings before 2023 that count in thousands.';

COMMENT ON COLUMN edgar.fund_holding.shares IS 'How many shares, or the principal amount.';

COMMENT ON COLUMN edgar.fund_holding.share_type IS 'SH = shares, PRN = principal amount.';

COMMENT ON COLUMN edgar.fund_holding.put_call IS 'Put or Call for an option; null for the security itself.';

COMMENT ON COLUMN edgar.fund_holding.discretion IS 'Investment discretion: SOLE, DFND (defined) or OTR (other).';

COMMENT ON COLUMN edgar.fund_holding.other_managers IS 'Numbers of other managers in the filing who share in it.';

COMMENT ON COLUMN edgar.fund_holding.voting_sole IS 'Shares with sole voting authority.';

COMMENT ON COLUMN edgar.fund_holding.voting_shared IS 'Shares with shared voting authority.';

COMMENT ON COLUMN edgar.fund_holding.voting_none IS 'Shares without voting authority.';

CREATE TABLE edgar.fund_report (
    accession edgar.accession NOT NULL,
    cik edgar.cik NOT NULL,
    manager_name text,
    report_on date,
    filed_on date,
    form text,
    report_type text,
    amendment_number integer,
    amendment_type text,
    entries integer,
    value_usd numeric,
    CONSTRAINT check_fund_report_amendment_number CHECK ((amendment_number >= 0)),
    CONSTRAINT check_fund_report_amendment_type CHECK ((amendment_type = ANY (ARRAY['RESTATEMENT'::text, 'NEW HOLDINGS'::text])))
)
WITH (autovacuum_analyze_scale_factor='0.02');

COMMENT ON TABLE edgar.fund_report IS 'A 13F filing of an institutional manager: its cover page, and whether it amends an earlier one. Its rows are in edgar.fund_holding.';

COMMENT ON COLUMN edgar.fund_report.accession IS 'Accession number of the filing: the source to cite.';

COMMENT ON COLUMN edgar.fund_report.cik IS 'SEC number of the manager.';

COMMENT ON COLUMN edgar.fund_report.manager_name IS 'Name of the manager.';

COMMENT ON COLUMN edgar.fund_report.report_on IS 'Last day of the quarter that is reported on.';

COMMENT ON COLUMN edgar.fund_report.filed_on IS 'Day the filing was made.';

COMMENT ON COLUMN edgar.fund_report.form IS 'Form type: 13F-HR, or 13F-HR/A for an amendment; null while only the information table is here.';

COMMENT ON COLUMN edgar.fund_report.report_type IS 'What the cover page calls it, such as 13F HOLDINGS REPORT.';

COMMENT ON COLUMN edgar.fund_report.amendment_number IS 'Which amendment of the quarter it is; null for the first filing.';

COMMENT ON COLUMN edgar.fund_report.amendment_type IS 'RESTATEMENT: replaces all earlier filings for the quarter. NEW HOLDINGS: adds to them. Null: not an amendment, or nobody knows; replaces.';

COMMENT ON COLUMN edgar.fund_report.entries IS 'Rows of the information table, as the summary page counts them.';

COMMENT ON COLUMN edgar.fund_report.value_usd IS 'Market value of all rows in whole US dollars, as the summary page sums them.';

CREATE TABLE edgar.headline_concept (
    item text NOT NULL,
    taxonomy text NOT NULL,
    tag text NOT NULL,
    preference integer NOT NULL,
    CONSTRAINT check_headline_concept_preference CHECK ((preference >= 1))
);

COMMENT ON TABLE edgar.headline_concept IS 'The tags that hold a headline item. Where one filing reports several, the lowest preference counts.';

COMMENT ON COLUMN edgar.headline_concept.item IS 'Name of the headline item.';

COMMENT ON COLUMN edgar.headline_concept.taxonomy IS 'XBRL taxonomy of the tag.';

COMMENT ON COLUMN edgar.headline_concept.tag IS 'XBRL tag that holds the item.';

COMMENT ON COLUMN edgar.headline_concept.preference IS 'Order of preference within the item, 1 first.';

CREATE TABLE edgar.headline_item (
    item text NOT NULL,
    label text NOT NULL,
    statement text NOT NULL,
    period_type edgar.period_type NOT NULL,
    unit_pattern text NOT NULL,
    is_additive boolean NOT NULL,
    "position" integer NOT NULL,
    CONSTRAINT check_headline_item_item CHECK ((item ~ '^[a-z][a-z0-9_]*$'::text)),
    CONSTRAINT check_headline_item_statement CHECK ((statement = ANY (ARRAY['income'::text, 'balance'::text, 'cash_flow'::text])))
);

COMMENT ON TABLE edgar.headline_item IS 'A figure analysts ask for by name, whatever tag a company reports it under.';

COMMENT ON COLUMN edgar.headline_item.item IS 'Name of the headline item, such as revenue or net_income.';

COMMENT ON COLUMN edgar.headline_item.label IS 'The item in words.';

COMMENT ON COLUMN edgar.headline_item.statement IS 'Statement it stands in: income, balance or cash_flow.';

COMMENT ON COLUMN edgar.headline_item.period_type IS 'duration = over a period; instant = on the last day of it.';

COMMENT ON COLUMN edgar.headline_item.unit_pattern IS 'Regular expression that a fact''s unit must match.';

COMMENT ON COLUMN edgar.headline_item.is_additive IS 'True when the quarters of a year add up to the year, so that a missing quarter can be derived.';

COMMENT ON COLUMN edgar.headline_item."position" IS 'Place in a list of items.';

CREATE TABLE edgar.insider_transaction (
    accession edgar.accession NOT NULL,
    "position" integer NOT NULL,
    is_derivative boolean NOT NULL,
    issuer_cik edgar.cik NOT NULL,
    owner_cik edgar.cik NOT NULL,
    owner_name text NOT NULL,
    is_director boolean,
    is_officer boolean,
    is_ten_percent_owner boolean,
    officer_title text,
    security_title text,
    transacted_on date,
    transaction_code text,
    shares numeric,
    price numeric,
    acquired_disposed text,
    shares_after numeric,
    is_direct boolean,
    nature_of_ownership text,
    underlying_security text,
    exercise_price numeric,
    footnotes text,
    is_holding boolean DEFAULT false NOT NULL,
    form text,
    filed_on date,
    CONSTRAINT check_insider_transaction_acquired_disposed CHECK ((acquired_disposed = ANY (ARRAY['A'::text, 'D'::text])))
)
WITH (autovacuum_analyze_scale_factor='0.02');

COMMENT ON TABLE edgar.insider_transaction IS 'A trade or a holding that an insider reported on form 3, 4 or 5; once for each owner of a joint filing.';

COMMENT ON COLUMN edgar.insider_transaction.accession IS 'Accession number of the filing: the source to cite.';

COMMENT ON COLUMN edgar.insider_transaction."position" IS 'Place in the filing, 1 first.';

COMMENT ON COLUMN edgar.insider_transaction.is_derivative IS 'True for options and other derivatives, false for shares.';

COMMENT ON COLUMN edgar.insider_transaction.issuer_cik IS 'SEC company number of the company whose securities these are.';

COMMENT ON COLUMN edgar.insider_transaction.owner_cik IS 'SEC number of the insider.';

COMMENT ON COLUMN edgar.insider_transaction.owner_name IS 'Name of the insider, as filed.';

COMMENT ON COLUMN edgar.insider_transaction.is_director IS 'True when the insider is a director.';

COMMENT ON COLUMN edgar.insider_transaction.is_officer IS 'True when the insider is an officer.';

COMMENT ON COLUMN edgar.insider_transaction.is_ten_percent_owner IS 'True when the insider owns ten per cent or more.';

COMMENT ON COLUMN edgar.insider_transaction.officer_title IS 'Title of the officer.';

COMMENT ON COLUMN edgar.insider_transaction.security_title IS 'Title of the security.';

COMMENT ON COLUMN edgar.insider_transaction.transacted_on IS 'Day of the trade; null for a holding.';

COMMENT ON COLUMN edgar.insider_transaction.transaction_code IS 'SEC''s code of the trade: P purchase, S sale, A grant, M exercise, F withheld for tax, G gift …';

COMMENT ON COLUMN edgar.insider_transaction.shares IS 'How many shares or derivatives were traded; null for a holding.';

COMMENT ON COLUMN edgar.insider_transaction.price IS 'Price of one, in US dollars.';

COMMENT ON COLUMN edgar.insider_transaction.acquired_disposed IS 'A = acquired, D = disposed of.';

COMMENT ON COLUMN edgar.insider_transaction.shares_after IS 'How many the insider owns after the trade, or holds.';

COMMENT ON COLUMN edgar.insider_transaction.is_direct IS 'True when owned directly, false through another, such as a trust.';

COMMENT ON COLUMN edgar.insider_transaction.nature_of_ownership IS 'Through whom, when not owned directly.';

COMMENT ON COLUMN edgar.insider_transaction.underlying_security IS 'Security that a derivative is for.';

COMMENT ON COLUMN edgar.insider_transaction.exercise_price IS 'Exercise or conversion price of a derivative, in US dollars.';

COMMENT ON COLUMN edgar.insider_transaction.footnotes IS 'Footnotes of the row, as filed.';

COMMENT ON COLUMN edgar.insider_transaction.is_holding IS 'True for a holding without a trade.';

COMMENT ON COLUMN edgar.insider_transaction.form IS 'Form type: 3, 4 or 5; /A marks an amendment.';

COMMENT ON COLUMN edgar.insider_transaction.filed_on IS 'Day the filing was made.';

CREATE TABLE edgar.job (
    name text NOT NULL,
    state edgar.job_state DEFAULT 'queued'::edgar.job_state NOT NULL,
    requested_at timestamp with time zone DEFAULT now() NOT NULL,
    taken_at timestamp with time zone,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    told_at timestamp with time zone,
    progress text,
    files integer DEFAULT 0 NOT NULL,
    rows_loaded bigint DEFAULT 0 NOT NULL,
    failure text,
    CONSTRAINT check_job_failure CHECK (((state <> 'failed'::edgar.job_state) OR (failure IS NOT NULL))),
    CONSTRAINT check_job_files CHECK ((files >= 0)),
    CONSTRAINT check_job_name CHECK ((name = 'bulk'::text)),
    CONSTRAINT check_job_rows_loaded CHECK ((rows_loaded >= 0))
);

COMMENT ON TABLE edgar.job IS 'Work that was asked for and that a worker does. One row for each kind of work: asking again while it is open changes nothing.';

COMMENT ON COLUMN edgar.job.name IS 'bulk: SEC''s nightly archives with all companies.';

COMMENT ON COLUMN edgar.job.state IS 'Where it is.';

COMMENT ON COLUMN edgar.job.requested_at IS 'When it was asked for.';

COMMENT ON COLUMN edgar.job.taken_at IS 'When a worker put it into its queue; null until one has seen it.';

COMMENT ON COLUMN edgar.job.started_at IS 'When a worker began with it, the last time.';

COMMENT ON COLUMN edgar.job.ended_at IS 'When it ended.';

COMMENT ON COLUMN edgar.job.told_at IS 'When its worker last said how far it is.';

COMMENT ON COLUMN edgar.job.progress IS 'What it is doing, in words.';

COMMENT ON COLUMN edgar.job.files IS 'Files that are through: archives, and companies in them.';

COMMENT ON COLUMN edgar.job.rows_loaded IS 'Rows that were read of them.';

COMMENT ON COLUMN edgar.job.failure IS 'Why it failed, or why the last attempt did when it is queued again.';

CREATE TABLE edgar.restatement (
    cik edgar.cik NOT NULL,
    item text NOT NULL,
    taxonomy text NOT NULL,
    tag text NOT NULL,
    unit text NOT NULL,
    start_on date,
    end_on date NOT NULL,
    calendar_year integer NOT NULL,
    first_value numeric NOT NULL,
    last_value numeric NOT NULL,
    first_accession edgar.accession NOT NULL,
    first_filed_on date NOT NULL,
    last_accession edgar.accession NOT NULL,
    last_filed_on date NOT NULL
);

COMMENT ON TABLE edgar.restatement IS 'A year or an instant whose headline figure was first and last reported with different values. Kept by triggers on edgar.fact.';

COMMENT ON COLUMN edgar.restatement.cik IS 'SEC company number.';

COMMENT ON COLUMN edgar.restatement.item IS 'Headline item, such as revenue.';

COMMENT ON COLUMN edgar.restatement.taxonomy IS 'XBRL taxonomy of the tag.';

COMMENT ON COLUMN edgar.restatement.tag IS 'XBRL tag the values were reported under.';

COMMENT ON COLUMN edgar.restatement.unit IS 'Unit: a currency such as USD, USD/shares, or shares.';

COMMENT ON COLUMN edgar.restatement.start_on IS 'First day of the period; null for an instant.';

COMMENT ON COLUMN edgar.restatement.end_on IS 'Last day of the period, or the day of the instant.';

COMMENT ON COLUMN edgar.restatement.calendar_year IS 'Calendar year that holds most of the period.';

COMMENT ON COLUMN edgar.restatement.first_value IS 'The value in the first filing.';

COMMENT ON COLUMN edgar.restatement.last_value IS 'The value in the last filing.';

COMMENT ON COLUMN edgar.restatement.first_accession IS 'The first filing.';

COMMENT ON COLUMN edgar.restatement.first_filed_on IS 'Day the first filing was made.';

COMMENT ON COLUMN edgar.restatement.last_accession IS 'The last filing.';

COMMENT ON COLUMN edgar.restatement.last_filed_on IS 'Day the last filing was made.';

CREATE TABLE edgar.source_file (
    path text NOT NULL,
    sha256 text,
    etag text,
    last_modified text,
    size_bytes bigint,
    fetched_at timestamp with time zone,
    status edgar.source_status NOT NULL,
    failure text,
    rows_loaded bigint DEFAULT 0 NOT NULL,
    seconds numeric DEFAULT 0 NOT NULL,
    loaded_at timestamp with time zone DEFAULT now() NOT NULL,
    kind text GENERATED ALWAYS AS (
CASE
    WHEN (path ~ '(^|/)files/company_tickers'::text) THEN 'tickers'::text
    WHEN ((path ~ '(^|/)submissions/CIK'::text) OR (path ~ '/bulkdata/submissions\.zip'::text)) THEN 'submissions'::text
    WHEN ((path ~ '(^|/)api/xbrl/'::text) OR (path ~ '/xbrl/companyfacts\.zip'::text)) THEN 'company_facts'::text
    WHEN (path ~ '/full-index/'::text) THEN 'full_index'::text
    WHEN (path ~ '/daily-index/'::text) THEN 'daily_index'::text
    WHEN (path ~ '/financial-statement-data-sets/'::text) THEN 'statement_data_set'::text
    WHEN (path ~ '(^|/)Archives/edgar/data/'::text) THEN 'document'::text
    ELSE 'other'::text
END) STORED NOT NULL,
    CONSTRAINT check_source_file_failure CHECK (((failure IS NOT NULL) = (status = 'failed'::edgar.source_status))),
    CONSTRAINT check_source_file_path CHECK ((path <> ''::text)),
    CONSTRAINT check_source_file_rows_loaded CHECK ((rows_loaded >= 0)),
    CONSTRAINT check_source_file_seconds CHECK ((seconds >= (0)::numeric)),
    CONSTRAINT check_source_file_sha256 CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT check_source_file_size_bytes CHECK ((size_bytes >= 0))
);

COMMENT ON TABLE edgar.source_file IS 'A file of SEC that was loaded, or that could not be. A file whose hash is that of a loaded one is not loaded again.';

COMMENT ON COLUMN edgar.source_file.path IS 'Path of the file at SEC, such as /submissions/CIK0000320193.json; a member of an archive after its path and a slash.';

COMMENT ON COLUMN edgar.source_file.sha256 IS 'SHA-256 of the content, in hex; null when there was none.';

COMMENT ON COLUMN edgar.source_file.etag IS 'ETag of SEC''s answer, for the next conditional request.';

COMMENT ON COLUMN edgar.source_file.last_modified IS 'Last-Modified of SEC''s answer, as SEC writes it.';

COMMENT ON COLUMN edgar.source_file.size_bytes IS 'Size of the content in bytes.';

COMMENT ON COLUMN edgar.source_file.fetched_at IS 'When SEC sent the file; null for a file from a folder.';

COMMENT ON COLUMN edgar.source_file.status IS 'What became of the file: loaded, failed or missing.';

COMMENT ON COLUMN edgar.source_file.failure IS 'Why loading it failed; only with status failed.';

COMMENT ON COLUMN edgar.source_file.rows_loaded IS 'Rows that the file brought, changed ones and unchanged ones.';

COMMENT ON COLUMN edgar.source_file.seconds IS 'How long loading it took.';

COMMENT ON COLUMN edgar.source_file.loaded_at IS 'When this row was last written.';

COMMENT ON COLUMN edgar.source_file.kind IS 'tickers, submissions, company_facts, full_index, daily_index, statement_data_set, document or other.';

CREATE TABLE edgar.statement_number (
    adsh edgar.accession NOT NULL,
    tag text NOT NULL,
    version text NOT NULL,
    ddate date NOT NULL,
    qtrs integer NOT NULL,
    uom text NOT NULL,
    segments text,
    coreg text,
    value numeric,
    footnote text
);

COMMENT ON TABLE edgar.statement_number IS 'A value in SEC''s Financial Statement Data Sets.';

COMMENT ON COLUMN edgar.statement_number.adsh IS 'Accession number of the filing.';

COMMENT ON COLUMN edgar.statement_number.tag IS 'XBRL tag.';

COMMENT ON COLUMN edgar.statement_number.version IS 'Taxonomy and its year; the accession number for a tag of the company''s own.';

COMMENT ON COLUMN edgar.statement_number.ddate IS 'End of the period, rounded to the nearest month''s end.';

COMMENT ON COLUMN edgar.statement_number.qtrs IS 'Quarters in the period: 0 for an instant, 1, 2, 3, 4 …';

COMMENT ON COLUMN edgar.statement_number.uom IS 'Unit.';

COMMENT ON COLUMN edgar.statement_number.segments IS 'Dimensions of the value, axis=member; null for the whole company.';

COMMENT ON COLUMN edgar.statement_number.coreg IS 'Co-registrant the value is of; null for the parent.';

COMMENT ON COLUMN edgar.statement_number.value IS 'The value in whole units, rounded to four digits; null where the filer left it empty.';

COMMENT ON COLUMN edgar.statement_number.footnote IS 'Footnote of the value.';

CREATE TABLE edgar.statement_presentation (
    adsh edgar.accession NOT NULL,
    report integer NOT NULL,
    line integer NOT NULL,
    stmt text,
    inpth boolean,
    rfile text,
    tag text NOT NULL,
    version text NOT NULL,
    plabel text,
    negating boolean
);

COMMENT ON TABLE edgar.statement_presentation IS 'A line of a statement in SEC''s Financial Statement Data Sets: what stands where, under which label.';

COMMENT ON COLUMN edgar.statement_presentation.adsh IS 'Accession number of the filing.';

COMMENT ON COLUMN edgar.statement_presentation.report IS 'Number of the report in the filing.';

COMMENT ON COLUMN edgar.statement_presentation.line IS 'Line in the report.';

COMMENT ON COLUMN edgar.statement_presentation.stmt IS 'Statement: BS balance sheet, IS income, CF cash flow, EQ equity, CI comprehensive income, UN unclassifiable, CP cover page.';

COMMENT ON COLUMN edgar.statement_presentation.inpth IS 'True when the value stands in parentheses.';

COMMENT ON COLUMN edgar.statement_presentation.rfile IS 'Type of the interactive data file: H for HTM, X for XML.';

COMMENT ON COLUMN edgar.statement_presentation.tag IS 'XBRL tag.';

COMMENT ON COLUMN edgar.statement_presentation.version IS 'Taxonomy and its year; the accession number for a tag of the company''s own.';

COMMENT ON COLUMN edgar.statement_presentation.plabel IS 'Label that the filer shows on the line.';

COMMENT ON COLUMN edgar.statement_presentation.negating IS 'True when the value is shown with its sign turned.';

CREATE TABLE edgar.statement_submission (
    adsh edgar.accession NOT NULL,
    cik edgar.cik NOT NULL,
    name text NOT NULL,
    sic text,
    countryba text,
    stprba text,
    cityba text,
    zipba text,
    bas1 text,
    bas2 text,
    baph text,
    countryma text,
    stprma text,
    cityma text,
    zipma text,
    mas1 text,
    mas2 text,
    countryinc text,
    stprinc text,
    ein text,
    former text,
    changed date,
    afs text,
    wksi boolean,
    fye text,
    form text NOT NULL,
    period date,
    fy integer,
    fp text,
    filed date NOT NULL,
    accepted text,
    prevrpt boolean,
    detail boolean,
    instance text,
    nciks integer,
    aciks text
);

COMMENT ON TABLE edgar.statement_submission IS 'A filing in SEC''s Financial Statement Data Sets.';

COMMENT ON COLUMN edgar.statement_submission.adsh IS 'Accession number of the filing.';

COMMENT ON COLUMN edgar.statement_submission.cik IS 'SEC company number.';

COMMENT ON COLUMN edgar.statement_submission.name IS 'Name of the registrant.';

COMMENT ON COLUMN edgar.statement_submission.sic IS 'Standard Industrial Classification, four digits.';

COMMENT ON COLUMN edgar.statement_submission.countryba IS 'Country of the business address.';

COMMENT ON COLUMN edgar.statement_submission.stprba IS 'State or province of the business address.';

COMMENT ON COLUMN edgar.statement_submission.cityba IS 'City of the business address.';

COMMENT ON COLUMN edgar.statement_submission.zipba IS 'Zip code of the business address.';

COMMENT ON COLUMN edgar.statement_submission.bas1 IS 'First line of the business address.';

COMMENT ON COLUMN edgar.statement_submission.bas2 IS 'Second line of the business address.';

COMMENT ON COLUMN edgar.statement_submission.baph IS 'Phone number of the business address.';

COMMENT ON COLUMN edgar.statement_submission.countryma IS 'Country of the mailing address.';

COMMENT ON COLUMN edgar.statement_submission.stprma IS 'State or province of the mailing address.';

COMMENT ON COLUMN edgar.statement_submission.cityma IS 'City of the mailing address.';

COMMENT ON COLUMN edgar.statement_submission.zipma IS 'Zip code of the mailing address.';

COMMENT ON COLUMN edgar.statement_submission.mas1 IS 'First line of the mailing address.';

COMMENT ON COLUMN edgar.statement_submission.mas2 IS 'Second line of the mailing address.';

COMMENT ON COLUMN edgar.statement_submission.countryinc IS 'Country of incorporation.';

COMMENT ON COLUMN edgar.statement_submission.stprinc IS 'State or province of incorporation.';

COMMENT ON COLUMN edgar.statement_submission.ein IS 'Employer identification number.';

COMMENT ON COLUMN edgar.statement_submission.former IS 'Most recent former name.';

COMMENT ON COLUMN edgar.statement_submission.changed IS 'Day of the change from the former name.';

COMMENT ON COLUMN edgar.statement_submission.afs IS 'Filer status with the SEC at the time: 1-LAF large accelerated, 2-ACC accelerated, 4-NON non-accelerated …';

COMMENT ON COLUMN edgar.statement_submission.wksi IS 'True for a well-known seasoned issuer.';

COMMENT ON COLUMN edgar.statement_submission.fye IS 'Month and day the fiscal year ends, MMDD.';

COMMENT ON COLUMN edgar.statement_submission.form IS 'Form type.';

COMMENT ON COLUMN edgar.statement_submission.period IS 'Balance sheet date, rounded to the nearest month''s end.';

COMMENT ON COLUMN edgar.statement_submission.fy IS 'Fiscal year of the filing.';

COMMENT ON COLUMN edgar.statement_submission.fp IS 'Fiscal period of the filing: FY, Q1, Q2, Q3.';

COMMENT ON COLUMN edgar.statement_submission.filed IS 'Day the filing was made.';

COMMENT ON COLUMN edgar.statement_submission.accepted IS 'When EDGAR accepted the filing, New York time, as SEC writes it.';

COMMENT ON COLUMN edgar.statement_submission.prevrpt IS 'True when a later filing of the set''s quarter replaced this one.';

COMMENT ON COLUMN edgar.statement_submission.detail IS 'True when the notes are tagged in detail too.';

COMMENT ON COLUMN edgar.statement_submission.instance IS 'File name of the XBRL instance.';

COMMENT ON COLUMN edgar.statement_submission.nciks IS 'How many registrants the filing is for.';

COMMENT ON COLUMN edgar.statement_submission.aciks IS 'CIKs of the other registrants, parted by spaces.';

CREATE TABLE edgar.statement_tag (
    tag text NOT NULL,
    version text NOT NULL,
    custom boolean NOT NULL,
    abstract boolean NOT NULL,
    datatype text,
    iord text,
    crdr text,
    tlabel text,
    doc text
);

COMMENT ON TABLE edgar.statement_tag IS 'A tag in SEC''s Financial Statement Data Sets.';

COMMENT ON COLUMN edgar.statement_tag.tag IS 'XBRL tag.';

COMMENT ON COLUMN edgar.statement_tag.version IS 'Taxonomy and its year, such as us-gaap/2009; the accession number for a tag of the company''s own.';

COMMENT ON COLUMN edgar.statement_tag.custom IS 'True for a tag of the company''s own.';

COMMENT ON COLUMN edgar.statement_tag.abstract IS 'True for a heading, which has no values.';

COMMENT ON COLUMN edgar.statement_tag.datatype IS 'Type of the values, such as monetary.';

COMMENT ON COLUMN edgar.statement_tag.iord IS 'I for an instant, D for a duration.';

COMMENT ON COLUMN edgar.statement_tag.crdr IS 'C for credit, D for debit; null when neither.';

COMMENT ON COLUMN edgar.statement_tag.tlabel IS 'Label of the tag.';

COMMENT ON COLUMN edgar.statement_tag.doc IS 'Definition of the tag.';

CREATE VIEW edgar.superseded_fund_report AS
 SELECT report.accession,
    later.accession AS superseded_by
   FROM (edgar.fund_report report
     JOIN edgar.fund_report later ON ((((later.cik)::bigint = (report.cik)::bigint) AND (later.report_on = report.report_on))))
  WHERE ((later.amendment_type IS DISTINCT FROM 'NEW HOLDINGS'::text) AND (ROW(COALESCE(later.filed_on, '-infinity'::date), COALESCE(later.amendment_number, 0), (later.accession)::text) > ROW(COALESCE(report.filed_on, '-infinity'::date), COALESCE(report.amendment_number, 0), (report.accession)::text)));

COMMENT ON VIEW edgar.superseded_fund_report IS '13F filings that count no more, because the manager filed for the quarter again and did not only add holdings.';

COMMENT ON COLUMN edgar.superseded_fund_report.accession IS 'Accession number of the filing that counts no more.';

COMMENT ON COLUMN edgar.superseded_fund_report.superseded_by IS 'Accession number of a later filing that replaces it.';

CREATE TABLE edgar.ticker (
    ticker text NOT NULL,
    cik edgar.cik NOT NULL,
    "position" integer NOT NULL,
    CONSTRAINT check_ticker_position CHECK (("position" >= 1)),
    CONSTRAINT check_ticker_ticker CHECK (((ticker <> ''::text) AND (ticker = upper(ticker))))
);

COMMENT ON TABLE edgar.ticker IS 'Which company a ticker symbol leads to. One row per symbol of edgar.company.tickers, kept by edgar_load_companies.';

COMMENT ON COLUMN edgar.ticker.ticker IS 'Ticker symbol in upper case, EDGAR''s spelling: BRK-B.';

COMMENT ON COLUMN edgar.ticker.cik IS 'SEC company number.';

COMMENT ON COLUMN edgar.ticker."position" IS 'Place among the company''s tickers; 1 is the main one.';

ALTER TABLE ONLY edgar.fact ATTACH PARTITION edgar.fact_0 FOR VALUES WITH (modulus 8, remainder 0);

ALTER TABLE ONLY edgar.fact ATTACH PARTITION edgar.fact_1 FOR VALUES WITH (modulus 8, remainder 1);

ALTER TABLE ONLY edgar.fact ATTACH PARTITION edgar.fact_2 FOR VALUES WITH (modulus 8, remainder 2);

ALTER TABLE ONLY edgar.fact ATTACH PARTITION edgar.fact_3 FOR VALUES WITH (modulus 8, remainder 3);

ALTER TABLE ONLY edgar.fact ATTACH PARTITION edgar.fact_4 FOR VALUES WITH (modulus 8, remainder 4);

ALTER TABLE ONLY edgar.fact ATTACH PARTITION edgar.fact_5 FOR VALUES WITH (modulus 8, remainder 5);

ALTER TABLE ONLY edgar.fact ATTACH PARTITION edgar.fact_6 FOR VALUES WITH (modulus 8, remainder 6);

ALTER TABLE ONLY edgar.fact ATTACH PARTITION edgar.fact_7 FOR VALUES WITH (modulus 8, remainder 7);

ALTER TABLE ONLY edgar.fact
    ADD CONSTRAINT unique_fact UNIQUE NULLS NOT DISTINCT (cik, taxonomy, tag, unit, end_on, start_on, accession);

ALTER TABLE ONLY edgar.fact_0
    ADD CONSTRAINT fact_0_cik_taxonomy_tag_unit_end_on_start_on_accession_key UNIQUE NULLS NOT DISTINCT (cik, taxonomy, tag, unit, end_on, start_on, accession);

ALTER TABLE ONLY edgar.fact_1
    ADD CONSTRAINT fact_1_cik_taxonomy_tag_unit_end_on_start_on_accession_key UNIQUE NULLS NOT DISTINCT (cik, taxonomy, tag, unit, end_on, start_on, accession);

ALTER TABLE ONLY edgar.fact_2
    ADD CONSTRAINT fact_2_cik_taxonomy_tag_unit_end_on_start_on_accession_key UNIQUE NULLS NOT DISTINCT (cik, taxonomy, tag, unit, end_on, start_on, accession);

ALTER TABLE ONLY edgar.fact_3
    ADD CONSTRAINT fact_3_cik_taxonomy_tag_unit_end_on_start_on_accession_key UNIQUE NULLS NOT DISTINCT (cik, taxonomy, tag, unit, end_on, start_on, accession);

ALTER TABLE ONLY edgar.fact_4
    ADD CONSTRAINT fact_4_cik_taxonomy_tag_unit_end_on_start_on_accession_key UNIQUE NULLS NOT DISTINCT (cik, taxonomy, tag, unit, end_on, start_on, accession);

ALTER TABLE ONLY edgar.fact_5
    ADD CONSTRAINT fact_5_cik_taxonomy_tag_unit_end_on_start_on_accession_key UNIQUE NULLS NOT DISTINCT (cik, taxonomy, tag, unit, end_on, start_on, accession);

ALTER TABLE ONLY edgar.fact_6
    ADD CONSTRAINT fact_6_cik_taxonomy_tag_unit_end_on_start_on_accession_key UNIQUE NULLS NOT DISTINCT (cik, taxonomy, tag, unit, end_on, start_on, accession);

ALTER TABLE ONLY edgar.fact_7
    ADD CONSTRAINT fact_7_cik_taxonomy_tag_unit_end_on_start_on_accession_key UNIQUE NULLS NOT DISTINCT (cik, taxonomy, tag, unit, end_on, start_on, accession);

ALTER TABLE ONLY edgar.annual_figure
    ADD CONSTRAINT pk_annual_figure PRIMARY KEY (cik, item, calendar_year);

ALTER TABLE ONLY edgar.bulk_load
    ADD CONSTRAINT pk_bulk_load PRIMARY KEY (is_running);

ALTER TABLE ONLY edgar.company
    ADD CONSTRAINT pk_company PRIMARY KEY (cik);

ALTER TABLE ONLY edgar.company_load
    ADD CONSTRAINT pk_company_load PRIMARY KEY (cik);

ALTER TABLE ONLY edgar.concept
    ADD CONSTRAINT pk_concept PRIMARY KEY (taxonomy, tag);

ALTER TABLE ONLY edgar.document_part
    ADD CONSTRAINT pk_document_part PRIMARY KEY (accession, cik, file_name, part);

ALTER TABLE ONLY edgar.filing
    ADD CONSTRAINT pk_filing PRIMARY KEY (accession, cik);

ALTER TABLE ONLY edgar.fund_class
    ADD CONSTRAINT pk_fund_class PRIMARY KEY (class_id);

ALTER TABLE ONLY edgar.fund_holding
    ADD CONSTRAINT pk_fund_holding PRIMARY KEY (accession, "position");

ALTER TABLE ONLY edgar.fund_report
    ADD CONSTRAINT pk_fund_report PRIMARY KEY (accession);

ALTER TABLE ONLY edgar.headline_concept
    ADD CONSTRAINT pk_headline_concept PRIMARY KEY (item, taxonomy, tag);

ALTER TABLE ONLY edgar.headline_item
    ADD CONSTRAINT pk_headline_item PRIMARY KEY (item);

ALTER TABLE ONLY edgar.insider_transaction
    ADD CONSTRAINT pk_insider_transaction PRIMARY KEY (accession, owner_cik, "position");

ALTER TABLE ONLY edgar.job
    ADD CONSTRAINT pk_job PRIMARY KEY (name);

ALTER TABLE ONLY edgar.source_file
    ADD CONSTRAINT pk_source_file PRIMARY KEY (path);

ALTER TABLE ONLY edgar.statement_presentation
    ADD CONSTRAINT pk_statement_presentation PRIMARY KEY (adsh, report, line);

ALTER TABLE ONLY edgar.statement_submission
    ADD CONSTRAINT pk_statement_submission PRIMARY KEY (adsh);

ALTER TABLE ONLY edgar.statement_tag
    ADD CONSTRAINT pk_statement_tag PRIMARY KEY (tag, version);

ALTER TABLE ONLY edgar.ticker
    ADD CONSTRAINT pk_ticker PRIMARY KEY (ticker);

ALTER TABLE ONLY edgar.headline_concept
    ADD CONSTRAINT unique_headline_concept_preference UNIQUE (item, preference);

ALTER TABLE ONLY edgar.headline_item
    ADD CONSTRAINT unique_headline_item_position UNIQUE ("position");

ALTER TABLE ONLY edgar.restatement
    ADD CONSTRAINT unique_restatement UNIQUE NULLS NOT DISTINCT (cik, item, taxonomy, tag, unit, end_on, start_on);

ALTER TABLE ONLY edgar.statement_number
    ADD CONSTRAINT unique_statement_number UNIQUE NULLS NOT DISTINCT (adsh, tag, version, ddate, qtrs, uom, segments, coreg);

CREATE INDEX index_annual_figure_item ON edgar.annual_figure USING btree (item, calendar_year, unit, value, cik);

CREATE INDEX index_document_part_cik ON edgar.document_part USING btree (cik, COALESCE(filed_on, '0001-01-01'::date) DESC, accession DESC, file_name, part);

CREATE INDEX index_document_part_filed_on ON edgar.document_part USING btree (COALESCE(filed_on, '0001-01-01'::date) DESC, accession DESC, cik DESC, file_name, part);

CREATE INDEX index_document_part_words ON edgar.document_part USING gin (words);

CREATE INDEX index_filing_cik_filed_on ON edgar.filing USING btree (cik, filed_on, accession);

CREATE INDEX index_filing_failed ON edgar.filing USING btree (updated_at, accession, cik) WHERE (status = 'failed'::edgar.filing_status);

CREATE INDEX index_filing_filed_on ON edgar.filing USING btree (filed_on, accession, cik);

CREATE INDEX index_fund_class_cik ON edgar.fund_class USING btree (cik);

CREATE INDEX index_fund_class_symbol ON edgar.fund_class USING btree (upper(symbol));

CREATE INDEX index_fund_holding_cik ON edgar.fund_holding USING btree (cik, report_on, cusip);

CREATE INDEX index_fund_holding_cusip ON edgar.fund_holding USING btree (cusip, report_on, cik) INCLUDE (accession, filed_on, value_usd, shares, put_call);

CREATE INDEX index_fund_holding_issuer_name ON edgar.fund_holding USING btree (upper(issuer_name) text_pattern_ops, cusip);

CREATE INDEX index_fund_report_cik ON edgar.fund_report USING btree (cik, report_on, filed_on);

CREATE INDEX index_fund_report_report_on ON edgar.fund_report USING btree (report_on, cik);

CREATE INDEX index_headline_concept_tag ON edgar.headline_concept USING btree (taxonomy, tag);

CREATE INDEX index_insider_transaction_issuer_cik ON edgar.insider_transaction USING btree (issuer_cik, transacted_on, accession, owner_cik, "position");

CREATE INDEX index_insider_transaction_owner_cik ON edgar.insider_transaction USING btree (owner_cik, transacted_on);

CREATE INDEX index_insider_transaction_transacted_on ON edgar.insider_transaction USING btree (transacted_on, accession, owner_cik, "position");

CREATE INDEX index_restatement_difference ON edgar.restatement USING btree (item, abs((last_value - first_value)) DESC, cik, end_on, calendar_year);

CREATE INDEX index_source_file_kind ON edgar.source_file USING btree (kind, status, loaded_at);

CREATE INDEX index_statement_presentation_tag ON edgar.statement_presentation USING btree (adsh, tag, version);

CREATE INDEX index_statement_submission_cik ON edgar.statement_submission USING btree (cik, filed);

CREATE INDEX index_ticker_cik ON edgar.ticker USING btree (cik, "position");

ALTER INDEX edgar.unique_fact ATTACH PARTITION edgar.fact_0_cik_taxonomy_tag_unit_end_on_start_on_accession_key;

ALTER INDEX edgar.unique_fact ATTACH PARTITION edgar.fact_1_cik_taxonomy_tag_unit_end_on_start_on_accession_key;

ALTER INDEX edgar.unique_fact ATTACH PARTITION edgar.fact_2_cik_taxonomy_tag_unit_end_on_start_on_accession_key;

ALTER INDEX edgar.unique_fact ATTACH PARTITION edgar.fact_3_cik_taxonomy_tag_unit_end_on_start_on_accession_key;

ALTER INDEX edgar.unique_fact ATTACH PARTITION edgar.fact_4_cik_taxonomy_tag_unit_end_on_start_on_accession_key;

ALTER INDEX edgar.unique_fact ATTACH PARTITION edgar.fact_5_cik_taxonomy_tag_unit_end_on_start_on_accession_key;

ALTER INDEX edgar.unique_fact ATTACH PARTITION edgar.fact_6_cik_taxonomy_tag_unit_end_on_start_on_accession_key;

ALTER INDEX edgar.unique_fact ATTACH PARTITION edgar.fact_7_cik_taxonomy_tag_unit_end_on_start_on_accession_key;

CREATE TRIGGER keep_facts_deleted AFTER DELETE ON edgar.fact REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION edgar.on_facts_changed();

CREATE TRIGGER keep_facts_inserted AFTER INSERT ON edgar.fact REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION edgar.on_facts_changed();

CREATE TRIGGER keep_facts_truncated AFTER TRUNCATE ON edgar.fact FOR EACH STATEMENT EXECUTE FUNCTION edgar.on_facts_changed();

CREATE TRIGGER keep_facts_updated AFTER UPDATE ON edgar.fact REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION edgar.on_facts_changed();

CREATE TRIGGER keep_filings_deleted AFTER DELETE ON edgar.filing REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION edgar.on_filings_changed();

CREATE TRIGGER keep_filings_inserted AFTER INSERT ON edgar.filing REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION edgar.on_filings_changed();

CREATE TRIGGER keep_filings_truncated AFTER TRUNCATE ON edgar.filing FOR EACH STATEMENT EXECUTE FUNCTION edgar.on_filings_changed();

CREATE TRIGGER keep_filings_updated AFTER UPDATE ON edgar.filing REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION edgar.on_filings_changed();

CREATE TRIGGER keep_headline_concepts AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON edgar.headline_concept FOR EACH STATEMENT EXECUTE FUNCTION edgar.on_headlines_changed();

CREATE TRIGGER keep_headline_items AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON edgar.headline_item FOR EACH STATEMENT EXECUTE FUNCTION edgar.on_headlines_changed();

CREATE TRIGGER name_fund_reports_inserted AFTER INSERT ON edgar.filing REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION edgar.on_filings_named();

CREATE TRIGGER name_fund_reports_updated AFTER UPDATE ON edgar.filing REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION edgar.on_filings_named();

ALTER TABLE ONLY edgar.annual_figure
    ADD CONSTRAINT fk_annual_figure_company FOREIGN KEY (cik) REFERENCES edgar.company(cik) ON DELETE CASCADE;

ALTER TABLE ONLY edgar.annual_figure
    ADD CONSTRAINT fk_annual_figure_headline_item FOREIGN KEY (item) REFERENCES edgar.headline_item(item) ON DELETE CASCADE;

ALTER TABLE ONLY edgar.company_load
    ADD CONSTRAINT fk_company_load_company FOREIGN KEY (cik) REFERENCES edgar.company(cik) ON DELETE CASCADE;

ALTER TABLE ONLY edgar.filing
    ADD CONSTRAINT fk_filing_company FOREIGN KEY (cik) REFERENCES edgar.company(cik) ON DELETE CASCADE;

ALTER TABLE ONLY edgar.headline_concept
    ADD CONSTRAINT fk_headline_concept_concept FOREIGN KEY (taxonomy, tag) REFERENCES edgar.concept(taxonomy, tag) ON DELETE CASCADE;

ALTER TABLE ONLY edgar.headline_concept
    ADD CONSTRAINT fk_headline_concept_headline_item FOREIGN KEY (item) REFERENCES edgar.headline_item(item) ON DELETE CASCADE;

ALTER TABLE ONLY edgar.restatement
    ADD CONSTRAINT fk_restatement_company FOREIGN KEY (cik) REFERENCES edgar.company(cik) ON DELETE CASCADE;

ALTER TABLE ONLY edgar.restatement
    ADD CONSTRAINT fk_restatement_headline_item FOREIGN KEY (item) REFERENCES edgar.headline_item(item) ON DELETE CASCADE;

ALTER TABLE ONLY edgar.ticker
    ADD CONSTRAINT fk_ticker_company FOREIGN KEY (cik) REFERENCES edgar.company(cik) ON DELETE CASCADE;

