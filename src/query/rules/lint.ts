/**
 * The rules that a parsed file is held to, as far as its text alone can tell. `rules.ts` lists them all;
 * those that need the database are checked where it is asked.
 *
 * Every check walks whole trees, so that nothing hides in a CTE, a sub-query, a set operation or a function
 * in FROM. What a file allows with `@allow` is filtered out at the one place where diagnostics are reported.
 */
import { type CopyTarget, type Header, type Kind, type Place, readKinds, type Statement } from "../model.ts";
import { didYouMean, type Report } from "../diagnostic.ts";
import { explainForbiddenFunction, explainForbiddenStatement } from "./forbidden.ts";
import { temporaryTables, unnestedNumbers } from "./kind.ts";
import { lintNulls } from "./nulls.ts";
import { lintTables } from "./tables.ts";
import { unnestKeys } from "./unnest_keys.ts";
import {
  field,
  functionCalls,
  isNullConstant,
  list,
  locationBelow,
  locationOf,
  nameParts,
  object,
  type OutputColumn,
  outputColumns,
  unwrap,
  walk,
} from "../parser/parse_tree.ts";

export interface LintInput {
  kind: Kind;
  header: Header;
  /** Names of the file's tags, the wrong ones too: one error is enough. */
  tags: ReadonlySet<string>;
  statements: readonly Statement[];
  copy: CopyTarget | null;
  /** Places of the locking clauses and other words that the tree has no location for. */
  findWords: (statement: Statement, pattern: RegExp) => Place[];
}

export function lintQuery(input: LintInput, report: Report): void {
  const temporary = temporaryTables(input.statements);
  for (const statement of input.statements) {
    lintForbidden(statement, report);
    lintTables(statement, temporary, report);
    lintNulls(statement, report);
    lintStars(statement, report);
    lintWhere(statement, report);
    lintParameters(statement, report);
    if (readKinds.has(input.kind)) lintWrites(statement, input, report);
  }
  const main = input.statements.find((statement) => statement.role === "main");
  const columns = main === undefined ? [] : outputColumns(main.nodeType, main.tree);
  if (main !== undefined) {
    lintColumns(main, columns, report);
    if (input.kind === "many" && main.nodeType === "SelectStmt") {
      lintBounds(main, input, report);
      lintPage(main, columns, input.header, report);
    }
  }
  if (input.kind === "unnest" && main !== undefined && hasUnnest(main) && unnestKeys(main) === null) {
    report(
      "unnest-outcome-unknown",
      main.placeAt(0),
      "Which rows of the table the rows of a call mean cannot be told, so its answer " +
        "says only how many were changed",
    );
  }
  lintColumnTags(input, main, columns, report);
}

/** A report that leaves out what the file allows. */
export function withAllowed(header: Header, report: Report): Report {
  const allowed = new Set(header.allows.flatMap((allow) => allow.rules));
  return (code, place, message, hint) => {
    if (allowed.has(code)) return;
    report(code, place, message, hint);
  };
}

function lintForbidden(statement: Statement, report: Report): void {
  const reason = explainForbiddenStatement(statement.nodeType, statement.tree);
  if (reason !== null) report("forbidden", statement.placeAt(0), reason);
  for (const { parts, place } of functionCalls(statement)) {
    const why = explainForbiddenFunction(parts);
    if (why !== null) report("forbidden", place, `${parts.join(".")}() ${why}`);
  }
}

function lintStars(statement: Statement, report: Report): void {
  walk(statement.nodeType, statement.tree, ({ type, node, field: via, above }) => {
    if (type === "SelectStmt" || type === "ReturningClause") {
      // What EXISTS selects is never looked at.
      const parent = above.at(-1);
      if (via === "subselect" && parent?.node.subLinkType === "EXISTS_SUBLINK") return;
      for (const target of list(type === "SelectStmt" ? node.targetList : node.exprs)) {
        const { val } = field(object(target), "ResTarget");
        const expression = unwrap(val);
        const path = expression?.type === "A_Indirection"
          ? expression.node.indirection
          : expression?.node.fields;
        const isStar = unwrap(list(path).at(-1))?.type === "A_Star";
        if (isStar) {
          const message = "The columns that * stands for change with the table";
          report("select-star", statement.placeAtByte(locationBelow(target)), message);
        }
      }
    }
  });
}

