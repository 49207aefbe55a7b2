/** Connection strings as libpq reads them: what each form and parameter comes to, and what is refused by name. */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { SqlwrightError } from "../../src/errors.ts";
import { masked } from "../../src/postgres/target/fault.ts";
import { describeTarget, type Target } from "../../src/postgres/target/model.ts";
import { needsOf } from "../../src/postgres/target/needs.ts";
import { parameters } from "../../src/postgres/target/parameters.ts";
import { findPassword } from "../../src/postgres/target/passfile.ts";
import { readTarget } from "../../src/postgres/target/target.ts";
import { withFiles } from "../harness.ts";

const nothing = () => undefined;
const read = (text: string, variables: Record<string, string> = {}): Target =>
  readTarget(text, (name) => variables[name]);

function refused(text: string, pattern: RegExp, variables: Record<string, string> = {}): void {
  assert.throws(() => read(text, variables), (error: SqlwrightError) => {
    assert.equal(error.code, "config.invalid", String(error));
    assert.match(`${error.message} | ${error.hint}`, pattern);
    assert.doesNotMatch(`${error.message} | ${error.hint}`, /hunter2/);
    return true;
  }, text);
}

/** Host, port, user, password and database in short. */
function parts(target: Target): string {
  const { places, user, password, database } = target;
  const secret = password.kind === "text" ? password.password.value : "-";
  const hosts = places.map(({ host, address, port }) =>
    `${host ?? ""}${address ? `=${address}` : ""}:${port}`
  );
  return `${hosts.join(",")} ${user?.value ?? "-"} ${secret} ${database ?? "-"}`;
}

Deno.test("URIs are read as libpq reads them", () => {
  const cases: [string, string][] = [
    ["postgresql://me:pw@db:5433/app", "db:5433 me pw app"],
    ["postgres://me@db/app", "db:5432 me - app"],
    ["postgresql://me@one:1,two:2,three/app", "one:1,two:2,three:5432 me - app"],
    ["postgresql://me@one,two/app?port=6000", "one:6000,two:6000 me - app"],
    ["postgresql://me@[::1]:5433/app", "::1:5433 me - app"],
    ["postgresql://me@[fe80::1],[::2]:7/app", "fe80::1:5432,::2:7 me - app"],
    ["postgresql://me@%2Frun%2Fpostgresql:5433/app", "/run/postgresql:5433 me - app"],
    ["postgresql:///app?host=/run/postgresql&port=7&user=me", "/run/postgresql:7 me - app"],
    // Only %XX is decoded: a plus stays a plus.
    ["postgresql:///app?host=/tmp/so+ck&user=me&password=a+b", "/tmp/so+ck:5432 me a+b app"],
    ["postgresql://m%40e:p%2Fw%25@db/a%20b", "db:5432 m@e p/w% a b"],
    ["postgresql://me:p#w@db/app", "db:5432 me p#w app"],
    ["postgresql://me:p?w@db/app", "db:5432 me p?w app"],
    ["postgresql://me:p@w@db/app", "db:5432 me p@w app"],
    ["postgresql://me@db?dbname=app", "db:5432 me - app"],
    ["postgresql://me@db/app?dbname=other&user=you", "db:5432 you - other"],
    ["postgresql://me@db/app?hostaddr=10.0.0.1", "db=10.0.0.1:5432 me - app"],
    ["postgresql://me@/app?hostaddr=10.0.0.1,::1", "=10.0.0.1:5432,=::1:5432 me - app"],
    ["postgresql://me:@db/", "db:5432 me - -"],
  ];
  for (const [text, wanted] of cases) assert.equal(parts(read(text)), wanted, text);
  assert.equal(read("postgresql://me@db/x?ssl=true").tls.mode, "require");
  assert.equal(describeTarget(read("postgresql://me:pw@one,[::1]:2/app")), "one:5432,[::1]:2/app");
  refused("postgresql://me:hunter2@db:port/app", /port is no number/);
  refused("postgresql://me:hunter2@db:0/app", /port is no number/);
  refused("postgresql://me:hunter2@%zz/app", /%-escape/);
  refused("postgresql://me:hunter2@d%00b/app", /%-escape/);
  refused("postgresql://me:hunter2@::1/app", /host cannot be read.*brackets/);
  refused("postgresql://me:hunter2@db/app?sslmode", /"sslmode" has no value/);
  refused("postgresql://me:hunter2@db/app?options=a=b", /more than one =.*%3D/);
  refused("postgresql://me:hunter2@one,two/app?port=1,2,3", /3 of port and 2 of host/);
  refused("postgresql://me:hunter2@one,two/app?hostaddr=1.1.1.1", /1 of hostaddr and 2 of host/);
  refused("postgresql://me:hunter2@db/app?hostaddr=db", /is no address/);
  refused("mysql://me:hunter2@db/app", /no connection string/);
});

