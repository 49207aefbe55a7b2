/**
 * Errors of PostgreSQL and of the connection to it, as this project's error: SQLSTATE, message, detail, hint,
 * place and the names of what was violated stay as Postgres wrote them. Bound values never travel:
 * postgres.js, which migrations use, keeps them on its error, and Postgres repeats them in `detail` of a few
 * classes, which therefore is left out there.
 */

import { SqlwrightError } from "../errors.ts";
import {
  type Attempt,
  ConnectionEnded,
  LoginFailure,
  ProtocolViolation,
  ServerError,
} from "./wire/protocol_error.ts";

/** Postgres' own fields, under Postgres' own names. */
export interface PostgresFields {
  sqlstate: string;
  severity: string;
  detail?: string;
  where?: string;
  schema?: string;
  table?: string;
  column?: string;
  dataType?: string;
  constraint?: string;
  /** 1-based, in code points, into the statement's text. */
  position?: number;
}

/** SQLSTATEs of statements that were stopped. */
const queryCanceled = "57014";
/** The server is going down or the session was ended. */
const sessionEnded = new Set([
  "57P01",
  "57P02",
  "57P03",
  "57P05",
  "25P03",
  "25P04",
  "08000",
  "08003",
  "08006",
]);
/**
 * What PgBouncer says whenever it ends a session, for whatever reason; of PostgreSQL, an error of the
 * statement.
 */
const protocolViolation = "08P01";
/** The server is there and refuses this login or database. */
const loginRefused = new Set(["28000", "28P01", "3D000", "53300", "42501"]);
const connectionLost = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "ECONNRESET",
  "ECANCELED",
  "EPIPE",
]);
const connectionFailed = new Set([
  "CONNECT_TIMEOUT",
  "ECONNREFUSED",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
  "EACCES",
  "ENOENT",
  "EADDRNOTAVAIL",
  "EAI_AGAIN",
]);
/** Classes whose `detail` quotes the values of a row: integrity constraint violations and data exceptions. */
const detailQuotesValues = /^(22|23)/;

/** COPY's context ends in the value itself, in whatever language. */
const copiedValue = /^(COPY [^\n]*?, \p{L}+ \d+(?:, \p{L}+ [^:\n]+?)?)\s*:\s[^]*$/mu;

interface DriverError {
  code?: unknown;
  message?: unknown;
  severity?: unknown;
  detail?: unknown;
  hint?: unknown;
  where?: unknown;
  schema_name?: unknown;
  table_name?: unknown;
  column_name?: unknown;
  datatype_name?: unknown;
  constraint_name?: unknown;
  position?: unknown;
}

/**
 * Turns what a connection throws into a {@link SqlwrightError}; anything else passes unchanged.
 * @param place where the database is: `host:port/database`
 */
export function toDatabaseError(error: unknown, place: string): unknown {
  if (typeof error !== "object" || error === null || error instanceof SqlwrightError) return error;
  if (error instanceof AggregateError && error.errors.length > 0) {
    return toDatabaseError(error.errors[0], place);
  }
  if (error instanceof LoginFailure) return loginFailure(error, place);
  if (error instanceof ProtocolViolation) return notPostgres(error, place);
  const driver: DriverError = error instanceof ServerError ? error.fields : error;
  const code = String(driver.code ?? "");
  if (error instanceof ConnectionEnded) {
    const refused = loginError(error, place);
    if (refused !== null) return refused;
  }
  if (connectionLost.has(code)) {
    return new SqlwrightError(
      "database.lost",
      `Cannot finish the statement: the connection to PostgreSQL at ${place} was lost`,
      {
        details: { reason: code },
        hint: "Call again: the server reconnects by itself",
        cause: error,
      },
    );
  }
  if (connectionFailed.has(code) || error instanceof Deno.errors.NotCapable) {
    return new SqlwrightError(
      "database.unreachable",
      `Cannot reach PostgreSQL at ${place}: ${reachFailure(code, error)}`,
      {
        details: { reason: code || "permission" },
        hint: reachHint(error),
        cause: error,
      },
    );
  }
  if (error instanceof ConnectionEnded) return unsecured(error, place);
  if (!/^[0-9A-Z]{5}$/.test(code)) return error;
  const fields = postgresFields(driver, code);
  const message = text(driver.message) ?? "PostgreSQL gave no message";
  const hint = text(driver.hint) ?? null;
  if (sessionEnded.has(code) || (code === protocolViolation && driver.severity !== "ERROR")) {
    return new SqlwrightError("database.lost", `PostgreSQL at ${place} ended the session: ${message}`, {
      details: { ...fields },
      hint: "Call again: the server reconnects by itself",
      cause: error,
    });
  }
  const isLogin = loginRefused.has(code) && driver.severity === "FATAL";
  return new SqlwrightError(isLogin ? "database.refused" : "database.failed", message, {
    details: { ...fields },
    ...(hint === null ? {} : { hint }),
    cause: error,
  });
}

