/**
 * The TypeScript of a project: what its `extension.ts` declares with `defineExtension`, and nothing else does
 * it add. Settings, error codes, what the sandboxed server may reach and read, tools, commands, workers and
 * the sample are all named here, so that the sandbox's flags and the help can be made from it before any of
 * its work is loaded.
 *
 * The manifest is light: it imports `sqlwright` and small files of its own. Whatever needs a package is
 * imported when it is asked for, because every server of the project loads the manifest at its start.
 */

import type { Command } from "@commander-js/extra-typings";
import type { Application } from "../app.ts";
import type { Config, Setting, SettingValues } from "../config.ts";
import type { ProgramToolSource } from "../tool/program_tool.ts";

/** Settings by the names of their variables, such as `SHOP_RATE`; `setting` of the public face makes them. */
export type ExtensionSettings = Readonly<Record<string, Setting<unknown>>>;

/** The product's settings with those of the extension. */
export type ExtensionConfig<Settings> = Config & SettingValues<Settings>;

export interface ExtensionDefinition<Settings extends ExtensionSettings> {
  /** One sentence for the help of the project's commands. */
  description: string;
  /**
   * Read and validated as the product's own; the sandboxed server sees these variables by name. @default none
   */
  settings?: Settings;
  /** Codes of the errors that it throws; their family is the project's name: `shop.closed`. @default none */
  errorCodes?: readonly string[];
  /**
   * What the sandboxed server may reach under these settings: `HOST:PORT`, or web addresses. @default nothing
   */
  hosts?(config: ExtensionConfig<Settings>): readonly string[];
  /**
   * Files and folders, from the project's folder, that the sandboxed server reads: those of its own
   * TypeScript. @default none
   */
  readPaths?(config: ExtensionConfig<Settings>): readonly string[];
  /** Whether the server needs the packages of the project's deno.json under these settings. @default never */
  usesPackages?(config: ExtensionConfig<Settings>): boolean;
  /** Tools beside those of the query files. @default none */
  programTools?(config: ExtensionConfig<Settings>): Promise<readonly ProgramToolSource[]>;
  /** Adds commands below the project's name: `sqlwright shop import`. @default none */
  commands?(commands: ExtensionCommands<Settings>): void | Promise<void>;
  /** Commands that work until Ctrl-C, by their names. @default none */
  workers?: Readonly<Record<string, WorkerDefinition<Settings>>>;
  /** What `start` loads into an embedded database that has no rows yet. @default nothing */
  sample?: Sample;
}

/** A command as the product's own: with `--project`, help and examples. */
export type ExtensionCommand = Command<[], { project?: string | undefined }>;

/** Which project a command was told to act on. */
export interface CommandOptions {
  /** @default the nearest one */
  project?: string | undefined;
}

export interface ExtensionCommands<Settings> {
  /**
   * Adds `sqlwright <project> <name>`.
   * @param description its first line is the summary in lists
   * @param examples each without what stands before: `import orders.csv --json`
   */
  add(name: string, description: string, ...examples: string[]): ExtensionCommand;
  /** Sets the exit code of the process. */
  finish(exitCode: number): void;
  /** @throws {SqlwrightError} `config.*`, `project.*` */
  readSettings(options: CommandOptions): ExtensionConfig<Settings>;
}

export interface WorkerDefinition<Settings> {
  /** Its first line is the summary in lists. */
  description: string;
  /** Of `--concurrency`. @default 1 */
  maximumConcurrency?: number;
  /** Checks the settings before anything is opened. @default nothing */
  requireSettings?(config: ExtensionConfig<Settings>): void | Promise<void>;
  /** Works until the signal aborts, or with `isOnce` until nothing is left. */
  run(worker: Worker<Settings>): Promise<void>;
}

/** What a worker works with. */
export interface Worker<Settings> {
  /** With the database's address in DATABASE_URL. */
  config: ExtensionConfig<Settings>;
  application: Application;
  /** The login that owns the schemas, as migrations do. */
  ownerUrl: string;
  /** Jobs at a time. */
  concurrency: number;
  isOnce: boolean;
  signal: AbortSignal;
}

/** Rows that come with the project. They go through its own `:copy` tools, with the server's own login. */
export interface Sample {
  /** `schema.table`: the sample is loaded while it has no row. */
  table: string;
  /** The folder of the files, from the project's folder. */
  directory: string;
  /** In their order. */
  loads: readonly SampleLoad[];
}

export interface SampleLoad {
  /** A `:copy` tool of the project: `shop_load_orders`. */
  tool: string;
  /** A file of the folder. */
  source: string;
  /** What its rows are, for the console: `orders`. */
  what: string;
}

/**
 * A definition whose parts are all there. Each function expects settings that hold those of the extension.
 */
