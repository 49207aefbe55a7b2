-- name: schemas :many
-- title: Schemas
-- The schemas of this database with what is in them and whether this login may use them. The map to begin
-- with in an unknown database.
--
-- @column schema!         Name of the schema
-- @column owner!          Role that owns it
-- @column comment         What its author says of it
-- @column tables!         Tables, partitioned ones counted once and their partitions not
-- @column views!          Views and materialized views
-- @column functions!      Functions and procedures
-- @column table_bytes!    Bytes of its tables without indexes, as of the last VACUUM or ANALYZE
-- @column is_usable!      Whether this login has USAGE; without it nothing in the schema can be read
-- @page schema
-- @example all  {}  => rows >= 0
-- @allow page-not-unique  a schema's name is unique

select
  namespace.nspname::text as schema,
  pg_get_userbyid(namespace.nspowner)::text as owner,
  obj_description(namespace.oid, 'pg_namespace') as comment,
  coalesce(content.tables, 0) as tables,
  coalesce(content.views, 0) as views,
  (
    select count(*)
    from pg_catalog.pg_proc as function
    where function.pronamespace = namespace.oid
  ) as functions,
  coalesce(content.pages, 0) * current_setting('block_size')::bigint as table_bytes,
  has_schema_privilege(namespace.oid, 'usage') as is_usable
from pg_catalog.pg_namespace as namespace
left join (
  select
    relation.relnamespace,
    count(*) filter (where relation.relkind in ('r', 'p', 'f') and not relation.relispartition) as tables,
    count(*) filter (where relation.relkind in ('v', 'm')) as views,
    sum(greatest(relation.relpages, 0)) filter (where relation.relkind in ('r', 'm')) as pages
  from pg_catalog.pg_class as relation
  group by relation.relnamespace
) as content on content.relnamespace = namespace.oid
where namespace.nspname !~ '^pg_'
  and namespace.nspname <> 'information_schema';
