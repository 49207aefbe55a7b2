-- Companies, and the tickers that lead to them.

set local lock_timeout = '5s';

create table if not exists edgar.company (
  cik edgar.cik not null,
  name text not null,
  tickers text[] not null default '{}',
  exchange text,
  sic text,
  fiscal_year_end text,
  state text,
  is_year_named_by_end boolean not null default true,
  updated_at timestamptz not null default now(),
  constraint pk_company primary key (cik),
  constraint check_company_name check (name <> ''),
  constraint check_company_sic check (sic ~ '^[0-9]{4}$'),
  constraint check_company_fiscal_year_end check (fiscal_year_end ~ '^(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$')
);

comment on table edgar.company is 'A registrant of the SEC.';
comment on column edgar.company.cik is 'SEC company number.';
comment on column edgar.company.name is 'Conformed name in EDGAR.';
comment on column edgar.company.tickers is 'Ticker symbols, the main one first; empty when not listed.';
comment on column edgar.company.exchange is 'Exchange of the main ticker, such as Nasdaq or NYSE.';
comment on column edgar.company.sic is 'Standard Industrial Classification, four digits: 7372 is prepackaged software.';
comment on column edgar.company.fiscal_year_end is 'Month and day the fiscal year ends, MMDD: 0926 is 26 September.';
comment on column edgar.company.state is 'State or country of incorporation, EDGAR''s two-letter code.';
comment on column edgar.company.is_year_named_by_end is
  'True when the company names a fiscal year by the calendar year it ends in (Walmart: the year to 2026-01-31 is 2026), '
  'false when by the one before (Home Depot: the year to 2026-02-01 is 2025).';
comment on column edgar.company.updated_at is 'When this row was last changed by a load.';

create table if not exists edgar.ticker (
  ticker text not null,
  cik edgar.cik not null,
  position integer not null,
  constraint pk_ticker primary key (ticker),
  constraint fk_ticker_company foreign key (cik) references edgar.company (cik) on delete cascade,
  constraint check_ticker_ticker check (ticker <> '' and ticker = upper(ticker)),
  constraint check_ticker_position check (position >= 1)
);

comment on table edgar.ticker is
  'Which company a ticker symbol leads to. One row per symbol of edgar.company.tickers, kept by edgar_load_companies.';
comment on column edgar.ticker.ticker is 'Ticker symbol in upper case, EDGAR''s spelling: BRK-B.';
comment on column edgar.ticker.cik is 'SEC company number.';
comment on column edgar.ticker.position is 'Place among the company''s tickers; 1 is the main one.';
