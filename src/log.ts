/**
 * Structured logs: one JSON object a line on standard error, because standard output belongs to the protocol.
 * Bound values, secrets and result rows never enter a log line; the caller names what it logs.
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

export function createLog({ level, write = writeToStandardError, fields = {} }: LogOptions): Log {
  const threshold = logLevels.indexOf(level);
  const at = (lineLevel: LogLevel) => (event: string, more: LogFields = {}) => {
    if (logLevels.indexOf(lineLevel) < threshold) return;
    write(
      JSON.stringify(
        { time: new Date().toISOString(), level: lineLevel, event, ...fields, ...more },
        replaceForLog,
      ),
    );
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (more) => createLog({ level, write, fields: { ...fields, ...more } }),
  };
}

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
