/**
 * What the MCP side needs of the application, and the SDK's server over it: every method, both protocol eras,
 * one place.
 *
 * The transports answer the methods of a running conversation themselves (direct.ts) and hand everything else
 * to the server that is made here. The SDK is imported on first need: importing it costs about 90 ms, more
 * than the rest of a start.
 */
import type { McpServer, Server, ServerContext } from "@modelcontextprotocol/server";
import type { Log } from "../log.ts";
import { type Caller, unknownCaller } from "../tool/caller.ts";
import { CallRefused, callResult, callTool, requestedCall } from "./call.ts";
import { errorCode } from "./message.ts";
import {
  byName,
  catalogUri,
  completeUri,
  listResources,
  readRejects,
  readResource,
  rejectsUriTemplate,
  sqlUriTemplate,
  statusUri,
  valuesUriTemplate,
} from "./resources.ts";
import { isSeen, visibleTo } from "./visible.ts";
import { type McpApplication } from "./model.ts";

/** What the server can do; nothing is announced that is not there. */
export const capabilities = {
  tools: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  completions: {},
} as const;

/**
 * How long a client of 2026-07-28 may keep a list before it asks again; one that listens is told of changes
 * at once. Private, because what is listed depends on who asks.
 */
export function cacheHintOf({ listTtl_ms = 60_000 }: McpApplication) {
  return { ttlMs: listTtl_ms, cacheScope: "private" } as const;
}

export interface ListPage {
  /** Where the next page starts; absent on the last one. */
  nextCursor?: string;
}

export interface MakeServerOptions {
  log: Log;
  /**
   * Whose the connection is: the local user over stdio, and over HTTP whoever has opened it. Each request may
   * be another's.
   */
  caller: Caller;
}

/** Makes the SDK server of one connection, or of one request where the protocol is stateless. */
export async function makeServer(
  application: McpApplication,
  { log, caller: opener }: MakeServerOptions,
): Promise<Server | McpServer> {
  if (application.makeServer !== undefined) return await application.makeServer();
  const callerOf = ({ http }: ServerContext): Caller =>
    http === undefined ? opener : (http.authInfo?.extra?.caller as Caller | undefined) ?? unknownCaller;
  const seenBy = (context: ServerContext) => visibleTo(application, callerOf(context));
  const { ProtocolError, ResourceNotFoundError, Server } = await import("@modelcontextprotocol/server");
  const instructions = visibleTo(application, opener).instructions();
  const cacheHint = cacheHintOf(application);
  const server = new Server(application.serverInfo, {
    capabilities,
    ...(instructions !== "" && { instructions }),
    cacheHints: {
      "server/discover": cacheHint,
      "tools/list": cacheHint,
      "resources/list": cacheHint,
      "resources/templates/list": cacheHint,
      "resources/read": cacheHint,
    },
  });
  const refuse = (message: string) => new ProtocolError(errorCode.invalidParams, message);

  server.setRequestHandler("tools/list", ({ params }, context) => {
    const page = listTools(seenBy(context), params?.cursor);
    if (page === null) throw refuse(unknownCursor);
    return page;
  });

  server.setRequestHandler("tools/call", async ({ params }, context) => {
    const call = requestedCall({ ...params, _meta: context.mcpReq._meta });
    if (call === null) throw refuse("Invalid tools/call request");
    const channel = {
      caller: callerOf(context),
      signal: context.mcpReq.signal,
      notify: (text: string) => {
        context.mcpReq.notify(JSON.parse(text)).catch((error) => log.debug("progress.unsent", { error }));
      },
    };
    try {
      return callResult(await callTool(application, call, channel, log));
    } catch (error) {
      if (error instanceof CallRefused) throw new ProtocolError(error.code, error.message, error.data);
      throw error;
    }
  });

  server.setRequestHandler("resources/list", ({ params }, context) => {
    const page = pageOf(listResources(seenBy(context)), (resource) => resource.uri, params?.cursor);
    if (page === null) throw refuse(unknownCursor);
    return { resources: page.items, ...page.next };
  });

  server.setRequestHandler("resources/templates/list", () => ({
    resourceTemplates: [{
      uriTemplate: sqlUriTemplate,
      name: "sql",
      title: "SQL of a tool",
      description: `The query file of the tool <module>_<name>; ${catalogUri} lists them`,
      mimeType: "application/sql",
    }, {
      uriTemplate: valuesUriTemplate,
      name: "values",
      title: "Values of a parameter",
      description:
        "What a parameter of an enum, of a CHECK that lists its values, or a boolean takes; complete it " +
        "value by value",
      mimeType: "application/json",
    }, {
      uriTemplate: rejectsUriTemplate,
      name: "rejects",
      title: "Rejected rows of a load",
      description:
        "The rows that a load with mode collect has left out, with the reason of each; for seven days",
      mimeType: "application/json",
    }],
  }));

  server.setRequestHandler("resources/read", async ({ params }, context) => {
    const seen = seenBy(context);
    const resource = readResource(seen, params.uri) ?? await readRejects(seen, params.uri);
    if (resource === null) throw new ResourceNotFoundError(params.uri);
    // The status is another after each save that broke something, whether or not the lists are.
    return { contents: [resource], ...(params.uri === statusUri && { ttlMs: 0 }) };
  });

  const subscriptions = new Subscriptions(server, application, log);
  server.setRequestHandler("resources/subscribe", ({ params }, context) => {
    const caller = callerOf(context);
    if (readResource(visibleTo(application, caller), params.uri) === null) {
      throw new ResourceNotFoundError(params.uri);
    }
    if (!subscriptions.add(params.uri, caller)) {
      throw refuse(`Cannot subscribe: ${maxSubscriptions} are the most`);
    }
    return {};
  });
  server.setRequestHandler("resources/unsubscribe", ({ params }) => {
    subscriptions.delete(params.uri);
    return {};
  });

  server.setRequestHandler("completion/complete", ({ params }, context) => {
    const { ref, argument, context: known } = params;
    const completion = ref.type === "ref/resource"
      ? completeUri(seenBy(context).catalog(), ref.uri, argument, known?.arguments ?? {})
      : null;
    if (completion === null) {
      throw refuse(
        `Cannot complete "${argument.name}": only the variables of ${sqlUriTemplate} and ` +
          `${valuesUriTemplate} complete`,
      );
    }
    return { completion: { ...completion } };
  });

  return server;
}

