/**
 * No column called not null ever comes back null, and no answer fails its own schema: thousands of generated statements over
 * tables full of nulls. SQLWRIGHT_TEST_QUERIES sets how many (for each server), SQLWRIGHT_TEST_SEED where to begin.
 */

import assert from "node:assert/strict";
import process from "node:process";
import { Ajv2020 } from "ajv/dist/2020.js";
import { SqlwrightError } from "../../src/errors.ts";
import type { PoolConnection } from "../../src/postgres/pool.ts";
import { testOnEach, until } from "../harness.ts";
import { QueryGenerator } from "./random_queries.ts";
import { answerOf, type TestFile, typeFiles, withSchema } from "./typed_files.ts";

const schema = await Deno.readTextFile(new URL("../fixtures/nullability/schema.sql", import.meta.url));

/** Few rows, so that joins miss; every column that can be null is, somewhere. */
const data = `
insert into shop.customer (id, name, email, joined_on, referrer_id, tags, extra) values
  (1, 'a', 'a@x', '2024-01-01', null, '{}', '{"a": 1}'),
  (2, 'b', null, 'infinity', 1, '{x,NULL}', null),
  (3, '', '', '2024-03-01', null, '{{a,b},{c,d}}', 'null'),
  (4, 'xa', null, '2020-02-02', 2, '{y}', '{"a": null}');
insert into shop.purchase (customer_id, status, total, note, paid_at, boxes) values
  (1, 'open', 1, null, null, 1),
  (1, 'paid', 'NaN', 'xa', 'infinity', 2),
  (3, 'open', 0, '', null, (select p.boxes from shop.purchase as p where false));
insert into shop.line (purchase_id, position, label, amount) values
  (1, 1, 'l1', null), (1, 2, 'x', 2.5), (3, 1, 'a', null);`;

const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false });

const wanted = Number(Deno.env.get("SQLWRIGHT_TEST_QUERIES") ?? 1200);
const seed = Number(Deno.env.get("SQLWRIGHT_TEST_SEED") ?? 1);
const portion = 100;
/** The suite's own bound; more queries get more time. */
const bound_ms = wanted > 1200 ? Infinity : 20_000;

testOnEach("no column called not null comes back null, and no answer fails its schema", async (server) => {
  await withSchema(server, schema + data, async (connection) => {
    // Compiling a plan for three rows costs more than the rows.
    await connection.script("set jit = off");
    const started_ms = performance.now();
    const counts = { statements: 0, refused: 0, failed: 0, columns: 0, proven: 0, reports: 0 };
    for (
      let first = seed;
      first < seed + wanted && performance.now() - started_ms < bound_ms;
      first += portion
    ) {
      const files = Array.from({ length: portion }, (_, at): TestFile => {
        const { sql, kind } = new QueryGenerator(first + at, server.version).statement();
        return { name: `q${first + at}`, sql, kind };
      });
      const { typed, diagnostics } = await typeFiles(connection, files);
      // What the generator makes is mostly right; an error of PostgreSQL's is one of the statement's own.
      assert.deepEqual(diagnostics.filter(({ code }) => !/^postgres-/.test(code)), []);
      counts.refused += diagnostics.length;
      for (const query of typed) {
        const outcome = await held(connection, query.parsed.name, () => answerOf(connection, query));
        counts.statements++;
        if (outcome === null) {
          counts.failed++;
          continue;
        }
        counts.columns += query.columns.length;
        counts.proven += query.columns.filter(({ isNullable }) => !isNullable).length;
        counts.reports += query.parsed.kind === "report" ? 1 : 0;
        const { structured, schema, nulls } = outcome;
        const story = `seed ${query.parsed.name.slice(1)}: ${query.parsed.statements[0]!.text}`;
        assert.deepEqual(nulls, [], story);
        const isValid = ajv.validate(schema, structured);
        ajv.removeSchema(schema);
        assert.ok(
          isValid,
          `${story}\n${JSON.stringify(ajv.errors)}\n${JSON.stringify(structured)}\n${JSON.stringify(schema)}`,
        );
      }
    }
    say(
      `PostgreSQL ${server.version}, seeds ${seed} to ${seed + counts.statements + counts.refused - 1}: ` +
        `${counts.statements} statements (${counts.reports} reports), ${counts.columns} columns, ${counts.proven} called not null; ` +
        `${counts.refused} refused, ${counts.failed} failed while they ran; ${
          Math.round(performance.now() - started_ms)
        } ms`,
    );
    assert.ok(counts.columns > counts.statements && counts.proven > counts.columns / 10);
    assert.ok(
      counts.refused + counts.failed < counts.statements / 5,
      "the generator makes too many wrong statements",
    );
  });
});

const say = (line: string) => process.stderr.write(`${line}\n`);

/**
 * Runs in a transaction that is rolled back. Null for a statement that fails by itself, such as a division by zero, or that crashes
 * the server: PostgreSQL 18.4 did so on one of some twenty thousand.
 */
async function held<T>(connection: PoolConnection, name: string, run: () => Promise<T>): Promise<T | null> {
  try {
    await connection.script("begin; set local statement_timeout = 2000");
    return await run();
  } catch (error) {
    const code = error instanceof SqlwrightError ? error.code : "";
    if (code === "database.lost" || code === "database.unreachable") {
      say(`seed ${name.slice(1)} ended the server`);
      await until(
        "the server is back",
        () => connection.rows("select").then(() => true, () => false),
        30_000,
      );
      return null;
    }
    if (code === "database.failed" || code === "result.unrepresentable") return null;
    throw new Error(`seed ${name.slice(1)}`, { cause: error });
  } finally {
    await connection.script("rollback");
  }
}
