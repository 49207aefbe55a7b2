-- Status tools: what they write, who may call them, and that a call which fails leaves nothing.

-- test: a failure is recorded, shown and taken back
-- call: edgar_mark_filing_failed {accession: 0000320193-25-000079, reason: timed out}
-- expect: affected = 1
select filing.status = 'failed' and filing.failure = 'timed out'
from edgar.filing as filing
where filing.accession = '0000320193-25-000079';

-- call: edgar_failed_filings {}
-- expect: {rows: [{accession: 0000320193-25-000079, failure: timed out}]}
-- call: edgar_set_filing_status {rows: [{accession: 0000320193-25-000079, status: loaded}]}
-- expect: affected = 1
-- call: edgar_failed_filings {}
-- expect: rows = 0
-- expect: {rows: []}

-- test: marking twice changes nothing the second time
-- call: edgar_mark_filing_failed {accession: 0000320193-25-000079, reason: timed out}
-- call: edgar_mark_filing_failed {accession: 0000320193-25-000079, reason: timed out}
-- expect: affected = 0

-- test: a status that the enum does not have is refused with its row
-- call: edgar_set_filing_status {rows: [{accession: 0000320193-25-000079, status: lost}]}
-- expect: error argument.invalid

-- test: a reader may not write
-- as: sqlwright_reader
-- call: edgar_mark_filing_failed {accession: 0000320193-25-000079, reason: no right}
-- expect: denied

-- test: a reader may read, and not write past the tools either
-- as: sqlwright_reader
-- call: edgar_find_company {q: AAPL}
-- expect: rows = 1
update edgar.filing
set status = 'listed'
where cik = 320193;
-- expect: denied
-- expect: error 42501

-- test: a filing belongs to a company that is known
insert into edgar.filing (accession, cik, form, filed_on)
values ('0000000001-26-000001', 2, '10-K', '2026-01-02');
-- expect: error 23503
