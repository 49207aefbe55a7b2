/**
 * The composition root: settings → pools → query files → tools → something to call. `withApplication` opens
 * it, lends it and closes it, whatever happens; what is broken stops the start with one error.
 */

import { type Config, queryFoldersOf, readConfig } from "./config.ts";
import { errorReport, SqlwrightError } from "./errors.ts";
import { describeSources } from "./load/source/source.ts";
import { type SourceAccess } from "./load/source/model.ts";
import { UploadStore } from "./load/source/upload.ts";
import type { Log } from "./log.ts";
import {
  catalogUri,
  readRejects as readRejectsResource,
  readResource,
  sqlUri,
  statusUri,
} from "./mcp/resources.ts";
import type { McpApplication, ServedCatalog } from "./mcp/model.ts";
import { visibleTo } from "./mcp/visible.ts";
import { sqlstateOf } from "./postgres/database_error.ts";
import type { MigrationList } from "./migrate/files.ts";
import { type MigrationGap, pendingError } from "./migrate/gap.ts";
import type { Pool, Pools } from "./postgres/pool.ts";
import { poolerWarning } from "./postgres/session.ts";
import { type Opening, openServer, type ServerFacts } from "./databases.ts";
import type { Diagnostic } from "./query/diagnostic.ts";
import { loadKinds, type ParsedQuery } from "./query/model.ts";
import { type Change, watchFiles } from "./reload/watch.ts";
import { type Caller, localCaller } from "./tool/caller.ts";
import { type Catalog, type ServerLimits } from "./tool/model.ts";
import { catalogOf } from "./tool/catalog.ts";
import { callerOf } from "./call/call_tool.ts";
import type { Lock } from "./lock/lock.ts";
import { lockedCatalog, readLockedFiles } from "./lock/catalog.ts";
import type { ProvenTools } from "./check/check_tools.ts";
import { version } from "./version.ts";
import {
  findNameCollisions,
  type MountedProgram,
  mountPrograms,
  type ProgramHost,
  type ProgramTool,
  type ProgramToolSource,
} from "./tool/program_tool.ts";
import { LiveCatalog, type LiveCatalogOptions } from "./reload/live_catalog.ts";

export { openPools, type ServerFacts, serverFacts } from "./databases.ts";
export { type Pools } from "./postgres/pool.ts";

/** A started application: what the transports serve, and how to ask whether it is well. */
export interface Application extends McpApplication {
  catalog: () => Catalog;
  /** The query files as the start found them. */
  files: CheckedFiles;
  /** The catalogue with its status and its reloads. */
  live: LiveCatalog;
  programTools: readonly ProgramTool[];
  /** What the program tools were made with. */
  host: ProgramHost;
  pools: Pools;
  /** Null when the database answers, else why it does not. */
  ping: () => Promise<SqlwrightError | null>;
  /** The database is reached, usable and migrated. Only a start from the lock answers before. */
  ready: Promise<void>;
  /**
   * Never resolves; rejects when the database is not to be served: not ready, or another than that of the
   * lock.
   */
  failed: Promise<never>;
}

export interface ApplicationOptions {
  log: Log;
  /** Which files a load may read. @default those below SQLWRIGHT_SOURCE_DIR */
  sources?: SourceAccess;
  /** A start is refused while one of these files has not been applied. @default none */
  migrations?: readonly MigrationList[];
  /** The database, where it is being opened already. @default opened here */
  opening?: Opening;
  /**
   * Make the tools from `lock.json` where it is that of the files; the database is held against it while they
   * are served. @default false
   */
  startsFromLock?: boolean;
  /** Leave broken files out, and log what is wrong with them. @default false: they stop the start */
  skipsBroken?: boolean;
  /** Reload query files when they change, until the application closes. @default false */
  isWatching?: boolean;
  /** Shows a person the errors that a reload has found. @default not at all */
  drawErrors?: LiveCatalogOptions["draw"];
  /** Make the tools that are no query files. @default none */
  programTools?: readonly ProgramToolSource[];
}

/** What the query files came to. A catalogue is only made when there is no error. */
export interface CheckedFiles {
  catalog: Catalog;
  diagnostics: Diagnostic[];
  /** Text of each file by path, for showing diagnostics. */
  sources: ReadonlyMap<string, string>;
  /** The folder of the query files. */
  folder: string;
}

const oldestVersion = 150_000;
const newestKnownVersion = 190_000;

/**
 * How long clients of 2026-07-28 may keep a list: files may be saved at any time, or only change with a new
 * start.
 */
