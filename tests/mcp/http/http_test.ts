import assert from "node:assert/strict";
import { connect } from "node:http2";
import { type HttpOptions, serveHttp } from "../../../src/mcp/http/server.ts";
import {
  defaultTools,
  type EchoApplication,
  echoApplication,
  memoryLog,
  toTool,
} from "../echo_application.ts";
import { eventually, readEvents } from "../poll.ts";

Deno.test("hosts and origins other than loopback are refused, allowed names pass", async () => {
  await withServer({
    allowedHosts: ["db.example.com"],
    allowedOrigins: ["https://app.example.com", "other.example"],
  }, async ({ post, port }) => {
    const status = async (headers: Record<string, string>) => (await post(ping, headers)).status;
    for (
      const host of [
        `localhost:${port}`,
        "127.0.0.1",
        "[::1]:9",
        "db.example.com",
        "db.example.com:8443",
        "DB.example.com",
      ]
    ) {
      assert.equal(await rawStatus(port, host), 200, host);
    }
    for (
      const host of [
        "evil.example",
        "db.example.com.evil.example",
        "evil@localhost",
        "localhost.evil.example:80",
        "",
      ]
    ) {
      assert.equal(await rawStatus(port, host), 403, host);
    }
    for (
      const origin of [
        "http://localhost:3000",
        "https://127.0.0.1",
        "https://app.example.com",
        "http://other.example:81",
      ]
    ) {
      assert.equal(await status({ origin }), 200, origin);
    }
    for (
      const origin of [
        "https://evil.example",
        "http://app.example.com",
        "null",
        "file://",
        "https://localhost.evil.example",
      ]
    ) {
      assert.equal(await status({ origin }), 403, origin);
    }
  });
});

Deno.test("a page of an allowed origin may ask before it calls, and read the answer; no other may", async () => {
  await withServer({ allowedOrigins: ["https://app.example.com"] }, async ({ post, port }) => {
    const preflight = (origin: string | null, wanted: string) =>
      fetch(`http://127.0.0.1:${port}/mcp`, {
        method: "OPTIONS",
        headers: {
          ...(origin === null ? {} : { origin }),
          "access-control-request-method": "POST",
          "access-control-request-headers": wanted,
        },
      });
    const wanted = "content-type, authorization, mcp-protocol-version, mcp-session-id, mcp-method, x-evil";
    for (const origin of ["https://app.example.com", "http://localhost:6274"]) {
      const asked = await preflight(origin, wanted);
      assert.equal(asked.status, 204);
      assert.equal(asked.headers.get("access-control-allow-origin"), origin);
      const allowed = asked.headers.get("access-control-allow-headers")!.split(", ");
      for (const name of wanted.split(", ")) assert.equal(allowed.includes(name), name !== "x-evil", name);
      assert.match(asked.headers.get("access-control-allow-methods")!, /POST.*DELETE/);
      const answer = await post(ping, { origin });
      assert.equal(answer.headers.get("access-control-allow-origin"), origin);
      assert.match(answer.headers.get("access-control-expose-headers")!, /mcp-session-id/);
      assert.match(answer.headers.get("vary")!, /origin/i);
    }
    const refused = await preflight("https://evil.example", wanted);
    assert.equal(refused.status, 403);
    assert.equal(refused.headers.get("access-control-allow-origin"), null);
    assert.equal((await preflight(null, wanted)).status, 405);
    assert.equal((await post(ping)).headers.get("access-control-allow-origin"), null);
  });
});

Deno.test("media ranges are read as HTTP reads them, and an encoded body is refused", async () => {
  await withServer({}, async ({ post }) => {
    const status = async (headers: Record<string, string>) => (await post(ping, headers)).status;
    for (
      const accept of [
        "APPLICATION/JSON, TEXT/EVENT-STREAM",
        "application/*, text/event-stream",
        "application/json;q=0.5, text/*;q=0.1",
        "*/*",
      ]
    ) assert.equal(await status({ accept }), 200, accept);
    for (
      const accept of [
        "application/json;q=0, text/event-stream",
        "application/json;q=0, */*",
        "application/json",
        "text/html",
      ]
    ) assert.equal(await status({ accept }), 406, accept);
    assert.equal(await status({ "content-encoding": "gzip" }), 415);
    assert.equal(await status({ "content-encoding": "identity" }), 200);
  });
});

