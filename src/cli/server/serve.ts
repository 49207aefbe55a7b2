/**
 * `serve`: the MCP server alone, over the database of DATABASE_URL. It runs in the sandbox of
 * `permissions.ts`, so everything that it loads must do with those flags, and it writes nothing to standard
 * output but the protocol.
 */

import type { Application, ApplicationOptions } from "../../app.ts";
import type { Config } from "../../config.ts";
import type { HttpOptions } from "../../mcp/http/server.ts";
import type { TokenVerifier } from "../../mcp/auth/token.ts";
import { errorReport, SqlwrightError } from "../../errors.ts";
import { createLog, type Log } from "../../log.ts";
import { type HttpAddress, isLoopback, joinHostAndPort } from "../../permissions.ts";
import { openServer } from "../../databases.ts";
import { isConfiguredFor } from "../../extension/configuration.ts";
import { type OpenExtension, openExtension } from "../../extension/open.ts";
import { formatDiagnostics, shownPlace, tell } from "../console/console.ts";
import {
  ownMigrations,
  projectMigrations,
  type ProjectOptions,
  readAddress,
  readSettings,
  refuseForeignAddress,
} from "../environment.ts";
import { parentGone } from "./parent.ts";
import { programToolSources } from "../calls/program_tools.ts";

/** Either `stdio` or `http`. */
export interface ServeOptions extends ProjectOptions {
  stdio: boolean;
  /** `HOST:PORT`; true for that of SQLWRIGHT_HTTP. */
  http: string | true | undefined;
  /** Stop when standard input ends: whoever started this server holds its other end. */
  exitWithParent: boolean;
  /** Serve the files that are right where others are broken. @default false: the start is refused */
  skipBroken?: boolean | undefined;
}

/** Serves until a signal, or with stdio until the client closes its end. Resolves to the exit code. */
export async function serve(options: ServeOptions): Promise<number> {
  const config = readSettings(options);
  const address = options.stdio ? null : readAddress(options.http, config);
  if (address) refuseForeignAddress(address, config);
  const log = createLog({ level: config.SQLWRIGHT_LOG_LEVEL });
  const stop = new StopRequest(log);
  if (options.exitWithParent) parentGone().then(() => stop.request("parent.gone", 0));
  const isWatching = config.SQLWRIGHT_RELOAD === "watch";
  const drawErrors = drawerFor(config);
  // The session starts while the rest of the server is loaded.
  const migrations = [ownMigrations, projectMigrations(config.project)].filter((list) => list !== null);
  const opening = openServer(config, migrations);
  const extension = openExtension(config);
  // Whatever is wrong first stops the start; the others are not waited for.
  extension.catch(() => {});
  const { withApplication } = await import("../../app.ts");
  const tokens = address === null ? Promise.resolve(null) : openTokens(config, log);
  tokens.catch(() => {});
  // The port is known when it is open; nobody can ask for a link before.
  let baseUrl = config.SQLWRIGHT_PUBLIC_URL ?? "";
  const programTools = await programToolSources(
    requirePackages(await extension),
    address === null ? null : () => baseUrl,
  );
  const settings = {
    log,
    migrations,
    opening,
    startsFromLock: true,
    skipsBroken: options.skipBroken ?? false,
    isWatching,
    drawErrors,
    programTools,
  };
  await withApplication(config, settings, async (application) => {
    stop.isServing = true;
    if (address === null) {
      const { serveStdio } = await import("../../mcp/stdio/server.ts");
      await serveStdio(application, { signal: stop.signal, log, drain_ms: config.SQLWRIGHT_DRAIN });
    } else {
      // A port that is open says that the server is well.
      const [verifier] = await Promise.all([tokens, application.ready]);
      const onListening = (url: string) => baseUrl ||= url;
      if (verifier === null) warnOfScopes(application, { address, config, log });
      await listen(application, { ...address, config, log, signal: stop.signal, onListening, verifier });
    }
  });
  return 0;
}

/**
 * @throws {SqlwrightError} `packages.unavailable` where the server needs packages of the extension and runs
 * without its configuration
 */
function requirePackages(opened: OpenExtension | null): OpenExtension | null {
  if (opened === null || !opened.extension.usesPackages(opened.config)) return opened;
  if (isConfiguredFor(opened.project)) return opened;
  throw new SqlwrightError(
    "packages.unavailable",
    `Cannot serve ${opened.project.directory}: these flags leave the packages of its extension out`,
    { hint: "Use `sqlwright start`, or the flags that `sqlwright permissions` prints with these settings" },
  );
}

/** Null without the settings of tokens. @throws {SqlwrightError} `auth.keys_unavailable` */
async function openTokens(config: Config, log: Log): Promise<TokenVerifier | null> {
  const { SQLWRIGHT_AUTH_ISSUER: issuer, SQLWRIGHT_AUTH_AUDIENCE: audience, SQLWRIGHT_AUTH_JWKS: keySet } =
    config;
  if (issuer === undefined || audience === undefined || keySet === undefined) return null;
  const { TokenVerifier } = await import("../../mcp/auth/token.ts");
  return await TokenVerifier.open({ issuer, audience, keySet, log });
}