export interface Extension {
  readonly [isExtension]: true;
  readonly description: string;
  readonly settings: ExtensionSettings;
  readonly errorCodes: readonly string[];
  readonly workers: Readonly<Record<string, WorkerDefinition<ExtensionSettings>>>;
  readonly sample: Sample | null;
  readonly hasCommands: boolean;
  hosts(config: Config): readonly string[];
  readPaths(config: Config): readonly string[];
  usesPackages(config: Config): boolean;
  programTools(config: Config): Promise<readonly ProgramToolSource[]>;
  addCommands(commands: ExtensionCommands<ExtensionSettings>): Promise<void>;
}

const isExtension: unique symbol = Symbol("sqlwright extension");

/**
 * Declares what the TypeScript of a project adds; `extension.ts` exports the answer by default.
 * @throws {TypeError} when a part has another form than it is declared with; the project is then refused with
 * `extension.invalid`
 */
export function defineExtension<const Settings extends ExtensionSettings = Record<never, never>>(
  definition: ExtensionDefinition<Settings>,
): Extension {
  requireForm(definition);
  // The loader reads the settings that are declared here before it calls any of these.
  const whole = (config: Config) => config as ExtensionConfig<Settings>;
  return {
    [isExtension]: true,
    description: definition.description,
    settings: definition.settings ?? {},
    errorCodes: definition.errorCodes ?? [],
    workers: (definition.workers ?? {}) as Extension["workers"],
    sample: definition.sample ?? null,
    hasCommands: definition.commands !== undefined || Object.keys(definition.workers ?? {}).length > 0,
    hosts: (config) => definition.hosts?.(whole(config)) ?? [],
    readPaths: (config) => definition.readPaths?.(whole(config)) ?? [],
    usesPackages: (config) => definition.usesPackages?.(whole(config)) ?? false,
    programTools: async (config) => await definition.programTools?.(whole(config)) ?? [],
    addCommands: async (commands) =>
      await definition.commands?.(commands as unknown as ExtensionCommands<Settings>),
  };
}

/** Whether a value was made by `defineExtension`. */
export function isMadeExtension(value: unknown): value is Extension {
  return typeof value === "object" && value !== null && isExtension in value;
}

const functions = ["hosts", "readPaths", "usesPackages", "programTools", "commands"];
const parts = ["description", "settings", "errorCodes", "workers", "sample", ...functions];

/** What the compiler holds for those who ask it; an extension may also be plain JavaScript. */
function requireForm(definition: unknown): void {
  if (!isObject(definition)) throw new TypeError("defineExtension was called without an object");
  const unknown = Object.keys(definition).find((key) => !parts.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(`defineExtension knows no "${unknown}"; its parts are ${parts.join(", ")}`);
  }
  const { description, settings, errorCodes, workers, sample } = definition;
  if (typeof description !== "string" || description.trim() === "") {
    throw new TypeError('"description" is to be a sentence for the help');
  }
  for (const name of functions) {
    if (definition[name] !== undefined && typeof definition[name] !== "function") {
      throw new TypeError(`"${name}" is to be a function`);
    }
  }
  for (const [name, setting] of Object.entries(objectOf(settings, "settings"))) {
    const isSetting = isObject(setting) && typeof setting.read === "function" &&
      typeof setting.expected === "string" &&
      (setting.default === null || typeof setting.default === "string");
    if (!isSetting) throw new TypeError(`the setting ${name} is to be made by one of \`setting\``);
  }
  if (errorCodes !== undefined && !isListOfTexts(errorCodes)) {
    throw new TypeError('"errorCodes" is to be a list of texts');
  }
  for (const [name, worker] of Object.entries(objectOf(workers, "workers"))) {
    if (!isObject(worker) || typeof worker.run !== "function" || typeof worker.description !== "string") {
      throw new TypeError(`the worker "${name}" is to have a description and a function run`);
    }
  }
  if (sample !== undefined) requireSample(sample);
}

function requireSample(sample: unknown): void {
  const { table, directory, loads } = objectOf(sample, "sample");
  if (typeof table !== "string" || !/^[^."]+\.[^."]+$/.test(table)) {
    throw new TypeError('"sample.table" is to be a table such as shop.order');
  }
  if (typeof directory !== "string") throw new TypeError('"sample.directory" is to be a folder');
  const isLoad = (load: unknown) =>
    isObject(load) && [load.tool, load.source, load.what].every((part) => typeof part === "string");
  if (!Array.isArray(loads) || loads.length === 0 || !loads.every(isLoad)) {
    throw new TypeError('"sample.loads" is to be a list of { tool, source, what }');
  }
}

function objectOf(value: unknown, name: string): Record<string, unknown> {
  if (value === undefined) return {};
  if (isObject(value)) return value;
  throw new TypeError(`"${name}" is to be an object`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
