/**
 * Whether an expression of the analysed tree can be null. It can unless a rule below says otherwise; a node
 * that no rule knows can. Wrong towards null costs a `| null`, wrong towards not null breaks clients:
 * tests/postgres/property_test.ts holds this against thousands of generated queries.
 */

import { factOf, factsIfNotTrue, factsIfTrue } from "./facts.ts";
import {
  aggregateIsNotNull,
  constructorIsNotNull,
  functionColumnIsNotNull,
  functionIsNotNull,
  windowIsNotNull,
} from "./calls.ts";
import { isPlainOperator } from "./functions.ts";
import {
  child,
  children,
  flag,
  numberOf,
  textOf,
  type TreeNode,
  type TreeValue,
} from "../analysed_tree/node_text.ts";
import { columnBehind, resolve, type Resolved, targetsOf } from "../analysed_tree/resolve.ts";
import { commands, type Scope } from "../analysed_tree/scope.ts";
import type { PgType } from "../../postgres/types/types.ts";

export const findFacts = factsIfTrue;

const sublinks = { exists: 0, all: 1, any: 2, expression: 4, array: 6 } as const;
const setOperations = { union: 1, intersect: 2, except: 3 } as const;
const parameterKinds = { extern: 0, sublink: 2 } as const;
/** `current_schema` is null when the search path names no schema that there is. */
const currentSchema = 14;
/** Whether column `position` (from 1) of a query's answer has a value in every row. */
export function columnIsNotNull(scope: Scope, position: number): boolean {
  return scope.recall(`column ${position}`, () => {
    const setOperation = child(scope.query, "setOperations");
    if (setOperation !== null) return branchIsNotNull(setOperation, scope, position);
    const target = targetsOf(scope.query).find((each) => numberOf(each, "resno") === position);
    const expression = target && child(target, "expr");
    return expression ? isNotNull(expression, scope) : false;
  });
}

/**
 * A query that answers one row, whatever the tables hold: an aggregate over everything, or no FROM and no
 * WHERE.
 */
export function answersOneRow(query: TreeNode): boolean {
  if (numberOf(query, "commandType") !== commands.select) return false;
  const isAny = ["groupClause", "groupingSets", "havingQual", "limitCount", "limitOffset", "setOperations"]
    .some((field) => query.fields[field] !== null && query.fields[field] !== undefined);
  if (isAny || flag(query, "hasTargetSRFs")) return false;
  if (flag(query, "hasAggs")) return true;
  const jointree = child(query, "jointree");
  return jointree !== null && children(jointree, "fromlist").length === 0 &&
    child(jointree, "quals") === null;
}

/** Opens the query of a sub-link or of a CTE; always the same scope for the same node. */
export function openInner(query: TreeNode, scope: Scope): Scope {
  const opened = scope.recall("sublinks", () => new Map<TreeNode, Scope>());
  let inner = opened.get(query);
  if (inner === undefined) opened.set(query, inner = scope.open(query, findFacts));
  return inner;
}

