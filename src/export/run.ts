/**
 * The whole result of a read tool as a file: its statement without the ceilings of rows, bytes and pages,
 * under its role, bounded in time and in the bytes that are written.
 */

import { SqlwrightError } from "../errors.ts";
import { streamRows } from "./format/stream.ts";
import { type ByteSink } from "./format/model.ts";
import { type ExportFormat, makeWriter } from "./format/format.ts";
import { bytesText, rowsText } from "../load/copy/progress.ts";
import { isQueryCanceled } from "../postgres/database_error.ts";
import { mainStatement } from "../query/statements.ts";
import { quoteIdentifier } from "../postgres/identifiers.ts";
import type { ConnectionSource } from "../postgres/pool.ts";
import { documentKinds, readKinds } from "../query/model.ts";
import { argumentFault } from "../tool/arguments.ts";
import { authorize, type Caller } from "../tool/caller.ts";
import type { CallContext, Catalog, Tool } from "../tool/model.ts";
import { pageOf } from "../call/page.ts";

export interface ExportLimits {
  timeout_ms: number;
  /** Of what is written. */
  bytes: number;
}

/** A checked request: the tool as it is now, and its statement with values. */
export interface PreparedExport {
  tool: Tool;
  format: ExportFormat;
  text: string;
  parameters: (string | null)[];
}

export interface Exported {
  rows: number;
  bytes: number;
}

export interface ExportRequest {
  tool: string;
  args: Record<string, unknown>;
  format: ExportFormat;
  /** Who asked, for the log of a download. @default nobody known */
  subject?: string | null;
}

/** @throws {SqlwrightError} `tool.unknown`, `auth.scope_missing`, `argument.*`, `export.refused` */
export function prepareExport(
  catalog: Catalog,
  { tool: name, args, format }: ExportRequest,
  caller: Caller,
): PreparedExport {
  const tool = catalog.tools.get(name);
  if (tool === undefined) {
    throw new SqlwrightError("tool.unknown", `There is no tool "${name.slice(0, 80)}"`, {
      details: { tool: name.slice(0, 80) },
      hint: "tools/list names every tool",
    });
  }
  authorize(caller, tool);
  const { kind } = tool;
  const refuse = (why: string, hint: string) =>
    new SqlwrightError("export.refused", `Cannot export ${name}: ${why}`, {
      details: { tool: name, kind },
      hint,
    });
  if (!readKinds.has(kind)) {
    throw refuse(`it is a tool that writes (:${kind})`, "Export the result of a tool that reads");
  }
  if (documentKinds.has(kind) && format !== "ndjson") {
    throw refuse(`a report is one document and has no rows for ${format}`, "Export it as ndjson");
  }
  for (const argument of tool.page === null ? [] : ["cursor", "page_size"]) {
    if (Object.hasOwn(args, argument)) {
      throw argumentFault(name, argument, "is of no use in an export, which has all pages");
    }
  }
  const bound = tool.binding.bind(args);
  const page = pageOf(bound);
  // In the order of the pages; a limit of null is none.
  if (page !== null) {
    return { tool, format, text: page.statements.first, parameters: [...page.parameters, null] };
  }
  const { text, parameterNames } = mainStatement(tool.query.parsed);
  const parameters = parameterNames.map((parameter) => bound.values[parameter] ?? null);
  return { tool, format, text, parameters };
}

/**
 * Streams the export into the sink, which may take its time.
 * @throws {SqlwrightError} `export.too_large`, `call.timeout`, `call.cancelled`, and what the statement fails
 * with
 */
export async function runExport(
  pool: ConnectionSource,
  { tool, format, text, parameters }: PreparedExport,
  sink: ByteSink,
  limits: ExportLimits,
  { signal, progress }: Pick<CallContext, "signal" | "progress">,
): Promise<Exported> {
  const exported: Exported = { rows: 0, bytes: 0 };
  const counted: ByteSink = (bytes) => {
    exported.bytes += bytes.length;
    if (exported.bytes > limits.bytes) throw tooLarge(tool, limits);
    return sink(bytes);
  };
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(tooSlow(tool, limits)), limits.timeout_ms);
  const both = AbortSignal.any([signal, timeout.signal]);
  try {
    const columns = {
      columns: tool.query.columns,
      writers: tool.columns.writers,
      isDocument: documentKinds.has(tool.kind),
    };
    const writer = await makeWriter(format, columns, counted);
    await streamRows(
      { pool, begin: beginOf(tool, limits), text, parameters, signal: both, onColumns: tool.columns.hold },
      (row) => writer.write(row),
      async (rows) => {
        await writer.flush();
        exported.rows += rows;
        progress(exported.rows, null, `${rowsText(exported.rows)} rows · ${bytesText(exported.bytes)}`);
        // A sink that is always ready would never let a cancel through.
        both.throwIfAborted();
      },
    );
    await writer.end();
    return exported;
  } catch (error) {
    throw toExportError(error, both, tool, limits);
  } finally {
    clearTimeout(timer);
  }
}

function beginOf({ query }: Tool, { timeout_ms }: ExportLimits): string {
  const { role } = query.parsed.header;
  return [
    "begin read only",
    `set local statement_timeout = ${timeout_ms}`,
    ...(role === null ? [] : [`set local role ${quoteIdentifier(role)}`]),
  ].join("; ");
}

function toExportError(error: unknown, signal: AbortSignal, tool: Tool, limits: ExportLimits): unknown {
  if (signal.aborted && (error === signal.reason || isQueryCanceled(error))) {
    return signal.reason instanceof SqlwrightError
      ? signal.reason
      : new SqlwrightError("call.cancelled", `Cannot finish the export of ${tool.name}: it was cancelled`, {
        cause: error,
      });
  }
  return isQueryCanceled(error) ? tooSlow(tool, limits) : error;
}

function tooLarge(tool: Tool, { bytes }: ExportLimits): SqlwrightError {
  return new SqlwrightError(
    "export.too_large",
    `Cannot export ${tool.name}: the result is over the ceiling of ${bytes} bytes`,
    { details: { ceiling_bytes: bytes }, hint: "Ask for less, or raise SQLWRIGHT_EXPORT_BYTES" },
  );
}

function tooSlow(tool: Tool, { timeout_ms }: ExportLimits): SqlwrightError {
  return new SqlwrightError(
    "call.timeout",
    `Cannot finish the export of ${tool.name}: it took longer than ${timeout_ms} ms`,
    { details: { timeout_ms }, hint: "Ask for less, or raise SQLWRIGHT_EXPORT_TIMEOUT" },
  );
}
