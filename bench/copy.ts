/**
 * COPY through the tool beside `psql \copy` of the same file, in turns: `DATABASE_URL=… deno task bench:copy
 * [--curve]`.
 *
 * Narrow rows (three integers) and wide ones (twenty columns), into a table as it is and through a staging
 * table with a merge, as CSV, NDJSON and rows of the call; collecting with a thousand bad rows among a
 * million, which the COPY or the merge refuses. The tool runs in a process of its own, so the memory is its
 * own; it has loaded nothing before but a file without rows. `--only "collect, merged"` measures the cases
 * whose names begin so, `--curve` loads a file of 1 GB and prints the memory on the way. Needs psql and the
 * right to make a schema.
 */

import { join } from "node:path";
import process from "node:process";
import postgres from "postgres";
import { withApplication } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import type { CallTool } from "../src/tool/model.ts";
import { localCaller } from "../src/tool/caller.ts";

const rounds = 5;
const narrowRows = 1_000_000;
const wideRows = 200_000;
const callRows = 100_000;

const wideColumns = Array.from({ length: 20 }, (_, index) => `c${index}`);
const wideTypes = ["bigint", "text", "numeric(14, 2)", "date", "boolean"];
const schema = `
  drop schema if exists bench_copy cascade;
  create schema bench_copy;
  create table bench_copy.narrow (a integer, b integer, c integer);
  create table bench_copy.merged (
    a integer primary key,
    b integer,
    c integer constraint check_merged_c check (c >= 0)
  );
  create table bench_copy.wide (${
  wideColumns.map((name, index) => `${name} ${wideTypes[index % wideTypes.length]}`).join(", ")
});`;
const merge =
  "insert into bench_copy.merged as merged (a, b, c)\nselect incoming.a, incoming.b, incoming.c\n" +
  "from incoming\n" +
  "on conflict (a) do update set b = excluded.b, c = excluded.c\n" +
  "where (merged.b, merged.c) is distinct from (excluded.b, excluded.c)";
const staging = "create temporary table incoming (like bench_copy.merged) on commit drop";
const copyFile = (name: string, body: string) => `-- name: ${name} :copy\n-- Loads rows.\n\n${body}\n`;
const files: Record<string, string> = {
  narrow: copyFile("narrow", "copy bench_copy.narrow (a, b, c) from stdin (format csv, header);"),
  wide: copyFile("wide", `copy bench_copy.wide (${wideColumns.join(", ")}) from stdin (format csv, header);`),
  merged: copyFile(
    "merged",
    `${staging};\n\ncopy incoming (a, b, c) from stdin (format csv, header);\n\n${merge};`,
  ),
};

interface Job {
  tool: string;
  args: Record<string, unknown>;
  /** Makes this many rows for the argument `rows`. */
  rows?: number;
  /** Streams this many rows as a program does. */
  streamed?: number;
  directory: string;
  curve?: boolean;
}

interface Outcome {
  ms: number;
  rss_MB: number;
  idle_MB: number;
  answer: Record<string, unknown>;
  curve: [done: number, rss_MB: number][];
}

async function main(): Promise<void> {
  const url = Deno.env.get("DATABASE_URL");
  if (url === undefined) throw new Error("DATABASE_URL is not set");
  const directory = await Deno.makeTempDir({ prefix: "sqlwright_bench_" });
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await sql.unsafe(schema);
    await Deno.mkdir(join(directory, "sql/bench"), { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(directory, `sql/bench/${name}.sql`), text);
    }
    if (Deno.args.includes("--curve")) await drawCurve(directory);
    else await compare(url, sql, directory);
  } finally {
    await sql.unsafe("drop schema if exists bench_copy cascade");
    await sql.end();
    await Deno.remove(directory, { recursive: true });
  }
}

