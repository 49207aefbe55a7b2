/**
 * Between Postgres' text output and JSON, per type, exactly.
 *
 * Out: `toJson` writes JSON text straight from Postgres' text, because an answer is only passed on: decoding
 * a value to encode it again costs most of a wide answer's time and loses digits. In: `fromJson` writes the
 * literal that is bound. A value that the other side cannot hold is an {@link UnrepresentableError}; it never
 * becomes a wrong value.
 */

import { ExactNumber } from "../../exact_number.ts";
import {
  type ArrayPart,
  readArray,
  readMultirange,
  readRange,
  readRecord,
  writeArray,
  writeRange,
  writeRecord,
} from "./literal.ts";
import { type PgType, withoutDomains } from "./types.ts";

/**
 * A value that JSON, or the type on the other side, cannot hold. The caller adds the column's or argument's
 * name.
 */
export class UnrepresentableError extends RangeError {
  override readonly name = "UnrepresentableError";
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** A value that the type, as it was when its writer was made, does not have: a new label of an enum. */
export class ChangedTypeError extends Error {
  override readonly name = "ChangedTypeError";
}

/** How a column or parameter wants its values, from its `{flow}`: `{as: string}` or `{as: number}`. */
export type Representation = "string" | "number" | null;

/** Postgres' text to JSON text. Never called for null. */
export type ToJson = (text: string) => string;
/** A JSON value, already checked against the schema, to Postgres' text. Never called for null. */
export type FromJson = (value: unknown) => string;

export function toJsonOf(type: PgType, representation: Representation = null): ToJson {
  switch (type.kind) {
    case "base":
      return representation === "string" ? JSON.stringify : baseToJson(type.base, representation);
    case "domain":
      return toJsonOf(type.base, representation);
    case "enum":
      return enumToJson(type.labels, type.name);
    case "pseudo":
      return JSON.stringify;
    case "array": {
      const element = toJsonOf(type.element, representation);
      const nullable = (part: ArrayPart): string => {
        if (Array.isArray(part)) {
          throw new UnrepresentableError(
            "an array of several dimensions",
            "Cast it to jsonb with to_jsonb(…)",
          );
        }
        return part === null ? "null" : element(part);
      };
      return (text) => {
        // `[0:1]={…}`: a list of JSON begins where it begins.
        if (text.startsWith("[")) {
          throw new UnrepresentableError(
            "an array whose indexes do not begin at 1",
            "Cast it to jsonb with to_jsonb(…), which leaves them out, or to text, which keeps them",
          );
        }
        return `[${readArray(text, type.delimiter).map(nullable).join(",")}]`;
      };
    }
    case "composite": {
      const attributes = type.attributes.map((attribute) => ({
        key: `${JSON.stringify(attribute.name)}:`,
        toJson: toJsonOf(attribute.type),
      }));
      return (text) => {
        const fields = readRecord(text);
        if (fields.length !== attributes.length) {
          throw new ChangedTypeError(
            `a ${type.name} of ${fields.length} attributes, which had ${attributes.length}`,
          );
        }
        const written = attributes.map(({ key, toJson }, index) => {
          const field = fields[index] ?? null;
          return key + (field === null ? "null" : toJson(field));
        });
        return `{${written.join(",")}}`;
      };
    }
    case "range":
    case "multirange": {
      const bound = toJsonOf(type.subtype, representation);
      const write = ({ lower, upper, bounds }: ReturnType<typeof readRange>) =>
        `{"lower":${lower === null ? "null" : bound(lower)},"upper":${
          upper === null ? "null" : bound(upper)
        },"bounds":"${bounds}"}`;
      return type.kind === "range"
        ? (text) => write(readRange(text))
        : (text) => `[${readMultirange(text).map(write).join(",")}]`;
    }
    default:
      throw new TypeError(`unknown kind of type: ${type satisfies never}`);
  }
}

/**
 * Whether PostgreSQL's text of every value is JSON as it stands, as a number, or is once it stands in quotes
 * and nothing in it wants to be escaped. Null for what `toJsonOf` changes or may refuse.
 */
export function jsonFormOf(type: PgType, representation: Representation = null): "number" | "string" | null {
  const plain = withoutDomains(type);
  if (plain.kind === "pseudo") return "string";
  if (plain.kind !== "base") return null;
  const write = representation === "string" ? JSON.stringify : baseToJson(plain.base, representation);
  return write === asIs ? "number" : write === JSON.stringify ? "string" : null;
}

export function fromJsonOf(type: PgType): FromJson {
  switch (type.kind) {
    case "base":
      return baseFromJson(type.base);
    case "domain":
      return fromJsonOf(type.base);
    case "enum":
    case "pseudo":
      return plainText;
    case "array": {
      const element = fromJsonOf(type.element);
      return (value) =>
        writeArray((value as unknown[]).map((item) => item === null ? null : element(item)), type.delimiter);
    }
    case "composite": {
      const attributes = type.attributes.map((attribute) => ({
        name: attribute.name,
        fromJson: fromJsonOf(attribute.type),
      }));
      return (value) => {
        const object = value as Record<string, unknown>;
        return writeRecord(attributes.map(({ name, fromJson }) => {
          const field = Object.hasOwn(object, name) ? object[name] : null;
          return field === null || field === undefined ? null : fromJson(field);
        }));
      };
    }
    case "range":
    case "multirange": {
      const bound = fromJsonOf(type.subtype);
      const write = (value: unknown) => {
        const { lower = null, upper = null, bounds = "[)" } = value as {
          lower?: unknown;
          upper?: unknown;
          bounds?: string;
        };
        return writeRange({
          lower: lower === null ? null : bound(lower),
          upper: upper === null ? null : bound(upper),
          bounds,
        });
      };
      return type.kind === "range" ? write : (value) => `{${(value as unknown[]).map(write).join(",")}}`;
    }
    default:
      throw new TypeError(`unknown kind of type: ${type satisfies never}`);
  }
}

/**
 * True where JSON holds the value as a number or boolean, so that a `numeric` of `{as: number}` counts too.
 */
export function isNumeric(type: PgType): boolean {
  const plain = withoutDomains(type);
  return plain.kind === "base" &&
    ["int2", "int4", "int8", "float4", "float8", "numeric", "oid"].includes(plain.base);
}

/** Each label as JSON, made once. */
function enumToJson(labels: readonly string[], name: string): ToJson {
  const written = new Map(labels.map((label) => [label, JSON.stringify(label)]));
  return (text) => {
    const json = written.get(text);
    if (json !== undefined) return json;
    throw new ChangedTypeError(`the label "${text.slice(0, 80)}", which ${name} did not have`);
  };
}

const asIs: ToJson = (text) => text;

function baseToJson(base: string, representation: Representation): ToJson {
  switch (base) {
    case "bool":
      return (text) => text === "t" ? "true" : "false";
    case "int2":
    case "int4":
    case "oid":
      return asIs;
    case "int8":
      return bigintToJson;
    case "float4":
    case "float8":
      return numberToJson;
    case "numeric":
      return representation === "number" ? numberToJson : JSON.stringify;
    case "json":
    case "jsonb":
      return jsonToJson;
    case "timestamp":
    case "timestamptz":
      return timestampToJson;
    case "bytea":
      return byteaToJson;
    default:
      return JSON.stringify;
  }
}

function bigintToJson(text: string): string {
  if (text.length < 16 || Number.isSafeInteger(Number(text))) return text;
  throw new UnrepresentableError(
    `the bigint ${text} is beyond ±(2^53−1)`,
    "Declare the column with {as: string}",
  );
}

function numberToJson(text: string): string {
  const first = text.charCodeAt(text.startsWith("-") ? 1 : 0);
  if (first >= 48 && first <= 57) return text;
  throw new UnrepresentableError(`${text} is no JSON number`, "Declare the column with {as: string}");
}

const spaceOutsideStrings = /("(?:[^"\\]|\\.)*")|[ \t\r\n]+/g;

