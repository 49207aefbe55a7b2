-- Insiders and institutional managers: each row with its source, newest filings first, and changes from quarter to quarter.

-- test: trades of insiders are loaded once, shown newest first, and say what they were worth
-- call: edgar_load_insider_transactions {rows: [
--     {accession: 0000320193-20-000086, position: 1, is_derivative: false, issuer_cik: 320193, owner_cik: 1513362, owner_name: Maestri Luca,
--     is_officer: true, officer_title: CFO, security_title: Common Stock, transacted_on: '2020-10-09', transaction_code: S, shares: '243431',
--     price: '116.89', acquired_disposed: D, shares_after: '110272', is_direct: true, is_holding: false, form: '4', filed_on: '2020-10-13'},
--     {accession: 0000320193-20-000086, position: 2, is_derivative: false, issuer_cik: 320193, owner_cik: 1513362, owner_name: Maestri Luca,
--     shares_after: '5', is_holding: true, form: '4', filed_on: '2020-10-13'}]}
-- expect: {copied: 2, inserted: 2, updated: 0, unchanged: 0}
-- call: edgar_insider_transactions {cik: 320193}
-- expect: rows = 1
-- expect: {rows: [{owner_name: Maestri Luca, transaction_code: S, value_usd: '28454649.59', accession: 0000320193-20-000086, filed_on: '2020-10-13'}]}
-- call: edgar_insider_transactions {cik: 320193, codes: [P]}
-- expect: rows = 0
-- call: edgar_insider_feed {since: '2020-10-01', codes: [S], minimum_value_usd: '1000000'}
-- expect: {rows: [{issuer_cik: 320193, company: Apple Inc.}]}
-- call: edgar_insider_feed {since: '2020-10-10'}
-- expect: rows = 0

-- test: a filing that is loaded again with a row less loses it, and changes nothing when it is the same
-- call: edgar_load_insider_transactions {rows: [
--     {accession: 0000320193-20-000086, position: 1, is_derivative: false, issuer_cik: 320193, owner_cik: 1513362, owner_name: Maestri Luca, is_holding: false},
--     {accession: 0000320193-20-000086, position: 2, is_derivative: false, issuer_cik: 320193, owner_cik: 1513362, owner_name: Maestri Luca, is_holding: true}]}
-- call: edgar_load_insider_transactions {rows: [
--     {accession: 0000320193-20-000086, position: 1, is_derivative: false, issuer_cik: 320193, owner_cik: 1513362, owner_name: Maestri Luca, is_holding: false}]}
-- expect: {inserted: 0, updated: 0}
select count(*) = 1
from edgar.insider_transaction as trade
where trade.accession = '0000320193-20-000086';
-- call: edgar_load_insider_transactions {rows: [
--     {accession: 0000320193-20-000086, position: 1, is_derivative: false, issuer_cik: 320193, owner_cik: 1513362, owner_name: Maestri Luca, is_holding: false}]}
-- expect: affected = 0

