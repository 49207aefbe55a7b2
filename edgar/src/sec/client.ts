/**
 * Requests to SEC, with its manners: one User-Agent with a contact, gzip, ten a second over all processes, a
 * few at a time, nothing asked twice while it is on its way, nothing sent again that has not changed.
 *
 * What goes wrong on the way is retried with exponential backoff and full jitter; SEC's page for too many
 * requests stops everybody for ten minutes; what SEC says for good, such as that there is no such file, is an
 * answer. A body counts when it is whole.
 */

import pLimit, { type LimitFunction } from "p-limit";
import pRetry from "p-retry";
import { counted, type Log, readBounded } from "sqlwright";
import { SqlwrightError } from "../errors.ts";
import { incomplete, readChunks, stall } from "./body.ts";
import { type DownloadedFile, downloadTo, type Validators } from "./download.ts";
import { type RequestLimiter, wait } from "./limiter.ts";
import { AttemptError, judgeRefusal, judgeStart, toAttemptError } from "./refusal.ts";

export interface SecClientOptions {
  userAgent: string;
  /** Of `files/` and `Archives/`; without a slash at the end. */
  wwwUrl: string;
  /** Of `submissions/` and `api/`. */
  dataUrl: string;
  limiter: RequestLimiter;
  /** Requests at a time. */
  concurrency: number;
  /** How long nobody asks after SEC's page for too many requests. */
  blockWait_ms: number;
  /** How long SEC may send nothing. */
  timeout_ms: number;
  /** How often a request is sent again. */
  retries: number;
  log: Log;
  /** Longest wait before the first retry; it doubles. @default 500 */
  backoff_ms?: number;
  /** @default 256 MiB */
  maximumBytes?: number;
}

export type SecAnswer =
  | ({ status: "ok"; bytes: Uint8Array } & Validators)
  /** As it was when the validators were given. */
  | { status: "unchanged" }
  /** 404: SEC has no such file. */
  | { status: "missing" };

export interface RequestOptions {
  signal: AbortSignal;
  /** Of the copy that is loaded. @default none */
  validators?: Validators | undefined;
  /** Told of bytes as they come. @default nobody */
  onBytes?: ((received: number, total: number | null) => void) | undefined;
}

const longestBackoff_ms = 30_000;
/** An answer to 429 or 503 may ask for more; nobody waits longer for one file. */
const longestRetryAfter_ms = 120_000;
/** Blocks that are waited for before a request gives up. */
const maximumBlocks = 2;
const maximumRedirects = 3;
const defaultMaximumBytes = 256 * 2 ** 20;

/** Holds sockets: `close` it, or lend it with `using`. */
export class SecClient {
  readonly #options: SecClientOptions;
  readonly #semaphore: LimitFunction;
  readonly #http = Deno.createHttpClient({ poolIdleTimeout: 20_000 });
  readonly #inFlight = new Map<
    string,
    { answer: Promise<SecAnswer>; abort: AbortController; waiting: number }
  >();

