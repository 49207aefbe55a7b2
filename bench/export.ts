/**
 * A million rows exported, beside `psql \copy (…) to`:
 *
 *   DATABASE_URL=postgresql://… deno task bench:export [rows]
 *
 * Each export is a process of its own, `main.ts export`, that writes a file; the time is that of the whole
 * process for both, and its peak memory is the kernel's (Linux). Makes the schema `bench_export` and drops it
 * at the end; the login must be allowed to create one.
 */

import { join } from "node:path";
import process from "node:process";
import postgres from "postgres";

const rowCount = Number(Deno.args[0] ?? 1_000_000);
const rounds = 3;
const project = new URL("..", import.meta.url).pathname;

const query = `select fact.cik, fact.tag, fact.unit, fact.start_on, fact.end_on, fact.value, fact.accession
from bench_export.fact as fact`;

async function main(): Promise<void> {
  const url = Deno.env.get("DATABASE_URL");
  if (!url) {
    throw new Error("DATABASE_URL must name a database; the schema bench_export is made in it and dropped");
  }
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  const directory = await Deno.makeTempDir({ prefix: "sqlwright_bench_" });
  try {
    await sql.unsafe(`
      drop schema if exists bench_export cascade;
      create schema bench_export;
      create table bench_export.fact (
        cik bigint, tag text, unit text, start_on date, end_on date, value numeric(28, 4), accession text
      );
      insert into bench_export.fact
      select 320193 + n % 500, 'NetIncomeLoss' || n % 40, 'USD', date '2010-01-01' + (n % 4000)::integer,
        date '2010-04-01' + (n % 4000)::integer, n * 1000.25,
        lpad((n % 500)::text, 10, '0') || '-24-' || lpad((n % 999999)::text, 6, '0')
      from generate_series(1, ${rowCount}) as n;
      vacuum analyze bench_export.fact;
    `.replace(/vacuum[^;]*;/, ""));
    await sql.unsafe("vacuum analyze bench_export.fact");
    await Deno.mkdir(join(directory, "sql/bench"), { recursive: true });
    await Deno.writeTextFile(
      join(directory, "sql/bench/facts.sql"),
      `-- name: facts :many\n-- All facts.\n--\n-- @rows 100\n\n${query};\n`,
    );
    await measure(url, directory);
  } finally {
    await sql.unsafe("drop schema if exists bench_export cascade");
    await sql.end();
    await Deno.remove(directory, { recursive: true });
  }
}

async function measure(url: string, directory: string): Promise<void> {
  const copy = `\\copy (${query.replaceAll("\n", " ")}) to '${
    join(directory, "psql.csv")
  }' (format csv, header)`;
  const export_ = (format: string) => [
    Deno.execPath(),
    "run",
    "--allow-all",
    join(project, "main.ts"),
    "export",
    "bench_facts",
    "--sql",
    join(directory, "sql"),
    "--format",
    format,
    "--out",
    join(directory, `ours.${format}`),
  ];
  const ways: [string, string[], string][] = [
    ["psql \\copy, csv", ["psql", "-X", "-q", "-c", copy, url], "psql.csv"],
    ...["csv", "ndjson", "parquet"].map((format): [string, string[], string] => [
      `export, ${format}`,
      export_(format),
      `ours.${format}`,
    ]),
  ];
  process.stdout.write(
    `${rowCount} rows of 7 columns, medians of ${rounds}\n\n` +
      "| way | s | rows/s | MB | peak MB | beside psql |\n|---|--:|--:|--:|--:|--:|\n",
  );
  let psql_s = 0;
  for (const [name, command, file] of ways) {
    const runs: { seconds: number; peak_mb: number }[] = [];
    for (let round = 0; round < rounds; round++) runs.push(await run(command, url));
    const { seconds, peak_mb } = runs.toSorted((a, b) => a.seconds - b.seconds)[Math.floor(rounds / 2)]!;
    if (psql_s === 0) psql_s = seconds;
    const { size } = await Deno.stat(join(directory, file));
    const cells = [
      name,
      seconds.toFixed(2),
      Math.round(rowCount / seconds).toLocaleString("en-US"),
      (size / 1e6).toFixed(1),
      peak_mb.toFixed(0),
      `${(psql_s / seconds).toFixed(2)} ×`,
    ];
    process.stdout.write(`| ${cells.join(" | ")} |\n`);
  }
  const [ours, theirs] = await Promise.all(
    ["ours.csv", "psql.csv"].map((name) => digest(join(directory, name))),
  );
  process.stdout.write(`\ncsv is ${ours === theirs ? "" : "NOT "}byte for byte that of psql\n`);
}

/** Runs to its end; the kernel's peak of resident memory is read while it runs, as it is gone afterwards. */
async function run([program, ...args]: string[], url: string): Promise<{ seconds: number; peak_mb: number }> {
  const started_ms = performance.now();
  const child = new Deno.Command(program!, {
    args,
    env: {
      DATABASE_URL: url,
      SQLWRIGHT_SUPERUSER: "allow",
      PGOPTIONS: "-c intervalstyle=iso_8601 -c timezone=UTC -c datestyle=ISO,YMD",
    },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let peak_mb = 0;
  const timer = setInterval(() => {
    try {
      const status = Deno.readTextFileSync(`/proc/${child.pid}/status`);
      peak_mb = Math.max(peak_mb, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      // It has ended, or this is no Linux.
    }
  }, 20);
  const { success, stderr } = await child.output();
  clearInterval(timer);
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return { seconds: (performance.now() - started_ms) / 1000, peak_mb };
}

async function digest(path: string): Promise<string> {
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  for await (const chunk of file.readable) hash.update(chunk);
  return hash.digest("hex");
}

await main();
