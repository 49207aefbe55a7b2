/**
 * Typed query → tool: its schemas, annotations, ceilings and the statements that it runs, all made once. The catalogue of tools is
 * frozen and swapped whole.
 */

import type { TypedColumn, TypedQuery } from "../describe/model.ts";
import { mainStatement } from "../query/statements.ts";
import { hasOptionalFilter } from "../plan/optional_filter.ts";
import { createReport, type Diagnostic } from "../query/diagnostic.ts";
import { type Module, readKinds, type UnnestKeys } from "../query/model.ts";
import type {
  ArgumentBinding,
  Catalog,
  JsonSchema,
  ServerLimits,
  Tool,
  ToolAnnotations,
  ToolLimits,
} from "./model.ts";
import { bindingOf, reservedArguments, writeArguments } from "./arguments.ts";
import { filterArgument } from "../query/filter_argument.ts";
import { possibleOutcomes } from "./outcomes.ts";
import { pageKeys, pageStatements } from "./page.ts";
import { columnKeys, columnWriter } from "./result.ts";
import { jsonSchemaOf } from "./report_schema.ts";
import { closedObject, nullable, representationOf, schemaOf } from "./schema.ts";
import { compileValidator, describeFault, type Fault } from "./validate.ts";

const defaultPageSize = 50;

export function catalogOf(tools: readonly Tool[], modules: readonly Module[]): Catalog {
  const sorted = tools.toSorted((a, b) => a.name < b.name ? -1 : 1);
  return Object.freeze({ tools: new Map(sorted.map((tool) => [tool.name, Object.freeze(tool)])), modules });
}

/** Makes the tool, or reports why the header does not fit the types. */
export function toTool(query: TypedQuery, server: ServerLimits, diagnostics: Diagnostic[]): Tool | null {
  const { parsed } = query;
  const { header, kind } = parsed;
  const before = diagnostics.length;
  const limits: ToolLimits = {
    rows: Math.min(header.rows ?? server.rows, server.rows),
    bytes: Math.min(header.bytes ?? server.bytes, server.bytes),
    affected: Math.min(header.maxAffected ?? server.affected, server.affected),
    timeout_ms: Math.min(
      header.timeout_ms ?? (kind === "copy" ? server.loadTimeout_ms : server.timeout_ms),
      server.maximumTimeout_ms,
    ),
  };
  const order = kind === "view" ? header.order : header.page;
  const isPaged = order.length > 0;
  const binding = bindingOf(query, {
    tool: parsed.tool,
    page: isPaged ? { defaultSize: Math.min(defaultPageSize, limits.rows), maximumSize: limits.rows } : null,
    maxAffected: limits.affected,
  });
  checkHeader(query, binding, isPaged, diagnostics);
  if (diagnostics.length > before) return null;
  const names = query.columns.map(({ name }) => name);
  const keys = pageKeys(order, query.columns);
  const main = mainStatement(parsed);
  const title = header.title ?? titleOf(parsed.name);
  return {
    name: parsed.tool,
    title,
    description: describe(query),
    module: parsed.module,
    kind,
    inputSchema: binding.schema,
    outputSchema: outputSchemaOf(query, isPaged),
    annotations: annotationsOf(query, title),
    scopes: header.scopes,
    query,
    limits,
    binding,
    columns: {
      names,
      namesJson: JSON.stringify(names),
      keys: columnKeys(query.columns),
      writers: query.columns.map(columnWriter),
    },
    page: isPaged
      ? {
        keys,
        statements: kind === "view"
          ? null
          : pageStatements(main.text, names, keys, main.parameterNames.length),
      }
      : null,
    plansEachCall: hasOptionalFilter(main),
  };
}

