/**
 * MCP over standard input and output: one client, one connection, both protocol eras. Standard output carries
 * the protocol and nothing else. The client is the local user, whoever that is: it has started this process.
 *
 * Messages that direct.ts knows are answered from here. The first other one loads the SDK, whose `serveStdio`
 * then runs the connection beside it, on the same lines; where the handshake was answered from here, it is
 * told of it first.
 */
import type { McpServer, Server } from "@modelcontextprotocol/server";
import { errorReport } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { localCaller } from "../../tool/caller.ts";
import { abortReason, RunningCalls, withinBound } from "../call.ts";
import type { Era, McpApplication, RequestedCall } from "../model.ts";
import { DirectAnswers, envelopeOf } from "../fast_path.ts";
import { type ByteSink, LineSplitter, LineWriter } from "./lines.ts";
import {
  asNotification,
  asRequest,
  cancelledId,
  errorCode,
  errorText,
  type JsonRpcNotification,
  type JsonRpcRequest,
  notificationText,
  parseJson,
  readableId,
  type RequestId,
} from "../message.ts";
import { makeServer, sendListChanged, sendUpdated } from "../sdk_server.ts";

export interface StdioOptions {
  /** Stops reading; calls in flight may finish within `drain_ms`. */
  signal: AbortSignal;
  log: Log;
  /** Longest message that is read. @default 16 MiB */
  maxLineBytes?: number;
  /** How long a stop waits for calls in flight before it aborts them. @default 5000 */
  drain_ms?: number;
  /** @default standard input */
  input?: ReadableStream<Uint8Array>;
  /** @default standard output */
  output?: ByteSink;
}

/** Serves until the client closes its end or the signal aborts; resolves when nothing is left to do. */
export async function serveStdio(application: McpApplication, options: StdioOptions): Promise<void> {
  const { signal, log, maxLineBytes = 16 * 1024 * 1024, drain_ms = 5000 } = options;
  const reader = (options.input ?? Deno.stdin.readable).getReader();
  const stopReading = () => void reader.cancel().catch((error) => log.debug("stdio.cancel", { error }));
  const writer = new LineWriter(options.output ?? Deno.stdout, stopReading);
  const connection = new StdioConnection(application, writer, log);
  const splitter = new LineSplitter(maxLineBytes, {
    onLine: (text) => connection.receive(text),
    onUnreadable: (why) => writer.write(errorText(null, errorCode.parse, `Parse error: ${why}`)),
  });
  const endListening = application.onCatalogChanged(() => connection.sendListChanged());
  const endUpdates = application.onResourcesUpdated?.((uris) => connection.sendUpdated(uris));
  if (signal.aborted) stopReading();
  else signal.addEventListener("abort", stopReading, { once: true });
  try {
    while (writer.broken === null) {
      const { done, value } = await reader.read();
      if (done) break;
      splitter.push(value);
      // A client that does not read is not read from either.
      if (writer.pendingChars > maxPendingChars) await writer.flush();
    }
  } catch (error) {
    log.warn("stdio.read_failed", { error });
  } finally {
    signal.removeEventListener("abort", stopReading);
    endListening();
    endUpdates?.();
    // A client that has closed its end is gone and so are its calls; a server that is told to stop lets them
    // finish.
    if (signal.aborted && writer.broken === null) await connection.drain(drain_ms);
    await connection.close(signal.aborted ? "stopping" : "disconnected");
    await withinBound(writer.flush(), flush_ms);
  }
}

const maxPendingChars = 4 * 1024 * 1024;
const maxRunning = 1024;
const flush_ms = 1000;

class StdioConnection {
  readonly #application: McpApplication;
  readonly #writer: LineWriter;
  readonly #log: Log;
  readonly #direct: DirectAnswers;
  readonly #running = new RunningCalls();
  readonly #byId = new Map<RequestId, Running>();
  /** Pinned by the first request that is not a `server/discover`, as the SDK does. */
  #era: Era | null = null;
  /** The handshake that was answered from here. */
  #initialize: JsonRpcRequest | null = null;
  #initialized = false;
  #reference: Promise<Reference> | null = null;

