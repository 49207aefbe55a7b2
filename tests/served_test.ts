/**
 * The real thing, end to end: the sandboxed server as the launcher starts it, with exactly its flags, over a copy of the
 * EDGAR sample, called by the official clients of both versions over both transports and in both protocol eras.
 */
import { serverExtension } from "../src/extension/server.ts";
import assert from "node:assert/strict";
import {
  Client as Client2,
  StreamableHTTPClientTransport as HttpTransport2,
} from "@modelcontextprotocol/client";
import { StdioClientTransport as StdioTransport2 } from "@modelcontextprotocol/client/stdio";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as StdioTransport1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as HttpTransport1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { clientComplaints } from "./fixtures/official_validators.ts";
import { Ajv2020 } from "ajv/dist/2020.js";
import { serverCommand } from "../src/cli/server/start.ts";
import { edgarProject, serverConfig, type TestDatabase, until, withDatabase, withFiles } from "./harness.ts";

interface Answer {
  isError?: boolean;
  structuredContent?: Record<string, unknown>;
  content: { type: string; text?: string }[];
}

interface ListedTool {
  name: string;
  inputSchema: Record<string, unknown>;
  outputSchema?: Record<string, unknown>;
  annotations?: Record<string, unknown>;
}

/** What the tests need of a client. */
interface AnyClient {
  tools(): Promise<ListedTool[]>;
  call(name: string, args?: Record<string, unknown>, signal?: AbortSignal): Promise<Answer>;
  read(uri: string): Promise<string>;
  close(): Promise<void>;
}

interface Spawned {
  command: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  stderr: "ignore";
}

type Wire = { transport: "stdio"; spawned: Spawned } | { transport: "http"; url: URL };
type Connect = (wire: Wire) => Promise<AnyClient>;

const clientInfo = { name: "test", version: "1" };

const connect1: Connect = async (wire) => {
  const client = new Client1(clientInfo);
  const transport = wire.transport === "stdio"
    ? new StdioTransport1(wire.spawned)
    : new HttpTransport1(wire.url);
  // The types of version 1 were not written for exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  return {
    tools: async () => (await client.listTools()).tools as ListedTool[],
    call: async (name, args = {}, signal) =>
      await client.callTool(
        { name, arguments: args },
        undefined,
        signal ? { signal } : {},
      ) as unknown as Answer,
    read: async (uri) => String((await client.readResource({ uri })).contents[0]?.text),
    close: () => client.close(),
  };
};

const connect2 = (era: "legacy" | "modern"): Connect => async (wire) => {
  const client = new Client2(clientInfo, {
    versionNegotiation: { mode: era === "legacy" ? "legacy" : { pin: "2026-07-28" } },
  });
  await client.connect(
    wire.transport === "stdio" ? new StdioTransport2(wire.spawned) : new HttpTransport2(wire.url),
  );
  return {
    tools: async () => (await client.listTools()).tools as ListedTool[],
    call: async (name, args = {}, signal) =>
      await client.callTool({ name, arguments: args }, signal ? { signal } : {}) as unknown as Answer,
    read: async (uri) => {
      const [content] = (await client.readResource({ uri })).contents;
      return content && "text" in content ? content.text : "";
    },
    close: () => client.close(),
  };
};

const clients: [string, Connect][] = [
  ["SDK 1", connect1],
  ["SDK 2, 2025-11-25", connect2("legacy")],
  ["SDK 2, 2026-07-28", connect2("modern")],
];

for (const [name, connect] of clients) {
  for (const transport of ["stdio", "http"] as const) {
    Deno.test(`${name} over ${transport}: an analyst's questions to the EDGAR sample`, async () => {
      await withDatabase((database) =>
        withServer(database, transport, edgarProject.sqlDirectory, async (wire) => {
          const client = await connect(wire);
          try {
            await askQuestions(client);
          } finally {
            await client.close();
          }
        })
      );
    });

    Deno.test(`${name} over ${transport}: a cancelled call leaves no backend at work`, async () => {
      await withSlowServer(transport, async (wire, database) => {
        const client = await connect(wire);
        try {
          const abort = new AbortController();
          const pending = client.call("slow_wait", { seconds: 20 }, abort.signal);
          await until("the statement runs", async () => await sleeping(database) === 1);
          abort.abort();
          await assert.rejects(pending);
          await until("the backend has stopped", async () => await sleeping(database) === 0, 2000);
          assert.deepEqual((await client.call("slow_wait", { seconds: 0 })).structuredContent, { value: "" });
        } finally {
          await client.close();
        }
      });
    });
  }
}