function titleOf(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function describe({ parsed: { header } }: TypedQuery): string {
  const { deprecated } = header;
  const notice = deprecated === null
    ? ""
    : `Deprecated${deprecated.use ? `: use ${deprecated.use}` : ""}.\n\n`;
  return notice + header.description;
}

function annotationsOf({ parsed: { kind, header } }: TypedQuery, title: string): ToolAnnotations {
  const has = (name: string) => header.hints.some((hint) => hint.name === name);
  const isRead = readKinds.has(kind);
  return {
    title,
    readOnlyHint: isRead,
    destructiveHint: !isRead && (has("destructive") || !(has("additive") || kind === "copy")),
    idempotentHint: isRead || has("idempotent"),
    openWorldHint: has("open-world"),
  };
}

function outputSchemaOf(query: TypedQuery, isPaged: boolean): JsonSchema {
  const { kind, statements } = query.parsed;
  const count = (description: string): JsonSchema => ({ description, type: "integer", minimum: 0 });
  const cut: JsonSchema = {
    description: "Set when a ceiling cut rows off: what is missing and how to get it",
    type: "string",
  };
  const row = () =>
    closedObject(Object.fromEntries(query.columns.map((column) => [column.name, columnSchema(column)])));
  const rows = () => ({ type: "array", items: row() });
  switch (kind) {
    case "many":
    case "view":
      return closedObject({
        rows: rows(),
        ...(isPaged ? { next_cursor: { description: "Null at the end", type: ["string", "null"] } } : {}),
        truncated: cut,
      }, isPaged ? ["rows", "next_cursor"] : ["rows"]);
    case "one":
      return closedObject({ row: nullable(row()) });
    case "value":
    case "report": {
      // No row is null, unless there always is one.
      const column = query.columns[0]!;
      const isNullable = column.isNullable || !(query.alwaysAnswersOneRow ?? false);
      return closedObject({ [kind]: columnSchema(column, isNullable) });
    }
    case "exec":
    case "unnest": {
      const affected = count("Rows the statement changed");
      const returnsRows = statements[0]?.returnsRows ?? false;
      const isDryRun: JsonSchema = { description: "Set when nothing was kept", type: "boolean" };
      return closedObject(
        {
          affected,
          dry_run: isDryRun,
          ...(query.parsed.unnest ? outcomeSchemas(query.parsed.unnest) : {}),
          ...(returnsRows ? { rows: rows(), truncated: cut } : {}),
        },
        returnsRows ? ["affected", "rows"] : ["affected"],
      );
    }
    case "copy": {
      const hasMerge = statements.some(({ role }) => role === "merge");
      return loadSchema(hasMerge, count);
    }
    default:
      throw new TypeError(`unknown kind: ${kind satisfies never}`);
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

/** Counts of a load. Those of the table are left out where PostgreSQL does not count them, such as behind a view. */
function loadSchema(hasMerge: boolean, count: (description: string) => JsonSchema): JsonSchema {
  const text: JsonSchema = { type: ["string", "null"] };
  const reject = closedObject(
    { line: { type: "integer" }, column: text, value: text, reason: { type: "string" }, sqlstate: text },
  );
  return closedObject({
    copied: count("Rows read from the input"),
    inserted: count("Rows new in the table"),
    updated: count("Rows changed in the table"),
    deleted: count("Rows deleted from the table"),
    unchanged: count("Rows read that changed nothing there"),
    ...(hasMerge ? { affected: count("Rows inserted, updated or deleted by all statements") } : {}),
    rejected: count("Bad rows left out; always 0 unless mode is collect"),
    rejects: closedObject({
      count: count("As rejected"),
      resource: { description: "Where all of them can be read", ...text },
      first: { type: "array", items: reject },
    }),
    already_loaded: {
      description: "The idempotency key was loaded before: nothing was done now",
      type: "boolean",
    },
  }, ["copied", ...(hasMerge ? ["affected"] : []), "rejected"]);
}

function columnSchema(column: TypedColumn, isNullable = column.isNullable): JsonSchema {
  const description = column.tag?.text || column.comment;
  const flow = column.tag?.flow ?? {};
  // {as: string} answers the document as one text.
  if (column.shape !== undefined && representationOf(flow) === null) {
    const { as: _as, ...vocabulary } = flow;
    const schema = jsonSchemaOf({ shape: column.shape, isNullable });
    return { ...(description ? { description } : {}), ...schema, ...vocabulary };
  }
  return schemaOf(column.type, {
    direction: "output",
    isNullable,
    typmod: column.typmod,
    description,
    flow,
  });
}

/** What only types can tell about a header: shapes of report and value, defaults, reserved names, representations. */
function checkHeader(
  query: TypedQuery,
  binding: ArgumentBinding,
  isPaged: boolean,
  diagnostics: Diagnostic[],
): void {
  const { parsed, columns } = query;
  const { header, kind } = parsed;
  const report = createReport(parsed.path, diagnostics);
  if ((kind === "value" || kind === "report") && columns.length !== 1) {
    report(
      "kind-mismatch",
      header.kindPlace,
      `:${kind} answers one column, and this query has ${columns.length}`,
      kind === "value"
        ? "Use :one for a row of several columns"
        : "Build one document with json_build_object(…)",
    );
  }
  if (kind === "report" && columns.length === 1 && !isJson(columns[0]!)) {
    report(
      "kind-mismatch",
      header.kindPlace,
      `:report answers one json or jsonb column, and "${columns[0]!.name}" is ${columns[0]!.type.name}`,
      "Use :value, or build a document with json_build_object(…)",
    );
  }
  if ((kind === "many" || kind === "one") && columns.length === 0) {
    report(
      "kind-mismatch",
      header.kindPlace,
      `:${kind} answers rows, and this statement returns none`,
      "Use :exec for a statement without rows",
    );
  }
  if (kind === "view" && !isPaged) {
    report(
      "view-unordered",
      header.kindPlace,
      "A :view is paged by its order, and this file has no @order",
      "Write @order with columns that end in a unique one",
    );
  }
  const reserved = [
    ...(isPaged ? reservedArguments : []),
    ...(kind === "unnest" || kind === "copy" ? ["rows"] : []),
    ...(kind === "exec" || kind === "unnest" ? writeArguments : []),
    ...(kind === "copy" ? ["source", "options"] : []),
  ];
  for (const { name, place } of parsed.parameters) {
    if (reserved.includes(name)) {
      report(
        "param-reserved",
        place,
        `:${name} is an argument that the server adds to a ${isPaged ? "paged" : `:${kind}`} tool`,
        "Rename the parameter",
      );
    }
  }
  const seen = new Set<string>();
  for (const filter of header.filters) {
    const argument = filterArgument(filter);
    if (seen.has(argument) || reserved.includes(argument)) {
      report(
        "filter-duplicate",
        filter.place,
        `Another filter is already called "${argument}"`,
        "One = or in, one >= and one <= filter a column",
      );
    }
    seen.add(argument);
  }
  for (const { name, default: fallback, place } of header.params) {
    if (fallback === undefined) continue;
    const schema = (binding.schema.properties as Record<string, JsonSchema>)[name];
    const faults: Fault[] = [];
    if (schema) compileValidator(schema)(fallback, name, faults);
    for (const fault of faults) {
      report(
        "default-invalid",
        place,
        `The default of ${describeFault(fault)}`,
        "Correct the default or the parameter's {…}",
      );
    }
  }
  for (const column of columns) {
    const as = representationOf(column.tag?.flow ?? {});
    if (as === "number" && !column.type.name.startsWith("numeric")) {
      report(
        "column-representation",
        column.tag!.place,
        `{as: number} is for numeric columns, and "${column.name}" is ${column.type.name}`,
        null,
      );
    }
  }
}

function isJson({ type }: TypedColumn): boolean {
  return type.kind === "base" && (type.base === "json" || type.base === "jsonb");
}
