/**
 * Addresses as sources. Only hosts on the list are asked, redirects are followed by hand so that each hop is
 * held against it, and a page is not taken for data. The sandbox holds the same list: its network permission
 * names the same hosts.
 */

import { basename } from "node:path";
import { SqlwrightError } from "../../errors.ts";
import { causeWithoutSecrets, withoutSecrets } from "../../web_address.ts";
import { readStart, readWithin } from "./bytes.ts";
import { cutSource, refusedSource, unreadableSource } from "./errors.ts";
import { hintOf, textOf, titleOf, wordsOf } from "./http_answer.ts";
import type { RawSource } from "./raw_source.ts";

/** A host on the list. */
export interface HostName {
  /** Lower case; IPv6 in brackets. */
  hostname: string;
  port: number;
}

export interface HttpsOptions {
  hosts: readonly HostName[];
  signal: AbortSignal;
  /** How long a server may take to begin its answer. @default 30000 */
  answer_ms?: number | undefined;
  /** How long no byte may come. @default 60000 */
  stall_ms?: number | undefined;
}

export async function openAddress(source: string, options: HttpsOptions): Promise<RawSource> {
  const name = withoutSecrets(source);
  const request = new HttpsRequest(name, options);
  let { url, response } = await request.follow(allowedUrl(name, source, options.hosts));
  const size = contentLength(response);
  const etag = response.headers.get("etag");
  // A weak tag never matches in If-Range.
  const validator = etag === null || etag.startsWith("W/") ? response.headers.get("last-modified") : etag;
  const hasRanges = response.headers.get("accept-ranges") === "bytes" && size !== null && validator !== null;
  let body = response.body;
  let first: Uint8Array[] = [];
  try {
    first = await request.refusePage(response);
  } catch (error) {
    await request.close();
    throw error;
  }

  async function* readRange(offset: number, length: number): AsyncGenerator<Uint8Array> {
    if (length === 0) return;
    await request.end();
    const ranged = await request.follow(url, {
      range: `bytes=${offset}-${offset + length - 1}`,
      // The same file as before, else the whole new one with 200.
      ...(validator === null ? {} : { "if-range": validator }),
      "accept-encoding": "identity",
    });
    ({ url, response } = ranged);
    const total = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
    if (response.status !== 206 || Number(total?.[1]) !== offset || Number(total?.[3]) !== size) {
      await request.end();
      throw cutSource(
        name,
        "the file was changed while it was read, or the server gave another range than asked;",
        {
          byte: offset,
          size,
          hint: "Load again; nothing was loaded",
        },
      );
    }
    yield* request.chunks(response.body, { expected: length, offset, size });
  }

  return {
    name,
    fileName: basename(decodePath(url.pathname)),
    mediaType: mediaTypeOf(response),
    size,
    async *read() {
      const present = body;
      body = null;
      yield* request.chunks(present, { expected: size, offset: 0, size, first });
      first = [];
    },
    readRange: hasRanges ? readRange : null,
    withoutRanges:
      "the server does not say that it answers ranges of it (accept-ranges, content-length, etag)",
    isDecoded: encodingOf(response) !== null,
    close: () => request.close(),
  };
}

/** One file's requests, of which one is open at a time. */
class HttpsRequest {
  readonly #name: string;
  readonly #options: HttpsOptions;
  #open = new AbortController();
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null;

  constructor(name: string, options: HttpsOptions) {
    this.#name = name;
    this.#options = options;
  }

