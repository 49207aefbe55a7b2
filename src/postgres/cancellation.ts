/**
 * Cancels a query until it has settled. Cancelling is a race by nature: a request can reach the server before
 * the statement does and is then forgotten, so it is repeated, and bounded.
 */

/** A statement that can be cancelled. */
export interface Cancellable {
  /** Settles with the statement. */
  settled: Promise<unknown>;
  /** The server is answering it. False also while it waits behind others that were sent before. */
  isActive: () => boolean;
  /** Asks the server once. The request goes over a connection of its own. */
  cancel: (signal: AbortSignal) => Promise<void>;
  /** Ends the connection of a server that does not answer. */
  giveUp: () => void;
}

export interface Cancellation {
  start: () => void;
  /** Null when it was never started. */
  finished: () => Promise<void> | null;
}

/**
 * How often a cancel is repeated while the statement still runs, and for how long before the connection is
 * dropped.
 */
const cancelRepeat_ms = 25;
const cancelBound_ms = 5000;

export function cancellationOf({ settled, isActive, cancel, giveUp }: Cancellable): Cancellation {
  let running: Promise<void> | null = null;
  let isSettled = false;
  const settle = () => isSettled = true;
  const run = async () => {
    settled.then(settle, settle);
    const deadline_ms = performance.now() + cancelBound_ms;
    while (!isSettled) {
      // What waits behind a BEGIN (before a pooler that has no session free, say) is not what the server is
      // at.
      if (isActive()) await cancel(AbortSignal.timeout(cancelBound_ms)).catch(() => {});
      if (!isSettled) await delay(cancelRepeat_ms);
      if (!isSettled && performance.now() > deadline_ms) return giveUp();
    }
  };
  return {
    start: () => {
      running ??= run();
    },
    finished: () => running,
  };
}

async function delay(time_ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, time_ms));
}
