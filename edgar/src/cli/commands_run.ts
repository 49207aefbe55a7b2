/** `edgar load`, `sync` and `status`: SEC's files into the database, and what is there. */

import { join } from "node:path";
import {
  type Cell,
  type Column,
  formatError,
  formatTable,
  Interruption,
  type Log,
  paintFor,
  print,
  printJson,
  queryClient,
  silentLog,
  tell,
  UsageError,
  widthOf,
  withApplication,
  withDatabase,
} from "sqlwright";
import type { SecClient } from "../sec/client.ts";
import { requireUserAgent } from "../sec/limiter.ts";
import type { EdgarQueries } from "../load/ledger.ts";
import type { KindSummary, LoadListener, LoadSummary } from "../load/load_report.ts";
import type { Queries } from "../queries.ts";
import type { EdgarConfig } from "../settings.ts";
import { isDate } from "../source/source_field.ts";
import type { SyncRequest } from "../sync/sync.ts";
import type { DocumentKind } from "../sync/sync_documents.ts";
import { count, formatSpan, openProgress } from "./progress.ts";

export interface EdgarOptions {
  json?: boolean | undefined;
}

export interface SyncOptions extends EdgarOptions {
  ticker?: string[] | undefined;
  cik?: string[] | undefined;
  since?: string | undefined;
  all?: boolean | undefined;
  bulk?: boolean | undefined;
  documents?: boolean | undefined;
  ownership?: boolean | undefined;
  holdings?: boolean | undefined;
  filings?: string | undefined;
  queue?: boolean | undefined;
}

/** @returns 1 when a file failed, 130 after Ctrl-C */
export async function runEdgarLoad(
  paths: readonly string[],
  config: EdgarConfig,
  { json = false, queue = false, bulk = false }: EdgarOptions & {
    queue?: boolean | undefined;
    bulk?: boolean | undefined;
  },
): Promise<number> {
  if (queue && bulk) {
    throw new UsageError(
      "--queue and --bulk exclude each other",
      "Queue the files with --queue alone, or load them here with --bulk alone",
    );
  }
  return await withEdgar(config, async ({ queries, ownerUrl }) => {
    if (queue) {
      const { enqueueFiles } = await import("../sync/jobs.ts");
      return tellQueued(await enqueueFiles(ownerUrl, paths), json);
    }
    const { loadPaths } = await import("../load/load.ts");
    const load = () => running(json, (listener, signal) => loadPaths(paths, { queries, signal, listener }));
    return bulk ? await inBulk(ownerUrl, load) : await load();
  });
}

/**
 * @returns 1 when a file failed, 130 after Ctrl-C @throws {SqlwrightError} `edgar.user_agent_missing` before
 * anything is opened
 */
export async function runEdgarSync(config: EdgarConfig, options: SyncOptions): Promise<number> {
  const { json = false, queue = false } = options;
  const request = readRequest(options);
  requireUserAgent(config.EDGAR_USER_AGENT);
  return await withEdgar(config, async ({ queries, config, ownerUrl }) => {
    const { sync } = await import("../sync/sync.ts");
    const { Loader } = await import("../load/load.ts");
    if (queue) {
      const { enqueueCompanies } = await import("../sync/jobs.ts");
      return await withClient(config, {}, async (client) => {
        using interruption = new Interruption();
        const { signal } = interruption;
        const loader = new Loader({ queries, signal });
        const context = { client, loader, queries, signal, directory: null };
        return tellQueued(await enqueueCompanies(ownerUrl, request, context), json);
      });
    }
    return await running(json, (listener, signal) =>
      withClient(config, listener, async (client) => {
        const loader = new Loader({ queries, signal, listener });
        const directory = join(config.SQLWRIGHT_DATA_DIR, "edgar");
        return await sync(request, { client, loader, queries, signal, listener, directory });
      }));
  });
}

/** `edgar status` */
export async function runEdgarStatus(config: EdgarConfig, { json = false }: EdgarOptions): Promise<number> {
  return await withEdgar(config, async ({ queries }) => {
    using interruption = new Interruption();
    const { readStatus } = await import("../sync/status.ts");
    const status = await readStatus(queries, interruption.signal);
    if (json) printJson(status);
    else {
      const { formatStatus } = await import("./status.ts");
      print(await formatStatus(status, { paint: paintFor("stdout"), width: widthOf("stdout") }));
    }
    return 0;
  });
}

