-- name: companies_to_sync :many
-- title: Companies with new filings
-- Companies that made a filing on a day or later, as the indexes say: those to ask SEC for again. Only companies whose submissions
-- or facts were loaded before, unless all are asked for.
--
-- @param since          First day
-- @param all = false    Also companies of which nothing but an index is loaded
-- @page cik
-- @example apple  {since: '2026-05-01', all: true, page_size: 1000}  => rows >= 5
-- @example none   {since: '2100-01-01'}                              => rows = 0

select company.cik
from edgar.company as company
where exists (
    select
    from edgar.filing as filing
    where filing.cik = company.cik
      and filing.filed_on >= :since::date
  )
  and (
    :all::boolean
    or exists (
      select
      from edgar.source_file as file
      where file.path in (
          'submissions/CIK' || lpad(company.cik::text, 10, '0') || '.json',
          'api/xbrl/companyfacts/CIK' || lpad(company.cik::text, 10, '0') || '.json'
        )
        and file.status = 'loaded'
    )
  );
