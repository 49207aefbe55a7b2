/**
 * Finds the shape of JSON values in the analysed tree: what each constructor, aggregate and cast writes, down
 * to columns of tables. What cannot be known becomes `any` and a gap that says where and why.
 */

import {
  branchesOf,
  columnIsNotNull,
  findFacts,
  isNotNull,
  openInner,
  resolvedIsNotNull,
} from "../nullability/nullability.ts";
import {
  anyShape,
  arrayOf,
  isJsonType,
  type JsonField,
  type JsonItem,
  type JsonShape,
  nullShape,
  objectOf,
  type ShapeGap,
  shapeOfLiteral,
  shapeOfType,
  unite,
  uniteItems,
} from "./shape.ts";
import {
  isArray,
  nested,
  type ShapeFinder,
  shapeOfAggregate,
  shapeOfCall,
  shapeOfConstructor,
  shapeOfOperator,
} from "./calls.ts";
import {
  child,
  children,
  flag,
  numberOf,
  strings,
  textOf,
  type TreeNode,
} from "../analysed_tree/node_text.ts";
import { constantText, typeOf, typmodOf } from "../analysed_tree/types.ts";
import { columnBehind, resolve, type Resolved, targetsOf } from "../analysed_tree/resolve.ts";
import type { Scope } from "../analysed_tree/scope.ts";

export interface FoundShape extends JsonItem {
  gaps: ShapeGap[];
}

/** Larger shapes end in `any`: an agent reads the schema. */
const maximumParts = 2000;
const maximumDepth = 64;

/** The shape of column `position` of a query's answer, which is of type json, jsonb or an array of them. */
export function findShape(scope: Scope, position: number): FoundShape {
  const builder = new ShapeBuilder();
  const item = builder.column(scope, position);
  return { ...item, gaps: builder.gaps };
}

class ShapeBuilder implements ShapeFinder {
  readonly gaps: ShapeGap[] = [];
  readonly #path: string[] = [];
  #parts = 0;
  #depth = 0;

