/**
 * `init`: makes a project, in an empty folder or an existing repository. It asks on a terminal and takes
 * options in scripts; it looks at everything that can be wrong before it writes anything, and takes back what
 * it wrote when something fails. Run again it adds what is missing. It ends with `check` and one call.
 */

import { basename, dirname, join, relative, resolve } from "node:path";
import { requireUsableServer, type ServerFacts, serverFacts } from "../../app.ts";
import { type Config, queryFoldersOf, readConfig } from "../../config.ts";
import { SqlwrightError } from "../../errors.ts";
import { readTarget } from "../../postgres/target/target.ts";
import type { PoolConnection } from "../../postgres/pool.ts";
import { type Kind, type ParsedQuery, readKinds } from "../../query/model.ts";
import {
  builtInFolder,
  builtInModules,
  findOuterProject,
  findProject,
  parseProject,
  productDirectory,
  type Project,
  projectFile,
} from "../../project.ts";
import { loadQueries } from "../../query/loader.ts";
import { listNames, type ScaffoldTable } from "../../scaffold/model.ts";
import { moduleOf, namePattern, slugOf } from "../../scaffold/names.ts";
import { listTables, readTables } from "../../scaffold/read_tables.ts";
import { scaffoldModule } from "../../scaffold/scaffold.ts";
import { type ScaffoldedFile, scaffoldTables } from "../../scaffold/scaffold_tables.ts";
import { formatCount, paintFor, print, tell, UsageError } from "../console/console.ts";
import { type Database, withDatabase, withPools } from "../database.ts";
import { deployFiles, isDeployable } from "../deployment.ts";
import { defaultRole, makeRoleScript } from "../files/grants.ts";
import { commandName } from "../installation.ts";
import { packageFile } from "../server/launch_command.ts";
import { ask, askUntil, askYes, isInteractive, splitWords } from "./ask.ts";
import { chooseTables, exampleOf, kindsFor, nameOf } from "./choose.ts";
import { chooseDatabase, type EnvironmentPlan, faultOf, planEnvironment, readKnown } from "./database.ts";
import { hostFiles } from "./hosts.ts";
import {
  agentsText,
  environmentExample,
  environmentLine,
  environmentText,
  exampleMigration,
  missingIgnores,
  projectText,
  readmeSection,
  testText,
  workflowText,
} from "./templates.ts";
import { ProjectWriter, requireWritable } from "./writer.ts";

export interface InitOptions {
  /** Ask nothing: take options, and the usual for the rest. */
  yes?: boolean | undefined;
  databaseUrl?: string | undefined;
  embedded?: boolean | undefined;
  schema?: string[] | undefined;
  tables?: string[] | undefined;
  module?: string | undefined;
  /** Also tools that change the tables. @default asked on a terminal, else false */
  write?: boolean | undefined;
  /** False: without the built-in module `ops`. */
  ops?: boolean | undefined;
}

