/** Tokens at the sandboxed server as the launcher starts it: with exactly its flags, the sync of SEC's files, and starts that must fail. */

import { serverExtension } from "../../../src/extension/server.ts";
import assert from "node:assert/strict";
import { join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { serverCommand } from "../../../src/cli/server/start.ts";
import { edgarProject, serverConfig, until, withDatabase, withFiles } from "../../harness.ts";
import { withEmptyEdgar } from "../../../edgar/tests/loading.ts";
import { smallPayloads } from "../../../edgar/tests/sec_server.ts";
import { audienceName, type Issuer, issuerName, withIssuer } from "./issuer.ts";

interface ServerOptions {
  databaseUrl: string;
  sqlDirectory?: string;
  hostname?: string;
  variables: Record<string, string>;
}

const tokenVariables = (keySet: string) => ({
  SQLWRIGHT_AUTH_ISSUER: issuerName,
  SQLWRIGHT_AUTH_AUDIENCE: audienceName,
  SQLWRIGHT_AUTH_JWKS: keySet,
});

/** The launcher reads its settings from the environment. */
async function withVariables<T>(variables: Record<string, string>, use: () => T | Promise<T>): Promise<T> {
  const before = Object.keys(variables).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  try {
    return await use();
  } finally {
    for (const [name, value] of before) {
      value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
    }
  }
}

async function startServer(
  { databaseUrl, sqlDirectory = edgarProject.sqlDirectory, hostname = "127.0.0.1", variables }: ServerOptions,
) {
  const listener = Deno.listen({ hostname, port: 0 });
  const { port } = listener.addr;
  listener.close();
  return await withVariables(variables, async () => {
    const config = serverConfig(sqlDirectory, variables);
    const command = serverCommand({
      stdio: false,
      http: `${hostname}:${port}`,
      config,
      extension: await serverExtension(config),
      databaseUrl,
    });
    const child = new Deno.Command(Deno.execPath(), {
      args: command.args,
      cwd: command.cwd,
      env: { ...command.env, ...variables, NO_COLOR: "1" },
      stdin: "piped",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    return { child, command, url: new URL(`http://127.0.0.1:${port}/mcp`) };
  });
}

async function withServer(
  options: ServerOptions,
  use: (server: { url: URL; flags: string[]; log: () => string }) => Promise<void>,
): Promise<void> {
  const { child, command, url } = await startServer(options);
  let log = "";
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) log += text;
  })();
  try {
    await until(
      "the server listens",
      () =>
        fetch(new URL("/health/live", url)).then(
          (response) => response.body?.cancel().then(() => response.ok) ?? false,
          () => false,
        ),
      20_000,
    ).catch((error) => assert.fail(`${error.message}\n${log}`));
    await use({ url, flags: command.args, log: () => log });
  } finally {
    await child.stdin.close().catch(() => {});
    await child.status;
    await reading;
  }
}

/** What a start says that must fail: its exit code and its standard error. */
async function failedStart(options: ServerOptions): Promise<string> {
  const { child } = await startServer(options);
  const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
  const [{ code }, text] = await Promise.all([child.status, new Response(child.stderr).text()]);
  clearTimeout(timer);
  await child.stdin.close().catch(() => {});
  assert.notEqual(code, 0, text);
  return text;
}

async function connect(issuer: Issuer, url: URL, era: "legacy" | "modern", scope: string): Promise<Client> {
  const client = new Client({ name: "test", version: "1" }, {
    versionNegotiation: { mode: era === "legacy" ? "legacy" : { pin: "2026-07-28" } },
  });
  const authorization = await issuer.bearer("ada", scope);
  await client.connect(
    new StreamableHTTPClientTransport(url, { requestInit: { headers: { authorization } } }),
  );
  return client;
}

