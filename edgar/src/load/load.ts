/**
 * SEC's files into the database: hash → ledger → parse → the `:copy` query files → ledger. Each step of a
 * file is one transaction that inserts or updates only what differs, and the file is written down when all
 * its steps are through: a load that is killed anywhere leaves nothing half done, and the next one goes on
 * from there.
 *
 * A few files are on their way at once, so that one is parsed and sent while the database merges another. A
 * file that fails is written down with its reason and the next ones go on; a database, or a Redis, that is
 * gone ends the run.
 */

import { createHash } from "node:crypto";
import { chunksOf, counted, type QueryOptions, type RawSource } from "sqlwright";
import { SqlwrightError } from "../errors.ts";
import { inMemory } from "../parse/bulk_archive.ts";
import { countingAccess, hashBytes, randomAccess, readFile, withFile } from "./file_bytes.ts";
import { chainOf, findSourceFiles, type FoundFile, phaseOf, stateOf } from "./files.ts";
import { type EdgarQueries, Ledger } from "./ledger.ts";
import {
  addRows,
  besides,
  type FileReport,
  type LoadListener,
  type LoadSummary,
  mainCounts,
  noRows,
  summaryOf,
  type TimedReport,
} from "./load_report.ts";
import type { FilingContext, SourceFile } from "../source/source_file.ts";
import type { LoadStep, Row } from "../parse/load_step.ts";
import { type SourceKind, sourceKindOf } from "../source/source_kind.ts";

export interface LoaderOptions {
  queries: EdgarQueries;
  signal: AbortSignal;
  listener?: LoadListener;
  /** Files on their way at once. @default 3 */
  concurrency?: number;
  /** Of the log lines of the calls. @default "edgar" */
  correlationId?: string;
}

/** The content of one file and what is known of it. */
export interface SourceContent {
  path: string;
  bytes: Uint8Array;
  /** What SEC said; null for a file from a folder. */
  fetched: { etag: string | null; lastModified: string | null; at: string } | null;
  filing?: FilingContext | undefined;
  /** What belongs to it: the file counts as loaded when this is through, too. @default nothing */
  complete?: (() => Promise<void>) | undefined;
}

/** Larger files are read in pieces, once for their hash and once for their rows. */
const wholeFileBytes = 64 * 2 ** 20;
const defaultConcurrency = 3;
/** Of a file's time: then PostgreSQL merges what was sent, about as long. */
const sendingPart = 0.5;
/** Of a file whose rows were locked crosswise with another's. */
const maximumAttempts = 4;
const lockFailures = ["40P01", "40001", "55P03"];
/** Errors that are not the file's: the next one would meet them too. */
const endOfRun = [
  "call.cancelled",
  "config.invalid",
  "database.lost",
  "database.refused",
  "database.unreachable",
  "edgar.refused",
  "edgar.user_agent_missing",
  "redis.unreachable",
  "tool.unknown",
];

