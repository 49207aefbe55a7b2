import assert from "node:assert/strict";
import type { JsonSchema } from "../../src/tool/model.ts";
import { testOnEach } from "../harness.ts";
import { type TestFile, typeAll, typeFiles, validAnswerOf, withSchema } from "./typed_files.ts";

const schema = await Deno.readTextFile(new URL("../fixtures/nullability/schema.sql", import.meta.url));

const data = `
insert into shop.customer (id, name, joined_on, tags, extra) values (1, 'a', 'infinity', '{{a,b},{c,d}}', '[1]'), (2, 'b', now(), '{{x,y},{z,z}}', null);
insert into shop.purchase (customer_id, status, total, boxes) values (1, 'open', 'NaN', 1), (1, 'paid', 2, 2);
insert into shop.line (purchase_id, position, label, amount) values (1, 1, 'a', null), (2, 2, 'x', 2.5);`;

const integer: JsonSchema = { type: "integer", minimum: -2147483648, maximum: 2147483647 };
const number: JsonSchema = { type: ["number", "string", "null"], pattern: "^(NaN|-?Infinity)$" };

const cases: [name: string, sql: string, expected: JsonSchema, since?: number][] = [
  [
    "a column's type, comment, enum labels and nullability",
    "select json_build_object('name', c.name, 'email', c.email, 'status', p.status, 'total', p.total) as report from shop.customer as c left join shop.purchase as p on p.customer_id = c.id",
    object({
      name: { type: "string", description: "How the customer wants to be called." },
      email: { type: ["string", "null"] },
      status: { type: ["string", "null"], enum: ["open", "paid", null] },
      total: {
        type: ["number", "string", "null"],
        pattern: "^(NaN|-?Infinity)$",
        description: "Sum of the lines, without tax.",
      },
    }),
  ],
  [
    "a domain's bounds",
    "select json_build_object('boxes', p.boxes, 'n', 3::shop.positive) as report from shop.purchase as p",
    object({
      boxes: { type: ["integer", "null"], minimum: -2147483648, maximum: 2147483647 },
      n: { type: "integer", minimum: -2147483648, maximum: 2147483647, exclusiveMinimum: 0 },
    }),
  ],
  [
    "nested lists, wrapped in coalesce",
    "select json_build_object('id', c.id, 'lines', coalesce((select json_agg(json_build_object('label', l.label, 'amount', l.amount) order by l.label) from shop.line as l where l.position = c.id), '[]')) as report from shop.customer as c",
    object({
      id: integer,
      lines: { type: "array", items: object({ label: { type: "string" }, amount: number }) },
    }),
  ],
  [
    "a list that may be null",
    "select json_build_object('labels', (select json_agg(l.label) from shop.line as l)) as report",
    object({
      labels: { type: ["array", "null"], items: { type: "string" } },
    }),
  ],
  [
    "a filter proves what it asks for",
    "select json_agg(json_build_object('id', p.id, 'note', p.note, 'name', c.name)) filter (where p.id is not null) as report from shop.customer as c left join shop.purchase as p on p.customer_id = c.id group by c.id",
    {
      type: "array",
      items: object({
        id: { type: "integer" },
        note: { type: ["string", "null"] },
        name: { type: "string", description: "How the customer wants to be called." },
      }),
    },
  ],
  [
    "whole rows of a table, a view and a sub-query",
    "select json_build_object('table', row_to_json(l), 'view', (select to_json(v) from shop.purchase_total as v limit 1), 'query', (select to_jsonb(s) from (select c.id as one, c.email from shop.customer as c) as s limit 1)) as report from shop.line as l",
    object({
      table: object({
        purchase_id: { type: "integer" },
        position: integer,
        label: { type: "string" },
        amount: number,
      }),
      view: {
        ...object({
          purchase_id: { type: "integer" },
          lines: { type: "integer" },
          amount: number,
          last_label: { type: "string" },
        }),
        type: ["object", "null"],
      },
      query: { ...object({ one: integer, email: { type: ["string", "null"] } }), type: ["object", "null"] },
    }),
  ],
  [
    "a row that an outer join can take away is null as a whole",
    "select json_agg(p) as report from shop.line as l left join (select p.id, p.note from shop.purchase as p) as p on true",
    {
      type: "array",
      items: {
        ...object({ id: { type: "integer" }, note: { type: ["string", "null"] } }),
        type: ["object", "null"],
      },
    },
  ],
  ["keys that are computed", "select json_object_agg(l.label, l.position) as report from shop.line as l", {
    type: "object",
    additionalProperties: integer,
  }],
  [
    "constant and computed keys together",
    "select json_build_object('a', l.position, l.label, l.label) as report from shop.line as l",
    {
      type: "object",
      properties: { a: { anyOf: [integer, { type: "string" }] } },
      required: ["a"],
      additionalProperties: { type: "string" },
    },
  ],
  [
    "a key that is written twice",
    "select json_build_object('a', l.position, 'a', l.label) as report from shop.line as l",
    object({
      a: { anyOf: [integer, { type: "string" }] },
    }),
  ],
  ["build_array", "select json_build_array(l.position, l.label, null) as report from shop.line as l", {
    type: "array",
    prefixItems: [integer, { type: "string" }, { type: "null" }],
    items: { anyOf: [integer, { type: "string" }, { type: "null" }] },
    minItems: 3,
    maxItems: 3,
  }],
  [
    "branches of CASE",
    "select case when l.position > 1 then json_build_object('a', l.label) when l.position > 0 then '{}' else to_json(l.label) end as report from shop.line as l",
    {
      anyOf: [object({ a: { type: "string" } }), { type: "object", additionalProperties: false }, {
        type: "string",
      }],
    },
  ],
  [
    "a CTE, a lateral join and a set operation",
    "with kept as (select json_build_object('x', l.position) as doc from shop.line as l union all select json_build_object('y', 'text')) select json_build_object('docs', (select json_agg(kept.doc) from kept), 'side', s.doc) as report from shop.customer as c cross join lateral (select to_jsonb(c.joined_on) as doc) as s",
    object({
      docs: {
        type: ["array", "null"],
        items: { anyOf: [object({ x: integer }), object({ y: { type: "string" } })] },
      },
      side: { type: "string", title: "date" },
    }),
  ],
  [
    "arrays of PostgreSQL",
    "select json_build_object('one', array_agg(l.label), 'many', array_agg(c.tags), 'list', array[1, null], 'query', array(select l.position from shop.line as l), 'column', (select c.tags from shop.customer as c limit 1)) as report from shop.line as l, shop.customer as c group by l.position",
    object({
      one: { type: "array", items: { type: "string" } },
      many: { type: "array", items: { type: ["string", "null", "array"] } },
      list: { type: "array", items: { ...integer, type: ["integer", "null"] } },
      query: { type: "array", items: integer },
      column: { type: ["array", "null"], items: { type: ["string", "null", "array"] } },
    }),
  ],
  [
    "objects put together and taken apart",
    "select jsonb_build_object('a', l.position, 'b', l.label) || jsonb_build_object('b', l.amount) - 'a' as report from shop.line as l",
    object({
      a: integer,
      b: number,
    }),
  ],
  [
    "nulls stripped at every depth",
    "select json_strip_nulls(json_build_object('a', l.amount, 'b', l.label, 'c', json_build_object('d', l.amount))) as report from shop.line as l",
    {
      type: "object",
      properties: {
        a: { type: ["number", "string"], pattern: "^(NaN|-?Infinity)$" },
        b: { type: "string" },
        c: {
          type: "object",
          properties: { d: { type: ["number", "string"], pattern: "^(NaN|-?Infinity)$" } },
          additionalProperties: false,
        },
      },
      required: ["b", "c"],
      additionalProperties: false,
    },
  ],
  [
    "SQL/JSON objects and arrays",
    "select json_object('a': l.label, 'b': l.amount absent on null returning jsonb) as report from shop.line as l",
    {
      type: "object",
      properties: { a: { type: "string" }, b: { type: ["number", "string"], pattern: "^(NaN|-?Infinity)$" } },
      required: ["a"],
      additionalProperties: false,
    },
    16,
  ],
  [
    "SQL/JSON aggregates",
    "select json_object('list': json_arrayagg(l.amount order by l.label), 'all': json_arrayagg(l.amount null on null), 'map': json_objectagg(l.label: l.amount), 'array': json_array(l.position, null null on null), 'rows': json_array(select l.label from shop.line as l)) as report from shop.line as l group by l.position",
    object({
      list: { type: "array", items: { ...number, type: ["number", "string"] } },
      all: { type: "array", items: number },
      map: { type: "object", additionalProperties: number },
      array: {
        type: "array",
        prefixItems: [integer, { type: "null" }],
        items: { ...integer, type: ["integer", "null"] },
        minItems: 2,
        maxItems: 2,
      },
      rows: { type: ["array", "null"], items: { type: "string" } },
    }),
    16,
  ],
];

