/**
 * Cross-checks a file's kind with its statements, and gives every statement its role.
 *
 * A mismatch is reported at the kind's colon, because either of the two can be the wrong one.
 */
import { didYouMean, type Report } from "../diagnostic.ts";
import { explainForbiddenStatement } from "./forbidden.ts";
import type { CopyTarget, Kind, ParsedQuery, Place, Statement } from "../model.ts";
import {
  field,
  list,
  locationOf,
  nameParts,
  object,
  outputColumns,
  stringOf,
  unwrap,
  walk,
} from "../parser/parse_tree.ts";
import { unnestKeys } from "./unnest_keys.ts";

export interface KindOptions {
  kindPlace: Place;
  /** Where a file without a statement lacks it. */
  endPlace: Place;
  /** True when the file allows `forbidden`: a forbidden statement is then still none of the kind's own. */
  isForbiddenAllowed: boolean;
  report: Report;
}

/** Sets every statement's role. */
export function checkKind(kind: Kind, statements: Statement[], options: KindOptions): void {
  const { report, endPlace } = options;
  if (statements.length === 0) {
    report("one-statement", endPlace, "The file has no statement", "Write the SQL after the blank line");
    return;
  }
  if (kind === "copy") {
    checkCopyFile(statements, options);
    return;
  }
  for (const extra of statements.slice(1)) {
    report("one-statement", extra.placeAt(0), `A :${kind} is one statement, and here begins another`);
  }
  const main = statements[0];
  if (main === undefined || isReportedAsForbidden(main, options)) return;
  const mismatch = explainMismatch(kind, main);
  if (mismatch !== null) {
    report("kind-mismatch", options.kindPlace, mismatch.message, mismatch.hint);
  }
}

/** Numbers of the parameters that stand inside an `unnest(…)`: the fields of an `:unnest` tool's rows. */
export function unnestedNumbers(statement: Statement): Set<number> {
  const numbers = new Set<number>();
  walk(statement.nodeType, statement.tree, ({ type, node }) => {
    if (type !== "FuncCall" || nameParts(node.funcname).at(-1) !== "unnest") return;
    for (const argument of list(node.args)) {
      let wrapped = unwrap(argument);
      while (wrapped?.type === "TypeCast") wrapped = unwrap(wrapped.node.arg);
      if (wrapped?.type === "ParamRef") numbers.add(Number(wrapped.node.number));
    }
  });
  return numbers;
}

/** What a query has of its kind alone. */
export function partsOfKind(
  kind: Kind,
  main: Statement | undefined,
): Pick<ParsedQuery, "view"> & Partial<Pick<ParsedQuery, "unnest">> {
  if (main === undefined) return { view: null };
  return {
    view: kind === "view" ? viewName(main) : null,
    ...(kind === "unnest" ? { unnest: unnestKeys(main) } : {}),
  };
}

function viewName(statement: Statement): { schema: string; name: string } | null {
  if (statement.nodeType !== "ViewStmt") return null;
  const { schemaname, relname } = field(statement.tree, "view");
  return { schema: String(schemaname ?? ""), name: String(relname ?? "") };
}

/**
 * The target of a COPY; options that Postgres does not know, or twice, are reported: Describe would not see
 * them.
 */
export function readCopyTarget(
  statement: Statement,
  statements: readonly Statement[],
  report: Report,
): CopyTarget {
  const { tree } = statement;
  const relation = field(tree, "relation");
  const columns = nameParts(tree.attlist);
  const place = statement.placeAtByte(locationOf(relation));
  if (columns.length === 0) {
    report(
      "column-unnamed",
      place,
      "COPY without a list of columns takes whatever columns the table has",
      "Write them: copy table (column, column) from stdin",
    );
  }
  for (const column of new Set(columns.filter((name, index) => columns.indexOf(name) < index))) {
    report("column-duplicate", place, `COPY lists the column "${column}" twice`, "Remove one of them");
  }
  const options: Record<string, string | boolean> = {};
  for (const item of list(tree.options)) {
    const element = field(object(item), "DefElem");
    const name = String(element.defname ?? "").toLowerCase();
    const optionPlace = statement.placeAtByte(locationOf(element));
    if (!copyOptions.has(name)) {
      const hint = didYouMean(name, copyOptions) ?? `COPY … FROM has ${[...copyOptions].join(", ")}`;
      report("syntax-error", optionPlace, `"${name}" is not an option of COPY … FROM`, hint);
    } else if (Object.hasOwn(options, name)) {
      report("syntax-error", optionPlace, `COPY has the option "${name}" twice`, "Remove one of them");
    } else {
      options[name] = copyOption(element.arg);
    }
  }
  const copied = relationOf(relation);
  return { ...copied, columns, options, target: loadTarget(copied, statements) };
}

interface Relation {
  schema: string | null;
  table: string;
}

function relationOf(node: Record<string, unknown>): Relation {
  return {
    schema: typeof node.schemaname === "string" ? node.schemaname : null,
    table: String(node.relname ?? ""),
  };
}

