-- name: constraints_not_validated :many
-- title: Constraints that were not validated
-- Foreign keys and checks that hold for new rows only: they were added NOT VALID and nobody has looked at the
-- rows that were there. The planner does not trust them.
--
-- @rows 500
-- @column schema!         Schema of the table
-- @column table!          Name of the table
-- @column constraint!     Name of the constraint
-- @column kind!           foreign key, check or not null
-- @column to_validate!    The statement that looks at the rows; others may write meanwhile
-- @example usual  {}  => rows >= 0

select
  namespace.nspname::text as schema,
  relation.relname::text as table,
  held.conname::text as constraint,
  case held.contype when 'f' then 'foreign key' when 'n' then 'not null' else 'check' end as kind,
  format(
    'alter table %I.%I validate constraint %I;',
    namespace.nspname,
    relation.relname,
    held.conname
  ) as to_validate
from pg_catalog.pg_constraint as held
join pg_catalog.pg_class as relation on relation.oid = held.conrelid
join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
where not held.convalidated
  -- PostgreSQL 18 has constraints that are never enforced, by intent.
  and coalesce((to_jsonb(held) ->> 'conenforced')::boolean, true)
  and namespace.nspname !~ '^pg_'
order by namespace.nspname, relation.relname, held.conname;
