/**
 * `check`: every finding in every query file, with its place, and the lock; and `list`: the tools that the
 * right files make.
 */

import { join, normalize, relative, resolve } from "node:path";
import { type CheckedFiles, checkFiles, type Pools } from "../../app.ts";
import { type Config, queryFoldersOf } from "../../config.ts";
import { SqlwrightError } from "../../errors.ts";
import { type BookAccess, bookAccessQuery, isClosed, lackingOf, toBookAccess } from "../../migrate/access.ts";
import { poolerWarning } from "../../postgres/session.ts";
import { compareText, type Diagnostic, didYouMean, sortDiagnostics } from "../../query/diagnostic.ts";
import { loadQueries } from "../../query/loader.ts";
import { isRuleName, type RuleCode, rules } from "../../query/rules/rule_list.ts";
import { type Catalog, type JsonSchema, type Tool } from "../../tool/model.ts";
import { catalogOf } from "../../tool/catalog.ts";
import { lockName } from "../../project.ts";
import { mountPrograms, type ProgramHost } from "../../tool/program_tool.ts";
import { proveFurther } from "../../check/check_tools.ts";
import { bookGrants, grantOf } from "../../check/grants.ts";
import type { MissingDemand } from "../../check/model.ts";
import { findPlaceholders } from "../../check/placeholders.ts";
import {
  formatCount,
  formatDiagnostics,
  formatDuration,
  formatError,
  paintFor,
  print,
  printJson,
  shownPlace,
  tell,
  UsageError,
  widthOf,
} from "../console/console.ts";
import type { ParsedQuery } from "../../query/model.ts";
import { silentLog } from "../../log.ts";
import { withDatabase, withPools } from "../database.ts";
import { isDeployable } from "../deployment.ts";
import { type ProjectOptions, readSettings } from "../environment.ts";
import { checkLock, type LockCheck, lockDiagnostics, writeLockOf } from "./lock.ts";
import { readManifest } from "../../extension/manifest.ts";
import { programToolSources } from "../calls/program_tools.ts";
import { printPaged } from "../console/pager.ts";
import { formatTable } from "../console/table.ts";
import { formatUnix, watchChecks } from "./watch.ts";

export interface CheckOptions extends ProjectOptions {
  json?: boolean | undefined;
  /** Look at the files alone, without a database. */
  static?: boolean | undefined;
  /** Write the lock. */
  lock?: boolean | undefined;
  /**
   * `github`: one annotation a finding, as GitHub Actions reads them; `unix`: one line, as editors do.
   * @default text
   */
  format?: "text" | "github" | "unix" | undefined;
  /** Check again after each save, until Ctrl-C. */
  watch?: boolean | undefined;
  /** Codes whose warnings count as errors. */
  deny?: string[] | undefined;
  /** Rows from which reading a whole table is worth a warning. @default 10000 */
  largeTable?: number | undefined;
}

interface Checked extends CheckedFiles {
  /** Kinds of the files whose text is right, by path. */
  kinds: ReadonlyMap<string, string>;
  /** Why types were not checked; null when they were. */
  unchecked: SqlwrightError | null;
  /** Null when types were not checked. */
  lock: LockCheck | null;
  /** Privileges that the roles of the tools lack. */
  missing: MissingDemand[];
  /** A connection pooler stands before the database. */
  isPooled: boolean;
  /** What was applied to the database is not for this login to see; null where it is, or nobody asks. */
  hiddenBooks: BookAccess | null;
}

/**
 * @returns 1 when a file is not ok, when the lock is not the one of the files, or when types could not be
 * checked
 */