/** @returns 1 when `check` or the call at the end fails; what was written stays then, to be mended */
export async function runInit(
  dir: string | undefined,
  options: InitOptions,
): Promise<number> {
  refuseContradictions(options);
  const directory = resolve(dir ?? ".");
  const asks = !options.yes && isInteractive();
  if (!options.yes && !asks) {
    throw new UsageError(
      "init asks its questions on a terminal, and there is none",
      "Write --yes, with --database-url URL or --embedded, to have it ask nothing",
    );
  }
  const existing = readExisting(directory);
  await requireWritable(directory);
  refuseOuter(directory, { asks, isNew: existing === null });
  if (existing !== null) refuseTools(options);
  const known = await readKnown(directory);
  const { databaseUrl, embedded } = options;
  // A project that is there has its database; a question would only be a chance to change it.
  const url = await chooseDatabase(known, { databaseUrl, embedded, asks: asks && existing === null });
  const environment = planEnvironment(url, known);
  if (environment.remark !== null) tell(`${environment.remark}\n`);
  const plan: Plan = {
    environment,
    directory,
    existing,
    url,
    options,
    asks,
    writer: new ProjectWriter(directory),
  };
  // Settings of the environment would go before those of the project that is being made.
  const before = databaseSettings.map((name) => [name, Deno.env.get(name)] as const);
  const isNewCluster = url === null &&
    !await isThere(join(directory, ".sqlwright"));
  try {
    return await make(plan);
  } catch (error) {
    await plan.writer.undo();
    if (isNewCluster) {
      await Deno.remove(join(directory, ".sqlwright"), { recursive: true })
        .catch(() => {});
    }
    throw error;
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
}

const databaseVariables = ["SQLWRIGHT_DATABASE_URL", "DATABASE_URL"] as const;
/** With that of a file, which goes before none of them and beside none. */
const databaseSettings = [...databaseVariables, "DATABASE_URL_FILE"] as const;

interface Plan {
  environment: EnvironmentPlan;
  directory: string;
  /** The project that is there already. */
  existing: Project | null;
  /** Null for the embedded database. */
  url: string | null;
  options: InitOptions;
  asks: boolean;
  writer: ProjectWriter;
}

function refuseContradictions(
  { databaseUrl, embedded, module, schema, tables }: InitOptions,
): void {
  if (databaseUrl !== undefined && embedded) {
    throw new UsageError("--database-url and --embedded exclude each other");
  }
  const fault = databaseUrl === undefined ? null : faultOf(databaseUrl);
  if (fault !== null) {
    const reason = fault.replace(/^[^:]*: /, "");
    throw new UsageError(
      `--database-url is no connection string that can be read: ${reason}`,
      "Write postgresql://user:password@host:port/database",
    );
  }
  if (module !== undefined) requireModule(module);
  for (
    const [name, list] of [["schema", schema], ["tables", tables]] as const
  ) {
    if (list?.some((word) => word === "")) {
      throw new UsageError(
        `--${name} has an empty name`,
      );
    }
  }
}

/** In a project that is there `new` makes tools: a second guess at tables would only be in the way. */
function refuseTools({ schema, tables, module, write }: InitOptions): void {
  const given = Object.entries({ schema, tables, module, write }).find(([, value]) => value !== undefined);
  if (given === undefined) return;
  throw new UsageError(
    `there is a project here already, and --${given[0]} is for a new one`,
    `Write ${commandName} new 'schema.pattern*' --kind all for its next tools`,
  );
}

function requireModule(module: string): void {
  if ((builtInModules as readonly string[]).includes(module)) {
    throw new UsageError(
      `the module "${module}" comes with sqlwright`,
      `Choose another name, such as --module ${module}_own`,
    );
  }
  if (!namePattern.test(module) || module.length > 30) {
    throw new UsageError(
      `"${module}" is no name of a module`,
      "Write at most 30 lower-case letters, digits and underscores, a letter first",
    );
  }
}

/** @throws {SqlwrightError} for a project that cannot be read, is wrong, or is of a newer version */
function readExisting(directory: string): Project | null {
  try {
    return findProject({ project: directory });
  } catch (error) {
    if (error instanceof SqlwrightError && error.code === "project.missing") {
      return null;
    }
    throw error;
  }
}

/** Commands take the nearest project, so one inside of another is right, and seldom meant. */
function refuseOuter(
  directory: string,
  { asks, isNew }: { asks: boolean; isNew: boolean },
): void {
  if (!isNew) return;
  const outer = findOuterProject({ directory } as Project);
  if (outer === null) return;
  const found = `There is a project around it, in ${outer}.`;
  tell(`${found}\nCommands in ${directory} will act on the new one.\n`);
  if (asks && !askYes("Make a project inside of it?", false)) {
    throw new UsageError(
      "nothing was made",
      `Run init in ${outer} to add what is missing there`,
    );
  }
}

/** Commands that run from here on act on this database, whatever else names one. */
function setDatabase(url: string | null): void {
  Deno.env.delete("DATABASE_URL_FILE");
  for (const name of databaseVariables) {
    if (url === null) Deno.env.delete(name);
    else Deno.env.set(name, url);
  }
}

async function make(plan: Plan): Promise<number> {
  const { directory, url, existing } = plan;
  const name = existing?.name ?? projectName(directory);
  const modules = existing?.modules ?? await chooseModules(plan);
  const project = existing ?? parseProject(projectText({ name, modules }), directory);
  setDatabase(url);
  const config = readConfig({ DATABASE_URL: url ?? undefined }, { project });
  return await withDatabase(config, (database) => {
    const made = { project, name, modules };
    return existing === null ? makeNew(plan, database, made) : addMissing(plan, database, made);
  }, { prepareNew: false });
}

type Made = Pick<ProjectFiles, "project" | "name" | "modules">;

async function makeNew(
  plan: Plan,
  { config, url: serverUrl, ownerUrl, isEmbedded }: Database,
  made: Made,
): Promise<number> {
  const { facts, tables, module, hasExample, writes } = await withPools(
    config,
    ({ reader }) =>
      reader.withConnection(undefined, (connection) => look(connection, plan, { config, ownerUrl })),
  );
  const scaffolded = scaffoldTables(tables, {
    module,
    kindsOf: kindsFor(tables, { hasViews: isEmbedded, writes }),
  });
  const files = await writeTools(plan, { project: made.project, module, files: scaffolded.files, tables });
  await writeProject(plan, { ...made, module, files, hasExample, version: facts.version });
  // From here on commands find the project, and act on this database.
  setDatabase(serverUrl);
  const loaded = await loadQueries(queryFoldersOf(config));
  if (isEmbedded) await deployFiles(config, ownerUrl, loaded);
  await writeRoles(plan, config, loaded.queries);
  tellWritten(plan);
  tellWriters(files);
  return await show(plan, { config, facts, files, tables });
}

/** The scaffolding of a project that is there, as far as it lacks any; its tools and its lock are its own. */
async function addMissing(
  plan: Plan,
  { config, url: serverUrl }: Database,
  made: Made,
): Promise<number> {
  tell(`There is a project here, "${made.name}": what it lacks is added, tools are made by \`new\`.\n`);
  const facts = await withPools(config, ({ reader }) => reader.withConnection(undefined, serverFacts));
  const loaded = await loadQueries(queryFoldersOf(config));
  const [first] = loaded.modules.keys();
  await writeProject(plan, {
    ...made,
    module: String(first ?? made.name),
    files: [],
    hasExample: false,
    version: facts.version,
  });
  setDatabase(serverUrl);
  await writeRoles(plan, config, loaded.queries);
  tellWritten(plan);
  const { runCheck } = await import("../files/check.ts");
  const isLocked = await isThere(made.project.lockFile);
  tell(`\n$ ${commandName} check${isLocked ? "" : " --lock"}`);
  const code = await runCheck([], { project: plan.directory, ...(isLocked ? {} : { lock: true }) });
  tellRemark(plan);
  return code;
}

async function writeRoles(
  { writer, directory }: Plan,
  config: Config,
  queries: readonly ParsedQuery[],
): Promise<void> {
  if (await isThere(join(directory, "roles.sql"))) return void await writer.write("roles.sql", "");
  const { script } = await withPools(
    config,
    ({ writer: pool }) =>
      pool.withConnection(
        undefined,
        async (connection) =>
          makeRoleScript(connection, queries, defaultRole(config), {
            seesBooks: await isDeployable(config.project, queries),
          }),
      ),
  );
  await writer.write("roles.sql", script);
}

/** Which tools change data, so that nobody finds out from an agent. */
function tellWriters(files: readonly ScaffoldedFile[]): void {
  const writers = files.filter(({ text }) => !readKinds.has(kindOf(text)));
  if (writers.length === 0) {
    tell("\nAll tools read and change nothing.");
    return;
  }
  const names = writers.map(({ module, name }) => `${module}_${name}`);
  tell(wrapped(`\n${formatCount(names.length, "tool")} that change data: ${names.join(", ")}`));
}

const kindOf = (text: string) => (/^-- name: \S+ :(\w+)/.exec(text)?.[1] ?? "many") as Kind;

function tellRemark({ environment: { remark } }: Plan): void {
  if (remark !== null) tell(`\n${paintFor("stderr")("yellow", "!")} ${remark}`);
}

/** Letters that a name may have, of the folder's name. */
function projectName(directory: string): string {
  const name = slugOf(basename(directory) || "project").slice(0, 40);
  return name === "sqlwright" ? "sqlwright_project" : name;
}

async function chooseModules({ options, asks }: Plan): Promise<string[]> {
  if (options.ops === false || !await isThere(builtInFolder("ops"))) return [];
  if (!asks) return ["ops"];
  tell(
    "The module ops has tools over PostgreSQL's own catalogue and statistics:\n" +
      "activity, locks, sizes, indexes, slow statements. An agent that is shown all of\n" +
      "them reads some 20,000 tokens in each conversation.\n",
  );
  return askYes("Take it?", true) ? ["ops"] : [];
}

interface Look {
  facts: ServerFacts;
  tables: ScaffoldTable[];
  module: string;
  /** The tables are the example's. */
  hasExample: boolean;
  /** Tools that change the tables too. */
  writes: boolean;
}

async function look(
  connection: PoolConnection,
  plan: Plan,
  { config, ownerUrl }: { config: Config; ownerUrl: string },
): Promise<Look> {
  const { options, url, directory } = plan;
  const facts = await serverFacts(connection);
  // A superuser may look; what runs tools may be none, and that is said at the end.
  requireUsableServer({ ...facts, isSuperuser: false }, config);
  tell(
    `PostgreSQL ${facts.versionText.split(" ")[0]}, database "${facts.database}", as "${facts.user}"\n`,
  );
  let known = await listTables(connection);
  let hasExample = false;
  if (known.length === 0 && url === null) {
    const module = options.module ?? freeModule(projectName(directory));
    await plan.writer.write(
      "migrations/0001_create_tasks.sql",
      exampleMigration(module),
    );
    await deployFiles(config, ownerUrl, { queries: [] });
    known = await listTables(connection);
    hasExample = true;
  }
  if (known.length === 0) {
    throw new SqlwrightError(
      "project.no_tables",
      `Cannot choose tables: the database "${facts.database}" has none that "${facts.user}" may use`,
      {
        details: { database: facts.database, user: facts.user },
        hint:
          "Name another database or login, make tables first, or take --embedded, which brings an example",
      },
    );
  }
  const chosen = hasExample ? known : await pickTables(plan, known);
  const tables = await readTables(connection, chosen);
  const module = options.module ?? moduleFor(plan, tables);
  // The example is sqlwright's own table: it shows every kind.
  const writes = hasExample ||
    (options.write ?? (plan.asks && askYes("Tools that change data too?", false)));
  return { facts, tables, module, hasExample, writes };
}

async function pickTables<T extends { schema: string; name: string }>(
  { options, asks }: Plan,
  known: readonly T[],
): Promise<T[]> {
  const { schema: schemas, tables: patterns } = options;
  if (!asks || schemas !== undefined || patterns !== undefined) {
    return chooseTables(known, { schemas, patterns });
  }
  const names = [...new Set(known.map(({ schema }) => schema))];
  for (const name of names) {
    const members = known.filter(({ schema }) => schema === name).map((
      { name },
    ) => name);
    tell(wrapped(`${name} (${members.length}): ${listNames(members)}`));
  }
  tell("");
  const again = (choose: () => T[]) => {
    try {
      return choose();
    } catch (error) {
      if (!(error instanceof SqlwrightError)) throw error;
      tell(wrapped(`${error.message}. ${error.hint ?? ""}`.trim()));
      return undefined;
    }
  };
  let inSchemas: readonly T[] = known;
  if (names.length > 1) {
    inSchemas = await askUntil(
      "Schemas",
      names.join(" "),
      (answer) => again(() => chooseTables(known, { schemas: splitWords(answer) })),
    );
  }
  return await askUntil(
    "Tables, by name or pattern such as order*",
    "*",
    (answer) => again(() => chooseTables(inSchemas, { patterns: splitWords(answer) })),
  );
}

/** Text of a terminal's width of 80. */
function wrapped(text: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    if (lines.at(-1)!.length + 1 + word.length > 78 && lines.at(-1) !== "") {
      lines.push("   ");
    }
    lines[lines.length - 1] += `${lines.at(-1) === "" ? "" : " "}${word}`;
  }
  return lines.join("\n");
}

