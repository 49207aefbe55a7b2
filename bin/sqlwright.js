#!/usr/bin/env node
/**
 * The command `sqlwright` of the npm package: runs launch.ts with the Deno that npm installed beside it.
 *
 * Where Node can (from 22.15 on, but not on Windows) this process becomes Deno: the same process id, streams
 * and signals, and nothing in between. Elsewhere Deno is a child with the same streams; signals and the exit
 * code are passed on.
 *
 * Deno itself can run this file too, for `deno install --global` from a checkout.
 */

import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { isatty } from "node:tty";
import { fileURLToPath } from "node:url";

const product = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);

const deno = findDeno();
if (deno === null) {
  const { optionalDependencies } = require("../package.json");
  const wanted = Object.values(optionalDependencies)[0];
  process.stderr.write(
    `sqlwright: cannot find Deno for ${process.platform} ${process.arch}, which it runs on\n` +
      "Install sqlwright again without --omit=optional, or put Deno " +
      `${wanted} or newer on the PATH: https://deno.com\n`,
  );
  process.exit(1);
}
const args = [
  "run",
  "--allow-all",
  // Named, because Deno looks for none below node_modules, and would refuse the TypeScript there as a
  // package's.
  "--config",
  join(product, "deno.json"),
  // launch.ts fetches what is missing, with one line of progress.
  "--cached-only",
  join(product, "launch.ts"),
  ...process.argv.slice(2),
];
const environment = { ...process.env, DENO_NO_UPDATE_CHECK: "1" };
if (typeof process.execve === "function" && process.platform !== "win32") {
  process.execve(deno, [deno, ...args], environment);
}
runChild();

/** Deno's path, or null. npm installs the package of this platform alone. */
function findDeno() {
  if (typeof globalThis.Deno === "object") return process.execPath;
  const { platform, arch } = process;
  const name = `@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}`;
  try {
    const path = join(
      dirname(require.resolve(`${name}/package.json`)),
      platform === "win32" ? "deno.exe" : "deno",
    );
    if (existsSync(path)) return path;
  } catch {
    // npm left it out: no such platform, or --omit=optional.
  }
  return findInstalledDeno();
}

/** The path of a Deno of the machine's own, of the wanted minor version or newer. */
function findInstalledDeno() {
  const { stdout } = spawnSync("deno", ["eval", "console.log(Deno.version.deno, Deno.execPath())"], {
    encoding: "utf8",
  });
  const [, major, minor, path] = /^(\d+)\.(\d+)\S* (.+)/.exec(stdout ?? "") ?? [];
  return Number(major) === 2 && Number(minor) >= 9 ? path : null;
}

function runChild() {
  // INIT_CWD tells `start` that its parent may be killed without a word, as below `deno task`: it watches
  // then.
  const env = { ...environment, INIT_CWD: process.env.INIT_CWD ?? process.cwd() };
  const child = spawn(deno, args, { stdio: "inherit", env });
  // A terminal sends Ctrl-C to both processes; here it only must not end the one that waits for the other.
  process.on("SIGINT", () => isatty(0) || child.kill("SIGINT"));
  if (process.platform !== "win32") {
    for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  }
  child.on("error", (error) => {
    process.stderr.write(`sqlwright: cannot run ${deno}: ${error.message}\n`);
    process.exit(1);
  });
  child.on(
    "exit",
    (code, signal) => process.exit(code ?? 128 + (constants.signals[signal ?? "SIGKILL"] ?? 9)),
  );
}