export async function runCheck(paths: readonly string[], options: CheckOptions): Promise<number> {
  const started_ms = performance.now();
  refuseContradictions(paths, options);
  const config = readSettings(options);
  const directory = shownPlace(config.SQLWRIGHT_SQL_DIR);
  if (options.watch) return await watch(paths, options, config);
  const checked = await check(config, options);
  if (checked.isPooled) tellWarning(poolerWarning.message);
  if (checked.hiddenBooks !== null) {
    tellWarning(
      `"${checked.hiddenBooks.login}" lacks ${lackingOf(checked.hiddenBooks)}:\n` +
        "the server cannot say which migrations are missing",
    );
  }
  const { diagnostics, files } = select(checked, paths, options, directory);
  const isBroken = diagnostics.some(({ severity }) => severity === "error");
  const exitCode = isBroken || checked.unchecked !== null ? 1 : 0;
  if (options.format === "github") {
    for (const found of diagnostics) print(githubAnnotation(found, directory));
  }
  if (options.json) {
    const grants = grantsOf(checked, new Set(files));
    printJson({
      files: files.map((path) => toFileReport(path, checked)),
      ...(grants.length > 0 ? { grants } : {}),
    });
    if (checked.unchecked !== null) tellUnchecked(checked.unchecked);
    return exitCode;
  }
  if (options.format === "unix" && diagnostics.length > 0) {
    print(formatUnix(diagnostics, directory));
  } else if (diagnostics.length > 0 && options.format !== "github") {
    print(formatDiagnostics(diagnostics, checked.sources, { stream: "stdout", directory }) + "\n");
  }
  if (checked.unchecked !== null) tellUnchecked(checked.unchecked);
  const grants = grantsOf(checked, new Set(files));
  if (grants.length > 0 && (options.format ?? "text") === "text") {
    tell("All that is missing, as a script for the owner of these objects:\n");
    tell(`${grants.join("\n")}\n`);
  }
  print(summarize(files.length, diagnostics, {
    isOk: exitCode === 0,
    isTyped: !options.static && checked.unchecked === null,
    elapsed_ms: performance.now() - started_ms,
  }));
  if (options.lock) {
    await writeLockOf(checked.lock, {
      lockFile: queryFoldersOf(config).lockFile,
      isBroken: exitCode !== 0,
    });
  }
  return exitCode;
}

/** What was found in the files that were asked for, and in the lock, and the paths of those files. */
function select(
  checked: Checked,
  paths: readonly string[],
  options: CheckOptions,
  directory: string,
): { diagnostics: Diagnostic[]; files: string[] } {
  const wanted = selectPaths(paths, [...checked.sources.keys()], directory);
  if (checked.lock !== null && !options.lock) addLockFindings(checked, checked.lock, wanted);
  const diagnostics = sortDiagnostics(
    checked.diagnostics.filter(({ path }) => wanted === null || wanted.has(path) || path === lockName),
  );
  const files = [...new Set([...checked.sources.keys(), ...diagnostics.map(({ path }) => path)])]
    .filter((path) => wanted === null || wanted.has(path))
    .sort(compareText);
  return { diagnostics, files };
}

/** The privileges that these files lack, as SQL. */
function grantsOf({ missing, hiddenBooks }: Checked, files: ReadonlySet<string>): string[] {
  return [
    ...missing.filter(({ uses }) => uses.some(({ parsed }) => files.has(parsed.path)))
      .map((demand) => grantOf(demand, demand.grantee)),
    ...(hiddenBooks === null ? [] : bookGrants(hiddenBooks.present, hiddenBooks.login)),
  ];
}

async function watch(paths: readonly string[], options: CheckOptions, config: Config): Promise<number> {
  const round = (config: Config) => async () => {
    const checked = await check(config, options);
    const { diagnostics, files } = select(checked, paths, options, config.SQLWRIGHT_SQL_DIR);
    // While files are edited the lock is stale as a matter of course.
    const softened = diagnostics.map((found): Diagnostic =>
      found.path === lockName ? { ...found, severity: "warning" } : found
    );
    return { ...checked, diagnostics: softened, files: files.length };
  };
  const begin = (config: Config) =>
    watchChecks(round(config), { directory: config.SQLWRIGHT_SQL_DIR, isUnix: options.format === "unix" });
  // An embedded database is brought up once and not for each save.
  return options.static ? await begin(config) : await withDatabase(config, ({ config }) => begin(config));
}

function refuseContradictions(paths: readonly string[], options: CheckOptions): void {
  if (options.lock && options.static) {
    throw new UsageError("--lock needs a database, and --static asks for none");
  }
  if (options.lock && paths.length > 0) {
    throw new UsageError("--lock locks all files together", "Leave the paths out");
  }
  if (options.json && options.format !== undefined && options.format !== "text") {
    throw new UsageError(`--json and --format ${options.format} exclude each other`);
  }
  if (options.watch && (options.json || options.lock || options.format === "github")) {
    throw new UsageError("--watch goes with --format text or unix, and writes no lock");
  }
  const unknown = options.deny?.find((code) => !isRuleName(code));
  if (unknown !== undefined) {
    throw new UsageError(`there is no rule "${unknown}"`, didYouMean(unknown, Object.keys(rules)));
  }
}

