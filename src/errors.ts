/**
 * The one error class of the project. Every stage throws it; it is told four ways: to the DBA with file, line,
 * column and caret (see `query/diagnostic.ts`), to the agent as a tool result, to the client as a JSON-RPC error, to the
 * operator as a log line.
 *
 * A code is a family, a dot and a name: `argument.unknown`. Codes are never reused; each has a heading in docs/errors.md.
 */

export type ErrorCode =
  | "argument.invalid"
  | "argument.unknown"
  | "call.busy"
  | "call.cancelled"
  | "call.timeout"
  | "config.invalid"
  | "config.unknown"
  | "config.unsupported"
  | "catalog.drifted"
  | "catalog.invalid"
  | "cursor.invalid"
  | "database.failed"
  | "database.lost"
  | "database.refused"
  | "database.unreachable"
  | "database.unsupported"
  | "embedded.failed"
  | "embedded.locked"
  | "internal.failed"
  | "load.row_invalid"
  | "load.source_refused"
  | "load.source_unreadable"
  | "migration.changed"
  | "migration.failed"
  | "migration.missing"
  | "port.in_use"
  | "result.too_large"
  | "result.too_many_rows"
  | "result.unrepresentable"
  | "tool.unknown";

export interface ErrorOptions {
  /** What was found, as data: fields a program can read. Never a secret, never a bound value. */
  details?: Record<string, unknown>;
  /** One sentence that says what to do. */
  hint?: string;
  cause?: unknown;
}

export class SqlwrightError extends Error {
  override readonly name = "SqlwrightError";
  readonly code: ErrorCode;
  readonly details: Record<string, unknown>;
  readonly hint: string | null;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
    this.hint = options.hint ?? null;
  }
}

/** What a program outside gets to see of any thrown value: code, message, details, hint; no stack, no cause. */
export interface ErrorReport {
  code: string;
  message: string;
  details: Record<string, unknown>;
  hint: string | null;
}

export function errorReport(error: unknown): ErrorReport {
  if (error instanceof SqlwrightError) {
    return { code: error.code, message: error.message, details: error.details, hint: error.hint };
  }
  return {
    code: "internal.failed",
    message: "The server failed in a way it did not foresee; its log holds the full story",
    details: {},
    hint: null,
  };
}
