/** Ways to log in to a real server, with TLS and without, by certificates that the test makes. */

import assert from "node:assert/strict";
import type { SqlwrightError } from "../../src/errors.ts";
import { openSession } from "../../src/postgres/wire/open.ts";
import { toDatabaseError } from "../../src/postgres/database_error.ts";
import { passwords, withSecuredCluster } from "../fixtures/secured_cluster.ts";
import { testServers } from "../harness.ts";
import { testWith } from "../services.ts";

/** Logs in, and answers who it is, and what the server says of its TLS. */
async function logIn(url: string): Promise<{ user: string; tls: boolean }> {
  const session = await openSession(url, {}, 5000).catch((error) => {
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
}
