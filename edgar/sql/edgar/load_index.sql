-- name: load_index :copy
-- title: Load an index of filings
-- Bulk-loads rows of SEC's full or daily index: all rows or none. Companies and filings that are not known yet are added, the filings as listed;
-- what is known stays as it is, because the submissions say more. Rows may repeat.
--
-- @column cik          SEC company number
-- @column name         Name of the company, as the index writes it
-- @column form         Form type, such as 10-K
-- @column filed_on     Day the filing was made
-- @column accession    Accession number
-- @column file_name    Path of the whole submission below www.sec.gov/Archives
-- @scope edgar:load
-- @hint additive
-- @hint idempotent
-- @timeout 600s
-- @example known  {rows: [{cik: 320193, name: Apple Inc., form: 10-K, filed_on: '2025-10-31', accession: 0000320193-25-000079, file_name: edgar/data/320193/0000320193-25-000079.txt}]}  => affected = 0

create temporary table incoming (
  cik edgar.cik not null,
  name text not null,
  form text not null,
  filed_on date not null,
  accession edgar.accession not null,
  file_name text
) on commit drop;

copy incoming (cik, name, form, filed_on, accession, file_name) from stdin (format csv, header match);

insert into edgar.company (cik, name)
select distinct on (incoming.cik) incoming.cik, incoming.name
from incoming
where not exists (
  select
  from edgar.company as company
  where company.cik = incoming.cik
)
order by incoming.cik, incoming.filed_on desc, incoming.name
on conflict (cik) do nothing;

insert into edgar.filing (accession, cik, form, filed_on, file_name)
select distinct on (incoming.accession, incoming.cik)
  incoming.accession,
  incoming.cik,
  incoming.form,
  incoming.filed_on,
  nullif(incoming.file_name, 'edgar/data/' || incoming.cik || '/' || incoming.accession || '.txt') as file_name
from incoming
where not exists (
  select
  from edgar.filing as present
  where present.accession = incoming.accession
    and present.cik = incoming.cik
)
order by incoming.accession, incoming.cik, incoming.filed_on, incoming.form
on conflict (accession, cik) do nothing;
