/**
 * Which project a command acts on: the folder with `sqlwright.json`, named by `--project`, else the nearest
 * one from the working directory upward, as git and cargo do. The file says where query files, migrations,
 * functions, tests and the lock are.
 *
 * Light on purpose: the sandboxed server reads it too.
 */

import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { SqlwrightError } from "./errors.ts";
import { nearestName } from "./nearest.ts";
import { version } from "./version.ts";

export interface Project {
  /** Absolute, without a slash at its end. */
  directory: string;
  /** The MCP server's name, and the namespace of the project's migrations. */
  name: string;
  /** The version of sqlwright that the project was made with. */
  sqlwright: string;
  /** Absolute, as the other folders. */
  sqlDirectory: string;
  migrationsDirectory: string;
  functionsDirectory: string;
  testsDirectory: string;
  lockFile: string;
  /** Built-in modules that the project takes. */
  modules: readonly string[];
  /** The TypeScript of the project; null where it has none. */
  extension: string | null;
}

export const projectFile = "sqlwright.json";

/** The folder of sqlwright itself, with `main.ts`, `sql/` and `migrations/`; it ends with a slash. */
export const productDirectory = fileURLToPath(new URL("../", import.meta.url));

/** Modules that come with sqlwright and that a project may take. */
export const builtInModules = ["loads", "ops"] as const;

/** The folder of a built-in module's query files. */
export function builtInFolder(module: string): string {
  return join(productDirectory, "sql", module);
}

/** Where query files lie: the project's own folder, and those of the built-in modules that it takes. */
export interface QueryFolders {
  /** The project's folder of query files: modules are folders in it. */
  directory: string;
  lockFile: string;
  /** Folders of built-in modules by name. */
  builtIn: Readonly<Record<string, string>>;
}

/** The name of a lock in the folder of query files, where nothing says otherwise. */
export const lockName = "lock.json";

/** A folder of query files by itself, without a project. */
export function foldersOf(query: string | QueryFolders): QueryFolders {
  if (typeof query !== "string") return query;
  const directory = query.replace(/(?<=.)[\\/]+$/, "");
  return { directory, lockFile: join(directory, lockName), builtIn: {} };
}

/** Where a query file lies; `path` is `<module>/<file>`. */
export function placeOfFile({ directory, builtIn }: QueryFolders, path: string): string {
  const [module, ...rest] = path.split("/") as [string, ...string[]];
  return Object.hasOwn(builtIn, module) ? [builtIn[module], ...rest].join("/") : `${directory}/${path}`;
}

const maximumFile_bytes = 65_536;

export interface FindProjectOptions {
  /** `--project`: the project's folder, or its `sqlwright.json`. @default the nearest from `from` upward */
  project?: string | undefined;
  /** Where the search begins. @default the working directory */
  from?: string | undefined;
}

/** @throws {SqlwrightError} `project.missing`, `project.invalid`, `project.newer` or `project.unreadable` */
export function findProject({ project, from = Deno.cwd() }: FindProjectOptions = {}): Project {
  if (project !== undefined) {
    const named = resolve(from, project);
    const directory = named.endsWith(projectFile) ? dirname(named) : named;
    const text = readProjectFile(directory);
    if (text !== null) return parseProject(text, directory);
    throw new SqlwrightError(
      "project.missing",
      `Cannot find a project in ${directory}: there is no ${projectFile}`,
      {
        details: { directory },
        hint: "Name the folder that holds sqlwright.json, or make a project there with `sqlwright init`",
      },
    );
  }
  for (const directory of upwardFrom(from)) {
    const text = readProjectFile(directory);
    if (text !== null) return parseProject(text, directory);
  }
  throw new SqlwrightError(
    "project.missing",
    `Cannot find a project: no ${projectFile} in ${from} or in a folder above it`,
    {
      details: { directory: from },
      hint: "Make one with `sqlwright init`, or name one with --project DIR",
    },
  );
}

/**
 * The project that lies around this one, which a search from inside of this one never finds; null where there
 * is none.
 */
export function findOuterProject({ directory }: Project): string | null {
  for (const outer of upwardFrom(dirname(directory))) {
    if (readProjectFile(outer) !== null) return outer;
  }
  return null;
}

function* upwardFrom(directory: string): Generator<string> {
  for (let current = directory;; current = dirname(current)) {
    yield current;
    if (dirname(current) === current) return;
  }
}