/**
 * The table that a load is for. A staging table stands for the one that it is LIKE, where the merge writes to
 * that, else for the last one that the merge writes to. A permanent table that the file itself empties is a
 * staging table too.
 */
function loadTarget(copied: Relation, statements: readonly Statement[]): Relation | null {
  const isCopied = ({ schema, table }: Relation) => table === copied.table && schema === copied.schema;
  const made = statements.find((statement) =>
    copied.schema === null && temporaryTable(statement)?.name === copied.table
  );
  const isEmptied = statements.some(({ nodeType, tree }) =>
    nodeType === "TruncateStmt"
      ? list(tree.relations).some((each) => isCopied(relationOf(field(object(each), "RangeVar"))))
      : nodeType === "DeleteStmt" && isCopied(relationOf(field(tree, "relation")))
  );
  if (made === undefined && !isEmptied) return copied;
  const merged = statements
    .filter(({ role, nodeType }) => role === "merge" && writes.has(nodeType))
    .map(({ tree }) => relationOf(field(tree, "relation")))
    .filter((relation) => !isCopied(relation));
  const likes = list(made?.tree.tableElts)
    .map((element) => object(object(element).TableLikeClause))
    .filter((clause) => clause.relation !== undefined)
    .map((clause) => relationOf(field(clause, "relation")));
  return merged.find((relation) =>
    likes.some(({ schema, table }) => schema === relation.schema && table === relation.table)
  ) ?? merged.at(-1) ?? (made === undefined ? copied : null);
}

/** Names of the temporary tables that a file's own statements create. */
export function temporaryTables(statements: readonly Statement[]): Set<string> {
  return new Set(statements.map(temporaryTable).filter((table) => table !== null).map(({ name }) => name));
}

/** Types of statement in which Postgres can bind a value. */
export const bindable: ReadonlySet<string> = new Set([
  "SelectStmt",
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
  "CallStmt",
  "CreateTableAsStmt",
]);

const copyOptions: ReadonlySet<string> = new Set(
  ("default delimiter encoding escape force_not_null force_null format freeze header log_verbosity null " +
    "on_error quote reject_limit").split(" "),
);

const besideCopy: ReadonlySet<string> = new Set([
  "SelectStmt",
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
  "CallStmt",
  "TruncateStmt",
]);

/** Forbidden by rule, and possible beside a COPY where `@allow forbidden` gives a reason. */
const allowedBesideCopy: ReadonlySet<string> = new Set([
  "ConstraintsSetStmt",
  "DoStmt",
  "LockStmt",
  "NotifyStmt",
  "VariableSetStmt",
]);

const writes: ReadonlySet<string> = new Set(["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"]);

interface Mismatch {
  message: string;
  hint: string;
}

function explainMismatch(kind: Exclude<Kind, "copy">, statement: Statement): Mismatch | null {
  const { nodeType, tree } = statement;
  const found = describeStatement(statement);
  switch (kind) {
    case "many":
    case "one":
      return nodeType === "SelectStmt"
        ? null
        : { message: `A :${kind} is a query, and this is ${found}`, hint: suggestKind(statement) };
    case "value":
    case "report": {
      if (nodeType !== "SelectStmt") {
        return { message: `A :${kind} is a query, and this is ${found}`, hint: suggestKind(statement) };
      }
      const columns = outputColumns(nodeType, tree);
      if (columns.some((column) => column.isStar) || columns.length === 1) return null;
      return {
        message: `A :${kind} returns one column, and this query returns ${columns.length}`,
        hint: "Return one column, or use :one for one row of several",
      };
    }
    case "exec":
      return writes.has(nodeType) || nodeType === "CallStmt" ? null : {
        message: `An :exec is an INSERT, UPDATE, DELETE, MERGE or CALL, and this is ${found}`,
        hint: suggestKind(statement),
      };
    case "view": {
      if (nodeType !== "ViewStmt") {
        return {
          message: `A :view is "create or replace view", and this is ${found}`,
          hint: suggestKind(statement),
        };
      }
      const isTemporary = field(tree, "view").relpersistence !== "p";
      if (tree.replace === true && !isTemporary) return null;
      return {
        message: isTemporary
          ? "A :view is deployed, and this view is temporary"
          : 'A :view is "create or replace view", and this only creates',
        hint: "Write: create or replace view schema.name as select …",
      };
    }
    case "unnest":
      if (!writes.has(nodeType)) {
        return {
          message: `An :unnest is an INSERT, UPDATE, DELETE or MERGE, and this is ${found}`,
          hint: suggestKind(statement),
        };
      }
      return unnestedNumbers(statement).size > 0 ? null : {
        message: "An :unnest reads its rows from unnest(:name::type[], …), and this statement has none",
        hint: "Use :exec, or put the array parameters into unnest",
      };
    default:
      return kind satisfies never;
  }
}

