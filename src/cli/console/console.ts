/**
 * What the commands write, and how it looks: two streams, colour where the terminal has it, and one form for
 * every error. Light on purpose: `serve` loads it too. Tables are in `table.ts`.
 */

import { styleText } from "node:util";
import type { BrokenFilesError } from "../../app.ts";
import { type ErrorCode, type ErrorReport, errorReport, SqlwrightError } from "../../errors.ts";
import { isAbsolute, relative } from "node:path";
import { type Diagnostic, formatDiagnostic, sortDiagnostics } from "../../query/diagnostic.ts";

export type StreamName = "stdout" | "stderr";
export type Style = Parameters<typeof styleText>[0];
export type Paint = (style: Style, text: string) => string;

/** A wrong command line: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  constructor(message: string, readonly hint: string | null = null, options?: ErrorOptions) {
    super(message, options);
  }
}

/** Writes text and a line end. */
export function print(text: string): void {
  write("stdout", text);
}

/** The same to standard error: what is not the answer itself. */
export function tell(text: string): void {
  write("stderr", text);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** Colours only for a terminal, and never with NO_COLOR. */
export function paintFor(stream: StreamName): Paint {
  const hasColor = paintsColor(stream);
  return (style, text) => hasColor && text !== "" ? styleText(style, text, { validateStream: false }) : text;
}

const paintsColor = (stream: StreamName): boolean => Deno[stream].isTerminal() && !Deno.noColor;

/** Columns of the terminal; without one nothing is cut, for whoever reads the output may want all of it. */
export function widthOf(stream: StreamName): number {
  if (!Deno[stream].isTerminal()) return Number.POSITIVE_INFINITY;
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 80;
  }
}

/** Counts get thousands separators; data never does. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

export function formatDuration(time_ms: number): string {
  if (time_ms < 1000) return `${time_ms < 10 ? time_ms.toFixed(1) : Math.round(time_ms)} ms`;
  return `${(time_ms / 1000).toFixed(time_ms < 10_000 ? 2 : 1)} s`;
}

/** Characters that would move the terminal's cursor, or turn the direction of the text around. */
export function showControls(text: string): string {
  return text.replace(/[\r\n\t]+/g, " ").replace(
    /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    "\uFFFD",
  );
}

/**
 * Text of a server or a file as it may stand on a terminal: its lines and tabs stay, and nothing in it moves
 * the cursor, sets the title or the clipboard, or turns the direction of the text around.
 */
