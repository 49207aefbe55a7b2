/**
 * The SDK behind the endpoint: what it serves of either era, loaded when it is first needed, and how it is
 * told whose request it is.
 */
import type { AuthInfo, McpHttpHandler, McpRequestContext } from "@modelcontextprotocol/server";
import type { Log } from "../log.ts";
import { type Caller, unknownCaller } from "../tool/caller.ts";
import { makeServer } from "./sdk_server.ts";
import { type McpApplication } from "./model.ts";
import { BoundedEventStore, type Session, type SessionLink } from "./http/session.ts";

/** What the SDK is asked for. */
export interface Reference {
  /** Serves 2026-07-28 and refuses what is wrong in it. */
  modern: McpHttpHandler;
  /** Serves one request of an earlier version that comes without a session. */
  stateless: (request: Request, options: { parsedBody: unknown; authInfo: AuthInfo }) => Promise<Response>;
  isLegacyRequest: (request: Request, body: unknown) => Promise<boolean>;
  makeTransport: (session: Session) => SessionLink["transport"];
}

export async function loadReference(
  application: McpApplication,
  { log, maxBodyBytes }: { log: Log; maxBodyBytes: number },
): Promise<Reference> {
  const {
    createMcpHandler,
    isLegacyRequest,
    legacyStatelessFallback,
    WebStandardStreamableHTTPServerTransport,
  } = await import("@modelcontextprotocol/server");
  const onerror = (error: Error) => log.debug("mcp.reference", { error });
  // Without the caller nothing that has a scope is there.
  const make = ({ authInfo }: McpRequestContext) =>
    makeServer(application, {
      log,
      caller: (authInfo?.extra?.caller as Caller | undefined) ?? unknownCaller,
    });
  const limits = { maxRequestBodySize: maxBodyBytes };
  return {
    modern: createMcpHandler(make, { legacy: "reject", onerror, ...limits }),
    stateless: legacyStatelessFallback(make, onerror, limits),
    isLegacyRequest: (request, body) => isLegacyRequest(request, body, limits),
    makeTransport: (session) =>
      new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: () => session.id,
        eventStore: new BoundedEventStore(),
        retryInterval: retry_ms,
        ...limits,
      }),
  };
}

const authInfos = new WeakMap<Caller, AuthInfo>();

/** The caller as the SDK hands it on to its handlers. The token stays outside. */
export function authInfoOf(caller: Caller): AuthInfo {
  let info = authInfos.get(caller);
  if (info === undefined) {
    const scopes = caller.scopes === "all" ? [] : [...caller.scopes];
    info = { token: "", clientId: caller.client ?? "", scopes, extra: { caller } };
    authInfos.set(caller, info);
  }
  return info;
}

/** After how long a client shall open a closed event stream again. */
const retry_ms = 500;
export const answerHeaders = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
};

/** The SDK does not read `*` or a missing Accept as HTTP does. */
export function withAccept(request: Request): Request {
  const accept = request.headers.get("accept");
  if (request.method !== "POST" || (accept !== null && !accept.includes("*/*"))) return request;
  const headers = new Headers(request.headers);
  headers.set("accept", answerHeaders.accept);
  return new Request(request.url, { method: request.method, headers, signal: request.signal });
}
