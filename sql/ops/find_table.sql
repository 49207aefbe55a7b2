-- name: find_table :many
-- title: Find a table
-- Tables and views whose name, column names or comments contain a text, best match first: equal names, then
-- names that contain it, then columns, then comments. Everybody may see names; may_read says whether this
-- login may read the rows.
--
-- @param q                 Part of a name or of a comment; case does not matter
--     {minLength: 1, maxLength: 100}
-- @param max = 20          How many to return    {minimum: 1, maximum: 200}
-- @column schema!          Schema of the table
-- @column table!           Name of the table, as PostgreSQL has it
-- @column kind!            table, partitioned table, view, materialized view or foreign table
-- @column comment          What its author says of it
-- @column columns!         Columns whose name or comment contains the text
-- @column rows_estimate    Rows at the last VACUUM or ANALYZE; null when there was none, and for views
-- @column may_read!        Whether this login may read it: USAGE on the schema, and SELECT on at least one
--     column
-- @example unknown  {q: no such table anywhere}  => rows = 0
-- @example sign     {q: "%"}  => rows >= 0

select
  found.schema,
  found.name as table,
  found.kind,
  found.comment,
  found.columns,
  found.rows_estimate,
  has_schema_privilege(found.namespace_oid, 'usage')
    and has_any_column_privilege(found.oid, 'select') as may_read
from (
  select
    relation.oid,
    namespace.oid as namespace_oid,
    namespace.nspname::text as schema,
    relation.relname::text as name,
    case relation.relkind
      when 'p' then 'partitioned table'
      when 'v' then 'view'
      when 'm' then 'materialized view'
      when 'f' then 'foreign table'
      else 'table'
    end as kind,
    comment.description as comment,
    coalesce(matching.columns, '{}') as columns,
    case
      when relation.reltuples >= 0 and relation.relkind <> 'v'
        then relation.reltuples::bigint
    end as rows_estimate,
    case
      when lower(relation.relname) = lower(:q::text) then 0
      -- position(), because % and _ in the text mean themselves.
      when position(lower(:q) in lower(relation.relname)) > 0 then 1
      when position(lower(:q) in lower(format('%s.%s', namespace.nspname, relation.relname))) > 0 then 2
      when matching.columns is not null then 3
      when position(lower(:q) in lower(comment.description)) > 0 then 4
    end as rank
  from pg_catalog.pg_class as relation
  join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
  left join pg_catalog.pg_description as comment
    on comment.objoid = relation.oid
    and comment.classoid = 'pg_catalog.pg_class'::regclass
    and comment.objsubid = 0
  left join (
    select attribute.attrelid, array_agg(attribute.attname::text order by attribute.attnum) as columns
    from pg_catalog.pg_attribute as attribute
    left join pg_catalog.pg_description as note
      on note.objoid = attribute.attrelid
      and note.classoid = 'pg_catalog.pg_class'::regclass
      and note.objsubid = attribute.attnum
    where attribute.attnum > 0
      and not attribute.attisdropped
      and (
        position(lower(:q) in lower(attribute.attname)) > 0
        or position(lower(:q) in lower(note.description)) > 0
      )
    group by attribute.attrelid
  ) as matching on matching.attrelid = relation.oid
  where relation.relkind in ('r', 'p', 'v', 'm', 'f')
    -- The partitioned table stands for its partitions.
    and not relation.relispartition
    and namespace.nspname !~ '^pg_'
    and namespace.nspname <> 'information_schema'
) as found
where found.rank is not null
order by found.rank, found.schema, found.name
limit :max::integer;
