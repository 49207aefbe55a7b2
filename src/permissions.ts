/**
 * The Deno flags of the sandboxed server: what `permissions` prints and what the launcher starts its child
 * with.
 *
 * The server reads its query files (and the folder of load sources), talks to its databases, and listens on
 * one port. It cannot write, run programs, load native code or see other variables, but for what the
 * connection names: files of certificates and passwords, and the one program of a password command. Proven
 * by experiment: to connect to a Unix socket Deno demands read and write permission on the socket's own path
 * beside the net permission.
 */

import { SqlwrightError } from "./errors.ts";
import { type Needs, needsOf } from "./postgres/target/needs.ts";
import { readTarget } from "./postgres/target/target.ts";

/** An address to listen on. The host name is bare: `::1`, not `[::1]`. */
export interface HttpAddress {
  hostname: string;
  port: number;
}

export interface ServerFlagOptions {
  /** The folder of query files. */
  sqlDirectory: string;
  /** Any connection string of libpq's. */
  databaseUrl: string;
  /** Further databases, such as replicas. @default none */
  replicaUrls?: readonly string[];
  /** `redis://…`. @default none */
  redisUrl?: string | undefined;
  /** Null when the server speaks over stdio. */
  http: HttpAddress | null;
  /** `HOST:PORT` of the hosts that loads may ask: SQLWRIGHT_SOURCE_HOSTS. @default none */
  sourceHosts?: readonly string[];
  /** What the project's extension has the server reach, read and see. @default nothing */
  extension?: ExtensionRights | undefined;
  /** SQLWRIGHT_AUTH_JWKS of a server that speaks over HTTP: an address or a file. @default none */
  keySet?: string | undefined;
  /** Further folders and files to read, such as SQLWRIGHT_SOURCE_DIR. @default none */
  readPaths?: readonly string[];
  /** Folders to write into: SQLWRIGHT_EXPORT_DIR of a server that speaks over stdio. @default none */
  writePaths?: readonly string[];
  /** Gives PG*, DATABASE_PASSWORD_* and HOME, which complete an URL that lacks them. @default none */
  environment?: Readonly<Record<string, string | undefined>>;
}

/** What an extension's manifest asks for. */
export interface ExtensionRights {
  /** `HOST:PORT`, or web addresses. */
  hosts: readonly string[];
  /** Files and folders, absolute. */
  readPaths: readonly string[];
  /** Names of its settings. */
  variables: readonly string[];
}

/** The variables that the server may read, whatever its URL. */
const serverVariables = [
  "DATABASE_URL",
  "DATABASE_URL_FILE",
  "DATABASE_PASSWORD_FILE",
  "DATABASE_PASSWORD_COMMAND",
  "DATABASE_REPLICA_URLS",
  "REDIS_URL",
  "PG*",
  "SQLWRIGHT_*",
];

/**
 * V8 by itself lets the space for young objects grow large, and calls fill it with short-lived text. With 8
 * MB for each half a server under load holds about 120 MB rather than 170, at no cost that could be measured;
 * with 4 MB it is 115 MB and some 4 % of the processor.
 */
const smallYoungSpace = "--v8-flags=--max-semi-space-size=8";

/**
 * The flags between `deno run` and the script, in a fixed order, without quotes.
 * @throws {SqlwrightError} `config.invalid` for an URL that cannot be read or a path that no flag can hold.
 */
