import assert from "node:assert/strict";
import { readConfig } from "../src/config.ts";
import { SqlwrightError } from "../src/errors.ts";
import { parseHttpAddress, serverFlags } from "../src/permissions.ts";

/** The flags for an URL, without those that are always the same. */
function flagsFor(databaseUrl: string, more: Partial<Parameters<typeof serverFlags>[0]> = {}): string[] {
  const flags = serverFlags({ sqlDirectory: "sql", databaseUrl, http: null, ...more });
  assert.deepEqual(flags.slice(0, 3), ["--no-prompt", "--cached-only", "--frozen"]);
  assert.equal(flags.at(-1), "--v8-flags=--max-semi-space-size=8");
  return flags.slice(3, -1);
}

const env = "--allow-env=DATABASE_URL,DATABASE_URL_FILE,DATABASE_PASSWORD_FILE,DATABASE_PASSWORD_COMMAND," +
  "DATABASE_REPLICA_URLS,REDIS_URL,PG*,SQLWRIGHT_*";

Deno.test("serverFlags permits the query files, the database and named variables, nothing else", () => {
  assert.deepEqual(flagsFor("postgresql://me:secret@db.example/app"), [
    "--allow-read=sql",
    "--allow-net=db.example:5432",
    env,
  ]);
});

Deno.test("serverFlags permits the HTTP port, replicas, Redis and further folders when they are given", () => {
  const flags = flagsFor("postgres://me@[::1]:5433/app", {
    http: { hostname: "::1", port: 8321 },
    replicaUrls: ["postgres://me@one,two:6000/app", "postgres://me@[::1]:5433/app"],
    redisUrl: "redis://cache",
    readPaths: ["data"],
  });
  assert.deepEqual(flags, [
    "--allow-read=sql,data",
    "--allow-net=[::1]:5433,one:5432,two:6000,cache:6379,[::1]:8321",
    `${env},REDIS_*`,
  ]);
});

Deno.test("serverFlags permits the hosts that loads may ask, and the setting reads them as addresses name them", () => {
  const flags = flagsFor("postgres://me@db/app", { sourceHosts: ["www.sec.gov:443", "[::1]:8443"] });
  assert.deepEqual(flags, ["--allow-read=sql", "--allow-net=db:5432,www.sec.gov:443,[::1]:8443", env]);
  const { SQLWRIGHT_SOURCE_HOSTS: hosts } = readConfig({
    SQLWRIGHT_SOURCE_HOSTS: "WWW.SEC.gov, data.example.org:8443,[::1]:80,b\u00fccher.example",
  });
  assert.deepEqual(hosts, [
    { hostname: "www.sec.gov", port: 443 },
    { hostname: "data.example.org", port: 8443 },
    { hostname: "[::1]", port: 80 },
    { hostname: "xn--bcher-kva.example", port: 443 },
  ]);
  for (
    const text of ["https://www.sec.gov", "*.sec.gov", "a b", "host:0", "host:99999", "me@host", "host/path"]
  ) {
    assert.throws(
      () => readConfig({ SQLWRIGHT_SOURCE_HOSTS: text }),
      /SQLWRIGHT_SOURCE_HOSTS: expected host/,
      text,
    );
  }
});

Deno.test("serverFlags permits a Unix socket by its path, which Deno wants to be writable", () => {
  const socket = [
    "--allow-read=sql,/run/postgresql/.s.PGSQL.5433",
    "--allow-write=/run/postgresql/.s.PGSQL.5433",
    "--allow-net=unix:/run/postgresql/.s.PGSQL.5433",
    env,
  ];
  assert.deepEqual(flagsFor("postgres://me@/app?host=/run/postgresql&port=5433"), socket);
  assert.deepEqual(flagsFor("postgres://me@%2Frun%2Fpostgresql:5433/app"), socket);
  assert.deepEqual(
    flagsFor("postgres://me@/app", { environment: { PGHOST: "/run/postgresql/", PGPORT: "5433" } }),
    socket,
  );
});

Deno.test("serverFlags permits the names of a person's account only when the URL has no user", () => {
  const userless = "postgres://db.example/app";
  assert.equal(flagsFor(userless).at(-1), `${env},USERNAME,USER,LOGNAME`);
  assert.equal(flagsFor(userless, { environment: { PGUSER: "me" } }).at(-1), env);
});

Deno.test("serverFlags refuses what a flag cannot hold, without showing a password", () => {
  for (
    const url of [
      "mysql://me:secret@db/app",
      "postgres://me:secret@%zz/app",
      "postgres://me:secret@db:port/app",
    ]
  ) {
    assert.throws(() => flagsFor(url), (error) => {
      assert.ok(error instanceof SqlwrightError);
      assert.equal(error.code, "config.invalid");
      assert.doesNotMatch(error.message + error.hint, /secret/);
      return true;
    });
  }
  assert.throws(() => flagsFor("postgres://db/app", { sqlDirectory: "a,b" }), /holds a comma/);
});

Deno.test("parseHttpAddress reads host names and both address families", () => {
  assert.deepEqual(parseHttpAddress("127.0.0.1:8321"), { hostname: "127.0.0.1", port: 8321 });
  assert.deepEqual(parseHttpAddress("[::1]:8321"), { hostname: "::1", port: 8321 });
  assert.deepEqual(parseHttpAddress("localhost:0"), { hostname: "localhost", port: 0 });
  for (const text of ["8321", ":8321", "::1:8321", "localhost:65536", "localhost:http", ""]) {
    assert.equal(parseHttpAddress(text), null, text);
  }
});