/** Null where there is no such file. */
function readProjectFile(directory: string): string | null {
  const path = join(directory, projectFile);
  try {
    const { size } = Deno.statSync(path);
    if (size > maximumFile_bytes) {
      throw invalid(
        path,
        1,
        1,
        `it has ${size} bytes, more than ${maximumFile_bytes}`,
        "Keep settings alone in it",
      );
    }
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof SqlwrightError) throw error;
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw new SqlwrightError("project.unreadable", `Cannot read ${path}: ${reasonOf(error)}`, {
      details: { path },
      hint: error instanceof Deno.errors.NotCapable
        ? `Permit it with --allow-read=${path}; \`sqlwright permissions --project\` prints all flags`
        : "Give the user that runs sqlwright the right to read the file and its folder",
      cause: error,
    });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotCapable) return "Deno's flags do not permit it";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  return (error as Error).message;
}

const folders = {
  sql: { fallback: "sql", what: "the folder of query files" },
  migrations: { fallback: "migrations", what: "the folder of migrations" },
  functions: { fallback: "functions", what: "the folder of functions" },
  tests: { fallback: "tests", what: "the folder of SQL tests" },
  lock: { fallback: "sql/lock.json", what: "the lock" },
} as const;

const keys = ["$schema", "sqlwright", "name", ...Object.keys(folders), "modules", "extension"];
const namePattern = /^[a-z][a-z0-9_]{0,62}$/;
const versionPattern = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/;

/** @throws {SqlwrightError} `project.invalid` with line and column, `project.newer` */
export function parseProject(text: string, directory: string): Project {
  const path = join(directory, projectFile);
  const fail = (key: string, what: string, hint: string) => {
    const { line, column } = placeOf(text, key);
    return invalid(path, line, column, what, hint);
  };
  const settings = parseObject(text, path);
  const faults: SqlwrightError[] = [];
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof SqlwrightError) || error.code !== "project.invalid") throw error;
      faults.push(error);
      return undefined;
    }
  };
  for (const key of Object.keys(settings)) {
    if (keys.includes(key)) continue;
    const near = nearestName(key, keys);
    faults.push(fail(
      key,
      `unknown key "${key}"`,
      near === null ? `Its keys are ${keys.join(", ")}` : `Did you mean "${near}"?`,
    ));
  }
  const textOf = (key: string, what: string): string | undefined => {
    const value = settings[key];
    if (value === undefined || typeof value === "string" && value !== "") return value;
    throw fail(key, `"${key}" is ${shown(value)}`, `Write ${what} as a text, such as "${key}": "…"`);
  };
  attempt(() => textOf("$schema", "the address of the schema"));
  const madeWith = attempt(() => {
    const written = textOf("sqlwright", "the version of sqlwright");
    if (written !== undefined && versionPattern.test(written)) return written;
    const found = written === undefined ? 'there is no "sqlwright"' : `"sqlwright" is ${shown(written)}`;
    throw fail("sqlwright", found, `Write the version it is made for: "sqlwright": "${version}"`);
  });
  if (madeWith !== undefined && isNewer(madeWith, version)) {
    throw new SqlwrightError(
      "project.newer",
      `Cannot use ${path}: it was made with sqlwright ${madeWith}, and this is ${version}`,
      { details: { path, made_with: madeWith, version }, hint: `Update sqlwright to ${madeWith} or newer` },
    );
  }
  const name = attempt(() => {
    const written = textOf("name", "the project's name");
    if (written !== undefined && namePattern.test(written) && written !== "sqlwright") return written;
    const found = written === undefined ? 'there is no "name"' : `"name" is ${shown(written)}`;
    const form = "Write 1 to 63 lower-case letters, digits and _, a letter first, and not sqlwright";
    throw fail("name", found, `${form}: "name": "shop"`);
  });
  const placeIn = (key: keyof typeof folders): string =>
    attempt(() => {
      const { fallback, what } = folders[key];
      const found = resolve(directory, textOf(key, what) ?? fallback);
      if (!isInside(found, directory)) {
        throw fail(key, `"${key}" leads out of the project`, `Name ${what} inside of ${directory}`);
      }
      const real = realPlaceOutside(found, directory);
      if (real === null) return found;
      const way = `"${key}" leads out of the project: ${found} is a link to ${real}`;
      throw fail(key, way, `Put ${what} inside of ${directory}`);
    }) ?? "";
  const extension = attempt(() => {
    const written = textOf("extension", "the project's TypeScript");
    if (written === undefined) return undefined;
    if (!/\.[jt]s$/.test(written)) {
      throw fail(
        "extension",
        `"extension" is ${shown(written)}`,
        "Name a TypeScript file, such as extension.ts",
      );
    }
    const found = resolve(directory, written);
    if (!isInside(found, directory)) {
      throw fail("extension", '"extension" leads out of the project', `Name a file inside of ${directory}`);
    }
    const real = realPlaceOutside(found, directory);
    if (real === null) return written;
    const way = `"extension" leads out of the project: it is a link to ${real}`;
    throw fail("extension", way, `Put the file inside of ${directory}`);
  });
  const project: Project = {
    directory,
    name: name ?? "",
    sqlwright: madeWith ?? "",
    sqlDirectory: placeIn("sql"),
    migrationsDirectory: placeIn("migrations"),
    functionsDirectory: placeIn("functions"),
    testsDirectory: placeIn("tests"),
    lockFile: placeIn("lock"),
    modules: attempt(() => readModules(settings.modules, fail)) ?? [],
    extension: extension === undefined ? null : resolve(directory, extension),
  };
  const [first, ...others] = faults;
  if (first === undefined) return project;
  if (others.length === 0) throw first;
  throw new SqlwrightError("project.invalid", faults.map(({ message }) => message).join("; "), {
    details: { ...first.details, faults: faults.map(({ message, details }) => ({ message, ...details })) },
    hint: faults.map(({ hint }) => hint).join("; "),
  });
}

