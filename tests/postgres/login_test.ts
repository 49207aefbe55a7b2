/** Ways to log in to a real server, with TLS and without, by certificates that the test makes. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { SqlwrightError } from "../../src/errors.ts";
import { openSession } from "../../src/postgres/wire/open.ts";
import { Secrets } from "../../src/postgres/target/secrets.ts";
import { readTarget } from "../../src/postgres/target/target.ts";
import { toDatabaseError } from "../../src/postgres/database_error.ts";
import { type Certificate, passwords, withSecuredCluster } from "../fixtures/secured_cluster.ts";
import { testServers } from "../harness.ts";
import { testWith } from "../services.ts";

/** Logs in, and answers who it is, and what the server says of its TLS. */
async function logIn(url: string): Promise<{ user: string; tls: boolean }> {
  const target = readTarget(url, () => undefined);
  const options = { target, secrets: new Secrets(), parameters: {}, timeout_ms: 5000 };
  const session = await openSession(options).catch((error) => {
    throw toDatabaseError(error, "the server");
  });
  try {
    let found: (string | null)[] = [];
    await session.execute(
      "select current_user::text, ssl from pg_stat_ssl where pid = pg_backend_pid()",
      [],
      { onRow: (row) => void (found = row) },
      false,
    ).answer;
    return { user: found[0]!, tls: found[1] === "t" };
  } finally {
    await session.close();
  }
}