export function cleanText(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(
    /(?![\n\t])[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    "\uFFFD",
  );
}

/** The same where our own colours are in it already. */
function cleanPainted(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.split(/(\x1b\[[\d;]*m)/).map((part, index) => index % 2 === 1 ? part : cleanText(part)).join(
    "",
  );
}

/** `error[code] message` and `help: hint`. */
export function formatError(
  { code, message, hint }: { code: string; message: string; hint?: string | null | undefined },
  paint: Paint,
): string {
  const label = `error[${code}]`;
  const lines = [`${paint(["bold", "red"], label)} ${wrap(cleanText(message), label.length + 1)}`];
  if (hint) lines.push(`  ${paint("cyan", "help:")} ${wrap(cleanText(hint), "  help: ".length)}`);
  return lines.join("\n");
}

/**
 * Parts long text at spaces, for standard error's terminal; the first line begins after `used` characters.
 */
function wrap(text: string, used: number): string {
  const width = widthOf("stderr");
  let length = used;
  return text.split(/ +/).map((word, index) => {
    const isFull = index > 0 && length + 1 + word.length > width;
    length = isFull ? used + word.length : length + (index > 0 ? 1 : 0) + word.length;
    return index === 0 ? word : isFull ? `\n${" ".repeat(used)}${word}` : ` ${word}`;
  }).join("");
}

/** Every finding with its caret, one empty line between two. */
export function formatDiagnostics(
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string>,
  options: { stream: StreamName; directory: string },
): string {
  const color = paintsColor(options.stream);
  const width = Math.min(widthOf(options.stream), 160) - 8;
  const directory = options.directory.replace(/[\\/]+$/, "");
  return sortDiagnostics(diagnostics)
    .map((found) => formatDiagnostic(found, sources.get(found.path) ?? null, { color, directory, width }))
    .join("\n\n");
}

/**
 * Draws whatever a command threw and gives the exit code. With `json` the error goes to standard output, as
 * `{"error": {…}}`. The stack is shown only with SQLWRIGHT_LOG_LEVEL=debug.
 */
export function reportFailure(error: unknown, { json }: { json: boolean }): number {
  const exitCode = error instanceof UsageError ? 2 : 1;
  const report = error instanceof UsageError
    ? { code: "usage", message: error.message, details: {}, hint: error.hint }
    : error instanceof SqlwrightError
    ? errorReport(error)
    : systemFailure(error) ?? unforeseen(error);
  if (json) printJson({ error: report });
  else {
    const files = error instanceof SqlwrightError ? brokenFilesOf(error) : null;
    if (files !== null) {
      const directory = shownPlace(files.folder);
      const errors = files.diagnostics.filter(({ severity }) => severity === "error");
      tell(formatDiagnostics(errors, files.sources, { stream: "stderr", directory }) + "\n");
    }
    tell(formatError(report, paintFor("stderr")));
  }
  if (readVariable("SQLWRIGHT_LOG_LEVEL") === "debug") tell(stackOf(error));
  return exitCode;
}

/**
 * What is wrong in query files. Not by the error's class: what has the class needs packages, and they may not
 * be fetched yet.
 */
function brokenFilesOf(error: SqlwrightError): BrokenFilesError["files"] | null {
  return error.code === "catalog.invalid" && "files" in error ? (error as BrokenFilesError).files : null;
}

/** A path as a person would write it: short where it is below the working directory. */
export function shownPlace(path: string): string {
  const below = relative(Deno.cwd(), path);
  return below === "" ? "." : below.startsWith("..") || isAbsolute(below) ? path : below;
}

/**
 * What the operating system refuses, and nobody has said in words of its own: a fault of the machine, and not
 * of sqlwright. Deno's message names the file.
 */
export function systemFailure(error: unknown): ErrorReport | null {
  if (!(error instanceof Error) || !("code" in error)) return null;
  const found = systemRefusals[String(error.code)];
  if (found === undefined) return null;
  const { code, what, hint } = found;
  return { code, message: `${what}: ${error.message}`, details: { reason: error.code }, hint };
}

const fullHint =
  "Make room there. A first start of the embedded PostgreSQL needs about 250 MB: its programs in " +
  "Deno's cache, and the cluster in .sqlwright/, or where SQLWRIGHT_DATA_DIR says";
const rightsHint =
  "Give the user that runs sqlwright the right to the file and its folder, or name another place";

const systemRefusals: Readonly<Record<string, { code: ErrorCode; what: string; hint: string }>> = {
  ENOSPC: { code: "disk.full", what: "Cannot write, for the disk is full", hint: fullHint },
  EDQUOT: { code: "disk.full", what: "Cannot write, for the quota of the disk is used up", hint: fullHint },
  EACCES: { code: "system.refused", what: "The system does not permit it", hint: rightsHint },
  EPERM: { code: "system.refused", what: "The system does not permit it", hint: rightsHint },
  EROFS: { code: "system.refused", what: "The file system is read-only", hint: rightsHint },
  EMFILE: {
    code: "system.refused",
    what: "This process has too many files open",
    hint: "Raise the limit, such as with ulimit -n 4096, or LimitNOFILE in systemd",
  },
  ENFILE: {
    code: "system.refused",
    what: "This machine has too many files open",
    hint: "End other programs, or raise the limit of the system",
  },
};

function unforeseen(error: unknown): { code: string; message: string; details: unknown; hint: string } {
  return {
    code: "internal.failed",
    message: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    details: {},
    hint: "This is a fault of sqlwright itself; SQLWRIGHT_LOG_LEVEL=debug shows where",
  };
}

function stackOf(error: unknown): string {
  const stacks: string[] = [];
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    stacks.push(cause.stack ?? String(cause));
  }
  return stacks.join("\ncaused by ");
}

function readVariable(name: string): string | undefined {
  return Deno.env.get(name) || undefined;
}

const encoder = new TextEncoder();

function write(stream: StreamName, text: string): void {
  // A program that reads standard output gets every byte; a person's terminal gets none that commands it.
  const isShown = stream === "stderr" || Deno.stdout.isTerminal();
  const shown = !isShown ? text : paintsColor(stream) ? cleanPainted(text) : cleanText(text);
  const bytes = encoder.encode(shown + "\n");
  try {
    for (let written = 0; written < bytes.length;) written += Deno[stream].writeSync(bytes.subarray(written));
  } catch (error) {
    // Whoever read our output has enough of it, as `head` does. What we hold is released with the process.
    if (error instanceof Deno.errors.BrokenPipe) Deno.exit(0);
    throw error;
  }
}
