/** The tools of the sync, as an MCP client calls them: mounted, told how far they are, cancelled, kept in their sandbox. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { cacheVariables, project, until, withFiles } from "../../tests/harness.ts";
import { run } from "../../tests/cli/command.ts";
import { withEmptyEdgar } from "./loading.ts";
import { testWithRedis } from "./redis_server.ts";
import { smallPayloads, withSecServer } from "./sec_server.ts";

const userAgent = "Example Research admin@example.com";

interface ServeOptions {
  databaseUrl: string;
  /** Null without the sync. */
  secUrl: string | null;
  redisUrl?: string;
  sourceDirectory?: string;
  /** Flags of a server that may not reach SEC, though it has the tools. */
  isDenied?: boolean;
}

/** The real server in its real sandbox. */
async function withServer<T>(options: ServeOptions, use: (client: Client) => Promise<T>): Promise<T> {
  const { databaseUrl, secUrl, redisUrl, sourceDirectory = smallPayloads, isDenied = false } = options;
  const environment = {
    SQLWRIGHT_SOURCE_DIR: sourceDirectory,
    ...(secUrl === null
      ? {}
      : { EDGAR_USER_AGENT: userAgent, EDGAR_WWW_URL: secUrl, EDGAR_DATA_URL: secUrl }),
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    EDGAR_RETRIES: "0",
    EDGAR_TIMEOUT: "5s",
  };
  const flags = await flagsOf(databaseUrl, environment);
  const transport = new StdioClientTransport({
    command: Deno.execPath(),
    args: [
      "run",
      ...(isDenied ? flags.map((flag) => withoutHost(flag, secUrl!)) : flags),
      `${project}main.ts`,
      "serve",
      "--stdio",
      "--project",
      edgarDirectory,
    ],
    cwd: edgarDirectory,
    env: {
      ...environment,
      ...cacheVariables(),
      DATABASE_URL: databaseUrl,
      HOME: Deno.env.get("HOME") ?? "",
      PATH: Deno.env.get("PATH") ?? "",
    },
    stderr: "ignore",
  });
  const client = new Client({ name: "test", version: "1" });
  await client.connect(transport);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

const edgarDirectory = join(project, "edgar");

/** What `start` gives the server, as `permissions` prints it. */
async function flagsOf(databaseUrl: string, env: Record<string, string>): Promise<string[]> {
  const options = { databaseUrl, project: edgarDirectory, env };
  const { code, stdout, stderr } = await run(["permissions", "--stdio", "--json"], options);
  assert.equal(code, 0, stderr);
  return (JSON.parse(stdout) as { flags: string[] }).flags;
}

function withoutHost(flag: string, url: string): string {
  if (!flag.startsWith("--allow-net=")) return flag;
  const denied = new URL(url).host;
  const [name, hosts] = flag.split("=") as [string, string];
  return `${name}=${hosts.split(",").filter((host) => host !== denied).join(",")}`;
}

const namesOf = async (client: Client) => (await client.listTools()).tools.map(({ name }) => name);

Deno.test("without EDGAR_USER_AGENT no sync is among the tools", async () => {
  await withEmptyEdgar(({ serverUrl }) =>
    withServer({ databaseUrl: serverUrl, secUrl: null }, async (client) => {
      const names = await namesOf(client);
      assert.deepEqual(names.filter((name) => name.startsWith("edgar_sync_")), []);
    })
  );
});

testWithRedis(
  "an agent brings a company up to date in the sandbox, over Redis, with progress and counts",
  (redisUrl) =>
    withSecServer(
      smallPayloads,
      (sec) =>
        withEmptyEdgar(({ serverUrl, sql }) =>
          withServer({ databaseUrl: serverUrl, secUrl: sec.url, redisUrl }, async (client) => {
            const names = await namesOf(client);
            assert.deepEqual(names.filter((name) => name.startsWith("edgar_sync_")).toSorted(), [
              "edgar_sync_bulk",
              "edgar_sync_company",
              "edgar_sync_files",
              "edgar_sync_recent",
              "edgar_sync_status",
            ]);
            const told: string[] = [];
            const first = await client.callTool(
              { name: "edgar_sync_company", arguments: { tickers: ["AAPL"] } },
              { onprogress: ({ message }) => void told.push(message ?? "") },
            );
            assert.ok(!first.isError, JSON.stringify(first.content));
            const answer = first.structuredContent as Record<string, number>;
            assert.deepEqual([answer.loaded, answer.failed], [4, 0]);
            // Of the last file the official client loses it where it comes in one read with the answer.
            assert.ok(told.some((message) => message.includes(": loaded")), told.join("\n"));
            const [row] = await sql`select count(*)::integer as count from edgar.fact`;
            assert.ok(row!.count > 0);

            const second = await client.callTool({
              name: "edgar_sync_company",
              arguments: { tickers: ["AAPL"] },
            });
            const again = second.structuredContent as Record<string, number>;
            assert.deepEqual([again.known, again.inserted, again.updated], [3, 0, 0]);

            const status = await client.callTool({ name: "edgar_sync_status", arguments: {} });
            const { kinds } = status.structuredContent as { kinds: { kind: string; loaded_files: number }[] };
            assert.deepEqual(
              kinds.map(({ kind, loaded_files }) => `${kind} ${loaded_files}`),
              ["company_facts 1", "submissions 2", "tickers 1"],
            );

            const unknown = await client.callTool({
              name: "edgar_sync_company",
              arguments: { tickers: ["NOSUCH"] },
            });
            assert.ok(unknown.isError);
            assert.match(JSON.stringify(unknown.content), /edgar\.ticker_unknown/);
            const none = await client.callTool({ name: "edgar_sync_company", arguments: {} });
            assert.match(JSON.stringify(none.content), /argument\.invalid/);
          })
        ),
    ),
);

Deno.test("an agent asks for the nightly archives: a worker does them, and without one the answer says what to run", async () => {
  const { ZipWriter, Uint8ArrayWriter, Uint8ArrayReader } = await import("@zip.js/zip.js");
  const zip = async (path: string) => {
    const writer = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false });
    await writer.add(
      path.split("/").at(-1)!,
      new Uint8ArrayReader(await Deno.readFile(join(smallPayloads, path))),
    );
    return await writer.close();
  };
  const daily = "Archives/edgar/daily-index";
  await withFiles(
    {},
    (directory) =>
      withSecServer(
        smallPayloads,
        (sec) =>
          withEmptyEdgar(({ serverUrl, ownerUrl }) =>
            withServer({ databaseUrl: serverUrl, secUrl: sec.url }, async (client) => {
              const call = async (name: string) => {
                const { structuredContent, content, isError } = await client.callTool({
                  name,
                  arguments: {},
                });
                assert.ok(!isError, JSON.stringify(content));
                return structuredContent as Record<string, unknown>;
              };
              const jobsOf = (status: Record<string, unknown>) => status.jobs as Record<string, unknown>[];
              assert.deepEqual(jobsOf(await call("edgar_sync_status")), []);
              for (const isNew of [true, false]) {
                const { is_new, job } = await call("edgar_sync_bulk") as {
                  is_new: boolean;
                  job: Record<string, unknown>;
                };
                assert.deepEqual([is_new, job.state, job.workers], [isNew, "queued", 0]);
                assert.match(String(job.advice), /No worker is there: run `sqlwright edgar work`/);
              }
              assert.deepEqual(sec.log, [], "the server itself asks for nothing");

              sec.put(`${daily}/bulkdata/submissions.zip`, await zip("submissions/CIK0000320193.json"));
              sec.put(
                `${daily}/xbrl/companyfacts.zip`,
                await zip("api/xbrl/companyfacts/CIK0000320193.json"),
              );
              const worker = new Deno.Command(Deno.execPath(), {
                args: ["run", "--allow-all", "main.ts", "edgar", "work", "--project", edgarDirectory],
                cwd: project,
                env: {
                  DATABASE_URL: ownerUrl,
                  SQLWRIGHT_DATA_DIR: directory,
                  EDGAR_USER_AGENT: userAgent,
                  EDGAR_WWW_URL: sec.url,
                  EDGAR_DATA_URL: sec.url,
                  NO_COLOR: "1",
                },
                stdout: "null",
                stderr: "null",
              }).spawn();
              let job: Record<string, unknown> = {};
              await until("the archives are loaded", async () => {
                job = jobsOf(await call("edgar_sync_status"))[0]!;
                assert.equal(job.failure, null);
                return job.state === "done";
              }, 90_000);
              assert.deepEqual([job.files, job.advice], [4, null]);
              assert.ok(Number(job.workers) > 0 && Number(job.rows_loaded) > 0, JSON.stringify(job));
              worker.kill("SIGTERM");
              await worker.output();
            })
          ),
      ),
  );
});

