/**
 * Every value that PostgreSQL can return is an answer that the official clients take, or an error that says why
 * not: as a column, in an array, in a composite, in the JSON of a report and in a range.
 */

import assert from "node:assert/strict";
import { oddValues } from "../describe/odd_values.ts";
import { clientComplaints } from "../fixtures/official_validators.ts";
import { testOnEach, type TestServer, withDatabase, withTools } from "../harness.ts";

/** Beside the odd values: those that leave the formats of JSON Schema, or another reader's idea of a text. */
const edges: Record<string, readonly string[]> = {
  date: ["'20000-01-01'", "'4713-01-01 BC'", "'5874897-12-31'"],
  timestamp: ["'294276-12-31 23:59:59.999999'", "'4713-01-01 00:00 BC'", "'2024-05-01 12:00:00.5'"],
  timestamptz: ["'294276-12-31 23:59:59.999999'", "'4713-01-02 00:00 BC'", "'2024-05-01 12:00:00.5+05:45'"],
  timetz: ["'12:34:56.789+05:30'", "'23:59:59-15:59:59'"],
  time: ["'24:00:00'", "'12:34:56.7'"],
  interval: ["'-1.5 seconds'", "'1 year -2 days 03:04:05.678'", "'-1 month'", "'0.000001 s'"],
  numeric: ["'1e-20'", "'1e300'", "0.10"],
  float8: ["5e-324", "-0.0", "1e-7", "123456789.123456789"],
  float4: ["1e38", "1e-45"],
  text: ["E'a\\nb'", "E'\\u2028'", "E'\\x7f'", "repeat('x', 5000)"],
  bpchar: ["'é  '::char(5)"],
  bit: ["B'1010'::bit(4)"],
  uuid: ["'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'"],
  macaddr: ["'08:00:2b:01:02:03'"],
  inet: ["'::ffff:1.2.3.4/128'"],
  money: ["'-92233720368547758.08'"],
  int4range: ["'empty'", "'[1,)'", "'(,)'"],
  tstzrange: ["'[-infinity,infinity]'", "'[2024-01-01,)'"],
  daterange: ["'[infinity,infinity]'", "'(,2024-01-01)'"],
  int4multirange: ["'{}'", "'{[1,2),[5,)}'"],
  jsonb: ["'1e400'", "'{\"a\": 12345678901234567890.10}'", "'\"\\u2028\"'"],
};

const pseudo = /^(any|record|_)/;

/** As a literal of the type. */
const literal = (type: string, value: string) =>
  value.includes("::") ? value : `(${value})::pg_catalog."${type}"`;

testOnEach(
  "every value of every type passes the schema that its tool advertises",
  (server: TestServer) =>
    withDatabase(async (database) => {
      const values = new Map<string, string[]>();
      for (const source of [oddValues, edges]) {
        for (const [type, list] of Object.entries(source)) {
          if (!pseudo.test(type)) values.set(type, [...values.get(type) ?? [], ...list]);
        }
      }
      // What this version does not know, such as the infinite intervals of 17, is left out.
      for (const [type, list] of values) {
        const known: string[] = [];
        for (const value of list) {
          const isKnown = await database.sql.unsafe(`select ${literal(type, value)}`).then(
            () => true,
            () => false,
          );
          if (isKnown) known.push(value);
        }
        assert.ok(known.length > 0, type);
        values.set(type, known);
      }
      await database.sql.unsafe("create schema e");
      const files: Record<string, string> = {};
      for (const [type, list] of values) {
        await database.sql.unsafe(`create type e.one_${type} as (v pg_catalog."${type}", n int)`);
        const rows = list.map((value, index) => `(${index}, ${literal(type, value)})`).join(", ");
        const from = `from (values ${rows}) as given (n, v)`;
        files[`e/${type}.sql`] = `-- name: ${type} :many
-- Values.
--
-- @param n  Which
-- @rows 5

select given.v, array[given.v, null] as list, row (given.v, 1)::e.one_${type} as part, to_json(given.v) as doc
${from}
where given.n = :n::int;
`;
        files[`e/${type}_report.sql`] = `-- name: ${type}_report :report
-- Values.
--
-- @param n  Which

select json_build_object('v', given.v, 'list', json_agg(given.v), 'pair', json_build_array(given.v, 1))
${from}
where given.n = :n::int
group by given.n, given.v::text, given.v;
`.replace(", given.v;", isGroupable(type) ? ", given.v;" : ";").replace(
          isGroupable(type)
            ? "\u0000"
            : "'v', given.v, 'list', json_agg(given.v), 'pair', json_build_array(given.v, 1)",
          "'list', json_agg(given.v)",
        );
      }
      await database.sql.unsafe("grant usage on schema e to sqlwright_server");
      await withTools(database, files, async (call, application) => {
        let answered = 0;
        for (const [type, list] of values) {
          for (const tool of [`e_${type}`, `e_${type}_report`]) {
            const schema = application.catalog().tools.get(tool)!.outputSchema;
            for (const [n, value] of list.entries()) {
              const result = await call(tool, { n });
              if (result.isError) {
                // Numbers that JSON has not: NaN, infinities, bigints beyond 2^53.
                assert.match(result.text, /"result\.unrepresentable"/, `${tool} ${value}: ${result.text}`);
                continue;
              }
              answered++;
              assert.deepEqual(
                clientComplaints(schema, result.structured),
                [],
                `${tool} ${value}: ${result.json}\n${JSON.stringify(schema)}`,
              );
            }
          }
        }
        assert.ok(answered > 200, String(answered));
      });
    }, { server, isEmpty: true }),
);

/** Types without an equality cannot be grouped by. */
function isGroupable(type: string): boolean {
  return !["json", "xml", "point"].includes(type);
}
