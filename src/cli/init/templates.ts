/** The texts of a new project. Pure. */

import { type Setting, settings } from "../../config.ts";
import { version } from "../../version.ts";

export interface ProjectTextOptions {
  name: string;
  modules: readonly string[];
}

export function projectText({ name, modules }: ProjectTextOptions): string {
  const project = {
    $schema: ".sqlwright/sqlwright.schema.json",
    sqlwright: version,
    name,
    sql: "sql",
    migrations: "migrations",
    functions: "functions",
    tests: "tests",
    lock: "sql/lock.json",
    modules,
  };
  return `${JSON.stringify(project, null, 2).replace(/\[\s+("[^\]]*?")\s+\]/g, "[$1]")}\n`;
}

/** Settings that have no place in a project's `.env`. */
const notOfProjects: ReadonlySet<string> = new Set(["SQLWRIGHT_SQL_DIR"]);

/** Every setting, commented out, with its default. */
export function environmentExample(): string {
  const lines = Object.entries<Setting<unknown>>(settings)
    .filter(([name]) => !notOfProjects.has(name))
    .map(([name, { default: value, expected }]) => `\n# ${expected}\n# ${name}=${value ?? ""}\n`);
  return [
    "# Every setting with its default. Copy the lines that you need to .env, which\n",
    "# is not committed. The command line goes before the environment, and that\n",
    "# before .env. In service DATABASE_URL is the login that roles.sql makes;\n",
    "# SQLWRIGHT_DATABASE_URL goes before it, where DATABASE_URL is an application's.\n",
    ...lines,
  ].join("");
}

/** @param url null for the embedded database */
export function environmentText(url: string | null): string {
  return url === null
    ? "# No DATABASE_URL: the database is the embedded one, in .sqlwright/.\n"
    : environmentLine(url);
}

