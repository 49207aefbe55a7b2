-- Who may do what. Two roles that nobody logs in as hold the rights; logins are members of them:
--
--   sqlwright_reader  reads everything here
--   sqlwright_writer  what the load and status tools need on top
--
-- Roles belong to the whole server, so another database may have made them already. Without the right to make roles, an
-- administrator runs once:  create role sqlwright_reader nologin; create role sqlwright_writer nologin;

set local lock_timeout = '5s';

do $$
declare
  wanted text;
begin
  foreach wanted in array array['sqlwright_reader', 'sqlwright_writer'] loop
    if not exists (select from pg_catalog.pg_roles as role where role.rolname = wanted) then
      begin
        execute format('create role %I nologin', wanted);
      exception
        when duplicate_object or unique_violation then
          null;
        when insufficient_privilege then
          raise exception 'role "%" does not exist and "%" may not create it', wanted, current_user
            using
              errcode = 'insufficient_privilege',
              hint = format('As an administrator of the server run: create role %I nologin; then migrate again', wanted);
      end;
    end if;
  end loop;
end
$$;

grant usage on schema edgar, sqlwright to sqlwright_reader, sqlwright_writer;
grant select on all tables in schema edgar, sqlwright to sqlwright_reader, sqlwright_writer;

-- Views that `migrate` deploys later are readable from the start.
alter default privileges in schema edgar grant select on tables to sqlwright_reader, sqlwright_writer;

grant insert, update on edgar.company, edgar.filing, edgar.concept, edgar.fact to sqlwright_writer;
grant insert, update, delete on edgar.ticker to sqlwright_writer;

do $$
declare
  granted text;
begin
  -- Loads go through a temporary table. PUBLIC has the right unless an administrator took it away.
  if not has_database_privilege('sqlwright_writer', current_database(), 'temporary') then
    execute format('grant temporary on database %I to sqlwright_writer', current_database());
  end if;

  -- The login of the MCP server, where it is this project's own (the embedded default). Elsewhere the administrator grants
  -- sqlwright_reader, and for load and status tools sqlwright_writer, to the login in DATABASE_URL.
  if exists (select from pg_catalog.pg_roles as role where role.rolname = 'sqlwright_server') then
    foreach granted in array array['sqlwright_reader', 'sqlwright_writer'] loop
      if not pg_has_role('sqlwright_server', granted, 'member') then
        begin
          execute format('grant %I to sqlwright_server', granted);
        exception
          when unique_violation then
            null;
          when insufficient_privilege then
            raise exception '"%" may not grant role "%" to "sqlwright_server"', current_user, granted
              using
                errcode = 'insufficient_privilege',
                hint = format(
                  'As an administrator of the server run: grant %I to sqlwright_server; then migrate again', granted
                );
        end;
      end if;
    end loop;
  end if;
end
$$;
