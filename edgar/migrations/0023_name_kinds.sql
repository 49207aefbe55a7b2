-- The kind of a file of SEC also where a folder stands before SEC's layout, such as snapshots/2026-05-01/api/xbrl/…: until now it was "other".

set local lock_timeout = '5s';

do $$
begin
  if exists (
    select
    from pg_catalog.pg_attribute as attribute
    join pg_catalog.pg_attrdef as present
      on present.adrelid = attribute.attrelid
      and present.adnum = attribute.attnum
    where attribute.attrelid = 'edgar.source_file'::regclass
      and attribute.attname = 'kind'
      and pg_get_expr(present.adbin, present.adrelid) like '%(^|/)files/company_tickers%'
  ) then
    return;
  end if;

  -- An expression cannot be changed before PostgreSQL 17. The table has a row a file.
  drop index if exists edgar.index_source_file_kind;
  alter table edgar.source_file drop column if exists kind;
  alter table edgar.source_file add column kind text not null generated always as (
    case
      when path ~ '(^|/)files/company_tickers' then 'tickers'
      when path ~ '(^|/)submissions/CIK' or path ~ '/bulkdata/submissions\.zip' then 'submissions'
      when path ~ '(^|/)api/xbrl/' or path ~ '/xbrl/companyfacts\.zip' then 'company_facts'
      when path ~ '/full-index/' then 'full_index'
      when path ~ '/daily-index/' then 'daily_index'
      when path ~ '/financial-statement-data-sets/' then 'statement_data_set'
      when path ~ '(^|/)Archives/edgar/data/' then 'document'
      else 'other'
    end
  ) stored;
end
$$;

create index if not exists index_source_file_kind on edgar.source_file (kind, status, loaded_at);

comment on column edgar.source_file.kind is
  'tickers, submissions, company_facts, full_index, daily_index, statement_data_set, document or other.';
