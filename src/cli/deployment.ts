/**
 * What `migrate` and `start` bring into a database: the files of the project, as `src/migrate` takes them.
 */

import { basename, normalize, relative, resolve } from "node:path";
import type { Config } from "../config.ts";
import { deploy, type Deployment, type DeploymentFiles, planDeployment } from "../migrate/deploy.ts";
import { listMigrationNames } from "../migrate/files.ts";
import { type FunctionFile, readFunctions } from "../migrate/functions.ts";
import { isKnown, type MigrationLists } from "../migrate/migrate.ts";
import type { MigrationTarget, SessionOptions } from "../migrate/model.ts";
import type { ViewFile } from "../migrate/views.ts";
import type { Project } from "../project.ts";
import type { Diagnostic } from "../query/diagnostic.ts";
import type { ParsedQuery } from "../query/model.ts";
import type { LoadedQueries } from "../query/loader.ts";
import { tell, UsageError } from "./console/console.ts";
import { ownMigrations, projectMigrations } from "./environment.ts";

export interface DeployOptions extends SessionOptions {
  /** Look at what would be done, and change nothing. @default false */
  isDryRun?: boolean;
}

/**
 * Migrations, then functions, then the views of all files that are right by themselves.
 * @throws {SqlwrightError} what {@link deploy} throws
 */
export async function deployFiles(
  { project }: Config,
  ownerUrl: MigrationTarget,
  { queries }: { queries: readonly ParsedQuery[] },
  { isDryRun = false, ...options }: DeployOptions = {},
): Promise<Deployment> {
  const files: DeploymentFiles = {
    lists: migrationLists(project, queries),
    namespace: project?.name ?? "",
    functions: await functionsOf(project),
    hasAllFunctions: true,
    views: viewsOf(queries),
  };
  return await (isDryRun ? planDeployment : deploy)(ownerUrl, files, { tell, ...options });
}

/**
 * Whether something of the project was deployed in this database before, so that it is kept up to date there.
 */
export async function isDeployedIn(
  { project }: Config,
  ownerUrl: MigrationTarget,
  { queries }: { queries: readonly ParsedQuery[] },
): Promise<boolean> {
  return await isKnown(ownerUrl, migrationLists(project, queries));
}

/** Whether the project has anything that `migrate` brings into a database and writes down. */
export async function isDeployable(
  project: Project | null,
  queries: readonly ParsedQuery[],
): Promise<boolean> {
  if (queries.some(({ view }) => view !== null)) return true;
  if (project === null) return false;
  const [migrations, functions] = await Promise.all([
    listMigrationNames(project.migrationsDirectory),
    functionsOf(project),
  ]);
  return migrations.length + functions.length > 0;
}

/** sqlwright's own list, and the project's. */
export function migrationLists(
  project: Project | null,
  queries: readonly ParsedQuery[],
): MigrationLists {
  const readsOwn = project?.modules.includes("loads") ?? false;
  const usesOwn = readsOwn || usesOwnTables(queries);
  return { own: ownMigrations, project: projectMigrations(project), usesOwn };
}

/** The function files of a project. */
async function functionsOf(project: Project | null): Promise<FunctionFile[]> {
  if (project === null) return [];
  const { functionsDirectory } = project;
  return await readFunctions(functionsDirectory, basename(functionsDirectory));
}

const kindsOfLoads: ReadonlySet<string> = new Set(["copy"]);

/** Loads remember their idempotency keys and rejects, and take uploads, in tables of sqlwright's own. */
function usesOwnTables(queries: readonly ParsedQuery[]): boolean {
  return queries.some(({ kind }) => kindsOfLoads.has(kind));
}

export function viewsOf(queries: readonly ParsedQuery[]): ViewFile[] {
  return queries.filter(({ view }) => view !== null).map(({ path, source, header }) => ({
    path,
    text: source,
    ...(header.title === null ? {} : { comment: header.title }),
    columns: header.columns.map(({ name, text }) => ({ name, text })),
  }));
}

/** Files that were named one by one. */
export interface ChosenFiles {
  functions: FunctionFile[];
  views: ParsedQuery[];
  /** What is wrong with query files that were named. */
  errors: Diagnostic[];
}

/**
 * @param paths of files, from the working directory or from the folder of query files or of functions
 * @throws {UsageError} for a path that is neither a view nor a function file
 */
export async function chooseFiles(
  { project, SQLWRIGHT_SQL_DIR: directory }: Config,
  paths: readonly string[],
  { queries, diagnostics }: LoadedQueries,
): Promise<ChosenFiles> {
  const allFunctions = await functionsOf(project);
  const functions = new Set<FunctionFile>();
  const views = new Set<ParsedQuery>();
  const errors = new Set<Diagnostic>();
  for (const path of paths) {
    const isIn = (folder: string, found: { path: string }) => formsOf(path, folder).includes(found.path);
    const query = queries.find((each) => isIn(directory, each));
    const file = allFunctions.find((each) => project !== null && isIn(project.functionsDirectory, each));
    const broken = diagnostics.filter((each) => each.severity === "error" && isIn(directory, each));
    if (file !== undefined) functions.add(file);
    else if (query?.view) views.add(query);
    else if (broken.length > 0) { for (const error of broken) errors.add(error); }
    else {
      const isMigration = project !== null &&
        (await listMigrationNames(project.migrationsDirectory)).some((name) =>
          isIn(project.migrationsDirectory, { path: name })
        );
      const found = isMigration
        ? "this is a migration"
        : query === undefined
        ? "there is no such file"
        : `a :${query.kind} file has nothing to deploy`;
      throw new UsageError(
        `--only ${path}: ${found}`,
        isMigration
          ? "Migrations run in their order, by `migrate` without --only: --only is for views and functions"
          : "Name a :view file, or a file of functions",
      );
    }
  }
  return { functions: [...functions], views: [...views], errors: [...errors] };
}

/**
 * Deploys these functions and views, and no migration.
 * @throws {SqlwrightError} what {@link deploy} throws
 */
export async function deployChosen(
  { project }: Config,
  ownerUrl: MigrationTarget,
  { functions, views }: ChosenFiles,
  { isDryRun }: { isDryRun: boolean },
): Promise<Deployment> {
  const files: DeploymentFiles = {
    lists: null,
    namespace: project?.name ?? "",
    functions,
    hasAllFunctions: false,
    views: viewsOf(views),
  };
  return await (isDryRun ? planDeployment : deploy)(ownerUrl, files, { tell });
}

/** A path as it may be meant: from the working directory, or from the folder itself. */
function formsOf(path: string, directory: string): string[] {
  return [relative(resolve(directory), resolve(path)), normalize(path)].map((form) =>
    form.replaceAll("\\", "/")
  );
}
