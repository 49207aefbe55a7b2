/**
 * Starts the command line, and before a first start fetches the packages that it wants. Nothing here imports
 * a package, so that the process begins without any, prints nothing but one line of progress, and can say
 * what is wrong with a project or its settings before anything is downloaded. The sandboxed server starts
 * with main.ts itself: it may fetch nothing, and its launcher has.
 */

import { reportFailure } from "./console/console.ts";
import { readSettings } from "./environment.ts";
import { endWithParent, rerun, takeRerun } from "./rerun.ts";

/** Runs one command. Resolves to the exit code of `main.ts`. Never rejects. */
export async function launch(args: readonly string[]): Promise<number> {
  const told = takeRerun();
  if (told !== null) endWithParent();
  let program: typeof import("./main.ts");
  try {
    // Not as literals: Deno reads all that an entry point can import, and fetches its packages, before it
    // runs the first line. What the command is made of comes first, because main.ts imports it only when it
    // is needed.
    await import(new URL(args[0] === "serve" ? "./server/serve.ts" : "./program.ts", import.meta.url).href);
    program = await import(new URL("./main.ts", import.meta.url).href);
  } catch (error) {
    return await fetchAndRerun(error).catch((failure) =>
      reportFailure(failure, { json: args.includes("--json") })
    );
  }
  return await program.main(args, told);

  async function fetchAndRerun(error: unknown): Promise<number> {
    if ((error as { code?: unknown } | null)?.code !== "ERR_MODULE_NOT_FOUND" || told?.isFetched) throw error;
    requireSettings(args);
    const configFile = told?.configFile ?? null;
    const { fetchPackages } = await import("../packages.ts");
    await fetchPackages({ configFile: configFile ?? undefined });
    return await rerun(args, { startedAt_ms: Date.now(), ...told, configFile, isFetched: true });
  }
}

/**
 * A command that has no project, or whose settings are wrong, says so before anything is downloaded.
 * @throws {SqlwrightError} `project.*`, `config.*`
 */
function requireSettings([command, ...words]: readonly string[]): void {
  const asksForHelp = words.some((word) => word === "--help" || word === "-h");
  if (command === undefined || command.startsWith("-") || isWithoutProject.has(command) || asksForHelp) {
    return;
  }
  readSettings({ project: valueOf("--project", words), sql: valueOf("--sql", words) });
}

const isWithoutProject: ReadonlySet<string> = new Set(["help", "init"]);

/** The value of an option among the words; a value that is missing is reported by the whole parser. */
function valueOf(option: string, words: readonly string[]): string | undefined {
  const inline = words.find((word) => word.startsWith(`${option}=`));
  if (inline !== undefined) return inline.slice(option.length + 1);
  const index = words.indexOf(option);
  return index < 0 ? undefined : words[index + 1];
}