/** Without tokens nobody from elsewhere has a scope. */
function warnOfScopes(
  application: Application,
  { address: { hostname }, config, log }: { address: HttpAddress; config: Config; log: Log },
): void {
  if (isLoopback(hostname) && config.SQLWRIGHT_ALLOWED_HOSTS.length === 0) return;
  const all = [...application.catalog().tools.values(), ...application.programTools];
  const tools = all.filter(({ scopes }) => scopes.length > 0).map(({ name }) => name);
  if (tools.length === 0) return;
  log.warn("auth.scopes_unreachable", {
    tools,
    hint: "Callers from other machines and by other names see none of these: set SQLWRIGHT_AUTH_ISSUER, " +
      "SQLWRIGHT_AUTH_AUDIENCE and SQLWRIGHT_AUTH_JWKS",
  });
}

/** A person who watches the terminal sees what a save has broken; the log has it for programs in any case. */
function drawerFor({ SQLWRIGHT_SQL_DIR: directory }: Config): ApplicationOptions["drawErrors"] {
  if (!Deno.stderr.isTerminal()) return undefined;
  return (errors, sources) =>
    tell(`\n${formatDiagnostics(errors, sources, { stream: "stderr", directory: shownPlace(directory) })}\n`);
}

interface ListenOptions {
  hostname: string;
  port: number;
  config: Config;
  log: Log;
  signal: AbortSignal;
  onListening: (url: string) => void;
  verifier: TokenVerifier | null;
}

async function listen(application: Application, options: ListenOptions): Promise<void> {
  const { hostname, port, config, log, signal, verifier } = options;
  const { serveHttp } = await import("../../mcp/http/server.ts");
  const server = await serveHttp(application, {
    hostname,
    port,
    log,
    signal,
    tokens: verifier ?? undefined,
    publicUrl: config.SQLWRIGHT_PUBLIC_URL,
    allowedHosts: config.SQLWRIGHT_ALLOWED_HOSTS,
    allowedOrigins: config.SQLWRIGHT_ALLOWED_ORIGINS,
    maxBodyBytes: config.SQLWRIGHT_MAX_BODY,
    maxSessions: config.SQLWRIGHT_MAX_SESSIONS,
    sessionIdle_ms: config.SQLWRIGHT_SESSION_IDLE,
    drain_ms: config.SQLWRIGHT_DRAIN,
    answerDownload: lazyDownloader(application, config),
    checkReadiness: async () => {
      const error = await application.ping();
      const tools = application.catalog().tools.size;
      return error === null ? { ready: true, tools } : { ready: false, tools, error: errorReport(error) };
    },
  });
  const originOf = (name: string) => `http://${joinHostAndPort(name, String(server.port))}`;
  // Nobody can go to "every address".
  options.onListening(originOf(["0.0.0.0", "::"].includes(hostname) ? "localhost" : hostname));
  const url = `${originOf(hostname)}/mcp`;
  log.info("server.listening", { url, tools: application.catalog().tools.size });
  await server.finished;
}

/** Downloads are rare: what answers them is loaded for the first. */
function lazyDownloader({ host }: Application, config: Config): NonNullable<HttpOptions["answerDownload"]> {
  let made: ReturnType<typeof make> | null = null;
  const make = async () => {
    const { downloaderOf } = await import("../../mcp/http/download.ts");
    return downloaderOf({
      host,
      limits: { timeout_ms: config.SQLWRIGHT_EXPORT_TIMEOUT, bytes: config.SQLWRIGHT_EXPORT_BYTES },
      maximum: Math.max(1, Math.floor(config.SQLWRIGHT_POOL_SIZE / 2)),
    });
  };
  return async (...download) => await (await (made ??= make()))(...download);
}

/**
 * What asks the server to stop. The first request drains; the same one again ends the process at once.
 * Different ones do not add up, because Ctrl-C reaches the server from the terminal, and then from its
 * launcher as SIGTERM and as the end of standard input.
 */
class StopRequest {
  /** Before there is anything to drain, a signal ends the process. */
  isServing = false;
  readonly #controller = new AbortController();
  readonly #log: Log;
  readonly #seen = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
    const signals: Deno.Signal[] = Deno.build.os === "windows"
      ? ["SIGINT", "SIGBREAK"]
      : ["SIGINT", "SIGTERM", "SIGHUP"];
    const numbers: Partial<Record<Deno.Signal, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15, SIGBREAK: 21 };
    for (const signal of signals) {
      Deno.addSignalListener(signal, () => this.request(signal, 128 + (numbers[signal] ?? 0)));
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  request(reason: string, exitCode: number): void {
    if (!this.isServing || this.#seen.has(reason)) Deno.exit(exitCode);
    this.#seen.add(reason);
    if (this.signal.aborted) return;
    this.#log.info("server.stopping", { reason });
    this.#controller.abort(new DOMException("The server is stopping", "AbortError"));
  }
}
