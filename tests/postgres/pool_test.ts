import assert from "node:assert/strict";
import { requireUsableServer } from "../../src/app.ts";
import type { PoolConnection } from "../../src/postgres/connection.ts";
import type { SqlwrightError } from "../../src/errors.ts";
import { Pool } from "../../src/postgres/pool.ts";
import { pooledBegin, transactionStep } from "../../src/postgres/session.ts";
import { testConfig, testOnEach, withDatabase } from "../harness.ts";

function openPool(url: string): Pool {
  return new Pool({
    url,
    size: 1,
    queueSize: 1,
    queueTimeout_ms: 1000,
    connectTimeout_ms: 5000,
    parameters: { statement_timeout: "5000", default_transaction_read_only: "on" },
  });
}

testOnEach("a BEGIN that is refused leaves the connection to the next caller as it was", async (server) => {
  await withDatabase(async ({ serverUrl }) => {
    const pool = openPool(serverUrl);
    try {
      const begin = "begin read only; set local role nobody_has_it";
      const ways = {
        pipelined: (connection) => connection.pipelined(begin, () => connection.execute("select 1", [])),
        transaction: (connection) => connection.transaction(begin, () => connection.execute("select 1", [])),
        "with a first statement": (connection) =>
          connection.transaction(
            begin,
            () => Promise.reject(new Error("worked without a transaction")),
            () => connection.execute("select 1", []),
          ),
      } satisfies Record<string, (connection: PoolConnection) => Promise<unknown>>;
      for (const way of [...Object.values(ways), ways.pipelined]) {
        await assert.rejects(pool.withConnection(undefined, way), { code: "database.failed" });
        const [row] = await pool.withConnection(
          undefined,
          (connection) => connection.rows("select 2 as two"),
        );
        assert.deepEqual(row, { two: "2" });
      }
    } finally {
      await pool.close();
    }
  }, { server, isEmpty: true });
});

testOnEach("a transaction that a caller leaves open is not the next caller's", async (server) => {
  await withDatabase(async ({ serverUrl }) => {
    const pool = openPool(serverUrl);
    try {
      await pool.withConnection(undefined, async (connection) => {
        await connection.script("begin read write");
        await connection.execute("create temporary table left_over ()", []);
      });
      const rows = await pool.withConnection(
        undefined,
        (connection) =>
          connection.rows(
            "select current_setting('transaction_read_only') as read_only, to_regclass('left_over') as left",
          ),
      );
      assert.deepEqual(rows, [{ read_only: "on", left: null }]);
      assert.equal(pool.isPooled, false);
    } finally {
      await pool.close();
    }
  }, { server, isEmpty: true });
});

Deno.test("transactionStep() knows what begins and ends a transaction, and savepoints do neither", () => {
  for (const script of ["begin", "begin read only; set local role x"]) {
    assert.equal(transactionStep(script), "begin");
  }
  for (const script of ["commit", "rollback", "rollback; deallocate x"]) {
    assert.equal(transactionStep(script), "end");
  }
  for (const script of ["rollback to savepoint x", "savepoint x", "set transaction read only", "analyze"]) {
    assert.equal(transactionStep(script), null);
  }
});

Deno.test("pooledBegin() sends BEGIN apart from what can be refused, and keeps a reader a reader", () => {
  const parameters = { statement_timeout: "10", default_transaction_read_only: "on" };
  const [begin, rest] = pooledBegin(`begin read only; set local role "a;b"`, parameters);
  assert.match(begin!, /^begin read only; set local /);
  assert.match(begin!, /; set local statement_timeout = '10'$/);
  assert.equal(rest, `set local role "a;b"`);
  assert.match(pooledBegin("begin", parameters)[0]!, /^begin read only; /);
  assert.match(pooledBegin("begin read write", parameters)[0]!, /^begin read write; /);
  assert.match(pooledBegin("begin", { statement_timeout: "10" })[0]!, /^begin; /);
});

Deno.test("a server older than 15 is refused by its version", () => {
  const facts = {
    version: 140_012,
    versionText: "14.12",
    user: "agent",
    database: "app",
    isSuperuser: false,
    isPooled: false,
  };
  assert.throws(() => requireUsableServer(facts, testConfig({})), {
    code: "database.unsupported",
    message: "Cannot start: PostgreSQL 14.12 is too old",
  });
  requireUsableServer({ ...facts, version: 150_000 }, testConfig({}));
});

