/**
 * How rows of `sqlwright.migration` are read and whose they are. Light on purpose: every start of the server
 * asks for them.
 */

/** The namespace of sqlwright's own migrations. */
export const ownNamespace = "sqlwright";
/**
 * The namespace of rows that were written before there were namespaces, and of query files outside of any
 * project.
 */
export const noNamespace = "";

/** A row of `sqlwright.migration`. */
export interface AppliedMigration {
  namespace: string;
  version: number;
  name: string;
  sha256: string;
}

/** Migrations of sqlwright that stood in the one list of versions before 0.2, by the names they had there. */
export const formerNames = new Map([
  ["0009_create_loads.sql", "0001_create_loads.sql"],
  ["0010_create_uploads.sql", "0002_create_uploads.sql"],
]);

/** The namespace is read in a form that works where the table has no such column yet. */
export const appliedQuery = `select
    coalesce(pg_catalog.to_jsonb(migration) ->> 'namespace', '') as namespace,
    migration.version,
    migration.name,
    migration.sha256
  from sqlwright.migration as migration
  order by 1, 2`;

/** The name that the file of a row has now. */
export function presentName({ namespace, name }: Pick<AppliedMigration, "namespace" | "name">): string {
  return namespace === noNamespace ? formerNames.get(name) ?? name : name;
}

/** A boolean of Postgres, whether the client's types turn it into one or leave it text. */
export function isTrue(value: unknown): boolean {
  return value === true || value === "t";
}
