/** Loads that are killed at random moments, continued, and held against an unbroken load. For the test and for `bench/edgar_kill.ts`. */

import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { project } from "../../tests/harness.ts";
import { checksums } from "./loading.ts";

export interface KillOptions {
  /** A database with the migrations and nothing loaded. */
  serverUrl: string;
  /** Of a superuser. */
  url: string;
  paths: readonly string[];
  kills: number;
  /** Of the random moments: the same seed kills at the same times. */
  seed: number;
  /** How long an unbroken load takes from its first file on. */
  unbroken_ms: number;
  onKill?: (time_ms: number, filesLoaded: number) => void;
}

/** Loads once without a break. @returns the checksums of all tables, and how long it took */
export async function loadUnbroken(
  options: Pick<KillOptions, "serverUrl" | "url" | "paths">,
): Promise<{ sums: Record<string, string>; time_ms: number }> {
  const { child, ready } = startLoad(options);
  await ready;
  const started_ms = performance.now();
  assert.equal((await child.status).code, 0);
  const time_ms = performance.now() - started_ms;
  return { sums: await sumsOf(options.url), time_ms };
}

/** Kills the load as often as asked, each time at another moment, then lets it come to its end. @returns the checksums */
export async function loadBroken(options: KillOptions): Promise<Record<string, string>> {
  const { url, kills, unbroken_ms, onKill = () => {} } = options;
  const random = randomOf(options.seed);
  for (let kill = 0; kill < kills; kill++) {
    const { child, ready } = startLoad(options);
    await ready;
    // Mostly early, so that the continuations have something left to do, and at times late, so that large files get through.
    const time_ms = random() ** 2 * unbroken_ms * 0.6;
    await new Promise((resolve) => setTimeout(resolve, time_ms));
    try {
      child.kill("SIGKILL");
    } catch (error) {
      // It was through already.
      if (!(error instanceof TypeError)) throw error;
    }
    await child.status;
    await sessionsGone(url);
    onKill(time_ms, await countLoaded(url));
  }
  const { child } = startLoad(options);
  assert.equal((await child.status).code, 0, "the continuation ends well");
  return await sumsOf(url);
}

function startLoad({ serverUrl, paths }: Pick<KillOptions, "serverUrl" | "paths">) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", join(project, "edgar/tests/load_child.ts"), ...paths],
    cwd: project,
    env: { DATABASE_URL: serverUrl, SQLWRIGHT_SQL_DIR: join(project, "edgar/sql") },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const read = async () => {
    for await (const _chunk of child.stdout) resolve();
    resolve();
  };
  read();
  return { child, ready };
}

/** A backend notices that its client was killed when it next reads or writes. */
async function sessionsGone(url: string): Promise<void> {
  await withSql(url, async (sql) => {
    const deadline_ms = performance.now() + 60_000;
    for (;;) {
      const [row] = await sql`
        select count(*)::integer as count
        from pg_stat_activity
        where datname = current_database() and application_name = 'sqlwright'`;
      if (row!.count === 0) return;
      assert.ok(performance.now() < deadline_ms, "sessions of a killed load are still there");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
}

async function countLoaded(url: string): Promise<number> {
  return await withSql(url, async (sql) => {
    const [row] = await sql`select count(*)::integer as count from edgar.source_file where status = 'loaded'`;
    return row!.count as number;
  });
}

const sumsOf = (url: string) => withSql(url, checksums);

async function withSql<T>(url: string, use: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await use(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Mulberry32: the same numbers for the same seed, from 0 to 1. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
