/**
 * What it costs to get the bytes of a load, without COPY:
 *
 *   deno run -A bench/sources.ts [megabytes]
 *
 * A gzip file of that many compressed megabytes (default 1000, about 14 GB of CSV) and a zip member of a
 * tenth of it are streamed through `openSource`, with the process's memory after each tenth; beside them
 * Deno's own DecompressionStream. With DATABASE_URL of a migrated database an upload of 256 MiB is put and
 * read back as well; it is deleted again.
 */

import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { ZipWriter } from "@zip.js/zip.js";
import { openSource } from "../src/load/source/source.ts";
import { type SourceAccess } from "../src/load/source/model.ts";
import { UploadStore } from "../src/load/source/upload.ts";
import { Pool } from "../src/postgres/pool.ts";

const megabytes = Number(Deno.args[0] ?? 1000);
const signal = new AbortController().signal;
const options = { compression: "auto", member: null, signal, maximumBytes: 1e15 } as const;

async function main(): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "sqlwright_bench_" });
  try {
    const member = await writeMember(`${directory}/member.gz`);
    const times = Math.max(1, Math.round(megabytes / (member.compressed / 1e6)));
    await repeat(`${directory}/member.gz`, `${directory}/fact.csv.gz`, times);
    await writeZip(`${directory}/fact.zip`, Math.max(1, Math.round(times / 10)));
    const access: SourceAccess = { kind: "folder", directory };
    print(
      "| source | read | compressed MB | MB | seconds | MB/s | resident MB |\n|---|--:|--:|--:|--:|--:|--:|",
    );
    await stream("gzip", "fact.csv.gz", access);
    await stream("zip member", "fact.zip", access);
    await decompressionStream(`${directory}/member.gz`);
    const url = Deno.env.get("DATABASE_URL");
    if (url) await upload(url);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function stream(label: string, source: string, access: SourceAccess): Promise<void> {
  const started_ms = performance.now();
  const opened = await openSource(source, access, options);
  let bytes = 0;
  let told = 0;
  const tell = (share: string) => row(label, share, opened.consumed(), bytes, started_ms);
  for await (const chunk of opened.bytes) {
    bytes += chunk.length;
    const tenth = Math.floor(10 * opened.consumed() / opened.size!);
    if (tenth > told && tenth < 10) tell(`${(told = tenth) * 10} %`);
  }
  await opened.close();
  tell("all");
}

/** One gzip member only: it fails at the second. */
async function decompressionStream(path: string): Promise<void> {
  const started_ms = performance.now();
  const file = await Deno.open(path);
  const { size } = await file.stat();
  let bytes = 0;
  for await (const chunk of file.readable.pipeThrough(new DecompressionStream("gzip"))) bytes += chunk.length;
  row("DecompressionStream", "all", size, bytes, started_ms);
}

async function upload(url: string): Promise<void> {
  const pool = new Pool({
    url,
    size: 2,
    queueSize: 4,
    queueTimeout_ms: 10_000,
    connectTimeout_ms: 5000,
    parameters: {},
  });
  const store = new UploadStore(pool, { maximumBytes: 2 ** 28, spaceBytes: 2 ** 30, ttl_ms: 600_000 });
  const chunk = crypto.getRandomValues(new Uint8Array(65_536));
  async function* body() {
    for (let sent = 0; sent < 2 ** 28; sent += chunk.length) yield await Promise.resolve(chunk);
  }
  try {
    let started_ms = performance.now();
    const { handle, size } = await store.put({ name: "noise.csv", body: body(), size: 2 ** 28, signal });
    row("upload put", "all", size, size, started_ms);
    await stream("upload read", handle, { kind: "any", uploads: store });
    started_ms = performance.now();
    await store.remove(handle);
    row("upload deleted", "all", 0, size, started_ms);
  } finally {
    await pool.close();
  }
}

/** Two million rows like those of SEC's facts. */
async function writeMember(path: string): Promise<{ compressed: number }> {
  await pipeline(
    Readable.from(rows()),
    createGzip({ level: 6 }),
    Writable.fromWeb((await Deno.create(path)).writable),
  );
  return { compressed: (await Deno.stat(path)).size };
}

async function* rows(): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for (let batch = 0; batch < 2000; batch++) {
    let text = "";
    for (let index = batch * 1000; index < (batch + 1) * 1000; index++) {
      const value = (index * 7919) % 1_000_000_007;
      text += `${index % 12_000},us-gaap,Assets,USD,,2020-12-31,${value},0000320193-20-${
        index % 999_983
      },2020,FY,10-K\n`;
    }
    yield await Promise.resolve(encoder.encode(text));
  }
}

/** gzip members that follow one another are one file. */
async function repeat(from: string, to: string, times: number): Promise<void> {
  using file = await Deno.create(to);
  const bytes = await Deno.readFile(from);
  for (let time = 0; time < times; time++) {
    for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
  }
}

async function writeZip(path: string, times: number): Promise<void> {
  const writer = new ZipWriter((await Deno.create(path)).writable, { useWebWorkers: false });
  async function* all() {
    for (let time = 0; time < times; time++) yield* rows();
  }
  await writer.add("fact.csv", ReadableStream.from(all()));
  await writer.close();
}

function row(label: string, share: string, compressed: number, bytes: number, started_ms: number): void {
  const seconds = (performance.now() - started_ms) / 1000;
  const cells = [
    label,
    share,
    (compressed / 1e6).toFixed(0),
    (bytes / 1e6).toFixed(0),
    seconds.toFixed(1),
    (bytes / 1e6 / seconds).toFixed(0),
    (Deno.memoryUsage().rss / 1e6).toFixed(0),
  ];
  print(`| ${cells.join(" | ")} |`);
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

await main();