/**
 * Postgres writes spaces into json that agents would pay for, and a `json` value keeps its line ends, which a
 * line of the stdio transport must not have. Numbers keep their digits: the text is never parsed.
 */
const jsonToJson: ToJson = (text) => text.replace(spaceOutsideStrings, "$1");

/** `2024-05-01 12:00:00+00` to RFC 3339; infinity and years before Christ stay Postgres' text. */
function timestampToJson(text: string): string {
  if (text.charCodeAt(text.length - 1) > 57) return JSON.stringify(text);
  const iso = text.replace(" ", "T");
  return `"${iso.endsWith("+00") ? iso.slice(0, -3) + "Z" : iso}"`;
}

function byteaToJson(text: string): string {
  return JSON.stringify(Uint8Array.fromHex(text.slice(2)).toBase64());
}

function baseFromJson(base: string): FromJson {
  switch (base) {
    case "bool":
      return (value) => value === true ? "t" : "f";
    case "json":
    case "jsonb":
      return (value) => JSON.stringify(value);
    case "int2":
    case "int4":
    case "int8":
    case "oid":
      return (value) => value instanceof ExactNumber ? value.integerDigits : plainText(value);
    case "float4":
    case "float8":
      return floatText;
    case "bytea":
      return (value) => `\\x${Uint8Array.fromBase64(value as string).toHex()}`;
    default:
      return plainText;
  }
}

/** A double of 1e400 would be an infinity, which nobody has sent. */
function floatText(value: unknown): string {
  if (value instanceof ExactNumber && !Number.isFinite(value.nearest)) {
    throw new UnrepresentableError(
      `the number ${value.source.slice(0, 40)}, which is beyond double precision`,
      'Send one of at most 1.8e308, or the text "Infinity" where that is meant',
    );
  }
  return plainText(value);
}

/** Numbers and strings as they are; what the wire cannot carry is refused. */
function plainText(value: unknown): string {
  const text = String(value);
  if (text.includes("\0")) {
    throw new UnrepresentableError("a NUL character", "PostgreSQL text cannot hold U+0000; leave it out");
  }
  if (!text.isWellFormed()) {
    throw new UnrepresentableError("a lone surrogate", "Send well-formed Unicode text");
  }
  return text;
}
