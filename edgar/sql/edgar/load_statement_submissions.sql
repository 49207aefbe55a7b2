-- name: load_statement_submissions :copy
-- title: Load submissions of statement data sets
-- Bulk-loads `sub` of SEC's Financial Statement Data Sets: all rows or none. A submission that is already there is updated.
--
-- @column adsh          Accession number of the filing
-- @column cik           SEC company number
-- @column name          Name of the registrant
-- @column sic           Standard Industrial Classification, four digits
-- @column countryba     Country of the business address
-- @column stprba        State or province of the business address
-- @column cityba        City of the business address
-- @column zipba         Zip code of the business address
-- @column bas1          First line of the business address
-- @column bas2          Second line of the business address
-- @column baph          Phone number of the business address
-- @column countryma     Country of the mailing address
-- @column stprma        State or province of the mailing address
-- @column cityma        City of the mailing address
-- @column zipma         Zip code of the mailing address
-- @column mas1          First line of the mailing address
-- @column mas2          Second line of the mailing address
-- @column countryinc    Country of incorporation
-- @column stprinc       State or province of incorporation
-- @column ein           Employer identification number
-- @column former        Most recent former name
-- @column changed       Day of the change from the former name
-- @column afs           Filer status with the SEC at the time: 1-LAF large accelerated, 2-ACC accelerated, 4-NON non-accelerated …
-- @column wksi          True for a well-known seasoned issuer
-- @column fye           Month and day the fiscal year ends, MMDD
-- @column form          Form type
-- @column period        Balance sheet date, rounded to the nearest month's end
-- @column fy            Fiscal year of the filing
-- @column fp            Fiscal period of the filing: FY, Q1, Q2, Q3
-- @column filed         Day the filing was made
-- @column accepted      When EDGAR accepted the filing, New York time, as SEC writes it
-- @column prevrpt       True when a later filing of the set's quarter replaced this one
-- @column detail        True when the notes are tagged in detail too
-- @column instance      File name of the XBRL instance
-- @column nciks         How many registrants the filing is for
-- @column aciks         CIKs of the other registrants, parted by spaces
-- @scope edgar:load
-- @hint idempotent
-- @timeout 600s
-- @example bad  {rows: [{adsh: none, cik: 1, name: Nobody, form: 10-K, filed: '2009-08-07'}]}  => error

create temporary table incoming (like edgar.statement_submission including defaults) on commit drop;

copy incoming
  (
    adsh,
    cik,
    name,
    sic,
    countryba,
    stprba,
    cityba,
    zipba,
    bas1,
    bas2,
    baph,
    countryma,
    stprma,
    cityma,
    zipma,
    mas1,
    mas2,
    countryinc,
    stprinc,
    ein,
    former,
    changed,
    afs,
    wksi,
    fye,
    form,
    period,
    fy,
    fp,
    filed,
    accepted,
    prevrpt,
    detail,
    instance,
    nciks,
    aciks
  )
from stdin (format csv, delimiter E'\t', header match);

update edgar.statement_submission as statement_submission
set
  cik = incoming.cik,
  name = incoming.name,
  sic = incoming.sic,
  countryba = incoming.countryba,
  stprba = incoming.stprba,
  cityba = incoming.cityba,
  zipba = incoming.zipba,
  bas1 = incoming.bas1,
  bas2 = incoming.bas2,
  baph = incoming.baph,
  countryma = incoming.countryma,
  stprma = incoming.stprma,
  cityma = incoming.cityma,
  zipma = incoming.zipma,
  mas1 = incoming.mas1,
  mas2 = incoming.mas2,
  countryinc = incoming.countryinc,
  stprinc = incoming.stprinc,
  ein = incoming.ein,
  former = incoming.former,
  changed = incoming.changed,
  afs = incoming.afs,
  wksi = incoming.wksi,
  fye = incoming.fye,
  form = incoming.form,
  period = incoming.period,
  fy = incoming.fy,
  fp = incoming.fp,
  filed = incoming.filed,
  accepted = incoming.accepted,
  prevrpt = incoming.prevrpt,
  detail = incoming.detail,
  instance = incoming.instance,
  nciks = incoming.nciks,
  aciks = incoming.aciks
from incoming
where statement_submission.adsh = incoming.adsh
  and (statement_submission.cik, statement_submission.name, statement_submission.sic, statement_submission.countryba, statement_submission.stprba, statement_submission.cityba, statement_submission.zipba, statement_submission.bas1, statement_submission.bas2, statement_submission.baph, statement_submission.countryma, statement_submission.stprma, statement_submission.cityma, statement_submission.zipma, statement_submission.mas1, statement_submission.mas2, statement_submission.countryinc, statement_submission.stprinc, statement_submission.ein, statement_submission.former, statement_submission.changed, statement_submission.afs, statement_submission.wksi, statement_submission.fye, statement_submission.form, statement_submission.period, statement_submission.fy, statement_submission.fp, statement_submission.filed, statement_submission.accepted, statement_submission.prevrpt, statement_submission.detail, statement_submission.instance, statement_submission.nciks, statement_submission.aciks)
    is distinct from
    (incoming.cik, incoming.name, incoming.sic, incoming.countryba, incoming.stprba, incoming.cityba, incoming.zipba, incoming.bas1, incoming.bas2, incoming.baph, incoming.countryma, incoming.stprma, incoming.cityma, incoming.zipma, incoming.mas1, incoming.mas2, incoming.countryinc, incoming.stprinc, incoming.ein, incoming.former, incoming.changed, incoming.afs, incoming.wksi, incoming.fye, incoming.form, incoming.period, incoming.fy, incoming.fp, incoming.filed, incoming.accepted, incoming.prevrpt, incoming.detail, incoming.instance, incoming.nciks, incoming.aciks);

insert into edgar.statement_submission
  (adsh, cik, name, sic, countryba, stprba, cityba, zipba, bas1, bas2, baph, countryma, stprma, cityma, zipma, mas1, mas2, countryinc, stprinc, ein, former, changed, afs, wksi, fye, form, period, fy, fp, filed, accepted, prevrpt, detail, instance, nciks, aciks)
select distinct on (incoming.adsh)
  incoming.adsh,
  incoming.cik,
  incoming.name,
  incoming.sic,
  incoming.countryba,
  incoming.stprba,
  incoming.cityba,
  incoming.zipba,
  incoming.bas1,
  incoming.bas2,
  incoming.baph,
  incoming.countryma,
  incoming.stprma,
  incoming.cityma,
  incoming.zipma,
  incoming.mas1,
  incoming.mas2,
  incoming.countryinc,
  incoming.stprinc,
  incoming.ein,
  incoming.former,
  incoming.changed,
  incoming.afs,
  incoming.wksi,
  incoming.fye,
  incoming.form,
  incoming.period,
  incoming.fy,
  incoming.fp,
  incoming.filed,
  incoming.accepted,
  incoming.prevrpt,
  incoming.detail,
  incoming.instance,
  incoming.nciks,
  incoming.aciks
from incoming
where not exists (
  select
  from edgar.statement_submission as present
  where present.adsh = incoming.adsh
)
order by incoming.adsh
on conflict do nothing;
