/**
 * A bounded pool of connections over postgres.js.
 *
 * Each slot is one postgres.js client with a single connection. A slot is lent to one caller at a time, so a cancel
 * can never reach another caller's statement, and BEGIN, settings, statement and COMMIT can be pipelined in one flush.
 * Waiting callers stand in a queue with a limit in length and in time.
 *
 * Values travel as text in both directions; `codec.ts` turns text into JSON and back. postgres.js would otherwise make
 * dates and floats of them, which is lossy.
 */

import { pipeline } from "node:stream/promises";
import postgres from "postgres";
import { SqlwrightError } from "../errors.ts";
import { describeTarget, driverTarget } from "./connection_url.ts";
import { toDatabaseError } from "./database_error.ts";

export interface PoolOptions {
  url: string;
  /** Connections at most. */
  size: number;
  /** Callers that may wait for a connection; one more is refused with `call.busy`. */
  queueSize: number;
  /** How long a caller waits for a connection before `call.busy`. */
  queueTimeout_ms: number;
  connectTimeout_ms: number;
  /** Run-time parameters of every session, such as `statement_timeout`. */
  parameters: Record<string, string>;
}

/** What a statement answered. */
export interface StatementResult {
  /** Rows affected or returned, from the command tag. */
  count: number;
  /** `SELECT`, `INSERT`, `UPDATE` … */
  command: string;
}

/** A row as Postgres' text output, one entry a column. */
export type TextRow = (string | null)[];

export interface StatementOptions {
  signal?: AbortSignal | undefined;
  /** Called for each row as it arrives. Answer `stop` to cancel the rest of a read. What it throws fails the call. */
  onRow?: (row: TextRow) => void | "stop";
  /** False for statements over objects that live only in the transaction. @default true */
  isPrepared?: boolean;
  /** Cancels the statement from this side, for a server that does not keep its own `statement_timeout`. */
  bound_ms?: number;
}

/** Settings in force for every session, whichever pool. Outputs in ISO forms are what `codec.ts` reads. */
const sessionParameters = {
  application_name: "sqlwright",
  bytea_output: "hex",
  client_min_messages: "warning",
  datestyle: "ISO, YMD",
  extra_float_digits: "1",
  intervalstyle: "iso_8601",
  timezone: "UTC",
};

/** OIDs that postgres.js would convert by default; here they stay text. */
const textTypes = {
  text: {
    to: 25,
    from: [16, 17, 20, 21, 23, 26, 114, 700, 701, 1082, 1114, 1184, 1700, 3802],
    serialize: (value: string) => value,
    parse: (text: string) => text,
  },
};

const preparedStatement = { prepare: true, simple: false };
const unnamedStatement = { prepare: false, simple: false };
const simpleScript = { prepare: false, simple: true };

/** postgres.js keeps the canceller on the query; its public `cancel()` fires once and cannot be awaited. */
interface CancellableQuery extends Promise<unknown> {
  active: boolean;
  canceller: ((query: unknown) => Promise<void>) | null;
}

/**
 * A connection keeps every statement that it has prepared, here and in its backend, and postgres.js cannot give one back. Reloads
 * and the filters of views bring ever new ones, so a connection that holds this many is replaced when it is returned.
 */
const maximumStatements = 500;

/** How often a cancel is repeated while the statement still runs, and for how long before the connection is dropped. */
const cancelRepeat_ms = 25;
const cancelBound_ms = 5000;

