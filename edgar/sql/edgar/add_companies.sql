-- name: add_companies :copy
-- title: Add companies
-- Bulk-adds companies that are not known yet, with their names: all rows or none. A company that is there keeps what it has. For sources that
-- say little about a company, such as indexes and company facts; edgar_load_companies takes the rest.
--
-- @column cik     SEC company number
-- @column name    Name of the company
-- @scope edgar:load
-- @hint additive
-- @hint idempotent
-- @timeout 300s
-- @example known  {rows: [{cik: 320193, name: Apple Computer Inc}]}  => affected = 0

create temporary table incoming (like edgar.company including defaults) on commit drop;

copy incoming (cik, name) from stdin (format csv, header match);

insert into edgar.company (cik, name)
select distinct on (incoming.cik) incoming.cik, incoming.name
from incoming
where not exists (
  select
  from edgar.company as company
  where company.cik = incoming.cik
)
order by incoming.cik, incoming.name
on conflict (cik) do nothing;