/** Parameters where a person means a name or a list, and PostgreSQL takes one value. */
function lintParameters(statement: Statement, report: Report): void {
  const nameOf = (node: unknown): string | null => {
    let wrapped = unwrap(node);
    while (wrapped?.type === "TypeCast") wrapped = unwrap(wrapped.node.arg);
    return wrapped?.type === "ParamRef"
      ? statement.parameterNames[Number(wrapped.node.number) - 1] ?? null
      : null;
  };
  walk(statement.nodeType, statement.tree, ({ type, node }) => {
    if (type === "SortBy") {
      const name = nameOf(node.node);
      if (name === null) return;
      report(
        "constant-order",
        statement.placeAtByte(locationBelow(node.node)),
        `:${name} is one value for all rows, so this sorts nothing`,
      );
    }
    if (type !== "A_Expr" || node.kind !== "AEXPR_IN") return;
    const [only, ...others] = list(field(object(node.rexpr), "List").items);
    const name = others.length > 0 ? null : nameOf(only);
    if (name === null) return;
    report(
      "in-one-value",
      statement.placeAtByte(locationBelow(only)),
      `:${name} is one value, not a list of them`,
    );
  });
}

function lintWhere(statement: Statement, report: Report): void {
  walk(statement.nodeType, statement.tree, ({ type, node }) => {
    if ((type !== "UpdateStmt" && type !== "DeleteStmt") || node.whereClause !== undefined) return;
    const relation = field(node, "relation");
    const verb = type === "UpdateStmt" ? "UPDATE" : "DELETE";
    report(
      "no-where",
      statement.placeAtByte(locationOf(relation)),
      `This ${verb} changes every row of "${String(relation.relname)}"`,
    );
  });
}

const changes: ReadonlyMap<string, string> = new Map([
  ["InsertStmt", "INSERT"],
  ["UpdateStmt", "UPDATE"],
  ["DeleteStmt", "DELETE"],
  ["MergeStmt", "MERGE"],
]);

function lintWrites(statement: Statement, { kind, findWords }: LintInput, report: Report): void {
  const locks = findWords(statement, /^for (update|share|no key update|key share)\b/);
  walk(statement.nodeType, statement.tree, ({ type, node, above }) => {
    const verb = changes.get(type);
    if (verb !== undefined && above.length > 0) {
      const place = statement.placeAtByte(locationOf(field(node, "relation")));
      report(
        "read-tool-writes",
        place,
        `A :${kind} only reads, and this is ${/^[AIU]/.test(verb) ? "an" : "a"} ${verb}`,
      );
    }
    if (type === "IntoClause" && statement.nodeType === "SelectStmt") {
      const place = statement.placeAtByte(locationOf(field(node, "rel")));
      report("read-tool-writes", place, `A :${kind} only reads, and SELECT INTO creates a table`);
    }
    if (type === "LockingClause") {
      const clause = String(node.strength).replace(/^LCS_FOR/, "").replace("NOKEY", "NO KEY ").replace(
        "KEYSHARE",
        "KEY SHARE",
      );
      report(
        "read-tool-writes",
        locks.shift() ?? statement.placeAt(0),
        `A :${kind} only reads, and FOR ${clause} locks rows`,
      );
    }
  });
  for (const { parts, place } of functionCalls(statement)) {
    if (/^(nextval|setval)$/.test(parts.at(-1) ?? "")) {
      report("read-tool-writes", place, `A :${kind} only reads, and ${parts.join(".")}() changes a sequence`);
    }
  }
}

function lintColumns(statement: Statement, columns: readonly OutputColumn[], report: Report): void {
  const seen = new Set<string>();
  for (const { name, isStar, location } of columns) {
    if (isStar) continue;
    const place = statement.placeAtByte(location);
    if (name === null) report("column-unnamed", place, "This column has no name");
    else if (seen.has(name)) {
      report("column-duplicate", place, `A column before this one is already called "${name}"`);
    } else seen.add(name);
  }
}

function lintBounds({ tree }: Statement, { header, tags }: LintInput, report: Report): void {
  const isLimited = tree.limitCount !== undefined && !isNullConstant(tree.limitCount);
  if (isLimited || header.rows !== null || tags.has("page") || tags.has("rows")) return;
  report("many-unbounded", header.kindPlace, "Nothing says how many rows this :many can return");
}

/**
 * What can be told of `@page` without the database: its columns, the order, and that the file does not cut by
 * itself.
 */
