/**
 * The one place where MCP calls a tool. Both transports, both protocol eras and the SDK's own handler come
 * through `callTool`, so what is enforced here cannot be bypassed by speaking an older protocol version.
 *
 * `RunningCalls` keeps what is under way: duplicate ids, cancelling, and the bounded wait of a graceful stop.
 */
import { errorReport, SqlwrightError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { ResourceLink, ToolResult } from "../tool/model.ts";
import { errorCode, isObject, notificationText, type RequestId } from "./message.ts";
import type { CallChannel, Era, McpApplication, RequestedCall } from "./model.ts";

/** A call that ends in a JSON-RPC error instead of a result. */
export class CallRefused extends Error {
  override readonly name = "CallRefused";
  constructor(readonly code: number, message: string, readonly data: unknown, options?: ErrorOptions) {
    super(message, options);
  }
}

/** Reads the params of a `tools/call`; null when they are not what the protocol says. */
export function requestedCall(params: Record<string, unknown> | undefined): RequestedCall | null {
  if (params === undefined || typeof params.name !== "string") return null;
  const args = params.arguments ?? {};
  if (!isObject(args)) return null;
  const meta = params._meta;
  if (meta !== undefined && !isObject(meta)) return null;
  const token = meta?.progressToken ?? null;
  if (token !== null && typeof token !== "string" && !Number.isSafeInteger(token)) return null;
  return { name: params.name, arguments: args, progressToken: token as RequestId | null };
}

/**
 * Calls the tool. What the caller did wrong is a result with `isError`; an unknown tool, one that the caller
 * may not use and a failure of the server itself throw `CallRefused` with the JSON-RPC code to answer with.
 */
export async function callTool(
  application: McpApplication,
  call: RequestedCall,
  channel: CallChannel,
  log: Log,
): Promise<ToolResult> {
  const correlationId = nextCorrelationId();
  try {
    return await application.callTool(call.name, call.arguments, {
      signal: channel.signal,
      progress: progressOf(call, channel),
      correlationId,
      caller: channel.caller,
    });
  } catch (error) {
    const report = errorReport(error);
    if (error instanceof SqlwrightError && error.code === "tool.unknown") {
      throw new CallRefused(errorCode.invalidParams, report.message, report, { cause: error });
    }
    if (error instanceof SqlwrightError && error.code === "auth.scope_missing") {
      throw new CallRefused(errorCode.refused, report.message, report, { cause: error });
    }
    if (!channel.signal.aborted) {
      log.error("call.failed", { tool: call.name, correlation_id: correlationId, error });
    }
    throw new CallRefused(errorCode.internal, report.message, report, { cause: error });
  }
}

/**
 * The `result` member of the answer as JSON text. The tool gives its structured content as text, which is
 * spliced in as it is: nothing that the database has serialised is parsed only to be serialised again.
 *
 * A failed call carries no `structuredContent`: clients of version 1 hold that against the tool's output
 * schema even when `isError` is set. The error's fields are in the text for the agent, and in `_meta` under
 * `sqlwright/error` for programs.
 */
export function callResultText(result: ToolResult, era: Era, serverInfoText: string): string {
  const structured = oneLine(result.json);
  const links = result.links?.map((link) => `,${JSON.stringify(resourceLink(link))}`).join("") ?? "";
  const content = `"content":[{"type":"text","text":${JSON.stringify(result.text)}}${links}]`;
  const meta = era === "modern" ? `"io.modelcontextprotocol/serverInfo":${serverInfoText}` : "";
  const modern = era === "modern" ? `,"resultType":"complete"` : "";
  if (result.isError) {
    const error = `"${errorMetaKey}":${structured}`;
    return `{${content},"isError":true${modern},"_meta":{${meta === "" ? error : `${error},${meta}`}}}`;
  }
  return `{${content},"structuredContent":${structured}${modern}${meta === "" ? "" : `,"_meta":{${meta}}`}}`;
}

/** The same result as the object that the SDK wants. */
export function callResult(result: ToolResult) {
  const content = [{ type: "text" as const, text: result.text }, ...(result.links ?? []).map(resourceLink)];
  return result.isError
    ? { content, isError: true, _meta: { [errorMetaKey]: result.structured } }
    : { content, structuredContent: result.structured };
}

function resourceLink(link: ResourceLink) {
  return { type: "resource_link" as const, ...link };
}

const errorMetaKey = "sqlwright/error";

/** The calls under way on one server, and by request id within one client's connection. */
export class RunningCalls {
  readonly #controllers = new Set<AbortController>();
  #whenIdle: (() => void)[] = [];

  get size(): number {
    return this.#controllers.size;
  }

  start(): AbortController {
    const controller = new AbortController();
    this.#controllers.add(controller);
    return controller;
  }

  finish(controller: AbortController): void {
    this.#controllers.delete(controller);
    if (this.#controllers.size > 0) return;
    for (const settle of this.#whenIdle.splice(0)) settle();
  }

  abortAll(reason: Error): void {
    for (const controller of [...this.#controllers]) controller.abort(reason);
  }

  /** Resolves when nothing runs, or after the time: true when idle. */
  async waitUntilIdle(timeout_ms: number): Promise<boolean> {
    if (this.#controllers.size === 0) return true;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenIdle.push(resolve);
    return await withinBound(promise, timeout_ms);
  }
}

/** Why a call's signal aborted; the message reaches the log, never a client that is still there. */
export function abortReason(why: "cancelled" | "disconnected" | "stopping"): SqlwrightError {
  const found = {
    cancelled: "the client cancelled it",
    disconnected: "the client has disconnected",
    stopping: "the server is stopping",
  }[why];
  return new SqlwrightError("call.cancelled", `Cannot finish the call: ${found}`, { details: { why } });
}

/** Waits for the work, at most for the time: true when the work was done by then. */
export async function withinBound(work: Promise<unknown>, timeout_ms: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), timeout_ms);
  try {
    return await Promise.race([work.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function progressOf({ progressToken }: RequestedCall, channel: CallChannel) {
  if (progressToken === null) return ignoreProgress;
  let last = -Infinity;
  return (done: number, total: number | null, message: string) => {
    // The protocol wants every value above the one before, and nothing after the call has ended for the
    // client.
    if (!(done > last) || channel.signal.aborted) return;
    last = done;
    channel.notify(notificationText("notifications/progress", {
      progressToken,
      progress: done,
      ...(total !== null && { total }),
      ...(message !== "" && { message }),
    }));
  };
}

function ignoreProgress(): void {}

/**
 * JSON has line breaks only between tokens, where a space means the same; stdio and SSE end a message at one.
 */
function oneLine(json: string): string {
  return json.includes("\n") || json.includes("\r") ? json.replaceAll(/[\n\r]/g, " ") : json;
}

const processTag = crypto.randomUUID().slice(0, 8);
let calls = 0;

/**
 * Unique among the processes that write to one log; a counter, because a random id for each call costs more
 * than the call's JSON.
 */
function nextCorrelationId(): string {
  return `${processTag}-${(++calls).toString(36)}`;
}