Deno.test("an id comes back as it was sent, or the request is refused; a null cursor is none", async () => {
  await withServer({}, async ({ url }) => {
    const answer = async (body: string) => {
      const response = await fetch(url, { method: "POST", headers: jsonHeaders, body });
      return { status: response.status, text: await response.text() };
    };
    const request = (id: string) => `{"jsonrpc":"2.0","id":${id},"method":"ping"}`;
    for (const id of ["9007199254740991", "-1", '"9007199254740993"', '"ü"']) {
      assert.match((await answer(request(id))).text, new RegExp(`"id":${id}[,}]`));
    }
    for (const id of ["9007199254740993", "1e400", "1.5", "12345678901234567890"]) {
      const { status, text } = await answer(request(id));
      assert.equal(status, 400, id);
      assert.match(text, /"id":null/);
      assert.match(text, /send a string/);
    }
    const list = await answer('{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":null}}');
    assert.equal(list.status, 200);
    assert.match(list.text, /"tools":\[/);
    const deep = `{"jsonrpc":"2.0","method":"tools/call","params":{"arguments":${"[".repeat(100)}${
      "]".repeat(100)
    }},"id":"me"}`;
    assert.match((await answer(deep)).text, /"id":"me"/);
  });
});

Deno.test("HTTP/2 with prior knowledge is served, its authority is held as a Host is", async () => {
  await withServer({ allowedHosts: ["db.example.com"] }, async ({ port }) => {
    const ask = (authority: string) =>
      new Promise<number>((resolve, reject) => {
        const client = connect(`http://127.0.0.1:${port}`);
        client.on("error", reject);
        const stream = client.request({
          ":method": "POST",
          ":path": "/mcp",
          ":authority": authority,
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
        });
        stream.on("response", (headers) => {
          resolve(Number(headers[":status"]));
          stream.resume();
          stream.on("end", () => client.close());
        });
        stream.on("error", reject);
        stream.end(typeof ping === "string" ? ping : JSON.stringify(ping));
      });
    assert.equal(await ask(`127.0.0.1:${port}`), 200);
    assert.equal(await ask("db.example.com"), 200);
    assert.equal(await ask("evil.example"), 403);
  });
});

Deno.test("wrong media types, methods and paths get the status that says so", async () => {
  await withServer({}, async ({ post, url, origin }) => {
    assert.equal((await post(ping, { "content-type": "text/plain" })).status, 415);
    assert.equal((await post(ping, { "content-type": "application/json; charset=utf-8" })).status, 200);
    assert.equal((await post(ping, { accept: "application/json" })).status, 406);
    assert.equal((await post(ping, { accept: "*/*" })).status, 200);
    for (const method of ["PUT", "PATCH", "OPTIONS"]) {
      const response = await fetch(url, { method });
      await response.body?.cancel();
      assert.equal(response.status, 405, method);
      assert.match(response.headers.get("allow") ?? "", /POST/);
    }
    const gone = await fetch(`${origin}/nothing`);
    assert.equal(gone.status, 404);
    await gone.body?.cancel();
  });
});

Deno.test("bodies that are too large get 413, declared or not", async () => {
  await withServer({ maxBodyBytes: 1000 }, async ({ post, url }) => {
    const large = { ...ping, params: { _meta: { padding: "x".repeat(2000) } } };
    assert.equal((await post(large)).status, 413);
    const chunks = new ReadableStream({
      start(controller) {
        for (let at = 0; at < 20; at++) controller.enqueue(new TextEncoder().encode(" ".repeat(100)));
        controller.close();
      },
    });
    const response = await fetch(url, { method: "POST", headers: jsonHeaders, body: chunks });
    assert.equal(response.status, 413);
    assert.match((await response.json()).error.message, /1000 bytes/);
  });
});

Deno.test("a body that does not come in time gets 408", async () => {
  await withServer({ bodyTimeout_ms: 50 }, async ({ port }) => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const head =
      `POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`;
    await connection.write(new TextEncoder().encode(head));
    const buffer = new Uint8Array(1000);
    const read = await connection.read(buffer);
    connection.close();
    assert.match(new TextDecoder().decode(buffer.subarray(0, read ?? 0)), /^HTTP\/1.1 408 /);
  });
});

