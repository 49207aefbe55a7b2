/** Whether a database has the migrations that this checkout brings; asked at every start, so by names alone. */

import { sqlstateOf } from "../postgres/database_error.ts";
import type { PoolConnection } from "../postgres/pool.ts";

export interface MigrationGap {
  /** File names that the database has not applied, in their order. */
  pending: string[];
  /** False for a database that sqlwright has never migrated, which may be right: other query files need none of ours. */
  isMigrated: boolean;
}

const fileName = /^\d{4}_\w+\.sql$/;
const insufficientPrivilege = "42501";

/** Null when there is nothing to compare: no such folder, or no right to read what was applied. */
export async function findMigrationGap(
  connection: PoolConnection,
  directory: string,
): Promise<MigrationGap | null> {
  const files: string[] = [];
  try {
    for await (const { name } of Deno.readDir(directory)) if (fileName.test(name)) files.push(name);
  } catch (error) {
    // A compiled server has no such folder, and one over other query files is not given it.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return null;
    throw error;
  }
  try {
    const [found] = await connection.rows(
      "select to_regclass('sqlwright.migration') is not null as is_there",
    );
    if (found?.is_there !== "t") return { pending: files.toSorted(), isMigrated: false };
    const applied = await connection.rows("select migration.name from sqlwright.migration as migration");
    const names = new Set(applied.map(({ name }) => name));
    return { pending: files.filter((name) => !names.has(name)).toSorted(), isMigrated: true };
  } catch (error) {
    if (sqlstateOf(error) === insufficientPrivilege) return null;
    throw error;
  }
}