async function askQuestions(client: AnyClient): Promise<void> {
  const tools = await client.tools();
  const names = tools.map(({ name }) => name);
  assert.ok(names.length >= 14, names.join(", "));
  assert.deepEqual(names, names.toSorted());
  for (const { name, annotations, outputSchema } of tools) {
    assert.equal(outputSchema?.type, "object", name);
    for (const hint of ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"]) {
      assert.equal(typeof annotations?.[hint], "boolean", name);
    }
  }
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const answer = async (name: string, args: Record<string, unknown>) => {
    const { isError, structuredContent, content } = await client.call(name, args);
    assert.notEqual(isError, true, `${name}: ${content[0]?.text}`);
    const tool = tools.find((each) => each.name === name)!;
    assert.ok(
      ajv.validate(tool.inputSchema, args),
      `${name}: arguments against the schema: ${ajv.errorsText()}`,
    );
    assert.deepEqual(clientComplaints(tool.outputSchema!, structuredContent), [], name);
    return structuredContent as Record<string, never>;
  };

  const { rows: [apple] } = await answer("edgar_find_company", { q: "AAPL" }) as unknown as {
    rows: { cik: number; name: string }[];
  };
  assert.deepEqual({ cik: apple!.cik, name: apple!.name }, { cik: 320193, name: "Apple Inc." });
  const { report } = await answer("edgar_company_report", { cik: 320193 }) as unknown as {
    report: { company: { name: string } };
  };
  assert.equal(report.company.name, "Apple Inc.");

  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await answer("edgar_company_filings", {
      cik: 320193,
      forms: ["10-K"],
      page_size: 4,
      ...(cursor ? { cursor } : {}),
    });
    const { rows, next_cursor } = page as unknown as {
      rows: { accession: string }[];
      next_cursor: string | null;
    };
    seen.push(...rows.map(({ accession }) => accession));
    cursor = next_cursor;
  } while (cursor !== null);
  assert.equal(new Set(seen).size, seen.length);
  assert.ok(seen.includes("0000320193-25-000079"));
  assert.ok(seen.length >= 11, String(seen.length));

  const wrong = await client.call("edgar_find_company", { query: "AAPL" });
  assert.equal(wrong.isError, true);
  assert.match(wrong.content[0]!.text!, /\\"query\\" is unknown: there are q and max/);
  await assert.rejects(client.call("edgar_find_compani", {}), { code: -32602 });

  assert.match(await client.read("sqlwright://sql/edgar/find_company.sql"), /^-- name: find_company :many\n/);
  assert.match(await client.read("sqlwright://catalog"), /edgar_find_company/);

  const together = await Promise.all(
    Array.from({ length: 64 }, () => client.call("edgar_find_company", { q: "MSFT", max: 1 })),
  );
  assert.deepEqual(together.filter(({ isError }) => isError), []);
}

Deno.test("a client that disconnects over HTTP leaves no backend at work", async () => {
  await withSlowServer("http", async (wire, database) => {
    assert.equal(wire.transport, "http");
    if (wire.transport !== "http") return;
    const abort = new AbortController();
    const meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
      "io.modelcontextprotocol/clientInfo": clientInfo,
    };
    const pending = fetch(wire.url, {
      method: "POST",
      signal: abort.signal,
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": "slow_wait",
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: { name: "slow_wait", arguments: { seconds: 20 }, _meta: meta },
      }),
    }).then((response) => response.text());
    await until("the statement runs", async () => await sleeping(database) === 1);
    abort.abort();
    await assert.rejects(pending);
    await until("the backend has stopped", async () => await sleeping(database) === 0, 2000);
  });
});

