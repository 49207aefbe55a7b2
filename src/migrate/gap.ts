/** Whether a database has the migrations that the files bring; asked at every start, so by names alone. */

import { SqlwrightError } from "../errors.ts";
import { sqlstateOf } from "../postgres/database_error.ts";
import type { PoolConnection } from "../postgres/pool.ts";
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
}

const insufficientPrivilege = "42501";

/**
 * sqlwright's own list counts only where some of it was applied: before that nothing of it is in use.
 * @returns null when there is nothing to compare: no migrations, or no right to read what was applied
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
  try {
    const applied = await readAppliedNames(connection);
    const missing = known.map(({ namespace, names }) => {
      const done = new Set(
        applied.filter((row) => row.namespace === namespace || row.namespace === noNamespace).map(
          presentName,
        ),
      );
      const pending = names.filter((name) => !done.has(name));
      return { namespace, pending, isMigrated: pending.length < names.length };
    });
    const counted = missing.filter(({ namespace, isMigrated }) => namespace !== ownNamespace || isMigrated);
    return {
      pending: counted.flatMap(({ pending }) => pending),
      isMigrated: counted.some(({ isMigrated }) => isMigrated),
    };
  } catch (error) {
    if (sqlstateOf(error) === insufficientPrivilege) return null;
    throw error;
  }
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
  const [found] = await connection.rows(
    "select to_regclass('sqlwright.migration') is not null as is_there",
  );
  if (found?.is_there !== "t") return [];
  const rows = await connection.rows(appliedQuery);
  return rows.map(({ namespace, name }) => ({ namespace: namespace ?? "", name: name ?? "" }));
}