async function compare(url: string, sql: postgres.Sql, directory: string): Promise<void> {
  const narrow = (index: number) => `${index},${index * 7 % 1000},${index % 97}`;
  await writeLines(directory, "narrow.csv", narrowRows, narrow, "a,b,c");
  await writeLines(directory, "call.csv", callRows, narrow, "a,b,c");
  await writeLines(directory, "wide.csv", wideRows, wideLine, wideColumns.join(","));
  await writeLines(
    directory,
    "narrow.ndjson",
    narrowRows,
    (index) => `{"a":${index},"b":${index * 7 % 1000},"c":${index % 97}}`,
  );
  await writeLines(directory, "wide.ndjson", wideRows, wideDocument);
  const bad = (index: number) => index % 1000 === 500 ? `x${narrow(index)}` : narrow(index);
  await writeLines(directory, "bad.csv", narrowRows, bad, "a,b,c");
  const refused = (index: number) => `${index},0,-1`;
  const repeated = (index: number) => `${index - 400},1,1`;
  const every = (wanted: (index: number) => boolean, line: (index: number) => string) => (index: number) =>
    wanted(index) ? line(index) : narrow(index);
  const thousandth = (index: number) => index % 1000 === 500;
  await writeLines(
    directory,
    "refused_one.csv",
    narrowRows,
    every((index) => index === 700_123, refused),
    "a,b,c",
  );
  await writeLines(directory, "refused.csv", narrowRows, every(thousandth, refused), "a,b,c");
  await writeLines(
    directory,
    "repeated_one.csv",
    narrowRows,
    every((index) => index === 700_123, repeated),
    "a,b,c",
  );
  await writeLines(directory, "repeated.csv", narrowRows, every(thousandth, repeated), "a,b,c");
  const copy = (
    table: string,
    file: string,
  ) => [`\\copy bench_copy.${table} from '${join(directory, file)}' (format csv, header)`];
  const merged = (
    file: string,
  ) => [staging, `\\copy incoming from '${join(directory, file)}' (format csv, header)`, merge];
  const cases: [name: string, table: string, rows: number, psql: string[], job: Omit<Job, "directory">][] = [
    ["narrow CSV", "narrow", narrowRows, copy("narrow", "narrow.csv"), {
      tool: "narrow",
      args: { source: "narrow.csv" },
    }],
    ["narrow CSV, merged", "merged", narrowRows, merged("narrow.csv"), {
      tool: "merged",
      args: { source: "narrow.csv" },
    }],
    ["wide CSV", "wide", wideRows, copy("wide", "wide.csv"), { tool: "wide", args: { source: "wide.csv" } }],
    ["narrow NDJSON", "narrow", narrowRows, copy("narrow", "narrow.csv"), {
      tool: "narrow",
      args: { source: "narrow.ndjson" },
    }],
    ["wide NDJSON", "wide", wideRows, copy("wide", "wide.csv"), {
      tool: "wide",
      args: { source: "wide.ndjson" },
    }],
    ["rows of the call", "narrow", callRows, copy("narrow", "call.csv"), {
      tool: "narrow",
      args: {},
      rows: callRows,
    }],
    ["rows of a program", "narrow", narrowRows, copy("narrow", "narrow.csv"), {
      tool: "narrow",
      args: {},
      streamed: narrowRows,
    }],
    ["collect, none bad", "narrow", narrowRows, copy("narrow", "narrow.csv"), {
      tool: "narrow",
      args: { source: "narrow.csv", options: { mode: "collect" } },
    }],
    ["collect, 1,000 bad", "narrow", narrowRows, copy("narrow", "narrow.csv"), {
      tool: "narrow",
      args: { source: "bad.csv", options: { mode: "collect" } },
    }],
    ...([
      ["none bad", "narrow"],
      ["1 refused", "refused_one"],
      ["1,000 refused", "refused"],
      ["1 repeated", "repeated_one"],
      ["1,000 repeated", "repeated"],
    ] as const).map(([name, file]): (typeof cases)[number] => [
      `collect, merged, ${name}`,
      "merged",
      narrowRows,
      merged("narrow.csv"),
      { tool: "merged", args: { source: `${file}.csv`, options: { mode: "collect" } } },
    ]),
  ];
  print(
    "| load | rows | psql rows/s | tool rows/s | tool : psql | peak MB | above idle MB |\n" +
      "|---|--:|--:|--:|--:|--:|--:|",
  );
  const only = Deno.args[Deno.args.indexOf("--only") + 1];
  const wanted = Deno.args.includes("--only") ? cases.filter(([name]) => name.startsWith(only!)) : cases;
  for (const [name, table, rows, commands, job] of wanted) {
    const [plain, tool, peaks, idles]: number[][] = [[], [], [], []];
    for (let round = 0; round < rounds; round++) {
      await sql.unsafe(`truncate bench_copy.${table}`);
      plain!.push(await runPsql(url, commands));
      await sql.unsafe(`truncate bench_copy.${table}`);
      const outcome = await runChild({ ...job, directory });
      tool!.push(outcome.ms);
      peaks!.push(outcome.rss_MB);
      idles!.push(outcome.rss_MB - outcome.idle_MB);
    }
    const rate = (times: number[]) => Math.round(rows / median(times) * 1000);
    print(
      `| ${name} | ${rows} | ${rate(plain!)} | ${rate(tool!)} | ${
        (median(plain!) / median(tool!)).toFixed(2)
      } | ${Math.round(median(peaks!))} | ${Math.round(median(idles!))} |`,
    );
  }
}

async function drawCurve(directory: string): Promise<void> {
  const block = Array.from({ length: 4000 }, (_, index) => wideLine(index)).join("\n") + "\n";
  const count = Math.ceil(1e9 / block.length);
  const file = await Deno.open(join(directory, "large.csv"), { create: true, write: true });
  const writer = file.writable.getWriter();
  const encoder = new TextEncoder();
  await writer.write(encoder.encode(`${wideColumns.join(",")}\n`));
  for (let index = 0; index < count; index++) await writer.write(encoder.encode(block));
  await writer.close();
  const { ms, idle_MB, rss_MB, curve, answer } = await runChild({
    tool: "wide",
    args: { source: "large.csv" },
    directory,
    curve: true,
  });
  print(
    `${JSON.stringify(answer)} in ${Math.round(ms / 100) / 10} s; idle ${Math.round(idle_MB)} MB, peak ${
      Math.round(rss_MB)
    } MB\n`,
  );
  print("| MB read | resident MB |\n|--:|--:|");
  const step = Math.max(1, Math.floor(curve.length / 12));
  for (let index = 0; index < curve.length; index += step) {
    print(`| ${Math.round(curve[index]![0] / 1e6)} | ${Math.round(curve[index]![1])} |`);
  }
}

