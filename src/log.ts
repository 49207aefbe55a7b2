/**
 * Structured logs on standard error, because standard output belongs to the protocol: one JSON object a line
 * for programs, and where standard error is a terminal the same in a line that a person can read. Bound
 * values, secrets and result rows never enter a log line; the caller names what it logs.
 */

export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

export type LogFields = Record<string, unknown>;

export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** The same log with fields that every line carries. */
  with(fields: LogFields): Log;
}

export interface LogOptions {
  /** Lines below this level are dropped. */
  level: LogLevel;
  /** Where lines go, without the line end. @default standard error */
  write?: (line: string) => void;
  /** Fields of every line. */
  fields?: LogFields;
}

export function createLog({ level, write, fields = {} }: LogOptions): Log {
  const format = write === undefined && Deno.stderr.isTerminal() ? formatForPerson : JSON.stringify;
  const emit = write ?? writeToStandardError;
  const threshold = logLevels.indexOf(level);
  const at = (lineLevel: LogLevel) => (event: string, more: LogFields = {}) => {
    if (logLevels.indexOf(lineLevel) < threshold) return;
    emit(
      format({ time: new Date().toISOString(), level: lineLevel, event, ...fields, ...more }, replaceForLog),
    );
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (more) =>
      createLog({ level, fields: { ...fields, ...more }, ...(write === undefined ? {} : { write }) }),
  };
}

/**
 * `11:48:28 warn call.failed tool=shop_find_order code=call.timeout`; colours are plain ANSI, to import
 * nothing.
 */
function formatForPerson(line: Record<string, unknown>): string {
  const { time, level, event, ...rest } = line;
  const paint = Deno.noColor
    ? (text: string) => text
    : (text: string, code: number) => `\x1b[${code}m${text}\x1b[0m`;
  const colour = { debug: 90, info: 36, warn: 33, error: 31 }[level as LogLevel];
  const fields = Object.entries(rest).map(([name, value]) => {
    // Nothing that a server or a client has said may command the terminal.
    const text = typeof value === "string" && /^[^\s"=\p{C}]+$/u.test(value)
      ? value
      : JSON.stringify(value, replaceForLog)?.replace(/(?! )[\p{Cc}\p{Cf}]/gu, escaped);
    return paint(`${name}=`, 90) + text;
  });
  const clock = String(time).slice(11, 19);
  return [paint(clock, 90), paint(String(level).padEnd(5), colour), event, ...fields].join(" ");
}

const escaped = (character: string) =>
  [...Array(character.length).keys()].map((at) =>
    `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`
  ).join("");

const encoder = new TextEncoder();

function writeToStandardError(line: string): void {
  const bytes = encoder.encode(line + "\n");
  for (let written = 0; written < bytes.length;) written += Deno.stderr.writeSync(bytes.subarray(written));
}

/** Errors in a log line keep name, message, code, stack and cause; bigints become text. */
function replaceForLog(_key: string, value: unknown): unknown {
  if (value instanceof Error) {
    const { name, message, stack, cause } = value;
    const code = "code" in value ? value.code : undefined;
    return { name, message, code, stack, cause };
  }
  return typeof value === "bigint" ? value.toString() : value;
}

/** What a person at the console has no use for: calls and their errors are drawn. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  with: () => silentLog,
};