function checkCopyFile(statements: Statement[], options: KindOptions): void {
  const { kindPlace, report } = options;
  const copies = statements.filter(copiesFromStdin);
  const first = copies[0];
  if (first === undefined) {
    const only = statements.length === 1 ? statements[0] : undefined;
    if (only !== undefined && isReportedAsForbidden(only, options)) return;
    const found = only === undefined
      ? "none of these statements is one"
      : `this is ${describeStatement(only)}`;
    report(
      "kind-mismatch",
      kindPlace,
      `A :copy has one COPY … FROM STDIN, and ${found}`,
      "copy table (column, …) from stdin (format csv)",
    );
    return;
  }
  for (const extra of copies.slice(1)) {
    report("one-statement", extra.placeAt(0), "A :copy has one COPY, and here begins another");
  }
  const position = statements.indexOf(first);
  for (const [index, statement] of statements.entries()) {
    statement.role = index < position ? "setup" : index === position ? "copy" : "merge";
    if (copiesFromStdin(statement) || besideCopy.has(statement.nodeType)) continue;
    const table = temporaryTable(statement);
    if (table !== null) {
      if (!table.isDropped) {
        report(
          "temporary-kept",
          statement.placeAtByte(table.location),
          `"${table.name}" would stay after the call`,
        );
      }
      continue;
    }
    const isMaintenance = statement.nodeType === "IndexStmt" ||
      (statement.nodeType === "VacuumStmt" && statement.tree.is_vacuumcmd !== true);
    if (isMaintenance || allowedBesideCopy.has(statement.nodeType)) continue;
    const { line } = statement.placeAt(0);
    report(
      "kind-mismatch",
      kindPlace,
      `A :copy cannot hold ${describeStatement(statement)}, as in line ${line}`,
      "Beside the COPY may stand temporary tables, their indexes, INSERT, UPDATE, DELETE, MERGE, TRUNCATE, " +
        "CALL and queries",
    );
  }
}

function isReportedAsForbidden({ nodeType, tree }: Statement, { isForbiddenAllowed }: KindOptions): boolean {
  return !isForbiddenAllowed && explainForbiddenStatement(nodeType, tree) !== null;
}

function copiesFromStdin({ nodeType, tree }: Statement): boolean {
  return nodeType === "CopyStmt" && tree.is_from === true && tree.filename === undefined &&
    tree.is_program !== true;
}

function temporaryTable(
  { nodeType, tree }: Statement,
): { name: string; isDropped: boolean; location: number } | null {
  const isAs = nodeType === "CreateTableAsStmt";
  if (nodeType !== "CreateStmt" && !isAs) return null;
  const relation = isAs ? field(field(tree, "into"), "rel") : field(tree, "relation");
  if (relation.relpersistence !== "t") return null;
  const onCommit = isAs ? field(tree, "into").onCommit : tree.oncommit;
  return {
    name: String(relation.relname ?? ""),
    isDropped: onCommit === "ONCOMMIT_DROP",
    location: locationOf(relation),
  };
}

function copyOption(value: unknown): string | boolean {
  const wrapped = unwrap(value);
  if (wrapped === null) return true;
  const { type, node } = wrapped;
  switch (type) {
    case "Boolean":
      return node.boolval === true;
    case "String":
      return String(node.sval ?? "");
    case "Integer":
      return String(node.ival ?? 0);
    case "Float":
      return String(node.fval ?? "");
    case "List":
      return list(node.items).map(stringOf).join(",");
    case "A_Star":
      return "*";
    default:
      return true;
  }
}

const statementNames: ReadonlyMap<string, string> = new Map([
  ["SelectStmt", "a query"],
  ["InsertStmt", "an INSERT"],
  ["UpdateStmt", "an UPDATE"],
  ["DeleteStmt", "a DELETE"],
  ["MergeStmt", "a MERGE"],
  ["CallStmt", "a CALL"],
  ["ViewStmt", "a CREATE VIEW"],
  ["CreateStmt", "a CREATE TABLE"],
  ["CreateTableAsStmt", "a CREATE TABLE AS"],
  ["ExplainStmt", "an EXPLAIN"],
  ["VacuumStmt", "a VACUUM or ANALYZE"],
  ["TruncateStmt", "a TRUNCATE"],
  ["VariableShowStmt", "a SHOW"],
]);

function describeStatement({ nodeType, tree }: Statement): string {
  if (nodeType === "CopyStmt") return tree.is_from === true ? "a COPY … FROM" : "a COPY … TO";
  return statementNames.get(nodeType) ?? `a statement of type ${nodeType.replace(/Stmt$/, "")}`;
}

function suggestKind(statement: Statement): string {
  const { nodeType } = statement;
  if (nodeType === "SelectStmt") return "The kinds of a query are :many, :one, :value and :report";
  if (writes.has(nodeType)) {
    return unnestedNumbers(statement).size > 0 ? "Write :unnest" : "Write :exec";
  }
  if (nodeType === "CallStmt") return "Write :exec";
  if (nodeType === "ViewStmt") return "Write :view";
  if (copiesFromStdin(statement)) return "Write :copy";
  return "No kind is for such a statement: what changes the schema is a migration";
}