function notPostgres(error: ProtocolViolation, place: string): SqlwrightError {
  return new SqlwrightError(
    "database.protocol_violation",
    `What answers at ${place} does not speak PostgreSQL's protocol: ${error.message}`,
    {
      hint: "Nothing it sent was used. Check that DATABASE_URL leads to PostgreSQL or a pooler, " +
        "and what stands between",
      cause: error,
    },
  );
}

/**
 * No host gave a session. Of one host its own error; of several the one that says most, with what each of
 * them said.
 */
function loginFailure({ attempts }: LoginFailure, place: string): SqlwrightError {
  const errors = attempts.map((attempt) => attemptError(attempt));
  if (errors.length === 1) return errors[0]!;
  // Whoever answered has more to say than whoever did not.
  const rank = ["database.refused", "database.untrusted", "database.protocol_violation", "database.failed"];
  const told = rank.map((code) => errors.find((error) => error.code === code)).find(Boolean) ??
    errors.at(-1)!;
  const causes = errors.map(({ details, message }, index) => ({
    place: attempts[index]!.place,
    reason: details.sqlstate ?? details.reason,
    message,
  }));
  return new SqlwrightError(
    told.code,
    `No host of ${place} gives a session: ${causes.map(({ message }) => message).join("; ")}`,
    {
      details: { ...told.details, hosts: causes },
      ...(told.hint === null ? {} : { hint: told.hint }),
      cause: errors,
    },
  );
}

function attemptError({ place, passwordFrom, error }: Attempt): SqlwrightError {
  const code = String((error as { code?: unknown }).code ?? "");
  const known = connectionLost.has(code)
    ? new ConnectionEnded("CONNECT_CLOSED", "the connection was closed during the login", error)
    : error;
  const found = toDatabaseError(known, place);
  if (!(found instanceof SqlwrightError)) return unsecured(known as Error, place);
  const setting = passwordFrom ?? "DATABASE_URL";
  const isPassword = code === "28P01";
  const isDatabase = found.code === "database.refused" && known instanceof ServerError;
  return new SqlwrightError(
    found.code,
    isDatabase ? `PostgreSQL at ${place} refuses the login: ${found.message}` : found.message,
    {
      details: { ...found.details, place, setting: isPassword ? setting : "DATABASE_URL" },
      hint: found.hint ??
        (isPassword
          ? `The password that was sent is that of ${setting}: correct it there`
          : "Check the user and the database that DATABASE_URL names, and pg_hba.conf of the server"),
      cause: error,
    },
  );
}

/** What a login fails with before PostgreSQL says anything; null for a connection that was just lost. */
function loginError(error: ConnectionEnded, place: string): SqlwrightError | null {
  const refused = (hint: string) =>
    new SqlwrightError("database.refused", `Cannot log in to PostgreSQL at ${place}: ${error.message}`, {
      details: { reason: error.code },
      hint,
      cause: error,
    });
  switch (error.code) {
    case "NO_PASSWORD":
      return refused(
        "Write the password into DATABASE_URL, or set PGPASSWORD, DATABASE_PASSWORD_FILE or " +
          "DATABASE_PASSWORD_COMMAND; ~/.pgpass is read as well",
      );
    case "NO_USER":
      return refused("Write the user into DATABASE_URL, or set PGUSER");
    case "TLS_REFUSED":
      return refused("Let the server speak TLS, or say sslmode=disable where the network may be trusted");
    case "CHANNEL_BINDING":
      return refused("Connect by TLS to a server with scram-sha-256, or say channel_binding=prefer");
    case "LOGIN_WAY":
      return refused("Let require_auth name this way, or pg_hba.conf of the server another one");
    case "OTHER_KIND":
      return refused("Name the other hosts too, or another target_session_attrs");
    case "SCRAM_REFUSED":
    case "UNKNOWN_AUTHENTICATION":
      return refused("pg_hba.conf decides: scram-sha-256, md5, password, cert and trust are spoken here");
    case "SERVER_UNPROVEN":
      return refused("Do not go on: ask who runs the server, and whether DATABASE_URL names the right one");
    case "CLIENT_ENCODING":
      return refused("Connect to PostgreSQL itself, or let the pooler pass client_encoding on");
    default:
      return isAlert(error)
        ? refused(
          "Name the client's certificate with sslcert and its key with sslkey, as the server wants them",
        )
        : isCertificateFault(error)
        ? untrusted(error, place)
        : null;
  }
}

