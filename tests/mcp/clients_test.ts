/** The official clients, version 1 and 2, through one table of calls: both transports, and for version 2 both protocol eras. */
import assert from "node:assert/strict";
import {
  Client as Client2,
  StreamableHTTPClientTransport as HttpTransport2,
} from "@modelcontextprotocol/client";
import {
  getDefaultEnvironment,
  StdioClientTransport as StdioTransport2,
} from "@modelcontextprotocol/client/stdio";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as StdioTransport1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as HttpTransport1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { serveHttp } from "../../src/mcp/http/server.ts";
import {
  defaultTools,
  type EchoApplication,
  echoApplication,
  memoryLog,
  toTool,
} from "./echo_application.ts";
import { cacheVariables } from "../harness.ts";
import { eventually } from "./poll.ts";

/** What the table needs of a client. */
interface AnyClient {
  call(name: string, args: Record<string, unknown>, options?: CallOptions): Promise<Record<string, unknown>>;
  tools(): Promise<string[]>;
  resources(): Promise<string[]>;
  read(uri: string): Promise<unknown>;
  complete(variable: string, value: string): Promise<string[]>;
  instructions(): string | undefined;
  close(): Promise<void>;
}

interface CallOptions {
  signal?: AbortSignal;
  onprogress?: (progress: { progress: number; total?: number | undefined }) => void;
}

type Connect = (transport: "stdio" | "http", url: URL, onToolsChanged: () => void) => Promise<AnyClient>;

const clientInfo = { name: "test", version: "1" };
const spawn = {
  command: Deno.execPath(),
  args: ["run", "--quiet", "--no-prompt", "--cached-only", "tests/mcp/stdio/echo_stdio.ts"],
  stderr: "ignore" as const,
  // The clients pass on a handful of variables, and this is none of them.
  env: { ...getDefaultEnvironment(), ...cacheVariables() },
};
const ref = { type: "ref/resource" as const, uri: "sqlwright://sql/{module}/{name}.sql" };

const connect1: Connect = async (transport, url, onToolsChanged) => {
  const client = new Client1(clientInfo, {
    listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: onToolsChanged } },
  });
  // The types of version 1 were not written for exactOptionalPropertyTypes.
  const wire = transport === "stdio" ? new StdioTransport1(spawn) : new HttpTransport1(url);
  await client.connect(wire as Parameters<typeof client.connect>[0]);
  return {
    call: (name, args, options) => client.callTool({ name, arguments: args }, undefined, options),
    tools: async () => (await client.listTools()).tools.map(({ name }: { name: string }) => name),
    resources: async () => (await client.listResources()).resources.map(({ uri }: { uri: string }) => uri),
    read: async (uri) => (await client.readResource({ uri })).contents[0],
    complete: async (name, value) =>
      (await client.complete({ ref, argument: { name, value } })).completion.values,
    instructions: () => client.getInstructions(),
    close: () => client.close(),
  };
};

const connect2 = (era: "legacy" | "modern"): Connect => async (transport, url, onToolsChanged) => {
  const client = new Client2(clientInfo, {
    versionNegotiation: { mode: era === "legacy" ? "legacy" : { pin: "2026-07-28" } },
    listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: onToolsChanged } },
  });
  await client.connect(transport === "stdio" ? new StdioTransport2(spawn) : new HttpTransport2(url));
  return {
    call: (name, args, options) => client.callTool({ name, arguments: args }, options),
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    resources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
    read: async (uri) => (await client.readResource({ uri })).contents[0],
    complete: async (name, value) =>
      (await client.complete({ ref, argument: { name, value } })).completion.values,
    instructions: () => client.getInstructions(),
    close: () => client.close(),
  };
};

const clients: [string, Connect][] = [
  ["version 1", connect1],
  ["version 2, 2025-11-25", connect2("legacy")],
  ["version 2, 2026-07-28", connect2("modern")],
];

for (const [name, connect] of clients) {
  for (const transport of ["http", "stdio"] as const) {
    Deno.test(`client of ${name} over ${transport}: the table of calls`, async () => {
      await withClient(transport, connect, runTable);
    });
  }
  Deno.test(`client of ${name} over http: cancelling reaches the tool, a change of the catalogue the client`, async () => {
    await withClient("http", connect, async (client, { application, toolChanges }) => {
      const controller = new AbortController();
      const pending = client.call("echo_wait", {}, { signal: controller.signal });
      await eventually(() => assert.equal(application.waiting.running, 1));
      controller.abort();
      await assert.rejects(pending);
      await eventually(() => assert.deepEqual(application.waiting.ended, ["aborted"]));

      // The client opens its stream by itself; until it is open, a change has nobody to go to.
      await eventually(() => {
        application.replaceTools([...defaultTools(), toTool("added", {})]);
        assert.ok(toolChanges.count > 0);
      });
      assert.ok((await client.tools()).includes("echo_added"));
    });
  });
}

