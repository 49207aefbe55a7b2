/**
 * How a program that was started elsewhere, such as an MCP client, starts this sqlwright. What it prints
 * must work tomorrow and from any folder: npx's cache is emptied now and then, a client has a working
 * directory of its own, and a desktop program not the shell's PATH.
 */

import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { installationOf } from "../installation.ts";
import { version } from "../../version.ts";

export interface LaunchCommand {
  command: string;
  args: string[];
}

export interface LaunchOptions {
  /**
   * The text goes into a file that several people share, so it names no place of this machine where that can
   * be helped.
   * @default false
   */
  isShared?: boolean;
  /** The folder of launch.ts. @default this one */
  product?: string;
  /** Deno's executable. @default the one that runs this */
  deno?: string;
  os?: typeof Deno.build.os;
}

/** The command line that runs sqlwright with these words; paths among them should be absolute. */
export function launchCommand(words: readonly string[], options: LaunchOptions = {}): LaunchCommand {
  const {
    isShared = false,
    product = fileURLToPath(new URL("../../../", import.meta.url)),
    deno = Deno.execPath(),
    os = Deno.build.os,
  } = options;
  const folder = resolve(product);
  const modules = dirname(folder);
  switch (installationOf(join(folder, "/"))) {
    case "checkout":
      return throughTask(folder, words, { deno, os });
    case "npx":
      return throughShell(["npx", "-y", npxSpecifier(modules), ...words], os);
    case "global": {
      if (isShared) return throughShell(["sqlwright", ...words], os);
      // npm puts the commands of its global packages beside lib on Unix, and beside node_modules on Windows.
      const prefix = os === "windows" ? dirname(modules) : join(modules, "..", "..", "bin");
      return throughProgram(join(prefix, "sqlwright"), words, { folder, deno, os });
    }
    case "local":
      // A client starts what a shared file names in the file's own folder.
      if (isShared) return throughShell(["npx", "--no", "--", "sqlwright", ...words], os);
      return throughProgram(join(modules, ".bin", "sqlwright"), words, { folder, deno, os });
  }
}

interface Place {
  folder: string;
  deno: string;
  os: typeof Deno.build.os;
}

function throughTask(
  folder: string,
  words: readonly string[],
  { deno, os }: Omit<Place, "folder">,
): LaunchCommand {
  const task = ["task", "--quiet", "--cwd", folder, "sqlwright", ...words];
  return installationOf(deno) === "npx"
    ? throughShell(["npx", "-y", `deno@${Deno.version.deno}`, ...task], os)
    : { command: deno, args: task };
}

/** npm's own command where it is, else the same by hand: other package managers put theirs elsewhere. */
function throughProgram(path: string, words: readonly string[], { folder, deno, os }: Place): LaunchCommand {
  const file = os === "windows" ? `${path}.cmd` : path;
  if (exists(file)) {
    return os === "windows" ? throughShell([file, ...words], os) : { command: file, args: [...words] };
  }
  const configuration = join(folder, "deno.json");
  return {
    command: deno,
    args: [
      "run",
      "--allow-all",
      "--cached-only",
      "--config",
      configuration,
      join(folder, "launch.ts"),
      ...words,
    ],
  };
}

/** On Windows the commands of npm are scripts, which only a shell can start. */
function throughShell(words: [string, ...string[]], os: typeof Deno.build.os): LaunchCommand {
  const [command, ...args] = words;
  return os === "windows" ? { command: "cmd", args: ["/c", ...words] } : { command, args };
}

/** This version from npm, or the file that npx was given. */
function npxSpecifier(modules: string): string {
  const file = npxFile(modules);
  // npx takes a bare path for a program to run.
  return file === null ? `sqlwright@${version}` : `file:${file}`;
}

/** The file that npx was given, which it writes beside its node_modules; null for the registry's package. */
function npxFile(modules: string): string | null {
  const asked = readDependency(join(dirname(modules), "package.json"));
  const file = asked?.startsWith("file:") ? resolve(dirname(modules), asked.slice("file:".length)) : null;
  return file !== null && exists(file) ? file : null;
}

/** The package's file where npx runs this sqlwright from one, so that no name leads to it; else null. */
export function packageFile(
  product: string = fileURLToPath(new URL("../../../", import.meta.url)),
): string | null {
  const folder = resolve(product);
  return installationOf(join(folder, "/")) === "npx" ? npxFile(dirname(folder)) : null;
}

function readDependency(file: string): string | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(file)).dependencies?.sqlwright;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
