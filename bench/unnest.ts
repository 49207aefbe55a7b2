/**
 * 10,000 rows by one call of an `:unnest` tool, beside psql with the same statement and beside 10,000 calls
 * of an `:exec` tool:
 *
 *   DATABASE_URL=postgresql://… deno task bench:unnest [rows]
 *
 * Makes the schema `bench_unnest` and drops it at the end; the login must be allowed to create one. psql gets
 * the same arrays as literals of a prepared statement and measures the statement itself (`\timing`), in turns
 * with the calls, so that both meet the same machine. A call validates its rows, looks them up, locks them in
 * the order of their keys, updates, and tells what became of each.
 */

import { join } from "node:path";
import process from "node:process";
import postgres from "postgres";
import { type Application, withApplication } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { localCaller } from "../src/tool/caller.ts";

const rowCount = Number(Deno.args[0] ?? 10_000);
const rounds = 30;
const tableRows = 100_000;

const update = `update bench_unnest.filing as filing
set status = change.status
from unnest(:accession::text[], :status::text[]) as change (accession, status)
where filing.accession = change.accession
  and filing.status is distinct from change.status`;
const files = {
  "set_statuses.sql": `-- name: set_statuses :unnest
-- Sets the status of many filings.
--
-- @param accession  Which
-- @param status     To what

${update};
`,
  "set_status.sql": `-- name: set_status :exec
-- Sets the status of one filing.
--
-- @param accession  Which
-- @param status     To what

update bench_unnest.filing as filing
set status = :status::text
where filing.accession = :accession::text
  and filing.status is distinct from :status::text;
`,
};

async function main(): Promise<void> {
  const url = Deno.env.get("DATABASE_URL");
  if (!url) {
    throw new Error("DATABASE_URL must name a database; the schema bench_unnest is made in it and dropped");
  }
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  const directory = await Deno.makeTempDir({ prefix: "sqlwright_bench_" });
  try {
    await sql.unsafe(`
      drop schema if exists bench_unnest cascade;
      create schema bench_unnest;
      create table bench_unnest.filing (accession text primary key, status text not null, form text not null);
      insert into bench_unnest.filing
      select lpad(n::text, 10, '0') || '-24-' || lpad(n::text, 6, '0'), 'loaded', '10-K'
      from generate_series(1, ${tableRows}) as n;
      analyze bench_unnest.filing;
    `);
    await Deno.mkdir(join(directory, "sql/bench"), { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(directory, "sql/bench", name), text);
    }
    const config = readConfig({
      DATABASE_URL: url,
      SQLWRIGHT_SQL_DIR: join(directory, "sql"),
      SQLWRIGHT_SUPERUSER: "allow",
    });
    await withApplication(
      config,
      { log: createLog({ level: "error" }) },
      (application) => measure(application, url, directory, sql),
    );
  } finally {
    await sql.unsafe("drop schema if exists bench_unnest cascade");
    await sql.end();
    await Deno.remove(directory, { recursive: true });
  }
}

async function measure(
  application: Application,
  url: string,
  directory: string,
  sql: postgres.Sql,
): Promise<void> {
  const accessions = (await sql`
    select accession from bench_unnest.filing order by md5(accession) limit ${rowCount}`)
    .map(({ accession }) => accession as string);
  const rowsOf = (status: string) => accessions.map((accession) => ({ accession, status }));
  const calls: number[] = [];
  const psql: number[] = [];
  const clean = () => sql.unsafe("vacuum analyze bench_unnest.filing");
  for (let round = 0; round <= rounds; round++) {
    await clean();
    const time_ms = await timed(async () => {
      const { structured } = await call(application, "bench_set_statuses", { rows: rowsOf(`a${round}`) });
      if (structured.affected !== rowCount) throw new Error(`${structured.affected} rows were updated`);
    });
    await clean();
    const theirs_ms = await runPsql(url, directory, accessions, `b${round}`);
    // The first of each is a warm-up.
    if (round > 0) {
      calls.push(time_ms);
      psql.push(theirs_ms);
    }
  }
  await clean();
  const single_ms = await timed(async () => {
    for (const accession of accessions) {
      await call(application, "bench_set_status", { accession, status: "c" });
    }
  });
  const [ours_ms, theirs_ms] = [median(calls), median(psql)];
  const rate = (time_ms: number) => Math.round(rowCount / (time_ms / 1000)).toLocaleString("en-US");
  process.stdout.write(
    `${rowCount} rows of ${tableRows}, medians of ${rounds}\n\n` +
      `| way | ms | rows/s |\n|---|--:|--:|\n` +
      `| one :unnest call, with outcomes | ${ours_ms.toFixed(1)} | ${rate(ours_ms)} |\n` +
      `| psql, the same statement | ${theirs_ms.toFixed(1)} | ${rate(theirs_ms)} |\n` +
      `| ${rowCount} :exec calls, one after the other | ${single_ms.toFixed(0)} | ${rate(single_ms)} |\n\n` +
      `:unnest beside psql: ${(theirs_ms / ours_ms).toFixed(2)} × · beside single calls: ${
        (single_ms / ours_ms).toFixed(0)
      } ×\n`,
  );
}

async function call(application: Application, tool: string, args: Record<string, unknown>) {
  const result = await application.callTool(tool, args, {
    signal: new AbortController().signal,
    progress: () => {},
    correlationId: "bench",
    caller: localCaller,
  });
  if (result.isError) throw new Error(result.text.slice(0, 500));
  return result;
}

/** What psql says the statement took. */
async function runPsql(
  url: string,
  directory: string,
  accessions: readonly string[],
  status: string,
): Promise<number> {
  const statement = update.replace(":accession", "$1").replace(":status", "$2");
  const script = join(directory, "update.psql");
  await Deno.writeTextFile(
    script,
    `prepare change (text[], text[]) as ${statement};\n\\timing on\nexecute change ('{${
      accessions.join(",")
    }}', '{${accessions.map(() => status).join(",")}}');\n`,
  );
  const { success, stdout, stderr } = await new Deno.Command("psql", {
    args: ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", script, url],
  }).output();
  const output = new TextDecoder().decode(stdout);
  const time_ms = /Time: ([\d.]+) ms/.exec(output)?.[1];
  if (!success || time_ms === undefined) throw new Error(new TextDecoder().decode(stderr) || output);
  return Number(time_ms);
}

async function timed(run: () => Promise<void>): Promise<number> {
  const started_ms = performance.now();
  await run();
  return performance.now() - started_ms;
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;
}

await main();
