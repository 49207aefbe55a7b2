-- name: headline_items :many
-- title: Headline items
-- The figures that can be asked for by name, and the XBRL tags that hold each, in order of preference.
--
-- @column tags!   XBRL tags, the preferred one first
-- @rows 200
-- @example all  {}  => rows >= 20

select
  item.item,
  item.label,
  item.statement,
  item.period_type,
  item.is_additive,
  array(
    select concept.tag
    from edgar.headline_concept as concept
    where concept.item = item.item
    order by concept.preference
  ) as tags
from edgar.headline_item as item
order by item.position;
