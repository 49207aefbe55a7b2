/**
 * A `:copy` call: temporary tables, the COPY itself and the merge, in one transaction, all rows or none. Rows come with the
 * call or from a file below the source folder; a file is streamed and never held.
 */

import { isAbsolute, join, sep } from "node:path";
import { SqlwrightError } from "../errors.ts";
import { quoteIdentifier } from "../postgres/describe_statement.ts";
import type { CallConnection, ConnectionSource } from "../postgres/pool.ts";
import type { Statement } from "../query/query.ts";
import type { BoundArguments } from "./arguments.ts";
import type { CallContext, Tool, ToolResult } from "./catalog.ts";
import { resultOf } from "./result.ts";

/** Which files a load may read. */
export type SourceAccess =
  /** Only files below this folder. */
  | { kind: "folder"; directory: string }
  /** Any file: a person at the command line names it. */
  | { kind: "any" };

const chunkBytes = 256 * 1024;
const progressEvery_ms = 250;

export function runLoad(
  pool: ConnectionSource,
  tool: Tool,
  bound: BoundArguments,
  context: CallContext,
  begin: string,
  sources: SourceAccess,
): Promise<ToolResult> {
  const { load } = bound;
  if (load === null) throw new TypeError(`${tool.name} is no :copy tool`);
  return pool.withConnection(context.signal, async (connection) => {
    // Opened before the transaction: a missing file costs the database nothing.
    const input = "source" in load ? await openSource(load.source, sources, context) : rowsInput(load);
    try {
      return await connection.transaction(
        begin,
        () => runStatements(connection, tool, bound, context, input),
      );
    } finally {
      input.close();
    }
  });
}

interface LoadInput {
  chunks: AsyncIterable<Uint8Array>;
  /** The columns that the input brings; null when it is in the COPY statement's own form. */
  columns: string[] | null;
  /** Line of the input that holds the first row. */
  firstLine: number;
  close: () => void;
}

async function runStatements(
  connection: CallConnection,
  tool: Tool,
  { values }: BoundArguments,
  { signal }: CallContext,
  input: LoadInput,
): Promise<ToolResult> {
  const { parsed } = tool.query;
  let copied = 0;
  let affected: number | null = null;
  for (const statement of parsed.statements) {
    if (statement.role === "copy") {
      const text = input.columns === null ? statement.text : copyText(tool, input.columns);
      copied = await connection.copyFrom(text, input.chunks, signal).catch((error) =>
        Promise.reject(toRowError(error, tool, input))
      );
    } else {
      const parameters = statement.parameterNames.map((name) => values[name] ?? null);
      const { count } = await connection.execute(statement.text, parameters, { signal, isPrepared: false });
      if (changesRows(statement)) affected = (affected ?? 0) + count;
    }
  }
  return resultOf({
    copied: String(copied),
    ...(parsed.statements.some(({ role }) => role === "merge") ? { affected: String(affected ?? 0) } : {}),
    rejected: "0",
  });
}

const changesRows = ({ role, nodeType }: Statement) =>
  role === "merge" && ["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"].includes(nodeType);

/** The COPY for rows that came with the call: the same table, the given columns, COPY's text format. */
function copyText(tool: Tool, columns: readonly string[]): string {
  const { schema, table } = tool.query.parsed.copy!;
  const relation = (schema === null ? "" : `${quoteIdentifier(schema)}.`) + quoteIdentifier(table);
  return `copy ${relation} (${columns.map(quoteIdentifier).join(", ")}) from stdin (format text)`;
}

function rowsInput({ columns, rows }: { columns: string[]; rows: (string | null)[][] }): LoadInput {
  return { chunks: textLines(rows), columns, firstLine: 1, close: () => {} };
}

async function* textLines(rows: readonly (string | null)[][]): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let lines = "";
  for (const row of rows) {
    lines += row.map((value) =>
      value === null ? "\\N" : value.replace(/[\\\t\n\r]/g, escapeCharacter)
    ).join("\t") + "\n";
    if (lines.length < chunkBytes) continue;
    yield encoder.encode(lines);
    lines = "";
  }
  if (lines !== "") yield encoder.encode(lines);
}

function escapeCharacter(character: string): string {
  switch (character) {
    case "\t":
      return "\\t";
    case "\n":
      return "\\n";
    case "\r":
      return "\\r";
    default:
      return "\\\\";
  }
}

