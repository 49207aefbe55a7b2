/**
 * A tool's arguments: the schema that is advertised, and the binding that checks a call against that same schema and turns JSON
 * into the text that Postgres gets for each parameter. Unknown arguments are refused; nothing is coerced silently.
 */

import { type FromJson, fromJsonOf, UnrepresentableError } from "../postgres/types/codec.ts";
import type { TypedColumn, TypedParameter, TypedQuery } from "../describe/model.ts";
import type { LoadOptions } from "../load/format/options.ts";
import { type PgType, withoutDomains } from "../postgres/types/types.ts";
import { SqlwrightError } from "../errors.ts";
import type { FilterTag } from "../query/model.ts";
import type { ArgumentBinding, BoundArguments, BoundLoad, JsonSchema, LoadInput } from "./model.ts";
import { optionFaults, optionsSchema } from "../load/argument.ts";
import { closedObject, nullable, schemaOf } from "./schema.ts";
import { compileValidator, describeFault, type Fault, shorten } from "./validate.ts";
import { filterArgument } from "../query/filter_argument.ts";

export interface BindingOptions {
  tool: string;
  /** Null for tools without pages. */
  page: { defaultSize: number; maximumSize: number } | null;
  /** The ceiling of rows that a call may change. */
  maxAffected: number;
}

/** Names that the server gives to its own arguments. */
export const reservedArguments = ["cursor", "page_size"];
/** The same of `:exec` and `:unnest`. */
export const writeArguments = ["dry_run", "max_affected"];

/** Rows of one call of an `:unnest` tool. */
const maximumRows = 10_000;

