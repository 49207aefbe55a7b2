/** `new`: writes the query file of a new tool, and the `_module.sql` of a new module. Nothing that is there is ever overwritten. */

import { openPools } from "../../app.ts";
import type { Config } from "../../config.ts";
import type { PoolConnection } from "../../postgres/pool.ts";
import { type Kind, readKinds } from "../../query/model.ts";
import { didYouMean } from "../../query/diagnostic.ts";
import { paintFor, print, printJson, shownPlace, tell, UsageError } from "../console/console.ts";
import { withDatabase } from "../database.ts";
import { commandName } from "../installation.ts";
import { type ProjectOptions, readSettings } from "../environment.ts";
import { kindsOverTables, scaffoldModule, scaffoldQuery } from "./scaffold.ts";
import { type ScaffoldColumn, ScaffoldRefusal, type ScaffoldTable } from "./scaffold_table.ts";

export interface NewOptions extends ProjectOptions {
  kind: Kind;
  table?: string | undefined;
  json?: boolean | undefined;
}

const longestToolName = 64;

/** @param path `module/name`, also with the SQL directory before it and `.sql` behind it */
export async function runNew(path: string, options: NewOptions): Promise<number> {
  const { tool, kind, file, newModuleFile } = await makeFile(path, readSettings(options), options);
  const files = newModuleFile === null ? [file] : [newModuleFile, file];
  const sql = options.sql === undefined ? "" : ` --sql ${options.sql}`;
  const next = nextSteps(kind, tool, { file, sql, newModuleFile });
  if (options.json) {
    printJson({ tool, kind, files, next: next.map(([command]) => command) });
    return 0;
  }
  const paint = paintFor("stderr");
  for (const each of files) print(each);
  tell(`\n${paint("bold", "Next:")}`);
  const width = Math.max(...next.map(([command]) => command.length));
  for (const [command, why] of next) tell(`  ${command.padEnd(width)}  ${paint("dim", why)}`);
  return 0;
}

export interface MadeFile {
  tool: string;
  kind: Kind;
  file: string;
  /** Null when the module was there. */
  newModuleFile: string | null;
}

/** @throws {UsageError} when there can be no such file, before anything is written */
export async function makeFile(
  path: string,
  config: Config,
  { kind, table: named }: Pick<NewOptions, "kind" | "table">,
): Promise<MadeFile> {
  const { module, name } = readPath(path, shownPlace(config.SQLWRIGHT_SQL_DIR));
  const directory = `${shownPlace(config.SQLWRIGHT_SQL_DIR)}/${module}`;
  const file = `${directory}/${name}.sql`;
  if (await exists(file)) {
    throw new UsageError(`"${file}" is there already`, "Edit it, or choose another name");
  }
  const text = scaffoldOrRefuse(name, kind, await findTable(config, kind, named, name));
  await Deno.mkdir(directory, { recursive: true });
  const moduleFile = `${directory}/_module.sql`;
  const isNewModule = !await hasQueryFile(directory) && !await exists(moduleFile);
  // createNew: whoever was quicker keeps what they wrote.
  if (isNewModule) await Deno.writeTextFile(moduleFile, scaffoldModule(module), { createNew: true });
  await Deno.writeTextFile(file, text, { createNew: true });
  return { tool: `${module}_${name}`, kind, file, newModuleFile: isNewModule ? moduleFile : null };
}

function scaffoldOrRefuse(name: string, kind: Kind, table: ScaffoldTable | null): string {
  try {
    return scaffoldQuery({ name, kind, table });
  } catch (error) {
    if (!(error instanceof ScaffoldRefusal)) throw error;
    throw new UsageError(error.message, "Choose another table or another kind");
  }
}

