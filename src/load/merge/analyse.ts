/**
 * What merges make of their rows, from their parse trees: whether a part of the rows can be judged without
 * the rest, and which columns tell two rows apart. Asked only when a row is looked for.
 */

import type { CallConnection } from "../../postgres/pool.ts";
import { loadParser, parseSql } from "../../query/parser/libpg_query.ts";
import type { CopyTarget, Statement } from "../../query/model.ts";
import {
  field,
  list,
  nameParts,
  type Node,
  object,
  stringOf,
  unwrap,
  walk,
} from "../../query/parser/parse_tree.ts";

export interface MergeNature {
  /** Why a part of the rows cannot be merged alone, as the end of a sentence; null where it can. */
  whole: string | null;
  /** Rows become others together, by grouping, windows or limits: each verdict needs all of the rest. */
  isGrouped: boolean;
  /** One row of several is chosen, by DISTINCT ON: rows that collide may never have met. */
  isChosen: boolean;
  /** The tables that get new rows. */
  inserted: { schema: string | null; table: string }[];
  /**
   * By statement: columns of the staging table that its ON CONFLICT or MERGE tells rows apart by; null where
   * it does not say.
   */
  keys: (string[] | null)[];
}

/** @param columns of the staging table */
export async function natureOf(
  connection: Pick<CallConnection, "rows">,
  merges: readonly Statement[],
  staging: Pick<CopyTarget, "table">,
  columns: ReadonlySet<string>,
): Promise<MergeNature> {
  await loadParser();
  const nature: MergeNature = { whole: null, isGrouped: false, isChosen: false, inserted: [], keys: [] };
  const functions = new Set<string>();
  for (const [index, { text }] of merges.entries()) {
    const parsed = unwrap(parseSql(text)[0]?.stmt);
    nature.keys.push(parsed === null ? null : keyOf(parsed, columns));
    if (parsed === null) continue;
    const where = `statement ${index + 1} of the merge`;
    const writes = writeNodes.has(parsed.type) || parsed.node.withClause !== undefined;
    walk(parsed.type, parsed.node, ({ type, node }) => {
      const relation = field(node, "relation");
      const isStaging = relation.relname === staging.table && relation.schemaname === undefined;
      if (type === "DeleteStmt" && !isStaging) nature.whole ??= `${where} deletes`;
      if (type === "TruncateStmt" && !truncatesOnly(node, staging.table)) {
        nature.whole ??= `${where} truncates`;
      }
      if (type === "CallStmt" || type === "DoStmt") nature.whole ??= `${where} runs code of its own`;
      if (type === "MergeWhenClause") {
        const { matchKind, commandType } = node;
        if (matchKind === "MERGE_WHEN_NOT_MATCHED_BY_SOURCE") {
          nature.whole ??= `${where} says "when not matched by source"`;
        } else if (commandType === "CMD_DELETE") nature.whole ??= `${where} deletes`;
      }
      if ((type === "InsertStmt" || type === "MergeStmt") && relation.relname !== undefined && !isStaging) {
        nature.inserted.push({
          schema: typeof relation.schemaname === "string" ? relation.schemaname : null,
          table: String(relation.relname),
        });
      }
      if (!writes) return;
      if (type === "SelectStmt") {
        const { distinctClause, op } = node;
        if (list(distinctClause).some((each) => Object.keys(object(each)).length > 0)) nature.isChosen = true;
        if (
          grouping.some((clause) => node[clause] !== undefined) ||
          op === "SETOP_EXCEPT" || op === "SETOP_INTERSECT"
        ) nature.isGrouped = true;
      }
      if (type === "FuncCall") {
        if (node.over !== undefined || node.agg_star === true) nature.isGrouped = true;
        functions.add(nameParts(node.funcname).at(-1) ?? "");
      }
    });
  }
  if (!nature.isGrouped && functions.size > 0) {
    const [found] = await connection.rows(
      `select exists (
         select
         from pg_catalog.pg_proc
         where prokind = 'a'
           and proname = any ($1::text[])
       ) as is_aggregate`,
      [`{${[...functions].map((name) => `"${name.replace(/["\\]/g, "\\$&")}"`).join(",")}}`],
    );
    nature.isGrouped = found?.is_aggregate === "t";
  }
  return nature;
}

const writeNodes: ReadonlySet<string> = new Set(["InsertStmt", "UpdateStmt", "MergeStmt"]);
const grouping = ["groupClause", "havingClause", "windowClause", "limitCount", "limitOffset"] as const;

function truncatesOnly(node: Node, table: string): boolean {
  return list(node.relations).every((each) => {
    const { relname, schemaname } = field(object(each), "RangeVar");
    return relname === table && schemaname === undefined;
  });
}

function keyOf({ type, node }: { type: string; node: Node }, columns: ReadonlySet<string>): string[] | null {
  if (type === "MergeStmt") {
    const named = new Set<string>();
    walk("JoinCondition", { condition: node.joinCondition }, ({ type, node }) => {
      const name = type === "ColumnRef" ? columnOf(node) : null;
      if (name !== null && columns.has(name)) named.add(name);
    });
    return named.size > 0 ? [...named] : null;
  }
  if (type !== "InsertStmt") return null;
  const infer = field(field(node, "onConflictClause"), "infer");
  const names = list(infer.indexElems).map((each) => field(object(each), "IndexElem").name);
  const targets = list(node.cols).map((each) => field(object(each), "ResTarget").name);
  const select = field(field(node, "selectStmt"), "SelectStmt");
  const values = list(select.targetList).map((each) => unwrap(field(object(each), "ResTarget").val));
  const key = names.map((name) => {
    const value = values[targets.indexOf(name)];
    const from = value?.type === "ColumnRef" ? columnOf(value.node) : name;
    return typeof from === "string" && columns.has(from) ? from : null;
  });
  return key.length > 0 && key.every((name) => name !== null) ? key : null;
}

/** The last of a reference's names; null for a star. */
function columnOf(node: Node): string | null {
  const last = list(node.fields).at(-1);
  return unwrap(last)?.type === "String" ? stringOf(last) : null;
}
