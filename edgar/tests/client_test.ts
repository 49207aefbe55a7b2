/** Requests to SEC: what each misbehaviour of the other side comes to, and the rate over several processes. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { SecClient, type SecClientOptions } from "../src/sec/client.ts";
import { openLimiter, processClock, RequestLimiter, requireUserAgent } from "../src/sec/limiter.ts";
import { createLog, SqlwrightError } from "sqlwright";
import { project, withFiles } from "../../tests/harness.ts";
import { openRedisSlots } from "../src/sec/redis_clock.ts";
import { testWithRedis } from "./redis_server.ts";
import { mostInASecond, type SecServer, withSecServer } from "./sec_server.ts";

const silent = createLog({ level: "error", write: () => {} });
const path = "submissions/CIK0000320193.json";
/** Long enough to be cut at byte 10,000, and not to be packed into nothing. */
const content = JSON.stringify({
  cik: "0000320193",
  name: "Apple Inc.",
  numbers: Array.from({ length: 20_000 }, (_, index) => (index * 7919) % 100_003),
});

async function withClient<T>(
  use: (client: SecClient, sec: SecServer, signal: AbortSignal, folder: string) => Promise<T>,
  options: Partial<SecClientOptions> = {},
): Promise<T> {
  return await withFiles({}, (folder) =>
    withSecServer(folder, async (sec) => {
      sec.put(path, content);
      using client = new SecClient({
        userAgent: "Example Research admin@example.com",
        wwwUrl: sec.url,
        dataUrl: sec.url,
        limiter: new RequestLimiter(processClock(), { rate: 10 }),
        concurrency: 4,
        blockWait_ms: 300,
        timeout_ms: 400,
        retries: 2,
        backoff_ms: 10,
        log: silent,
        ...options,
      });
      return await use(client, sec, AbortSignal.timeout(20_000), folder);
    }));
}

/** Asserts the code and gives the error back. */
async function failure(work: Promise<unknown>, code: string): Promise<SqlwrightError> {
  const error = await work.then(() => null, (error) => error);
  assert.ok(error instanceof SqlwrightError, `no error of ours: ${error}`);
  assert.equal(error.code, code, error.message);
  assert.ok(error.hint, "the error says what to do");
  return error;
}

Deno.test("a request says who asks, takes gzip and answers the whole body", async () => {
  await withClient(async (client, sec, signal) => {
    const answer = await client.get(path, { signal });
    assert.equal(answer.status, "ok");
    assert.ok(answer.status === "ok");
    assert.equal(new TextDecoder().decode(answer.bytes), content);
    assert.match(answer.etag ?? "", /^"[0-9a-f]{20}"$/);
    assert.equal(sec.log.length, 1);
    assert.equal(sec.log[0]!.headers["user-agent"], "Example Research admin@example.com");
    assert.equal(sec.log[0]!.headers["accept-encoding"], "gzip");
    assert.ok(sec.log[0]!.bytes < content.length, "it was sent packed");
  });
});

Deno.test("a file that has not changed is not sent again", async () => {
  await withClient(async (client, sec, signal) => {
    const answer = await client.get(path, { signal });
    assert.ok(answer.status === "ok");
    const again = await client.get(path, { signal, validators: answer });
    assert.deepEqual(again, { status: "unchanged" });
    assert.deepEqual(sec.log.map(({ status }) => status), [200, 304]);
    assert.equal(sec.log[1]!.headers["if-modified-since"], answer.lastModified);
  });
});

Deno.test("404 is the answer that there is no such file, and is asked for once", async () => {
  await withClient(async (client, sec, signal) => {
    const answer = await client.get("api/xbrl/companyfacts/CIK0001018724.json", { signal });
    assert.deepEqual(answer, { status: "missing" });
    assert.equal(sec.log.length, 1);
  });
});

Deno.test("the same file is on its way once, however many ask for it", async () => {
  await withClient(async (client, sec, signal) => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.get(path, { signal })));
    assert.equal(sec.log.length, 1);
    assert.ok(answers.every((answer) => answer === answers[0]));
  });
});

Deno.test("one of two that wait for a file may go without ending it for the other", async () => {
  await withClient(async (client, sec, signal) => {
    sec.misbehave(path, [{ kind: "status", status: 500 }]);
    const leaving = new AbortController();
    const left = client.get(path, { signal: leaving.signal });
    const stays = client.get(path, { signal });
    leaving.abort(new DOMException("gone", "AbortError"));
    await assert.rejects(left, { name: "AbortError" });
    assert.equal((await stays).status, "ok");
  });
});