  constructor(application: McpApplication, writer: LineWriter, log: Log) {
    this.#application = application;
    this.#writer = writer;
    this.#log = log;
    this.#direct = new DirectAnswers(application, log);
  }

  receive(text: string): void {
    const parsed = parseJson(text);
    if (!parsed.ok) return this.#writer.write(errorText(parsed.id, parsed.code, parsed.message));
    const request = asRequest(parsed.value);
    if (request !== null) return this.#receiveRequest(request);
    const notification = asNotification(parsed.value);
    if (notification !== null) return this.#receiveNotification(notification);
    this.#delegate(parsed.value, null);
  }

  sendListChanged(): void {
    if (this.#reference !== null) {
      this.#reference.then((reference) => reference.sendListChanged())
        .catch((error) => this.#log.warn("list_changed.unsent", { error }));
    } else if (this.#initialized) {
      this.#writer.write(notificationText("notifications/tools/list_changed"));
      this.#writer.write(notificationText("notifications/resources/list_changed"));
    }
  }

  /** For the subscriptions of 2026-07-28; those of the versions before are with the SDK's server. */
  sendUpdated(uris: readonly string[]): void {
    if (this.#reference === null || this.#era !== "modern") return;
    this.#reference.then((reference) => reference.sendUpdated(uris))
      .catch((error) => this.#log.warn("updated.unsent", { error }));
  }

  async drain(timeout_ms: number): Promise<void> {
    if (!await this.#running.waitUntilIdle(timeout_ms)) {
      this.#log.warn("stop.aborts_calls", { calls: this.#running.size });
    }
  }

  async close(why: "disconnected" | "stopping"): Promise<void> {
    this.#running.abortAll(abortReason(why));
    if (this.#reference === null) return;
    await this.#reference.then((reference) => reference.close())
      .catch((error) => this.#log.warn("stdio.close_failed", { error }));
  }

  #receiveRequest(request: JsonRpcRequest): void {
    if (this.#byId.has(request.id)) {
      return this.#writer.write(
        errorText(
          request.id,
          errorCode.invalidRequest,
          "Invalid Request: the id is that of a running request",
        ),
      );
    }
    if (this.#running.size >= maxRunning) {
      return this.#writer.write(
        errorText(request.id, errorCode.refused, `Cannot start the request: ${maxRunning} are running`),
      );
    }
    const envelope = envelopeOf(request);
    const era: Era = envelope === "modern" ? "modern" : "legacy";
    if (envelope === "unclear" || (this.#era !== null && this.#era !== era)) {
      return this.#delegate(request, request.id);
    }

    const call = this.#direct.callOf(request);
    if (call !== null) {
      this.#era ??= era;
      return void this.#call(request, call, era);
    }
    const answer = this.#direct.answer(request, era, localCaller);
    if (answer === null) return this.#delegate(request, request.id);
    if (request.method !== "server/discover") this.#era ??= era;
    if (request.method === "initialize") this.#initialize = request;
    this.#writer.write(answer);
  }

  async #call(request: JsonRpcRequest, call: RequestedCall, era: Era): Promise<void> {
    const running = this.#start(request.id, false);
    const { signal } = running.controller;
    const notify = (text: string) => this.#writer.write(text);
    const answer = await this.#direct.call(request, call, era, { caller: localCaller, signal, notify });
    // A cancelled call is not answered.
    if (!signal.aborted) this.#writer.write(answer);
    this.#finish(request.id, running);
  }

  #receiveNotification(notification: JsonRpcNotification): void {
    if (notification.method === "notifications/initialized") this.#initialized = this.#initialize !== null;
    if (notification.method === "notifications/cancelled") {
      const id = cancelledId(notification);
      const running = id === null ? undefined : this.#byId.get(id);
      running?.controller.abort(abortReason("cancelled"));
      // The SDK does not answer what is cancelled, so nothing else would end it here.
      if (id !== null && running?.delegated) this.#finish(id, running);
    }
    // Only the SDK's side can have asked for any other notification.
    if (this.#reference !== null) this.#delegate(notification, null);
  }

  /**
   * Hands a message to the SDK; an `id` is that of a request, whose answer is waited for when the server
   * stops.
   */
  #delegate(message: unknown, id: RequestId | null): void {
    if (id !== null) this.#start(id, true);
    this.#reference ??= this.#loadReference();
    this.#reference.then((reference) => reference.deliver(message)).catch((error) => {
      this.#log.error("stdio.delegate_failed", { error });
      if (id === null) return;
      this.#writer.write(errorText(id, errorCode.internal, errorReport(error).message));
      this.#finish(id, this.#byId.get(id));
    });
  }

  #start(id: RequestId, delegated: boolean): Running {
    const running = { controller: this.#running.start(), delegated };
    this.#byId.set(id, running);
    return running;
  }

  #finish(id: RequestId, running: Running | undefined): void {
    if (running === undefined) return;
    if (this.#byId.get(id) === running) this.#byId.delete(id);
    this.#running.finish(running.controller);
  }

  #loadReference(): Promise<Reference> {
    return loadReference({
      makeServer: () => makeServer(this.#application, { log: this.#log, caller: localCaller }),
      handshake: this.#initialize,
      send: (text, answered) => {
        this.#writer.write(text);
        if (answered !== null) this.#finish(answered, this.#byId.get(answered));
      },
      log: this.#log,
    });
  }
}

