-- Facts in hash partitions by company; see docs/decisions/0017-facts-partitioned-and-figures-kept.md.
--
-- An installation that has facts keeps them: they are copied once, which takes about a minute for ten million, and readers wait
-- for the end of it. Views over the table are dropped and come back with the query files, which `migrate` deploys right after.
--
-- The foreign key to the filing is kept by edgar.on_facts_changed (next migration), once for each filing of a statement instead of
-- once for each fact. The key is the only index: the facts of a filing are a part of one company's range of it, and
-- edgar.annual_figure takes the place of the index by concept and year.

set local lock_timeout = '5s';

do $$
declare
  number integer;
begin
  if exists (
    select
    from pg_catalog.pg_class as class
    where class.oid = to_regclass('edgar.fact')
      and class.relkind = 'r'
  ) then
    drop view if exists edgar.annual_headline, edgar.fact_as_first_reported, edgar.fact_as_last_reported;
    alter table edgar.fact rename to fact_before_partitions;
    alter table edgar.fact_before_partitions rename constraint unique_fact to unique_fact_before_partitions;
  end if;

  create table if not exists edgar.fact (
    cik edgar.cik not null,
    taxonomy text not null,
    tag text not null,
    unit text not null,
    start_on date,
    end_on date not null,
    value numeric not null,
    accession edgar.accession not null,
    fy integer,
    fp text,
    form text not null,
    filed_on date not null,
    frame text,
    constraint check_fact_unit check (unit <> '')
  ) partition by hash (cik);

  for number in 0 .. 7 loop
    execute format(
      'create table if not exists edgar.fact_%s partition of edgar.fact for values with (modulus 8, remainder %s)',
      number,
      number
    );
    -- A company's new filings touch a small part of a large table: vacuum and analyse by rows, not by a fifth of the table.
    execute format(
      'alter table edgar.fact_%s set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02, '
        'autovacuum_analyze_scale_factor = 0.02)',
      number
    );
    execute format('comment on table edgar.fact_%s is %L', number, 'Part of edgar.fact. Read and write edgar.fact.');
  end loop;

  if to_regclass('edgar.fact_before_partitions') is not null then
    -- In the order of the key, so that the facts of a company lie together.
    insert into edgar.fact
      (cik, taxonomy, tag, unit, start_on, end_on, value, accession, fy, fp, form, filed_on, frame)
    select
      former.cik,
      former.taxonomy,
      former.tag,
      former.unit,
      former.start_on,
      former.end_on,
      former.value,
      former.accession,
      former.fy,
      former.fp,
      former.form,
      former.filed_on,
      former.frame
    from edgar.fact_before_partitions as former
    order by former.cik, former.taxonomy, former.tag, former.unit, former.end_on;

    drop table edgar.fact_before_partitions;
  end if;

  if not exists (
    select
    from pg_catalog.pg_constraint as present
    where present.conrelid = 'edgar.fact'::regclass
      and present.conname = 'unique_fact'
  ) then
    alter table edgar.fact
      add constraint unique_fact unique nulls not distinct (cik, taxonomy, tag, unit, end_on, start_on, accession);
  end if;
end
$$;

analyze edgar.fact;

comment on table edgar.fact is
  'A value that a company reported for a concept and a period in one filing. Later filings repeat a period; values that differ are restatements or stock splits.';
comment on column edgar.fact.cik is 'SEC company number.';
comment on column edgar.fact.taxonomy is 'XBRL taxonomy of the tag.';
comment on column edgar.fact.tag is 'XBRL tag: what the value is of.';
comment on column edgar.fact.unit is 'Unit as the filer wrote it: USD, USD/shares, shares, pure.';
comment on column edgar.fact.start_on is 'First day of the period; null for an instant, such as a balance sheet figure.';
comment on column edgar.fact.end_on is 'Last day of the period, or the day of the instant.';
comment on column edgar.fact.value is 'The value in whole units, exactly as SEC publishes it; nothing is scaled.';
comment on column edgar.fact.accession is 'Accession number of the filing that reported the value: the source to cite.';
comment on column edgar.fact.fy is 'Fiscal year of the filing, not of the period.';
comment on column edgar.fact.fp is 'Fiscal period of the filing, not of the value: FY, Q1, Q2, Q3 or Q4.';
comment on column edgar.fact.form is 'Form type of the filing that reported the value.';
comment on column edgar.fact.filed_on is 'Day that filing was made.';
comment on column edgar.fact.frame is 'SEC''s calendar period, such as CY2024 or CY2024Q3I, on the one fact SEC picks for it.';
