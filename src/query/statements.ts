/** Small questions about the statements of a query file. */

import type { ParsedQuery, Statement } from "./model.ts";

export function mainStatement(query: ParsedQuery): Statement {
  const main = query.statements.find(({ role }) => role === "main" || role === "copy");
  if (!main) throw new TypeError(`${query.path} has no main statement`);
  return main;
}

/** `create temporary table … (…)` and `create temporary table … as …`. */
export function createsTemporaryTable(statement: Statement): boolean {
  const { nodeType, tree } = statement;
  const target = nodeType === "CreateStmt"
    ? tree.relation
    : (tree.into as { rel?: unknown } | undefined)?.rel;
  const isCreate = nodeType === "CreateStmt" || nodeType === "CreateTableAsStmt";
  return isCreate && (target as { relpersistence?: string } | undefined)?.relpersistence === "t";
}
