/**
 * Brings a database to what lists of migrations say, forward only: sqlwright's own list for its schema
 * `sqlwright`, and a project's. Each list has a namespace, so that a database holds those of several projects
 * beside each other.
 *
 * `NNNN_verb_noun.sql` files run in the order of their numbers, each in a transaction of its own together
 * with its row in `sqlwright.migration`, so a run that is killed leaves a file wholly done or not at all.
 * Numbers may be left out. A file whose first line is `-- transaction: none` (for `create index
 * concurrently`) runs statement by statement, and must be able to run again.
 */

import { SqlwrightError } from "../errors.ts";
import type { Log } from "../log.ts";
import { type BookAccess, isClosed, readBookAccess } from "./access.ts";
import { type AppliedMigration, isTrue, noNamespace, ownNamespace } from "./applied.ts";
import { adopted, type Adoption, findAdoptions, hasBookkeeping, readApplied } from "./bookkeeping.ts";
import { type MigrationFile, type MigrationList, readMigrations } from "./files.ts";
import { forgetPartialRun, type PartialRun, readPartialRuns, recordPartialRun } from "./partial_run.ts";
import type { MigrationSession, MigrationTarget, Script, ScriptStatement, SessionOptions } from "./model.ts";
import { withSession } from "./session.ts";
import { scriptError, splitScript } from "./script.ts";

export interface MigrationLists {
  /** sqlwright's own. */
  own: MigrationList;
  /** Null where there is no project. */
  project: MigrationList | null;
  /**
   * Whether the project uses a feature that needs sqlwright's own tables. They are brought up to date anyway
   * where they are.
   */
  usesOwn: boolean;
}

export interface MigrationState {
  namespace: string;
  version: number;
  /** `0001_create_shop.sql`. */
  name: string;
  /** `changed`: the file is not what was applied. `missing`: it was applied and there is no such file. */
  state: "applied" | "pending" | "changed" | "missing";
  /** Of a pending file without a transaction: what its last run has left in the database. */
  partial?: PartialRun;
}

export interface MigrationStatus {
  migrations: MigrationState[];
  /** Other projects of the same database, with how many migrations they have there. */
  others: { namespace: string; migrations: number }[];
}

/** Both lists as they are in the folders and in the database. */
export interface ComparedLists {
  files: MigrationFile[];
  adoptions: Adoption[];
  states: MigrationState[];
  others: MigrationStatus["others"];
}

/** Every migration of both lists, sqlwright's own first. Changes nothing, waits for nobody. */
export async function migrationStatus(
  target: MigrationTarget,
  lists: MigrationLists,
  options: SessionOptions = {},
): Promise<MigrationStatus> {
  const { states, others } = await withSession(target, options, (session) => compareLists(session, lists));
  return { migrations: states, others };
}

/** What the login may see of the bookkeeping, over a connection of its own. */
export async function findBookAccess(
  target: MigrationTarget,
  options: SessionOptions = {},
): Promise<BookAccess> {
  return await withSession(target, options, readBookAccess);
}

/**
 * Whether a database has a migration, a function or a view of the project, as far as this login may see.
 * Changes nothing.
 */
export async function isKnown(
  target: MigrationTarget,
  lists: MigrationLists,
  options: SessionOptions = {},
): Promise<boolean> {
  const { project } = lists;
  if (project === null) return false;
  return await withSession(target, options, async (session) => {
    // Whose login may not see what was applied is not the one that applies.
    if (isClosed(await readBookAccess(session))) return false;
    const { states } = await compareLists(session, lists);
    if (states.some(({ namespace, state }) => namespace === project.namespace && state !== "pending")) {
      return true;
    }
    if (!await hasBookkeeping(session)) return false;
    const [found] = await session.run(
      `select
         exists (select from sqlwright.view as view where view.namespace = $1)
         or exists (select from sqlwright.function as function where function.namespace = $1) as is_known`,
      [project.namespace],
    );
    return found !== undefined && isTrue(found.is_known);
  });
}