function lintPage(
  statement: Statement,
  columns: readonly OutputColumn[],
  header: Header,
  report: Report,
): void {
  if (header.page.length === 0) return;
  const { tree } = statement;
  for (const clause of ["limitCount", "limitOffset"] as const) {
    if (tree[clause] === undefined) continue;
    const word = clause === "limitCount" ? "LIMIT" : "OFFSET";
    report(
      "page-limit",
      statement.placeAtByte(locationBelow(tree[clause])),
      `The file has @page and ${word === "LIMIT" ? "a" : "an"} ${word} of its own`,
    );
  }
  const terms = list(tree.sortClause).map((item) => field(object(item), "SortBy"));
  if (terms.length === 0) return;
  const wanted = header.page.map(({ column, descending }) => `${column}${descending ? " desc" : ""}`).join(
    ", ",
  );
  const hint = `Leave the ORDER BY out, or write: order by ${wanted}`;
  for (const [index, term] of terms.entries()) {
    const page = header.page[index];
    const isSame = page !== undefined && namesColumn(term.node, page.column, columns) &&
      (term.sortby_dir === "SORTBY_DESC") === page.descending && term.sortby_dir !== "SORTBY_USING" &&
      (term.sortby_nulls === "SORTBY_NULLS_DEFAULT" || term.sortby_nulls === undefined);
    if (isSame) continue;
    const place = statement.placeAtByte(locationBelow(term.node));
    report("page-order", place, `This is not the order of @page, which is ${wanted}`, hint);
    return;
  }
  if (terms.length < header.page.length) {
    const place = statement.placeAtByte(locationBelow(terms[0]?.node));
    report("page-order", place, `The ORDER BY is shorter than @page, which is ${wanted}`, hint);
  }
}

/**
 * Whether a term of ORDER BY is an output column: by its name, its number, or its expression's own column.
 */
function namesColumn(term: unknown, name: string, columns: readonly OutputColumn[]): boolean {
  const wrapped = unwrap(term);
  if (wrapped?.type === "A_Const") {
    const number = Number(field(wrapped.node, "ival").ival ?? 0);
    return columns[number - 1]?.name === name;
  }
  if (wrapped?.type !== "ColumnRef") return false;
  const parts = nameParts(wrapped.node.fields);
  const column = columns.find((each) => each.name === name);
  const expression = unwrap(column?.expression);
  // An output name beats an input column in ORDER BY, but only when it stands alone.
  if (parts.length === 1 && parts[0] === name) return true;
  const own = expression?.type === "ColumnRef" ? nameParts(expression.node.fields) : [];
  return own.length > 0 && own.at(-1) === parts.at(-1) &&
    (own.length === 1 || parts.length === 1 || own.join(".") === parts.join("."));
}

/**
 * Tags that name columns name columns there are; where a `*` or a procedure hides them, the database tells
 * later.
 */
function lintColumnTags(
  { kind, header, copy }: LintInput,
  main: Statement | undefined,
  columns: readonly OutputColumn[],
  report: Report,
): void {
  const isHidden = copy === null && (main === undefined || main.nodeType === "CallStmt" ||
    columns.some((column) => column.isStar));
  if (isHidden || (copy !== null && copy.columns.length === 0)) return;
  const known = copy?.columns ?? columns.map((column) => column.name).filter((name) => name !== null);
  const check = (name: string, place: Place, tag: string) => {
    if (known.includes(name)) return;
    const what = copy === null ? "returned" : "loaded";
    const none = `This statement has no ${what} columns`;
    const hint = didYouMean(name, known) ??
      (known.length === 0 ? none : `Columns ${what}: ${known.join(", ")}`);
    report("column-unknown", place, `@${tag} names "${name}", which is no column that is ${what}`, hint);
  };
  for (const { name, place } of header.columns) check(name, place, "column");
  for (const { column, place } of header.untrusted) check(column, place, "untrusted");
  for (const { column, place } of header.page) check(column, place, "page");
  for (const { column, place } of header.filters) check(column, place, "filter");
  for (const { column, place } of header.order) check(column, place, "order");
  if (header.chart !== null && (kind === "many" || kind === "view")) {
    const { x, y, series, place } = header.chart;
    for (const column of [x, ...y, ...(series === null ? [] : [series])]) check(column, place, "chart");
  }
}

/** Without one its kind is wrong, which is told already. */
const hasUnnest = (statement: Statement) => unnestedNumbers(statement).size > 0;
