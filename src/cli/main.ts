/**
 * The command line's entry. `serve` with plain arguments takes a short way that loads nothing but the server: its cold start is
 * what a client waits for, and its sandbox grants nothing that a console library would ask for. All else goes to `program.ts`.
 */

import { fileURLToPath } from "node:url";
import { loadEnvironmentFile } from "./environment.ts";
import { reportFailure } from "./console/console.ts";
import { type Rerun, rerun, takeRerun } from "./rerun.ts";
import type { ServeOptions } from "./server/serve.ts";

/** Runs one command. Resolves to the exit code: 0 done, 1 failed, 2 wrong usage. Never rejects. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const options = args[0] === "serve" ? readServeArguments(args.slice(1)) : null;
    if (options !== null) {
      return await withModule<typeof import("./server/serve.ts")>(
        "./server/serve.ts",
        ({ serve }) => serve(options),
        { args, told: null },
      );
    }
    const told = takeRerun();
    const configFile = told === null ? otherConfiguration(args) : null;
    if (configFile !== null) {
      return await rerun(args, { configFile, isFetched: false, startedAt_ms: Date.now() });
    }
    return await withModule<typeof import("./program.ts")>(
      "./program.ts",
      ({ runProgram }) => runProgram(args),
      { args, told },
    );
  } catch (error) {
    return reportFailure(error, { json: args.includes("--json") });
  }
}

/**
 * Imports a module of ours and uses it; the first time it fetches the packages, and the command runs in another process. The name is no
 * literal: Deno reads all that an entry point can import before it runs the first line. With literals it would print a line for each
 * package before we can say anything, and the modules of every command are a quarter of the server's start.
 */
async function withModule<Module>(
  path: string,
  use: (module: Module) => Promise<number>,
  { args, told }: { args: readonly string[]; told: Rerun | null },
): Promise<number> {
  let module: Module;
  try {
    module = await import(new URL(path, import.meta.url).href) as Module;
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code !== "ERR_MODULE_NOT_FOUND" || told?.isFetched) throw error;
    const configFile = told?.configFile ?? null;
    const { fetchPackages } = await import("../packages.ts");
    await fetchPackages({ configFile: configFile ?? undefined });
    return await rerun(args, { startedAt_ms: Date.now(), ...told, configFile, isFetched: true });
  }
  return await use(module);
}

/** The configuration whose packages the command needs beside the product's; null for most. */
function otherConfiguration(args: readonly string[]): string | null {
  const [command = ""] = args;
  if (canImport("graphile-worker")) return null;
  const configFile = fileURLToPath(new URL("../../edgar/deno.json", import.meta.url));
  if (command === "edgar") return configFile;
  if (!["call", "export", "test"].includes(command)) return null;
  loadEnvironmentFile();
  return Deno.env.get("EDGAR_USER_AGENT") ? configFile : null;
}

function canImport(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** Null for whatever is not plainly right: the whole parser then says what is wrong, or shows the help. */
function readServeArguments(args: readonly string[]): ServeOptions | null {
  const options: ServeOptions = { stdio: false, http: undefined, sql: undefined, exitWithParent: false };
  for (let index = 0; index < args.length; index++) {
    const next = args[index + 1];
    const value = next === undefined || next.startsWith("-") ? null : next;
    switch (args[index]) {
      case "--stdio":
        options.stdio = true;
        break;
      case "--exit-with-parent":
        options.exitWithParent = true;
        break;
      case "--http":
        options.http = value ?? true;
        if (value !== null) index++;
        break;
      case "--sql":
        if (value === null) return null;
        options.sql = value;
        index++;
        break;
      default:
        return null;
    }
  }
  return options.stdio === (options.http === undefined) ? options : null;
}
