import assert from "node:assert/strict";
import { serveStdio, type StdioOptions } from "../../../src/mcp/stdio/server.ts";
import {
  defaultTools,
  type EchoApplication,
  echoApplication,
  memoryLog,
  toTool,
} from "../echo_application.ts";
import { eventually, type Message } from "../poll.ts";

Deno.test("hostile lines get a JSON-RPC error with the id where one can be read, and the next line is served", async () => {
  await withConnection({ maxLineBytes: 1000 }, async ({ sendText, sendBytes, next, send }) => {
    const code = async (line: string) => {
      sendText(line);
      const { id, error } = await next();
      return [id, error?.code];
    };
    assert.deepEqual(await code("{"), [null, -32700]);
    assert.deepEqual(await code("x".repeat(5000)), [null, -32700]);
    assert.deepEqual(await code("[".repeat(500)), [null, -32600]);
    assert.deepEqual(await code("null"), [null, -32600]);
    assert.deepEqual(await code("[]"), [null, -32600]);
    assert.deepEqual(await code(`[{"jsonrpc":"2.0","id":1,"method":"ping"}]`), [null, -32600]);
    assert.deepEqual(await code(`{"jsonrpc":"2.0","id":3,"method":5}`), [3, -32600]);
    assert.deepEqual(await code(`{"jsonrpc":"1.0","id":"a","method":"ping"}`), ["a", -32600]);
    assert.deepEqual(await code(`{"jsonrpc":"2.0","id":4,"method":"no/such"}`), [4, -32601]);
    sendBytes(new Uint8Array([0x22, 0xff, 0x22, 0x0a]));
    assert.equal((await next()).error?.code, -32700);
    sendText("");
    send({ id: 5, method: "ping" });
    assert.deepEqual(await next(), { jsonrpc: "2.0", id: 5, result: {} });
  });
});

Deno.test("keys like __proto__, NUL and lone surrogates come back as they went in", async () => {
  await withConnection({}, async ({ sendText, nextText }) => {
    const args = `{"__proto__":{"polluted":true},"nul":"\\u0000","lone":"\\ud800"}`;
    sendText(
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo_arguments","arguments":${args}}}`,
    );
    assert.ok((await nextText()).includes(`"structuredContent":{"arguments":${args}}`));
  });
});

Deno.test("a cancelled call aborts and is not answered; its id may not be used twice while it runs", async () => {
  await withConnection({}, async ({ send, next, application }) => {
    send({ id: 1, method: "tools/call", params: { name: "echo_wait" } });
    await eventually(() => assert.equal(application.waiting.running, 1));
    send({ id: 1, method: "tools/call", params: { name: "echo_wait" } });
    assert.equal((await next()).error?.code, -32600);
    const left_ms = performance.now();
    send({ method: "notifications/cancelled", params: { requestId: 1 } });
    await eventually(() => assert.deepEqual(application.waiting.ended, ["aborted"]));
    assert.ok(application.waiting.endedAt_ms - left_ms < 50, "within 50 ms");
    send({ method: "notifications/cancelled", params: { requestId: "unknown" } });
    send({ id: 2, method: "ping" });
    assert.equal((await next()).id, 2, "no answer to the cancelled call");
  });
});

Deno.test("the end of input aborts calls in flight and ends the server", async () => {
  await withConnection({}, async ({ send, close, application, served }) => {
    send({ id: 1, method: "tools/call", params: { name: "echo_wait" } });
    await eventually(() => assert.equal(application.waiting.running, 1));
    await close();
    await served;
    assert.deepEqual(application.waiting.ended, ["aborted"]);
  });
});

Deno.test("a client that closes its reading end ends the server", async () => {
  const controller = new AbortController();
  const application = echoApplication();
  const input = new TransformStream<Uint8Array, Uint8Array>();
  const served = serveStdio(application, {
    signal: controller.signal,
    log: memoryLog().log,
    input: input.readable,
    output: { write: () => Promise.reject(new Deno.errors.BrokenPipe("closed")) },
  });
  const writer = input.writable.getWriter();
  writer.write(new TextEncoder().encode(`{"jsonrpc":"2.0","id":1,"method":"ping"}\n`)).catch(() => {});
  await served;
});

Deno.test("a stop lets a call in flight finish and answer", async () => {
  await withConnection({ drain_ms: 5000 }, async ({ send, next, stop, application, served }) => {
    send({ id: 1, method: "tools/call", params: { name: "echo_wait" } });
    await eventually(() => assert.equal(application.waiting.running, 1));
    stop();
    application.release();
    assert.deepEqual((await next()).result?.structuredContent, { ended: "released" });
    await served;
  });
});

Deno.test("a stop aborts what does not finish within its bound", async () => {
  await withConnection({ drain_ms: 30 }, async ({ send, stop, application, served }) => {
    send({ id: 1, method: "tools/call", params: { name: "echo_wait" } });
    await eventually(() => assert.equal(application.waiting.running, 1));
    stop();
    await served;
    assert.deepEqual(application.waiting.ended, ["aborted"]);
  });
});

