-- name: extensions :many
-- title: Extensions
-- Extensions of this database with their versions, and with_available also those that could be made here.
-- update_to says that the server has a newer version than the database.
--
-- @param with_available = false    Also extensions that are not installed in this database
-- @rows 500
-- @column extension!               Name of the extension
-- @column version                  Version in this database; null when it is not installed
-- @column update_to                Version that ALTER EXTENSION UPDATE brings; null when there is none
-- @column schema                   Schema of its objects
-- @column comment                  What it does
-- @example all  {}  => rows >= 1

select
  coalesce(installed.extname, available.name)::text as extension,
  installed.extversion as version,
  case when installed.extversion <> available.default_version then available.default_version end as update_to,
  namespace.nspname::text as schema,
  available.comment
from pg_catalog.pg_extension as installed
full join pg_catalog.pg_available_extensions as available on available.name = installed.extname
left join pg_catalog.pg_namespace as namespace on namespace.oid = installed.extnamespace
where :with_available::boolean
  or installed.extname is not null
order by installed.extname is null, coalesce(installed.extname, available.name);