Deno.test("hostile bodies get a JSON-RPC error and leave the server serving", async (context) => {
  await withServer({}, async ({ post, call, url }) => {
    const bodies: [name: string, body: BodyInit, status: number, code: number][] = [
      ["not JSON", "{", 400, -32700],
      ["empty", "", 400, -32700],
      ["not UTF-8", new Uint8Array([0x22, 0xff, 0x22]), 400, -32700],
      ["null", "null", 400, -32600],
      ["a number", "1", 400, -32600],
      ["an empty batch", "[]", 400, -32600],
      ["a batch of nonsense", "[1, 2]", 400, -32600],
      ["deep nesting", "[".repeat(100_000), 400, -32600],
      [
        "deep arguments",
        `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${'{"a":'.repeat(80)}1${"}".repeat(80)}}`,
        400,
        -32600,
      ],
      ["no version", `{"id":1,"method":"ping"}`, 400, -32600],
      ["a fractional id", `{"jsonrpc":"2.0","id":1.5,"method":"ping"}`, 400, -32600],
      ["a null id", `{"jsonrpc":"2.0","id":null,"method":"ping"}`, 400, -32600],
    ];
    for (const [name, body, status, code] of bodies) {
      await context.step(name, async () => {
        const response = await fetch(url, { method: "POST", headers: jsonHeaders, body });
        const answer = await response.json();
        assert.deepEqual([response.status, answer.error.code], [status, code], JSON.stringify(answer));
      });
    }
    const answers = await readEvents(await post([ping, { ...ping, id: 2 }]));
    assert.deepEqual(
      answers.map(({ id, result }) => [id, result]),
      [[1, {}], [2, {}]],
      "a batch as 2025-03-26 had it",
    );
    assert.deepEqual((await call("echo_arguments", { ok: true })).structuredContent, {
      arguments: { ok: true },
    });
  });
});

Deno.test("keys like __proto__, NUL and lone surrogates come back as they went in", async () => {
  await withServer({}, async ({ url }) => {
    const args = `{"__proto__":{"polluted":true},"constructor":1,"nul":"\\u0000","lone":"\\ud800"}`;
    const body =
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo_arguments","arguments":${args}}}`;
    const response = await fetch(url, { method: "POST", headers: jsonHeaders, body });
    const text = await response.text();
    assert.ok(text.includes(`"structuredContent":{"arguments":${args}}`), text);
    assert.equal(Object.hasOwn(Object.prototype, "polluted"), false);
  });
});

Deno.test("an unknown tool is a JSON-RPC error, a failing tool an error result, a crash tells nothing", async () => {
  await withServer({}, async ({ post, call, lines }) => {
    const rpc = async (name: string) => await (await post(toolCall(name, {}))).json();
    const unknown = await rpc("echo_nothing");
    assert.deepEqual([unknown.error.code, unknown.error.data.code], [-32602, "tool.unknown"]);

    const failed = await call("echo_fail", {});
    assert.equal(failed.isError, true);
    assert.equal(failed.structuredContent, undefined, "clients hold it against the output schema");
    assert.equal(failed._meta?.["sqlwright/error"]?.sqlstate, "22P02");

    const crashed = await rpc("echo_crash");
    assert.equal(crashed.error.code, -32603);
    assert.doesNotMatch(JSON.stringify(crashed), /secret/);
    assert.ok(
      lines.some((line) => line.includes("secret") && line.includes("call.failed")),
      "the operator gets it",
    );
  });
});

Deno.test("sessions: unknown ones get 404, ended ones too, idle ones end", async () => {
  await withServer({ sessionIdle_ms: 60 }, async ({ post, openSession, url }) => {
    assert.equal((await post(ping, { "mcp-session-id": crypto.randomUUID() })).status, 404);
    const session = await openSession();
    assert.equal((await post(ping, { "mcp-session-id": session })).status, 200);
    const ended = await fetch(url, { method: "DELETE", headers: { "mcp-session-id": session } });
    assert.equal(ended.status, 200);
    await ended.body?.cancel();
    const after = await post(ping, { "mcp-session-id": session });
    assert.deepEqual([after.status, (await after.json()).error.code], [404, -32001]);

    const idle = await openSession();
    await eventually(async () => {
      // A look at the session would use it: the pause between two looks is longer than it may idle.
      await new Promise((resolve) => setTimeout(resolve, 150));
      assert.equal((await post(ping, { "mcp-session-id": idle })).status, 404);
    });
  });
});

