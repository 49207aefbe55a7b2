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

revoke execute on function edgar.begin_bulk() from public;