export function isNotNull(expression: TreeNode, scope: Scope): boolean {
  if (isNulledByGrouping(expression, scope)) return false;
  const arg = () => {
    const node = child(expression, "arg");
    return node !== null && isNotNull(node, scope);
  };
  const args = (): TreeNode[] => children(expression, "args");
  switch (expression.name) {
    case "VAR":
      return variableIsNotNull(expression, scope);
    case "CONST":
      return textOf(expression, "constisnull") === "false";
    case "PARAM":
      return parameterIsNotNull(expression, scope);
    case "NULLTEST":
    case "BOOLEANTEST":
    case "DISTINCTEXPR":
    case "ROWEXPR":
    case "ARRAYEXPR":
    case "GROUPINGFUNC":
    case "MERGESUPPORTFUNC":
      return true;
    case "RELABELTYPE":
    case "COERCEVIAIO":
    case "ARRAYCOERCEEXPR":
    case "CONVERTROWTYPEEXPR":
    case "COLLATEEXPR":
    case "NAMEDARGEXPR":
      return arg();
    case "COERCETODOMAIN":
      return arg() || isNotNullDomain(scope.catalog.types.get(numberOf(expression, "resulttype")));
    case "BOOLEXPR":
      return args().every((each) => isNotNull(each, scope));
    case "COALESCEEXPR":
    case "MINMAXEXPR":
      return args().some((each) => isNotNull(each, scope));
    case "CASEEXPR":
      return branchesOf(expression, scope).every(({ result, scope }) =>
        result !== null && isNotNull(result, scope)
      );
    case "SQLVALUEFUNCTION":
      return numberOf(expression, "op") < currentSchema;
    case "FUNCEXPR":
      return functionIsNotNull(expression, scope, isNotNull);
    case "OPEXPR":
      return !flag(expression, "opretset") &&
        isPlainOperator(scope.catalog.operators.get(numberOf(expression, "opno"))) &&
        args().every((each) => isNotNull(each, scope));
    case "AGGREF":
      return aggregateIsNotNull(expression, scope, isNotNull);
    case "WINDOWFUNC":
      return windowIsNotNull(expression, scope, isNotNull);
    case "SUBLINK":
      return sublinkIsNotNull(expression, scope);
    case "JSONCONSTRUCTOREXPR":
      return constructorIsNotNull(expression, scope, isNotNull);
    case "JSONISPREDICATE": {
      const tested = child(expression, "expr");
      return tested !== null && isNotNull(tested, scope);
    }
    case "JSONVALUEEXPR": {
      const formatted = child(expression, "formatted_expr");
      return formatted !== null && isNotNull(formatted, scope);
    }
    default:
      return false;
  }
}

export function isNotNullDomain(type: PgType | undefined): boolean {
  return type?.kind === "domain" && (type.isNotNull || isNotNullDomain(type.base));
}

/**
 * The branches of a CASE, each with what its conditions prove. A missing ELSE is a null constant in the tree.
 */
export function branchesOf(expression: TreeNode, scope: Scope): { result: TreeNode | null; scope: Scope }[] {
  const branches: { result: TreeNode | null; scope: Scope }[] = [];
  // With an argument the conditions speak of a placeholder for it.
  const isPlain = child(expression, "arg") === null;
  let passed = scope;
  for (const when of children(expression, "args")) {
    const condition = child(when, "expr");
    const known = condition === null || !isPlain ? passed : passed.with(factsIfTrue(condition, scope));
    branches.push({ result: child(when, "result"), scope: known });
    if (condition !== null && isPlain) passed = passed.with(factsIfNotTrue(condition, scope));
  }
  branches.push({ result: child(expression, "defresult"), scope: passed });
  return branches;
}

/** Whether a resolved column has a value, in rows where its relation is not filled with nulls. */
export function resolvedIsNotNull(target: Resolved): boolean {
  switch (target.kind) {
    case "column":
      return target.isEnforced && target.column.isNotNull;
    case "query":
      return columnIsNotNull(target.scope, target.position);
    case "expression":
      return target.expressions.every((each) => isNotNull(each, target.scope));
    case "function":
      return functionColumnIsNotNull(target.entry, target.position, target.scope, isNotNull);
    case "row":
      return target.scope.kindOf(target.entry) !== "function";
    case "unknown":
      return false;
    default:
      throw new TypeError(`unknown kind of column: ${target satisfies never}`);
  }
}

function variableIsNotNull(variable: TreeNode, from: Scope): boolean {
  const { scope, isNulled, target } = resolve(variable, from, findFacts);
  // Before PostgreSQL 18 grouped columns are plain variables of the tables.
  if (
    scope.hasGroupingSets && !scope.isUngrouped && target.kind !== "unknown" &&
    !isGroupColumn(variable, scope)
  ) {
    return false;
  }
  if (scope.facts.has(factOf(variable))) return true;
  return !isNulled && resolvedIsNotNull(target);
}

function isGroupColumn(variable: TreeNode, scope: Scope): boolean {
  const entry = scope.entry(numberOf(variable, "varno"));
  return entry !== null && scope.kindOf(entry) === "group";
}

