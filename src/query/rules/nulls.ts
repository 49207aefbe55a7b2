/**
 * Rules about null, SQL's usual trap: `= null`, `not in (select …)`, and aggregates that are null over no
 * rows.
 */
import type { Report } from "../diagnostic.ts";
import type { Statement } from "../model.ts";
import {
  field,
  isNullConstant,
  list,
  locationOf,
  nameParts,
  type Node,
  object,
  unwrap,
  walk,
} from "../parser/parse_tree.ts";

export function lintNulls(statement: Statement, report: Report): void {
  lintComparisons(statement, report);
  lintAggregates(statement.tree, (node, name) => {
    report(
      "json-agg-null",
      statement.placeAtByte(locationOf(node)),
      `${name} is null, and not empty, when it aggregates no rows`,
      /object/.test(name) ? `Wrap it: coalesce(${name}(…), '{}')` : `Wrap it: coalesce(${name}(…), '[]')`,
    );
  });
}

function lintComparisons(statement: Statement, report: Report): void {
  const at = (node: Node) => statement.placeAtByte(locationOf(node));
  walk(statement.nodeType, statement.tree, ({ type, node }) => {
    if (type === "A_Expr") {
      const operator = nameParts(node.name).at(-1) ?? "";
      const isEquality = operator === "=" || operator === "<>";
      const isNull = isNullConstant(node.lexpr) || isNullConstant(node.rexpr);
      if (node.kind === "AEXPR_OP" && isEquality && isNull) {
        report("eq-null", at(node), `"${operator} null" is never true`);
      }
      if (node.kind === "AEXPR_IN" && inList(node.rexpr).some(isNullConstant)) {
        const message = operator === "="
          ? '"in (null)" never finds the null'
          : '"not in (…, null)" is never true';
        report("eq-null", at(node), message);
      }
      return;
    }
    if (type === "CaseExpr" && node.arg !== undefined) {
      for (const branch of list(node.args)) {
        const when = field(object(branch), "CaseWhen");
        if (isNullConstant(when.expr)) {
          report(
            "eq-null",
            at(when),
            '"case … when null" never matches',
            "Write `case when x is null then …`",
          );
        }
      }
    }
    const message = "One null in the sub-query and this is never true";
    if (type === "BoolExpr" && node.boolop === "NOT_EXPR") {
      const inside = unwrap(list(node.args)[0]);
      const isEquality = nameParts(inside?.node.operName).every((name) => name === "=");
      if (inside?.type === "SubLink" && inside.node.subLinkType === "ANY_SUBLINK" && isEquality) {
        report("not-in-subquery", at(node), message);
      }
    }
    if (
      type === "SubLink" && node.subLinkType === "ALL_SUBLINK" && nameParts(node.operName).at(-1) === "<>"
    ) {
      report("not-in-subquery", at(node), message);
    }
  });
}

function inList(value: unknown): unknown[] {
  return list(field(object(value), "List").items);
}

type Found = (node: Node, name: string) => void;

/** Where an expression stands, as far as an aggregate's null is concerned. */
interface Standing {
  /** A null here is replaced by a `coalesce` further out. */
  isCovered: boolean;
  /** The query has a GROUP BY whose every group has a row. */
  isGrouped: boolean;
}

const aggregates: ReadonlySet<string> = new Set([
  "json_agg",
  "json_agg_strict",
  "jsonb_agg",
  "jsonb_agg_strict",
  "json_object_agg",
  "json_object_agg_strict",
  "json_object_agg_unique",
  "json_object_agg_unique_strict",
  "jsonb_object_agg",
  "jsonb_object_agg_strict",
  "jsonb_object_agg_unique",
  "jsonb_object_agg_unique_strict",
]);

/** Functions that are null exactly when their argument is: a `coalesce` around them covers what is inside. */
const strict: ReadonlySet<string> = new Set([
  "array_to_json",
  "json_strip_nulls",
  "jsonb_pretty",
  "jsonb_strip_nulls",
  "to_json",
  "to_jsonb",
]);

function lintAggregates(tree: Node, found: Found): void {
  visitQuery(tree, { isCovered: false, isGrouped: false }, found);
}

/** A statement or sub-query: its target list stands where the query stands, everything else for itself. */
function visitQuery(
  node: Node,
  { isCovered }: { isCovered: boolean; isGrouped: boolean },
  found: Found,
): void {
  const groups = list(node.groupClause).map(unwrap);
  const isGrouped = groups.length > 0 && groups.every((group) => group?.type !== "GroupingSet");
  for (const [name, value] of Object.entries(node)) {
    const isOutput = name === "targetList" || name === "larg" || name === "rarg";
    visit(value, { isCovered: isCovered && isOutput, isGrouped }, found, name);
  }
}

function visit(value: unknown, standing: Standing, found: Found, name = ""): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, standing, found, name);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const wrapped = unwrap(value);
  if (wrapped === null) {
    if (name === "larg" || name === "rarg") visitQuery(object(value), standing, found);
    else for (const [inner, each] of Object.entries(value)) visit(each, standing, found, inner);
    return;
  }
  const { type, node } = wrapped;
  const open: Standing = { isCovered: false, isGrouped: standing.isGrouped };
  const visitAll = (inside: Standing) => {
    for (const [inner, each] of Object.entries(node)) visit(each, inside, found, inner);
  };
  if (/Stmt$/.test(type)) {
    visitQuery(node, standing, found);
  } else if (type === "CoalesceExpr") {
    const args = list(node.args);
    // The last argument decides: what it falls back to must not be null itself.
    const covers = standing.isCovered || (args.length > 1 && !isNullConstant(args.at(-1)));
    args.forEach((arg, index) => {
      const isLast = index === args.length - 1;
      visit(arg, { ...open, isCovered: isLast ? standing.isCovered : covers }, found);
    });
  } else if (type === "SubLink") {
    const isValue = node.subLinkType === "EXPR_SUBLINK";
    visit(node.testexpr, open, found);
    visit(node.subselect, { isCovered: isValue && standing.isCovered, isGrouped: false }, found);
  } else if (type === "FuncCall") {
    const called = nameParts(node.funcname).at(-1) ?? "";
    if (aggregates.has(called)) judge(node, called, standing, found);
    visitAll(strict.has(called) ? standing : open);
  } else if (type === "JsonArrayAgg" || type === "JsonObjectAgg") {
    const named = type === "JsonArrayAgg" ? "json_arrayagg" : "json_objectagg";
    judge(field(node, "constructor"), named, standing, found);
    visitAll(open);
  } else if (
    ["ResTarget", "TypeCast", "CaseExpr", "CaseWhen", "A_Indirection", "A_Expr", "CollateClause"].includes(
      type,
    )
  ) {
    visitAll(standing);
  } else {
    visitAll(open);
  }
}

function judge(node: Node, name: string, standing: Standing, found: Found): void {
  const isFiltered = node.agg_filter !== undefined;
  const isOver = node.over !== undefined;
  if (standing.isCovered || ((standing.isGrouped || isOver) && !isFiltered)) return;
  found(node, name);
}
