-- Finding companies and reading their filings, over the bundled sample.

-- test: a ticker is an exact match and stands first
-- call: edgar_find_company {q: aapl, max: 5}
-- expect: rows = 1
-- expect: {rows: [{cik: 320193, tickers: [AAPL]}]}

-- test: text from a caller is a value and never SQL
-- call: edgar_find_company {q: "'; drop table edgar.company; --"}
-- expect: rows = 0
select to_regclass('edgar.company') is not null;

-- test: more rows than the ceiling are refused before the database is asked
-- call: edgar_find_company {q: inc, max: 101}
-- expect: error argument.invalid

-- test: an argument that the tool does not have is refused
-- call: edgar_find_company {q: AAPL, limit: 1}
-- expect: error argument.unknown

-- test: a company of this test is found, and only here
insert into edgar.company (cik, name, tickers)
values (999999999, 'Zyx Test Holdings', '{ZYXT}');

insert into edgar.ticker (ticker, cik, position)
values ('ZYXT', 999999999, 1);

-- call: edgar_find_company {q: ZYXT}
-- expect: {rows: [{cik: 999999999, name: Zyx Test Holdings}]}
-- call: edgar_company_profile {cik: 999999999}
-- expect: {row: {name: Zyx Test Holdings, filings: 0, latest_form: null}}

-- test: an unknown company has no profile and no report
-- call: edgar_company_profile {cik: 1}
-- expect: null
-- call: edgar_company_report {cik: 1}
-- expect: null

-- test: a number that no CIK can have is refused
-- call: edgar_company_profile {cik: -1}
-- expect: error

-- test: the filings of a day are read through their index
-- call: edgar_filing_feed {filed_on: '2026-02-03'}
-- expect: plan uses index index_filing_filed_on
-- expect: plan without seq scan on edgar.filing
-- expect: plan cost < 10000
-- expect: rows >= 1
