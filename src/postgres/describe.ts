/**
 * Parsed query → typed query: Postgres' Describe gives parameter types and result columns, the catalogue gives what a
 * column declares, its domain and its comment. Nothing of a file runs, except the CREATE TEMPORARY TABLE of a `:copy` file,
 * inside a transaction that is rolled back, because its COPY and merge refer to that table.
 *
 * All files are described first; then types and attributes are read in one query each for all of them.
 */

import { distance } from "fastest-levenshtein";
import { SqlwrightError } from "../errors.ts";
import type { ColumnTag, ParamTag } from "../query/annotation.ts";
import type { Diagnostic } from "../query/diagnostic.ts";
import type { ParsedQuery, Place, Statement } from "../query/query.ts";
import { sqlstateOf } from "./database_error.ts";
import { columnIsDeclaredNotNull } from "./nullability.ts";
import type { PoolConnection } from "./pool.ts";
import { loadTypes, type PgType, type TypeMap, withoutDomains } from "./types.ts";

/** A query whose every parameter and column has Postgres' own type. */
export interface TypedQuery {
  parsed: ParsedQuery;
  /** In the order of `parsed.parameters`. */
  parameters: TypedParameter[];
  /** Columns of the answer; of `:copy` the columns that a row brings. */
  columns: TypedColumn[];
}

export interface TypedParameter {
  name: string;
  type: PgType;
  tag: ParamTag | null;
}

export interface TypedColumn {
  name: string;
  type: PgType;
  /** `atttypmod`; -1 where none is known. */
  typmod: number;
  isNullable: boolean;
  /** The header's `!` says never null against what is known: checked at run time. */
  isAsserted: boolean;
  /** A row of `:copy` may leave it out. */
  hasDefault: boolean;
  /** COMMENT ON COLUMN. */
  comment: string | null;
  tag: ColumnTag | null;
  /** Where the value comes from, when it comes from a relation as it is. */
  source: { relation: number; attribute: number } | null;
}

export interface DescribedQueries {
  typed: TypedQuery[];
  diagnostics: Diagnostic[];
}

/** Types every query that can be typed; the others get a diagnostic each. Needs a connection that may write. */
export async function describeQueries(
  connection: PoolConnection,
  queries: readonly ParsedQuery[],
): Promise<DescribedQueries> {
  const diagnostics: Diagnostic[] = [];
  const outlines: Outline[] = [];
  for (const query of queries) {
    const outline = await outlineOf(connection, query, diagnostics);
    if (outline !== null) outlines.push(outline);
  }
  const sources = outlines.flatMap(({ columns, attributes }) =>
    attributes === null ? columns.map(({ source }) => source) : []
  );
  const attributes: Attributes = new Map([
    ...await loadAttributes(connection, sources),
    ...outlines.flatMap((outline) => [...outline.attributes ?? []]),
  ]);
  const types = await loadTypes(connection, [
    ...outlines.flatMap((
      { parameters, columns },
    ) => [...parameters.values(), ...columns.map(({ type }) => type)]),
    ...[...attributes.values()].map(({ type }) => type),
  ]);
  const typed: TypedQuery[] = [];
  for (const outline of outlines) {
    const query = assemble(outline, attributes, types, diagnostics);
    if (query !== null) typed.push(query);
  }
  return { typed, diagnostics };
}

/** What Describe alone says of a query. */
interface Outline {
  parsed: ParsedQuery;
  /** Type OIDs by parameter name. */
  parameters: Map<string, number>;
  columns: { name: string; type: number; source: Source | null }[];
  /** Of temporary tables, which are gone when all files have been described; else null. */
  attributes: Attributes | null;
}

async function outlineOf(
  connection: PoolConnection,
  query: ParsedQuery,
  diagnostics: Diagnostic[],
): Promise<Outline | null> {
  try {
    switch (query.kind) {
      case "copy":
        return await outlineOfCopy(connection, query);
      case "view":
        return await outlineOfView(connection, query, diagnostics);
      default: {
        const statement = mainStatement(query);
        const described = await describeStatement(connection, query, statement);
        return {
          parsed: query,
          parameters: namedTypes(statement, described.types),
          columns: described.columns,
          attributes: null,
        };
      }
    }
  } catch (error) {
    if (!(error instanceof DescribeFailure)) throw error;
    diagnostics.push(error.diagnostic);
    return null;
  }
}

export function mainStatement(query: ParsedQuery): Statement {
  const main = query.statements.find(({ role }) => role === "main" || role === "copy");
  if (!main) throw new TypeError(`${query.path} has no main statement`);
  return main;
}

