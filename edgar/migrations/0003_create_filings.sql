-- Filings. One filing can belong to several companies: one row per company.

set local lock_timeout = '5s';

create table if not exists edgar.filing (
  accession edgar.accession not null,
  cik edgar.cik not null,
  form text not null,
  filed_on date not null,
  report_on date,
  primary_document text,
  size_bytes bigint,
  status edgar.filing_status not null default 'listed',
  failure text,
  updated_at timestamptz not null default now(),
  constraint pk_filing primary key (accession, cik),
  constraint fk_filing_company foreign key (cik) references edgar.company (cik) on delete cascade,
  constraint check_filing_form check (form <> ''),
  constraint check_filing_size_bytes check (size_bytes >= 0),
  constraint check_filing_failure check (failure is null or status = 'failed')
);

comment on table edgar.filing is 'A filing with the SEC, once for each company it was made for.';
comment on column edgar.filing.accession is 'Accession number: the source to cite.';
comment on column edgar.filing.cik is 'SEC company number.';
comment on column edgar.filing.form is 'Form type: 10-K annual report, 10-Q quarterly report, 8-K current report; /A marks an amendment.';
comment on column edgar.filing.filed_on is 'Day the filing was made.';
comment on column edgar.filing.report_on is 'Last day of the period, or the day of the event, that the filing reports on.';
comment on column edgar.filing.primary_document is 'File name of the main document in the filing''s folder.';
comment on column edgar.filing.size_bytes is 'Size of the whole submission in bytes.';
comment on column edgar.filing.status is 'What is known of the filing: listed, loaded or failed.';
comment on column edgar.filing.failure is 'Why loading the filing failed; only with status failed.';
comment on column edgar.filing.updated_at is 'When this row was last changed.';
