/**
 * Paths that may not lead out of a folder: below SQLWRIGHT_SOURCE_DIR, below a folder of query files, in an
 * archive.
 */

import { isAbsolute, join, sep } from "node:path";
import { refusedSource, unreadableSource } from "./errors.ts";

/** Whether a path is the folder or lies below it. Both are real paths: links are resolved. */
export function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(/[\\/]$/.test(folder) ? folder : folder + sep);
}

/**
 * Whether a name of an archive's member would lead to a place outside of the folder that the archive is
 * unpacked to.
 */
export function leadsOut(name: string): boolean {
  return /^\/|^[a-zA-Z]:|\\|\0/.test(name) || name.split("/").includes("..");
}

/**
 * The real path of what a caller names below the source folder; links may not lead out of it.
 * @throws {SqlwrightError} `load.source_refused`, `load.source_unreadable` where there is nothing
 */
export async function pathBelow(
  directory: string,
  source: string,
  { allowsFolder = false, example = "orders.csv" }: {
    /** The folder itself may be named too. @default false */
    allowsFolder?: boolean;
    /** For the hint. */
    example?: string;
  } = {},
): Promise<string> {
  const refused = (why: string) =>
    refusedSource(
      source,
      why,
      `Name a ${
        allowsFolder ? "file or folder" : "file"
      } below the source folder (SQLWRIGHT_SOURCE_DIR), such as ${example}`,
    );
  if (source.includes("\0")) throw refused("the path holds a NUL character");
  if (isAbsolute(source) || /^[a-zA-Z]:|^\\\\/.test(source)) throw refused("the path is absolute");
  if (source.split(/[\\/]/).includes("..")) throw refused("the path leaves the source folder");
  const root = await Deno.realPath(directory).catch((error) =>
    Promise.reject(unreadableSource(source, "there is no source folder", { cause: error }))
  );
  const path = await Deno.realPath(join(root, source)).catch((error) =>
    Promise.reject(unreadableSource(source, reasonOf(error), { cause: error }))
  );
  if (!isWithin(root, path)) throw refused("it links to a place outside of the source folder");
  if (path === root && !allowsFolder) throw refused("it is the source folder itself");
  return path;
}

/** Why a file cannot be opened, in words. */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
    return "there is no such file";
  }
  if (error instanceof Deno.errors.PermissionDenied) return "its permissions do not let this server read it";
  return "it cannot be opened";
}