  /** What `to_json` makes of a column of a query. */
  column(scope: Scope, position: number): JsonItem {
    const target = targetsOf(scope.query).find((each) => numberOf(each, "resno") === position);
    const expression = target && child(target, "expr");
    if (!expression) return unknownItem;
    const operation = child(scope.query, "setOperations");
    // The branches of a set operation have one type, but each its own document.
    const shape = operation === null || isScalarType(expression, scope)
      ? this.item(expression, scope).shape
      : unite(
        leavesOf(operation).map((index) => {
          const entry = scope.entry(index);
          return entry === null ? anyShape : this.#resolved(
            columnBehind(scope, index, entry, scope.kindOf(entry), position, false, findFacts),
            scope,
          ).shape;
        }),
      );
    return { shape, isNullable: !columnIsNotNull(scope, position) };
  }

  item(expression: TreeNode, scope: Scope): JsonItem {
    if (++this.#parts > maximumParts || this.#depth >= maximumDepth) {
      return this.#gap("the document is too large to be described further");
    }
    this.#depth++;
    try {
      const shape = this.#structure(expression, scope) ?? this.#byType(expression, scope);
      return { shape, isNullable: !isNotNull(expression, scope) };
    } finally {
      this.#depth--;
    }
  }

  #gap(reason: string): JsonItem {
    const path = [...this.#path];
    if (!this.gaps.some((gap) => gap.path.join("\0") === path.join("\0") && gap.reason === reason)) {
      this.gaps.push({ path, reason });
    }
    return { shape: anyShape, isNullable: true };
  }

  within<T>(part: string, find: () => T): T {
    this.#path.push(part);
    try {
      return find();
    } finally {
      this.#path.pop();
    }
  }

  items(expression: TreeNode, scope: Scope): JsonItem {
    return this.within("[]", () => this.item(expression, scope));
  }

  #byType(expression: TreeNode, scope: Scope): JsonShape {
    const type = scope.catalog.types.get(typeOf(expression) ?? 0);
    if (type === undefined) return this.#gap("its type is not known").shape;
    if (isJsonType(type)) {
      return this.#gap(`it is ${type.name} that ${describeSource(expression, scope)}`).shape;
    }
    const shape = shapeOfType(type, typmodOf(expression), scope.catalog.jsonCasts);
    return shape.kind === "any" ? this.#gap(`it is of type ${type.name}`).shape : shape;
  }

  /** Null where the type alone decides. */
  #structure(expression: TreeNode, scope: Scope): JsonShape | null {
    const arg = () => {
      const node = child(expression, "arg");
      return node === null ? null : this.#structure(node, scope);
    };
    const isJson = isJsonType(scope.catalog.types.get(typeOf(expression) ?? 0));
    switch (expression.name) {
      case "CONST":
        if (textOf(expression, "constisnull") === "true") return nullShape;
        return isJson ? literalOf(expression) : null;
      case "VAR": {
        if (isScalarType(expression, scope)) return null;
        const { scope: own, target } = resolve(expression, scope, findFacts);
        return this.#behind(target, expression, own);
      }
      case "RELABELTYPE":
      case "COLLATEEXPR":
      case "COERCETODOMAIN":
      case "CONVERTROWTYPEEXPR":
        return isScalarType(expression, scope) ? null : arg();
      case "COERCEVIAIO": {
        // json to jsonb and back goes by way of text.
        const source = child(expression, "arg");
        return isJson && source !== null && isJsonType(scope.catalog.types.get(typeOf(source) ?? 0))
          ? arg()
          : null;
      }
      case "JSONVALUEEXPR": {
        const formatted = child(expression, "formatted_expr");
        return formatted === null ? null : this.item(formatted, scope).shape;
      }
      case "COALESCEEXPR":
        return isScalarType(expression, scope) ? null : this.#coalesce(expression, scope);
      case "CASEEXPR": {
        if (isScalarType(expression, scope)) return null;
        const branches = branchesOf(expression, scope);
        return unite(
          branches.map(({ result, scope }) => result === null ? nullShape : this.item(result, scope).shape),
        );
      }
      case "NULLIFEXPR": {
        const [first] = children(expression, "args");
        return first === undefined ? null : this.#structure(first, scope);
      }
      case "ROWEXPR":
        return this.#row(expression, scope);
      case "ARRAYEXPR": {
        if (flag(expression, "multidims")) return null;
        const elements = children(expression, "elements").map((each) => this.items(each, scope));
        return arrayOf(elements.length === 0 ? null : uniteItems(elements));
      }
      case "SUBLINK":
        return this.#sublink(expression, scope);
      case "FUNCEXPR":
        return flag(expression, "funcretset") ? null : shapeOfCall(expression, scope, this);
      case "OPEXPR":
        return isJson ? shapeOfOperator(expression, scope, this) : null;
      case "AGGREF":
      case "WINDOWFUNC":
        return shapeOfAggregate(expression, scope, this);
      case "JSONCONSTRUCTOREXPR":
        return shapeOfConstructor(expression, scope, this);
      default:
        return null;
    }
  }

  #behind(target: Resolved, variable: TreeNode, scope: Scope): JsonShape | null {
    switch (target.kind) {
      case "query":
        return this.column(target.scope, target.position).shape;
      case "expression":
        return unite(target.expressions.map((each) => this.item(each, target.scope).shape));
      case "row":
        return this.#wholeRow(variable, target, scope);
      case "column":
      case "function":
      case "unknown":
        return null;
      default:
        throw new TypeError(`unknown kind of column: ${target satisfies never}`);
    }
  }

  /** A column that a row brings, with the name and comment that it has. */
  #resolved(target: Resolved, scope: Scope): JsonItem {
    const isNullable = !resolvedIsNotNull(target);
    switch (target.kind) {
      case "query":
        return { shape: this.column(target.scope, target.position).shape, isNullable };
      case "expression":
        return {
          shape: unite(target.expressions.map((each) => this.item(each, target.scope).shape)),
          isNullable,
        };
      case "column": {
        const known = scope.catalog.types.get(target.column.type);
        if (known === undefined) return this.#gap("its type is not known");
        if (isJsonType(known)) return this.#gap(`it is the ${known.name} column ${nameOf(target, scope)}`);
        return { shape: shapeOfType(known, target.column.typmod, scope.catalog.jsonCasts), isNullable };
      }
      default:
        return this.#gap("it comes from a function's row");
    }
  }

  /** A row that is there: nulled by an outer join it would be null as a whole. */
  #wholeRow(
    variable: TreeNode,
    { entry, index, scope: own }: Resolved & { kind: "row" },
    scope: Scope,
  ): JsonShape | null {
    const kind = own.kindOf(entry);
    if (kind !== "relation" && kind !== "subquery" && kind !== "cte" && kind !== "values") return null;
    const type = own.catalog.types.get(numberOf(variable, "vartype"));
    const relation = own.catalog.relations.get(numberOf(entry, "relid"));
    // A named row type keeps its own names whatever the alias says; a record takes those of the alias.
    const names: [number, string, string | null][] = relation !== undefined && type?.kind === "composite"
      ? [...relation.columns].map(([number, { name, comment }]) => [number, name, comment])
      : strings(child(entry, "eref") ?? entry, "colnames").map((name, at) => [at + 1, name, null]);
    const isResult = numberOf(own.query, "resultRelation") === index;
    const fields = names.map(([number, name, comment]): JsonField => {
      const target = columnBehind(own, index, entry, kind, number, isResult, findFacts);
      return {
        name,
        ...this.within(name, () => this.#resolved(target, scope)),
        isRequired: true,
        description: comment ?? this.#comment(target),
      };
    });
    return objectOf(fields, []);
  }

  #comment(target: Resolved): string | null {
    switch (target.kind) {
      case "column":
        return target.column.comment;
      case "query": {
        if (target.column?.comment) return target.column.comment;
        const inner = targetsOf(target.scope.query).find((each) =>
          numberOf(each, "resno") === target.position
        );
        const expression = inner && child(inner, "expr");
        return expression && child(target.scope.query, "setOperations") === null
          ? this.#commentOf(expression, target.scope)
          : null;
      }
      case "expression":
        return target.expressions.length === 1 ? this.#commentOf(target.expressions[0]!, target.scope) : null;
      default:
        return null;
    }
  }

  /** The comment of the column that an expression is, as it is. */
  #commentOf(expression: TreeNode, scope: Scope): string | null {
    let plain: TreeNode | null = expression;
    while (plain !== null && (plain.name === "RELABELTYPE" || plain.name === "COLLATEEXPR")) {
      plain = child(plain, "arg");
    }
    return plain?.name === "VAR" ? this.#comment(resolve(plain, scope, findFacts).target) : null;
  }

  field(name: string, value: TreeNode, scope: Scope): JsonField {
    return {
      name,
      ...this.within(name, () => this.item(value, scope)),
      isRequired: true,
      description: this.#commentOf(value, scope),
    };
  }

  #coalesce(expression: TreeNode, scope: Scope): JsonShape {
    const shapes: JsonShape[] = [];
    for (const each of children(expression, "args")) {
      const { shape, isNullable } = this.item(each, scope);
      shapes.push(shape);
      if (!isNullable) break;
    }
    return unite(shapes);
  }

  #row(expression: TreeNode, scope: Scope): JsonShape {
    const type = scope.catalog.types.get(numberOf(expression, "row_typeid"));
    const names = type?.kind === "composite"
      ? type.attributes.map(({ name }) => name)
      : strings(expression, "colnames");
    const args = children(expression, "args");
    return objectOf(args.map((each, at) => this.field(names[at] ?? `f${at + 1}`, each, scope)), []);
  }

  #sublink(link: TreeNode, scope: Scope): JsonShape | null {
    const query = child(link, "subselect");
    if (query === null) return null;
    const [target] = targetsOf(query);
    const position = target === undefined ? 0 : numberOf(target, "resno");
    switch (numberOf(link, "subLinkType")) {
      case 4:
        return this.column(openInner(query, scope), position).shape;
      case 6: {
        const items = this.within("[]", () => this.column(openInner(query, scope), position));
        const value = target && child(target, "expr");
        return value && isArray(value, scope) ? nested(items.shape) : arrayOf(items);
      }
      default:
        return null;
    }
  }
}

