/**
 * MCP over Streamable HTTP: listening, the guards that every request passes, health, and a stop that lets
 * calls finish. What happens at /mcp is in endpoint.ts.
 */
import { loadKinds } from "../../query/model.ts";
import { errorReport, SqlwrightError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { isLoopback } from "../../permissions.ts";
import { authorize, type Caller, mayUse } from "../../tool/caller.ts";
import { type RunningCalls, withinBound } from "../call.ts";
import { answerPreflight, shareWith } from "./cors.ts";
import { HttpEndpoint } from "./endpoint.ts";
import { answerFrontPage } from "./front_page.ts";
import { errorResponse, jsonResponse } from "../json_response.ts";
import { isMetadataPath, localGate, tokenGate } from "../auth/gate.ts";
import { errorCode } from "../message.ts";
import { byName } from "../resources.ts";
import { exportsPath } from "../../export/tool.ts";
import type { McpApplication } from "../model.ts";
import type { TokenVerifier } from "../auth/token.ts";
import { answerUpload, isUploadPath } from "./upload.ts";
import { scopesOf } from "../visible.ts";

export interface HttpOptions {
  hostname: string;
  /** 0 takes a free one. */
  port: number;
  log: Log;
  /** Stops the server as `stop()` does. */
  signal?: AbortSignal;
  /** Names that a Host header may carry beside the loopback names, without port. @default none */
  allowedHosts?: readonly string[];
  /**
   * Origins (`https://host:port`) or host names of them that browsers may call from, beside loopback.
   * @default none
   */
  allowedOrigins?: readonly string[];
  /** @default 4 MiB */
  maxBodyBytes?: number;
  /** How long a client may take to send its body, or to send another byte of an upload. @default 30000 */
  bodyTimeout_ms?: number;
  /** @default 1000 */
  maxSessions?: number;
  /** A session without use for this long is forgotten. @default 1800000 */
  sessionIdle_ms?: number;
  /** How long a stop waits for calls in flight before it aborts them. @default 5000 */
  drain_ms?: number;
  /**
   * Judges the tokens that requests bring. @default no tokens: whoever comes from this machine to it is the
   * local user
   */
  tokens?: TokenVerifier | undefined;
  /** Where clients reach the server, without a slash at the end. @default what their Host header says */
  publicUrl?: string | undefined;
  /** Answers `GET /exports/<token>`. @default no such path */
  answerDownload?: (request: Request, token: string, running: RunningCalls) => Promise<Response>;
  /** What /health/ready tells; `ready` decides between 200 and 503. @default always ready */
  checkReadiness?: (signal: AbortSignal) => Promise<{ ready: boolean } & Record<string, unknown>>;
}

export interface HttpServer {
  port: number;
  /** Resolves when the server has stopped. */
  finished: Promise<void>;
  /**
   * Refuses what is new, lets calls in flight finish within `drain_ms`, aborts the rest. Resolves with
   * `finished`.
   */
  stop(): Promise<void>;
}

/** Starts to listen. Rejects with `port.in_use`. */
export function serveHttp(application: McpApplication, options: HttpOptions): Promise<HttpServer> {
  return Promise.try(start, application, options);
}

function start(application: McpApplication, options: HttpOptions): HttpServer {
  const { log, drain_ms = 5000, bodyTimeout_ms = 30_000 } = options;
  const { tokens } = options;
  const gate = tokens === undefined
    ? localGate({ isLoopback: isLoopback(options.hostname) })
    : tokenGate(tokens, options.publicUrl);
  const endpoint = new HttpEndpoint(application, {
    log,
    gate,
    maxBodyBytes: options.maxBodyBytes ?? 4 * 1024 * 1024,
    bodyTimeout_ms,
    maxSessions: options.maxSessions ?? 1000,
    sessionIdle_ms: options.sessionIdle_ms ?? 30 * 60_000,
  });
  const hosts = new NameGuard(options.allowedHosts ?? [], hostOf);
  const origins = new NameGuard(options.allowedOrigins ?? [], originOf);
  const left = Promise.withResolvers<void>();
  let stopping: Promise<void> | null = null;

  const handle = async (request: Request, info: Deno.ServeHandlerInfo): Promise<Response> => {
    const origin = request.headers.get("origin");
    const response = await answer(request, info);
    return origin !== null && origins.judge(origin) !== "refused" ? shareWith(origin, response) : response;
  };

  const answer = async (request: Request, info: Deno.ServeHandlerInfo): Promise<Response> => {
    try {
      const path = pathOf(request.url);
      const uploads = isUploadPath(path) ? application.uploads?.() ?? null : null;
      const isDownload = path.startsWith(exportsPath) && options.answerDownload !== undefined;
      const isMetadata = tokens !== undefined && isMetadataPath(path);
      if (path !== "/" && path !== "/mcp" && uploads === null && !isDownload && !isMetadata) {
        return await answerElsewhere(path, stopping !== null, options);
      }
      // An empty Host is a Host that names nobody, and not one that is missing.
      const host = request.headers.get("host") === "" ? "" : authorityOf(request.url);
      const hostVerdict = hosts.judge(host);
      if (hostVerdict === "refused") {
        return errorResponse(403, errorCode.refused, `Invalid Host: ${host || "none"}`);
      }
      const origin = request.headers.get("origin");
      if (origin !== null && origins.judge(origin) === "refused") {
        return errorResponse(403, errorCode.refused, `Invalid Origin: ${origin}`);
      }
      if (origin !== null && request.method === "OPTIONS") return answerPreflight(request, origin);
      if (stopping !== null) {
        const headers = { connection: "close", "retry-after": "1" };
        return errorResponse(503, errorCode.refused, "The server is stopping", { headers });
      }
      if (path === "/") {
        const { title, version } = application.serverInfo;
        const origin = options.publicUrl ?? `http://${host}`;
        return answerFrontPage(request, { title, version, origin, needsToken: tokens !== undefined });
      }
      if (isMetadata) return gate.describe(request, path, () => scopesOf(application))!;
      // A link is signed, and its own authority.
      if (isDownload) {
        return await options.answerDownload!(request, path.slice(exportsPath.length), endpoint.running);
      }
      try {
        const identified = gate.identify(request, hostVerdict === "loopback");
        // Not awaited where there is nothing to wait for: this is on the way of every call.
        const caller = identified instanceof Promise ? await identified : identified;
        if (uploads === null) return await endpoint.handle(request, caller, info);
        requireLoadTool(application, caller);
        const owner = caller.subject;
        const { running } = endpoint;
        return await answerUpload(request, path, { uploads, owner, running, log, bodyTimeout_ms });
      } catch (error) {
        if (!(error instanceof SqlwrightError) || !error.code.startsWith("auth.")) throw error;
        return gate.refuse(request, error, uploads === null ? { id: null } : "plain");
      }
    } catch (error) {
      log.error("http.failed", { error });
      return errorResponse(500, errorCode.internal, errorReport(error).message);
    }
  };

  const server = listen({ hostname: options.hostname, port: options.port }, handle);
  const stop = () =>
    stopping ??= (async () => {
      const ended = server.shutdown();
      if (!await endpoint.running.waitUntilIdle(drain_ms)) {
        log.warn("stop.aborts_calls", {
          calls: endpoint.running.size,
        });
      }
      await endpoint.close();
      await endpoint.running.waitUntilIdle(abort_ms);
      // A client that has sent half a body holds its connection, and Deno.serve cannot be made to close it.
      // It ends with the process.
      if (!await withinBound(ended, abort_ms)) log.warn("stop.leaves_connections");
      left.resolve();
    })();
  if (options.signal?.aborted) stop();
  else options.signal?.addEventListener("abort", stop, { once: true });
  return { port: server.addr.port, finished: Promise.race([server.finished, left.promise]), stop };
}

/** What nobody can load for this caller is not kept. @throws {SqlwrightError} `auth.scope_missing` */
function requireLoadTool(application: McpApplication, caller: Caller): void {
  if (caller.scopes === "all") return;
  const loads = [...application.catalog().tools.values()].filter(({ kind }) => loadKinds.has(kind));
  if (loads.some(({ scopes }) => mayUse(caller, scopes))) return;
  const [first] = byName(loads);
  if (first !== undefined) authorize(caller, first);
}

/** After calls were aborted, how long connections may take to close by themselves. */
const abort_ms = 1000;
const readiness_ms = 2000;

function listen(
  options: Deno.ServeTcpOptions,
  handle: Deno.ServeHandler<Deno.NetAddr>,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ ...options, onListen: () => {} }, handle);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new SqlwrightError(
      "port.in_use",
      `Cannot listen on "${options.hostname}:${options.port}": the port is in use`,
      {
        details: { hostname: options.hostname, port: options.port },
        hint: "Stop the other server, or choose another port",
        cause: error,
      },
    );
  }
}