export function serverFlags(options: ServerFlagOptions): string[] {
  const environment = options.environment ?? {};
  const needs = databaseNeeds(options, (name) => environment[name]);
  const sockets = needs.flatMap((each) => each.sockets);
  const programs = needs.flatMap((each) => each.programs);
  const net = [
    ...needs.flatMap((each) => [...each.addresses, ...each.sockets.map((socket) => `unix:${socket}`)]),
    ...(options.redisUrl ? [redisTarget(options.redisUrl)] : []),
    ...(options.sourceHosts ?? []),
    ...(options.extension?.hosts ?? []).map(extensionTarget),
    ...(options.keySet && isWebAddress(options.keySet)
      ? [webTarget(options.keySet, "SQLWRIGHT_AUTH_JWKS")]
      : []),
    ...(options.http ? [joinHostAndPort(options.http.hostname, String(options.http.port))] : []),
  ];
  const write = [...sockets, ...(options.writePaths ?? [])];
  const keyFiles = options.keySet && !isWebAddress(options.keySet) ? [options.keySet] : [];
  const read = [
    options.sqlDirectory,
    ...(options.readPaths ?? []),
    ...keyFiles,
    ...(options.extension?.readPaths ?? []),
    // To give a file its name at the end is to look at it as well.
    ...(options.writePaths ?? []),
    ...sockets,
    ...(environment.DATABASE_URL_FILE ? [environment.DATABASE_URL_FILE] : []),
    ...needs.flatMap((each) => each.readPaths),
  ];
  const variables = [
    ...serverVariables,
    ...(options.extension?.variables ?? []),
    // Its client looks for switches of its own.
    ...(options.redisUrl ? ["REDIS_*"] : []),
    ...needs.flatMap((each) => each.variables),
  ];
  return [
    "--no-prompt",
    "--cached-only",
    "--frozen",
    `--allow-read=${joinList(read)}`,
    ...(write.length > 0 ? [`--allow-write=${joinList(write)}`] : []),
    `--allow-net=${joinList(net)}`,
    ...(programs.length > 0 ? [`--allow-run=${joinList(programs)}`] : []),
    `--allow-env=${joinList(variables)}`,
    smallYoungSpace,
  ];
}

/** `HOST:PORT` or `[::1]:PORT` in parts, or null. */
export function parseHttpAddress(text: string): HttpAddress | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  if (!match || Number(match[3]) > 65_535) return null;
  return { hostname: (match[1] ?? match[2])!, port: Number(match[3]) };
}

/** Whether only this machine can be meant by the name, with or without the brackets of an IPv6 address. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || /^\[?::1\]?$/.test(hostname) || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** Whether a text that may be a path is an address. */
export function isWebAddress(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}

export function joinHostAndPort(hostname: string, port: string): string {
  return `${hostname.includes(":") && !hostname.startsWith("[") ? `[${hostname}]` : hostname}:${port}`;
}

/** Of the database and its replicas. */
function databaseNeeds(
  { databaseUrl, replicaUrls = [] }: ServerFlagOptions,
  environment: (name: string) => string | undefined,
): Needs[] {
  return [
    needsOf(readTarget(databaseUrl, environment), environment),
    ...replicaUrls.map((url) => needsOf(readTarget(url, environment, "DATABASE_REPLICA_URLS"), environment)),
  ];
}

function redisTarget(url: string): string {
  if (!URL.canParse(url)) throw unreadable("REDIS_URL");
  const { hostname, port } = new URL(url);
  if (!hostname) throw unreadable("REDIS_URL");
  return `${hostname}:${port || "6379"}`;
}

/** `HOST:PORT` as it is, or that of a web address. */
function extensionTarget(host: string): string {
  if (isWebAddress(host)) return webTarget(host, `"${host}", a host of the project's extension`);
  if (/^(\[[0-9a-fA-F:.]+\]|[^:/\s,*[\]]+):\d{1,5}$/.test(host)) return host;
  throw new SqlwrightError(
    "extension.invalid",
    `Cannot permit "${host}", which the project's extension asks for`,
    {
      details: { host },
      hint: "hosts of defineExtension are to be HOST:PORT, or addresses such as https://api.example.org",
    },
  );
}

function webTarget(url: string, setting: string): string {
  if (!URL.canParse(url)) throw unreadable(setting);
  const { protocol, hostname, port } = new URL(url);
  return `${hostname}:${port || (protocol === "http:" ? "80" : "443")}`;
}

/** Deno parts the values of a flag at commas; a doubled comma would stand for one, but not in every list. */
function joinList(values: readonly string[]): string {
  const broken = values.find((value) => value.includes(","));
  if (broken !== undefined) {
    throw new SqlwrightError("config.invalid", `Cannot permit "${broken}": its name holds a comma`, {
      hint: "Deno parts permissions at commas; use a path without one",
    });
  }
  return [...new Set(values)].join(",");
}

/** The URL may hold a password, so the message does not show it. */
function unreadable(setting: string): SqlwrightError {
  return new SqlwrightError("config.invalid", `Cannot read ${setting}: it is not a URL with a host`, {
    hint: "Write postgresql://user:password@host:port/database, or redis://host:port",
    details: { setting },
  });
}
