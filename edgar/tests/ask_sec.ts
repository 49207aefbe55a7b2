/** A process that asks a number of files of a SEC server, at the rate that it shares with others through Redis. */

import { SecClient } from "../src/sec/client.ts";
import { RequestLimiter } from "../src/sec/limiter.ts";
import { createLog } from "sqlwright";
import { openRedisSlots } from "../src/sec/redis_clock.ts";

const [secUrl = "", redisUrl = "", count = "1"] = Deno.args;
const log = createLog({ level: "warn" });
const slots = await openRedisSlots(redisUrl, { log });
{
  using client = new SecClient({
    userAgent: "Example Research admin@example.com",
    wwwUrl: secUrl,
    dataUrl: secUrl,
    limiter: new RequestLimiter(slots, { rate: 10 }),
    concurrency: 8,
    blockWait_ms: 1000,
    timeout_ms: 10_000,
    retries: 0,
    log,
  });
  await Promise.all(
    Array.from(
      { length: Number(count) },
      (_, index) => client.get(`files/${Deno.pid}-${index}.json`, { signal: AbortSignal.timeout(30_000) }),
    ),
  );
}
await slots.close();
