/**
 * One connection, which lives through lost sockets. It is lent to one caller at a time, so a cancel can never
 * reach another caller's statement, and BEGIN, settings, statement and COMMIT are pipelined in one flush.
 *
 * Behind a pooler such as PgBouncer the same holds for each transaction instead of each session
 * (`session.ts`). Every socket is asked which of the two it is before a statement of a caller goes over it.
 */

import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type postgres from "postgres";
import { SqlwrightError } from "../errors.ts";
import { type CancellableQuery, cancellationOf } from "./cancellation.ts";
import { describeTarget } from "./connection_url.ts";
import { toDatabaseError } from "./database_error.ts";
import { openDriver, preparedStatement, simpleScript, unnamedStatement } from "./driver.ts";
import {
  backendQuestion,
  isStartRefusal,
  pooledBegin,
  pooledParameters,
  type SessionFacts,
  sessionParameters,
  transactionStep,
} from "./session.ts";

export interface ConnectionOptions {
  url: string;
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
  /**
   * Called for each row as it arrives. Answer `stop` to cancel the rest of a read. What it throws fails the
   * call.
   */
  onRow?: (row: TextRow) => void | "stop";
  /** False for statements over objects that live only in the transaction. @default true */
  isPrepared?: boolean;
  /** Cancels the statement from this side, for a server that does not keep its own `statement_timeout`. */
  bound_ms?: number;
}

/**
 * A connection keeps every statement that it has prepared, here and in its backend, and postgres.js cannot
 * give one back. Reloads and the filters of views bring ever new ones, so a connection that holds this many
 * is replaced when it is returned.
 */
const maximumStatements = 500;

const rollbackBound_ms = 5000;

/** One connection, lent to one caller. */
export class PoolConnection {
  readonly #options: ConnectionOptions;
  readonly #session: SessionFacts;
  readonly #target: string;
  #client: postgres.Sql;
  /** Of the present client: it was opened as a shared session. */
  #isPooled = false;
  /**
   * False until the present socket is known to be a session of its own with our settings, or is used as a
   * shared one. A statement must never run on a new connection without its settings or its BEGIN, and
   * postgres.js reconnects by itself.
   */
  #isEstablished = false;
  #establishing: Promise<void> | null = null;
  #isInTransaction = false;
  /** How many sockets were lost. */
  #losses = 0;
  /** The end of what was sent alone, in a transaction of its own: two of them must not mix. */
  #alone: Promise<unknown> = Promise.resolve();
  /** Texts of prepared statements. */
  readonly #prepared = new Set<string>();
  /** Each Describe prepares one more, also of the same text. */
  #described = 0;

  constructor(options: ConnectionOptions, session: SessionFacts) {
    this.#options = options;
    this.#session = session;
    this.#target = describeTarget(options.url);
    this.#client = this.#connect();
  }

  /** A pooler stands between. Known once a statement has run. */
  get isPooled(): boolean {
    return this.#isPooled;
  }

  #connect(): postgres.Sql {
    const options = this.#options;
    this.#isPooled = this.#session.isPooled;
    const client = openDriver({
      url: options.url,
      connectTimeout_ms: options.connectTimeout_ms,
      parameters: this.#isPooled ? pooledParameters : { ...sessionParameters, ...options.parameters },
      prepares: !this.#isPooled,
      onClose: () => {
        if (client === this.#client) this.#forgetSocket();
      },
    });
    return client;
  }