const watchedTtl_ms = 1000;
const startedTtl_ms = 60_000;

const isError = ({ severity }: Diagnostic) => severity === "error";

/** Broken query files: carries every diagnostic of every file. */
export class BrokenFilesError extends SqlwrightError {
  constructor(readonly files: CheckedFiles) {
    const errors = files.diagnostics.filter(({ severity }) => severity === "error");
    const paths = new Set(errors.map(({ path }) => path));
    super(
      "catalog.invalid",
      `Cannot start: ${errors.length} error${errors.length === 1 ? "" : "s"} in ${paths.size} query file${
        paths.size === 1 ? "" : "s"
      }`,
      {
        details: { diagnostics: errors },
        hint: "Correct the files; `sqlwright check` shows the same errors",
      },
    );
  }
}

/** @throws {BrokenFilesError} when the tool's own file is broken; others may be */
export function refuseBrokenTool(files: CheckedFiles, tool: string): void {
  if (files.catalog.tools.has(tool)) return;
  const own = files.diagnostics.filter((found) =>
    isError(found) && found.path.replace(/\.sql$/, "").replace("/", "_") === tool
  );
  if (own.length > 0) throw new BrokenFilesError({ ...files, diagnostics: own });
}

/**
 * @throws {SqlwrightError} `config.invalid` without DATABASE_URL, `database.*` when the server is not usable,
 * `catalog.invalid` ({@link BrokenFilesError}) when a query file is wrong.
 */
export async function withApplication<T>(
  config: Config,
  options: ApplicationOptions,
  use: (application: Application) => Promise<T>,
): Promise<T> {
  const opening = options.opening ?? openServer(config, options.migrations ?? []);
  const { pools } = opening;
  const { promise: starting, resolve: start } = Promise.withResolvers<Application | null>();
  const end = new AbortController();
  // Begins before the files are read, so that no change between the two is missed.
  const watching = options.isWatching ? watchApplication(config, starting, { ...options, end }) : null;
  try {
    const application = await startApplication(config, opening, { ...options, signal: end.signal });
    start(application);
    return await Promise.race([use(application), application.failed]);
  } finally {
    start(null);
    end.abort();
    await Promise.all([pools.reader.close(), pools.writer.close(), pools.uploads.close(), watching]);
  }
}

function watchApplication(
  config: Config,
  starting: Promise<Application | null>,
  { log, end }: { log: Log; end: AbortController },
): Promise<void> {
  return watchFiles(config.SQLWRIGHT_SQL_DIR, {
    signal: end.signal,
    onChange: async (change: Change) => await (await starting)?.live.reload(change) ?? null,
    onUnwatchable: (error) => log.warn("reload.polls", { error }),
  });
}

