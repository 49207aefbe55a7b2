/**
 * Demands as the SQL that grants them: the script of a role that may do what the tools need and no more.
 * Pure.
 */

import type { Demand } from "./model.ts";

/** `grant select (id, status) on shop.orders to agent;`, broken where it would be long. */
export function grantOf({ on, privilege, object, columns }: Demand, grantee: string): string {
  const role = quoteName(grantee);
  switch (on) {
    case "role":
      return `grant ${quoteName(object)} to ${role};`;
    case "database":
      return inDatabase(`grant temporary on database %I to ${role}`);
    case "schema":
      return `grant usage on schema ${object} to ${role};`;
    case "sequence":
      return breakLine(`grant usage on sequence ${object} to ${role};`);
    case "function":
      return breakLine(
        `grant execute on ${object.startsWith("procedure ") ? "" : "function "}${object} to ${role};`,
      );
    case "table":
      return breakLine(
        breakList(privilege.toLowerCase(), columns?.map(quoteName) ?? null, `on ${object} to ${role};`),
      );
    default:
      throw new TypeError(`unknown object of a grant: ${on satisfies never}`);
  }
}

const width = 80;

/** The last line goes on below where it would be long. */
function breakLine(text: string): string {
  const start = text.lastIndexOf("\n") + 1;
  return text.length - start <= width ? text : text.replace(/ to ([^\n]*;)$/, "\n  to $1");
}

function breakList(privilege: string, columns: readonly string[] | null, rest: string): string {
  if (columns === null) return `grant ${privilege} ${rest}`;
  const line = `grant ${privilege} (${columns.join(", ")}) ${rest}`;
  if (line.length <= width) return line;
  const lines: string[] = [];
  let current = " ";
  for (const [index, column] of columns.entries()) {
    const word = index < columns.length - 1 ? `${column},` : column;
    if (current.length + 1 + word.length > width && current !== " ") {
      lines.push(current);
      current = " ";
    }
    current += ` ${word}`;
  }
  return [`grant ${privilege} (`, ...lines, current, `) ${rest}`].join("\n");
}

/** The same script serves databases of any name. */
function inDatabase(statement: string): string {
  return [
    "do $$",
    "begin",
    `  execute pg_catalog.format(`,
    `    '${statement.replaceAll("'", "''")}',`,
    "    pg_catalog.current_database()",
    "  );",
    "end",
    "$$;",
  ].join("\n");
}

export interface RoleScriptOptions {
  /** The login of the server. */
  role: string;
  /** Tables of sqlwright's own that loads and uploads write; none where no tool loads. */
  ownTables: readonly string[];
  /** Tables in which `migrate` writes down what it did; none where the project has nothing to deploy. */
  bookTables: readonly string[];
}

/** What shows a login which migrations, functions and views a database has. */
export function bookGrants(tables: readonly string[], role: string): string[] {
  if (tables.length === 0) return [];
  const name = quoteName(role);
  return [
    `grant usage on schema sqlwright to ${name};`,
    ...tables.map((table) => `grant select on sqlwright.${table} to ${name};`),
  ];
}

/** The whole script; safe to run again. */
export function writeRoleScript(
  demands: readonly Demand[],
  { role, ownTables, bookTables }: RoleScriptOptions,
): string {
  const name = quoteName(role);
  const roles = new Set(demands.flatMap((demand) => demand.role === null ? [] : [demand.role]));
  const parts = [
    [
      `-- The login of the tools: what they need, and no more. Made by`,
      "-- `sqlwright grants`; make it anew when the tools change. It can be run again.",
      "-- Run it as the owner of these objects, or as a superuser:",
      '--   psql "$OWNER_URL" --set ON_ERROR_STOP=1 --file roles.sql',
      "-- and then give the login a password, which belongs into no file:",
      `--   psql "$OWNER_URL" --command '\\password ${name}'`,
    ].join("\n"),
    "begin;\n\nset local lock_timeout = '5s';",
    [
      "do $$",
      "begin",
      "  if not exists (",
      "    select",
      "    from pg_catalog.pg_roles as role",
      `    where role.rolname = ${quoteText(role)}`,
      "  ) then",
      `    create role ${name}`,
      "    with login noinherit nosuperuser nocreatedb nocreaterole noreplication",
      "      nobypassrls;",
      "  end if;",
      "end",
      "$$;",
    ].join("\n"),
    inDatabase(`grant connect on database %I to ${name}`),
    grantsFor(demands.filter((demand) => demand.role === null), role),
    ...[...roles].sort().map((each) =>
      `-- Tools with @role ${each} run as that role.\n` +
      grantsFor(demands.filter((demand) => demand.role === each), each)
    ),
    ...(ownTables.length > 0
      ? [[
        "-- What loads leave behind about themselves, and files that clients upload.",
        `grant usage on schema sqlwright to ${name};`,
        ...ownTables.map((table) =>
          `grant select, insert, update, delete on sqlwright.${table}\n  to ${name};`
        ),
      ].join("\n")]
      : []),
    ...(bookTables.length > 0
      ? [[
        "-- What was applied, so that the server says which migrations are missing.",
        ...bookGrants(bookTables, role),
      ].join("\n")]
      : []),
    "commit;",
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function grantsFor(demands: readonly Demand[], grantee: string): string {
  let last = "";
  return demands.map((demand) => {
    const isNew = demand.object !== last && demand.on === "table";
    last = demand.object;
    return (isNew ? "\n" : "") + grantOf(demand, grantee);
  }).join("\n").trim();
}

export const quoteName = (name: string) =>
  /^[a-z_][a-z0-9_]*$/.test(name) && !reserved.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
const quoteText = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** Keywords of PostgreSQL 15 to 18 that cannot name a column or a role without quotes. */
const reserved = new Set(
  ("all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate " +
    "collation column concurrently constraint create cross current_catalog current_date current_role " +
    "current_schema current_time current_timestamp current_user default deferrable desc distinct do else " +
    "end except false fetch for foreign freeze from full grant group having ilike in initially inner " +
    "intersect into is isnull join lateral leading left like limit localtime localtimestamp natural not " +
    "notnull null offset on only or order outer overlaps placing primary public references returning right " +
    "select session_user similar some symmetric system_user table tablesample then to trailing true union " +
    "unique user using variadic verbose when where window with").split(" "),
);