  #forgetSocket(): void {
    this.#losses++;
    this.#isEstablished = false;
    this.#isInTransaction = false;
  }

  /**
   * Gives up on a connection that answers neither the statement nor the cancel; the next statement opens a
   * new one.
   */
  #abandon(timeout_ms = 0): void {
    const abandoned = this.#client;
    this.#forgetSocket();
    this.#prepared.clear();
    this.#described = 0;
    this.#client = this.#connect();
    abandoned.end({ timeout: timeout_ms / 1000 }).catch(() => {});
  }

  /**
   * Opens the socket and finds out what it is. The wait ends with the signal; the work goes on for the next
   * caller.
   */
  async #establish(signal?: AbortSignal): Promise<void> {
    this.#establishing ??= this.#findKind().finally(() => this.#establishing = null);
    if (signal === undefined) return await this.#establishing;
    const { promise, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await Promise.race([this.#establishing, promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #findKind(): Promise<void> {
    // Another connection has found it out since this one was made.
    if (this.#session.isPooled && !this.#isPooled) this.#abandon();
    if (!this.#isPooled) {
      const isDirect = await this.#isBackend().catch((error) => {
        if (isStartRefusal(error)) return false;
        throw toDatabaseError(error, this.#target);
      });
      if (isDirect) return void (this.#isEstablished = true);
      this.#session.isPooled = true;
      this.#abandon();
    }
    await this.#isBackend().catch((error) => {
      throw isStartRefusal(error)
        ? refusedByPooler(error, this.#target)
        : toDatabaseError(error, this.#target);
    });
    this.#isEstablished = true;
  }

  /** Whether the process that answers is the one that was said at the start. */
  async #isBackend(): Promise<boolean> {
    let isLate = false;
    // The driver bounds the connecting. A pooler accepts at once and may let the first statement wait for a
    // session.
    const timer = setTimeout(() => {
      isLate = true;
      this.#abandon();
    }, 2 * this.#options.connectTimeout_ms);
    try {
      const answer = await this.#client.unsafe(backendQuestion, [], simpleScript);
      return Number(answer[0]?.pid) === answer.state.pid;
    } catch (error) {
      throw isLate
        ? Object.assign(new Error("no answer", { cause: error }), { code: "CONNECT_TIMEOUT" })
        : error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Called between two callers: a connection that holds too many statements gives way to a new one. */
  renewIfWorn(): void {
    // A caller that leaves a transaction behind would give it to the next.
    if (this.#isInTransaction || this.#prepared.size + this.#described > maximumStatements) {
      this.#abandon(1000);
    }
  }

  /** Runs one statement over the extended protocol, prepared once per connection. */
  async execute(
    text: string,
    parameters: readonly (string | null)[],
    options: StatementOptions = {},
  ): Promise<StatementResult> {
    const { signal } = options;
    signal?.throwIfAborted();
    if (!this.#isEstablished) await this.#establish(signal);
    if (!this.#isPooled || this.#isInTransaction) return await this.#execute(text, parameters, options);
    return await this.#runAlone(() => this.#execute(text, parameters, options));
  }

  async #execute(
    text: string,
    parameters: readonly (string | null)[],
    { signal, onRow, isPrepared = true, bound_ms }: StatementOptions,
  ): Promise<StatementResult> {
    signal?.throwIfAborted();
    const query = this.#statement(text, parameters, isPrepared).values();
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

  #statement(text: string, parameters: readonly (string | null)[], isPrepared: boolean) {
    if (isPrepared && !this.#isPooled) {
      this.#prepared.add(text);
      return this.#client.unsafe(text, parameters as (string | null)[], preparedStatement);
    }
    const query = this.#client.unsafe(text, [], unnamedStatement);
    // Given as arguments, postgres.js would ask for their types first, which costs a round trip and the
    // pipelining.
    (query as unknown as { parameters: unknown[] }).parameters = [...parameters];
    return query;
  }

  /**
   * Streams bytes into `copy … from stdin`, with the socket's backpressure. Answers the count of COPY's
   * command tag. When the server refuses a row, its error is thrown and the connection stays usable.
   */
  async copyFrom(
    text: string,
    source: AsyncIterable<Uint8Array>,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    signal?.throwIfAborted();
    if (!this.#isEstablished) await this.#establish(signal);
    const query = this.#client.unsafe(text);
    const cancellation = cancellationOf(query as unknown as CancellableQuery, () => this.#abandon());
    const onAbort = () => cancellation.start();
    try {
      const writable = await query.writable();
      // postgres.js has resolved the query with the stream and would lose both the count and the server's
      // refusal.
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      promise.catch(() => {});
      const settled = query as unknown as {
        active: boolean;
        resolve: (result: { count: number }) => void;
        reject: (error: Error) => void;
      };
      settled.resolve = (result) => resolve(result.count);
      settled.reject = (error) => {
        reject(error);
        writable.destroy(error);
      };
      shortenCopyFail(writable);
      settled.active = true;
      cancellation.watch(promise);
      signal?.addEventListener("abort", onAbort, { once: true });
      try {
        await pipeline(source, writable);
      } catch (error) {
        // The server's refusal says more than the broken pipe that it causes; its 57014 only answers our own
        // CopyFail.
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

  /**
   * Runs a fixed script of ours (BEGIN with settings, COMMIT) over the simple protocol. Never the text of a
   * query file.
   */
  async script(text: string): Promise<void> {
    if (!this.#isEstablished) await this.#establish();
    const isAlone = this.#isPooled && !this.#isInTransaction && transactionStep(text) === null;
    await (isAlone ? this.#runAlone(() => this.#script(text)) : this.#script(text));
  }

  /** Sent now and not when awaited: the order on the wire is the order of the calls. */
  async #script(text: string): Promise<void> {
    const step = transactionStep(text);
    if (step !== null) this.#isInTransaction = step === "begin";
    const parts = step === "begin" && this.#isPooled ? pooledBegin(text, this.#options.parameters) : [text];
    try {
      await Promise.all(parts.map((part) => this.#client.unsafe(part, [], simpleScript).execute()));
    } catch (error) {
      throw toDatabaseError(error, this.#target);
    }
  }

  /**
   * A statement that no transaction of the caller holds, over a shared session: one of its own, with our
   * settings.
   */
  async #runAlone<T>(work: () => Promise<T>): Promise<T> {
    const running = this.#alone.then(async () => {
      // The socket may have been lost while others had their turn.
      if (!this.#isEstablished) await this.#establish();
      return await this.#pipeline("begin", work);
    });
    this.#alone = running.catch(() => {});
    return await running;
  }

  /**
   * Runs `work` between `begin` and COMMIT, all sent in one flush; a failed statement makes the COMMIT a
   * ROLLBACK. `work` sends its statement before it awaits anything.
   */
  async pipelined<T>(begin: string, work: () => Promise<T>): Promise<T> {
    if (!this.#isEstablished) await this.#establish();
    return await this.#pipeline(begin, work);
  }

  async #pipeline<T>(begin: string, work: () => Promise<T>): Promise<T> {
    const losses = this.#losses;
    const begun = this.#script(begin);
    const worked = work();
    const committed = this.#script("commit");
    const [first, second, third] = await Promise.allSettled([begun, worked, committed]);
    if (first.status === "rejected") throw first.reason;
    if (second.status === "rejected") throw second.reason;
    if (third.status === "rejected") throw third.reason;
    this.#requireSocket(losses);
    return second.value;
  }

  /**
   * The same for work of several statements that depend on each other: BEGIN first, ROLLBACK when the work
   * fails.
   * @param first sent in one flush with BEGIN, and at once: one statement that would do no harm without it
   */
  async transaction<T, F = void>(
    begin: string,
    work: (first: F) => Promise<T>,
    first: () => Promise<F> = () => Promise.resolve(undefined as F),
  ): Promise<T> {
    if (!this.#isEstablished) await this.#establish();
    const losses = this.#losses;
    let answer: T;
    try {
      const [begun, opened] = await Promise.allSettled([this.script(begin), first()]);
      if (begun.status === "rejected") throw begun.reason;
      if (opened.status === "rejected") throw opened.reason;
      // What follows would run outside of the transaction.
      this.#requireSocket(losses);
      answer = await work(opened.value);
    } catch (error) {
      // A lost connection has rolled back by itself; the first error is the one to tell.
      if (losses === this.#losses) await (isLostConnection(error) ? this.#abandon() : this.#rollback());
      throw error;
    }
    await this.script("commit");
    this.#requireSocket(losses);
    return answer;
  }

  /**
   * A socket that breaks at this moment may never answer: the connection is given up then, which rolls back
   * as well.
   */
  async #rollback(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.#abandon();
      resolve();
    }, rollbackBound_ms);
    await Promise.race([this.script("rollback").catch(() => {}), promise]);
    clearTimeout(timer);
  }

  /**
   * A COMMIT that had to wait may have gone over a new connection, where it commits nothing and is no error.
   */
  #requireSocket(losses: number): void {
    if (losses !== this.#losses) throw toDatabaseError({ code: "CONNECTION_CLOSED" }, this.#target);
  }

  /** Parse and Describe only: parameter type OIDs and result columns; nothing runs. */
  async describe(
    text: string,
  ): Promise<{ types: number[]; columns: { name: string; table: number; number: number; type: number }[] }> {
    if (!this.#isEstablished) await this.#establish();
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
    if (!this.#isEstablished) await this.#establish();
    if (!this.#isPooled || this.#isInTransaction) return await this.#rows(text, parameters);
    return await this.#runAlone(() => this.#rows(text, parameters));
  }

  async #rows(text: string, parameters: (string | null)[]): Promise<Record<string, string | null>[]> {
    try {
      const rows = await this.#statement(text, parameters, true);
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
export type CallConnection = Pick<
  PoolConnection,
  "execute" | "pipelined" | "transaction" | "copyFrom" | "script" | "rows"
>;

/** The words are the pooler's: its codes say little. */
function refusedByPooler(error: unknown, place: string): SqlwrightError {
  return new SqlwrightError(
    "database.refused",
    `The connection pooler at ${place} refuses the login: ${(error as Error).message}`,
    {
      hint: "Check the user, the password and the database of DATABASE_URL, and the pooler's log",
      cause: error,
    },
  );
}

/**
 * When a COPY ends early, postgres.js sends the whole error's text as CopyFail, which PostgreSQL's own
 * refusal is as well. PostgreSQL ends a session that sends one of more than 10,000 bytes, and one long value
 * makes such a refusal.
 */
function shortenCopyFail(writable: Writable): void {
  const destroy = writable._destroy.bind(writable);
  writable._destroy = (error, callback) =>
    destroy(error === null ? null : new Error("the source ended early"), () => callback(error));
}

const isLostConnection = (error: unknown) =>
  error instanceof SqlwrightError && error.code === "database.lost";
const isServerError = (error: unknown) => /^[0-9A-Z]{5}$/.test(String((error as { code?: unknown })?.code));
/** What the server says when this side ends the stream early: query_canceled. */
const isCopyFailure = (error: unknown) => (error as { code?: unknown }).code === "57014";
