-- name: roles :many
-- title: Roles
-- Roles with what they may do on the server and what they are members of, PostgreSQL's own left out unless
-- asked for. Everybody may see all of it but the passwords. What a role may do with tables:
-- `ops_role_access`.
--
-- @param name?                         Only roles whose name contains this    {minLength: 1, maxLength: 63}
-- @param with_predefined = false       Also PostgreSQL's own roles, such as pg_monitor
-- @column role!                        Name of the role
-- @column can_login!                   Whether one can connect as it
-- @column is_superuser!                Whether it may do everything
-- @column creates_roles!               Whether it may make other roles
-- @column creates_databases!           Whether it may make databases
-- @column replicates!                  Whether it may stream the WAL
-- @column bypasses_row_security!       Whether row security does not hold it
-- @column connection_limit             Most sessions at once; null when it has no limit of its own
-- @column valid_until                  When its password ends; null for never
-- @column member_of!                   Roles that it is a direct member of
-- @column sessions!                    Sessions that it has now
-- @column owned_tables!                Tables and views of this database that it owns
-- @page role
-- @example all      {with_predefined: true}  => rows >= 1
-- @example unknown  {name: no_such_role}  => rows = 0
-- @allow page-not-unique  a role's name is unique

select
  role.rolname::text as role,
  role.rolcanlogin as can_login,
  role.rolsuper as is_superuser,
  role.rolcreaterole as creates_roles,
  role.rolcreatedb as creates_databases,
  role.rolreplication as replicates,
  role.rolbypassrls as bypasses_row_security,
  nullif(role.rolconnlimit, -1) as connection_limit,
  nullif(role.rolvaliduntil, 'infinity') as valid_until,
  array(
    select parent.rolname::text
    from pg_catalog.pg_auth_members as membership
    join pg_catalog.pg_roles as parent on parent.oid = membership.roleid
    where membership.member = role.oid
    group by parent.rolname
    order by parent.rolname
  ) as member_of,
  coalesce(session.count, 0) as sessions,
  coalesce(owned.count, 0) as owned_tables
from pg_catalog.pg_roles as role
left join (
  select activity.usesysid, count(*) as count
  from pg_catalog.pg_stat_activity as activity
  group by activity.usesysid
) as session on session.usesysid = role.oid
left join (
  select relation.relowner, count(*) as count
  from pg_catalog.pg_class as relation
  join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
  where relation.relkind in ('r', 'p', 'v', 'm', 'f')
    and namespace.nspname !~ '^pg_'
    and namespace.nspname <> 'information_schema'
  group by relation.relowner
) as owned on owned.relowner = role.oid
where (:with_predefined::boolean or role.rolname !~ '^pg_')
  and (:name::text is null or position(lower(:name) in lower(role.rolname)) > 0);