/**
 * Where a link leads that leads out of the project; null for all else. The sandboxed server may not look
 * everywhere, and its launcher has.
 */
function realPlaceOutside(path: string, directory: string): string | null {
  try {
    const real = Deno.realPathSync(path);
    return isInside(real, Deno.realPathSync(directory)) ? null : real;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return null;
    if (error instanceof Deno.errors.NotADirectory || error instanceof Deno.errors.PermissionDenied) {
      return null;
    }
    throw error;
  }
}

type Fail = (key: string, what: string, hint: string) => SqlwrightError;

function readModules(value: unknown, fail: Fail): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
    throw fail(
      "modules",
      `"modules" is ${shown(value)}`,
      'Write a list of names, such as "modules": ["ops"]',
    );
  }
  for (const [index, module] of value.entries()) {
    if (!(builtInModules as readonly string[]).includes(module)) {
      const near = nearestName(module, builtInModules);
      const known = `The built-in modules are ${builtInModules.join(", ")}`;
      throw fail(
        "modules",
        `no module "${module}" comes with sqlwright`,
        near === null ? known : `Did you mean "${near}"?`,
      );
    }
    if (value.indexOf(module) !== index) throw fail("modules", `"${module}" is named twice`, "Name it once");
  }
  return value;
}

function parseObject(text: string, path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    const offset = Number(/position (\d+)/.exec((error as Error).message)?.[1] ?? 0);
    const { line, column } = placeAt(text, offset);
    const what = (error as Error).message.replace(/ (?:in JSON )?at position.*$/s, "");
    throw invalid(path, line, column, `it is no JSON: ${what}`, "Correct it there; JSON has no comments");
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw invalid(
    path,
    1,
    1,
    `it is ${shown(value)}`,
    'Write an object, such as {"sqlwright": "…", "name": "shop"}',
  );
}

/** Where a key is written; the first line where it is not. */
function placeOf(text: string, key: string): { line: number; column: number } {
  const offset = text.search(new RegExp(`"${key.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}"\\s*:`));
  return placeAt(text, Math.max(0, offset));
}

function placeAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: before.at(-1)!.length + 1 };
}

function invalid(path: string, line: number, column: number, what: string, hint: string): SqlwrightError {
  return new SqlwrightError("project.invalid", `Cannot use ${path}:${line}:${column}: ${what}`, {
    details: { path, line, column },
    hint,
  });
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function isInside(path: string, directory: string): boolean {
  const inside = relative(directory, path);
  return inside !== "" && !inside.startsWith("..") && resolve(inside) !== inside;
}

/** Whether the first version is above the second; what follows a hyphen is not compared. */
function isNewer(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => text.split("-")[0]!.split(".").map(Number));
  for (const [index, number] of left!.entries()) {
    if (number !== right![index]) return number > right![index]!;
  }
  return false;
}