  constructor(options: SecClientOptions) {
    this.#options = options;
    this.#semaphore = pLimit(options.concurrency);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  close(): void {
    for (const { abort } of this.#inFlight.values()) abort.abort(cancelled());
    this.#http.close();
  }

  /**
   * @param path SEC's, without a slash before it, such as `submissions/CIK0000320193.json`
   * @throws {SqlwrightError} `edgar.*` when SEC gave no whole answer, `redis.unreachable`; or the signal's
   * reason
   */
  async get(path: string, { signal, validators, onBytes }: RequestOptions): Promise<SecAnswer> {
    signal.throwIfAborted();
    const key = `${path} ${validators?.etag ?? ""} ${validators?.lastModified ?? ""}`;
    const request = this.#inFlight.get(key) ?? this.#begin(key, path, validators, onBytes);
    request.waiting++;
    const { promise: given, reject } = Promise.withResolvers<never>();
    const onAbort = () => {
      reject(signal.reason);
      // Others may still wait for the same file.
      if (--request.waiting === 0) request.abort.abort(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([request.answer, given]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #begin(key: string, path: string, validators?: Validators, onBytes?: RequestOptions["onBytes"]) {
    const abort = new AbortController();
    const answer = this.#retrying(
      path,
      abort.signal,
      () => this.#read(path, abort.signal, validators, onBytes),
    )
      .finally(() => this.#inFlight.delete(key));
    // Whoever asked may be gone before it fails.
    answer.catch(() => {});
    const request = { answer, abort, waiting: 0 };
    this.#inFlight.set(key, request);
    return request;
  }

  /**
   * Brings a large file to disk and goes on where an earlier attempt, also of an earlier process, was cut.
   * @returns null when SEC has no such file
   */
  async download(path: string, file: string, options: RequestOptions): Promise<DownloadedFile | null> {
    const { signal, validators, onBytes } = options;
    return await this.#retrying(path, signal, () =>
      downloadTo(file, {
        path,
        validators,
        onBytes: onBytes ?? (() => {}),
        signal,
        stall_ms: this.#options.timeout_ms,
        request: (headers) => this.#send(path, signal, headers),
      }));
  }

  /** Under the semaphore, so that those who wait for a retry do not become ever more. */
  async #retrying<T>(path: string, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    const { retries, backoff_ms = 500, blockWait_ms, limiter, log } = this.#options;
    let blocks = 0;
    let failures = 0;
    try {
      return await this.#semaphore(() =>
        pRetry(attempt, {
          retries,
          minTimeout: 0,
          signal,
          // A block is no failure of this request: it is waited for by all, in the limiter.
          shouldConsumeRetry: ({ error }) => !(error instanceof AttemptError && error.kind === "blocked"),
          onFailedAttempt: async ({ error, retriesLeft }) => {
            if (!(error instanceof AttemptError) || error.kind === "final") return;
            if (error.kind === "blocked") {
              log.warn("edgar.blocked", { path, wait_ms: blockWait_ms });
              await limiter.block(blockWait_ms);
              return;
            }
            if (retriesLeft === 0) return;
            const longest_ms = Math.min(backoff_ms * 2 ** failures++, longestBackoff_ms);
            const wait_ms = Math.min(error.retryAfter_ms ?? Math.random() * longest_ms, longestRetryAfter_ms);
            log.info("edgar.retry", { path, reason: error.report.message, wait_ms: Math.round(wait_ms) });
            await wait(wait_ms, signal);
          },
          shouldRetry: ({ error }) => {
            if (!(error instanceof AttemptError)) return false;
            if (error.kind === "blocked") return ++blocks <= maximumBlocks;
            return error.kind === "retry";
          },
        })
      );
    } catch (error) {
      throw error instanceof AttemptError ? error.report : error;
    }
  }

  async #read(
    path: string,
    signal: AbortSignal,
    validators: Validators | undefined,
    onBytes: RequestOptions["onBytes"],
  ): Promise<SecAnswer> {
    const { maximumBytes = defaultMaximumBytes, timeout_ms } = this.#options;
    const response = await this.#send(path, signal, {
      // Bodies come unpacked; a packed file (.gz, .zip) is sent as it is.
      "accept-encoding": "gzip",
      ...(validators?.etag ? { "if-none-match": validators.etag } : {}),
      ...(validators?.lastModified ? { "if-modified-since": validators.lastModified } : {}),
    });
    if (response.status === 304 && validators !== undefined) {
      await response.body?.cancel();
      return { status: "unchanged" };
    }
    if (response.status === 404) {
      await response.body?.cancel();
      return { status: "missing" };
    }
    if (response.status !== 200) throw await judgeRefusal(response, path);
    const isPacked = response.headers.has("content-encoding");
    const length = Number(response.headers.get("content-length") ?? NaN);
    const total = isPacked || Number.isNaN(length) ? null : length;
    if (total !== null && total > maximumBytes) {
      await response.body?.cancel();
      throw tooLarge(path, maximumBytes);
    }
    let received = 0;
    const body = counted(readChunks(response, { path, stall_ms: timeout_ms, signal }), (length) => {
      received += length;
      onBytes?.(received, total);
    });
    const bytes = await readBounded(body, maximumBytes);
    if (bytes === null) throw tooLarge(path, maximumBytes);
    if (total !== null && received !== total) {
      throw incomplete(path, received, `${total} bytes were announced`);
    }
    judgeStart(bytes, path);
    return {
      status: "ok",
      bytes,
      etag: response.headers.get("etag"),
      lastModified: response.headers.get("last-modified"),
    };
  }

  /** One request in its slot. Redirects between SEC's two hosts are followed, and to no other. */
  async #send(path: string, signal: AbortSignal, headers: Record<string, string>): Promise<Response> {
    const { limiter, userAgent, timeout_ms } = this.#options;
    let url = this.#urlOf(path);
    for (let redirects = 0; redirects <= maximumRedirects; redirects++) {
      await limiter.take(signal);
      const stalled = new AbortController();
      const timer = setTimeout(() => stalled.abort(stall(path, timeout_ms)), timeout_ms);
      const onAbort = () => stalled.abort(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      let response: Response;
      try {
        response = await fetch(url, {
          client: this.#http,
          headers: { "user-agent": userAgent, accept: "*/*", ...headers },
          redirect: "manual",
          // Ends with the headers: the body has its own bound, and is cancelled with the caller's signal.
          signal: stalled.signal,
        });
      } catch (error) {
        signal.throwIfAborted();
        throw toAttemptError(error, path);
      } finally {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
      }
      if (![301, 302, 303, 307, 308].includes(response.status)) return response;
      await response.body?.cancel();
      url = this.#redirected(url, response.headers.get("location") ?? "", path);
    }
    throw new AttemptError(
      "final",
      answerInvalid(path, `it was redirected more than ${maximumRedirects} times`),
    );
  }

  #urlOf(path: string): string {
    if (!/^[\w.~%+/-]+$/.test(path) || path.startsWith("/") || path.split("/").includes("..")) {
      throw new SqlwrightError("edgar.path_unknown", `Cannot ask SEC for "${path}": it is no path of SEC's`, {
        details: { path },
        hint: "Paths are SEC's own, such as submissions/CIK0000320193.json",
      });
    }
    const { wwwUrl, dataUrl } = this.#options;
    return `${/^(submissions|api)\//.test(path) ? dataUrl : wwwUrl}/${path}`;
  }

  #redirected(from: string, location: string, path: string): string {
    const { wwwUrl, dataUrl } = this.#options;
    const target = URL.canParse(location, from) ? new URL(location, from) : null;
    const ours = [wwwUrl, dataUrl].map((url) => new URL(url).origin);
    if (target !== null && ours.includes(target.origin)) return target.href;
    throw new AttemptError(
      "final",
      answerInvalid(path, `it was redirected to ${target === null ? "no address" : target.origin}`),
    );
  }
}

function answerInvalid(path: string, why: string): SqlwrightError {
  return new SqlwrightError("edgar.answer_invalid", `Cannot get "${path}": ${why}`, {
    details: { path },
    hint: "Check EDGAR_WWW_URL and EDGAR_DATA_URL; only their two hosts are asked",
  });
}

function tooLarge(path: string, maximumBytes: number): AttemptError {
  return new AttemptError(
    "final",
    new SqlwrightError("edgar.too_large", `Cannot get "${path}": it is larger than ${maximumBytes} bytes`, {
      details: { path, maximum_bytes: maximumBytes },
      hint: "Download it by itself and load the file: sqlwright edgar load FILE",
    }),
  );
}

function cancelled(): SqlwrightError {
  return new SqlwrightError("call.cancelled", "The requests to SEC were cancelled");
}
