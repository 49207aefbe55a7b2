-- More of a filing, as the submissions list it, and what is known of a fund's classes.

set local lock_timeout = '5s';

alter table edgar.filing
  add column if not exists accepted_text text,
  add column if not exists act text,
  add column if not exists file_number text,
  add column if not exists film_number text,
  add column if not exists items text[],
  add column if not exists is_xbrl boolean,
  add column if not exists is_inline_xbrl boolean,
  add column if not exists primary_document_description text,
  add column if not exists file_name text;

comment on column edgar.filing.accepted_text is
  'When EDGAR accepted the filing, as SEC writes it. Not reliably UTC, whatever the Z says: use filed_on for time.';
comment on column edgar.filing.act is 'Act the filing was made under: 33, 34, 40 …';
comment on column edgar.filing.file_number is 'SEC file number of the registration.';
comment on column edgar.filing.film_number is 'SEC film number of the filing.';
comment on column edgar.filing.items is 'Items of an 8-K, such as 2.02 (results) and 9.01 (exhibits); null for other forms.';
comment on column edgar.filing.is_xbrl is 'True when the filing has XBRL.';
comment on column edgar.filing.is_inline_xbrl is 'True when the XBRL is in the main document itself.';
comment on column edgar.filing.primary_document_description is 'What the filer calls the main document.';
comment on column edgar.filing.file_name is
  'Path of the whole submission below www.sec.gov/Archives, where it is not edgar/data/CIK/ACCESSION.txt.';

create table if not exists edgar.fund_class (
  class_id text not null,
  series_id text not null,
  cik edgar.cik not null,
  symbol text,
  constraint pk_fund_class primary key (class_id),
  constraint check_fund_class_class_id check (class_id ~ '^C[0-9]{9}$'),
  constraint check_fund_class_series_id check (series_id ~ '^S[0-9]{9}$'),
  constraint check_fund_class_symbol check (symbol <> '')
);

-- No foreign key to the company: SEC's list of fund classes has no names, and comes before the funds themselves.
create index if not exists index_fund_class_cik on edgar.fund_class (cik);
create index if not exists index_fund_class_symbol on edgar.fund_class (upper(symbol));

comment on table edgar.fund_class is 'A class of shares of a mutual fund, with its symbol.';
comment on column edgar.fund_class.class_id is 'SEC''s id of the class of shares: C000024954.';
comment on column edgar.fund_class.series_id is 'SEC''s id of the fund that the class belongs to: S000009184.';
comment on column edgar.fund_class.cik is 'SEC company number of the fund''s registrant.';
comment on column edgar.fund_class.symbol is 'Ticker symbol of the class, in SEC''s spelling; null when it has none.';
