/** `grants`: the SQL of a login that may do what the tools need and no more. */

import { type Config, queryFoldersOf } from "../../config.ts";
import { writeRoleScript } from "../../check/grants.ts";
import type { Demand } from "../../check/model.ts";
import { readDemands } from "../../check/privileges.ts";
import { SqlwrightError } from "../../errors.ts";
import { bookAccessQuery, toBookAccess } from "../../migrate/access.ts";
import type { PoolConnection } from "../../postgres/pool.ts";
import type { ParsedQuery } from "../../query/model.ts";
import { loadQueries } from "../../query/loader.ts";
import { formatCount, paintFor, print, printJson, tell } from "../console/console.ts";
import { withDatabase, withPools } from "../database.ts";
import { isDeployable } from "../deployment.ts";
import { type ProjectOptions, readSettings } from "../environment.ts";

export interface GrantsOptions extends ProjectOptions {
  role?: string | undefined;
  json?: boolean | undefined;
}

/** @returns 1 when broken files are missing from the script */
export async function runGrants(options: GrantsOptions): Promise<number> {
  const config = readSettings(options);
  const role = options.role ?? defaultRole(config);
  const loaded = await loadQueries(queryFoldersOf(config));
  const made = await withDatabase(
    config,
    ({ config }) =>
      withPools(
        config,
        ({ writer }) =>
          writer.withConnection(
            undefined,
            async (connection) =>
              makeRoleScript(connection, loaded.queries, role, {
                seesBooks: await isDeployable(config.project, loaded.queries),
              }),
          ),
      ),
  );
  if (options.json) {
    printJson({
      role,
      grants: made.demands.map(({ role, on, privilege, object, columns, uses }) => ({
        role,
        on,
        privilege,
        object,
        columns,
        tools: uses.map(({ parsed }) => parsed.tool),
      })),
    });
  } else print(made.script.trimEnd());
  const errors = loaded.diagnostics.filter(({ severity }) => severity === "error");
  const broken = new Set(errors.map(({ path }) => path)).size;
  if (broken === 0) return 0;
  const paint = paintFor("stderr");
  tell(`${paint("red", "✗")} ${formatCount(broken, "broken file")} left out: sqlwright check shows why`);
  return 1;
}

/** A login is named after the project, so that two projects of one server have two. */
export function defaultRole({ project }: Pick<Config, "project">): string {
  return `${(project?.name ?? "sqlwright").slice(0, 57)}_tools`;
}

export interface RoleScript {
  script: string;
  demands: Demand[];
}

export interface RoleScriptOptions {
  /** The server is to say which migrations its database lacks, so its login may read what was applied. */
  seesBooks?: boolean;
}

export async function makeRoleScript(
  connection: PoolConnection,
  queries: readonly ParsedQuery[],
  role: string,
  { seesBooks = false }: RoleScriptOptions = {},
): Promise<RoleScript> {
  if (role === "" || new TextEncoder().encode(role).length > 63) {
    throw new SqlwrightError("config.invalid", `Cannot name a role "${role}"`, {
      hint: "A role's name has 1 to 63 bytes: write --role NAME",
    });
  }
  const demands = await readDemands(connection, queries);
  const isLoading = queries.some(({ copy }) => copy !== null);
  const ownTables = isLoading ? await readOwnTables(connection) : [];
  const bookTables = seesBooks ? toBookAccess((await connection.rows(bookAccessQuery))[0]).present : [];
  const triggers = await readTriggers(connection, demands);
  const script = writeRoleScript(demands, { role, ownTables, bookTables });
  if (triggers.length === 0) return { script, demands };
  const remark = [
    "-- These run as the login when tools write or call; what they touch of their",
    "-- own is not known here, and needs grants of its own:",
    ...triggers.map((trigger) => `--   ${trigger}`),
  ].join("\n");
  return { script: script.replace(/\ncommit;\n$/, `\n${remark}\n\ncommit;\n`), demands };
}

/** Tables of sqlwright's own that are there: none before the first `migrate`. */
async function readOwnTables(connection: PoolConnection): Promise<string[]> {
  const rows = await connection.rows(
    `select relation.relname as name
     from pg_catalog.pg_class as relation
     join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
     where namespace.nspname = 'sqlwright'
       and relation.relname in ('load', 'load_reject', 'upload', 'upload_part')
     order by relation.relname`,
  );
  return rows.map(({ name }) => name!);
}

/**
 * Triggers and functions that are no SECURITY DEFINER and whose bodies PostgreSQL does not analyse before
 * they run.
 */
async function readTriggers(connection: PoolConnection, demands: readonly Demand[]): Promise<string[]> {
  const written = demands.filter(({ on, privilege }) => on === "table" && privilege !== "SELECT");
  if (written.length === 0) return [];
  const rows = await connection.rows(
    `select distinct 'trigger ' || trigger.tgname || ' on ' || relation.name as name
     from (
       select
         class.oid,
         pg_catalog.quote_ident(namespace.nspname) || '.' || pg_catalog.quote_ident(class.relname) as name
       from pg_catalog.pg_class as class
       join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
     ) as relation
     join pg_catalog.json_array_elements_text($1::json) as wanted (name) on wanted.name = relation.name
     join pg_catalog.pg_trigger as trigger on trigger.tgrelid = relation.oid and not trigger.tgisinternal
     join pg_catalog.pg_proc as proc on proc.oid = trigger.tgfoid and not proc.prosecdef
     order by name`,
    [JSON.stringify([...new Set(written.map(({ object }) => object))])],
  );
  return rows.map(({ name }) => name!.replace(/[\r\n]+/g, " "));
}
