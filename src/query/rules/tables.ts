/** The rule that tables carry their schema: the search path must not decide what a tool reads. */
import type { Report } from "../diagnostic.ts";
import type { Statement } from "../model.ts";
import { field, list, locationOf, type Node, object, unwrap } from "../parser/parse_tree.ts";

/**
 * `temporary` are the tables that the file creates itself, which live in no schema that a file could name.
 */
export function lintTables(statement: Statement, temporary: ReadonlySet<string>, report: Report): void {
  const found = (relation: Node) => {
    const name = String(relation.relname ?? "");
    report(
      "unqualified-table",
      statement.placeAtByte(locationOf(relation)),
      `"${name}" has no schema`,
      `Write schema.${name}`,
    );
  };
  scan(object(statement.tree), temporary, found);
}

type Found = (relation: Node) => void;

/**
 * Fields that hold a relation which is no reference: a created table, the aliases that FOR UPDATE OF names.
 */
const noReference: ReadonlySet<string> = new Set(["lockedRels", "rel"]);

/** Goes through a node with the names that stand for CTEs there. */
function scan(node: Node, names: ReadonlySet<string>, found: Found): void {
  const inside = node.withClause === undefined ? names : scanCtes(field(node, "withClause"), names, found);
  for (const [name, value] of Object.entries(node)) {
    if (name === "withClause" || noReference.has(name)) continue;
    scanValue(name, value, inside, found);
  }
}

/** A CTE sees those before it, with RECURSIVE all of them; what follows sees all. */
function scanCtes(clause: Node, names: ReadonlySet<string>, found: Found): ReadonlySet<string> {
  const ctes = list(clause.ctes).map((item) => field(object(item), "CommonTableExpr"));
  const all = new Set([...names, ...ctes.map((cte) => String(cte.ctename))]);
  const before = new Set(names);
  for (const cte of ctes) {
    scanValue("ctequery", cte.ctequery, clause.recursive === true ? all : before, found);
    before.add(String(cte.ctename));
  }
  return all;
}

function scanValue(name: string, value: unknown, names: ReadonlySet<string>, found: Found): void {
  if (Array.isArray(value)) {
    for (const item of value) scanValue(name, item, names, found);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const wrapped = unwrap(value);
  const isRelation = wrapped?.type === "RangeVar" ||
    (wrapped === null && (name === "relation" || name === "view") && "relname" in value);
  if (!isRelation) {
    scan(wrapped?.node ?? object(value), names, found);
    return;
  }
  const relation = wrapped?.node ?? object(value);
  if (relation.schemaname === undefined && !names.has(String(relation.relname))) found(relation);
}
