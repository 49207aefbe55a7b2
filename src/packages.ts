/**
 * Fetches the npm packages of a lock file into Deno's cache, and shows one line of progress instead of one a
 * package.
 *
 * The program starts without any package (`cli/main.ts` imports the rest by name), so that it can find the
 * project and read the settings before anything is downloaded, and so that nothing but our own line is
 * printed. Deno fetches every package of the lock file in use, reached or not; that is why the product, the
 * tests and a project's extension have a lock each.
 */

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SqlwrightError } from "./errors.ts";

export interface FetchOptions {
  /** A deno.json whose lock is complete. @default the product's */
  configFile?: string | undefined;
  /** Where progress goes; standard output is the protocol's. @default standard error */
  progress?: ProgressLine;
  /** @default 600000 */
  timeout_ms?: number;
}

/** One line that is rewritten on a terminal, and now and then a new line elsewhere. */
export interface ProgressLine {
  isTerminal: boolean;
  write(text: string): void;
}

const productConfigFile = fileURLToPath(new URL("../deno.json", import.meta.url));
/** What imports every package that a command may need. */
const program = fileURLToPath(new URL("./cli/program.ts", import.meta.url));

/** Between two looks at how far it is: on a terminal, and elsewhere. */
const redrawEvery_ms = 200;
const repeatEvery_ms = 10_000;

/**
 * Whether Deno has all packages of the configuration's lock in its cache. Asks Deno, which takes a tenth of a
 * second. Nothing is downloaded.
 */
export async function hasPackages(configFile: string): Promise<boolean> {
  const { success } = await cacheCommand(configFile, ["--cached-only", "--quiet"]).output();
  return success;
}

/** Fetches what is missing. @throws {SqlwrightError} `packages.unavailable` */
export async function fetchPackages(options: FetchOptions = {}): Promise<void> {
  const configFile = options.configFile ?? productConfigFile;
  const progress = options.progress ?? standardError;
  const count = await countPackages(configFile);
  const archives = new Archives(await packageCache());
  const startedAt_ms = performance.now();
  const child = cacheCommand(configFile, [], options.timeout_ms).spawn();
  const listening = child.stderr.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({ write: (text) => archives.read(text) }),
  );
  let shownAt_ms = -Infinity;
  while (!await settlesWithin(child.status, redrawEvery_ms)) {
    // A failure to import that has nothing to do with packages says nothing here, nor do documents of
    // packages that are there.
    if (!archives.hasBegun) continue;
    if (!progress.isTerminal && performance.now() - shownAt_ms < repeatEvery_ms) continue;
    shownAt_ms = performance.now();
    const { fetched, size_bytes } = await archives.measure();
    const state = `Fetching ${count} packages … ${fetched} of ${count}, ${megabytes(size_bytes)}`;
    progress.write(progress.isTerminal ? `\r\x1b[K${state}` : `${state}\n`);
  }
  const [status] = await Promise.all([child.status, listening]);
  if (progress.isTerminal) progress.write("\r\x1b[K");
  if (!status.success) throw unavailable(configFile, archives.text);
  const { fetched, size_bytes } = await archives.measure();
  if (fetched === 0) return;
  const seconds = ((performance.now() - startedAt_ms) / 1000).toFixed(1);
  progress.write(`Fetched ${fetched} packages, ${megabytes(size_bytes)} on disk, in ${seconds} s\n`);
}

function cacheCommand(configFile: string, flags: readonly string[], timeout_ms = 600_000): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["cache", "--frozen", "--no-check", "--config", configFile, ...flags, program],
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    signal: AbortSignal.timeout(timeout_ms),
  });
}

/** The archives that Deno says it begins to fetch, and what is unpacked of them. */
class Archives {
  /** All that Deno printed; at its end is what went wrong. */
  text = "";
  /** Folders that are not there yet, then the bytes of those that are. */
  readonly #waiting = new Set<string>();
  #fetched = 0;
  #size_bytes = 0;
  #unread = "";

  constructor(readonly cache: string) {}

  get hasBegun(): boolean {
    return this.#fetched + this.#waiting.size > 0;
  }

