/** Bytes of files and of members of archives: whole within a limit, in pieces, at any place. */

import { createHash } from "node:crypto";
import { openFile, type RawSource, readBounded } from "sqlwright";
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

/** Lends a file. One that changes while it is read is an error, and never bytes of two states. */
export async function withFile<T>(file: string, use: (file: RawSource) => Promise<T>): Promise<T> {
  const source = await openFile(file);
  try {
    return await use(source);
  } finally {
    await source.close();
  }
}

/** SHA-256 in hexadecimal. */
export async function hashBytes(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of bytes) {
    signal.throwIfAborted();
    hash.update(chunk);
  }
  return hash.digest("hex");
}

/** A member of an archive. */
export async function readMember(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const whole = await readBounded(bytes, defaultParseLimits.whole_bytes);
  if (whole !== null) return whole;
  throw new SqlwrightError(
    "edgar.too_large",
    `Cannot load a member of more than ${defaultParseLimits.whole_bytes} bytes`,
  );
}

export function randomAccess({ readRange, size }: RawSource): RandomAccess {
  return {
    size_bytes: size!,
    readBytes: async (offset, length) => (await readBounded(readRange!(offset, length), length))!,
  };
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