/**
 * Facts without their key and triggers while they are loaded; both are built anew at the end, however the
 * load ends.
 */
async function inBulk<T>(ownerUrl: string, load: () => Promise<T>): Promise<T> {
  const { default: postgres } = await import("postgres");
  const sql = postgres(ownerUrl, { max: 1, onnotice: () => {} });
  try {
    await sql`select edgar.begin_bulk()`;
    try {
      return await load();
    } finally {
      tell("Building the key of the facts, and figures …");
      await sql`call edgar.end_bulk()`.simple();
    }
  } finally {
    await sql.end({ timeout: 1 });
  }
}

interface Edgar {
  queries: EdgarQueries;
  /** With the database's address. */
  config: EdgarConfig;
  /** The login that may create schemas: that of the migrations. */
  ownerUrl: string;
}

async function withEdgar<T>(config: EdgarConfig, use: (edgar: Edgar) => Promise<T>): Promise<T> {
  return await withDatabase(
    config,
    ({ config, ownerUrl }) =>
      withApplication(config, { log: silentLog, startsFromLock: true }, async (application) => {
        await application.ready;
        const queries = queryClient<Queries>(application.callTool).edgar;
        return await use({ queries, config, ownerUrl });
      }),
  );
}

/** The client of SEC, with the rate that all processes of one Redis share. */
export async function withClient<T>(
  config: EdgarConfig,
  listener: LoadListener,
  use: (client: SecClient) => Promise<T>,
): Promise<T> {
  const { openSecClient } = await import("../sec/open.ts");
  const log = notingLog(listener);
  const clock = config.REDIS_URL === undefined
    ? null
    : await (await import("../sec/redis_clock.ts")).openRedisSlots(config.REDIS_URL, { log });
  try {
    using client = openSecClient(config, {
      log,
      clock,
      onBlocked: (wait_ms) => listener.noted?.(`SEC blocks: going on in ${formatSpan(wait_ms / 1000)}`),
    });
    return await use(client);
  } finally {
    await clock?.close();
  }
}

/** Runs a load with its progress, draws what it came to, and gives the exit code. */
async function running(
  isJson: boolean,
  load: (listener: LoadListener, signal: AbortSignal) => Promise<LoadSummary>,
): Promise<number> {
  using interruption = new Interruption();
  const { signal } = interruption;
  using progress = await openProgress({ isQuiet: isJson });
  let summary: LoadSummary;
  try {
    summary = await load(progress, signal);
  } catch (error) {
    progress.finish();
    if (!signal.aborted) throw error;
    tell(
      `${paintFor("stderr")("yellow", "stopped")}: what is loaded stays, and the next run goes on from here`,
    );
    return 130;
  }
  progress.finish();
  if (isJson) printJson(summary);
  else print(await formatSummary(summary));
  // Where there is no terminal each stands in its line already.
  if (!isJson && Deno.stderr.isTerminal()) {
    for (const { path, code, message } of summary.failures) {
      tell(
        formatError(
          { code, message: message.includes(path) ? message : `${path}: ${message}` },
          paintFor("stderr"),
        ),
      );
    }
  }
  return summary.failed > 0 ? 1 : 0;
}

const summaryColumns: Column[] = [
  { title: "kind", isWhole: true },
  { title: "files", isNumber: true },
  { title: "skipped", isNumber: true },
  { title: "rows", isNumber: true },
  { title: "inserted", isNumber: true },
  { title: "updated", isNumber: true },
  { title: "unchanged", isNumber: true },
  { title: "rejected", isNumber: true },
  { title: "time", isWhole: true },
  { title: "rows/s", isNumber: true },
];

