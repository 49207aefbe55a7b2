/**
 * `new`: writes the query file of a new tool, or those of many tables at once, and the `_module.sql` of a new
 * module. Nothing that is there is ever overwritten.
 */

import { openPools } from "../../app.ts";
import type { Config } from "../../config.ts";
import type { PoolConnection } from "../../postgres/pool.ts";
import { type Kind, kinds, readKinds } from "../../query/model.ts";
import { didYouMean } from "../../query/diagnostic.ts";
import { ColumnUnclear, listNames, ScaffoldRefusal, type ScaffoldTable } from "../../scaffold/model.ts";
import { longestToolName, matchTables, namePattern, splitName } from "../../scaffold/names.ts";
import { listTables, readTables } from "../../scaffold/read_tables.ts";
import { kindsOverTables, scaffoldModule, scaffoldQuery } from "../../scaffold/scaffold.ts";
import { type LeftOut, scaffoldTables } from "../../scaffold/scaffold_tables.ts";
import { formatCount, paintFor, print, printJson, shownPlace, tell, UsageError } from "../console/console.ts";
import { withDatabase } from "../database.ts";
import { commandName } from "../installation.ts";
import { type ProjectOptions, readSettings } from "../environment.ts";

export interface NewOptions extends ProjectOptions {
  /** One for a tool of one's own; for many tables any number, or `all`. */
  kind?: string[] | undefined;
  table?: string | undefined;
  /** The column that a write sets. @default the one that the tool's name ends in */
  column?: string | undefined;
  /** Every table that the login may use. */
  all?: boolean | undefined;
  /** Of the files for many tables. @default one for each schema */
  module?: string | undefined;
  json?: boolean | undefined;
}

/** What a table is read with: a list and a row. */
const usualKinds: readonly Kind[] = ["many", "one"];

/** @param targets `module/name` of one tool, or patterns of tables: `schema.pattern*` */
export async function runNew(targets: readonly string[], options: NewOptions): Promise<number> {
  const isMany = options.all || targets.length > 1 || targets.some(isPattern);
  if (isMany) return await runNewTables(targets, options);
  const [path] = targets;
  if (path === undefined) {
    throw new UsageError(
      "new makes one tool, or tools of many tables",
      "Write MODULE/NAME --kind KIND, 'schema.pattern*', or --all",
    );
  }
  if (options.module !== undefined) {
    throw new UsageError("--module is for the tools of many tables", `Write ${options.module}/NAME`);
  }
  const kind = readKind(options.kind ?? []);
  const config = readSettings(options);
  const made = await askColumn((column) => makeFile(path, config, { ...options, kind, column }), options);
  const { tool, file, newModuleFile } = made;
  const files = newModuleFile === null ? [file] : [newModuleFile, file];
  const sql = options.sql === undefined ? "" : ` --sql ${options.sql}`;
  const next = nextSteps(kind, tool, { file, sql, newModuleFile });
  if (options.json) printJson({ tool, kind, files, next: next.map(([command]) => command) });
  else show(files, next);
  return 0;
}

function show(files: readonly string[], next: readonly [string, string][]): void {
  const paint = paintFor("stderr");
  for (const each of files) print(each);
  tell(`\n${paint("bold", "Next:")}`);
  const width = Math.max(...next.map(([command]) => command.length));
  for (const [command, why] of next) tell(`  ${command.padEnd(width)}  ${paint("dim", why)}`);
}

/** `*`, `?`, or a schema's dot; a path has a slash. */
const isPattern = (target: string) =>
  !target.includes("/") && !target.endsWith(".sql") && /[*?.]/.test(target);

function readKind(given: readonly string[]): Kind {
  const all = readKindList(given);
  const [kind, ...more] = all;
  if (kind === undefined) {
    throw new UsageError('option "--kind <kind>" is missing', `Kinds are ${kinds.join(", ")}`);
  }
  if (more.length > 0) throw new UsageError("a file has one kind", `Write --kind ${kind}`);
  return kind;
}

/** Words with commas or spaces between them; `all` stands for every kind. */
function readKindList(given: readonly string[]): Kind[] {
  const words = given.flatMap((text) => text.split(",")).map((word) => word.trim().replace(/^:/, ""));
  if (words.includes("all")) return [...kinds];
  return words.filter((word) => word !== "").map((word) => {
    const kind = kinds.find((each) => each === word);
    if (kind !== undefined) return kind;
    throw new UsageError(`"${word}" is no kind`, `Allowed choices are ${kinds.join(", ")}`);
  });
}