export function bindingOf(query: TypedQuery, options: BindingOptions): ArgumentBinding {
  const fields = query.parsed.kind === "unnest" ? query.parameters.filter(isArrayParameter) : [];
  // In the header's order, which is the author's, not in that of the SQL.
  const declared = query.parsed.header.params.map(({ name }) => name);
  const scalars = query.parameters
    .filter((parameter) => !fields.includes(parameter))
    .toSorted((a, b) => declared.indexOf(a.name) - declared.indexOf(b.name))
    .map(scalarSlot);
  const filters = query.parsed.header.filters.map((filter) => filterSlot(filter, query.columns));
  const rows = fields.length > 0
    ? unnestRows(fields)
    : query.parsed.kind === "copy"
    ? copyRows(query.columns)
    : null;

  const properties: Record<string, JsonSchema> = {};
  for (const slot of [...scalars, ...filters]) properties[slot.argument] = slot.schema;
  if (rows) properties.rows = rows.schema;
  if (query.parsed.kind === "copy") {
    properties.source = sourceSchema(query);
    properties.options = optionsSchema();
  }
  const isWrite = query.parsed.kind === "exec" || query.parsed.kind === "unnest";
  if (isWrite) Object.assign(properties, writeSchema(options.maxAffected));
  if (options.page) Object.assign(properties, pageSchema(options.page));
  const required = scalars.filter(({ isRequired }) => isRequired).map(({ argument }) => argument);
  if (fields.length > 0) required.push("rows");
  const schema = closedObject(properties, required);
  const validate = compileValidator(schema);

  const bind = (args: Record<string, unknown>, input?: LoadInput): BoundArguments => {
    const faults: Fault[] = [];
    validate(args, "", faults);
    if (faults.length > 0) throw argumentError(options.tool, faults);
    const given = (name: string) => Object.hasOwn(args, name) ? args[name] : undefined;
    const values: Record<string, string | null> = {};
    for (const { argument, fallback, fromJson } of scalars) {
      const value = given(argument) ?? fallback;
      values[argument] = value === undefined || value === null
        ? null
        : converted(options.tool, argument, fromJson, value);
    }
    const bound: BoundArguments = { values, page: null, filters: [], load: null };
    for (const { argument, filter, fromJson } of filters) {
      const value = given(argument);
      if (value !== undefined && value !== null) {
        bound.filters.push({ filter, value: converted(options.tool, argument, fromJson, value) });
      }
    }
    if (fields.length > 0) {
      bindElements(bound, options.tool, fields, args.rows as Record<string, unknown>[]);
    }
    if (isWrite) {
      bound.write = {
        isDryRun: (given("dry_run") ?? false) as boolean,
        maxAffected: (given("max_affected") ?? null) as number | null,
      };
    }
    if (query.parsed.kind === "copy") {
      bound.load = loadOf(options.tool, query.columns, {
        rows: given("rows"),
        source: given("source"),
        input,
        options: (given("options") ?? {}) as LoadOptions,
      });
    }
    if (options.page) {
      bound.page = {
        cursor: (given("cursor") ?? null) as string | null,
        size: (given("page_size") ?? options.page.defaultSize) as number,
      };
    }
    return bound;
  };
  return { schema, bind };
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

interface Slot {
  argument: string;
  schema: JsonSchema;
  fromJson: FromJson;
}

function scalarSlot({ name, type, tag }: TypedParameter): Slot & { isRequired: boolean; fallback: unknown } {
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

export function isArrayParameter({ type }: TypedParameter): boolean {
  return withoutDomains(type).kind === "array";
}

export function elementOf(type: PgType): PgType {
  const plain = withoutDomains(type);
  if (plain.kind !== "array") throw new TypeError(`${type.name} is no array`);
  return plain.element;
}

function filterSlot(filter: FilterTag, columns: readonly TypedColumn[]): Slot & { filter: FilterTag } {
  const column = columns.find(({ name }) => name === filter.column)!;
  const base = {
    direction: "input" as const,
    isNullable: false,
    typmod: column.typmod,
    flow: column.tag?.flow ?? {},
  };
  const description = filter.text || column.tag?.text || column.comment;
  const argument = filterArgument(filter);
  const optional = (schema: JsonSchema) => nullable(description ? { description, ...schema } : schema);
  const element = fromJsonOf(column.type);
  switch (filter.operator) {
    case "in": {
      const { description: _own, ...items } = schemaOf(column.type, base);
      const array: PgType = {
        kind: "array",
        oid: 0,
        schema: "",
        name: "",
        comment: null,
        element: column.type,
        delimiter: ",",
      };
      return {
        argument,
        filter,
        schema: optional({ type: "array", items, minItems: 1, maxItems: 1000 }),
        fromJson: fromJsonOf(array),
      };
    }
    case "~":
      return { argument, filter, schema: optional({ type: "string" }), fromJson: (value) => String(value) };
    default: {
      const { description: _own, ...schema } = schemaOf(column.type, base);
      return { argument, filter, schema: optional(schema), fromJson: element };
    }
  }
}

function unnestRows(fields: readonly TypedParameter[]): { schema: JsonSchema } {
  const properties = Object.fromEntries(fields.map(({ name, type, tag }) => {
    const schema = schemaOf(elementOf(type), {
      direction: "input",
      isNullable: tag?.optional ?? false,
      description: tag?.text ?? null,
      flow: tag?.flow ?? {},
    });
    return [name, tag?.default === undefined ? schema : { ...schema, default: tag.default }];
  }));
  const required = fields.filter(({ tag }) => !tag?.optional && tag?.default === undefined).map(({ name }) =>
    name
  );
  return {
    schema: {
      description: "One object for each row",
      type: "array",
      maxItems: maximumRows,
      items: closedObject(properties, required),
    },
  };
}

function bindElements(
  bound: BoundArguments,
  tool: string,
  fields: readonly TypedParameter[],
  rows: readonly Record<string, unknown>[],
): void {
  bound.elements = {};
  bound.delimiters = {};
  for (const { name, type, tag } of fields) {
    const toElement = fromJsonOf(elementOf(type));
    const plain = withoutDomains(type);
    const fallback = tag?.default;
    // The array literal is written here and not by the array's codec, so that a fault names its row.
    const elements = rows.map((row, index) => {
      const value = (Object.hasOwn(row, name) ? row[name] : undefined) ?? fallback ?? null;
      if (value === null) return null;
      try {
        return toElement(value);
      } catch {
        // Only a fault is worth the path of its place.
        return converted(tool, `rows[${index}].${name}`, toElement, value);
      }
    });
    const delimiter = plain.kind === "array" ? plain.delimiter : ",";
    bound.elements[name] = elements;
    bound.delimiters[name] = delimiter;
    bound.values[name] = writeElements(elements, delimiter);
  }
}

const special = /[\\",{}\s;:]/;
const mustQuote = (element: string) =>
  special.test(element) || element === "" || (element.length === 4 && element.toLowerCase() === "null");

/** An array literal. */
export function writeElements(elements: readonly (string | null)[], delimiter: string): string {
  let literal = "";
  for (let index = 0; index < elements.length; index++) {
    const element = elements[index]!;
    if (index > 0) literal += delimiter;
    if (element === null) literal += "NULL";
    else literal += mustQuote(element) ? `"${element.replace(/["\\]/g, "\\$&")}"` : element;
  }
  return `{${literal}}`;
}

function copyRows(columns: readonly TypedColumn[]): { schema: JsonSchema } {
  const properties = Object.fromEntries(columns.map((column) => [
    column.name,
    schemaOf(column.type, {
      direction: "input",
      isNullable: column.isNullable,
      typmod: column.typmod,
      description: column.tag?.text || column.comment,
      flow: column.tag?.flow ?? {},
    }),
  ]));
  const required = columns.filter(({ isNullable, hasDefault }) => !isNullable && !hasDefault).map((
    { name },
  ) => name);
  return {
    schema: {
      description: "The rows to load; give either rows or source",
      type: "array",
      minItems: 1,
      items: closedObject(properties, required),
    },
  };
}

function sourceSchema({ parsed }: TypedQuery): JsonSchema {
  const { format = "text", delimiter } = parsed.copy?.options ?? {};
  const own = String(format) +
    (delimiter === undefined ? "" : `, delimiter ${JSON.stringify(String(delimiter))}`);
  return {
    description:
      `Instead of rows: a file below the source folder, https://…, upload:<handle> or resource:<uri>; CSV, TSV, NDJSON or a JSON array, else ${own}; gzip or zip`,
    type: "string",
    minLength: 1,
    maxLength: 2048,
  };
}

interface GivenLoad {
  rows: unknown;
  source: unknown;
  input: LoadInput | undefined;
  options: LoadOptions;
}

function loadOf(
  tool: string,
  columns: readonly TypedColumn[],
  { rows, source, input, options }: GivenLoad,
): BoundLoad {
  const names = columns.map(({ name }) => name);
  const faults = optionFaults(options, names, typeof source === "string");
  if (faults.length > 0) throw argumentError(tool, faults);
  if (input !== undefined && rows === undefined && source === undefined) {
    return { input: checkedInput(tool, names, input), options };
  }
  if ((rows === undefined) === (source === undefined)) {
    throw argumentFault(
      tool,
      "rows",
      rows === undefined ? 'or "source" is required' : 'and "source" exclude each other: give one of them',
    );
  }
  if (typeof source === "string") return { source, options };
  return { ...rowsOf(tool, columns, rows), options };
}

function rowsOf(
  tool: string,
  columns: readonly TypedColumn[],
  rows: unknown,
): { columns: string[]; rows: (string | null)[][] } {
  const objects = rows as Record<string, unknown>[];
  // COPY fills a column's default only when no row brings the column.
  const present = columns.filter(({ name }) => objects.some((row) => Object.hasOwn(row, name)));
  if (present.length === 0) throw argumentFault(tool, "rows", "must bring at least one column");
  const converters = present.map(({ name, type, isNullable }) => ({
    name,
    isNullable,
    fromJson: fromJsonOf(type),
  }));
  return {
    columns: present.map(({ name }) => name),
    rows: objects.map((row, index) =>
      converters.map(({ name, isNullable, fromJson }) => {
        const value = Object.hasOwn(row, name) ? row[name] : null;
        if (value !== null) return converted(tool, `rows[${index}].${name}`, fromJson, value);
        if (isNullable) return null;
        throw argumentFault(
          tool,
          `rows[${index}].${name}`,
          "is missing, and other rows bring it: give it in every row or in none",
        );
      })
    ),
  };
}

/** A program's input brings columns that the COPY has, each once. */
function checkedInput(tool: string, names: readonly string[], input: LoadInput): LoadInput {
  const wrong = input.columns.find((name, index) =>
    !names.includes(name) || input.columns.indexOf(name) < index
  );
  if (wrong === undefined && input.columns.length > 0) return input;
  throw argumentFault(
    tool,
    "input.columns",
    `must be columns of ${names.join(", ")}, each at most once`,
    wrong === undefined ? "none" : shorten(wrong),
  );
}

function writeSchema(maxAffected: number): Record<string, JsonSchema> {
  return {
    dry_run: {
      description: "Do it, answer what was done, and undo it",
      type: "boolean",
      default: false,
    },
    max_affected: {
      description: "Undo it when more rows than this are changed",
      type: ["integer", "null"],
      minimum: 0,
      maximum: maxAffected,
    },
  };
}

function pageSchema(
  { defaultSize, maximumSize }: { defaultSize: number; maximumSize: number },
): Record<string, JsonSchema> {
  return {
    cursor: {
      description: "next_cursor of the page before; absent for the first page",
      type: ["string", "null"],
      maxLength: 8192,
    },
    page_size: {
      description: "Rows a page",
      type: "integer",
      minimum: 1,
      maximum: maximumSize,
      default: defaultSize,
    },
  };
}

function converted(tool: string, path: string, fromJson: FromJson, value: unknown): string {
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