async function startApplication(
  config: Config,
  { pools, first }: Opening,
  options: ApplicationOptions & { signal: AbortSignal },
): Promise<Application> {
  const { log, sources, startsFromLock = false, skipsBroken = false, isWatching = false, drawErrors } =
    options;
  const locked = startsFromLock ? openLockedFiles(config) : null;
  const files = locked ?? await checkFiles(config, pools.writer);
  const ready = first.then((found) => checkServer(found, { config, log, files }));
  if (locked === null) await ready;
  for (const diagnostic of files.diagnostics.filter(({ severity }) => severity === "warning")) {
    log.warn("query_file.warning", { ...diagnostic });
  }
  if (files.diagnostics.some(isError)) {
    if (!skipsBroken) throw new BrokenFilesError(files);
    for (const diagnostic of files.diagnostics.filter(isError)) {
      log.error("query_file.broken", { ...diagnostic });
    }
    drawErrors?.(files.diagnostics.filter(isError), files.sources);
  }
  const programs = new Map<string, MountedProgram>();
  const live = new LiveCatalog(files, {
    folders: queryFoldersOf(config),
    isWatched: isWatching,
    prove: async (queries) => refuseCollisions(await proveQueries(config, pools.writer, queries), programs),
    log,
    draw: drawErrors,
  });
  const uploads = new UploadStore(pools.uploads, {
    maximumBytes: config.SQLWRIGHT_MAX_UPLOAD,
    spaceBytes: config.SQLWRIGHT_UPLOAD_SPACE,
    ttl_ms: config.SQLWRIGHT_UPLOAD_TTL,
  });
  const secret = cursorSecretOf(config);
  const access = (caller: Caller): SourceAccess => ({
    ...(sources ?? { kind: "folder", directory: config.SQLWRIGHT_SOURCE_DIR }),
    hosts: config.SQLWRIGHT_SOURCE_HOSTS,
    uploads,
    uploadOwner: caller.subject,
    resources: async (uri) => {
      const seen = visibleTo(application, caller);
      return readResource(seen, uri) ?? await readRejectsResource(seen, uri);
    },
    maximumBytes: config.SQLWRIGHT_MAX_SOURCE,
  });
  const callTool = callerOf({
    programs,
    catalog: () => live.catalog,
    reader: pools.reader,
    writer: pools.writer,
    sessionTimeout_ms: config.SQLWRIGHT_TIMEOUT,
    cursorSecret: secret,
    sources: access,
    log,
    // What runs from the lock serves what the lock says: there another type is an error.
    ...(locked === null ? { renew: (tool) => live.renew(tool) } : {}),
  });
  const host = { config, log, pools, secret, catalog: () => live.catalog, callTool };
  for (const [name, program] of mountPrograms(options.programTools ?? [], host)) programs.set(name, program);
  const collisions = findNameCollisions(live.catalog.tools.values(), programs);
  if (collisions.length > 0) throw new BrokenFilesError({ ...files, diagnostics: collisions });
  const programTools = [...programs.values()].map(({ tool }) => tool);
  const programNames = programTools.map(({ name }) => name).sort();
  const takesUploads = () => takesSources(live.catalog);
  sweepUploads(uploads, { log, ready, takesUploads, signal: options.signal });
  const application: Application = {
    catalog: () => live.catalog,
    files,
    live,
    uploads: () => takesUploads() ? uploads : null,
    programTools,
    host,
    callTool,
    onCatalogChanged: (listener) => live.onChange(({ isSwapped }) => isSwapped && listener()),
    onResourcesUpdated: (listener) =>
      live.onChange(({ isSwapped, tools }) =>
        listener(isSwapped ? [statusUri, catalogUri, ...tools.map(sqlUri)] : [statusUri])
      ),
    status: () => programNames.length === 0 ? live.status : { ...live.status, program_tools: programNames },
    readRejects: async (loadId) => {
      const { readRejects } = await import("./load/copy/rejects.ts");
      return await pools.reader.withConnection(undefined, (connection) => readRejects(connection, loadId));
    },
    listTtl_ms: isWatching ? watchedTtl_ms : startedTtl_ms,
    serverInfo: serverInfoOf(config),
    instructions: (seen = live.catalog) =>
      instructionsOf(seen, takesSources(seen) ? describeSources(access(localCaller)) : null),
    pools,
    ping: () => ping(pools.reader),
    ready,
    failed: ready.then(() =>
      locked === null ? new Promise(() => {}) : watchDrift(pools.reader, locked, options)
    ),
  };
  return application;
}

/** A host shows the project's name beside its tools. */
function serverInfoOf({ project }: Config): Application["serverInfo"] {
  return { name: "sqlwright", title: project?.name ?? "sqlwright", version };
}

/** What expired while no server ran is deleted, after the first answers. */
async function sweepUploads(
  uploads: UploadStore,
  { log, ready, takesUploads, signal }: {
    log: Log;
    ready: Promise<void>;
    takesUploads: () => boolean;
    signal: AbortSignal;
  },
): Promise<void> {
  try {
    await ready;
    if (!await isLater(sweepAfter_ms, signal) || !takesUploads()) return;
    await uploads.sweep();
  } catch (error) {
    if (!signal.aborted) log.debug("uploads.unswept", { error });
  }
}

const sweepAfter_ms = 1000;

interface ServerCheck {
  config: Config;
  log: Log;
  files: Pick<CheckedFiles, "diagnostics" | "sources">;
}

function checkServer(
  { facts, gap }: Awaited<Opening["first"]>,
  { config, log, files }: ServerCheck,
): void {
  requireUsableServer(facts, config);
  requireMigrations(gap, files.diagnostics);
  const owned = facts.isSuperuser ? [] : ownedBy(facts, files.sources);
  if (owned.length > 0) log.warn("database.owner", ownerWarning(facts.user, owned));
  if (gap !== null && gap.hidden !== null) log.warn("migrations.hidden", hiddenMigrations(gap.hidden));
  if (facts.isPooled) log.warn("database.pooled", poolerWarning);
  if (facts.version >= newestKnownVersion) {
    log.warn("database.newer", { version: facts.versionText, tested: "15 to 18" });
  }
}

/** Tables of the login's own that query files name. */
function ownedBy({ ownedTables }: ServerFacts, sources: ReadonlyMap<string, string>): string[] {
  const texts = [...sources.values()];
  return ownedTables.filter((table) => texts.some((text) => text.includes(table)));
}