Deno.test("keyword strings are read as libpq reads them", () => {
  const cases: [string, string][] = [
    ["host=db port=5433 user=me password=pw dbname=app", "db:5433 me pw app"],
    ["host = db  user= me dbname ='my db'", "db:5432 me - my db"],
    [String.raw`host=db user=me password='it\'s \\ x' dbname=a\ b`, String.raw`db:5432 me it's \ x a b`],
    ["host=one,two port=1,2 user=me dbname=app", "one:1,two:2 me - app"],
    ["user=me password='' dbname=app host=/tmp/so+ck", "/tmp/so+ck:5432 me - app"],
    ["host=db\n  user=me\n  dbname=app\n", "db:5432 me - app"],
  ];
  for (const [text, wanted] of cases) assert.equal(parts(read(text)), wanted, text);
  refused("host=db password='hunter2", /quote of "password" is not closed/);
  refused("host=db user", /no = behind "user"/);
  refused("db.example", /no connection string/);
});

Deno.test("each parameter has libpq's meaning", () => {
  const of = (query: string) => read(`postgresql://me@db/app?${query}`);
  assert.equal(of("").tls.mode, "prefer");
  for (const mode of ["disable", "allow", "prefer", "require", "verify-full"]) {
    assert.equal(of(`sslmode=${mode}`).tls.mode, mode);
  }
  assert.deepEqual(of("sslmode=verify-full").tls.authorities, "system");
  assert.deepEqual(of("sslrootcert=system").tls.mode, "verify-full");
  assert.equal(of("sslmode=require&sslrootcert=/ca.pem").tls.authorities, "/ca.pem");
  assert.equal(of("sslmode=verify-ca&sslrootcert=/ca.pem").tls.authorities, "/ca.pem");
  assert.equal(of("sslmode=prefer&sslrootcert=/ca.pem").tls.authorities, null);
  assert.deepEqual(of("sslcert=/c&sslkey=/k&sslpassword=x").tls.own, {
    certificate: "/c",
    key: "/k",
    password: "x",
  });
  assert.equal(of("sslcert=/c&sslkey=/k&sslcertmode=disable").tls.own, null);
  assert.equal(of("sslsni=0").tls.sendsName, false);
  assert.equal(of("sslmode=require&sslnegotiation=direct").tls.isDirect, true);
  assert.equal(of("ssl_min_protocol_version=TLSv1.3").tls.oldest, "TLSv1.3");
  assert.equal(of("ssl_max_protocol_version=TLSv1.2").tls.newest, "TLSv1.2");
  for (const way of ["require", "prefer", "disable"]) {
    assert.equal(of(`channel_binding=${way}`).channelBinding, way);
  }
  assert.deepEqual([...of("require_auth=scram-sha-256,none").loginWays!], ["none", "scram-sha-256"]);
  assert.ok(!of("require_auth=!password,!md5").loginWays!.has("md5"));
  assert.ok(of("require_auth=!password,!md5").loginWays!.has("scram-sha-256"));
  assert.equal(of("connect_timeout=10").connectTimeout_ms, 10_000);
  assert.equal(of("connect_timeout=0").connectTimeout_ms, null);
  assert.equal(of("application_name=a+b").applicationName, "a+b");
  assert.equal(of("fallback_application_name=x").applicationName, "x");
  assert.equal(of("application_name=y&fallback_application_name=x").applicationName, "y");
  assert.equal(of("options=-c%20search_path%3Dshop").options, "-c search_path=shop");
  for (const kind of ["any", "read-write", "read-only", "primary", "standby", "prefer-standby"]) {
    assert.equal(of(`target_session_attrs=${kind}`).kind, kind);
  }
  assert.equal(of("load_balance_hosts=random").isShuffled, true);
  assert.equal(of("keepalives=0").keepsAlive, false);
  assert.equal(of("keepalives=1").keepsAlive, true);
  assert.deepEqual(of("passfile=/p").password, { kind: "passfile", path: "/p" });
  for (
    const fine of [
      "client_encoding=utf8",
      "client_encoding=auto",
      "gssencmode=prefer",
      "gssencmode=disable",
      "krbsrvname=postgres",
      "sslcompression=0",
      "replication=false",
      "keepalives_idle=0",
      "tcp_user_timeout=0",
      "min_protocol_version=3.0",
      "max_protocol_version=latest",
      "ssl_min_protocol_version=TLSv1.2",
    ]
  ) of(fine);
});

