-- SEC's Financial Statement Data Sets, quarter by quarter: the face of the statements as the filers present them, with company's
-- own tags and with dimensions. Columns keep SEC's names, so that a file's header line is the list of columns.
--
-- Between the tables there are no foreign keys: they come as four files, in any order, and a set leaves rows out that it refers to.

set local lock_timeout = '5s';

create table if not exists edgar.statement_submission (
  adsh edgar.accession not null,
  cik edgar.cik not null,
  name text not null,
  sic text,
  countryba text,
  stprba text,
  cityba text,
  zipba text,
  bas1 text,
  bas2 text,
  baph text,
  countryma text,
  stprma text,
  cityma text,
  zipma text,
  mas1 text,
  mas2 text,
  countryinc text,
  stprinc text,
  ein text,
  former text,
  changed date,
  afs text,
  wksi boolean,
  fye text,
  form text not null,
  period date,
  fy integer,
  fp text,
  filed date not null,
  accepted text,
  prevrpt boolean,
  detail boolean,
  instance text,
  nciks integer,
  aciks text,
  constraint pk_statement_submission primary key (adsh)
);

create index if not exists index_statement_submission_cik on edgar.statement_submission (cik, filed);

comment on table edgar.statement_submission is 'A filing in SEC''s Financial Statement Data Sets.';
comment on column edgar.statement_submission.adsh is 'Accession number of the filing.';
comment on column edgar.statement_submission.cik is 'SEC company number.';
comment on column edgar.statement_submission.name is 'Name of the registrant.';
comment on column edgar.statement_submission.sic is 'Standard Industrial Classification, four digits.';
comment on column edgar.statement_submission.countryba is 'Country of the business address.';
comment on column edgar.statement_submission.stprba is 'State or province of the business address.';
comment on column edgar.statement_submission.cityba is 'City of the business address.';
comment on column edgar.statement_submission.zipba is 'Zip code of the business address.';
comment on column edgar.statement_submission.bas1 is 'First line of the business address.';
comment on column edgar.statement_submission.bas2 is 'Second line of the business address.';
comment on column edgar.statement_submission.baph is 'Phone number of the business address.';
comment on column edgar.statement_submission.countryma is 'Country of the mailing address.';
comment on column edgar.statement_submission.stprma is 'State or province of the mailing address.';
comment on column edgar.statement_submission.cityma is 'City of the mailing address.';
comment on column edgar.statement_submission.zipma is 'Zip code of the mailing address.';
comment on column edgar.statement_submission.mas1 is 'First line of the mailing address.';
comment on column edgar.statement_submission.mas2 is 'Second line of the mailing address.';
comment on column edgar.statement_submission.countryinc is 'Country of incorporation.';
comment on column edgar.statement_submission.stprinc is 'State or province of incorporation.';
comment on column edgar.statement_submission.ein is 'Employer identification number.';
comment on column edgar.statement_submission.former is 'Most recent former name.';
comment on column edgar.statement_submission.changed is 'Day of the change from the former name.';
comment on column edgar.statement_submission.afs is 'Filer status with the SEC at the time: 1-LAF large accelerated, 2-ACC accelerated, 4-NON non-accelerated …';
comment on column edgar.statement_submission.wksi is 'True for a well-known seasoned issuer.';
comment on column edgar.statement_submission.fye is 'Month and day the fiscal year ends, MMDD.';
comment on column edgar.statement_submission.form is 'Form type.';
comment on column edgar.statement_submission.period is 'Balance sheet date, rounded to the nearest month''s end.';
comment on column edgar.statement_submission.fy is 'Fiscal year of the filing.';
comment on column edgar.statement_submission.fp is 'Fiscal period of the filing: FY, Q1, Q2, Q3.';
comment on column edgar.statement_submission.filed is 'Day the filing was made.';
comment on column edgar.statement_submission.accepted is 'When EDGAR accepted the filing, New York time, as SEC writes it.';
comment on column edgar.statement_submission.prevrpt is 'True when a later filing of the set''s quarter replaced this one.';
comment on column edgar.statement_submission.detail is 'True when the notes are tagged in detail too.';
comment on column edgar.statement_submission.instance is 'File name of the XBRL instance.';
comment on column edgar.statement_submission.nciks is 'How many registrants the filing is for.';
comment on column edgar.statement_submission.aciks is 'CIKs of the other registrants, parted by spaces.';