/** On a terminal a column that the name does not say is asked for. */
async function askColumn<T>(make: (column?: string) => Promise<T>, options: NewOptions): Promise<T> {
  try {
    return await make(options.column);
  } catch (error) {
    const unclear = error instanceof UsageError && error.cause instanceof ColumnUnclear ? error.cause : null;
    if (unclear === null || options.json || !Deno.stdin.isTerminal() || !Deno.stderr.isTerminal()) {
      throw error;
    }
    tell(`${unclear.message.charAt(0).toUpperCase()}${unclear.message.slice(1)}.`);
    const answer = prompt(`Column (${listNames(unclear.choices)}):`)?.trim();
    if (!answer) throw error;
    return await make(answer);
  }
}

export interface MadeFile {
  tool: string;
  kind: Kind;
  file: string;
  /** Null when the module was there. */
  newModuleFile: string | null;
}

export interface MakeFileOptions {
  kind: Kind;
  table?: string | undefined;
  column?: string | undefined;
}

/** @throws {UsageError} when there can be no such file, before anything is written */
export async function makeFile(
  path: string,
  config: Config,
  { kind, table: named, column }: MakeFileOptions,
): Promise<MadeFile> {
  const { module, name } = readPath(path, rootOf(config));
  const directory = `${rootOf(config)}/${module}`;
  const file = `${directory}/${name}.sql`;
  if (await exists(file)) {
    throw new UsageError(`"${file}" is there already`, "Edit it, or choose another name");
  }
  const table = await findTable(config, kind, named, name);
  if (column !== undefined && table === null) {
    throw new UsageError("--column is a column of a table", "Write --table schema.table");
  }
  const text = withUsage(() => scaffoldQuery({ name, kind, table, column }));
  const newModuleFile = await writeModule(directory, module);
  // createNew: whoever was quicker keeps what they wrote.
  await Deno.writeTextFile(file, text, { createNew: true });
  return { tool: `${module}_${name}`, kind, file, newModuleFile };
}

const rootOf = (config: Config) => shownPlace(config.SQLWRIGHT_SQL_DIR);

/** Makes the folder, and its `_module.sql` where it has no file yet; the path of a new one. */
async function writeModule(
  directory: string,
  module: string,
  tables: readonly ScaffoldTable[] = [],
): Promise<string | null> {
  await Deno.mkdir(directory, { recursive: true });
  const moduleFile = `${directory}/_module.sql`;
  if (await hasQueryFile(directory) || await exists(moduleFile)) return null;
  await Deno.writeTextFile(moduleFile, scaffoldModule(module, tables), { createNew: true });
  return moduleFile;
}

function withUsage<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ScaffoldRefusal)) throw error;
    throw new UsageError(error.message, error.hint, { cause: error });
  }
}