-- test: the holders of a security, the largest first, with the change since the quarter before
-- call: edgar_load_fund_holdings {rows: [
--     {accession: 0000000001-23-000001, position: 1, cik: 1001, manager_name: One LP, report_on: '2023-06-30', filed_on: '2023-08-14', issuer_name: APPLE INC, class_title: COM, cusip: '037833100', value_usd: '1000', shares: '10', share_type: SH},
--     {accession: 0000000001-23-000001, position: 2, cik: 1001, manager_name: One LP, report_on: '2023-06-30', filed_on: '2023-08-14', issuer_name: APPLE INC, class_title: COM, cusip: '037833100', value_usd: '500', shares: '5', share_type: SH},
--     {accession: 0000000001-23-000002, position: 1, cik: 1001, manager_name: One LP, report_on: '2023-09-30', filed_on: '2023-11-14', issuer_name: APPLE INC, class_title: COM, cusip: '037833100', value_usd: '2000', shares: '20', share_type: SH},
--     {accession: 0000000001-23-000002, position: 2, cik: 1001, manager_name: One LP, report_on: '2023-09-30', filed_on: '2023-11-14', issuer_name: APPLE INC, class_title: COM, cusip: '037833100', value_usd: '9', shares: '900', share_type: SH, put_call: Put},
--     {accession: 0000000002-23-000001, position: 1, cik: 1002, manager_name: Two LP, report_on: '2023-06-30', filed_on: '2023-08-14', issuer_name: APPLE INC, class_title: COM, cusip: '037833100', value_usd: '300', shares: '3', share_type: SH},
--     {accession: 0000000003-23-000001, position: 1, cik: 1003, manager_name: Three LP, report_on: '2023-09-30', filed_on: '2023-11-14', issuer_name: Apple Inc, class_title: COM, cusip: '037833100', value_usd: '9000', shares: '90', share_type: SH}]}
-- expect: {copied: 6, inserted: 6}
-- call: edgar_fund_holders {cusip: '037833100'}
-- expect: rows = 3
-- expect: {rows: [
--     {cik: 1003, shares: '90', previous_shares: null, change_in_shares: null, accessions: [0000000003-23-000001], previous_accessions: []},
--     {cik: 1001, report_on: '2023-09-30', value_usd: '2000', shares: '20', previous_shares: '15', change_in_shares: '5', previous_accessions: [0000000001-23-000001]},
--     {cik: 1002, shares: '0', previous_shares: '3', change_in_shares: '-3', accessions: [], previous_accessions: [0000000002-23-000001]}]}
-- call: edgar_fund_holders {cusip: '037833100', report_on: '2023-06-30', max: 1}
-- expect: {rows: [{cik: 1001, shares: '15', previous_shares: null}]}
-- call: edgar_find_security {q: apple}
-- expect: {rows: [{cusip: '037833100', rows: 6, last_report_on: '2023-09-30'}]}
-- call: edgar_manager_holdings {cik: 1001}
-- expect: {rows: [{cusip: '037833100', put_call: null, shares: '20', share_of_total: '0.9955', accessions: [0000000001-23-000002]}, {put_call: Put}]}

-- test: an amended information table counts instead of the first, and what an index says of a holding comes with its filing
-- call: edgar_load_fund_holdings {rows: [
--     {accession: 0000000001-23-000002, position: 1, cik: 320193, manager_name: null, report_on: null, filed_on: null, issuer_name: ZYX CORP, cusip: '999999999', value_usd: '1', shares: '1'}]}
-- call: edgar_load_filings {rows: [{accession: 0000000001-23-000002, cik: 320193, form: 13F-HR, filed_on: '2023-11-14', report_on: '2023-09-30'}]}
-- call: edgar_fund_holders {cusip: '999999999'}
-- expect: {rows: [{cik: 320193, manager_name: Apple Inc., report_on: '2023-09-30', shares: '1'}]}
-- call: edgar_load_fund_holdings {rows: [
--     {accession: 0000000001-23-000009, position: 1, cik: 320193, manager_name: Apple, report_on: '2023-09-30', filed_on: '2023-12-01', issuer_name: ZYX CORP, cusip: '999999999', value_usd: '2', shares: '2'}]}
-- call: edgar_fund_holders {cusip: '999999999'}
-- expect: rows = 1
-- expect: {rows: [{shares: '2', accessions: [0000000001-23-000009]}]}
-- call: edgar_load_fund_reports {rows: [{accession: 0000000001-23-000009, cik: 320193, report_on: '2023-09-30', filed_on: '2023-12-01', form: 13F-HR/A, amendment_number: 1, amendment_type: NEW HOLDINGS}]}
-- call: edgar_fund_holders {cusip: '999999999'}
-- expect: {rows: [{shares: '3', value_usd: '3', accessions: [0000000001-23-000002, 0000000001-23-000009]}]}
-- call: edgar_manager_filings {cik: 320193}
-- expect: {rows: [{accession: 0000000001-23-000009, amendment_type: NEW HOLDINGS, counts: true}, {accession: 0000000001-23-000002, counts: true, superseded_by: null}]}

-- test: the nightly archives are asked for once, and nobody is there to do them
-- call: edgar_queue_bulk_sync {}
-- expect: affected = 1
-- call: edgar_queue_bulk_sync {}
-- expect: affected = 0
-- call: edgar_worker_jobs {}
-- expect: {rows: [{name: bulk, state: queued, files: 0, failure: null, workers: 0}]}

-- test: a reader may not ask for the nightly archives
-- as: sqlwright_reader
-- call: edgar_queue_bulk_sync {}
-- expect: denied

-- test: a reader may not load trades or holdings
-- as: sqlwright_reader
-- call: edgar_load_fund_holdings {rows: [{accession: 0000000001-23-000002, position: 1, cik: 1, issuer_name: A, cusip: '1'}]}
-- expect: denied

-- test: a reader may not write holdings past the tools either
-- as: sqlwright_reader
delete from edgar.fund_holding
where cik = 1;
-- expect: denied
-- expect: error 42501
