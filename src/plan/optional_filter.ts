/**
 * Which statements PostgreSQL must plan for the values of each call. After five calls it may settle on one
 * plan for all values; `$1 is null or column = $1` can use no index in such a plan, and stays slow when the
 * cheap guess was made for nulls.
 */

import type { Statement } from "../query/model.ts";
import { list, unwrap, walk } from "../query/parser/parse_tree.ts";

/**
 * True when the statement has an optional filter: an OR of which one side asks whether a parameter is null.
 */
export function hasOptionalFilter({ nodeType, tree }: Pick<Statement, "nodeType" | "tree">): boolean {
  let isFound = false;
  walk(nodeType, tree, ({ type, node }) => {
    if (type !== "BoolExpr" || node.boolop !== "OR_EXPR") return;
    isFound ||= list(node.args).some(isNullTestOfParameter);
  });
  return isFound;
}

function isNullTestOfParameter(value: unknown): boolean {
  const test = unwrap(value);
  if (test?.type !== "NullTest" || test.node.nulltesttype !== "IS_NULL") return false;
  let argument = unwrap(test.node.arg);
  while (argument?.type === "TypeCast") argument = unwrap(argument.node.arg);
  return argument?.type === "ParamRef";
}
