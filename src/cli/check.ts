/** `check`: every finding in every query file, with its place; and `list`: the tools that the right files make. */

import { normalize, relative, resolve } from "node:path";
import { type CheckedFiles, checkFiles } from "../app.ts";
import type { Config } from "../config.ts";
import { SqlwrightError } from "../errors.ts";
import { compareText, type Diagnostic, didYouMean, sortDiagnostics } from "../query/diagnostic.ts";
import { loadQueries } from "../query/loader.ts";
import { catalogOf, type JsonSchema, type Tool } from "../tool/catalog.ts";
import {
  formatCount,
  formatDiagnostics,
  formatDuration,
  formatError,
  paintFor,
  print,
  printJson,
  tell,
  UsageError,
  widthOf,
} from "./console.ts";
import { withDatabase, withPools } from "./database.ts";
import { readSettings } from "./environment.ts";
import { formatTable } from "./table.ts";

export interface CheckOptions {
  sql?: string | undefined;
  json?: boolean | undefined;
  /** Look at the files alone, without a database. */
  static?: boolean | undefined;
}

interface Checked extends CheckedFiles {
  /** Kinds of the files whose text is right, by path. */
  kinds: ReadonlyMap<string, string>;
  /** Why types were not checked; null when they were. */
  unchecked: SqlwrightError | null;
}

/** @returns 1 when a file is not ok, or when types could not be checked */
export async function runCheck(paths: readonly string[], options: CheckOptions): Promise<number> {
  const started_ms = performance.now();
  const config = readSettings(options);
  const checked = await check(config, options.static ?? false);
  const wanted = selectPaths(paths, [...checked.sources.keys()], config.SQLWRIGHT_SQL_DIR);
  const diagnostics = sortDiagnostics(
    checked.diagnostics.filter(({ path }) => wanted === null || wanted.has(path)),
  );
  const files = [...new Set([...checked.sources.keys(), ...diagnostics.map(({ path }) => path)])]
    .filter((path) => wanted === null || wanted.has(path))
    .sort(compareText);
  const isBroken = diagnostics.some(({ severity }) => severity === "error");
  const exitCode = isBroken || checked.unchecked !== null ? 1 : 0;
  if (options.json) {
    printJson({ files: files.map((path) => toFileReport(path, checked)) });
    if (checked.unchecked !== null) tellUnchecked(checked.unchecked);
    return exitCode;
  }
  if (diagnostics.length > 0) {
    const directory = config.SQLWRIGHT_SQL_DIR;
    print(formatDiagnostics(diagnostics, checked.sources, { stream: "stdout", directory }) + "\n");
  }
  if (checked.unchecked !== null) tellUnchecked(checked.unchecked);
  print(summarize(files.length, diagnostics, {
    isOk: exitCode === 0,
    isTyped: !options.static && checked.unchecked === null,
    elapsed_ms: performance.now() - started_ms,
  }));
  return exitCode;
}

async function check(config: Config, isStatic: boolean): Promise<Checked> {
  const loaded = await loadQueries(config.SQLWRIGHT_SQL_DIR);
  const kinds = new Map(loaded.queries.map(({ path, kind }) => [path, kind]));
  const untyped = (unchecked: SqlwrightError | null): Checked => ({
    catalog: catalogOf([], loaded.modules),
    diagnostics: loaded.diagnostics,
    sources: loaded.sources,
    kinds,
    unchecked,
  });
  if (isStatic) return untyped(null);
  try {
    const files = await withDatabase(
      config,
      ({ config }) => withPools(config, ({ writer }) => checkFiles(config, writer)),
    );
    return { ...files, kinds, unchecked: null };
  } catch (error) {
    const isDatabase = error instanceof SqlwrightError && /^(database|embedded|migration)\./.test(error.code);
    if (!isDatabase) throw error;
    return untyped(error);
  }
}

function tellUnchecked(error: SqlwrightError): void {
  const paint = paintFor("stderr");
  tell(formatError(error, paint));
  tell(
    `${
      paint(["bold", "yellow"], "warning:")
    } types, names and privileges were not checked; --static checks the text alone\n`,
  );
}

/** One file of `check --json`: exactly this shape. */
function toFileReport(
  path: string,
  { catalog, diagnostics, kinds, unchecked }: Checked,
): Record<string, unknown> {
  const own = sortDiagnostics(diagnostics.filter((found) => found.path === path));
  const isModule = path.endsWith("/_module.sql");
  const tool = isModule ? null : toolOf(path, catalog.tools.values());
  const untyped = unchecked === null || isModule ? [] : [{
    code: "types-unchecked",
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
  };
}

function toolOf(path: string, tools: Iterable<Tool>): Tool | null {
  for (const tool of tools) if (tool.query.parsed.path === path) return tool;
  return null;
}

/** The files that were named: as they lie on the disk, or relative to the SQL directory; a folder stands for all in it. */
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
    ...(broken > 0 ? [paint("red", `${formatCount(errors.length, "error")} in ${broken}`)] : []),
    ...(warnings > 0 ? [paint("yellow", formatCount(warnings, "warning"))] : []),
    ...(isTyped ? [] : [paint("yellow", "types not checked")]),
  ];
  const mark = isOk ? paint("green", "✓") : paint("red", "✗");
  return `${mark} ${parts.join(", ")} ${paint("dim", `in ${formatDuration(elapsed_ms)}`)}`;
}

export interface ListOptions {
  sql?: string | undefined;
  json?: boolean | undefined;
}

/** @returns 1 when broken files are missing from the list */
export async function runList(options: ListOptions): Promise<number> {
  const config = readSettings(options);
  const { catalog, diagnostics } = await withDatabase(
    config,
    ({ config }) => withPools(config, ({ writer }) => checkFiles(config, writer)),
  );
  const broken = new Set(diagnostics.filter(({ severity }) => severity === "error").map(({ path }) => path));
  const tools = [...catalog.tools.values()];
  const modules = catalog.modules.map(({ name, title, instructions }) => ({
    name,
    title,
    instructions,
    tools: tools.filter(({ module }) => module === name),
  }));
  if (options.json) {
    printJson({
      modules: modules.map(({ tools, ...module }) => ({
        ...module,
        tools: tools.map(({ name, kind, title, description, inputSchema, outputSchema, annotations }) => ({
          name,
          kind,
          title,
          description,
          inputSchema,
          outputSchema,
          annotations,
        })),
      })),
    });
  } else {
    const paint = paintFor("stdout");
    const columns = [{ title: "tool", isWhole: true }, { title: "kind" }, { title: "title" }, {
      title: "parameters",
    }];
    const tables = modules.filter(({ tools }) => tools.length > 0).map(({ name, title, tools }) =>
      `${paint("bold", name)}${title === null ? "" : paint("dim", `  ${title}`)}\n` +
      formatTable(
        columns,
        tools.map(({ name, kind, title, inputSchema }) => [name, kind, title, listParameters(inputSchema)]),
        { paint, width: widthOf("stdout"), indent: 2 },
      )
    );
    print(tables.length === 0 ? `No tools in ${config.SQLWRIGHT_SQL_DIR}` : tables.join("\n\n"));
  }
  if (broken.size > 0) {
    const paint = paintFor("stderr");
    tell(
      `\n${paint("red", "✗")} ${formatCount(broken.size, "broken file")} left out: sqlwright check shows why`,
    );
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