class DescribeFailure extends Error {
  constructor(readonly diagnostic: Diagnostic) {
    super(diagnostic.message);
  }
}

async function describeStatement(connection: PoolConnection, query: ParsedQuery, statement: Statement) {
  try {
    const { types, columns } = await connection.describe(statement.text);
    return {
      types,
      columns: columns.map(({ name, type, table, number }) => ({
        name,
        type,
        source: table === 0 ? null : { relation: table, attribute: number },
      })),
    };
  } catch (error) {
    throw failureOf(error, query, statement);
  }
}

/** A database error as a diagnostic on the DBA's own character; an error of the connection passes unchanged. */
function failureOf(error: unknown, query: ParsedQuery, statement: Statement): unknown {
  const sqlstate = sqlstateOf(error);
  if (!(error instanceof SqlwrightError) || error.code !== "database.failed" || sqlstate === null) {
    return error;
  }
  const position = typeof error.details.position === "number" ? error.details.position : null;
  const place = position === null ? statement.placeAt(0) : statement.placeAt(position - 1);
  if (sqlstate === "42P18" || sqlstate === "42P08") return untyped(error, query, statement, position);
  const detail = typeof error.details.detail === "string" ? ` (${error.details.detail})` : "";
  return new DescribeFailure({
    code: `postgres-${sqlstate}`,
    severity: "error",
    path: query.path,
    ...place,
    message: error.message + detail,
    hint: error.hint ?? hintBySqlstate[sqlstate] ?? null,
  });
}

const hintBySqlstate: Record<string, string> = {
  "42P01":
    "Check the spelling and the schema; run `sqlwright migrate` if a migration or a :view file makes it",
  "42703": "Check the spelling; \\d in psql shows the relation's columns",
  "42501": "The role of DATABASE_URL lacks this privilege: GRANT it, or name a role with @role",
};

function untyped(
  error: SqlwrightError,
  query: ParsedQuery,
  statement: Statement,
  position: number | null,
): DescribeFailure {
  // Postgres names the parameter of 42P18 in its message only; `$n` reads the same in every language of lc_messages.
  const number = Number(/\$(\d+)/.exec(error.message)?.[1] ?? 0);
  const name = statement.parameterNames[number - 1];
  const parameter = query.parameters.find((candidate) => candidate.name === name);
  const place = position === null
    ? parameter?.place ?? statement.placeAt(0)
    : statement.placeAt(position - 1);
  return new DescribeFailure({
    code: "param-untyped",
    severity: "error",
    path: query.path,
    line: place.line,
    column: place.column,
    message: `PostgreSQL cannot tell the type of :${name ?? number}`,
    hint: `Cast its first use, :${name ?? "name"}::date for example`,
  });
}

function namedTypes(statement: Statement, oids: readonly number[]): Map<string, number> {
  return new Map(statement.parameterNames.map((name, index) => [name, oids[index] ?? 0]));
}

/** Runs the file's temporary tables, then describes the merge and looks the copy's columns up, and rolls back. */
async function outlineOfCopy(connection: PoolConnection, query: ParsedQuery): Promise<Outline> {
  const outline: Outline = { parsed: query, parameters: new Map(), columns: [], attributes: null };
  await connection.script("begin");
  try {
    for (const statement of query.statements) {
      if (createsTemporaryTable(statement)) {
        await connection.execute(statement.text, []).catch((error) =>
          Promise.reject(failureOf(error, query, statement))
        );
      } else if (statement.role === "copy") {
        outline.columns = await copyColumns(connection, query, statement);
        outline.attributes = await loadAttributes(connection, outline.columns.map(({ source }) => source));
      } else if (statement.nodeType !== "TruncateStmt") {
        const described = await describeStatement(connection, query, statement);
        for (const [name, oid] of namedTypes(statement, described.types)) outline.parameters.set(name, oid);
      }
    }
  } finally {
    await connection.script("rollback");
  }
  return outline;
}

/** `create temporary table … (…)` and `create temporary table … as …`. */
export function createsTemporaryTable(statement: Statement): boolean {
  const { nodeType, tree } = statement;
  const target = nodeType === "CreateStmt"
    ? tree.relation
    : (tree.into as { rel?: unknown } | undefined)?.rel;
  const isCreate = nodeType === "CreateStmt" || nodeType === "CreateTableAsStmt";
  return isCreate && (target as { relpersistence?: string } | undefined)?.relpersistence === "t";
}

