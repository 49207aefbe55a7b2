/** The kind `:copy`: rows of the call, of a source or of a program, loaded by one COPY and merged. */

import type { TypedColumn } from "../describe/model.ts";
import { fromJsonOf } from "../postgres/types/codec.ts";
import type { CopyTarget } from "../query/model.ts";
import { countSchema } from "../tool/answer_schema.ts";
import { argumentError, argumentFault, converted } from "../tool/arguments.ts";
import { given, type KindEntry } from "../tool/kind.ts";
import type { JsonSchema, LoadInput } from "../tool/model.ts";
import { closedObject, schemaOf } from "../tool/schema.ts";
import { shorten } from "../tool/validate.ts";
import { optionFaults, optionsSchema } from "./argument.ts";
import type { LoadOptions } from "./format/options.ts";
import { type BoundCopy, type BoundLoad, type CopyServices } from "./model.ts";

export const copy: KindEntry<BoundCopy, CopyServices> = {
  arguments({ parsed, columns }, { tool }) {
    const properties = {
      rows: rowsArgument(columns),
      source: sourceArgument(parsed.copy!),
      options: optionsSchema(),
    };
    return {
      properties,
      required: [],
      reserved: Object.keys(properties),
      bind: (values, args, input) => ({
        values,
        load: loadOf(tool, columns, {
          rows: given(args, "rows"),
          source: given(args, "source"),
          input,
          options: (given(args, "options") ?? {}) as LoadOptions,
        }),
      }),
    };
  },
  output: ({ parsed: { statements } }) => outputOf(statements.some(({ role }) => role === "merge")),
  check: () => {},
  async run(call) {
    // A start from the lock is measured in modules: what loads is imported by the first call that loads.
    const { runLoad } = await import("./run.ts");
    // Rows that came with the call can be sent twice, a stream cannot.
    if (!("rows" in call.bound.load)) return await runLoad(call);
    const { withRetries } = await import("../tool/retry.ts");
    return await withRetries(call, () => runLoad(call));
  },
};

function rowsArgument(columns: readonly TypedColumn[]): JsonSchema {
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
    description: "The rows to load; give either rows or source",
    type: "array",
    minItems: 1,
    items: closedObject(properties, required),
  };
}

function sourceArgument({ options: { format = "text", delimiter } }: CopyTarget): JsonSchema {
  const own = String(format) +
    (delimiter === undefined ? "" : `, delimiter ${JSON.stringify(String(delimiter))}`);
  return {
    description:
      "Instead of rows: a file below the source folder, https://…, upload:<handle> or resource:<uri>; " +
      `CSV, TSV, NDJSON or a JSON array, else ${own}; gzip or zip`,
    type: "string",
    minLength: 1,
    maxLength: 2048,
  };
}

/**
 * Counts of a load. Those of the table are left out where PostgreSQL does not count them, such as for a view.
 */
function outputOf(hasMerge: boolean): JsonSchema {
  const text: JsonSchema = { type: ["string", "null"] };
  const reject = closedObject(
    { line: { type: "integer" }, column: text, value: text, reason: { type: "string" }, sqlstate: text },
  );
  return closedObject({
    copied: countSchema("Rows read from the input"),
    inserted: countSchema("Rows new in the table"),
    updated: countSchema("Rows changed in the table"),
    deleted: countSchema("Rows deleted from the table"),
    unchanged: countSchema("Rows read that changed nothing there"),
    ...(hasMerge ? { affected: countSchema("Rows inserted, updated or deleted by all statements") } : {}),
    rejected: countSchema("Bad rows left out; always 0 unless mode is collect"),
    rejects: closedObject({
      count: countSchema("As rejected"),
      resource: { description: "Where all of them can be read", ...text },
      first: { type: "array", items: reject },
    }),
    already_loaded: {
      description: "The idempotency key was loaded before: nothing was done now",
      type: "boolean",
    },
  }, ["copied", ...(hasMerge ? ["affected"] : []), "rejected"]);
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
