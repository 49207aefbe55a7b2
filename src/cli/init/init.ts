/**
 * `init`: a project in an empty folder or an existing repository. It asks, or takes by options, which database and which tables; tries the
 * connection; then writes what is missing and nothing that is there; checks the files, and calls one tool.
 *
 * Everything that can be wrong is found before the first file is written. A run that ends early is continued by the next one.
 */

import { basename, join, resolve } from "node:path";
import { checkFiles, openPools, serverFacts } from "../../app.ts";
import { type Config, readConfig } from "../../config.ts";
import { SqlwrightError } from "../../errors.ts";
import { builtInModules, findOuterProject, findProject, type Project, projectFile } from "../../project.ts";
import type { Kind } from "../../query/model.ts";
import { listTables, type TableName } from "../../scaffold/read_tables.ts";
import { matchTables, namePattern, slugOf } from "../../scaffold/names.ts";
import type { Tool } from "../../tool/model.ts";
import { version } from "../../version.ts";
import { formatCount, paintFor, print, tell, UsageError } from "../console/console.ts";
import { withDatabase, withPools } from "../database.ts";
import { deployFiles } from "../deployment.ts";
import { defaultRole, makeRoleScript } from "../files/grants.ts";
import { makeFiles, noMatch } from "../files/new.ts";
import { readSettings } from "../environment.ts";
import { loadQueries } from "../../query/loader.ts";
import { queryFoldersOf } from "../../config.ts";
import { ask, askYesOrNo } from "./ask.ts";
import { agentsPage, exampleMigration, gitignoreLines, readmePage, sqlTest, workflow } from "./texts.ts";
import { environmentExample, hostFiles, projectSettings } from "./settings_files.ts";
import { Writer } from "./writer.ts";

export interface InitOptions {
  /** Take what is usual where an option says nothing. @default false: ask on a terminal */
  yes?: boolean | undefined;
  databaseUrl?: string | undefined;
  /** A database of sqlwright's own, in `.sqlwright`. */
  embedded?: boolean | undefined;
  schema?: string[] | undefined;
  /** Patterns: `schema.order*`, or names. */
  tables?: string[] | undefined;
  module?: string | undefined;
  /** Take the built-in tools for the DBA. @default true */
  ops?: boolean | undefined;
}

/** What every tool of a first scaffold is: a view would have to be deployed first, and is left to `new`. */
const firstKinds: readonly Kind[] = ["many", "one", "value", "report", "exec", "unnest", "copy"];
/** More are made with `new`: a first project is to be read. */
const firstTables = 12;

