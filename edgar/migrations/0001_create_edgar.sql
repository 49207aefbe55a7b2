-- The schema of the EDGAR domain and the types its tables share.

set local lock_timeout = '5s';

create schema if not exists edgar;

comment on schema edgar is 'Companies, filings and XBRL facts of SEC EDGAR.';

do $$
begin
  if to_regtype('edgar.cik') is null then
    create domain edgar.cik as bigint
      constraint check_cik check (value between 1 and 9999999999);
  end if;
  if to_regtype('edgar.accession') is null then
    create domain edgar.accession as text
      constraint check_accession check (value ~ '^[0-9]{10}-[0-9]{2}-[0-9]{6}$');
  end if;
  if to_regtype('edgar.filing_status') is null then
    create type edgar.filing_status as enum ('listed', 'loaded', 'failed');
  end if;
  if to_regtype('edgar.period_type') is null then
    create type edgar.period_type as enum ('duration', 'instant');
  end if;
end
$$;

comment on domain edgar.cik is 'SEC company number (Central Index Key), not padded: 320193 is Apple.';
comment on domain edgar.accession is 'Accession number, EDGAR''s id of a filing: 0000320193-25-000079.';
comment on type edgar.filing_status is
  'What is known of a filing: listed = only that it exists; loaded = its XBRL facts are here; failed = loading it failed.';
comment on type edgar.period_type is
  'duration = over a period, such as revenue; instant = on a day, such as total assets.';