create table if not exists edgar.statement_tag (
  tag text not null,
  version text not null,
  custom boolean not null,
  abstract boolean not null,
  datatype text,
  iord text,
  crdr text,
  tlabel text,
  doc text,
  constraint pk_statement_tag primary key (tag, version)
);

comment on table edgar.statement_tag is 'A tag in SEC''s Financial Statement Data Sets.';
comment on column edgar.statement_tag.tag is 'XBRL tag.';
comment on column edgar.statement_tag.version is 'Taxonomy and its year, such as us-gaap/2009; the accession number for a tag of the company''s own.';
comment on column edgar.statement_tag.custom is 'True for a tag of the company''s own.';
comment on column edgar.statement_tag.abstract is 'True for a heading, which has no values.';
comment on column edgar.statement_tag.datatype is 'Type of the values, such as monetary.';
comment on column edgar.statement_tag.iord is 'I for an instant, D for a duration.';
comment on column edgar.statement_tag.crdr is 'C for credit, D for debit; null when neither.';
comment on column edgar.statement_tag.tlabel is 'Label of the tag.';
comment on column edgar.statement_tag.doc is 'Definition of the tag.';

create table if not exists edgar.statement_number (
  adsh edgar.accession not null,
  tag text not null,
  version text not null,
  ddate date not null,
  qtrs integer not null,
  uom text not null,
  segments text,
  coreg text,
  value numeric,
  footnote text,
  constraint unique_statement_number unique nulls not distinct (adsh, tag, version, ddate, qtrs, uom, segments, coreg)
);

comment on table edgar.statement_number is 'A value in SEC''s Financial Statement Data Sets.';
comment on column edgar.statement_number.adsh is 'Accession number of the filing.';
comment on column edgar.statement_number.tag is 'XBRL tag.';
comment on column edgar.statement_number.version is 'Taxonomy and its year; the accession number for a tag of the company''s own.';
comment on column edgar.statement_number.ddate is 'End of the period, rounded to the nearest month''s end.';
comment on column edgar.statement_number.qtrs is 'Quarters in the period: 0 for an instant, 1, 2, 3, 4 …';
comment on column edgar.statement_number.uom is 'Unit.';
comment on column edgar.statement_number.segments is 'Dimensions of the value, axis=member; null for the whole company.';
comment on column edgar.statement_number.coreg is 'Co-registrant the value is of; null for the parent.';
comment on column edgar.statement_number.value is 'The value in whole units, rounded to four digits; null where the filer left it empty.';
comment on column edgar.statement_number.footnote is 'Footnote of the value.';

create table if not exists edgar.statement_presentation (
  adsh edgar.accession not null,
  report integer not null,
  line integer not null,
  stmt text,
  inpth boolean,
  rfile text,
  tag text not null,
  version text not null,
  plabel text,
  negating boolean,
  constraint pk_statement_presentation primary key (adsh, report, line)
);

create index if not exists index_statement_presentation_tag on edgar.statement_presentation (adsh, tag, version);

comment on table edgar.statement_presentation is 'A line of a statement in SEC''s Financial Statement Data Sets: what stands where, under which label.';
comment on column edgar.statement_presentation.adsh is 'Accession number of the filing.';
comment on column edgar.statement_presentation.report is 'Number of the report in the filing.';
comment on column edgar.statement_presentation.line is 'Line in the report.';
comment on column edgar.statement_presentation.stmt is 'Statement: BS balance sheet, IS income, CF cash flow, EQ equity, CI comprehensive income, UN unclassifiable, CP cover page.';
comment on column edgar.statement_presentation.inpth is 'True when the value stands in parentheses.';
comment on column edgar.statement_presentation.rfile is 'Type of the interactive data file: H for HTM, X for XML.';
comment on column edgar.statement_presentation.tag is 'XBRL tag.';
comment on column edgar.statement_presentation.version is 'Taxonomy and its year; the accession number for a tag of the company''s own.';
comment on column edgar.statement_presentation.plabel is 'Label that the filer shows on the line.';
comment on column edgar.statement_presentation.negating is 'True when the value is shown with its sign turned.';
