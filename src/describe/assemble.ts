/**
 * Outline, tree and catalogue → typed query: each parameter and column with its type, whether it can be null,
 * and the shape of its JSON. Reports what does not fit together.
 */

import { createReport, type Diagnostic, type Report } from "../query/diagnostic.ts";
import { documentKinds, type ParsedQuery, type Place } from "../query/model.ts";
import { list, locationOf, unwrap, walk } from "../query/parser/parse_tree.ts";
import type { TypedColumn, TypedParameter, TypedQuery } from "./model.ts";
import { nearestName } from "../nearest.ts";
import type { Outline } from "./outline.ts";
import type { RelationColumn } from "./relations.ts";
import { mainStatement } from "../query/statements.ts";
import { answersOneRow, columnIsNotNull, findFacts, isNotNullDomain } from "./nullability/nullability.ts";
import { columnIsDeclaredNotNull } from "./nullability/without_tree.ts";
import { isJsonType, type ShapeGap } from "./json_shape/shape.ts";
import { findShape, type FoundShape } from "./json_shape/build.ts";
import { numberOf, type TreeNode } from "./analysed_tree/node_text.ts";
import { type ParameterFacts, Scope, type TreeCatalog } from "./analysed_tree/scope.ts";
import { targetsOf, viewScope } from "./analysed_tree/resolve.ts";
import { type PgType, type TypeMap, withoutDomains } from "../postgres/types/types.ts";

/**
 * Null, and diagnostics, when the query's header does not fit its types. `tree` is null where PostgreSQL gave
 * none.
 */
export function assemble(
  outline: Outline,
  tree: TreeNode | null,
  catalog: TreeCatalog,
  diagnostics: Diagnostic[],
): TypedQuery | null {
  const { parsed } = outline;
  const before = diagnostics.length;
  const report = createReport(parsed.path, diagnostics);
  const parameters = parametersOf(outline, catalog.types, report);
  const answer = answerOf(outline, tree, catalog, parameters);
  const notes: Diagnostic[] = [];
  const columns = outline.columns.map((column, index): TypedColumn => {
    const declared = declaredColumn(outline, catalog, index);
    const type = typeOf(column.type, declared, catalog.types);
    const tag = parsed.header.columns.find(({ name }) => name === column.name) ?? null;
    const position = answer?.positions[index] ?? 0;
    const isProven = answer === null
      ? isDeclaredNotNull(outline, declared, index, catalog, type)
      : columnIsNotNull(answer.scope, position);
    const found = answer !== null && holdsJson(type) ? findShape(answer.scope, position) : null;
    if (found !== null) notes.push(...notesOf(parsed, column.name, found));
    return {
      name: column.name,
      type,
      typmod: declared?.typmod ?? -1,
      isNullable: tag?.nullable ?? !isProven,
      isAsserted: tag?.nullable === false && !isProven,
      hasDefault: declared?.hasDefault ?? false,
      comment: declared?.comment ?? null,
      tag,
      source: column.source,
      ...(found === null ? {} : { shape: found.shape }),
    };
  });
  checkColumnTags(parsed, columns.map(({ name }) => name), report);
  if (diagnostics.length > before) return null;
  const alwaysAnswersOneRow = tree !== null && answersOneRow(tree);
  return { parsed, parameters, columns, notes, alwaysAnswersOneRow };
}

function checkColumnTags(
  parsed: ParsedQuery,
  names: readonly string[],
  report: Report,
): void {
  const { header } = parsed;
  const named = [
    ...header.columns.map(({ name, place }) => ({ name, place })),
    ...header.filters.map(({ column, place }) => ({ name: column, place })),
    ...header.order.map(({ column, place }) => ({ name: column, place })),
    ...header.page.map(({ column, place }) => ({ name: column, place })),
  ];
  for (const { name, place } of named) {
    if (names.includes(name)) continue;
    const near = nearestName(name, names);
    report(
      "column-unknown",
      place,
      `The result has no column "${name}"`,
      near ? `Did you mean "${near}"?` : `It has ${names.join(", ") || "no columns"}`,
    );
  }
}

function parametersOf(outline: Outline, types: TypeMap, report: Report): TypedParameter[] {
  return outline.parsed.parameters.flatMap(({ name, tag, place }): TypedParameter[] => {
    const type = types.get(outline.parameters.get(name) ?? 0);
    if (type !== undefined && type.kind !== "pseudo") return [{ name, type, tag }];
    report(
      "param-untyped",
      place,
      `PostgreSQL cannot tell the type of :${name}`,
      `Cast its first use, :${name}::text for example`,
    );
    return [];
  });
}

/** The query whose columns are the answer's; null where PostgreSQL gave no tree. */
function answerOf(
  { parsed, columns, view }: Outline,
  tree: TreeNode | null,
  catalog: TreeCatalog,
  parameters: readonly TypedParameter[],
): { scope: Scope; positions: number[] } | null {
  if (view !== null) {
    const query = catalog.views.get(view);
    return query === undefined ? null : {
      scope: viewScope(view, query, catalog, findFacts),
      positions: columns.map(({ source }) => source!.attribute),
    };
  }
  if (tree === null) return null;
  const positions = targetsOf(tree).map((target) => numberOf(target, "resno"));
  if (positions.length !== columns.length) return null;
  return { scope: Scope.root(tree, catalog, findFacts, parameterFacts(parsed, parameters)), positions };
}

