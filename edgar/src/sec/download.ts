/**
 * Large files of SEC to disk. They come into `FILE.part`, with what SEC said of them beside it, and get their
 * name when they are whole; a later attempt asks for the rest, and begins anew when SEC has another file by
 * then.
 */

import { dirname } from "node:path";
import { SqlwrightError } from "../errors.ts";
import { incomplete, readChunks } from "./body.ts";
import { AttemptError, judgeRefusal } from "./refusal.ts";

export interface DownloadedFile extends Validators {
  file: string;
  sizeBytes: number;
  /** It is the file of the given validators, and was not sent again. */
  isUnchanged: boolean;
}

export interface DownloadOptions {
  path: string;
  validators: Validators | undefined;
  onBytes: (received: number, total: number | null) => void;
  signal: AbortSignal;
  stall_ms: number;
  /** Sends the request in its slot. */
  request: (headers: Record<string, string>) => Promise<Response>;
}

interface PartNote extends Validators {
  path: string;
}

/** @returns null for 404 @throws {AttemptError} */
export async function downloadTo(file: string, options: DownloadOptions): Promise<DownloadedFile | null> {
  const { path, validators, request } = options;
  const part = `${file}.part`;
  const known = await readNote(part, path);
  const offset = known === null ? 0 : await Deno.stat(part).then(({ size }) => size, () => 0);
  // A weak ETag does not say that the bytes are the same.
  const rest = (known?.etag?.startsWith("W/") ? null : known?.etag) ?? known?.lastModified ?? null;
  const isRest = offset > 0 && rest !== null;
  const response = await request({
    // Byte ranges are of the file itself, so it is not to be packed.
    "accept-encoding": "identity",
    ...(isRest ? { range: `bytes=${offset}-`, "if-range": rest } : {
      ...(validators?.etag ? { "if-none-match": validators.etag } : {}),
      ...(validators?.lastModified ? { "if-modified-since": validators.lastModified } : {}),
    }),
  });
  switch (response.status) {
    case 200:
      return await receive(response, file, 0, options);
    case 206: {
      const from = Number(/^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1] ?? NaN);
      if (isRest && from === offset) return await receive(response, file, offset, options);
      await response.body?.cancel();
      await forget(part);
      throw incomplete(path, offset, "SEC sent another part than was asked for");
    }
    case 304:
      await response.body?.cancel();
      return {
        file,
        sizeBytes: 0,
        isUnchanged: true,
        etag: validators?.etag ?? null,
        lastModified: validators?.lastModified ?? null,
      };
    case 404:
      await response.body?.cancel();
      return null;
    case 416:
      // What is there is longer than the file.
      await response.body?.cancel();
      await forget(part);
      throw incomplete(path, offset, "SEC's file has become shorter");
    default:
      throw await judgeRefusal(response, path);
  }
}

async function receive(
  response: Response,
  file: string,
  offset: number,
  { path, onBytes, signal, stall_ms }: DownloadOptions,
): Promise<DownloadedFile> {
  const part = `${file}.part`;
  const length = Number(response.headers.get("content-length") ?? NaN);
  const total = Number.isNaN(length) ? null : offset + length;
  const said = { etag: response.headers.get("etag"), lastModified: response.headers.get("last-modified") };
  let received = offset;
  try {
    await Deno.mkdir(dirname(file), { recursive: true });
    if (offset === 0) await Deno.writeTextFile(`${part}.json`, JSON.stringify({ path, ...said }));
    using target = await Deno.open(part, {
      create: true,
      write: true,
      truncate: offset === 0,
      append: offset > 0,
    });
    for await (const chunk of readChunks(response, { path, stall_ms, signal, offset })) {
      for (let written = 0; written < chunk.length;) written += await target.write(chunk.subarray(written));
      received += chunk.length;
      onBytes(received, total);
    }
    if (total !== null && received !== total) {
      throw incomplete(path, received, `${total} bytes were announced`);
    }
    await target.sync();
    await Deno.rename(part, file);
    await Deno.remove(`${part}.json`).catch(() => {});
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof AttemptError) throw error;
    await response.body?.cancel().catch(() => {});
    throw new AttemptError(
      "final",
      new SqlwrightError(
        "edgar.download_failed",
        `Cannot write "${file}" after byte ${received}: ${error instanceof Error ? error.message : error}`,
        {
          details: { path, file, byte: received },
          hint: "Make room below SQLWRIGHT_DATA_DIR; the next run goes on where this one ended",
          cause: error,
        },
      ),
    );
  }
  return { file, sizeBytes: received, isUnchanged: false, ...said };
}

async function readNote(part: string, path: string): Promise<PartNote | null> {
  try {
    const note: unknown = JSON.parse(await Deno.readTextFile(`${part}.json`));
    if (typeof note !== "object" || note === null || !("path" in note) || note.path !== path) return null;
    const text = (value: unknown) => typeof value === "string" ? value : null;
    return {
      path,
      etag: text("etag" in note ? note.etag : null),
      lastModified: text("lastModified" in note ? note.lastModified : null),
    };
  } catch {
    return null;
  }
}

async function forget(part: string): Promise<void> {
  await Deno.remove(part).catch(() => {});
  await Deno.remove(`${part}.json`).catch(() => {});
}

/** What an earlier answer said about itself. */
export interface Validators {
  etag: string | null;
  lastModified: string | null;
}