Deno.test("serverFlags permits what an extension asks for, and nothing without one", () => {
  const options = { sqlDirectory: "sql", databaseUrl: "postgresql://me@db/x", http: null };
  const flagOf = (flags: string[], name: string) => flags.find((flag) => flag.startsWith(`--allow-${name}=`));
  assert.equal(flagOf(serverFlags(options), "net"), "--allow-net=db:5432");
  assert.equal(flagOf(serverFlags(options), "read"), "--allow-read=sql");
  const extension = {
    hosts: ["https://api.example.org/orders", "http://localhost:8080", "queue.example.org:5671", "[::1]:9"],
    readPaths: ["/shop/extension.ts", "/shop/src"],
    variables: ["SHOP_RATE"],
  };
  const flags = serverFlags({ ...options, extension });
  assert.equal(
    flagOf(flags, "net"),
    "--allow-net=db:5432,api.example.org:443,localhost:8080,queue.example.org:5671,[::1]:9",
  );
  assert.equal(flagOf(flags, "read"), "--allow-read=sql,/shop/extension.ts,/shop/src");
  assert.match(flagOf(flags, "env")!, /,SQLWRIGHT_\*,SHOP_RATE(,|$)/);
});

Deno.test("serverFlags refuses hosts of an extension that would permit more than one", () => {
  const options = { sqlDirectory: "sql", databaseUrl: "postgresql://me@db/x", http: null };
  for (
    const host of [
      "example.org",
      "*.example.org:443",
      "example.org:443,evil.example:443",
      "",
      ":443",
      "a b:1",
    ]
  ) {
    const extension = { hosts: [host], readPaths: [], variables: [] };
    assert.throws(
      () => serverFlags({ ...options, extension }),
      (error: Error & { code?: string }) =>
        error.code === "extension.invalid" && error.message.includes(host),
      host,
    );
  }
});

Deno.test("serverFlags permits the one host or the one file of the issuer's keys", () => {
  const url = "postgres://me@db/app";
  assert.deepEqual(flagsFor(url, { keySet: "https://login.example/jwks" }), [
    "--allow-read=sql",
    "--allow-net=db:5432,login.example:443",
    env,
  ]);
  assert.deepEqual(
    flagsFor(url, { keySet: "http://127.0.0.1:9000/jwks" })[1],
    "--allow-net=db:5432,127.0.0.1:9000",
  );
  assert.deepEqual(flagsFor(url, { keySet: "/etc/keys/jwks.json", readPaths: ["data"] }), [
    "--allow-read=sql,data,/etc/keys/jwks.json",
    "--allow-net=db:5432",
    env,
  ]);
});

Deno.test("the settings of tokens are all there or none, and nothing goes over http but to this machine", () => {
  const whole = {
    SQLWRIGHT_AUTH_ISSUER: "https://login.example/tenant/",
    SQLWRIGHT_AUTH_AUDIENCE: "https://tools.example/mcp",
    SQLWRIGHT_AUTH_JWKS: "https://login.example/jwks?v=1",
  };
  const { SQLWRIGHT_AUTH_ISSUER: issuer, SQLWRIGHT_AUTH_JWKS: keys } = readConfig(whole);
  // Letter by letter: tokens have it so.
  assert.deepEqual([issuer, keys], [whole.SQLWRIGHT_AUTH_ISSUER, whole.SQLWRIGHT_AUTH_JWKS]);
  for (
    const text of [
      "http://127.0.0.1:9/jwks",
      "http://[::1]:9/jwks",
      "http://localhost/jwks",
      "keys/jwks.json",
      "/etc/jwks",
    ]
  ) {
    assert.equal(readConfig({ ...whole, SQLWRIGHT_AUTH_JWKS: text }).SQLWRIGHT_AUTH_JWKS, text);
  }
  const names = Object.keys(whole) as (keyof typeof whole)[];
  for (const name of names) {
    const { [name]: _left, ...rest } = whole;
    assert.throws(() => readConfig(rest), new RegExp(`a part of the settings of tokens: ${name} is not set`));
    assert.throws(() => readConfig({ [name]: whole[name] }), /are not set/);
    assert.throws(() => readConfig({ ...whole, [name]: "" }), new RegExp(`${name} is not set`));
  }
  for (
    const [name, text] of [
      ["SQLWRIGHT_AUTH_ISSUER", "http://login.example"],
      ["SQLWRIGHT_AUTH_ISSUER", "login.example"],
      ["SQLWRIGHT_AUTH_ISSUER", "https://login.example?x=1"],
      ["SQLWRIGHT_AUTH_AUDIENCE", "two words"],
      ["SQLWRIGHT_AUTH_JWKS", "http://login.example/jwks"],
      ["SQLWRIGHT_AUTH_JWKS", "http://127.0.0.1.example/jwks"],
      ["SQLWRIGHT_AUTH_JWKS", "file:///etc/jwks.json"],
      ["SQLWRIGHT_AUTH_JWKS", "ftp://login.example/jwks"],
    ] as const
  ) {
    assert.throws(
      () => readConfig({ ...whole, [name]: text }),
      new RegExp(`${name}: expected .*, found`),
      text,
    );
  }
  assert.throws(
    () => readConfig({ ...whole, SQLWRIGHT_AUTH_JWKS: "https://me:secret@login.example/jwks" }),
    (error) => error instanceof SqlwrightError && !error.message.includes("secret"),
  );
  assert.throws(() => readConfig({ SQLWRIGHT_AUTH_SCOPES: "x" }), /unknown setting/);
});