function readPath(path: string, directory: string): { module: string; name: string } {
  const folder = directory.replaceAll("\\", "/").replace(/^\.\//, "").replace(/\/+$/, "");
  const plain = path.replaceAll("\\", "/").replace(/^\.\//, "").replace(/\.sql$/, "");
  const [module = "", name = "", ...more] =
    (plain.startsWith(`${folder}/`) ? plain.slice(folder.length + 1) : plain).split("/");
  if (more.length > 0 || !namePattern.test(module) || !namePattern.test(name)) {
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

export interface MadeFiles {
  /** In the order in which they were written. */
  files: string[];
  /** Were there already, and stay as they are. */
  kept: string[];
  leftOut: LeftOut[];
  tables: number;
}

export interface MakeFilesOptions {
  kinds: readonly Kind[];
  module?: string | undefined;
}

async function runNewTables(patterns: readonly string[], options: NewOptions): Promise<number> {
  if (options.table !== undefined || options.column !== undefined) {
    throw new UsageError(
      `--${options.table === undefined ? "column" : "table"} is for one tool`,
      "Write MODULE/NAME --kind KIND with it, or leave it out",
    );
  }
  if (options.all && patterns.length > 0) {
    throw new UsageError("--all stands for every table", "Leave the patterns out");
  }
  const { module } = options;
  if (module !== undefined && !namePattern.test(module)) {
    throw new UsageError(
      `"${module}" is no name of a module`,
      "A module is a lower-case letter, then lower-case letters, digits, underscores",
    );
  }
  const config = readSettings(options);
  const wanted = readKindList(options.kind ?? []);
  const made = await makeFiles(config, options.all ? ["*.*"] : patterns, {
    kinds: wanted.length > 0 ? wanted : usualKinds,
    module,
  });
  const { files, kept, leftOut, tables } = made;
  if (options.json) {
    printJson({ files, kept, left_out: leftOut, tables });
    return 0;
  }
  for (const file of files) print(file);
  const paint = paintFor("stderr");
  tell(
    `\n${paint("green", "✓")} ${formatCount(files.length, "file")} for ${formatCount(tables, "table")}${
      kept.length > 0
        ? `; ${formatCount(kept.length, "file")} that ${kept.length === 1 ? "was" : "were"} there kept`
        : ""
    }`,
  );
  for (const line of summarize(leftOut)) tell(`  ${paint("dim", line)}`);
  const sql = options.sql === undefined ? "" : ` --sql ${options.sql}`;
  const views = files.filter((file) => file.endsWith("_view.sql"));
  if (views.length > 0) {
    tell(
      `\n${paint("yellow", "!")} ${formatCount(views.length, "view")} to be made in the database: ` +
        `\`${commandName} migrate${sql}\` as their owner, before check`,
    );
  }
  if (files.length > 0) tell(`\n${paint("bold", "Next:")}\n  ${commandName} check${sql}`);
  return 0;
}

/** One line a kind and reason, so that 500 tables do not scroll it away. */
function summarize(leftOut: readonly LeftOut[]): string[] {
  const counts = new Map<string, number>();
  for (const { kind, table, reason } of leftOut) {
    const general = `no :${kind}: ${reason.replaceAll(table, "the table")}`;
    counts.set(general, (counts.get(general) ?? 0) + 1);
  }
  const most = 10;
  const lines = [...counts].sort(([, one], [, other]) => other - one).map(([reason, count]) =>
    `${formatCount(count, "table")} with ${reason}`
  );
  return lines.length <= most
    ? lines
    : [...lines.slice(0, most), `and ${lines.length - most} more reasons; --json has them all`];
}

/**
 * Files of every table that a pattern matches: one look at the catalogue, whatever their number.
 * @throws {UsageError} when a pattern matches nothing, before anything is written
 */
export async function makeFiles(
  config: Config,
  patterns: readonly string[],
  { kinds, module }: MakeFilesOptions,
): Promise<MadeFiles> {
  const tables = await withCatalogue(config, async (connection) => {
    const known = await listTables(connection);
    if (known.length === 0) {
      for (const pattern of patterns) {
        const hidden = await hiddenMatch(connection, pattern);
        if (hidden !== null) throw hidden;
      }
      throw new UsageError("the database has no table that this login may use", roleHint);
    }
    const picked = new Set(patterns.flatMap((pattern) => {
      return matchTables(pattern, known);
    }));
    for (const pattern of patterns) {
      if (matchTables(pattern, known).length > 0) continue;
      throw await hiddenMatch(connection, pattern) ?? noMatch(pattern, known.map(nameOf));
    }
    return await readTables(connection, [...picked]);
  });
  const { files, leftOut } = scaffoldTables(tables, { kindsOf: () => kinds, module });
  await refuseBrokenRoot(rootOf(config));
  const written: string[] = [];
  const kept: string[] = [];
  const modules = new Set<string>();
  for (const { module, name, text } of files) {
    const directory = `${rootOf(config)}/${module}`;
    if (!modules.has(module)) {
      modules.add(module);
      const named = new Set(files.filter((each) => each.module === module).map(({ table }) => table));
      const moduleFile = await writeModule(
        directory,
        module,
        tables.filter((each) => named.has(nameOf(each))),
      );
      if (moduleFile !== null) written.push(moduleFile);
    }
    const file = `${directory}/${name}.sql`;
    (await writeNew(file, text) ? written : kept).push(file);
  }
  return { files: written, kept, leftOut, tables: tables.length };
}

/** Tables that a pattern matches and this login may not use; null where there are none. */
async function hiddenMatch(connection: PoolConnection, pattern: string): Promise<UsageError | null> {
  const rows = await connection.rows(
    `select
       namespace.nspname as schema,
       relation.relname as name,
       current_user as login,
       pg_catalog.has_schema_privilege(namespace.oid, 'USAGE') as may_use_schema
     from pg_catalog.pg_class as relation
     join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
     where relation.relkind in ('r', 'p', 'v', 'm', 'f')
       and namespace.nspname not in ('information_schema', 'sqlwright')
       and namespace.nspname not like 'pg\\_%'
     order by namespace.nspname, relation.relname`,
  );
  const all = rows.map(({ schema, name, may_use_schema }) => ({
    schema: schema!,
    name: name!,
    mayUseSchema: may_use_schema === "t",
  }));
  const [first, ...more] = matchTables(pattern, all);
  if (first === undefined) return null;
  const right = first.mayUseSchema ? "SELECT on it" : `USAGE on the schema ${first.schema}`;
  const others = more.length === 0 ? "" : `, as ${more.length} more that match "${pattern}"`;
  return new UsageError(
    `"${rows[0]?.login}" may not use ${nameOf(first)}${others}: it lacks ${right}`,
    "Make tools as a login that may read the tables, such as the owner, by its DATABASE_URL; the server's " +
      "login gets what they need by `sqlwright grants`",
  );
}

const roleHint = "Log in as a role that may read tables: it needs USAGE of their schemas and SELECT";

const nameOf = ({ schema, name }: { schema: string; name: string }) => `${schema}.${name}`;

export function noMatch(pattern: string, known: readonly string[]): UsageError {
  const near = didYouMean(pattern.replace(/[*?]+$/, ""), known);
  const listed = `Tables are ${listNames(known)}`;
  return new UsageError(`no table matches "${pattern}"`, near === null ? listed : `${near} ${listed}`);
}

async function refuseBrokenRoot(directory: string): Promise<void> {
  const info = await Deno.stat(directory).catch(() => null);
  if (info === null || info.isDirectory) return;
  throw new UsageError(
    `"${directory}" is a file, and the query files belong into a folder`,
    "Name another with --sql",
  );
}

/** False when the file was there. */
async function writeNew(file: string, text: string): Promise<boolean> {
  try {
    await Deno.writeTextFile(file, text, { createNew: true });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

async function withCatalogue<T>(
  config: Config,
  use: (connection: PoolConnection) => Promise<T>,
): Promise<T> {
  return await withDatabase(config, async ({ config }) => {
    const pools = openPools(config);
    try {
      return await pools.reader.withConnection(undefined, use);
    } finally {
      await Promise.all([pools.reader.close(), pools.writer.close()]);
    }
  }, { needsFiles: false });
}

/** @throws {UsageError} that lists tables, when one is needed and none or an unknown one is named */
async function findTable(
  config: Config,
  kind: Kind,
  named: string | undefined,
  name: string,
): Promise<ScaffoldTable | null> {
  if (named === undefined && !kindsOverTables.includes(kind)) return null;
  return await withCatalogue(config, async (connection) => {
    const isRead = readKinds.has(kind);
    const all = await listTables(connection);
    const candidates = all.filter(({ isTable }) => isRead || isTable).map(nameOf);
    if (named === undefined) {
      throw new UsageError(`a :${kind} works on a table: write --table schema.table`, listed(candidates));
    }
    const parts = splitName(named);
    const found = all.find(({ schema, name }) => parts?.[0] === schema && parts[1] === name);
    if (found === undefined || !(isRead || found.isTable)) {
      const problem = found === undefined
        ? `there is no table "${named}"`
        : `a :${kind} cannot be of "${named}"`;
      const near = didYouMean(named, candidates);
      throw new UsageError(problem, near === null ? listed(candidates) : `${near} ${listed(candidates)}`);
    }
    const [table] = await readTables(connection, [found]);
    if (kind === "view") await refuseTaken(connection, table!, name);
    return table!;
  });
}

function listed(candidates: readonly string[]): string {
  return candidates.length === 0
    ? "The database has no table that this login may use"
    : `Tables are ${listNames(candidates)}`;
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
