-- name: search_documents :many
-- title: Search the text of filings
-- Where filings mention a phrase: parts of documents that match, best first, with a snippet. Write as in a web search: words, "a phrase", or,
-- -without. English words match in all their forms. The newest 100 matching parts are ranked: narrow with `cik`, `forms`, `since` and `until` to
-- reach older ones.
--
-- @param q         What to search for: supply chain, "material weakness", tariff or duties      {minLength: 2, maxLength: 200}
-- @param cik?      Only filings of this company
-- @param forms?    Only these form types, such as 10-K
-- @param since?    Only filings of this day or later
-- @param until?    Only filings of this day or earlier
-- @rows 10
-- @column rank!        How well the part matches; larger is better
-- @column company      Name of the company; null until it is known
-- @column snippet!     Text around the match, with the words found between << and >>
-- @column document_url!    Address of the document at the SEC
-- @page rank desc, accession desc, cik desc, file_name desc, part desc
-- @example none  {q: zzyzxnosuchword}  => rows = 0

select
  best.rank,
  best.accession,
  best.cik,
  company.name as company,
  best.form,
  best.filed_on,
  best.file_name,
  best.part,
  ts_headline(
    'pg_catalog.english',
    translate(best.body, '®™©℠', ''),
    websearch_to_tsquery('pg_catalog.english', translate(:q::text, '®™©℠', '')),
    'StartSel=<<, StopSel=>>, MaxFragments=2, MinWords=10, MaxWords=30, FragmentDelimiter=" … "'
  ) as snippet,
  'https://www.sec.gov/Archives/edgar/data/' || best.cik || '/' || replace(best.accession, '-', '')
    || '/' || best.file_name as document_url
from (
  select
    round(ts_rank_cd(found.words, websearch_to_tsquery('pg_catalog.english', translate(:q, '®™©℠', '')), 1)::numeric, 6) as rank,
    found.accession,
    found.cik,
    found.form,
    found.filed_on,
    found.file_name,
    found.part,
    found.body
  from (
    select
      document.accession,
      document.cik,
      document.form,
      document.filed_on,
      document.file_name,
      document.part,
      document.body,
      document.words
    from edgar.document_part as document
    where document.words @@ websearch_to_tsquery('pg_catalog.english', translate(:q, '®™©℠', ''))
      and (:cik::edgar.cik is null or document.cik = :cik)
      and (:forms::text[] is null or document.form = any (:forms))
      and coalesce(document.filed_on, '0001-01-01') >= coalesce(:since::date, '0001-01-01')
      and coalesce(document.filed_on, '0001-01-01') <= coalesce(:until::date, 'infinity')
    order by
      coalesce(document.filed_on, '0001-01-01') desc,
      document.accession desc,
      document.cik desc,
      document.file_name,
      document.part
    limit 100
  ) as found
) as best
left join edgar.company as company on company.cik = best.cik;