/** A line for each kind and one for all. */
export async function formatSummary(summary: LoadSummary): Promise<string> {
  const paint = paintFor("stdout");
  const row = (name: string, sum: KindSummary): Cell[] => [
    name,
    count(sum.loaded + sum.failed),
    count(sum.known + sum.missing),
    count(sum.rows),
    count(sum.inserted),
    count(sum.updated),
    count(sum.unchanged),
    count(sum.rejected),
    formatSpan(sum.seconds),
    sum.rows === 0 ? "" : count(Math.round(sum.rows / Math.max(sum.seconds, 0.001))),
  ];
  const rows = summary.kinds.map((kind) => row(kind.kind, kind));
  // Columns of nothing but zeros say nothing.
  const all = row("all", summary);
  const shown = summaryColumns.map((_, index) => index < 4 || index > 7 || all[index] !== "0");
  const pick = <T>(cells: readonly T[]) => cells.filter((_, index) => shown[index]);
  const table = await formatTable(pick(summaryColumns), [...rows, all].map(pick), {
    paint,
    width: widthOf("stdout"),
  });
  const { inserted, updated, changes, failed } = summary;
  const verdict = failed > 0
    ? paint("red", `${count(failed)} of ${count(summary.files)} files failed`)
    : changes === 0
    ? paint("green", "nothing changed")
    : paint("green", `${count(inserted)} inserted, ${count(updated)} updated`);
  const next = failed > 0
    ? "\nwhat is loaded stays; the next run takes up what failed, and `edgar status` lists it with its reason"
    : "";
  return `${table}\n\n${verdict} ${paint("dim", `· ${formatSpan(summary.seconds)}`)}${next}`;
}

function tellQueued({ jobs }: { jobs: number }, isJson: boolean): number {
  if (isJson) printJson({ jobs });
  else print(`${count(jobs)} ${jobs === 1 ? "job" : "jobs"} queued; \`sqlwright edgar work\` runs them`);
  return 0;
}

function readRequest(options: SyncOptions): SyncRequest {
  const { ticker, cik, since, all = false, bulk = false, documents, ownership, holdings, filings } = options;
  const tickers = (ticker ?? []).flatMap((text) => text.split(",")).map((text) => text.trim()).filter(
    Boolean,
  );
  const ciks = (cik ?? []).flatMap((text) => text.split(",")).map((text) => {
    const digits = /^(?:CIK)?0*(\d{1,10})$/i.exec(text.trim())?.[1];
    if (digits === undefined) throw new UsageError(`"${text}" is no company number`, "Write --cik 320193");
    return Number(digits);
  });
  if (tickers.length === 0 && ciks.length === 0 && since === undefined && !bulk) {
    throw new UsageError(
      "sync needs to know what",
      "Write --ticker AAPL,MSFT, --cik 320193, --since 2026-10-01 or --bulk",
    );
  }
  if (since !== undefined && !isDate(since)) {
    throw new UsageError(`"${since}" is no day`, "Write --since 2026-10-01");
  }
  if (all && since === undefined) {
    throw new UsageError("--all goes with --since", "All companies at once: --bulk");
  }
  const kinds: [DocumentKind, boolean | undefined][] = [
    ["ownership", ownership],
    ["holdings", holdings],
    ["documents", documents],
  ];
  return {
    tickers,
    ciks,
    since: since ?? null,
    isAll: all,
    isBulk: bulk,
    documents: kinds.filter(([, isAsked]) => isAsked).map(([kind]) => kind),
    maximumFilings: filings === undefined ? 10 : readCount(filings, "--filings", 1000),
  };
}

function readCount(text: string, option: string, maximum: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= maximum) return number;
  throw new UsageError(`"${text}" is no count for ${option}`, `Write a whole number from 1 to ${maximum}`);
}

/** What the client logs, as notes for the person at the console. */
function notingLog(listener: LoadListener): Log {
  const note = (event: string, fields: Record<string, unknown> = {}) => {
    const text = notes[event]?.(fields);
    if (text !== undefined) listener.noted?.(text);
  };
  const log: Log = { debug: () => {}, info: note, warn: note, error: note, with: () => log };
  return log;
}

const notes: Record<string, (fields: Record<string, unknown>) => string> = {
  "edgar.limiter": ({ rate }) =>
    `at most ${rate} requests a second, by this process alone (REDIS_URL is not set)`,
  "edgar.retry": ({ reason, wait_ms }) => `${reason}; again in ${formatSpan(Number(wait_ms) / 1000)}`,
  "edgar.blocked": ({ path }) => `SEC answered "${path}" with its page for too many requests`,
  "redis.lost": ({ error }) => `Redis is gone: ${error}`,
};
