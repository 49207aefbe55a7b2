/**
 * `check --watch`: checks again after each save. On a terminal the last result stands alone on a cleared
 * screen; elsewhere results follow one another, each between two lines that a program can know: `sqlwright:
 * checking` and `31 files, 2 errors · 14:02:11`.
 */

import { SqlwrightError } from "../../errors.ts";
import type { Diagnostic } from "../../query/diagnostic.ts";
import { watchFiles } from "../../reload/watch.ts";
import {
  formatCount,
  formatDiagnostics,
  formatError,
  paintFor,
  print,
  showControls,
  shownPlace,
  tell,
} from "../console/console.ts";

/** What one check has found. */
export interface CheckRound {
  /** Of the files that were asked for, in order. */
  diagnostics: readonly Diagnostic[];
  sources: ReadonlyMap<string, string>;
  /** How many files were looked at. */
  files: number;
  /** Why types were not checked; null when they were, or need not be. */
  unchecked: SqlwrightError | null;
}

export interface WatchCheckOptions {
  /** The folder of query files. */
  directory: string;
  /** One line a finding, for editors, and not the source line with the caret and the help. */
  isUnix: boolean;
}

/**
 * Checks now and after each change, until Ctrl-C. Resolves to 130.
 * @throws what the first check throws; what a later one throws is told, and the next one follows.
 */
export async function watchChecks(
  check: () => Promise<CheckRound>,
  options: WatchCheckOptions,
): Promise<number> {
  const { directory } = options;
  const end = new AbortController();
  const onSignal = () => end.signal.aborted ? Deno.exit(130) : end.abort();
  Deno.addSignalListener("SIGINT", onSignal);
  const round = async () => {
    if (!Deno.stdout.isTerminal()) print("sqlwright: checking");
    showRound(await check(), options);
  };
  const { promise: firstRound, resolve: endFirstRound } = Promise.withResolvers<void>();
  const watching = watchFiles(directory, {
    signal: end.signal,
    onChange: async ({ isSettled }) => {
      await firstRound;
      if (isSettled && !end.signal.aborted) await round().catch((error) => tellFailure(error));
      return null;
    },
    onUnwatchable: (error) => tell(`Files are looked at once a second: ${(error as Error).message}`),
  });
  try {
    await round();
    endFirstRound();
    await watching;
    return 130;
  } finally {
    end.abort();
    endFirstRound();
    await watching;
    Deno.removeSignalListener("SIGINT", onSignal);
  }
}

/** `sql/shop/a.sql:5:8: error unknown-tag: message; hint`, one line each. */
export function formatUnix(diagnostics: readonly Diagnostic[], directory: string): string {
  const folder = directory.replace(/[\\/]+$/, "");
  return diagnostics.map(({ path, line, column, severity, code, message, hint }) => {
    const text = hint === null ? message : `${message}; ${hint}`;
    return showControls(`${folder}/${path}:${line}:${column}: ${severity} ${code}: ${text}`);
  }).join("\n");
}

/** Clears the screen and what was scrolled out of it. */
const clear = "\x1b[2J\x1b[3J\x1b[H";

function showRound(round: CheckRound, { directory, isUnix }: WatchCheckOptions): void {
  const { diagnostics, sources, unchecked } = round;
  const shown = diagnostics.length === 0
    ? []
    : isUnix
    ? [formatUnix(diagnostics, shownPlace(directory))]
    : [formatDiagnostics(diagnostics, sources, { stream: "stdout", directory: shownPlace(directory) }), ""];
  const screen = Deno.stdout.isTerminal() ? clear : "";
  const failure = unchecked === null ? [] : [formatError(unchecked, paintFor("stdout")), ""];
  print(screen + [...shown, ...failure, summarize(round)].join("\n"));
}

function tellFailure(error: unknown): void {
  const known = error instanceof SqlwrightError
    ? error
    : { code: "internal.failed", message: error instanceof Error ? error.message : String(error) };
  print(`${formatError(known, paintFor("stdout"))}\n${clock()}`);
}

function summarize({ files, diagnostics, unchecked }: CheckRound): string {
  const paint = paintFor("stdout");
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  const warnings = diagnostics.length - errors;
  const parts = [
    formatCount(files, "file"),
    errors === 0 ? paint("green", "no errors") : paint("red", formatCount(errors, "error")),
    ...(warnings === 0 ? [] : [paint("yellow", formatCount(warnings, "warning"))]),
    ...(unchecked === null ? [] : [paint("yellow", "types not checked")]),
  ];
  return `${parts.join(", ")} ${paint("dim", `· ${clock()}`)}`;
}

/** `14:02:11`, local time. */
function clock(): string {
  const now = new Date();
  return [now.getHours(), now.getMinutes(), now.getSeconds()].map((part) => String(part).padStart(2, "0"))
    .join(
      ":",
    );
}