async function answerElsewhere(
  path: string,
  isStopping: boolean,
  { checkReadiness, log }: HttpOptions,
): Promise<Response> {
  switch (path) {
    case "/health/live":
      return jsonResponse(`{"status":"live"}`);
    case "/health/ready": {
      if (isStopping) return jsonResponse(`{"ready":false,"status":"stopping"}`, 503);
      if (checkReadiness === undefined) return jsonResponse(`{"ready":true}`);
      try {
        const state = await checkReadiness(AbortSignal.timeout(readiness_ms));
        return jsonResponse(JSON.stringify(state), state.ready ? 200 : 503);
      } catch (error) {
        log.warn("health.check_failed", { error });
        return jsonResponse(JSON.stringify({ ready: false, error: errorReport(error) }), 503);
      }
    }
    default:
      return jsonResponse(
        `{"error":"Not found: this server answers at /, /mcp, /health/live and /health/ready"}`,
        404,
      );
  }
}

/** `loopback`: a name of this machine; `allowed`: one of the settings. */
type NameVerdict = "loopback" | "allowed" | "refused";

/**
 * Decides by name whom a browser may make talk to this server. Loopback names pass on every port: the point
 * is to refuse a page of another site whose name was made to resolve to this machine (DNS rebinding). Both
 * headers are held against configured names, never against one another.
 */
