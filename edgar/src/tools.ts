/**
 * The sync and the load as tools, for agents: `edgar_sync_company`, `edgar_sync_recent`, `edgar_sync_bulk`,
 * `edgar_sync_files` and `edgar_sync_status`. They are a module of their own, mounted only where
 * EDGAR_USER_AGENT is set, because only then may the server's process reach SEC. The nightly archives need a
 * disk and hours, so that tool asks a worker.
 *
 * They write through the same `:copy` tools and roles as any caller. All of a process share one clock of
 * requests, and with Redis all processes.
 */

import {
  type CallContext,
  closedObject,
  type JsonSchema,
  type Log,
  pathBelow,
  type ProgramHost,
  type ProgramTool,
  type ProgramToolSource,
  queryClient,
} from "sqlwright";
import { SqlwrightError } from "./errors.ts";
import type { EdgarQueries } from "./load/ledger.ts";
import { processClock, requireUserAgent, type SlotClock } from "./sec/limiter.ts";
import type { LoadListener, LoadSummary } from "./load/load_report.ts";
import type { Queries } from "./queries.ts";
import type { EdgarConfig } from "./settings.ts";
import type { SyncRequest } from "./sync/sync.ts";

const moduleName = "edgar_sync";
/**
 * Whoever has it may have everything loaded that these tools load: they write with authority of their own.
 */
const syncScope = "edgar:sync";
/** Syncs at a time in one process; one more is told to come back. */
const maximumRunning = 2;
const maximumCompanies = 50;
const maximumFailures = 20;
const progressEvery_ms = 250;
const documentKinds = ["ownership", "holdings", "documents"];

/**
 * No tool without EDGAR_USER_AGENT. @throws {SqlwrightError} `edgar.user_agent_missing` for one without a
 * contact
 */
export function edgarTools(config: EdgarConfig): ProgramToolSource {
  if (config.EDGAR_USER_AGENT === undefined) return () => [];
  requireUserAgent(config.EDGAR_USER_AGENT);
  return (host) => {
    const module = new SyncModule(host, config);
    return [
      syncCompanyTool(module),
      syncRecentTool(module),
      syncBulkTool(module),
      loadFilesTool(module),
      statusTool(module),
    ];
  };
}

/** What the tools of one application share. */
class SyncModule {
  readonly queries: EdgarQueries;
  readonly #clock = processClock();
  #running = 0;

  constructor(readonly host: ProgramHost, readonly config: EdgarConfig) {
    this.queries = queryClient<Queries>(host.callTool).edgar;
  }

  async sync(request: SyncRequest, context: CallContext): Promise<Record<string, unknown>> {
    return await this.#bounded(context, async (signal, listener) => {
      const { host, config, queries } = this;
      const [{ sync }, { Loader }, { openSecClient }] = await Promise.all([
        import("./sync/sync.ts"),
        import("./load/load.ts"),
        import("./sec/open.ts"),
      ]);
      const shared = await openSharedClock(config, host.log);
      try {
        using client = openSecClient(config, { log: host.log, clock: shared ?? this.#clock });
        const loader = new Loader({ queries, signal, listener, correlationId: context.correlationId });
        return await sync(request, { client, loader, queries, signal, listener, directory: null });
      } finally {
        await shared?.close();
      }
    });
  }

  async load(paths: readonly string[], context: CallContext): Promise<Record<string, unknown>> {
    return await this.#bounded(context, async (signal, listener) => {
      const { loadPaths } = await import("./load/load.ts");
      const root = this.config.SQLWRIGHT_SOURCE_DIR;
      const files = await Promise.all(
        paths.map((path) => pathBelow(root, path, { allowsFolder: true, example: "api/xbrl/companyfacts" })),
      );
      const { queries } = this;
      return await loadPaths(files, { queries, signal, listener, correlationId: context.correlationId });
    });
  }

  async #bounded(
    context: CallContext,
    work: (signal: AbortSignal, listener: LoadListener) => Promise<LoadSummary>,
  ): Promise<Record<string, unknown>> {
    if (this.#running >= maximumRunning) {
      throw new SqlwrightError("call.busy", `Cannot sync now: ${maximumRunning} syncs are running`, {
        hint: "Try again when one of them has ended",
      });
    }
    this.#running++;
    const timeout_ms = this.config.SQLWRIGHT_MAX_TIMEOUT;
    const late = new AbortController();
    const timer = setTimeout(
      () =>
        late.abort(
          new SqlwrightError("call.timeout", `Cannot finish the sync: it took longer than ${timeout_ms} ms`, {
            details: { timeout_ms },
            hint: "What is loaded stays: call again to go on from there",
          }),
        ),
      timeout_ms,
    );
    try {
      return answerOf(await work(AbortSignal.any([context.signal, late.signal]), progressOf(context)));
    } finally {
      clearTimeout(timer);
      this.#running--;
    }
  }
}

