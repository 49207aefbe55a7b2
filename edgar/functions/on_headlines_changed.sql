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

revoke execute on function edgar.on_headlines_changed() from public;