Deno.test("the sandboxed server syncs for edgar:sync, loads for edgar:load, and reads for everybody with a token", async () => {
  await withIssuer((issuer) =>
    withEmptyEdgar(({ serverUrl }) =>
      withServer({
        databaseUrl: serverUrl,
        variables: {
          ...tokenVariables(issuer.url),
          EDGAR_USER_AGENT: "Example Research admin@example.com",
          SQLWRIGHT_SOURCE_DIR: smallPayloads,
        },
      }, async ({ url, flags, log }) => {
        const net = flags.find((flag) => flag.startsWith("--allow-net="))!;
        assert.ok(net.includes(`,${new URL(issuer.url).host}`), net);
        assert.equal(
          await fetch(url, { method: "POST", body: "{}" }).then((response) => response.status),
          401,
        );
        for (const era of ["legacy", "modern"] as const) {
          const [reader, loader, syncer] = await Promise.all(
            ["", "edgar:load", "edgar:sync"].map((scope) => connect(issuer, url, era, scope)),
          );
          const names = async (client: Client) => (await client.listTools()).tools.map(({ name }) => name);
          const [read, load, sync] = await Promise.all([reader!, loader!, syncer!].map(names));
          assert.ok(read!.includes("edgar_find_company"));
          assert.deepEqual(read!.filter((name) => /load|mark|set_|add_|record|sync_/.test(name)), []);
          assert.ok(load!.includes("edgar_load_facts") && !load!.includes("edgar_sync_files"));
          assert.ok(sync!.includes("edgar_sync_files") && !sync!.includes("edgar_load_facts"));

          // Its own load tools it calls with authority of its own: this token could not.
          const { isError, content } = await syncer!.callTool({
            name: "edgar_sync_files",
            arguments: { paths: ["."] },
          });
          assert.ok(!isError, JSON.stringify(content));
          const rows = [{ cik: 1, name: "One" }];
          const added = await loader!.callTool({ name: "edgar_add_companies", arguments: { rows } });
          assert.ok(!added.isError, JSON.stringify(added.content));
          const found = await reader!.callTool({ name: "edgar_find_company", arguments: { q: "Apple" } });
          assert.ok(!found.isError, JSON.stringify(found.content));
          for (
            const [client, name] of [[reader, "edgar_sync_status"], [syncer, "edgar_add_companies"]] as const
          ) {
            await assert.rejects(client!.callTool({ name, arguments: name.endsWith("s_") ? {} : { rows } }));
          }
          for (const client of [reader, loader, syncer]) await client!.close();
        }
        assert.match(log(), /"caller":"ada"/);
      })
    )
  );
});

Deno.test("the key set may be a file, which is all that the sandbox gains; other machines may then be listened to", async () => {
  await withIssuer((issuer) =>
    withFiles({ "keys/jwks.json": JSON.stringify({ keys: issuer.published }) }, async (directory) => {
      const keySet = join(directory, "keys", "jwks.json");
      await withDatabase(({ serverUrl }) =>
        withServer(
          { databaseUrl: serverUrl, hostname: "0.0.0.0", variables: tokenVariables(keySet) },
          async ({ url, flags, log }) => {
            assert.ok(flags.find((flag) => flag.startsWith("--allow-read="))!.split(",").includes(keySet));
            const client = await connect(issuer, url, "modern", "edgar:load");
            const { tools } = await client.listTools();
            assert.ok(tools.some(({ name }) => name === "edgar_load_facts"));
            await client.close();
            assert.equal(issuer.asked, 0);
            assert.doesNotMatch(log(), /auth\.scopes_unreachable/);
          },
        )
      );
    })
  );
});

Deno.test("without tokens a server for other machines says which tools they do not get", async () => {
  await withDatabase(({ serverUrl }) =>
    withServer(
      { databaseUrl: serverUrl, variables: { SQLWRIGHT_ALLOWED_HOSTS: "tools.example" } },
      async ({ log }) => {
        await until("it is in the log", () => log().includes("auth.scopes_unreachable"));
        assert.match(log(), /edgar_load_facts/);
      },
    )
  );
});

Deno.test("a start without usable keys, or with a part of the settings, fails with one clear error", async () => {
  await withIssuer((issuer) =>
    withDatabase(async ({ serverUrl: databaseUrl }) => {
      const gone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      gone.close();
      const unreachable = `http://127.0.0.1:${gone.addr.port}/jwks`;
      issuer.misbehave = () => new Response("{}", { status: 500 });
      for (
        const [keySet, found] of [
          [unreachable, /Cannot read the key set "http:.*it did not answer/],
          [issuer.url, /Cannot read the key set "http:.*it answers 500 instead of 200/],
          ["nowhere/jwks.json", /Cannot read the key set ".*nowhere\/jwks\.json": there is no such file/],
        ] as const
      ) {
        const text = await failedStart({ databaseUrl, variables: tokenVariables(keySet) });
        assert.match(text, found);
        assert.match(text, /SQLWRIGHT_AUTH_JWKS/);
        assert.doesNotMatch(text, /server\.listening/);
      }
      const { SQLWRIGHT_AUTH_JWKS: _keySet, ...part } = tokenVariables(issuer.url);
      // The launcher reads the settings first, and says so before it starts a server.
      await assert.rejects(
        failedStart({ databaseUrl, variables: part }),
        /a part of the settings of tokens: SQLWRIGHT_AUTH_JWKS is not set/,
      );
    })
  );
});
