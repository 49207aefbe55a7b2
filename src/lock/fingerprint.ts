/**
 * What the catalogue says of the relations and functions that query files name: their columns with type and
 * NOT NULL, what views are made of, and signatures. By name and never by OID, so that two databases with the
 * same migrations say the same.
 */

import type { PoolConnection } from "../postgres/pool.ts";

/** A relation as the lock keeps it. */
export interface RelationFacts {
  kind: "table" | "view" | "materialized view" | "foreign table" | "sequence" | "other";
  /** `numeric not null` by column; only columns that are used. */
  columns: Record<string, string>;
  /** Only of views: the columns of other relations that its query uses. */
  from?: Record<string, string[]>;
}

export interface DatabaseFacts {
  /** By `schema.name`. A relation that is not there is left out. */
  relations: Record<string, RelationFacts>;
  /** Signatures of all overloads by `schema.name`. */
  functions: Record<string, string[]>;
}

/** What query files name. */
export interface UsedObjects {
  /** Columns by `schema.name`; names of columns that the relation does not have are skipped. */
  relations: ReadonlyMap<string, Iterable<string>>;
  /** `schema.name`, or a bare name that the search path resolves. */
  functions: Iterable<string>;
}

/** Two queries, whatever is asked for. Postgres' own relations and functions are left out. */
export async function readFacts(connection: PoolConnection, used: UsedObjects): Promise<DatabaseFacts> {
  return {
    relations: await readRelations(connection, used.relations),
    functions: await readFunctions(connection, [...used.functions]),
  };
}

interface FoundRelation {
  kind: RelationFacts["kind"];
  columns: Record<string, string>;
  from: Record<string, string[]>;
}

async function readRelations(
  connection: PoolConnection,
  wanted: UsedObjects["relations"],
): Promise<Record<string, RelationFacts>> {
  if (wanted.size === 0) return {};
  const rows = await connection.rows(relationQuery, [JSON.stringify([...wanted.keys()])]);
  const found = new Map(rows.map((row): [string, FoundRelation] => [row.name!, {
    kind: row.kind as RelationFacts["kind"],
    columns: JSON.parse(row.columns ?? "{}"),
    from: JSON.parse(row.origins ?? "{}"),
  }]));
  const used = new Map([...wanted].map(([name, columns]) => [name, new Set(columns)]));
  for (const { from } of found.values()) {
    for (const [name, columns] of Object.entries(from)) {
      const all = used.get(name) ?? new Set<string>();
      for (const column of columns) all.add(column);
      used.set(name, all);
    }
  }
  const facts: Record<string, RelationFacts> = {};
  for (const [name, { kind, columns, from }] of [...found].sort(byName)) {
    facts[name] = {
      kind,
      columns: Object.fromEntries(
        Object.entries(columns).filter(([column]) => used.get(name)?.has(column)).sort(byName),
      ),
      ...(Object.keys(from).length > 0 ? { from } : {}),
    };
  }
  return facts;
}

const byName = ([one]: [string, unknown], [other]: [string, unknown]) =>
  one < other ? -1 : one > other ? 1 : 0;

/** The named relations, and through views all that they are made of. */
const relationQuery = `
with recursive reached as (
  -- By the whole name, and not by its parts: a name may have dots of its own.
  select class.oid as relation
  from pg_catalog.pg_class as class
  join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
  join pg_catalog.json_array_elements_text($1::json) as wanted (name)
    on wanted.name = namespace.nspname || '.' || class.relname
  union
  select dependency.refobjid
  from reached
  join pg_catalog.pg_rewrite as rule on rule.ev_class = reached.relation
  join pg_catalog.pg_depend as dependency
    on dependency.classid = 'pg_catalog.pg_rewrite'::regclass
    and dependency.objid = rule.oid
    and dependency.refclassid = 'pg_catalog.pg_class'::regclass
    and dependency.refobjsubid > 0
)
select
  namespace.nspname || '.' || class.relname as name,
  case class.relkind
    when 'r' then 'table'
    when 'p' then 'table'
    when 'v' then 'view'
    when 'm' then 'materialized view'
    when 'f' then 'foreign table'
    when 'S' then 'sequence'
    else 'other'
  end as kind,
  (
    select pg_catalog.json_object_agg(
      attribute.attname,
      pg_catalog.format_type(attribute.atttypid, attribute.atttypmod)
        || case
          when attribute.attnotnull and not exists (
            -- PostgreSQL 18 knows NOT NULL constraints that have not been validated.
            select from pg_catalog.pg_constraint as con
            where con.conrelid = attribute.attrelid
              and con.contype = 'n'
              and con.conkey = array[attribute.attnum]
              and not con.convalidated
          ) then ' not null'
          else ''
        end
    )
    from pg_catalog.pg_attribute as attribute
    where attribute.attrelid = class.oid
      and attribute.attnum > 0
      and not attribute.attisdropped
  ) as columns,
  (
    select pg_catalog.json_object_agg(origin.name, origin.columns order by origin.name)
    from (
      select
        source_namespace.nspname || '.' || source.relname as name,
        pg_catalog.json_agg(distinct attribute.attname) as columns
      from pg_catalog.pg_rewrite as rule
      join pg_catalog.pg_depend as dependency
        on dependency.classid = 'pg_catalog.pg_rewrite'::regclass
        and dependency.objid = rule.oid
        and dependency.refclassid = 'pg_catalog.pg_class'::regclass
        and dependency.refobjsubid > 0
      join pg_catalog.pg_class as source on source.oid = dependency.refobjid
      join pg_catalog.pg_namespace as source_namespace on source_namespace.oid = source.relnamespace
      join pg_catalog.pg_attribute as attribute
        on attribute.attrelid = source.oid and attribute.attnum = dependency.refobjsubid
      where rule.ev_class = class.oid
        and source.oid <> class.oid
      group by 1
    ) as origin
  ) as origins
from reached
join pg_catalog.pg_class as class on class.oid = reached.relation
join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
where namespace.nspname not in ('pg_catalog', 'information_schema')`;

async function readFunctions(
  connection: PoolConnection,
  names: readonly string[],
): Promise<Record<string, string[]>> {
  if (names.length === 0) return {};
  const wanted = names.map((written) => {
    const parts = written.split(".");
    return { schema: parts.length > 1 ? parts.at(-2) : null, name: parts.at(-1) };
  });
  const rows = await connection.rows(
    `select distinct
       namespace.nspname || '.' || proc.proname as name,
       '(' || pg_catalog.pg_get_function_identity_arguments(proc.oid) || ') returns '
         || coalesce(pg_catalog.pg_get_function_result(proc.oid), 'nothing')
         || case proc.provolatile when 'i' then ' immutable' when 's' then ' stable' else ' volatile' end
         || case when proc.proisstrict then ' strict' else '' end as signature
     from pg_catalog.json_to_recordset($1::json) as wanted (schema text, name text)
     join pg_catalog.pg_proc as proc on proc.proname = wanted.name
     join pg_catalog.pg_namespace as namespace on namespace.oid = proc.pronamespace
     where namespace.nspname <> 'pg_catalog'
       and (wanted.schema = namespace.nspname
         or (wanted.schema is null and pg_catalog.pg_function_is_visible(proc.oid)))
     order by name, signature`,
    [JSON.stringify(wanted)],
  );
  const functions: Record<string, string[]> = {};
  for (const { name, signature } of rows) (functions[name!] ??= []).push(signature!);
  return functions;
}