/** Called as the schema where there is one, else as the project. */
function moduleFor(
  { directory, asks }: Plan,
  tables: readonly ScaffoldTable[],
): string {
  const schemas = new Set(tables.map(({ schema }) => schema));
  const [schema] = schemas;
  const isNamed = schemas.size === 1 && schema !== undefined &&
    schema !== "public";
  const usual = freeModule(isNamed ? moduleOf(schema) : projectName(directory));
  if (!asks) return usual;
  for (;;) {
    const answer = ask("Module, the folder of the tools", usual);
    try {
      requireModule(answer);
      return answer;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      tell(wrapped(`${error.message}. ${error.hint ?? ""}`.trim()));
    }
  }
}

const freeModule = (name: string) =>
  (builtInModules as readonly string[]).includes(name) ? `${name}_own` : name.slice(0, 30);

interface ProjectFiles {
  project: Project;
  module: string;
  name: string;
  modules: readonly string[];
  files: readonly ScaffoldedFile[];
  hasExample: boolean;
  /** `server_version_num` of the database. */
  version: number;
}

/** @returns the files that are there as they were made, not those that a person has made theirs */
async function writeTools(
  { directory, writer }: Plan,
  { project, module, files, tables }: Pick<ProjectFiles, "project" | "module" | "files"> & {
    tables: readonly ScaffoldTable[];
  },
): Promise<ScaffoldedFile[]> {
  const sql = relative(directory, project.sqlDirectory).replaceAll("\\", "/");
  await writer.write(`${sql}/${module}/_module.sql`, scaffoldModule(module, tables));
  const intact: ScaffoldedFile[] = [];
  for (const file of files) {
    const path = `${sql}/${file.module}/${file.name}.sql`;
    const isNew = await writer.write(path, file.text);
    if (isNew || await Deno.readTextFile(join(directory, path)) === file.text) {
      intact.push(file);
    }
  }
  return intact;
}