  read(text: string): void {
    this.text += text;
    const lines = (this.#unread + text).split("\n");
    this.#unread = lines.pop()!;
    for (const line of lines) {
      const url = /^Download (https?:\S+\.tgz)$/.exec(line)?.[1];
      if (url !== undefined) this.#waiting.add(folderOfArchive(url));
    }
  }

  /** Deno renames a package's folder to its name when all of it is unpacked, so each is measured once. */
  async measure(): Promise<{ fetched: number; size_bytes: number }> {
    for (const folder of this.#waiting) {
      const size_bytes = await sizeOf(join(this.cache, folder));
      if (size_bytes === 0) continue;
      this.#waiting.delete(folder);
      this.#fetched++;
      this.#size_bytes += size_bytes;
    }
    return { fetched: this.#fetched, size_bytes: this.#size_bytes };
  }
}

/**
 * `https://host:port/path/@scope/name/-/name-1.2.3.tgz` is unpacked to `host_port/path/@scope/name/1.2.3`.
 */
function folderOfArchive(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  const [folder, archive] = decodeURIComponent(pathname).split("/-/");
  const name = folder!.slice(folder!.lastIndexOf("/") + 1);
  const version = (archive ?? "").slice(name.length + 1, -".tgz".length);
  return join(port ? `${hostname}_${port}` : hostname, folder!, version);
}

/** Packages in the lock that the configuration names. */
async function countPackages(configFile: string): Promise<number> {
  const { lock } = JSON.parse(await Deno.readTextFile(configFile)) as { lock?: { path?: string } };
  const lockFile = join(dirname(configFile), lock?.path ?? "deno.lock");
  const { npm } = JSON.parse(await Deno.readTextFile(lockFile)) as { npm?: Record<string, unknown> };
  return Object.keys(npm ?? {}).length;
}

/** Deno's folder of npm packages. */
async function packageCache(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stderr: "null" })
    .output();
  return (JSON.parse(new TextDecoder().decode(stdout)) as { npmCache: string }).npmCache;
}

/** Bytes of all files below a folder; files that go away meanwhile do not count. */
async function sizeOf(directory: string): Promise<number> {
  let size_bytes = 0;
  try {
    for await (const { name, isDirectory } of Deno.readDir(directory)) {
      const path = join(directory, name);
      size_bytes += isDirectory ? await sizeOf(path) : (await Deno.stat(path)).size;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return size_bytes;
}

async function settlesWithin(promise: Promise<unknown>, time_ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const passed = new Promise<false>((resolve) => timer = setTimeout(() => resolve(false), time_ms));
  try {
    return await Promise.race([promise.then(() => true), passed]);
  } finally {
    clearTimeout(timer);
  }
}

function unavailable(configFile: string, said: string): SqlwrightError {
  // Deno writes the failure, its numbered causes, and sometimes a backtrace.
  const lines = said.split("Stack backtrace")[0]!.split("\n");
  const failure = lines.find((line) => line.startsWith("error:"))?.slice("error:".length).trim();
  const cause = lines.findLast((line) => /^\s+\d+: /.test(line))?.replace(/^\s+\d+: /, "");
  const found = [failure ?? "Deno was stopped", cause].filter(Boolean).join(": ");
  return new SqlwrightError(
    "packages.unavailable",
    `Cannot fetch the packages of "${configFile}": ${found}`,
    {
      details: { configuration: configFile, stderr: said.slice(-2000) },
      hint:
        "Check the network, HTTPS_PROXY and the registry in .npmrc; what was fetched is kept, so that the " +
        "next run goes on",
    },
  );
}

const megabytes = (size_bytes: number): string => `${(Math.max(size_bytes, 0) / 1e6).toFixed(1)} MB`;

const standardError: ProgressLine = {
  get isTerminal() {
    return Deno.stderr.isTerminal();
  },
  write(text) {
    try {
      Deno.stderr.writeSync(new TextEncoder().encode(text));
    } catch (error) {
      // A client that does not read our standard error must not stop the download.
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  },
};
