/**
 * SEC's files for the tests of the parsers: excerpts in tests/fixtures/edgar, which every clone has, and the whole files where they
 * lie beside the project.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { SqlwrightError } from "sqlwright";
import { project } from "../../tests/harness.ts";
import { secFiles, testWith } from "../../tests/services.ts";
import type { Row } from "../src/parse/load_step.ts";
import type { FilingContext, ParseLimits, SourceFile } from "../src/source/source_file.ts";
import { parseSourceFile } from "../src/parse/parse.ts";
import { type SourceKind, sourceKindOf } from "../src/source/source_kind.ts";

export const excerpts = join(project, "tests", "fixtures", "edgar");
export const payloads = secFiles;

/** A test on the whole files. */
export function testOnPayloads(name: string, run: () => Promise<void>): void {
  testWith("SEC's own files", name, run);
}

/** What a file brings: a row is an object of its columns. */
export interface Parsed {
  query: string;
  columns: readonly string[];
  rows: Record<string, string | null>[];
}

export interface ParseOptions {
  kind?: SourceKind;
  filing?: FilingContext;
  limits?: Partial<ParseLimits>;
}

/** Parses a file of a folder under its path in it. */
export async function parseFile(
  root: string,
  path: string,
  options: ParseOptions = {},
): Promise<Parsed[]> {
  return await parseBytes(path, await Deno.readFile(join(root, path)), options);
}

/** Parses bytes as if SEC had sent them under the path. They come in several pieces, at places that mean nothing. */
export async function parseBytes(
  path: string,
  content: Uint8Array | string,
  { kind, filing, limits }: ParseOptions = {},
): Promise<Parsed[]> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const file: SourceFile = { path, bytes: inPieces(bytes), filing };
  const parsed: Parsed[] = [];
  for await (const { query, columns, batches } of parseSourceFile(file, kind ?? sourceKindOf(path), limits)) {
    const rows: Parsed["rows"] = [];
    for await (const batch of batches) for (const row of batch) rows.push(named(columns, row));
    parsed.push({ query, columns, rows });
  }
  return parsed;
}

/** How many rows a file brings, by query; nothing is kept. */
export async function countRows(root: string, path: string): Promise<Record<string, number>> {
  const handle = await Deno.open(join(root, path));
  const counts: Record<string, number> = {};
  for await (const { query, batches } of parseSourceFile({ path, bytes: handle.readable })) {
    counts[query] ??= 0;
    for await (const batch of batches) counts[query] += batch.length;
  }
  return counts;
}

/** The rows for one query. */
export function rowsFor(parsed: readonly Parsed[], query: string): Parsed["rows"] {
  return parsed.filter((each) => each.query === query).flatMap(({ rows }) => rows);
}

/** The error that parsing ends in. */
export async function refusal(
  path: string,
  content: Uint8Array | string,
  options: ParseOptions = {},
): Promise<SqlwrightError> {
  const error = await parseBytes(path, content, options).then(() => null, (error: unknown) => error);
  assert.ok(error instanceof SqlwrightError, `${path} was parsed, or failed otherwise: ${error}`);
  assert.equal(error.details.path, path);
  return error;
}

export async function* inPieces(bytes: Uint8Array, size = 65_521): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

export async function readExcerpt(path: string): Promise<string> {
  return await Deno.readTextFile(join(excerpts, path));
}

function named(columns: readonly string[], row: Row): Record<string, string | null> {
  assert.equal(row.length, columns.length);
  return Object.fromEntries(columns.map((column, index) => [column, row[index]!]));
}
