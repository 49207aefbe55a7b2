/**
 * Brings a database to what `migrations/` says, forward only.
 *
 * `NNNN_verb_noun.sql` files run in the order of their numbers, each in a transaction of its own together with its row in
 * `sqlwright.migration`, so a run that is killed leaves a file wholly done or not at all. A file whose first line is
 * `-- transaction: none` (for `create index concurrently`) runs statement by statement, and must be able to run again. One run
 * at a time: an advisory lock, waited for with a limit, which the server gives up when the session ends.
 *
 * The session must be a direct one: a pooler in transaction mode cannot hold an advisory lock, so behind any the run is refused.
 */

import { createHash } from "node:crypto";
import { SqlwrightError } from "../errors.ts";
import type { Log } from "../log.ts";
import {
  createBookkeeping,
  isTrue,
  type MigrationSession,
  type MigrationTarget,
  type SessionOptions,
  withMigrationSession,
  withSession,
} from "./session.ts";
import { type Script, scriptError, type ScriptStatement, splitScript } from "./script.ts";

export interface MigrateOptions extends SessionOptions {
  /** Folder of the migration files. */
  directory: string;
}

export interface MigrationState {
  version: number;
  /** `0001_create_edgar.sql`. */
  name: string;
  /** `changed`: the file is not what was applied. `missing`: it was applied and there is no such file. */
  state: "applied" | "pending" | "changed" | "missing";
}

/**
 * Applies what is pending.
 * @returns file names in the order they were applied, and the version the database is at now; 0 when there are no migrations
 * @throws {SqlwrightError} `migration.failed` with file, line, column and SQLSTATE, `migration.changed`, `migration.missing`,
 *   `database.*` when the server cannot be reached or is lost
 */
export async function migrate(
  target: MigrationTarget,
  { directory, ...options }: MigrateOptions,
): Promise<{ applied: string[]; current: number }> {
  const files = await readMigrations(directory);
  return await withMigrationSession(target, options, async (session) => {
    await createBookkeeping(session);
    const pending = pendingFiles(files, compare(files, await appliedMigrations(session)));
    for (const file of pending) await apply(session, file, options.log);
    return { applied: pending.map(({ name }) => name), current: files.at(-1)?.version ?? 0 };
  });
}

/** Every migration, by version. Changes nothing, waits for nobody. */
export async function migrationStatus(
  target: MigrationTarget,
  { directory, ...options }: MigrateOptions,
): Promise<MigrationState[]> {
  const files = await readMigrations(directory);
  return await withSession(
    target,
    options,
    async (session) => compare(files, await appliedMigrations(session)),
  );
}

interface MigrationFile extends Script {
  version: number;
  name: string;
  /** Hex SHA-256 of the text with `\n` line ends, so that a checkout on Windows is the same file. */
  sha256: string;
  isTransactional: boolean;
}

interface AppliedMigration {
  version: number;
  name: string;
  sha256: string;
}

const fileName = /^([0-9]{4})_[a-z][a-z0-9]*(_[a-z0-9]+)+\.sql$/;
/** The generated dump beside the migrations. */
const dumpName = "schema.sql";

async function readMigrations(directory: string): Promise<MigrationFile[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(directory)) {
      if (entry.isFile && entry.name.endsWith(".sql") && entry.name !== dumpName) names.push(entry.name);
    }
  } catch (error) {
    throw new SqlwrightError("migration.failed", `Cannot read migrations "${directory}": ${reason(error)}`, {
      details: { directory },
      hint: "Start in the project's folder, which holds migrations/",
      cause: error,
    });
  }
  const files: MigrationFile[] = [];
  for (const name of names.sort()) {
    const path = `${directory.replace(/[\\/]+$/, "")}/${name}`;
    const version = Number(fileName.exec(name)?.[1]);
    if (!(version > 0)) {
      throw new SqlwrightError(
        "migration.failed",
        `Cannot read migration "${name}": its name has another form`,
        {
          details: { file: name },
          hint: "Name it NNNN_verb_noun.sql, such as 0009_add_insiders.sql",
        },
      );
    }
    const same = files.at(-1);
    if (same?.version === version) {
      throw new SqlwrightError(
        "migration.failed",
        `Cannot read migration "${name}": "${same.name}" has the same number`,
        { details: { file: name, other: same.name }, hint: "Give each migration its own number" },
      );
    }
    const text = (await Deno.readTextFile(path)).replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
    files.push({
      version,
      name,
      path: `migrations/${name}`,
      text,
      sha256: sha256(text),
      isTransactional: !/^-- transaction: none\s*(\n|$)/.test(text),
    });
  }
  return files;
}

