/** Query files of a test, typed by the real database. */

import assert from "node:assert/strict";
import { clientComplaints } from "../fixtures/official_validators.ts";
import { type DescribedQueries, describeQueries } from "../../src/describe/describe.ts";
import { type TypedQuery } from "../../src/describe/model.ts";
import { mainStatement } from "../../src/query/statements.ts";
import { Pool, type PoolConnection, type TextRow } from "../../src/postgres/pool.ts";
import { type Diagnostic, formatDiagnostic } from "../../src/query/diagnostic.ts";
import { loadParser } from "../../src/query/parser/libpg_query.ts";
import { type Kind, type ParsedQuery } from "../../src/query/model.ts";
import { parseQuery } from "../../src/query/parse.ts";
import { type JsonSchema } from "../../src/tool/model.ts";
import { toTool } from "../../src/call/make_tool.ts";
import { RowCollector } from "../../src/tool/result.ts";
import { type TestServer, withDatabase } from "../harness.ts";

/** Lets a file be as bare as a test wants it. */
const allowed =
  "many-unbounded unqualified-table json-agg-null no-where read-tool-writes select-star eq-null " +
  "not-in-subquery";

export interface TestFile {
  name: string;
  sql: string;
  kind?: Kind;
  /** Lines of the header after the description, without `-- `. */
  tags?: readonly string[];
}

export function parseFile({ name, sql, kind = "many", tags = [] }: TestFile): ParsedQuery {
  const source = [
    `-- name: ${name} :${kind}`,
    `-- A query of a test.`,
    ...tags.map((tag) => `-- ${tag}`),
    `-- @allow ${allowed}  it is a test`,
    "",
    `${sql};`,
    "",
  ].join("\n");
  const { query, diagnostics } = parseQuery({
    path: `test/${name}.sql`,
    bytes: new TextEncoder().encode(source),
    unbuilt: new Set(),
  });
  if (query === null) {
    throw new Error(diagnostics.map((each) => formatDiagnostic(each, source)).join("\n"));
  }
  return query;
}

export function typeFiles(connection: PoolConnection, files: readonly TestFile[]): Promise<DescribedQueries> {
  return describeQueries(connection, files.map(parseFile));
}

/** A connection to an empty database with the given schema, as a superuser. */
export async function withSchema<T>(
  server: TestServer,
  schema: string,
  use: (connection: PoolConnection, url: string) => Promise<T>,
): Promise<T> {
  await loadParser();
  return await withDatabase(async ({ url }) => {
    const pool = openPool(url);
    try {
      return await pool.withConnection(undefined, async (connection) => {
        await connection.script(schema);
        return await use(connection, url);
      });
    } finally {
      await pool.close();
    }
  }, { server, isEmpty: true });
}

export const openPool = (url: string, parameters: Record<string, string> = {}): Pool =>
  new Pool({ url, size: 1, queueSize: 1, queueTimeout_ms: 1000, connectTimeout_ms: 5000, parameters });

/** What a tool over the query would answer as structured content, and its schema. */
export async function answerOf(
  connection: PoolConnection,
  query: TypedQuery,
  parameters: (string | null)[] = [],
): Promise<{ structured: unknown; schema: JsonSchema; nulls: string[] }> {
  const diagnostics: Diagnostic[] = [];
  const tool = toTool(query, limits, diagnostics);
  if (tool === null) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  const { names, keys, writers } = tool.columns;
  const rows: TextRow[] = [];
  const { text } = mainStatement(query.parsed);
  await connection.execute(text, parameters, { isPrepared: false, onRow: (row) => void rows.push(row) });
  const collector = new RowCollector(writers, keys, limits);
  for (const row of rows) collector.write(row);
  const answered = JSON.parse(collector.objects) as Record<string, unknown>[];
  const nulls = query.columns.flatMap(({ name, isNullable }, index) =>
    !isNullable && rows.some((row) => row[index] === null) ? [name] : []
  );
  const { kind } = query.parsed;
  const value = answered[0]?.[names[0]!] ?? null;
  const structured = kind === "report" || kind === "value"
    ? { [kind]: value }
    : kind === "exec"
    ? { affected: rows.length, rows: answered }
    : { rows: answered };
  return { structured, schema: tool.outputSchema, nulls };
}

/** Every file typed, and nothing said against any. */
export async function typeAll(connection: PoolConnection, files: readonly TestFile[]): Promise<TypedQuery[]> {
  const { typed, diagnostics } = await typeFiles(connection, files);
  assert.deepEqual(diagnostics, []);
  assert.equal(typed.length, files.length);
  return typed;
}

/** The answer, held against the tool's own schema. */
export async function validAnswerOf(connection: PoolConnection, query: TypedQuery) {
  const answer = await answerOf(connection, query);
  assert.deepEqual(answer.nulls, []);
  assert.deepEqual(
    clientComplaints(answer.schema, answer.structured),
    [],
    `${JSON.stringify(answer.structured)}\n${JSON.stringify(answer.schema)}`,
  );
  return answer;
}

const limits = {
  rows: 10_000,
  bytes: 50_000_000,
  timeout_ms: 10_000,
  loadTimeout_ms: 10_000,
  maximumTimeout_ms: 10_000,
  affected: 100_000,
};
