/** Typed query → tool: its schemas, annotations, ceilings and the statements that it runs, all made once. */

import type { TypedQuery } from "../describe/model.ts";
import { hasOptionalFilter } from "../plan/optional_filter.ts";
import { createReport, type Diagnostic, type Report } from "../query/diagnostic.ts";
import { filterArgument } from "../query/filter_argument.ts";
import { readKinds } from "../query/model.ts";
import { mainStatement } from "../query/statements.ts";
import { bindingOf } from "../tool/arguments.ts";
import type {
  ArgumentBinding,
  JsonSchema,
  ServerLimits,
  Tool,
  ToolAnnotations,
  ToolLimits,
} from "../tool/model.ts";
import { holdTypes } from "../tool/held_types.ts";
import { columnKeys, columnWriter } from "../tool/result.ts";
import { representationOf } from "../tool/schema.ts";
import { compileValidator, describeFault, type Fault } from "../tool/validate.ts";
import { pageKeys, pageStatements } from "./keyset.ts";
import { kindEntries } from "./kinds.ts";
import { viewStatements } from "./view.ts";

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
      header.timeout_ms ?? (parsed.copy === null ? server.timeout_ms : server.loadTimeout_ms),
      server.maximumTimeout_ms,
    ),
  };
  const entry = kindEntries[kind];
  const page = pageOf(query);
  const own = entry.arguments(query, { tool: parsed.tool, limits, page });
  const binding = bindingOf(query, parsed.tool, own);
  const report = createReport(parsed.path, diagnostics);
  entry.check(query, report);
  checkHeader(query, { binding, reserved: own.reserved, isPaged: page !== null }, report);
  if (diagnostics.length > before) return null;
  const names = query.columns.map(({ name }) => name);
  const title = header.title ?? titleOf(parsed.name);
  return {
    name: parsed.tool,
    title,
    description: describe(query),
    module: parsed.module,
    kind,
    inputSchema: binding.schema,
    outputSchema: entry.output(query, page !== null),
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
      hold: holdTypes(parsed.tool, query.columns, parsed.unnest !== null),
    },
    page,
    plansEachCall: hasOptionalFilter(mainStatement(parsed)),
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

function annotationsOf({ parsed: { kind, header, copy } }: TypedQuery, title: string): ToolAnnotations {
  const has = (name: string) => header.hints.some((hint) => hint.name === name);
  const isRead = readKinds.has(kind);
  return {
    title,
    readOnlyHint: isRead,
    destructiveHint: !isRead && (has("destructive") || !(has("additive") || copy !== null)),
    idempotentHint: isRead || has("idempotent"),
    openWorldHint: has("open-world"),
  };
}

/** How the tool pages; null where it does not. A view has its `@order`, another query its `@page`. */
function pageOf(query: TypedQuery): Tool["page"] {
  const { header, view } = query.parsed;
  const order = [...header.page, ...header.order];
  if (order.length === 0) return null;
  const keys = pageKeys(order, query.columns);
  if (view !== null) return { keys, statements: viewStatements(query, keys, []) };
  const { text, parameterNames } = mainStatement(query.parsed);
  const names = query.columns.map(({ name }) => name);
  return { keys, statements: pageStatements(text, names, keys, parameterNames.length) };
}

interface HeaderCheck {
  binding: ArgumentBinding;
  /** Names of the arguments that the kind adds. */
  reserved: readonly string[];
  isPaged: boolean;
}

/** What only types can say about a header of any kind: defaults, reserved names, representations. */
function checkHeader(
  { parsed, columns }: TypedQuery,
  { binding, reserved, isPaged }: HeaderCheck,
  report: Report,
): void {
  const { header, kind } = parsed;
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
  for (const { name, default: fallback, place, defaultPlace } of header.params) {
    if (fallback === undefined) continue;
    const schema = (binding.schema.properties as Record<string, JsonSchema>)[name];
    const faults: Fault[] = [];
    if (schema) compileValidator(schema)(fallback, name, faults);
    for (const fault of faults) {
      report(
        "default-invalid",
        defaultPlace ?? place,
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
