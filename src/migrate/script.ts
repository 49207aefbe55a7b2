/**
 * A SQL script of our own (a migration, a view) as single statements, each knowing where in its file it
 * stands. One statement at a time lets every error point at a line, also those for which Postgres gives no
 * position.
 *
 * Postgres' own parser splits; it is a WASM module of some size and is loaded only when there is something to
 * run.
 */

import { type ErrorOptions, SqlwrightError } from "../errors.ts";
import { loadParser, parseSql, type RawStatement, SqlSyntaxError } from "../query/parser/libpg_query.ts";
import { indexPlaces } from "../query/source_text.ts";
import type { Script, ScriptStatement } from "./model.ts";

/** @throws {SqlwrightError} `migration.failed` at the place of a syntax error */
export async function splitScript(script: Script): Promise<ScriptStatement[]> {
  await loadParser();
  let parsed: RawStatement[];
  try {
    parsed = parseSql(script.text);
  } catch (error) {
    const position = error instanceof SqlSyntaxError ? error.position : 0;
    throw scriptError(script, offsetAt(script.text, position), (error as Error).message, {
      details: { sqlstate: "42601" },
      cause: error,
    });
  }
  const bytes = new TextEncoder().encode(script.text);
  const decode = (start: number, end: number) => new TextDecoder().decode(bytes.subarray(start, end));
  return parsed.map(({ stmt, stmt_location: start = 0, stmt_len: length }) => {
    const [nodeType = "", tree = {}] = Object.entries(stmt ?? {})[0] ?? [];
    const text = decode(start, length === undefined ? bytes.length : start + length);
    return { text, offset: decode(0, start).length, nodeType, tree: tree as Record<string, unknown> };
  });
}

/** An error at a place of a script: `Cannot run "path": what`, with file, line and column in its details. */
export function scriptError(
  script: Script,
  offset: number,
  what: string,
  options: ErrorOptions = {},
): SqlwrightError {
  const { line, column } = indexPlaces(script.text)(offset);
  return new SqlwrightError("migration.failed", `Cannot run "${script.path}" at ${line}:${column}: ${what}`, {
    ...options,
    details: { file: script.path, line, column, ...options.details },
  });
}

/**
 * What Postgres said about a statement, at the place in the script it means: its position where it gave one,
 * else the statement's first character. Lost connections and the like pass unchanged.
 */
export function statementError(script: Script, statement: ScriptStatement, error: unknown): unknown {
  if (!(error instanceof SqlwrightError) || error.code !== "database.failed") return error;
  const { position, ...fields } = error.details;
  const offset = typeof position === "number"
    ? offsetAt(statement.text, position - 1)
    : statement.text.length - statement.text.trimStart().length;
  const hint = error.hint ?? hintFor(String(fields.sqlstate));
  return scriptError(script, statement.offset + offset, error.message, {
    details: fields,
    ...(hint === null ? {} : { hint }),
    cause: error,
  });
}

/** SQLSTATEs whose way out is this project's own. */
function hintFor(sqlstate: string): string | null {
  switch (sqlstate) {
    case "25001":
      return "Put the statement into a file of its own whose first line is `-- transaction: none`";
    case "55P03":
      return "Another session holds a lock on it; end that session or try again later";
    default:
      return null;
  }
}

/** Postgres counts code points, JavaScript UTF-16 code units. */
function offsetAt(text: string, codePoints: number): number {
  let offset = 0;
  for (let index = 0; index < codePoints && offset < text.length; index++) {
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  }
  return offset;
}