class NameGuard {
  readonly #allowed: ReadonlySet<string>;
  readonly #namesOf: (header: string) => string[];
  /** Judged headers: a client sends the same one with each request. */
  readonly #judged = new Map<string, NameVerdict>();

  constructor(allowed: readonly string[], namesOf: (header: string) => string[]) {
    this.#allowed = new Set(allowed.map((name) => name.toLowerCase()));
    this.#namesOf = namesOf;
  }

  judge(header: string): NameVerdict {
    let verdict = this.#judged.get(header);
    if (verdict === undefined) {
      const names = this.#namesOf(header);
      verdict = names.some((name) => loopbackNames.includes(name))
        ? "loopback"
        : names.some((name) => this.#allowed.has(name))
        ? "allowed"
        : "refused";
      if (this.#judged.size >= maxJudged) this.#judged.clear();
      this.#judged.set(header, verdict);
    }
    return verdict;
  }
}

const loopbackNames = ["localhost", "127.0.0.1", "[::1]"];
const maxJudged = 256;

function hostOf(header: string): string[] {
  const url = URL.parse(`http://${header}`);
  // Anything beside name and port would be read as something else by URL.
  return url === null || url.pathname !== "/" || url.username !== "" || /[@/?#\\\s]/.test(header)
    ? []
    : [url.hostname];
}

function originOf(header: string): string[] {
  const url = URL.parse(header);
  return url === null || url.hostname === "" || !/^https?:$/.test(url.protocol)
    ? []
    : [url.hostname, url.origin];
}

/**
 * Whom the request is for. The target of the request goes before its Host header (RFC 9112, 3.2.2), and
 * HTTP/2 has no such header.
 */
function authorityOf(url: string): string {
  const start = url.indexOf("://") + 3;
  return url.slice(start, url.indexOf("/", start));
}

/** The path of an absolute URL, without building a URL object for every request. */
function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const query = url.indexOf("?", start);
  return query < 0 ? url.slice(start) : url.slice(start, query);
}