/** One connection, lent to one caller. */
export class PoolConnection {
  readonly #options: PoolOptions;
  readonly #target: string;
  #client: postgres.Sql;
  /** False until a statement has succeeded on the present socket: only then is pipelining behind BEGIN safe. */
  #isEstablished = false;
  /** Texts of prepared statements. */
  readonly #prepared = new Set<string>();
  /** Each Describe prepares one more, also of the same text. */
  #described = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#target = describeTarget(options.url);
    this.#client = this.#connect();
  }

  #connect(): postgres.Sql {
    const options = this.#options;
    return postgres({
      ...driverTarget(options.url),
      max: 1,
      idle_timeout: 0,
      // A connection lives as long as the server lets it; rotating would only lose its prepared statements.
      max_lifetime: null,
      connect_timeout: Math.max(1, Math.ceil(options.connectTimeout_ms / 1000)),
      backoff: (retries: number) => Math.min(0.05 * 2 ** retries, 1),
      fetch_types: false,
      types: textTypes,
      connection: { ...sessionParameters, ...options.parameters },
      onnotice: () => {},
      onclose: () => this.#isEstablished = false,
    } as unknown as postgres.Options<Record<string, postgres.PostgresType>>);
  }

  /** Gives up on a connection that answers neither the statement nor the cancel; the next statement opens a new one. */
  #abandon(timeout_ms = 0): void {
    const abandoned = this.#client;
    this.#isEstablished = false;
    this.#prepared.clear();
    this.#described = 0;
    this.#client = this.#connect();
    abandoned.end({ timeout: timeout_ms / 1000 }).catch(() => {});
  }

  /** Called between two callers: a connection that holds too many statements gives way to a new one. */
  renewIfWorn(): void {
    if (this.#prepared.size + this.#described > maximumStatements) this.#abandon(1000);
  }

  /** Runs one statement over the extended protocol, prepared once per connection. */
  async execute(
    text: string,
    parameters: readonly (string | null)[],
    options: StatementOptions = {},
  ): Promise<StatementResult> {
    const { signal, onRow, isPrepared = true, bound_ms } = options;
    signal?.throwIfAborted();
    if (isPrepared) this.#prepared.add(text);
    const query = this.#client.unsafe(
      text,
      parameters as (string | null)[],
      isPrepared ? preparedStatement : unnamedStatement,
    ).values();
    const cancellation = cancellationOf(query as unknown as CancellableQuery, () => this.#abandon());
    let isStopped = false;
    let failure: unknown = null;
    const receive = (row: unknown) => {
      if (isStopped || onRow === undefined) return;
      try {
        if (onRow(row as TextRow) !== "stop") return;
      } catch (error) {
        failure = error;
      }
      isStopped = true;
      cancellation.start();
    };
    const pending = onRow === undefined ? query.execute() : query.forEach(receive);
    const onAbort = () => cancellation.start();
    signal?.addEventListener("abort", onAbort, { once: true });
    const timer = bound_ms === undefined ? undefined : setTimeout(onAbort, bound_ms);
    try {
      const result = await pending as unknown as { count: number | null; command: string };
      this.#isEstablished = true;
      if (failure !== null) throw failure;
      return { count: result.count ?? 0, command: result.command };
    } catch (error) {
      if (failure !== null) throw failure;
      if (isStopped && (error as { code?: unknown }).code === "57014") return { count: 0, command: "SELECT" };
      throw toDatabaseError(error, this.#target);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      await cancellation.finished();
    }
  }

  /**
   * Streams bytes into `copy … from stdin`, with the socket's backpressure. Answers the count of COPY's command tag.
   * When the server refuses a row, its error is thrown and the connection stays usable.
   */
  async copyFrom(
    text: string,
    source: AsyncIterable<Uint8Array>,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    signal?.throwIfAborted();
    const query = this.#client.unsafe(text);
    const cancellation = cancellationOf(query as unknown as CancellableQuery, () => this.#abandon());
    const onAbort = () => cancellation.start();
    try {
      const writable = await query.writable();
      // postgres.js has resolved the query with the stream and would lose both the count and the server's refusal.
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      promise.catch(() => {});
      const settled = query as unknown as {
        resolve: (result: { count: number }) => void;
        reject: (error: Error) => void;
      };
      settled.resolve = (result) => resolve(result.count);
      settled.reject = (error) => {
        reject(error);
        writable.destroy(error);
      };
      cancellation.watch(promise);
      signal?.addEventListener("abort", onAbort, { once: true });
      try {
        await pipeline(source, writable);
      } catch (error) {
        // The server's refusal says more than the broken pipe that it causes; its 57014 only answers our own CopyFail.
        const refusal: unknown = await promise.then(() => null, (reason) => reason);
        if (isServerError(refusal) && !isCopyFailure(refusal)) throw refusal;
        throw error;
      }
      return await promise;
    } catch (error) {
      throw toDatabaseError(error, this.#target);
    } finally {
      signal?.removeEventListener("abort", onAbort);
      await cancellation.finished();
    }
  }

  /** Runs a fixed script of ours (BEGIN with settings, COMMIT) over the simple protocol. Never the text of a query file. */
  async script(text: string): Promise<void> {
    try {
      // Sent now and not when awaited: the order on the wire is the order of the calls.
      await this.#client.unsafe(text, [], simpleScript).execute();
      this.#isEstablished = true;
    } catch (error) {
      throw toDatabaseError(error, this.#target);
    }
  }

  /**
   * Runs `work` between `begin` and COMMIT, all sent in one flush where the connection is known to be up; a failed
   * statement makes the COMMIT a ROLLBACK. Before a first success the BEGIN is awaited: postgres.js reconnects by
   * itself, and a statement must never run on a new connection without its BEGIN.
   */
  async pipelined<T>(begin: string, work: () => Promise<T>): Promise<T> {
    if (!this.#isEstablished) {
      await this.script(begin);
      return await this.#finish(work());
    }
    const begun = this.script(begin);
    const worked = work();
    const committed = this.script("commit");
    const [first, second, third] = await Promise.allSettled([begun, worked, committed]);
    if (first.status === "rejected") throw first.reason;
    if (second.status === "rejected") throw second.reason;
    if (third.status === "rejected") throw third.reason;
    return second.value;
  }

  /** The same for work of several statements that depend on each other: BEGIN first, ROLLBACK when the work fails. */
  async transaction<T>(begin: string, work: () => Promise<T>): Promise<T> {
    await this.script(begin);
    return await this.#finish(work());
  }

  async #finish<T>(working: Promise<T>): Promise<T> {
    let answer: T;
    try {
      answer = await working;
    } catch (error) {
      // A lost connection has rolled back by itself; the first error is the one to tell.
      await this.script("rollback").catch(() => {});
      throw error;
    }
    await this.script("commit");
    return answer;
  }

  /** Parse and Describe only: parameter type OIDs and result columns; nothing runs. */
  async describe(
    text: string,
  ): Promise<{ types: number[]; columns: { name: string; table: number; number: number; type: number }[] }> {
    this.#described++;
    try {
      const statement = await this.#client.unsafe(text).describe();
      const described = statement as unknown as {
        types: number[];
        columns: { name: string; table: number; number: number; type: number }[] | undefined;
      };
      return { types: [...described.types], columns: [...(described.columns ?? [])] };
    } catch (error) {
      throw toDatabaseError(error, this.#target);
    }
  }

  /** Rows of one of our own queries, as objects of text. */
  async rows(text: string, parameters: (string | null)[] = []): Promise<Record<string, string | null>[]> {
    try {
      const rows = await this.#client.unsafe(text, parameters, preparedStatement);
      this.#isEstablished = true;
      return rows.map((row) => ({ ...row })) as Record<string, string | null>[];
    } catch (error) {
      throw toDatabaseError(error, this.#target);
    }
  }

  async close(timeout_ms: number): Promise<void> {
    await this.#client.end({ timeout: timeout_ms / 1000 });
  }
}

/** What a call needs of a connection. */
export type CallConnection = Pick<PoolConnection, "execute" | "pipelined" | "transaction" | "copyFrom">;

/** Lends connections to calls: a {@link Pool}, or what stands for one, such as a rehearsal that is rolled back. */
export interface ConnectionSource {
  withConnection<T>(
    signal: AbortSignal | undefined,
    callback: (connection: CallConnection) => Promise<T>,
  ): Promise<T>;
}

const isServerError = (error: unknown) => /^[0-9A-Z]{5}$/.test(String((error as { code?: unknown })?.code));
/** What the server says when this side ends the stream early: query_canceled. */
const isCopyFailure = (error: unknown) => (error as { code?: unknown }).code === "57014";

/**
 * Cancels a query until it has settled. Cancelling is a race by nature: a request can reach the server before the
 * statement does and is then forgotten, so it is repeated, and bounded.
 */
function cancellationOf(query: CancellableQuery, giveUp: () => void) {
  let running: Promise<void> | null = null;
  let isSettled = false;
  const settle = () => isSettled = true;
  // A COPY is not over when its query resolves, which it does with the stream.
  let watched: Promise<unknown> | null = null;
  const run = async () => {
    const { canceller } = query;
    if (canceller === null) return;
    (watched ?? query).then(settle, settle);
    const deadline_ms = performance.now() + cancelBound_ms;
    while (!isSettled) {
      // The request opens a connection of its own, which a server that hangs does not answer.
      await Promise.race([canceller(query).catch(() => {}), delay(cancelBound_ms)]);
      if (!isSettled) await delay(cancelRepeat_ms);
      if (!isSettled && performance.now() > deadline_ms) return giveUp();
    }
  };
  return {
    start: () => {
      running ??= run();
    },
    watch: (settling: Promise<unknown>) => watched = settling,
    finished: () => running,
  };
}

async function delay(time_ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, time_ms));
}

interface Waiter {
  resolve: (connection: PoolConnection) => void;
  reject: (error: unknown) => void;
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #idle: PoolConnection[] = [];
  readonly #all = new Set<PoolConnection>();
  readonly #waiting = new Set<Waiter>();
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Lends a connection for the time of the callback. The most recently used one is lent first: its caches are warm. */
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
    const connection = new PoolConnection(this.#options);
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
    connection.renewIfWorn();
    for (const waiter of this.#waiting) {
      this.#waiting.delete(waiter);
      waiter.resolve(connection);
      return;
    }
    this.#idle.push(connection);
  }
}
