/**
 * Which calls can answer null: functions, aggregates, window functions, SQL/JSON constructors, functions in
 * FROM.
 */

import { rowColumnsOf, ruleOfAggregate, ruleOfFunction } from "./functions.ts";
import { child, children, flag, numberOf, textOf, type TreeNode } from "../analysed_tree/node_text.ts";
import type { Scope } from "../analysed_tree/scope.ts";

/** Whether an expression can be null: `nullability.ts` has it, and asks here about calls. */
export type IsNotNull = (expression: TreeNode, scope: Scope) => boolean;

const externalParameter = 0;
/** `type` of JSONCONSTRUCTOREXPR. */
export const jsonConstructors = {
  object: 1,
  array: 2,
  objectAgg: 3,
  arrayAgg: 4,
  parse: 5,
  scalar: 6,
  serialize: 7,
} as const;
/** Window functions that answer a value for every row. */
const totalWindowFunctions = new Set([
  "row_number()",
  "rank()",
  "dense_rank()",
  "percent_rank()",
  "cume_dist()",
]);
/** Those whose answer is null only for a null argument, as long as the frame holds the row itself. */
const frameFunctions = new Set(["first_value(anyelement)", "last_value(anyelement)"]);
/** Those that have a value of their own where the other row is missing. */
const offsetFunctions = new Set([
  "lag(anycompatible,int4,anycompatible)",
  "lead(anycompatible,int4,anycompatible)",
]);
const frameIsWritten = 1;

export function functionIsNotNull(call: TreeNode, scope: Scope, isNotNull: IsNotNull): boolean {
  if (flag(call, "funcretset")) return false;
  const args = children(call, "args");
  const rule = ruleOfFunction(scope.catalog.functions.get(numberOf(call, "funcid")));
  const all = () => args.every((each) => isNotNull(each, scope));
  switch (rule) {
    case "total":
      // An array in place of the arguments can be null as a whole.
      return !flag(call, "funcvariadic") || all();
    case "first":
      return flag(call, "funcvariadic") ? all() : args[0] !== undefined && isNotNull(args[0], scope);
    case "plain":
      return all();
    case null:
      return false;
    default:
      throw new TypeError(`unknown rule: ${rule satisfies never}`);
  }
}

export function aggregateIsNotNull(call: TreeNode, scope: Scope, isNotNull: IsNotNull): boolean {
  const rule = ruleOfAggregate(scope.catalog.functions.get(numberOf(call, "aggfnoid")));
  if (rule === "count") return true;
  // A group has a row. Without GROUP BY, with an empty grouping set or a filter there may be none.
  const hasRow = numberOf(call, "agglevelsup") === 0 && children(scope.query, "groupClause").length > 0 &&
    !scope.hasGroupingSets && child(call, "aggfilter") === null;
  if (rule === null || !hasRow || textOf(call, "aggkind") !== "n") return false;
  const argument = children(call, "args")[0];
  const expression = argument && child(argument, "expr");
  return rule === "collect" || (expression ? isNotNull(expression, scope.ungrouped()) : false);
}

export function windowIsNotNull(call: TreeNode, scope: Scope, isNotNull: IsNotNull): boolean {
  const facts = scope.catalog.functions.get(numberOf(call, "winfnoid"));
  const signature = facts?.signature ?? "";
  const args = children(call, "args");
  const all = () => args.every((each) => isNotNull(each, scope));
  if (totalWindowFunctions.has(signature)) return true;
  if (signature === "ntile(int4)" || offsetFunctions.has(signature)) return all();
  const rule = ruleOfAggregate(facts);
  if (rule === "count") return true;
  // The default frame holds the row itself; another one can be empty.
  const window = children(scope.query, "windowClause").find((each) =>
    numberOf(each, "winref") === numberOf(call, "winref")
  );
  const isDefault = window !== undefined && (numberOf(window, "frameOptions") & frameIsWritten) === 0;
  if (!isDefault || child(call, "aggfilter") !== null) return false;
  return rule === "collect" ||
    ((rule === "strict" || frameFunctions.has(signature)) && args[0] !== undefined &&
      isNotNull(args[0], scope));
}

/** SQL/JSON constructors of PostgreSQL 16 and newer. */
export function constructorIsNotNull(constructor: TreeNode, scope: Scope, isNotNull: IsNotNull): boolean {
  switch (numberOf(constructor, "type")) {
    case jsonConstructors.object:
    case jsonConstructors.array:
      return true;
    case jsonConstructors.objectAgg:
    case jsonConstructors.arrayAgg: {
      const call = child(constructor, "func");
      return call !== null && isNotNull(call, scope);
    }
    case jsonConstructors.parse:
    case jsonConstructors.scalar:
    case jsonConstructors.serialize: {
      const args = children(constructor, "args");
      return args.length > 0 && args.every((each) => isNotNull(each, scope));
    }
    default:
      return false;
  }
}

export function functionColumnIsNotNull(
  entry: TreeNode,
  position: number,
  scope: Scope,
  isNotNull: IsNotNull,
): boolean {
  const functions = children(entry, "functions");
  const [only] = functions;
  const width = only === undefined ? 0 : numberOf(only, "funccolcount");
  // The number of the row stands after the functions' columns.
  if (flag(entry, "funcordinality")) {
    const total = functions.reduce((sum, each) => sum + numberOf(each, "funccolcount"), 0);
    if (position === total + 1) return true;
  }
  const call = only && child(only, "funcexpr");
  if (isUnnested(functions, position, scope)) return true;
  // Several functions side by side: the shorter ones are filled up with nulls.
  if (!call || functions.length > 1) return false;
  if (call.name !== "FUNCEXPR" || !flag(call, "funcretset")) return width === 1 && isNotNull(call, scope);
  const columns = rowColumnsOf(scope.catalog.functions.get(numberOf(call, "funcid")));
  return columns !== null && (columns.length === 0 || columns.includes(position));
}

/** `unnest(:a, :b)` of an `:unnest` file: arrays of one length, made from rows whose field is required. */
function isUnnested(functions: readonly TreeNode[], position: number, scope: Scope): boolean {
  const calls = functions.map((each) => child(each, "funcexpr"));
  const parameters = calls.map((call) => {
    const facts = call?.name === "FUNCEXPR"
      ? scope.catalog.functions.get(numberOf(call, "funcid"))
      : undefined;
    const [argument] = call === null ? [] : children(call, "args");
    if (facts?.signature !== "unnest(anyarray)" || argument === undefined) return null;
    const isExternal = argument.name === "PARAM" && numberOf(argument, "paramkind") === externalParameter;
    return isExternal ? numberOf(argument, "paramid") : null;
  });
  const { rowArrays, elementsNotNull } = scope.parameters;
  return parameters.every((number) => number !== null && rowArrays.has(number)) &&
    elementsNotNull.has(parameters[position - 1] ?? 0);
}
