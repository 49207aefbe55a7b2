/**
 * SEC's ten requests a second, for all that ask together. Requests get slots on one clock, one after the
 * other with the same distance, so no second ever holds more than the rate; there are no bursts that a second
 * of another phase could add up. The clock is this process's own, or Redis' for several
 * (`shared_state/redis.ts`), handed in by whoever composes the two.
 */

import type { Log } from "sqlwright";
import { SqlwrightError } from "../errors.ts";

/**
 * One sequence of slots, shared by all that hold the same clock. Times are durations, so that no two
 * machines' clocks are compared.
 */
export interface SlotClock {
  /** Where it counts, for the log: `process` or `redis`. */
  readonly scope: string;
  /** Reserves the next slot, `interval_ms` after the one before; or none, while blocked. */
  next(interval_ms: number): Promise<Slot>;
  /** Nobody gets a slot for so long; a longer block that is there stays. */
  block(time_ms: number): Promise<void>;
}

export interface Slot {
  /** Until the slot, or until the end of the block. */
  wait_ms: number;
  /** No slot was reserved. */
  isBlocked: boolean;
}

export interface LimiterOptions {
  /** Requests a second, at most SEC's ten. */
  rate: number;
  /** Told when a block begins to be waited for. @default nobody */
  onBlocked?: (wait_ms: number) => void;
}

/**
 * Slots stand a tenth farther apart than the rate asks: eleven requests then span 1.1 s, and a request may be
 * late by 100 ms without two seconds' worth of requests meeting in one.
 */
const distanceFactor = 1.1;
/**
 * A slot that is used later than this, because this process or the clock's answer was slow, is given up for a
 * new one.
 */
const lateness_ms = 50;
/** A wait beyond this is asked for again: a block may have begun in the meantime. */
const longestWait_ms = 5_000;

export class RequestLimiter {
  readonly scope: string;
  readonly #clock: SlotClock;
  readonly #interval_ms: number;
  readonly #onBlocked: (wait_ms: number) => void;

  constructor(clock: SlotClock, { rate, onBlocked = () => {} }: LimiterOptions) {
    this.scope = clock.scope;
    this.#clock = clock;
    this.#interval_ms = 1000 / Math.min(rate, 10) * distanceFactor;
    this.#onBlocked = onBlocked;
  }

  /** Resolves when the next request may be sent, and is to be sent at once. @throws the signal's reason */
  async take(signal: AbortSignal): Promise<void> {
    let isTold = false;
    for (;;) {
      signal.throwIfAborted();
      const asked_ms = performance.now();
      const { wait_ms, isBlocked } = await this.#clock.next(this.#interval_ms);
      if (isBlocked) {
        if (!isTold) this.#onBlocked(wait_ms);
        isTold = true;
        await wait(Math.min(wait_ms, longestWait_ms), signal);
        continue;
      }
      await wait(wait_ms, signal);
      // Counted from before the question, so at least as late as the slot really is.
      if (performance.now() - asked_ms - wait_ms <= lateness_ms) return;
    }
  }

  /** Stops all requests of all that share the clock. */
  async block(time_ms: number): Promise<void> {
    await this.#clock.block(time_ms);
  }
}

/** Slots of this process alone. */
export function processClock(): SlotClock {
  let next_ms = 0;
  let blockedUntil_ms = 0;
  return {
    scope: "process",
    next: (interval_ms) => {
      const now_ms = performance.now();
      if (blockedUntil_ms > now_ms) {
        return Promise.resolve({ wait_ms: blockedUntil_ms - now_ms, isBlocked: true });
      }
      const slot_ms = Math.max(now_ms, next_ms);
      next_ms = slot_ms + interval_ms;
      return Promise.resolve({ wait_ms: slot_ms - now_ms, isBlocked: false });
    },
    block: (time_ms) => {
      blockedUntil_ms = Math.max(blockedUntil_ms, performance.now() + time_ms);
      return Promise.resolve();
    },
  };
}

/** The clock of Redis where one is handed in, else that of this process, which the log says once. */
export function openLimiter(
  clock: SlotClock | null,
  { log, ...options }: LimiterOptions & { log: Log },
): RequestLimiter {
  if (clock === null) {
    log.info("edgar.limiter", {
      scope: "process",
      rate: options.rate,
      note: "without REDIS_URL the rate holds for this process alone",
    });
  }
  return new RequestLimiter(clock ?? processClock(), options);
}

/** @throws the signal's reason */
export function wait(time_ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason);
  if (time_ms <= 0) return Promise.resolve();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => {
    clearTimeout(timer);
    reject(signal.reason);
  };
  const timer = setTimeout(() => {
    signal.removeEventListener("abort", onAbort);
    resolve();
  }, time_ms);
  signal.addEventListener("abort", onAbort, { once: true });
  return promise;
}

/**
 * SEC asks for a User-Agent that names who asks and how to reach them. @throws {SqlwrightError}
 * `edgar.user_agent_missing`
 */
export function requireUserAgent(userAgent: string | undefined): string {
  const text = userAgent?.trim() ?? "";
  const hasContact = /[^\s@]+@[^\s@]+\.[^\s@]+/.test(text) || /https?:\/\/\S+\.\S+/.test(text);
  if (hasContact && /\s/.test(text) && /^[\x20-\x7e]{1,256}$/.test(text)) return text;
  throw new SqlwrightError(
    "edgar.user_agent_missing",
    text === ""
      ? "Cannot ask SEC: EDGAR_USER_AGENT is not set"
      : "Cannot ask SEC: EDGAR_USER_AGENT does not name a company and a contact",
    {
      hint: `Set it as SEC asks, such as EDGAR_USER_AGENT="Example Research admin@example.com"`,
    },
  );
}
