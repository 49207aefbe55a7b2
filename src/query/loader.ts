/**
 * Reads a SQL directory: modules one folder deep, query files in them, `_module.sql` beside them.
 *
 * The only file of this layer that touches the disk. Every file is parsed whatever the others hold, and all
 * diagnostics come back together in one order; nothing is thrown but for a directory that cannot be read at
 * all.
 */
import { SqlwrightError } from "../errors.ts";
import { foldersOf, type QueryFolders } from "../project.ts";
import type { Module, ModuleDefaults, ParsedQuery, Place } from "./model.ts";
import { parseModuleHeader } from "./header/header.ts";
import { compareText, createReport, type Diagnostic, didYouMean, sortDiagnostics } from "./diagnostic.ts";
import { loadParser } from "./parser/libpg_query.ts";
import { type ParsedFile, parseQuery, type QueryFile } from "./parse.ts";
import { decodeForDisplay, decodeSource, indexPlaces, maximumFile_bytes } from "./source_text.ts";

export interface LoadedQueries {
  /** Files without an error, in the order of their paths. */
  queries: ParsedQuery[];
  /** In the order of their names. */
  modules: Module[];
  /** Of all files, in the order of path and place. */
  diagnostics: Diagnostic[];
  /** Text of every file that was read, `_module.sql` too, by path: to show beside diagnostics. */
  sources: Map<string, string>;
}

export interface LoadOptions {
  /** Tags that are refused for having no effect yet. @default unbuiltTags */
  unbuilt?: ReadonlySet<string>;
  /** What makes a query of a file: a reload remembers the files that have not changed. @default parseQuery */
  parse?: (file: QueryFile) => ParsedFile;
}

/** Throws `catalog.invalid` when the directory itself cannot be read. */
export async function loadQueries(
  query: string | QueryFolders,
  options: LoadOptions = {},
): Promise<LoadedQueries> {
  await loadParser();
  const { directory, builtIn } = foldersOf(query);
  const loading: Loading = {
    root: await openRoot(directory),
    folders: {},
    options,
    files: 0,
    queries: [],
    modules: [],
    diagnostics: [],
    sources: new Map(),
    tools: new Map(),
  };
  for (const [name, folder] of Object.entries(builtIn)) {
    loading.folders[name] = await openRoot(folder);
    await loadModule(loading, name);
  }
  for (const entry of await listFolder(loading, "")) {
    if (isIgnored(entry.name)) continue;
    if (entry.isDirectory && Object.hasOwn(builtIn, entry.name)) {
      const path = `${entry.name}/_module.sql`;
      const message = `The folder "${entry.name}" has the name of a built-in module that the project takes`;
      const hint = `Rename the folder, or take "${entry.name}" out of "modules" in sqlwright.json`;
      report(loading, path, "layout", message, hint);
    } else if (entry.isDirectory) await loadModule(loading, entry.name);
    else if (!ignoredFiles.has(entry.name)) {
      const message = "A file stands outside of a module";
      report(loading, entry.name, "layout", message, `Move it to <module>/${entry.name}`);
    }
  }
  checkTools(loading);
  const { queries, modules, sources } = loading;
  const broken = new Set(
    loading.diagnostics.filter(({ severity }) => severity === "error").map(({ path }) => path),
  );
  return {
    queries: queries.filter(({ path }) => !broken.has(path)).sort((one, other) =>
      compareText(one.path, other.path)
    ),
    modules: modules.sort((one, other) => compareText(one.name, other.name)),
    diagnostics: sortDiagnostics(loading.diagnostics),
    sources,
  };
}

interface Loading {
  /** The directory's real path, which no link may leave. */
  root: string;
  /** Real paths of the built-in modules' folders, by name. */
  folders: Record<string, string>;
  options: LoadOptions;
  files: number;
  queries: ParsedQuery[];
  modules: Module[];
  diagnostics: Diagnostic[];
  sources: Map<string, string>;
  /** Names of all tools by file, the broken ones too: `@deprecated use` may name them. */
  tools: Map<string, string>;
}

interface Entry {
  name: string;
  isDirectory: boolean;
}

const maximumFiles = 10_000;
const maximumDepth = 16;
const ignoredFiles: ReadonlySet<string> = new Set(["README.md", "lock.json"]);

const missingHint =
  'Make the folder, such as by `sqlwright new`; a project names it as "sql" in sqlwright.json, ' +
  "and without a project --sql does";

