/**
 * Follows a VAR of the analysed tree to what stands behind it: a column, an expression, a query of its own.
 */

import type { RelationColumn } from "../relations.ts";
import { child, children, flag, numberOf, numbers, strings, textOf, type TreeNode } from "./node_text.ts";
import { commands, type FindFacts, joins, type RangeTableKind, Scope, type TreeCatalog } from "./scope.ts";

/** What a VAR stands for. */
export type Resolved =
  /** A column of a relation. */
  | { kind: "column"; relation: number; column: RelationColumn; isEnforced: boolean }
  /** Column `position` (from 1) of a query of its own: sub-query, view or CTE. */
  | { kind: "query"; scope: Scope; position: number; column: RelationColumn | null }
  /** An expression of the same query: behind the column of a join, a group or VALUES. */
  | { kind: "expression"; scope: Scope; expressions: TreeNode[] }
  | { kind: "function"; scope: Scope; entry: TreeNode; position: number }
  /** The whole row. */
  | { kind: "row"; scope: Scope; index: number; entry: TreeNode }
  | { kind: "unknown" };

export interface ResolvedVar {
  /** The query that the VAR is of. */
  scope: Scope;
  index: number;
  isNulled: boolean;
  target: Resolved;
}

const unknownVar = (scope: Scope): ResolvedVar => ({
  scope,
  index: 0,
  isNulled: true,
  target: { kind: "unknown" },
});

export function resolve(variable: TreeNode, from: Scope, findFacts: FindFacts): ResolvedVar {
  const scope = from.above(numberOf(variable, "varlevelsup"));
  const index = numberOf(variable, "varno");
  const entry = scope?.entry(index) ?? null;
  if (scope === null || entry === null) return unknownVar(from);
  const position = numberOf(variable, "varattno");
  const kind = scope.kindOf(entry);
  const isResult = numberOf(scope.query, "resultRelation") === index;
  const isNulled = kind === "group"
    ? scope.hasGroupingSets
    : scope.isNulled(index, numbers(variable, "varnullingrels")) ||
      (isResult && isOtherRow(variable, scope)) || isMissingSource(scope, isResult);
  const found = (target: Resolved): ResolvedVar => ({ scope, index, isNulled, target });
  if (position === 0) return found({ kind: "row", scope, index, entry });
  return found(columnBehind(scope, index, entry, kind, position, isResult, findFacts));
}

/** What column `position` of a range-table entry stands for, nulled or not. */
export function columnBehind(
  scope: Scope,
  index: number,
  entry: TreeNode,
  kind: RangeTableKind,
  position: number,
  isResult: boolean,
  findFacts: FindFacts,
): Resolved {
  switch (kind) {
    case "relation": {
      const relation = numberOf(entry, "relid");
      const facts = scope.catalog.relations.get(relation);
      const column = facts?.columns.get(position);
      if (facts === undefined || column === undefined) return { kind: "unknown" };
      const view = scope.catalog.views.get(relation);
      // A write through a view answers what its triggers and rules make of the row.
      if (view !== undefined && !isResult) {
        const inner = viewScope(relation, view, scope.catalog, findFacts);
        return { kind: "query", scope: inner, position, column };
      }
      return { kind: "column", relation, column, isEnforced: !(isResult && facts.hasRules) };
    }
    case "subquery": {
      const query = child(entry, "subquery");
      if (query === null || scope.depth >= maximumDepth) return { kind: "unknown" };
      const { origin } = scope;
      const inner = origin.recall(`subquery ${index}`, () => origin.open(query, findFacts));
      return { kind: "query", scope: inner, position, column: null };
    }
    case "cte":
      return commonTableBehind(scope, entry, position, findFacts);
    case "join": {
      const aliases = children(entry, "joinaliasvars");
      const expression = aliases[position - 1];
      if (
        expression === undefined ||
        aliases.length !== strings(child(entry, "eref") ?? entry, "colnames").length
      ) {
        return { kind: "unknown" };
      }
      const isFull = numberOf(entry, "jointype") === joins.full && expression.name === "COALESCEEXPR";
      // One of its sides always holds a row.
      return { kind: "expression", scope: isFull ? scope.inside(index) : scope, expressions: [expression] };
    }
    case "group": {
      const expression = children(entry, "groupexprs")[position - 1];
      return expression === undefined
        ? { kind: "unknown" }
        : { kind: "expression", scope, expressions: [expression] };
    }
    case "values": {
      const rows = entry.fields.values_lists;
      const expressions = (Array.isArray(rows) ? rows : []).map((row) =>
        Array.isArray(row) ? row[position - 1] : null
      );
      const nodes = expressions.filter((each) =>
        typeof each === "object" && each !== null && "fields" in each
      );
      return nodes.length > 0 && nodes.length === expressions.length
        ? { kind: "expression", scope, expressions: nodes as TreeNode[] }
        : { kind: "unknown" };
    }
    case "function":
      return { kind: "function", scope, entry, position };
    default:
      return { kind: "unknown" };
  }
}

/**
 * One for each view, whoever reads it: views over views would otherwise be opened again on every way to them.
 */
export function viewScope(
  relation: number,
  view: TreeNode,
  catalog: TreeCatalog,
  findFacts: FindFacts,
): Scope {
  const known = catalog.viewScopes.get(relation);
  if (known !== undefined) return known;
  const scope = Scope.root(view, catalog, findFacts);
  catalog.viewScopes.set(relation, scope);
  return scope;
}

/** Queries inside queries beyond this are not followed. */
const maximumDepth = 64;

function commonTableBehind(scope: Scope, entry: TreeNode, position: number, findFacts: FindFacts): Resolved {
  const owner = scope.above(numberOf(entry, "ctelevelsup"));
  const name = textOf(entry, "ctename");
  const table = owner === null
    ? undefined
    : children(owner.query, "cteList").find((each) => textOf(each, "ctename") === name);
  const query = table && child(table, "ctequery");
  if (!owner || !table || !query || scope.depth >= maximumDepth) return { kind: "unknown" };
  if (flag(entry, "self_reference") || flag(table, "cterecursive")) return { kind: "unknown" };
  const { origin } = owner;
  const inner = origin.recall(`cte ${name}`, () => origin.open(query, findFacts));
  return { kind: "query", scope: inner, position, column: null };
}

/** RETURNING `old` of a new row, or `new` of a deleted one (PostgreSQL 18), is null. */
function isOtherRow(variable: TreeNode, scope: Scope): boolean {
  const command = numberOf(scope.query, "commandType");
  switch (numberOf(variable, "varreturningtype")) {
    case 1:
      return command !== commands.update && command !== commands.delete;
    case 2:
      return command !== commands.update && command !== commands.insert;
    default:
      return false;
  }
}

/** MERGE … WHEN NOT MATCHED BY SOURCE (PostgreSQL 17) answers rows for which the source has none. */
function isMissingSource(scope: Scope, isResult: boolean): boolean {
  const notMatchedBySource = 1;
  return !isResult && numberOf(scope.query, "commandType") === commands.merge &&
    children(scope.query, "mergeActionList").some((action) =>
      numberOf(action, "matchKind") === notMatchedBySource
    );
}

/** Targets of a query's answer, in order of their position: the target list, or RETURNING of a write. */
export function targetsOf(query: TreeNode): TreeNode[] {
  const list = numberOf(query, "commandType") === commands.select ? "targetList" : "returningList";
  return children(query, list).filter((target) => !flag(target, "resjunk"));
}
