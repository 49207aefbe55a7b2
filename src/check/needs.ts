/**
 * What a tool needs to be allowed: read from the parse tree of its statements, so that it is known also where
 * the login may not even look into the schema. Names are as written; which of them are columns of which
 * table, the catalogue knows. Pure.
 */

import type { ParsedQuery, Place } from "../query/model.ts";
import type { Privilege, RelationNeed, ToolNeeds } from "./model.ts";
import {
  functionCalls,
  list,
  locationOf,
  nameParts,
  object,
  stringOf,
  type Visit,
  walk,
} from "../query/parser/parse_tree.ts";
import { createsTemporaryTable } from "../query/statements.ts";

export function needsOf(parsed: ParsedQuery): ToolNeeds {
  const needs: ToolNeeds = {
    parsed,
    role: parsed.header.role,
    relations: [],
    schemas: [],
    functions: [],
    isTemporary: parsed.statements.some(createsTemporaryTable),
  };
  for (const statement of parsed.statements) {
    const collected = new Collected(statement.placeAtByte);
    walk(statement.nodeType, statement.tree, (visit) => collected.visitRelation(visit));
    if (parsed.view !== null) {
      // What a view is made of is its owner's affair, but for the functions that it calls.
      collected.keepView();
    } else {
      walk(statement.nodeType, statement.tree, (visit) => collected.visitName(visit));
    }
    needs.relations.push(...collected.needs());
    needs.schemas.push(...collected.schemas);
    for (const { parts, place } of functionCalls(statement)) {
      if (parts[0] === "pg_catalog") continue;
      needs.functions.push({ parts, place });
      if (parts.length > 1) needs.schemas.push({ name: parts.at(-2)!, place });
    }
  }
  return needs;
}

interface Use {
  schema: string;
  name: string;
  aliases: readonly string[];
  /** The SELECT or the write that it belongs to: what names in it can mean it. */
  scope: object | null;
  /** The target of an INSERT: only its answer and its conflicts read it. */
  isInserted: boolean;
  place: Place;
  privileges: Map<Privilege, { words: Set<string>; extent: RelationNeed["extent"] }>;
}

const scopes: ReadonlySet<string> = new Set([
  "SelectStmt",
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
]);

class Collected {
  readonly schemas: ToolNeeds["schemas"] = [];
  #uses: (Use & { isView: boolean })[] = [];
  readonly #placeAt: (offset: number) => Place;

  constructor(placeAtByte: (offset: number) => Place) {
    this.#placeAt = placeAtByte;
  }

