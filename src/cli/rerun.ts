/**
 * Runs the same command again in another process: under another configuration, because what a project's
 * extension needs beside the product's packages has a lock of its own; and after packages were fetched,
 * because Deno keeps in mind what it did not find.
 */

import { fileURLToPath } from "node:url";

/** What the other process is to know. */
export interface Rerun {
  /** The configuration that it runs under; null for the product's own. */
  configFile: string | null;
  /** Its packages were just fetched, so a module that is missing is missing. */
  isFetched: boolean;
  /** When a person began to wait: milliseconds since 1970. */
  startedAt_ms: number;
}

const variable = "SQLWRIGHT_RERUN";
const productConfigFile = fileURLToPath(new URL("../../deno.json", import.meta.url));
const launcher = fileURLToPath(new URL("../../launch.ts", import.meta.url));
const parentWatch_ms = 500;

/**
 * What the process before has said. The variable is taken away: it is no setting, and not for our own
 * children.
 */
export function takeRerun(): Rerun | null {
  const text = Deno.env.get(variable);
  if (text === undefined) return null;
  Deno.env.delete(variable);
  return JSON.parse(text) as Rerun;
}

/**
 * A process that is killed can pass nothing on: the one that does its work ends with it, as at once as it
 * did. A worker that went on would keep jobs that others take over.
 */
export function endWithParent(): void {
  const parent = Deno.ppid;
  const watch = setInterval(() => Deno.ppid === parent || Deno.exit(killedExitCode), parentWatch_ms);
  Deno.unrefTimer(watch);
}

const killedExitCode = 137;

/** Streams are passed on, signals too, and the exit code is the other process's. */
export async function rerun(args: readonly string[], told: Rerun): Promise<number> {
  // Named always: Deno looks for no configuration where npm installs.
  const configuration = ["--config", told.configFile ?? productConfigFile];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--cached-only", "--frozen", ...configuration, launcher, ...args],
    env: { [variable]: JSON.stringify(told) },
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  // A terminal sends Ctrl-C to both processes; here it only must not end the one that waits for the other.
  const listeners: [Deno.Signal, () => void][] = [
    ["SIGINT", () => Deno.stdin.isTerminal() || passOn(child, "SIGINT")],
  ];
  if (Deno.build.os !== "windows") {
    for (const signal of ["SIGTERM", "SIGHUP"] as const) {
      listeners.push([signal, () => passOn(child, signal)]);
    }
  }
  for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
  // A task that is killed can pass nothing on: that it is gone shows in our parent's id.
  const parent = Deno.ppid;
  const watch = Deno.env.has("INIT_CWD")
    ? setInterval(() => Deno.ppid === parent || passOn(child, "SIGTERM"), parentWatch_ms)
    : undefined;
  const { code } = await child.status;
  clearInterval(watch);
  for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
  return code;
}

function passOn(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    // It ended between our look and our signal.
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
  }
}
