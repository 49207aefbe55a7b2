/**
 * Which rows of its table an `:unnest` statement means: read from its parse tree, as the equalities between
 * the table's columns and the fields of `unnest(:a::type[], …) as change (a, …)`. They tell before and after
 * the statement whether a row of a call is there.
 *
 * Only what is certain counts: one relation beside the target, plain columns on both sides, equalities that
 * all must hold, and parameters that are cast at most. Anything else has no keys, and the tool answers
 * without outcomes.
 */

import type { Statement, UnnestKeys } from "../model.ts";
import { field, list, nameParts, type Node, object, unwrap, walkValue } from "../parser/parse_tree.ts";

/** Null where the keys are not certain. */
export function unnestKeys({ nodeType, tree, parameterNames }: Statement): UnnestKeys | null {
  const found = partsOf(nodeType, tree);
  if (found === null) return null;
  const { relation, sources, pairsOf, does, locks } = found;
  if (typeof relation.schemaname !== "string" || sources.length !== 1) return null;
  const source = fieldsOf(sources[0], parameterNames);
  if (source === null) return null;
  const target = String(field(relation, "alias").aliasname ?? relation.relname);
  const keys: UnnestKeys["keys"] = [];
  for (const { column, name } of pairsOf({ target, source: source.alias, fields: source.fields })) {
    const parameter = source.fields.get(name);
    if (parameter === undefined || parameter === null) return null;
    const cast = source.casts.get(name);
    if (keys.some((key) => key.column === column)) continue;
    keys.push({ column, parameter, ...(cast === undefined ? {} : { cast }) });
  }
  if (keys.length === 0) return null;
  const isReturnable = nodeType !== "MergeStmt" && !changesKeys(nodeType, tree, keys);
  return {
    schema: relation.schemaname,
    table: String(relation.relname),
    ...(relation.inh === true ? {} : { isOnly: true }),
    does,
    ...(locks ? { locks: true } : {}),
    ...(isReturnable ? { returnAs: target } : {}),
    keys,
    ...(nodeType === "UpdateStmt" &&
        isNarrowed(tree.whereClause, { target, source: source.alias, fields: source.fields })
      ? { isNarrowed: true }
      : {}),
  };
}

/** Whether a field of the call stands in a condition other than an equality or "is not the same already". */
function isNarrowed(condition: unknown, names: Names): boolean {
  const wrapped = unwrap(condition);
  if (wrapped === null) return false;
  const { type, node } = wrapped;
  if (type === "BoolExpr") return list(node.args).some((part) => isNarrowed(part, names));
  if (equalities(condition, names).length > 0) return false;
  if (type === "A_Expr") {
    if (node.kind === "AEXPR_DISTINCT") return false;
    if (node.kind === "AEXPR_OP" && nameParts(node.name).at(-1) === "<>") return false;
  }
  let mentions = false;
  walkValue(condition, ({ type, node }) => {
    if (
      type === "ColumnRef" &&
      columnOf({ ColumnRef: node }, names.source, (name) => names.fields.has(name)) !== null
    ) {
      mentions = true;
    }
  });
  return mentions;
}

interface Names {
  target: string;
  source: string;
  fields: ReadonlyMap<string, string | null>;
}

interface Parts {
  relation: Node;
  /** The items of FROM, USING or the SELECT's FROM. */
  sources: unknown[];
  does: UnnestKeys["does"];
  locks: boolean;
  /** Target's column beside the source's field. */
  pairsOf: (names: Names) => { column: string; name: string }[];
}

function partsOf(nodeType: string, tree: Node): Parts | null {
  const relation = field(tree, "relation");
  const where = (condition: unknown) => (names: Names) => equalities(condition, names);
  switch (nodeType) {
    case "UpdateStmt":
      return {
        relation,
        sources: list(tree.fromClause),
        does: ["update"],
        locks: true,
        pairsOf: where(tree.whereClause),
      };
    case "DeleteStmt":
      return {
        relation,
        sources: list(tree.usingClause),
        does: ["delete"],
        locks: true,
        pairsOf: where(tree.whereClause),
      };
    case "MergeStmt": {
      const commands = list(tree.mergeWhenClauses).map((clause) =>
        String(field(object(clause), "MergeWhenClause").commandType)
      );
      const does = (["insert", "update", "delete"] as const).filter((each) =>
        commands.includes(`CMD_${each.toUpperCase()}`)
      );
      return {
        relation,
        sources: [tree.sourceRelation],
        does,
        locks: does.some((each) => each !== "insert"),
        pairsOf: where(tree.joinCondition),
      };
    }
    case "InsertStmt":
      return insertParts(relation, tree);
    default:
      return null;
  }
}

/** Of an INSERT with ON CONFLICT the columns of the conflict, each with the field that is inserted there. */
function insertParts(relation: Node, tree: Node): Parts | null {
  const conflict = field(tree, "onConflictClause");
  const select = field(field(tree, "selectStmt"), "SelectStmt");
  const columns = list(tree.cols).map((column) => String(field(object(column), "ResTarget").name));
  const elements = list(field(conflict, "infer").indexElems).map((element) =>
    field(object(element), "IndexElem").name
  );
  if (elements.length === 0 || !elements.every((name) => typeof name === "string")) return null;
  const values = list(select.targetList).map((value) => field(object(value), "ResTarget").val);
  const isUpdate = conflict.action === "ONCONFLICT_UPDATE";
  return {
    relation,
    sources: list(select.fromClause),
    does: isUpdate ? ["insert", "update"] : ["insert"],
    locks: isUpdate,
    pairsOf: ({ source, fields }) =>
      elements.flatMap((column) => {
        const name = columnOf(values[columns.indexOf(String(column))], source, (name) => fields.has(name));
        // A key that is not a field makes the others no key.
        return [{ column: String(column), name: name ?? "" }];
      }),
  };
}

