/**
 * What tools need to be allowed (`needs.ts`), held against the catalogue: which privileges on which columns,
 * sequences and functions that is, for which role, and which of them the role lacks.
 */

import type { Diagnostic } from "../query/diagnostic.ts";
import type { ParsedQuery, Place } from "../query/model.ts";
import type { PoolConnection } from "../postgres/pool.ts";
import { grantOf } from "./grants.ts";
import type { Demand, MissingDemand, RelationNeed } from "./model.ts";
import { needsOf } from "./needs.ts";
import { placeOfTag } from "./plans.ts";

/** Everything that the tools need, each thing once for each role, in a fixed order. */
export async function readDemands(
  connection: PoolConnection,
  queries: readonly ParsedQuery[],
): Promise<Demand[]> {
  const demands = new Demands();
  const tools = queries.map(needsOf);
  const relations = await readRelations(connection, tools.flatMap(({ relations }) => relations));
  for (const { parsed, role, relations: needs, isTemporary } of tools) {
    const use = (place: Place) => ({ parsed, place });
    if (role !== null) {
      demands.add(
        { role: null, on: "role", privilege: "MEMBER", object: role },
        use(placeOfTag(parsed, "role")),
      );
    }
    if (isTemporary) {
      demands.add({ role, on: "database", privilege: "TEMPORARY", object: "" }, use(parsed.header.kindPlace));
    }
    for (const need of needs) addRelation(demands, need, { role, relations, use: use(need.place) });
  }
  const schemas = await readNames(
    connection,
    `select namespace.nspname as written, pg_catalog.quote_ident(namespace.nspname) as name
     from pg_catalog.json_array_elements_text($1::json) as wanted (name)
     join pg_catalog.pg_namespace as namespace on namespace.nspname = wanted.name`,
    [...new Set(tools.flatMap(({ schemas }) => schemas.map(({ name }) => name)))],
  );
  const functions = await readNames(
    connection,
    functionQuery,
    [...new Map(tools.flatMap(({ functions }) => functions.map(({ parts }) => [parts.join("."), parts])))
      .values()]
      .map((parts) => ({ written: parts.join("."), schema: parts.at(-2) ?? null, name: parts.at(-1) })),
  );
  for (const { parsed, role, schemas: wanted, functions: called } of tools) {
    for (const { name, place } of wanted) {
      for (const object of schemas.get(name) ?? []) {
        demands.add({ role, on: "schema", privilege: "USAGE", object }, { parsed, place });
      }
    }
    for (const { parts, place } of called) {
      for (const object of functions.get(parts.join(".")) ?? []) {
        demands.add({ role, on: "function", privilege: "EXECUTE", object }, { parsed, place });
      }
    }
  }
  return demands.sorted();
}

/** Those of the demands that the role, or the login of the connection, lacks. */
export async function findMissing(
  connection: PoolConnection,
  demands: readonly Demand[],
): Promise<MissingDemand[]> {
  if (demands.length === 0) return [];
  const rows = await connection.rows(missingQuery, [
    JSON.stringify(demands.map(({ role, on, privilege, object, columns }, number) => ({
      number,
      role,
      on,
      privilege,
      object: on === "function" ? object.replace(/^procedure /, "") : object,
      columns,
    }))),
  ]);
  return rows.map(({ number, grantee, columns }) => {
    const demand = demands[Number(number)]!;
    return {
      ...demand,
      grantee: grantee!,
      columns: typeof columns === "string" ? JSON.parse(columns) : null,
    };
  });
}

class Demands {
  readonly #byKey = new Map<string, Demand>();

  add(
    demand: Omit<Demand, "columns" | "uses"> & { columns?: string[] | null },
    use: Demand["uses"][number],
  ): void {
    const { role, on, privilege, object, columns = null } = demand;
    const isWhole = columns === null;
    const key = [role ?? "", on, privilege, object, isWhole ? "" : "columns"].join("\n");
    const known = this.#byKey.get(key) ?? { ...demand, columns: isWhole ? null : [], uses: [] };
    if (columns !== null) known.columns = [...new Set([...known.columns ?? [], ...columns])];
    const own = known.uses.find(({ parsed }) => parsed === use.parsed);
    if (own === undefined) known.uses.push({ ...use, ...(columns === null ? {} : { columns }) });
    else if (columns !== null) own.columns = [...new Set([...own.columns ?? [], ...columns])];
    this.#byKey.set(key, known);
  }

