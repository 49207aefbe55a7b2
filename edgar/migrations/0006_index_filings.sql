-- transaction: none
-- Indexes of companies and filings, for the foreign keys and for how the tools read. Built without blocking writers. A build
-- that was interrupted leaves an invalid index behind: each one is dropped first, so that this file can run again.

set lock_timeout = '30s';

drop index concurrently if exists edgar.index_ticker_cik;
create index concurrently index_ticker_cik on edgar.ticker (cik, position);

-- The filings of a company, newest first, in pages; also the foreign key.
drop index concurrently if exists edgar.index_filing_cik_filed_on;
create index concurrently index_filing_cik_filed_on on edgar.filing (cik, filed_on, accession);

-- The feed of a day, and what is new since a day, in pages.
drop index concurrently if exists edgar.index_filing_filed_on;
create index concurrently index_filing_filed_on on edgar.filing (filed_on, accession, cik);

-- What failed. Few filings are in that state, so the index stays small.
drop index concurrently if exists edgar.index_filing_failed;
create index concurrently index_filing_failed on edgar.filing (updated_at, accession, cik) where status = 'failed';
