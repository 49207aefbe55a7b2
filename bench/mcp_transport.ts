/**
 * What a tool call costs before it reaches a tool: ways to serve MCP over HTTP and stdio, same tool, same
 * client, about ten seconds. The figures behind docs/decisions/0001-mcp-sdk-v2.md.
 *
 *   deno run -A bench/mcp_transport.ts
 *
 * Each way runs in a process of its own; this one is the client: 64 connections that each send the next call
 * when the last is answered. Client and server share the machine, so compare the rows, not other machines.
 */
import {
  createMcpHandler,
  type JSONRPCMessage,
  type Transport,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import { createLog } from "../src/log.ts";
import { LineSplitter } from "../src/mcp/stdio/lines.ts";
import { serveHttp } from "../src/mcp/http/server.ts";
import { makeServer } from "../src/mcp/sdk_server.ts";
import { type McpApplication, type ServedTool } from "../src/mcp/model.ts";
import { serveStdio } from "../src/mcp/stdio/server.ts";
import { localCaller } from "../src/tool/caller.ts";
import type { ToolResult } from "../src/tool/model.ts";

const log = createLog({ level: "error" });
const connections = 64;
const duration_ms = 1000;
const rowsJson = JSON.stringify({
  rows: Array.from({ length: 1000 }, (_, id) => ({
    id,
    cik: 320193 + id,
    form: "10-K",
    filed_on: "2024-11-01",
    company: `Company number ${id} "Incorporated"`,
    amount: "123456.78",
  })),
});

const catalog = {
  tools: new Map(["row", "rows", "rows_decoded"].map((name) => [name, toTool(name)])),
  modules: [],
};

/** Answers one row, 1,000 rows as text from the database, or the same rows decoded and encoded again. */
const application: McpApplication = {
  catalog: () => catalog,
  callTool: (name, args) => {
    switch (name) {
      case "row":
        return Promise.resolve(toResult(JSON.stringify({ row: args })));
      case "rows":
        return Promise.resolve(toResult(rowsJson, "1000 rows"));
      default:
        return Promise.resolve(toResult(JSON.stringify(JSON.parse(rowsJson)), "1000 rows"));
    }
  },
  onCatalogChanged: () => () => {},
  serverInfo: { name: "bench", version: "1", title: "Bench" },
  instructions: () => "",
};

/** The ways to serve, by name; each prints its port when it listens. */
const ways: Record<string, { what: string; serve: () => unknown }> = {
  floor: {
    what: "Deno.serve and JSON.parse, one answer for all: the floor",
    serve: () =>
      listen(async (request) => {
        const { id } = await request.json();
        return new Response(`{"jsonrpc":"2.0","id":${id},"result":{"content":[]}}`, { headers: jsonHeaders });
      }),
  },
  direct: {
    what: "this project: serveHttp",
    serve: async () => announce((await serveHttp(application, { hostname: "127.0.0.1", port: 0, log })).port),
  },
  long_lived: {
    what: "one long-lived SDK Server for all requests behind a transport that remaps ids",
    serve: async () => listen(await serveLongLived()),
  },
  session: {
    what: "SDK: session transport (2025-11-25), JSON answers",
    serve: async () => {
      const transport = new WebStandardStreamableHTTPServerTransport({
        enableJsonResponse: true,
        sessionIdGenerator: () => "bench",
      });
      await (await makeServer(application, { log, caller: localCaller })).connect(transport);
      const headers = { ...jsonHeaders, accept };
      const clientInfo = { name: "bench", version: "1" };
      const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
      const parsedBody = { jsonrpc: "2.0", id: 0, method: "initialize", params };
      await transport.handleRequest(new Request("http://localhost", { method: "POST", headers }), {
        parsedBody,
      });
      listen((request) => transport.handleRequest(request));
    },
  },
  handler: {
    what: "SDK: createMcpHandler (2026-07-28), a Server for each request",
    serve: () => {
      const handler = createMcpHandler(() => makeServer(application, { log, caller: localCaller }), {
        legacy: "reject",
      });
      listen((request) => handler.fetch(request));
    },
  },
  stdio: {
    what: "this project: serveStdio",
    serve: () => serveStdio(application, { signal: new AbortController().signal, log }),
  },
};

const jsonHeaders = { "content-type": "application/json" };
const accept = "application/json, text/event-stream";
const envelope = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

async function main(): Promise<void> {
  const table: string[] = ["| way | tool | calls/s | p50 ms |", "|---|---|--:|--:|"];
  const add = (name: string, tool: string, { rate, p50_ms }: Figures): void => {
    table.push(`| ${name}: ${ways[name]!.what} | ${tool} | ${Math.round(rate)} | ${p50_ms.toFixed(2)} |`);
  };
  for (const name of ["floor", "direct", "long_lived", "session", "handler"]) {
    await withServer(
      name,
      async (child) => add(name, "row", await loadHttp(await portOf(child), name, "row")),
    );
  }
  await withServer("direct", async (child) => {
    const port = await portOf(child);
    for (const tool of ["rows", "rows_decoded"]) add("direct", tool, await loadHttp(port, "direct", tool));
  });
  await withServer("stdio", async (child) => add("stdio", "row", await loadStdio(child)));
  write(table.join("\n") + "\n");
}

interface Figures {
  rate: number;
  p50_ms: number;
}

/** Raw sockets: `fetch` would cost more than what is measured. */
async function loadHttp(port: number, way: string, tool: string): Promise<Figures> {
  const isModern = way === "handler";
  const call = (id: number) => {
    const params = { name: tool, arguments: { id }, ...(isModern && { _meta: envelope }) };
    const body = JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params });
    const version = isModern
      ? `mcp-protocol-version: 2026-07-28\r\nmcp-method: tools/call\r\nmcp-name: ${tool}\r\n`
      : way === "session"
      ? "mcp-protocol-version: 2025-11-25\r\nmcp-session-id: bench\r\n"
      : "mcp-protocol-version: 2025-11-25\r\n";
    const head =
      `POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: ${accept}\r\n`;
    return new TextEncoder().encode(`${head}${version}content-length: ${body.length}\r\n\r\n${body}`);
  };
  let nextId = 0;
  return await measure(async (until_ms, times_ms) => {
    const socket = await Deno.connect({ hostname: "127.0.0.1", port });
    socket.setNoDelay(true);
    const buffer = new Uint8Array(256 * 1024);
    while (performance.now() < until_ms) {
      const sent_ms = performance.now();
      await socket.write(call(++nextId));
      let head = "", missing = Infinity;
      while (missing > 0) {
        const read = await socket.read(buffer);
        if (read === null) throw new Error(`${way}: the server closed the connection`);
        if (missing !== Infinity) missing -= read;
        else {
          head += new TextDecoder("latin1").decode(buffer.subarray(0, read));
          const end = head.indexOf("\r\n\r\n");
          if (end < 0) continue;
          const length = /content-length: (\d+)/i.exec(head)?.[1];
          if (!head.startsWith("HTTP/1.1 200") || length === undefined) throw new Error(`${way}: ${head}`);
          missing = end + 4 + Number(length) - head.length;
        }
      }
      times_ms.push(performance.now() - sent_ms);
    }
    socket.close();
  });
}

