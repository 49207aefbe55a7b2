/**
 * What a cold start costs with a lock and without: from spawning the process to the answer to `initialize`
 * over stdio, the processor's time until then, and memory when nothing is asked. Sides take turns, so that
 * both see the same machine.
 *
 *   DATABASE_URL=… deno task bench:start [rounds]
 *
 * Needs a database with the migrations and views. Linux, for /proc.
 */

import { join } from "node:path";
import process from "node:process";
import { serverFlags } from "../src/permissions.ts";

const project = new URL("..", import.meta.url).pathname;
const url = Deno.env.get("DATABASE_URL");
if (url === undefined) throw new Error("DATABASE_URL is not set");
const rounds = Number(Deno.args[0] ?? 9);
/** How long a server does nothing before its memory is read. */
const idle_ms = 1500;
const clockTick_ms = 10;

const initialize = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "bench", version: "1" } },
});

interface Start {
  answer_ms: number;
  cpu_ms: number;
  memory_MB: number;
}

async function main(): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "sqlwright_start_" });
  try {
    const sides = [
      { name: "with the lock", sql: join(directory, "locked"), starts: [] as Start[] },
      { name: "without", sql: join(directory, "plain"), starts: [] as Start[] },
    ];
    for (const { sql } of sides) await copyFiles(join(project, "edgar", "sql"), sql);
    await Deno.remove(join(sides[1]!.sql, "lock.json")).catch(() => {});
    await writeLock(sides[0]!.sql);
    // The first start of each fills the operating system's and V8's caches.
    for (let round = 0; round <= rounds; round++) {
      for (const { sql, starts } of sides) {
        const start = await measure(sql);
        if (round > 0) starts.push(start);
      }
    }
    print("| start | first answer, p50 ms | least ms | processor, p50 ms | idle memory, MB |");
    print("|---|--:|--:|--:|--:|");
    for (const { name, starts } of sides) {
      const of = (key: keyof Start) => starts.map((start) => start[key]);
      print(
        `| ${name} | ${median(of("answer_ms"))} | ${Math.round(Math.min(...of("answer_ms")))} | ${
          median(of("cpu_ms"))
        } | ${median(of("memory_MB"))} |`,
      );
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function measure(sql: string): Promise<Start> {
  const flags = serverFlags({
    sqlDirectory: sql,
    databaseUrl: url!,
    http: null,
    readPaths: [join(project, "edgar", "data"), join(project, "migrations")],
    environment: Deno.env.toObject(),
  });
  const began = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, "main.ts", "serve", "--stdio", "--sql", sql],
    cwd: project,
    env: { DATABASE_URL: url!, DENO_NO_UPDATE_CHECK: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(`${initialize}\n`));
  const reader = child.stdout.getReader();
  const { done } = await reader.read();
  const answer_ms = performance.now() - began;
  if (done) throw new Error("The server ended before it answered");
  const cpu_ms = await processorTime(child.pid);
  await new Promise((resolve) => setTimeout(resolve, idle_ms));
  const status = await Deno.readTextFile(`/proc/${child.pid}/status`);
  const memory_MB = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  await writer.close();
  await reader.cancel();
  await child.status;
  return { answer_ms, cpu_ms, memory_MB };
}

/** User and system time of all threads. */
async function processorTime(pid: number): Promise<number> {
  const fields = (await Deno.readTextFile(`/proc/${pid}/stat`)).split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * clockTick_ms;
}

async function writeLock(sql: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "main.ts", "check", "--lock", "--sql", sql],
    cwd: project,
    env: { DATABASE_URL: url! },
    stdin: "null",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

async function copyFiles(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFiles(join(from, name), join(to, name));
    else await Deno.copyFile(join(from, name), join(to, name));
  }
}

function median(values: number[]): number {
  return Math.round(values.toSorted((one, other) => one - other)[values.length >> 1] ?? NaN);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main();
