/** What a connection string comes to, with libpq's meaning: one typed target. */

/** The value of a variable of the environment; undefined where it is not set, or may not be seen. */
export type Environment = (name: string) => string | undefined;

/** A value, and where it is from: `DATABASE_URL`, `PGUSER`, `the service "x" of /etc/pg_service.conf`. */
export interface Found {
  value: string;
  from: string;
}

/** One host of a target. */
export interface Place {
  /**
   * The host that is meant: a bare name or address (`::1`, not `[::1]`), or the folder of a Unix socket,
   * which begins with a slash. Null where only an address was given.
   */
  host: string | null;
  /** `hostaddr`: where to connect, without a look at the name. */
  address: string | null;
  port: number;
}

export const tlsModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
export type TlsMode = (typeof tlsModes)[number];

export interface TlsSettings {
  mode: TlsMode;
  /** TLS from the first byte (`sslnegotiation=direct`), without asking for it. */
  isDirect: boolean;
  /** File of the authorities; `system` for those of the machine; null checks none. */
  authorities: string | null;
  /** Files of the client's own certificate and key; null sends none. */
  own: { certificate: string; key: string; password: string | null } | null;
  /** Whether the server is told the host's name (SNI). */
  sendsName: boolean;
  /** The only versions of TLS that are spoken here are 1.2 and 1.3. */
  oldest: TlsVersion;
  newest: TlsVersion;
}

export type TlsVersion = "TLSv1.2" | "TLSv1.3";

export const targetKinds = [
  "any",
  "read-write",
  "read-only",
  "primary",
  "standby",
  "prefer-standby",
] as const;
/** libpq's `target_session_attrs`: which of the hosts will do. */
export type TargetKind = (typeof targetKinds)[number];

/** Ways to log in, under the names of libpq's `require_auth`. */
export const loginWays = ["none", "password", "md5", "scram-sha-256", "gss", "sspi", "oauth"] as const;
export type LoginWay = (typeof loginWays)[number];

/** Where the password comes from, beside the string itself. */
export type PasswordSource =
  | { kind: "text"; password: Found }
  /** DATABASE_PASSWORD_FILE: read for each connection. */
  | { kind: "file"; path: string }
  /** DATABASE_PASSWORD_COMMAND: a program and its arguments. */
  | { kind: "command"; words: string[] }
  /** `passfile`, else ~/.pgpass. */
  | { kind: "passfile"; path: string }
  | { kind: "none" };

export interface Target {
  /** At least one, in the order in which they were named. */
  places: Place[];
  /** `load_balance_hosts=random`. */
  isShuffled: boolean;
  kind: TargetKind;
  /** Null where nobody names one. */
  user: Found | null;
  password: PasswordSource;
  /** Null is the user's name. */
  database: string | null;
  tls: TlsSettings;
  channelBinding: "require" | "prefer" | "disable";
  /** Null allows every way that is spoken here. */
  loginWays: ReadonlySet<LoginWay> | null;
  /** For each host; null leaves it to SQLWRIGHT_CONNECT_TIMEOUT. */
  connectTimeout_ms: number | null;
  applicationName: string | null;
  /** Command-line options for the server, as they were written. */
  options: string | null;
  keepsAlive: boolean;
  /** Files that were read to find all this: a service file. */
  readFiles: string[];
}

/** A folder in which a socket lies, and no name of a machine. */
export function isFolder(host: string | null): host is string {
  return host !== null && host.startsWith("/");
}

export function isAddress(host: string): boolean {
  return host.includes(":") || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host);
}

/** The socket in a folder, as PostgreSQL names it. */
export function socketPath(folder: string, port: number): string {
  return `${folder.replace(/\/$/, "")}/.s.PGSQL.${port}`;
}

/** `host:port`, `[::1]:port` or the folder of the socket. */
export function describePlace({ host, address, port }: Place): string {
  const name = host ?? address ?? "";
  return `${name.includes(":") ? `[${name}]` : name}:${port}`;
}

/** Where a database is, for messages: no user name, no password. */
export function describeTarget({ places, database, user }: Target): string {
  return `${places.map(describePlace).join(",")}/${database ?? user?.value ?? ""}`;
}
