/**
 * Runs a transaction again that PostgreSQL ended for another's sake: a serialization failure, a deadlock, or
 * a prepared statement whose columns have become others. All say that nothing of it was kept, so to run it
 * again is to run it for the first time. A lost connection says nothing of the kind, least of all after
 * COMMIT was sent, and is never tried again.
 */

import { isStalePlan, sqlstateOf } from "../postgres/database_error.ts";
import type { ToolCall } from "./kind.ts";

const serializationFailure = "40001";
const deadlockDetected = "40P01";
const maximumAttempts = 4;
const firstDelay_ms = 20;

/**
 * Resolves with the answer and the number of attempts that it took; rejects with the last attempt's error.
 */
export async function withRetries<T>(
  { tool, context, services: { log } }: Pick<ToolCall, "tool" | "context" | "services">,
  run: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await run();
    } catch (error) {
      const sqlstate = sqlstateOf(error);
      const isSafe = sqlstate === serializationFailure || sqlstate === deadlockDetected || isStalePlan(error);
      if (!isSafe || attempt === maximumAttempts || context.signal.aborted) throw error;
      // Full jitter: those that collided do not meet again.
      const delay_ms = Math.round(Math.random() * firstDelay_ms * 2 ** attempt);
      log.info("call.retried", {
        tool: tool.name,
        correlation_id: context.correlationId,
        attempt,
        sqlstate,
        delay_ms,
      });
      await waitFor(delay_ms, context.signal);
    }
  }
}

async function waitFor(time_ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, time_ms);
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
  signal.throwIfAborted();
}
