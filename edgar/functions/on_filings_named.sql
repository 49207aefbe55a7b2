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
