import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import { fromJsonOf, toJsonOf, UnrepresentableError } from "../../src/postgres/types/codec.ts";
import { Pool, type PoolConnection } from "../../src/postgres/pool.ts";
import { loadTypes, type PgType } from "../../src/postgres/types/types.ts";
import { loadParser } from "../../src/query/parser/libpg_query.ts";
import { schemaOf } from "../../src/tool/schema.ts";
import { compileValidator, type Fault } from "../../src/tool/validate.ts";
import { testOnEach, type TestServer, withDatabase } from "../harness.ts";

const declarations = `
  create schema shape;
  create domain shape.cik as bigint check (value between 0 and 9999999999);
  create domain shape.accession as text check (value ~ '^[0-9]{10}-[0-9]{2}-[0-9]{6}$' and length(value) <= 20);
  create domain shape.side as text check (value in ('long', 'short'));
  create domain shape.positive as shape.cik check (value > 0) not null;
  create domain shape.vowels as text check (value ~ '[[:alpha:]]+');
  comment on domain shape.cik is 'SEC company number';
  create type shape.mood as enum ('sad', 'ok', 'happy');
  create type shape.pair as (a integer, b text, c numeric, d timestamptz);
  create type shape.nested as (pair shape.pair, tags text[], span int4range);
`;

/** Every row of the type table, as it goes in and must come out. */
const roundTrips: [type: string, value: unknown][] = [
  ["bool", true],
  ["bool", false],
  ["int2", -32768],
  ["int4", 2147483647],
  ["oid", 4294967295],
  ["int8", 9007199254740991],
  ["int8", -9007199254740991],
  ["numeric", "123456789012345678901234567890.123400"],
  ["numeric", "-0.5"],
  ["numeric", "NaN"],
  ["numeric(10,2)", "1.50"],
  ["float4", 1.5],
  ["float8", 0.1],
  ["float8", 1e300],
  ["text", "plain"],
  ["text", 'quotes " \\ newline \n tab \t ü 你好 😀 \u2028'],
  ["text", ""],
  ["varchar(5)", "abcde"],
  ["bpchar(3)", "abc"],
  ["char", "x"],
  ["date", "2024-02-29"],
  ["date", "infinity"],
  ["date", "0044-03-15 BC"],
  ["timestamptz", "2024-01-02T03:04:05.123456Z"],
  ["timestamptz", "-infinity"],
  ["timestamp", "2024-01-02T03:04:05"],
  ["time", "23:59:59.5"],
  ["timetz", "03:04:05+00"],
  ["interval", "P1Y2M3DT4H5M6.5S"],
  ["uuid", "11111111-2222-3333-4444-555555555555"],
  ["inet", "10.0.0.1"],
  ["cidr", "10.0.0.0/8"],
  ["bytea", "AP8Kaw=="],
  ["bytea", ""],
  ["json", { a: [1, null, "x"], b: { c: true } }],
  ["jsonb", { a: [1, null, "x y"], b: {} }],
  ["jsonb", "a string"],
  ["jsonb", 12],
  ["xml", "<a>b</a>"],
  ["shape.mood", "ok"],
  ["shape.cik", 320193],
  ["shape.accession", "0000320193-24-000123"],
  ["shape.side", "long"],
  ["shape.positive", 1],
  ["int4[]", [1, null, -3]],
  ["int4[]", []],
  ["int8[]", [9007199254740991]],
  ["text[]", ["a,b", "NULL", null, '\\"{}', "", " x ", "ü"]],
  ["numeric[]", ["1.10", "2"]],
  ["bool[]", [true, null]],
  ["date[]", ["2024-01-01"]],
  ["timestamptz[]", ["2024-01-01T00:00:00Z"]],
  ["bytea[]", ["AA=="]],
  ["jsonb[]", [{ a: 'b,"c"' }]],
  ["shape.mood[]", ["sad", null]],
  ["shape.cik[]", [1, 2]],
  ["shape.pair", { a: 1, b: 'x,"y)(\\', c: "1.50", d: null }],
  ["shape.pair", { a: null, b: "", c: null, d: "2024-01-01T00:00:00Z" }],
  ["shape.pair[]", [{ a: 1, b: null, c: null, d: "2024-01-01T00:00:00Z" }, null]],
  ["shape.nested", {
    pair: { a: 1, b: '"', c: null, d: null },
    tags: ["a", "b\\"],
    span: { lower: 1, upper: 5, bounds: "[)" },
  }],
  ["int4range", { lower: 1, upper: 5, bounds: "[)" }],
  ["int4range", { lower: null, upper: null, bounds: "empty" }],
  ["int8range", { lower: 1, upper: null, bounds: "[)" }],
  ["numrange", { lower: "1.5", upper: "2.5", bounds: "(]" }],
  ["daterange", { lower: "2024-01-01", upper: null, bounds: "[)" }],
  ["tstzrange", { lower: "2024-01-01T00:00:00Z", upper: "2024-02-01T00:00:00Z", bounds: "[)" }],
  ["int4multirange", [{ lower: 1, upper: 3, bounds: "[)" }, { lower: 5, upper: 7, bounds: "[)" }]],
  ["tstzmultirange", [{ lower: "2024-01-01T00:00:00Z", upper: null, bounds: "[)" }]],
  ["int4multirange", []],
];

