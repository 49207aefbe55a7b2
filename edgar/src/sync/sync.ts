/**
 * SEC's files from SEC's addresses into the database: tickers, then each company's submissions with their
 * older pages, its facts, and on demand the documents of its newest filings; or what the daily indexes say is
 * new; or the nightly archives with everything.
 *
 * The ledger decides what is asked for: a loaded file is asked for with its ETag and comes only when it has
 * changed, a filing's document never changes, and what failed or was not reached is asked for again. So a run
 * that ends anywhere is continued by the next.
 */

import { join } from "node:path";
import { SqlwrightError } from "../errors.ts";
import type { SecAnswer, SecClient } from "../sec/client.ts";
import type { Validators } from "../sec/download.ts";
import type { Loader, SourceContent } from "../load/load.ts";
import type { LoadListener, LoadSummary } from "../load/load_report.ts";
import type { EdgarQueries } from "../load/ledger.ts";
import { type DocumentKind, documentsOf } from "./sync_documents.ts";
import { type SourceKind, sourceKindOf } from "../source/source_kind.ts";

export interface SyncRequest {
  /** Symbols, such as AAPL. */
  tickers: readonly string[];
  /** SEC company numbers. */
  ciks: readonly number[];
  /** ISO day: what the daily indexes name from then on. */
  since: string | null;
  /** With `since`: also companies of which nothing is loaded. */
  isAll: boolean;
  /** The nightly archives of all companies. */
  isBulk: boolean;
  /** What else of each company's filings. */
  documents: readonly DocumentKind[];
  /** Filings of a company whose documents are asked for, newest first. */
  maximumFilings: number;
}

export interface SyncContext {
  client: SecClient;
  loader: Loader;
  queries: EdgarQueries;
  signal: AbortSignal;
  listener?: LoadListener | undefined;
  /** Where the nightly archives come to; null where nothing may be written. */
  directory: string | null;
  /** @default now */
  now?: () => Date;
}

const tickersPath = "files/company_tickers_exchange.json";
const archives: readonly { path: string; kind: SourceKind }[] = [
  { path: "Archives/edgar/daily-index/bulkdata/submissions.zip", kind: "submissions_archive" },
  { path: "Archives/edgar/daily-index/xbrl/companyfacts.zip", kind: "company_facts_archive" },
];
/** A daily index that was not there may come so many days later; then there was none that day. */
const lateIndex_days = 3;
const maximumDays = 3700;
const day_ms = 86_400_000;

/**
 * @throws {SqlwrightError} `edgar.ticker_unknown`, `argument.invalid`, and what ends a run; a file that fails
 * is in the summary
 */
export async function sync(request: SyncRequest, context: SyncContext): Promise<LoadSummary> {
  const ciks = await companiesOf(request, context);
  if (request.isBulk) await syncArchives(context);
  await syncCompanies(ciks, request, context);
  return context.loader.summary;
}

/**
 * The companies that are asked for, by number, by ticker and by the daily indexes, which are loaded for it.
 */
export async function companiesOf(
  { tickers, ciks, since, isAll }: Pick<SyncRequest, "tickers" | "ciks" | "since" | "isAll">,
  context: SyncContext,
): Promise<number[]> {
  if (tickers.length > 0) await fetchTickers(context);
  const companies = new Set([...ciks, ...await resolveTickers(tickers, context)]);
  if (since !== null) {
    await syncIndexes(since, context);
    for (const cik of await companiesSince(since, isAll, context)) companies.add(cik);
  }
  return [...companies];
}

/** SEC's list of tickers with exchanges. */
async function fetchTickers(context: SyncContext): Promise<void> {
  context.listener?.expected?.(1, 0);
  await fetchFile(tickersPath, context);
}

export async function syncCompanies(
  ciks: readonly number[],
  request: Pick<SyncRequest, "documents" | "maximumFilings">,
  context: SyncContext,
): Promise<void> {
  context.listener?.expected?.(ciks.length * 2, 0);
  await context.loader.together(ciks, async (cik) => {
    await syncCompany(cik, context);
    if (request.documents.length > 0) await syncDocuments(cik, request, context);
  });
}

