/**
 * What Describe alone says of a query: types of parameters, names and types of columns. A `:copy` file and a
 * `:view` file are looked up where Describe does not answer: Describe does not check COPY, and a view is what
 * is deployed.
 */

import { nearestName } from "../nearest.ts";
import { SqlwrightError } from "../errors.ts";
import type { Diagnostic } from "../query/diagnostic.ts";
import type { ParsedQuery, Statement } from "../query/model.ts";
import { sqlstateOf } from "../postgres/database_error.ts";
import { loadRelations, type Relations } from "./relations.ts";
import { createsTemporaryTable, mainStatement } from "../query/statements.ts";
import type { PoolConnection } from "../postgres/pool.ts";
import { type Source } from "./model.ts";

/** What Describe alone says of a query. */
export interface Outline {
  parsed: ParsedQuery;
  /** Type OIDs by parameter name. */
  parameters: Map<string, number>;
  columns: { name: string; type: number; source: Source | null }[];
  /** Temporary tables, which are gone when all files have been described; else null. */
  relations: Relations | null;
  /** The view that answers; null for other kinds. */
  view: number | null;
}

/** Null, and a diagnostic, when PostgreSQL refuses the statement. */
export async function outlineOf(
  connection: PoolConnection,
  query: ParsedQuery,
  diagnostics: Diagnostic[],
): Promise<Outline | null> {
  try {
    if (query.copy !== null) return await outlineOfCopy(connection, query);
    if (query.view !== null) return await outlineOfView(connection, query, diagnostics);
    const statement = mainStatement(query);
    const described = await describeStatement(connection, query, statement);
    return {
      parsed: query,
      parameters: namedTypes(statement, described.types),
      columns: described.columns,
      relations: null,
      view: null,
    };
  } catch (error) {
    if (!(error instanceof DescribeFailure)) throw error;
    diagnostics.push(error.diagnostic);
    return null;
  }
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

/**
 * A database error as a diagnostic on the DBA's own character; an error of the connection passes unchanged.
 */
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
  // Postgres names the parameter of 42P18 in its message only; `$n` reads the same in every language of
  // lc_messages.
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

/**
 * Runs the file's temporary tables, then describes the merge and looks the copy's columns up, and rolls back.
 */
async function outlineOfCopy(connection: PoolConnection, query: ParsedQuery): Promise<Outline> {
  const outline: Outline = { parsed: query, parameters: new Map(), columns: [], relations: null, view: null };
  // A role may have default_transaction_read_only = on, and the tool's own call begins so as well.
  await connection.script("begin read write");
  try {
    for (const statement of query.statements) {
      if (createsTemporaryTable(statement)) {
        await connection.execute(statement.text, []).catch((error) =>
          Promise.reject(failureOf(error, query, statement))
        );
      } else if (statement.role === "copy") {
        outline.columns = await copyColumns(connection, query, statement);
        outline.relations = await loadRelations(
          connection,
          outline.columns.map(({ source }) => source?.relation ?? 0),
        );
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

async function copyColumns(
  connection: PoolConnection,
  query: ParsedQuery,
  statement: Statement,
): Promise<Outline["columns"]> {
  const { schema, table, columns } = query.copy!;
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
    `select
       attribute.attrelid as relation,
       attribute.attnum as number,
       attribute.attname as name,
       attribute.atttypid as type
     from pg_catalog.pg_attribute as attribute
     where attribute.attrelid = ${relationId}
       and attribute.attnum > 0
       and not attribute.attisdropped
       and attribute.attgenerated = ''
     order by attribute.attnum`,
    [schema, table],
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
      const near = nearestName(name, names);
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

/**
 * By a look into the catalogue, which everybody may take: `to_regclass` fails for a schema that the login may
 * not use, and that is for `check` to tell, with all other privileges.
 */
const relationId = `coalesce(
       (
         select class.oid
         from pg_catalog.pg_class as class
         join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
         where namespace.nspname = $1::text
           and class.relname = $2::text
       ),
       case when $1::text is null then pg_catalog.to_regclass(pg_catalog.quote_ident($2::text)) end
     )`;

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
  const deployed = await connection.rows(
    `select
       attribute.attrelid as relation,
       attribute.attnum as number,
       attribute.attname as name,
       attribute.atttypid as type
     from pg_catalog.pg_attribute as attribute
     where attribute.attrelid = ${relationId}
       and attribute.attnum > 0
       and not attribute.attisdropped
     order by attribute.attnum`,
    [schema, name],
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
      hint: `Deploy it with \`sqlwright migrate --only ${query.path}\``,
    });
    return null;
  }
  return {
    parsed: query,
    parameters: new Map(),
    relations: null,
    view: Number(deployed[0]!.relation),
    columns: deployed.map((row) => ({
      name: row.name!,
      type: Number(row.type),
      source: { relation: Number(row.relation), attribute: Number(row.number) },
    })),
  };
}

/**
 * The query after `create … view … as`, with its offset in code points. libpg-query's offsets are UTF-8
 * bytes.
 */
function viewQueryText(statement: Statement): { text: string; offset: number } {
  const match = /\bas\b(?=\s*(?:\(|select\b|with\b|values\b))/i.exec(statement.text);
  const start = match ? match.index + match[0].length : 0;
  return { text: statement.text.slice(start), offset: [...statement.text.slice(0, start)].length };
}
