-- Views of sqlwright's own modules, such as the one of `loads`, are read by the login that reads their tables.

set local lock_timeout = '5s';

do $$
begin
  -- The login of the embedded database. Other logins are granted what they need by an administrator.
  if exists (select from pg_catalog.pg_roles as role where role.rolname = 'sqlwright_server') then
    alter default privileges in schema sqlwright grant select on tables to sqlwright_server;
  end if;
end
$$;