function readPath(path: string, directory: string): { module: string; name: string } {
  const folder = directory.replaceAll("\\", "/").replace(/^\.\//, "").replace(/\/+$/, "");
  const plain = path.replaceAll("\\", "/").replace(/^\.\//, "").replace(/\.sql$/, "");
  const [module = "", name = "", ...more] =
    (plain.startsWith(`${folder}/`) ? plain.slice(folder.length + 1) : plain).split("/");
  const pattern = /^[a-z][a-z0-9_]*$/;
  if (more.length > 0 || !pattern.test(module) || !pattern.test(name)) {
    throw new UsageError(
      `"${path}" is not MODULE/NAME`,
      "Both are a lower-case letter, then lower-case letters, digits, underscores: shop/list_orders",
    );
  }
  if (module.length + 1 + name.length > longestToolName) {
    throw new UsageError(
      `the tool's name "${module}_${name}" has more than ${longestToolName} characters`,
      "Shorten the module or the name",
    );
  }
  return { module, name };
}

/** Commands with their reasons. */
function nextSteps(
  kind: Kind,
  tool: string,
  { file, sql, newModuleFile }: { file: string; sql: string; newModuleFile: string | null },
): [string, string][] {
  const run = (command: string, words = "") => `${commandName} ${command}${sql}${words}`;
  const isRead = readKinds.has(kind);
  return [
    [`edit ${file}`, "the SQL is yours; the text tells agents what the tool is for"],
    ...(newModuleFile === null
      ? []
      : [[`edit ${newModuleFile}`, "what the module is about; its @role, @timeout …"] as [string, string]]),
    ...(kind === "view" ? [[run("migrate"), "deploys the view"] as [string, string]] : []),
    [run("check", ` ${file}`), "types, names and rules, against the database"],
    [run("call", ` ${tool} --help`), "its parameters as an agent sees them"],
    [
      run("explain", ` ${tool} …${isRead ? "" : " --analyze"}`),
      isRead ? "its plan" : "its plan; the transaction is rolled back",
    ],
    [run("test", ` ${file}`), "runs its examples"],
  ];
}

/** @throws {UsageError} that lists tables, when one is needed and none or an unknown one is named */
async function findTable(
  config: Config,
  kind: Kind,
  named: string | undefined,
  name: string,
): Promise<ScaffoldTable | null> {
  if (named === undefined && !kindsOverTables.includes(kind)) return null;
  return await withDatabase(config, async ({ config }) => {
    const pools = openPools(config);
    try {
      return await pools.reader.withConnection(undefined, async (connection) => {
        const candidates = await listTables(connection, kind);
        if (named === undefined) {
          throw new UsageError(`a :${kind} works on a table: write --table schema.table`, listed(candidates));
        }
        const table = await readTable(connection, named);
        if (table === null || !candidates.includes(`${table.schema}.${table.name}`)) {
          const found = table === null
            ? `there is no table "${named}"`
            : `a :${kind} cannot be of "${named}"`;
          const near = didYouMean(named, candidates);
          throw new UsageError(found, near === null ? listed(candidates) : `${near} ${listed(candidates)}`);
        }
        if (kind === "view") await refuseTaken(connection, table, name);
        return table;
      });
    } finally {
      await Promise.all([pools.reader.close(), pools.writer.close()]);
    }
  });
}

const mostListed = 20;

function listed(candidates: readonly string[]): string {
  if (candidates.length === 0) return "The database has no table that this login may use";
  const more = candidates.length - mostListed;
  return `Tables are ${candidates.slice(0, mostListed).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** Tables that a file of the kind can work on, those of this project's own bookkeeping left out. */
async function listTables(connection: PoolConnection, kind: Kind): Promise<string[]> {
  const isRead = readKinds.has(kind);
  const rows = await connection.rows(
    `select namespace.nspname || '.' || relation.relname as name
     from pg_catalog.pg_class as relation
     join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
     where relation.relkind = any ($1::"char"[])
       and namespace.nspname !~ '^pg_'
       and namespace.nspname not in ('information_schema', 'sqlwright')
       and pg_catalog.has_schema_privilege(namespace.oid, 'usage')
       and not relation.relispartition
     order by namespace.nspname, relation.relname`,
    [isRead ? "{r,p,v,m,f}" : "{r,p}"],
  );
  return rows.map(({ name }) => name!);
}

/** Null when there is none. Names are read as SQL reads them: `shop.order`, `"Odd schema"."Odd table"`. */
async function readTable(connection: PoolConnection, named: string): Promise<ScaffoldTable | null> {
  const parts = splitName(named);
  if (parts === null) return null;
  const rows = await connection.rows(
    `select
       namespace.nspname as schema,
       relation.relname as table,
       pg_catalog.quote_ident(namespace.nspname) || '.' || pg_catalog.quote_ident(relation.relname) as relation,
       pg_catalog.quote_ident(relation.relname) as alias,
       attribute.attname as name,
       pg_catalog.quote_ident(attribute.attname) as quoted,
       pg_catalog.format_type(attribute.atttypid, -1) as type,
       not (attribute.attnotnull or type.typnotnull) as is_nullable,
       array_position(key.conkey, attribute.attnum) as key_position,
       attribute.attgenerated = '' and attribute.attidentity = '' as is_writable,
       type.typcategory in ('N', 'S', 'D', 'B', 'E', 'T', 'I') or type.typname = 'uuid' as is_scalar,
       pg_catalog.col_description(relation.oid, attribute.attnum) as comment
     from pg_catalog.pg_class as relation
     join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
     join pg_catalog.pg_attribute as attribute on attribute.attrelid = relation.oid
     join pg_catalog.pg_type as type on type.oid = attribute.atttypid
     left join pg_catalog.pg_constraint as key on key.conrelid = relation.oid and key.contype = 'p'
     where namespace.nspname = $1
       and relation.relname = $2
       and attribute.attnum > 0
       and not attribute.attisdropped
     order by attribute.attnum`,
    parts,
  );
  const [first] = rows;
  if (first === undefined) return null;
  return {
    schema: first.schema!,
    name: first.table!,
    relation: first.relation!,
    alias: first.alias!,
    columns: rows.map((row): ScaffoldColumn => ({
      name: row.name!,
      quoted: row.quoted!,
      type: row.type!,
      isNullable: row.is_nullable === "t",
      keyPosition: row.key_position === null ? null : Number(row.key_position),
      isWritable: row.is_writable === "t",
      isScalar: row.is_scalar === "t",
      comment: row.comment ?? null,
    })),
  };
}

function splitName(named: string): [string, string] | null {
  const part = String.raw`("(?:[^"]|"")+"|[^".\s]+)`;
  const match = new RegExp(`^${part}\\.${part}$`).exec(named.trim());
  if (match === null) return null;
  const plain = (text: string) => text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
  return [plain(match[1]!), plain(match[2]!)];
}

/** `create or replace view` over something else's name would fail, or worse, succeed. */
async function refuseTaken(connection: PoolConnection, table: ScaffoldTable, name: string): Promise<void> {
  const [row] = await connection.rows(
    `select true as is_taken
     from pg_catalog.pg_class as relation
     join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
     where namespace.nspname = $1 and relation.relname = $2`,
    [table.schema, name],
  );
  if (row === undefined) return;
  throw new UsageError(
    `${table.schema}.${name} is there already, and the view would take its name`,
    "Choose another name",
  );
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, (error) => {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  });
}

async function hasQueryFile(directory: string): Promise<boolean> {
  for await (const { name, isFile } of Deno.readDir(directory)) {
    if (isFile && name.endsWith(".sql")) return true;
  }
  return false;
}
