/**
 * What several processes share through Redis: the slots of requests to SEC. One Lua script reads and moves
 * them, so two processes never get the same slot, and it counts on Redis' own clock, so theirs need not
 * agree. Keys expire by themselves.
 *
 * A Redis that is configured and does not answer is an error and never a reason to count alone: ten processes
 * that each keep to ten requests a second are blocked by SEC.
 */

import type { Log } from "sqlwright";
import { SqlwrightError } from "../errors.ts";

/** What `edgar/limiter.ts` calls a SlotClock. */
export interface RedisSlots {
  readonly scope: "redis";
  next(interval_ms: number): Promise<{ wait_ms: number; isBlocked: boolean }>;
  block(time_ms: number): Promise<void>;
  /** Ends the connection. */
  close(): Promise<void>;
}

export interface RedisOptions {
  log: Log;
  /** Of the keys. @default "sqlwright:edgar" */
  prefix?: string;
  /** Until Redis answers, at the start and for each command. @default 5000 */
  timeout_ms?: number;
}

/**
 * KEYS: the next free slot and the end of a block, both in microseconds of Redis' clock. ARGV: the distance
 * in microseconds. A slot far in the future is left from a clock that jumped back, and is dropped.
 */
const takeSlot = `
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local blocked = tonumber(redis.call('GET', KEYS[2]) or '0')
if blocked > now then return {1, string.format('%.0f', blocked - now)} end
local interval = tonumber(ARGV[1])
local slot = tonumber(redis.call('GET', KEYS[1]) or '0')
if slot < now or slot > now + 3600000000 then slot = now end
redis.call('SET', KEYS[1], string.format('%.0f', slot + interval),
  'PX', math.ceil((slot - now + interval) / 1000) + 60000)
return {0, string.format('%.0f', slot - now)}`;

/** The longer of two blocks stays. */
const setBlock = `
local clock = redis.call('TIME')
local until_us = clock[1] * 1000000 + clock[2] + tonumber(ARGV[1]) * 1000
if until_us > tonumber(redis.call('GET', KEYS[1]) or '0') then
  redis.call('SET', KEYS[1], string.format('%.0f', until_us), 'PX', ARGV[1])
end
return 0`;

/** @throws {SqlwrightError} `redis.unreachable` when it does not answer in time */
export async function openRedisSlots(url: string, options: RedisOptions): Promise<RedisSlots> {
  const { log, prefix = "sqlwright:edgar", timeout_ms = 5000 } = options;
  // Loaded where Redis is used: a server's start waits for no client that it does not need.
  const { createClient } = await import("redis");
  let hasConnected = false;
  const client = createClient({
    url,
    disableOfflineQueue: true,
    commandOptions: { timeout: timeout_ms },
    socket: {
      connectTimeout: timeout_ms,
      // The first connection comes or fails; a lost one is looked for again while commands fail.
      reconnectStrategy: (retries) => hasConnected ? Math.min(50 * 2 ** retries, 2000) : false,
    },
  });
  client.on("error", (error: unknown) => {
    if (hasConnected) {
      log.warn("redis.lost", { error: error instanceof Error ? error.message : String(error) });
    }
  });
  const unreachable = (cause: unknown) =>
    new SqlwrightError(
      "redis.unreachable",
      `Cannot reach Redis at "${addressOf(url)}": ${reasonOf(cause)}`,
      {
        hint: "Start it, correct REDIS_URL, or unset REDIS_URL where one process asks SEC alone",
        cause,
      },
    );
  try {
    await within(client.connect(), timeout_ms);
    hasConnected = true;
  } catch (cause) {
    client.destroy();
    throw unreachable(cause);
  }
  const run = async (script: string, keys: string[], argument: number): Promise<unknown> => {
    try {
      return await within(client.eval(script, { keys, arguments: [String(argument)] }), timeout_ms);
    } catch (cause) {
      throw unreachable(cause);
    }
  };
  return {
    scope: "redis",
    next: async (interval_ms) => {
      const answer = await run(
        takeSlot,
        [`{${prefix}}:slot`, `{${prefix}}:blocked`],
        Math.ceil(interval_ms * 1000),
      );
      const [blocked, wait_us] = answer as [number, string];
      return { wait_ms: Number(wait_us) / 1000, isBlocked: blocked === 1 };
    },
    block: async (time_ms) => void await run(setBlock, [`{${prefix}}:blocked`], Math.ceil(time_ms)),
    close: async () => {
      await within(client.close(), 1000).catch(() => client.destroy());
    },
  };
}

/** Without user and password. */
function addressOf(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url);
    return `${hostname}:${port || "6379"}${pathname === "/" ? "" : pathname}`;
  } catch {
    return "REDIS_URL";
  }
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  // A refused connection to a name with several addresses is one error that holds the others.
  const inner = cause instanceof AggregateError ? cause.errors[0] : cause;
  return inner instanceof Error && inner.message !== "" ? inner.message : cause.name;
}

async function within<T>(work: Promise<T>, time_ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${time_ms} ms`)), time_ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
