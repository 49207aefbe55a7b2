/**
 * The launcher: `start` brings up the database, lets the caller prepare it, and runs the MCP server as a
 * child that has nothing but the flags of `permissions.ts`. The launcher is the only process with wide
 * permissions, and it talks to no client.
 *
 * Order: a port in use is told before anything is started; then the database, migrations and sample, then the
 * server. What was started is stopped in the opposite order, however it ends: Ctrl-C, SIGTERM, the end of the
 * client's stdin, a crash of the child, a lost database. A launcher that is killed takes everything along:
 * the HTTP child notices that its stdin has ended (`parent.ts`), the stdio child has the client's stdin, and
 * PostgreSQL has its supervisor.
 */

import { setTimeout as delay } from "node:timers/promises";
import { styleText } from "node:util";
import { join } from "node:path";
import { type Config, databaseSetting, queryFoldersOf } from "../../config.ts";
import { SqlwrightError } from "../../errors.ts";
import { type HttpAddress, joinHostAndPort, parseHttpAddress, serverFlags } from "../../permissions.ts";
import type { ServerExtension } from "../../extension/server.ts";
import { fetchPackages, hasPackages } from "../../packages.ts";
import { type EmbeddedServer, withEmbedded } from "../../embedded/embedded.ts";
import { createLog } from "../../log.ts";
import { ownMigrations } from "../environment.ts";
import { shownPlace } from "../console/console.ts";
import { productDirectory, projectFile } from "../../project.ts";

export interface StartOptions {
  /** Speak MCP over stdin and stdout instead of HTTP. */
  stdio: boolean;
  /** `HOST:PORT` to listen on; unused with `stdio`. */
  http: string;
  /** Without DATABASE_URL the embedded server is used. */
  config: Config;
  /** Serve the files that are right where others are broken. @default false: the start is refused */
  skipBroken?: boolean | undefined;
  /** Since when a person waits, in milliseconds since 1970. @default now */
  waitingSince_ms?: number;
  /** What the project's extension has the server need. @default nothing */
  extension?: ServerExtension | undefined;
  /** The program with the command `serve`. @default main.ts */
  program?: string;
}

export interface StartHooks {
  /** Migrates and loads; called before the server starts. Both URLs are the same with DATABASE_URL. */
  prepareDatabase(ownerUrl: string, serverUrl: string): Promise<void>;
}

/** The server as a child process. */
export interface ServerCommand {
  /** After the name of the Deno executable: `run`, the flags, the program and its arguments. */
  args: string[];
  /** Another configuration than the product's; its packages must be in Deno's cache. */
  configFile: string | null;
  cwd: string;
  env: Record<string, string>;
}

const ready_timeout_ms = 60_000;
const parentWatch_ms = 500;

/**
 * Runs until the server has ended and resolves to the exit code for the process.
 * @throws {SqlwrightError} `port.in_use`, `config.invalid`, `embedded.failed` and whatever the hook throws;
 * nothing is left running.
 */
export async function start(options: StartOptions, hooks: StartHooks): Promise<number> {
  const waitingSince_ms = options.waitingSince_ms ?? Date.now();
  const { config } = options;
  const http = options.stdio ? null : readAddress(options.http);
  if (http) refuseUsedPort(http);
  const { DATABASE_URL: databaseUrl } = config;
  using interruption = new Interruption();

  async function serve(database: Database): Promise<number> {
    const ended = await Promise.race([
      hooks.prepareDatabase(database.ownerUrl, database.url).then(() => "prepared" as const),
      interruption.first,
      ...(database.embedded ? [database.embedded.failed] : []),
    ]);
    if (ended instanceof SqlwrightError) throw ended;
    if (ended !== "prepared" || interruption.code !== null) return interruption.code ?? 1;
    const command = serverCommand({ ...options, databaseUrl: database.url });
    const { configFile } = command;
    if (configFile !== null && !await hasPackages(configFile)) await fetchPackages({ configFile });
    return await runChild(command, { options, http, database, interruption, waitingSince_ms });
  }

  if (databaseUrl !== undefined) {
    return await serve({ url: databaseUrl, ownerUrl: databaseUrl, embedded: null });
  }
  try {
    return await withEmbedded({ directory: config.SQLWRIGHT_DATA_DIR, log: tell }, async (embedded) => {
      const { url, ownerUrl } = embedded;
      return await serve({ url, ownerUrl, embedded });
    });
  } catch (error) {
    // Ctrl-C reaches initdb and the download as well; that they fail then is no news.
    if (interruption.code !== null) return interruption.code;
    throw error;
  }
}

