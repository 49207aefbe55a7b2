-- 13F filings as filings: the cover page says whether one amends another, and whether it restates the whole table or only adds holdings.
--
-- One row a filing, made by edgar_load_fund_reports from the cover page, or by edgar_load_fund_holdings from a bare information table, of
-- which nobody knows whether it amends. Which filings count is decided when they are read, by the view: nothing is kept that a later filing,
-- or the same ones in another order, would have to change.

set local lock_timeout = '5s';

create table if not exists edgar.fund_report (
  accession edgar.accession not null,
  cik edgar.cik not null,
  manager_name text,
  report_on date,
  filed_on date,
  form text,
  report_type text,
  amendment_number integer,
  amendment_type text,
  entries integer,
  value_usd numeric,
  constraint pk_fund_report primary key (accession),
  constraint check_fund_report_amendment_number check (amendment_number >= 0),
  constraint check_fund_report_amendment_type check (amendment_type in ('RESTATEMENT', 'NEW HOLDINGS'))
);

-- The filings of a manager for a quarter: which of them count.
create index if not exists index_fund_report_cik on edgar.fund_report (cik, report_on, filed_on);

alter table edgar.fund_report set (autovacuum_analyze_scale_factor = 0.02);

comment on table edgar.fund_report is
  'A 13F filing of an institutional manager: its cover page, and whether it amends an earlier one. Its rows are in edgar.fund_holding.';
comment on column edgar.fund_report.accession is 'Accession number of the filing: the source to cite.';
comment on column edgar.fund_report.cik is 'SEC number of the manager.';
comment on column edgar.fund_report.manager_name is 'Name of the manager.';
comment on column edgar.fund_report.report_on is 'Last day of the quarter that is reported on.';
comment on column edgar.fund_report.filed_on is 'Day the filing was made.';
comment on column edgar.fund_report.form is 'Form type: 13F-HR, or 13F-HR/A for an amendment; null while only the information table is here.';
comment on column edgar.fund_report.report_type is 'What the cover page calls it, such as 13F HOLDINGS REPORT.';
comment on column edgar.fund_report.amendment_number is 'Which amendment of the quarter it is; null for the first filing.';
comment on column edgar.fund_report.amendment_type is
  'RESTATEMENT: replaces all earlier filings for the quarter. NEW HOLDINGS: adds to them. Null: not an amendment, or nobody knows; replaces.';
comment on column edgar.fund_report.entries is 'Rows of the information table, as the summary page counts them.';
comment on column edgar.fund_report.value_usd is 'Market value of all rows in whole US dollars, as the summary page sums them.';

insert into edgar.fund_report (accession, cik, manager_name, report_on, filed_on)
select distinct on (holding.accession)
  holding.accession,
  holding.cik,
  holding.manager_name,
  holding.report_on,
  holding.filed_on
from edgar.fund_holding as holding
order by holding.accession, holding.position
on conflict (accession) do nothing;

-- An amendment that only adds holdings supersedes nothing, and a restatement supersedes also the additions before it. What is not known to add
-- replaces: a holding that is missing for a while is less wrong than one that is counted twice.
create or replace view edgar.superseded_fund_report as
select report.accession, later.accession as superseded_by
from edgar.fund_report as report
join edgar.fund_report as later
  on later.cik = report.cik
  and later.report_on = report.report_on
where later.amendment_type is distinct from 'NEW HOLDINGS'
  and (coalesce(later.filed_on, '-infinity'), coalesce(later.amendment_number, 0), later.accession)
    > (coalesce(report.filed_on, '-infinity'), coalesce(report.amendment_number, 0), report.accession);

comment on view edgar.superseded_fund_report is
  '13F filings that count no more, because the manager filed for the quarter again and did not only add holdings.';
comment on column edgar.superseded_fund_report.accession is 'Accession number of the filing that counts no more.';
comment on column edgar.superseded_fund_report.superseded_by is 'Accession number of a later filing that replaces it.';

-- What a bare information table did not say comes with its filing; see edgar.on_filings_changed for its rows.
create or replace function edgar.on_filings_named()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $function$
begin
  update edgar.fund_report as report
  set
    report_on = coalesce(report.report_on, changed.report_on),
    filed_on = coalesce(report.filed_on, changed.filed_on),
    manager_name = coalesce(report.manager_name, company.name)
  from changed
  join edgar.company as company on company.cik = changed.cik
  where report.accession = changed.accession
    and report.cik = changed.cik
    and (
      (report.report_on is null and changed.report_on is not null)
      or report.filed_on is null
      or report.manager_name is null
    );
  return null;
end
$function$;

comment on function edgar.on_filings_named() is 'Trigger: quarter, day and manager of a 13F filing follow the filing.';

create or replace trigger name_fund_reports_inserted
after insert on edgar.filing
referencing new table as changed
for each statement execute function edgar.on_filings_named();

create or replace trigger name_fund_reports_updated
after update on edgar.filing
referencing new table as changed
for each statement execute function edgar.on_filings_named();

grant select on edgar.fund_report, edgar.superseded_fund_report to sqlwright_reader, sqlwright_writer;
grant insert, update on edgar.fund_report to sqlwright_writer;