export function environmentLine(
  url: string,
  name: "DATABASE_URL" | "SQLWRIGHT_DATABASE_URL" = "DATABASE_URL",
): string {
  const quoted = /[\s#'"\\$\`]/.test(url) ? (url.includes("'") ? JSON.stringify(url) : `'${url}'`) : url;
  return `${name}=${quoted}\n`;
}

export const ignoredLines = [".env", ".sqlwright/"] as const;

/** Lines of .gitignore that a text lacks. */
export function missingIgnores(text: string): string {
  const lines = new Set(
    text.split(/\r?\n/).map((line) => line.trim().replace(/^\//, "").replace(/\/$/, "")),
  );
  return ignoredLines.filter((line) => !lines.has(line.replace(/\/$/, ""))).map(
    (line) => `${line}\n`,
  ).join(
    "",
  );
}

/** The table that a project begins with whose database has none. */
export const exampleMigration = (module: string) =>
  `create schema if not exists ${module};

comment on schema ${module} is 'A first table, to be replaced by your own.';

create table if not exists ${module}.task (
  id bigint generated always as identity,
  title text not null,
  status text not null default 'open',
  due_on date,
  created_at timestamptz not null default now(),
  constraint pk_task primary key (id),
  constraint check_task_title check (char_length(title) between 1 and 200),
  constraint check_task_status check (status in ('open', 'done'))
);

comment on table ${module}.task is 'Something that is to be done.';
comment on column ${module}.task.id is 'Number of the task.';
comment on column ${module}.task.title is 'What is to be done, in a line.';
comment on column ${module}.task.status is 'open, or done.';
comment on column ${module}.task.due_on is 'Day by which it is to be done.';
comment on column ${module}.task.created_at is 'When the task was added.';

insert into ${module}.task (title, status)
select first.title, first.status
from (
  values
    ('Write a query file', 'open'),
    ('Read AGENTS.md', 'open'),
    ('Make a project', 'done')
) as first (title, status)
where not exists (
  select
  from ${module}.task as task
);

-- The login of the embedded server. In service the login of roles.sql.
do $$
begin
  if exists (
    select
    from pg_catalog.pg_roles as role
    where role.rolname = 'sqlwright_server'
  ) then
    grant usage on schema ${module} to sqlwright_server;
    grant select, insert, update, delete on all tables in schema ${module}
      to sqlwright_server;
    alter default privileges in schema ${module}
      grant select, insert, update, delete on tables to sqlwright_server;
    alter default privileges in schema ${module}
      grant usage on sequences to sqlwright_server;
  end if;
end
$$;
`;

export interface TestTextOptions {
  module: string;
  /** Tools that list a table, with what they list. */
  lists: readonly { tool: string; table: string; isPaged: boolean }[];
  /** The schema of the example table; null for tables of one's own. */
  example: string | null;
}

export function testText({ module, lists, example }: TestTextOptions): string {
  const own = example === null ? [] : [
    `-- test: a task that is added is open
-- call: ${module}_add_task {title: Write a test}
-- expect: affected = 1
select count(*) = 1
from ${example}.task as task
where task.title = 'Write a test'
  and task.status = 'open';`,
    `-- test: a status that there is not is refused
-- call: ${module}_add_task {title: Write a test, status: lost}
-- expect: error`,
  ];
  const listed = lists.map(({ tool, table, isPaged }) =>
    `-- test: ${table} can be listed\n-- call: ${tool} ${
      isPaged ? "{page_size: 1}" : "{}"
    }\n-- expect: rows >= 0`
  );
  const [first] = lists;
  if (first !== undefined) {
    listed.push(
      `-- test: an argument that ${first.tool} does not have is refused\n` +
        `-- call: ${first.tool} {no_such_argument: 1}\n-- expect: error argument.unknown`,
    );
  }
  return `-- Each test runs in a transaction that is rolled back. A line a step: a call,
-- what is expected of it, and SQL whose one boolean column must be true.

${[...own, ...listed].join("\n\n")}
`;
}

export interface WorkflowOptions {
  /** The project's folder from the repository's, "." for the same. */
  folder: string;
  /** Major version of the database that the project is made over. */
  postgresVersion: number;
}

/** The CI of a project, on GitHub: a PostgreSQL, the project's migrations, and everything that must hold. */
export function workflowText({ folder, postgresVersion }: WorkflowOptions): string {
  const sqlwright = `npx --yes sqlwright@${version}`;
  return `# Checks the query files against a database of its own on every push.
name: sqlwright
on: [push, pull_request]
permissions:
  contents: read

jobs:
  check:
    runs-on: ubuntu-latest
    timeout-minutes: 15
    defaults:
      run:
        working-directory: ${JSON.stringify(folder)}
    services:
      postgres:
        image: postgres:${postgresVersion}
        env:
          POSTGRES_PASSWORD: postgres
        ports: ["5432:5432"]
        options: >-
          --health-cmd pg_isready --health-interval 2s --health-retries 30
    env:
      DATABASE_URL: postgresql://postgres:postgres@localhost:5432/postgres
      # The only login of the service; in yours it is the one of roles.sql.
      SQLWRIGHT_SUPERUSER: allow
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 22
      # Tables that other programs make: keep their shape here, by
      #   pg_dump --schema-only --no-owner --no-privileges > schema.sql
      - name: Tables that are made elsewhere
        run: |
          if [ -f schema.sql ]; then
            psql "$DATABASE_URL" --set ON_ERROR_STOP=1 --quiet --file schema.sql
          fi
      - name: Migrations, functions and views
        run: ${sqlwright} migrate
      - name: Query files, and that sql/lock.json is theirs
        run: ${sqlwright} check --format github
      - name: Examples and SQL tests
        run: ${sqlwright} test --junit test-results.xml
      - name: The login of the server
        run: psql "$DATABASE_URL" --set ON_ERROR_STOP=1 --quiet --file roles.sql
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: test-results
          path: "${folder === "." ? "" : `${folder}/`}test-results.xml"
`;
}

export interface GuideOptions {
  /** What a person types before a command. */
  command: string;
  module: string;
}

const hostFiles = "`.mcp.json`, `.vscode/mcp.json`, `.cursor/mcp.json`";

export const readmeSection = ({ command, module }: GuideOptions) =>
  `## SQL tools

The files in \`sql/\` are tools for agents, served over MCP by
[sqlwright](https://www.npmjs.com/package/sqlwright): one file, one tool.

| command | what it does |
| --- | --- |
| \`${command} start --stdio\` | serves them; hosts do this by ${hostFiles} |
| \`${command} check\` | holds every file against the database |
| \`${command} check --lock\` | the same, and writes \`sql/lock.json\`, which is committed |
| \`${command} test\` | runs the examples and \`tests/\` |
| \`${command} call ${module}_… --help\` | calls a tool as an agent does |
| \`${command} grants > roles.sql\` | the login of the server: what the tools need, and no more |

Settings are in \`.env\` (see \`.env.example\`); it is not committed.
\`AGENTS.md\` has the grammar of a file.
`;

/** Rows of a table in Markdown. */
function rowsOf(rows: readonly (readonly string[])[]): string {
  return rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Each kind, its SQL and its answer. */
const kindRows = rowsOf([
  ["`:many`", "one query, bounded by `@page`, `@rows` or `limit`", "`rows`"],
  ["`:one`", "one query, at most one row", "`row`, or null"],
  ["`:value`", "one query, one column", "`value`"],
  ["`:report`", "one query, one JSON column: `json_build_object`, `json_agg`", "`report`"],
  ["`:view`", "`create or replace view …`, with `@filter` and `@order`", "filtered, paged rows"],
  ["`:exec`", "one insert, update, delete, merge or call", "`affected`, `rows` of RETURNING"],
  [
    "`:unnest`",
    "one write over `unnest(:a::t[], :b::u[]) as change (a, b)`",
    "the same, for `rows: [{a, b}]`",
  ],
  [
    "`:copy`",
    "`copy schema.table (…) from stdin`, with a staging table before and a merge after it",
    "`copied`, `affected`",
  ],
]);

/** Each tag and what it says. */
const tagRows = rowsOf([
  [
    "`@param name   text   {flow}`",
    "required. `name?` may be absent and is null then; `name = 5` has a default",
  ],
  ["`@column name   text`", "describes a result; `name!` is never null, `name?` may be"],
  ["`@page id desc`", "pages by keyset; ends in a unique key; the query has no limit"],
  ["`@filter column =`, `@order column`", "of a `:view`"],
  ["`@rows`, `@bytes`, `@timeout 2s`, `@max-affected`", "ceilings, lower than the server's"],
  ["`@role db_role`, `@scope scope`", "whom it runs as; what the caller must hold"],
  ["`@hint idempotent`, `additive`", "of a write"],
  [
    "`@example name  {args}  => rows >= 1`",
    "run by `test`; also `affected = n`, `null`, `error`, `{subset}`",
  ],
  ["`@allow rule  reason`", "switches a rule off"],
]);

/** The grammar in a page, for an assistant that writes query files. */
export const agentsText = ({ command, module }: GuideOptions) =>
  `# SQL tools

\`sql/<module>/<name>.sql\` is one MCP tool, \`<module>_<name>\`, run by sqlwright on
PostgreSQL. Types, nullability, enums and comments come from the database; the header says only what
PostgreSQL cannot know.

\`\`\`sql
-- name: find_customer :many
-- title: Find a customer
-- Prose for the agent that picks the tool: what it answers, when to use it. It ends at the first tag.
--
-- @param q          Part of the name        {minLength: 1, maxLength: 80}
-- @param max = 20   How many rows           {minimum: 1, maximum: 100}
-- @param since?     Only from this day on
-- @example smith  {q: smith, max: 1}  => rows >= 0

select customer.id, customer.name
from shop.customer as customer
where customer.name ilike '%' || :q::text || '%'
  and (:since::date is null or customer.created_on >= :since)
order by customer.name, customer.id
limit :max::integer;
\`\`\`

Header: \`-- name:\` (the file's name and the kind), \`-- title:\`, prose, \`--\`, tags; a blank line; SQL.
Two or more spaces part the fields of a tag. Four spaces after \`--\` continue the tag above.

| kind | the SQL is | the tool answers |
| --- | --- | --- |
${kindRows}

| tag | says |
| --- | --- |
${tagRows}

\`{flow}\` is JSON Schema in YAML flow style: \`{minimum: 1}\`, \`{enum: [a, b]}\`, \`{pattern: '^[A-Z]+$'}\`.

Rules:

- Write \`schema.table\`, name every column, no \`select *\`; lower case, \`as\` for aliases.
- Cast a parameter at its first use: \`:since::date\`. Values are always bound, never part of the SQL.
- \`coalesce(json_agg(… order by …), '[]')\`; \`is distinct from\` in updates; \`not exists\`, never
  \`not in\`.
- A file that reads must not write. What changes tables goes into \`migrations/NNNN_verb_noun.sql\`; functions
  into \`functions/*.sql\`, which are replaced when their text changes. Never change a migration that ran.
- Secrets are in \`.env\` alone.

Work so: \`${command} new ${module}/NAME --kind KIND --table schema.table\`, edit, then
\`${command} check\` until it is green (it shows file, line and what to do),
\`${command} call ${module}_NAME …\`, \`${command} test\`, and \`${command} check --lock\` to commit.
New privileges: \`${command} grants > roles.sql\`.
`;
