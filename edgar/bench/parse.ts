/**
 * How fast SEC's files become rows, each kind on its own: megabytes of the file as SEC sends it, rows,
 * seconds, memory. Nothing is stored.
 *
 *   deno task --cwd edgar bench:parse [folder]
 *
 * The folder holds files laid out like SEC's addresses; without one, `../shared/edgar` beside the project.
 */

import { join, resolve } from "node:path";
import process from "node:process";
import { parseSourceFile } from "../src/parse/parse.ts";
import { secPathOf, type SourceKind, sourceKindOf } from "../src/source/source_kind.ts";

const project = new URL("../../", import.meta.url).pathname;
const folder = resolve(Deno.args[0] ?? join(project, "..", "shared", "edgar"));
const rounds = 3;

interface Total {
  files: number;
  bytes: number;
  rows: number;
  /** Of the fastest round. */
  seconds: number;
  /** Of all cores: on a machine with other work the wall clock says little. */
  processor_seconds: number;
}

async function main(): Promise<void> {
  const files = new Map<SourceKind, string[]>();
  for await (const file of filesBelow(folder)) {
    const kind = sourceKindOf(file);
    if (kind !== null) files.set(kind, [...files.get(kind) ?? [], file]);
  }
  if (files.size === 0) throw new Error(`There is no file of SEC's layout below ${folder}`);
  print(
    "| kind | files | MB | rows | s | MB/s | rows/s | processor s | peak MB |\n" +
      "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
  );
  for (const [kind, paths] of files) {
    let best: Total | null = null;
    let peak = 0;
    for (let round = 0; round < rounds; round++) {
      const total = await parseAll(paths, kind, (bytes) => peak = Math.max(peak, bytes));
      if (best === null || total.seconds < best.seconds) best = total;
    }
    const { bytes, rows, seconds, processor_seconds } = best!;
    const cells = [
      kind,
      paths.length,
      (bytes / 1e6).toFixed(1),
      rows.toLocaleString("en"),
      seconds.toFixed(2),
      (bytes / 1e6 / seconds).toFixed(1),
      Math.round(rows / seconds).toLocaleString("en"),
      processor_seconds.toFixed(2),
      Math.round(peak / 1e6),
    ];
    print(`| ${cells.join(" | ")} |`);
  }
}

async function parseAll(
  paths: readonly string[],
  kind: SourceKind,
  observe: (bytes: number) => void,
): Promise<Total> {
  const total: Total = { files: paths.length, bytes: 0, rows: 0, seconds: 0, processor_seconds: 0 };
  const began = performance.now();
  const before = process.cpuUsage();
  for (const path of paths) {
    const handle = await Deno.open(path);
    total.bytes += (await handle.stat()).size;
    for await (
      const { batches } of parseSourceFile({ path: secPathOf(path), bytes: handle.readable }, kind)
    ) {
      for await (const batch of batches) total.rows += batch.length;
    }
    observe(Deno.memoryUsage().rss);
  }
  total.seconds = (performance.now() - began) / 1e3;
  const { user, system } = process.cpuUsage(before);
  total.processor_seconds = (user + system) / 1e6;
  return total;
}

async function* filesBelow(directory: string): AsyncGenerator<string> {
  const entries = await Array.fromAsync(Deno.readDir(directory));
  for (const { name, isDirectory } of entries.toSorted((one, other) => one.name < other.name ? -1 : 1)) {
    const path = join(directory, name);
    if (isDirectory) yield* filesBelow(path);
    else yield path;
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main();
