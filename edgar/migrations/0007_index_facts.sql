-- transaction: none
-- Indexes of facts beside the key: the facts of a filing, and one concept over all companies in a year.

set lock_timeout = '30s';

-- The foreign key to the filing, and the facts of one filing.
drop index concurrently if exists edgar.index_fact_accession;
create index concurrently index_fact_accession on edgar.fact (accession, cik);

-- Rankings: one concept in one calendar year over all companies. The year is the one that
-- holds the middle of a twelve-month period, as in SEC's frames: end minus 180 days.
drop index concurrently if exists edgar.index_fact_concept_year;
create index concurrently index_fact_concept_year
  on edgar.fact (taxonomy, tag, (extract(year from end_on - 180)::integer), cik);

drop index concurrently if exists edgar.index_headline_concept_tag;
create index concurrently index_headline_concept_tag on edgar.headline_concept (taxonomy, tag);