/** The fields of `unnest(…) as alias (field, …)` with their parameters; null for what is something else. */
function fieldsOf(
  source: unknown,
  parameterNames: readonly string[],
): { alias: string; fields: Map<string, string | null>; casts: Map<string, string> } | null {
  const wrapped = unwrap(source);
  if (wrapped?.type !== "RangeFunction") return null;
  const functions = list(wrapped.node.functions);
  const [first, ...others] = list(field(object(functions[0]), "List").items);
  const call = unwrap(first);
  if (functions.length !== 1 || call?.type !== "FuncCall" || others.some((each) => unwrap(each) !== null)) {
    return null;
  }
  const parts = nameParts(call.node.funcname);
  if (parts.at(-1) !== "unnest" || (parts.length > 1 && parts[0] !== "pg_catalog")) return null;
  const alias = field(wrapped.node, "alias");
  const args = list(call.node.args);
  const names = nameParts(alias.colnames);
  if (typeof alias.aliasname !== "string") return null;
  // One array without a list of columns: its column is called as the alias.
  if (names.length === 0 && args.length === 1) names.push(alias.aliasname);
  return {
    alias: alias.aliasname,
    fields: new Map(names.map((name, index) => [name, parameterOf(args[index], parameterNames)])),
    casts: new Map(names.flatMap((name, index) => {
      const cast = castOf(args[index]);
      return cast === null ? [] : [[name, cast]];
    })),
  };
}

/** `numeric(4,2)` of `:a::numeric(4,2)[]`; null for a type without a length or precision. */
function castOf(argument: unknown): string | null {
  const wrapped = unwrap(argument);
  if (wrapped?.type !== "TypeCast") return null;
  const typeName = object(wrapped.node.typeName);
  const modifiers = list(typeName.typmods).map((modifier) => {
    const value = field(field(object(modifier), "A_Const"), "ival").ival;
    return typeof value === "number" ? value : 0;
  });
  // The modifier of an interval is a mask of fields, and no number that could be written.
  const names = nameParts(typeName.names);
  if (modifiers.length === 0 || names.at(-1) === "interval") return null;
  return `${names.join(".")}(${modifiers.join(",")})`;
}

function parameterOf(argument: unknown, parameterNames: readonly string[]): string | null {
  let wrapped = unwrap(argument);
  if (wrapped?.type === "TypeCast") wrapped = unwrap(wrapped.node.arg);
  if (wrapped?.type !== "ParamRef") return null;
  return parameterNames[Number(wrapped.node.number) - 1] ?? null;
}

/** Every `target.column = source.field` that must hold, also by rows: `(a, b) = (c, d)`. */
function equalities(condition: unknown, names: Names): { column: string; name: string }[] {
  const wrapped = unwrap(condition);
  if (wrapped === null) return [];
  const { type, node } = wrapped;
  if (type === "BoolExpr" && node.boolop === "AND_EXPR") {
    return list(node.args).flatMap((part) => equalities(part, names));
  }
  if (type !== "A_Expr" || node.kind !== "AEXPR_OP" || nameParts(node.name).join(".") !== "=") return [];
  const [left, right] = [unwrap(node.lexpr), unwrap(node.rexpr)];
  const [lefts, rights] = left?.type === "RowExpr" && right?.type === "RowExpr"
    ? [list(left.node.args), list(right.node.args)]
    : [[node.lexpr], [node.rexpr]];
  return lefts.flatMap((one, index) =>
    pairOf(one, rights[index], names) ?? pairOf(rights[index], one, names) ?? []
  );
}

function pairOf(one: unknown, other: unknown, { target, source, fields }: Names) {
  // An unqualified name that both had would be ambiguous, so one that is a field is nothing else.
  const column = columnOf(one, target, (name) => !fields.has(name));
  const name = columnOf(other, source, (name) => fields.has(name));
  return column === null || name === null ? null : [{ column, name }];
}

/** The column of a reference to a relation; null for any other expression. */
function columnOf(value: unknown, relation: string, isOwn: (name: string) => boolean): string | null {
  const wrapped = unwrap(value);
  if (wrapped?.type !== "ColumnRef") return null;
  const parts = list(wrapped.node.fields);
  if (parts.some((part) => unwrap(part)?.type !== "String")) return null;
  const [first = "", second] = nameParts(wrapped.node.fields);
  if (parts.length === 1) return isOwn(first) ? first : null;
  return parts.length === 2 && first === relation ? second! : null;
}

/** An UPDATE that sets a column of its key returns another than it was asked for. */
function changesKeys(nodeType: string, tree: Node, keys: UnnestKeys["keys"]): boolean {
  return nodeType === "UpdateStmt" &&
    list(tree.targetList).some((item) =>
      keys.some(({ column }) => column === field(object(item), "ResTarget").name)
    );
}