/** The slots of requests to SEC, in Redis where there is one; null where this process asks alone. */
async function openSharedClock(
  { REDIS_URL: url }: EdgarConfig,
  log: Log,
): Promise<(SlotClock & { close(): Promise<void> }) | null> {
  if (url === undefined) return null;
  const { openRedisSlots } = await import("./sec/redis_clock.ts");
  return await openRedisSlots(url, { log });
}

function syncCompanyTool(module: SyncModule): ProgramTool {
  return {
    name: `${moduleName}_company`,
    title: "Bring companies up to date",
    description:
      "Brings companies up to date from SEC: submissions with all filings, and XBRL facts; on demand the " +
      "documents of the newest filings. Only what has changed is sent and loaded, so calling it again " +
      "costs little. At most ten requests a second are made.",
    module: moduleName,
    scopes: [syncScope],
    inputSchema: closedObject({
      tickers: {
        description: "Ticker symbols in SEC's spelling, such as AAPL or BRK-B",
        type: "array",
        items: { type: "string", minLength: 1, maxLength: 16 },
        maxItems: maximumCompanies,
        default: [],
      },
      ciks: {
        description: "SEC company numbers",
        type: "array",
        items: { type: "integer", minimum: 1, maximum: 9_999_999_999 },
        maxItems: maximumCompanies,
        default: [],
      },
      documents: {
        description:
          "What else: ownership (forms 3, 4, 5), holdings (13F tables), documents (text of annual and " +
          "quarterly reports)",
        type: "array",
        items: { type: "string", enum: documentKinds },
        maxItems: documentKinds.length,
        default: [],
      },
      filings: {
        description: "Filings of each kind and company to take documents of, newest first",
        type: "integer",
        minimum: 1,
        maximum: 200,
        default: 10,
      },
    }, []),
    outputSchema: summarySchema,
    annotations: annotationsOf("Bring companies up to date", true),
    run: async ({ tickers = [], ciks = [], documents = [], filings = 10 }, context) => {
      const request = {
        ...noRequest,
        tickers: tickers as string[],
        ciks: ciks as number[],
        documents: documents as SyncRequest["documents"],
        maximumFilings: filings as number,
      };
      if (request.tickers.length + request.ciks.length === 0) {
        throw new SqlwrightError("argument.invalid", "Cannot sync: neither tickers nor ciks name a company", {
          hint: 'Give {"tickers": ["AAPL"]}',
        });
      }
      return await module.sync(request, context);
    },
  };
}

function syncRecentTool(module: SyncModule): ProgramTool {
  return {
    name: `${moduleName}_recent`,
    title: "Load new filings since a day",
    description:
      "Loads SEC's daily indexes from a day on, and brings those loaded companies up to date that filed " +
      "since. A company of which nothing is loaded gets its filings listed, and no facts.",
    module: moduleName,
    scopes: [syncScope],
    inputSchema: closedObject({
      since: { description: "First day, such as 2026-10-01", type: "string", format: "date" },
    }, ["since"]),
    outputSchema: summarySchema,
    annotations: annotationsOf("Load new filings since a day", true),
    run: ({ since }, context) => module.sync({ ...noRequest, since: String(since) }, context),
  };
}

function syncBulkTool(module: SyncModule): ProgramTool {
  const title = "Load all companies from the nightly archives";
  return {
    name: `${moduleName}_bulk`,
    title,
    description:
      "Asks for SEC's nightly archives: the filings and facts of every company, several GB and hours of " +
      "work, done by a worker (`sqlwright edgar work`) and not by this call. Asking again while it is " +
      "queued or running changes nothing and tells how far it is. For some companies use " +
      `${moduleName}_company.`,
    module: moduleName,
    scopes: [syncScope],
    inputSchema: closedObject({}, []),
    outputSchema: closedObject({ is_new: { type: "boolean" }, job: jobSchema }),
    annotations: annotationsOf(title, true),
    run: async (_args, { signal }) => {
      const { readJobs } = await import("./sync/status.ts");
      const { affected } = await module.queries.queue_bulk_sync({}, { signal });
      const job = (await readJobs(module.queries, signal)).find(({ name }) => name === "bulk");
      return { is_new: Number(affected) > 0, job };
    },
  };
}

function loadFilesTool(module: SyncModule): ProgramTool {
  return {
    name: `${moduleName}_files`,
    title: "Load files of SEC",
    description: "Loads files that lie below the server's source folder in SEC's layout, such as " +
      "api/xbrl/companyfacts/CIK0000320193.json; folders are searched. Nothing is asked of SEC. A file " +
      "that was loaded with the same content is skipped.",
    module: moduleName,
    scopes: [syncScope],
    inputSchema: closedObject({
      paths: {
        description: "Files and folders, from the source folder on",
        type: "array",
        items: { type: "string", minLength: 1, maxLength: 500 },
        minItems: 1,
        maxItems: 100,
      },
    }, ["paths"]),
    outputSchema: summarySchema,
    annotations: annotationsOf("Load files of SEC", false),
    run: ({ paths }, context) => module.load(paths as string[], context),
  };
}