testOnEach(
  "a report's schema says what each construct makes, and the answer holds against it",
  async (server) => {
    await withSchema(server, schema + data, async (connection) => {
      for (const [name, sql, expected, since = 15] of cases) {
        if (server.version < since) continue;
        const [query] = await typeAll(connection, [
          { name: "q", sql: `select r.report from (${sql}) as r limit 1`, kind: "report" },
        ]);
        const { schema: output } = await validAnswerOf(connection, query!);
        const { report } = output.properties as Record<string, JsonSchema>;
        assert.deepEqual(withoutNull(report!), expected, `${name}: ${JSON.stringify(report)}`);
        const [rows] = await typeAll(connection, [{ name: "q", sql, kind: "many" }]);
        await validAnswerOf(connection, rows!);
      }
    });
  },
);

testOnEach("a part that cannot be known is {} and noted at its key, with the reason", async (server) => {
  await withSchema(server, schema, async (connection) => {
    const sql = `select json_build_object('id', c.id,
  'extra', c.extra,
  'list', (select json_agg(json_build_object('deep', d.extra -> 'x')) from shop.customer as d),
  'made', (select json_object_agg(d.name, d.extra) from shop.customer as d)) as report
from shop.customer as c limit 1`;
    const { typed: [query], diagnostics } = await typeFiles(connection, [{ name: "q", sql, kind: "report" }]);
    assert.deepEqual(diagnostics, []);
    const lines = query!.parsed.source.split("\n");
    assert.deepEqual(
      query!.notes!.map((
        { code, severity, line, column, message },
      ) => [code, severity, lines[line - 1]!.slice(column - 1, column + 5), message]),
      [
        [
          "report-untyped",
          "warning",
          "'extra",
          "The shape of report.extra is not known: it is jsonb that the column shop.customer.extra holds",
        ],
        [
          "report-untyped",
          "warning",
          "'deep'",
          "The shape of report.list[].deep is not known: it is jsonb that the operator -> answers",
        ],
        [
          "report-untyped",
          "warning",
          "'made'",
          "The shape of report.made.* is not known: it is jsonb that the column shop.customer.extra holds",
        ],
      ],
    );
    const { typed: [plain] } = await typeFiles(connection, [{
      name: "q",
      sql: "select c.extra from shop.customer as c",
    }]);
    assert.deepEqual(plain!.notes, []);
  });
});

