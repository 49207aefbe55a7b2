/** Whether a database has the migrations that the files bring; asked at every start, so by names alone. */

import { SqlwrightError } from "../errors.ts";
import type { PoolConnection } from "../postgres/pool.ts";
import { bookAccessQuery, isClosed, lackingOf, toBookAccess } from "./access.ts";
import { appliedQuery, noNamespace, ownNamespace, presentName } from "./applied.ts";
import { listMigrationNames, type MigrationList } from "./files.ts";

export interface MigrationGap {
  /** File names that the database has not applied, in their order. */
  pending: string[];
  /**
   * False for a database that has no migration of these lists, which may be right: not all query files need
   * one.
   */
  isMigrated: boolean;
  /** The project has migrations, and this login lacks the rights to see which were applied. */
  hidden: { login: string; lacking: string } | null;
}

/**
 * sqlwright's own list counts only where some of it was applied: before that nothing of it is in use.
 * @returns null when there is nothing to compare: no migrations, or none of the project and no right to read
 * what was applied
 */
export async function findMigrationGap(
  connection: PoolConnection,
  lists: readonly MigrationList[],
): Promise<MigrationGap | null> {
  const known: { namespace: string; names: string[] }[] = [];
  for (const { namespace, directory } of lists) {
    try {
      known.push({ namespace, names: await listMigrationNames(directory) });
    } catch (error) {
      // The sandbox permits the folders that are there; a server over other query files is given none.
      if (!(error instanceof Deno.errors.NotCapable)) throw error;
    }
  }
  if (known.every(({ names }) => names.length === 0)) return null;
  const [row] = await connection.rows(bookAccessQuery);
  const access = toBookAccess(row);
  if (isClosed(access)) {
    const isConcerned = known.some(({ namespace, names }) => namespace !== ownNamespace && names.length > 0);
    if (!isConcerned) return null;
    return {
      pending: [],
      isMigrated: false,
      hidden: { login: access.login, lacking: lackingOf(access) },
    };
  }
  const applied = access.present.includes("migration") ? await readAppliedNames(connection) : [];
  const missing = known.map(({ namespace, names }) => {
    const done = new Set(
      applied.filter((row) => row.namespace === namespace || row.namespace === noNamespace).map(presentName),
    );
    const pending = names.filter((name) => !done.has(name));
    return { namespace, pending, isMigrated: pending.length < names.length };
  });
  const counted = missing.filter(({ namespace, isMigrated }) => namespace !== ownNamespace || isMigrated);
  return {
    pending: counted.flatMap(({ pending }) => pending),
    isMigrated: counted.some(({ isMigrated }) => isMigrated),
    hidden: null,
  };
}

/** @throws {SqlwrightError} `migration.pending` */
export function pendingError({ pending }: MigrationGap): SqlwrightError {
  const [first] = pending;
  const others = pending.length - 1;
  return new SqlwrightError(
    "migration.pending",
    `Cannot start: the migration ${first}${
      others > 0 ? ` and ${others} more have` : " has"
    } not been applied to the database`,
    { details: { pending }, hint: "Run `sqlwright migrate`" },
  );
}

async function readAppliedNames(connection: PoolConnection): Promise<{ namespace: string; name: string }[]> {
  const rows = await connection.rows(appliedQuery);
  return rows.map(({ namespace, name }) => ({ namespace: namespace ?? "", name: name ?? "" }));
}
