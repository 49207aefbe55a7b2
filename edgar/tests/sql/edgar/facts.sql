-- Figures: exact values, each with its source, and read through indexes.

-- test: an annual figure is exact and names its filing
-- call: edgar_annual_statement {cik: 320193, years: 1, statement: income}
-- expect: {rows: [{item: revenue, value: '416161000000', unit: USD}]}

-- test: a history of one concept is read through an index of facts
-- call: edgar_concept_history {cik: 320193, tag: NetIncomeLoss, period: year}
-- expect: plan without seq scan on edgar.fact

-- test: every period of a company stands once among the facts as last reported
select count(*) = count(distinct (last.taxonomy, last.tag, last.unit, last.end_on, last.days))
from edgar.fact_as_last_reported as last
where last.cik = 320193;

-- test: a later filing restates a value, and the first one keeps it
insert into edgar.filing (accession, cik, form, filed_on)
values ('0000320193-99-000001', 320193, '10-K/A', '2099-01-01');

insert into edgar.fact (cik, taxonomy, tag, unit, start_on, end_on, value, accession, form, filed_on)
select fact.cik, fact.taxonomy, fact.tag, fact.unit, fact.start_on, fact.end_on, fact.value + 1, '0000320193-99-000001', '10-K/A', '2099-01-01'
from edgar.fact_as_last_reported as fact
where fact.cik = 320193
  and fact.tag = 'NetIncomeLoss'
  and fact.end_on = '2024-09-28'
  and fact.days > 350;
-- expect: affected = 1

-- call: edgar_fact_as_last_reported {cik: 320193, tag: NetIncomeLoss, end_on_from: '2024-09-28', end_on_to: '2024-09-28', days_from: 350}
-- expect: {rows: [{value: '93736000001', accession: 0000320193-99-000001}]}
-- call: edgar_fact_as_first_reported {cik: 320193, tag: NetIncomeLoss, end_on_from: '2024-09-28', end_on_to: '2024-09-28', days_from: 350}
-- expect: {rows: [{value: '93736000000', accession: 0000320193-24-000123}]}

-- test: a cursor of another call is refused
-- call: edgar_filing_feed {filed_on: '2026-02-03', cursor: bm90IGEgY3Vyc29yIGF0IGFsbA}
-- expect: error cursor.invalid