Deno.test("server errors, 429, cut bodies and packed bodies that end too early are asked for again", async () => {
  for (
    const behaviour of [
      { kind: "status", status: 500 },
      { kind: "status", status: 503 },
      { kind: "cut", byte: 10_000 },
      { kind: "truncated_gzip" },
      { kind: "stall" },
      { kind: "page" },
    ] as const
  ) {
    await withClient(async (client, sec, signal) => {
      sec.misbehave(path, [behaviour]);
      const answer = await client.get(path, { signal });
      assert.ok(answer.status === "ok", behaviour.kind);
      assert.equal(new TextDecoder().decode(answer.bytes), content, behaviour.kind);
      assert.equal(sec.log.length, 2, behaviour.kind);
    });
  }
});

Deno.test("429 with Retry-After is waited for as long as SEC asks", async () => {
  await withClient(async (client, sec, signal) => {
    sec.misbehave(path, [{ kind: "status", status: 429, retryAfter_s: 1 }]);
    assert.equal((await client.get(path, { signal })).status, "ok");
    assert.ok(sec.log[1]!.at_ms - sec.log[0]!.at_ms >= 990);
  });
});

Deno.test("a body that is always cut says at which byte", async () => {
  await withClient(async (client, sec, signal) => {
    sec.misbehave(path, [{ kind: "cut", byte: 10_000 }], { isLasting: true });
    const error = await failure(client.get(path, { signal }), "edgar.incomplete");
    assert.deepEqual(error.details, { path, byte: 10_000 });
    assert.match(error.message, /^Cannot get "submissions\/CIK0000320193.json": it ended at byte 10000: /);
    assert.equal(sec.log.length, 3);
  });
});

Deno.test("a server that goes silent is told after the bound, with the byte", async () => {
  await withClient(async (client, sec, signal) => {
    sec.misbehave(path, [{ kind: "stall" }], { isLasting: true });
    const error = await failure(client.get(path, { signal }), "edgar.unreachable");
    assert.match(error.message, /nothing came after byte 1000 for 400 ms$/);
  }, { retries: 0 });
});

Deno.test("nobody at the address is told after the retries", async () => {
  const gone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  gone.close();
  const error = await withClient(
    async (client, _sec, signal) => await failure(client.get(path, { signal }), "edgar.unreachable"),
    { dataUrl: `http://127.0.0.1:${gone.addr.port}` },
  );
  assert.match(error.message, /refused/i);
});

Deno.test("an HTML page in place of data is never an answer", async () => {
  await withClient(async (client, sec, signal) => {
    sec.misbehave(path, [{ kind: "page" }], { isLasting: true });
    const error = await failure(client.get(path, { signal }), "edgar.answer_invalid");
    assert.equal(error.details.title, "SEC.gov | Maintenance");
  });
});