testOnEach("types round-trip through PostgreSQL exactly and match their schemas", async (server) => {
  await withTypes(server, async (connection) => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    for (const [name, value] of roundTrips) {
      const { input, output } = await typesOf(connection, name);
      const text = await echo(connection, name, fromJsonOf(input)(value));
      const json = JSON.parse(toJsonOf(output)(text));
      assert.deepEqual(json, value, `${name}: ${JSON.stringify(value)}`);
      for (const [direction, type] of [["input", input], ["output", output]] as const) {
        const schema = schemaOf(type, { direction, isNullable: false });
        assert.ok(
          ajv.validate(schema, value),
          `${name} ${direction}: ${JSON.stringify(schema)} refuses ${JSON.stringify(value)}`,
        );
      }
      const faults: Fault[] = [];
      compileValidator(schemaOf(input, { direction: "input", isNullable: false }))(value, "v", faults);
      assert.deepEqual(faults, [], `${name}: ${JSON.stringify(value)}`);
    }
  });
});

testOnEach(
  "a bigint beyond 2^53 goes in as text and comes out as an error, or as text when asked",
  async (server) => {
    await withTypes(server, async (connection) => {
      const { input, output } = await typesOf(connection, "int8");
      const text = await echo(connection, "int8", fromJsonOf(input)("9223372036854775807"));
      assert.throws(() => toJsonOf(output)(text), UnrepresentableError);
      assert.equal(toJsonOf(output, "string")(text), '"9223372036854775807"');
    });
  },
);

testOnEach("floats that JSON lacks are errors, or text when asked", async (server) => {
  await withTypes(server, async (connection) => {
    const { output } = await typesOf(connection, "float8");
    for (const special of ["NaN", "Infinity", "-Infinity"]) {
      assert.throws(() => toJsonOf(output)(special), UnrepresentableError);
      assert.equal(toJsonOf(output, "string")(special), JSON.stringify(special));
    }
  });
});

testOnEach("json keeps the digits of its numbers and loses only white space", async (server) => {
  await withTypes(server, async (connection) => {
    const { output } = await typesOf(connection, "json");
    const text = await echo(connection, "json", '{"a" : 12345678901234567890.10,\n "b c" : "x  y"}');
    assert.equal(toJsonOf(output)(text), '{"a":12345678901234567890.10,"b c":"x  y"}');
  });
});

testOnEach(
  "domains bring their CHECKs and comments into the schema, and only what means the same in JSON Schema",
  async (server) => {
    await withTypes(server, async (connection) => {
      const schema = async (name: string) =>
        schemaOf((await typesOf(connection, name)).input, { direction: "input", isNullable: false });
      assert.deepEqual(await schema("shape.cik"), {
        description: "SEC company number",
        type: "integer",
        minimum: 0,
        maximum: 9999999999,
      });
      assert.deepEqual(await schema("shape.accession"), {
        type: "string",
        pattern: "^[0-9]{10}-[0-9]{2}-[0-9]{6}$",
        maxLength: 20,
      });
      assert.deepEqual(await schema("shape.side"), { type: "string", enum: ["long", "short"] });
      assert.deepEqual(await schema("shape.positive"), {
        description: "SEC company number",
        type: "integer",
        minimum: 0,
        maximum: 9999999999,
        exclusiveMinimum: 0,
      });
      assert.deepEqual(await schema("shape.vowels"), { type: "string" });
      assert.deepEqual(await schema("shape.mood"), { type: "string", enum: ["sad", "ok", "happy"] });
    });
  },
);

testOnEach("arrays of several dimensions are refused, never flattened", async (server) => {
  await withTypes(server, async (connection) => {
    const { output } = await typesOf(connection, "int4[]");
    assert.throws(() => toJsonOf(output)("{{1,2},{3,4}}"), UnrepresentableError);
  });
});

testOnEach("text that PostgreSQL cannot hold is refused before it is bound", async (server) => {
  await withTypes(server, async (connection) => {
    const { input } = await typesOf(connection, "text");
    for (const value of ["a\0b", "\ud800"]) {
      assert.throws(() => fromJsonOf(input)(value), UnrepresentableError);
    }
  });
});

async function withTypes(
  server: TestServer,
  use: (connection: PoolConnection) => Promise<void>,
): Promise<void> {
  await loadParser();
  await withDatabase(async ({ url }) => {
    const pool = new Pool({
      url,
      size: 1,
      queueSize: 1,
      queueTimeout_ms: 1000,
      connectTimeout_ms: 5000,
      parameters: {},
    });
    try {
      await pool.withConnection(undefined, async (connection) => {
        await connection.script(declarations);
        await use(connection);
      });
    } finally {
      await pool.close();
    }
  }, { server, isEmpty: true });
}

async function typesOf(connection: PoolConnection, name: string): Promise<{ input: PgType; output: PgType }> {
  const { types, columns } = await connection.describe(`select $1::${name} as value`);
  const loaded = await loadTypes(connection, [...types, ...columns.map(({ type }) => type)]);
  return { input: loaded.get(types[0]!)!, output: loaded.get(columns[0]!.type)! };
}

async function echo(connection: PoolConnection, name: string, literal: string): Promise<string> {
  let answer: string | null = null;
  await connection.execute(`select $1::${name} as value`, [literal], {
    onRow: (row) => void (answer = row[0] ?? null),
  });
  return answer ?? assert.fail(`${name} came back null`);
}
