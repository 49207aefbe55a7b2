/**
 * The settings, read from the environment once and validated whole: every wrong setting is named in one
 * error. Unknown `SQLWRIGHT_*` names are refused, because a typo must not silently fall back to a default.
 *
 * Without a validation library on purpose: importing one is a quarter of a cold start
 * (docs/decisions/0011-start-from-the-lock.md).
 */

import { resolve } from "node:path";
import { SqlwrightError } from "./errors.ts";
import { type LogLevel, logLevels } from "./log.ts";
import { nearestName } from "./nearest.ts";
import { isLoopback, isWebAddress } from "./permissions.ts";
import { splitWords } from "./postgres/target/command.ts";
import { splitConnectionString } from "./postgres/target/target.ts";
import { builtInFolder, foldersOf, type Project, type QueryFolders } from "./project.ts";

/** How one variable is read. */
export interface Setting<T> {
  /** Text of the variable when it is not set; null leaves the setting undefined. */
  default: string | null;
  /** What a right value is, after "expected". */
  expected: string;
  /** Undefined for a wrong value. */
  read: (text: string) => T | undefined;
  /** The value is a path, taken from the project's folder where it is relative. */
  isPath?: boolean;
}

/** `750ms`, `30s`, `10min`, `2h` to milliseconds; null when the text is no duration. */
export function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|min|h)$/.exec(text.trim());
  if (!match) return null;
  const unit_ms = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 }[match[2] as "ms" | "s" | "min" | "h"];
  return Math.round(Number(match[1]) * unit_ms);
}

/** `512kB`, `1MB`, `64MiB` or plain bytes to bytes; null when the text is no size. */
export function parseBytes(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*(B|kB|KiB|MB|MiB|GB|GiB)?$/.exec(text.trim());
  if (!match) return null;
  const factor = { B: 1, kB: 1e3, KiB: 1024, MB: 1e6, MiB: 1024 ** 2, GB: 1e9, GiB: 1024 ** 3 };
  return Math.round(Number(match[1]) * factor[(match[2] ?? "B") as keyof typeof factor]);
}

function defaulting<T>(
  fallback: string,
  expected: string,
  read: Setting<T>["read"],
): Setting<T> & { default: string } {
  return { default: fallback, expected, read };
}

function duration(fallback: string) {
  return defaulting(fallback, "a duration such as 500ms, 10s, 5min or 1h", (text) => {
    const ms = parseDuration(text);
    return ms !== null && ms >= 1 && ms <= longest_ms ? ms : undefined;
  });
}
const longest_ms = 24 * 3_600_000;

function bytes(fallback: string) {
  return defaulting(fallback, "a size such as 65536, 512kB or 4MiB", (text) => {
    const size = parseBytes(text);
    return size !== null && size > 0 ? size : undefined;
  });
}

function count(fallback: number, minimum: number, maximum: number) {
  return defaulting(String(fallback), `a whole number from ${minimum} to ${maximum}`, (text) => {
    const number = Number(text);
    return /^\d+$/.test(text) && number >= minimum && number <= maximum ? number : undefined;
  });
}

function oneOf<const T extends string>(fallback: T, choices: readonly T[]) {
  return defaulting(
    fallback,
    `one of ${choices.join(", ")}`,
    (text) => choices.find((choice) => choice === text),
  );
}

function path(fallback: string) {
  return { ...defaulting(fallback, "a path", (text) => text), isPath: true };
}

function list() {
  return defaulting(
    "",
    "names with commas",
    (text) => text.split(",").map((item) => item.trim()).filter(Boolean),
  );
}

function hostAndPort(fallback: string) {
  return defaulting(fallback, "HOST:PORT such as 127.0.0.1:8321 or [::1]:8321", (text) => {
    const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]+):(\d{1,5})$/.exec(text);
    const port = Number(match?.[2]);
    return match && port <= 65_535 ? { hostname: match[1]!.replace(/^\[|\]$/g, ""), port } : undefined;
  });
}

