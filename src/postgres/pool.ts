/**
 * A bounded pool of connections (`connection.ts`). Each is lent to one caller at a time; waiting callers
 * stand in a queue with a limit in length and in time.
 */

import { SqlwrightError } from "../errors.ts";
import { type CallConnection, type ConnectionOptions, PoolConnection } from "./connection.ts";
import type { SessionFacts } from "./session.ts";

// Whoever borrows from the pool knows them from here.
export type {
  CallConnection,
  ResultColumn,
  RowBytes,
  StatementOptions,
  StatementResult,
  TextRow,
} from "./connection.ts";
export { PoolConnection };

export interface PoolOptions extends ConnectionOptions {
  /** Connections at most. */
  size: number;
  /** Callers that may wait for a connection; one more is refused with `call.busy`. */
  queueSize: number;
  /** How long a caller waits for a connection before `call.busy`. */
  queueTimeout_ms: number;
  /** Shared by the pools of one database. @default this pool's own */
  session?: SessionFacts;
}

/**
 * Lends connections to calls: a {@link Pool}, or what stands for one, such as a rehearsal that is rolled
 * back.
 */
export interface ConnectionSource {
  withConnection<T>(
    signal: AbortSignal | undefined,
    callback: (connection: CallConnection) => Promise<T>,
  ): Promise<T>;
}

interface Waiter {
  resolve: (connection: PoolConnection) => void;
  reject: (error: unknown) => void;
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #session: SessionFacts;
  readonly #idle: PoolConnection[] = [];
  readonly #all = new Set<PoolConnection>();
  readonly #waiting = new Set<Waiter>();
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#session = options.session ?? { isPooled: false };
  }

  /**
   * Lends a connection for the time of the callback. The most recently used one is lent first: its caches are
   * warm.
   */
  async withConnection<T>(
    signal: AbortSignal | undefined,
    callback: (connection: PoolConnection) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    const connection = this.#idle.pop() ?? this.#open() ?? await this.#wait(signal);
    try {
      return await callback(connection);
    } finally {
      this.#release(connection);
    }
  }

  /** A pooler such as PgBouncer stands between. Known once a statement has run. */
  get isPooled(): boolean {
    return this.#session.isPooled;
  }

  /** Connections that exist, those at work, and callers that wait. */
  get usage(): { open: number; busy: number; waiting: number } {
    return { open: this.#all.size, busy: this.#all.size - this.#idle.length, waiting: this.#waiting.size };
  }

  /** Refuses waiting callers, then closes every connection, by force after the timeout. */
  async close(timeout_ms = 1000): Promise<void> {
    this.#isClosed = true;
    for (const waiter of this.#waiting) {
      waiter.reject(new SqlwrightError("call.cancelled", "Cannot run the call: the server is stopping"));
    }
    this.#waiting.clear();
    await Promise.all([...this.#all].map((connection) => connection.close(timeout_ms)));
    this.#all.clear();
    this.#idle.length = 0;
  }

  #open(): PoolConnection | null {
    if (this.#isClosed) {
      throw new SqlwrightError("call.cancelled", "Cannot run the call: the server is stopping");
    }
    if (this.#all.size >= this.#options.size) return null;
    const connection = new PoolConnection(this.#options, this.#session);
    this.#all.add(connection);
    return connection;
  }

  #wait(signal: AbortSignal | undefined): Promise<PoolConnection> {
    const { queueSize, queueTimeout_ms, size } = this.#options;
    if (this.#waiting.size >= queueSize) {
      throw new SqlwrightError(
        "call.busy",
        `Cannot run the call: ${size} calls are running and ${queueSize} are waiting`,
        {
          details: { running: size, waiting: queueSize },
          hint: "Call again in a moment; SQLWRIGHT_POOL_SIZE and SQLWRIGHT_QUEUE_SIZE set the limits",
        },
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<PoolConnection>();
    const waiter: Waiter = { resolve, reject };
    this.#waiting.add(waiter);
    const leave = (error: unknown) => {
      if (this.#waiting.delete(waiter)) reject(error);
    };
    const onAbort = () => leave(signal?.reason);
    const timer = setTimeout(() => {
      leave(
        new SqlwrightError(
          "call.busy",
          `Cannot run the call: no database connection became free within ${queueTimeout_ms} ms`,
          {
            details: { running: size, waited_ms: queueTimeout_ms },
            hint: "Call again in a moment; SQLWRIGHT_POOL_SIZE and SQLWRIGHT_QUEUE_TIMEOUT set the limits",
          },
        ),
      );
    }, queueTimeout_ms);
    signal?.addEventListener("abort", onAbort, { once: true });
    return promise.finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    });
  }

  #release(connection: PoolConnection): void {
    connection.renew();
    for (const waiter of this.#waiting) {
      this.#waiting.delete(waiter);
      waiter.resolve(connection);
      return;
    }
    this.#idle.push(connection);
  }
}

export interface Pools {
  reader: Pool;
  writer: Pool;
  /**
   * Moves the parts of uploads. On its own, so that a load that reads an upload never waits for the other
   * loads.
   */
  uploads: Pool;
}