/** @throws {SqlwrightError} `migration.failed` for files that are no migrations */
export async function compareLists(session: MigrationSession, lists: MigrationLists): Promise<ComparedLists> {
  const own = await readMigrations(lists.own);
  const ofProject = lists.project === null ? [] : await readMigrations(lists.project);
  const rows = await readApplied(session);
  const adoptions = findAdoptions(rows, own, ofProject);
  const applied = adopted(rows, adoptions);
  const namespaces = [ownNamespace, ...(lists.project === null ? [] : [lists.project.namespace])];
  const states = namespaces.flatMap((namespace) =>
    compare(
      namespace === ownNamespace ? own : ofProject,
      applied.filter((row) => row.namespace === namespace),
    )
  );
  const partial = await readPartialRuns(session);
  for (const state of states) {
    const run = partial.get(`${state.namespace}\n${state.version}`);
    if (run !== undefined && state.state === "pending") state.partial = run;
  }
  const counts = new Map<string, number>();
  for (const { namespace } of applied) {
    if (!namespaces.includes(namespace)) counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
  }
  const others = [...counts].map(([namespace, migrations]) => ({ namespace, migrations }));
  return { files: [...own, ...ofProject], adoptions, states, others };
}

/**
 * The files that a run applies, in their order.
 * @throws {SqlwrightError} `migration.changed`, `migration.missing`, `migration.foreign`, `migration.failed`
 */
export function selectPending(
  { files, states }: ComparedLists,
  { usesOwn }: MigrationLists,
): MigrationFile[] {
  refuseForeign(states);
  const isOwnThere = states.some(({ namespace, state }) => namespace === ownNamespace && state !== "pending");
  return [...new Set(files.map(({ namespace }) => namespace))]
    .filter((namespace) => namespace !== ownNamespace || usesOwn || isOwnThere)
    .flatMap((namespace) =>
      pendingFiles(
        files.filter((file) => file.namespace === namespace),
        states.filter((state) => state.namespace === namespace),
      )
    );
}

/** Runs one file and writes it down. */
export async function applyMigration(
  session: MigrationSession,
  file: MigrationFile,
  log: Log | undefined,
): Promise<void> {
  const started_ms = performance.now();
  const statements = await parseMigration(file);
  const duration_ms = () => Math.round(performance.now() - started_ms);
  const runAll = async () => {
    for (const [ran, statement] of statements.entries()) {
      try {
        await session.runStatement(file, statement);
      } catch (error) {
        if (file.isTransactional || ran === 0) throw error;
        throw await partialError(session, file, { ran, total: statements.length, error });
      }
    }
    // A file may have set its own limits for the session.
    if (!file.isTransactional) await session.run("reset lock_timeout");
    await session.run(
      `insert into sqlwright.migration (namespace, version, name, sha256, duration_ms)
       values ($1, $2, $3, $4, $5)`,
      [file.namespace, file.version, file.name, file.sha256, duration_ms()],
    );
  };
  if (file.isTransactional) await session.inTransaction(runAll);
  else {
    await runAll();
    await forgetPartialRun(session, file);
  }
  log?.info("migration.applied", {
    namespace: file.namespace,
    version: file.version,
    file: file.name,
    duration_ms: duration_ms(),
  });
}

/** Writes down what a failed run has left, and says so in its error. */
async function partialError(
  session: MigrationSession,
  file: MigrationFile,
  { ran, total, error }: PartialRun & { error: unknown },
): Promise<unknown> {
  // The statement's error is the one to tell, also where the connection was lost with it.
  await recordPartialRun(session, file, { ran, total }).catch(() => {});
  if (!(error instanceof SqlwrightError)) return error;
  const left = ran === 1
    ? "Statement 1 of this file ran and stays"
    : `Statements 1 to ${ran} of this file ran and stay`;
  return new SqlwrightError(error.code, error.message, {
    details: { ...error.details, ran, total },
    hint:
      `${
        error.hint === null ? "" : `${error.hint.replace(/\.$/, "")}. `
      }${left} in the database: it has no ` +
      "transaction. The next run begins at the first again: undo them by hand, or write them so that they " +
      "can run twice, such as with `if not exists`",
    cause: error,
  });
}