const unknownItem: JsonItem = { shape: anyShape, isNullable: true };

/** A type whose values have no parts: nothing can be found behind it that the type does not say. */
function isScalarType(expression: TreeNode, scope: Scope): boolean {
  const type = scope.catalog.types.get(typeOf(expression) ?? 0);
  if (type === undefined) return false;
  const shape = shapeOfType(type, -1, scope.catalog.jsonCasts);
  return shape.kind === "scalar";
}

/** A constant json text; a jsonb is binary, of which only the empty ones and the kind are read. */
function literalOf(constant: TreeNode): JsonShape | null {
  const text = constantText(constant);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    // JSON's null is no null of SQL: the column that holds it is not null, and its answer is.
    return value === null ? anyShape : shapeOfLiteral(value).shape;
  } catch {
    return null;
  }
}

/** Range-table indexes of the queries that a set operation puts together. */
function leavesOf(node: TreeNode | null): number[] {
  if (node === null) return [];
  if (node.name === "RANGETBLREF") return [numberOf(node, "rtindex")];
  return [...leavesOf(child(node, "larg")), ...leavesOf(child(node, "rarg"))];
}

function nameOf(target: Resolved & { kind: "column" }, scope: Scope): string {
  return `${scope.catalog.relations.get(target.relation)?.name ?? "?"}.${target.column.name}`;
}

function describeSource(expression: TreeNode, scope: Scope): string {
  switch (expression.name) {
    case "VAR": {
      const { target } = resolve(expression, scope, findFacts);
      return target.kind === "column"
        ? `the column ${nameOf(target, scope)} holds`
        : "a function in FROM answers";
    }
    case "PARAM":
      return "a parameter brings";
    case "FUNCEXPR": {
      const signature = scope.catalog.functions.get(numberOf(expression, "funcid"))?.signature;
      return signature ? `${signature.replace(/\(.*$/, "")}() answers` : "a function of the database answers";
    }
    case "OPEXPR":
      return `the operator ${
        scope.catalog.operators.get(numberOf(expression, "opno"))?.operands?.name ?? ""
      } answers`.replace("  ", " ");
    default:
      return "is computed";
  }
}
