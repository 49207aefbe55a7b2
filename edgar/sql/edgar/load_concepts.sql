-- name: load_concepts :copy
-- title: Load concepts
-- Bulk-loads XBRL concepts with their labels: all rows or none. Companies' files label a concept differently, by the year of their taxonomy: what
-- has both label and description stands before what lacks one, then that of the newest filing, then the one that sorts last. So it does not
-- matter in which order files are loaded.
--
-- @column taxonomy       XBRL taxonomy, such as us-gaap
-- @column tag            XBRL tag, such as NetIncomeLoss
-- @column label          The concept's name in words
-- @column description    What the concept means
-- @column labelled_on    Day of the newest filing in the source that uses the concept
-- @scope edgar:load
-- @hint idempotent
-- @timeout 60s
-- @example unchanged  {rows: [{taxonomy: us-gaap, tag: Assets, label: null, description: null}]}  => affected = 0

create temporary table incoming (like edgar.concept including defaults) on commit drop;

copy incoming (taxonomy, tag, label, description, labelled_on) from stdin (format csv, header match);

insert into edgar.concept as concept (taxonomy, tag, label, description, labelled_on)
select distinct on (incoming.taxonomy, incoming.tag)
  incoming.taxonomy,
  incoming.tag,
  incoming.label,
  incoming.description,
  incoming.labelled_on
from incoming
order by
  incoming.taxonomy,
  incoming.tag,
  incoming.label is not null desc,
  incoming.description is not null desc,
  incoming.labelled_on desc nulls last,
  incoming.label collate "C" desc nulls last,
  incoming.description collate "C" desc nulls last
on conflict (taxonomy, tag) do update
set label = excluded.label, description = excluded.description, labelled_on = excluded.labelled_on
where (
    excluded.label is not null,
    excluded.description is not null,
    coalesce(excluded.labelled_on, '-infinity'),
    coalesce(excluded.label, '') collate "C",
    coalesce(excluded.description, '') collate "C"
  ) > (
    concept.label is not null,
    concept.description is not null,
    coalesce(concept.labelled_on, '-infinity'),
    coalesce(concept.label, '') collate "C",
    coalesce(concept.description, '') collate "C"
  );