interface Running {
  controller: AbortController;
  /** The SDK answers it. */
  delegated: boolean;
}

/** The SDK's side of the connection. */
interface Reference {
  deliver(message: unknown): void;
  sendListChanged(): Promise<void>;
  sendUpdated(uris: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

interface ReferenceOptions {
  makeServer: () => Promise<Server | McpServer>;
  /** The `initialize` that the SDK has not seen. */
  handshake: JsonRpcRequest | null;
  /** `answered` is the id of the request that the text answers. */
  send: (text: string, answered: RequestId | null) => void;
  log: Log;
}

async function loadReference({ makeServer, handshake, send, log }: ReferenceOptions): Promise<Reference> {
  const [{ serveStdio }, { parseJSONRPCMessage }] = await Promise.all([
    import("@modelcontextprotocol/server/stdio"),
    import("@modelcontextprotocol/server"),
  ]);
  type Wire = NonNullable<NonNullable<Parameters<typeof serveStdio>[1]>["transport"]>;
  let made: Server | McpServer | null = null;
  const wire: Wire = {
    start: () => Promise.resolve(),
    send: (message) => {
      const answered = "method" in message ? null : message.id ?? null;
      if (answered !== handshakeId) send(JSON.stringify(message), answered);
      return Promise.resolve();
    },
    close: () => Promise.resolve(wire.onclose?.()),
  };
  const handle = serveStdio(async () => made = await makeServer(), {
    transport: wire,
    onerror: (error) => log.debug("mcp.reference", { error }),
  });
  if (handshake !== null) {
    wire.onmessage?.({ ...handshake, id: handshakeId });
    wire.onmessage?.({ jsonrpc: "2.0", method: "notifications/initialized" });
  }
  return {
    deliver: (value) => {
      let message;
      try {
        message = parseJSONRPCMessage(value);
      } catch {
        const id = readableId(value);
        return send(
          errorText(id, errorCode.invalidRequest, "Invalid Request: not a JSON-RPC 2.0 message"),
          id,
        );
      }
      wire.onmessage?.(message);
    },
    sendListChanged: async () => {
      if (made !== null) await sendListChanged(made);
    },
    sendUpdated: async (uris) => {
      if (made !== null) await sendUpdated(made, uris);
    },
    close: () => handle.close(),
  };
}

const handshakeId = "sqlwright:handshake";
