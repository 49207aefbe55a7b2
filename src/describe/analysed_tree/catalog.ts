/**
 * What the catalogue says about everything that trees refer to by OID: relations with the trees of views,
 * functions, operators, types. Read in one query each, and one for each level of views over views.
 */

import { loadRelations, type Relation } from "../relations.ts";
import type { PoolConnection } from "../../postgres/pool.ts";
import { numberOf, type TreeNode, walkTree } from "./node_text.ts";
import type { TreeCatalog } from "./scope.ts";
import { queryOf } from "./statements.ts";
import { impliedTypes } from "./types.ts";
import { loadTypes } from "../../postgres/types/types.ts";

export interface CatalogRequest {
  trees: readonly (TreeNode | null)[];
  /** Relations and types wanted beside those of the trees. */
  relations: Iterable<number>;
  types: Iterable<number>;
}

/** Views over views beyond this are not followed: their columns may be null. */
const viewDepth = 32;

export async function loadTreeCatalog(
  connection: PoolConnection,
  request: CatalogRequest,
): Promise<TreeCatalog> {
  const found = new References();
  for (const tree of request.trees) found.add(tree);
  const relations = new Map<number, Relation>();
  const views = new Map<number, TreeNode>();
  let wanted = new Set([...found.relations, ...request.relations]);
  for (let level = 0; level < viewDepth && wanted.size > 0; level++) {
    const loaded = await loadRelations(connection, wanted);
    for (const [oid, relation] of loaded) relations.set(oid, relation);
    const viewOids = [...loaded].filter(([, { kind }]) => kind === "v").map(([oid]) => oid);
    for (const [oid, tree] of await loadViews(connection, viewOids)) {
      views.set(oid, tree);
      found.add(tree);
    }
    wanted = new Set([...found.relations].filter((oid) => !relations.has(oid) && !wanted.has(oid)));
  }
  const functions = await loadFunctions(connection, found.functions);
  const operators = await loadOperators(connection, found.operators);
  const types = await loadTypes(connection, [
    ...request.types,
    ...impliedTypes,
    ...found.types,
    ...[...relations.values()].flatMap(({ columns }) => [...columns.values()].map(({ type }) => type)),
  ]);
  return {
    relations,
    views,
    functions,
    operators,
    types,
    viewScopes: new Map(),
    jsonCasts: await loadJsonCasts(connection),
  };
}

/** Fields that hold the OID of a type. */
const typeFields = [
  "vartype",
  "consttype",
  "paramtype",
  "aggtype",
  "wintype",
  "funcresulttype",
  "opresulttype",
  "resulttype",
  "coalescetype",
  "casetype",
  "minmaxtype",
  "array_typeid",
  "element_typeid",
  "row_typeid",
  "refrestype",
  "type",
  "msftype",
  "typid",
  "typeId",
];

class References {
  readonly relations = new Set<number>();
  readonly functions = new Set<number>();
  readonly operators = new Set<number>();
  readonly types = new Set<number>();

  add(tree: TreeNode | null): void {
    walkTree(tree, (node) => {
      keep(this.relations, node, "relid");
      for (const field of ["funcid", "aggfnoid", "winfnoid"]) keep(this.functions, node, field);
      keep(this.operators, node, "opno");
      for (const field of typeFields) keep(this.types, node, field);
    });
  }
}

function keep(oids: Set<number>, node: TreeNode, field: string): void {
  const oid = numberOf(node, field);
  if (oid > 0) oids.add(oid);
}

async function loadViews(
  connection: PoolConnection,
  oids: readonly number[],
): Promise<Map<number, TreeNode>> {
  const views = new Map<number, TreeNode>();
  if (oids.length === 0) return views;
  const rows = await connection.rows(
    `select rewrite.ev_class as view, rewrite.ev_action::text as action
     from pg_catalog.pg_rewrite as rewrite
     where rewrite.ev_class = any ($1::oid[])
       and rewrite.ev_type = '1'
       and rewrite.is_instead`,
    [`{${oids.join(",")}}`],
  );
  for (const { view, action } of rows) {
    const tree = queryOf(action ?? null);
    if (tree !== null) views.set(Number(view), tree);
  }
  return views;
}

async function loadFunctions(connection: PoolConnection, oids: ReadonlySet<number>) {
  const rows = oids.size === 0 ? [] : await connection.rows(
    `select
       proc.oid,
       ${signatureOf("proc")} as signature,
       proc.proisstrict as is_strict
     from pg_catalog.pg_proc as proc
     where proc.oid = any ($1::oid[])`,
    [`{${[...oids].join(",")}}`],
  );
  return new Map(
    rows.map((row) => [
      Number(row.oid),
      { signature: row.signature ?? null, isStrict: row.is_strict === "t" },
    ]),
  );
}

async function loadOperators(connection: PoolConnection, oids: ReadonlySet<number>) {
  const rows = oids.size === 0 ? [] : await connection.rows(
    `select
       operator.oid,
       operator.oprnamespace = 'pg_catalog'::regnamespace as is_own,
       operator.oprname as name,
       case when operator.oprleft <> 0 then left_type.typname end as left_name,
       right_type.typname as right_name,
       ${signatureOf("proc")} as signature,
       proc.proisstrict as is_strict
     from pg_catalog.pg_operator as operator
     join pg_catalog.pg_proc as proc on proc.oid = operator.oprcode
     join pg_catalog.pg_type as right_type on right_type.oid = operator.oprright
     left join pg_catalog.pg_type as left_type on left_type.oid = operator.oprleft
     where operator.oid = any ($1::oid[])`,
    [`{${[...oids].join(",")}}`],
  );
  return new Map(rows.map((row) => [Number(row.oid), {
    signature: row.signature ?? null,
    isStrict: row.is_strict === "t",
    operands: row.is_own === "t"
      ? { name: row.name!, left: row.left_name ?? null, right: row.right_name! }
      : null,
  }]));
}

/** SQL for a function's name with its argument types, when PostgreSQL brings it. */
export const signatureOf = (proc: string) =>
  `case when ${proc}.pronamespace = 'pg_catalog'::regnamespace then ${proc}.proname || '(' || coalesce(
     (
       select pg_catalog.string_agg(type.typname, ',' order by argument.position)
       from unnest(${proc}.proargtypes) with ordinality as argument (oid, position)
       join pg_catalog.pg_type as type on type.oid = argument.oid
     ),
     ''
   ) || ')' end`;

async function loadJsonCasts(connection: PoolConnection): Promise<Set<number>> {
  const rows = await connection.rows(
    `select cast_row.castsource as type
     from pg_catalog.pg_cast as cast_row
     where cast_row.casttarget = 'pg_catalog.json'::regtype
       and cast_row.castmethod = 'f'`,
  );
  return new Set(rows.map(({ type }) => Number(type)));
}
