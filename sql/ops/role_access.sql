-- name: role_access :many
-- title: What a role may do
-- What a role may do in the end with each table and view that it may do anything with, through membership,
-- PUBLIC and ownership. Without USAGE on the schema the rest helps nothing. An unknown role is an error.
--
-- @param role                The role, as PostgreSQL has its name    {minLength: 1, maxLength: 63}
-- @param schema?             Only tables of this schema    {minLength: 1, maxLength: 63}
-- @column schema!            Schema of the table
-- @column table!             Name of the table
-- @column uses_schema!       Whether it has USAGE on the schema
-- @column selects!           Whether it may read the table, or some of its columns
-- @column inserts!           Whether it may insert, at least some columns
-- @column updates!           Whether it may update, at least some columns
-- @column deletes!           Whether it may delete
-- @column is_row_secured!    Whether row security narrows what it sees; superusers and owners are not held
-- @page schema, table
-- @example monitor  {role: pg_monitor}  => rows >= 0
-- @allow page-not-unique  schema and name are unique among relations

select
  namespace.nspname::text as schema,
  relation.relname::text as table,
  has_schema_privilege(:role::name, namespace.oid, 'usage') as uses_schema,
  has_any_column_privilege(:role::name, relation.oid, 'select') as selects,
  has_any_column_privilege(:role::name, relation.oid, 'insert') as inserts,
  has_any_column_privilege(:role::name, relation.oid, 'update') as updates,
  has_table_privilege(:role::name, relation.oid, 'delete') as deletes,
  relation.relrowsecurity as is_row_secured
from pg_catalog.pg_class as relation
join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
where relation.relkind in ('r', 'p', 'v', 'm', 'f')
  and namespace.nspname !~ '^pg_'
  and namespace.nspname <> 'information_schema'
  and (:schema::text is null or namespace.nspname = :schema)
  and (
    has_any_column_privilege(:role::name, relation.oid, 'select, insert, update')
    or has_table_privilege(:role::name, relation.oid, 'delete')
  );
