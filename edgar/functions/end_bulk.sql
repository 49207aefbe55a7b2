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

revoke execute on procedure edgar.end_bulk() from public;
