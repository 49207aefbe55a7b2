/** What functions, operators, aggregates and SQL/JSON constructors write as JSON. */

import { jsonConstructors } from "../nullability/calls.ts";
import { factsIfTrue } from "../nullability/facts.ts";
import {
  arrayOf,
  isJsonType,
  type JsonField,
  type JsonItem,
  type JsonShape,
  mergeObjects,
  objectOf,
  stripNulls,
  uniteItems,
} from "./shape.ts";
import { child, children, flag, numberOf, type TreeNode } from "../analysed_tree/node_text.ts";
import type { Scope } from "../analysed_tree/scope.ts";
import { constantText, typeOf } from "../analysed_tree/types.ts";

/** Finds the shapes of what a call is given. */
export interface ShapeFinder {
  item: (expression: TreeNode, scope: Scope) => JsonItem;
  /** The same for the items of an array. */
  items: (expression: TreeNode, scope: Scope) => JsonItem;
  field: (name: string, value: TreeNode, scope: Scope) => JsonField;
  /** Looks inside a part of the document, which gaps are named after. */
  within: <T>(part: string, find: () => T) => T;
}

export function shapeOfCall(call: TreeNode, scope: Scope, builder: ShapeFinder): JsonShape | null {
  const signature = scope.catalog.functions.get(numberOf(call, "funcid"))?.signature ?? "";
  const args = children(call, "args");
  const [first] = args;
  const isVariadic = flag(call, "funcvariadic");
  switch (signature.replace(/^jsonb_/, "json_").replace(/^to_jsonb/, "to_json")) {
    case "json_build_object(any)":
    case "json_build_object()":
      return isVariadic ? null : object(args, scope, false, builder);
    case "json_build_array(any)":
    case "json_build_array()":
      return isVariadic ? null : tupleOf(args, scope, builder);
    case "to_json(anyelement)":
    case "row_to_json(record)":
    case "row_to_json(record,bool)":
    case "array_to_json(anyarray)":
    case "array_to_json(anyarray,bool)":
      return first === undefined ? null : builder.item(first, scope).shape;
    case "json_object(_text)":
    case "json_object(_text,_text)":
      return objectOf([], [{ shape: { kind: "literal", type: "string" }, isNullable: true }]);
    case "json_strip_nulls(json)":
    case "json_strip_nulls(jsonb)":
      return first === undefined ? null : stripNulls(builder.item(first, scope).shape);
    case "json_strip_nulls(json,bool)":
    case "json_strip_nulls(jsonb,bool)":
      // A default is not in the tree; that of strip_in_arrays is false.
      return first !== undefined && (args.length === 1 || isFalse(args[1]))
        ? stripNulls(builder.item(first, scope).shape)
        : null;
    default:
      return null;
  }
}

function object(
  args: readonly TreeNode[],
  scope: Scope,
  isAbsentOnNull: boolean,
  builder: ShapeFinder,
): JsonShape {
  const fields: JsonField[] = [];
  const rest: JsonItem[] = [];
  for (let at = 0; at + 1 < args.length; at += 2) {
    const [key, value] = [args[at]!, args[at + 1]!];
    const name = constantText(key);
    if (name === null) {
      const item = builder.within("*", () => builder.item(value, scope));
      rest.push(isAbsentOnNull ? { ...item, isNullable: false } : item);
      continue;
    }
    const field = builder.field(name, value, scope);
    fields.push(isAbsentOnNull ? { ...field, isNullable: false, isRequired: !field.isNullable } : field);
  }
  return objectOf(fields, rest);
}

function tupleOf(args: readonly TreeNode[], scope: Scope, builder: ShapeFinder): JsonShape {
  const tuple = args.map((each, at) => builder.within(`[${at}]`, () => builder.item(each, scope)));
  return { kind: "array", items: tuple.length === 0 ? null : uniteItems(tuple), tuple, isNested: false };
}