const databaseUrl: Setting<string> = {
  default: null,
  expected: "postgresql://user:password@host:port/database, or host=… dbname=… user=…",
  read: (text) => {
    try {
      // What its parameters mean is told when they are used, by name.
      splitConnectionString(text, "DATABASE_URL");
      return text;
    } catch {
      return undefined;
    }
  },
};
const anyPath: Setting<string> = {
  default: null,
  expected: "a path",
  read: (text) => text,
  isPath: true,
};
const commandLine: Setting<string> = {
  default: null,
  expected: "a program and its arguments",
  read: (text) => {
    try {
      splitWords(text);
      return text;
    } catch {
      return undefined;
    }
  },
};
const issuer: Setting<string> = {
  default: null,
  expected: "an https address without a query, as the tokens have it in `iss`; http only for this machine",
  // As it is written: tokens are held against it letter by letter.
  read: (text) => isSecureAddress(text) && !/[?#]/.test(text) ? text : undefined,
};
const audience: Setting<string> = {
  default: null,
  expected: "a text without spaces, as the tokens have it in `aud`",
  read: (text) => /^\S{1,1024}$/.test(text) ? text : undefined,
};
const keySet: Setting<string> = {
  default: null,
  expected: "an https address, http only for this machine, or the path of a file",
  isPath: true,
  read: (text) => !isWebAddress(text) || isSecureAddress(text) ? text : undefined,
};

/** `https://…`, or `http://…` that does not leave this machine; no name and password. */
function isSecureAddress(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "") return false;
  return url.protocol === "https:" || url.protocol === "http:" && isLoopback(url.hostname);
}

const secret: Setting<string> = {
  default: null,
  expected: "at least 16 characters",
  read: (text) => text.length >= 16 ? text : undefined,
};

const redisUrl: Setting<string> = {
  default: null,
  expected: "redis://user:password@host:port or rediss://…",
  read: (text) => /^rediss?:\/\//.test(text) && URL.canParse(text) ? text : undefined,
};

function httpUrl(fallback: string) {
  return defaulting(fallback, "an address such as https://www.example.org", (text) => {
    if (!URL.canParse(text)) return undefined;
    const { protocol, username, search, hash } = new URL(text);
    const isPlain = /^https?:$/.test(protocol) && username === "" && search === "" && hash === "";
    return isPlain ? text.replace(/\/+$/, "") : undefined;
  });
}