/** The other side ended TLS and said why: it does not like what it got from here. */
const isAlert = ({ code, message }: ConnectionEnded): boolean =>
  /ALERT/.test(code) || /fatal alert/i.test(message);

const isCertificateFault = ({ code }: ConnectionEnded): boolean =>
  /CERT|ISSUER|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(code);

function untrusted(error: ConnectionEnded, place: string): SqlwrightError {
  const { found, hint } = certificateFault(error);
  return new SqlwrightError("database.untrusted", `Cannot trust the server at ${place}: ${found}`, {
    details: { reason: error.code },
    hint,
    cause: error,
  });
}

function certificateFault({ code, message }: ConnectionEnded): { found: string; hint: string } {
  switch (code) {
    case "CERT_HAS_EXPIRED":
      return { found: "its certificate has expired", hint: "Give the server a new certificate" };
    case "CERT_NOT_YET_VALID":
      return {
        found: "its certificate is not valid yet",
        hint: "Look at the clocks of both machines, and at the certificate",
      };
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return {
        found: `its certificate is for another name: ${message.replace(/^.*altnames: /, "")}`,
        hint:
          "Name the host in DATABASE_URL as the certificate does, or say sslmode=verify-ca, which checks " +
          "the authority and no name",
      };
    case "CERT_UNTRUSTED":
      return { found: message, hint: "docs/connections.md tells what each sslmode checks" };
    default:
      return {
        found: `its certificate is signed by an authority that is not known here (${message})`,
        hint: "Name the file of that authority: sslrootcert=FILE in DATABASE_URL, or PGSSLROOTCERT",
      };
  }
}

/** TLS did not come about, for a reason of its own. */
function unsecured(error: Error, place: string): SqlwrightError {
  return new SqlwrightError("database.unreachable", `Cannot reach PostgreSQL at ${place}: ${error.message}`, {
    details: { reason: String((error as { code?: unknown }).code ?? error.name) },
    hint: "Check that PostgreSQL or a pooler answers at that port, and what stands between",
    cause: error,
  });
}

function reachHint(error: object): string {
  return error instanceof Deno.errors.NotCapable
    ? "Start again: the flags of the sandbox follow DATABASE_URL and PG* (`sqlwright permissions`)"
    : "Check that the server runs and that DATABASE_URL names its host, port and database";
}

/** True for the error of a statement that was cancelled, by us or by its timeout. */
export function isQueryCanceled(error: unknown): boolean {
  return error instanceof SqlwrightError && error.details.sqlstate === queryCanceled;
}

/**
 * "cached plan must not change result type": PostgreSQL refused a prepared statement whose columns have
 * become others, before anything of it ran. The session has forgotten it by now.
 */
export function isStalePlan(error: unknown): boolean {
  const { cause } = error instanceof SqlwrightError ? error : { cause: error };
  return cause instanceof ServerError && cause.code === "0A000" &&
    cause.fields.routine === "RevalidateCachedQuery";
}

/** The SQLSTATE of a database error, else null. */
export function sqlstateOf(error: unknown): string | null {
  return error instanceof SqlwrightError && typeof error.details.sqlstate === "string"
    ? error.details.sqlstate
    : null;
}

function postgresFields(driver: DriverError, sqlstate: string): PostgresFields {
  const position = Number(driver.position);
  const detail = detailQuotesValues.test(sqlstate) ? undefined : text(driver.detail);
  const optional = {
    detail,
    where: text(driver.where)?.replace(copiedValue, "$1"),
    schema: text(driver.schema_name),
    table: text(driver.table_name),
    column: text(driver.column_name),
    dataType: text(driver.datatype_name),
    constraint: text(driver.constraint_name),
  };
  const present = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return {
    sqlstate,
    severity: text(driver.severity) ?? "ERROR",
    ...present,
    ...(Number.isInteger(position) && position > 0 ? { position } : {}),
  };
}

function reachFailure(code: string, error: object): string {
  switch (code) {
    case "ECONNREFUSED":
      return "nothing listens there";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "the host name is unknown";
    case "CONNECT_TIMEOUT":
    case "ETIMEDOUT":
      return "no answer in time";
    case "ENOENT":
      return "there is no such socket";
    default:
      return error instanceof Deno.errors.NotCapable ? "this process may not connect there" : code;
  }
}

/** PostgreSQL quotes a wrong value whole, however long it is. */
const maximumText = 2000;

function text(value: unknown): string | undefined {
  if (typeof value !== "string" || value === "") return undefined;
  return value.length <= maximumText
    ? value
    : `${value.slice(0, maximumText).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
