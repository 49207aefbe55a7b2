-- name: load_statement_numbers :copy
-- title: Load numbers of statement data sets
-- Bulk-loads `num` of SEC's Financial Statement Data Sets: all rows or none. A value that is already there is updated. Older
-- editions have no `segments` and another order of columns: name the columns in `rows`, or let `edgar load` read the file.
--
-- @column adsh        Accession number of the filing
-- @column tag         XBRL tag
-- @column version     Taxonomy and its year; the accession number for a tag of the company's own
-- @column ddate       End of the period, rounded to the nearest month's end
-- @column qtrs        Quarters in the period: 0 for an instant, 1, 2, 3, 4 …
-- @column uom         Unit
-- @column segments    Dimensions of the value, axis=member; null for the whole company
-- @column coreg       Co-registrant the value is of; null for the parent
-- @column value       The value in whole units, rounded to four digits; null where the filer left it empty
-- @column footnote    Footnote of the value
-- @scope edgar:load
-- @hint idempotent
-- @timeout 600s
-- @example bad  {rows: [{adsh: none, tag: Assets, version: us-gaap/2009, ddate: '2009-06-30', qtrs: 0, uom: USD, value: '1'}]}  => error

create temporary table incoming (like edgar.statement_number including defaults) on commit drop;

copy incoming
  (
    adsh,
    tag,
    version,
    ddate,
    qtrs,
    uom,
    segments,
    coreg,
    value,
    footnote
  )
from stdin (format csv, delimiter E'\t', header match);

update edgar.statement_number as statement_number
set
  value = incoming.value,
  footnote = incoming.footnote
from incoming
where statement_number.adsh = incoming.adsh
  and statement_number.tag = incoming.tag
  and statement_number.version = incoming.version
  and statement_number.ddate = incoming.ddate
  and statement_number.qtrs = incoming.qtrs
  and statement_number.uom = incoming.uom
  and statement_number.segments is not distinct from incoming.segments
  and statement_number.coreg is not distinct from incoming.coreg
  and (statement_number.value, statement_number.footnote)
    is distinct from
    (incoming.value, incoming.footnote);

insert into edgar.statement_number
  (adsh, tag, version, ddate, qtrs, uom, segments, coreg, value, footnote)
select distinct on (incoming.adsh, incoming.tag, incoming.version, incoming.ddate, incoming.qtrs, incoming.uom, incoming.segments, incoming.coreg)
  incoming.adsh,
  incoming.tag,
  incoming.version,
  incoming.ddate,
  incoming.qtrs,
  incoming.uom,
  incoming.segments,
  incoming.coreg,
  incoming.value,
  incoming.footnote
from incoming
where not exists (
  select
  from edgar.statement_number as present
  where present.adsh = incoming.adsh
    and present.tag = incoming.tag
    and present.version = incoming.version
    and present.ddate = incoming.ddate
    and present.qtrs = incoming.qtrs
    and present.uom = incoming.uom
    and present.segments is not distinct from incoming.segments
    and present.coreg is not distinct from incoming.coreg
)
order by incoming.adsh, incoming.tag, incoming.version, incoming.ddate, incoming.qtrs, incoming.uom, incoming.segments, incoming.coreg
on conflict do nothing;
