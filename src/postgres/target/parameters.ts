/**
 * libpq's parameters by name: the variable of the environment that stands for each, and which values cannot
 * be honoured here, with the reason and the way out. What is not in this list is no parameter of libpq.
 */

interface Parameter {
  variable?: string;
  /** Null for a value that is honoured; else why it is not, and what to do. */
  refuse?: ((value: string) => Refusal | null) | undefined;
}

export interface Refusal {
  reason: string;
  hint: string;
}

const leaveOut = "Leave it out";

function unless(honoured: readonly string[], reason: string, hint = leaveOut): Parameter["refuse"] {
  return (value) => honoured.includes(value.toLowerCase()) ? null : { reason, hint };
}

const never = (reason: string, hint = leaveOut) => unless([], reason, hint);

const noTimes = "the runtime has no setting for a socket's times";
const keepAliveHint = "Leave it out: keepalives=1 has the system's times, which sysctl sets";
const noGss = "GSSAPI and Kerberos are not spoken here";
const noOauth = "OAuth logins of PostgreSQL 18 are not spoken here";
const noRevocation = "certificates that were revoked cannot be looked up here";

export const parameters: Readonly<Record<string, Parameter>> = {
  service: { variable: "PGSERVICE" },
  servicefile: { variable: "PGSERVICEFILE" },
  host: { variable: "PGHOST" },
  hostaddr: { variable: "PGHOSTADDR" },
  port: { variable: "PGPORT" },
  dbname: { variable: "PGDATABASE" },
  user: { variable: "PGUSER" },
  password: { variable: "PGPASSWORD" },
  passfile: { variable: "PGPASSFILE" },
  require_auth: { variable: "PGREQUIREAUTH" },
  channel_binding: { variable: "PGCHANNELBINDING" },
  connect_timeout: { variable: "PGCONNECT_TIMEOUT" },
  client_encoding: {
    variable: "PGCLIENTENCODING",
    refuse: unless(["utf8", "utf-8", "auto"], "texts are read as UTF-8, and as nothing else"),
  },
  options: { variable: "PGOPTIONS" },
  application_name: { variable: "PGAPPNAME" },
  fallback_application_name: {},
  keepalives: {},
  keepalives_idle: { refuse: unless(["0"], noTimes, keepAliveHint) },
  keepalives_interval: { refuse: unless(["0"], noTimes, keepAliveHint) },
  keepalives_count: { refuse: unless(["0"], noTimes, keepAliveHint) },
  tcp_user_timeout: {
    refuse: unless(["0"], noTimes, "Leave it out: every call has its own limit (SQLWRIGHT_TIMEOUT)"),
  },
  replication: {
    refuse: unless(["false", "off", "no", "0"], "tools run statements, and a replication session takes none"),
  },
  gssencmode: {
    variable: "PGGSSENCMODE",
    refuse: unless(["disable", "prefer"], noGss, "Say gssencmode=disable, and sslmode=verify-full for TLS"),
  },
  krbsrvname: { variable: "PGKRBSRVNAME", refuse: unless(["postgres"], noGss) },
  gsslib: { variable: "PGGSSLIB", refuse: never(noGss) },
  gssdelegation: { variable: "PGGSSDELEGATION", refuse: unless(["0"], noGss) },
  sslmode: { variable: "PGSSLMODE" },
  requiressl: { variable: "PGREQUIRESSL" },
  sslnegotiation: { variable: "PGSSLNEGOTIATION" },
  sslcompression: {
    variable: "PGSSLCOMPRESSION",
    refuse: unless(["0"], "TLS has no compression any more"),
  },
  sslcert: { variable: "PGSSLCERT" },
  sslkey: { variable: "PGSSLKEY" },
  sslpassword: {},
  sslcertmode: {
    variable: "PGSSLCERTMODE",
    refuse: unless(
      ["disable", "allow"],
      "whether the server has asked for the certificate cannot be seen here",
      "Say sslcertmode=allow, and `cert` in pg_hba.conf",
    ),
  },
  sslrootcert: { variable: "PGSSLROOTCERT" },
  sslcrl: { variable: "PGSSLCRL", refuse: never(noRevocation) },
  sslcrldir: { variable: "PGSSLCRLDIR", refuse: never(noRevocation) },
  sslsni: { variable: "PGSSLSNI" },
  requirepeer: {
    variable: "PGREQUIREPEER",
    refuse: never(
      "who owns the other end of a socket cannot be asked here",
      "Let only the server's account write to the socket's folder",
    ),
  },
  ssl_min_protocol_version: {
    variable: "PGSSLMINPROTOCOLVERSION",
    refuse: unless(["tlsv1", "tlsv1.1", "tlsv1.2", "tlsv1.3"], "there is no such version of TLS"),
  },
  ssl_max_protocol_version: {
    variable: "PGSSLMAXPROTOCOLVERSION",
    refuse: unless(["tlsv1.2", "tlsv1.3"], "TLS 1.2 and 1.3 are spoken here"),
  },
  min_protocol_version: {
    variable: "PGMINPROTOCOLVERSION",
    refuse: unless(["3.0"], "version 3.0 of the protocol is spoken here"),
  },
  max_protocol_version: {
    variable: "PGMAXPROTOCOLVERSION",
    refuse: unless(["3.0", "3.2", "latest"], "version 3.0 of the protocol is spoken here"),
  },
  target_session_attrs: { variable: "PGTARGETSESSIONATTRS" },
  load_balance_hosts: { variable: "PGLOADBALANCEHOSTS" },
  scram_client_key: { refuse: never("a key in place of a password is not taken here", "Give the password") },
  scram_server_key: { refuse: never("a key in place of a password is not taken here", "Give the password") },
  oauth_issuer: { refuse: never(noOauth) },
  oauth_client_id: { refuse: never(noOauth) },
  oauth_client_secret: { refuse: never(noOauth) },
  oauth_scope: { refuse: never(noOauth) },
  sslkeylogfile: { refuse: never("keys of TLS sessions are not written down here") },
};