/**
 * The command line of the sandboxed server, the same that `permissions` and `client-config` show. All paths
 * are absolute.
 */
export function serverCommand(
  { stdio, http, config, extension, program, skipBroken = false, databaseUrl }: StartOptions & {
    databaseUrl: string;
  },
): ServerCommand {
  const { project, SQLWRIGHT_SQL_DIR: sqlDirectory, SQLWRIGHT_EXPORT_DIR: exportDirectory } = config;
  const flags = serverFlags({
    sqlDirectory,
    databaseUrl,
    replicaUrls: (Deno.env.get("DATABASE_REPLICA_URLS") ?? "").split(",").map((url) => url.trim()).filter(
      Boolean,
    ),
    redisUrl: config.REDIS_URL,
    http: stdio ? null : readAddress(http),
    sourceHosts: config.SQLWRIGHT_SOURCE_HOSTS.map(({ hostname, port }) =>
      joinHostAndPort(hostname, String(port))
    ),
    readPaths: [
      config.SQLWRIGHT_SOURCE_DIR,
      ...Object.values(queryFoldersOf(config).builtIn),
      ownMigrations.directory,
      ...(project === null
        ? []
        : [join(project.directory, projectFile), project.lockFile, project.migrationsDirectory]),
    ],
    writePaths: stdio && exportDirectory !== undefined ? [exportDirectory] : [],
    extension,
    // Over stdio nobody sends a token.
    keySet: stdio ? undefined : config.SQLWRIGHT_AUTH_JWKS,
    environment: Deno.env.toObject(),
  });
  const configFile = extension?.configFile ?? null;
  const transport = stdio ? ["--stdio"] : ["--http", http, "--exit-with-parent"];
  const files = project === null ? ["--sql", sqlDirectory] : ["--project", project.directory];
  const keySet = config.SQLWRIGHT_AUTH_JWKS;
  return {
    args: [
      "run",
      ...flags,
      // Named always: Deno looks for no configuration where npm installs.
      "--config",
      configFile ?? `${productDirectory}deno.json`,
      program ?? `${productDirectory}main.ts`,
      "serve",
      ...transport,
      ...files,
      ...(skipBroken ? ["--skip-broken"] : []),
    ],
    configFile,
    cwd: project?.directory ?? Deno.cwd(),
    env: {
      // A file is read by the server itself, as the flags permit.
      ...(config.DATABASE_URL_FILE === undefined ? { DATABASE_URL: databaseUrl } : {}),
      ...(config.SQLWRIGHT_DATABASE_URL === undefined ? {} : { SQLWRIGHT_DATABASE_URL: databaseUrl }),
      // The child has another working directory's rights: what is relative here is handed down in full.
      SQLWRIGHT_SOURCE_DIR: config.SQLWRIGHT_SOURCE_DIR,
      ...(exportDirectory === undefined ? {} : { SQLWRIGHT_EXPORT_DIR: exportDirectory }),
      ...(keySet === undefined ? {} : { SQLWRIGHT_AUTH_JWKS: keySet }),
    },
  };
}

/** Where the database is; `embedded` is null for a server of one's own. */
interface Database {
  url: string;
  ownerUrl: string;
  embedded: EmbeddedServer | null;
}

