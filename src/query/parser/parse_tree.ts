/**
 * Reading libpg-query's parse trees: a walk over every node whatever its place, and what the rules ask of a
 * tree.
 *
 * A node is either wrapped, `{FuncCall: {…}}`, or, where the grammar leaves one type only, bare under a
 * field: `relation: {…}` is a RangeVar. The walk gives both with their type. Locations are UTF-8 byte offsets
 * into the statement's text; a location of zero is left out by libpg-query.
 */
import type { Place, Statement } from "../model.ts";

export type Node = Record<string, unknown>;

/** A node with what stands above it, nearest last. */
export interface Visit {
  type: string;
  node: Node;
  /** The field of the parent's node that leads here. */
  field: string;
  above: readonly Visit[];
}

/** Called for every node before what is inside; returning "skip" leaves the inside out. */
export type Visitor = (visit: Visit) => "skip" | void;

/** One called function, as written. */
export interface FunctionCall {
  /** Name with its schema, if any, before it: `["pg_catalog", "now"]`. */
  parts: string[];
  /** The call's first character in the file. */
  place: Place;
}

/** One output column of a statement, by Postgres' own rules for names. */
export interface OutputColumn {
  /** Null where Postgres would say `?column?`. */
  name: string | null;
  /** The expression; null for the columns of VALUES. */
  expression: Node | null;
  isStar: boolean;
  location: number;
}

export function walk(type: string, node: Node, visitor: Visitor): void {
  descend({ type, node, field: "", above: [] }, [], visitor);
}

/** Nodes below any value of a tree, that value's own node included. */
export function walkValue(value: unknown, visitor: Visitor): void {
  follow("", value, [], visitor);
}

/**
 * Every function that a statement calls by name, also in FROM, CTEs, sub-queries, CALL and SQL's own syntax.
 */
export function functionCalls(
  statement: Pick<Statement, "nodeType" | "tree" | "placeAtByte">,
): FunctionCall[] {
  const calls: FunctionCall[] = [];
  walk(statement.nodeType, statement.tree, ({ type, node }) => {
    if (type !== "FuncCall") return;
    calls.push({ parts: nameParts(node.funcname), place: statement.placeAtByte(locationOf(node)) });
  });
  return calls;
}

/** The relation that a statement's rows come from: the SELECT itself, a view's query, a RETURNING list. */
export function outputColumns(nodeType: string, tree: Node): OutputColumn[] {
  if (nodeType === "ViewStmt") {
    const query = unwrap(tree.query);
    const columns = query === null ? [] : outputColumns(query.type, query.node);
    const aliases = list(tree.aliases).map(stringOf);
    return columns.map((column, index) => ({ ...column, name: aliases[index] ?? column.name }));
  }
  if (nodeType !== "SelectStmt") return list(field(tree, "returningClause").exprs).map(outputColumn);
  let select = tree;
  while (select.larg !== undefined) select = field(select, "larg");
  const values = list(select.valuesLists);
  if (values.length > 0) {
    const first = list(field(object(values[0]), "List").items);
    return first.map((value, index) => ({
      name: `column${index + 1}`,
      expression: null,
      isStar: false,
      location: locationBelow(value),
    }));
  }
  return list(select.targetList).map(outputColumn);
}

/** A wrapped node's type and content; null for anything else. */
export function unwrap(value: unknown): { type: string; node: Node } | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const keys = Object.keys(value);
  const type = keys[0];
  if (keys.length !== 1 || type === undefined || !/^[A-Z]/.test(type)) return null;
  return { type, node: object((value as Node)[type]) };
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function object(value: unknown): Node {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Node : {};
}

export function field(node: Node, name: string): Node {
  return object(node[name]);
}

export function stringOf(value: unknown): string {
  return String(field(object(value), "String").sval ?? "");
}

/** The strings of a list of String nodes: a name with its qualifiers. */
export function nameParts(value: unknown): string[] {
  return list(value).map(stringOf);
}

/** Byte offset of a node; 0 where the tree has none, which is also the statement's start. */
export function locationOf(node: Node): number {
  return typeof node.location === "number" && node.location > 0 ? node.location : 0;
}

/** The least location at or below a value: where its text begins. */
export function locationBelow(value: unknown): number {
  let least = -1;
  walkValue(value, ({ node }) => {
    if (typeof node.location === "number" && node.location >= 0 && (least === -1 || node.location < least)) {
      least = node.location;
    }
  });
  return Math.max(0, least);
}

export function isNullConstant(value: unknown): boolean {
  const wrapped = unwrap(value);
  if (wrapped?.type === "TypeCast") return isNullConstant(wrapped.node.arg);
  return wrapped?.type === "A_Const" && wrapped.node.isnull === true;
}

/** Deepest nesting of objects and lists, measured without recursion: the walk itself is recursive. */
export function nestingOf(value: unknown): number {
  let level: unknown[] = [value];
  let depth = 0;
  while (level.length > 0) {
    depth++;
    const next: unknown[] = [];
    for (const each of level) {
      if (typeof each !== "object" || each === null) continue;
      for (const inner of Object.values(each)) next.push(inner);
    }
    level = next;
  }
  return depth;
}