async function copyColumns(
  connection: PoolConnection,
  query: ParsedQuery,
  statement: Statement,
): Promise<Outline["columns"]> {
  const { schema, table, columns } = query.copy!;
  const relation = (schema === null ? "" : `${quoteIdentifier(schema)}.`) + quoteIdentifier(table);
  const fail = (message: string, hint: string | null) =>
    new DescribeFailure({
      code: "copy-target",
      severity: "error",
      path: query.path,
      ...statement.placeAt(0),
      message,
      hint,
    });
  const rows = await connection.rows(
    `select attribute.attrelid as relation, attribute.attnum as number, attribute.attname as name, attribute.atttypid as type
     from pg_catalog.pg_attribute as attribute
     where attribute.attrelid = pg_catalog.to_regclass($1)
       and attribute.attnum > 0
       and not attribute.attisdropped
       and attribute.attgenerated = ''
     order by attribute.attnum`,
    [relation],
  );
  if (rows.length === 0) {
    throw fail(
      `relation "${schema === null ? table : `${schema}.${table}`}" does not exist`,
      "Create it in a migration, or as a temporary table above the COPY",
    );
  }
  const names = rows.map(({ name }) => name!);
  const wanted = columns.length > 0 ? columns : names;
  return wanted.map((name) => {
    const row = rows.find((candidate) => candidate.name === name);
    if (!row) {
      const near = nearest(name, names);
      throw fail(
        `column "${name}" of relation "${table}" does not exist`,
        near ? `Did you mean "${near}"?` : `It has ${names.join(", ")}`,
      );
    }
    return {
      name,
      type: Number(row.type),
      source: { relation: Number(row.relation), attribute: Number(row.number) },
    };
  });
}

/** A view is deployed by `migrate`; its file must describe what is deployed. */
async function outlineOfView(
  connection: PoolConnection,
  query: ParsedQuery,
  diagnostics: Diagnostic[],
): Promise<Outline | null> {
  const { schema, name } = query.view!;
  const statement = mainStatement(query);
  const text = viewQueryText(statement);
  const inFile = await describeStatement(connection, query, {
    ...statement,
    text: text.text,
    placeAt: (offset) => statement.placeAt(offset + text.offset),
  });
  const relation = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
  const deployed = await connection.rows(
    `select attribute.attrelid as relation, attribute.attnum as number, attribute.attname as name, attribute.atttypid as type
     from pg_catalog.pg_attribute as attribute
     where attribute.attrelid = pg_catalog.to_regclass($1)
       and attribute.attnum > 0
       and not attribute.attisdropped
     order by attribute.attnum`,
    [relation],
  );
  const names = deployed.map((row) => row.name!);
  const isDeployed = names.length === inFile.columns.length &&
    inFile.columns.every((column, index) => column.name === names[index]);
  if (!isDeployed) {
    diagnostics.push({
      code: "view-not-deployed",
      severity: "error",
      path: query.path,
      ...query.header.kindPlace,
      message: names.length === 0
        ? `The view ${schema}.${name} does not exist in the database`
        : `The view ${schema}.${name} in the database has other columns than this file`,
      hint: "Deploy it with `sqlwright migrate`",
    });
    return null;
  }
  return {
    parsed: query,
    parameters: new Map(),
    attributes: null,
    columns: deployed.map((row) => ({
      name: row.name!,
      type: Number(row.type),
      source: { relation: Number(row.relation), attribute: Number(row.number) },
    })),
  };
}

