/**
 * The composition root: settings → pools → query files → tools → something to call. `withApplication` opens it, lends it and
 * closes it, whatever happens; what is broken stops the start with one error.
 */

import { type Config } from "./config.ts";
import { SqlwrightError } from "./errors.ts";
import type { Log } from "./log.ts";
import type { McpApplication } from "./mcp/server.ts";
import { sqlstateOf } from "./postgres/database_error.ts";
import { findMigrationGap, type MigrationGap } from "./postgres/migration_check.ts";
import { Pool, type PoolConnection } from "./postgres/pool.ts";
import type { Diagnostic } from "./query/diagnostic.ts";
import { loadQueries } from "./query/loader.ts";
import { type Catalog, catalogOf, type ServerLimits } from "./tool/catalog.ts";
import { callerOf } from "./tool/execute.ts";
import type { SourceAccess } from "./tool/load.ts";
import { proveTools } from "./tool/prove.ts";

export const version = "0.1.0";

/** A started application: what the transports serve, and how to ask whether it is well. */
export interface Application extends McpApplication {
  catalog: () => Catalog;
  pools: Pools;
  /** Null when the database answers, else why it does not. */
  ping: () => Promise<SqlwrightError | null>;
}

export interface ApplicationOptions {
  log: Log;
  /** Which files a load may read. @default those below SQLWRIGHT_SOURCE_DIR */
  sources?: SourceAccess;
  /** A start is refused while one of these files has not been applied. @default none */
  migrationsDirectory?: string;
}

export interface Pools {
  reader: Pool;
  writer: Pool;
}

/** What the query files came to. A catalogue is only made when there is no error. */
export interface CheckedFiles {
  catalog: Catalog;
  diagnostics: Diagnostic[];
  /** Text of each file by path, for showing diagnostics. */
  sources: ReadonlyMap<string, string>;
}

export interface ServerFacts {
  /** `server_version_num`, such as 180004. */
  version: number;
  versionText: string;
  user: string;
  database: string;
  isSuperuser: boolean;
}

const oldestVersion = 150_000;
const newestKnownVersion = 190_000;

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

/**
 * @throws {SqlwrightError} `config.invalid` without DATABASE_URL, `database.*` when the server is not usable,
 * `catalog.invalid` ({@link BrokenFilesError}) when a query file is wrong.
 */
export async function withApplication<T>(
  config: Config,
  options: ApplicationOptions,
  use: (application: Application) => Promise<T>,
): Promise<T> {
  const pools = openPools(config);
  try {
    return await use(await startApplication(config, pools, options));
  } finally {
    await Promise.all([pools.reader.close(), pools.writer.close()]);
  }
}

async function startApplication(
  config: Config,
  pools: Pools,
  { log, sources, migrationsDirectory }: ApplicationOptions,
): Promise<Application> {
  const [files, [facts, gap]] = await Promise.all([
    checkFiles(config, pools.writer),
    pools.reader.withConnection(undefined, async (connection) =>
      [
        await serverFacts(connection),
        migrationsDirectory === undefined ? null : await findMigrationGap(connection, migrationsDirectory),
      ] as const),
  ]);
  requireUsableServer(facts, config);
  requireMigrations(gap, files.diagnostics);
  if (facts.version >= newestKnownVersion) {
    log.warn("database.newer", { version: facts.versionText, tested: "15 to 18" });
  }
  for (const diagnostic of files.diagnostics.filter(({ severity }) => severity === "warning")) {
    log.warn("query_file.warning", { ...diagnostic });
  }
  if (files.diagnostics.some(({ severity }) => severity === "error")) throw new BrokenFilesError(files);
  const { catalog } = files;
  const callTool = callerOf({
    catalog: () => catalog,
    reader: pools.reader,
    writer: pools.writer,
    sessionTimeout_ms: config.SQLWRIGHT_TIMEOUT,
    cursorSecret: cursorSecretOf(config),
    sources: sources ?? { kind: "folder", directory: config.SQLWRIGHT_SOURCE_DIR },
    log,
  });
  return {
    catalog: () => catalog,
    callTool,
    onCatalogChanged: () => () => {},
    serverInfo: { name: "sqlwright", title: "sqlwright", version },
    instructions: () => instructionsOf(catalog),
    pools,
    ping: () => ping(pools.reader),
  };
}

