/**
 * The columns of a `:copy` tool as records of JSON bring them: a value is held to the same schema as in the
 * argument `rows`, and turned into the same text. Numbers keep their digits: they are passed on as they are
 * written.
 */

import { type JsonColumn, ValueFault } from "./format/json_rows.ts";
import { fromJsonOf, UnrepresentableError } from "../postgres/types/codec.ts";
import type { TypedColumn } from "../describe/model.ts";
import { type PgType, withoutDomains } from "../postgres/types/types.ts";
import { schemaOf } from "../tool/schema.ts";
import { compileValidator, describeFault, type Fault } from "../tool/validate.ts";

export function jsonColumnsOf(columns: readonly TypedColumn[]): JsonColumn[] {
  return columns.map((column) => ({
    name: column.name,
    isNullable: column.isNullable,
    hasDefault: column.hasDefault,
    convert: converterOf(column),
  }));
}

const isBase = (type: PgType, ...names: string[]) => {
  const plain = withoutDomains(type);
  return plain.kind === "base" && names.includes(plain.base);
};

function converterOf({ type, typmod, tag }: TypedColumn): JsonColumn["convert"] {
  const validate = compileValidator(
    schemaOf(type, { direction: "input", isNullable: false, typmod, flow: tag?.flow ?? {} }),
  );
  const fromJson = fromJsonOf(type);
  const isJson = isBase(type, "json", "jsonb");
  const isExact = isBase(type, "numeric");
  const isBigint = isBase(type, "int8");
  const isFloat = isBase(type, "float4", "float8");
  const isNested = !["base", "enum", "pseudo"].includes(withoutDomains(type).kind);
  const exactOf = isNested ? nestedReader(type, exactLeaf) : null;
  const checkedOf = isNested ? nestedReader(type, checkedLeaf) : null;
  const check = (value: unknown) => {
    const faults: Fault[] = [];
    validate(value, "", faults);
    if (faults.length > 0) {
      throw new ValueFault(faults.map(describeFault).join(". ").replaceAll("The arguments", "it"));
    }
  };
  return (value, raw) => {
    if (typeof value === "number" && !isJson) {
      const isHeld = Number.isSafeInteger(value) || !(isBigint || isExact);
      // Digits that a double does not hold are held to the schema's pattern for text; an exponent is a number
      // too.
      check(isHeld || !/^-?\d+$/.test(raw) ? value : raw);
      // JSON writes -0.0 and 1e400 as PostgreSQL reads them; a double of 1e400 would be an infinity.
      return isExact || isFloat || !isHeld ? raw : String(value);
    }
    const twin = exactOf === null ? null : parseExactly(raw);
    check(checkedOf === null ? value : checkedOf(value, twin));
    const exact = exactOf === null ? value : exactOf(value, twin);
    if (isJson) return wellFormed(raw);
    try {
      return fromJson(exact);
    } catch (error) {
      if (error instanceof UnrepresentableError) throw new ValueFault(`it holds ${error.message}`);
      if (error instanceof SyntaxError) throw new ValueFault("it cannot be decoded");
      throw error;
    }
  };
}

/** A number that JSON.stringify writes with the digits that it came with. */
interface RawNumber {
  rawJSON: string;
}

/** The value again, its numbers with their digits. */
function parseExactly(raw: string): unknown {
  const { rawJSON } = JSON as typeof JSON & { rawJSON: (text: string) => RawNumber };
  return JSON.parse(
    raw,
    (_key, value: unknown, context?: { source?: string }) =>
      typeof value === "number" ? rawJSON(context?.source ?? String(value)) : value,
  );
}

/** Of a value that was parsed twice, plainly and exactly, one value. */
type Reader = (plain: unknown, exact: unknown) => unknown;

/** Of PostgreSQL's own types by name; null takes the plain value. */
type LeafReader = (base: string) => Reader | null;

const isBeyondDouble = (plain: unknown) => typeof plain === "number" && !Number.isSafeInteger(plain);

/** What is converted: every number with its digits. */
const exactLeaf: LeafReader = (base) => {
  switch (base) {
    case "json":
    case "jsonb":
      return (_plain, exact) => exact;
    case "int8":
      return (plain, exact) => isBeyondDouble(plain) ? digitsOf(exact) : plain;
    case "numeric":
    case "float4":
    case "float8":
      return (plain, exact) => typeof plain === "number" ? digitsOf(exact) : plain;
    default:
      return null;
  }
};

/** What is held to the schema: a bigint that a double does not hold is PostgreSQL's to judge. */
const checkedLeaf: LeafReader = (base) =>
  base !== "int8"
    ? null
    : (plain, exact) => isBeyondDouble(plain) && /^-?\d+$/.test(digitsOf(exact)) ? 0 : plain;

/** For what is inside of arrays, composites and ranges; null where the plain value is taken as it is. */
function nestedReader(type: PgType, leaf: LeafReader): Reader | null {
  const bare = withoutDomains(type);
  switch (bare.kind) {
    case "base":
      return leaf(bare.base);
    case "array": {
      const element = nestedReader(bare.element, leaf);
      return element && ((plain, exact) => mapped(plain, exact, element));
    }
    case "multirange": {
      const bound = nestedReader(bare.subtype, leaf);
      return bound && ((plain, exact) => mapped(plain, exact, membersOf({ lower: bound, upper: bound })));
    }
    case "range": {
      const bound = nestedReader(bare.subtype, leaf);
      return bound && membersOf({ lower: bound, upper: bound });
    }
    case "composite": {
      const readers = bare.attributes.flatMap(({ name, type }) => {
        const reader = nestedReader(type, leaf);
        return reader === null ? [] : [[name, reader] as const];
      });
      return readers.length === 0 ? null : membersOf(Object.fromEntries(readers));
    }
    default:
      return null;
  }
}

const digitsOf = (exact: unknown) => (exact as RawNumber).rawJSON;

function mapped(plain: unknown, exact: unknown, reader: Reader): unknown {
  if (!Array.isArray(plain)) return plain;
  return plain.map((item, index) => reader(item, (exact as unknown[])[index]));
}

/** What is not of these members stays as it is. */
function membersOf(readers: Record<string, Reader>): Reader {
  return (plain, exact) => {
    if (typeof plain !== "object" || plain === null || Array.isArray(plain)) return plain;
    return Object.fromEntries(
      Object.entries(plain).map(([name, value]) => [
        name,
        Object.hasOwn(readers, name)
          ? readers[name]!(value, (exact as Record<string, unknown>)[name])
          : value,
      ]),
    );
  };
}

function wellFormed(raw: string): string {
  if (!raw.isWellFormed()) throw new ValueFault("it holds a lone surrogate");
  return raw;
}
