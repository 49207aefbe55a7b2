/**
 * The catalogue that is served, and its replacement while it is served.
 *
 * A reload reads every file, parses those whose bytes have changed, types and proves those whose meaning has
 * changed, and makes one new catalogue of the tools that stay and the tools that are new. It is swapped
 * whole: a call that runs keeps the tool it began with. A file that is broken keeps the last tool that was
 * right; so does each file of a module whose `_module.sql` is broken, because a default that is lost could be
 * a role or a ceiling. A file is gone when it is still missing a moment later: a checkout removes a file
 * before it writes the new one. While the database cannot be asked, nothing is swapped.
 */
import { SqlwrightError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { QueryFolders } from "../project.ts";
import { compareText, type Diagnostic } from "../query/diagnostic.ts";
import type { LoadedQueries } from "../query/loader.ts";
import type { Module, ParsedQuery } from "../query/model.ts";
import type { ParseMemory } from "./parse_cache.ts";
import type { Change } from "./watch.ts";
import { type Catalog, type Tool } from "../tool/model.ts";
import { catalogOf } from "../tool/catalog.ts";
import type { ProvenTools } from "../check/check_tools.ts";
import {
  type CatalogStatus,
  type FileState,
  fileStatusOf,
  fingerprintOf,
  isBroken,
  isError,
  meansTheSame,
  type ReloadReport,
  reportOf,
  servesOf,
  servesPresent,
} from "./status.ts";

/** The query files as the start found them; a broken one has no tool. */
export interface ServedFiles {
  catalog: Catalog;
  /** Warnings, and errors of files that the start has left out. */
  diagnostics: readonly Diagnostic[];
  /** Text of each file by path, `_module.sql` too. */
  sources: ReadonlyMap<string, string>;
}

export interface LiveCatalogOptions {
  folders: QueryFolders;
  /** Whether somebody asks for reloads; the status tells it. */
  isWatched: boolean;
  /** Types and proves queries in the database. Rejects when the database cannot be asked. */
  prove: (queries: readonly ParsedQuery[]) => Promise<ProvenTools>;
  log: Log;
  /** Shows a person the errors that a reload has found. @default not at all */
  draw?: ((errors: readonly Diagnostic[], sources: ReadonlyMap<string, string>) => void) | undefined;
}

/** What a reload has changed. */
export interface CatalogChange {
  /** False when only the status is another. */
  isSwapped: boolean;
  /** Tools that are new, changed or gone. */
  tools: Tool[];
}

/** How long a file must be missing to be gone, and how often a reload looks again while files come and go. */
const gone_ms = 100;
const maximumLooks = 5;
const firstRetry_ms = 1000;
const longestRetry_ms = 30_000;
/**
 * How often files that the database refuses are asked again without a change: a migration may be on its way.
 */
const maximumProofs = 10;

export class LiveCatalog {
  readonly #options: LiveCatalogOptions;
  readonly #log: Log;
  readonly #listeners = new Set<(change: CatalogChange) => void>();
  #catalog: Catalog;
  #memory: ParseMemory | null = null;
  #files: Map<string, FileState>;
  #servingSince = new Date();
  #fingerprint: string | null = null;
  #lastReload: ReloadReport | null = null;
  /** Code of the failure of the last reload. */
  #failing: string | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  /** Retries in a row that have changed nothing. */
  #retries = 0;

  constructor({ catalog, diagnostics, sources }: ServedFiles, options: LiveCatalogOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#catalog = catalog;
    const tools = new Map([...catalog.tools.values()].map((tool) => [tool.query.parsed.path, tool]));
    const paths = [...new Set([...sources.keys(), ...tools.keys()])].sort(compareText);
    this.#files = new Map(paths.map((path) => {
      const tool = tools.get(path) ?? null;
      const found = diagnostics.filter((each) => each.path === path);
      return [path, {
        query: tool?.query.parsed ?? null,
        tool,
        notes: found,
        diagnostics: found,
        isRefused: false,
      }];
    }));
  }

  get catalog(): Catalog {
    return this.#catalog;
  }

  get status(): CatalogStatus {
    return {
      serving_since: this.#servingSince.toISOString(),
      fingerprint: this.#fingerprint ??= fingerprintOf(this.#catalog),
      tools: this.#catalog.tools.size,
      reload: this.#options.isWatched ? "watch" : "off",
      files: [...this.#files].map(([path, state]) => fileStatusOf(path, state)),
      last_reload: this.#lastReload,
    };
  }

  /**
   * Calls the listener after each reload that has changed the catalogue or the status. Returns what ends
   * that.
   */
  onChange(listener: (change: CatalogChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * One reload; the caller waits for it before the next. Never rejects. Resolves to the time after which it
   * shall be tried again without a change, or to null.
   */
  async reload(change: Change): Promise<number | null> {
    return await this.#inTurn(() => this.#reload(change));
  }

  /**
   * Describes one tool anew, whose types have changed in the database while its file has not. Answers the
   * tool that is served then; null where the database refuses the file or nothing is another.
   */
  async renew(tool: Tool): Promise<Tool | null> {
    return await this.#inTurn(async () => {
      const served = this.#catalog.tools.get(tool.name);
      // Another call has found it out before, or a reload has.
      if (served !== tool) return served ?? null;
      const { path } = tool.query.parsed;
      const state = this.#files.get(path);
      const proven = await this.#options.prove([tool.query.parsed]);
      const [renewed] = proven.tools;
      if (state === undefined || renewed === undefined) {
        for (const found of proven.diagnostics) this.#log.error("query_file.broken", { ...found, path });
        return null;
      }
      this.#files = new Map(this.#files).set(path, { ...state, tool: renewed });
      const tools = [...this.#catalog.tools.values()].map((each) => each === tool ? renewed : each);
      const change = this.#swap(catalogOf(tools, [...this.#catalog.modules]));
      this.#log.warn("tool.renewed", { tool: tool.name });
      for (const listener of this.#listeners) listener(change);
      return renewed;
    });
  }

  /** One at a time: what is swapped is made of what was served before. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #reload({ isSettled, isRetry }: Change): Promise<number | null> {
    const began_ms = performance.now();
    const before = this.#catalog;
    let change: CatalogChange = { isSwapped: false, tools: [] };
    let hasNews = false;
    let failure: unknown = null;
    try {
      const look = await this.#look(isSettled);
      const files = await this.#prove(look);
      change = this.#swap(this.#assemble(files, look));
      hasNews = this.#tell(files, look.loaded.sources);
      this.#files = files;
    } catch (error) {
      failure = error;
    }
    const report = reportOf(before, this.#catalog, { failure, hasNews, began_ms });
    const failing = report.error?.code ?? null;
    const isOther = change.isSwapped || hasNews || failing !== this.#failing;
    this.#failing = failing;
    if (isOther || this.#lastReload === null || !isRetry && failure !== null) this.#lastReload = report;
    this.#logReload(report, failure, !isRetry || isOther);
    if (isOther) { for (const listener of this.#listeners) listener(change); }
    if (!isRetry || isOther) this.#retries = 0;
    return this.#retryAfter(failure);
  }

  /** Reads the directory; once more as long as files are missing that were there and may come back. */
  async #look(isSettled: boolean): Promise<Look> {
    const { folders } = this.#options;
    // Imported when a file changes for the first time: a start from the lock needs none of it.
    const [{ loadQueries }, { ParseMemory }] = await Promise.all([
      import("../query/loader.ts"),
      import("./parse_cache.ts"),
    ]);
    const { parse } = this.#memory ??= new ParseMemory();
    for (let looks = 1;; looks++) {
      const loaded = await loadQueries(folders, { parse });
      const told = new Set(loaded.diagnostics.filter(isError).map(({ path }) => path));
      const missing = [...this.#files].filter(([path, { tool }]) =>
        (tool !== null || path.endsWith("/_module.sql")) && !loaded.sources.has(path) && !told.has(path)
      ).map(([path]) => path);
      if (missing.length === 0 || !isSettled) return { loaded, isSettled, absent: new Set(missing) };
      await new Promise((resolve) => setTimeout(resolve, gone_ms));
      const lying = await Promise.all(missing.map((path) => mayLie(`${folders.directory}/${path}`)));
      if (!lying.includes(true)) return { loaded, isSettled, absent: new Set() };
      // They have just come back; or the mode of their folder hides them, and then they stay.
      if (looks === maximumLooks) {
        return { loaded, isSettled, absent: new Set(missing.filter((_path, index) => lying[index])) };
      }
    }
  }

  /** The state of every file as it lies there, with the tools that are new. */
  async #prove({ loaded, isSettled, absent }: Look): Promise<Map<string, FileState>> {
    const held = heldModules(loaded, absent);
    const queries = new Map(
      loaded.queries.filter(({ module }) => !held.has(module)).map((query) => [query.path, query]),
    );
    const fresh = [...queries.values()].filter((query) => {
      const tool = this.#files.get(query.path)?.tool ?? null;
      return tool === null || !meansTheSame(tool.query.parsed, query);
    });
    const proven = fresh.length > 0 ? await this.#options.prove(fresh) : { tools: [], diagnostics: [] };
    const tools = new Map(proven.tools.map((tool) => [tool.query.parsed.path, tool]));
    const isFresh = new Set(fresh.map(({ path }) => path));
    this.#memory?.keepOnly(loaded.sources);

    const files = new Map<string, FileState>();
    const told = loaded.diagnostics.filter(isError).map(({ path }) => path);
    for (const path of [...new Set([...loaded.sources.keys(), ...told, ...absent])].sort(compareText)) {
      const known = this.#files.get(path);
      const ofText = loaded.diagnostics.filter((found) => found.path === path);
      const ofDatabase = proven.diagnostics.filter((found) => found.path === path);
      const tool = tools.get(path);
      const notes = tool === undefined ? known?.notes ?? [] : ofDatabase;
      const state: FileState = {
        query: queries.get(path) ?? null,
        tool: tool ?? known?.tool ?? null,
        notes,
        diagnostics: isFresh.has(path)
          ? [...ofText, ...ofDatabase]
          : [...ofText, ...(queries.has(path) ? notes.filter((note) => !isAmong(note, ofText)) : [])],
        isRefused: isFresh.has(path) && tool === undefined,
      };
      // In the middle of a burst a file may be half written: what is broken now is told when it is over.
      if (!absent.has(path) && (isSettled || !isBroken(state))) files.set(path, state);
      else if (known !== undefined) files.set(path, known);
    }
    return files;
  }

  /** A tool that is only kept gives way to a new one of the same name. */
  #assemble(files: ReadonlyMap<string, FileState>, { loaded, absent }: Look): Catalog {
    const states = [...files.values()].toSorted((one, other) =>
      Number(servesPresent(one)) - Number(servesPresent(other))
    );
    const byName = new Map<string, Tool>();
    for (const { tool } of states) if (tool !== null) byName.set(tool.name, tool);
    const held = heldModules(loaded, absent);
    const inUse = new Set([...byName.values()].map(({ module }) => module));
    const modules = new Map<string, Module>(
      loaded.modules.filter(({ name }) => !held.has(name)).map((module) => [module.name, module]),
    );
    for (const module of this.#catalog.modules) {
      if (!modules.has(module.name) && inUse.has(module.name)) modules.set(module.name, module);
    }
    return catalogOf(
      [...byName.values()],
      [...modules.values()].sort((one, other) => compareText(one.name, other.name)),
    );
  }

  /** Serves the next catalogue, if it is another. */
  #swap(next: Catalog): CatalogChange {
    const before = this.#catalog;
    const tools = [
      ...[...next.tools.values()].filter((tool) => before.tools.get(tool.name) !== tool),
      ...[...before.tools.values()].filter((tool) => !next.tools.has(tool.name)),
    ];
    const isSwapped = tools.length > 0 || JSON.stringify(before.modules) !== JSON.stringify(next.modules);
    if (isSwapped) {
      this.#catalog = next;
      this.#servingSince = new Date();
      this.#fingerprint = null;
    }
    return { isSwapped, tools };
  }

  /**
   * Tells what is new about the files; what was told before is not told again. True when there was something
   * to tell.
   */
  #tell(next: ReadonlyMap<string, FileState>, sources: ReadonlyMap<string, string>): boolean {
    const errors: Diagnostic[] = [];
    let hasNews = [...this.#files.keys()].some((path) => !next.has(path));
    for (const [path, state] of next) {
      const known = this.#files.get(path);
      if (known !== undefined && servesOf(path, known) !== servesOf(path, state)) hasNews = true;
      if (JSON.stringify(state.diagnostics) === JSON.stringify(known?.diagnostics ?? [])) continue;
      hasNews = true;
      for (const diagnostic of state.diagnostics) {
        if (known?.diagnostics.some((before) => isAmong(before, [diagnostic]))) continue;
        if (!isError(diagnostic)) this.#log.warn("query_file.warning", { ...diagnostic });
        else this.#log.error("query_file.broken", { ...diagnostic, serves: servesOf(path, state) });
      }
      if (isBroken(state)) errors.push(...state.diagnostics.filter(isError));
      else if (known !== undefined && isBroken(known)) this.#log.info("query_file.mended", { path });
    }
    if (errors.length > 0) this.#options.draw?.(errors, sources);
    return hasNews;
  }

  #logReload(report: ReloadReport, failure: unknown, isNews: boolean): void {
    const { outcome, duration_ms, added, changed, removed, error } = report;
    if (error === null) {
      const level = outcome === "swapped" ? "info" : "debug";
      this.#log[level]("catalog.reloaded", { outcome, duration_ms, added, changed, removed });
    } else if (failure instanceof SqlwrightError) {
      this.#log[isNews ? "warn" : "debug"]("catalog.kept", { duration_ms, error });
    } else this.#log.error("catalog.kept", { duration_ms, error: failure });
  }

  /** A database that is down comes back at some time; a file that it refuses may never be right. */
  #retryAfter(failure: unknown): number | null {
    const isRefused = [...this.#files.values()].some((state) => state.isRefused);
    if (failure === null && (!isRefused || this.#retries >= maximumProofs)) return null;
    return Math.min(firstRetry_ms * 2 ** this.#retries++, longestRetry_ms);
  }
}

interface Look {
  loaded: LoadedQueries;
  isSettled: boolean;
  /** Files that were not read, though they are not known to be gone. */
  absent: ReadonlySet<string>;
}

/**
 * Modules whose defaults are not known now: their `_module.sql` or their folder cannot be read, or is wrong.
 */
function heldModules({ diagnostics }: LoadedQueries, absent: ReadonlySet<string>): Set<string> {
  const paths = [...diagnostics.filter(isError).map(({ path }) => path), ...absent];
  return new Set(
    paths.filter((path) => !path.includes("/") || path.endsWith("/_module.sql")).map((path) =>
      path.split("/")[0]!
    ),
  );
}

async function mayLie(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound);
  }
}

function isAmong(wanted: Diagnostic, found: readonly Diagnostic[]): boolean {
  return found.some((each) =>
    each.code === wanted.code && each.line === wanted.line && each.column === wanted.column &&
    each.message === wanted.message && each.path === wanted.path
  );
}
