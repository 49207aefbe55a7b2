/**
 * Functions and views are replaced when the text of their file changes, unlike migrations, which run once.
 *
 * All that changed is deployed in one transaction, in whatever order the references need: what fails because
 * another function or view is not there yet is tried again after the others, until none gets further.
 */

import { SqlwrightError } from "../errors.ts";
import type { MigrationSession } from "./model.ts";

/** A file with a function or a view, ready to be deployed. */
export interface DeployableFile {
  kind: "function" | "view";
  path: string;
  /** Makes the objects of the file and writes it down. */
  deploy(session: MigrationSession): Promise<void>;
}

/** Undefined table, function, column, type: what a file that is still to come can mend. */
const mendable = new Set(["42P01", "42883", "42703", "42704"]);

/**
 * The caller holds the transaction.
 * @returns the files in the order in which they were deployed
 */
export async function deployInRounds(
  session: MigrationSession,
  files: readonly DeployableFile[],
): Promise<DeployableFile[]> {
  const done: DeployableFile[] = [];
  let waiting = files;
  while (waiting.length > 0) {
    const failed: { file: DeployableFile; error: unknown }[] = [];
    for (const file of waiting) {
      const error = await attempt(session, () => file.deploy(session));
      if (error === null) done.push(file);
      else if (!mendable.has(sqlstateOf(error))) throw error;
      else failed.push({ file, error });
    }
    const [first] = failed;
    if (first !== undefined && failed.length === waiting.length) throw first.error;
    waiting = failed.map(({ file }) => file);
  }
  return done;
}

/** Runs the work under a savepoint; when it fails, undoes it and answers the error. */
export async function attempt(session: MigrationSession, work: () => Promise<void>): Promise<unknown> {
  await session.run("savepoint deploy");
  try {
    await work();
  } catch (error) {
    // A lost session has nothing to go back to, and its own error says more.
    if (!(error instanceof SqlwrightError) || sqlstateOf(error) === "") throw error;
    await session.run("rollback to savepoint deploy");
    await session.run("release savepoint deploy");
    return error;
  }
  await session.run("release savepoint deploy");
  return null;
}

/** The SQLSTATE in the details of an error; empty where there is none. */
export function sqlstateOf(error: unknown): string {
  const sqlstate = error instanceof SqlwrightError ? error.details.sqlstate : null;
  return typeof sqlstate === "string" ? sqlstate : "";
}
