/**
 * What the catalogue says about a query beyond its types: whether a read tool calls a function that may
 * write, and whether the columns of a page end in a unique key.
 */

import type { Diagnostic } from "../query/diagnostic.ts";
import { type ParsedQuery, readKinds } from "../query/model.ts";
import {
  type FunctionCall,
  functionCalls,
  list,
  nameParts,
  unwrap,
  walk,
} from "../query/parser/parse_tree.ts";
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
  const rule = "page-not-unique" as const;
  const paged = queries.filter(({ parsed }) => parsed.header.page.length > 0 && !allows(parsed, rule));
  const relations = new Set(
    paged.flatMap(({ columns }) => columns.map(({ source }) => source?.relation ?? 0)),
  );
  if (paged.length === 0) return [];
  const rows = await connection.rows(keyQuery, [`{${[...relations].join(",")}}`]);
  const keys = rows.map((row): UniqueKey => ({
    relation: Number(row.relation),
    schema: row.schema!,
    table: row.table!,
    attributes: row.attributes!.split(" ").map(Number),
    hasHeirs: row.has_heirs === "t",
    isOfHeirsToo: row.is_of_heirs_too === "t",
  }));
  return paged.flatMap((query): Diagnostic[] => {
    const { path, header } = query.parsed;
    const proof = proofOf(query, keys);
    if (proof === "unique") return [];
    const found = {
      code: rule,
      severity: "error" as const,
      path,
      line: header.page[0]!.place.line,
      column: header.page[0]!.place.column,
    };
    if (proof === "none") {
      return [{
        ...found,
        message: "The page's columns hold no unique key, so rows could be skipped or repeated between pages",
        hint: `End @page in the columns of a primary key or unique index, or write @allow ${rule} with the ` +
          "reason why they are unique",
      }];
    }
    const name = `${proof.schema}.${proof.table}`;
    return [{
      ...found,
      message:
        `The page's key is that of ${name} alone, and tables inherit from it: rows with the same key ` +
        "could be skipped or repeated between pages",
      hint: `Write \`from only ${name}\`${
        proof.isOfHeirsToo ? ", or select its tableoid and add it to @page" : ""
      }, or write @allow ${rule} with the reason why it is unique over all of them`,
    }];
  });
}

interface UniqueKey {
  relation: number;
  schema: string;
  table: string;
  attributes: number[];
  /** Tables inherit from the relation, and their rows are among its own. */
  hasHeirs: boolean;
  /** Each of these tables has such a key of its own. */
  isOfHeirsToo: boolean;
}

/** Without the columns that an index only includes. */
const keyQuery = `
with recursive heir as (
  select inheritance.inhparent as relation, inheritance.inhrelid as heir
  from pg_catalog.pg_inherits as inheritance
  join pg_catalog.pg_class as parent on parent.oid = inheritance.inhparent and parent.relkind <> 'p'
  where inheritance.inhparent = any ($1::oid[])
  union
  select heir.relation, inheritance.inhrelid
  from heir
  join pg_catalog.pg_inherits as inheritance on inheritance.inhparent = heir.heir
),
unique_key as (
  select
    index.indrelid as relation,
    (index.indkey::int2[])[0 : index.indnkeyatts - 1] as attributes,
    array(
      select attribute.attname
      from pg_catalog.pg_attribute as attribute
      where attribute.attrelid = index.indrelid
        and attribute.attnum = any ((index.indkey::int2[])[0 : index.indnkeyatts - 1])
    ) as names
  from pg_catalog.pg_index as index
  where index.indrelid in (select unnest($1::oid[]) union select heir.heir from heir)
    and index.indisunique
    and index.indisvalid
    and index.indpred is null
    and index.indexprs is null
)
select
  unique_key.relation,
  namespace.nspname as schema,
  class.relname as table,
  pg_catalog.array_to_string(unique_key.attributes, ' ') as attributes,
  exists (select from heir where heir.relation = unique_key.relation) as has_heirs,
  not exists (
    select
    from heir
    where heir.relation = unique_key.relation
      and not exists (
        select
        from unique_key as own
        where own.relation = heir.heir
          and own.names <@ unique_key.names
      )
  ) as is_of_heirs_too
from unique_key
join pg_catalog.pg_class as class on class.oid = unique_key.relation
join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
where unique_key.relation = any ($1::oid[])`;

/** The system column that says which table a row is in. */
const tableoid = -6;

/** A key of a table without its heirs is told where there is no better one. */
function proofOf({ parsed, columns }: TypedQuery, keys: readonly UniqueKey[]): "unique" | "none" | UniqueKey {
  const names = parsed.header.page.map(({ column }) => column);
  const paged = columns.filter(({ name }) => names.includes(name));
  const isPaged = (relation: number, attribute: number) =>
    paged.some(({ source }) => source?.relation === relation && source.attribute === attribute);
  const { tree, nodeType } = mainStatement(parsed);
  if (isGroupKey(tree, names)) return "unique";
  const held = keys.filter(({ relation, attributes }) =>
    attributes.every((attribute) => isPaged(relation, attribute))
  );
  const isProven = (key: UniqueKey) =>
    !key.hasHeirs || isOnly(nodeType, tree, key) || (key.isOfHeirsToo && isPaged(key.relation, tableoid));
  return held.some(isProven) ? "unique" : held[0] ?? "none";
}

/** Wherever the statement names the table, it leaves out those that inherit from it. */
function isOnly(nodeType: string, tree: Record<string, unknown>, { schema, table }: UniqueKey): boolean {
  const all: boolean[] = [];
  walk(nodeType, tree, ({ type, node }) => {
    if (type !== "RangeVar" || node.relname !== table || (node.schemaname ?? schema) !== schema) return;
    all.push(node.inh === true);
  });
  return !all.includes(true);
}

/** GROUP BY makes its columns unique. */
function isGroupKey(tree: Record<string, unknown>, names: readonly string[]): boolean {
  const groups = list(tree.groupClause);
  return groups.length > 0 && groups.every((group) => {
    const node = unwrap(group);
    return node?.type === "ColumnRef" && names.includes(nameParts(node.node.fields).at(-1) ?? "");
  });
}
