/** Bytes of files and of members of archives: whole within a limit, in pieces, at any place. */

import { createHash } from "node:crypto";
import { SqlwrightError } from "../errors.ts";
import { defaultParseLimits, type RandomAccess } from "../source/source_file.ts";

export async function readFile(file: string, path: string): Promise<Uint8Array> {
  return await Deno.readFile(file).catch((cause) => {
    throw new SqlwrightError("edgar.path_unknown", `Cannot read "${path}": ${cause.message}`, {
      details: { path },
      hint: "Check that the file is there and may be read",
      cause,
    });
  });
}

const pieceBytes = 2 ** 20;

export async function* readPieces(file: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  using handle = await Deno.open(file);
  for (;;) {
    signal.throwIfAborted();
    const piece = new Uint8Array(pieceBytes);
    const length = await handle.read(piece);
    if (length === null) return;
    yield piece.subarray(0, length);
  }
}

export async function hashFile(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of readPieces(file, signal)) hash.update(piece);
  return hash.digest("hex");
}

export async function readAll(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > defaultParseLimits.whole_bytes) {
      throw new SqlwrightError("edgar.too_large", `Cannot load a member of more than ${size} bytes`);
    }
    chunks.push(chunk);
  }
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

/** In pieces, so that who counts them sees how far the reader is. */
export async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += pieceBytes) {
    yield await Promise.resolve(bytes.subarray(offset, offset + pieceBytes));
  }
}

export function inMemory(bytes: Uint8Array): RandomAccess {
  return {
    size_bytes: bytes.length,
    readBytes: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
  };
}

export function randomAccess(handle: Deno.FsFile, size_bytes: number): RandomAccess {
  return {
    size_bytes,
    readBytes: async (offset, length) => {
      await handle.seek(offset, Deno.SeekMode.Start);
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length;) {
        const read = await handle.read(bytes.subarray(done));
        if (read === null) throw new Error(`the file ends at byte ${offset + done}`);
        done += read;
      }
      return bytes;
    },
  };
}

/** The same bytes; each piece's length is told as it is read. */
export async function* counting(
  bytes: AsyncIterable<Uint8Array>,
  count: (length: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    count(chunk.length);
    yield chunk;
  }
}

export function countingAccess(
  access: RandomAccess | undefined,
  count: (length: number) => void,
): RandomAccess | undefined {
  return access && {
    size_bytes: access.size_bytes,
    readBytes: (offset, length) => {
      count(length);
      return access.readBytes(offset, length);
    },
  };
}
