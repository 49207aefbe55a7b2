/**
 * What a login may see of the bookkeeping in schema `sqlwright`. Asked of the catalogue, which everybody may
 * read: `to_regclass` of a table in a schema that one may not use is an error, and a server of the least
 * login must start beside whatever else is in the database.
 */

import { SqlwrightError } from "../errors.ts";
import type { MigrationSession } from "./model.ts";

/** Tables of the bookkeeping itself, which `migrate` makes before anything else. */
export const bookTables = ["function", "migration", "view"] as const;
export type BookTable = (typeof bookTables)[number];

export interface BookAccess {
  login: string;
  /** Those that are there. */
  present: string[];
  /** Those of them that the login may not read. */
  closed: string[];
  /** The login has USAGE on the schema; also where there is no schema. */
  mayUseSchema: boolean;
}

/** One row, for {@link toBookAccess}; lists as JSON, so that every client reads them the same. */
export const bookAccessQuery = `select
    current_user as login,
    coalesce(pg_catalog.json_agg(relation.relname) filter (where relation.oid is not null), '[]')::text
      as present,
    coalesce(
      pg_catalog.json_agg(relation.relname)
        filter (where not pg_catalog.has_table_privilege(relation.oid, 'SELECT')),
      '[]'
    )::text as closed,
    coalesce(pg_catalog.bool_and(pg_catalog.has_schema_privilege(namespace.oid, 'USAGE')), true)::text
      as may_use_schema
  from pg_catalog.pg_namespace as namespace
  left join pg_catalog.pg_class as relation
    on relation.relnamespace = namespace.oid
    and relation.relkind = 'r'
    and relation.relname in (${bookTables.map((name) => `'${name}'`).join(", ")})
  where namespace.nspname = 'sqlwright'`;

export function toBookAccess(row: Readonly<Record<string, unknown>> | undefined): BookAccess {
  return {
    login: String(row?.login),
    present: JSON.parse(String(row?.present ?? "[]")).sort(),
    closed: JSON.parse(String(row?.closed ?? "[]")).sort(),
    mayUseSchema: String(row?.may_use_schema) === "true",
  };
}

/** Something was written down there, and this login may not read all of it. */
export function isClosed({ present, closed, mayUseSchema }: BookAccess): boolean {
  return present.length > 0 && (closed.length > 0 || !mayUseSchema);
}

/** The grants that are missing, as words: `usage on schema sqlwright, select on sqlwright.migration`. */
export function lackingOf({ closed, mayUseSchema }: BookAccess): string {
  return [
    ...(mayUseSchema ? [] : ["usage on schema sqlwright"]),
    ...(closed.length === 0 ? [] : [`select on ${closed.map((name) => `sqlwright.${name}`).join(", ")}`]),
  ].join(" and ");
}

export async function readBookAccess(session: MigrationSession): Promise<BookAccess> {
  return toBookAccess((await session.run(bookAccessQuery))[0]);
}

/**
 * Whether a table of the bookkeeping is there.
 * @throws {SqlwrightError} `migration.failed` where this login may not read it: what was applied is not known
 * then, and nothing may be applied on a guess
 */
export async function isBookThere(session: MigrationSession, table: BookTable): Promise<boolean> {
  const access = await readBookAccess(session);
  if (isClosed(access)) throw closedError(access);
  return access.present.includes(table);
}

function closedError(access: BookAccess): SqlwrightError {
  const { login } = access;
  return new SqlwrightError(
    "migration.failed",
    `Cannot read what was applied to this database: "${login}" lacks ${lackingOf(access)}`,
    {
      details: { login, closed: access.closed, schema_usage: access.mayUseSchema, sqlstate: "42501" },
      hint: "Run this with the owner's DATABASE_URL, the login that migrates; the server does not need it",
    },
  );
}