async function writeProject(plan: Plan, made: ProjectFiles): Promise<void> {
  const { directory, url, writer, environment } = plan;
  const { project, module, modules, hasExample, name } = made;
  const at = (path: string) => relative(directory, path).replaceAll("\\", "/");
  await writer.write(projectFile, projectText({ name, modules }));
  await writer.write(
    ".sqlwright/sqlwright.schema.json",
    await Deno.readTextFile(join(productDirectory, "sqlwright.schema.json")),
  );
  await writer.append(".gitignore", missingIgnores);
  await writer.write(".env.example", environmentExample());
  await writer.append(".env", (text) => {
    if (text === "" && environment.name !== "SQLWRIGHT_DATABASE_URL") {
      return environment.name === null && url !== null ? "" : environmentText(url);
    }
    return url === null || environment.name === null ? "" : environmentLine(url, environment.name);
  }, { mode: 0o600 });
  if (made.files.length > 0) {
    await writer.write(`${at(project.testsDirectory)}/${module}.sql`, testOf(made, hasExample));
  }
  for (
    const folder of [project.migrationsDirectory, project.functionsDirectory]
  ) {
    if (!await hasFiles(folder)) {
      await writer.write(`${at(folder)}/.gitkeep`, "");
    }
  }
  for (const { path, group, entry } of hostFiles(directory)) {
    if (await writer.addEntry(path, group, name, entry)) continue;
    tell(
      `${path} is no plain JSON: add under "${group}"\n  ${JSON.stringify({ [name]: entry })}\n`,
    );
  }
  const root = repositoryOf(directory);
  const folder = relative(root, directory).replaceAll("\\", "/") || ".";
  const workflow = folder === "." ? "sqlwright.yml" : `sqlwright-${name}.yml`;
  await writer.write(
    `${at(root) || "."}/.github/workflows/${workflow}`,
    workflowText({ folder, postgresVersion: Math.floor(made.version / 10_000) }),
  );
  const guide = { command: commandName, module };
  await writer.append("AGENTS.md", addUnlessNamed(agentsText(guide)));
  await writer.append("README.md", addUnlessNamed(readmeSection(guide)));
}

