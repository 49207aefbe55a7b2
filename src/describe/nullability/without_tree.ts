/**
 * Whether a declared NOT NULL holds for a result column, for servers that do not give their analysed tree:
 * from the text's own tree, where a value cannot have passed an outer join, a sub-query, a set operation or
 * grouping sets. Everything else may be null, which costs a `| null` and is never wrong.
 */

import type { Statement } from "../../query/model.ts";

type Node = Record<string, unknown>;

/**
 * @param statement the file's main statement
 * @param relationKind `pg_class.relkind` of the relation that the column comes from
 */
export function columnIsDeclaredNotNull(statement: Statement, relationKind: string): boolean {
  // Ordinary and partitioned tables enforce NOT NULL; views and foreign tables do not.
  if (relationKind !== "r" && relationKind !== "p") return false;
  switch (statement.nodeType) {
    case "SelectStmt":
      return isSimpleSelect(statement.tree);
    case "InsertStmt":
    case "DeleteStmt":
    case "UpdateStmt":
      return writesItsTargetOnce(statement.tree);
    default:
      return false;
  }
}

/** One relation, no join, no sub-query in FROM, no set operation, no grouping sets. */
function isSimpleSelect(tree: Node): boolean {
  const from = (tree.fromClause ?? []) as Node[];
  const groups = (tree.groupClause ?? []) as Node[];
  const hasSetOperation = tree.op !== undefined && tree.op !== "SETOP_NONE";
  return !hasSetOperation &&
    tree.withClause === undefined &&
    from.length === 1 &&
    "RangeVar" in from[0]! &&
    !groups.some((group) => "GroupingSet" in group) &&
    countRelations(tree) === 1;
}

/** RETURNING answers the row as it is in the table, unless another relation of the statement is meant. */
function writesItsTargetOnce(tree: Node): boolean {
  return tree.withClause === undefined && !hasOuterJoin(tree) &&
    countRelations({ ...tree, relation: undefined }) === 0;
}

function countRelations(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + countRelations(item), 0);
  if (typeof value !== "object" || value === null) return 0;
  return Object.entries(value).reduce(
    (sum, [key, item]) => sum + (key === "RangeVar" ? 1 : countRelations(item)),
    0,
  );
}

function hasOuterJoin(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasOuterJoin);
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, item]) => key === "JoinExpr" || hasOuterJoin(item));
}