Deno.test("at the limit of sessions the longest unused makes room, never one in use", async () => {
  await withServer({ maxSessions: 2 }, async ({ post, openSession, application }) => {
    const [busy, idle] = [await openSession(), await openSession()];
    const pending = post(toolCall("echo_wait", {}), { "mcp-session-id": busy });
    await eventually(() => assert.equal(application.waiting.running, 1));
    const third = await openSession();
    assert.equal((await post(ping, { "mcp-session-id": idle })).status, 404);
    assert.equal((await post(ping, { "mcp-session-id": third })).status, 200);

    const also = post(toolCall("echo_wait", {}), { "mcp-session-id": third });
    await eventually(() => assert.equal(application.waiting.running, 2));
    const refused = await post(initialize);
    assert.equal(refused.status, 503);
    application.release();
    assert.deepEqual([(await pending).status, (await also).status], [200, 200]);
  });
});

Deno.test("an id that is running in the same session is refused, in another session it is another call", async () => {
  await withServer({}, async ({ post, openSession, application }) => {
    const [one, other] = [await openSession(), await openSession()];
    const first = post(toolCall("echo_wait", {}, 5), { "mcp-session-id": one });
    await eventually(() => assert.equal(application.waiting.running, 1));
    const again = await post(toolCall("echo_wait", {}, 5), { "mcp-session-id": one });
    assert.deepEqual([again.status, (await again.json()).error.code], [400, -32600]);
    const elsewhere = post(toolCall("echo_wait", {}, 5), { "mcp-session-id": other });
    await eventually(() => assert.equal(application.waiting.running, 2));
    application.release();
    assert.deepEqual([(await first).status, (await elsewhere).status], [200, 200]);
  });
});

for (const era of ["2025-11-25", "2026-07-28"] as const) {
  for (const [way, padding] of [["in one packet", 0], ["in several packets", 50_000]] as const) {
    for (const age_ms of [0, 100]) {
      Deno.test(`a client that disconnects ${age_ms} ms after its request ${way} aborts its call (${era})`, async () => {
        await withServer({}, async ({ openSession, application, url }) => {
          const headers = era === "2026-07-28"
            ? modernHeaders("tools/call", "echo_wait")
            : { "mcp-session-id": await openSession() };
          const body = toolCall("echo_wait", { padding: "x".repeat(padding) });
          if (era === "2026-07-28") Object.assign(body.params, { _meta: envelope });
          const { waiting } = application;
          const took_ms: number[] = [];
          // Once must do, on a machine that may be busy with something else; that it aborts holds every time.
          while (took_ms.length < 3 && !took_ms.some((time_ms) => time_ms < 50)) {
            const controller = new AbortController();
            const pending = fetch(url, {
              method: "POST",
              headers: { ...jsonHeaders, ...headers },
              body: JSON.stringify(body),
              signal: controller.signal,
            }).then((response) => response.text());
            await eventually(() => assert.equal(waiting.running, 1));
            await new Promise((resolve) => setTimeout(resolve, age_ms));
            const left_ms = performance.now();
            controller.abort();
            await assert.rejects(pending);
            await eventually(() => assert.equal(waiting.running, 0));
            assert.equal(waiting.ended.at(-1), "aborted");
            took_ms.push(waiting.endedAt_ms - left_ms);
          }
          assert.ok(Math.min(...took_ms) < 50, `aborted after ${took_ms} ms`);
        });
      });
    }
  }
}

Deno.test("notifications/cancelled aborts the call of its session and no other", async () => {
  await withServer({}, async ({ post, openSession, application }) => {
    const [one, other] = [await openSession(), await openSession()];
    const cancelled = post(toolCall("echo_wait", {}, 9), { "mcp-session-id": one });
    const kept = post(toolCall("echo_wait", {}, 9), { "mcp-session-id": other });
    await eventually(() => assert.equal(application.waiting.running, 2));
    const notification = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 9 } };
    assert.equal((await post(notification, { "mcp-session-id": one })).status, 202);
    assert.equal(await (await cancelled).text(), "", "a cancelled call has no answer");
    assert.deepEqual([application.waiting.running, application.waiting.ended], [1, ["aborted"]]);
    application.release();
    assert.equal((await kept).status, 200);
  });
});