/** @returns 1 when a file is not right, or the tool that is called fails */
export async function runInit(folder: string | undefined, options: InitOptions): Promise<number> {
  const directory = resolve(folder ?? ".");
  refuseContradictions(options);
  await requireWritable(directory);
  const present = await readPresent(directory);
  const isAsking = !options.yes && Deno.stdin.isTerminal() && Deno.stderr.isTerminal();
  const url = chooseDatabase(directory, options, isAsking);
  const paint = paintFor("stderr");
  const project: Project = present ?? {
    ...findDefaults(directory),
    modules: options.ops === false ? [] : [...builtInModules].filter((module) => module === "ops"),
  };
  // Settings are those of the project to be: the folder of its data, and the connection that was given.
  const config = readConfig(url === null ? {} : { DATABASE_URL: url }, { project });
  if (url !== null) await tryConnection(config);
  const tables = url === null ? [] : await chooseTables(config, options, isAsking);
  if (isAsking && present === null && options.ops === undefined) {
    const wantsOps = askYesOrNo("Serve the tools for the DBA too (activity, sizes, indexes, health)?", true);
    if (!wantsOps) project.modules = [];
  }

  const writer = new Writer(directory);
  await writer.writeNew(projectFile, projectSettings(project));
  await writer.refresh(".sqlwright/sqlwright.schema.json", await schemaText());
  await writer.addLines(".gitignore", gitignoreLines);
  await writer.writeNew(".env.example", environmentExample());
  await writeEnvironment(writer, url);
  await writer.makeFolder(project.migrationsDirectory);
  await writer.makeFolder(project.functionsDirectory);
  if (url === null) await writer.writeNew("migrations/0001_create_example.sql", exampleMigration);
  await writer.makeFolder(project.sqlDirectory);
  // What was chosen here goes before a variable that happens to be set.
  if (url === null) Deno.env.delete("DATABASE_URL");
  else Deno.env.set("DATABASE_URL", url);
  const own = readSettings({ project: directory });
  return await withDatabase(own, async ({ config, ownerUrl, isEmbedded }) => {
    if (isEmbedded) await deployFiles(config, ownerUrl, { queries: [] });
    const chosen = isEmbedded && tables.length === 0
      ? (await withTables(config)).map(({ schema, name }) => ({ schema, name }))
      : tables;
    if (chosen.length > 0) {
      const made = await makeFiles(config, chosen.map(nameOf), {
        kinds: firstKinds,
        module: options.module,
      });
      for (const file of made.files) writer.note("made", file);
      for (const file of made.kept) writer.note("kept", file);
    }
    const checked = await withPools(config, (pools) => checkFiles(config, pools.writer));
    const ownTools = [...checked.catalog.tools.values()].filter(({ module }) =>
      !project.modules.includes(module)
    );
    const first = firstTool(ownTools) ?? firstTool(checked.catalog.tools.values());
    if (first !== null) await writer.writeNew(`tests/${first.module}.sql`, sqlTest(first));
    const { queries } = await loadQueries(queryFoldersOf(config));
    const role = defaultRole(config);
    const { script } = await withPools(
      config,
      (pools) =>
        pools.writer.withConnection(undefined, (connection) => makeRoleScript(connection, queries, role)),
    );
    await writer.writeNew("roles.sql", script);
    for (const [path, text] of hostFiles(project)) await writer.writeNew(path, text);
    await writer.writeNew(".github/workflows/sqlwright.yml", workflow(project.name));
    await writer.writeNew("AGENTS.md", agentsPage(project.name));
    if (!await writer.exists("README.md")) await writer.writeNew("README.md", readmePage(project.name));
    report(writer);
    return await checkAndCall(directory, first);
  }, { prepareNew: false });

  function report({ made, kept }: Writer): void {
    for (const path of made) print(`  ${paintFor("stdout")("green", "made")}  ${path}`);
    for (const path of kept) print(`  ${paintFor("stdout")("dim", "kept")}  ${path}`);
    tell(`\n${paint("bold", project.name)} in ${directory}, with sqlwright ${version}\n`);
  }
}

function refuseContradictions({ embedded, databaseUrl, module }: InitOptions): void {
  if (embedded && databaseUrl !== undefined) {
    throw new UsageError("--embedded and --database-url exclude each other");
  }
  if (module === undefined) return;
  if (!namePattern.test(module)) {
    throw new UsageError(
      `"${module}" is no name of a module`,
      "A module is a lower-case letter, then lower-case letters, digits, underscores",
    );
  }
  if ((builtInModules as readonly string[]).includes(module)) {
    throw new UsageError(`"${module}" is a built-in module`, "Choose another name with --module");
  }
}

async function requireWritable(directory: string): Promise<void> {
  try {
    await Deno.mkdir(directory, { recursive: true });
    const probe = join(directory, `.sqlwright-${crypto.randomUUID().slice(0, 8)}`);
    await Deno.writeTextFile(probe, "", { createNew: true });
    await Deno.remove(probe);
  } catch (error) {
    const reason = error instanceof Deno.errors.PermissionDenied
      ? "permission denied"
      : (error as Error).message;
    throw new SqlwrightError("config.invalid", `Cannot write in ${directory}: ${reason}`, {
      details: { directory },
      hint: "Choose a folder that you may write to: init DIR",
      cause: error,
    });
  }
}