Deno.test("a change of the catalogue is told, before and after the SDK has been needed", async () => {
  await withConnection({}, async ({ send, next, application }) => {
    application.replaceTools(defaultTools());
    send({ id: 0, method: "initialize", params: initializeParams });
    assert.equal((await next()).id, 0, "nothing is told before the handshake");
    send({ method: "notifications/initialized" });
    send({ id: 1, method: "ping" });
    await next();
    const changed = async () => [(await next()).method, (await next()).method];
    const expected = ["notifications/tools/list_changed", "notifications/resources/list_changed"];
    application.replaceTools([...defaultTools(), toTool("one", {})]);
    assert.deepEqual(await changed(), expected);
    send({ id: 2, method: "resources/templates/list" });
    assert.equal((await next()).id, 2);
    application.replaceTools([...defaultTools(), toTool("two", {})]);
    assert.deepEqual(await changed(), expected);
  });
});

Deno.test("2026-07-28: subscriptions hear of a change, what is not subscribed stays silent", async () => {
  await withConnection({}, async ({ send, next, application }) => {
    const params = { _meta: envelope, notifications: { toolsListChanged: true } };
    send({ id: "sub", method: "subscriptions/listen", params });
    assert.equal((await next()).method, "notifications/subscriptions/acknowledged");
    application.replaceTools(defaultTools());
    const told = await next();
    assert.equal(told.method, "notifications/tools/list_changed");
    send({ id: 1, method: "tools/list", params: { _meta: envelope } });
    assert.equal((await next()).id, 1);
  });
});

Deno.test("64 parallel calls with progress all get their own", async () => {
  await withConnection({}, async ({ send, next }) => {
    for (let id = 0; id < 64; id++) {
      const params = { name: "echo_progress", arguments: { steps: 3 }, _meta: { progressToken: id } };
      send({ id, method: "tools/call", params });
    }
    const progress = new Map<unknown, unknown[]>(), answered = new Set<unknown>();
    while (answered.size < 64) {
      const { id, params, result } = await next();
      if (id === undefined) {
        const told = progress.get(params?.progressToken) ?? [];
        progress.set(params?.progressToken, [...told, params?.progress]);
      } else {
        assert.deepEqual(result?.structuredContent, { steps: 3 });
        answered.add(id);
      }
    }
    for (let id = 0; id < 64; id++) assert.deepEqual(progress.get(id), [1, 2, 3]);
  });
});

Deno.test("as a process it needs no permission, answers at once and exits with its input", async () => {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--cached-only", "tests/mcp/stdio/echo_stdio.ts"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  const writer = child.stdin.getWriter();
  const lines = [
    { id: 0, method: "initialize", params: initializeParams },
    { method: "notifications/initialized" },
    { id: 1, method: "resources/list" },
  ];
  const text = lines.map((line) => JSON.stringify({ jsonrpc: "2.0", ...line }) + "\n").join("");
  await writer.write(new TextEncoder().encode(text));
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let output = "";
  while (output.split("\n").length < 3) {
    const { done, value } = await reader.read();
    if (done) break;
    output += value;
  }
  await writer.close();
  await reader.cancel();
  const { code } = await child.status;
  const errors = await new Response(child.stderr).text();
  const ids = output.trim().split("\n").map((line) => JSON.parse(line).id);
  assert.deepEqual([code, ids, errors], [0, [0, 1], ""]);
});

const initializeParams = {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "test", version: "1" },
};
const envelope = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

interface Connection {
  application: EchoApplication;
  send: (message: Record<string, unknown>) => void;
  sendText: (line: string) => void;
  sendBytes: (bytes: Uint8Array) => void;
  /** The next message of the server; fails after two seconds. */
  next: () => Promise<Message>;
  nextText: () => Promise<string>;
  close: () => Promise<void>;
  stop: () => void;
  served: Promise<void>;
}

/** Runs the server on streams in this process. */
async function withConnection(
  options: Partial<StdioOptions>,
  run: (connection: Connection) => Promise<void>,
): Promise<void> {
  const application = echoApplication();
  const controller = new AbortController();
  const input = new TransformStream<Uint8Array, Uint8Array>();
  const writer = input.writable.getWriter();
  const lines: string[] = [];
  let rest = "";
  const decoder = new TextDecoder();
  const output = {
    write: (bytes: Uint8Array) => {
      const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      lines.push(...parts);
      return Promise.resolve(bytes.length);
    },
  };
  const served = serveStdio(application, {
    signal: controller.signal,
    log: memoryLog().log,
    input: input.readable,
    output,
    ...options,
  });
  const sendBytes = (bytes: Uint8Array) => void writer.write(bytes).catch(() => {});
  const sendText = (line: string) => sendBytes(new TextEncoder().encode(line + "\n"));
  const nextText = async () => {
    await eventually(() => assert.ok(lines.length > 0, "the server says nothing"));
    return lines.shift()!;
  };
  const close = () => writer.close().catch(() => {});
  try {
    await run({
      application,
      sendBytes,
      sendText,
      send: (message) => sendText(JSON.stringify({ jsonrpc: "2.0", ...message })),
      nextText,
      next: async () => JSON.parse(await nextText()),
      close,
      stop: () => controller.abort(),
      served,
    });
  } finally {
    application.release();
    await close();
    await served;
  }
}
