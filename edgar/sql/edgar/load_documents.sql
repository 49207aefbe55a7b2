-- name: load_documents :copy
-- title: Load texts of documents
-- Bulk-loads the text of filings' documents in parts, for edgar_search_documents: all rows or none. A part that is already there is
-- updated, and parts that a document no longer has go: send documents whole.
--
-- @column accession    Accession number of the filing
-- @column cik          SEC company number
-- @column file_name    File name of the document in the filing's folder
-- @column part         Number of the part, 1 first
-- @column body         The text, at most about 8,000 characters
-- @scope edgar:load
-- @hint idempotent
-- @timeout 300s
-- @example empty  {rows: [{accession: 0000320193-25-000079, cik: 320193, file_name: '', part: 1, body: A phrase}]}  => error 23514

create temporary table incoming (
  accession edgar.accession not null,
  cik edgar.cik not null,
  file_name text not null,
  part integer not null,
  body text not null
) on commit drop;

copy incoming (accession, cik, file_name, part, body) from stdin (format csv, header match);

delete from edgar.document_part as document
using (
  select distinct incoming.accession, incoming.cik, incoming.file_name
  from incoming
) as loaded
where document.accession = loaded.accession
  and document.cik = loaded.cik
  and document.file_name = loaded.file_name
  and not exists (
    select
    from incoming as kept
    where kept.accession = document.accession
      and kept.cik = document.cik
      and kept.file_name = document.file_name
      and kept.part = document.part
  );

update edgar.document_part as document
set body = incoming.body
from incoming
where document.accession = incoming.accession
  and document.cik = incoming.cik
  and document.file_name = incoming.file_name
  and document.part = incoming.part
  and document.body <> incoming.body;

insert into edgar.document_part (accession, cik, file_name, part, form, filed_on, body)
select distinct on (incoming.accession, incoming.cik, incoming.file_name, incoming.part)
  incoming.accession,
  incoming.cik,
  incoming.file_name,
  incoming.part,
  filing.form,
  filing.filed_on,
  incoming.body
from incoming
left join edgar.filing as filing
  on filing.accession = incoming.accession
  and filing.cik = incoming.cik
where not exists (
  select
  from edgar.document_part as present
  where present.accession = incoming.accession
    and present.cik = incoming.cik
    and present.file_name = incoming.file_name
    and present.part = incoming.part
)
order by incoming.accession, incoming.cik, incoming.file_name, incoming.part
on conflict do nothing;
