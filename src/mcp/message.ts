/**
 * JSON-RPC 2.0 as MCP uses it: reading one message from text within limits, and writing answers as text. Text
 * in, text out: the transports splice what the database has already serialised and never build an object only
 * to serialise it again.
 */

import { mayBeInexact, nearestNumbers, parseExact } from "../exact_number.ts";

export type RequestId = string | number;

export interface JsonRpcRequest {
  jsonrpc: "2.0";
  id: RequestId;
  method: string;
  params?: Record<string, unknown>;
}

export interface JsonRpcNotification {
  jsonrpc: "2.0";
  method: string;
  params?: Record<string, unknown>;
}

/** Of JSON-RPC; the last two are MCP's for servers that keep sessions. */
export const errorCode = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  refused: -32000,
  sessionNotFound: -32001,
} as const;

/** Objects and arrays inside one another in a message; SQL arguments need a handful. */
export const maxNesting = 64;

export type ParsedText = { ok: true; value: unknown } | {
  ok: false;
  code: number;
  message: string;
  /** Of the request, where it can be read: whoever waits for its answer gets one. */
  id: RequestId | null;
};

/**
 * Reads JSON text; text that is not JSON or nests deeper than `maxNesting` is told apart, nothing is thrown.
 * The arguments of a call keep the digits of their numbers, see `exact_number.ts`.
 */
export function parseJson(text: string): ParsedText {
  if (nestsTooDeep(text)) {
    return {
      ok: false,
      code: errorCode.invalidRequest,
      message: `Invalid Request: objects and arrays nest deeper than ${maxNesting} levels`,
      id: idOfText(text),
    };
  }
  let value: unknown;
  try {
    value = mayBeInexact(text) ? exactInArguments(parseExact(text)) : JSON.parse(text);
  } catch {
    return {
      ok: false,
      code: errorCode.parse,
      message: "Parse error: the message is not valid JSON",
      id: null,
    };
  }
  if (isObject(value)) {
    if (typeof value.id === "number" && !Number.isSafeInteger(value.id)) {
      return {
        ok: false,
        code: errorCode.invalidRequest,
        message: "Invalid Request: a number as id must be whole and within 2^53; send a string",
        id: null,
      };
    }
    // A list without a cursor begins at its beginning, and some clients write null for none.
    if (isObject(value.params) && value.params.cursor === null) delete value.params.cursor;
  }
  return { ok: true, value };
}

/** The id of a message that is not parsed: the member of the outermost object. */
function idOfText(text: string): RequestId | null {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 34) {
      const end = endOfString(text, at);
      if (end < 0) return null;
      if (depth === 1 && text.slice(at, end + 1) === '"id"') {
        member.lastIndex = end + 1;
        const found = member.exec(text)?.[1];
        const id: unknown = found === undefined ? null : JSON.parse(found);
        if (typeof id === "string" || Number.isSafeInteger(id)) return id as RequestId;
      }
      at = end;
    } else if (code === 123 || code === 91) depth++;
    else if (code === 125 || code === 93) depth--;
  }
  return null;
}

const member = /\s*:\s*("(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?![\d.eE]))/uy;

/** Only the arguments of a call are PostgreSQL's; all else of a message is numbers of JavaScript. */
function exactInArguments(message: unknown): unknown {
  if (Array.isArray(message)) return message.map(exactInArguments);
  if (!isObject(message)) return nearestNumbers(message);
  if (!isObject(message.params) || message.method !== "tools/call") return nearestNumbers(message);
  const { arguments: args, ...params } = message.params;
  const plain = nearestNumbers({ ...message, params }) as { params: Record<string, unknown> };
  return "arguments" in message.params ? { ...plain, params: { ...plain.params, arguments: args } } : plain;
}

/** The value as a request of exactly JSON-RPC's members, or null. */
export function asRequest(value: unknown): JsonRpcRequest | null {
  if (!isObject(value) || value.jsonrpc !== "2.0" || typeof value.method !== "string") return null;
  const { id, params } = value;
  if (typeof id !== "string" && !(typeof id === "number" && Number.isSafeInteger(id))) return null;
  if (params !== undefined && !isObject(params)) return null;
  // A member that JSON-RPC does not know is the SDK's to refuse.
  for (const key in value) {
    if (key !== "jsonrpc" && key !== "id" && key !== "method" && key !== "params") return null;
  }
  return value as unknown as JsonRpcRequest;
}

/** The value as a notification of exactly JSON-RPC's members, or null. */
export function asNotification(value: unknown): JsonRpcNotification | null {
  if (!isObject(value) || value.jsonrpc !== "2.0" || typeof value.method !== "string") return null;
  if (value.params !== undefined && !isObject(value.params)) return null;
  for (const key in value) if (key !== "jsonrpc" && key !== "method" && key !== "params") return null;
  return value as unknown as JsonRpcNotification;
}

/** The request that a `notifications/cancelled` names, or null. */
export function cancelledId(notification: JsonRpcNotification): RequestId | null {
  const id = notification.params?.requestId;
  return typeof id === "string" || typeof id === "number" ? id : null;
}

/** The id to answer with when all that is known is that something is wrong: null where none can be read. */
export function readableId(value: unknown): RequestId | null {
  if (!isObject(value)) return null;
  return typeof value.id === "string" || typeof value.id === "number" ? value.id : null;
}

export function answerText(id: RequestId, resultText: string): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${resultText}}`;
}

export function errorText(id: RequestId | null, code: number, message: string, data?: unknown): string {
  return JSON.stringify({
    jsonrpc: "2.0",
    id,
    error: data === undefined ? { code, message } : { code, message, data },
  });
}

export function notificationText(method: string, params?: Record<string, unknown>): string {
  return JSON.stringify(
    params === undefined ? { jsonrpc: "2.0", method } : { jsonrpc: "2.0", method, params },
  );
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Counts brackets outside of strings, so that no recursive function ever meets a value deeper than the limit.
 */
function nestsTooDeep(text: string): boolean {
  if (text.length < 2 * maxNesting) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 34) {
      at = endOfString(text, at);
      if (at < 0) return false; // an open string: JSON.parse says so
    } else if (code === 123 || code === 91) {
      if (++depth > maxNesting) return true;
    } else if (code === 125 || code === 93) depth--;
  }
  return false;
}

/** Where the string that opens at `start` closes; -1 when it does not. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === 92) backslashes++;
    if (backslashes % 2 === 0) return at;
  }
  return -1;
}