/** An entry of the list of hosts that loads may ask. */
function hosts() {
  return defaulting("", "host names with commas, such as www.example.org,data.example.org:8443", (text) => {
    const names = text.split(",").map((item) => item.trim()).filter(Boolean).map((item) => {
      const [, hostname, port = "443"] = /^([^:/\s[\]*?#@]+|\[[0-9a-fA-F:.]+\])(?::(\d{1,5}))?$/.exec(item) ??
        [];
      // As URL writes it: lower case, international names in ASCII.
      const url = hostname === undefined ? null : URL.parse(`https://${hostname}`);
      return url === null || Number(port) < 1 || Number(port) > 65_535
        ? null
        : { hostname: url.hostname, port: Number(port) };
    });
    return names.every((name) => name !== null) ? names : undefined;
  });
}

/** Every setting with its default. docs/configuration.md has a heading for each; a test compares the two. */
export const settings = {
  SQLWRIGHT_DATABASE_URL: databaseUrl,
  DATABASE_URL: databaseUrl,
  DATABASE_URL_FILE: anyPath,
  DATABASE_PASSWORD_FILE: anyPath,
  DATABASE_PASSWORD_COMMAND: commandLine,
  SQLWRIGHT_SQL_DIR: path("sql"),
  SQLWRIGHT_RELOAD: oneOf("watch", ["watch", "off"]),
  SQLWRIGHT_HTTP: hostAndPort("127.0.0.1:8321"),
  SQLWRIGHT_ALLOWED_HOSTS: list(),
  SQLWRIGHT_ALLOWED_ORIGINS: list(),
  SQLWRIGHT_AUTH_ISSUER: issuer,
  SQLWRIGHT_AUTH_AUDIENCE: audience,
  SQLWRIGHT_AUTH_JWKS: keySet,
  SQLWRIGHT_UNAUTHENTICATED: oneOf("loopback", ["loopback", "anywhere"]),
  SQLWRIGHT_SUPERUSER: oneOf("refuse", ["refuse", "allow"]),
  SQLWRIGHT_LOG_LEVEL: oneOf<LogLevel>("info", logLevels),
  SQLWRIGHT_DATA_DIR: path(".sqlwright"),
  SQLWRIGHT_SOURCE_DIR: path("data"),
  SQLWRIGHT_SOURCE_HOSTS: hosts(),
  SQLWRIGHT_MAX_SOURCE: bytes("64GiB"),
  SQLWRIGHT_MAX_UPLOAD: bytes("256MiB"),
  SQLWRIGHT_UPLOAD_SPACE: bytes("1GiB"),
  SQLWRIGHT_UPLOAD_TTL: duration("1h"),
  SQLWRIGHT_POOL_SIZE: count(10, 1, 500),
  SQLWRIGHT_QUEUE_SIZE: count(512, 0, 100_000),
  SQLWRIGHT_QUEUE_TIMEOUT: duration("10s"),
  SQLWRIGHT_CONNECT_TIMEOUT: duration("5s"),
  SQLWRIGHT_TIMEOUT: duration("10s"),
  SQLWRIGHT_LOAD_TIMEOUT: duration("10min"),
  SQLWRIGHT_MAX_TIMEOUT: duration("1h"),
  SQLWRIGHT_ROWS: count(1000, 1, 1_000_000),
  SQLWRIGHT_BYTES: bytes("1MiB"),
  SQLWRIGHT_MAX_AFFECTED: count(100_000, 1, 2_147_483_647),
  SQLWRIGHT_CURSOR_SECRET: secret,
  SQLWRIGHT_EXPORT_DIR: anyPath,
  SQLWRIGHT_EXPORT_TIMEOUT: duration("30min"),
  SQLWRIGHT_EXPORT_BYTES: bytes("10GiB"),
  SQLWRIGHT_PUBLIC_URL: { ...httpUrl(""), default: null },
  SQLWRIGHT_MAX_BODY: bytes("4MiB"),
  SQLWRIGHT_MAX_SESSIONS: count(1000, 1, 1_000_000),
  SQLWRIGHT_SESSION_IDLE: duration("30min"),
  SQLWRIGHT_DRAIN: duration("10s"),
  REDIS_URL: redisUrl,
};

/** How the settings of an extension are made, as the product's own. */
export const setting = {
  /** Any text; undefined where it is not set. */
  text: (expected = "text"): Setting<string> => ({ default: null, expected, read: (text) => text }),
  /** A web address without a name, a query or a slash at its end. */
  address: httpUrl,
  /** A whole number between two bounds. */
  count,
  /** `500ms`, `30s`, `10min`, `2h`, in milliseconds. */
  duration,
  /** `65536`, `512kB`, `4MiB`, in bytes. */
  bytes,
  /** One of some words. */
  oneOf,
  /** A path; from the project's folder where it is relative. */
  path,
  /** Names with commas. */
  list,
};

/** The values of settings by the names of their variables; without a default they may be absent. */
export type SettingValues<Settings> =
  & {
    [Name in keyof Settings as DefaultOf<Settings[Name]> extends string ? Name : never]: ValueOf<
      Settings[Name]
    >;
  }
  & {
    [Name in keyof Settings as DefaultOf<Settings[Name]> extends string ? never : Name]?:
      | ValueOf<Settings[Name]>
      | undefined;
  };
type ValueOf<S> = S extends Setting<infer T> ? T : never;
type DefaultOf<S> = S extends { default: infer D } ? D : never;

/** The values of all settings of sqlwright. */
export type Config = SettingValues<typeof settings> & {
  /** The project that the settings are for; null for query files by themselves. */
  project: Project | null;
};

/**
 * Names that the tests and the benchmark give to their own variables; they are no settings, and may be
 * inherited.
 */
const toolNames = /^SQLWRIGHT_(TEST_\w+|DIR)$/;

export interface ReadConfigOptions {
  /** @default none: query files by themselves */
  project?: Project | null;
  /**
   * The folder from which relative paths are taken. @default the project's; without one they stay as they are
   */
  base?: string | undefined;
}

/**
 * Validates the settings. Empty values count as unset.
 * @throws {SqlwrightError} `config.unknown` or `config.invalid`, naming every wrong setting.
 */
export function readConfig(
  variables: Record<string, string | undefined>,
  { project = null, base = project?.directory }: ReadConfigOptions = {},
): Config {
  const set = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ""),
  );
  const known = Object.keys(settings);
  const unknown = Object.keys(set).filter((name) =>
    name.startsWith("SQLWRIGHT_") && !known.includes(name) && !toolNames.test(name)
  );
  if (unknown.length > 0) {
    const advice = unknown.map((name) => {
      const near = nearestName(name, known);
      return near === null ? name : `${name} (did you mean ${near}?)`;
    });
    throw new SqlwrightError("config.unknown", `Cannot start: unknown setting ${advice.join(", ")}`, {
      details: { settings: unknown },
      hint: "docs/configuration.md lists every setting",
    });
  }
  const overrides = project === null ? {} : { SQLWRIGHT_SQL_DIR: project.sqlDirectory };
  const values = readValues(settings, (name) => set[name], { base, overrides });
  const config = { project, ...values } as Config;
  // From here on there is one: what takes the database reads DATABASE_URL.
  if (config.SQLWRIGHT_DATABASE_URL !== undefined) config.DATABASE_URL = config.SQLWRIGHT_DATABASE_URL;
  requireWholeAuth(config);
  requireOneWay(config);
  return config;
}

