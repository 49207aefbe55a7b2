/**
 * One connection, which lives through lost sockets. It is lent to one caller at a time, so a cancel can never
 * reach another caller's statement, and BEGIN, settings, statement and COMMIT are pipelined in one flush.
 *
 * Behind a pooler such as PgBouncer the same holds for each transaction instead of each session
 * (`session.ts`). Every socket is asked which of the two it is before a statement of a caller goes over it.
 */

import { SqlwrightError } from "../errors.ts";
import { cancellationOf } from "./cancellation.ts";
import { isStalePlan, toDatabaseError } from "./database_error.ts";
import {
  backendQuestion,
  isSettingRefusal,
  isStartRefusal,
  pooledBegin,
  pooledParameters,
  type SessionFacts,
  sessionParameters,
  transactionStep,
} from "./session.ts";
import { describeTarget, type Target } from "./target/model.ts";
import { Secrets } from "./target/secrets.ts";
import { readTarget } from "./target/target.ts";
import { openSession } from "./wire/open.ts";
import { ConnectionEnded } from "./wire/protocol_error.ts";
import type { ResultColumn, RowBytes, TextRow } from "./wire/rows.ts";
import type { Sent, Session, StatementResult } from "./wire/session.ts";

export type { ResultColumn, RowBytes, StatementResult, TextRow };

export interface ConnectionOptions {
  /** A connection string, or what it came to. */
  url: string | Target;
  /** Shared by all that connect to one database: commands are run once for all. @default its own */
  secrets?: Secrets;
  connectTimeout_ms: number;
  /** Run-time parameters of every session, such as `statement_timeout`. */
  parameters: Record<string, string>;
}

export interface StatementOptions {
  signal?: AbortSignal | undefined;
  /**
   * Called for each row as it arrives. Answer `stop` to cancel the rest of a read. What it throws fails the
   * call.
   */
  onRow?: (row: TextRow) => void | "stop";
  /** The same for the bytes of a row, in place of `onRow`; valid for the call. */
  onRowBytes?: (row: RowBytes) => void;
  /** Called with the columns of this execution, before its first row. What it throws fails the call. */
  onColumns?: (columns: readonly ResultColumn[]) => void;
  /** Asked after each piece of rows that came together: the next one is read when it resolves. */
  whenDrained?: () => Promise<void> | null;
  /** False for statements over objects that live only in the transaction. @default true */
  isPrepared?: boolean;
  /** Cancels the statement from this side, for a server that does not keep its own `statement_timeout`. */
  bound_ms?: number;
}

const rollbackBound_ms = 5000;