Deno.test("what cannot be honoured is refused by name, with the reason and the way out", () => {
  const no = (query: string, pattern: RegExp) => refused(`postgresql://me:hunter2@db/app?${query}`, pattern);
  no("gssencmode=require", /gssencmode=require cannot be honoured: GSSAPI.*sslmode=verify-full/);
  no("sslcrl=/crl", /sslcrl=\/crl cannot be honoured.*revoked/);
  no("sslcrldir=/crl", /sslcrldir/);
  no("requirepeer=postgres", /requirepeer=postgres cannot be honoured.*socket's folder/);
  for (const name of ["keepalives_idle", "keepalives_interval", "keepalives_count"]) {
    no(`${name}=30`, new RegExp(`${name}=30 cannot be honoured.*sysctl`));
  }
  no("tcp_user_timeout=1000", /tcp_user_timeout.*SQLWRIGHT_TIMEOUT/);
  no("replication=database", /replication=database/);
  no("client_encoding=latin1", /client_encoding=latin1.*UTF-8/);
  no("sslcertmode=require", /sslcertmode=require/);
  no("ssl_max_protocol_version=TLSv1.1", /ssl_max_protocol_version=TLSv1.1/);
  no("min_protocol_version=3.2", /min_protocol_version=3.2/);
  no("gsslib=gssapi", /gsslib/);
  no("scram_client_key=abc", /scram_client_key.*Give the password/);
  no("oauth_issuer=https", /oauth_issuer/);
  no("pgbouncer=true", /pgbouncer cannot be honoured: it is a parameter of Prisma/);
  no("nonsense=1", /nonsense cannot be honoured: libpq knows no such parameter.*options=/);
  no("sslmode=verify-ca", /verify-ca needs the authority.*sslrootcert=FILE/);
  no("sslmode=require&sslrootcert=system", /sslrootcert=system would trust.*verify-full/);
  no("sslmode=prefer&sslnegotiation=direct", /sslnegotiation=direct cannot do with sslmode=prefer/);
  no("sslmode=always", /sslmode "always" is unknown.*verify-full/);
  no("target_session_attrs=master", /target_session_attrs "master" is unknown.*read-write/);
  no("require_auth=magic", /require_auth "magic" is unknown/);
  no("connect_timeout=soon", /connect_timeout "soon" is no number/);
  no("sslcert=/c", /nothing names its key/);
  no("sslcert=/c&sslkey=store:x", /key in a device/);
  // From wherever it comes.
  refused("postgresql://me@db/app", /Cannot read PGGSSENCMODE: gssencmode=require/, {
    PGGSSENCMODE: "require",
  });
  refused("postgresql://me@db/app", /Cannot read PGSSLMODE: sslmode "x"/, { PGSSLMODE: "x" });
});

Deno.test("every parameter of libpq is honoured or refused, and none is unknown", () => {
  // PostgreSQL 18, "Parameter Key Words".
  const known =
    "host hostaddr port dbname user password passfile require_auth channel_binding connect_timeout " +
    "client_encoding options application_name fallback_application_name keepalives keepalives_idle " +
    "keepalives_interval keepalives_count tcp_user_timeout replication gssencmode sslmode requiressl " +
    "sslnegotiation sslcompression sslcert sslkey sslkeylogfile sslpassword sslcertmode sslrootcert sslcrl " +
    "sslcrldir sslsni requirepeer ssl_min_protocol_version ssl_max_protocol_version min_protocol_version " +
    "max_protocol_version krbsrvname gsslib gssdelegation scram_client_key scram_server_key service " +
    "target_session_attrs load_balance_hosts oauth_issuer oauth_client_id oauth_client_secret oauth_scope";
  assert.deepEqual(known.split(" ").filter((name) => !(name in parameters)), []);
});

Deno.test("the string goes before the service, that before PG*, and these before the defaults", () =>
  withFiles({
    "service.conf": "# a comment\n[other]\nhost=nowhere\n[shop]\nhost=service\nport=7\nuser=service\n" +
      "options=-c a=b\n\n[next]\nhost=nowhere\n",
    "broken.conf": "[shop]\nservice=other\n",
  }, (directory) => {
    const variables = {
      PGHOST: "variable",
      PGPORT: "8",
      PGUSER: "variable",
      PGDATABASE: "variable",
      PGPASSWORD: "hunter2",
      PGAPPNAME: "shop",
      PGOPTIONS: "-c x=y",
      PGTARGETSESSIONATTRS: "read-write",
      PGLOADBALANCEHOSTS: "random",
      PGSSLMODE: "require",
      PGSSLNEGOTIATION: "direct",
      PGSSLROOTCERT: "/ca",
      PGSSLCERT: "/c",
      PGSSLKEY: "/k",
      PGCHANNELBINDING: "require",
      PGREQUIREAUTH: "scram-sha-256",
      PGCONNECT_TIMEOUT: "3",
    };
    const plain = read("postgresql://", variables);
    assert.equal(parts(plain), "variable:8 variable hunter2 variable");
    assert.equal(plain.applicationName, "shop");
    assert.equal(plain.options, "-c x=y");
    assert.equal(plain.kind, "read-write");
    assert.equal(plain.isShuffled, true);
    assert.deepEqual([plain.tls.mode, plain.tls.isDirect, plain.tls.authorities], ["require", true, "/ca"]);
    assert.deepEqual(plain.tls.own, { certificate: "/c", key: "/k", password: null });
    assert.equal(plain.channelBinding, "require");
    assert.deepEqual([...plain.loginWays!], ["scram-sha-256"]);
    assert.equal(plain.connectTimeout_ms, 3000);
    assert.equal(
      parts(read("postgresql://", { PGHOST: "db", PGHOSTADDR: "1.2.3.4", USER: "me" })),
      "db=1.2.3.4:5432 me - -",
    );
    const file = join(directory, "service.conf");
    const more = { ...variables, PGSERVICEFILE: file };
    const service = read("postgresql://?service=shop", more);
    assert.equal(parts(service), "service:7 service hunter2 variable");
    assert.equal(service.options, "-c a=b");
    assert.deepEqual(service.readFiles, [file]);
    assert.equal(parts(read("postgresql://me@db?service=shop", more)), "db:7 me hunter2 variable");
    assert.equal(
      parts(read("postgresql://", { ...more, PGSERVICE: "shop" })),
      "service:7 service hunter2 variable",
    );
    refused("service=absent", /the service "absent".*have no \[absent\]/, more);
    refused("service=shop", /line 2 names a service itself/, {
      PGSERVICEFILE: join(directory, "broken.conf"),
    });
    refused("service=shop", /service\.none.*there is no such file/, {
      PGSERVICEFILE: join(directory, "service.none"),
    });
    return Promise.resolve();
  }));

Deno.test("the password file fits lines as libpq does", () => {
  const text = [
    "# a comment: not read",
    "too:few:fields",
    String.raw`db:5432:app:me:it\:s \\ x`,
    "db:5432:app:me:second",
    "*:*:app:you:any host",
    String.raw`\:\:1:5432:*:me:six`,
    "localhost:5432:*:me:socket",
    "*:*:*:*:last",
  ].join("\n");
  const find = (host: string, database: string, user: string, port = 5432) =>
    findPassword(text, { place: { host, address: null, port }, database, user });
  assert.equal(find("db", "app", "me"), String.raw`it:s \ x`);
  assert.equal(find("elsewhere", "app", "you", 7), "any host");
  assert.equal(find("::1", "x", "me"), "six");
  assert.equal(find("/var/run/postgresql", "x", "me"), "socket");
  assert.equal(find("/elsewhere", "x", "me"), "last");
  assert.equal(
    findPassword("db:1:a:me:x", { place: { host: "db", address: null, port: 2 }, database: "a", user: "me" }),
    null,
  );
});

Deno.test("the password is given in one way only", () => {
  const file = { DATABASE_PASSWORD_FILE: "/secret" };
  const command = { DATABASE_PASSWORD_COMMAND: `aws rds "generate token" --x 'a b'\\ c` };
  assert.deepEqual(read("postgresql://me@db/x", file).password, { kind: "file", path: "/secret" });
  assert.deepEqual(read("postgresql://me@db/x", command).password, {
    kind: "command",
    words: ["aws", "rds", "generate token", "--x", "a b c"],
  });
  // What every PostgreSQL tool may have in its environment completes, and does not contradict.
  assert.equal(read("postgresql://me@db/x", { ...file, PGPASSWORD: "hunter2" }).password.kind, "file");
  refused("postgresql://me@db/x", /DATABASE_PASSWORD_FILE and DATABASE_PASSWORD_COMMAND are both set/, {
    ...file,
    ...command,
  });
  refused("postgresql://me:hunter2@db/x", /password of DATABASE_URL and DATABASE_PASSWORD_FILE/, file);
  refused("postgresql://me@db/x", /quote at character 5 is not closed/, {
    DATABASE_PASSWORD_COMMAND: "aws 'rds",
  });
});

Deno.test("what the sandbox must permit follows the target, and nothing more", () => {
  const needs = (text: string, variables: Record<string, string> = {}) =>
    needsOf(read(text, variables), (name) => variables[name]);
  assert.deepEqual(needs("postgresql://me@one,[::1]:7/x?sslmode=disable"), {
    addresses: ["one:5432", "[::1]:7"],
    sockets: [],
    readPaths: [],
    programs: [],
    variables: [],
  });
  assert.deepEqual(needs("postgresql://me@db/x?hostaddr=10.0.0.1").addresses, ["10.0.0.1:5432"]);
  assert.deepEqual(needs("postgresql://me@%2Frun,db/x").sockets, ["/run/.s.PGSQL.5432"]);
  assert.deepEqual(
    needs("postgresql://me@db/x?sslmode=verify-full&sslrootcert=/ca&sslcert=/c&sslkey=/k&passfile=/p")
      .readPaths,
    ["/ca", "/c", "/k", "/p"],
  );
  assert.deepEqual(needs("postgresql://me@db/x", { DATABASE_PASSWORD_FILE: "/s" }).readPaths, ["/s"]);
  assert.deepEqual(needs("postgresql://me@db/x", { DATABASE_PASSWORD_COMMAND: "aws rds" }).programs, ["aws"]);
  assert.deepEqual(needs("postgresql://db/x", { USER: "me" }).variables, ["USERNAME", "USER", "LOGNAME"]);
});

Deno.test("files at home are libpq's, and count where they are", () =>
  withFiles({
    ".pgpass": "*:*:*:*:x",
    ".postgresql/root.crt": "",
    ".postgresql/postgresql.crt": "",
    ".postgresql/postgresql.key": "",
    ".pg_service.conf": "[shop]\nhost=db\nuser=me\n",
  }, (home) => {
    const variables = { HOME: home };
    const target = read("service=shop sslmode=require", variables);
    assert.deepEqual(target.password, { kind: "passfile", path: `${home}/.pgpass` });
    // With a root certificate `require` is what `verify-ca` is.
    assert.equal(target.tls.authorities, `${home}/.postgresql/root.crt`);
    assert.equal(target.tls.own?.key, `${home}/.postgresql/postgresql.key`);
    const needs = needsOf(target, (name) => variables[name as "HOME"]);
    assert.deepEqual(needs.variables, ["HOME"]);
    assert.equal(needs.readPaths.length, 5);
    assert.equal(read("postgresql://me:pw@db/x", variables).password.kind, "text");
    return Promise.resolve();
  }));

Deno.test("a string is shown without its passwords", () => {
  assert.equal(
    masked("postgresql://me:hunter2@db/x?sslmode=require"),
    "postgresql://me:***@db/x?sslmode=require",
  );
  assert.equal(masked("postgresql://me:hun?t@er2@db/x"), "postgresql://me:***@db/x");
  assert.equal(
    masked("postgresql://me@db:5432/x?password=hunter2&user=a"),
    "postgresql://me@db:5432/x?password=***&user=a",
  );
  assert.equal(masked("host=db password='hun ter\\'2' user=me"), "host=db password=*** user=me");
  assert.equal(masked("password=hunter2 host=db"), "password=*** host=db");
  assert.equal(readTarget("host=db user=me", nothing).password.kind, "none");
});
