-- Loads: all rows or none, again without an effect, and only for companies that are there. Each test begins with a company of its own.

insert into edgar.company (cik, name, tickers)
values (999999998, 'Load Test Corp', '{LOADT}');

-- test: a filing is loaded once and then again without an effect
-- call: edgar_load_filings {rows: [
--     {accession: 0000000002-26-000001, cik: 999999998, form: 10-K, filed_on: '2026-01-02', report_on: '2025-12-31'}]}
-- expect: {copied: 1, affected: 1, rejected: 0}
-- call: edgar_load_filings {rows: [
--     {accession: 0000000002-26-000001, cik: 999999998, form: 10-K, filed_on: '2026-01-02', report_on: '2025-12-31'}]}
-- expect: affected = 0
select count(*) = 1
from edgar.filing as filing
where filing.cik = 999999998;

-- test: one wrong row and nothing is loaded
-- call: edgar_load_filings {rows: [
--     {accession: 0000000002-26-000001, cik: 999999998, form: 10-K, filed_on: '2026-01-02'},
--     {accession: 0000000002-26-000002, cik: 2, form: 10-K, filed_on: '2026-01-02'}]}
-- expect: error 23503
select count(*) = 0
from edgar.filing as filing
where filing.cik = 999999998;

-- test: facts bring their concept and their filing along, and are listed as loaded
-- call: edgar_load_facts {rows: [
--     {cik: 999999998, taxonomy: us-gaap, tag: LoadTestTag, unit: USD, start_on: null, end_on: '2025-12-31', value: '12.50',
--     accession: 0000000002-26-000001, fy: 2025, fp: FY, form: 10-K, filed_on: '2026-01-02', frame: null}]}
-- expect: {copied: 1}
-- call: edgar_latest_value {cik: 999999998, tag: LoadTestTag}
-- expect: {value: {value: '12.50', unit: USD, accession: 0000000002-26-000001}}
-- call: edgar_company_filings {cik: 999999998}
-- expect: {rows: [{accession: 0000000002-26-000001, status: loaded}]}

-- test: a date that is none is refused with its row
-- call: edgar_load_filings {rows: [{accession: 0000000002-26-000001, cik: 999999998, form: 10-K, filed_on: '2026-02-30'}]}
-- expect: error load.row_invalid
-- expect: error 22008
