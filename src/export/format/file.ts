/**
 * A file that is there when it is whole: written beside its place under another name, and renamed at the end.
 */

import { dirname, join } from "node:path";
import { SqlwrightError } from "../../errors.ts";
import type { ByteSink } from "./model.ts";

/** Small writes are gathered. */
const bufferBytes = 256 * 1024;

/**
 * @throws {SqlwrightError} `export.unwritable` when the place cannot be written, or the disk is full; nothing
 * is left of the file then, and whatever had the name before is still there.
 */
export async function writeWholeFile<T>(path: string, produce: (sink: ByteSink) => Promise<T>): Promise<T> {
  const target = await guardWrite(path, () => replaceable(path));
  const temporary = join(dirname(target), `.sqlwright-export-${crypto.randomUUID()}`);
  let isRenamed = false;
  try {
    const file = await guardWrite(
      path,
      () => Deno.open(temporary, { write: true, createNew: true, mode: 0o640 }),
    );
    let answer: T;
    try {
      const buffered = bufferedSink((bytes) => guardWrite(path, () => writeAll(file, bytes)));
      answer = await produce(buffered.sink);
      await buffered.flush();
      await guardWrite(path, () => file.sync());
    } finally {
      file.close();
    }
    await guardWrite(path, () => Deno.rename(temporary, target));
    isRenamed = true;
    return answer;
  } finally {
    if (!isRenamed) await Deno.remove(temporary).catch(() => {});
  }
}

/**
 * The file that the path leads to: a link stays one. What is there and no file, such as a pipe or a device,
 * is not replaced.
 */
async function replaceable(path: string): Promise<string> {
  let real: string;
  try {
    real = await Deno.realPath(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return path;
    throw error;
  }
  const { isFile, isDirectory } = await Deno.stat(real);
  if (isFile) return real;
  throw new SqlwrightError(
    "export.unwritable",
    `Cannot write "${path}": it is ${isDirectory ? "a folder" : "no regular file"}`,
    { details: { path }, hint: "Name a file, or write to standard output" },
  );
}

export function bufferedSink(write: (bytes: Uint8Array) => Promise<void>) {
  let parts: Uint8Array[] = [];
  let size = 0;
  const flush = async () => {
    if (size === 0) return;
    const whole = parts.length === 1
      ? parts[0]!
      : new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
    parts = [];
    size = 0;
    await write(whole);
  };
  const sink: ByteSink = async (bytes) => {
    parts.push(bytes);
    size += bytes.length;
    if (size >= bufferBytes) await flush();
  };
  return { sink, flush };
}

export async function writeAll(
  file: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

/**
 * What fails in writing becomes `export.unwritable`; a reader of standard output that has gone stays what it
 * is.
 */
export async function guardWrite<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SqlwrightError || error instanceof Deno.errors.BrokenPipe) throw error;
    throw new SqlwrightError("export.unwritable", `Cannot write "${path}": ${reasonOf(error)}`, {
      details: { path },
      hint: "Nothing was left there. Make room or name another place, and export again",
      cause: error,
    });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such folder";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotCapable) return "the sandbox does not permit it";
  const code = String((error as { code?: unknown })?.code ?? "");
  if (code === "ENOSPC") return "the disk is full";
  if (code === "EDQUOT") return "the quota of the disk is used up";
  if (code === "EROFS") return "the file system is read-only";
  if (code === "EFBIG") return "the file would be larger than is allowed";
  if (code === "EISDIR") return "it is a folder";
  return code || "the write failed";
}
