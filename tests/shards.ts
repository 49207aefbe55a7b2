/**
 * Runs test files side by side in processes of `deno test`, and adds up what they say.
 *
 * A process takes a batch: files of one folder, so that starting processes costs little. Files whose tests measure time or memory
 * run alone at the end. A batch that passed is one line; of one that failed everything is printed.
 */

import { dirname, join, relative, resolve } from "node:path";
import process from "node:process";
import { stripVTControlCharacters } from "node:util";
import { type Service, services } from "./services.ts";

export interface ShardOptions {
  /** The folder with tests/ and edgar/. */
  project: string;
  /** Files and folders; relative ones start at the working directory. @default all tests */
  paths: readonly string[];
  /** For `deno test`, such as `--filter=word`. */
  flags: readonly string[];
  environment: Record<string, string>;
  /** Services without a test of their own that were left out: a server that every test would run on. */
  missing: readonly Service[];
}

/** Tests by how they ended. */
interface Counts {
  passed: number;
  failed: number;
  ignored: number;
}

interface Batch {
  configFile: string;
  files: string[];
  /** Lines of the files: about how long they take. */
  weight: number;
  isAlone: boolean;
}

/** Files that hold time or memory against a bound: neighbours would make them lie. */
const aloneFiles = new Set([
  "tests/call/guard_test.ts",
  "tests/describe/describe_test.ts",
  "tests/embedded/embedded_test.ts",
  "tests/load/resources_test.ts",
  "edgar/tests/client_test.ts",
]);

/** Lines in a batch: starting a process costs about as much as running so many. */
const batchWeight = 500;

/**
 * @returns 0 when every test passed or was left out
 * @throws {Error} for a path that is not there
 */
export async function runShards(options: ShardOptions): Promise<number> {
  const files = await filesOf(options);
  // One file is somebody's work at that file: what it prints is shown as it comes.
  if (files.length === 1) return await runOne(files[0]!, options);
  const startedAt_ms = performance.now();
  const batches = await batchesOf(files, options.project);
  const total: Counts = { passed: 0, failed: 0, ignored: 0 };
  const leftOut = new Map<string, number>();
  const failures: string[] = [];
  const lanes = Math.max(2, navigator.hardwareConcurrency);
  const runNext = async (queue: Batch[]) => {
    for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
      const { counts, seconds, output } = await runBatch(batch, options);
      for (const key of ["passed", "failed", "ignored"] as const) total[key] += counts[key];
      for (const service of services) {
        const count = output.match(new RegExp(`\\(${service}\\) \\.\\.\\. ignored`, "g"))?.length ?? 0;
        if (count > 0) leftOut.set(service, (leftOut.get(service) ?? 0) + count);
      }
      if (counts.failed > 0) {
        failures.push(batch.files.join(" "));
        process.stdout.write(`${output}\n`);
      }
      const state = counts.failed > 0 ? "FAILED" : "ok";
      say(`${state.padEnd(6)} ${seconds.toFixed(1).padStart(5)} s  ${describe(batch, counts)}`);
    }
  };
  const together = batches.filter(({ isAlone }) => !isAlone);
  await Promise.all(Array.from({ length: lanes }, () => runNext(together)));
  await runNext(batches.filter(({ isAlone }) => isAlone));

  say("");
  for (const files of failures) say(`FAILED ${files}`);
  const parts = [...options.missing, ...[...leftOut].map(([service, count]) => `${service} (${count})`)];
  if (parts.length > 0) {
    say(`Left out, because this machine lacks what they want: tests on ${parts.join(", ")}`);
  }
  const time_s = (performance.now() - startedAt_ms) / 1000;
  const time = `${Math.floor(time_s / 60)}m${String(Math.floor(time_s % 60)).padStart(2, "0")}s`;
  const { passed, failed, ignored } = total;
  // As `deno test` ends, for whoever counts: .ci/run.
  say(
    `${
      failed > 0 ? "FAILED" : "ok"
    } | ${passed} passed | ${failed} failed | ${ignored} ignored (${time}, ${lanes} at a time)`,
  );
  return failed > 0 ? 1 : 0;
}

