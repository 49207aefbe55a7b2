/**
 * Every code that a diagnostic about a query file can have: what it says, how to mend it, and whether a file
 * may switch it off with `@allow`. The checks themselves are in the stage that makes them: lexer, header,
 * rules, and for the codes marked so the stages that ask the database.
 */

export interface Rule {
  severity: "error" | "warning";
  /** What the rule demands, as a statement. */
  title: string;
  /** What to do when it is broken. */
  fix: string;
  /** True when `@allow <code>  <reason>` switches it off for one file. */
  allowable: boolean;
  /** The stage that checks it. `database` needs a connection and is not part of parsing. */
  checked: "text" | "database";
}

/** The names of the rules, which are also what a diagnostic carries as its code. */
export type RuleName =
  | "column-duplicate"
  | "column-representation"
  | "column-unknown"
  | "column-unnamed"
  | "copy-target"
  | "constant-order"
  | "default-invalid"
  | "description-missing"
  | "description-placeholder"
  | "encoding"
  | "eq-null"
  | "example-fails"
  | "filter-duplicate"
  | "forbidden"
  | "header-syntax"
  | "in-one-value"
  | "json-agg-null"
  | "kind-mismatch"
  | "layout"
  | "lock-stale"
  | "many-unbounded"
  | "name-matches-file"
  | "name-reserved"
  | "no-where"
  | "not-in-subquery"
  | "one-statement"
  | "over-cost"
  | "page-limit"
  | "page-not-unique"
  | "page-order"
  | "param-misplaced"
  | "param-name"
  | "param-reserved"
  | "param-undeclared"
  | "param-untyped"
  | "param-unused"
  | "positional-parameter"
  | "postgres-SQLSTATE"
  | "privilege-missing"
  | "read-tool-writes"
  | "report-untyped"
  | "select-star"
  | "seq-scan"
  | "slice-spacing"
  | "syntax-error"
  | "tag-duplicate"
  | "tag-misplaced"
  | "tag-unbuilt"
  | "tag-value"
  | "temporary-kept"
  | "too-large"
  | "tool-duplicate"
  | "tool-name"
  | "tree-unavailable"
  | "types-unchecked"
  | "unknown-tag"
  | "unnest-array"
  | "unnest-outcome-unknown"
  | "unqualified-table"
  | "unterminated"
  | "view-not-deployed"
  | "view-unordered";

/** The code of a diagnostic. PostgreSQL's own errors carry their SQLSTATE, such as `postgres-42703`. */
export type RuleCode = Exclude<RuleName, "postgres-SQLSTATE"> | `postgres-${string}`;