Deno.test("progress turns the answer into an event stream, its absence leaves it JSON", async () => {
  await withServer({}, async ({ post }) => {
    const request = toolCall("echo_progress", { steps: 3 });
    const plain = await post(request);
    assert.equal(plain.headers.get("content-type"), "application/json");
    await plain.body?.cancel();
    const streamed = await post({ ...request, params: { ...request.params, _meta: { progressToken: "p" } } });
    assert.equal(streamed.headers.get("content-type"), "text/event-stream");
    const events = await readEvents(streamed);
    assert.deepEqual(
      events.map(({ method, params, result }) => method ?? result?.structuredContent ?? params),
      [
        "notifications/progress",
        "notifications/progress",
        "notifications/progress",
        { steps: 3 },
      ],
    );
    assert.deepEqual(events[1]?.params, { progressToken: "p", progress: 2, total: 3, message: "step 2" });
  });
});

Deno.test("64 parallel calls in both eras all get their own answer", async () => {
  await withServer({}, async ({ post, openSession }) => {
    const session = await openSession();
    const answers = await Promise.all(Array.from({ length: 128 }, async (_, id) => {
      const request = toolCall("echo_arguments", { id }, id);
      if (id % 2 === 0) return await (await post(request, { "mcp-session-id": session })).json();
      Object.assign(request.params, { _meta: envelope });
      return await (await post(request, modernHeaders("tools/call", "echo_arguments"))).json();
    }));
    for (const [id, answer] of answers.entries()) {
      assert.deepEqual([answer.id, answer.result.structuredContent], [id, { arguments: { id } }]);
    }
  });
});

Deno.test("2026-07-28: headers that are missing or disagree with the body are refused", async () => {
  await withServer({}, async ({ post }) => {
    const request = toolCall("echo_arguments", {});
    Object.assign(request.params, { _meta: envelope });
    const right = modernHeaders("tools/call", "echo_arguments");
    const code = async (headers: Record<string, string>) => {
      const response = await post(request, headers);
      return [response.status, (await response.json()).error?.code ?? 0];
    };
    assert.deepEqual(await code(right), [200, 0]);
    assert.deepEqual(await code({ ...right, "mcp-name": `=?base64?${btoa("echo_arguments")}?=` }), [200, 0]);
    assert.deepEqual(await code({ ...right, "mcp-method": "tools/list" }), [400, -32020]);
    assert.deepEqual(await code({ ...right, "mcp-name": "echo_wait" }), [400, -32020]);
    assert.deepEqual(await code({ ...right, "mcp-protocol-version": "2025-11-25" }), [400, -32020]);
    const { "mcp-name": _, ...withoutName } = right;
    assert.deepEqual(await code(withoutName), [400, -32020]);
    assert.deepEqual(await code({}), [400, -32020]);
  });
});

Deno.test("a change of the catalogue reaches sessions with an event stream and 2026-07-28 subscriptions", async () => {
  await withServer({}, async ({ url, post, openSession, application }) => {
    const session = await openSession();
    const stream = await fetch(url, { headers: { accept: "text/event-stream", "mcp-session-id": session } });
    const listen = {
      jsonrpc: "2.0",
      id: "sub",
      method: "subscriptions/listen",
      params: { _meta: envelope, notifications: { toolsListChanged: true } },
    };
    const subscription = await post(listen, modernHeaders("subscriptions/listen"));
    const legacy = readEvents(stream, 2), modern = readEvents(subscription, 2);
    application.replaceTools([...defaultTools(), toTool("added", {})]);
    assert.deepEqual((await legacy).map(({ method }) => method), [
      "notifications/tools/list_changed",
      "notifications/resources/list_changed",
    ]);
    assert.deepEqual((await modern).map(({ method }) => method), [
      "notifications/subscriptions/acknowledged",
      "notifications/tools/list_changed",
    ]);
    const { result } = await (await post({ ...ping, method: "tools/list" }, { "mcp-session-id": session }))
      .json();
    assert.ok(result.tools.some(({ name }: { name: string }) => name === "echo_added"));
  });
});

Deno.test("stop lets a call in flight finish, refuses new ones, and ends open streams", async () => {
  await withServer({ drain_ms: 5000 }, async ({ url, post, openSession, application, stop }) => {
    const session = await openSession();
    const stream = await fetch(url, { headers: { accept: "text/event-stream", "mcp-session-id": session } });
    const pending = post(toolCall("echo_wait", {}), { "mcp-session-id": session });
    await eventually(() => assert.equal(application.waiting.running, 1));
    const stopped = stop();
    await assert.rejects(post(ping), "a new connection is refused");
    application.release();
    assert.deepEqual((await (await pending).json()).result.structuredContent, { ended: "released" });
    await stopped;
    await stream.text();
  });
});