/**
 * What loading would say at once of the folder itself, for callers with something dear to do before.
 * @throws {SqlwrightError} `catalog.invalid`
 */
export async function requireFolder(sqlDirectory: string): Promise<void> {
  await openRoot(sqlDirectory);
}

async function openRoot(sqlDirectory: string): Promise<string> {
  try {
    const root = await Deno.realPath(sqlDirectory);
    if ((await Deno.stat(root)).isDirectory) return root;
  } catch (cause) {
    throw new SqlwrightError(
      "catalog.invalid",
      `Cannot read the SQL directory "${sqlDirectory}": ${explain(cause)}`,
      {
        hint: missingHint,
        details: { directory: sqlDirectory },
        cause,
      },
    );
  }
  throw new SqlwrightError(
    "catalog.invalid",
    `Cannot read the SQL directory "${sqlDirectory}": it is a file`,
    {
      hint: missingHint,
      details: { directory: sqlDirectory },
    },
  );
}

async function loadModule(loading: Loading, name: string): Promise<void> {
  const before = loading.files;
  const entries = (await listFolder(loading, name)).filter((entry) =>
    !isIgnored(entry.name) || entry.name === moduleFile
  );
  const module: Module = { name, title: null, instructions: "" };
  let defaults: ModuleDefaults | null = null;
  if (entries.some((entry) => entry.name === moduleFile && !entry.isDirectory)) {
    const path = `${name}/${moduleFile}`;
    const bytes = await readSource(loading, path);
    if (bytes !== null) {
      const reportAt = createReport(path, loading.diagnostics);
      const source = decodeSource(bytes, reportAt);
      if (source !== null) {
        const header = parseModuleHeader(source, indexPlaces(source), reportAt, loading.options);
        module.title = header.title;
        module.instructions = header.instructions;
        defaults = header.defaults;
      }
    }
  }
  for (const entry of entries) {
    const path = `${name}/${entry.name}`;
    if (entry.name === moduleFile || ignoredFiles.has(entry.name)) continue;
    if (entry.isDirectory) await refuseFolder(loading, path, 2);
    else if (entry.name.endsWith(".sql")) await loadFile(loading, path, defaults);
    else if (!entry.name.endsWith(".md")) {
      const message = "This is not a query file: its name does not end in .sql";
      report(
        loading,
        path,
        "layout",
        message,
        "Rename it, begin its name with _, or move it out of the SQL directory",
      );
    }
  }
  if (loading.files > before) loading.modules.push(module);
}

const moduleFile = "_module.sql";

async function loadFile(
  loading: Loading,
  path: string,
  moduleDefaults: ModuleDefaults | null,
): Promise<void> {
  const bytes = await readSource(loading, path);
  if (bytes === null) return;
  const { unbuilt, parse = parseQuery } = loading.options;
  const file = { path, bytes, moduleDefaults };
  const { query, diagnostics } = parse(unbuilt === undefined ? file : { ...file, unbuilt });
  loading.diagnostics.push(...diagnostics);
  loading.tools.set(path, path.slice(0, -".sql".length).replace("/", "_"));
  if (query !== null) loading.queries.push(query);
}

/** Query files below a module's folder are told one by one, whatever their depth. */
async function refuseFolder(loading: Loading, path: string, depth: number): Promise<void> {
  if (depth > maximumDepth) {
    report(loading, path, "layout", `Folders are nested more than ${maximumDepth} deep`);
    return;
  }
  for (const entry of await listFolder(loading, path)) {
    if (isIgnored(entry.name)) continue;
    const inner = `${path}/${entry.name}`;
    if (entry.isDirectory) await refuseFolder(loading, inner, depth + 1);
    else if (entry.name.endsWith(".sql")) {
      const module = path.split("/")[0] ?? "";
      const hint = `Move it to ${module}/${entry.name}, or make "${
        path.replaceAll("/", "_")
      }" a module of its own`;
      report(loading, inner, "layout", "A file stands deeper than one folder", hint);
    }
  }
}

/** Where a module's folder or a file of it lies. */
function placeOf({ root, folders }: Loading, path: string): string {
  const [module, ...rest] = path.split("/") as [string, ...string[]];
  return Object.hasOwn(folders, module) ? [folders[module], ...rest].join("/") : `${root}/${path}`;
}

/**
 * Entries in the order of names. A link counts as what it leads to, and may not lead out of the directory.
 */