interface ChildContext {
  options: StartOptions;
  http: HttpAddress | null;
  database: Database;
  interruption: Interruption;
  waitingSince_ms: number;
}

async function runChild(command: ServerCommand, context: ChildContext): Promise<number> {
  const { options, http, database, interruption } = context;
  const child = new Deno.Command(Deno.execPath(), {
    args: command.args,
    cwd: command.cwd,
    env: command.env,
    stdin: options.stdio ? "inherit" : "piped",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  let hasEnded = false;
  const ended = child.status.then((status) => {
    hasEnded = true;
    return status.code;
  });
  // With stdio nothing tells from outside when the server is ready: the first answer does.
  const ready = http === null ? Promise.resolve(true) : listens(http, () => hasEnded);
  ready.then((isReady) => isReady && printStatus(context));

  const reason = await Promise.race([
    ended,
    interruption.first,
    ...(database.embedded ? [database.embedded.failed] : []),
  ]);
  if (hasEnded) return await ended;
  if (reason instanceof SqlwrightError) tell(`${reason.message}; stopping the server`);
  // On Windows there is no SIGTERM that a program could answer; there the end of stdin asks the HTTP server
  // to drain.
  if (!options.stdio) await child.stdin.close().catch(() => {});
  if (Deno.build.os !== "windows") killChild(child, "SIGTERM");
  const bound = new AbortController();
  const passed = delay((options.config.SQLWRIGHT_DRAIN) + 2_000, null, { signal: bound.signal }).catch(() =>
    null
  );
  await Promise.race([ended, passed, interruption.second]);
  bound.abort();
  if (!hasEnded) killChild(child, "SIGKILL");
  const code = await ended;
  return reason instanceof SqlwrightError ? 1 : code;
}

function killChild(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    // It ended between our look and our signal.
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * What asks the launcher to stop: signals, the first of which drains and the second kills, and the end of
 * `deno task`.
 */
class Interruption {
  readonly first: Promise<null>;
  readonly second: Promise<null>;
  /** 128 and the signal's number after the first, else null. */
  code: number | null = null;
  readonly #onSignal: Map<Deno.Signal, () => void> = new Map();
  #parentWatch: ReturnType<typeof setInterval> | undefined;

  constructor() {
    const first = Promise.withResolvers<null>();
    const second = Promise.withResolvers<null>();
    this.first = first.promise;
    this.second = second.promise;
    const signals: Deno.Signal[] = Deno.build.os === "windows"
      ? ["SIGINT", "SIGBREAK"]
      : ["SIGINT", "SIGTERM", "SIGHUP"];
    const numbers: Partial<Record<Deno.Signal, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15, SIGBREAK: 21 };
    for (const signal of signals) {
      const onSignal = () => {
        if (this.code !== null) return second.resolve(null);
        this.code = 128 + (numbers[signal] ?? 0);
        first.resolve(null);
      };
      this.#onSignal.set(signal, onSignal);
      Deno.addSignalListener(signal, onSignal);
    }
    this.#watchParent(() => {
      this.code ??= 143;
      first.resolve(null);
    });
  }

  /**
   * A killed `deno task` cannot pass on a signal; that it is gone shows in our parent's id. `INIT_CWD` says
   * that we run under a task; without one a launcher may outlive its shell on purpose, as with nohup.
   */
  #watchParent(onGone: () => void): void {
    if (Deno.build.os === "windows" || !Deno.env.has("INIT_CWD")) return;
    const parent = Deno.ppid;
    this.#parentWatch = setInterval(() => Deno.ppid === parent || onGone(), parentWatch_ms);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#parentWatch);
    for (const [signal, onSignal] of this.#onSignal) Deno.removeSignalListener(signal, onSignal);
  }
}

