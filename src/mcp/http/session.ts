/**
 * Sessions of the protocol versions that have them (up to 2025-11-25): what one client's `initialize` has
 * opened over HTTP. Their number is bounded, and so is how long one stays without use.
 *
 * A session holds the SDK's transport and server only once it needs them: for the event stream (GET) and for
 * methods that are not answered directly.
 */
import type {
  EventStore,
  JSONRPCMessage,
  McpServer,
  Server,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import type { Log } from "../../log.ts";
import type { Caller } from "../../tool/caller.ts";
import type { JsonRpcRequest, RequestId } from "../message.ts";

/** The SDK's side of a session. */
export interface SessionLink {
  transport: WebStandardStreamableHTTPServerTransport;
  server: Server | McpServer;
}

export class Session {
  readonly id = crypto.randomUUID();
  /**
   * The `initialize` that was answered directly and that the SDK has not seen; null when the SDK answered it.
   */
  readonly handshake: JsonRpcRequest | null;
  /** Calls under way, by the client's request id. */
  readonly calls = new Map<RequestId, AbortController>();
  link: Promise<SessionLink> | null = null;
  /** Exchanges that the SDK has open: event streams, requests. */
  openExchanges = 0;
  lastUsed_ms = performance.now();

  /** @param owner who opened it, by {@link ownerOf}; nobody else may use it */
  constructor(handshake: JsonRpcRequest | null, readonly owner: string) {
    this.handshake = handshake;
  }

  get isBusy(): boolean {
    return this.calls.size > 0 || this.openExchanges > 0;
  }

  async close(reason: Error): Promise<void> {
    for (const controller of this.calls.values()) controller.abort(reason);
    if (this.link === null) return;
    const { server } = await this.link;
    await server.close();
  }
}

/**
 * Whose a session is: the subject's, whichever token it sends; without one the local user's, or that of all
 * who are unknown.
 */
export function ownerOf({ subject, scopes }: Caller): string {
  return subject !== null ? `subject ${subject}` : scopes === "all" ? "local" : "unknown";
}

export interface SessionLimits {
  maxSessions: number;
  sessionIdle_ms: number;
}

export class SessionTable {
  readonly #sessions = new Map<string, Session>();
  readonly #limits: SessionLimits;
  readonly #log: Log;
  readonly #sweeper: ReturnType<typeof setInterval>;

  constructor(limits: SessionLimits, log: Log) {
    this.#limits = limits;
    this.#log = log;
    this.#sweeper = setInterval(() => this.#sweep(), Math.min(limits.sessionIdle_ms / 2, 30_000));
  }

  get size(): number {
    return this.#sessions.size;
  }

  all(): Iterable<Session> {
    return this.#sessions.values();
  }

  /** Adds the session; at the limit the one longest without use makes room. False when all are in use. */
  add(session: Session): boolean {
    if (this.#sessions.size >= this.#limits.maxSessions) {
      let oldest: Session | null = null;
      for (const other of this.#sessions.values()) {
        if (!other.isBusy && (oldest === null || other.lastUsed_ms < oldest.lastUsed_ms)) oldest = other;
      }
      if (oldest === null) return false;
      this.#remove(oldest, "session.evicted");
    }
    this.#sessions.set(session.id, session);
    return true;
  }

  /** The owner's session, marked as used now; another's is as one that is not there. */
  use(id: string, owner: string): Session | null {
    const session = this.#sessions.get(id);
    if (session === undefined || session.owner !== owner) return null;
    session.lastUsed_ms = performance.now();
    return session;
  }

  delete(session: Session): void {
    this.#sessions.delete(session.id);
  }

  async closeAll(reason: Error): Promise<void> {
    clearInterval(this.#sweeper);
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    for (
      const { status, reason: error } of await Promise.allSettled(sessions.map((one) => one.close(reason)))
        .then(rejected)
    ) {
      this.#log.warn("session.close_failed", { status, error });
    }
  }

  #sweep(): void {
    const oldest_ms = performance.now() - this.#limits.sessionIdle_ms;
    for (const session of this.#sessions.values()) {
      if (!session.isBusy && session.lastUsed_ms < oldest_ms) this.#remove(session, "session.expired");
    }
  }

  #remove(session: Session, event: string): void {
    this.#sessions.delete(session.id);
    this.#log.debug(event, { sessions: this.#sessions.size });
    session.close(new Error("The session has expired")).catch((error) =>
      this.#log.warn("session.close_failed", { error })
    );
  }
}

/**
 * What a client missed while its event stream was down. Oldest events go first when it is full; a client that
 * resumes from an event that is gone is refused rather than given a history with a hole.
 */
export class BoundedEventStore implements EventStore {
  readonly #events = new Map<string, { streamId: string; message: JSONRPCMessage; chars: number }>();
  #chars = 0;
  #count = 0;

  storeEvent(streamId: string, message: JSONRPCMessage): Promise<string> {
    const chars = JSON.stringify(message).length;
    const eventId = `${streamId}_${++this.#count}`;
    this.#events.set(eventId, { streamId, message, chars });
    this.#chars += chars;
    for (const [oldest, event] of this.#events) {
      if (this.#events.size <= maxStoredEvents && this.#chars <= maxStoredChars) break;
      this.#events.delete(oldest);
      this.#chars -= event.chars;
    }
    return Promise.resolve(eventId);
  }

  getStreamIdForEventId(eventId: string): Promise<string | undefined> {
    return Promise.resolve(this.#events.get(eventId)?.streamId);
  }

  async replayEventsAfter(
    lastEventId: string,
    { send }: { send: (eventId: string, message: JSONRPCMessage) => Promise<void> },
  ): Promise<string> {
    const streamId = this.#events.get(lastEventId)?.streamId;
    if (streamId === undefined) {
      throw new Error(`Cannot resume after event "${lastEventId}": it is not kept any more`);
    }
    let found = false;
    for (const [eventId, event] of this.#events) {
      // An event without content only marks where a stream begins.
      if (found && event.streamId === streamId && Object.keys(event.message).length > 0) {
        await send(eventId, event.message);
      }
      if (eventId === lastEventId) found = true;
    }
    return streamId;
  }
}

const maxStoredEvents = 256;
const maxStoredChars = 1024 * 1024;

function rejected(outcomes: PromiseSettledResult<void>[]): PromiseRejectedResult[] {
  return outcomes.filter((outcome) => outcome.status === "rejected");
}
