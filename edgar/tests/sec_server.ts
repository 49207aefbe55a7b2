/**
 * A server that stands in for SEC's two hosts, on this machine's loopback: files of a folder in SEC's layout, packed with gzip,
 * with ETag, Last-Modified, conditional and partial requests. It keeps a log of what it was asked and when, and misbehaves
 * on demand in the ways that SEC and the network do.
 */

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { project } from "../../tests/harness.ts";
import { findService, secFiles } from "../../tests/services.ts";

export type Behaviour =
  /** 403 with the page of too many requests. */
  | { kind: "threshold" }
  /** 403 with the page for those who do not say who they are. */
  | { kind: "undeclared" }
  | { kind: "status"; status: number; retryAfter_s?: number }
  /** 200 with an HTML page in place of the file. */
  | { kind: "page" }
  /** The connection ends at this byte of the plain body. */
  | { kind: "cut"; byte: number }
  /** A packed body that ends too early, of the length that was announced. */
  | { kind: "truncated_gzip" }
  /** Half of the file, as if that were all. */
  | { kind: "half" }
  /** Headers and some bytes, then nothing. */
  | { kind: "stall" }
  | { kind: "redirect"; to: string };

export interface SecRequest {
  path: string;
  /** Of `performance.timeOrigin` and `performance.now()`, so that requests of several processes are in one order. */
  at_ms: number;
  headers: Record<string, string>;
  status: number;
  bytes: number;
}

export interface SecServer {
  url: string;
  log: SecRequest[];
  /** The next answers for a path; the last one stays when `isLasting`. */
  misbehave(path: string, behaviours: Behaviour[], options?: { isLasting?: boolean }): void;
  behave(): void;
  /** Another content than the folder's; null for none. */
  put(path: string, content: Uint8Array | string | null): void;
}

const packed = promisify(gzip);

/** Real payloads where they lie beside the project, else the small ones that are part of it. */
export const realPayloads = secFiles;
export const smallPayloads = join(project, "tests", "fixtures", "edgar_mirror");

export function payloads(): string {
  return findService("SEC's own files") ?? smallPayloads;
}

/** Lends a server over `folder`. */
export async function withSecServer<T>(folder: string, use: (sec: SecServer) => Promise<T>): Promise<T> {
  const log: SecRequest[] = [];
  const behaviours = new Map<string, { queue: Behaviour[]; isLasting: boolean }>();
  const contents = new Map<string, Uint8Array | null>();
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      response.destroy();
      throw error;
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent((request.url ?? "/").slice(1));
    const entry: SecRequest = {
      path,
      at_ms: performance.timeOrigin + performance.now(),
      headers: Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      ),
      status: 0,
      bytes: 0,
    };
    log.push(entry);
    const send = (status: number, headers: Record<string, string>, body: Uint8Array | string = "") => {
      entry.status = status;
      entry.bytes = body.length;
      response.writeHead(status, { "content-length": String(body.length), ...headers });
      response.end(body);
    };
    const planned = behaviours.get(path);
    const behaviour = planned === undefined
      ? undefined
      : planned.isLasting && planned.queue.length === 1
      ? planned.queue[0]
      : planned.queue.shift();
    const content = contents.has(path) ? contents.get(path)! : await readBelow(folder, path);
    switch (behaviour?.kind) {
      case "threshold":
        return send(403, htmlType, thresholdPage);
      case "undeclared":
        return send(403, htmlType, undeclaredPage);
      case "status":
        return send(
          behaviour.status,
          behaviour.retryAfter_s === undefined ? {} : { "retry-after": String(behaviour.retryAfter_s) },
        );
      case "page":
        return send(200, htmlType, maintenancePage);
      case "redirect":
        return send(302, { location: behaviour.to });
      case "half":
        return send(200, {}, content!.subarray(0, content!.length >> 1));
      case "truncated_gzip": {
        const whole = await packed(content!);
        return send(200, { "content-encoding": "gzip" }, whole.subarray(0, whole.length >> 1));
      }
      case "stall":
      case "cut": {
        const { kind } = behaviour;
        const byte = kind === "cut" ? behaviour.byte : 1000;
        entry.status = 200;
        entry.bytes = byte;
        response.writeHead(200, { "content-length": String(content!.length), ...validatorsOf(content!) });
        response.write(content!.subarray(0, byte), () => {
          // The last bytes reach the other side before the end does.
          if (kind === "cut") setTimeout(() => response.socket?.destroy(), 20);
        });
        return;
      }
      case undefined:
        break;
      default:
        throw new TypeError(`unknown behaviour: ${behaviour satisfies never}`);
    }
    if (content === null) return send(404, htmlType, missingPage);
    const validators = validatorsOf(content);
    if (request.headers["if-none-match"] === validators.etag) return send(304, validators);
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? "");
    if (range !== null && request.headers["if-range"] === validators.etag) {
      const from = Number(range[1]);
      if (from >= content.length) return send(416, {});
      return send(206, {
        ...validators,
        "content-range": `bytes ${from}-${content.length - 1}/${content.length}`,
      }, content.subarray(from));
    }
    const isPacked = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "") && !/\.(gz|zip)$/.test(path);
    if (!isPacked) return send(200, validators, content);
    send(200, { ...validators, "content-encoding": "gzip" }, await packed(content, { level: 1 }));
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  try {
    return await use({
      url: `http://127.0.0.1:${port}`,
      log,
      misbehave: (path, queue, { isLasting = false } = {}) =>
        void behaviours.set(path, { queue: [...queue], isLasting }),
      behave: () => behaviours.clear(),
      put: (path, content) =>
        void contents.set(path, typeof content === "string" ? new TextEncoder().encode(content) : content),
    });
  } finally {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

/** The most requests that came within any one second. */
export function mostInASecond(log: readonly SecRequest[]): number {
  const times = log.map(({ at_ms }) => at_ms).toSorted((a, b) => a - b);
  let most = 0;
  for (let first = 0, last = 0; last < times.length; last++) {
    while (times[last]! - times[first]! >= 1000) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

function validatorsOf(content: Uint8Array): { etag: string; "last-modified": string } {
  const hash = createHash("sha1").update(content).digest("hex").slice(0, 20);
  return { etag: `"${hash}"`, "last-modified": "Fri, 02 Oct 2026 06:01:00 GMT" };
}

async function readBelow(folder: string, path: string): Promise<Uint8Array | null> {
  if (path.split("/").includes("..")) return null;
  const file = join(folder, path);
  const isFile = await Deno.stat(file).then((info) => info.isFile, () => false);
  return isFile ? await Deno.readFile(file) : null;
}

const htmlType = { "content-type": "text/html" };
const page = (title: string, text: string) =>
  `<!DOCTYPE html>\n<html lang="en">\n<head><title>${title}</title></head>\n<body>\n<h1>${text}</h1>\n</body>\n</html>\n`;
const thresholdPage = page("SEC.gov | Request Rate Threshold Exceeded", "Request Rate Threshold Exceeded");
const undeclaredPage = page(
  "SEC.gov | Your Request Originates from an Undeclared Automated Tool",
  "Your Request Originates from an Undeclared Automated Tool",
);
const maintenancePage = page("SEC.gov | Maintenance", "This page is temporarily unavailable");
const missingPage = page("SEC.gov | Page not found", "Page not found");
