-- The writer also writes what sqlwright keeps about loads and uploads. These tables are sqlwright's own, so that they are there before the roles are.

set local lock_timeout = '5s';

do $$
begin
  if to_regclass('sqlwright.load') is not null then
    grant select, insert, update, delete on sqlwright.load, sqlwright.load_reject to sqlwright_writer;
  end if;
  if to_regclass('sqlwright.upload') is not null then
    grant select, insert, update, delete on sqlwright.upload, sqlwright.upload_part to sqlwright_writer;
    -- Who only reads has no business with files that others have put.
    revoke select on sqlwright.upload, sqlwright.upload_part from sqlwright_reader;
  end if;
end
$$;
