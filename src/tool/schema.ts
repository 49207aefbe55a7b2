/**
 * Postgres' types as JSON Schema 2020-12. Pure: what the catalogue knows, plus the `{flow}` of the header,
 * gives the schema that is advertised as it is.
 */

import type { Flow } from "../query/model.ts";
import type { Representation } from "../postgres/types/codec.ts";
import { type DomainConstraints, domainConstraints } from "../postgres/types/domain.ts";
import { type PgType, withoutDomains } from "../postgres/types/types.ts";
import type { JsonSchema } from "./model.ts";

export interface SchemaOptions {
  /** An answer is stricter than an argument: an argument may give a number as text. */
  direction: "input" | "output";
  isNullable: boolean;
  /** `atttypmod`, for lengths. @default -1, none */
  typmod?: number;
  /** Text for the agent; the type's own COMMENT where there is none. */
  description?: string | null;
  flow?: Flow;
}

/** JSON Schema of one value. */
export function schemaOf(type: PgType, options: SchemaOptions): JsonSchema {
  const { direction, isNullable, typmod = -1, flow = {} } = options;
  const { as: _as, ...vocabulary } = flow;
  const bare = { ...bareSchema(type, direction, typmod, representationOf(flow)), ...vocabulary };
  const schema = narrowBigint(bare, direction);
  const description = options.description || commentOf(type);
  const described = description ? { description, ...schema } : schema;
  return isNullable ? nullable(described) : described;
}

export function representationOf(flow: Flow): Representation {
  return flow.as === "string" || flow.as === "number" ? flow.as : null;
}

/** Adds null to a schema's type and enum. A schema without type already holds null. */
export function nullable(schema: JsonSchema): JsonSchema {
  if (schema.type === undefined) return schema;
  const types = [schema.type].flat();
  if (types.includes("null")) return schema;
  return {
    ...schema,
    type: [...types, "null"],
    ...(Array.isArray(schema.enum) ? { enum: [...schema.enum, null] } : {}),
  };
}

/** An object whose properties are all there and all known. */
export function closedObject(
  properties: Record<string, JsonSchema>,
  required = Object.keys(properties),
): JsonSchema {
  return {
    type: "object",
    properties,
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  };
}

/** A CHECK that is NOT VALID holds for what is written, not for what is there. */
export const isValid = (check: string): boolean => !check.endsWith(" NOT VALID");

const decimalPattern = "^-?(\\d+(\\.\\d+)?|NaN|Infinity)$";
const bigintPattern = "^-?\\d{1,19}$";
const safeBound = Number.MAX_SAFE_INTEGER;

function bareSchema(
  type: PgType,
  direction: "input" | "output",
  typmod: number,
  as: Representation,
): JsonSchema {
  switch (type.kind) {
    case "base":
      return as === "string" && direction === "output"
        ? { type: "string" }
        : baseSchema(type.base, direction, typmod, as);
    case "enum":
      return { type: "string", enum: type.labels };
    case "domain":
      return {
        ...bareSchema(type.base, direction, type.typmod, as),
        ...advertised(
          type.constraints ??
            domainConstraints(direction === "output" ? type.checks.filter(isValid) : type.checks),
          direction,
        ),
      };
    case "array": {
      const items = withIntegers(bareSchema(type.element, direction, typmod, as), type.element, direction);
      const mayBeNull = direction === "output" || !refusesNull(type.element);
      return { type: "array", items: mayBeNull ? nullable(items) : items };
    }
    case "composite":
      return closedObject(
        Object.fromEntries(type.attributes.map((attribute) => [
          attribute.name,
          // A table's NOT NULL does not hold for its row type: a whole row may come from the null side of a
          // join.
          schemaOf(attribute.type, {
            direction,
            isNullable: true,
            typmod: attribute.typmod,
            description: attribute.comment,
          }),
        ])),
        direction === "output" ? type.attributes.map(({ name }) => name) : [],
      );
    case "range":
      return rangeSchema(type.subtype, direction, as);
    case "multirange":
      return { type: "array", items: rangeSchema(type.subtype, direction, as) };
    case "pseudo":
      return { type: "string" };
    default:
      throw new TypeError(`unknown kind of type: ${type satisfies never}`);
  }
}

