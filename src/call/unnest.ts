/** The kind `:unnest`: many rows in one statement, which takes them as one array a column. */

import { nearestNumbers } from "../exact_number.ts";
import { SqlwrightError } from "../errors.ts";
import type { TypedParameter, TypedQuery } from "../describe/model.ts";
import { fromJsonOf } from "../postgres/types/codec.ts";
import { writeElements } from "../postgres/types/literal.ts";
import { elementOf, withoutDomains } from "../postgres/types/types.ts";
import type { UnnestKeys } from "../query/model.ts";
import { converted, isJson } from "../tool/arguments.ts";
import { given, type KindEntry } from "../tool/kind.ts";
import type { BoundArguments, JsonSchema } from "../tool/model.ts";
import { closedObject, schemaOf } from "../tool/schema.ts";
import { planEachCall } from "../tool/transaction.ts";
import { possibleOutcomes } from "./outcome_names.ts";
import type { BoundRows, WriteServices } from "./model.ts";
import { runWrite, writeArguments, writeOutput } from "./write.ts";

/** Rows of one call. */
const maximumRows = 10_000;

export const unnest: KindEntry<BoundRows, WriteServices> = {
  arguments(query, { tool, limits }) {
    const fields = query.parameters.filter(isArrayParameter);
    const write = writeArguments(limits);
    return {
      properties: { rows: rowsArgument(fields), ...write.properties },
      required: ["rows"],
      fields: new Set(fields.map(({ name }) => name)),
      reserved: ["rows", ...write.reserved],
      bind: (values, args, input) => ({
        ...write.bind(values, args, input),
        ...bindRows(
          tool,
          fields,
          values,
          args.rows as Record<string, unknown>[],
          query.parsed.unnest ?? null,
        ),
      }),
    };
  },
  output: (query) => writeOutput(query, query.parsed.unnest ? outcomeSchemas(query.parsed.unnest) : {}),
  check({ parsed: { header }, parameters }: TypedQuery, report) {
    if (parameters.some(isArrayParameter)) return;
    report(
      "unnest-array",
      header.kindPlace,
      "An :unnest file needs an array parameter",
      "Write unnest(:name::text[]) with the columns' types",
    );
  },
  run: (call) => runWrite(call, [planEachCall]),
};

function isArrayParameter({ type }: TypedParameter): boolean {
  return withoutDomains(type).kind === "array";
}

function rowsArgument(fields: readonly TypedParameter[]): JsonSchema {
  const properties = Object.fromEntries(fields.map(({ name, type, tag }) => {
    const schema = schemaOf(elementOf(type), {
      direction: "input",
      isNullable: tag?.optional ?? false,
      description: tag?.text ?? null,
      flow: tag?.flow ?? {},
    });
    return [name, tag?.default === undefined ? schema : { ...schema, default: nearestNumbers(tag.default) }];
  }));
  const required = fields.filter(({ tag }) => !tag?.optional && tag?.default === undefined).map(({ name }) =>
    name
  );
  return {
    description: "One object for each row",
    type: "array",
    maxItems: maximumRows,
    items: closedObject(properties, required),
  };
}

/**
 * The rows as one array a parameter. The literals are written here and not by the array's codec, so that a
 * fault names its row.
 */
function bindRows(
  tool: string,
  fields: readonly TypedParameter[],
  values: BoundArguments["values"],
  rows: readonly Record<string, unknown>[],
  keys: UnnestKeys | null,
): Pick<BoundRows, "values" | "elements" | "delimiters"> {
  const bound: ReturnType<typeof bindRows> = { values: { ...values }, elements: {}, delimiters: {} };
  for (const { name, type, tag } of fields) {
    const toElement = fromJsonOf(elementOf(type));
    const plain = withoutDomains(type);
    const fallback = tag?.default;
    const takesNull = isJson(elementOf(type)) && !tag?.optional && fallback === undefined;
    const elements = rows.map((row, index) => {
      const sent = given(row, name);
      const value = sent ?? fallback ?? null;
      if (value === null && !(takesNull && sent === null)) return null;
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
  if (keys !== null) refuseContradictions(tool, keys, bound.elements, rows.length);
  return bound;
}

/**
 * Two rows with one key and other values: an UPDATE would take one of them, whichever it meets first, and
 * drop the other. The same row twice is no contradiction, and neither is a key twice for a DELETE.
 */
function refuseContradictions(
  tool: string,
  { keys, does, returnAs, isNarrowed }: UnnestKeys,
  elements: BoundRows["elements"],
  count: number,
): void {
  const isUpdate = does.includes("update") && (does.length === 1 || returnAs !== undefined);
  if (!isUpdate || isNarrowed) return;
  const all = Object.values(elements);
  const parts = keys.map(({ parameter }) => elements[parameter] ?? []);
  const first = new Map<string, number>();
  for (let index = 0; index < count; index++) {
    const key = parts.map((values) => values[index] ?? null);
    // Null is equal to nothing.
    if (key.includes(null)) continue;
    const text = JSON.stringify(key);
    const other = first.get(text);
    if (other === undefined) first.set(text, index);
    else if (all.some((values) => values[index] !== values[other])) {
      const names = keys.map(({ parameter }) => parameter).join(", ");
      throw new SqlwrightError(
        "argument.invalid",
        `Cannot call ${tool}: rows[${other}] and rows[${index}] have the same ${names} and other values`,
        {
          details: { tool, rows: [other, index], key: keys.map(({ parameter }) => parameter) },
          hint: "Leave one of them out: a row is changed once in a call",
        },
      );
    }
  }
}

function outcomeSchemas(keys: UnnestKeys): Record<string, JsonSchema> {
  const names = possibleOutcomes(keys);
  const counts = Object.fromEntries(names.map((name) => [name, { type: "integer", minimum: 0 }]));
  return {
    outcomes: { description: "Rows of the call by what became of them", ...closedObject(counts) },
    row_outcomes: {
      description: "The same for each row, in the order of the call",
      type: "array",
      items: { type: "string", enum: names },
    },
  };
}
