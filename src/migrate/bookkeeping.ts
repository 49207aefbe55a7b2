/**
 * What sqlwright writes down about its runs, in schema `sqlwright`: which migrations were applied, and which
 * function and view files are deployed. Each row belongs to a namespace, that of sqlwright itself or of a
 * project, so that several projects can share a database.
 *
 * Versions before 0.2 had no namespaces: rows of theirs have the empty one, until the project whose files
 * they are takes them over.
 */

import { isBookThere } from "./access.ts";
import { type AppliedMigration, appliedQuery, formerNames, isTrue, noNamespace } from "./applied.ts";
import type { MigrationFile } from "./files.ts";
import type { MigrationSession } from "./model.ts";

/**
 * Makes the tables in which runs write down what they did, and brings those of former versions up to date.
 */
export async function createBookkeeping(session: MigrationSession): Promise<void> {
  if (await hasBookkeeping(session)) return;
  await session.inTransaction(async () => {
    await session.runScript(bookkeeping);
  });
}

/** False as well where the tables are those of a former version. */
export async function hasBookkeeping(session: MigrationSession): Promise<boolean> {
  const [found] = await session.run(
    `select count(*) = 3 as is_there
     from pg_catalog.pg_attribute as attribute
     where attribute.attrelid in (
         to_regclass('sqlwright.migration'), to_regclass('sqlwright.function'), to_regclass('sqlwright.view')
       )
       and attribute.attname = 'namespace'
       and not attribute.attisdropped`,
  );
  return found !== undefined && isTrue(found.is_there);
}

/** All that was applied, of every namespace; nothing where sqlwright was never here. */
export async function readApplied(session: MigrationSession): Promise<AppliedMigration[]> {
  if (!await isBookThere(session, "migration")) return [];
  const rows = await session.run(appliedQuery);
  return rows.map(({ namespace, version, name, sha256 }) => ({
    namespace: String(namespace),
    version: Number(version),
    name: String(name),
    sha256: String(sha256),
  }));
}

/** A row without a namespace, and what becomes of it. */
export interface Adoption {
  from: AppliedMigration;
  to: AppliedMigration;
}

/**
 * Whose the rows without a namespace are: sqlwright's by their names, and all others the project's where one
 * of them has the name of a file of the project.
 */
export function findAdoptions(
  applied: readonly AppliedMigration[],
  own: readonly MigrationFile[],
  ofProject: readonly MigrationFile[],
): Adoption[] {
  const unclaimed = applied.filter(({ namespace }) => namespace === noNamespace);
  const adoptions: Adoption[] = [];
  const rest: AppliedMigration[] = [];
  for (const from of unclaimed) {
    const successor = own.find(({ name }) => name === formerNames.get(from.name));
    if (successor === undefined) rest.push(from);
    else {
      const { namespace, version, name, sha256 } = successor;
      adoptions.push({ from, to: { namespace, version, name, sha256 } });
    }
  }
  const names = new Set(ofProject.map(({ name }) => name));
  const [file] = ofProject;
  if (file !== undefined && rest.some(({ name }) => names.has(name))) {
    for (const from of rest) adoptions.push({ from, to: { ...from, namespace: file.namespace } });
  }
  return adoptions;
}

/** The rows as they are once the adoptions are made. */
export function adopted(
  applied: readonly AppliedMigration[],
  adoptions: readonly Adoption[],
): AppliedMigration[] {
  const successors = new Map(adoptions.map(({ from, to }) => [from, to]));
  return applied.map((row) => successors.get(row) ?? row);
}

/** Writes adoptions down. What was applied keeps its time; nothing runs again. */
export async function writeAdoptions(
  session: MigrationSession,
  adoptions: readonly Adoption[],
): Promise<void> {
  if (adoptions.length === 0) return;
  await session.inTransaction(async () => {
    for (const { from, to } of adoptions) {
      await session.run(
        `update sqlwright.migration
         set namespace = $1, version = $2, name = $3, sha256 = $4
         where namespace = $5
           and version = $6`,
        [to.namespace, to.version, to.name, to.sha256, from.namespace, from.version],
      );
    }
  });
}

/** Runs as it stands over nothing, over the tables of every former version, and over its own. */
const bookkeeping = `
create schema if not exists sqlwright;
comment on schema sqlwright is 'What sqlwright keeps about itself.';

create table if not exists sqlwright.migration (
  version integer not null,
  name text not null,
  sha256 text not null,
  applied_at timestamptz not null default now(),
  duration_ms integer not null,
  constraint pk_migration primary key (version)
);
create table if not exists sqlwright.view (
  path text not null,
  view_name text not null,
  sha256 text not null,
  deployed_at timestamptz not null default now(),
  constraint pk_view primary key (path)
);
do $$
begin
  if not exists (
    select
    from pg_catalog.pg_attribute as attribute
    where attribute.attrelid = 'sqlwright.migration'::regclass
      and attribute.attname = 'namespace'
  ) then
    alter table sqlwright.migration add column namespace text not null default '';
    alter table sqlwright.migration alter column namespace drop default;
    alter table sqlwright.migration
      drop constraint pk_migration,
      add constraint pk_migration primary key (namespace, version);
    alter table sqlwright.view add column namespace text not null default '';
    alter table sqlwright.view alter column namespace drop default;
    alter table sqlwright.view
      drop constraint pk_view,
      add constraint pk_view primary key (namespace, path);
  end if;
end
$$;
create table if not exists sqlwright.function (
  namespace text not null,
  path text not null,
  routines text[] not null,
  sha256 text not null,
  deployed_at timestamptz not null default now(),
  constraint pk_function primary key (namespace, path)
);

comment on table sqlwright.migration is 'Migrations that were applied to this database.';
comment on column sqlwright.migration.namespace is 'sqlwright for its own, else the name of the project.';
comment on column sqlwright.migration.version is 'Number of the migration.';
comment on column sqlwright.migration.name is 'Name of its file.';
comment on column sqlwright.migration.sha256 is 'SHA-256 of the file''s text with line feeds as line ends.';
comment on column sqlwright.migration.applied_at is 'When it was applied.';
comment on column sqlwright.migration.duration_ms is 'How long it took, in milliseconds.';
comment on table sqlwright.function is 'Function files that were deployed to this database.';
comment on column sqlwright.function.namespace is 'Name of the project.';
comment on column sqlwright.function.path is 'Path of the file in the folder of functions.';
comment on column sqlwright.function.routines
  is 'What the file made: names with their argument types, all with their schemas.';
comment on column sqlwright.function.sha256 is 'SHA-256 of the file''s text.';
comment on column sqlwright.function.deployed_at is 'When it was last deployed.';
comment on table sqlwright.view is 'View files that were deployed to this database.';
comment on column sqlwright.view.namespace is 'Name of the project; empty for query files outside of any.';
comment on column sqlwright.view.path is 'Path of the file in the SQL directory.';
comment on column sqlwright.view.view_name is 'The view, with its schema, quoted where needed.';
comment on column sqlwright.view.sha256 is 'SHA-256 of the file''s text and column texts.';
comment on column sqlwright.view.deployed_at is 'When it was last deployed.';

-- The login of the embedded server may see what was applied; others by the script of \`grants\`.
do $$
begin
  if exists (
    select
    from pg_catalog.pg_roles as role
    where role.rolname = 'sqlwright_server'
  ) then
    grant usage on schema sqlwright to sqlwright_server;
    grant select on sqlwright.migration, sqlwright.function, sqlwright.view to sqlwright_server;
  end if;
end
$$;
`;
