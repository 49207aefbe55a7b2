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

revoke execute on function edgar.keep_all_figures() from public;
