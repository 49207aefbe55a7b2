-- name: table_privileges :many
-- title: Privileges on tables
-- What was granted on tables and views, to whom: one row for each table and role, the owner's too. Membership
-- is not followed here: `ops_role_access` says what a role may do in the end.
--
-- @param schema?        Only tables of this schema    {minLength: 1, maxLength: 63}
-- @param table?         Only tables of this name, or schema.name, as PostgreSQL has it or as SQL writes it;
--     of all schemas that have one
--     {minLength: 1, maxLength: 260}
-- @param role?          Only what was granted to this role; PUBLIC is everybody
--     {minLength: 1, maxLength: 63}
-- @column schema!       Schema of the table
-- @column table!        Name of the table
-- @column grantee!      Role that has them; PUBLIC is everybody
-- @column privileges!   What was granted
-- @column grantable!    What of it the role may grant to others
-- @column is_owner!     Whether the role owns the table, and so may do everything
-- @page schema, table, grantee
-- @example usual    {page_size: 5}  => rows >= 0
-- @example unknown  {schema: no_such_schema}  => rows = 0
-- @example missing  {table: no_such_table}  => error database.failed

select
  entry.schema,
  entry.table,
  entry.grantee,
  array_agg(entry.privilege order by entry.privilege) as privileges,
  coalesce(
    array_agg(entry.privilege order by entry.privilege) filter (where entry.is_grantable),
    '{}'
  ) as grantable,
  bool_or(entry.is_owner) as is_owner
from (
  select
    namespace.nspname::text as schema,
    relation.relname::text as table,
    case when acl.grantee = 0 then 'PUBLIC' else pg_get_userbyid(acl.grantee)::text end as grantee,
    acl.privilege_type as privilege,
    acl.is_grantable,
    acl.grantee = relation.relowner as is_owner
  from pg_catalog.pg_class as relation
  join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
  cross join lateral aclexplode(coalesce(relation.relacl, acldefault('r', relation.relowner))) as acl
  where relation.relkind in ('r', 'p', 'v', 'm', 'f')
    and namespace.nspname !~ '^pg_'
    and namespace.nspname <> 'information_schema'
    and (:schema::text is null or namespace.nspname = :schema)
    and (
      :table::text is null
      or replace(:table, '"', '') in (
        replace(relation.relname, '"', ''),
        replace(format('%s.%s', namespace.nspname, relation.relname), '"', '')
      )
      -- Unquoted, as SQL reads it.
      or lower(:table) in (relation.relname, format('%s.%s', namespace.nspname, relation.relname))
    )
  union all
  -- Fails as PostgreSQL does where no schema has such a table.
  select quote_ident(concat_ws('.', :schema, :table))::regclass::text, null, null, null, null, null
  where :table is not null
    and not exists (
      select
      from pg_catalog.pg_class as relation
      join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
      where relation.relkind in ('r', 'p', 'v', 'm', 'f')
        and (:schema is null or namespace.nspname = :schema)
        and (
          replace(:table, '"', '') in (
            replace(relation.relname, '"', ''),
            replace(format('%s.%s', namespace.nspname, relation.relname), '"', '')
          )
          or lower(:table) in (relation.relname, format('%s.%s', namespace.nspname, relation.relname))
        )
    )
) as entry
where (:role::text is null or entry.grantee = :role)
group by entry.schema, entry.table, entry.grantee;