async function openSource(
  source: string,
  access: SourceAccess,
  { progress, signal }: CallContext,
): Promise<LoadInput> {
  const path = access.kind === "any" ? source : await pathBelow(access.directory, source);
  let file: Deno.FsFile;
  let size: number;
  try {
    file = await Deno.open(path, { read: true });
    const info = await file.stat();
    if (!info.isFile) {
      file.close();
      throw unreadable(source, "it is no file");
    }
    size = info.size;
  } catch (error) {
    if (error instanceof SqlwrightError) throw error;
    throw unreadable(
      source,
      error instanceof Deno.errors.NotFound ? "there is no such file" : "it cannot be opened",
      error,
    );
  }
  async function* chunks(): AsyncGenerator<Uint8Array> {
    let done = 0;
    let told_ms = performance.now();
    for (;;) {
      signal.throwIfAborted();
      const chunk = new Uint8Array(chunkBytes);
      const length = await file.read(chunk);
      if (length === null) return;
      done += length;
      if (performance.now() - told_ms > progressEvery_ms) {
        told_ms = performance.now();
        progress(done, size, `${Math.floor(100 * done / Math.max(size, 1))} % of ${size} bytes sent`);
      }
      yield chunk.subarray(0, length);
    }
  }
  return { chunks: chunks(), columns: null, firstLine: 1, close: () => file.close() };
}

/** The real path of a file below a folder; links may not lead out of it. */
async function pathBelow(directory: string, source: string): Promise<string> {
  const refused = (why: string) =>
    new SqlwrightError("load.source_refused", `Cannot load "${source}": ${why}`, {
      details: { source },
      hint: "Name a file below the source folder (SQLWRIGHT_SOURCE_DIR), such as edgar/fact.csv",
    });
  if (source.includes("\0")) throw refused("the path holds a NUL character");
  if (isAbsolute(source) || /^[a-zA-Z]:|^\\\\/.test(source)) throw refused("the path is absolute");
  if (source.split(/[\\/]/).includes("..")) throw refused("the path leaves the source folder");
  const root = await Deno.realPath(directory).catch((error) =>
    Promise.reject(unreadable(source, "there is no source folder", error))
  );
  const path = await Deno.realPath(join(root, source)).catch((error) =>
    Promise.reject(
      unreadable(
        source,
        error instanceof Deno.errors.NotFound ? "there is no such file" : "it cannot be opened",
        error,
      ),
    )
  );
  if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) {
    throw refused("it links to a place outside of the source folder");
  }
  return path;
}

function unreadable(source: string, why: string, cause?: unknown): SqlwrightError {
  return new SqlwrightError("load.source_unreadable", `Cannot load "${source}": ${why}`, {
    details: { source },
    hint: "Check the path; files are read below the source folder (SQLWRIGHT_SOURCE_DIR)",
    cause,
  });
}

/** COPY's refusal of a row: the row, the column and the reason. Postgres names line and column in the error's context. */
function toRowError(error: unknown, tool: Tool, input: LoadInput): unknown {
  if (!(error instanceof SqlwrightError) || error.code !== "database.failed") return error;
  const { where, sqlstate } = error.details;
  const line = typeof where === "string" ? Number(/\bline (\d+)/.exec(where)?.[1] ?? 0) : 0;
  if (line === 0) return error;
  const column = typeof where === "string" ? /, column ([^:]+)(:|$)/.exec(where)?.[1] ?? null : null;
  const { header } = tool.query.parsed.copy!.options;
  const headerLines =
    input.columns === null && header !== undefined && header !== false && header !== "off" &&
      header !== "false"
      ? 1
      : 0;
  const row = line - input.firstLine + 1 - headerLines;
  const place = row < 1 ? "the header line" : `row ${row}${headerLines > 0 ? ` (line ${line})` : ""}`;
  return new SqlwrightError(
    "load.row_invalid",
    `Cannot load ${place}${column === null ? "" : `, column "${column}"`}: ${error.message}`,
    {
      details: {
        row: Math.max(row, 0),
        line,
        column,
        sqlstate,
      },
      hint: "Nothing was loaded. Correct the row and load again",
      cause: error,
    },
  );
}