export const rules: Readonly<Record<RuleName, Rule>> = {
  "column-duplicate": rule("Output columns have different names", "Rename one of them with `as`"),
  "column-representation": rule(
    "`{as: number}` is written for numeric columns only",
    "Remove it, or cast the column",
    { checked: "database" },
  ),
  "column-unknown": rule(
    "A tag names only columns that the statement returns or loads",
    "Use the name of an output column",
  ),
  "column-unnamed": rule("Every output column has a name", "Give the expression a name with `as`"),
  "copy-target": rule(
    "The table and the columns of the COPY exist",
    "Create them in a migration, or as a temporary table above the COPY",
    { checked: "database" },
  ),
  "constant-order": rule(
    "ORDER BY names columns or expressions over them, and no parameter alone",
    "Choose the column by `order by case :by::text when 'name' then t.name end`, one CASE a type",
    { allowable: true },
  ),
  "default-invalid": rule(
    "The default of a parameter fits its type and its `{flow}`",
    "Correct one of them",
    { checked: "database" },
  ),
  "description-missing": rule(
    "A file describes its tool for the agent",
    "Write one or more `-- ` lines of prose between the title and the first tag",
    { allowable: true },
  ),
  "description-placeholder": rule(
    "A description is about its tool, and not the text that `new` began with",
    "Write what an agent should know to pick the tool",
    { severity: "warning", checked: "database" },
  ),
  "encoding": rule("A file is UTF-8 without NUL", "Save the file as UTF-8"),
  "eq-null": rule(
    "Nothing is compared with null by `=` or `<>`",
    "Write `is null`, `is not null` or `is distinct from`",
    { allowable: true },
  ),
  "example-fails": rule("Every `@example` holds", "Mend the statement or the example", {
    checked: "database",
  }),
  "filter-duplicate": rule(
    "Every `@filter` makes an input of its own",
    "Keep one of them, or rename the column in the view",
    { checked: "database" },
  ),
  "forbidden": rule(
    "A file uses no statement or function that leaves the database, changes the session or waits",
    "Leave it out, or allow it with a reason: `@allow forbidden  why`",
    { allowable: true },
  ),
  "header-syntax": rule(
    "The header follows the grammar",
    "Begin with `-- name: file_name :kind`, then title, prose and tags, then one blank line, then SQL",
  ),
  "in-one-value": rule(
    "A list of values is one array parameter",
    "Write `= any(:ids::bigint[])` with the type of the column; `in (:id)` is one value",
    { allowable: true, severity: "warning" },
  ),
  "json-agg-null": rule(
    "An aggregated JSON array is never null",
    "Wrap it: `coalesce(json_agg(…), '[]')`",
    { allowable: true },
  ),
  "kind-mismatch": rule("The statement is what the kind says", "Change the kind or the statement"),
  "layout": rule(
    "Query files are in folders one level deep",
    "Move the file to `<sql directory>/<module>/<name>.sql`",
  ),
  "lock-stale": rule(
    "The lock is the one of these files and this database",
    "Run `sqlwright check --lock` and commit the lock",
    { checked: "database" },
  ),
  "many-unbounded": rule(
    "A `:many` says how many rows it can return",
    "Add `@page`, `@rows` or a `limit`",
    { allowable: true },
  ),
  "name-matches-file": rule(
    "The name in the header is the file's name",
    "Rename the file or the header's name",
  ),
  "name-reserved": rule(
    "No file makes a tool that the server itself already has",
    "Rename the file",
    { checked: "database" },
  ),
  "no-where": rule(
    "UPDATE and DELETE have a WHERE",
    "Add a `where`, or `@allow no-where  why` when every row is meant",
    { allowable: true },
  ),
  "not-in-subquery": rule(
    "No `not in (select …)`: one null in it and nothing matches",
    "Write `not exists (select … where …)`",
    { allowable: true },
  ),
  "one-statement": rule("One file is one statement", "Put the other statement into its own file"),
  "over-cost": rule("The plan costs less than the ceiling", "Add an index or narrow the statement", {
    allowable: true,
    checked: "database",
  }),
  "page-limit": rule(
    "A file with `@page` has no LIMIT or OFFSET",
    "Leave it out: the server pages by the columns of `@page`",
  ),
  "page-not-unique": rule(
    "`@page` ends in a unique key",
    "Add the primary key as the last column of `@page`",
    { allowable: true, checked: "database" },
  ),
  "page-order": rule(
    "The ORDER BY of a file with `@page` is the order of `@page`",
    "Leave the `order by` out or write the same columns",
  ),
  "param-misplaced": rule(
    "A parameter stands where Postgres can bind a value",
    "Use it in a SELECT, INSERT, UPDATE, DELETE, MERGE or CALL",
  ),
  "param-name": rule(
    "A parameter is `:name` or `:'name'`; the name is a letter, then letters, digits, underscores",
    "Rename the parameter",
  ),
  "param-reserved": rule(
    "A parameter has not the name of an input that the server adds",
    "Rename the parameter",
  ),
  "param-undeclared": rule("Every parameter in the SQL has its `@param`", "Add `-- @param name  text`"),
  "param-untyped": rule(
    "Postgres can tell the type of every parameter",
    "Cast its first use, for example `:since::date`",
    { checked: "database" },
  ),
  "param-unused": rule("Every `@param` is used in the SQL", "Use it or remove the tag"),
  "positional-parameter": rule("Parameters have names", "Write `:name` instead of `$1`"),
  "postgres-SQLSTATE": rule(
    "PostgreSQL accepts the statement",
    "Correct it as PostgreSQL says",
    { checked: "database" },
  ),
  "privilege-missing": rule(
    "The role of a statement has the privileges that it needs",
    "Grant them to the role",
    { checked: "database" },
  ),
  "read-tool-writes": rule(
    "A tool of a read kind changes nothing and locks nothing",
    "Use `:exec` or `:unnest`, or leave the write out",
    { allowable: true },
  ),
  "report-untyped": rule(
    "Every part of a report has a known shape",
    "Build it from typed columns, or leave it: its schema then allows any JSON",
    { checked: "database", severity: "warning" },
  ),
  "select-star": rule("Output columns are listed", "Name the columns", { allowable: true }),
  "seq-scan": rule("Large tables are read through an index", "Add an index for the condition", {
    allowable: true,
    checked: "database",
    severity: "warning",
  }),
  "slice-spacing": rule("An array slice has spaces around its colon", "Write `[1 : n]`"),
  "syntax-error": rule("The SQL is SQL as Postgres parses it", "Correct it; the file must run in psql"),
  "tag-duplicate": rule("A tag that says one thing is written once", "Remove one of them"),
  "tag-misplaced": rule("A tag stands in the header of a kind that it means something for", "Remove the tag"),
  "tag-unbuilt": rule("A tag has an effect", "Remove the tag until this version of sqlwright can do it"),
  "tag-value": rule("The value of a tag follows the grammar", "Write it as docs/annotations.md says"),
  "temporary-kept": rule(
    "A temporary table ends with the transaction: connections are used again",
    "Write `on commit drop`",
  ),
  "too-large": rule("A file is at most 1 MiB", "Load data with a `:copy` tool, not in the text of a file"),
  "tool-duplicate": rule("Every tool has its own name", "Rename one of the files"),
  "tool-name": rule(
    "A tool's name has at most 64 letters, digits, underscores and hyphens",
    "Rename the module's folder or the file",
  ),
  "tree-unavailable": rule(
    "PostgreSQL shows how it reads the statements",
    "GRANT TEMPORARY ON DATABASE to the role of DATABASE_URL, and connect to a server that is no standby",
    { checked: "database", severity: "warning" },
  ),
  "types-unchecked": rule(
    "A database has checked the types",
    "Start the database, or check the text alone with `--static`",
    { checked: "database" },
  ),
  "unknown-tag": rule("Every tag is a tag of the grammar", "Correct its name or remove it"),
  "unnest-array": rule(
    "An `:unnest` file has an array parameter",
    "Write `unnest(:name::text[])` with the types of the columns",
    { checked: "database" },
  ),
  "unnest-outcome-unknown": rule(
    "An `:unnest` joins its table by `table.key = change.key`, so that it can tell what became of each row",
    "Take the rows from `unnest(…) as change (…)` alone, and compare its fields with the table's key by `=`",
    { allowable: true, severity: "warning" },
  ),
  "unqualified-table": rule("Tables are written with their schema", "Write `schema.table`", {
    allowable: true,
  }),
  "unterminated": rule("Strings, quoted names and comments end", "Close it"),
  "view-not-deployed": rule(
    "The view in the database is the one of the file",
    "Deploy it with `sqlwright migrate --only FILE`",
    { checked: "database" },
  ),
  "view-unordered": rule(
    "A `:view` has an `@order`",
    "Write one that ends in a unique column",
    { checked: "database" },
  ),
};

/** The rule that a code stands for. */
export function ruleOf(code: RuleCode): Rule {
  return isRuleName(code) ? rules[code] : rules["postgres-SQLSTATE"];
}

/** Whether `--deny` and `@allow` may name it. */
export function isRuleName(code: string): code is RuleName {
  return Object.hasOwn(rules, code);
}

function rule(
  title: string,
  fix: string,
  { allowable = false, checked = "text", severity = "error" }: Partial<Omit<Rule, "title" | "fix">> = {},
): Rule {
  return { severity, title, fix, allowable, checked };
}
