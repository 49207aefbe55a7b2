/**
 * What a condition proves: the columns of its own query that cannot be null in a row for which it is true. A
 * strict function or operator answers null for null, and a row stays only where its condition is true.
 *
 * A fact is `<range-table index>.<attribute number>` of a VAR of the query itself.
 */

import { child, children, flag, numberOf, textOf, type TreeNode } from "../analysed_tree/node_text.ts";
import type { Scope } from "../analysed_tree/scope.ts";

type Facts = ReadonlySet<string>;
const nothing: Facts = new Set();

const union = (all: readonly Facts[]): Facts => new Set(all.flatMap((facts) => [...facts]));

function intersection([first, ...others]: readonly Facts[]): Facts {
  return new Set([...first ?? nothing].filter((fact) => others.every((facts) => facts.has(fact))));
}

const nullTests = { isNull: 0, isNotNull: 1 } as const;
const booleanTests = { isTrue: 0, isFalse: 2, isNotUnknown: 5 } as const;
const anySublink = 2;

export const factOf = (variable: TreeNode): string =>
  `${numberOf(variable, "varno")}.${numberOf(variable, "varattno")}`;

/** What holds where the condition is true. */
export function factsIfTrue(condition: TreeNode, scope: Scope): Facts {
  switch (condition.name) {
    case "BOOLEXPR": {
      const args = children(condition, "args");
      switch (textOf(condition, "boolop")) {
        case "and":
          return union(args.map((arg) => factsIfTrue(arg, scope)));
        case "or":
          return intersection(args.map((arg) => factsIfTrue(arg, scope)));
        case "not":
          return args[0] === undefined ? nothing : factsIfFalse(args[0], scope);
        default:
          return nothing;
      }
    }
    case "NULLTEST":
      return numberOf(condition, "nulltesttype") === nullTests.isNotNull
        ? factsOfNullTest(condition, scope)
        : nothing;
    case "BOOLEANTEST": {
      const arg = child(condition, "arg");
      if (arg === null) return nothing;
      switch (numberOf(condition, "booltesttype")) {
        case booleanTests.isTrue:
          return factsIfTrue(arg, scope);
        case booleanTests.isFalse:
          return factsIfFalse(arg, scope);
        case booleanTests.isNotUnknown:
          return factsIfNotNull(arg, scope);
        default:
          return nothing;
      }
    }
    case "SCALARARRAYOPEXPR":
      // `x = any (array)` is false for a null x and an empty array, but true only for a value.
      return flag(condition, "useOr") ? factsOfStrict(condition, scope) : nothing;
    case "SUBLINK": {
      const test = child(condition, "testexpr");
      return numberOf(condition, "subLinkType") === anySublink && test !== null
        ? factsIfTrue(test, scope)
        : nothing;
    }
    default:
      return factsIfNotNull(condition, scope);
  }
}

/** What holds where the condition is false, which is not null. */
export function factsIfFalse(condition: TreeNode, scope: Scope): Facts {
  switch (condition.name) {
    case "BOOLEXPR": {
      const args = children(condition, "args");
      switch (textOf(condition, "boolop")) {
        case "and":
          return intersection(args.map((arg) => factsIfFalse(arg, scope)));
        case "or":
          return union(args.map((arg) => factsIfFalse(arg, scope)));
        case "not":
          return args[0] === undefined ? nothing : factsIfTrue(args[0], scope);
        default:
          return nothing;
      }
    }
    case "NULLTEST":
      return numberOf(condition, "nulltesttype") === nullTests.isNull
        ? factsOfNullTest(condition, scope)
        : nothing;
    case "SCALARARRAYOPEXPR":
      return flag(condition, "useOr") ? nothing : factsOfStrict(condition, scope);
    case "BOOLEANTEST":
    case "SUBLINK":
      return nothing;
    default:
      return factsIfNotNull(condition, scope);
  }
}

/** What holds where a CASE goes past this WHEN: it was false or null. */
export function factsIfNotTrue(condition: TreeNode, scope: Scope): Facts {
  switch (condition.name) {
    case "NULLTEST":
      return factsIfFalse(condition, scope);
    case "BOOLEXPR":
      // An OR that is not true has no term that is true.
      return textOf(condition, "boolop") === "or"
        ? union(children(condition, "args").map((arg) => factsIfNotTrue(arg, scope)))
        : nothing;
    default:
      return nothing;
  }
}

/** What holds where the expression has a value. */
function factsIfNotNull(expression: TreeNode, scope: Scope): Facts {
  switch (expression.name) {
    case "VAR":
      return numberOf(expression, "varlevelsup") === 0 ? factsOfVariable(expression, scope) : nothing;
    case "OPEXPR":
    case "FUNCEXPR":
      return factsOfStrict(expression, scope);
    case "BOOLEXPR": {
      const arg = children(expression, "args")[0];
      return textOf(expression, "boolop") === "not" && arg !== undefined
        ? factsIfNotNull(arg, scope)
        : nothing;
    }
    case "RELABELTYPE":
    case "COERCEVIAIO":
    case "ARRAYCOERCEEXPR":
    case "COLLATEEXPR": {
      const arg = child(expression, "arg");
      return arg === null ? nothing : factsIfNotNull(arg, scope);
    }
    default:
      return nothing;
  }
}

/** A row `is not null` when all of its fields are, which says less of the row itself: left out. */
function factsOfNullTest(test: TreeNode, scope: Scope): Facts {
  const arg = child(test, "arg");
  return arg === null || flag(test, "argisrow") ? nothing : factsIfNotNull(arg, scope);
}

/** A column of a named join is also the column behind it. */
function factsOfVariable(variable: TreeNode, scope: Scope): Facts {
  const own = new Set([factOf(variable)]);
  const entry = scope.entry(numberOf(variable, "varno"));
  if (entry === null || scope.kindOf(entry) !== "join") return own;
  const behind = children(entry, "joinaliasvars")[numberOf(variable, "varattno") - 1];
  return behind?.name === "VAR" ? union([own, factsIfNotNull(behind, scope)]) : own;
}

function factsOfStrict(expression: TreeNode, scope: Scope): Facts {
  const { functions, operators } = scope.catalog;
  const isSet = flag(expression, "funcretset") || flag(expression, "opretset");
  const facts = expression.name === "FUNCEXPR"
    ? functions.get(numberOf(expression, "funcid"))
    : operators.get(numberOf(expression, "opno"));
  return facts?.isStrict && !isSet
    ? union(children(expression, "args").map((arg) => factsIfNotNull(arg, scope)))
    : nothing;
}
