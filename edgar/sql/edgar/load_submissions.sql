-- name: load_submissions :copy
-- title: Load submissions
-- Bulk-loads the filings of SEC's submissions with all their details: all rows or none. A filing that is already there is updated and keeps its
-- status; a detail that the row leaves empty stays as it is. The companies must be there.
--
-- @column accession                       Accession number
-- @column cik                             SEC company number
-- @column form                            Form type, such as 10-K
-- @column filed_on                        Day the filing was made
-- @column report_on                       Last day of the period, or the day of the event, that the filing reports on
-- @column accepted_text                   When EDGAR accepted the filing, as SEC writes it
-- @column act                             Act the filing was made under
-- @column file_number                     SEC file number
-- @column film_number                     SEC film number
-- @column items                           Items of an 8-K, parted by commas: 2.02,9.01
-- @column size_bytes                      Size of the whole submission in bytes
-- @column is_xbrl                         True when the filing has XBRL
-- @column is_inline_xbrl                  True when the XBRL is in the main document
-- @column primary_document                File name of the main document
-- @column primary_document_description    What the filer calls the main document
-- @scope edgar:load
-- @hint idempotent
-- @timeout 300s
-- @example unchanged  {rows: [{accession: 0000320193-25-000079, cik: 320193, form: 10-K, filed_on: '2025-10-31', report_on: '2025-09-27', primary_document: aapl-20250927.htm, size_bytes: 9392337}]}  => affected = 0
-- @example unknown    {rows: [{accession: 0000000000-00-000000, cik: 1, form: 10-K, filed_on: '2025-10-31'}]}  => error 23503

create temporary table incoming (
  accession edgar.accession not null,
  cik edgar.cik not null,
  form text not null,
  filed_on date not null,
  report_on date,
  accepted_text text,
  act text,
  file_number text,
  film_number text,
  items text,
  size_bytes bigint,
  is_xbrl boolean,
  is_inline_xbrl boolean,
  primary_document text,
  primary_document_description text
) on commit drop;

copy incoming
  (
    accession,
    cik,
    form,
    filed_on,
    report_on,
    accepted_text,
    act,
    file_number,
    film_number,
    items,
    size_bytes,
    is_xbrl,
    is_inline_xbrl,
    primary_document,
    primary_document_description
  )
from stdin (format csv, header match);

update edgar.filing as filing
set
  form = incoming.form,
  filed_on = incoming.filed_on,
  report_on = coalesce(incoming.report_on, filing.report_on),
  accepted_text = coalesce(incoming.accepted_text, filing.accepted_text),
  act = coalesce(incoming.act, filing.act),
  file_number = coalesce(incoming.file_number, filing.file_number),
  film_number = coalesce(incoming.film_number, filing.film_number),
  items = coalesce(string_to_array(nullif(incoming.items, ''), ','), filing.items),
  size_bytes = coalesce(incoming.size_bytes, filing.size_bytes),
  is_xbrl = coalesce(incoming.is_xbrl, filing.is_xbrl),
  is_inline_xbrl = coalesce(incoming.is_inline_xbrl, filing.is_inline_xbrl),
  primary_document = coalesce(incoming.primary_document, filing.primary_document),
  primary_document_description = coalesce(incoming.primary_document_description, filing.primary_document_description),
  updated_at = now()
from incoming
where filing.accession = incoming.accession
  and filing.cik = incoming.cik
  and (
    filing.form,
    filing.filed_on,
    filing.report_on,
    filing.accepted_text,
    filing.act,
    filing.file_number,
    filing.film_number,
    filing.items,
    filing.size_bytes,
    filing.is_xbrl,
    filing.is_inline_xbrl,
    filing.primary_document,
    filing.primary_document_description
  ) is distinct from (
    incoming.form,
    incoming.filed_on,
    coalesce(incoming.report_on, filing.report_on),
    coalesce(incoming.accepted_text, filing.accepted_text),
    coalesce(incoming.act, filing.act),
    coalesce(incoming.file_number, filing.file_number),
    coalesce(incoming.film_number, filing.film_number),
    coalesce(string_to_array(nullif(incoming.items, ''), ','), filing.items),
    coalesce(incoming.size_bytes, filing.size_bytes),
    coalesce(incoming.is_xbrl, filing.is_xbrl),
    coalesce(incoming.is_inline_xbrl, filing.is_inline_xbrl),
    coalesce(incoming.primary_document, filing.primary_document),
    coalesce(incoming.primary_document_description, filing.primary_document_description)
  );

insert into edgar.filing
  (
    accession,
    cik,
    form,
    filed_on,
    report_on,
    accepted_text,
    act,
    file_number,
    film_number,
    items,
    size_bytes,
    is_xbrl,
    is_inline_xbrl,
    primary_document,
    primary_document_description
  )
select distinct on (incoming.accession, incoming.cik)
  incoming.accession,
  incoming.cik,
  incoming.form,
  incoming.filed_on,
  incoming.report_on,
  incoming.accepted_text,
  incoming.act,
  incoming.file_number,
  incoming.film_number,
  string_to_array(nullif(incoming.items, ''), ',') as items,
  incoming.size_bytes,
  incoming.is_xbrl,
  incoming.is_inline_xbrl,
  incoming.primary_document,
  incoming.primary_document_description
from incoming
where not exists (
  select
  from edgar.filing as present
  where present.accession = incoming.accession
    and present.cik = incoming.cik
)
order by incoming.accession, incoming.cik, incoming.filed_on
on conflict (accession, cik) do nothing;
