/**
 * The client of SEC from the settings: whoever composes hands in the clock that the requests of all processes
 * share.
 */

import type { Log } from "sqlwright";
import type { EdgarConfig } from "../settings.ts";
import { SecClient } from "./client.ts";
import { openLimiter, requireUserAgent, type SlotClock } from "./limiter.ts";

export interface OpenOptions {
  log: Log;
  /** Null where this process asks alone. */
  clock: SlotClock | null;
  /** Told when SEC blocks, or another process was blocked. @default nobody */
  onBlocked?: (wait_ms: number) => void;
}

/** @throws {SqlwrightError} `edgar.user_agent_missing` */
export function openSecClient(config: EdgarConfig, { log, clock, onBlocked }: OpenOptions): SecClient {
  const userAgent = requireUserAgent(config.EDGAR_USER_AGENT);
  return new SecClient({
    userAgent,
    wwwUrl: config.EDGAR_WWW_URL,
    dataUrl: config.EDGAR_DATA_URL,
    limiter: openLimiter(clock, {
      rate: config.EDGAR_RATE,
      log,
      ...(onBlocked === undefined ? {} : { onBlocked }),
    }),
    concurrency: config.EDGAR_CONCURRENCY,
    blockWait_ms: config.EDGAR_BLOCK_WAIT,
    timeout_ms: config.EDGAR_TIMEOUT,
    retries: config.EDGAR_RETRIES,
    log,
  });
}
