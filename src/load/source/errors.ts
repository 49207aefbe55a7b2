/**
 * What can be wrong with a source of a load. Each error says what was named, where it broke and what to do;
 * `details.found` is what was found, for a program that has words of its own for the rest.
 */

import { SqlwrightError } from "../../errors.ts";

/** `load.source_refused`: it may not be read at all. */
export function refusedSource(source: string, why: string, hint: string): SqlwrightError {
  return new SqlwrightError("load.source_refused", `Cannot load "${source}": ${why}`, {
    details: { source, found: why },
    hint,
  });
}

/** `load.source_unreadable`: there is nothing to read. */
export function unreadableSource(
  source: string,
  why: string,
  { hint = fileHint, details = {}, cause }: {
    hint?: string;
    details?: Record<string, unknown>;
    cause?: unknown;
  } = {},
): SqlwrightError {
  return new SqlwrightError("load.source_unreadable", `Cannot load "${source}": ${why}`, {
    details: { source, found: why, ...details },
    hint,
    cause,
  });
}

/**
 * `load.source_cut`: it ended, stopped or changed in the middle. `byte` counts what came before, on the wire
 * or disk.
 */
export function cutSource(
  source: string,
  why: string,
  { byte, size, hint, cause }: { byte: number; size: number | null; hint: string; cause?: unknown },
): SqlwrightError {
  const place = size === null ? `byte ${byte}` : `byte ${byte} of ${size}`;
  return new SqlwrightError("load.source_cut", `Cannot load "${source}": ${why} at ${place}`, {
    details: { source, found: why, byte, size },
    hint,
    cause,
  });
}

/** `load.source_corrupt`: the compression is broken. `byte` is a place in the compressed file. */
export function corruptSource(
  source: string,
  why: string,
  { byte, hint, cause }: { byte: number; hint?: string; cause?: unknown },
): SqlwrightError {
  return new SqlwrightError("load.source_corrupt", `Cannot load "${source}": ${why} at byte ${byte}`, {
    details: { source, found: why, byte },
    hint: hint ?? "Fetch or make the file again; nothing was loaded",
    cause,
  });
}

/** `load.source_too_large`: more bytes than a load may bring. */
export function tooLargeSource(
  source: string,
  why: string,
  details: Record<string, unknown>,
  hint: string,
): SqlwrightError {
  return new SqlwrightError("load.source_too_large", `Cannot load "${source}": ${why}`, {
    details: { source, found: why, ...details },
    hint,
  });
}

const fileHint = "Check the path; files are read below the source folder (SQLWRIGHT_SOURCE_DIR)";