const inputFormats: Record<string, string> = {
  date: "date",
  timestamptz: "date-time",
  timestamp: "iso-date-time",
  timetz: "time",
  time: "iso-time",
  interval: "duration",
};

/** Lists of texts are often lists of keys, which models write as numbers. */
function withIntegers(schema: JsonSchema, type: PgType, direction: "input" | "output"): JsonSchema {
  const plain = withoutDomains(type);
  const isText = plain.kind === "base" && ["text", "varchar", "bpchar"].includes(plain.base);
  return direction === "input" && isText && schema.enum === undefined
    ? { ...schema, type: ["string", "integer"] }
    : schema;
}

function refusesNull(type: PgType): boolean {
  return type.kind === "domain" && (type.isNotNull || refusesNull(type.base));
}

/** JSON Schema of one of PostgreSQL's own types, by its internal name. */
export function baseSchema(
  base: string,
  direction: "input" | "output",
  typmod: number,
  as: Representation,
): JsonSchema {
  const length = typmod > 4 ? { maxLength: typmod - 4 } : {};
  switch (base) {
    case "bool":
      return { type: "boolean" };
    case "int2":
      return { type: "integer", minimum: -32_768, maximum: 32_767 };
    case "int4":
      return { type: "integer", minimum: -2_147_483_648, maximum: 2_147_483_647 };
    case "oid":
      return { type: "integer", minimum: 0, maximum: 4_294_967_295 };
    case "int8":
      return { type: "integer" };
    case "float4":
    case "float8":
      return { type: "number" };
    case "numeric":
      if (as === "number") return { type: "number" };
      return direction === "output"
        ? { type: "string", pattern: decimalPattern }
        : { type: ["number", "string"], pattern: decimalPattern };
    case "varchar":
    case "bpchar":
      return { type: "string", ...length };
    case "date":
    case "timestamptz":
    case "timestamp":
    case "timetz":
    case "time":
    case "interval":
      // Clients assert formats, and PostgreSQL's values leave them: infinity, years before Christ, 24:00.
      return direction === "output"
        ? { type: "string", title: base }
        : { type: "string", format: inputFormats[base] };
    case "uuid":
      return { type: "string", format: "uuid" };
    case "bytea":
      return { type: "string", contentEncoding: "base64" };
    case "json":
    case "jsonb":
      return {};
    default:
      return { type: "string" };
  }
}

/**
 * PostgreSQL's `\\d` takes digits of any script by the database's rules, a client's those of ASCII: no value
 * that is answered may be refused for it.
 */
export function advertised(
  { pattern, ...others }: DomainConstraints,
  direction: "input" | "output",
): DomainConstraints {
  const isKept = pattern !== undefined && (direction === "input" || !pattern.includes("\\d"));
  return isKept ? { ...others, pattern } : others;
}

function rangeSchema(subtype: PgType, direction: "input" | "output", as: Representation): JsonSchema {
  const bound = nullable(narrowBigint(bareSchema(subtype, direction, -1, as), direction));
  return closedObject(
    { lower: bound, upper: bound, bounds: { type: "string", enum: ["[)", "[]", "(]", "()", "empty"] } },
    direction === "output" ? ["lower", "upper", "bounds"] : [],
  );
}

/** A bigint argument that may lie beyond what a JSON number holds exactly may also come as decimal text. */
function narrowBigint(schema: JsonSchema, direction: "input" | "output"): JsonSchema {
  if (direction === "output" || schema.type !== "integer") return schema;
  const { minimum, maximum } = schema;
  const isBounded = typeof minimum === "number" && typeof maximum === "number" && minimum >= -safeBound &&
    maximum <= safeBound;
  return isBounded || schema.enum !== undefined
    ? schema
    : { ...schema, type: ["integer", "string"], pattern: bigintPattern };
}

function commentOf(type: PgType): string | null {
  return type.comment ?? (type.kind === "domain" ? commentOf(type.base) : null);
}