Deno.test("files below the source folder are loaded, and no others", async () => {
  await withEmptyEdgar(({ serverUrl }) =>
    withServer({ databaseUrl: serverUrl, secUrl: "http://127.0.0.1:1" }, async (client) => {
      const load = (...paths: string[]) =>
        client.callTool({ name: "edgar_sync_files", arguments: { paths } });
      const all = await load("api", "submissions", "Archives", "files");
      assert.ok(!all.isError, JSON.stringify(all.content));
      const answer = all.structuredContent as Record<string, unknown>;
      assert.deepEqual([answer.failed, answer.failures], [0, []]);
      for (const path of ["../edgar", "/etc", "api/../../edgar"]) {
        const refused = await load(path);
        assert.match(JSON.stringify(refused.content), /load\.source_refused/);
      }
      assert.match(JSON.stringify((await load("nowhere")).content), /load\.source_unreadable/);
    })
  );
});

Deno.test("a server whose flags leave SEC out cannot reach it, whatever its settings say", async () => {
  await withSecServer(
    smallPayloads,
    (sec) =>
      withEmptyEdgar(({ serverUrl }) =>
        withServer({ databaseUrl: serverUrl, secUrl: sec.url, isDenied: true }, async (client) => {
          const result = await client.callTool({ name: "edgar_sync_company", arguments: { ciks: [320193] } });
          assert.match(JSON.stringify(result.content), /allow-net|NotCapable|Requires net/);
          assert.equal(sec.log.length, 0);
        })
      ),
  );
});

Deno.test("a cancelled sync asks SEC for nothing more", async () => {
  await withSecServer(
    smallPayloads,
    (sec) =>
      withEmptyEdgar(({ serverUrl, sql }) =>
        withServer({ databaseUrl: serverUrl, secUrl: sec.url }, async (client) => {
          sec.misbehave("submissions/CIK0000320193.json", [{ kind: "stall" }], { isLasting: true });
          const cancel = new AbortController();
          const call = client.callTool(
            { name: "edgar_sync_company", arguments: { ciks: [320193] } },
            { signal: cancel.signal },
          );
          while (sec.log.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
          cancel.abort("enough");
          await assert.rejects(call);
          // The server is well, and has nothing of it.
          const status = await client.callTool({ name: "edgar_sync_status", arguments: {} });
          assert.deepEqual((status.structuredContent as { kinds: unknown[] }).kinds, []);
          assert.equal(sec.log.length, 1);
          assert.equal((await sql`select 1 from edgar.source_file`).length, 0);
        })
      ),
  );
});
