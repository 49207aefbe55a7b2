/**
 * Hot reload of the sandboxed server as the launcher starts it: what clients of every era hear of a save, over both transports,
 * and what the terminal and the log say of a broken one.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { serverCommand } from "../../src/cli/server/start.ts";
import { serverConfig, type TestDatabase, until, withDatabase, withFiles } from "../harness.ts";

const answering = (text: string) =>
  `-- name: a :value
-- title: Answers ${text}
-- Answers a text.

select '${text}'::text as answer;
`;

interface Connected {
  client: Client;
  directory: string;
  save: (text: string) => Promise<void>;
  /** Notifications that the client was sent, by method; of updated resources the URI. */
  heard: string[];
  titles: () => Promise<(string | undefined)[]>;
  status: () => Promise<Record<string, unknown>>;
}

for (const era of ["2025-11-25", "2026-07-28"] as const) {
  for (const transport of ["stdio", "http"] as const) {
    Deno.test(`a client of ${era} over ${transport} hears of a save, and of a broken one in the status`, async () => {
      await withClient(era, transport, async ({ save, heard, titles, status, client }) => {
        assert.deepEqual(await titles(), ["Answers one"]);
        // The client opens its stream by itself; until it is open, a change has nobody to go to.
        for (let attempt = 0; !heard.includes("tools") && attempt < 10; attempt++) {
          await save(answering("two") + "\n".repeat(attempt));
          await until("the client hears", () => heard.includes("tools"), 500).catch(() => {});
        }
        await until("the client hears of both", () => heard.includes("tools") && heard.includes("resources"));
        assert.deepEqual(await titles(), ["Answers two"]);
        const { structuredContent } = await client.callTool({ name: "m_a", arguments: {} });
        assert.deepEqual(structuredContent, { value: "two" });
        await until("the query file's text is told", () => heard.includes("sqlwright://sql/m/a.sql"));

        heard.length = 0;
        await save(answering("three").replace("'three'", "thre"));
        await until("the status is told", () => heard.includes("sqlwright://status"));
        const { files, last_reload, reload } = await status();
        const [file] = files as { state: string; serves: string; diagnostics: Record<string, unknown>[] }[];
        assert.deepEqual([file!.state, file!.serves], ["broken", "last good"]);
        const { code, line, column } = file!.diagnostics[0]!;
        assert.deepEqual([code, line, column], ["postgres-42703", 5, 8]);
        assert.deepEqual([(last_reload as { outcome: string }).outcome, reload], ["kept", "watch"]);
        assert.deepEqual(await titles(), ["Answers two"]);
        assert.ok(!heard.includes("tools"));
      });
    });
  }
}

Deno.test("lists may be kept for a second while files are watched, for a minute when they are not", async () => {
  for (const [reload, ttl_ms] of [["watch", 1000], ["off", 60_000]] as const) {
    await withClient("2026-07-28", "http", async ({ client }) => {
      const tools = await client.request({ method: "tools/list", params: {} });
      assert.equal((tools as { ttlMs?: number }).ttlMs, ttl_ms);
      const read = await client.request({
        method: "resources/read",
        params: { uri: "sqlwright://status" },
      });
      assert.equal((read as { ttlMs?: number }).ttlMs, 0);
    }, { SQLWRIGHT_RELOAD: reload });
  }
});

Deno.test("with SQLWRIGHT_RELOAD=off a save is not served", async () => {
  await withClient("2025-11-25", "http", async ({ save, titles, status, heard }) => {
    await save(answering("two"));
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual(await titles(), ["Answers one"]);
    const { reload, last_reload, files } = await status();
    assert.deepEqual([reload, last_reload], ["off", null]);
    assert.deepEqual(
      (files as { path: string; serves: string }[]).map(({ path, serves }) => [path, serves]),
      [
        ["m/a.sql", "present"],
      ],
    );
    assert.deepEqual(heard, []);
  }, { SQLWRIGHT_RELOAD: "off" });
});

/** The server over one tool, and a client of SDK 2 that listens to everything. */
async function withClient(
  era: "2025-11-25" | "2026-07-28",
  transport: "stdio" | "http",
  use: (connected: Connected) => Promise<void>,
  env: Record<string, string> = {},
): Promise<void> {
  await withDatabase((database) =>
    withFiles({ "m/a.sql": answering("one") }, async (directory) => {
      await using server = await startServer(database, transport, directory, env);
      const client = new Client({ name: "test", version: "1" }, {
        versionNegotiation: { mode: era === "2025-11-25" ? "legacy" : { pin: era } },
      });
      const heard: string[] = [];
      client.setNotificationHandler("notifications/tools/list_changed", () => void heard.push("tools"));
      client.setNotificationHandler(
        "notifications/resources/list_changed",
        () => void heard.push("resources"),
      );
      client.setNotificationHandler(
        "notifications/resources/updated",
        ({ params }) => void heard.push(params.uri),
      );
      await client.connect(server.makeTransport());
      const uris = ["sqlwright://status", "sqlwright://sql/m/a.sql"];
      try {
        if (era === "2025-11-25") { for (const uri of uris) await client.subscribeResource({ uri }); }
        else {
          await client.listen({
            toolsListChanged: true,
            resourcesListChanged: true,
            resourceSubscriptions: uris,
          });
        }
        await use({
          client,
          directory,
          heard,
          save: (text) => Deno.writeTextFile(join(directory, "m/a.sql"), text),
          titles: async () =>
            (await client.listTools()).tools.filter(({ name }) => name.startsWith("m_")).map(({ title }) =>
              title
            ),
          status: async () => {
            const [content] = (await client.readResource({ uri: "sqlwright://status" })).contents;
            return JSON.parse(content && "text" in content ? content.text : "null");
          },
        });
      } finally {
        await client.close();
      }
    }), { isEmpty: true });
}

interface RunningServer extends AsyncDisposable {
  makeTransport: () => StdioClientTransport | StreamableHTTPClientTransport;
}

/** As the launcher starts it; over stdio the client does. */
async function startServer(
  database: TestDatabase,
  transport: "stdio" | "http",
  sqlDirectory: string,
  env: Record<string, string>,
): Promise<RunningServer> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  const http = `127.0.0.1:${listener.addr.port}`;
  const command = serverCommand({
    stdio: transport === "stdio",
    http,
    config: serverConfig(sqlDirectory, env),
    databaseUrl: database.serverUrl,
  });
  const options = {
    args: command.args,
    cwd: command.cwd,
    env: { ...Deno.env.toObject(), ...command.env, ...env },
  };
  if (transport === "stdio") {
    return {
      makeTransport: () =>
        new StdioClientTransport({ command: Deno.execPath(), ...options, stderr: "ignore" }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const child = new Deno.Command(Deno.execPath(), {
    ...options,
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await until("the server listens", async () => {
    try {
      return (await (await fetch(`http://${http}/health/live`)).text()) !== "";
    } catch {
      return false;
    }
  }, 20_000);
  return {
    makeTransport: () => new StreamableHTTPClientTransport(new URL(`http://${http}/mcp`)),
    [Symbol.asyncDispose]: async () => {
      // Its end tells the server that its launcher is gone.
      await child.stdin.close().catch(() => {});
      await child.status;
    },
  };
}