/** The type of a node that stands bare under a field. */
const bareTypes: ReadonlyMap<string, string> = new Map(Object.entries({
  relation: "RangeVar",
  view: "RangeVar",
  rel: "RangeVar",
  larg: "SelectStmt",
  rarg: "SelectStmt",
  withClause: "WithClause",
  into: "IntoClause",
  intoClause: "IntoClause",
  onConflictClause: "OnConflictClause",
  returningClause: "ReturningClause",
  infer: "InferClause",
  funccall: "FuncCall",
  func: "FuncCall",
  over: "WindowDef",
  typeName: "TypeName",
  alias: "Alias",
}));

/** `above` is one stack that grows and shrinks with the walk: a visitor that keeps it has to copy it. */
function descend(visit: Visit, above: Visit[], visitor: Visitor): void {
  if (visitor(visit) === "skip") return;
  above.push(visit);
  for (const [name, value] of Object.entries(visit.node)) follow(name, value, above, visitor);
  above.pop();
}

function follow(name: string, value: unknown, above: Visit[], visitor: Visitor): void {
  if (Array.isArray(value)) {
    for (const item of value) follow(name, item, above, visitor);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const wrapped = unwrap(value);
  if (wrapped !== null) {
    descend({ ...wrapped, field: name, above }, above, visitor);
    return;
  }
  const bare = bareTypes.get(name);
  if (bare !== undefined) {
    descend({ type: bare, node: value as Node, field: name, above }, above, visitor);
    return;
  }
  for (const [inner, each] of Object.entries(value)) follow(inner, each, above, visitor);
}

function outputColumn(value: unknown): OutputColumn {
  const target = field(object(value), "ResTarget");
  const expression = unwrap(target.val);
  const path = list(
    expression?.type === "A_Indirection" ? expression.node.indirection : expression?.node.fields,
  );
  const isStar = (expression?.type === "ColumnRef" || expression?.type === "A_Indirection") &&
    unwrap(path.at(-1))?.type === "A_Star";
  return {
    name: typeof target.name === "string" ? target.name : figureName(target.val).name,
    expression: object(target.val),
    isStar,
    location: locationOf(target),
  };
}

/** Names of nodes that Postgres names after their syntax. */
const syntaxNames: ReadonlyMap<string, string> = new Map(Object.entries({
  GroupingFunc: "grouping",
  MergeSupportFunc: "merge_action",
  A_ArrayExpr: "array",
  RowExpr: "row",
  CoalesceExpr: "coalesce",
  XmlSerialize: "xmlserialize",
  JsonParseExpr: "json",
  JsonScalarExpr: "json_scalar",
  JsonSerializeExpr: "json_serialize",
  JsonObjectConstructor: "json_object",
  JsonArrayConstructor: "json_array",
  JsonArrayQueryConstructor: "json_array",
  JsonObjectAgg: "json_objectagg",
  JsonArrayAgg: "json_arrayagg",
}));

/**
 * Postgres' FigureColname: the name of an expression, and how sure it is (a cast's type beats a weak name).
 */
function figureName(value: unknown): { name: string | null; strength: 0 | 1 | 2 } {
  const none = { name: null, strength: 0 } as const;
  const wrapped = unwrap(value);
  if (wrapped === null) return none;
  const { type, node } = wrapped;
  const strong = (name: string | undefined) => name === undefined ? none : { name, strength: 2 } as const;
  switch (type) {
    case "ColumnRef":
      return strong(nameParts(node.fields).findLast((part) => part !== ""));
    case "A_Indirection": {
      const name = list(node.indirection).map(stringOf).findLast((part) => part !== "");
      return name === undefined ? figureName(node.arg) : strong(name);
    }
    case "FuncCall":
      return strong(nameParts(node.funcname).at(-1));
    case "A_Expr":
      return node.kind === "AEXPR_NULLIF" ? strong("nullif") : none;
    case "TypeCast": {
      const inner = figureName(node.arg);
      const name = nameParts(field(node, "typeName").names).at(-1);
      return inner.strength === 2 || name === undefined ? inner : { name, strength: 1 };
    }
    case "CollateClause":
      return figureName(node.arg);
    case "SubLink":
      if (node.subLinkType === "EXISTS_SUBLINK") return strong("exists");
      if (node.subLinkType === "ARRAY_SUBLINK") return strong("array");
      if (node.subLinkType === "EXPR_SUBLINK") {
        const query = unwrap(node.subselect);
        const name = query === null ? null : outputColumns(query.type, query.node)[0]?.name ?? null;
        return name === null ? none : strong(name);
      }
      return none;
    case "CaseExpr": {
      const inner = figureName(node.defresult);
      return inner.strength === 2 ? inner : { name: "case", strength: 1 };
    }
    case "MinMaxExpr":
      return strong(node.op === "IS_LEAST" ? "least" : "greatest");
    case "SQLValueFunction":
      return strong(String(node.op).replace(/^SVFOP_/, "").replace(/_N$/, "").toLowerCase());
    case "XmlExpr":
      return node.op === "IS_DOCUMENT" ? none : strong(String(node.op).replace(/^IS_/, "").toLowerCase());
    case "JsonFuncExpr":
      return strong(String(node.op).replace(/_OP$/, "").toLowerCase());
    default:
      return strong(syntaxNames.get(type));
  }
}