/** An owner can do to its tables whatever it likes: no grant and no policy of a row holds it. */
function ownerWarning(login: string, tables: readonly string[]): Record<string, unknown> {
  return {
    login,
    tables: tables.slice(0, 5),
    ...(tables.length > 5 ? { more: tables.length - 5 } : {}),
    hint:
      "The login owns tables that the tools name, so that no privilege limits it: serve as a login that " +
      "`sqlwright grants` makes",
  };
}

/** A login that may not see what was applied cannot say what is missing, and has not to: another migrates. */
function hiddenMigrations({ login, lacking }: NonNullable<MigrationGap["hidden"]>): Record<string, unknown> {
  return {
    login,
    lacking,
    hint: "Whether all migrations were applied is not known: `sqlwright grants` has what shows it",
  };
}

/** The files as the lock has them, at once; null where it is not their lock. */
function openLockedFiles(config: Config): (CheckedFiles & { lock: Lock }) | null {
  const locked = readLockedFiles(queryFoldersOf(config));
  if (locked === null) return null;
  const catalog = lockedCatalog(locked, { limits: limitsOf(config), defaultLimits: defaultLimits() });
  const { SQLWRIGHT_SQL_DIR: folder } = config;
  return { catalog, diagnostics: [], sources: locked.sources, folder, lock: locked.lock };
}

/** So long the first answers go before. */
const verifyAfter_ms = 50;

/** Between two looks at tools that could not be looked at: doubled each time, at most the second. */
const firstRetry_ms = 1000;
const longestRetry_ms = 60_000;

/**
 * Holds the database against the lock, once for each tool. A tool that could not be looked at, for somebody
 * holds a lock or the database is away, has not drifted: it is served, and looked at again.
 */
async function watchDrift(
  pool: Pool,
  { lock, catalog }: { lock: Lock; catalog: Catalog },
  { log, signal }: { log: Log; signal: AbortSignal },
): Promise<never> {
  const never = new Promise<never>(() => {});
  let left: ReadonlySet<string> = new Set(catalog.tools.keys());
  let wait_ms = verifyAfter_ms;
  for (let time = 0; left.size > 0; time++) {
    if (!await isLater(wait_ms, signal)) return await never;
    wait_ms = Math.min(firstRetry_ms * 2 ** Math.min(time, 10), longestRetry_ms);
    const only = left;
    const { tools, error } = await verify(only);
    if (signal.aborted) return await never;
    left = new Set(tools);
    if (error !== null && time === 0) {
      const { code, message } = errorReport(error);
      log.warn("lock.unverified", {
        tools,
        error: { code, message, sqlstate: sqlstateOf(error) },
        hint: "They are served by the lock, and looked at again",
      });
    }
  }
  log.debug("lock.verified");
  return await never;

  async function verify(only: ReadonlySet<string>): Promise<{ tools: string[]; error: unknown }> {
    try {
      const { verifyLock } = await import("./lock/verify.ts");
      const unverified = await pool.withConnection(
        signal,
        (connection) => verifyLock(connection, lock, catalog, only),
      );
      return { tools: unverified.flatMap(({ tools }) => tools), error: unverified[0]?.error ?? null };
    } catch (error) {
      if (error instanceof SqlwrightError && error.code === "catalog.drifted") throw error;
      // A database that went away in the meantime is told by each call.
      return { tools: [...only], error };
    }
  }
}

/** False when the signal comes first. */
function isLater(time_ms: number, signal: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(true), time_ms);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    resolve(false);
  }, { once: true });
  return promise;
}

/**
 * Loads, parses, describes and proves every query file; errors are in the diagnostics, nothing is thrown for
 * them.
 */
export async function checkFiles(config: Config, pool: Pool): Promise<CheckedFiles> {
  // The session starts while the files are read.
  const [loaded] = await Promise.all([
    import("./query/loader.ts").then(({ loadQueries }) => loadQueries(queryFoldersOf(config))),
    pool.withConnection(undefined, (connection) => connection.execute("select 1", [])),
  ]);
  const proven = await proveQueries(config, pool, loaded.queries);
  return {
    catalog: catalogOf(proven.tools, loaded.modules),
    diagnostics: [...loaded.diagnostics, ...proven.diagnostics],
    sources: loaded.sources,
    folder: config.SQLWRIGHT_SQL_DIR,
  };
}