/** @throws {SqlwrightError} `migration.failed` at the place of what no migration can do */
export async function parseMigration(file: MigrationFile): Promise<ScriptStatement[]> {
  const statements = await splitScript(file);
  for (const statement of statements) refuse(file, statement);
  return statements;
}

function compare(files: readonly MigrationFile[], applied: readonly AppliedMigration[]): MigrationState[] {
  const byVersion = new Map(applied.map((migration) => [migration.version, migration]));
  const states: MigrationState[] = files.map(({ namespace, version, name, sha256 }) => {
    const done = byVersion.get(version);
    if (done === undefined) return { namespace, version, name, state: "pending" };
    if (done.name !== name && done.sha256 !== sha256) return { namespace, version, name, state: "pending" };
    byVersion.delete(version);
    return { namespace, version, name, state: done.sha256 === sha256 ? "applied" : "changed" };
  });
  for (const { namespace, version, name } of byVersion.values()) {
    states.push({ namespace, version, name, state: "missing" });
  }
  return states.sort((one, other) => one.version - other.version || (one.state === "missing" ? -1 : 1));
}

/** Two projects of one name share a namespace, and then none of what was applied is a file of this one. */
function refuseForeign(states: readonly MigrationState[]): void {
  for (const namespace of new Set(states.map((each) => each.namespace))) {
    const ours = states.filter((each) => each.namespace === namespace);
    const [missing] = ours.filter(({ state }) => state === "missing");
    if (missing === undefined || namespace === ownNamespace) continue;
    if (ours.some(({ state }) => state === "applied" || state === "changed")) continue;
    throw new SqlwrightError(
      "migration.foreign",
      `Cannot migrate: the database holds migrations of another project that is called "${namespace}" too, ` +
        `such as "${missing.name}", and none of this one`,
      {
        details: {
          namespace,
          files: ours.filter(({ state }) => state === "missing").map(({ name }) => name),
        },
        hint: 'Connect to the database of this project, or give it another "name" in sqlwright.json',
      },
    );
  }
}

function pendingFiles(files: readonly MigrationFile[], states: readonly MigrationState[]): MigrationFile[] {
  const named = (state: MigrationState["state"]) => states.filter((each) => each.state === state);
  const names = (found: MigrationState[]) => found.map(({ name }) => `"${name}"`).join(", ");
  const changed = named("changed");
  const namespace = states[0]?.namespace ?? noNamespace;
  if (changed.length > 0) {
    throw new SqlwrightError(
      "migration.changed",
      `Cannot migrate: ${names(changed)} changed after it was applied`,
      {
        details: { namespace, files: changed.map(({ name }) => name) },
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
        details: { namespace, files: missing.map(({ name }) => name) },
        hint: namespace === ownNamespace
          ? "The database was migrated by a newer sqlwright: update sqlwright"
          : "The database is newer than this copy of the project: update the project, or restore the file",
      },
    );
  }
  const current = Math.max(0, ...named("applied").map(({ version }) => version));
  const late = named("pending").filter(({ version }) => version < current);
  if (late.length > 0) {
    throw new SqlwrightError(
      "migration.failed",
      `Cannot migrate: ${names(late)} comes before migrations that were applied already`,
      {
        details: { namespace, files: late.map(({ name }) => name), current },
        hint: `Migrations go forward only: give it a number above ${String(current).padStart(4, "0")}`,
      },
    );
  }
  const pending = new Set(named("pending").map(({ version }) => version));
  return files.filter(({ version }) => pending.has(version));
}

/** What would end the file's transaction unseen, or wait for data that nobody sends. */
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
