/** The validator of arguments against ajv, the standard's own: the same verdict on every pair of schema and value. */

import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import { compileValidator, type Fault } from "../../src/tool/validate.ts";

const object = {
  type: "object",
  properties: {
    q: { type: "string", minLength: 1, maxLength: 3 },
    max: { type: "integer", minimum: 1, maximum: 100 },
    form: { type: ["string", "null"], enum: ["10-K", "8-K", null] },
  },
  required: ["q"],
  additionalProperties: false,
};

const schemas: Record<string, unknown>[] = [
  {},
  { type: "null" },
  { type: "boolean" },
  { type: "integer" },
  { type: "integer", minimum: 0, maximum: 10 },
  { type: "integer", exclusiveMinimum: 0, exclusiveMaximum: 10, multipleOf: 5 },
  { type: "number" },
  { type: ["number", "null"], minimum: 0.5 },
  { type: "string" },
  { type: "string", minLength: 2, maxLength: 3 },
  { type: "string", pattern: "^[A-Z.-]{1,10}$" },
  { type: ["string", "null"], enum: ["listed", "loaded", null] },
  { type: "array", items: { type: "integer" } },
  { type: "array", items: { type: ["string", "null"] }, minItems: 1, maxItems: 2, uniqueItems: true },
  { type: "array", items: object },
  object,
];

const values: unknown[] = [
  null,
  true,
  0,
  1,
  5,
  10,
  0.5,
  1.0,
  -1,
  "",
  "a",
  "AB",
  "AAPL",
  "𝒳𝒴𝒵",
  "listed",
  "Listed",
  "5",
  [],
  [1, 2],
  [1, "2"],
  ["a", "a"],
  ["a", null],
  ["a", "b", "c"],
  [[1]],
  {},
  { q: "a" },
  { q: "" },
  { q: "abcd" },
  { q: "a", max: 0 },
  { q: "a", max: 100, form: "10-K" },
  { q: "a", form: null },
  { q: "a", form: "10-Q" },
  { q: "a", mx: 5 },
  { q: null },
  { max: 5 },
  JSON.parse('{"q": "a", "__proto__": 1}'),
  { q: "a", constructor: 1 },
  [{ q: "a" }, { q: "ab", max: 3 }],
  [{ q: "a" }, {}],
];

Deno.test("the validator and ajv agree on every schema and value", () => {
  const ajv = new Ajv2020({ strict: false });
  for (const schema of schemas) {
    const validate = compileValidator(schema);
    for (const value of values) {
      const faults: Fault[] = [];
      validate(value, "", faults);
      assert.equal(
        faults.length === 0,
        ajv.validate(schema, value),
        `${JSON.stringify(value)} against ${JSON.stringify(schema)}: ${JSON.stringify(faults)}`,
      );
    }
  }
});

Deno.test("a number that comes as text is held against its bounds, and a large integer has to", () => {
  const faultsOf = (schema: Record<string, unknown>, value: unknown) => {
    const faults: Fault[] = [];
    compileValidator(schema)(value, "cik", faults);
    return faults.map(({ problem }) => problem);
  };
  const cik = { type: ["integer", "string"], pattern: "^-?\\d{1,19}$", minimum: 1 };
  assert.deepEqual(faultsOf(cik, "320193"), []);
  assert.deepEqual(faultsOf(cik, "0"), ["must be at least 1"]);
  assert.deepEqual(faultsOf(cik, "9007199254740993"), []);
  assert.equal(faultsOf(cik, 9007199254740993).length, 1);
});

Deno.test("no more than twenty faults are told, however many there are", () => {
  const faults: Fault[] = [];
  compileValidator({ type: "array", items: { type: "integer" } })(Array(1000).fill("x"), "rows", faults);
  assert.equal(faults.length, 20);
});