/** A file that speaks of sqlwright is one that a person has made theirs. */
const addUnlessNamed = (text: string) => (before: string) =>
  /sqlwright/i.test(before) ? "" : before === "" ? text : `\n${text}`;

const mostTested = 5;

function testOf({ module, files }: ProjectFiles, hasExample: boolean): string {
  const lists = files.filter(({ name }) => name.startsWith("list_")).slice(
    0,
    mostTested,
  );
  return testText({
    module,
    lists: lists.map(({ name, table, text }) => ({
      tool: `${module}_${name}`,
      table: table.replace(/[\s{}]+/g, " "),
      isPaged: text.includes("\n-- @page "),
    })),
    example: hasExample ? module : null,
  });
}

/** The folder of the repository, where its workflows are; the project's own where there is none. */
function repositoryOf(directory: string): string {
  for (let folder = directory;; folder = dirname(folder)) {
    try {
      Deno.statSync(join(folder, ".git"));
      return folder;
    } catch (error) {
      if (
        !(error instanceof Deno.errors.NotFound ||
          error instanceof Deno.errors.PermissionDenied)
      ) {
        throw error;
      }
    }
    if (dirname(folder) === folder) return directory;
  }
}

async function hasFiles(folder: string): Promise<boolean> {
  try {
    for await (const _ of Deno.readDir(folder)) return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return false;
}

const isThere = (path: string) => Deno.lstat(path).then(() => true, () => false);

/** New files one a line, those of one folder together; what was kept in a line. */
function tellWritten({ writer }: Plan): void {
  const paint = paintFor("stdout");
  const groups = new Map<string, string[]>();
  for (const { path, what } of writer.written) {
    if (what === "kept") continue;
    const folder = dirname(path);
    const isMany = path.endsWith(".sql") && folder.includes("/");
    const key = isMany ? `${folder}/` : path;
    groups.set(key, [
      ...groups.get(key) ?? [],
      what === "new" ? path : `${path} (added to)`,
    ]);
  }
  for (const [key, paths] of groups) {
    const text = paths.length > 1 ? `${key}  ${paint("dim", formatCount(paths.length, "file"))}` : paths[0]!;
    print(`  ${paint("green", "+")} ${text}`);
  }
  const kept = writer.written.filter(({ what }) => what === "kept").length;
  if (kept > 0) {
    print(
      `  ${
        paint(
          "dim",
          `= ${formatCount(kept, "file")} that ${kept === 1 ? "was" : "were"} there kept`,
        )
      }`,
    );
  }
}

interface Shown {
  config: Config;
  facts: ServerFacts;
  files: readonly ScaffoldedFile[];
  tables: readonly ScaffoldTable[];
}

/** `check`, with the lock that it writes, and a call, as a person would type them. */
async function show(
  plan: Plan,
  { config, facts, files, tables }: Shown,
): Promise<number> {
  const { directory } = plan;
  const { runCheck } = await import("../files/check.ts");
  tell(`\n$ ${commandName} check --lock`);
  const checked = await runCheck([], { project: directory, lock: true });
  if (checked !== 0) {
    tellRemark(plan);
    return checked;
  }
  const example = exampleOf(tables);
  const called = files.find(({ name, table }) =>
    name.startsWith("list_") && example !== undefined &&
    table === nameOf(example)
  );
  if (called === undefined) {
    tellRemark(plan);
    return 0;
  }
  const isSuperuser = facts.isSuperuser &&
    config.SQLWRIGHT_SUPERUSER === "refuse";
  // A page of a reading tool; what serves agents refuses a superuser, and that is said below.
  if (isSuperuser) Deno.env.set("SQLWRIGHT_SUPERUSER", "allow");
  const words = called.text.includes("\n-- @page ") ? ["--page_size", "3"] : [];
  const tool = `${called.module}_${called.name}`;
  tell(`\n$ ${[commandName, "call", tool, ...words].join(" ")}`);
  const { runCall } = await import("../calls/call.ts");
  try {
    const code = await runCall(tool, words, { project: directory });
    if (code !== 0) return code;
  } finally {
    if (isSuperuser) Deno.env.delete("SQLWRIGHT_SUPERUSER");
  }
  tellNext(plan, { isSuperuser, user: facts.user, role: defaultRole(config) });
  return 0;
}

function tellNext(
  plan: Plan,
  { isSuperuser, user, role }: {
    isSuperuser: boolean;
    user: string;
    role: string;
  },
): void {
  const { directory, url } = plan;
  const paint = paintFor("stderr");
  const here = relative(Deno.cwd(), directory);
  const steps: [string, string][] = [
    ...(here === "" ? [] : [[`cd ${here}`, ""] as [string, string]]),
    ...(isSuperuser
      ? [
        [psqlLine(url, "-f roles.sql"), `makes the login ${role}`],
        [psqlLine(url, `-c '\\password ${role}'`), "gives it a password"],
        ["edit .env", `that login's ${plan.environment.name ?? "DATABASE_URL"}`],
      ] as [string, string][]
      : []),
    [`${commandName} start --http`, "serves the tools at 127.0.0.1:8321"],
    ["open the folder in a host", "Claude Code, VS Code, Cursor start it"],
    [`${commandName} new --help`, "the next tools"],
  ];
  if (isSuperuser) {
    tell(
      `\n${paint("yellow", "!")} "${user}" is a superuser, whom no privilege stops: \`start\` refuses it.\n` +
        "  roles.sql makes a login that may do what the tools need, and no more.",
    );
  } else if (url !== null) {
    tell(
      `\nroles.sql makes a login that may do what the tools need, and no more.`,
    );
  }
  tellRemark(plan);
  const file = packageFile();
  if (file !== null) {
    tell(
      `\n${paint("yellow", "!")} This sqlwright is a file, ${file}:\n` +
        `  \`npm install --save-dev ${file}\` here, so that npx finds it, also in CI.`,
    );
  }
  tell(`\n${paint("bold", "Next:")}`);
  const widest = 40;
  const width = Math.max(...steps.map(([command]) => command.length).filter((length) => length <= widest));
  for (const [command, why] of steps) {
    // A command is copied, so it stays on its line.
    if (command.length > widest) tell(`  ${command}`);
    const start = command.length > widest ? " ".repeat(width) : command.padEnd(width);
    tell(`  ${start}  ${paint("dim", why)}`.trimEnd());
  }
}

/** psql with the parts of the connection but its password, which it asks for. */
function psqlLine(url: string | null, rest: string): string {
  if (url === null) return `psql "$DATABASE_URL" ${rest}`;
  const { places: [first], user, database } = readTarget(url);
  const host = first?.host ?? first?.address ?? null;
  const quote = (word: string) => /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
  return [
    "psql",
    ...(first === undefined || host === null ? [] : ["-h", quote(host), "-p", String(first.port)]),
    ...(user === null ? [] : ["-U", quote(user.value)]),
    ...(database === null ? [] : ["-d", quote(database)]),
    rest,
  ].join(" ");
}
