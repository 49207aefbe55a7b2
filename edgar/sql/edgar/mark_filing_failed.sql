-- name: mark_filing_failed :exec
-- title: Mark a filing as failed
-- Records that loading a filing failed, and why. It shows in edgar_failed_filings until its facts are loaded or its status is set again.
--
-- @param accession  Accession number, such as 0000320193-24-000123
-- @param reason     Why it failed, in one line                          {minLength: 1, maxLength: 500}
-- @scope edgar:load
-- @hint idempotent
-- @example unknown  {accession: 0000000000-00-000000, reason: not found}   => affected = 0
-- @example known    {accession: 0000320193-25-000079, reason: timed out}   => affected = 1

update edgar.filing as filing
set
  status = 'failed',
  failure = :'reason'::text,
  updated_at = now()
where filing.accession = :'accession'::edgar.accession
  and (filing.status, filing.failure) is distinct from ('failed'::edgar.filing_status, :'reason')
returning filing.accession, filing.cik, filing.status, filing.failure;
