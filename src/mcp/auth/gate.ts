/**
 * Who comes in over HTTP, and how one is turned away. With tokens every request says by itself who makes it;
 * without them it is the local user where the request cannot have left this machine, and an unknown one
 * everywhere else. Nothing of it is remembered for a session.
 */

import { errorReport, SqlwrightError } from "../../errors.ts";
import { type Caller, localCaller, unknownCaller } from "../../tool/caller.ts";
import { jsonResponse } from "../json_response.ts";
import { errorCode, errorText, type RequestId } from "../message.ts";
import type { TokenVerifier } from "./token.ts";

/** How a refusal is told: as JSON-RPC at the endpoint, as plain JSON elsewhere. */
export type RefusalShape = { id: RequestId | null } | "plain";

export interface Gate {
  /** Throws or rejects with `auth.token_missing`, `auth.token_invalid` or `auth.keys_unavailable`. */
  identify(request: Request, isLoopbackName: boolean): Caller | Promise<Caller>;
  /** 401, 403 or 503, with the challenge that a client of OAuth acts on. */
  refuse(request: Request, error: SqlwrightError, shape: RefusalShape): Response;
  /** What RFC 9728 says of this server; null for another path, and without tokens. */
  describe(request: Request, path: string, scopes: () => readonly string[]): Response | null;
}

/** Of RFC 9728: the well-known place, and that of the resource `/mcp`. */
const metadataPath = "/.well-known/oauth-protected-resource";
const metadataPaths = new Set([metadataPath, `${metadataPath}/mcp`]);

export const isMetadataPath = (path: string): boolean => metadataPaths.has(path);

/** @param isLoopback the server listens to this machine only */
export function localGate({ isLoopback }: { isLoopback: boolean }): Gate {
  return {
    identify: ({ headers }, isLoopbackName) =>
      // A proxy of this machine speaks for others: one that says so is believed.
      isLoopback && isLoopbackName && !headers.has("x-forwarded-for") && !headers.has("forwarded")
        ? localCaller
        : unknownCaller,
    refuse: (_request, error, shape) => answer(error, shape, {}),
    describe: () => null,
  };
}

/**
 * @param publicUrl where clients reach the server, without a slash at the end; else what their Host header
 * says
 */
export function tokenGate(tokens: TokenVerifier, publicUrl: string | undefined): Gate {
  const baseOf = ({ headers }: Request) => publicUrl ?? `http://${headers.get("host")}`;
  return {
    identify: ({ headers }) => tokens.verify(headers.get("authorization")),
    refuse: (request, error, shape) => {
      if (error.code === "auth.keys_unavailable") {
        return answer(keysUnavailable(), shape, { "retry-after": "5" });
      }
      const parts = [
        ...challengeOf(error),
        ["resource_metadata", `${baseOf(request)}${metadataPath}/mcp`] as const,
      ];
      const challenge = parts.map(([name, value]) => `${name}="${quotable(value)}"`).join(", ");
      return answer(error, shape, { "www-authenticate": `Bearer ${challenge}` });
    },
    describe: (request, path, scopes) => {
      if (!isMetadataPath(path)) return null;
      if (request.method !== "GET" && request.method !== "HEAD") {
        return jsonResponse(`{"error":"Method Not Allowed: GET, HEAD"}`, 405, { allow: "GET, HEAD" });
      }
      const metadata = {
        resource: `${baseOf(request)}/mcp`,
        authorization_servers: [tokens.issuer],
        scopes_supported: scopes(),
        bearer_methods_supported: ["header"],
      };
      return jsonResponse(JSON.stringify(metadata), 200, { "cache-control": "no-cache" });
    },
  };
}

/** RFC 6750: a request without a token gets no error code, because it has made none. */
function challengeOf({ code, message, details }: SqlwrightError): (readonly [string, string])[] {
  switch (code) {
    case "auth.token_missing":
      return [];
    case "auth.scope_missing":
      return [
        ["error", "insufficient_scope"],
        ["error_description", message],
        ["scope", (details.scopes as string[]).join(" ")],
      ];
    default:
      return [["error", "invalid_token"], ["error_description", message]];
  }
}

/** Where the keys are is for the log only. */
const keysUnavailable = () =>
  new SqlwrightError("auth.keys_unavailable", "Cannot check the token: the issuer's keys are out of reach", {
    hint: "Try again in a moment",
  });

/** What may stand between the quotes of a challenge. */
const quotable = (text: string) =>
  text.replaceAll('"', "'").replaceAll("\\", "/").replaceAll(/[^\x20-\x7e]/g, "?");

function answer(error: SqlwrightError, shape: RefusalShape, headers: Record<string, string>): Response {
  const report = errorReport(error);
  const status = statusOf(error);
  const body = shape === "plain"
    ? JSON.stringify({ error: report })
    : errorText(shape.id, errorCode.refused, report.message, report);
  // What is left of a file on its way is not read.
  const connection = shape === "plain" ? { connection: "close" } : {};
  return jsonResponse(body, status, { "cache-control": "no-store", ...connection, ...headers });
}

function statusOf({ code }: SqlwrightError): number {
  return code === "auth.keys_unavailable" ? 503 : code === "auth.scope_missing" ? 403 : 401;
}