async function loadStdio(child: Deno.ChildProcess): Promise<Figures> {
  const writer = child.stdin.getWriter();
  const waiting = new Map<number, () => void>();
  const splitter = new LineSplitter(1024 * 1024, {
    onLine: (text) => waiting.get(JSON.parse(text).id)?.(),
    onUnreadable: (why) => {
      throw new Error(why);
    },
  });
  const reading = (async () => {
    for await (const chunk of child.stdout) splitter.push(chunk);
  })();
  let nextId = 0;
  const figures = await measure(async (until_ms, times_ms) => {
    while (performance.now() < until_ms) {
      const id = ++nextId, sent_ms = performance.now();
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(id, resolve);
      const message = {
        jsonrpc: "2.0",
        id,
        method: "tools/call",
        params: { name: "row", arguments: { id } },
      };
      await writer.write(new TextEncoder().encode(JSON.stringify(message) + "\n"));
      await promise;
      waiting.delete(id);
      times_ms.push(performance.now() - sent_ms);
    }
  });
  await writer.close();
  await reading;
  return figures;
}

async function measure(loop: (until_ms: number, times_ms: number[]) => Promise<void>): Promise<Figures> {
  const run = async (time_ms: number) => {
    const times_ms: number[] = [], began_ms = performance.now();
    await Promise.all(Array.from({ length: connections }, () => loop(began_ms + time_ms, times_ms)));
    times_ms.sort((one, other) => one - other);
    return {
      rate: times_ms.length / (performance.now() - began_ms) * 1000,
      p50_ms: times_ms[times_ms.length >> 1] ?? NaN,
    };
  };
  await run(duration_ms / 2);
  return await run(duration_ms);
}

async function withServer(name: string, run: (child: Deno.ChildProcess) => Promise<void>): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", "--cached-only", import.meta.filename!, name],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  try {
    await run(child);
  } finally {
    if (name !== "stdio") child.kill("SIGKILL");
    await child.status;
  }
}

async function portOf(child: Deno.ChildProcess): Promise<number> {
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return Number(new TextDecoder().decode(value));
}

/** The way that was weighed and not taken: nothing of HTTP from the SDK, all of JSON-RPC. */
async function serveLongLived(): Promise<(request: Request) => Promise<Response>> {
  const waiting = new Map<number, { id: unknown; resolve: (response: Response) => void }>();
  const transport: Transport = {
    start: () => Promise.resolve(),
    close: () => Promise.resolve(),
    send: (message: JSONRPCMessage) => {
      if (!("id" in message) || "method" in message) return Promise.resolve();
      const waiter = waiting.get(Number(message.id));
      waiting.delete(Number(message.id));
      waiter?.resolve(new Response(JSON.stringify({ ...message, id: waiter.id }), { headers: jsonHeaders }));
      return Promise.resolve();
    },
  };
  await (await makeServer(application, { log, caller: localCaller })).connect(transport);
  let nextId = 0;
  return async (request) => {
    const message = await request.json();
    const id = ++nextId;
    const { promise, resolve } = Promise.withResolvers<Response>();
    waiting.set(id, { id: message.id, resolve });
    transport.onmessage?.({ ...message, id });
    return await promise;
  };
}

function listen(handle: (request: Request) => Response | Promise<Response>): void {
  announce(Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handle).addr.port);
}

function announce(port: number): void {
  write(String(port));
}

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

function toResult(json: string, text = json): ToolResult {
  return {
    get structured() {
      return JSON.parse(json);
    },
    json,
    text,
    isError: false,
  };
}

function toTool(name: string): ServedTool {
  return {
    name,
    title: name,
    description: name,
    module: "bench",
    kind: "many",
    inputSchema: { type: "object" },
    outputSchema: { type: "object" },
    annotations: {
      title: name,
      readOnlyHint: true,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: false,
    },
    scopes: [],
    query: { parsed: { name, source: "" } },
  };
}

const way = ways[Deno.args[0] ?? ""];
if (way === undefined) await main();
else await way.serve();