/** The project that is there already; its settings stay. A project around this one is no obstacle, and is told. */
async function readPresent(directory: string): Promise<Project | null> {
  const isThere = await Deno.stat(join(directory, projectFile)).then(() => true, () => false);
  const present = isThere ? findProject({ project: directory }) : null;
  const outer = findOuterProject(present ?? findDefaults(directory));
  if (outer !== null) {
    tell(`${paintFor("stderr")("yellow", "note:")} there is a project around this folder, in ${outer}`);
  }
  return present;
}

function findDefaults(directory: string): Project {
  const slug = slugOf(basename(directory)).slice(0, 63).replace(/^[^a-z]+/, "");
  return {
    directory,
    name: slug === "" || slug === "sqlwright" ? "tools" : slug,
    sqlwright: version,
    sqlDirectory: join(directory, "sql"),
    migrationsDirectory: join(directory, "migrations"),
    functionsDirectory: join(directory, "functions"),
    testsDirectory: join(directory, "tests"),
    lockFile: join(directory, "sql/lock.json"),
    modules: [],
    extension: null,
  };
}

/** The connection string, or null for the embedded database. */
function chooseDatabase(directory: string, options: InitOptions, isAsking: boolean): string | null {
  if (options.databaseUrl !== undefined) return options.databaseUrl;
  if (options.embedded) return null;
  const known = Deno.env.get("DATABASE_URL") || environmentOf(directory).DATABASE_URL;
  if (known) return known;
  if (!isAsking) return null;
  const answer = ask(
    "Connection string of your PostgreSQL (postgresql://user:password@host:5432/database),\n" +
      "or nothing for a database of sqlwright's own:",
  );
  return answer === "" ? null : answer;
}

