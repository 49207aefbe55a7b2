-- Bulk loads of facts: without the key and the triggers while they run, with both built anew at the end.
--
--   select edgar.begin_bulk();      -- drops the key of edgar.fact, puts a small index by company in its place, switches its triggers off
--   … any number of edgar_load_facts, also by several workers …
--   call edgar.end_bulk();          -- builds the key, figures and counts, analyses
--
-- Only the owner of the tables may call them. A bulk load that dies is ended by the same end_bulk, or goes on: both functions look at what is there
-- and may be called again. In between, edgar_data_status and the figures are as of the beginning, and edgar.bulk_load says so.

set local lock_timeout = '5s';

create table if not exists edgar.bulk_load (
  is_running boolean not null default true,
  began_at timestamptz not null default now(),
  constraint pk_bulk_load primary key (is_running),
  constraint check_bulk_load_is_running check (is_running)
);

comment on table edgar.bulk_load is
  'One row while a bulk load runs, between edgar.begin_bulk() and edgar.end_bulk(): annual figures, restatements and counts wait for its end.';
comment on column edgar.bulk_load.is_running is 'Always true: there is one bulk load or none.';
comment on column edgar.bulk_load.began_at is 'When it began.';

create or replace function edgar.begin_bulk()
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $function$
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
$function$;

comment on function edgar.begin_bulk() is
  'Prepares edgar.fact for a bulk load: no key, no triggers, a small index by company. May be called again. Ends with call edgar.end_bulk().';

-- A procedure that commits between its steps: an index that a transaction has built over rows that changed lately is of no use to that transaction, and
-- an end that is cut short keeps what it has done. So it is called by itself, in no transaction.
create or replace procedure edgar.end_bulk()
language plpgsql
as $procedure$
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
$procedure$;

comment on procedure edgar.end_bulk() is
  'Ends a bulk load: builds the key of edgar.fact, annual figures, restatements and counts, and analyses. May be called again.';

revoke execute on function edgar.begin_bulk() from public;
revoke execute on procedure edgar.end_bulk() from public;
