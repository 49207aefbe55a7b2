/** A streaming replica is promoted during calls: the pools find it, nothing is told wrongly and nothing is done twice. */

import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { SqlwrightError } from "../../src/errors.ts";
import { Pool } from "../../src/postgres/pool.ts";
import { withReplicatedCluster } from "../fixtures/replicated_cluster.ts";
import { testServers } from "../harness.ts";

/** The programs of PostgreSQL 18 come without pg_basebackup. */
const server = testServers().find(({ version }) => version === 15);

Deno.test({
  name: "calls go on at a replica that is promoted, and what was told is there once",
  ignore: server === undefined,
  fn: () =>
    withReplicatedCluster(server!, async ({ primaryPort, replicaPort, killPrimary, promote }) => {
      const url = `postgresql://postgres@127.0.0.1:${primaryPort},127.0.0.1:${replicaPort}/postgres` +
        "?sslmode=disable&target_session_attrs=read-write";
      const options = { url, queueSize: 100, queueTimeout_ms: 5000, connectTimeout_ms: 2000 };
      const parameters = { statement_timeout: "5000" };
      const session = { isPooled: false };
      const writer = new Pool({ ...options, session, size: 4, parameters });
      const reader = new Pool({
        ...options,
        session,
        size: 2,
        parameters: { ...parameters, default_transaction_read_only: "on" },
      });
      const insert = (id: number) =>
        writer.withConnection(undefined, (connection) =>
          connection.pipelined("begin", () =>
            connection.execute("insert into hit values ($1::int)", [String(id)])));
      const portOf = async (pool: Pool) => {
        const [row] = await pool.withConnection(undefined, (connection) =>
          connection.rows("select pg_catalog.current_setting('port') as port"));
        return Number(row!.port);
      };
      try {
        await writer.withConnection(undefined, (connection) =>
          connection.execute("create table hit (id integer primary key)", []));
        const sync = "alter system set synchronous_standby_names = '*'";
        await writer.withConnection(undefined, (connection) =>
          connection.execute(sync, []));
        await writer.withConnection(undefined, (connection) =>
          connection.execute("select pg_reload_conf()", []));
        await delay(500);
        assert.equal(await portOf(writer), primaryPort);
        assert.equal(await portOf(reader), primaryPort);
        const told: number[] = [];
        const failed: { id: number; code: string; at_ms: number }[] = [];
        let next = 0;
        let isOver = false;
        const begun_ms = performance.now();
        const caller = async () => {
          while (!isOver) {
            const id = next++;
            try {
              await insert(id);
              told.push(id);
            } catch (error) {
              const code = error instanceof SqlwrightError ? error.code : String(error);
              failed.push({ id, code, at_ms: performance.now() - begun_ms });
              await delay(20);
            }
          }
        };
        const callers = Promise.all([caller(), caller(), caller(), caller()]);
        await delay(500);
        const before = told.length;
        assert.ok(before > 0 && failed.length === 0, JSON.stringify(failed.slice(0, 3)));
        const changed_ms = performance.now() - begun_ms;
        await killPrimary();
        await promote();
        const promoted_ms = performance.now() - begun_ms;
        await delay(1500);
        isOver = true;
        await callers;
        assert.ok(told.length > before, "calls succeed at the new primary");
        assert.equal(await portOf(writer), replicaPort);
        assert.equal(await portOf(reader), replicaPort);
        // While there is no primary a call is lost with its connection, or finds none; nothing else.
        const wrong = failed.filter(({ code, at_ms }) =>
          !["database.lost", "database.unreachable", "database.refused"].includes(code) ||
          at_ms < changed_ms || at_ms > promoted_ms + 1000
        );
        assert.deepEqual(wrong, []);
        const rows = await reader.withConnection(undefined, (connection) =>
          connection.rows("select id from hit order by id"));
        const there = new Set(rows.map(({ id }) =>
          Number(id)
        ));
        assert.deepEqual(
          told.filter((id) =>
            !there.has(id)
          ),
          [],
          "told, and not there",
        );
        const unsure = new Set(
          failed.filter(({ code }) =>
            code === "database.lost"
          ).map(({ id }) =>
            id
          ),
        );
        const known = new Set(told);
        assert.deepEqual(
          [...there].filter((id) =>
            !known.has(id) && !unsure.has(id)
          ),
          [],
          "there, and not told",
        );
      } finally {
        await Promise.all([writer.close(), reader.close()]);
      }
    }),
});
