/** What a server says or does that PostgreSQL's protocol 3.0 does not know. The connection is over then. */
export class ProtocolViolation extends Error {
  override readonly name = "ProtocolViolation";
  readonly code = "PROTOCOL_VIOLATION";
}

/** The connection ended, or was never made: `code` says how, in the words of `database_error.ts`. */
export class ConnectionEnded extends Error {
  override readonly name = "ConnectionEnded";
  constructor(readonly code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
  }
}

/** An ErrorResponse, with the protocol's fields under PostgreSQL's names. */
export class ServerError extends Error {
  override readonly name = "ServerError";
  readonly code: string;
  readonly severity: string;
  constructor(readonly fields: ServerFields) {
    super(fields.message ?? "PostgreSQL gave no message");
    this.code = fields.code ?? "XX000";
    this.severity = fields.severity ?? "ERROR";
  }
}

/** One host that was tried. */
export interface Attempt {
  /** `host:port/database`. */
  place: string;
  /** Where the password that was sent is from; null where none was. */
  passwordFrom: string | null;
  error: unknown;
}

/** No host of a target gave a session; its code and words are those of the last one. */
export class LoginFailure extends Error {
  override readonly name = "LoginFailure";
  readonly code: string;
  constructor(readonly attempts: readonly Attempt[]) {
    const last = attempts.at(-1)?.error as { code?: unknown; message?: unknown } | undefined;
    super(String(last?.message ?? "no host was tried"), { cause: last });
    this.code = String(last?.code ?? "");
  }
}

export type ServerFields = Partial<Record<FieldName, string>>;

/** Of the letters see "Error and Notice Message Fields"; `V` is the severity that no language changes. */
const fieldNames = {
  V: "severity",
  C: "code",
  M: "message",
  D: "detail",
  H: "hint",
  P: "position",
  p: "internal_position",
  q: "internal_query",
  W: "where",
  s: "schema_name",
  t: "table_name",
  c: "column_name",
  d: "datatype_name",
  n: "constraint_name",
  F: "file",
  L: "line",
  R: "routine",
} as const;

type FieldName = (typeof fieldNames)[keyof typeof fieldNames];

const decoder = new TextDecoder();

/**
 * The fields of an ErrorResponse or NoticeResponse. A body that was cut, because it was too long to keep,
 * gives the fields that are whole and the beginning of the one that is not.
 */
export function readFields(body: Uint8Array): ServerFields {
  const fields: ServerFields = {};
  let at = 0;
  while (at < body.length && body[at] !== 0) {
    const name = fieldNames[String.fromCharCode(body[at]!) as keyof typeof fieldNames];
    const end = body.indexOf(0, at + 1);
    const value = decoder.decode(body.subarray(at + 1, end < 0 ? body.length : end));
    if (name !== undefined) fields[name] = value;
    if (end < 0) break;
    at = end + 1;
  }
  return fields;
}
