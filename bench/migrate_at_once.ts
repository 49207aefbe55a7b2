/**
 * Ten `migrate` at once on an empty database, for twenty rounds: all must succeed, one of each round must
 * have worked, and every migration must be there once. Indexes that are built concurrently are what such runs
 * used to deadlock over.
 *
 *   DATABASE_URL=… deno task bench:migrate [--rounds 20] [--runs 10] [--in-process]
 *
 * The login may create databases; each round has one of its own, which is dropped. Runs are processes of
 * their own, as people start them, unless --in-process is given.
 */

import { parseArgs } from "node:util";
import postgres from "postgres";
import { deployFiles } from "../src/cli/deployment.ts";
import { print } from "../src/cli/console/console.ts";
import { readSettings } from "../src/cli/environment.ts";
import { queryFoldersOf } from "../src/config.ts";
import { loadQueries } from "../src/query/loader.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    rounds: { type: "string", default: "20" },
    runs: { type: "string", default: "10" },
    "in-process": { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const runs = Number(values.runs);

const url = Deno.env.get("DATABASE_URL");
if (url === undefined) throw new Error("Set DATABASE_URL to a server whose login may create databases");
const project = new URL("../edgar", import.meta.url).pathname;
const config = readSettings({ project });
const queries = await loadQueries(queryFoldersOf(config));

/** What one run did. */
interface Outcome {
  applied: number;
  hasWaited: boolean;
}

const admin = postgres(url, { max: 1, onnotice: () => {} });
const durations_ms: number[] = [];
let waits = 0;
for (let round = 1; round <= rounds; round++) {
  const name = `migrate_at_once_${crypto.randomUUID().slice(0, 8)}`;
  await admin.unsafe(`create database ${name}`);
  const databaseUrl = Object.assign(new URL(url), { pathname: `/${name}` }).href;
  try {
    const started_ms = performance.now();
    const run = values["in-process"] ? runHere : runProcess;
    const outcomes = await Promise.all(Array.from({ length: runs }, () => run(databaseUrl)));
    durations_ms.push(performance.now() - started_ms);
    waits += outcomes.filter(({ hasWaited }) => hasWaited).length;
    const working = outcomes.filter(({ applied }) => applied > 0);
    const sql = postgres(databaseUrl, { max: 1 });
    const [found] = await sql`select count(*)::integer as count from sqlwright.migration`;
    await sql.end();
    if (working.length !== 1 || working[0]!.applied !== found!.count) {
      throw new Error(`Round ${round}: ${working.length} runs worked, ${found!.count} migrations are there`);
    }
  } finally {
    await admin.unsafe(`drop database ${name} with (force)`);
  }
}
await admin.end();
const seconds = durations_ms.map((each) => each / 1000).sort((one, other) => one - other);
print(
  `${rounds} rounds of ${runs} runs at once: all succeeded, ${waits} of them waited and said so; ` +
    `a round took ${seconds[0]!.toFixed(1)} to ${seconds.at(-1)!.toFixed(1)} s, half of them up to ${
      seconds[Math.floor(seconds.length / 2)]!.toFixed(1)
    } s`,
);

async function runHere(databaseUrl: string): Promise<Outcome> {
  let hasWaited = false;
  const tell = () => void (hasWaited = true);
  const { migrations } = await deployFiles(config, databaseUrl, queries, { tell });
  return { applied: migrations.length, hasWaited };
}

async function runProcess(databaseUrl: string): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--cached-only", "main.ts", "migrate", "--project", project, "--json"],
    cwd: new URL("..", import.meta.url).pathname,
    env: { DATABASE_URL: databaseUrl },
    stdin: "null",
  }).output();
  const said = new TextDecoder().decode(stderr);
  if (code !== 0) throw new Error(`A run failed: ${said}`);
  const { applied } = JSON.parse(new TextDecoder().decode(stdout)) as { applied: unknown[] };
  return { applied: applied.length, hasWaited: said.includes("Waiting for another migrate to end") };
}
