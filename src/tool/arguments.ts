/**
 * A tool's arguments: the schema that is advertised, and the binding that checks a call against that same
 * schema and turns JSON into the text that Postgres gets for each parameter. Unknown arguments are refused;
 * nothing is coerced silently.
 */

import type { TypedParameter, TypedQuery } from "../describe/model.ts";
import { SqlwrightError } from "../errors.ts";
import { type FromJson, fromJsonOf, UnrepresentableError } from "../postgres/types/codec.ts";
import { given, type KindArguments } from "./kind.ts";
import type { ArgumentBinding, BoundArguments, JsonSchema } from "./model.ts";
import { closedObject, schemaOf } from "./schema.ts";
import { compileValidator, describeFault, type Fault, shorten } from "./validate.ts";

/** The file's own parameters, and what its kind adds to them. */
export function bindingOf(query: TypedQuery, tool: string, own: KindArguments): ArgumentBinding {
  // In the header's order, which is the author's, not in that of the SQL.
  const declared = query.parsed.header.params.map(({ name }) => name);
  const scalars = query.parameters
    .filter(({ name }) => !own.fields?.has(name))
    .toSorted((a, b) => declared.indexOf(a.name) - declared.indexOf(b.name))
    .map(scalarSlot);
  const schema = closedObject(
    { ...Object.fromEntries(scalars.map((slot) => [slot.argument, slot.schema])), ...own.properties },
    [...scalars.filter(({ isRequired }) => isRequired).map(({ argument }) => argument), ...own.required],
  );
  const validate = compileValidator(schema);
  return {
    schema,
    bind: (args, input) => {
      const faults: Fault[] = [];
      validate(args, "", faults);
      if (faults.length > 0) throw argumentError(tool, faults);
      const values: BoundArguments["values"] = {};
      for (const { argument, fallback, fromJson } of scalars) {
        const value = given(args, argument) ?? fallback ?? null;
        values[argument] = value === null ? null : converted(tool, argument, fromJson, value);
      }
      return own.bind(values, args, input);
    },
  };
}

/** The error of wrong arguments: all faults in one, first the places, then what to do. */
export function argumentError(tool: string, faults: readonly Fault[]): SqlwrightError {
  const isUnknown = faults.every((fault) => fault.isUnknown);
  return new SqlwrightError(
    isUnknown ? "argument.unknown" : "argument.invalid",
    `Cannot call ${tool}: ${faults.map(describeFault).join(". ").replaceAll("?. ", "? ")}`,
    {
      details: { arguments: faults.map(({ path, problem, found }) => ({ path, problem, found })) },
      hint: "Correct the arguments and call again; the tool's input schema says what is allowed",
    },
  );
}

export function argumentFault(
  tool: string,
  path: string,
  problem: string,
  found: string | null = null,
): SqlwrightError {
  return argumentError(tool, [{ path, problem, found, isUnknown: false, near: null }]);
}

/** One argument: its schema, and what makes PostgreSQL's text of a value. */
export interface ArgumentSlot {
  argument: string;
  schema: JsonSchema;
  fromJson: FromJson;
}

function scalarSlot(
  { name, type, tag }: TypedParameter,
): ArgumentSlot & { isRequired: boolean; fallback: unknown } {
  const isOptional = tag?.optional ?? false;
  const fallback = tag?.default;
  const schema = schemaOf(type, {
    direction: "input",
    isNullable: isOptional,
    description: tag?.text ?? null,
    flow: tag?.flow ?? {},
  });
  return {
    argument: name,
    schema: fallback === undefined ? schema : { ...schema, default: fallback },
    fromJson: fromJsonOf(type),
    isRequired: !isOptional && fallback === undefined,
    fallback,
  };
}

/** @throws {SqlwrightError} `argument.invalid` with the path of what PostgreSQL cannot hold */
export function converted(tool: string, path: string, fromJson: FromJson, value: unknown): string {
  try {
    return fromJson(value);
  } catch (error) {
    if (error instanceof UnrepresentableError) {
      throw argumentFault(tool, path, `holds ${error.message}. ${error.hint}`);
    }
    if (error instanceof SyntaxError) throw argumentFault(tool, path, "cannot be decoded", shorten(value));
    throw error;
  }
}
