-- name: load_concepts :copy
-- title: Load concepts
-- Bulk-loads XBRL concepts with their labels: all rows or none. A concept that is already there gets the new label and description,
-- and keeps what it has where the new one is empty.
--
-- @column taxonomy       XBRL taxonomy, such as us-gaap
-- @column tag            XBRL tag, such as NetIncomeLoss
-- @column label          The concept's name in words
-- @column description    What the concept means
-- @hint idempotent
-- @timeout 60s
-- @example unchanged  {rows: [{taxonomy: us-gaap, tag: Assets, label: Total assets, description: null}]}  => affected = 0

create temporary table incoming (like edgar.concept including defaults) on commit drop;

copy incoming (taxonomy, tag, label, description) from stdin (format csv, header match);

insert into edgar.concept as concept (taxonomy, tag, label, description)
select distinct on (incoming.taxonomy, incoming.tag)
  incoming.taxonomy,
  incoming.tag,
  incoming.label,
  incoming.description
from incoming
order by incoming.taxonomy, incoming.tag, incoming.label, incoming.description
on conflict (taxonomy, tag) do update
set
  label = coalesce(excluded.label, concept.label),
  description = coalesce(excluded.description, concept.description)
where (coalesce(excluded.label, concept.label), coalesce(excluded.description, concept.description))
  is distinct from (concept.label, concept.description);
