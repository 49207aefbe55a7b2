/**
 * What SEC means when it does not send the file: a block, a refusal, something that passes, or a page in
 * place of data. SEC says the first two with the same status, 403, and tells them apart in the HTML alone.
 */

import { readStart, readWithin } from "sqlwright";
import { SqlwrightError } from "../errors.ts";

/** A request that failed, and what is to be done: send it `retry`, wait for the block to end, or give up. */
export class AttemptError extends Error {
  override readonly name = "AttemptError";
  constructor(
    readonly kind: "retry" | "blocked" | "final",
    /** What the caller gets when there are no more attempts. */
    readonly report: SqlwrightError,
    /** What SEC asked for. */
    readonly retryAfter_ms: number | null = null,
  ) {
    super(report.message, { cause: report.cause });
  }
}

const passing = new Set([408, 425, 429, 500, 502, 503, 504]);
/** Of a page that is only looked at. */
const pageBytes = 16_384;
const pageTimeout_ms = 5000;
const thresholdPage = /Request Rate Threshold Exceeded/i;
const undeclaredPage = /Undeclared Automated Tool/i;

/** Any status but 200, 206, 304 and 404. Reads a part of the page and lets go of it. */
export async function judgeRefusal(response: Response, path: string): Promise<AttemptError> {
  const page = await readPage(response);
  const { status } = response;
  if (thresholdPage.test(page)) return blocked(path);
  if (undeclaredPage.test(page)) {
    return new AttemptError(
      "final",
      new SqlwrightError("edgar.refused", `Cannot get "${path}": SEC does not know who asks`, {
        details: { path, status },
        hint: "SEC refuses this EDGAR_USER_AGENT: name a real company and an address that is read there",
      }),
    );
  }
  if (passing.has(status)) {
    return new AttemptError(
      "retry",
      new SqlwrightError("edgar.unreachable", `Cannot get "${path}": SEC answers with status ${status}`, {
        details: { path, status },
        hint: "Try again later; what is loaded stays, and the next run goes on from here",
      }),
      retryAfterOf(response),
    );
  }
  // The file's own fault, as far as anybody can tell: other files may come.
  return new AttemptError(
    "final",
    new SqlwrightError("edgar.answer_invalid", `Cannot get "${path}": SEC answers with status ${status}`, {
      details: { path, status },
      hint: "Look at the same address in a browser",
    }),
  );
}

/**
 * A page in place of data, though the status says 200: the block's, or one of a server in trouble. @throws
 * {AttemptError}
 */
export function judgeStart(bytes: Uint8Array, path: string): void {
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, pageBytes));
  const isPage = /^[\s\u00ef\u00bb\u00bf]*<(!doctype\s+html|html)\b/i.test(start);
  if (!isPage) return;
  // The text of a filing may hold these words, but not within its title.
  const title = /<title[^>]*>([^<]*)</i.exec(start)?.[1] ?? "";
  if (/rate threshold/i.test(title) || (!isDocument(path) && thresholdPage.test(start))) throw blocked(path);
  if (isDocument(path)) return;
  throw new AttemptError(
    "retry",
    new SqlwrightError(
      "edgar.answer_invalid",
      `Cannot get "${path}": SEC sent an HTML page in place of the file`,
      {
        details: { path, title: title.trim().slice(0, 200) },
        hint: "Nothing of it was loaded; look at the same address in a browser, and try again later",
      },
    ),
  );
}

const isDocument = (path: string) => /\.html?$/i.test(path);

/** What `fetch` throws: names that are unknown, refused and cut connections, certificates. */
export function toAttemptError(error: unknown, path: string): AttemptError {
  if (error instanceof AttemptError) return error;
  return new AttemptError(
    "retry",
    new SqlwrightError("edgar.unreachable", `Cannot get "${path}": ${reasonOf(error)}`, {
      details: { path },
      hint: "Check the network, EDGAR_WWW_URL and EDGAR_DATA_URL",
      cause: error,
    }),
  );
}

function blocked(path: string): AttemptError {
  return new AttemptError(
    "blocked",
    new SqlwrightError(
      "edgar.blocked",
      `Cannot get "${path}": SEC blocks this address for too many requests`,
      {
        details: { path },
        hint: "Wait ten minutes; use one REDIS_URL for all processes, so that they keep to the rate together",
      },
    ),
  );
}

/** Seconds or a date. */
function retryAfterOf(response: Response): number | null {
  const text = response.headers.get("retry-after");
  if (text === null) return null;
  const time_ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(time_ms) ? null : Math.max(0, time_ms);
}

/** The beginning of a page, as much of it as comes in time. The status says enough where nothing does. */
async function readPage(response: Response): Promise<string> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const signal = AbortSignal.timeout(pageTimeout_ms);
  const failure = () => new Error("the page broke off");
  const limits = { stall_ms: pageTimeout_ms, signal, onStall: failure, onBroken: failure };
  const chunks = await readStart(() => readWithin(reader, limits).catch(() => null), pageBytes);
  reader.cancel().catch(() => {});
  const decoder = new TextDecoder("latin1");
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("");
}

/** The innermost reason: fetch's own is only that it failed. */
function reasonOf(error: unknown): string {
  let reason = error;
  while (reason instanceof Error && reason.cause instanceof Error) reason = reason.cause;
  return reason instanceof Error ? reason.message : String(reason);
}
