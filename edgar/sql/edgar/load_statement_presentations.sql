-- name: load_statement_presentations :copy
-- title: Load presentations of statement data sets
-- Bulk-loads `pre` of SEC's Financial Statement Data Sets: all rows or none. A line that is already there is updated.
--
-- @column adsh        Accession number of the filing
-- @column report      Number of the report in the filing
-- @column line        Line in the report
-- @column stmt        Statement: BS balance sheet, IS income, CF cash flow, EQ equity, CI comprehensive income, UN unclassifiable, CP cover page
-- @column inpth       True when the value stands in parentheses
-- @column rfile       Type of the interactive data file: H for HTM, X for XML
-- @column tag         XBRL tag
-- @column version     Taxonomy and its year; the accession number for a tag of the company's own
-- @column plabel      Label that the filer shows on the line
-- @column negating    True when the value is shown with its sign turned
-- @scope edgar:load
-- @hint idempotent
-- @timeout 600s
-- @example bad  {rows: [{adsh: none, report: 1, line: 1, tag: Assets, version: us-gaap/2009}]}  => error

create temporary table incoming (like edgar.statement_presentation including defaults) on commit drop;

copy incoming
  (
    adsh,
    report,
    line,
    stmt,
    inpth,
    rfile,
    tag,
    version,
    plabel,
    negating
  )
from stdin (format csv, delimiter E'\t', header match);

update edgar.statement_presentation as statement_presentation
set
  stmt = incoming.stmt,
  inpth = incoming.inpth,
  rfile = incoming.rfile,
  tag = incoming.tag,
  version = incoming.version,
  plabel = incoming.plabel,
  negating = incoming.negating
from incoming
where statement_presentation.adsh = incoming.adsh
  and statement_presentation.report = incoming.report
  and statement_presentation.line = incoming.line
  and (statement_presentation.stmt, statement_presentation.inpth, statement_presentation.rfile, statement_presentation.tag, statement_presentation.version, statement_presentation.plabel, statement_presentation.negating)
    is distinct from
    (incoming.stmt, incoming.inpth, incoming.rfile, incoming.tag, incoming.version, incoming.plabel, incoming.negating);

insert into edgar.statement_presentation
  (adsh, report, line, stmt, inpth, rfile, tag, version, plabel, negating)
select distinct on (incoming.adsh, incoming.report, incoming.line)
  incoming.adsh,
  incoming.report,
  incoming.line,
  incoming.stmt,
  incoming.inpth,
  incoming.rfile,
  incoming.tag,
  incoming.version,
  incoming.plabel,
  incoming.negating
from incoming
where not exists (
  select
  from edgar.statement_presentation as present
  where present.adsh = incoming.adsh
    and present.report = incoming.report
    and present.line = incoming.line
)
order by incoming.adsh, incoming.report, incoming.line
on conflict do nothing;