/** Absolute paths in order, each once. */
async function filesOf({ project, paths }: ShardOptions): Promise<string[]> {
  const roots = paths.length > 0
    ? paths.map((path) => resolve(path))
    : [join(project, "tests"), join(project, "edgar/tests")];
  const found = await Promise.all(roots.map(async (root) => {
    if ((await Deno.stat(root)).isFile) return [root];
    return await Array.fromAsync(testFilesBelow(root));
  }));
  const files = [...new Set(found.flat())].sort();
  if (files.length === 0) throw new Error(`There are no tests in ${roots.join(", ")}`);
  return files;
}

async function* testFilesBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* testFilesBelow(path);
    else if (name.endsWith("_test.ts")) yield path;
  }
}

/** Heaviest first, so that no long one begins when the others are done. */
async function batchesOf(files: readonly string[], project: string): Promise<Batch[]> {
  const batches: Batch[] = [];
  const open = new Map<string, Batch>();
  for (const file of files) {
    const path = relative(project, file);
    const weight = (await Deno.readTextFile(file)).split("\n").length;
    const isAlone = aloneFiles.has(path);
    const folder = dirname(file);
    const current = open.get(folder);
    if (!isAlone && current !== undefined && current.weight + weight <= batchWeight) {
      current.files.push(path);
      current.weight += weight;
      continue;
    }
    const batch: Batch = { configFile: configFor(path), files: [path], weight, isAlone };
    batches.push(batch);
    if (!isAlone) open.set(folder, batch);
  }
  return batches.sort((one, other) => other.weight - one.weight);
}

/** The packages of EDGAR's loader are in EDGAR's lock. */
function configFor(path: string): string {
  return path.startsWith("edgar/") ? "edgar/deno.json" : "tests/deno.json";
}

async function runOne(file: string, options: ShardOptions): Promise<number> {
  const path = relative(options.project, file);
  return (await command([path], configFor(path), options, "inherit").spawn().status).code;
}

async function runBatch(
  { files, configFile }: Batch,
  options: ShardOptions,
): Promise<{ counts: Counts; seconds: number; output: string }> {
  const startedAt_ms = performance.now();
  const { code, stdout, stderr } = await command(files, configFile, options, "piped").output();
  const seconds = (performance.now() - startedAt_ms) / 1000;
  const decoder = new TextDecoder();
  const output = stripVTControlCharacters(decoder.decode(stdout) + decoder.decode(stderr));
  return { counts: countsOf(output, code), seconds, output };
}

function command(
  files: readonly string[],
  configFile: string,
  { project, flags, environment }: ShardOptions,
  streams: "inherit" | "piped",
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    // Types are checked by `deno task check`, once for all.
    args: ["test", "--allow-all", "--no-prompt", "--no-check", "--config", configFile, ...flags, ...files],
    cwd: project,
    env: { DENO_NO_UPDATE_CHECK: "1", ...environment },
    stdin: "null",
    stdout: streams,
    stderr: streams,
  });
}

/** Of `ok | 12 passed (3 steps) | 0 failed | 1 ignored (4s)`. Without that line the tests did not run to their end, which is a failure. */
function countsOf(output: string, code: number): Counts {
  const line = output.split("\n").findLast((each) => /^(ok|FAILED) \| \d+ passed/.test(each)) ?? "";
  const count = (word: string) => Number(new RegExp(`(\\d+) ${word}`).exec(line)?.[1] ?? 0);
  const counts = { passed: count("passed"), failed: count("failed"), ignored: count("ignored") };
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

function describe({ files }: Batch, { passed, failed, ignored }: Counts): string {
  const parts = [
    `${passed} passed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(ignored > 0 ? [`${ignored} left out`] : []),
  ];
  const folder = dirname(files[0]!);
  const names = files.map((file) => relative(folder, file).replace(/_test\.ts$/, ""));
  return `${folder}: ${names.join(", ")} (${parts.join(", ")})`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