/** With the text of the lock, so that findings are shown in it. */
function addLockFindings(checked: Checked, lock: LockCheck, wanted: ReadonlySet<string> | null): void {
  const isWanted = (tool: string) => {
    const file = lock.lock.tools[tool]?.file;
    return wanted === null || (file !== undefined && wanted.has(file));
  };
  const changes = lock.changes.filter(({ tool }) => isWanted(tool));
  // What is not a change of a tool concerns all files.
  if (wanted !== null && changes.length === 0) return;
  const found = lockDiagnostics({ ...lock, changes });
  checked.diagnostics = [...checked.diagnostics, ...found];
  if (lock.text !== null && found.length > 0) {
    checked.sources = new Map([...checked.sources, [lockName, lock.text]]);
  }
}

/** One line as GitHub Actions reads it from the log of a step. */
function githubAnnotation(
  { code, severity, path, line, column, message, hint }: Diagnostic,
  directory: string,
): string {
  const escape = (text: string) =>
    text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  const property = (text: string) => escape(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
  const file = property(join(directory, path));
  const text = escape(hint === null ? message : `${message}\n${hint}`);
  return `::${severity} file=${file},line=${line},col=${column},title=${property(code)}::${text}`;
}

async function check(config: Config, options: CheckOptions): Promise<Checked> {
  const loaded = await loadQueries(queryFoldersOf(config));
  const kinds = new Map(loaded.queries.map(({ path, kind }) => [path, kind]));
  const untyped = (unchecked: SqlwrightError | null): Checked => ({
    catalog: catalogOf([], loaded.modules),
    diagnostics: loaded.diagnostics,
    sources: loaded.sources,
    folder: config.SQLWRIGHT_SQL_DIR,
    kinds,
    unchecked,
    lock: null,
    missing: [],
    isPooled: false,
    hiddenBooks: null,
  });
  if (options.static) return untyped(null);
  try {
    return await withDatabase(config, ({ config }) =>
      withPools(config, async (pools) => ({
        ...await checkWhole(config, pools, { ...options, queries: loaded.queries }),
        kinds,
        unchecked: null,
        isPooled: pools.writer.isPooled,
        hiddenBooks: await findHiddenBooks(config, pools, loaded.queries),
      })));
  } catch (error) {
    const isDatabase = error instanceof SqlwrightError && /^(database|embedded|migration)\./.test(error.code);
    if (!isDatabase) throw error;
    return untyped(error);
  }
}

/** Only of a project that has something to deploy. */
async function findHiddenBooks(
  { project }: Config,
  { writer }: Pools,
  queries: readonly ParsedQuery[],
): Promise<BookAccess | null> {
  if (!await isDeployable(project, queries)) return null;
  const [row] = await writer.withConnection(undefined, (connection) => connection.rows(bookAccessQuery));
  const access = toBookAccess(row);
  return isClosed(access) ? access : null;
}

/** What a start checks, and what only a DBA has the time for: plans, privileges, examples, the lock. */
async function checkWhole(
  config: Config,
  pools: Pools,
  { deny = [], largeTable, queries }: CheckOptions & { queries: readonly ParsedQuery[] },
): Promise<CheckedFiles & { lock: LockCheck; missing: MissingDemand[] }> {
  const files = await checkFiles(config, pools.writer);
  const further = await pools.writer.withConnection(
    undefined,
    (connection) =>
      proveFurther(connection, { tools: [...files.catalog.tools.values()], queries }, {
        shipped: Object.keys(queryFoldersOf(config).builtIn),
        ...(largeTable === undefined ? {} : { largeTable_rows: largeTable }),
      }),
  );
  const lacking = new Set(further.missing.flatMap(({ uses }) => uses.map(({ parsed }) => parsed.path)));
  // PostgreSQL's own refusal is the first of those that are told one by one.
  const others = files.diagnostics.filter(({ code, path }) =>
    code !== "postgres-42501" || !lacking.has(path)
  );
  const diagnostics = [...others, ...further.diagnostics, ...findPlaceholders(files.sources)].map((
    found,
  ): Diagnostic => deny.includes(found.code) ? { ...found, severity: "error" } : found);
  return {
    ...files,
    diagnostics,
    missing: further.missing,
    lock: await checkLock({ ...files, diagnostics }, pools, queryFoldersOf(config).lockFile),
  };
}

function tellUnchecked(error: SqlwrightError): void {
  const paint = paintFor("stderr");
  tell(formatError(error, paint));
  tellWarning("types, names and privileges were not checked; --static checks the text alone");
}

function tellWarning(message: string): void {
  tell(`${paintFor("stderr")(["bold", "yellow"], "warning:")} ${message}\n`);
}

/** One file of `check --json`: exactly this shape. */
function toFileReport(
  path: string,
  { catalog, diagnostics, kinds, unchecked }: Checked,
): Record<string, unknown> {
  const own = sortDiagnostics(diagnostics.filter((found) => found.path === path));
  const isModule = path.endsWith("/_module.sql") || path === lockName;
  const tool = isModule ? null : toolOf(path, catalog.tools.values());
  const untyped = unchecked === null || isModule ? [] : [{
    code: "types-unchecked" satisfies RuleCode,
    severity: "error",
    line: 1,
    column: 1,
    message: `Types were not checked: ${unchecked.message}`,
    hint: unchecked.hint,
  }];
  const shown = own.map(({ code, severity, line, column, message, hint }) => ({
    code,
    severity,
    line,
    column,
    message,
    hint,
  }));
  return {
    path,
    tool: isModule ? null : path.replace(/\.sql$/, "").replaceAll("/", "_"),
    kind: tool?.kind ?? kinds.get(path) ?? null,
    ok: untyped.length === 0 && own.every(({ severity }) => severity !== "error"),
    diagnostics: [...shown, ...untyped],
    inputSchema: tool?.inputSchema ?? null,
    outputSchema: tool?.outputSchema ?? null,
    annotations: tool?.annotations ?? null,
    // The agreed shape, and only where there is something more to say, more.
    ...(tool !== null && tool.scopes.length > 0 ? { scopes: tool.scopes } : {}),
  };
}

function toolOf(path: string, tools: Iterable<Tool>): Tool | null {
  for (const tool of tools) if (tool.query.parsed.path === path) return tool;
  return null;
}

/**
 * The files that were named: as they lie on the disk, or relative to the SQL directory; a folder stands for
 * all in it.
 */
function selectPaths(
  named: readonly string[],
  known: readonly string[],
  directory: string,
): Set<string> | null {
  if (named.length === 0) return null;
  const selected = new Set<string>();
  for (const name of named) {
    const forms = [relative(resolve(directory), resolve(name)), normalize(name)].map((path) =>
      path.replaceAll("\\", "/").replace(/\/$/, "")
    );
    const matches = known.filter((path) =>
      forms.some((form) =>
        form === "" || path === form || path.startsWith(`${form}/`) || path === `${form}.sql`
      )
    );
    if (matches.length === 0) {
      const near = forms.map((form) => didYouMean(form, known)).find((advice) => advice !== null) ??
        `Query files lie in ${directory}/<module>/`;
      throw new UsageError(`there is no query file "${name}"`, near);
    }
    for (const path of matches) selected.add(path);
  }
  return selected;
}

function summarize(
  count: number,
  diagnostics: readonly Diagnostic[],
  { isOk, isTyped, elapsed_ms }: { isOk: boolean; isTyped: boolean; elapsed_ms: number },
): string {
  const paint = paintFor("stdout");
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const warnings = diagnostics.length - errors.length;
  const broken = new Set(errors.map(({ path }) => path)).size;
  const parts = [
    formatCount(count, "file"),
    ...(broken > 0
      ? [
        paint(
          "red",
          `${formatCount(errors.length, "error")}${broken < count ? ` in ${broken} of them` : ""}`,
        ),
      ]
      : []),
    ...(warnings > 0 ? [paint("yellow", formatCount(warnings, "warning"))] : []),
    ...(isTyped ? [] : [paint("yellow", "types not checked")]),
  ];
  const mark = isOk ? paint("green", "✓") : paint("red", "✗");
  return `${mark} ${parts.join(", ")} ${paint("dim", `· ${formatDuration(elapsed_ms)}`)}`;
}

export interface ListOptions extends ProjectOptions {
  json?: boolean | undefined;
}

/** The tools that are no query files, as the HTTP server has them. */
async function listPrograms(config: Config, pools: Pools, catalog: Catalog) {
  const host: ProgramHost = {
    config,
    log: silentLog,
    pools,
    secret: new Uint8Array(),
    catalog: () => catalog,
    callTool: () => Promise.reject(new TypeError("nothing is called to list tools")),
  };
  const listed = (await readManifest(config, { withTools: true }))?.tools ?? [];
  const own = () => listed.map((tool) => ({ ...tool, run: host.callTool as never, links: () => [] }));
  const sources = [...await programToolSources(null, () => ""), own];
  return [...mountPrograms(sources, host).values()].map(({ tool }) => ({
    ...tool,
    kind: "program" as const,
  }));
}

/** @returns 1 when broken files are missing from the list */
export async function runList(options: ListOptions): Promise<number> {
  const config = readSettings(options);
  const { catalog, diagnostics, programs } = await withDatabase(
    config,
    ({ config }) =>
      withPools(config, async (pools) => {
        const files = await checkFiles(config, pools.writer);
        return { ...files, programs: await listPrograms(config, pools, files.catalog) };
      }),
  );
  const broken = new Set(diagnostics.filter(({ severity }) => severity === "error").map(({ path }) => path));
  const tools = [...catalog.tools.values()];
  // What comes with sqlwright stands behind what the project has made.
  const builtIn = Object.keys(queryFoldersOf(config).builtIn);
  const ordered = [
    ...catalog.modules.filter(({ name }) => !builtIn.includes(name)),
    ...catalog.modules.filter(({ name }) => builtIn.includes(name)),
  ];
  const known = ordered.map(({ name, title, instructions }) => ({ name, title, instructions }));
  const others = new Set(
    programs.map(({ module }) => module).filter((module) => !known.some(({ name }) => name === module)),
  );
  const modules = [...known, ...[...others].map((name) => ({ name, title: null, instructions: "" }))].map((
    module,
  ) => ({
    ...module,
    tools: [
      ...tools.filter((tool) => tool.module === module.name),
      ...programs.filter((tool) => tool.module === module.name),
    ],
  }));
  if (options.json) {
    printJson({
      modules: modules.map(({ tools, ...module }) => ({
        ...module,
        tools: tools.map((
          { name, kind, title, description, inputSchema, outputSchema, annotations, scopes },
        ) => ({
          name,
          kind,
          title,
          description,
          inputSchema,
          outputSchema,
          annotations,
          scopes,
        })),
      })),
    });
  } else {
    const paint = paintFor("stdout");
    const hasScopes = modules.some(({ tools }) => tools.some(({ scopes }) => scopes.length > 0));
    const columns = [
      { title: "tool", isWhole: true },
      { title: "kind" },
      ...(hasScopes ? [{ title: "scopes" }] : []),
      { title: "title", wraps: true },
      { title: "parameters", wraps: true },
    ];
    const tables = modules.filter(({ tools }) => tools.length > 0).map(({ name, title, tools }) =>
      `${paint("bold", name)}${title === null ? "" : paint("dim", `  ${title}`)}\n` +
      formatTable(
        columns,
        tools.map(({ name, kind, title, inputSchema, scopes }) => [
          name,
          kind,
          ...(hasScopes ? [scopes.join(" ")] : []),
          title,
          listParameters(inputSchema),
        ]),
        { paint, width: widthOf("stdout"), indent: 2 },
      )
    );
    await printPaged(
      tables.length === 0 ? `No tools in ${shownPlace(config.SQLWRIGHT_SQL_DIR)}` : tables.join("\n\n"),
    );
  }
  if (broken.size > 0) {
    const paint = paintFor("stderr");
    tell(
      `\n${paint("red", "✗")} ${formatCount(broken.size, "broken file")} left out: sqlwright check shows why`,
    );
    for (const path of [...broken].sort()) tell(`  ${path}`);
  }
  return broken.size > 0 ? 1 : 0;
}

/** Names in order; those that may be left out end in `?`. */
function listParameters(schema: JsonSchema): string {
  const required = (schema.required ?? []) as string[];
  return Object.keys(schema.properties as Record<string, unknown>)
    .map((name) => required.includes(name) ? name : `${name}?`)
    .join(", ");
}
