/**
 * What a session of ours is set to, and how these settings come into force.
 *
 * A direct session gets them at its start and keeps them. Behind a pooler (PgBouncer and its like) a session
 * is shared with strangers and changes between two transactions: settings of the start are refused or
 * dropped, prepared statements are lost. There each transaction brings the settings along as SET LOCAL, and
 * statements have no name.
 *
 * Which of the two it is, the protocol tells: a pooler answers for itself when it refuses the start with
 * 08P01, and it gives out keys for cancelling of its own, whose process number is not that of the backend.
 */

/** What the connections of one database have found out about it; one object for all its pools. */
export interface SessionFacts {
  /** A pooler stands between. Never false again. */
  isPooled: boolean;
}

/** Run-time parameters under PostgreSQL's names. */
export type SessionParameters = Readonly<Record<string, string>>;

/**
 * What decides how PostgreSQL reads a checked text and its values. Above all `standard_conforming_strings`:
 * with it off a string ends elsewhere than the check of the file saw, and what was text runs as SQL.
 */
export const meaningParameters: SessionParameters = {
  array_nulls: "on",
  backslash_quote: "safe_encoding",
  datestyle: "ISO, YMD",
  intervalstyle: "iso_8601",
  row_security: "on",
  standard_conforming_strings: "on",
  timezone: "UTC",
  transform_null_equals: "off",
  xmlbinary: "base64",
  xmloption: "content",
};

/**
 * In force for every session, whichever pool and whatever the role, the database or the server have set: what
 * a text means, and the outputs that `codec.ts` and the lock read.
 */
export const sessionParameters: SessionParameters = {
  ...meaningParameters,
  application_name: "sqlwright",
  bytea_output: "hex",
  client_min_messages: "warning",
  extra_float_digits: "1",
  quote_all_identifiers: "off",
};

/** What every pooler takes at the start. */
export const pooledParameters: SessionParameters = { application_name: "sqlwright" };

/** The backend's own process number, to be held against that of the key for cancelling. */
export const backendQuestion = "select pg_catalog.pg_backend_pid() as pid";

/**
 * Protocol violation: what a pooler says to parameters that it does not know. PostgreSQL itself says 42704 or
 * 22023.
 */
const startRefusals: ReadonlySet<unknown> = new Set([
  "08P01",
  // Amazon's RDS Proxy, of settings that it does not pass on: "feature not supported".
  "0A000",
]);

export function isStartRefusal(error: unknown): boolean {
  return startRefusals.has((error as { code?: unknown } | null)?.code);
}

/** Unknown, a value that is not taken, or not to be changed: said of a setting at the start. */
const settingRefusals: ReadonlySet<unknown> = new Set(["42704", "22023", "55P02"]);

export function isSettingRefusal(error: unknown): boolean {
  return settingRefusals.has((error as { code?: unknown } | null)?.code);
}

/** Whether a script of ours begins a transaction, ends one, or neither. */
export function transactionStep(script: string): "begin" | "end" | null {
  if (/^begin\b/.test(script)) return "begin";
  return /^(?:commit|rollback)\b(?! to\b)/.test(script) ? "end" : null;
}

/**
 * A BEGIN with its settings for a shared session, as two messages: BEGIN and the session's settings, which
 * cannot fail, and the call's own. Were they one, a message that PostgreSQL refuses whole would leave the
 * statement behind it without its BEGIN.
 */
export function pooledBegin(script: string, parameters: SessionParameters): string[] {
  const [, begin = "begin", rest = ""] = /^([^;]*);?\s*([^]*)$/.exec(script)!;
  const { default_transaction_read_only: readOnly, application_name: _startup, ...others } = {
    ...sessionParameters,
    ...parameters,
  };
  const mode = begin === "begin" && readOnly === "on" ? "begin read only" : begin;
  const settings = Object.entries(others).map(([name, value]) =>
    `set local ${name} = '${value.replaceAll("'", "''")}'`
  );
  return [[mode, ...settings].join("; "), ...(rest === "" ? [] : [rest])];
}

/** What is lost behind a pooler, for whoever runs it. */
export const poolerWarning = {
  message:
    "DATABASE_URL leads to a connection pooler: every call brings its settings along in a transaction of " +
    "its own, and no statement stays prepared",
  hint:
    "Nothing is less safe. For speed, and for sqlwright migrate, which a pooler cannot hold a lock for, " +
    "connect to PostgreSQL itself",
};
