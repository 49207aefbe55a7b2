-- XBRL concepts and the values reported for them.
--
-- A fact's start is absent for instants, so the key treats nulls as equal. The key begins with what every question begins
-- with, the company and its concept, and goes on with the period's end, so that a concept over time is one index range.
--
-- No foreign key to the concept: edgar_load_facts adds what is missing, nothing deletes concepts, and checking each of a hundred
-- million rows would double the time of a load.

set local lock_timeout = '5s';

create table if not exists edgar.concept (
  taxonomy text not null,
  tag text not null,
  label text,
  description text,
  constraint pk_concept primary key (taxonomy, tag),
  constraint check_concept_taxonomy check (taxonomy <> ''),
  constraint check_concept_tag check (tag <> '')
);

comment on table edgar.concept is 'An XBRL concept: what a fact is a value of.';
comment on column edgar.concept.taxonomy is 'XBRL taxonomy: us-gaap, dei, ifrs-full, srt.';
comment on column edgar.concept.tag is 'XBRL tag within the taxonomy, such as NetIncomeLoss.';
comment on column edgar.concept.label is 'The concept''s name in words.';
comment on column edgar.concept.description is 'What the concept means.';

create table if not exists edgar.fact (
  cik edgar.cik not null,
  taxonomy text not null,
  tag text not null,
  unit text not null,
  start_on date,
  end_on date not null,
  value numeric not null,
  accession edgar.accession not null,
  fy integer,
  fp text,
  form text not null,
  filed_on date not null,
  frame text,
  constraint unique_fact unique nulls not distinct (cik, taxonomy, tag, unit, end_on, start_on, accession),
  constraint fk_fact_filing foreign key (accession, cik) references edgar.filing (accession, cik) on delete cascade,
  constraint check_fact_unit check (unit <> '')
);

-- A company's new filings touch a small part of a large table: vacuum and analyse by rows, not by a fifth of the table.
alter table edgar.fact set (
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_insert_scale_factor = 0.02,
  autovacuum_analyze_scale_factor = 0.02
);

comment on table edgar.fact is
  'A value that a company reported for a concept and a period in one filing. Later filings repeat a period; values that differ are restatements or stock splits.';
comment on column edgar.fact.cik is 'SEC company number.';
comment on column edgar.fact.taxonomy is 'XBRL taxonomy of the tag.';
comment on column edgar.fact.tag is 'XBRL tag: what the value is of.';
comment on column edgar.fact.unit is 'Unit as the filer wrote it: USD, USD/shares, shares, pure.';
comment on column edgar.fact.start_on is 'First day of the period; null for an instant, such as a balance sheet figure.';
comment on column edgar.fact.end_on is 'Last day of the period, or the day of the instant.';
comment on column edgar.fact.value is 'The value in whole units, exactly as SEC publishes it; nothing is scaled.';
comment on column edgar.fact.accession is 'Accession number of the filing that reported the value: the source to cite.';
comment on column edgar.fact.fy is 'Fiscal year of the filing, not of the period.';
comment on column edgar.fact.fp is 'Fiscal period of the filing, not of the value: FY, Q1, Q2, Q3 or Q4.';
comment on column edgar.fact.form is 'Form type of the filing that reported the value.';
comment on column edgar.fact.filed_on is 'Day that filing was made.';
comment on column edgar.fact.frame is 'SEC''s calendar period, such as CY2024 or CY2024Q3I, on the one fact SEC picks for it.';
