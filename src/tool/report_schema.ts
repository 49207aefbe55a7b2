/**
 * The shape of a JSON document as JSON Schema 2020-12: what Postgres itself writes, which is not what
 * `codec.ts` does.
 */

import { type DomainConstraints, domainConstraints } from "../postgres/types/domain.ts";
import type { JsonField, JsonItem, JsonShape } from "../describe/json_shape/shape.ts";
import type { PgType } from "../postgres/types/types.ts";
import type { JsonSchema } from "./model.ts";
import { advertised, baseSchema as columnSchema, isValid } from "./schema.ts";

/** A value of the shape, or null where it may be. */
export function jsonSchemaOf({ shape, isNullable }: JsonItem): JsonSchema {
  const schema = schemaOfShape(shape);
  return isNullable ? orNull(schema) : schema;
}

function schemaOfShape(shape: JsonShape): JsonSchema {
  switch (shape.kind) {
    case "any":
      return {};
    case "scalar":
      return scalarSchema(shape.type, shape.typmod);
    case "literal":
      return { type: shape.type };
    case "object":
      return objectSchema(shape.fields, shape.rest);
    case "array":
      return arraySchema(shape);
    case "union":
      return anyOf(shape.options.map(schemaOfShape));
    default:
      throw new TypeError(`unknown shape: ${shape satisfies never}`);
  }
}

function objectSchema(fields: readonly JsonField[], rest: JsonItem | null): JsonSchema {
  const properties = Object.fromEntries(fields.map((field) => {
    const schema = jsonSchemaOf(field);
    const { description } = field;
    return [field.name, description === null ? schema : { ...schema, description }];
  }));
  const required = fields.filter(({ isRequired }) => isRequired).map(({ name }) => name);
  return {
    type: "object",
    ...(fields.length > 0 ? { properties } : {}),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: rest === null ? false : jsonSchemaOf(rest),
  };
}

function arraySchema({ items, tuple, isNested }: JsonShape & { kind: "array" }): JsonSchema {
  if (items === null) return { type: "array", maxItems: 0 };
  const item = jsonSchemaOf(items);
  if (tuple !== null) {
    // `items` holds for each position too: readers of an older JSON Schema do not know prefixItems.
    return {
      type: "array",
      prefixItems: tuple.map(jsonSchemaOf),
      items: item,
      minItems: tuple.length,
      maxItems: tuple.length,
    };
  }
  // The type of an array does not say its dimensions: an item can be an array again.
  return { type: "array", items: isNested ? withType(item, "array") : item };
}

/** A value of a base type, enum, domain or range, as `to_json` writes it. */
function scalarSchema(type: PgType, typmod: number): JsonSchema {
  const schema = plainSchema(type, typmod);
  const comment = commentOf(type);
  return comment === null ? schema : { description: comment, ...schema };
}

function plainSchema(type: PgType, typmod: number): JsonSchema {
  switch (type.kind) {
    case "base":
      return baseSchema(type.base, typmod);
    case "enum":
      return { type: "string", enum: type.labels };
    case "domain":
      return withConstraints(
        plainSchema(type.base, type.typmod),
        advertised(domainConstraints(type.checks.filter(isValid)), "output"),
      );
    default:
      // Ranges and the rest are written as their text.
      return { type: "string" };
  }
}

/** NaN and the infinities are written as text. */
const specialNumber = "^(NaN|-?Infinity)$";

/** As a column answers it, but for what JSON inside of PostgreSQL writes otherwise. */
function baseSchema(base: string, typmod: number): JsonSchema {
  switch (base) {
    case "float4":
    case "float8":
    case "numeric":
      return { type: ["number", "string"], pattern: specialNumber };
    case "bytea":
      return { type: "string", pattern: "^\\\\x([0-9a-f]{2})*$" };
    case "oid":
    case "json":
    case "jsonb":
      return { type: "string" };
    default:
      return columnSchema(base, "output", typmod, null);
  }
}

/**
 * A domain over a number that may come as text keeps no pattern of its own beside that of the special
 * numbers.
 */
function withConstraints(
  schema: JsonSchema,
  { pattern, enum: values, ...bounds }: DomainConstraints,
): JsonSchema {
  const isNumber = [schema.type].flat().includes("number");
  return {
    ...schema,
    ...bounds,
    ...(pattern === undefined || isNumber ? {} : { pattern }),
    ...(values === undefined || isNumber ? {} : { enum: values }),
  };
}

function anyOf(schemas: readonly JsonSchema[]): JsonSchema {
  const [only] = schemas;
  if (only === undefined) return { type: "null" };
  return schemas.length === 1 ? only : { anyOf: schemas };
}

const orNull = (schema: JsonSchema): JsonSchema => withType(schema, "null");

/** The schema, or a value of the type. */
function withType(schema: JsonSchema, type: "null" | "array"): JsonSchema {
  if (Array.isArray(schema.anyOf)) {
    const options = schema.anyOf as JsonSchema[];
    return options.some((option) => option.type === type)
      ? schema
      : { ...schema, anyOf: [...options, { type }] };
  }
  if (schema.type === undefined) return schema;
  const types = [schema.type].flat();
  if (types.includes(type)) {
    return type === "array" && schema.items !== undefined ? { anyOf: [schema, { type }] } : schema;
  }
  if (schema.enum === undefined) return { ...schema, type: [...types, type] };
  if (type === "null") {
    return { ...schema, type: [...types, type], enum: [...schema.enum as unknown[], null] };
  }
  return { anyOf: [schema, { type }] };
}

function commentOf(type: PgType): string | null {
  return type.comment ?? (type.kind === "domain" ? commentOf(type.base) : null);
}