  visitRelation({ type, node, field, above }: Visit): void {
    if (type === "TypeName") {
      const parts = nameParts(node.names);
      if (parts.length > 1 && parts[0] !== "pg_catalog") {
        this.schemas.push({ name: parts[0]!, place: this.#placeAt(locationOf(node)) });
      }
    }
    if (type !== "RangeVar" || typeof node.schemaname !== "string") return;
    const over = field === "relation" || field === "view" ? above.at(-1) : undefined;
    const name = String(node.relname);
    const alias = object(node.alias).aliasname;
    const use: Use & { isView: boolean } = {
      schema: node.schemaname,
      name,
      aliases: [typeof alias === "string" ? alias : name],
      scope: above.findLast((visit) => scopes.has(visit.type))?.node ?? null,
      isInserted: over?.type === "InsertStmt",
      isView: over?.type === "ViewStmt",
      place: this.#placeAt(locationOf(node)),
      privileges: new Map(),
    };
    const written = (over && writes.get(over.type)) ?? [];
    // RETURNING knows the row before and after; the row of a conflict is read as one of the table.
    if (written.length > 0) use.aliases = [...use.aliases, "old", "new", "excluded"];
    for (const privilege of written) addPrivilege(use, privilege, [], "columns");
    switch (over?.type) {
      case "InsertStmt":
        addPrivilege(use, "INSERT", list(over.node.cols).map(targetName), over.node.cols ? "columns" : "all");
        readConflict(use, object(over.node.onConflictClause));
        break;
      case "CopyStmt":
        addPrivilege(
          use,
          "INSERT",
          list(over.node.attlist).map(stringOf),
          over.node.attlist ? "columns" : "all",
        );
        break;
      case "UpdateStmt":
        addPrivilege(use, "UPDATE", list(over.node.targetList).map(targetName), "columns");
        break;
      case "MergeStmt":
        readMerge(use, list(over.node.mergeWhenClauses));
        break;
      case "TableLikeClause":
        // CREATE TABLE … LIKE asks for the whole table.
        addPrivilege(use, "SELECT", [], "table");
        break;
      case "ViewStmt":
        addPrivilege(use, "SELECT", [], "all");
        break;
      default:
        addPrivilege(use, "SELECT", [], "columns");
    }
    this.#uses.push(use);
  }

  keepView(): void {
    this.#uses = this.#uses.filter(({ isView }) => isView);
  }

  visitName({ type, node, above }: Visit): void {
    switch (type) {
      case "ColumnRef":
        return this.#readColumn(node, above);
      case "JoinExpr": {
        const names = list(node.usingClause).map(stringOf);
        const extent = node.isNatural === true ? "all" : "columns";
        for (const use of this.#visible(above)) {
          if (names.length > 0 || extent === "all") addPrivilege(use, "SELECT", names, extent);
        }
        return;
      }
      case "LockingClause":
        for (const use of this.#visible(above)) addPrivilege(use, "UPDATE", [], "columns");
        return;
    }
  }

  #readColumn(node: Record<string, unknown>, above: readonly Visit[]): void {
    const fields = list(node.fields);
    const isStar = fields.some((field) => "A_Star" in object(field));
    const parts = fields.map(stringOf).filter((part) => part !== "");
    const qualifier = isStar ? parts.at(-1) : parts.length > 1 ? parts.at(-2) : undefined;
    const column = isStar ? undefined : parts.at(-1);
    for (const use of this.#visible(above)) {
      if (qualifier !== undefined && !use.aliases.includes(qualifier)) continue;
      if (isStar) addPrivilege(use, "SELECT", [], "all");
      else if (column !== undefined) addPrivilege(use, "SELECT", [column], "columns");
    }
  }

  /** Relations that a name at this place can mean. */
  #visible(above: readonly Visit[]): Use[] {
    return this.#uses.filter(({ scope, isInserted }) => {
      const depth = above.findIndex(({ node }) => node === scope);
      if (scope !== null && depth < 0) return false;
      const clause = above[depth + 1];
      return !isInserted || clause?.field === "onConflictClause" || clause?.field === "returningClause" ||
        clause?.field === "returningList";
    });
  }

  needs(): RelationNeed[] {
    return this.#uses.flatMap(({ schema, name, place, aliases, privileges }) =>
      [...privileges].map(([privilege, { words, extent }]): RelationNeed => ({
        schema,
        name,
        privilege,
        words,
        rowNames: aliases,
        extent,
        place,
      }))
    );
  }
}

const writes: ReadonlyMap<string, readonly Privilege[]> = new Map([
  ["InsertStmt", ["INSERT"]],
  ["CopyStmt", ["INSERT"]],
  ["UpdateStmt", ["UPDATE"]],
  ["DeleteStmt", ["DELETE"]],
  ["MergeStmt", []],
]);

const extents = ["columns", "all", "table"] as const;

function addPrivilege(
  { privileges }: Use,
  privilege: Privilege,
  words: readonly string[],
  extent: RelationNeed["extent"],
): void {
  const known = privileges.get(privilege) ?? { words: new Set(), extent: "columns" };
  for (const word of words) known.words.add(word);
  if (extents.indexOf(extent) > extents.indexOf(known.extent)) known.extent = extent;
  privileges.set(privilege, known);
}

const targetName = (value: unknown) => String(object(object(value).ResTarget).name ?? "");

/** The columns that tell a conflict are read; DO UPDATE writes. */
function readConflict(use: Use, conflict: Record<string, unknown>): void {
  if (Object.keys(conflict).length === 0) return;
  const infer = object(conflict.infer);
  const names = list(infer.indexElems).map((each) => String(object(object(each).IndexElem).name ?? ""));
  if (typeof infer.conname === "string") addPrivilege(use, "SELECT", [], "all");
  else if (names.length > 0) addPrivilege(use, "SELECT", names, "columns");
  if (conflict.action === "ONCONFLICT_UPDATE") {
    addPrivilege(use, "UPDATE", list(conflict.targetList).map(targetName), "columns");
  }
}

function readMerge(use: Use, clauses: readonly unknown[]): void {
  for (const each of clauses) {
    const clause = object(object(each).MergeWhenClause);
    const names = list(clause.targetList).map(targetName);
    switch (clause.commandType) {
      case "CMD_INSERT":
        addPrivilege(use, "INSERT", names, names.length > 0 ? "columns" : "all");
        break;
      case "CMD_UPDATE":
        addPrivilege(use, "UPDATE", names, "columns");
        break;
      case "CMD_DELETE":
        addPrivilege(use, "DELETE", [], "columns");
        break;
    }
  }
}