function environmentOf(directory: string): Record<string, string | undefined> {
  try {
    return Object.fromEntries(
      Deno.readTextFileSync(join(directory, ".env")).split("\n").flatMap((line) => {
        const match = /^([A-Z_]+)=(.*)$/.exec(line.trim());
        return match === null ? [] : [[match[1]!, match[2]!.replace(/^(["'])(.*)\1$/, "$2")]];
      }),
    );
  } catch {
    return {};
  }
}

/** @throws {SqlwrightError} what is wrong with the connection, in words */
async function tryConnection(config: Config): Promise<void> {
  const pools = openPools(config);
  try {
    const facts = await pools.reader.withConnection(undefined, serverFacts);
    if (facts.isSuperuser) {
      throw new SqlwrightError(
        "database.refused",
        `"${facts.user}" is a superuser, whom no privilege stops`,
        {
          details: { user: facts.user },
          hint: `Make a login that reads, and name it: create role ${roleOf(config)} login password '…'; ` +
            `grant pg_read_all_data to ${roleOf(config)};`,
        },
      );
    }
    tell(
      `${
        paintFor("stderr")("green", "✓")
      } PostgreSQL ${facts.versionText}, "${facts.database}" as ${facts.user}`,
    );
  } finally {
    await Promise.all([pools.reader.close(), pools.writer.close(), pools.uploads.close()]);
  }
}

const roleOf = (config: Config) => defaultRole(config);

/** @throws {UsageError} for a schema or a pattern that nothing matches, with near names */
async function chooseTables(config: Config, options: InitOptions, isAsking: boolean): Promise<TableName[]> {
  const known = await withTables(config);
  if (known.length === 0) {
    tell("The login sees no table: the project begins without tools of its own. `sqlwright new` makes them.");
    return [];
  }
  const schemas = [...new Set(known.map(({ schema }) => schema))];
  const wanted = options.schema ?? (isAsking && schemas.length > 1 ? askSchemas(known, schemas) : schemas);
  for (const schema of wanted) {
    if (!schemas.includes(schema)) {
      throw new UsageError(`there is no schema "${schema}"`, `Schemas with tables are ${schemas.join(", ")}`);
    }
  }
  const inSchemas = known.filter(({ schema }) => wanted.includes(schema));
  const patterns = options.tables ?? (isAsking ? askTables(inSchemas) : []);
  if (patterns.length === 0) {
    if (inSchemas.length > firstTables) {
      tell(
        `The first ${firstTables} of ${
          formatCount(inSchemas.length, "table")
        }; \`sqlwright new --all\` adds the others`,
      );
    }
    return inSchemas.slice(0, firstTables);
  }
  return [
    ...new Set(patterns.flatMap((pattern) => {
      const matches = matchTables(pattern, inSchemas);
      if (matches.length === 0) throw noMatch(pattern, inSchemas.map(nameOf));
      return matches;
    })),
  ];
}

function askSchemas(known: readonly TableName[], schemas: readonly string[]): string[] {
  for (const schema of schemas) {
    tell(`  ${schema}  ${formatCount(known.filter((table) => table.schema === schema).length, "table")}`);
  }
  const answer = ask("Schemas, with blanks between them, or nothing for all:");
  return answer === "" ? [...schemas] : answer.split(/[\s,]+/);
}

function askTables(known: readonly TableName[]): string[] {
  const listed = known.slice(0, 20).map(({ name }) => name).join(", ");
  tell(`  ${formatCount(known.length, "table")}: ${listed}${known.length > 20 ? ", …" : ""}`);
  const answer = ask(`Tables or patterns such as order*, or nothing for the first ${firstTables}:`);
  return answer === "" ? [] : answer.split(/[\s,]+/);
}

async function withTables(config: Config): Promise<TableName[]> {
  return await withPools(
    config,
    ({ reader }) => reader.withConnection(undefined, (connection) => listTables(connection)),
  );
}

const quoted = (name: string) => /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
const nameOf = ({ schema, name }: TableName) => `${quoted(schema)}.${quoted(name)}`;

/** The connection holds a password, so the file is for its owner's eyes. */
async function writeEnvironment(writer: Writer, url: string | null): Promise<void> {
  const line = url === null
    ? "# DATABASE_URL is not set: sqlwright's own PostgreSQL in .sqlwright is used\n"
    : `DATABASE_URL=${/[\s#'"]/.test(url) ? JSON.stringify(url) : url}\n`;
  if (!await writer.exists(".env")) return await writer.writeNew(".env", line, { mode: 0o600 });
  if (url !== null && environmentOf(writer.directory).DATABASE_URL === undefined) {
    return await writer.addLines(".env", [line.trim()]);
  }
  writer.note("kept", ".env");
}

async function schemaText(): Promise<string> {
  return await Deno.readTextFile(new URL("../../../sqlwright.schema.json", import.meta.url));
}

/** One that needs no argument, so that it can be called at once. */
function firstTool(tools: Iterable<Tool>): Tool | null {
  const reading = [...tools].filter(({ annotations }) => annotations.readOnlyHint);
  const isFree = ({ inputSchema }: Tool) => ((inputSchema.required ?? []) as string[]).length === 0;
  const answersRows = ({ outputSchema }: Tool) => "rows" in ((outputSchema.properties ?? {}) as object);
  return reading.find((tool) => answersRows(tool) && isFree(tool)) ?? reading.find(isFree) ?? null;
}

async function checkAndCall(directory: string, first: Tool | null): Promise<number> {
  const { runCheck } = await import("../files/check.ts");
  const code = await runCheck([], { project: directory, lock: true });
  if (code !== 0) return code;
  if (first === null) return 0;
  const { runCall } = await import("../calls/call.ts");
  tell(`\n${paintFor("stderr")("dim", `sqlwright call ${first.name}`)}`);
  const words = "page_size" in ((first.inputSchema.properties ?? {}) as object) ? ["--page_size", "3"] : [];
  return await runCall(first.name, words, { project: directory });
}
