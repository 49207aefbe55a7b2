/**
 * Cancels a query until it has settled. Cancelling is a race by nature: a request can reach the server before
 * the statement does and is then forgotten, so it is repeated, and bounded.
 */

/** postgres.js keeps the canceller on the query; its public `cancel()` fires once and cannot be awaited. */
export interface CancellableQuery extends Promise<unknown> {
  /** The server is answering it. False also while it waits behind others that were sent before. */
  active: boolean;
  /** Null until it is sent. */
  state: unknown;
  canceller: ((query: unknown) => Promise<void>) | null;
}

export interface Cancellation {
  start: () => void;
  /** Says that the query is over when this settles, and not when itself does. */
  watch: (settling: Promise<unknown>) => void;
  /** Null when it was never started. */
  finished: () => Promise<void> | null;
}

/**
 * How often a cancel is repeated while the statement still runs, and for how long before the connection is
 * dropped.
 */
const cancelRepeat_ms = 25;
const cancelBound_ms = 5000;

export function cancellationOf(query: CancellableQuery, giveUp: () => void): Cancellation {
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
      // What was sent and waits behind a BEGIN (before a pooler that has no session free, say) cannot be
      // cancelled yet: postgres.js would take its answer for that of the next.
      if (query.active || query.state === null) {
        // The request opens a connection of its own, which a server that hangs does not answer.
        await Promise.race([canceller(query).catch(() => {}), delay(cancelBound_ms)]);
      }
      if (!isSettled) await delay(cancelRepeat_ms);
      if (!isSettled && performance.now() > deadline_ms) return giveUp();
    }
  };
  return {
    start: () => {
      running ??= run();
    },
    watch: (settling) => watched = settling,
    finished: () => running,
  };
}

async function delay(time_ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, time_ms));
}
