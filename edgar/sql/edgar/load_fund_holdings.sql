-- name: load_fund_holdings :copy
-- title: Load holdings of managers
-- Bulk-loads the information tables of institutional managers (13F): all rows or none. A row that is already there is updated, and rows that
-- a filing no longer has go: send filings whole.
--
-- @column accession         Accession number of the filing
-- @column position          Place in the information table, 1 first
-- @column cik               SEC number of the manager
-- @column manager_name      Name of the manager
-- @column report_on         Last day of the quarter
-- @column filed_on          Day the filing was made
-- @column issuer_name       Name of the issuer
-- @column class_title       Title of the class of securities
-- @column cusip             CUSIP of the security
-- @column figi              FIGI of the security
-- @column value_usd         Market value in whole US dollars
-- @column shares            How many shares, or the principal amount
-- @column share_type        SH or PRN
-- @column put_call          Put or Call for an option
-- @column discretion        Investment discretion
-- @column other_managers    Numbers of other managers
-- @column voting_sole       Shares with sole voting authority
-- @column voting_shared     Shares with shared voting authority
-- @column voting_none       Shares without voting authority
-- @scope edgar:load
-- @hint idempotent
-- @timeout 300s
-- @example empty  {rows: [{accession: 0000950123-23-002585, position: 1, cik: 1067983, issuer_name: APPLE INC, cusip: ''}]}  => error 23514

create temporary table incoming (like edgar.fund_holding including defaults) on commit drop;

copy incoming
  (
    accession,
    position,
    cik,
    manager_name,
    report_on,
    filed_on,
    issuer_name,
    class_title,
    cusip,
    figi,
    value_usd,
    shares,
    share_type,
    put_call,
    discretion,
    other_managers,
    voting_sole,
    voting_shared,
    voting_none
  )
from stdin (format csv, header match);

-- The filing, for all that its rows do not say: what is known of it, or was said by its cover page.
insert into edgar.fund_report as report (accession, cik, manager_name, report_on, filed_on)
select distinct on (incoming.accession)
  incoming.accession,
  incoming.cik,
  coalesce(incoming.manager_name, known.manager_name, company.name) as manager_name,
  coalesce(incoming.report_on, known.report_on, filing.report_on) as report_on,
  coalesce(incoming.filed_on, known.filed_on, filing.filed_on) as filed_on
from incoming
left join edgar.fund_report as known on known.accession = incoming.accession
left join edgar.company as company on company.cik = incoming.cik
left join edgar.filing as filing
  on filing.accession = incoming.accession
  and filing.cik = incoming.cik
order by incoming.accession, incoming.position
on conflict (accession) do update
set
  cik = excluded.cik,
  manager_name = excluded.manager_name,
  report_on = excluded.report_on,
  filed_on = excluded.filed_on
where (report.cik, report.manager_name, report.report_on, report.filed_on)
  is distinct from (excluded.cik, excluded.manager_name, excluded.report_on, excluded.filed_on);

delete from edgar.fund_holding as present
using (
  select distinct incoming.accession
  from incoming
) as loaded
where present.accession = loaded.accession
  and not exists (
    select
    from incoming as kept
    where kept.accession = present.accession
      and kept.position = present.position
  );

update edgar.fund_holding as present
set
  cik = incoming.cik,
  manager_name = coalesce(incoming.manager_name, present.manager_name),
  report_on = coalesce(incoming.report_on, present.report_on),
  filed_on = coalesce(incoming.filed_on, present.filed_on),
  issuer_name = incoming.issuer_name,
  class_title = incoming.class_title,
  cusip = incoming.cusip,
  figi = incoming.figi,
  value_usd = incoming.value_usd,
  shares = incoming.shares,
  share_type = incoming.share_type,
  put_call = incoming.put_call,
  discretion = incoming.discretion,
  other_managers = incoming.other_managers,
  voting_sole = incoming.voting_sole,
  voting_shared = incoming.voting_shared,
  voting_none = incoming.voting_none
from (
  select
    incoming.accession,
    incoming.position,
    incoming.cik,
    report.manager_name,
    report.report_on,
    report.filed_on,
    incoming.issuer_name,
    incoming.class_title,
    incoming.cusip,
    incoming.figi,
    incoming.value_usd,
    incoming.shares,
    incoming.share_type,
    incoming.put_call,
    incoming.discretion,
    incoming.other_managers,
    incoming.voting_sole,
    incoming.voting_shared,
    incoming.voting_none
  from incoming
  join edgar.fund_report as report on report.accession = incoming.accession
) as incoming
where present.accession = incoming.accession
  and present.position = incoming.position
  and (
    present.cik,
    present.manager_name,
    present.report_on,
    present.filed_on,
    present.issuer_name,
    present.class_title,
    present.cusip,
    present.figi,
    present.value_usd,
    present.shares,
    present.share_type,
    present.put_call,
    present.discretion,
    present.other_managers,
    present.voting_sole,
    present.voting_shared,
    present.voting_none
  ) is distinct from (
    incoming.cik,
    coalesce(incoming.manager_name, present.manager_name),
    coalesce(incoming.report_on, present.report_on),
    coalesce(incoming.filed_on, present.filed_on),
    incoming.issuer_name,
    incoming.class_title,
    incoming.cusip,
    incoming.figi,
    incoming.value_usd,
    incoming.shares,
    incoming.share_type,
    incoming.put_call,
    incoming.discretion,
    incoming.other_managers,
    incoming.voting_sole,
    incoming.voting_shared,
    incoming.voting_none
  );

insert into edgar.fund_holding
  (
    accession,
    position,
    cik,
    manager_name,
    report_on,
    filed_on,
    issuer_name,
    class_title,
    cusip,
    figi,
    value_usd,
    shares,
    share_type,
    put_call,
    discretion,
    other_managers,
    voting_sole,
    voting_shared,
    voting_none
  )
select distinct on (incoming.accession, incoming.position)
  incoming.accession,
  incoming.position,
  incoming.cik,
  incoming.manager_name,
  incoming.report_on,
  incoming.filed_on,
  incoming.issuer_name,
  incoming.class_title,
  incoming.cusip,
  incoming.figi,
  incoming.value_usd,
  incoming.shares,
  incoming.share_type,
  incoming.put_call,
  incoming.discretion,
  incoming.other_managers,
  incoming.voting_sole,
  incoming.voting_shared,
  incoming.voting_none
from (
  select
    incoming.accession,
    incoming.position,
    incoming.cik,
    report.manager_name,
    report.report_on,
    report.filed_on,
    incoming.issuer_name,
    incoming.class_title,
    incoming.cusip,
    incoming.figi,
    incoming.value_usd,
    incoming.shares,
    incoming.share_type,
    incoming.put_call,
    incoming.discretion,
    incoming.other_managers,
    incoming.voting_sole,
    incoming.voting_shared,
    incoming.voting_none
  from incoming
  join edgar.fund_report as report on report.accession = incoming.accession
) as incoming
where not exists (
  select
  from edgar.fund_holding as present
  where present.accession = incoming.accession
    and present.position = incoming.position
)
order by incoming.accession, incoming.position
on conflict do nothing;
