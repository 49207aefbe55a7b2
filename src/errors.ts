/**
 * The one error class of the project. Every stage throws it; it is told four ways: to the DBA with file,
 * line, column and caret (see `query/diagnostic.ts`), to the agent as a tool result, to the client as a
 * JSON-RPC error, to the operator as a log line.
 *
 * A code is a family, a dot and a name: `argument.unknown`. Codes are never reused; each has a heading in
 * docs/errors.md.
 */

/** Every code of the product. */
export const errorCodes = [
  "argument.invalid",
  "argument.unknown",
  "auth.keys_unavailable",
  "auth.scope_missing",
  "auth.token_invalid",
  "auth.token_missing",
  "call.busy",
  "call.cancelled",
  "call.timeout",
  "config.invalid",
  "config.unknown",
  "config.unsupported",
  "catalog.drifted",
  "catalog.invalid",
  "cursor.invalid",
  "database.failed",
  "database.lost",
  "database.protocol_violation",
  "database.refused",
  "database.unreachable",
  "database.unsupported",
  "database.untrusted",
  "disk.full",
  "embedded.failed",
  "embedded.locked",
  "export.link_expired",
  "export.link_invalid",
  "export.refused",
  "export.too_large",
  "export.unwritable",
  "extension.invalid",
  "internal.failed",
  "load.header_invalid",
  "load.insufficient_resources",
  "load.key_reused",
  "load.ledger_missing",
  "load.options_invalid",
  "load.row_invalid",
  "load.source_corrupt",
  "load.source_cut",
  "load.source_not_data",
  "load.source_refused",
  "load.source_too_large",
  "load.source_unreadable",
  "load.upload_refused",
  "load.upload_too_large",
  "load.too_many_rejects",
  "migration.busy",
  "migration.changed",
  "migration.failed",
  "migration.foreign",
  "migration.missing",
  "migration.pending",
  "migration.pooled",
  "packages.unavailable",
  "port.in_use",
  "project.invalid",
  "project.missing",
  "project.newer",
  "project.no_tables",
  "project.unreadable",
  "project.unwritable",
  "redis.unreachable",
  "result.too_large",
  "result.too_many_rows",
  "result.unrepresentable",
  "system.refused",
  "tool.outdated",
  "tool.unknown",
  "write.too_many_affected",
] as const;

/**
 * The codes of a project's extension. Its TypeScript adds them by name, so that a misspelt code does not
 * compile: `declare module "sqlwright" { interface ExtensionErrorCodes { "shop.closed": true } }`.
 */
export interface ExtensionErrorCodes {
  /** Of the product itself; here so that there is one. */
  "extension.invalid": true;
}

export type ErrorCode = (typeof errorCodes)[number] | keyof ExtensionErrorCodes;

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

/**
 * What a program outside gets to see of any thrown value: code, message, details, hint; no stack, no cause.
 */
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
