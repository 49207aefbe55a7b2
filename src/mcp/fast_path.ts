/**
 * The methods of a running conversation, answered without the SDK: `initialize`, `server/discover`, `ping`,
 * `tools/list` and `tools/call`.
 *
 * Why not the SDK for all of it: its import is most of a cold start, its HTTP transport three quarters of a
 * call. How this stays the same protocol: only a message that is right in every respect is taken here,
 * everything else is left to the SDK, which also makes every protocol error; and tests hold each of these
 * answers against the SDK's.
 */
import type { Log } from "../log.ts";
import type { Caller } from "../tool/caller.ts";
import type { CallChannel, Era, McpApplication, RequestedCall, ServedCatalog } from "./model.ts";
import { CallRefused, callResultText, callTool, requestedCall } from "./call.ts";
import { answerText, errorText, isObject, type JsonRpcRequest } from "./message.ts";
import { cacheHintOf, capabilities, listTools } from "./sdk_server.ts";
import { visibleTo } from "./visible.ts";

export const modernVersion = "2026-07-28";

/** The SDK's list; the first is offered to a client that asks for one that is not served. */
export const legacyVersions: readonly string[] = [
  "2025-11-25",
  "2025-06-18",
  "2025-03-26",
  "2024-11-05",
  "2024-10-07",
];

/**
 * `none`: the request makes no claim to be of 2026-07-28. `unclear`: it does, and the SDK shall judge how
 * well.
 */
export type Envelope = "none" | "modern" | "unclear";

/** Which era a request's `_meta` puts it in. */
export function envelopeOf({ params }: { params?: Record<string, unknown> }): Envelope {
  const meta = params?._meta;
  if (meta === undefined) return "none";
  if (!isObject(meta)) return "unclear";
  if (!Object.hasOwn(meta, versionKey)) return "none";
  const declared = meta[capabilitiesKey];
  if (meta[versionKey] !== modernVersion || !isObject(declared)) return "unclear";
  for (const name in declared) if (!isObject(declared[name])) return "unclear";
  const client = meta[clientInfoKey];
  if (client !== undefined && !isClientInfo(client)) return "unclear";
  const level = meta[logLevelKey];
  if (level !== undefined && !logLevels.has(level)) return "unclear";
  return "modern";
}

export class DirectAnswers {
  readonly #application: McpApplication;
  readonly #log: Log;
  readonly #serverInfoText: string;
  /**
   * The `tools/list` of each era and of each catalogue that callers see: serialised once, not once a client.
   */
  readonly #lists: Record<Era, WeakMap<ServedCatalog, string>> = {
    legacy: new WeakMap(),
    modern: new WeakMap(),
  };

  constructor(application: McpApplication, log: Log) {
    this.#application = application;
    this.#log = log;
    this.#serverInfoText = JSON.stringify(application.serverInfo);
  }

  /** The answer to anything but a tool call, or null when the request is the SDK's to answer. */
  answer(request: JsonRpcRequest, era: Era, caller: Caller): string | null {
    const { id, method, params } = request;
    if (method === "ping" && era === "legacy") return answerText(id, "{}");
    if (this.#application.makeServer !== undefined) return null;
    if (method === "tools/list" && isPlainList(params)) {
      return answerText(id, this.#listText(era, visibleTo(this.#application, caller)));
    }
    if (method === "initialize" && era === "legacy" && isInitialize(params)) {
      return answerText(id, this.#initializeText(params, visibleTo(this.#application, caller)));
    }
    if (method === "server/discover" && era === "modern") {
      return answerText(id, this.#discoverText(visibleTo(this.#application, caller)));
    }
    return null;
  }

  /** The call that the request asks for, or null when it is the SDK's to answer. */
  callOf({ method, params }: JsonRpcRequest): RequestedCall | null {
    if (method !== "tools/call") return null;
    const call = requestedCall(params);
    if (call === null || this.#application.makeServer === undefined) return call;
    const { programTools = [] } = this.#application;
    const isOurs = this.#application.catalog().tools.has(call.name) ||
      programTools.some(({ name }) => name === call.name);
    return isOurs ? call : null;
  }

  /** Calls the tool and resolves with the answer's text; never rejects. */
  async call({ id }: JsonRpcRequest, call: RequestedCall, era: Era, channel: CallChannel): Promise<string> {
    try {
      const result = await callTool(this.#application, call, channel, this.#log);
      return answerText(id, callResultText(result, era, this.#serverInfoText));
    } catch (error) {
      if (error instanceof CallRefused) return errorText(id, error.code, error.message, error.data);
      this.#log.error("call.unanswerable", { tool: call.name, error });
      return errorText(id, -32603, "Internal error");
    }
  }

  #listText(era: Era, seen: McpApplication): string {
    const catalog = seen.catalog();
    let text = this.#lists[era].get(catalog);
    if (text === undefined) {
      text = this.#resultText({ ...listTools(seen, undefined) }, era);
      this.#lists[era].set(catalog, text);
    }
    return text;
  }

  #initializeText({ protocolVersion }: { protocolVersion: string }, seen: McpApplication): string {
    return JSON.stringify({
      protocolVersion: legacyVersions.includes(protocolVersion) ? protocolVersion : legacyVersions[0],
      capabilities,
      serverInfo: this.#application.serverInfo,
      ...instructionsOf(seen),
    });
  }

  #discoverText(seen: McpApplication): string {
    return this.#resultText(
      { supportedVersions: [modernVersion], capabilities, ...instructionsOf(seen) },
      "modern",
    );
  }

  #resultText(result: Record<string, unknown>, era: Era): string {
    if (era === "legacy") return JSON.stringify(result);
    const _meta = { "io.modelcontextprotocol/serverInfo": this.#application.serverInfo };
    return JSON.stringify({ ...result, resultType: "complete", ...cacheHintOf(this.#application), _meta });
  }
}

function instructionsOf(seen: McpApplication): { instructions?: string } {
  const instructions = seen.instructions();
  return instructions === "" ? {} : { instructions };
}

const versionKey = "io.modelcontextprotocol/protocolVersion";
const capabilitiesKey = "io.modelcontextprotocol/clientCapabilities";
const clientInfoKey = "io.modelcontextprotocol/clientInfo";
const logLevelKey = "io.modelcontextprotocol/logLevel";
const logLevels = new Set<unknown>([
  "debug",
  "info",
  "notice",
  "warning",
  "error",
  "critical",
  "alert",
  "emergency",
]);

function isInitialize(params: Record<string, unknown> | undefined): params is { protocolVersion: string } {
  if (params === undefined || typeof params.protocolVersion !== "string") return false;
  if (!isClientInfo(params.clientInfo) || !isObject(params.capabilities)) return false;
  for (const name in params.capabilities) if (!isObject(params.capabilities[name])) return false;
  return true;
}

function isClientInfo(value: unknown): boolean {
  return isObject(value) && typeof value.name === "string" && typeof value.version === "string";
}

/** A list from its start: the page that nearly every client asks for. */
function isPlainList(params: Record<string, unknown> | undefined): boolean {
  for (const key in params) if (key !== "_meta") return false;
  return true;
}