const takeOut = "take it out of sqlwright's connection string";

/**
 * Parameters of other programs, which stand in strings that are copied from their pages, and in the one
 * DATABASE_URL of an application: whose each is, and what to write instead.
 */
export const foreignParameters: Readonly<Record<string, readonly [owner: string, advice: string]>> = {
  schema: ["Prisma", `the schema of its models: ${takeOut}, query files write \`schema.table\``],
  connection_limit: ["Prisma", `the size of its pool: ${takeOut} and set SQLWRIGHT_POOL_SIZE`],
  pool_timeout: ["Prisma", `the wait for its pool: ${takeOut} and set SQLWRIGHT_QUEUE_TIMEOUT`],
  pgbouncer: ["Prisma", `${takeOut}, sqlwright finds a pooler out by itself`],
  sslaccept: ["Prisma", `${takeOut} and write sslmode=require or sslmode=verify-full`],
  sslidentity: ["Prisma", `its client certificate: ${takeOut}`],
  socket_timeout: ["Prisma", `${takeOut} and set SQLWRIGHT_TIMEOUT`],
  statement_cache_size: ["Prisma and asyncpg", `${takeOut}, sqlwright needs no such setting`],
  prepared_statement_cache_size: ["asyncpg", `${takeOut}, sqlwright needs no such setting`],
  uselibpqcompat: ["node-postgres", `${takeOut}: libpq's meaning is what counts here`],
  supa: ["Supabase's clients", takeOut],
  prepareThreshold: ["JDBC", `${takeOut}, sqlwright needs no such setting`],
  currentSchema: ["JDBC", `${takeOut}, query files write \`schema.table\``],
  sslfactory: ["JDBC", `${takeOut} and write sslrootcert`],
  reconnect: ["JDBC", `${takeOut}: connections are made anew by themselves`],
  ssl: ["JDBC and asyncpg", "write sslmode=require or sslmode=verify-full"],
  sslMode: ["JDBC", "write sslmode in lower-case letters"],
  search_path: ["Go's pgx", `${takeOut}, query files write \`schema.table\``],
  pool_max_conns: ["Go's pgx", `the size of its pool: ${takeOut} and set SQLWRIGHT_POOL_SIZE`],
  pool: ["Rails", `the size of its pool: ${takeOut} and set SQLWRIGHT_POOL_SIZE`],
  prepared_statements: ["Rails", `${takeOut}, sqlwright needs no such setting`],
};

/** Why a parameter cannot be taken; null where it is one that is honoured with this value. */
export function refusalOf(name: string, value: string): Refusal | null {
  if (Object.hasOwn(parameters, name)) return parameters[name]!.refuse?.(value) ?? null;
  const known = Object.hasOwn(foreignParameters, name) ? foreignParameters[name] : undefined;
  return known === undefined
    ? {
      reason: "libpq knows no such parameter",
      hint: 'Its parameters are in PostgreSQL\'s docs, "Parameter Key Words"; settings of the server go ' +
        "into options: options=-c%20name%3Dvalue",
    }
    : {
      reason: `it is a parameter of ${known[0]}, and libpq knows none of this name`,
      hint: `${known[1].charAt(0).toUpperCase()}${known[1].slice(1)}`,
    };
}
