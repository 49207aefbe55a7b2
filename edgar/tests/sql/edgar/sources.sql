-- SEC's files: indexes, submissions, tickers, data sets, and the ledger of what was loaded.

-- test: an index adds what is not known, and leaves alone what is
-- call: edgar_load_index {rows: [
--     {cik: 999999997, name: Index Corp \DE\, form: 8-K, filed_on: '2026-01-02', accession: 0000000003-26-000001, file_name: edgar/data/999999997/0000000003-26-000001.txt},
--     {cik: 999999997, name: Index Corp \DE\, form: 8-K, filed_on: '2026-01-02', accession: 0000000003-26-000001, file_name: edgar/data/999999997/0000000003-26-000001.txt},
--     {cik: 320193, name: APPLE COMPUTER, form: 8-K, filed_on: '2025-10-30', accession: 0000320193-25-000079, file_name: edgar/data/320193/0000320193-25-000079.txt}]}
-- expect: {copied: 3, inserted: 1, updated: 0}
-- call: edgar_company_profile {cik: 999999997}
-- expect: {row: {name: 'Index Corp \DE\', filings: 1, latest_form: 8-K}}
-- call: edgar_company_filings {cik: 320193, forms: [10-K], since: '2025-01-01'}
-- expect: {rows: [{accession: 0000320193-25-000079, form: 10-K, filed_on: '2025-10-31', status: loaded}]}

-- test: submissions bring details and keep a filing's status
-- call: edgar_load_submissions {rows: [
--     {accession: 0000320193-25-000079, cik: 320193, form: 10-K, filed_on: '2025-10-31', report_on: null, accepted_text: '2025-10-31T06:01:26.000Z', items: null, is_xbrl: true, is_inline_xbrl: true}]}
-- expect: {inserted: 0, updated: 1}
select filing.status = 'loaded' and filing.is_xbrl and filing.report_on = '2025-09-27' and filing.accepted_text like '2025-10-31T%'
from edgar.filing as filing
where filing.accession = '0000320193-25-000079';
-- call: edgar_load_submissions {rows: [
--     {accession: 0000320193-25-000079, cik: 320193, form: 10-K, filed_on: '2025-10-31', accepted_text: '2025-10-31T06:01:26.000Z', is_xbrl: true, is_inline_xbrl: true}]}
-- expect: affected = 0
-- call: edgar_load_submissions {rows: [{accession: 0000320193-26-000990, cik: 320193, form: 8-K, filed_on: '2026-08-30', items: '2.02,9.01'}]}
select filing.items = '{2.02,9.01}' and filing.status = 'listed'
from edgar.filing as filing
where filing.accession = '0000320193-26-000990';

-- test: tickers bring their companies, in the list's order, and move
-- call: edgar_load_tickers {rows: [
--     {ticker: ZYXA, cik: 999999996, position: 7, name: Zyx Corp, exchange: NYSE}, {ticker: ZYXB, cik: 999999996, position: 9, name: Zyx Corp, exchange: Nasdaq},
--     {ticker: UA, cik: 999999996, position: 8, name: Zyx Corp, exchange: NYSE}]}
-- call: edgar_find_company {q: ZYXA}
-- expect: {rows: [{cik: 999999996, tickers: [ZYXA, UA, ZYXB], exchange: NYSE}]}
-- call: edgar_load_tickers {rows: [{ticker: ZYXB, cik: 999999996, position: 1, name: Zyx Corp, exchange: null}]}
-- call: edgar_find_company {q: ZYXB}
-- expect: {rows: [{cik: 999999996, tickers: [ZYXB], exchange: NYSE}]}
select count(*) = 1
from edgar.ticker as ticker
where ticker.cik = 999999996;

-- test: a company is added with its name and never renamed by a poorer source
-- call: edgar_add_companies {rows: [{cik: 320193, name: APPLE}, {cik: 999999995, name: New Corp}]}
-- expect: {inserted: 1, updated: 0}
-- call: edgar_company_profile {cik: 320193}
-- expect: {row: {name: Apple Inc.}}

-- test: a fund is found by its symbol, and one without a symbol is loaded too
-- call: edgar_load_fund_classes {rows: [
--     {symbol: LACAX, cik: 2110, series_id: S000009184, class_id: C000024954}, {symbol: null, cik: 2110, series_id: S000009184, class_id: C000024955}]}
-- expect: {inserted: 2}
-- call: edgar_find_fund_class {symbol: lacax}
-- expect: {rows: [{class_id: C000024954, series_id: S000009184, cik: 2110, company: null}]}

-- test: a statement as filed, from the four files of a data set
-- call: edgar_load_statement_submissions {rows: [{adsh: 0000004904-09-000117, cik: 4904, name: AEP, form: 10-Q, filed: '2009-08-07', period: '2009-06-30', fy: 2009, fp: Q2, wksi: true}]}
-- call: edgar_load_statement_tags {rows: [{tag: ElectricUtilityRevenue, version: us-gaap/2009, custom: false, abstract: false, datatype: monetary, iord: D, crdr: C}]}
-- call: edgar_load_statement_presentations {rows: [{adsh: 0000004904-09-000117, report: 1, line: 2, stmt: IS, inpth: false, tag: ElectricUtilityRevenue, version: us-gaap/2009, plabel: Utility Operations, negating: false}]}
-- call: edgar_load_statement_numbers {rows: [
--     {adsh: 0000004904-09-000117, tag: ElectricUtilityRevenue, version: us-gaap/2009, ddate: '2009-06-30', qtrs: 1, uom: USD, segments: null, coreg: null, value: '3026000000.0000'},
--     {adsh: 0000004904-09-000117, tag: ElectricUtilityRevenue, version: us-gaap/2009, ddate: '2009-06-30', qtrs: 1, uom: USD, segments: 'Axis=Member;', coreg: null, value: '1'}]}
-- expect: {inserted: 2}
-- call: edgar_statement_filings {cik: 4904}
-- expect: {rows: [{accession: 0000004904-09-000117, form: 10-Q, filed: '2009-08-07', period: '2009-06-30'}]}
-- call: edgar_filing_statement {accession: 0000004904-09-000117}
-- expect: rows = 1
-- expect: {rows: [{line: 2, label: Utility Operations, value: '3026000000.0000', unit: USD, quarters: 1, end_on: '2009-06-30'}]}
-- call: edgar_load_statement_numbers {rows: [
--     {adsh: 0000004904-09-000117, tag: ElectricUtilityRevenue, version: us-gaap/2009, ddate: '2009-06-30', qtrs: 1, uom: USD, value: '3026000000.0000'}]}
-- expect: affected = 0

-- test: a file of SEC is recorded, and its last state counts
-- call: edgar_record_source_file {path: api/xbrl/companyfacts/CIK0000320193.json, status: failed, failure: it ends too early}
-- call: edgar_source_files {status: failed}
-- expect: {rows: [{path: api/xbrl/companyfacts/CIK0000320193.json, kind: company_facts, failure: it ends too early}]}
-- call: edgar_source_status {}
-- expect: {rows: [{kind: company_facts, failed_files: 1, loaded_files: 0}]}
-- call: edgar_record_source_file {path: api/xbrl/companyfacts/CIK0000320193.json, status: loaded, rows_loaded: 24852, seconds: 0.5,
--     sha256: '0000000000000000000000000000000000000000000000000000000000000000', etag: '"1"'}
-- call: edgar_source_file {path: api/xbrl/companyfacts/CIK0000320193.json}
-- expect: {row: {status: loaded, failure: null, rows_loaded: 24852, etag: '"1"'}}
-- call: edgar_source_status {}
-- expect: {rows: [{kind: company_facts, failed_files: 0, loaded_files: 1, rows_loaded: 24852}]}

-- test: a reader may see the ledger and not write it
-- as: sqlwright_reader
-- call: edgar_source_files {}
-- expect: rows >= 0
-- call: edgar_record_source_file {path: a, status: missing}
-- expect: denied

-- test: a reader may not load an index
-- as: sqlwright_reader
-- call: edgar_load_index {rows: [{cik: 1, name: A, form: 8-K, filed_on: '2026-01-02', accession: 0000000003-26-000001, file_name: a}]}
-- expect: denied