async function syncCompany(cik: number, context: SyncContext): Promise<void> {
  const number = `CIK${String(cik).padStart(10, "0")}`;
  await fetchFile(`submissions/${number}.json`, context, {
    // Only when its older pages are there too, the company's file counts as loaded.
    complete: async (bytes) => {
      const pages = pagesOf(bytes);
      context.listener?.expected?.(pages.length, 0);
      for (const page of pages) {
        const outcome = await fetchFile(`submissions/${page}`, context);
        if (outcome !== "failed") continue;
        throw new SqlwrightError(
          "edgar.load_failed",
          `Cannot finish "submissions/${number}.json": its page ${page} failed`,
          {
            details: { path: `submissions/${number}.json`, page },
            hint: "The page has its own reason in `edgar status`; the next run asks for both again",
          },
        );
      }
    },
  });
  await fetchFile(`api/xbrl/companyfacts/${number}.json`, context);
}

async function syncDocuments(
  cik: number,
  { documents, maximumFilings }: Pick<SyncRequest, "documents" | "maximumFilings">,
  context: SyncContext,
): Promise<void> {
  for await (const document of documentsOf(cik, { kinds: documents, maximumFilings, ...context })) {
    context.listener?.expected?.(1, 0);
    await fetchFile(document.path, context, { isImmutable: true, filing: document.filing });
  }
}

/** The daily indexes of the working days from a day on. */
async function syncIndexes(since: string, context: SyncContext): Promise<void> {
  const today_ms = Date.parse(`${(context.now?.() ?? new Date()).toISOString().slice(0, 10)}T00:00:00Z`);
  const first_ms = Date.parse(`${since}T00:00:00Z`);
  if (Number.isNaN(first_ms) || first_ms > today_ms || (today_ms - first_ms) / day_ms > maximumDays) {
    throw new SqlwrightError(
      "argument.invalid",
      `Cannot sync since "${since}": expected a day of the last ten years`,
      {
        details: { since },
        hint: "Write it as 2026-10-01; for more take the nightly archives with --bulk",
      },
    );
  }
  const days: { path: string; isOld: boolean }[] = [];
  for (let day_at_ms = first_ms; day_at_ms <= today_ms; day_at_ms += day_ms) {
    const date = new Date(day_at_ms);
    // EDGAR takes no filings on weekends.
    if (date.getUTCDay() === 0 || date.getUTCDay() === 6) continue;
    const [year, month, day] = date.toISOString().slice(0, 10).split("-");
    const quarter = Math.floor((Number(month) - 1) / 3) + 1;
    days.push({
      path: `Archives/edgar/daily-index/${year}/QTR${quarter}/master.${year}${month}${day}.idx`,
      isOld: today_ms - day_at_ms > lateIndex_days * day_ms,
    });
  }
  context.listener?.expected?.(days.length, 0);
  // In their order, because two of them name the same companies; and the newest last, which stands.
  for (const { path, isOld } of days) await fetchFile(path, context, { isImmutable: isOld });
}

async function companiesSince(
  since: string,
  isAll: boolean,
  { queries, signal }: SyncContext,
): Promise<number[]> {
  const ciks: number[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<EdgarQueries["companies_to_sync"]>> = await queries.companies_to_sync(
      { since, all: isAll, page_size: 1000, ...(cursor === null ? {} : { cursor }) },
      { signal },
    );
    ciks.push(...page.rows.map(({ cik }) => Number(cik)));
    cursor = page.next_cursor;
  } while (cursor !== null);
  return ciks;
}

/**
 * The nightly archives come to disk, because their directory stands at the end, and go when they are loaded.
 */
async function syncArchives(context: SyncContext): Promise<void> {
  const { client, loader, signal, listener, directory } = context;
  if (directory === null) {
    throw new SqlwrightError(
      "edgar.download_failed",
      "Cannot download the nightly archives: this process may not write",
      {
        hint: "Run `sqlwright edgar sync --bulk`, or ask a worker for it with edgar_sync_bulk",
      },
    );
  }
  listener?.expected?.(archives.length, 0);
  for (const { path, kind } of archives) {
    const known = await loader.ledger.find(path);
    const file = join(directory, path.split("/").at(-1)!);
    listener?.started?.(path, 0);
    try {
      const downloaded = await client.download(path, file, {
        signal,
        validators: validatorsOf(known),
        onBytes: (received, total) => listener?.received?.(path, received, total),
      });
      if (downloaded === null) {
        await loader.recordMissing(path, new Date().toISOString());
        continue;
      }
      if (downloaded.isUnchanged) {
        await loader.recordUnchanged(path);
        continue;
      }
      const { etag, lastModified, sizeBytes } = downloaded;
      const fetched = { etag, lastModified, at: new Date().toISOString() };
      await loader.loadLargeFile(file, { path, kind, sizeBytes, fetched });
      await Deno.remove(file).catch(() => {});
    } catch (error) {
      await failed(path, error, context);
    }
  }
}

