/**
 * A tool's arguments: the schema that is advertised, and the binding that checks a call against that same
 * schema and turns JSON into the text that Postgres gets for each parameter. Unknown arguments are refused;
 * nothing is coerced silently.
 */

import type { TypedParameter, TypedQuery } from "../describe/model.ts";
import { SqlwrightError } from "../errors.ts";
import { ExactNumber, nearestNumbers } from "../exact_number.ts";
import { type FromJson, fromJsonOf, UnrepresentableError } from "../postgres/types/codec.ts";
import { type PgType, withoutDomains } from "../postgres/types/types.ts";
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
  const ownNames = Object.keys(own.properties);
  const defaulted = Object.entries(schema.properties as Record<string, JsonSchema>)
    .filter(([, property]) => property.default !== undefined).map(([name]) => name);
  /** Models write null for what they leave out; where there is a default, it is meant. */
  const withoutNulls = (args: Record<string, unknown>) => {
    if (!defaulted.some((name) => args[name] === null)) return args;
    return Object.fromEntries(
      Object.entries(args).filter(([name, value]) => value !== null || !defaulted.includes(name)),
    );
  };
  /** Such as a page_size of `50.0`: what the kind counts with is a number of JavaScript. */
  const withOwnNumbers = (args: Record<string, unknown>) => {
    const exact = ownNames.filter((name) => args[name] instanceof ExactNumber);
    return exact.length === 0
      ? args
      : { ...args, ...Object.fromEntries(exact.map((name) => [name, nearestNumbers(args[name])])) };
  };
  return {
    schema,
    bind: (sentArgs, input) => {
      const args = withoutNulls(sentArgs);
      const faults: Fault[] = [];
      validate(args, "", faults);
      if (faults.length > 0) throw argumentError(tool, faults);
      const values: BoundArguments["values"] = {};
      for (const { argument, fallback, fromJson, takesNull } of scalars) {
        const sent = given(args, argument);
        const value = sent ?? fallback ?? null;
        // Null is a value of JSON; where it may be left out as well, it means that it was.
        values[argument] = value === null && !(takesNull && sent === null)
          ? null
          : converted(tool, argument, fromJson, value);
      }
      return own.bind(values, withOwnNumbers(args), input);
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
): ArgumentSlot & { isRequired: boolean; fallback: unknown; takesNull: boolean } {
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
    schema: fallback === undefined ? schema : { ...schema, default: nearestNumbers(fallback) },
    fromJson: fromJsonOf(type),
    takesNull: isJson(type) && !isOptional && fallback === undefined,
    isRequired: !isOptional && fallback === undefined,
    fallback,
  };
}

/** json or jsonb, also behind a domain. */
export function isJson(type: PgType): boolean {
  const plain = withoutDomains(type);
  return plain.kind === "base" && (plain.base === "json" || plain.base === "jsonb");
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