async function listFolder(loading: Loading, path: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  try {
    for await (const entry of Deno.readDir(placeOf(loading, path))) {
      if (!entry.isSymlink) entries.push({ name: entry.name, isDirectory: entry.isDirectory });
      else if (!isIgnored(entry.name) || entry.name === moduleFile) {
        const target = await followLink(loading, path === "" ? entry.name : `${path}/${entry.name}`);
        if (target !== null) entries.push({ name: entry.name, isDirectory: target.isDirectory });
      }
    }
  } catch (error) {
    report(loading, path, "layout", `The folder cannot be read: ${explain(error)}`, null);
  }
  return entries.sort((one, other) => compareText(one.name, other.name));
}

async function followLink(loading: Loading, path: string): Promise<Deno.FileInfo | null> {
  try {
    const real = await Deno.realPath(`${loading.root}/${path}`);
    if (
      real === loading.root || real.startsWith(`${loading.root}/`) || real.startsWith(`${loading.root}\\`)
    ) {
      const target = await Deno.stat(real);
      // A link to a folder above itself would make the walk endless.
      const isAbove = `${loading.root}/${path}`.startsWith(`${real}/`);
      if (!target.isDirectory || !isAbove) return target;
    }
    report(loading, path, "layout", "This link leads out of the SQL directory", "Put the file itself here");
  } catch (error) {
    report(
      loading,
      path,
      "layout",
      `This link cannot be followed: ${explain(error)}`,
      "Put the file itself here",
    );
  }
  return null;
}

async function readSource(loading: Loading, path: string): Promise<Uint8Array | null> {
  loading.files++;
  if (loading.files > maximumFiles) {
    if (loading.files === maximumFiles + 1) {
      report(loading, path, "layout", `The SQL directory has more than ${maximumFiles} files`, null);
    }
    return null;
  }
  try {
    const { size } = await Deno.stat(placeOf(loading, path));
    if (size > maximumFile_bytes) {
      loading.sources.set(path, "");
      report(loading, path, "too-large", `The file has ${size} bytes, more than ${maximumFile_bytes}`);
      return null;
    }
    const bytes = await Deno.readFile(placeOf(loading, path));
    loading.sources.set(path, decodeForDisplay(bytes));
    return bytes;
  } catch (error) {
    report(loading, path, "layout", `The file cannot be read: ${explain(error)}`, null);
    return null;
  }
}

/** What can be told only of all files together: names that are taken twice, and tools that a tag names. */
function checkTools(loading: Loading): void {
  const owners = new Map<string, string>();
  for (const [path, tool] of [...loading.tools].sort(([one], [other]) => compareText(one, other))) {
    const owner = owners.get(tool);
    if (owner === undefined) owners.set(tool, path);
    else report(loading, path, "tool-duplicate", `The tool "${tool}" is already ${owner}`);
  }
  for (const { path, tool, header, source } of loading.queries) {
    const use = header.deprecated?.use ?? null;
    if (use === null) continue;
    const offset = source.search(/^-- @deprecated[^\S\r\n]+use/m);
    const place = indexPlaces(source)(source.indexOf(use, offset + "-- @deprecated".length));
    if (use === tool) {
      reportAt(loading, path, place, `@deprecated names "${use}", which is this tool itself`, null);
    } else if (!owners.has(use)) {
      const hint = didYouMean(use, owners.keys()) ?? "A tool is <module>_<file>";
      reportAt(loading, path, place, `@deprecated names "${use}", and there is no such tool`, hint);
    }
  }
}

/**
 * Hidden files are editors' and systems' own; a leading underscore is the owner's way to set a file aside.
 */
function isIgnored(name: string): boolean {
  return name.startsWith("_") || name.startsWith(".") || name.endsWith("~");
}

function report(
  loading: Loading,
  path: string,
  code: "layout" | "too-large" | "tool-duplicate",
  message: string,
  hint?: string | null,
): void {
  createReport(path, loading.diagnostics)(code, { line: 1, column: 1 }, message, hint);
}

function reportAt(loading: Loading, path: string, place: Place, message: string, hint: string | null): void {
  createReport(path, loading.diagnostics)("tag-value", place, message, hint);
}

function explain(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "it does not exist";
  if (error instanceof Deno.errors.NotCapable) return "this process has no permission to read it";
  if (error instanceof Deno.errors.PermissionDenied) return "its mode forbids it";
  return error instanceof Error ? error.message : String(error);
}