/** The query after `create … view … as`, with its offset in code points. libpg-query's offsets are UTF-8 bytes. */
function viewQueryText(statement: Statement): { text: string; offset: number } {
  const match = /\bas\b(?=\s*(?:\(|select\b|with\b|values\b))/i.exec(statement.text);
  const start = match ? match.index + match[0].length : 0;
  return { text: statement.text.slice(start), offset: [...statement.text.slice(0, start)].length };
}

interface AttributeRow {
  type: number;
  typmod: number;
  isNotNull: boolean;
  hasDefault: boolean;
  comment: string | null;
  relationKind: string;
}

type Attributes = ReadonlyMap<string, AttributeRow>;
type Source = { relation: number; attribute: number };

const attributeKey = ({ relation, attribute }: Source) => `${relation}.${attribute}`;

async function loadAttributes(connection: PoolConnection, sources: (Source | null)[]): Promise<Attributes> {
  const wanted = sources.filter((source) => source !== null);
  const rows = await connection.rows(
    `select
       attribute.attrelid as relation, attribute.attnum as number, attribute.atttypid as type,
       attribute.atttypmod as typmod,
       attribute.attnotnull and not exists (
         -- PostgreSQL 18 knows NOT NULL constraints that have not been validated.
         select from pg_catalog.pg_constraint as con
         where con.conrelid = attribute.attrelid
           and con.contype = 'n'
           and con.conkey = array[attribute.attnum]
           and not con.convalidated
       ) as is_not_null,
       (attribute.atthasdef or attribute.attidentity <> '') as has_default,
       pg_catalog.col_description(attribute.attrelid, attribute.attnum) as comment,
       class.relkind as kind
     from unnest($1::oid[], $2::int2[]) as wanted (relation, number)
     join pg_catalog.pg_attribute as attribute
       on attribute.attrelid = wanted.relation and attribute.attnum = wanted.number
     join pg_catalog.pg_class as class on class.oid = attribute.attrelid`,
    [
      `{${wanted.map(({ relation }) => relation).join(",")}}`,
      `{${wanted.map(({ attribute }) => attribute).join(",")}}`,
    ],
  );
  return new Map(rows.map((row) => [`${row.relation}.${row.number}`, {
    type: Number(row.type),
    typmod: Number(row.typmod),
    isNotNull: row.is_not_null === "t",
    hasDefault: row.has_default === "t",
    comment: row.comment ?? null,
    relationKind: row.kind ?? "",
  }]));
}

function assemble(
  outline: Outline,
  attributes: Attributes,
  types: TypeMap,
  diagnostics: Diagnostic[],
): TypedQuery | null {
  const { parsed } = outline;
  const before = diagnostics.length;
  const report = (place: Place, code: string, message: string, hint: string | null) =>
    diagnostics.push({
      code,
      severity: "error",
      path: parsed.path,
      line: place.line,
      column: place.column,
      message,
      hint,
    });

  const parameters = parsed.parameters.map(({ name, tag, place }): TypedParameter | null => {
    const type = types.get(outline.parameters.get(name) ?? 0);
    if (type === undefined || type.kind === "pseudo") {
      report(
        place,
        "param-untyped",
        `PostgreSQL cannot tell the type of :${name}`,
        `Cast its first use, :${name}::text for example`,
      );
      return null;
    }
    return { name, type, tag };
  });

  if (
    parsed.kind === "unnest" &&
    !parameters.some((parameter) => parameter && withoutDomains(parameter.type).kind === "array")
  ) {
    report(
      parsed.header.kindPlace,
      "unnest-array",
      "An :unnest file needs an array parameter",
      "Write unnest(:name::text[]) with the columns' types",
    );
  }

  const columns = outline.columns.map((column): TypedColumn => {
    const attribute = column.source === null ? undefined : attributes.get(attributeKey(column.source));
    const flat = types.get(column.type)!;
    const declared = attribute && types.get(attribute.type);
    // Describe flattens a domain to its base type; the attribute still knows it.
    const type = declared && (declared.oid === flat.oid || withoutDomains(declared).oid === flat.oid)
      ? declared
      : flat;
    const tag = parsed.header.columns.find(({ name }) => name === column.name) ?? null;
    const isProven = attribute !== undefined &&
      (attribute.isNotNull || isNotNullDomain(type)) &&
      (parsed.kind === "copy" || columnIsDeclaredNotNull(mainStatement(parsed), attribute.relationKind));
    return {
      name: column.name,
      type,
      typmod: attribute?.typmod ?? -1,
      isNullable: tag?.nullable ?? !isProven,
      isAsserted: tag?.nullable === false && !isProven,
      hasDefault: attribute?.hasDefault ?? false,
      comment: attribute?.comment ?? null,
      tag,
      source: column.source,
    };
  });
  checkColumnTags(parsed, columns.map(({ name }) => name), report);
  return diagnostics.length > before
    ? null
    : { parsed, parameters: parameters.filter((parameter) => parameter !== null), columns };
}

function checkColumnTags(
  parsed: ParsedQuery,
  names: readonly string[],
  report: (place: Place, code: string, message: string, hint: string | null) => void,
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
    const near = nearest(name, names);
    report(
      place,
      "column-unknown",
      `The result has no column "${name}"`,
      near ? `Did you mean "${near}"?` : `It has ${names.join(", ") || "no columns"}`,
    );
  }
}

function isNotNullDomain(type: PgType): boolean {
  return type.kind === "domain" && (type.isNotNull || isNotNullDomain(type.base));
}

function nearest(name: string, candidates: readonly string[]): string | null {
  const [near] = candidates.toSorted((a, b) => distance(a, name) - distance(b, name));
  return near !== undefined && distance(near, name) <= Math.max(2, name.length / 3) ? near : null;
}

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