/** @throws {SqlwrightError} `edgar.path_unknown`, and what ends a run; a file that fails is in the summary */
export async function loadPaths(paths: readonly string[], options: LoaderOptions): Promise<LoadSummary> {
  const files = await findSourceFiles(paths);
  options.listener?.expected?.(files.length, files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
  return await new Loader(options).loadFiles(files);
}

export class Loader {
  readonly ledger: Ledger;
  readonly #options: LoaderOptions;
  readonly #reports: TimedReport[] = [];
  readonly #started_ms = performance.now();

  constructor(options: LoaderOptions) {
    this.#options = options;
    this.ledger = new Ledger(options.queries, options.signal);
  }

  get summary(): LoadSummary {
    return summaryOf(this.#reports, (performance.now() - this.#started_ms) / 1000);
  }

  /**
   * In their order: phase after phase of one state after the other, and what touches the same rows one after
   * the other.
   */
  async loadFiles(files: readonly FoundFile[]): Promise<LoadSummary> {
    const groups = Map.groupBy(files, (file) => `${stateOf(file)} ${phaseOf(file.kind)}`);
    for (const group of groups.values()) {
      const chains = [...Map.groupBy(group, chainOf).values()];
      await this.together(chains, async (chain) => {
        for (const file of chain) await this.#loadFile(file);
      });
    }
    return this.summary;
  }

  /**
   * Runs work for each, a few at once and begun in their order. The first error that ends the run is thrown
   * when all have ended.
   */
  async together<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    const errors: unknown[] = [];
    let next = 0;
    const lane = async () => {
      while (next < items.length && errors.length === 0) {
        await work(items[next++]!).catch((error) => errors.push(error));
      }
    };
    await Promise.all(Array.from({ length: this.#options.concurrency ?? defaultConcurrency }, lane));
    if (errors.length > 0) throw errors[0];
  }

  async #loadFile({ file, path, kind, sizeBytes }: FoundFile): Promise<void> {
    if (kind.endsWith("_archive") || sizeBytes > wholeFileBytes) {
      return await this.loadLargeFile(file, { path, kind, sizeBytes, fetched: null });
    }
    await this.#reporting(path, sizeBytes, async (report) => {
      const bytes = await readFile(file, path);
      report.sizeBytes = bytes.length;
      await this.#loadContent({ path, bytes, fetched: null }, report);
    });
  }

  /** One file whose content is here. Never throws for a fault of the file. */
  async loadContent(content: SourceContent, isMember = false): Promise<FileReport> {
    return await this.#reporting(
      content.path,
      content.bytes.length,
      (report) => this.#loadContent(content, report),
      isMember,
    );
  }

  /** A file that does not fit into memory: an archive member by member, any other streamed. */
  async loadLargeFile(
    file: string,
    { path, kind, sizeBytes, fetched }: {
      path: string;
      kind: SourceKind;
      sizeBytes: number;
      fetched: SourceContent["fetched"];
    },
  ): Promise<void> {
    const load = async (report: FileReport, raw: RawSource) => {
      const sha256 = await hashBytes(raw.read(), this.#options.signal);
      if (await this.#isKnown(path, sha256, fetched)) return void (report.outcome = "known");
      const source: SourceFile = {
        path,
        bytes: raw.readRange!(0, raw.size!),
        random_access: randomAccess(raw),
      };
      if (kind.endsWith("_archive")) await this.#loadArchive(source, report);
      else await this.#loadSteps(source, report);
      await this.#record(path, { sha256, sizeBytes, fetched }, report);
    };
    await this.#reporting(path, sizeBytes, (report) => withFile(file, (raw) => load(report, raw)));
  }

  /**
   * SEC has no such file, which is worth knowing: it is not asked for again in the same run, and the status
   * says so.
   */
  async recordMissing(path: string, at: string): Promise<void> {
    await this.#reporting(path, 0, async (report) => {
      report.outcome = "missing";
      const before = await this.ledger.find(path);
      // What is loaded of it stays; SEC's pages come and go.
      if (before?.status === "loaded") return;
      await this.ledger.record({
        ...emptyRecord,
        path,
        status: "missing",
        fetched_at: at,
      });
    });
  }

  /** SEC says that it is as it was. */
  recordUnchanged(path: string): Promise<FileReport> {
    return this.#reporting(path, 0, (report) => {
      report.outcome = "known";
      return Promise.resolve();
    });
  }

  /** It could not be had. @throws what ends the run */
  async recordFailure(path: string, error: unknown): Promise<FileReport> {
    return await this.#reporting(path, 0, () => Promise.reject(error));
  }

  async #loadContent(content: SourceContent, report: FileReport): Promise<void> {
    const { path, bytes, fetched, filing, complete } = content;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    if (await this.#isKnown(path, sha256, fetched)) return void (report.outcome = "known");
    const sizeBytes = bytes.length;
    for (let attempt = 1;; attempt++) {
      try {
        await this.#loadSteps(
          { path, bytes: chunksOf(bytes), random_access: inMemory(bytes), filing },
          report,
        );
        break;
      } catch (error) {
        if (attempt === maximumAttempts || !isLockFailure(error)) throw error;
        Object.assign(report, noRows, { queries: {} });
      }
    }
    await complete?.();
    await this.#record(path, { sha256, sizeBytes, fetched }, report);
  }

  async #loadArchive(archive: SourceFile, report: FileReport): Promise<void> {
    const { loadMembers } = await import("./load_archive.ts");
    const { concurrency = defaultConcurrency, listener } = this.#options;
    await loadMembers(archive, report, { loader: this, concurrency, ...(listener && { listener }) });
    // The rows are those of the members, which have reports of their own.
    Object.assign(report, noRows, { queries: {} });
  }

  async #loadSteps(source: SourceFile, report: FileReport): Promise<void> {
    const kind = sourceKindOf(source.path);
    if (kind === null) throw new TypeError(`nothing is loaded of ${source.path}`);
    const { parseSourceFile } = await import("../parse/parse.ts");
    let read = 0;
    const count = (length: number) => void (read += length);
    const bytes = counted(source.bytes, count);
    const random_access = countingAccess(source.random_access, count);
    const fraction = () => report.sizeBytes > 0 ? Math.min(1, read / report.sizeBytes) : null;
    for await (const step of parseSourceFile({ ...source, bytes, random_access }, kind)) {
      this.#options.signal.throwIfAborted();
      const { copied, inserted = 0, updated = 0, unchanged = 0, rejected } = await this.#call(
        step,
        report,
        besides.includes(step.query) ? () => 0 : fraction,
      );
      const counts = { rows: copied, inserted, updated, unchanged, rejected };
      report.queries[step.query] = addRows(report.queries[step.query] ?? noRows, counts);
    }
    Object.assign(report, mainCounts(report.queries));
  }

  async #call(
    { query, columns, batches }: LoadStep,
    report: FileReport,
    fraction: () => number | null,
  ): Promise<LoadAnswer> {
    const { queries, signal, correlationId = "edgar" } = this.#options;
    const load = queries[query] as (args: object, options: QueryOptions) => Promise<LoadAnswer>;
    return await load({}, {
      signal,
      correlationId,
      input: { name: report.path, columns, batches: this.#counted(batches, report, fraction) },
    });
  }

  async *#counted(
    batches: LoadStep["batches"],
    report: FileReport,
    fraction: () => number | null,
  ): AsyncGenerator<Row[]> {
    const before = report.rows;
    // A file that was parsed as a whole knows its rows; of any other the bytes that were read tell how far it
    // is.
    const total = Array.isArray(batches) ? batches.reduce((sum, batch) => sum + batch.length, 0) : null;
    const tell = (isSent: boolean) => {
      const read = fraction();
      // What stands beside what the file is about comes first, and is little: the file is at its beginning.
      const sent = total === null || read === 0 ? read : (report.rows - before) / total;
      const isMergedAtEnd = total !== null || sourceKindOf(report.path)?.endsWith("_index") === true;
      const done = sent === null || !isMergedAtEnd ? sent : sent * sendingPart;
      this.#options.listener?.advanced?.(report.path, report.rows, done, isSent);
    };
    for await (const batch of batches) {
      report.rows += batch.length;
      tell(false);
      yield batch;
    }
    tell(true);
  }

  /** With the same content, nothing is loaded; what SEC says of it anew is written down. */
  async #isKnown(path: string, sha256: string, fetched: SourceContent["fetched"]): Promise<boolean> {
    const known = await this.ledger.find(path);
    if (known === null || known.status !== "loaded" || known.sha256 !== sha256) return false;
    const isSaidAnew = fetched !== null &&
      (fetched.etag !== known.etag || fetched.lastModified !== known.last_modified);
    if (isSaidAnew) {
      const { etag, lastModified, at } = fetched;
      await this.ledger.record({ ...known, etag, last_modified: lastModified, fetched_at: at });
    }
    return true;
  }

  async #record(
    path: string,
    { sha256, sizeBytes, fetched }: {
      sha256: string;
      sizeBytes: number;
      fetched: SourceContent["fetched"];
    },
    report: FileReport,
  ): Promise<void> {
    await this.ledger.record({
      path,
      status: "loaded",
      sha256,
      etag: fetched?.etag ?? null,
      last_modified: fetched?.lastModified ?? null,
      fetched_at: fetched?.at ?? null,
      size_bytes: sizeBytes,
      failure: null,
      rows_loaded: report.rows,
      seconds: report.seconds,
    });
  }

  async #reporting(
    path: string,
    sizeBytes: number,
    work: (report: FileReport) => Promise<void>,
    isMember = false,
  ): Promise<FileReport> {
    const { listener, signal } = this.#options;
    signal.throwIfAborted();
    const started_ms = performance.now();
    const seconds = () => Math.round(performance.now() - started_ms) / 1000;
    const report: FileReport = {
      path,
      outcome: "loaded",
      ...noRows,
      queries: {},
      sizeBytes,
      isMember,
      failure: null,
      get seconds() {
        return seconds();
      },
    };
    listener?.started?.(path, sizeBytes, isMember);
    try {
      await work(report);
    } catch (thrown) {
      signal.throwIfAborted();
      const error = toFailure(thrown, path);
      if (endOfRun.includes(error.code)) throw error;
      Object.assign(report, noRows, { queries: {} });
      report.outcome = "failed";
      report.failure = { code: error.code, message: error.message };
      await this.ledger.record({
        ...emptyRecord,
        path,
        status: "failed",
        size_bytes: sizeBytes,
        failure: `${error.code}: ${error.message}`,
        seconds: report.seconds,
      });
    }
    const finished = { ...report };
    this.#reports.push({ report: finished, started_ms, ended_ms: performance.now() });
    listener?.finished?.(finished);
    return finished;
  }
}

interface LoadAnswer {
  copied: number;
  inserted?: number;
  updated?: number;
  unchanged?: number;
  rejected: number;
}

const emptyRecord = {
  sha256: null,
  etag: null,
  last_modified: null,
  fetched_at: null,
  size_bytes: null,
  failure: null,
  rows_loaded: 0,
  seconds: 0,
};

function isLockFailure(error: unknown): boolean {
  return error instanceof SqlwrightError && typeof error.details.sqlstate === "string" &&
    lockFailures.includes(error.details.sqlstate);
}

function toFailure(thrown: unknown, path: string): SqlwrightError {
  if (thrown instanceof SqlwrightError) return thrown;
  // A fault of the parser on a file that nobody foresaw ends this file and not the run.
  return new SqlwrightError(
    "edgar.load_failed",
    `Cannot load "${path}": ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    { details: { path }, cause: thrown },
  );
}
