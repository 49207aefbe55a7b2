/**
 * The settings of a command, and the project they are for: what the command line says, then the variables
 * that are set, then those of `.env` in the project's folder. Light on purpose: `serve` loads it too.
 */

import { basename } from "node:path";
import { parseEnv } from "node:util";
import { ownNamespace } from "../migrate/applied.ts";
import type { MigrationList } from "../migrate/files.ts";
import { alternatives, type Config, readConfig, settings } from "../config.ts";
import { SqlwrightError } from "../errors.ts";
import { type HttpAddress, isLoopback, joinHostAndPort, parseHttpAddress } from "../permissions.ts";
import { fault, fileFault, fileHint } from "../postgres/target/fault.ts";
import { findProject, productDirectory, type Project } from "../project.ts";

/** sqlwright's own migrations. */
export const ownMigrations: MigrationList = {
  namespace: ownNamespace,
  directory: `${productDirectory}migrations`,
  shownAs: "sqlwright:migrations",
};

/** The project's migrations; null for query files by themselves. */
export function projectMigrations(project: Project | null): MigrationList | null {
  if (project === null) return null;
  const { name: namespace, migrationsDirectory: directory } = project;
  return { namespace, directory, shownAs: basename(directory) };
}

/** Which files a command acts on. */
export interface ProjectOptions {
  /** `--project`: the folder of a project. @default the nearest one from the working directory upward */
  project?: string | undefined;
  /** `--sql`: query files by themselves, without a project. @default SQLWRIGHT_SQL_DIR of the environment */
  sql?: string | undefined;
}

/** Where a setting came from. */
export type Origin = "command line" | "environment" | ".env" | "sqlwright.json" | "default";

export interface FoundSettings {
  config: Config;
  origins: ReadonlyMap<string, Origin>;
}

/**
 * Sets what `.env` holds and the environment does not, so that child processes get it too, and validates the
 * whole. Changes nothing on the disk, so that a command outside of any project has done nothing when it
 * fails.
 * @throws {SqlwrightError} `project.*`, or `config.unknown` or `config.invalid`, naming every wrong setting.
 */
export function readSettings(options: ProjectOptions = {}): Config {
  return findSettings(options).config;
}

/** The same, with the origin of each setting. */
export function findSettings({ project: named, sql }: ProjectOptions = {}): FoundSettings {
  if (named !== undefined && sql !== undefined) {
    throw new SqlwrightError("config.invalid", "Cannot use --project and --sql together", {
      hint: "--project serves a project with its own query files; --sql serves query files by themselves",
    });
  }
  const inherited = named === undefined ? Deno.env.get(sqlSetting) || undefined : undefined;
  const files = sql ?? inherited;
  const project = files === undefined ? findProject({ project: named }) : null;
  const base = project?.directory ?? workingDirectory();
  const origins = new Map<string, Origin>(Object.keys(settings).map((name) => [name, "default"]));
  if (project !== null) origins.set(sqlSetting, "sqlwright.json");
  const variables = readVariables();
  for (const [name, value] of Object.entries(variables)) if (value) origins.set(name, "environment");
  const fromFile = base === undefined ? {} : readEnvironmentFile(base);
  if (project !== null) refuseFolderOfFiles(fromFile, project);
  for (const [name, value] of Object.entries(fromFile)) {
    // Variables that are set already, also to nothing, win over those of the file.
    if (value === undefined || variables[name] !== undefined) continue;
    // So does what says the same in another way.
    const others = alternatives.find((pair) => (pair as readonly string[]).includes(name)) ?? [];
    if (others.some((other) => origins.get(other) === "environment")) continue;
    variables[name] = value;
    origins.set(name, ".env");
    Deno.env.set(name, value);
  }
  if (sql !== undefined) origins.set(sqlSetting, "command line");
  const config = readConfig({ ...variables, [sqlSetting]: files }, { project, base });
  return { config: withConnectionString(config), origins };
}

/** The connection string from its file; paths of secrets in full, for whoever connects. */
function withConnectionString(config: Config): Config {
  for (const name of ["DATABASE_URL_FILE", "DATABASE_PASSWORD_FILE"] as const) {
    const path = config[name];
    if (path !== undefined && Deno.env.get(name) !== path) Deno.env.set(name, path);
  }
  const { DATABASE_URL_FILE: path } = config;
  const url = path === undefined ? config.DATABASE_URL : readConnectionString(path);
  const orphan = (["DATABASE_PASSWORD_FILE", "DATABASE_PASSWORD_COMMAND"] as const).find((name) =>
    config[name] !== undefined
  );
  if (url !== undefined || orphan === undefined) return { ...config, DATABASE_URL: url };
  throw new SqlwrightError("config.invalid", `Cannot use ${orphan}: DATABASE_URL is not set`, {
    details: { setting: orphan },
    hint: "Set DATABASE_URL, without a password, or DATABASE_URL_FILE; the embedded database has its own",
  });
}

