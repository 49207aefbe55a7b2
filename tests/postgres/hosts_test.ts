/** Several hosts: which is taken, how long one may keep the others waiting, and what is told where none will do. */

import assert from "node:assert/strict";
import type { SqlwrightError } from "../../src/errors.ts";
import { toDatabaseError } from "../../src/postgres/database_error.ts";
import { Secrets } from "../../src/postgres/target/secrets.ts";
import { readTarget } from "../../src/postgres/target/target.ts";
import { openSession } from "../../src/postgres/wire/open.ts";
import { testOnEach } from "../harness.ts";

async function open(text: string, timeout_ms = 5000, parameters = {}) {
  const target = readTarget(text, () => undefined);
  return await openSession({ target, secrets: new Secrets(), parameters, timeout_ms }).catch((error) => {
    throw toDatabaseError(error, "the hosts");
  });
}

async function portOf(text: string, timeout_ms?: number): Promise<string> {
  const session = await open(text, timeout_ms);
  let port = "";
  const question = "select pg_catalog.current_setting('port')";
  await session.execute(question, [], { onRow: ([value]) => void (port = value!) }, false).answer;
  await session.close();
  return port;
}

/** A port that accepts and never says a word. */
function silentPort(): { port: number; [Symbol.dispose]: () => void } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections: Deno.Conn[] = [];
  (async () => {
    for await (const connection of listener) connections.push(connection);
  })().catch(() => {});
  return {
    port: (listener.addr as Deno.NetAddr).port,
    [Symbol.dispose]: () => {
      listener.close();
      for (const connection of connections) connection.close();
    },
  };
}

testOnEach(
  "a host that is dead or silent lets the next one serve, each within its own bound",
  async (server) => {
    const { places: [{ port }], user, database, password } = readTarget(server.serverUrl) as
      & ReturnType<
        typeof readTarget
      >
      & { places: [{ port: number }] };
    const secret = password.kind === "text" ? `:${password.password.value}` : "";
    const url = (hosts: string, rest = "") =>
      `postgresql://${user!.value}${secret}@${hosts}/${database ?? "postgres"}?sslmode=disable${rest}`;
    using silent = silentPort();
    const live = `127.0.0.1:${port}`;
    assert.equal(await portOf(url(`127.0.0.1:1,${live}`)), String(port));
    const begun_ms = performance.now();
    assert.equal(await portOf(url(`127.0.0.1:${silent.port},${live}`), 300), String(port));
    const waited_ms = performance.now() - begun_ms;
    assert.ok(waited_ms > 250 && waited_ms < 5000, `${waited_ms} ms`);
    // The string's own bound goes before that of the settings.
    await portOf(url(`127.0.0.1:${silent.port},${live}`, "&connect_timeout=1"), 60_000);
    assert.equal(await portOf(url(`no.such.host.invalid:1,${live}`)), String(port));
    for (let time = 0; time < 5; time++) {
      assert.equal(await portOf(url(`127.0.0.1:1,${live}`, "&load_balance_hosts=random")), String(port));
    }
    await assert.rejects(
      open(url(`127.0.0.1:1,127.0.0.1:${silent.port},no.such.host.invalid:1`), 300),
      (error: SqlwrightError) => {
        assert.equal(error.code, "database.unreachable");
        assert.match(error.message, /127\.0\.0\.1:1\/\S+: nothing listens there/);
        assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${silent.port}/\\S+: no answer in time`));
        assert.match(error.message, /no\.such\.host\.invalid:1/);
        assert.equal((error.details.hosts as unknown[]).length, 3);
        return true;
      },
    );
  },
);

testOnEach("target_session_attrs is held against what the server is", async (server) => {
  const of = (kind: string, more = "") =>
    `${server.serverUrl}${server.serverUrl.includes("?") ? "&" : "?"}target_session_attrs=${kind}${more}`;
  for (const kind of ["any", "read-write", "primary", "prefer-standby"]) {
    await (await open(of(kind))).close();
  }
  // A session that reads asked for it itself, and says nothing of the server.
  await (await open(of("read-write"), 5000, { default_transaction_read_only: "on" })).close();
  const readOnly = "&options=-c%20default_transaction_read_only%3Don";
  await (await open(of("read-only", readOnly))).close();
  for (const [kind, more] of [["standby", ""], ["read-only", ""], ["read-write", readOnly]] as const) {
    await assert.rejects(open(of(kind, more)), (error: SqlwrightError) => {
      assert.equal(error.code, "database.refused");
      assert.match(error.message, new RegExp(`it is a primary, and target_session_attrs=${kind} is wanted`));
      return true;
    });
  }
});

testOnEach(
  "a login that one host refuses is not tried at the next, and says where and why",
  async (server) => {
    const target = readTarget(server.serverUrl);
    const { port } = target.places[0]!;
    const nobody = `postgresql://nobody_at_all:wrong@127.0.0.1:${port},127.0.0.1:1/postgres?sslmode=disable`;
    await assert.rejects(open(nobody), (error: SqlwrightError) => {
      assert.equal(error.code, "database.refused");
      assert.match(
        error.message,
        new RegExp(`PostgreSQL at 127\\.0\\.0\\.1:${port}/postgres refuses the login`),
      );
      assert.ok(error.hint, "a hint");
      assert.equal(error.details.setting, "DATABASE_URL");
      return true;
    });
  },
);