/** The setting that names the database: sqlwright's own goes before the one that other programs read too. */
export function databaseSetting(
  { SQLWRIGHT_DATABASE_URL: own }: Pick<Config, "SQLWRIGHT_DATABASE_URL">,
): "SQLWRIGHT_DATABASE_URL" | "DATABASE_URL" {
  return own === undefined ? "DATABASE_URL" : "SQLWRIGHT_DATABASE_URL";
}

/**
 * Reads and validates the settings of an extension.
 * @param find the text of a variable; undefined or empty where it is not set
 * @throws {SqlwrightError} `config.invalid`, naming every wrong setting.
 */
export function readFurther(
  further: Readonly<Record<string, Setting<unknown>>>,
  find: (name: string) => string | undefined,
  base: string | undefined,
): Record<string, unknown> {
  return readValues(further, (name) => find(name) || undefined, { base });
}

/** Whether a variable is sqlwright's own, or its drivers', so that no extension may take it. */
export function isOwnVariable(name: string): boolean {
  return Object.hasOwn(settings, name) || /^(SQLWRIGHT_|DATABASE_|REDIS_|PG|DENO_)/.test(name);
}

interface ReadValuesOptions {
  base: string | undefined;
  /** Defaults other than those of the settings. @default none */
  overrides?: Readonly<Record<string, string>>;
}

