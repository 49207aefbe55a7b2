-- The text of filings' documents, in parts, for full-text search.
--
-- In parts, because a tsvector holds at most 1 MB and the text of an annual report can be more, because a snippet is made from the
-- whole text of its row, and because a part says where in the document a phrase is. Form and day stand in each part, so that the newest
-- parts are found first by index; a trigger on edgar.filing keeps them. Without the marks of trade, which some locales take for letters: then
-- "Vision Pro™" would not be found by "vision pro".

set local lock_timeout = '5s';

create table if not exists edgar.document_part (
  accession edgar.accession not null,
  cik edgar.cik not null,
  file_name text not null,
  part integer not null,
  form text,
  filed_on date,
  body text not null,
  words tsvector not null generated always as (to_tsvector('pg_catalog.english', translate(body, '®™©℠', ''))) stored,
  constraint pk_document_part primary key (accession, cik, file_name, part),
  constraint check_document_part_file_name check (file_name <> ''),
  constraint check_document_part_part check (part >= 1),
  constraint check_document_part_body check (length(body) <= 100000)
);

alter table edgar.document_part alter column words set statistics 1000;
alter table edgar.document_part set (autovacuum_analyze_scale_factor = 0.02);

create index if not exists index_document_part_words on edgar.document_part using gin (words);

-- Newest first, for words that stand in many documents.
create index if not exists index_document_part_filed_on
  on edgar.document_part (coalesce(filed_on, '0001-01-01') desc, accession desc, cik desc, file_name, part);
create index if not exists index_document_part_cik
  on edgar.document_part (cik, coalesce(filed_on, '0001-01-01') desc, accession desc, file_name, part);

comment on table edgar.document_part is 'A part of the text of a filing''s document, about a page or two.';
comment on column edgar.document_part.accession is 'Accession number of the filing: the source to cite.';
comment on column edgar.document_part.cik is 'SEC company number.';
comment on column edgar.document_part.file_name is 'File name of the document in the filing''s folder.';
comment on column edgar.document_part.part is 'Number of the part in the document, 1 first.';
comment on column edgar.document_part.form is 'Form type of the filing; null until the filing is known.';
comment on column edgar.document_part.filed_on is 'Day the filing was made; null until the filing is known.';
comment on column edgar.document_part.body is 'The text.';
comment on column edgar.document_part.words is 'The words of the text for full-text search, stemmed as English.';
