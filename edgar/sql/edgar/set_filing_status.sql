-- name: set_filing_status :unnest
-- title: Set the status of many filings
-- One statement for any number of filings. Unknown accession numbers are left alone; the answer lists what changed. A reason of
-- failure goes when the status is no longer failed.
--
-- @param accession  Accession number, such as 0000320193-24-000123
-- @param status     New status
-- @scope edgar:load
-- @hint idempotent
-- @example none     {rows: [{accession: 0000000000-00-000000, status: loaded}]}  => affected = 0
-- @example failed   {rows: [{accession: 0000320193-24-000123, status: failed}, {accession: 0000320193-23-000106, status: failed}]}  => affected = 2

update edgar.filing as filing
set
  status = change.status,
  failure = case when change.status = 'failed' then filing.failure end,
  updated_at = now()
from unnest(:accession::edgar.accession[], :status::edgar.filing_status[]) as change (accession, status)
where filing.accession = change.accession
  and filing.status is distinct from change.status
returning filing.accession, filing.cik, filing.status;