function statusTool(module: SyncModule): ProgramTool {
  const title = "State of SEC's files";
  const text: JsonSchema = { type: "string" };
  const count: JsonSchema = { type: "integer", minimum: 0 };
  const time: JsonSchema = { type: ["string", "null"] };
  return {
    name: `${moduleName}_status`,
    title,
    description:
      "What is loaded of SEC's files by kind, how fresh it is, what failed with the reason, and how far " +
      "the nightly archives are.",
    module: moduleName,
    scopes: [syncScope],
    inputSchema: closedObject({}, []),
    outputSchema: closedObject({
      kinds: {
        type: "array",
        items: closedObject({
          kind: text,
          loaded_files: count,
          failed_files: count,
          missing_files: count,
          rows_loaded: count,
          size_bytes: count,
          last_loaded_at: time,
          last_fetched_at: time,
        }),
      },
      failures: { type: "array", items: closedObject({ path: text, failure: text, failed_at: time }) },
      has_more_failures: { type: "boolean" },
      jobs: { type: "array", items: jobSchema },
    }),
    annotations: { ...annotationsOf(title, false), readOnlyHint: true, idempotentHint: true },
    run: async (_args, { signal }) => {
      const { readStatus } = await import("./sync/status.ts");
      return { ...await readStatus(module.queries, signal) };
    },
  };
}

const textOrNull: JsonSchema = { type: ["string", "null"] };

const jobSchema: JsonSchema = closedObject({
  name: { description: "bulk: the nightly archives", type: "string" },
  state: { type: "string", enum: ["queued", "running", "done", "failed"] },
  requested_at: { type: "string" },
  started_at: textOrNull,
  ended_at: textOrNull,
  progress: { description: "What it is doing", ...textOrNull },
  files: { description: "Files that are through", type: "integer", minimum: 0 },
  rows_loaded: { description: "Rows that were read", type: "integer", minimum: 0 },
  failure: { description: "Why it failed, or why the last try did", ...textOrNull },
  workers: { description: "Workers that are there now", type: "integer", minimum: 0 },
  advice: { description: "What somebody has to do for it; null when nothing", ...textOrNull },
});

const noRequest: SyncRequest = {
  tickers: [],
  ciks: [],
  since: null,
  isAll: false,
  isBulk: false,
  documents: [],
  maximumFilings: 10,
};

function annotationsOf(title: string, isOpenWorld: boolean): ProgramTool["annotations"] {
  return {
    title,
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: isOpenWorld,
  };
}

const counts = {
  files: "Files that were looked at",
  loaded: "Files whose content was new and is loaded",
  known: "Files that were loaded before and have not changed",
  missing: "Files that SEC does not have",
  failed: "Files that failed; failures has the reasons",
  rows: "Rows that were read",
  inserted: "Rows that are new",
  updated: "Rows that have changed",
  unchanged: "Rows that were there already",
  rejected: "Rows that were refused",
};

const countSchemas = Object.fromEntries(
  Object.entries(counts).map(([name, description]) => [name, { description, type: "integer", minimum: 0 }]),
);

const summarySchema: JsonSchema = closedObject({
  ...countSchemas,
  seconds: { type: "number", minimum: 0 },
  kinds: {
    description: "The same by kind of file",
    type: "array",
    items: closedObject({
      kind: { type: "string" },
      ...countSchemas,
      seconds: { type: "number", minimum: 0 },
    }),
  },
  failures: {
    description: `At most ${maximumFailures}; ${moduleName}_status has more`,
    type: "array",
    items: closedObject({ path: { type: "string" }, code: { type: "string" }, message: { type: "string" } }),
  },
});

function answerOf({ kinds, failures, ...sums }: LoadSummary): Record<string, unknown> {
  const pick = (sum: object) =>
    Object.fromEntries(Object.entries(sum).filter(([name]) => name in counts || name === "seconds"));
  return {
    ...pick(sums),
    kinds: kinds.map((kind) => ({ kind: kind.kind, ...pick(kind) })),
    failures: failures.slice(0, maximumFailures),
  };
}

/** Files that are through of those that are known to come; and what is on its way, in words. */
function progressOf(context: CallContext): LoadListener {
  let expected = 0;
  let done = 0;
  let told_ms = -Infinity;
  const tell = (message: string, isForced = false) => {
    if (!isForced && performance.now() - told_ms < progressEvery_ms) return;
    told_ms = performance.now();
    context.progress(done, Math.max(expected, done), message);
  };
  return {
    expected: (files) => void (expected += files),
    advanced: (path, rows) => tell(`${path}: ${rows} rows`),
    received: (path, bytes) => tell(`${path}: ${bytes} bytes received`),
    finished: ({ path, outcome, inserted, updated }) => {
      done++;
      tell(`${path}: ${outcome}, ${inserted} inserted, ${updated} updated`, true);
    },
    noted: (text) => tell(text, true),
  };
}