export function shapeOfOperator(expression: TreeNode, scope: Scope, builder: ShapeFinder): JsonShape | null {
  const operands = scope.catalog.operators.get(numberOf(expression, "opno"))?.operands ?? null;
  const [left, right] = children(expression, "args");
  if (operands === null || left === undefined || right === undefined) return null;
  if (operands.name === "||" && operands.left === "jsonb") {
    const merged = mergeObjects(builder.item(left, scope).shape, builder.item(right, scope).shape);
    return merged.kind === "any" ? null : merged;
  }
  const key = operands.name === "-" && operands.right === "text" ? constantText(right) : null;
  if (key === null) return null;
  const { shape } = builder.item(left, scope);
  return shape.kind === "object"
    ? { ...shape, fields: shape.fields.filter(({ name }) => name !== key) }
    : null;
}

export function shapeOfAggregate(call: TreeNode, outer: Scope, builder: ShapeFinder): JsonShape | null {
  const isAggregate = call.name === "AGGREF";
  const facts = outer.catalog.functions.get(numberOf(call, isAggregate ? "aggfnoid" : "winfnoid"));
  const name = facts?.signature?.replace(/\(.*$/, "").replace(/^jsonb/, "json") ?? "";
  const filter = child(call, "aggfilter");
  // Rows that the filter leaves out are not in the answer.
  const single = isAggregate ? outer.ungrouped() : outer;
  const scope = filter === null ? single : single.with(factsIfTrue(filter, single));
  const args = isAggregate
    ? children(call, "args").filter((each) => !flag(each, "resjunk")).map((each) => child(each, "expr"))
    : children(call, "args");
  const [first, second] = args;
  if (!first) return null;
  switch (name) {
    case "json_agg":
      return arrayOf(builder.items(first, scope));
    case "json_agg_strict":
      return arrayOf({ ...builder.items(first, scope), isNullable: false });
    case "array_agg": {
      const items = builder.items(first, scope);
      return isArray(first, scope) ? nested(items.shape) : arrayOf(items);
    }
    case "json_object_agg":
    case "json_object_agg_unique":
      return second ? objectOf([], [builder.within("*", () => builder.item(second, scope))]) : null;
    case "json_object_agg_strict":
    case "json_object_agg_unique_strict": {
      const item = second ? builder.within("*", () => builder.item(second, scope)) : null;
      return item === null ? null : objectOf([], [{ ...item, isNullable: false }]);
    }
    default:
      return null;
  }
}

/** `JSON_OBJECT`, `JSON_ARRAY` and their aggregates (PostgreSQL 16), `JSON_SCALAR` and `JSON` (17). */
export function shapeOfConstructor(
  constructor: TreeNode,
  scope: Scope,
  builder: ShapeFinder,
): JsonShape | null {
  // RETURNING text and the like is no JSON any more.
  if (
    child(constructor, "coercion") !== null ||
    !isJsonType(scope.catalog.types.get(typeOf(constructor) ?? 0))
  ) {
    return null;
  }
  const args = children(constructor, "args");
  const isAbsentOnNull = flag(constructor, "absent_on_null");
  switch (numberOf(constructor, "type")) {
    case jsonConstructors.object:
      return object(args, scope, isAbsentOnNull, builder);
    case jsonConstructors.array: {
      if (!isAbsentOnNull) return tupleOf(args, scope, builder);
      const items = args.map((each) => ({ ...builder.items(each, scope), isNullable: false }));
      return arrayOf(items.length === 0 ? null : uniteItems(items));
    }
    case jsonConstructors.objectAgg:
    case jsonConstructors.arrayAgg: {
      const call = child(constructor, "func");
      return call === null ? null : shapeOfAggregate(call, scope, builder);
    }
    case jsonConstructors.scalar:
      return args[0] === undefined ? null : builder.item(args[0], scope).shape;
    default:
      return null;
  }
}

/** An array of arrays is one array of more dimensions. */
export function nested(shape: JsonShape): JsonShape {
  return shape.kind === "array" ? { ...shape, isNested: true } : shape;
}

/** Whether an expression is an array of PostgreSQL's, not one of JSON's. */
export function isArray(expression: TreeNode, scope: Scope): boolean {
  return scope.catalog.types.get(typeOf(expression) ?? 0)?.kind === "array";
}

function isFalse(constant: TreeNode | undefined): boolean {
  const value = constant?.name === "CONST" ? constant.fields.constvalue : null;
  return typeof value === "object" && value !== null && "bytes" in value && value.bytes[0] === 0;
}
