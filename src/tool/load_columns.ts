/**
 * The columns of a `:copy` tool as records of JSON bring them: a value is held to the same schema as in the argument `rows`, and turned into
 * the same text. Numbers keep their digits: they are passed on as they are written.
 */

import type { JsonColumn } from "../load/json_rows.ts";
import { ValueFault } from "../load/json_rows.ts";
import { fromJsonOf, UnrepresentableError } from "../postgres/codec.ts";
import type { TypedColumn } from "../postgres/describe.ts";
import { type PgType, withoutDomains } from "../postgres/types.ts";
import { schemaOf } from "./schema.ts";
import { compileValidator, describeFault, type Fault } from "./validate.ts";

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
  const plain = withoutDomains(type);
  const hasExactElements = plain.kind === "array" && isBase(plain.element, "numeric");
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
      // Digits that a double does not hold are held to the schema's pattern for text; an exponent is a number too.
      check(isHeld || !/^-?\d+$/.test(raw) ? value : raw);
      return isExact || !isHeld ? raw : String(value);
    }
    const exact = hasExactElements && Array.isArray(value) ? JSON.parse(raw, keepDigits) : value;
    check(exact);
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

/** A reviver; engines that pass no source keep the number. */
function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === "number" ? context?.source ?? value : value;
}

function wellFormed(raw: string): string {
  if (!raw.isWellFormed()) throw new ValueFault("it holds a lone surrogate");
  return raw;
}
