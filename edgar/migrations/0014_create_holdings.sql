-- Who holds what: trades and holdings of insiders (forms 3, 4 and 5), and holdings of institutional managers (13F).
--
-- No foreign keys to filing and company: a document can be here before anything else of its filing, and does not name its issuer.
-- Each row carries its accession number, the source to cite.

set local lock_timeout = '5s';

create table if not exists edgar.insider_transaction (
  accession edgar.accession not null,
  position integer not null,
  is_derivative boolean not null,
  issuer_cik edgar.cik not null,
  owner_cik edgar.cik not null,
  owner_name text not null,
  is_director boolean,
  is_officer boolean,
  is_ten_percent_owner boolean,
  officer_title text,
  security_title text,
  transacted_on date,
  transaction_code text,
  shares numeric,
  price numeric,
  acquired_disposed text,
  shares_after numeric,
  is_direct boolean,
  nature_of_ownership text,
  underlying_security text,
  exercise_price numeric,
  footnotes text,
  is_holding boolean not null default false,
  form text,
  filed_on date,
  constraint pk_insider_transaction primary key (accession, owner_cik, position),
  constraint check_insider_transaction_acquired_disposed check (acquired_disposed in ('A', 'D'))
);

-- The trades of a company, newest first, in pages.
create index if not exists index_insider_transaction_issuer_cik
  on edgar.insider_transaction (issuer_cik, transacted_on, accession, owner_cik, position);

-- The latest trades of all companies, and those of one person.
create index if not exists index_insider_transaction_transacted_on
  on edgar.insider_transaction (transacted_on, accession, owner_cik, position);
create index if not exists index_insider_transaction_owner_cik on edgar.insider_transaction (owner_cik, transacted_on);

alter table edgar.insider_transaction set (autovacuum_analyze_scale_factor = 0.02);

comment on table edgar.insider_transaction is
  'A trade or a holding that an insider reported on form 3, 4 or 5; once for each owner of a joint filing.';
comment on column edgar.insider_transaction.accession is 'Accession number of the filing: the source to cite.';
comment on column edgar.insider_transaction.position is 'Place in the filing, 1 first.';
comment on column edgar.insider_transaction.is_derivative is 'True for options and other derivatives, false for shares.';
comment on column edgar.insider_transaction.issuer_cik is 'SEC company number of the company whose securities these are.';
comment on column edgar.insider_transaction.owner_cik is 'SEC number of the insider.';
comment on column edgar.insider_transaction.owner_name is 'Name of the insider, as filed.';
comment on column edgar.insider_transaction.is_director is 'True when the insider is a director.';
comment on column edgar.insider_transaction.is_officer is 'True when the insider is an officer.';
comment on column edgar.insider_transaction.is_ten_percent_owner is 'True when the insider owns ten per cent or more.';
comment on column edgar.insider_transaction.officer_title is 'Title of the officer.';
comment on column edgar.insider_transaction.security_title is 'Title of the security.';
comment on column edgar.insider_transaction.transacted_on is 'Day of the trade; null for a holding.';
comment on column edgar.insider_transaction.transaction_code is
  'SEC''s code of the trade: P purchase, S sale, A grant, M exercise, F withheld for tax, G gift …';
comment on column edgar.insider_transaction.shares is 'How many shares or derivatives were traded; null for a holding.';
comment on column edgar.insider_transaction.price is 'Price of one, in US dollars.';
comment on column edgar.insider_transaction.acquired_disposed is 'A = acquired, D = disposed of.';
comment on column edgar.insider_transaction.shares_after is 'How many the insider owns after the trade, or holds.';
comment on column edgar.insider_transaction.is_direct is 'True when owned directly, false through another, such as a trust.';
comment on column edgar.insider_transaction.nature_of_ownership is 'Through whom, when not owned directly.';
comment on column edgar.insider_transaction.underlying_security is 'Security that a derivative is for.';
comment on column edgar.insider_transaction.exercise_price is 'Exercise or conversion price of a derivative, in US dollars.';
comment on column edgar.insider_transaction.footnotes is 'Footnotes of the row, as filed.';
comment on column edgar.insider_transaction.is_holding is 'True for a holding without a trade.';
comment on column edgar.insider_transaction.form is 'Form type: 3, 4 or 5; /A marks an amendment.';
comment on column edgar.insider_transaction.filed_on is 'Day the filing was made.';

create table if not exists edgar.fund_holding (
  accession edgar.accession not null,
  position integer not null,
  cik edgar.cik not null,
  manager_name text,
  report_on date,
  filed_on date,
  issuer_name text not null,
  class_title text,
  cusip text not null,
  figi text,
  value_usd numeric,
  shares numeric,
  share_type text,
  put_call text,
  discretion text,
  other_managers text,
  voting_sole numeric,
  voting_shared numeric,
  voting_none numeric,
  constraint pk_fund_holding primary key (accession, position),
  constraint check_fund_holding_cusip check (cusip <> '')
);

-- The holders of a security in a quarter, some thousands of rows all over the table: the index holds all that is added up.
create index if not exists index_fund_holding_cusip
  on edgar.fund_holding (cusip, report_on, cik) include (accession, filed_on, value_usd, shares, put_call);

-- What a manager holds in a quarter.
create index if not exists index_fund_holding_cik on edgar.fund_holding (cik, report_on, cusip);

-- The securities of an issuer by the beginning of its name.
create index if not exists index_fund_holding_issuer_name on edgar.fund_holding (upper(issuer_name) text_pattern_ops, cusip);

alter table edgar.fund_holding set (autovacuum_analyze_scale_factor = 0.02);

comment on table edgar.fund_holding is
  'A row of an institutional manager''s information table (13F). One security can have several rows in a filing.';
comment on column edgar.fund_holding.accession is 'Accession number of the filing: the source to cite.';
comment on column edgar.fund_holding.position is 'Place in the information table, 1 first.';
comment on column edgar.fund_holding.cik is 'SEC number of the manager.';
comment on column edgar.fund_holding.manager_name is 'Name of the manager.';
comment on column edgar.fund_holding.report_on is 'Last day of the quarter that is reported on.';
comment on column edgar.fund_holding.filed_on is 'Day the filing was made.';
comment on column edgar.fund_holding.issuer_name is 'Name of the issuer, as the manager writes it.';
comment on column edgar.fund_holding.class_title is 'Title of the class of securities.';
comment on column edgar.fund_holding.cusip is 'CUSIP of the security, nine characters. SEC publishes no list that leads from it to a CIK.';
comment on column edgar.fund_holding.figi is 'FIGI of the security, where given.';
comment on column edgar.fund_holding.value_usd is 'Market value in whole US dollars, also for filings before 2023 that count in thousands.';
comment on column edgar.fund_holding.shares is 'How many shares, or the principal amount.';
comment on column edgar.fund_holding.share_type is 'SH = shares, PRN = principal amount.';
comment on column edgar.fund_holding.put_call is 'Put or Call for an option; null for the security itself.';
comment on column edgar.fund_holding.discretion is 'Investment discretion: SOLE, DFND (defined) or OTR (other).';
comment on column edgar.fund_holding.other_managers is 'Numbers of other managers in the filing who share in it.';
comment on column edgar.fund_holding.voting_sole is 'Shares with sole voting authority.';
comment on column edgar.fund_holding.voting_shared is 'Shares with shared voting authority.';
comment on column edgar.fund_holding.voting_none is 'Shares without voting authority.';
