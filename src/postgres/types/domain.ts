/**
 * CHECK constraints of a domain as JSON Schema vocabulary. Only what says the same on both sides is taken;
 * the rest is left to Postgres, which refuses the value when it is bound.
 */

import { parseSql } from "../../query/parser/libpg_query.ts";

export interface DomainConstraints {
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  enum?: (string | number)[];
}

type Node = Record<string, unknown>;

/**
 * @param checks `CHECK (…)` as pg_get_constraintdef writes it. `loadParser` must have been awaited.
 */
export function domainConstraints(checks: readonly string[]): DomainConstraints {
  const constraints: DomainConstraints = {};
  for (const check of checks) {
    const expression = /^CHECK \((.*)\)( NOT VALID)?$/s.exec(check)?.[1];
    if (expression === undefined) continue;
    for (const term of conjuncts(targetOf(`select ${expression}`))) {
      Object.assign(constraints, constraintOf(term));
    }
  }
  return constraints;
}

function targetOf(sql: string): Node {
  const tree = { stmts: parseSql(sql) } as unknown as {
    stmts: { stmt: { SelectStmt: { targetList: { ResTarget: { val: Node } }[] } } }[];
  };
  return tree.stmts[0]?.stmt.SelectStmt.targetList[0]?.ResTarget.val ?? {};
}

function conjuncts(node: Node): Node[] {
  const and = node.BoolExpr as { boolop: string; args: Node[] } | undefined;
  return and?.boolop === "AND_EXPR" ? and.args.flatMap(conjuncts) : [node];
}

function constraintOf(node: Node): DomainConstraints {
  const expression = node.A_Expr as {
    kind: string;
    name: { String: { sval: string } }[];
    lexpr: Node;
    rexpr: Node;
  } | undefined;
  if (!expression) return {};
  const operator = expression.name.at(-1)?.String.sval;
  const left = subjectOf(expression.lexpr);
  if (left === null) return {};
  if (expression.kind === "AEXPR_OP_ANY" && operator === "=" && left === "value") {
    const values = arrayOf(expression.rexpr);
    return values ? { enum: values } : {};
  }
  if (expression.kind !== "AEXPR_OP") return {};
  const value = constantOf(expression.rexpr);
  if (left === "length") return typeof value === "number" ? lengthConstraint(operator, value) : {};
  if (operator === "~") {
    const pattern = typeof value === "string" ? commonPattern(value) : null;
    return pattern === null ? {} : { pattern };
  }
  if (typeof value !== "number") return operator === "=" && value !== null ? { enum: [value] } : {};
  switch (operator) {
    case ">=":
      return { minimum: value };
    case "<=":
      return { maximum: value };
    case ">":
      return { exclusiveMinimum: value };
    case "<":
      return { exclusiveMaximum: value };
    default:
      return {};
  }
}

function lengthConstraint(operator: string | undefined, value: number): DomainConstraints {
  switch (operator) {
    case "<=":
      return { maxLength: value };
    case "<":
      return { maxLength: value - 1 };
    case ">=":
      return { minLength: value };
    case ">":
      return { minLength: value + 1 };
    case "=":
      return { minLength: value, maxLength: value };
    default:
      return {};
  }
}

/** `VALUE` itself, its length, or neither. */
function subjectOf(node: Node): "value" | "length" | null {
  const plain = withoutCasts(node);
  const call = plain.FuncCall as { funcname: { String: { sval: string } }[]; args?: Node[] } | undefined;
  if (call) {
    const name = call.funcname.at(-1)?.String.sval ?? "";
    const isLength = ["length", "char_length", "character_length"].includes(name);
    return isLength && call.args?.length === 1 && subjectOf(call.args[0]!) === "value" ? "length" : null;
  }
  const reference = plain.ColumnRef as { fields: { String?: { sval: string } }[] } | undefined;
  return reference?.fields.length === 1 && reference.fields[0]?.String?.sval === "value" ? "value" : null;
}

function arrayOf(node: Node): (string | number)[] | null {
  const array = withoutCasts(node).A_ArrayExpr as { elements?: Node[] } | undefined;
  const values = array?.elements?.map(constantOf);
  return values && values.every((value) => value !== null) ? values : null;
}

function constantOf(node: Node): string | number | null {
  const plain = withoutCasts(node);
  const negated = plain.A_Expr as {
    kind: string;
    name: { String: { sval: string } }[];
    lexpr?: Node;
    rexpr: Node;
  } | undefined;
  if (
    negated?.kind === "AEXPR_OP" && negated.lexpr === undefined && negated.name.at(-1)?.String.sval === "-"
  ) {
    const value = constantOf(negated.rexpr);
    return typeof value === "number" ? -value : null;
  }
  const constant = plain.A_Const as {
    ival?: { ival?: number };
    fval?: { fval: string };
    sval?: { sval?: string };
  } | undefined;
  if (!constant) return null;
  if (constant.ival) return constant.ival.ival ?? 0;
  if (constant.fval) return Number(constant.fval.fval);
  if (constant.sval) {
    const text = constant.sval.sval ?? "";
    // pg_get_constraintdef writes negative and large numbers as '…'::bigint.
    return isNumberCast(node) && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  }
  return null;
}

function isNumberCast(node: Node): boolean {
  const cast = node.TypeCast as { typeName: { names: { String: { sval: string } }[] } } | undefined;
  const name = cast?.typeName.names.at(-1)?.String.sval ?? "";
  return ["int2", "int4", "int8", "numeric", "float4", "float8"].includes(name);
}

function withoutCasts(node: Node): Node {
  const cast = node.TypeCast as { arg: Node } | undefined;
  return cast ? withoutCasts(cast.arg) : node;
}

/**
 * A pattern of PostgreSQL's AREs as ECMAScript reads it; null where the two may differ. Literals, classes,
 * groups, counts and anchors mean the same to both. A dot takes a line end in PostgreSQL alone, and `[]` is
 * an empty class in ECMAScript alone.
 */
function commonPattern(pattern: string): string | null {
  if (/\[\[[:.=]|\[\^?\]|\\[^d.\\/()[\]{}+*?^$|-]|\(\?|\*\*\*/.test(pattern)) return null;
  const translated = pattern.replace(
    /\\.|\[(?:\\.|[^\]\\])*\]|\./gs,
    (part) => part === "." ? "[\\s\\S]" : part,
  );
  try {
    return new RegExp(translated, "u").source === "" ? null : translated;
  } catch {
    return null;
  }
}
