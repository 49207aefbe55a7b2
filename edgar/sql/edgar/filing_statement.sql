-- name: filing_statement :many
-- title: Statement as filed
-- A statement of one filing as the filer shows it: lines in order, with the filer's own labels and own tags, from SEC's Financial Statement Data
-- Sets. Values of the whole company, each with its period: a line comes once for each period. Values are exact to four digits; a value that is
-- shown in parentheses or with its sign turned stands here with its true sign.
--
-- @param accession          Accession number of the filing, from edgar_statement_filings
-- @param statement = IS     Which statement    {enum: [BS, IS, CF, EQ, CI, UN, CP]}
-- @column label       Label that the filer shows
-- @column value       The value in whole units; null where the filer left it empty
-- @column quarters    Quarters in the period: 0 for an instant, 4 for a year
-- @column end_on      End of the period, rounded to the nearest month's end
-- @column accession!  Accession number of the filing
-- @page report, line, end_on, quarters, unit
-- @example none  {accession: 0000000000-00-000000}  => rows = 0
-- @allow page-not-unique  a line has one value for each period and unit

select
  presented.report,
  presented.line,
  presented.plabel as label,
  presented.tag,
  presented.version,
  number.value,
  number.uom as unit,
  number.qtrs as quarters,
  number.ddate as end_on,
  presented.adsh as accession
from edgar.statement_presentation as presented
join edgar.statement_number as number
  on number.adsh = presented.adsh
  and number.tag = presented.tag
  and number.version = presented.version
where presented.adsh = :accession::edgar.accession
  and presented.stmt = :statement::text
  and number.segments is null
  and number.coreg is null;
