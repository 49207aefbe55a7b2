/** What `init` writes that is prose or example: kept here together, so that it is read together. */

import type { Tool } from "../../tool/model.ts";
import { version } from "../../version.ts";

export const gitignoreLines = [".env", ".sqlwright/"] as const;

/** The table that a project without a database of its own begins with. */
export const exampleMigration =
  `-- A first table, to try things on. Delete this file before it was applied, or drop the schema in a later migration.

set local lock_timeout = '5s';

create schema if not exists example;
comment on schema example is 'A first table, to try things on';

create table if not exists example.task (
  task_id integer generated always as identity,
  title text not null,
  is_done boolean not null default false,
  created_at timestamptz not null default now(),
  constraint pk_task primary key (task_id),
  constraint check_task_title check (length(title) between 1 and 200)
);

comment on table example.task is 'Things to do';
comment on column example.task.task_id is 'Number of the task';
comment on column example.task.title is 'What is to be done';
comment on column example.task.is_done is 'Whether it is done';
comment on column example.task.created_at is 'When it was written down';

insert into example.task (title, is_done)
select task.title, task.is_done
from (
  values
    ('Read AGENTS.md', false),
    ('Run sqlwright check --watch and break a file', false),
    ('Run sqlwright init', true)
) as task (title, is_done)
where not exists (select from example.task);

-- The login of the embedded server. In a database of your own, roles.sql has the grants.
do $$
begin
  if exists (select from pg_catalog.pg_roles where rolname = 'sqlwright_server') then
    grant usage on schema example to sqlwright_server;
    grant select, insert, update on example.task to sqlwright_server;
  end if;
end
$$;
`;

/** One SQL test, of the tool that needs no argument. */
export function sqlTest({ name, outputSchema }: Pick<Tool, "name" | "outputSchema">): string {
  const rows = "rows" in ((outputSchema.properties ?? {}) as object);
  return `-- Run with \`sqlwright test\`: each test in a transaction of its own that is rolled back.

-- test: ${name} answers
-- call: ${name} {}
${rows ? "-- expect: rows >= 0\n" : ""}
-- test: an argument that ${name} does not have is refused
-- call: ${name} {no_such_argument: 1}
-- expect: error argument.unknown
`;
}

export function workflow(name: string): string {
  return `# Checks the query files of ${name} against a real PostgreSQL.
name: sqlwright
on:
  push:
  pull_request:
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest
    timeout-minutes: 15
    services:
      postgres:
        image: postgres:18
        env:
          POSTGRES_PASSWORD: postgres
          POSTGRES_DB: ci
        ports: ["5432:5432"]
        options: >-
          --health-cmd "pg_isready -U postgres -d ci" --health-interval 5s --health-timeout 5s --health-retries 12
    env:
      DATABASE_URL: postgresql://postgres:postgres@localhost:5432/ci
      # The service's only login; a server of yours has one from roles.sql.
      SQLWRIGHT_SUPERUSER: allow
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 22
      # Tables that are not made by migrations/ come from a dump of yours.
      - run: if [ -f schema.sql ]; then psql "$DATABASE_URL" --set=ON_ERROR_STOP=1 --file=schema.sql; fi
      - run: npx --yes sqlwright@${version} migrate
      - run: npx --yes sqlwright@${version} check --format github
      - run: npx --yes sqlwright@${version} test --junit report.xml
`;
}

export function readmePage(name: string): string {
  return `# ${name}

Query files that [sqlwright](https://www.npmjs.com/package/sqlwright) serves as MCP tools over PostgreSQL.

\`\`\`sh
npx sqlwright start            # serves them
npx sqlwright check --watch    # every rule, type and plan, again at each save
npx sqlwright test
\`\`\`

\`.env\` has the connection (\`.env.example\` every setting), \`roles.sql\` a login with the privileges that the tools need.
`;
}

/** The grammar in a page, for an assistant that writes query files. */
export function agentsPage(name: string): string {
  return `# Writing query files of ${name}

This folder is a project of sqlwright: each file \`sql/<module>/<name>.sql\` is one MCP tool, \`<module>_<name>\`. PostgreSQL supplies
types, nullability and the texts of columns; the file's header says the rest. After every change run:

\`\`\`sh
npx sqlwright check sql/<module>/<name>.sql    # errors with line, column, caret and what to do
npx sqlwright call <module>_<name> --param value
npx sqlwright test
npx sqlwright check --lock                     # before a commit: sql/lock.json is committed
\`\`\`

## A file

\`\`\`sql
-- name: list_orders :many
-- title: List orders
-- Orders of a customer, newest first. Use it to see what was ordered.        (prose: what an agent reads)
--
-- @param customer_id       Number of the customer
-- @param status?           Only orders in this state                          (? may be left out, and is then null)
-- @param max = 20          How many                                           {minimum: 1, maximum: 100}
-- @column total            Sum of its items, in euro
-- @example {customer_id: 7} -> rows >= 0

select
  orders.order_id,
  orders.ordered_at,
  orders.total
from shop.orders as orders
where orders.customer_id = :customer_id
  and (:status::text is null or orders.status = :status)
order by orders.ordered_at desc, orders.order_id
limit :max::integer;
\`\`\`

One blank line stands between the header and the SQL. \`:name\` is a bound value, never text of the statement; cast it (\`:max::integer\`)
where PostgreSQL cannot tell its type.

## Kinds

| kind | answers | the SQL |
|---|---|---|
| \`:many\` | rows | a SELECT with a \`limit\`, \`@rows n\` or \`@page\` |
| \`:one\` | one row or null | a SELECT of at most one row |
| \`:value\` | one value | a SELECT of one column and row |
| \`:report\` | one JSON document | \`json_build_object\`, \`json_agg(… order by …)\` with \`coalesce(…, '[]')\` |
| \`:view\` | rows of a view, with filters | \`create view\`; \`migrate\` deploys it |
| \`:exec\` | how many rows were written | INSERT, UPDATE, DELETE, MERGE or CALL |
| \`:unnest\` | what became of each row | one statement over \`unnest(:column::type[], …)\` |
| \`:copy\` | what a load did | \`copy table (columns) from stdin\`, a merge after it |

## Tags

\`@param name\` \`@param name?\` \`@param name = default\` with text and \`{minimum, maximum, minLength, maxLength, pattern, enum}\` ·
\`@column name text\` · \`@example {arguments} -> expectation\` · \`@rows n\` · \`@bytes n\` · \`@timeout 5s\` · \`@page by column, column\` (keyset; ends
in a unique column) · \`@role name\` · \`@scope name\` · \`@max-affected n\` · \`@allow rule reason\` · \`@deprecated use other_tool\`. Defaults of a
module stand in \`sql/<module>/_module.sql\`, with its \`-- title:\` and instructions for agents.

## Rules that a first draft breaks

- Tables with their schema, \`as\` aliases, no \`select *\`, an order that is total before a \`limit\`.
- One statement a file (a \`:copy\` may have more). No \`set\`, no DDL but \`create view\`, no \`do\`, no file access.
- A reading kind may not write, lock, or call a volatile function.
- Every parameter has its \`@param\`, and every \`@param\` is used.
- \`is distinct from\` instead of \`<>\` where a side can be null; never \`= null\`.

Functions are files in \`functions/\`, migrations \`migrations/NNNN_verb_noun.sql\`; both are applied by \`npx sqlwright migrate\`.
`;
}