async function runTable(client: AnyClient): Promise<void> {
  assert.equal(client.instructions(), "Tools for tests.");
  const names = ["echo_arguments", "echo_crash", "echo_fail", "echo_progress", "echo_text", "echo_wait"];
  assert.deepEqual(await client.tools(), names);

  const values = { text: "Grüße 漢字 🙂", nested: [{ a: null, b: [1.5, true] }], large: 9007199254740991 };
  const echoed = await client.call("echo_arguments", values);
  assert.deepEqual(echoed.structuredContent, { arguments: values });
  assert.deepEqual(echoed.content, [{ type: "text", text: JSON.stringify({ arguments: values }) }]);
  const { structuredContent } = await client.call("echo_text", { text: "two\nlines" });
  assert.deepEqual(structuredContent, { text: "two\nlines" });
  assert.equal((await client.call("echo_fail", {})).isError, true);
  await assert.rejects(client.call("echo_nothing", {}), { code: -32602 });
  await assert.rejects(client.call("echo_crash", {}), { code: -32603 });

  const told: number[] = [];
  await client.call("echo_progress", { steps: 4 }, { onprogress: ({ progress }) => told.push(progress) });
  // The clients defer notifications but not answers: what comes in one read with the answer is lost. stdio_test.ts and
  // http_test.ts look at the wire, where all of it is.
  assert.ok(told.length > 0);
  assert.deepEqual(told, [1, 2, 3, 4].slice(0, told.length));

  const answers = await Promise.all(
    Array.from({ length: 64 }, (_, id) => client.call("echo_arguments", { id })),
  );
  for (const [id, answer] of answers.entries()) {
    assert.deepEqual(answer.structuredContent, { arguments: { id } });
  }

  const uris = [
    "sqlwright://catalog",
    ...names.map((name) => `sqlwright://sql/echo/${name.slice("echo_".length)}.sql`),
  ];
  assert.deepEqual(await client.resources(), uris);
  assert.deepEqual(await client.read("sqlwright://sql/echo/text.sql"), {
    uri: "sqlwright://sql/echo/text.sql",
    mimeType: "application/sql",
    text: "-- name: text :value\n\nselect 1 as one;\n",
  });
  const catalog = await client.read("sqlwright://catalog");
  assert.ok(
    catalog !== null && typeof catalog === "object" && "text" in catalog && typeof catalog.text === "string",
  );
  const { modules, tools } = JSON.parse(catalog.text);
  assert.deepEqual(modules, [{ name: "echo", title: "Echo", instructions: "Says it again." }]);
  assert.deepEqual(tools[4], {
    name: "echo_text",
    title: "Echo text",
    module: "echo",
    kind: "value",
    description: "Echoes its text.",
    parameters: [{ name: "text", required: false, schema: { type: "string" } }],
    sql: "sqlwright://sql/echo/text.sql",
  });
  await assert.rejects(client.read("sqlwright://sql/echo/nothing.sql"));
  await assert.rejects(client.read("file:///etc/passwd"));
  assert.deepEqual(await client.complete("module", "e"), ["echo"]);
  assert.deepEqual(await client.complete("name", "w"), ["wait"]);
  await assert.rejects(client.complete("nothing", ""), { code: -32602 });
}

interface Surroundings {
  application: EchoApplication;
  toolChanges: { count: number };
}

async function withClient(
  transport: "stdio" | "http",
  connect: Connect,
  run: (client: AnyClient, surroundings: Surroundings) => Promise<void>,
): Promise<void> {
  const application = echoApplication();
  const server = await serveHttp(application, {
    hostname: "127.0.0.1",
    port: 0,
    log: memoryLog().log,
    drain_ms: 100,
  });
  const toolChanges = { count: 0 };
  const client = await connect(
    transport,
    new URL(`http://127.0.0.1:${server.port}/mcp`),
    () => toolChanges.count++,
  );
  try {
    await run(client, { application, toolChanges });
  } finally {
    await client.close();
    await server.stop();
  }
}