testOnEach("a document that is too large to be described ends in a note", async (server) => {
  await withSchema(server, schema, async (connection) => {
    const object = (depth: number): string =>
      depth === 0 ? "1" : `json_build_object('a', ${object(depth - 1)})`;
    const wide = Array.from({ length: 2500 }, (_, at) => String(at));
    const files: TestFile[] = [
      { name: "deep", sql: `select ${object(200)} as report` },
      {
        name: "wide",
        sql: `select to_json(array[${wide.join(", ")}]) as report`,
      },
    ].map((file) => ({ ...file, kind: "report" }));
    for (const query of await typeAll(connection, files)) {
      await validAnswerOf(connection, query);
      assert.ok(JSON.stringify(query.notes).includes("too large"), query.parsed.name);
    }
  });
});

testOnEach(
  "a :value or :report that always has a row is not null, and other json columns have their shape",
  async (server) => {
    await withSchema(server, schema + data, async (connection) => {
      const queries = await typeAll(connection, [
        { name: "a", sql: "select count(*) as n from shop.line as l", kind: "value" },
        { name: "b", sql: "select l.position as n from shop.line as l limit 1", kind: "value" },
        {
          name: "c",
          sql: "select coalesce(json_agg(l.label), '[]') as r from shop.line as l",
          kind: "report",
        },
        {
          name: "d",
          sql: "select array_agg(json_build_object('a', l.label)) as docs from shop.line as l",
          kind: "many",
        },
        {
          name: "e",
          sql: "select to_jsonb(l.label) as doc from shop.line as l",
          kind: "many",
          tags: ["@column doc  The label  {maxLength: 9}"],
        },
      ]);
      const schemas = [];
      for (const query of queries) schemas.push((await validAnswerOf(connection, query)).schema);
      const [a, b, c, d, e] = schemas.map((schema) => schema.properties as Record<string, JsonSchema>);
      assert.deepEqual(a!.value, { type: "integer" });
      assert.deepEqual(b!.value!.type, ["integer", "null"]);
      assert.deepEqual(c!.report, { type: "array", items: { type: "string" } });
      const column = ({ rows }: Record<string, JsonSchema>, name: string) =>
        ((rows!.items as JsonSchema).properties as Record<string, JsonSchema>)[name];
      assert.deepEqual(column(d!, "docs"), {
        type: ["array", "null"],
        items: object({ a: { type: "string" } }),
      });
      assert.deepEqual(column(e!, "doc"), { description: "The label", type: "string", maxLength: 9 });
    });
  },
);

function object(properties: Record<string, JsonSchema>): JsonSchema {
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
}

/** A report is null where there is no row. */
function withoutNull(schema: JsonSchema): JsonSchema {
  if (Array.isArray(schema.anyOf)) {
    return { anyOf: (schema.anyOf as JsonSchema[]).filter(({ type }) => type !== "null") };
  }
  const types = [schema.type].flat().filter((type) => type !== "null");
  return { ...schema, type: types.length === 1 ? types[0] : types };
}
