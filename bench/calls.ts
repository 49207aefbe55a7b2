/**
 * What a call costs beside what the database alone costs, side by side in one run: `deno task bench`.
 *
 * Over the embedded database with its sample, or that of DATABASE_URL. Prints a Markdown table; the ratio is
 * the calls a second over those of the bare driver with the same statement on the same pool. Then the time
 * from cancelling a call to the backend's end, over twenty calls.
 */

import { pageOf } from "../src/call/page.ts";
import process from "node:process";
import postgres from "postgres";
import { type Application, withApplication } from "../src/app.ts";
import { withDatabase } from "../src/cli/database.ts";
import { type Config, readConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { localCaller } from "../src/tool/caller.ts";
import type { CallContext } from "../src/tool/model.ts";

const seconds = 1.5;
const context = (signal = new AbortController().signal): CallContext => ({
  signal,
  progress: () => {},
  correlationId: "bench",
  caller: localCaller,
});

interface Case {
  name: string;
  tool: string;
  args: () => Record<string, unknown>;
}

const ciks = [320193, 789019, 1045810, 104169, 354950, 909832];
const cik = () => ciks[Math.floor(Math.random() * ciks.length)]!;
const cases: Case[] = [
  { name: "one row by key", tool: "edgar_company_profile", args: () => ({ cik: cik() }) },
  { name: "a page of 50 filings", tool: "edgar_company_filings", args: () => ({ cik: cik() }) },
  { name: "a report of one document", tool: "edgar_company_report", args: () => ({ cik: cik() }) },
];

async function main(): Promise<void> {
  await withDatabase(readConfig(Deno.env.toObject()), ({ config }) => measureAll(config));
}

async function measureAll(config: Config): Promise<void> {
  await withApplication(config, { log: createLog({ level: "error" }) }, async (application) => {
    print("| call | callers | calls/s | driver alone/s | ratio | p50 ms |\n|---|--:|--:|--:|--:|--:|");
    for (const each of cases) {
      for (const callers of [1, 16]) {
        await measureCalls(application, each, callers, 0.5);
        const bare = await measure(callers, seconds, () => runBare(application, each));
        const called = await measureCalls(application, each, callers, seconds);
        print(
          `| ${each.name} | ${callers} | ${Math.round(called.perSecond)} | ${Math.round(bare.perSecond)} | ${
            (called.perSecond / bare.perSecond).toFixed(2)
          } | ${called.p50_ms.toFixed(2)} |`,
        );
      }
    }
    await measureCancel(config.DATABASE_URL!);
  });
}

function measureCalls(application: Application, { tool, args }: Case, callers: number, duration_s: number) {
  return measure(callers, duration_s, async () => {
    const result = await application.callTool(tool, args(), context());
    if (result.isError) throw new Error(result.text);
  });
}

/** The same statement on the same pool, rows received and thrown away. */
async function runBare(application: Application, { tool, args }: Case): Promise<void> {
  const { binding, query, page } = application.catalog().tools.get(tool)!;
  const bound = binding.bind(args());
  const [statement] = query.parsed.statements;
  const parameters = statement!.parameterNames.map((name) => bound.values[name] ?? null);
  const [text, all] = page?.statements
    ? [page.statements.first, [...parameters, String(pageOf(bound)!.size + 1)]]
    : [statement!.text, parameters];
  await application.pools.reader.withConnection(
    undefined,
    (connection) => connection.execute(text, all, { onRow: () => {} }),
  );
}

async function measure(callers: number, duration_s: number, run: () => Promise<void>) {
  const times: number[] = [];
  const began = performance.now();
  const end = began + duration_s * 1000;
  await Promise.all(Array.from({ length: callers }, async () => {
    while (performance.now() < end) {
      const sent = performance.now();
      await run();
      times.push(performance.now() - sent);
    }
  }));
  return { perSecond: times.length / ((performance.now() - began) / 1000), p50_ms: quantile(times, 0.5) };
}

async function measureCancel(url: string): Promise<void> {
  const { Pool } = await import("../src/postgres/pool.ts");
  const pool = new Pool({
    url,
    size: 2,
    queueSize: 4,
    queueTimeout_ms: 1000,
    connectTimeout_ms: 5000,
    parameters: {},
  });
  const watcher = postgres(url, { max: 1 });
  const running = async () => {
    const [row] = await watcher`
      select count(*) as n
      from pg_stat_activity
      where query like 'select pg_sleep(%'
        and state = 'active'
        and pid <> pg_backend_pid()`;
    return Number(row!.n);
  };
  const times: number[] = [];
  for (let round = 0; round < 20; round++) {
    const abort = new AbortController();
    const call = pool.withConnection(
      abort.signal,
      (connection) => connection.execute("select pg_sleep(5)", [], { signal: abort.signal }),
    ).catch(() => {});
    while (await running() === 0);
    const began = performance.now();
    abort.abort();
    while (await running() > 0);
    times.push(performance.now() - began);
    await call;
  }
  print(
    `\nFrom cancel to no backend at work, 20 calls: p50 ${quantile(times, 0.5).toFixed(1)} ms, worst ${
      Math.max(...times).toFixed(1)
    } ms`,
  );
  await Promise.all([pool.close(), watcher.end()]);
}

function quantile(values: number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ??
    NaN;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main();