type Outcome = "loaded" | "known" | "missing" | "failed";

interface FetchOptions {
  /** It never changes once it is there, and what was not there will not come. */
  isImmutable?: boolean;
  filing?: SourceContent["filing"];
  /** What belongs to the file, before it counts as loaded. */
  complete?: (bytes: Uint8Array) => Promise<void>;
}

/** One file: asked for when it may be new, loaded when it is. */
export async function fetchFile(
  path: string,
  context: SyncContext,
  { isImmutable = false, filing, complete }: FetchOptions = {},
): Promise<Outcome> {
  const { client, loader, signal, listener } = context;
  const known = await loader.ledger.find(path);
  if (isImmutable && (known?.status === "loaded" || known?.status === "missing")) {
    return (await loader.recordUnchanged(path)).outcome;
  }
  listener?.started?.(path, 0);
  let answer: SecAnswer;
  try {
    answer = await client.get(path, {
      signal,
      validators: validatorsOf(known),
      onBytes: (received, total) => listener?.received?.(path, received, total),
    });
  } catch (error) {
    return await failed(path, error, context);
  }
  const at = new Date().toISOString();
  switch (answer.status) {
    case "missing":
      await loader.recordMissing(path, at);
      return "missing";
    case "unchanged":
      return (await loader.recordUnchanged(path)).outcome;
    case "ok": {
      const { bytes, etag, lastModified } = answer;
      const report = await loader.loadContent({
        path,
        bytes,
        fetched: { etag, lastModified, at },
        filing,
        complete: complete === undefined ? undefined : () => complete(bytes),
      });
      return report.outcome;
    }
    default:
      throw new TypeError(`unknown answer: ${answer satisfies never}`);
  }
}

/** Written down for this file; a block that does not end would meet every other file as well. */
async function failed(path: string, error: unknown, { loader, signal }: SyncContext): Promise<Outcome> {
  signal.throwIfAborted();
  if (error instanceof SqlwrightError && error.code === "edgar.blocked") throw error;
  return (await loader.recordFailure(path, error)).outcome;
}

function validatorsOf(
  known: { status: string; etag: string | null; last_modified: string | null } | null,
): Validators | undefined {
  if (known === null || known.status !== "loaded") return undefined;
  if (known.etag === null && known.last_modified === null) return undefined;
  return { etag: known.etag, lastModified: known.last_modified };
}

/** @throws {SqlwrightError} `edgar.ticker_unknown` for all that are in no list */
async function resolveTickers(
  tickers: readonly string[],
  { queries, signal }: SyncContext,
): Promise<number[]> {
  const found: number[] = [];
  const unknown: string[] = [];
  for (const ticker of tickers) {
    const symbol = ticker.trim().toUpperCase();
    const { rows } = await queries.find_company({ q: symbol, max: 1 }, { signal });
    const company = rows[0];
    if (company?.tickers.some((each) => each?.toUpperCase() === symbol)) found.push(Number(company.cik));
    else unknown.push(symbol);
  }
  if (unknown.length === 0) return found;
  throw new SqlwrightError(
    "edgar.ticker_unknown",
    `Cannot sync ${unknown.map((ticker) => `"${ticker}"`).join(", ")}: SEC's list has no such ticker`,
    {
      details: { tickers: unknown },
      hint: "Write SEC's spelling, such as BRK-B, or the company's number with --cik",
    },
  );
}

/** The names of the older pages that a company's submissions list. */
export function pagesOf(bytes: Uint8Array): string[] {
  const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
  const filings = isObject(json) && isObject(json.filings) ? json.filings : {};
  const files = Array.isArray(filings.files) ? filings.files : [];
  return files
    .map((file: unknown) => isObject(file) ? file.name : null)
    .filter((name): name is string =>
      typeof name === "string" && sourceKindOf(`submissions/${name}`) === "submissions_page"
    );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
