-- Annual figures, restatements and counts: never behind the facts, in the same transaction, and written by nobody else.

insert into edgar.company (cik, name, tickers)
values (999999994, 'Figure Test Corp', '{FIGT}');

-- test: a figure is there as soon as its fact is, and a later filing restates it
-- call: edgar_load_facts {rows: [
--     {cik: 999999994, taxonomy: us-gaap, tag: NetIncomeLoss, unit: USD, start_on: '2025-01-01', end_on: '2025-12-31', value: '100', accession: 0000000004-26-000001, fy: 2025, fp: FY, form: 10-K, filed_on: '2026-02-01'},
--     {cik: 999999994, taxonomy: us-gaap, tag: Assets, unit: USD, start_on: null, end_on: '2025-12-31', value: '900', accession: 0000000004-26-000001, fy: 2025, fp: FY, form: 10-K, filed_on: '2026-02-01'},
--     {cik: 999999994, taxonomy: us-gaap, tag: Assets, unit: USD, start_on: null, end_on: '2025-09-30', value: '800', accession: 0000000004-26-000001, fy: 2025, fp: FY, form: 10-K, filed_on: '2026-02-01'}]}
-- expect: {copied: 3, inserted: 3, updated: 0, unchanged: 0}
-- call: edgar_annual_statement {cik: 999999994}
-- expect: rows = 2
-- expect: {rows: [{fiscal_year: 2025, item: net_income, value: '100', first_value: null}, {item: total_assets, value: '900'}]}
-- call: edgar_restatements {cik: 999999994}
-- expect: rows = 0
-- call: edgar_load_facts {rows: [
--     {cik: 999999994, taxonomy: us-gaap, tag: NetIncomeLoss, unit: USD, start_on: '2025-01-01', end_on: '2025-12-31', value: '90', accession: 0000000004-26-000002, fy: 2025, fp: FY, form: 10-K/A, filed_on: '2026-03-01'}]}
-- call: edgar_annual_statement {cik: 999999994}
-- expect: {rows: [{item: net_income, value: '90', first_value: '100', accession: 0000000004-26-000002}]}
-- call: edgar_restatements {cik: 999999994}
-- expect: {rows: [{first_value: '100', last_value: '90', difference: '-10', change: '-0.1000', first_accession: 0000000004-26-000001, last_accession: 0000000004-26-000002}]}
-- call: edgar_data_status {cik: 999999994}
-- expect: {rows: [{filings: 2, loaded_filings: 2, facts: 4, facts_filed_on: '2026-03-01'}]}

-- test: a fact without its filing is refused, by name
insert into edgar.fact (cik, taxonomy, tag, unit, end_on, value, accession, form, filed_on)
values (999999994, 'us-gaap', 'Assets', 'USD', '2025-12-31', 1, '0000000004-26-000099', '10-K', '2026-02-01');
-- expect: error 23503

-- test: the loader may not write figures, nor begin a bulk load
-- as: sqlwright_writer
update edgar.annual_figure
set value = 1
where cik = 320193;
-- expect: denied
-- expect: error 42501

-- test: the loader may not begin a bulk load
-- as: sqlwright_writer
select edgar.begin_bulk();
-- expect: error 42501
