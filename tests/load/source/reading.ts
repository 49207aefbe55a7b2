/** Opening sources as a load does, for tests. */

import assert from "node:assert/strict";
import { SqlwrightError } from "../../../src/errors.ts";
import { defaultMaximumBytes, openSource } from "../../../src/load/source/source.ts";
import type { OpenedSource, SourceAccess, SourceOptions } from "../../../src/load/source/model.ts";

export function open(
  source: string,
  access: SourceAccess,
  options: Partial<SourceOptions> = {},
): Promise<OpenedSource> {
  return openSource(source, access, {
    compression: "auto",
    member: null,
    signal: new AbortController().signal,
    maximumBytes: defaultMaximumBytes,
    ...options,
  });
}

/** All of a source, closed again. */
export async function read(
  source: string,
  access: SourceAccess,
  options: Partial<SourceOptions> = {},
): Promise<{ text: string; opened: OpenedSource }> {
  const opened = await open(source, access, options);
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of opened.bytes) chunks.push(chunk.slice());
    return { text: await new Blob(chunks as BlobPart[]).text(), opened };
  } finally {
    await opened.close();
  }
}

/** How many bytes there are, without keeping them. */
export async function count(
  source: string,
  access: SourceAccess,
  options: Partial<SourceOptions> = {},
): Promise<number> {
  const opened = await open(source, access, options);
  try {
    let bytes = 0;
    for await (const chunk of opened.bytes) bytes += chunk.length;
    return bytes;
  } finally {
    await opened.close();
  }
}

/** The error that reading ends in. */
export async function failure(
  source: string,
  access: SourceAccess,
  options: Partial<SourceOptions> = {},
): Promise<SqlwrightError> {
  try {
    await count(source, access, options);
  } catch (error) {
    assert.ok(error instanceof SqlwrightError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: `"${source}" was read` });
}

/** A folder of files, and the access of a server whose source folder it is. */
export async function withSources<T>(
  files: Record<string, string | Uint8Array>,
  use: (access: SourceAccess & { kind: "folder" }) => Promise<T>,
): Promise<T> {
  const directory = await Deno.makeTempDir({ prefix: "sqlwright_sources_" });
  try {
    for (const [path, content] of Object.entries(files)) {
      const file = `${directory}/${path}`;
      await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
      if (typeof content === "string") await Deno.writeTextFile(file, content);
      else await Deno.writeFile(file, content);
    }
    return await use({ kind: "folder", directory });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