/** One connection, lent to one caller. */
export class PoolConnection {
  readonly #options: ConnectionOptions;
  readonly #facts: SessionFacts;
  /** Where the database is, for messages. */
  readonly #place: string;
  readonly #target: Target;
  readonly #secrets: Secrets;
  /** Null until it is opened, and after it was lost. */
  #wire: Session | null = null;
  /** Of the present session: it is shared with strangers, a pooler's. */
  #isPooled = false;
  #establishing: Promise<void> | null = null;
  /**
   * The session of the transaction that is open. A statement of it never goes over another one, where it
   * would stand alone.
   */
  #transaction: Session | null = null;
  /** The end of what was sent alone, in a transaction of its own: two of them must not mix. */
  #alone: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: ConnectionOptions, facts: SessionFacts) {
    this.#options = options;
    this.#facts = facts;
    this.#target = typeof options.url === "string" ? readTarget(options.url) : options.url;
    this.#place = describeTarget(this.#target);
    this.#secrets = options.secrets ?? new Secrets();
  }

  /** A pooler stands between. Known once a statement has run. */
  get isPooled(): boolean {
    return this.#isPooled;
  }

  /** The session to send to; opened where there is none. */
  async #ready(signal?: AbortSignal): Promise<Session> {
    if (this.#transaction !== null) return this.#transaction;
    while (this.#wire === null) await this.#establish(signal);
    return this.#wire;
  }

  /**
   * Gives up on a connection that answers neither the statement nor the cancel; the next statement opens a
   * new one.
   * @param timeout_ms what waits gets so long to end
   */
  #abandon(timeout_ms = 0): void {
    const abandoned = this.#wire;
    this.#wire = null;
    this.#transaction = null;
    if (abandoned !== null) closeWithin(abandoned, timeout_ms);
  }

  /**
   * Opens the session and finds out what it is. The wait ends with the signal; the work goes on for the next
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
    if (!this.#facts.isPooled) {
      const own = { ...sessionParameters, ...this.#options.parameters };
      const session = await this.#open(own).catch((error) => {
        if (isStartRefusal(error)) return null;
        throw refusedSetting(error, this.#place) ?? toDatabaseError(error, this.#place);
      });
      if (session?.isBackend) return this.#adopt(session.wire, false);
      session?.wire.destroy(ended("CONNECTION_ENDED"));
      this.#facts.isPooled = true;
    }
    const session = await this.#open(pooledParameters).catch((error) => {
      throw isStartRefusal(error)
        ? refusedByPooler(error, this.#place, this.#target)
        : toDatabaseError(error, this.#place);
    });
    this.#adopt(session.wire, true);
  }

  #adopt(session: Session, isPooled: boolean): void {
    if (this.#isClosed) {
      session.destroy(ended("CONNECTION_ENDED"));
      throw toDatabaseError(ended("CONNECTION_ENDED"), this.#place);
    }
    session.onEnd = () => {
      if (this.#wire === session) this.#wire = null;
    };
    this.#isPooled = isPooled;
    this.#wire = session.isEnded ? null : session;
  }

  /** A session, and whether the process that answers is the one that was said at the start. */
  async #open(parameters: Readonly<Record<string, string>>): Promise<{ wire: Session; isBackend: boolean }> {
    const { connectTimeout_ms } = this.#options;
    const wire = await openSession({
      target: this.#target,
      secrets: this.#secrets,
      parameters,
      timeout_ms: connectTimeout_ms,
    });
    // A pooler accepts at once and may let the first statement wait for a session.
    const timer = setTimeout(() => wire.destroy(ended("CONNECT_TIMEOUT")), connectTimeout_ms);
    try {
      let process = "";
      await wire.execute(backendQuestion, [], { onRow: ([pid]) => void (process = pid ?? "") }, false).answer;
      return { wire, isBackend: Number(process) === wire.process };
    } catch (error) {
      wire.destroy(error);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Called between two callers: one that leaves a transaction behind would give it to the next. */
  renew(): void {
    if (this.#transaction !== null) this.#abandon(1000);
  }

  /** Runs one statement over the extended protocol, prepared once per connection. */
  async execute(
    text: string,
    parameters: readonly (string | null)[],
    options: StatementOptions = {},
  ): Promise<StatementResult> {
    const { signal } = options;
    signal?.throwIfAborted();
    if (this.#transaction === null && this.#wire === null) await this.#establish(signal);
    if (this.#transaction !== null || !this.#isPooled) return await this.#execute(text, parameters, options);
    return await this.#runAlone(() => this.#execute(text, parameters, options));
  }

  /** The session that is there, without a wait: what is sent in one moment goes out in one flush. */
  #present(): Session {
    const session = this.#transaction ?? this.#wire;
    if (session === null) throw toDatabaseError(ended("CONNECTION_CLOSED"), this.#place);
    return session;
  }

  async #execute(
    text: string,
    parameters: readonly (string | null)[],
    { signal, onRow, onRowBytes, onColumns, whenDrained, isPrepared = true, bound_ms }: StatementOptions,
  ): Promise<StatementResult> {
    signal?.throwIfAborted();
    const session = this.#present();
    let isStopped = false;
    /** What the caller's own functions threw: it is told as it is. */
    let failure: { error: unknown } | null = null as { error: unknown } | null;
    const receiver = <R>(receive: ((row: R) => void | "stop") | undefined) =>
      receive && ((row: R) => {
        let answer: void | "stop" = "stop";
        try {
          answer = receive(row);
        } catch (error) {
          failure ??= { error };
        }
        if (answer !== "stop") return;
        // The server shall stop as well.
        isStopped = true;
        cancellation.start();
        return "stop" as const;
      });
    const sent = session.execute(
      text,
      parameters,
      {
        onRow: receiver(onRow),
        onRowBytes: receiver(onRowBytes),
        onColumns,
        whenDrained: whenDrained && (() =>
          whenDrained()?.catch((error) => {
            failure ??= { error };
            cancellation.start();
            throw error;
          }) ?? null),
      },
      isPrepared && !this.#isPooled,
    );
    const cancellation = this.#cancellation(session, sent);
    const onAbort = () => cancellation.start();
    signal?.addEventListener("abort", onAbort, { once: true });
    const timer = bound_ms === undefined ? undefined : setTimeout(onAbort, bound_ms);
    try {
      const result = await sent.answer;
      if (failure !== null) throw failure.error;
      return result;
    } catch (error) {
      if (failure !== null) throw failure.error;
      // What was prepared is made anew the next time.
      if (isStalePlan(error)) session.forget(text);
      if (isStopped && (error as { code?: unknown }).code === "57014") return { count: 0, command: "SELECT" };
      throw toDatabaseError(error, this.#place);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      await cancellation.finished();
    }
  }

  #cancellation(session: Session, { answer, isActive }: Sent<unknown>) {
    return cancellationOf({
      settled: answer,
      isActive,
      cancel: (signal) => session.cancel(signal),
      giveUp: () => {
        session.destroy(ended("CONNECTION_CLOSED"));
      },
    });
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
    const session = await this.#ready(signal);
    const sent = session.copyIn(text, source);
    const cancellation = this.#cancellation(session, sent);
    const onAbort = () => cancellation.start();
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await sent.answer;
    } catch (error) {
      throw toDatabaseError(error, this.#place);
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
    if (this.#transaction === null && this.#wire === null) await this.#establish();
    const isAlone = this.#isPooled && this.#transaction === null && transactionStep(text) === null;
    await (isAlone ? this.#runAlone(() => this.#script(text)) : this.#script(text));
  }

  /** Sent now and not when awaited: the order on the wire is the order of the calls. */
  async #script(text: string): Promise<void> {
    const step = transactionStep(text);
    const session = this.#present();
    if (step !== null) this.#transaction = step === "begin" ? session : null;
    const parts = step === "begin" && this.#isPooled ? pooledBegin(text, this.#options.parameters) : [text];
    try {
      await Promise.all(parts.map((part) => session.script(part).answer));
    } catch (error) {
      throw toDatabaseError(error, this.#place);
    }
  }

  /**
   * A statement that no transaction of the caller holds, over a shared session: one of its own, with our
   * settings.
   */
  async #runAlone<T>(work: () => Promise<T>): Promise<T> {
    const running = this.#alone.then(async () => {
      // The session may have been lost while others had their turn.
      await this.#ready();
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
    await this.#ready();
    return await this.#pipeline(begin, work);
  }

  async #pipeline<T>(begin: string, work: () => Promise<T>): Promise<T> {
    const begun = this.#script(begin);
    const worked = work();
    const committed = this.#script("commit");
    const [first, second, third] = await Promise.allSettled([begun, worked, committed]);
    if (first.status === "rejected") throw first.reason;
    if (second.status === "rejected") throw second.reason;
    if (third.status === "rejected") throw third.reason;
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
    const session = await this.#ready();
    let answer: T;
    try {
      const [begun, opened] = await Promise.allSettled([this.script(begin), first()]);
      if (begun.status === "rejected") throw begun.reason;
      if (opened.status === "rejected") throw opened.reason;
      answer = await work(opened.value);
    } catch (error) {
      // A lost session has rolled back by itself; the first error is the one to tell.
      if (session.isEnded) this.#transaction = null;
      else await this.#rollback(session);
      throw error;
    }
    await this.script("commit");
    return answer;
  }

  /**
   * A socket that breaks at this moment may never answer: the connection is given up then, which rolls back
   * as well.
   */
  async #rollback(session: Session): Promise<void> {
    const timer = setTimeout(() => session.destroy(ended("CONNECTION_CLOSED")), rollbackBound_ms);
    await this.script("rollback").catch(() => {});
    clearTimeout(timer);
  }

  /** Parse and Describe only: parameter type OIDs and result columns; nothing runs. */
  async describe(text: string): Promise<{ types: number[]; columns: readonly ResultColumn[] }> {
    await this.#ready();
    // The settings decide what a text means, also where nothing runs.
    const isAlone = this.#isPooled && this.#transaction === null;
    return await (isAlone ? this.#runAlone(() => this.#describe(text)) : this.#describe(text));
  }

  async #describe(text: string): Promise<{ types: number[]; columns: readonly ResultColumn[] }> {
    try {
      return await this.#present().describe(text).answer;
    } catch (error) {
      throw toDatabaseError(error, this.#place);
    }
  }

  /** Rows of one of our own queries, as objects of text. */
  async rows(text: string, parameters: (string | null)[] = []): Promise<Record<string, string | null>[]> {
    let names: string[] = [];
    const rows: Record<string, string | null>[] = [];
    await this.execute(text, parameters, {
      onColumns: (columns) => names = columns.map(({ name }) => name),
      onRow: (row) => void rows.push(Object.fromEntries(row.map((value, index) => [names[index]!, value]))),
    });
    return rows;
  }

  /** What waits gets so long to end. */
  async close(timeout_ms: number): Promise<void> {
    this.#isClosed = true;
    const session = this.#wire;
    this.#wire = null;
    if (session !== null) await closeWithin(session, timeout_ms);
  }
}

async function closeWithin(session: Session, timeout_ms: number): Promise<void> {
  const timer = setTimeout(() => session.destroy(ended("CONNECTION_DESTROYED")), timeout_ms);
  await session.idle();
  await session.close();
  clearTimeout(timer);
}

function ended(code: string): ConnectionEnded {
  return new ConnectionEnded(code, "the connection was closed from this side");
}

/** What a call needs of a connection. */
export type CallConnection = Pick<
  PoolConnection,
  "execute" | "pipelined" | "transaction" | "copyFrom" | "script" | "rows"
>;

/** The words are the server's: they name the setting. */
function refusedSetting(error: unknown, place: string): SqlwrightError | null {
  if (!isSettingRefusal(error)) return null;
  return new SqlwrightError(
    "database.refused",
    `The server at ${place} refuses a setting of the session: ${(error as Error).message}`,
    {
      hint: "It decides what a statement means, so nothing runs without it. Let the login set it, or " +
        "connect to PostgreSQL itself",
      cause: error,
    },
  );
}

/** The words are the pooler's: its codes say little. */
function refusedByPooler(error: unknown, place: string, { options }: Target): SqlwrightError {
  return new SqlwrightError(
    "database.refused",
    `The connection pooler at ${place} refuses the login: ${(error as Error).message}`,
    {
      hint: options === null
        ? "Check the user, the password and the database of DATABASE_URL, and the pooler's log"
        : "Take options out of DATABASE_URL or PGOPTIONS: a pooler does not pass them on. Its log says more",
      cause: error,
    },
  );
}