/** A start from the lock needs nothing of what proves: it is loaded when it is asked for. */
async function proveQueries(
  config: Config,
  pool: Pool,
  queries: readonly ParsedQuery[],
): Promise<ProvenTools> {
  const { proveTools } = await import("./check/check_tools.ts");
  return await pool.withConnection(
    undefined,
    (connection) => proveTools(connection, queries, limitsOf(config)),
  );
}

/** A file whose tool would be called as one of the programs is broken. */
function refuseCollisions(
  { tools, diagnostics }: ProvenTools,
  programs: ReadonlyMap<string, MountedProgram>,
): ProvenTools {
  const collisions = findNameCollisions(tools, programs);
  if (collisions.length === 0) return { tools, diagnostics };
  return {
    tools: tools.filter(({ name }) => !programs.has(name)),
    diagnostics: [...diagnostics, ...collisions],
  };
}

/** What the lock is written with, whatever the settings. */
export function defaultLimits(): ServerLimits {
  return limitsOf(readConfig({}));
}

export function limitsOf(config: Config): ServerLimits {
  return {
    rows: config.SQLWRIGHT_ROWS,
    bytes: config.SQLWRIGHT_BYTES,
    affected: config.SQLWRIGHT_MAX_AFFECTED,
    timeout_ms: config.SQLWRIGHT_TIMEOUT,
    loadTimeout_ms: config.SQLWRIGHT_LOAD_TIMEOUT,
    maximumTimeout_ms: config.SQLWRIGHT_MAX_TIMEOUT,
  };
}

/** @throws {SqlwrightError} `database.unsupported` or `database.refused` */
export function requireUsableServer(
  facts: Pick<ServerFacts, "version" | "versionText" | "user" | "isSuperuser">,
  config: Config,
): void {
  if (facts.version < oldestVersion) {
    throw new SqlwrightError(
      "database.unsupported",
      `Cannot start: PostgreSQL ${facts.versionText} is too old`,
      {
        details: { version: facts.versionText },
        hint: "sqlwright needs PostgreSQL 15 or newer",
      },
    );
  }
  if (facts.isSuperuser && config.SQLWRIGHT_SUPERUSER === "refuse") {
    throw new SqlwrightError(
      "database.refused",
      `Cannot start: "${facts.user}" is a superuser, whom no privilege stops`,
      {
        details: { user: facts.user },
        hint:
          "Log in with a role that has only the privileges the tools need, or set SQLWRIGHT_SUPERUSER=allow",
      },
    );
  }
}

/** SQLSTATEs of a relation, schema or type that is not there. */
const undefinedObject = new Set([
  "postgres-42P01",
  "postgres-3F000",
  "postgres-42704",
  "postgres-42883",
  "view-not-deployed",
]);

/** @throws {SqlwrightError} `migration.pending` */
function requireMigrations(gap: MigrationGap | null, diagnostics: readonly Diagnostic[]): void {
  if (gap === null || gap.pending.length === 0) return;
  // A database that was never migrated is right for query files that ask for nothing of ours.
  if (!gap.isMigrated && !diagnostics.some(({ code }) => undefinedObject.has(code))) return;
  throw pendingError(gap);
}

async function ping(pool: Pool): Promise<SqlwrightError | null> {
  try {
    await pool.withConnection(
      AbortSignal.timeout(2000),
      (connection) => connection.execute("select 1", [], { bound_ms: 2000 }),
    );
    return null;
  } catch (error) {
    if (error instanceof SqlwrightError) return error;
    return new SqlwrightError(
      "database.lost",
      `The database does not answer${sqlstateOf(error) === null ? "" : ` (${sqlstateOf(error)})`}`,
      { cause: error },
    );
  }
}

const takesSources = ({ tools }: ServedCatalog) =>
  [...tools.values()].some(({ kind }) => loadKinds.has(kind));

function cursorSecretOf({ SQLWRIGHT_CURSOR_SECRET: secret }: Config): Uint8Array {
  return secret === undefined ? crypto.getRandomValues(new Uint8Array(32)) : new TextEncoder().encode(secret);
}

/**
 * The modules' prose, one after the other, and what a load may read here: what an agent reads before it picks
 * a tool.
 */
function instructionsOf({ modules }: ServedCatalog, sources: string | null): string {
  const sections = modules
    .filter(({ title, instructions }) => title || instructions)
    .map(({ name, title, instructions }) => `# ${title ?? name} (${name}_…)\n\n${instructions}`.trim());
  if (sources !== null) sections.push(`# Sources of loads\n\n${sources}`);
  return sections.join("\n\n");
}