function readConnectionString(path: string): string {
  const setting = "DATABASE_URL_FILE";
  let text: string;
  try {
    text = Deno.readTextFileSync(path).trim();
  } catch (error) {
    throw fault(setting, `${path}: ${fileFault(error)}`, fileHint(error), error);
  }
  if (text === "") throw fault(setting, `${path} is empty`, "Write the connection string into it");
  if (settings.DATABASE_URL.read(text) !== undefined) return text;
  throw fault(setting, `${path} holds no connection string`, `It is ${settings.DATABASE_URL.expected}`);
}

const sqlSetting = "SQLWRIGHT_SQL_DIR";

/** One place says where the files of a project are. */
function refuseFolderOfFiles(variables: Record<string, string | undefined>, { directory }: Project): void {
  if (!variables[sqlSetting]) return;
  throw new SqlwrightError(
    "config.invalid",
    `Cannot use ${sqlSetting} in ${directory}/.env: this is a project`,
    {
      details: { setting: sqlSetting },
      hint: 'Write the folder into sqlwright.json, as "sql", and take the line out of .env',
    },
  );
}

/** Undefined in the sandbox, where the launcher has named every path in full. */
function workingDirectory(): string | undefined {
  try {
    return Deno.cwd();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/** `HOST:PORT` of the command line; without one the setting's. */
export function readAddress(text: string | true | undefined, config: Config): HttpAddress {
  if (typeof text !== "string") return config.SQLWRIGHT_HTTP;
  const address = parseHttpAddress(text);
  if (address) return address;
  throw new SqlwrightError("config.invalid", `Cannot listen on "${text}": expected HOST:PORT`, {
    hint: "Write an address such as 127.0.0.1:8321 or [::1]:8321",
  });
}

/**
 * Without tokens whoever reaches the port may call every tool without a scope, so only this machine may reach
 * it.
 */
export function refuseForeignAddress(address: HttpAddress, config: Config): void {
  const { hostname, port } = address;
  if (config.SQLWRIGHT_AUTH_ISSUER !== undefined) return;
  if (isLoopback(hostname) || config.SQLWRIGHT_UNAUTHENTICATED === "anywhere") return;
  const name = joinHostAndPort(hostname, String(port));
  throw new SqlwrightError(
    "config.invalid",
    `Cannot listen on ${name}: other machines could call tools without a token`,
    {
      details: { hostname, port },
      hint:
        "Listen on 127.0.0.1, set SQLWRIGHT_AUTH_ISSUER, SQLWRIGHT_AUTH_AUDIENCE and SQLWRIGHT_AUTH_JWKS, " +
        "or set SQLWRIGHT_UNAUTHENTICATED=anywhere where a proxy guards the port",
    },
  );
}

/**
 * An error that names a setting, with where that setting is from: a person corrects it there.
 * @param directory the project's
 */
export function withOrigin(error: unknown, directory: string | undefined): unknown {
  if (!(error instanceof SqlwrightError) || typeof error.details.setting !== "string") return error;
  const { setting } = error.details;
  if (!/^[A-Z_]+$/.test(setting)) return error;
  const origin = originOf(setting, directory);
  if (origin === null) return error;
  const hint = `${error.hint === null ? "" : `${error.hint}. `}${setting} is set in ${origin}`;
  return new SqlwrightError(error.code, error.message, {
    details: { ...error.details, origin },
    hint,
    cause: error,
  });
}

function originOf(setting: string, directory: string | undefined): string | null {
  try {
    const file = setting === "DATABASE_URL" ? Deno.env.get("DATABASE_URL_FILE") : undefined;
    if (file) return file;
    const value = Deno.env.get(setting);
    if (!value) return null;
    const folder = directory ?? Deno.cwd();
    return readEnvironmentFile(folder)[setting] === value ? `${folder}/.env` : "the environment";
  } catch {
    // The sandbox shows neither.
    return null;
  }
}

function readEnvironmentFile(directory: string): Record<string, string | undefined> {
  try {
    return parseEnv(Deno.readTextFileSync(`${directory}/.env`));
  } catch (error) {
    // The sandboxed server may not read it: its launcher did, and handed the settings down.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return {};
    throw new SqlwrightError("config.invalid", `Cannot read ${directory}/.env`, {
      hint: "Check that it is a file you may read",
      cause: error,
    });
  }
}

/** All variables, or in the sandbox the settings by name: a list of all is not permitted there. */
function readVariables(): Record<string, string | undefined> {
  try {
    return Deno.env.toObject();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    return Object.fromEntries(Object.keys(settings).map((name) => [name, Deno.env.get(name)]));
  }
}