/** Whether somebody accepts connections there before the child ends or the time is over. */
async function listens(http: HttpAddress, hasEnded: () => boolean): Promise<boolean> {
  const wildcards: Record<string, string> = { "0.0.0.0": "127.0.0.1", "::": "::1" };
  const hostname = wildcards[http.hostname] ?? http.hostname;
  const deadline_ms = performance.now() + ready_timeout_ms;
  while (!hasEnded() && performance.now() < deadline_ms) {
    try {
      (await Deno.connect({ hostname, port: http.port })).close();
      return true;
    } catch {
      await delay(25);
    }
  }
  return false;
}

function printStatus({ options, http, database, waitingSince_ms }: ChildContext): void {
  const url = http === null ? null : `http://${joinHostAndPort(http.hostname, String(http.port))}/mcp`;
  const { embedded } = database;
  const { project } = options.config;
  const name = project?.name ?? "sqlwright";
  const lines: [string, string][] = [
    embedded
      ? [
        "database",
        `PostgreSQL ${embedded.version}, embedded, 127.0.0.1:${embedded.port}${
          embedded.isShared ? ", shared" : ""
        }`,
      ]
      : ["database", databaseSetting(options.config)],
    ...(embedded ? [["data", shownPlace(embedded.directory)] as [string, string]] : []),
    ...(project === null
      ? []
      : [["project", `${project.name}, ${shownPlace(project.directory)}`] as [string, string]]),
    ["tools", shownPlace(options.config.SQLWRIGHT_SQL_DIR)],
    ["endpoint", url ?? "MCP over stdio"],
    ...(url ? [["connect", `claude mcp add --transport http ${name} ${url}`] as [string, string]] : []),
    ["stop", options.stdio ? "close stdin, or Ctrl-C" : "Ctrl-C"],
  ];
  const waited_ms = Date.now() - waitingSince_ms;
  if (!Deno.stderr.isTerminal()) {
    // What reads standard error is a program, which gets the same facts as a line of the log.
    const facts = lines.filter(([name]) => name !== "connect" && name !== "stop");
    const log = createLog({ level: options.config.SQLWRIGHT_LOG_LEVEL });
    return log.info("server.ready", { ...Object.fromEntries(facts), waited_ms });
  }
  const seconds = (waited_ms / 1000).toFixed(1);
  const body = lines.map(([name, text]) => `  ${style("dim", name.padEnd(9))} ${text}`);
  tell(
    [
      "",
      `  ${style("bold", "sqlwright")} ${style("green", "is up")} ${style("dim", `after ${seconds} s`)}`,
      ...body,
      "",
    ].join("\n"),
  );
}

/** Standard output belongs to the protocol. */
function tell(text: string): void {
  const bytes = new TextEncoder().encode(text + "\n");
  try {
    for (let written = 0; written < bytes.length;) written += Deno.stderr.writeSync(bytes.subarray(written));
  } catch (error) {
    // A client that does not read our standard error must not end the server.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

function style(format: "bold" | "dim" | "green", text: string): string {
  return Deno.stderr.isTerminal() && !Deno.noColor
    ? styleText(format, text, { validateStream: false })
    : text;
}

function readAddress(text: string): HttpAddress {
  const address = parseHttpAddress(text);
  if (address) return address;
  throw new SqlwrightError("config.invalid", `Cannot listen on "${text}": expected HOST:PORT`, {
    hint: "Write an address such as 127.0.0.1:8321 or [::1]:8321",
  });
}

function refuseUsedPort({ hostname, port }: HttpAddress): void {
  const address = joinHostAndPort(hostname, String(port));
  try {
    Deno.listen({ hostname, port }).close();
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new SqlwrightError("port.in_use", `Cannot listen on ${address}: another program does`, {
        details: { hostname, port },
        hint: "Stop that program, or choose another address with --http HOST:PORT or SQLWRIGHT_HTTP",
        cause: error,
      });
    }
    throw new SqlwrightError("config.invalid", `Cannot listen on ${address}: this machine does not let us`, {
      details: { hostname, port },
      hint: "Choose an address of this machine and a port above 1023",
      cause: error,
    });
  }
}
