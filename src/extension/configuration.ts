/**
 * The configuration under which the packages of an extension are there: the product's imports, for the files
 * of the project also those of the project's deno.json, and one lock made of both. Deno fetches every package
 * of the lock in use, reached or not, so all that needs no package of the extension goes on with the
 * product's own configuration and lock.
 *
 * Both files are written into `.sqlwright/` of the project whenever what they are made of has changed.
 */

import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { SqlwrightError } from "../errors.ts";
import type { Project } from "../project.ts";

/** In the folder of a project: what is made, and may be made anew. */
export const configurationFolder = ".sqlwright";

interface Configuration {
  imports?: Record<string, string>;
  lock?: boolean | string | { path?: string };
  [key: string]: unknown;
}

interface LockFile {
  version: string;
  workspace?: { dependencies?: string[] };
  [section: string]: unknown;
}

const productConfiguration = fileURLToPath(new URL("../../deno.json", import.meta.url));
const productFace = new URL("../../mod.ts", import.meta.url).href;
export const faceName = "sqlwright.ts";
/** A name that only such a configuration knows: what runs under it can tell. */
const marker = "sqlwright/project";
/** Sections of a lock that name what was resolved; each is an object by name. */
const sections = ["specifiers", "npm", "jsr", "remote", "redirects"];

/** Whether this process runs under the configuration of the project. */
export function isConfiguredFor({ directory }: Project): boolean {
  try {
    return import.meta.resolve(marker) === faceOf(directory);
  } catch {
    return false;
  }
}

/**
 * Writes the configuration and the lock where they are not there as they should be.
 * @returns the path of the configuration; null for a project without deno.json, which needs none
 * @throws {SqlwrightError} `extension.invalid` when the project's deno.json or deno.lock cannot be read or do
 * not agree, or nothing can be written
 */
export async function writeConfiguration({ directory }: Project): Promise<string | null> {
  const projectFile = join(directory, "deno.json");
  const project = await readJson<Configuration>(projectFile);
  if (project === null) return null;
  const product = await readJson<Configuration>(productConfiguration) ?? {};
  const folder = join(directory, configurationFolder);
  const merged = {
    nodeModulesDir: product.nodeModulesDir,
    unstable: product.unstable,
    compilerOptions: product.compilerOptions,
    imports: {
      ...absoluteImports(product.imports, productConfiguration),
      sqlwright: faceOf(directory),
      [marker]: faceOf(directory),
    },
    scopes: {
      [`${pathToFileURL(directory).href}/`]: {
        ...absoluteImports(project.imports, projectFile),
        // By way of a file of the project: Deno would write a package that an import leads to into the lock,
        // as a link.
        sqlwright: faceOf(directory),
      },
    },
    lock: { path: "./deno.lock", frozen: true },
  };
  const projectLock = lockFileOf(project, projectFile);
  const dependencies = [project, product].flatMap(({ imports = {} }) =>
    Object.values(imports).map(requirementOf)
  );
  const lock = mergeLocks(
    await readJson<LockFile>(projectLock),
    await readJson<LockFile>(lockFileOf(product, productConfiguration)),
    [...new Set(dependencies.filter((dependency) => dependency !== null))].toSorted(),
  );
  requireLocked(lock, projectFile, projectLock);
  const configFile = join(folder, "deno.json");
  await writeChanged(join(folder, faceName), `export * from "${productFace}";\n`);
  await writeChanged(join(folder, "deno.lock"), `${JSON.stringify(lock, null, 2)}\n`);
  await writeChanged(configFile, `${JSON.stringify(merged, null, 2)}\n`);
  return configFile;
}

/**
 * What "sqlwright" leads to: a file beside the configuration that exports the public face. An import that
 * leads into another folder with a deno.json makes that folder a link, whose own imports come first, and
 * which the lock has to name.
 */
function faceOf(directory: string): string {
  return pathToFileURL(join(directory, configurationFolder, faceName)).href;
}

/** Where names are taken by both, the product's packages are those that it was tested with. */
function mergeLocks(project: LockFile | null, product: LockFile | null, dependencies: string[]): LockFile {
  const merged: LockFile = { version: product?.version ?? project?.version ?? "5" };
  for (const section of sections) {
    const entries = Object.entries({ ...project?.[section] as object, ...product?.[section] as object });
    if (entries.length > 0) merged[section] = Object.fromEntries(entries.toSorted(byName));
  }
  merged.workspace = { dependencies };
  return merged;
}

/** `npm:/redis@6.3.1/dist/` to `npm:redis@6.3.1`, as a lock names it; null for what is no package. */
function requirementOf(target: string): string | null {
  const match = /^(npm|jsr):\/?((?:@[^/]+\/)?[^@/]+)(?:@([^/]+))?/.exec(target);
  return match === null ? null : `${match[1]}:${match[2]}@${match[3] ?? "*"}`;
}

/** Nothing is resolved in passing: which packages run is what the project's lock says. */
function requireLocked(
  { specifiers = {}, workspace }: LockFile,
  projectFile: string,
  lockFile: string,
): void {
  const known = specifiers as Record<string, string>;
  const missing = (workspace?.dependencies ?? []).filter((dependency) => !Object.hasOwn(known, dependency));
  if (missing.length === 0) return;
  throw new SqlwrightError(
    "extension.invalid",
    `Cannot use the packages of ${projectFile}: ${lockFile} does not name ${missing.join(", ")}`,
    { details: { missing }, hint: "Run `deno install` in that folder, which writes deno.lock" },
  );
}

const byName = ([one]: [string, unknown], [other]: [string, unknown]) =>
  one < other ? -1 : one > other ? 1 : 0;

function absoluteImports(imports: Record<string, string> = {}, file: string): Record<string, string> {
  const base = pathToFileURL(file);
  return Object.fromEntries(
    Object.entries(imports).map(([name, target]) => [
      name,
      /^\.{0,2}\//.test(target) ? new URL(target, base).href : target,
    ]),
  );
}

function lockFileOf({ lock }: Configuration, file: string): string {
  const path = typeof lock === "string" ? lock : typeof lock === "object" ? lock.path : undefined;
  return join(dirname(file), path ?? "deno.lock");
}

/** Null where there is no such file. */
async function readJson<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await Deno.readTextFile(path)) as T;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw new SqlwrightError("extension.invalid", `Cannot read ${path}: ${(error as Error).message}`, {
      details: { path },
      hint: "Correct the file; it is to be JSON without comments",
      cause: error,
    });
  }
}

/** Several commands may start at once: a file is never seen half written. */
async function writeChanged(path: string, text: string): Promise<void> {
  if (await Deno.readTextFile(path).catch(() => null) === text) return;
  const unfinished = `${path}.${Deno.pid}`;
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(unfinished, text);
    await Deno.rename(unfinished, path);
  } catch (error) {
    throw new SqlwrightError("extension.invalid", `Cannot write ${path}: ${(error as Error).message}`, {
      details: { path },
      hint: "Let the user that runs sqlwright write there: the packages of the project's extension need it",
      cause: error,
    });
  }
}