  sorted(): Demand[] {
    const rank = ["role", "database", "schema", "table", "sequence", "function"];
    const all = [...this.#byKey.values()];
    // Who may read the whole table needs no grant of its columns.
    const isCovered = (demand: Demand) =>
      demand.columns !== null &&
      all.some((whole) =>
        whole.columns === null && whole.on === demand.on && whole.object === demand.object &&
        whole.privilege === demand.privilege && whole.role === demand.role
      );
    return all.filter((demand) => !isCovered(demand)).sort((one, other) =>
      rank.indexOf(one.on) - rank.indexOf(other.on) || compare(one.object, other.object) ||
      compare(one.privilege, other.privilege)
    );
  }
}

const compare = (one: string, other: string) => one < other ? -1 : one > other ? 1 : 0;

/** What the catalogue says of a relation and of what stands behind it. */
interface FoundRelation {
  schema: string;
  object: string;
  columns: string[];
  /** Of views that read as whoever calls them: what they read. */
  from: { schema: string; name: string; columns: string[] }[];
  /** Functions that are called as whoever reads or writes it: those of a view, of its checks. */
  functions: string[];
  /** What a DEFAULT calls, by column. */
  defaults: { column: string; sequences: { schema: string; object: string }[]; functions: string[] }[];
}

type Relations = ReadonlyMap<string, FoundRelation>;
const keyOf = ({ schema, name }: { schema: string; name: string }) => `${schema}\n${name}`;

/** Also what stands behind views that read as their caller. */
async function readRelations(
  connection: PoolConnection,
  needs: readonly { schema: string; name: string }[],
): Promise<Relations> {
  const found = new Map<string, FoundRelation>();
  let wanted = needs;
  while (wanted.length > 0) {
    const names = [
      ...new Map(wanted.map((need) => [keyOf(need), { schema: need.schema, name: need.name }])).values(),
    ];
    const rows = await connection.rows(relationQuery, [JSON.stringify(names)]);
    const added: FoundRelation[] = [];
    for (const row of rows) {
      const relation: FoundRelation = {
        schema: row.quoted_schema!,
        object: row.object!,
        columns: JSON.parse(row.columns ?? "[]"),
        from: JSON.parse(row.origins ?? "[]"),
        functions: JSON.parse(row.functions ?? "[]"),
        defaults: JSON.parse(row.defaults ?? "[]"),
      };
      found.set(keyOf({ schema: row.schema!, name: row.name! }), relation);
      added.push(relation);
    }
    wanted = added.flatMap(({ from }) => from).filter((each) => !found.has(keyOf(each)));
  }
  return found;
}

interface AddContext {
  role: string | null;
  relations: Relations;
  use: Demand["uses"][number];
}

function addRelation(demands: Demands, need: RelationNeed, { role, relations, use }: AddContext): void {
  const relation = relations.get(keyOf(need));
  if (relation === undefined) return;
  const { object } = relation;
  demands.add({ role, on: "schema", privilege: "USAGE", object: relation.schema }, use);
  const columns = columnsOf(need, relation);
  demands.add({ role, on: "table", privilege: need.privilege, object, columns }, use);
  for (const called of relation.functions) {
    demands.add({ role, on: "function", privilege: "EXECUTE", object: called }, use);
  }
  if (need.privilege === "INSERT") {
    for (const { column, sequences, functions } of relation.defaults) {
      if (columns?.includes(column)) continue;
      for (const { schema, object } of sequences) {
        demands.add({ role, on: "schema", privilege: "USAGE", object: schema }, use);
        demands.add({ role, on: "sequence", privilege: "USAGE", object }, use);
      }
      for (const called of functions) {
        demands.add({ role, on: "function", privilege: "EXECUTE", object: called }, use);
      }
    }
  }
  for (const { schema, name, columns } of relation.from) {
    const behind: RelationNeed = {
      ...need,
      schema,
      name,
      privilege: "SELECT",
      words: new Set(columns),
      extent: "columns",
    };
    addRelation(demands, behind, { role, relations, use });
  }
}

/** Null for the whole relation, which alone can be deleted from. */
function columnsOf(
  { privilege, words, rowNames, extent }: RelationNeed,
  { columns }: FoundRelation,
): string[] | null {
  if (privilege === "DELETE" || extent === "table" || columns.length === 0) return null;
  const isRow = rowNames.some((name) => words.has(name) && !columns.includes(name));
  if (extent === "all" || (isRow && privilege === "SELECT")) return columns;
  const known = columns.filter((column) => words.has(column));
  // To count rows, or to lock them, the privilege on any column will do.
  return known.length > 0 ? known : columns.slice(0, 1);
}

async function readNames(
  connection: PoolConnection,
  query: string,
  wanted: readonly unknown[],
): Promise<Map<string, string[]>> {
  const names = new Map<string, string[]>();
  if (wanted.length === 0) return names;
  for (const { written, name } of await connection.rows(query, [JSON.stringify(wanted)])) {
    names.set(written!, [...names.get(written!) ?? [], name!]);
  }
  return names;
}

const signature = (proc: string, namespace: string) =>
  `case when ${proc}.prokind = 'p' then 'procedure ' else '' end
      || pg_catalog.quote_ident(${namespace}.nspname) || '.' || pg_catalog.quote_ident(${proc}.proname)
      || '(' || pg_catalog.pg_get_function_identity_arguments(${proc}.oid) || ')'`;

/** What everybody may call needs no grant. */
const isClosed = (proc: string) => `not pg_catalog.has_function_privilege('public', ${proc}.oid, 'execute')`;

const functionQuery = `
select wanted.written, ${signature("proc", "namespace")} as name
from pg_catalog.json_to_recordset($1::json) as wanted (written text, schema text, name text)
join pg_catalog.pg_proc as proc on proc.proname = wanted.name
join pg_catalog.pg_namespace as namespace on namespace.oid = proc.pronamespace
where namespace.nspname <> 'pg_catalog'
  and (
    wanted.schema = namespace.nspname
    or (wanted.schema is null and pg_catalog.pg_function_is_visible(proc.oid))
  )
  and ${isClosed("proc")}`;

const relationQuery = `
with recursive named as (
  select class.oid, namespace.nspname, class.relname, class.relkind, class.reloptions
  from pg_catalog.json_to_recordset($1::json) as wanted (schema text, name text)
  join pg_catalog.pg_namespace as namespace on namespace.nspname = wanted.schema
  join pg_catalog.pg_class as class on class.relnamespace = namespace.oid and class.relname = wanted.name
),
behind as (
  select named.oid as root, named.oid as relation
  from named
  where named.relkind = 'v'
  union
  select behind.root, dependency.refobjid
  from behind
  join pg_catalog.pg_rewrite as rule on rule.ev_class = behind.relation
  join pg_catalog.pg_depend as dependency
    on dependency.classid = 'pg_catalog.pg_rewrite'::regclass
    and dependency.objid = rule.oid
    and dependency.refclassid = 'pg_catalog.pg_class'::regclass
),
called as (
  select behind.root, dependency.refobjid as proc
  from behind
  join pg_catalog.pg_rewrite as rule on rule.ev_class = behind.relation
  join pg_catalog.pg_depend as dependency
    on dependency.classid = 'pg_catalog.pg_rewrite'::regclass
    and dependency.objid = rule.oid
    and dependency.refclassid = 'pg_catalog.pg_proc'::regclass
  union
  select named.oid, dependency.refobjid
  from named
  join pg_catalog.pg_constraint as con on con.conrelid = named.oid and con.contype = 'c'
  join pg_catalog.pg_depend as dependency
    on dependency.classid = 'pg_catalog.pg_constraint'::regclass
    and dependency.objid = con.oid
    and dependency.refclassid = 'pg_catalog.pg_proc'::regclass
)
select
  named.nspname as schema,
  named.relname as name,
  pg_catalog.quote_ident(named.nspname) as quoted_schema,
  pg_catalog.quote_ident(named.nspname) || '.' || pg_catalog.quote_ident(named.relname) as object,
  (
    select pg_catalog.json_agg(attribute.attname order by attribute.attnum)
    from pg_catalog.pg_attribute as attribute
    where attribute.attrelid = named.oid
      and attribute.attnum > 0
      and not attribute.attisdropped
  ) as columns,
  (
    select pg_catalog.json_agg(
      pg_catalog.json_build_object('schema', origin.schema, 'name', origin.name, 'columns', origin.columns)
    )
    from (
      select
        source_namespace.nspname as schema,
        source.relname as name,
        pg_catalog.json_agg(distinct attribute.attname)
          filter (where attribute.attname is not null) as columns
      from pg_catalog.pg_rewrite as rule
      join pg_catalog.pg_depend as dependency
        on dependency.classid = 'pg_catalog.pg_rewrite'::regclass
        and dependency.objid = rule.oid
        and dependency.refclassid = 'pg_catalog.pg_class'::regclass
      join pg_catalog.pg_class as source on source.oid = dependency.refobjid
      join pg_catalog.pg_namespace as source_namespace on source_namespace.oid = source.relnamespace
      left join pg_catalog.pg_attribute as attribute
        on attribute.attrelid = source.oid
        and attribute.attnum = dependency.refobjsubid
        and attribute.attnum > 0
      where rule.ev_class = named.oid
        and source.oid <> named.oid
        and named.reloptions && array[
          'security_invoker=true', 'security_invoker=on', 'security_invoker=1', 'security_invoker=yes'
        ]
      group by source_namespace.nspname, source.relname
    ) as origin
  ) as origins,
  (
    select pg_catalog.json_agg(distinct ${signature("proc", "namespace")})
    from called
    join pg_catalog.pg_proc as proc on proc.oid = called.proc
    join pg_catalog.pg_namespace as namespace on namespace.oid = proc.pronamespace
    where called.root = named.oid
      and namespace.nspname <> 'pg_catalog'
      and ${isClosed("proc")}
  ) as functions,
  (
    select pg_catalog.json_agg(
      pg_catalog.json_build_object(
        'column', attribute.attname,
        'sequences', coalesce(
          (
            select pg_catalog.json_agg(
              pg_catalog.json_build_object(
                'schema', pg_catalog.quote_ident(namespace.nspname),
                'object',
                pg_catalog.quote_ident(namespace.nspname) || '.' || pg_catalog.quote_ident(sequence.relname)
              )
            )
            from pg_catalog.pg_depend as dependency
            join pg_catalog.pg_class as sequence
              on sequence.oid = dependency.refobjid
              and sequence.relkind = 'S'
            join pg_catalog.pg_namespace as namespace on namespace.oid = sequence.relnamespace
            where dependency.classid = 'pg_catalog.pg_attrdef'::regclass
              and dependency.objid = fallback.oid
              and dependency.refclassid = 'pg_catalog.pg_class'::regclass
          ),
          '[]'
        ),
        'functions', coalesce(
          (
            select pg_catalog.json_agg(${signature("proc", "namespace")})
            from pg_catalog.pg_depend as dependency
            join pg_catalog.pg_proc as proc on proc.oid = dependency.refobjid
            join pg_catalog.pg_namespace as namespace on namespace.oid = proc.pronamespace
            where dependency.classid = 'pg_catalog.pg_attrdef'::regclass
              and dependency.objid = fallback.oid
              and dependency.refclassid = 'pg_catalog.pg_proc'::regclass
              and namespace.nspname <> 'pg_catalog'
              and ${isClosed("proc")}
          ),
          '[]'
        )
      )
    )
    from pg_catalog.pg_attrdef as fallback
    join pg_catalog.pg_attribute as attribute
      on attribute.attrelid = fallback.adrelid
      and attribute.attnum = fallback.adnum
    where fallback.adrelid = named.oid
  ) as defaults
from named
where named.nspname not in ('pg_catalog', 'information_schema')
  and named.nspname !~ '^pg_temp'`;

/**
 * The role's oid and the object's go into PostgreSQL's own questions; names would need USAGE of their schema.
 */
const missingQuery = `
with demand as (
  select
    wanted.number,
    wanted.on,
    wanted.privilege,
    wanted.object,
    wanted.columns,
    grantee.oid as role,
    grantee.rolname as grantee,
    login.oid as login
  from pg_catalog.json_to_recordset($1::json)
    as wanted (number integer, role text, "on" text, privilege text, object text, columns json)
  join pg_catalog.pg_roles as grantee on grantee.rolname = coalesce(wanted.role, current_user)
  join pg_catalog.pg_roles as login on login.rolname = current_user
),
found as (
  select
    demand.*,
    class.oid as relation,
    proc.oid as proc,
    namespace.oid as namespace,
    member.oid as member
  from demand
  left join (
    select
      class.oid,
      pg_catalog.quote_ident(place.nspname) || '.' || pg_catalog.quote_ident(class.relname) as object
    from pg_catalog.pg_class as class
    join pg_catalog.pg_namespace as place on place.oid = class.relnamespace
  ) as class on class.object = demand.object and demand.on in ('table', 'sequence')
  left join (
    select
      proc.oid,
      pg_catalog.quote_ident(place.nspname) || '.' || pg_catalog.quote_ident(proc.proname) as called
    from pg_catalog.pg_proc as proc
    join pg_catalog.pg_namespace as place on place.oid = proc.pronamespace
  ) as proc
    on demand.on = 'function'
    and demand.object = proc.called || '(' || pg_catalog.pg_get_function_identity_arguments(proc.oid) || ')'
  left join pg_catalog.pg_namespace as namespace
    on demand.on = 'schema' and pg_catalog.quote_ident(namespace.nspname) = demand.object
  left join pg_catalog.pg_roles as member
    on demand.on = 'role' and member.rolname = demand.object
)
select
  found.number,
  found.grantee,
  case
    when found.columns is not null then (
      select pg_catalog.json_agg(attribute.attname order by attribute.attnum)
      from pg_catalog.json_array_elements_text(found.columns) as wanted (name)
      join pg_catalog.pg_attribute as attribute
        on attribute.attrelid = found.relation
        and attribute.attname = wanted.name
      where not pg_catalog.has_column_privilege(found.role, found.relation, attribute.attnum, found.privilege)
    )
  end as columns
from found
where case found.on
  when 'schema' then not pg_catalog.has_schema_privilege(found.role, found.namespace, 'USAGE')
  when 'database' then
    not pg_catalog.has_database_privilege(found.role, pg_catalog.current_database(), 'TEMPORARY')
  when 'sequence' then not pg_catalog.has_sequence_privilege(found.role, found.relation, 'USAGE')
  when 'function' then not pg_catalog.has_function_privilege(found.role, found.proc, 'EXECUTE')
  when 'role' then not pg_catalog.pg_has_role(found.login, found.member, 'MEMBER')
  when 'table' then case
    when found.columns is null then
      not pg_catalog.has_table_privilege(found.role, found.relation, found.privilege)
    else exists (
      select
      from pg_catalog.json_array_elements_text(found.columns) as wanted (name)
      join pg_catalog.pg_attribute as attribute
        on attribute.attrelid = found.relation
        and attribute.attname = wanted.name
      where not pg_catalog.has_column_privilege(found.role, found.relation, attribute.attnum, found.privilege)
    )
  end
end
order by found.number`;

/** A finding for each tool and each thing that its role lacks, at the place that needs it. */
export function reportMissing(missing: readonly MissingDemand[]): Diagnostic[] {
  return missing.flatMap((demand) =>
    demand.uses.flatMap(({ parsed, place, columns: used }): Diagnostic[] => {
      const columns = demand.columns?.filter((column) => used?.includes(column)) ?? null;
      // Another tool lacks the others.
      if (columns?.length === 0) return [];
      const lacking = { ...demand, columns };
      return [{
        code: "privilege-missing",
        severity: "error",
        path: parsed.path,
        line: place.line,
        column: place.column,
        message: messageOf(lacking),
        hint: grantOf(lacking, demand.grantee).replace(/;$/, "").replace(/\s+/g, " ").replaceAll("( ", "(")
          .replaceAll(" )", ")"),
      }];
    })
  );
}

function messageOf({ on, privilege, object, columns, grantee }: MissingDemand): string {
  const lower = privilege.toLowerCase();
  switch (on) {
    case "role":
      return `The login "${grantee}" may not become ${object}`;
    case "database":
      return `The role "${grantee}" may not make temporary tables in this database`;
    case "table":
      return `The role "${grantee}" has no ${lower} on ${object}${
        columns === null ? "" : ` (${columns.join(", ")})`
      }`;
    case "function":
      return `The role "${grantee}" has no execute on ${
        object.startsWith("procedure ") ? "" : "function "
      }${object}`;
    default:
      return `The role "${grantee}" has no ${lower} on ${on} ${object}`;
  }
}
