-- name: load_fund_reports :copy
-- title: Load cover pages of 13F filings
-- Bulk-loads the cover pages of managers' 13F filings: all rows or none. They say whether a filing amends another, and whether it restates the whole
-- table or only adds holdings. The rows of the table are loaded with edgar_load_fund_holdings, before or after.
--
-- @column accession           Accession number of the filing
-- @column cik                 SEC number of the manager
-- @column manager_name        Name of the manager
-- @column report_on           Last day of the quarter
-- @column filed_on            Day the filing was made
-- @column form                13F-HR or 13F-HR/A
-- @column report_type         What the cover page calls it, such as 13F HOLDINGS REPORT
-- @column amendment_number    Which amendment of the quarter it is
-- @column amendment_type      RESTATEMENT or NEW HOLDINGS
-- @column entries             Rows of the information table, as the summary page counts them
-- @column value_usd           Market value of all rows in whole US dollars, as the summary page sums them
-- @scope edgar:load
-- @hint idempotent
-- @timeout 60s
-- @example unknown_type  {rows: [{accession: 0000950123-23-002585, cik: 1067983, amendment_type: MORE}]}  => error 23514

create temporary table incoming (like edgar.fund_report including defaults) on commit drop;

copy incoming
  (
    accession,
    cik,
    manager_name,
    report_on,
    filed_on,
    form,
    report_type,
    amendment_number,
    amendment_type,
    entries,
    value_usd
  )
from stdin (format csv, header match);

insert into edgar.fund_report as report
  (
    accession,
    cik,
    manager_name,
    report_on,
    filed_on,
    form,
    report_type,
    amendment_number,
    amendment_type,
    entries,
    value_usd
  )
select distinct on (incoming.accession)
  incoming.accession,
  incoming.cik,
  coalesce(incoming.manager_name, known.manager_name, company.name) as manager_name,
  coalesce(incoming.report_on, known.report_on, filing.report_on) as report_on,
  coalesce(incoming.filed_on, known.filed_on, filing.filed_on) as filed_on,
  incoming.form,
  incoming.report_type,
  incoming.amendment_number,
  incoming.amendment_type,
  incoming.entries,
  incoming.value_usd
from incoming
left join edgar.fund_report as known on known.accession = incoming.accession
left join edgar.company as company on company.cik = incoming.cik
left join edgar.filing as filing
  on filing.accession = incoming.accession
  and filing.cik = incoming.cik
order by incoming.accession
on conflict (accession) do update
set
  cik = excluded.cik,
  manager_name = excluded.manager_name,
  report_on = excluded.report_on,
  filed_on = excluded.filed_on,
  form = excluded.form,
  report_type = excluded.report_type,
  amendment_number = excluded.amendment_number,
  amendment_type = excluded.amendment_type,
  entries = excluded.entries,
  value_usd = excluded.value_usd
where (
    report.cik,
    report.manager_name,
    report.report_on,
    report.filed_on,
    report.form,
    report.report_type,
    report.amendment_number,
    report.amendment_type,
    report.entries,
    report.value_usd
  ) is distinct from (
    excluded.cik,
    excluded.manager_name,
    excluded.report_on,
    excluded.filed_on,
    excluded.form,
    excluded.report_type,
    excluded.amendment_number,
    excluded.amendment_type,
    excluded.entries,
    excluded.value_usd
  );

-- The rows of a table that was here before its cover page.
update edgar.fund_holding as holding
set
  manager_name = coalesce(report.manager_name, holding.manager_name),
  report_on = coalesce(report.report_on, holding.report_on),
  filed_on = coalesce(report.filed_on, holding.filed_on)
from incoming
join edgar.fund_report as report on report.accession = incoming.accession
where holding.accession = incoming.accession
  and (holding.manager_name, holding.report_on, holding.filed_on) is distinct from (
    coalesce(report.manager_name, holding.manager_name),
    coalesce(report.report_on, holding.report_on),
    coalesce(report.filed_on, holding.filed_on)
  );