/**
 * Grouping sets null whatever is grouped, also a whole expression. From PostgreSQL 18 on the tree has a
 * variable in its place; before, the expression itself stands in the target list and has to be recognized.
 */
function isNulledByGrouping(expression: TreeNode, scope: Scope): boolean {
  if (scope.isUngrouped || !scope.hasGroupingSets || expression.name === "VAR") return false;
  const grouped = scope.recall("grouped", () => {
    const references = new Set(
      children(scope.query, "groupClause").map((each) => numberOf(each, "tleSortGroupRef")),
    );
    return new Set(
      children(scope.query, "targetList")
        .filter((target) => references.has(numberOf(target, "ressortgroupref")))
        .map((target) => essenceOf(target.fields.expr)),
    );
  });
  return grouped.has(essenceOf(expression));
}

/** Fields that PostgreSQL too leaves out when it compares expressions. */
const incidental =
  /^(?:.*location|.*format|opfuncid|varnosyn|varattnosyn|varnullingrels|.*collid|collOid|list_.*)$/;

function essenceOf(value: TreeValue | undefined): string {
  return JSON.stringify(value, (key, each) => incidental.test(key) ? undefined : each);
}

function parameterIsNotNull(parameter: TreeNode, scope: Scope): boolean {
  const number = numberOf(parameter, "paramid");
  switch (numberOf(parameter, "paramkind")) {
    case parameterKinds.extern:
      return scope.parameters.notNull.has(number);
    default:
      // A column of the sub-query of IN stands here; sublinkIsNotNull asks the sub-query itself.
      return false;
  }
}

function sublinkIsNotNull(link: TreeNode, scope: Scope): boolean {
  const query = child(link, "subselect");
  if (query === null) return false;
  switch (numberOf(link, "subLinkType")) {
    case sublinks.exists:
    case sublinks.array:
      return true;
    case sublinks.expression: {
      const [target] = targetsOf(query);
      return answersOneRow(query) && target !== undefined &&
        columnIsNotNull(openInner(query, scope), numberOf(target, "resno"));
    }
    case sublinks.any:
    case sublinks.all:
      return comparisonIsNotNull(link, query, scope);
    default:
      return false;
  }
}

/** `x in (select y)`: null when x, a y, or the comparison is. */
function comparisonIsNotNull(link: TreeNode, query: TreeNode, scope: Scope): boolean {
  const test = child(link, "testexpr");
  if (test?.name !== "OPEXPR" || !isPlainOperator(scope.catalog.operators.get(numberOf(test, "opno")))) {
    return false;
  }
  const inner = openInner(query, scope);
  return children(test, "args").every((operand) => {
    let plain = operand;
    for (
      let next = child(plain, "arg");
      plain.name === "RELABELTYPE" && next !== null;
      next = child(plain, "arg")
    ) {
      plain = next;
    }
    return plain.name === "PARAM" && numberOf(plain, "paramkind") === parameterKinds.sublink
      ? columnIsNotNull(inner, numberOf(plain, "paramid"))
      : isNotNull(operand, scope);
  });
}

function branchIsNotNull(node: TreeNode, scope: Scope, position: number): boolean {
  if (node.name === "RANGETBLREF") {
    const index = numberOf(node, "rtindex");
    const entry = scope.entry(index);
    return entry !== null && scope.kindOf(entry) === "subquery" &&
      resolvedIsNotNull(columnBehind(scope, index, entry, "subquery", position, false, findFacts));
  }
  if (node.name !== "SETOPERATIONSTMT") return false;
  const [left, right] = [child(node, "larg"), child(node, "rarg")].map((side) => () =>
    side !== null && branchIsNotNull(side, scope, position)
  );
  switch (numberOf(node, "op")) {
    case setOperations.union:
      return left!() && right!();
    case setOperations.intersect:
      return left!() || right!();
    case setOperations.except:
      return left!();
    default:
      return false;
  }
}
