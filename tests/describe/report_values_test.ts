import assert from "node:assert/strict";
import { testOnEach } from "../harness.ts";
import { type TestFile, typeAll, validAnswerOf, withSchema } from "./typed_files.ts";

const schema = await Deno.readTextFile(new URL("../fixtures/nullability/schema.sql", import.meta.url));

/** Every base type and what is made of them, with the odd values among them. */
const values: [type: string, ...literals: string[]][] = [
  ["boolean", "true", "false"],
  ["smallint", "-32768", "32767"],
  ["integer", "-2147483648", "2147483647"],
  ["bigint", "9223372036854775807", "0"],
  ["oid", "4294967295"],
  ["numeric", "123456789012345678901234567890.5", "'NaN'", "'Infinity'", "'-Infinity'", "1e-20"],
  ["numeric(6,2)", "1.50", "'NaN'"],
  ["real", "1.5", "'NaN'", "'-Infinity'", "1e30"],
  ["double precision", "0.1", "'Infinity'", "1e300"],
  ["money", "'1.5'"],
  ["text", "''", "'\"\\ü😀'"],
  ["varchar(5)", "'abcde'", "'😀😀😀😀😀'"],
  ["char(3)", "'a'"],
  ['"char"', "'x'", "''"],
  ["name", "'n'"],
  ["date", "'2024-02-29'", "'infinity'", "'0044-03-15 BC'"],
  ["timestamptz", "'2024-01-02 03:04:05.5+02'", "'-infinity'"],
  ["timestamp", "'2024-01-02 03:04:05'", "'infinity'"],
  ["time", "'23:59:59.5'"],
  ["timetz", "'03:04:05+02'"],
  ["interval", "'1 year 2 mons 3 days 04:05:06.5'", "'-1 day'"],
  ["uuid", "'11111111-2222-3333-4444-555555555555'"],
  ["inet", "'10.0.0.1'"],
  ["cidr", "'10.0.0.0/8'"],
  ["macaddr", "'08:00:2b:01:02:03'"],
  ["bytea", "''", "'\\x00ff'"],
  ["bit(3)", "B'101'"],
  ["bit varying", "B''"],
  ["xml", "'<a/>'"],
  ["json", "'{\"a\": [1, null]}'", "'null'", "'\"x\"'"],
  ["jsonb", "'{\"a\": [1, null]}'", "'null'", "'1'"],
  ["point", "'(1,2)'"],
  ["tsvector", "'a:1 b'"],
  ["int2vector", "'1 2'"],
  ["oidvector", "'1 2'"],
  ["regclass", "'pg_class'"],
  ["xid", "'7'"],
  ["pg_lsn", "'0/1'"],
  ["int4range", "'[1,5)'", "'empty'"],
  ["tstzmultirange", "'{}'", "'{[2024-01-01,)}'"],
  ["integer[]", "'{}'", "'{1,NULL}'", "'{{1,2},{3,4}}'"],
  ["text[]", "'{a,NULL}'", "'{{a},{b}}'"],
  ["numeric[]", "'{1.5,NaN}'"],
  ["jsonb[]", "array['{}'::jsonb, null]"],
  ["shop.status", "'open'"],
  ["shop.status[]", "'{open,NULL}'", "'{{open},{paid}}'"],
  ["shop.positive", "1"],
  ["shop.positive[]", "'{1,2}'"],
  ["shop.bounded", "'NaN'", "2.5"],
  ["shop.pair", "row(1, null)", "row(null, '{x,NULL}')"],
  ["shop.pair[]", "array[row(1, '{}')::shop.pair, null]"],
  ["shop.custom", "row(1)"],
];

const types = `
create domain shop.bounded as numeric check (value > 0);
create type shop.pair as (a integer, b text[]);
create type shop.custom as (a integer);
create function shop.custom_json(shop.custom) returns json language sql as $$ select '"own"'::json $$;
create cast (shop.custom as json) with function shop.custom_json(shop.custom);`;

testOnEach(
  "every type is in a report what its schema says, its odd values too, as json and as jsonb",
  async (server) => {
    await withSchema(server, schema + types, async (connection) => {
      const columns = values.map(([type], at) => `"c${at}" ${type}`);
      const rows = values.flatMap(([type, ...literals], at) =>
        literals.map((literal) => `insert into every ("c${at}") values ((${literal})::${type});`)
      );
      await connection.script(`create table every (${columns.join(", ")}); ${rows.join("\n")}`);
      const fields = values.map((_, at) => `'c${at}', e."c${at}"`);
      const objects = (build: string) => {
        // A call has at most a hundred arguments.
        const half = 40;
        return [fields.slice(0, half), fields.slice(half)].map((part) => `${build}(${part.join(", ")})`);
      };
      const [first, rest] = objects("json_build_object");
      const [firstB, restB] = objects("jsonb_build_object");
      const files: TestFile[] = [
        {
          name: "as_json",
          sql: `select json_build_array(json_agg(${first}), json_agg(${rest})) as report from every as e`,
        },
        {
          name: "as_jsonb",
          sql:
            `select jsonb_build_array(jsonb_agg(${firstB}), jsonb_agg(${restB})) as report from every as e`,
        },
        { name: "as_row", sql: "select json_agg(e) as report from every as e" },
        { name: "as_row_jsonb", sql: "select jsonb_agg(to_jsonb(e)) as report from every as e" },
        { name: "as_alias", sql: "select json_agg(s) as report from (select e.* from every as e) as s" },
      ].map((file) => ({ ...file, kind: "report" }));
      for (const query of await typeAll(connection, files)) {
        const { structured, schema } = await validAnswerOf(connection, query);
        assert.ok(JSON.stringify(structured).length > 3000);
        // Not everything is allowed: an unknown field and a wrong value are refused.
        const text = JSON.stringify(schema);
        assert.ok(
          text.includes('"additionalProperties":false') &&
            !/"c\d+":\{\}/.test(text.replaceAll(/"c(?:29|30|51)":\{\}/g, "")),
          text,
        );
      }
    });
  },
);
