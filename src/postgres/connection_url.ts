/**
 * A connection string as libpq reads it: several hosts, Unix sockets (`?host=/folder` or `%2Ffolder`), IPv6,
 * `sslmode`. postgres.js reads fewer forms and sends parameters that it does not know to the server, so it
 * gets the parts instead.
 */

import { SqlwrightError } from "../errors.ts";
import { foreignParameter } from "./foreign_parameters.ts";

export interface ConnectionTarget {
  /** Bare names or addresses: `::1`, not `[::1]`; a folder for a Unix socket. */
  hosts: { host: string; port: number }[];
  /** Undefined leaves it to PGUSER or the person's name. */
  user: string | undefined;
  /** Undefined leaves it to PGPASSWORD. */
  password: string | undefined;
  database: string | undefined;
  ssl: "require" | "prefer" | "verify-full" | false;
}

const sslModes: Record<string, ConnectionTarget["ssl"]> = {
  disable: false,
  allow: "prefer",
  prefer: "prefer",
  require: "require",
  "verify-ca": "verify-full",
  "verify-full": "verify-full",
};
const knownParameters = ["host", "port", "user", "password", "dbname", "sslmode"];

/**
 * @throws {SqlwrightError} `config.invalid`; the message never shows the string, which may hold a password.
 */
export function parseConnectionUrl(url: string): ConnectionTarget {
  const match = /^postgres(?:ql)?:\/\/(?:([^/?#@]*(?:@[^/?#@]*)*)@)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/
    .exec(url);
  if (!match) throw invalid("it is not postgresql://user:password@host:port/database");
  const [, login = "", authority = "", path = "", query = ""] = match;
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys()) {
    if (!knownParameters.includes(name)) {
      const whose = foreignParameter(name);
      if (whose !== null) throw invalid(`the parameter "${name}" is not PostgreSQL's`, `It is ${whose}`);
      throw invalid(`the parameter "${name}" is unknown`, `Known are ${knownParameters.join(", ")}`);
    }
  }
  const [user, password] = splitOnce(login, ":");
  const sslmode = parameters.get("sslmode");
  const ssl = sslmode === null ? false : sslModes[sslmode];
  if (ssl === undefined) {
    throw invalid(`sslmode "${sslmode}" is unknown`, `Known are ${Object.keys(sslModes).join(", ")}`);
  }
  const named = parameters.get("host") ?? authority;
  const ports = (parameters.get("port") ?? "").split(",");
  return {
    hosts: named.split(",").map((entry, index) => hostOf(entry, ports[index] || ports[0] || "")),
    user: parameters.get("user") ?? decode(user),
    password: parameters.get("password") ?? decode(password),
    database: parameters.get("dbname") ?? decode(path),
    ssl,
  };
}

/** The same as options of postgres.js. */
export function driverTarget(url: string): Record<string, unknown> {
  const { hosts, user, password, database, ssl } = parseConnectionUrl(url);
  const { host, port } = hosts[0]!;
  return {
    ...(host.startsWith("/")
      ? { path: `${host.replace(/\/$/, "")}/.s.PGSQL.${port}` }
      : { host: hosts.map((entry) => entry.host), port: hosts.map((entry) => entry.port) }),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
    ssl,
  };
}

/** Where a database is, for messages: no user name, no password. */
export function describeTarget(url: string): string {
  const { hosts, database } = parseConnectionUrl(url);
  const places = hosts.map(({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`);
  return `${places.join(",")}/${database ?? ""}`;
}

function hostOf(entry: string, portParameter: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(entry);
  if (!match) {
    throw invalid("its host cannot be read", "Write host:port, [::1]:port or ?host=/folder/of/the/socket");
  }
  const host = decode(match[1] ?? match[2] ?? "");
  return {
    host: host || Deno.env.get("PGHOST") || "localhost",
    port: Number(match[3] || portParameter || Deno.env.get("PGPORT") || 5432),
  };
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(text: string | undefined): string | undefined {
  if (!text) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid("a %-escape in it is broken");
  }
}

function invalid(
  found: string,
  hint = "Write postgresql://user:password@host:port/database",
): SqlwrightError {
  return new SqlwrightError("config.invalid", `Cannot read DATABASE_URL: ${found}`, {
    details: { setting: "DATABASE_URL" },
    hint,
  });
}