function readValues(
  known: Readonly<Record<string, Setting<unknown>>>,
  find: (name: string) => string | undefined,
  { base, overrides = {} }: ReadValuesOptions,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  const faults: { name: string; text: string }[] = [];
  for (const [name, { default: fallback, expected, read, isPath = false }] of Object.entries(known)) {
    const text = find(name) ?? overrides[name] ?? fallback;
    if (text === null) continue;
    const value = read(text);
    if (value !== undefined) values[name] = isPath && base !== undefined ? absolute(text, base) : value;
    else {
      const scheme = /(^|_)DATABASE_URL$/.test(name) ? foreignScheme(text) : null;
      const found = scheme !== null ? `; ${scheme}` : isSecret(name, text) ? "" : `, found "${text}"`;
      faults.push({ name, text: `${name}: expected ${expected}${found}` });
    }
  }
  if (faults.length === 0) return values;
  throw new SqlwrightError(
    "config.invalid",
    `Cannot start with these settings: ${faults.map(({ text }) => text).join("; ")}`,
    {
      details: { settings: faults.map(({ name }) => name) },
      hint: "Correct them in .env or in the environment; docs/configuration.md lists every setting",
    },
  );
}

/** Whose the scheme of an address is, where it is another program's name for PostgreSQL; else null. */
export function foreignScheme(url: string): string | null {
  const [, scheme, driver = ""] = /^((?:postgres(?:ql)?|psql|jdbc)(?:[+:](\w+))?):/i.exec(url) ?? [];
  if (scheme === undefined) return null;
  const instead = "write postgresql:// and the rest as it is";
  if (/^jdbc/i.test(scheme)) {
    return "jdbc: is of Java: write postgresql://, with the user and the password before the host";
  }
  if (driver !== "") return `${scheme}:// names a driver of SQLAlchemy: ${instead}`;
  return /^postgres(ql)?$/.test(scheme) ? null : `${scheme}:// is not PostgreSQL's: ${instead}`;
}

/** A URL may hold a password: only settings without secrets are shown as found. */
function isSecret(name: string, text: string): boolean {
  return /(^|_)DATABASE_URL$/.test(name) || ["DATABASE_PASSWORD_COMMAND", "REDIS_URL"].includes(name) ||
    /_(SECRET|PASSWORD|TOKEN|KEY)$/.test(name) ||
    /:\/\/[^/]*@/.test(text);
}

/** A path as the project's folder sees it; an address stays as it is. */
function absolute(text: string, base: string): string {
  return isWebAddress(text) ? text : resolve(base, text);
}

/** Where the query files of these settings lie. */
export function queryFoldersOf({ project, SQLWRIGHT_SQL_DIR: directory }: Config): QueryFolders {
  if (project === null) return foldersOf(directory);
  const builtIn = project.modules.map((module) => [module, builtInFolder(module)]);
  return { directory, lockFile: project.lockFile, builtIn: Object.fromEntries(builtIn) };
}

/** What can be said in one of two ways only. */
export const alternatives = [
  ["DATABASE_URL", "DATABASE_URL_FILE"],
  ["DATABASE_PASSWORD_FILE", "DATABASE_PASSWORD_COMMAND"],
] as const;

function requireOneWay(config: Config): void {
  for (const pair of alternatives) {
    if (pair.some((name) => config[name] === undefined)) continue;
    throw new SqlwrightError("config.invalid", `Cannot start: ${pair.join(" and ")} are both set`, {
      details: { settings: pair },
      hint: `Leave one of them, in the environment or in .env`,
    });
  }
}

const authNames = ["SQLWRIGHT_AUTH_ISSUER", "SQLWRIGHT_AUTH_AUDIENCE", "SQLWRIGHT_AUTH_JWKS"] as const;

/** A part of them would look like protection and be none. */
function requireWholeAuth(config: Config): void {
  const missing = authNames.filter((name) => config[name] === undefined);
  if (missing.length === 0 || missing.length === authNames.length) return;
  throw new SqlwrightError(
    "config.invalid",
    `Cannot start with a part of the settings of tokens: ${missing.join(" and ")} ${
      missing.length === 1 ? "is" : "are"
    } not set`,
    {
      details: { settings: missing },
      hint: `Set ${authNames.join(", ")} together, or none of them`,
    },
  );
}