async function appliedMigrations(session: MigrationSession): Promise<AppliedMigration[]> {
  const [found] = await session.run("select to_regclass('sqlwright.migration') is not null as is_there");
  if (found === undefined || !isTrue(found.is_there)) return [];
  const rows = await session.run("select version, name, sha256 from sqlwright.migration order by version");
  return rows.map(({ version, name, sha256 }) => ({
    version: Number(version),
    name: String(name),
    sha256: String(sha256),
  }));
}

function compare(files: readonly MigrationFile[], applied: readonly AppliedMigration[]): MigrationState[] {
  const byVersion = new Map(applied.map((migration) => [migration.version, migration]));
  const states: MigrationState[] = files.map(({ version, name, sha256 }) => {
    const done = byVersion.get(version);
    byVersion.delete(version);
    const state = done === undefined ? "pending" : done.sha256 === sha256 ? "applied" : "changed";
    return { version, name, state };
  });
  for (const { version, name } of byVersion.values()) states.push({ version, name, state: "missing" });
  return states.sort((one, other) => one.version - other.version);
}

function pendingFiles(files: readonly MigrationFile[], states: readonly MigrationState[]): MigrationFile[] {
  const named = (state: MigrationState["state"]) => states.filter((each) => each.state === state);
  const names = (found: MigrationState[]) => found.map(({ name }) => `"${name}"`).join(", ");
  const changed = named("changed");
  if (changed.length > 0) {
    throw new SqlwrightError(
      "migration.changed",
      `Cannot migrate: ${names(changed)} changed after it was applied`,
      {
        details: { files: changed.map(({ name }) => name) },
        hint: "Restore the file and put the change into a new migration",
      },
    );
  }
  const missing = named("missing");
  if (missing.length > 0) {
    throw new SqlwrightError(
      "migration.missing",
      `Cannot migrate: ${names(missing)} was applied and is not here`,
      {
        details: { files: missing.map(({ name }) => name) },
        hint: "The database is newer than this copy of the project: update the project, or restore the file",
      },
    );
  }
  const current = Math.max(0, ...named("applied").map(({ version }) => version));
  const late = named("pending").filter(({ version }) => version < current);
  if (late.length > 0) {
    throw new SqlwrightError(
      "migration.failed",
      `Cannot migrate: ${names(late)} stands before applied ones`,
      {
        details: { files: late.map(({ name }) => name), current },
        hint: `Migrations go forward only: give it a number above ${String(current).padStart(4, "0")}`,
      },
    );
  }
  const pending = new Set(named("pending").map(({ version }) => version));
  return files.filter(({ version }) => pending.has(version));
}

async function apply(session: MigrationSession, file: MigrationFile, log: Log | undefined): Promise<void> {
  const started_ms = performance.now();
  const statements = await splitScript(file);
  for (const statement of statements) refuse(file, statement);
  const record = () =>
    session.run(
      "insert into sqlwright.migration (version, name, sha256, duration_ms) values ($1, $2, $3, $4)",
      [
        file.version,
        file.name,
        file.sha256,
        Math.round(performance.now() - started_ms),
      ],
    );
  const runAll = async () => {
    for (const statement of statements) await session.runStatement(file, statement);
    // A file may have set its own limits for the session.
    if (!file.isTransactional) await session.run("reset lock_timeout");
    await record();
  };
  if (file.isTransactional) await session.inTransaction(runAll);
  else await runAll();
  log?.info("migration.applied", {
    version: file.version,
    file: file.name,
    duration_ms: Math.round(performance.now() - started_ms),
  });
}

/** What would end the file's transaction under our feet, or wait for data that nobody sends. */
function refuse(script: Script, { nodeType, tree, text, offset }: ScriptStatement): void {
  const at = offset + text.length - text.trimStart().length;
  if (nodeType === "TransactionStmt") {
    throw scriptError(script, at, "a migration may not begin or end transactions", {
      hint: "Each file is one transaction already; split it where there should be two",
    });
  }
  if (nodeType === "CopyStmt" && tree.filename === undefined) {
    throw scriptError(script, at, "a migration has no standard input or output to copy with", {
      hint: "Write the rows as INSERT, or load them with a :copy tool",
    });
  }
}

/** SHA-256 of a text, as hex. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function reason(error: unknown): string {
  return error instanceof Deno.errors.NotFound ? "there is no such folder" : (error as Error).message;
}