/**
 * A parameter without `?` is never null: the server refuses the call. So are the fields of the rows of an
 * `:unnest` file.
 */
function parameterFacts(parsed: ParsedQuery, parameters: readonly TypedParameter[]): ParameterFacts {
  const facts = {
    notNull: new Set<number>(),
    rowArrays: new Set<number>(),
    elementsNotNull: new Set<number>(),
  };
  const takesRows = parsed.parameters.some(({ isUnnested }) => isUnnested);
  mainStatement(parsed).parameterNames.forEach((name, index) => {
    const parameter = parameters.find((candidate) => candidate.name === name);
    if (parameter === undefined) return;
    const { tag, type } = parameter;
    const isGiven = !(tag?.optional ?? false) && (tag?.from ?? null) === null;
    const isField = takesRows && withoutDomains(type).kind === "array";
    if (isGiven || isField) facts.notNull.add(index + 1);
    if (isField) facts.rowArrays.add(index + 1);
    if (isGiven && isField) facts.elementsNotNull.add(index + 1);
  });
  return facts;
}

/** The column of a relation that a column of the answer is, as it is. */
function declaredColumn(outline: Outline, catalog: TreeCatalog, index: number): RelationColumn | undefined {
  const source = outline.columns[index]?.source ?? null;
  if (source === null) return undefined;
  const relation = outline.relations?.get(source.relation) ?? catalog.relations.get(source.relation);
  return relation?.columns.get(source.attribute);
}

/** Describe flattens a domain to its base type; the catalogue still knows it. */
function typeOf(described: number, declared: RelationColumn | undefined, types: TypeMap): PgType {
  const flat = types.get(described)!;
  const own = declared && types.get(declared.type);
  return own && (own.oid === flat.oid || withoutDomains(own).oid === flat.oid) ? own : flat;
}

function isDeclaredNotNull(
  outline: Outline,
  declared: RelationColumn | undefined,
  index: number,
  catalog: TreeCatalog,
  type: PgType,
): boolean {
  if (declared === undefined) return false;
  // COPY checks a domain on the way in.
  if (outline.parsed.copy !== null) return declared.isNotNull || isNotNullDomain(type);
  const kind = catalog.relations.get(outline.columns[index]!.source!.relation)?.kind ?? "";
  return declared.isNotNull && columnIsDeclaredNotNull(mainStatement(outline.parsed), kind);
}

/** json, jsonb, and arrays of them, whose values are written as they are. */
function holdsJson(type: PgType): boolean {
  return isJsonType(type) || (type.kind === "array" && isJsonType(type.element));
}

function notesOf(parsed: ParsedQuery, column: string, { gaps }: FoundShape): Diagnostic[] {
  // A jsonb column that is answered as it is says so itself, but a :report is there for its shape.
  return gaps.filter(({ path }) => path.length > 0 || documentKinds.has(parsed.kind)).map((
    { path, reason },
  ) => ({
    code: "report-untyped",
    severity: "warning" as const,
    path: parsed.path,
    ...placeOfGap(parsed, column, path),
    message: `The shape of ${pathText([column, ...path])} is not known: ${reason}`,
    hint: "Build it from typed columns, or leave it: its schema then allows any JSON",
  }));
}

const pathText = (path: ShapeGap["path"]): string =>
  path.reduce((text, part) => text + (part.startsWith("[") || text === "" ? part : `.${part}`), "");

/**
 * Where the innermost key of the path, or else the column's name, is written; the statement where neither is.
 */
function placeOfGap(parsed: ParsedQuery, column: string, path: readonly string[]): Place {
  const statement = mainStatement(parsed);
  const keys = path.filter((part) => part !== "*" && !part.startsWith("["));
  for (const key of keys.toReversed()) {
    let found: number | null = null;
    walk(statement.nodeType, statement.tree, ({ type, node }) => {
      if (found !== null) return;
      const isKey = type === "A_Const" && unwrapText(node) === key;
      const isColumn = type === "ColumnRef" && lastField(node) === key;
      if (isKey || isColumn || (type === "ResTarget" && node.name === key)) found = locationOf(node);
    });
    if (found !== null) return statement.placeAtByte(found);
  }
  let target: number | null = null;
  walk(statement.nodeType, statement.tree, ({ type, node }) => {
    if (target === null && type === "ResTarget" && node.name === column) target = locationOf(node);
  });
  return statement.placeAtByte(target ?? 0);
}

const unwrapText = (node: Record<string, unknown>): unknown =>
  (node.sval as { sval?: unknown } | undefined)?.sval;

function lastField(node: Record<string, unknown>): unknown {
  return unwrap(list(node.fields).at(-1))?.node.sval;
}
