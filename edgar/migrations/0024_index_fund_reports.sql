-- The 13F filings of a quarter: which managers filed for it more than once.

set local lock_timeout = '5s';

create index if not exists index_fund_report_report_on on edgar.fund_report (report_on, cik);
