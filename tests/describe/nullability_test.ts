import assert from "node:assert/strict";
import process from "node:process";
import {
  firstArgumentFunctions,
  isPlainOperator,
  plainFunctions,
  totalFunctions,
} from "../../src/describe/nullability/functions.ts";
import { signatureOf } from "../../src/describe/analysed_tree/catalog.ts";
import { testOnEach } from "../harness.ts";
import { corpus } from "./nullability_corpus.ts";
import { castTo, combinationsOf } from "./odd_values.ts";
import { type TestFile, typeFiles, withSchema } from "./typed_files.ts";

const schema = await Deno.readTextFile(new URL("../fixtures/nullability/schema.sql", import.meta.url));

const files = (version: number): (TestFile & { columns: string; construct: string })[] =>
  corpus.map((each, at) => ({ ...each, name: `q${at}` })).filter(({ since = 15 }) => since <= version);

testOnEach("each construct's columns are as nullable as the corpus says", async (server) => {
  await withSchema(server, schema, async (connection) => {
    const wanted = files(server.version);
    const { typed, diagnostics } = await typeFiles(connection, wanted);
    assert.deepEqual(diagnostics, []);
    const wrong: string[] = [];
    const counts = new Map<string, { proven: number; unproven: number; nullable: number }>();
    for (const { name, sql, columns, construct } of wanted) {
      const query = typed.find(({ parsed }) => parsed.name === name)!;
      const found = query.columns.map((column) => `${column.name}${column.isNullable ? "?" : ""}`).join(" ");
      const expected = columns.replaceAll("~", "?");
      if (found !== expected) wrong.push(`${sql}\n  is       ${found}\n  expected ${expected}`);
      const count = counts.get(construct) ?? { proven: 0, unproven: 0, nullable: 0 };
      counts.set(construct, count);
      for (const column of columns.split(" ")) {
        count[column.endsWith("?") ? "nullable" : column.endsWith("~") ? "unproven" : "proven"]++;
      }
    }
    assert.deepEqual(wrong, [], wrong.join("\n"));
    const all = [...counts.values()];
    const proven = all.reduce((sum, count) => sum + count.proven, 0);
    const unproven = all.reduce((sum, count) => sum + count.unproven, 0);
    const share = proven / (proven + unproven);
    if (Deno.env.get("SQLWRIGHT_TEST_PRECISION") === "1") {
      const lines = [...counts].map(([construct, count]) =>
        `${construct.padEnd(18)}${
          [count.proven, count.unproven, count.nullable].map((each) => String(each).padStart(9)).join("")
        }`
      );
      process.stderr.write(
        `PostgreSQL ${server.version}       proven unproven nullable\n${lines.join("\n")}\n` +
          `${proven} of ${proven + unproven} columns that are never null are proven: ${
            (share * 100).toFixed(1)
          } %\n`,
      );
    }
    assert.ok(share >= 0.95, `${proven} of ${proven + unproven} columns that are never null are proven`);
  });
});

testOnEach(
  "every function and operator that is taken to answer no null answers none on odd values",
  async (server) => {
    await withSchema(server, "create type odd_enum as enum ('a', 'b')", async (connection) => {
      const known = new Set([...plainFunctions, ...totalFunctions, ...firstArgumentFunctions]);
      const functions = await connection.rows(
        `select proc.proname as name, ${signatureOf("proc")} as signature from pg_catalog.pg_proc as proc
       where proc.pronamespace = 'pg_catalog'::regnamespace and proc.prokind = 'f' and not proc.proretset`,
      );
      const calls: string[] = [];
      for (const { name, signature } of functions.filter(({ signature }) => known.has(signature!))) {
        const types = signature!.slice(name!.length + 1, -1).split(",").filter((type) => type !== "");
        const isFirst = firstArgumentFunctions.has(signature!);
        const isTotal = totalFunctions.has(signature!);
        for (const values of combinationsOf(types, 80)) {
          // Two thousand million times nothing takes ten seconds.
          if (name === "repeat" && values[1]!.includes("2147483647")) continue;
          calls.push(`pg_catalog.${name}(${values.join(", ")})`);
          if (isFirst && types.length > 1) calls.push(`pg_catalog.${name}(${values[0]}, null)`);
          if (isTotal) {
            calls.push(`pg_catalog.${name}(${types.map((type) => castTo(type, "null")).join(", ")})`);
          }
        }
      }
      const operators = await connection.rows(
        `select operator.oprname as name, left_type.typname as left, right_type.typname as right
       from pg_catalog.pg_operator as operator
       join pg_catalog.pg_type as right_type on right_type.oid = operator.oprright
       left join pg_catalog.pg_type as left_type on left_type.oid = operator.oprleft
       where operator.oprnamespace = 'pg_catalog'::regnamespace`,
      );
      for (const { name, left, right } of operators) {
        const operands = { name: name!, left: left ?? null, right: right! };
        if (!isPlainOperator({ operands, signature: null, isStrict: true })) continue;
        for (const values of combinationsOf([...left ? [left] : [], right!], 40)) {
          const [first, second] = values;
          calls.push(
            second === undefined
              ? `operator(pg_catalog.${name}) ${first}`
              : `${first} operator(pg_catalog.${name}) ${second}`,
          );
        }
      }
      assert.ok(calls.length > 5000);
      // Many errors and not one null: each call by itself, in the server.
      await connection.script(`
      create function odd_answer(call text) returns text language plpgsql as $$
      declare is_null boolean;
      begin
        execute 'select (' || call || ') is not distinct from null' into is_null;
        return case when is_null then 'null' else 'value' end;
      exception when others then
        return 'error';
      end $$`);
      const answers = new Map<string, string[]>();
      for (let start = 0; start < calls.length; start += 1000) {
        const rows = await connection.rows(
          "select call, odd_answer(call) as answer from pg_catalog.json_array_elements_text($1::json) as call",
          [JSON.stringify(calls.slice(start, start + 1000))],
        );
        for (const { call, answer } of rows) answers.set(answer!, [...answers.get(answer!) ?? [], call!]);
      }
      assert.deepEqual(answers.get("null") ?? [], []);
      assert.ok(answers.get("value")!.length > 4000);
    });
  },
);