/** Both pools, not yet connected. Sessions of the reader are read-only by default. */
export function openPools(config: Config): Pools {
  const { DATABASE_URL: url } = config;
  if (url === undefined) {
    throw new SqlwrightError("config.invalid", "Cannot start: DATABASE_URL is not set", {
      hint: "Set DATABASE_URL in .env, or run `deno task start`, which brings its own PostgreSQL",
    });
  }
  const options = {
    url,
    size: config.SQLWRIGHT_POOL_SIZE,
    queueSize: config.SQLWRIGHT_QUEUE_SIZE,
    queueTimeout_ms: config.SQLWRIGHT_QUEUE_TIMEOUT,
    connectTimeout_ms: config.SQLWRIGHT_CONNECT_TIMEOUT,
  };
  const parameters = {
    statement_timeout: String(config.SQLWRIGHT_TIMEOUT),
    idle_in_transaction_session_timeout: "60000",
  };
  return {
    reader: new Pool({ ...options, parameters: { ...parameters, default_transaction_read_only: "on" } }),
    writer: new Pool({ ...options, parameters }),
  };
}

/** Loads, parses, describes and proves every query file; errors are in the diagnostics, nothing is thrown for them. */
export async function checkFiles(config: Config, pool: Pool): Promise<CheckedFiles> {
  const loaded = await loadQueries(config.SQLWRIGHT_SQL_DIR);
  const proven = await pool.withConnection(
    undefined,
    (connection) => proveTools(connection, loaded.queries, limitsOf(config)),
  );
  return {
    catalog: catalogOf(proven.tools, loaded.modules),
    diagnostics: [...loaded.diagnostics, ...proven.diagnostics],
    sources: loaded.sources,
  };
}

export function limitsOf(config: Config): ServerLimits {
  return {
    rows: config.SQLWRIGHT_ROWS,
    bytes: config.SQLWRIGHT_BYTES,
    timeout_ms: config.SQLWRIGHT_TIMEOUT,
    loadTimeout_ms: config.SQLWRIGHT_LOAD_TIMEOUT,
    maximumTimeout_ms: config.SQLWRIGHT_MAX_TIMEOUT,
  };
}

export async function serverFacts(connection: PoolConnection): Promise<ServerFacts> {
  const [row] = await connection.rows(
    `select
       current_setting('server_version_num') as version,
       current_setting('server_version') as version_text,
       current_user as "user",
       current_database() as database,
       (select role.rolsuper from pg_catalog.pg_roles as role where role.rolname = current_user) as is_superuser`,
  );
  return {
    version: Number(row!.version),
    versionText: row!.version_text!,
    user: row!.user!,
    database: row!.database!,
    isSuperuser: row!.is_superuser === "t",
  };
}

/** @throws {SqlwrightError} `database.unsupported` or `database.refused` */
export function requireUsableServer(facts: ServerFacts, config: Config): void {
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

/** @throws {SqlwrightError} `migration.missing` */
function requireMigrations(gap: MigrationGap | null, diagnostics: readonly Diagnostic[]): void {
  if (gap === null || gap.pending.length === 0) return;
  // A database that was never migrated is right for query files that ask for nothing of ours.
  if (!gap.isMigrated && !diagnostics.some(({ code }) => undefinedObject.has(code))) return;
  const [first] = gap.pending;
  const others = gap.pending.length - 1;
  throw new SqlwrightError(
    "migration.missing",
    `Cannot start: the migration ${first}${
      others > 0 ? ` and ${others} more have` : " has"
    } not been applied to the database`,
    { details: { pending: gap.pending }, hint: "Run `deno task sqlwright migrate`" },
  );
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

function cursorSecretOf({ SQLWRIGHT_CURSOR_SECRET: secret }: Config): Uint8Array {
  return secret === undefined ? crypto.getRandomValues(new Uint8Array(32)) : new TextEncoder().encode(secret);
}

/** The modules' prose, one after the other: what an agent reads before it picks a tool. */
function instructionsOf({ modules }: Catalog): string {
  return modules
    .filter(({ title, instructions }) => title || instructions)
    .map(({ name, title, instructions }) => `# ${title ?? name} (${name}_…)\n\n${instructions}`.trim())
    .join("\n\n");
}
