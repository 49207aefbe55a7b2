/**
 * What the catalogue says about a query beyond its types: whether a read tool calls a function that may
 * write, and whether the columns of a page end in a unique key.
 */

import type { Diagnostic } from "../query/diagnostic.ts";
import { type ParsedQuery, readKinds } from "../query/model.ts";
import { type FunctionCall, functionCalls, list, nameParts, unwrap } from "../query/parser/parse_tree.ts";
import type { TypedQuery } from "../describe/model.ts";
import { mainStatement } from "../query/statements.ts";
import type { PoolConnection } from "../postgres/pool.ts";

const allows = ({ header }: ParsedQuery, rule: string) =>
  header.allows.some(({ rules }) => rules.includes(rule));

/**
 * Volatile functions in read tools. A name stands for all its overloads: one volatile overload is enough,
 * because the rule is about what could be called.
 */
export async function findVolatileCalls(
  connection: PoolConnection,
  queries: readonly ParsedQuery[],
): Promise<Diagnostic[]> {
  const rule = "read-tool-writes";
  const called: { query: ParsedQuery; call: FunctionCall }[] = [];
  for (const query of queries) {
    if (!readKinds.has(query.kind) || allows(query, rule)) continue;
    for (const statement of query.statements) {
      for (const call of functionCalls(statement)) called.push({ query, call });
    }
  }
  if (called.length === 0) return [];
  const named = new Map(called.map(({ call }) => [call.parts.join("."), call.parts]));
  const rows = await connection.rows(
    `select wanted.written
     from pg_catalog.json_to_recordset($1::json) as wanted (written text, schema text, name text)
     join pg_catalog.pg_proc as proc on proc.proname = wanted.name
     join pg_catalog.pg_namespace as namespace on namespace.oid = proc.pronamespace
     where proc.provolatile = 'v'
       and (
         wanted.schema = namespace.nspname
         or (wanted.schema is null and pg_catalog.pg_function_is_visible(proc.oid))
       )
     group by wanted.written`,
    [JSON.stringify(
      [...named].map(([written, parts]) => ({ written, schema: parts.at(-2) ?? null, name: parts.at(-1) })),
    )],
  );
  const volatile = new Set(rows.map(({ written }) => written));
  return called
    .filter(({ call }) => volatile.has(call.parts.join(".")))
    .map(({ query, call }) => ({
      code: rule,
      severity: "error" as const,
      path: query.path,
      ...call.place,
      message: `A :${query.kind} tool only reads, and ${
        call.parts.join(".")
      }() is volatile: it may write or change its answer`,
      hint:
        `Use a stable function, make the file :exec, or write @allow ${rule} with the reason why it is safe`,
    }));
}

/** `@page` columns that no unique key is among: rows could be skipped or repeated between pages. */
export async function findUnprovenPages(
  connection: PoolConnection,
  queries: readonly TypedQuery[],
): Promise<Diagnostic[]> {
  const rule = "page-not-unique";
  const paged = queries.filter(({ parsed }) => parsed.header.page.length > 0 && !allows(parsed, rule));
  const relations = new Set(
    paged.flatMap(({ columns }) => columns.map(({ source }) => source?.relation ?? 0)),
  );
  if (paged.length === 0) return [];
  const rows = await connection.rows(
    // Without the columns that an index only includes.
    `select
       index.indrelid as relation,
       pg_catalog.array_to_string((index.indkey::int2[])[0 : index.indnkeyatts - 1], ' ') as attributes
     from pg_catalog.pg_index as index
     where index.indrelid = any ($1::oid[])
       and index.indisunique
       and index.indisvalid
       and index.indpred is null
       and index.indexprs is null`,
    [`{${[...relations].join(",")}}`],
  );
  const keys = rows.map(({ relation, attributes }) => ({
    relation: Number(relation),
    attributes: attributes!.split(" ").map(Number),
  }));
  return paged.filter((query) => !isUnique(query, keys)).map(({ parsed }) => ({
    code: rule,
    severity: "error" as const,
    path: parsed.path,
    line: parsed.header.page[0]!.place.line,
    column: parsed.header.page[0]!.place.column,
    message: "The page's columns hold no unique key, so rows could be skipped or repeated between pages",
    hint:
      `End @page in the columns of a primary key or unique index, or write @allow ${rule} with the reason ` +
      "why they are unique",
  }));
}

function isUnique(
  { parsed, columns }: TypedQuery,
  keys: readonly { relation: number; attributes: number[] }[],
): boolean {
  const names = parsed.header.page.map(({ column }) => column);
  const paged = columns.filter(({ name }) => names.includes(name));
  const isKey = keys.some(({ relation, attributes }) =>
    attributes.every((attribute) =>
      paged.some(({ source }) => source?.relation === relation && source.attribute === attribute)
    )
  );
  return isKey || isGroupKey(mainStatement(parsed).tree, names);
}

/** GROUP BY makes its columns unique. */
function isGroupKey(tree: Record<string, unknown>, names: readonly string[]): boolean {
  const groups = list(tree.groupClause);
  return groups.length > 0 && groups.every((group) => {
    const node = unwrap(group);
    return node?.type === "ColumnRef" && names.includes(nameParts(node.node.fields).at(-1) ?? "");
  });
}
