/**
 * The command line's entry. `serve` with plain arguments takes a short way that loads nothing but the server:
 * its cold start is what a client waits for, and its sandbox grants nothing that a console library would ask
 * for. All else goes to `program.ts`.
 */

import { reportFailure } from "./console/console.ts";
import { nearestProject, otherConfiguration } from "./configuration.ts";
import { withOrigin } from "./environment.ts";
import { type Rerun, rerun } from "./rerun.ts";
import type { ServeOptions } from "./server/serve.ts";

/**
 * Runs one command.
 * @param told what the process has said that started this one instead of doing the work itself
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage; never rejects
 */
export async function main(args: readonly string[], told: Rerun | null = null): Promise<number> {
  try {
    const isServer = args[0] === "serve";
    // The sandboxed server has the configuration that its launcher gave it, and may start no other process.
    const isFixed = (told?.configFile ?? null) !== null || isServer && !mayRunPrograms();
    const configFile = isFixed ? null : await otherConfiguration(args);
    if (configFile !== null) {
      return await rerun(args, {
        configFile,
        isFetched: false,
        startedAt_ms: told?.startedAt_ms ?? Date.now(),
      });
    }
    const options = isServer ? readServeArguments(args.slice(1)) : null;
    if (options !== null) {
      const { serve } = await import("./server/serve.ts");
      return await serve(options);
    }
    // Not as a literal: Deno reads all that an entry point can import before it runs the first line, and the
    // modules of every command, with their packages, are a quarter of the server's start.
    const program = new URL("./program.ts", import.meta.url).href;
    const { runProgram } = await import(program) as typeof import("./program.ts");
    return await runProgram(args, told?.startedAt_ms ?? null);
  } catch (error) {
    return reportFailure(withOrigin(error, nearestProject(args)?.directory), {
      json: args.includes("--json"),
    });
  }
}

function mayRunPrograms(): boolean {
  return Deno.permissions.querySync({ name: "run" }).state === "granted";
}

/** Null for whatever is not plainly right: the whole parser then says what is wrong, or shows the help. */
function readServeArguments(args: readonly string[]): ServeOptions | null {
  const options: ServeOptions = { stdio: false, http: undefined, exitWithParent: false };
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
      case "--skip-broken":
        options.skipBroken = true;
        break;
      case "--project":
        if (value === null) return null;
        options.project = value;
        index++;
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