const maxSubscriptions = 1000;

/** The resources that one connection of a version before 2026-07-28 wants to hear of. */
class Subscriptions {
  readonly #server: Server;
  readonly #application: McpApplication;
  readonly #log: Log;
  /** With the caller who has subscribed. */
  readonly #uris = new Map<string, Caller>();
  #endListening: (() => void) | null = null;

  constructor(server: Server, application: McpApplication, log: Log) {
    this.#server = server;
    this.#application = application;
    this.#log = log;
  }

  /** False when there are too many. */
  add(uri: string, caller: Caller): boolean {
    if (this.#uris.size >= maxSubscriptions && !this.#uris.has(uri)) return false;
    this.#uris.set(uri, caller);
    if (this.#endListening === null) {
      this.#endListening = this.#application.onResourcesUpdated?.((uris) => this.#send(uris)) ?? (() => {});
      const before = this.#server.onclose;
      this.#server.onclose = () => {
        this.#endListening?.();
        before?.();
      };
    }
    return true;
  }

  delete(uri: string): void {
    this.#uris.delete(uri);
  }

  #send(uris: readonly string[]): void {
    for (const uri of uris) {
      const caller = this.#uris.get(uri);
      // A resource that is gone may have been one that its tool's new scopes hide: it is not told of either.
      if (caller === undefined || !isSeen(this.#application, uri, caller)) continue;
      this.#server.sendResourceUpdated({ uri }).catch((error) => this.#log.warn("updated.unsent", { error }));
    }
  }
}

/** Tells the clients of a connected SDK server that tools and resources are others now. */
export async function sendListChanged(made: Server | McpServer): Promise<void> {
  const server = "server" in made ? made.server : made;
  const offered = server.getCapabilities();
  if (offered.tools?.listChanged) await server.sendToolListChanged();
  if (offered.resources?.listChanged) await server.sendResourceListChanged();
}

/** Tells them that resources are to be read again; the SDK sends what was subscribed to. */
export async function sendUpdated(made: Server | McpServer, uris: readonly string[]): Promise<void> {
  const server = "server" in made ? made.server : made;
  if (!server.getCapabilities().resources?.subscribe) return;
  for (const uri of uris) await server.sendResourceUpdated({ uri });
}

/** One page of `tools/list`, by name; null for a cursor that this server has not made. */
export function listTools(
  { catalog, programTools = [] }: Pick<McpApplication, "catalog" | "programTools">,
  cursor: string | undefined,
) {
  const page = pageOf(byName([...catalog().tools.values(), ...programTools]), (tool) => tool.name, cursor);
  if (page === null) return null;
  return {
    tools: page.items.map(({ name, title, description, inputSchema, outputSchema, annotations }) => ({
      name,
      title,
      description,
      // Schemas are made from Postgres' own types and always have an object at the root.
      inputSchema: inputSchema as { type: "object" },
      outputSchema: outputSchema as { type: "object" },
      annotations,
    })),
    ...page.next,
  };
}

export const unknownCursor = "Cannot read the cursor: it is not one that this server has made";

const pageSize = 500;

/**
 * Pages start after a key, not at a number, so that a reload between two pages neither repeats nor skips an
 * item.
 */
function pageOf<Item>(items: Item[], keyOf: (item: Item) => string, cursor: string | undefined) {
  let start = 0;
  if (cursor !== undefined) {
    const after = readCursor(cursor);
    if (after === null) return null;
    const found = items.findIndex((item) => keyOf(item) > after);
    start = found < 0 ? items.length : found;
  }
  const page = items.slice(start, start + pageSize);
  const last = page.at(-1);
  const next: ListPage = last !== undefined && start + pageSize < items.length
    ? { nextCursor: encodeURIComponent(`after:${keyOf(last)}`) }
    : {};
  return { items: page, next };
}

function readCursor(cursor: string): string | null {
  try {
    const text = decodeURIComponent(cursor);
    return text.startsWith("after:") ? text.slice("after:".length) : null;
  } catch {
    return null;
  }
}