  /** The answer of the last hop, with 200 or 206. */
  async follow(
    start: URL,
    headers: Record<string, string> = {},
  ): Promise<{ url: URL; response: Response }> {
    let url = start;
    for (let hop = 0; hop <= maximumRedirects; hop++) {
      const response = await this.#fetch(url, headers);
      const location = response.headers.get("location");
      if (redirects.has(response.status) && location !== null) {
        await response.body?.cancel();
        const next = URL.parse(location, url);
        if (next === null) throw this.#unreadable("the server redirects to what is no address");
        url = allowedUrl(this.#name, next.href, this.#options.hosts, "redirect");
        continue;
      }
      // A part that was not asked for would load as the whole.
      const isWanted = response.status === 200 || (response.status === 206 && "range" in headers);
      if (!isWanted) throw await this.#statusError(response);
      return { url, response };
    }
    throw this.#unreadable(`the server redirects more than ${maximumRedirects} times`);
  }

  /** The bytes of a body. Each wait is bounded; a body that ends early is an error with the byte. */
  async *chunks(
    body: ReadableStream<Uint8Array> | null,
    { expected, offset, size, first = [] }: {
      expected: number | null;
      offset: number;
      size: number | null;
      first?: readonly Uint8Array[];
    },
  ): AsyncGenerator<Uint8Array> {
    let done = 0;
    const cut = (why: string, cause?: unknown) =>
      cutSource(this.#name, why, {
        byte: offset + done,
        size,
        hint: "Load again; nothing was loaded",
        cause,
      });
    for (const chunk of first) {
      done += chunk.length;
      yield chunk;
    }
    if (body !== null) {
      this.#reader ??= body.getReader();
      try {
        for (;;) {
          const chunk = await this.#read(this.#reader, cut);
          if (chunk === null) break;
          done += chunk.length;
          yield chunk;
        }
      } finally {
        await this.end();
      }
    }
    if (expected !== null && done !== expected) throw cut("the connection ended");
  }

  /** The first bytes of an answer that is data; refuses one that is a page. */
  async refusePage(response: Response): Promise<Uint8Array[]> {
    const encoding = encodingOf(response);
    if (encoding !== null && !decodedEncodings.has(encoding)) {
      await response.body?.cancel();
      throw this.#unreadable(`the server encodes its answer as "${encoding}", which was not asked for`);
    }
    if (response.body === null) return [];
    const reader = this.#reader = response.body.getReader();
    let byte = 0;
    const cut = (why: string, cause?: unknown) =>
      cutSource(this.#name, why, { byte, size: contentLength(response), hint: "Load again", cause });
    const read = async () => {
      const chunk = await this.#read(reader, cut);
      byte += chunk?.length ?? 0;
      return chunk;
    };
    const first = await readStart(read, sniffedBytes);
    const type = mediaTypeOf(response);
    const isPage = type === "text/html" || type === "application/xhtml+xml" ||
      /^\uFEFF?\s*<(!doctype\s+html|html)[\s>]/i.test(textOf(first));
    if (!isPage) return first;
    const title = titleOf(textOf([...first, ...await readStart(read, pageBytes - byte)]));
    throw new SqlwrightError(
      "load.source_not_data",
      `Cannot load "${this.#name}": the server answered ${response.status} with a page${
        title === null ? "" : ` titled "${title}"`
      } and not with data`,
      {
        details: { source: this.#name, status: response.status, title },
        hint: "Open the address in a browser: it may ask for a login, a consent or fewer requests",
      },
    );
  }

  /** Ends the request that is open; another may follow. */
  async end(): Promise<void> {
    const reader = this.#reader;
    this.#reader = null;
    this.#open.abort();
    this.#open = new AbortController();
    await reader?.cancel().catch(() => {});
  }

  close(): Promise<void> {
    return this.end();
  }

  async #fetch(url: URL, headers: Record<string, string>): Promise<Response> {
    const { signal, answer_ms = 30_000 } = this.#options;
    signal.throwIfAborted();
    const open = this.#open;
    const timer = setTimeout(() => open.abort(), answer_ms);
    try {
      return await fetch(url, {
        redirect: "manual",
        headers,
        signal: AbortSignal.any([signal, open.signal]),
      });
    } catch (error) {
      signal.throwIfAborted();
      const why = open.signal.aborted
        ? `"${url.host}" did not answer within ${answer_ms} ms`
        : error instanceof Deno.errors.NotCapable
        ? `the sandbox of this server does not let it reach "${url.host}"`
        : `"${url.host}" cannot be reached`;
      throw this.#unreadable(why, causeWithoutSecrets(error));
    } finally {
      clearTimeout(timer);
    }
  }

  #read(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    cut: (why: string, cause?: unknown) => SqlwrightError,
  ): Promise<Uint8Array | null> {
    const { signal, stall_ms = 60_000 } = this.#options;
    const open = this.#open;
    return readWithin(reader, {
      stall_ms,
      signal,
      onStall: () => {
        open.abort();
        return cut(`no byte came for ${stall_ms} ms`);
      },
      onBroken: (cause) => cut("the connection was cut", causeWithoutSecrets(cause)),
    });
  }

