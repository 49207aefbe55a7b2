/**
 * Parsed query → typed query: Postgres' Describe gives parameter types and result columns, its analysed tree
 * says what can be null and what JSON is made of, the catalogue what a column declares, its domain and its
 * comment. Nothing of a file runs, except the CREATE TEMPORARY TABLE of a `:copy` file, inside a transaction
 * that is rolled back, because its COPY and merge refer to that table.
 *
 * All files are described first; then trees, relations and types are read in a few queries for all of them.
 */

import type { ParsedQuery } from "../query/model.ts";
import type { Diagnostic } from "../query/diagnostic.ts";
import { assemble } from "./assemble.ts";
import { type Outline, outlineOf } from "./outline.ts";
import type { TypedQuery } from "./model.ts";
import { mainStatement } from "../query/statements.ts";
import type { PoolConnection } from "../postgres/pool.ts";
import type { TreeNode } from "./analysed_tree/node_text.ts";
import { loadTreeCatalog } from "./analysed_tree/catalog.ts";
import { readStatementTrees } from "./analysed_tree/statements.ts";
import { loadTypes } from "../postgres/types/types.ts";

export interface DescribedQueries {
  typed: TypedQuery[];
  diagnostics: Diagnostic[];
}

/**
 * Types every query that can be typed; the others get a diagnostic each. Without the right to make temporary
 * objects (or on a standby) the analysed trees cannot be had: less is proven, and one warning says so.
 */
export async function describeQueries(
  connection: PoolConnection,
  queries: readonly ParsedQuery[],
): Promise<DescribedQueries> {
  const diagnostics: Diagnostic[] = [];
  const outlines: Outline[] = [];
  for (const query of queries) {
    const outline = await outlineOf(connection, query, diagnostics);
    if (outline !== null) outlines.push(outline);
  }
  const trees = await readTrees(connection, outlines, diagnostics);
  const catalog = await loadTreeCatalog(connection, {
    trees: [...trees.values()],
    relations: outlines.flatMap(({ columns, relations, view }) => [
      ...relations === null ? columns.map(({ source }) => source?.relation ?? 0) : [],
      view ?? 0,
    ]),
    types: outlines.flatMap(({ parameters, columns, relations }) => [
      ...parameters.values(),
      ...columns.map(({ type }) => type),
      ...[...relations?.values() ?? []].flatMap((each) => [...each.columns.values()].map(({ type }) => type)),
    ]),
  });
  const typed: TypedQuery[] = [];
  for (const outline of outlines) {
    const query = assemble(outline, trees.get(outline) ?? null, catalog, diagnostics);
    if (query !== null) typed.push(query);
  }
  return { typed, diagnostics };
}

async function readTrees(
  connection: PoolConnection,
  outlines: readonly Outline[],
  diagnostics: Diagnostic[],
): Promise<Map<Outline, TreeNode>> {
  // A view has its tree in the catalogue; a load and a write without RETURNING answer no rows.
  const wanted = outlines.filter(({ parsed, columns }) =>
    parsed.copy === null && parsed.view === null && columns.length > 0
  );
  const trees = new Map<Outline, TreeNode>();
  if (wanted.length === 0) return trees;
  const types = await loadTypes(connection, wanted.flatMap(({ parameters }) => [...parameters.values()]));
  const requests = wanted.map(({ parsed, parameters }) => {
    const { text, parameterNames } = mainStatement(parsed);
    const names = parameterNames.map((name) => types.get(parameters.get(name) ?? 0)?.name ?? "text");
    return { text, parameterTypes: names };
  });
  const read = await readStatementTrees(connection, requests);
  if (read.refusal !== null) {
    const { parsed } = wanted[0]!;
    diagnostics.push({
      code: "tree-unavailable",
      severity: "warning",
      path: parsed.path,
      ...parsed.header.kindPlace,
      message:
        `PostgreSQL does not show how it reads the statements (${read.refusal}): more columns than need be ` +
        "may be null, and reports have no schema",
      hint:
        "GRANT TEMPORARY ON DATABASE to the role of DATABASE_URL, and connect to a server that is no standby",
    });
  }
  wanted.forEach((outline, index) => {
    const tree = read.trees[index];
    if (tree) trees.set(outline, tree);
  });
  return trees;
}
