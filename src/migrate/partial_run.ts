/**
 * Runs of files without a transaction that failed midway: what they did before stays in the database, and
 * `migrate status` says so until a run of the file ends well. The table is made by the first such failure.
 */

import { isTrue } from "./applied.ts";
import type { MigrationFile } from "./files.ts";
import type { MigrationSession } from "./model.ts";

/** A run that failed midway, where no transaction took back what had run. */
export interface PartialRun {
  /** Statements that ran, from the first. */
  ran: number;
  /** Statements of the file as it was. */
  total: number;
}

/** By namespace and version, with a line feed between them. Asked only where the bookkeeping may be read. */
export async function readPartialRuns(session: MigrationSession): Promise<Map<string, PartialRun>> {
  if (!await isThere(session)) return new Map();
  const rows = await session.run(
    "select run.namespace, run.version, run.ran, run.total from sqlwright.partial_run as run",
  );
  return new Map(rows.map(({ namespace, version, ran, total }) => [
    `${namespace}\n${version}`,
    { ran: Number(ran), total: Number(total) },
  ]));
}

export async function recordPartialRun(
  session: MigrationSession,
  { namespace, version }: MigrationFile,
  { ran, total }: PartialRun,
): Promise<void> {
  await session.inTransaction(async () => {
    await session.runScript(partialRunTable);
    await session.run(
      `insert into sqlwright.partial_run as run (namespace, version, ran, total) values ($1, $2, $3, $4)
       on conflict (namespace, version) do update
       set ran = excluded.ran, total = excluded.total, failed_at = now()`,
      [namespace, version, ran, total],
    );
  });
}

export async function forgetPartialRun(
  session: MigrationSession,
  { namespace, version }: MigrationFile,
): Promise<void> {
  if (!await isThere(session)) return;
  await session.run("delete from sqlwright.partial_run where namespace = $1 and version = $2", [
    namespace,
    version,
  ]);
}

/** It is there, and this login may read it: a hint and no more, so that a missing grant stops nothing. */
async function isThere(session: MigrationSession): Promise<boolean> {
  const [found] = await session.run(
    `select exists (
       select
       from pg_catalog.pg_class as relation
       join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
       where namespace.nspname = 'sqlwright'
         and relation.relname = 'partial_run'
         and pg_catalog.has_table_privilege(relation.oid, 'SELECT')
     ) as is_there`,
  );
  return found !== undefined && isTrue(found.is_there);
}

const partialRunTable = `
create table if not exists sqlwright.partial_run (
  namespace text not null,
  version integer not null,
  ran integer not null,
  total integer not null,
  failed_at timestamptz not null default now(),
  constraint pk_partial_run primary key (namespace, version)
);
comment on table sqlwright.partial_run is
  'Migrations without a transaction that failed midway: what ran before stays in the database.';
comment on column sqlwright.partial_run.namespace is 'sqlwright for its own, else the name of the project.';
comment on column sqlwright.partial_run.version is 'Number of the migration.';
comment on column sqlwright.partial_run.ran is 'How many of its statements ran, from the first.';
comment on column sqlwright.partial_run.total is 'How many statements the file had.';
comment on column sqlwright.partial_run.failed_at is 'When the next one failed.';
`;