  async #statusError(response: Response): Promise<SqlwrightError> {
    const { status, headers } = response;
    const text = await this.#pageText(response);
    const title = titleOf(text);
    return unreadableSource(
      this.#name,
      `the server answered ${wordsOf(status)}${title === null ? "" : `, a page titled "${title}"`}`,
      {
        hint: hintOf(status),
        details: { status, title, retry_after: headers.get("retry-after") },
      },
    );
  }

  async #pageText(response: Response): Promise<string> {
    if (response.body === null) return "";
    const reader = this.#reader = response.body.getReader();
    // A page that breaks off says as much as came of it.
    const read = () => this.#read(reader, (why) => this.#unreadable(why)).catch(() => null);
    const chunks = await readStart(read, pageBytes);
    await this.end();
    return textOf(chunks);
  }

  #unreadable(why: string, cause?: unknown): SqlwrightError {
    return unreadableSource(this.#name, why, {
      hint: "Check the address, and that this server's network reaches it",
      cause,
    });
  }
}

/** @throws {SqlwrightError} `load.source_refused` for an address that may not be asked. */
function allowedUrl(
  name: string,
  address: string,
  hosts: readonly HostName[],
  how: "named" | "redirect" = "named",
): URL {
  const refused = (why: string, hint = "SQLWRIGHT_SOURCE_HOSTS lists the hosts that may be asked") =>
    refusedSource(
      name,
      how === "redirect" ? `the server redirects to an address that ${why}` : `the address ${why}`,
      hint,
    );
  const url = URL.parse(address);
  if (url === null) throw refused("cannot be read", "Write https://host/path");
  if (url.username !== "" || url.password !== "") {
    throw refused("holds a user name or a password", "Leave them out: addresses are logged");
  }
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname))) {
    throw refused(`begins with ${url.protocol}//`, "Only https:// is read");
  }
  const port = url.port === "" ? url.protocol === "https:" ? 443 : 80 : Number(url.port);
  if (!hosts.some((host) => host.hostname === url.hostname && host.port === port)) {
    throw refused(`goes to "${url.hostname}:${port}", which is not on the list of hosts`);
  }
  return url;
}

const isLoopback = (hostname: string) =>
  hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);

/** Of the bytes that fetch hands out: those of a body that it decoded on the way are not announced. */
function contentLength(response: Response): number | null {
  const text = response.headers.get("content-length");
  return text !== null && /^\d+$/.test(text) && encodingOf(response) === null ? Number(text) : null;
}

function encodingOf({ headers }: Response): string | null {
  const encoding = headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  return encoding === "" || encoding === "identity" ? null : encoding;
}

const mediaTypeOf = ({ headers }: Response) =>
  /^[^;\s]+/.exec(headers.get("content-type") ?? "")?.[0].toLowerCase() ?? null;

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** What fetch asks for, and undoes by itself. */
const decodedEncodings = new Set(["gzip", "br"]);
const redirects = new Set([301, 302, 303, 307, 308]);
const maximumRedirects = 5;
/** Enough to see that a page begins. */
const sniffedBytes = 512;
/** How far a page's title is looked for. */
const pageBytes = 64 * 1024;