testOnEach(
  "a refusal that quotes a long value ends neither the COPY's wait nor the connection",
  async (server) => {
    await withDatabase(async ({ serverUrl }) => {
      const pool = openPool(serverUrl);
      try {
        const backend = "select pg_catalog.pg_backend_pid() as pid";
        await pool.withConnection(undefined, async (connection) => {
          await connection.script("begin read write; create temporary table target (number integer); commit");
          const before = await connection.rows(backend);
          for (const rest of [0, 200_000]) {
            const source = `1\n${"x".repeat(50_000)}\n${"2\n".repeat(rest)}`;
            const refused = connection.transaction(
              "begin read write",
              () => connection.copyFrom("copy target from stdin", chunksOf(source), undefined),
            );
            await assert.rejects(refused, (error: SqlwrightError) => {
              assert.equal(error.details.sqlstate, "22P02");
              assert.ok(error.message.startsWith('invalid input syntax for type integer: "xxx'));
              assert.ok(error.message.length <= 2001, `${error.message.length} characters`);
              return true;
            });
          }
          const failing = async function* () {
            yield new TextEncoder().encode("1\n");
            await Promise.resolve();
            throw new Error("y".repeat(50_000));
          };
          await assert.rejects(
            connection.transaction(
              "begin read write",
              () => connection.copyFrom("copy target from stdin", failing(), undefined),
            ),
            { message: "y".repeat(50_000) },
          );
          assert.deepEqual(await connection.rows(backend), before);
          assert.deepEqual(await connection.rows("select count(*)::text as count from target"), [{
            count: "0",
          }]);
        });
      } finally {
        await pool.close();
      }
    }, { server, isEmpty: true });
  },
);

testOnEach(
  "a COPY whose connection breaks says so at once, and the next caller has another one",
  async (server) => {
    await withDatabase(async ({ serverUrl }) => {
      await using proxy = openProxy(serverUrl);
      const pool = openPool(proxy.url);
      try {
        await pool.withConnection(undefined, async (connection) => {
          await connection.script("begin read write");
          await connection.script("create temporary table target (number integer)");
          const endless = async function* () {
            for (let sent = 0;; sent++) {
              yield new TextEncoder().encode("12345\n".repeat(10_000));
              await Promise.resolve();
              if (sent === 20) proxy.cut();
            }
          };
          const started_ms = performance.now();
          const lost = connection.transaction(
            "savepoint load",
            () => connection.copyFrom("copy target from stdin", endless(), undefined),
          );
          await assert.rejects(lost, { code: "database.lost" });
          // An order of magnitude below the bound of a ROLLBACK that is not answered.
          assert.ok(performance.now() - started_ms < 3000);
        });
        const rows = await pool.withConnection(undefined, (connection) => connection.rows("select 1 as one"));
        assert.deepEqual(rows, [{ one: "1" }]);
      } finally {
        await pool.close();
      }
    }, { server, isEmpty: true });
  },
);

/** Forwards to the server, until its connections are cut. */
function openProxy(serverUrl: string) {
  const target = new URL(serverUrl);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.TcpConn>();
  const forward = async (client: Deno.TcpConn) => {
    const server = await Deno.connect({ hostname: target.hostname, port: Number(target.port) });
    for (const each of [client, server]) open.add(each);
    await Promise.allSettled([
      client.readable.pipeTo(server.writable),
      server.readable.pipeTo(client.writable),
    ]);
  };
  const accepting = (async () => {
    for await (const client of listener) forward(client).catch(() => {});
  })();
  const url = new URL(serverUrl);
  url.host = `127.0.0.1:${listener.addr.port}`;
  const cut = () => {
    for (const each of open) {
      try {
        each.close();
      } catch { /* It has closed by itself. */ }
    }
    open.clear();
  };
  return {
    url: url.href,
    cut,
    async [Symbol.asyncDispose]() {
      listener.close();
      cut();
      await accepting;
    },
  };
}

async function* chunksOf(text: string): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let start = 0; start < bytes.length; start += 65_536) {
    yield await Promise.resolve(bytes.subarray(start, start + 65_536));
  }
}
