/**
 * Brings a database to what the files say: sqlwright's own migrations where they are used, the project's
 * migrations, its functions, its views, in this order.
 *
 * A run looks first, and takes its turn only when there is something to do: starts over a database that is up
 * to date wait for nobody. It looks again once it has its turn, because another run may have done it all
 * meanwhile.
 *
 * The session must be a direct one: a pooler in transaction mode cannot hold an advisory lock, so behind any
 * the run is refused.
 */

import { isTrue, ownNamespace } from "./applied.ts";
import { type Adoption, createBookkeeping, hasBookkeeping, writeAdoptions } from "./bookkeeping.ts";
import type { MigrationFile } from "./files.ts";
import {
  type FunctionFile,
  FunctionRun,
  leftOverFunctions,
  readDeployedFunctions,
  staleFunctions,
} from "./functions.ts";
import {
  applyMigration,
  compareLists,
  type MigrationLists,
  parseMigration,
  selectPending,
} from "./migrate.ts";
import { deployInRounds } from "./objects.ts";
import type { MigrationSession, MigrationTarget, SessionOptions } from "./model.ts";
import { withMigrationSession, withSession } from "./session.ts";
import { adoptViews, prepareView, staleViews, type ViewFile } from "./views.ts";

export interface DeploymentFiles {
  /** Null deploys functions and views alone. */
  lists: MigrationLists | null;
  /** The project's name; empty for query files outside of any. */
  namespace: string;
  functions: readonly FunctionFile[];
  /** Whether these are all function files of the project, so that others were removed. */
  hasAllFunctions: boolean;
  views: readonly ViewFile[];
}

/** What a run has done, or would do. */
export interface Deployment {
  /** In their order. */
  migrations: { namespace: string; name: string }[];
  /** Paths of function files, in the order of their deployment. */
  functions: string[];
  /** Paths of view files, in the order of their deployment. */
  views: string[];
  /** Functions that are still there although their file is gone. */
  leftOver: { path: string; routines: string[] }[];
  /** Number of the project's last migration; 0 without any. */
  current: number;
}

interface Plan {
  migrations: MigrationFile[];
  adoptions: Adoption[];
  functions: FunctionFile[];
  views: ViewFile[];
  leftOver: Deployment["leftOver"];
  current: number;
}

/**
 * @throws {SqlwrightError} `migration.failed` with file, line, column and SQLSTATE, `migration.changed`,
 * `migration.missing`,
 *   `migration.foreign`, `migration.busy`, `migration.pooled`, `database.*` when the server cannot be reached
 *   or is lost. What was
 *   applied before stays; functions and views are deployed all or none.
 */
export async function deploy(
  target: MigrationTarget,
  files: DeploymentFiles,
  options: SessionOptions = {},
): Promise<Deployment> {
  const done = await withSession(target, options, async (session) => {
    const plan = await makePlan(session, files);
    return await isDone(session, plan) ? describePlan(plan) : null;
  });
  if (done !== null) return done;
  return await withMigrationSession(target, options, async (session) => {
    await createBookkeeping(session);
    const { migrations, adoptions, current } = await makePlan(session, files);
    await writeAdoptions(session, adoptions);
    await adoptViews(session, files.namespace, files.views);
    for (const file of migrations) await applyMigration(session, file, options.log);
    return {
      migrations: migrations.map(({ namespace, name }) => ({ namespace, name })),
      current,
      ...await deployObjects(session, files, migrations, options),
    };
  });
}

/**
 * What `deploy` would do now. Changes nothing, waits for nobody, and reads every file that would run as far
 * as its syntax goes.
 */
export async function planDeployment(
  target: MigrationTarget,
  files: DeploymentFiles,
  options: SessionOptions = {},
): Promise<Deployment> {
  return await withSession(target, options, async (session) => {
    const plan = await makePlan(session, files);
    for (const file of plan.migrations) await parseMigration(file);
    const run = new FunctionRun(files.namespace, files.functions, []);
    for (const file of plan.functions) await run.prepare(file);
    for (const file of plan.views) await prepareView(file, files.namespace);
    return describePlan(plan);
  });
}

async function makePlan(session: MigrationSession, files: DeploymentFiles): Promise<Plan> {
  const { lists, namespace, functions, views } = files;
  const compared = lists === null ? null : await compareLists(session, lists);
  const migrations = lists === null || compared === null ? [] : selectPending(compared, lists);
  const ofProject = compared?.files.filter((file) => file.namespace !== ownNamespace) ?? [];
  const deployed = await readDeployedFunctions(session, namespace);
  return {
    migrations,
    adoptions: compared?.adoptions ?? [],
    functions: staleFunctions(functions, deployed, migrations),
    views: await staleViews(session, namespace, views),
    leftOver: files.hasAllFunctions ? leftOverFunctions(functions, deployed) : [],
    current: ofProject.at(-1)?.version ?? 0,
  };
}

async function isDone(session: MigrationSession, plan: Plan): Promise<boolean> {
  if (plan.migrations.length + plan.functions.length + plan.views.length > 0) return false;
  if (plan.adoptions.length > 0) return false;
  const [found] = await session.run("select to_regnamespace('sqlwright') is null as is_absent");
  // A database that needs nothing of ours gets nothing of ours; tables of a former version are brought up to
  // date.
  return found !== undefined && isTrue(found.is_absent) || await hasBookkeeping(session);
}

function describePlan({ migrations, functions, views, leftOver, current }: Plan): Deployment {
  return {
    migrations: migrations.map(({ namespace, name }) => ({ namespace, name })),
    functions: functions.map(({ path }) => path),
    views: views.map(({ path }) => path),
    leftOver,
    current,
  };
}

async function deployObjects(
  session: MigrationSession,
  { namespace, functions, hasAllFunctions, views }: DeploymentFiles,
  migrations: readonly MigrationFile[],
  { log }: SessionOptions,
): Promise<Pick<Deployment, "functions" | "views" | "leftOver">> {
  const deployed = await readDeployedFunctions(session, namespace);
  const staleOnes = staleFunctions(functions, deployed, migrations);
  const run = new FunctionRun(namespace, functions, deployed);
  // Migrations may have dropped a view, so the views are looked at again.
  const files = [
    ...await Promise.all(staleOnes.map((file) => run.prepare(file))),
    ...await Promise.all(
      (await staleViews(session, namespace, views)).map((file) => prepareView(file, namespace)),
    ),
  ];
  const isGone = hasAllFunctions &&
    deployed.some(({ path }) => !functions.some((file) => file.path === path));
  if (files.length === 0 && !isGone) return { functions: [], views: [], leftOver: [] };
  const { done, leftOver } = await session.inTransaction(async () => {
    const done = await deployInRounds(session, files);
    await run.dropObsolete(session, new Set(staleOnes.map(({ path }) => path)));
    return { done, leftOver: hasAllFunctions ? await run.forgetGone(session) : [] };
  });
  for (const { kind, path } of done) log?.info(`${kind}.deployed`, { path });
  const paths = (kind: "function" | "view") =>
    done.filter((file) => file.kind === kind).map(({ path }) => path);
  return { functions: paths("function"), views: paths("view"), leftOver };
}
