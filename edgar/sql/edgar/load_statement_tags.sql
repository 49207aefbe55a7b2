-- name: load_statement_tags :copy
-- title: Load tags of statement data sets
-- Bulk-loads `tag` of SEC's Financial Statement Data Sets: all rows or none. A tag that is already there is updated.
--
-- @column tag         XBRL tag
-- @column version     Taxonomy and its year, such as us-gaap/2009; the accession number for a tag of the company's own
-- @column custom      True for a tag of the company's own
-- @column abstract    True for a heading, which has no values
-- @column datatype    Type of the values, such as monetary
-- @column iord        I for an instant, D for a duration
-- @column crdr        C for credit, D for debit; null when neither
-- @column tlabel      Label of the tag
-- @column doc         Definition of the tag
-- @scope edgar:load
-- @hint idempotent
-- @timeout 600s
-- @example bad  {rows: [{tag: Assets, version: us-gaap/2009, custom: true, abstract: null}]}  => error

create temporary table incoming (like edgar.statement_tag including defaults) on commit drop;

copy incoming
  (
    tag,
    version,
    custom,
    abstract,
    datatype,
    iord,
    crdr,
    tlabel,
    doc
  )
from stdin (format csv, delimiter E'\t', header match);

update edgar.statement_tag as statement_tag
set
  custom = incoming.custom,
  abstract = incoming.abstract,
  datatype = incoming.datatype,
  iord = incoming.iord,
  crdr = incoming.crdr,
  tlabel = incoming.tlabel,
  doc = incoming.doc
from incoming
where statement_tag.tag = incoming.tag
  and statement_tag.version = incoming.version
  and (statement_tag.custom, statement_tag.abstract, statement_tag.datatype, statement_tag.iord, statement_tag.crdr, statement_tag.tlabel, statement_tag.doc)
    is distinct from
    (incoming.custom, incoming.abstract, incoming.datatype, incoming.iord, incoming.crdr, incoming.tlabel, incoming.doc);

insert into edgar.statement_tag
  (tag, version, custom, abstract, datatype, iord, crdr, tlabel, doc)
select distinct on (incoming.tag, incoming.version)
  incoming.tag,
  incoming.version,
  incoming.custom,
  incoming.abstract,
  incoming.datatype,
  incoming.iord,
  incoming.crdr,
  incoming.tlabel,
  incoming.doc
from incoming
where not exists (
  select
  from edgar.statement_tag as present
  where present.tag = incoming.tag
    and present.version = incoming.version
)
order by incoming.tag, incoming.version
on conflict do nothing;