Deno.test("closing stdin ends the stdio server and stops what it was running", async () => {
  await withSlowServer("stdio", async (wire, database) => {
    if (wire.transport !== "stdio") return;
    const { command, args, cwd, env } = wire.spawned;
    const child = new Deno.Command(command, {
      args,
      cwd,
      env,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const writer = child.stdin.getWriter();
    const send = (message: unknown) => writer.write(new TextEncoder().encode(JSON.stringify(message) + "\n"));
    await send({
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo },
    });
    await send({ jsonrpc: "2.0", method: "notifications/initialized" });
    await send({
      jsonrpc: "2.0",
      id: 2,
      method: "tools/call",
      params: { name: "slow_wait", arguments: { seconds: 20 } },
    });
    await until("the statement runs", async () => await sleeping(database) === 1);
    await writer.close();
    const { code } = await child.status;
    await child.stdout.cancel();
    assert.equal(code, 0);
    assert.equal(await sleeping(database), 0);
  });
});

Deno.test("SIGTERM lets a short call finish and stops a long one within the bound", async () => {
  await withSlowServer("http", async (wire, database, child) => {
    if (wire.transport !== "http" || child === null) return;
    const client = await connect2("modern")(wire);
    const short = client.call("slow_wait", { seconds: 0.5 });
    const long = client.call("slow_wait", { seconds: 25 }).then(() => "answered", () => "ended");
    await until("both statements run", async () => await sleeping(database) === 2);
    child.kill("SIGTERM");
    assert.deepEqual((await short).structuredContent, { value: "" });
    const { code } = await child.status;
    assert.equal(code, 0);
    assert.equal(await sleeping(database), 0);
    await long;
    await client.close();
  }, { SQLWRIGHT_DRAIN: "1500ms" });
});

const slowFiles = {
  "slow/wait.sql": `-- name: wait :value
-- Waits in the database.
--
-- @param seconds  How long
-- @timeout 30s
-- @allow forbidden read-tool-writes  the test looks whether stopping reaches the database

select pg_sleep(:seconds::double precision)::text as waited;
`,
};

async function withSlowServer(
  transport: "stdio" | "http",
  use: (wire: Wire, database: TestDatabase, child: Deno.ChildProcess | null) => Promise<void>,
  env: Record<string, string> = {},
): Promise<void> {
  await withFiles(
    slowFiles,
    (directory) =>
      withDatabase(
        (database) =>
          withServer(database, transport, directory, (wire, child) => use(wire, database, child), env),
        {
          isEmpty: true,
        },
      ),
  );
}

/** Starts the server with the launcher's own command; over stdio the client starts it. */
async function withServer(
  database: TestDatabase,
  transport: "stdio" | "http",
  sqlDirectory: string,
  use: (wire: Wire, child: Deno.ChildProcess | null) => Promise<void>,
  env: Record<string, string> = {},
): Promise<void> {
  const address = freeAddress();
  const config = serverConfig(sqlDirectory, env);
  const command = serverCommand({
    stdio: transport === "stdio",
    http: address,
    config,
    extension: await serverExtension(config),
    databaseUrl: database.serverUrl,
  });
  const spawned = {
    command: Deno.execPath(),
    args: command.args,
    cwd: command.cwd,
    env: { ...Deno.env.toObject(), ...command.env, ...env },
  };
  if (transport === "stdio") return await use({ transport, spawned: { ...spawned, stderr: "ignore" } }, null);
  const child = new Deno.Command(spawned.command, {
    args: spawned.args,
    cwd: spawned.cwd,
    env: spawned.env,
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const url = new URL(`http://${address}/mcp`);
  try {
    await until(
      "the server listens",
      () =>
        fetch(new URL("/health/live", url)).then(
          (response) => response.body?.cancel().then(() => response.ok) ?? false,
          () => false,
        ),
      20_000,
    );
    await use({ transport, url }, child);
  } finally {
    // Closing its stdin tells the server that its launcher is gone.
    await child.stdin.close().catch(() => {});
    await child.status;
  }
}

async function sleeping({ sql, name }: TestDatabase): Promise<number> {
  const [row] =
    await sql`select count(*)::int as n from pg_stat_activity where datname = ${name} and state = 'active' and query like '%pg_sleep%' and pid <> pg_backend_pid()`;
  return row!.n;
}

function freeAddress(): string {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return `127.0.0.1:${listener.addr.port}`;
}