Deno.test("the page for too many requests stops all requests for the time of the block, then they go on", async () => {
  await withClient(async (client, sec, signal) => {
    sec.put("files/company_tickers.json", "{}");
    sec.misbehave(path, [{ kind: "threshold" }]);
    const blocked = client.get(path, { signal });
    while (sec.log.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const [first, other] = await Promise.all([blocked, client.get("files/company_tickers.json", { signal })]);
    assert.equal(first.status, "ok");
    assert.equal(other.status, "ok");
    assert.equal(sec.log.length, 3);
    for (const { at_ms } of sec.log.slice(1)) assert.ok(at_ms - sec.log[0]!.at_ms >= 295);
  });
});

Deno.test("a block that does not end is told, after it was waited for twice", async () => {
  await withClient(async (client, sec, signal) => {
    sec.misbehave(path, [{ kind: "threshold" }], { isLasting: true });
    await failure(client.get(path, { signal }), "edgar.blocked");
    assert.equal(sec.log.length, 3);
  }, { blockWait_ms: 120 });
});

Deno.test("SEC's page for undeclared tools is final and names the User-Agent", async () => {
  await withClient(async (client, sec, signal) => {
    sec.misbehave(path, [{ kind: "undeclared" }], { isLasting: true });
    const error = await failure(client.get(path, { signal }), "edgar.refused");
    assert.match(error.hint!, /EDGAR_USER_AGENT/);
    assert.equal(sec.log.length, 1);
  });
});

Deno.test("a status that nobody foresaw is the file's failure, told at once", async () => {
  await withClient(async (client, sec, signal) => {
    for (const status of [400, 403, 451]) {
      sec.misbehave(path, [{ kind: "status", status }], { isLasting: true });
      const error = await failure(client.get(path, { signal }), "edgar.answer_invalid");
      assert.equal(error.details.status, status);
    }
    assert.equal(sec.log.length, 3);
  });
});

Deno.test("a disk that is full is told with the byte, and is no reason to ask again", async () => {
  const archive = "Archives/edgar/daily-index/xbrl/companyfacts.zip";
  await withClient(async (client, sec, signal, folder) => {
    sec.put(archive, new Uint8Array(300_000).fill(7));
    const file = join(folder, "companyfacts.zip");
    await Deno.symlink("/dev/full", `${file}.part`);
    const error = await failure(client.download(archive, file, { signal }), "edgar.download_failed");
    assert.match(error.message, /No space left on device/);
    assert.equal(sec.log.length, 1);
    await Deno.remove(`${file}.part`);
    const whole = await client.download(archive, file, { signal });
    assert.equal(whole!.sizeBytes, 300_000);
  });
});

Deno.test("a redirect to another host is refused and not followed", async () => {
  await withSecServer(project, async (elsewhere) => {
    await withClient(async (client, sec, signal) => {
      sec.misbehave(path, [{ kind: "redirect", to: `${elsewhere.url}/${path}` }], { isLasting: true });
      const error = await failure(client.get(path, { signal }), "edgar.answer_invalid");
      assert.match(error.message, /redirected to http:\/\/127/);
      sec.misbehave(path, [{ kind: "redirect", to: "/files/company_tickers.json" }]);
      sec.put("files/company_tickers.json", "{}");
      const answer = await client.get(path, { signal });
      assert.ok(answer.status === "ok" && answer.bytes.length === 2, "on the same host it is followed");
    });
    assert.equal(elsewhere.log.length, 0);
  });
});

Deno.test("a body over the limit is refused while it comes", async () => {
  await withClient(async (client, _sec, signal) => {
    const error = await failure(client.get(path, { signal }), "edgar.too_large");
    assert.equal(error.details.maximum_bytes, 5000);
  }, { maximumBytes: 5000 });
});

Deno.test("a path that would leave SEC's host is refused before it is asked for", async () => {
  await withClient(async (client, sec, signal) => {
    for (
      const wrong of [
        "../etc/passwd",
        "/files/x.json",
        "files/a b.json",
        "submissions/../x",
        "@evil.example/x",
      ]
    ) {
      await failure(client.get(wrong, { signal }), "edgar.path_unknown");
    }
    assert.equal(sec.log.length, 0);
  });
});

Deno.test("a cancelled request ends at once, and no retry follows", async () => {
  await withClient(async (client, sec) => {
    sec.misbehave(path, [{ kind: "stall" }], { isLasting: true });
    const cancel = new AbortController();
    const request = client.get(path, { signal: cancel.signal });
    while (sec.log.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    const started_ms = performance.now();
    cancel.abort(new SqlwrightError("call.cancelled", "The call was cancelled"));
    await assert.rejects(request, { code: "call.cancelled" });
    assert.ok(performance.now() - started_ms < 100);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(sec.log.length, 1);
  }, { timeout_ms: 10_000 });
});

Deno.test("a large file comes to disk, and after a cut goes on where it ended, also in another process", async () => {
  const bytes = new Uint8Array(1_000_000).map((_, index) => (index * 31) % 251);
  const archive = "Archives/edgar/daily-index/xbrl/companyfacts.zip";
  await withClient(async (client, sec, signal, folder) => {
    sec.put(archive, bytes);
    const file = join(folder, "companyfacts.zip");
    sec.misbehave(archive, [{ kind: "cut", byte: 400_000 }], { isLasting: true });
    await failure(client.download(archive, file, { signal }), "edgar.incomplete");
    await assert.rejects(Deno.stat(file), Deno.errors.NotFound);
    sec.behave();
    const whole = await client.download(archive, file, { signal });
    assert.deepEqual(await Deno.readFile(file), bytes);
    assert.equal(sec.log.at(-1)!.headers.range, "bytes=400000-");
    assert.equal(sec.log.at(-1)!.status, 206);
    const again = await client.download(archive, file, { signal, validators: whole! });
    assert.equal(again!.isUnchanged, true);
    assert.equal(sec.log.at(-1)!.status, 304);
    assert.equal(await client.download("Archives/edgar/none.zip", `${file}2`, { signal }), null);
  }, { retries: 0 });
});

Deno.test("the part of a file that SEC has replaced by another is dropped", async () => {
  const archive = "Archives/edgar/daily-index/bulkdata/submissions.zip";
  await withClient(async (client, sec, signal, folder) => {
    sec.put(archive, new Uint8Array(50_000).fill(1));
    const file = join(folder, "submissions.zip");
    sec.misbehave(archive, [{ kind: "cut", byte: 20_000 }]);
    await failure(client.download(archive, file, { signal }), "edgar.incomplete");
    const newer = new Uint8Array(40_000).fill(2);
    sec.put(archive, newer);
    await client.download(archive, file, { signal });
    assert.deepEqual(await Deno.readFile(file), newer);
  }, { retries: 0 });
});

Deno.test("without a User-Agent that names a contact nothing is asked", () => {
  for (const wrong of [undefined, "", "curl/8", "admin@example.com", "Example Research", "a b@c.d\nx: y"]) {
    assert.throws(() => requireUserAgent(wrong), { code: "edgar.user_agent_missing" }, String(wrong));
  }
  assert.equal(
    requireUserAgent(" Example Research admin@example.com "),
    "Example Research admin@example.com",
  );
});

Deno.test("one process sends at most ten requests in any second", async () => {
  await withClient(async (client, sec, signal) => {
    await Promise.all(
      Array.from({ length: 25 }, (_, index) => client.get(`files/${index}.json`, { signal })),
    );
    assert.equal(sec.log.length, 25);
    assert.ok(mostInASecond(sec.log) <= 10, `${mostInASecond(sec.log)} in one second`);
  });
});

testWithRedis(
  "three processes with one Redis send at most ten requests in any second together",
  async (redisUrl) => {
    await withSecServer(project, async (sec) => {
      const started_ms = performance.now();
      const codes = await Promise.all(Array.from({ length: 3 }, async () => {
        const { code } = await new Deno.Command(Deno.execPath(), {
          args: ["run", "--allow-all", join(project, "edgar/tests/ask_sec.ts"), sec.url, redisUrl, "12"],
          cwd: project,
          stdin: "null",
          signal: AbortSignal.timeout(60_000),
        }).spawn().status;
        return code;
      }));
      assert.deepEqual(codes, [0, 0, 0]);
      assert.equal(sec.log.length, 36);
      assert.ok(mostInASecond(sec.log) <= 10, `${mostInASecond(sec.log)} in one second`);
      // And it is no less than it may be: 36 requests at nine a second.
      assert.ok(performance.now() - started_ms < 15_000);
    });
  },
);

testWithRedis("a block seen by one process stops another that shares the Redis", async (url) => {
  const [one, other] = await Promise.all([
    openRedisSlots(url, { log: silent }),
    openRedisSlots(url, { log: silent }),
  ]);
  try {
    await one.block(400);
    const started_ms = performance.now();
    await new RequestLimiter(other, { rate: 10 }).take(AbortSignal.timeout(5000));
    assert.ok(performance.now() - started_ms >= 390);
    // A shorter block does not end a longer one.
    await one.block(10_000);
    await other.block(10);
    assert.ok((await other.next(100)).wait_ms > 9_000);
  } finally {
    await Promise.all([one.close(), other.close()]);
  }
});

testWithRedis(
  "a Redis that is not there, or goes away, is an error and never counted without",
  async (url, stop) => {
    const slots = await openRedisSlots(url, { log: silent, timeout_ms: 500 });
    await stop();
    await failure(slots.next(100), "redis.unreachable");
    await slots.close();
    const error = await failure(
      openRedisSlots(url.replace("//", "//user:secretpassword@"), { log: silent, timeout_ms: 500 }),
      "redis.unreachable",
    );
    assert.ok(!error.message.includes("secretpassword"));
  },
);

Deno.test("without Redis the log says once that the rate is this process's alone", () => {
  const lines: string[] = [];
  openLimiter(null, { rate: 10, log: createLog({ level: "info", write: (line) => lines.push(line) }) });
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /edgar\.limiter.*REDIS_URL/);
});