for (const server of testServers()) {
  testWith(
    "openssl",
    `every way to log in works, and a wrong password says so (PostgreSQL ${server.version})`,
    (openssl) =>
      withSecuredCluster(server, openssl, async ({ port, useCertificate }) => {
        const at = (user: string, password: string, rest = "") =>
          `postgresql://${user}:${encodeURIComponent(password)}@localhost:${port}/postgres${rest}`;
        for (const [user, password] of Object.entries(passwords)) {
          for (const mode of ["disable", "prefer", "require"]) {
            assert.deepEqual(await logIn(at(user, password, `?sslmode=${mode}`)), {
              user,
              tls: mode !== "disable",
            });
          }
          await assert.rejects(logIn(at(user, "wrong", "?sslmode=disable")), (error: SqlwrightError) => {
            assert.equal(error.code, "database.refused");
            assert.match(error.message, new RegExp(`password authentication failed for user "${user}"`));
            return true;
          });
        }
        await useCertificate("stranger");
        assert.equal((await logIn(at("by_scram", passwords.by_scram, "?sslmode=require"))).tls, true);
      }),
  );

  testWith(
    "openssl",
    `each sslmode checks of a certificate what libpq checks (PostgreSQL ${server.version})`,
    (openssl) =>
      withSecuredCluster(server, openssl, async ({ port, file, useCertificate, sql }) => {
        const at = (host: string, rest: string) =>
          `postgresql://by_scram:${passwords.by_scram}@${host}:${port}/postgres?${rest}`;
        const ca = `sslrootcert=${file("ca.crt")}`;
        const meant = "hostaddr=127.0.0.1&host=localhost";
        const outcome = async (url: string) => {
          try {
            return (await logIn(url)).tls ? "tls" : "plain";
          } catch (error) {
            const { code, details } = error as SqlwrightError;
            // The server may send its authority along, or not.
            const isUnknown = /^(?:UNABLE_TO_VERIFY|SELF_SIGNED)/.test(String(details.reason));
            return `${code} ${isUnknown ? "authority" : details.reason}`;
          }
        };
        const name = "database.untrusted ERR_TLS_CERT_ALTNAME_INVALID";
        const unknown = "database.untrusted authority";
        const expired = "database.untrusted CERT_HAS_EXPIRED";
        /** By certificate: each mode's outcome for the name, the address, and an address for a name that is meant. */
        const wanted: Record<Certificate, Record<string, [string, string, string]>> = {
          localhost: {
            "sslmode=require": ["tls", "tls", "tls"],
            [`sslmode=require&${ca}`]: ["tls", "tls", "tls"],
            [`sslmode=verify-ca&${ca}`]: ["tls", "tls", "tls"],
            // The certificate has DNS:localhost, and no address.
            [`sslmode=verify-full&${ca}`]: ["tls", name, "tls"],
            "sslmode=verify-full": [unknown, unknown, unknown],
            "sslrootcert=system": [unknown, unknown, unknown],
            "sslmode=disable": ["plain", "plain", "plain"],
            [`sslmode=prefer&${ca}`]: ["tls", "tls", "tls"],
            "": ["tls", "tls", "tls"],
            "sslmode=allow": ["plain", "plain", "plain"],
          },
          address: {
            "sslmode=require": ["tls", "tls", "tls"],
            [`sslmode=verify-ca&${ca}`]: ["tls", "tls", "tls"],
            // IP:127.0.0.1, and no name.
            [`sslmode=verify-full&${ca}`]: [name, "tls", name],
          },
          expired: {
            "sslmode=require": ["tls", "tls", "tls"],
            [`sslmode=require&${ca}`]: [expired, expired, expired],
            [`sslmode=verify-ca&${ca}`]: [expired, expired, expired],
            [`sslmode=verify-full&${ca}`]: [expired, expired, expired],
          },
          stranger: {
            "sslmode=require": ["tls", "tls", "tls"],
            [`sslmode=require&${ca}`]: [unknown, unknown, unknown],
            [`sslmode=verify-ca&${ca}`]: [unknown, unknown, unknown],
            [`sslmode=verify-full&${ca}`]: [unknown, unknown, unknown],
            [`sslmode=verify-full&sslrootcert=${file("other-ca.crt")}`]: ["tls", name, "tls"],
          },
        };
        const found: typeof wanted = { localhost: {}, address: {}, expired: {}, stranger: {} };
        for (
          const [certificate, modes] of Object.entries(wanted) as [Certificate, Record<string, unknown>][]
        ) {
          await useCertificate(certificate);
          for (const mode of Object.keys(modes)) {
            found[certificate][mode] = [
              await outcome(at("localhost", mode)),
              await outcome(at("127.0.0.1", mode)),
              await outcome(at("", `${meant}&${mode}`)),
            ];
          }
        }
        assert.deepEqual(found, wanted);

        await useCertificate("localhost");
        const failure = (url: string) =>
          logIn(url).then(() => assert.fail(url), (error: SqlwrightError) => error);
        const other = await failure(at("127.0.0.1", `sslmode=verify-full&${ca}`));
        assert.match(
          other.message,
          new RegExp(`Cannot trust the server at 127\\.0\\.0\\.1:${port}/postgres: .*another name`),
        );
        assert.match(other.hint!, /verify-ca/);
        assert.match((await failure(at("localhost", "sslmode=verify-full"))).hint!, /sslrootcert=FILE/);
        const absent = await failure(at("localhost", "sslmode=verify-full&sslrootcert=/nowhere/ca.crt"));
        assert.equal(absent.code, "config.invalid");
        assert.match(absent.message, /sslrootcert: \/nowhere\/ca\.crt: there is no such file/);

        await sql.unsafe("alter system set ssl = off");
        await sql.unsafe("select pg_reload_conf()");
        await delay(300);
        const refused = await failure(at("localhost", "sslmode=require"));
        assert.equal(refused.code, "database.refused");
        assert.match(refused.message, /the server does not support SSL/);
        assert.equal(await outcome(at("localhost", "")), "plain");
        assert.equal(
          await outcome(at("localhost", `sslmode=verify-full&${ca}`)),
          "database.refused TLS_REFUSED",
        );
      }),
  );

  testWith(
    "openssl",
    `certificates of clients, channel binding and require_auth are libpq's (PostgreSQL ${server.version})`,
    (openssl) =>
      withSecuredCluster(server, openssl, async ({ port, file }) => {
        const at = (user: keyof typeof passwords, rest: string) =>
          `postgresql://${user}:${encodeURIComponent(passwords[user])}@localhost:${port}/postgres?${rest}`;
        const own = (key: string) => `sslcert=${file("client.crt")}&sslkey=${key}`;
        const certified = (rest: string) => `postgresql://by_certificate@localhost:${port}/postgres?${rest}`;
        const failure = (url: string) =>
          logIn(url).then(() => assert.fail(url), (error: SqlwrightError) => error);
        assert.deepEqual(await logIn(certified(`sslmode=require&${own(file("client.key"))}`)), {
          user: "by_certificate",
          tls: true,
        });
        assert.equal((await failure(certified("sslmode=require"))).code, "database.refused");
        // A key under a password.
        const folder = await Deno.makeTempDir({ prefix: "sqlwright_key_" });
        try {
          const locked = join(folder, "client.key");
          await new Deno.Command(openssl, {
            args: ["pkcs8", "-topk8", "-in", file("client.key"), "-passout", "pass:geheim", "-out", locked],
          }).output();
          await Deno.chmod(locked, 0o600);
          const withKey = (rest: string) => certified(`sslmode=require&${own(locked)}${rest}`);
          assert.equal((await logIn(withKey("&sslpassword=geheim"))).user, "by_certificate");
          assert.match(
            (await failure(withKey("&sslpassword=wrong"))).message,
            /sslpassword does not open it/,
          );
          assert.match((await failure(withKey(""))).message, /it has a password, and there is none/);
          await Deno.chmod(locked, 0o644);
          const open = await failure(withKey("&sslpassword=geheim"));
          assert.match(`${open.message} ${open.hint}`, /others than its owner may read it.*chmod 0600/);
        } finally {
          await Deno.remove(folder, { recursive: true });
        }
        // Only SCRAM-SHA-256-PLUS will do: it is what is used.
        assert.equal((await logIn(at("by_scram", "sslmode=require&channel_binding=require"))).tls, true);
        assert.equal((await logIn(at("by_scram", "sslmode=require&channel_binding=disable"))).tls, true);
        const binding = async (user: keyof typeof passwords, rest: string) => {
          const { code, details } = await failure(at(user, rest));
          return `${code} ${details.reason}`;
        };
        const wanted = "channel_binding=require";
        assert.equal(
          await binding("by_scram", `sslmode=disable&${wanted}`),
          "database.refused CHANNEL_BINDING",
        );
        assert.equal(
          await binding("by_md5", `sslmode=require&${wanted}`),
          "database.refused CHANNEL_BINDING",
        );
        assert.equal(
          await binding("by_password", `sslmode=require&${wanted}`),
          "database.refused CHANNEL_BINDING",
        );
        assert.equal((await logIn(at("by_scram", "require_auth=scram-sha-256"))).user, "by_scram");
        assert.equal(await binding("by_password", "require_auth=!password"), "database.refused LOGIN_WAY");
        assert.equal(await binding("by_md5", "require_auth=scram-sha-256"), "database.refused LOGIN_WAY");
        // What pg_hba.conf takes only with TLS, or only without it.
        const only = (role: string, mode: string) =>
          logIn(`postgresql://only_${role}:pencil@localhost:${port}/postgres?sslmode=${mode}`);
        assert.equal((await only("plain", "prefer")).tls, false);
        assert.equal((await only("tls", "allow")).tls, true);
        await assert.rejects(only("plain", "require"), /pg_hba\.conf rejects/);
        await assert.rejects(only("tls", "disable"), /pg_hba\.conf rejects/);
        assert.equal(
          (await logIn(at("by_scram", "sslmode=require&ssl_min_protocol_version=TLSv1.3"))).tls,
          true,
        );
        assert.equal(
          (await logIn(at("by_scram", "sslmode=require&ssl_max_protocol_version=TLSv1.2"))).tls,
          true,
        );
        const direct = at("by_scram", "sslmode=require&sslnegotiation=direct");
        if (server.version >= 17) assert.equal((await logIn(direct)).tls, true);
        else assert.match((await failure(direct)).code, /^database\.(?:refused|unreachable)$/);
      }),
  );
}