/** The tool's own process. */
async function runJob({ tool, args, rows, streamed, directory, curve: isDrawn }: Job): Promise<Outcome> {
  const config = readConfig({
    DATABASE_URL: Deno.env.get("DATABASE_URL"),
    SQLWRIGHT_SQL_DIR: join(directory, "sql"),
    SQLWRIGHT_SOURCE_DIR: directory,
    SQLWRIGHT_SUPERUSER: "allow",
  });
  return await withApplication(config, { log: createLog({ level: "error" }) }, async ({ callTool }) => {
    const curve: [number, number][] = [];
    const idle_MB = resident_MB();
    if (rows !== undefined) {
      args.rows = Array.from(
        { length: rows },
        (_, index) => ({ a: index, b: index * 7 % 1000, c: index % 97 }),
      );
    }
    function* batches() {
      for (let start = 0; start < streamed!; start += 2000) {
        yield Array.from({ length: 2000 }, (_, index) => {
          const at = start + index;
          return [String(at), String(at * 7 % 1000), String(at % 97)];
        });
      }
    }
    await warmUp(callTool, directory, tool);
    const began = performance.now();
    const result = await callTool(`bench_${tool}`, args, {
      signal: new AbortController().signal,
      correlationId: "bench",
      caller: localCaller,
      progress: (done) => isDrawn && curve.push([done, resident_MB()]),
      ...(streamed === undefined
        ? {}
        : { input: { name: "bench", columns: ["a", "b", "c"], batches: batches() } }),
    });
    const ms = performance.now() - began;
    if (result.isError) throw new Error(result.text);
    const { rejects: _rejects, ...answer } = result.structured;
    return { ms, rss_MB: peak_MB(), idle_MB, answer, curve };
  });
}

/**
 * A load of no rows: a server that runs has read the modules of loads, and a program may not be charged for
 * it that psql is not.
 */
async function warmUp(callTool: CallTool, directory: string, tool: string): Promise<void> {
  await Deno.writeTextFile(
    join(directory, "empty.csv"),
    tool === "wide" ? `${wideColumns.join(",")}\n` : "a,b,c\n",
  );
  const result = await callTool(`bench_${tool}`, { source: "empty.csv" }, {
    signal: new AbortController().signal,
    correlationId: "bench",
    caller: localCaller,
    progress: () => {},
  });
  if (result.isError) throw new Error(result.text);
}

async function runChild(job: Job): Promise<Outcome> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", import.meta.filename!, "--job", JSON.stringify(job)],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

async function runPsql(url: string, commands: readonly string[]): Promise<number> {
  const began = performance.now();
  const { success, stderr } = await new Deno.Command("psql", {
    args: [
      "-X",
      "-q",
      "-1",
      "-v",
      "ON_ERROR_STOP=1",
      "-d",
      url,
      ...commands.flatMap((command) => ["-c", command]),
    ],
    stdout: "null",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return performance.now() - began;
}

function wideValue(row: number, column: number): string | number | boolean {
  switch (wideTypes[column % wideTypes.length]) {
    case "bigint":
      return row * 1000 + column;
    case "text":
      return `value ${row % 1000} of ${column}`;
    case "date":
      return `20${10 + row % 15}-0${1 + row % 9}-1${row % 10}`;
    case "boolean":
      return row % 2 === 0;
    default:
      return Number(`${row % 100_000}.${10 + column}`);
  }
}

function wideLine(row: number): string {
  return wideColumns.map((_, column) => String(wideValue(row, column))).join(",");
}

function wideDocument(row: number): string {
  return JSON.stringify(
    Object.fromEntries(wideColumns.map((name, column) => [name, wideValue(row, column)])),
  );
}

async function writeLines(
  directory: string,
  name: string,
  rows: number,
  line: (row: number) => string,
  header?: string,
): Promise<void> {
  const lines = Array.from({ length: rows }, (_, index) => line(index));
  await Deno.writeTextFile(
    join(directory, name),
    `${header === undefined ? "" : `${header}\n`}${lines.join("\n")}\n`,
  );
}

const resident_MB = () => statusOf("VmRSS");
const peak_MB = () => statusOf("VmHWM");

/** Linux tells the peak; elsewhere the present memory must do. */
function statusOf(name: string): number {
  try {
    return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(Deno.readTextFileSync("/proc/self/status"))?.[1]) /
      1024;
  } catch {
    return Deno.memoryUsage().rss / 2 ** 20;
  }
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const job = Deno.args.indexOf("--job");
if (job >= 0) {
  print(JSON.stringify(await runJob(JSON.parse(Deno.args[job + 1]!))));
  Deno.exit(0);
}
await main();
