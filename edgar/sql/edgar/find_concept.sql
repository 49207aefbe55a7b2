-- name: find_concept :many
-- title: Find an XBRL concept
-- Concepts whose tag or label contains the text. Use it to find the tag for edgar_concept_history.
--
-- @param q           Part of a tag or label, such as Inventory    {minLength: 2, maxLength: 80}
-- @param max = 20    How many concepts to return                  {minimum: 1, maximum: 100}
-- @example inventory  {q: inventory}         => {rows: [{taxonomy: us-gaap, tag: InventoryNet}]}
-- @example unknown    {q: no such concept}   => rows = 0

select concept.taxonomy, concept.tag, concept.label, concept.description
from edgar.concept as concept
where concept.tag ilike '%' || :'q'::text || '%'
  or concept.label ilike '%' || :'q' || '%'
order by
  lower(concept.tag) = lower(:'q') desc,
  length(concept.tag),
  concept.taxonomy,
  concept.tag
limit :max::integer;
