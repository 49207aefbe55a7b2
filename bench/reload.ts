/**
 * Hot reload of the real server, measured from outside:
 *
 *   DATABASE_URL=postgresql://… deno run -A bench/reload.ts [reloads]
 *
 * The sandboxed server watches a folder of 31 query files that need no table. One client holds an event
 * stream and measures the time from the end of a save to `tools/list_changed`; four others call without
 * pause. Each tenth save is broken. After each tenth of the reloads it prints the server's memory (Linux:
 * resident set), its sessions in the database, and the failed calls.
 */

import { readConfig } from "../src/config.ts";
import { join } from "node:path";
import process from "node:process";
import postgres from "postgres";
import { serverCommand } from "../src/cli/server/start.ts";

const tools = 31;
const callers = 4;
const warmUp_ms = 10_000;
const reloads = Number(Deno.args[0] ?? 1000);

async function main(): Promise<void> {
  const databaseUrl = Deno.env.get("DATABASE_URL");
  if (!databaseUrl) throw new Error("DATABASE_URL must name a database; nothing is written to it");
  const directory = await Deno.makeTempDir({ prefix: "sqlwright_bench_" });
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    await Deno.mkdir(join(directory, "m"));
    for (let tool = 0; tool < tools; tool++) await save(directory, tool, "0");
    await withServer(directory, databaseUrl, (server) => measure(directory, server, sql));
  } finally {
    await sql.end();
    await Deno.remove(directory, { recursive: true });
  }
}

async function measure(directory: string, { url, pid }: Server, sql: postgres.Sql): Promise<void> {
  const stream = await openStream(url);
  const calls = callWithoutPause(url);
  const times: number[] = [];
  print(
    "| reloads | p50 ms | p95 ms | resident MB | sessions | calls | failed |\n|--:|--:|--:|--:|--:|--:|--:|",
  );
  const row = async (done: number) => {
    const [found] = await sql`
      select count(*)::int as sessions from pg_stat_activity
      where application_name = 'sqlwright' and datname = current_database()`;
    const cells = [
      done,
      ...[0.5, 0.95].map((share) => times.length === 0 ? "–" : quantile(times, share).toFixed(0)),
      await residentMegabytes(pid),
      found!.sessions,
      calls.made,
      calls.failed,
    ];
    print(`| ${cells.join(" | ")} |`);
    times.length = 0;
  };
  await stream.next(() => save(directory, 0, "warm"), 5000);
  // What the calls alone cost, and the first reload, which loads the parser.
  await new Promise((resolve) => setTimeout(resolve, warmUp_ms));
  await row(0);
  for (let reload = 1; reload <= reloads; reload++) {
    const tool = reload % tools;
    // A broken save is told by nothing here; the next save goes in beside it.
    if (reload % 10 === 0) await Deno.writeTextFile(pathOf(directory, (tool + 1) % tools), "-- name: broken");
    times.push(await stream.next(() => save(directory, tool, String(reload)), 5000));
    if (reload % Math.ceil(reloads / 10) === 0) await row(reload);
  }
  await calls.stop();
  await stream.close();
  if (calls.failed > 0) throw new Error(`${calls.failed} calls failed: ${calls.firstFailure}`);
}

const pathOf = (directory: string, tool: number) => join(directory, "m", `q${tool}.sql`);

/** Every save is another text, so another prepared statement. */
async function save(directory: string, tool: number, text: string): Promise<void> {
  await Deno.writeTextFile(
    pathOf(directory, tool),
    `-- name: q${tool} :value\n-- Answers a text.\n--\n-- @param n = 1  A number\n\n` +
      `select '${text}'::text || :n::integer as answer;\n`,
  );
}

interface Server {
  url: string;
  pid: number;
}

async function withServer(
  sqlDirectory: string,
  databaseUrl: string,
  use: (server: Server) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  const http = `127.0.0.1:${listener.addr.port}`;
  const command = serverCommand({
    stdio: false,
    http,
    config: readConfig({ SQLWRIGHT_SQL_DIR: sqlDirectory }),
    databaseUrl,
  });
  const env = {
    ...Deno.env.toObject(),
    ...command.env,
    SQLWRIGHT_LOG_LEVEL: "error",
    SQLWRIGHT_SUPERUSER: "allow",
  };
  const child = new Deno.Command(Deno.execPath(), {
    args: command.args,
    cwd: command.cwd,
    env,
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    const deadline_ms = performance.now() + 20_000;
    while (
      !await fetch(`http://${http}/health/live`).then(async (answer) => !!(await answer.text()), () => false)
    ) {
      if (performance.now() > deadline_ms) throw new Error("The server did not listen within 20 s");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await use({ url: `http://${http}/mcp`, pid: child.pid });
  } finally {
    await child.stdin.close();
    await child.status;
  }
}

/** A session of 2025-11-25 with its event stream. `next` does something and measures until list_changed. */
async function openStream(url: string) {
  const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  const post = async (message: unknown, more: Record<string, string> = {}) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, ...more },
      body: JSON.stringify({ jsonrpc: "2.0", ...message as object }),
    });
    await response.text();
    return response.headers.get("mcp-session-id");
  };
  const params = {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "bench", version: "1" },
  };
  const session = { "mcp-session-id": (await post({ id: 1, method: "initialize", params }))! };
  await post({ method: "notifications/initialized" }, session);
  const abort = new AbortController();
  const response = await fetch(url, {
    headers: { accept: "text/event-stream", ...session },
    signal: abort.signal,
  });
  let heard: () => void = () => {};
  const reading = (async () => {
    const text = response.body!.pipeThrough(new TextDecoderStream());
    for await (const chunk of text) if (chunk.includes("tools/list_changed")) heard();
  })().catch((error) => {
    if (!abort.signal.aborted) throw error;
  });
  return {
    next: async (act: () => Promise<void>, bound_ms: number): Promise<number> => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      heard = resolve;
      const timer = setTimeout(() => reject(new Error(`Nothing was heard within ${bound_ms} ms`)), bound_ms);
      await act();
      const began_ms = performance.now();
      await promise;
      clearTimeout(timer);
      return performance.now() - began_ms;
    },
    close: async () => {
      abort.abort();
      await reading;
    },
  };
}

function callWithoutPause(url: string) {
  const state = { made: 0, failed: 0, firstFailure: "", isStopped: false };
  const running = Array.from({ length: callers }, async (_, caller) => {
    for (let turn = caller; !state.isStopped; turn++) {
      const call = { name: `m_q${turn % tools}`, arguments: { n: turn } };
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
        body: JSON.stringify({ jsonrpc: "2.0", id: turn, method: "tools/call", params: call }),
      });
      const text = await response.text();
      state.made++;
      if (!response.ok || !text.includes(`"structuredContent"`) || text.includes(`"isError":true`)) {
        state.failed++;
        state.firstFailure ||= text;
      }
    }
  });
  return Object.assign(state, {
    stop: async () => {
      state.isStopped = true;
      await Promise.all(running);
    },
  });
}

async function residentMegabytes(pid: number): Promise<string> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(status)?.[1];
  return kilobytes === undefined ? "–" : (Number(kilobytes) / 1024).toFixed(0);
}

function quantile(values: number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main();