Deno.test("stop aborts what does not finish within its bound", async () => {
  await withServer({ drain_ms: 50 }, async ({ post, application, stop }) => {
    const pending = post(toolCall("echo_wait", {})).then((response) => response.body?.cancel(), () => {});
    await eventually(() => assert.equal(application.waiting.running, 1));
    const began_ms = performance.now();
    await stop();
    await pending;
    assert.deepEqual(application.waiting.ended, ["aborted"]);
    assert.ok(performance.now() - began_ms < 2000);
  });
});

Deno.test("health: live always, ready as the application says, also when its check fails", async () => {
  let answer: () => Promise<{ ready: boolean }> = () => Promise.resolve({ ready: true });
  await withServer({ checkReadiness: () => answer() }, async ({ origin }) => {
    const get = async (path: string) => {
      const response = await fetch(`${origin}/health/${path}`);
      return [response.status, await response.json()];
    };
    assert.deepEqual(await get("live"), [200, { status: "live" }]);
    assert.deepEqual(await get("ready"), [200, { ready: true }]);
    answer = () => Promise.resolve({ ready: false, database: "unreachable" });
    assert.deepEqual(await get("ready"), [503, { ready: false, database: "unreachable" }]);
    answer = () => Promise.reject(new Error("password of the database"));
    const [status, body] = await get("ready");
    assert.equal(status, 503);
    assert.doesNotMatch(JSON.stringify(body), /password/);
  });
});

Deno.test("a port in use is one clear error", async () => {
  await withServer({}, async ({ port }) => {
    await assert.rejects(
      serveHttp(echoApplication(), { hostname: "127.0.0.1", port, log: memoryLog().log }),
      { code: "port.in_use", message: `Cannot listen on "127.0.0.1:${port}": the port is in use` },
    );
  });
});

const clientInfo = { name: "test", version: "1" };
const envelope = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
  "io.modelcontextprotocol/clientInfo": clientInfo,
};
const ping = { jsonrpc: "2.0", id: 1, method: "ping" };
const initialize = {
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo },
};
const jsonHeaders = { "content-type": "application/json", accept: "application/json, text/event-stream" };

function toolCall(name: string, args: Record<string, unknown>, id = 1) {
  return { jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } };
}

function modernHeaders(method: string, name?: string): Record<string, string> {
  return {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    ...(name !== undefined && { "mcp-name": name }),
  };
}

interface CallAnswer {
  structuredContent?: unknown;
  isError?: boolean;
  _meta?: Record<string, Record<string, unknown>>;
}

interface Served {
  application: EchoApplication;
  lines: string[];
  port: number;
  origin: string;
  url: string;
  post: (message: unknown, headers?: Record<string, string>) => Promise<Response>;
  /** The result of a tool call. */
  call: (name: string, args: Record<string, unknown>) => Promise<CallAnswer>;
  openSession: () => Promise<string>;
  stop: () => Promise<void>;
}

async function withServer(
  options: Partial<HttpOptions>,
  run: (served: Served) => Promise<void>,
): Promise<void> {
  const application = echoApplication();
  const { log, lines } = memoryLog();
  const server = await serveHttp(application, {
    hostname: "127.0.0.1",
    port: 0,
    log,
    drain_ms: 100,
    ...options,
  });
  const origin = `http://127.0.0.1:${server.port}`, url = `${origin}/mcp`;
  const post = (message: unknown, headers: Record<string, string> = {}) =>
    fetch(url, { method: "POST", headers: { ...jsonHeaders, ...headers }, body: JSON.stringify(message) });
  try {
    await run({
      application,
      lines,
      port: server.port,
      origin,
      url,
      post,
      call: async (name, args) => (await (await post(toolCall(name, args))).json()).result,
      openSession: async () => {
        const response = await post(initialize);
        await response.body?.cancel();
        return response.headers.get("mcp-session-id") ?? assert.fail("no session");
      },
      stop: server.stop,
    });
  } finally {
    application.release();
    await server.stop();
  }
}

/** `fetch` sends no Host of one's own. */
async function rawStatus(port: number, host: string): Promise<number> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const body = JSON.stringify(ping);
  const head = Object.entries(jsonHeaders).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const request =
    `POST /mcp HTTP/1.1\r\nhost: ${host}\r\n${head}content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`;
  await connection.write(new TextEncoder().encode(request));
  const answer = await new Response(connection.readable).text();
  return Number(answer.split(" ")[1]);
}
