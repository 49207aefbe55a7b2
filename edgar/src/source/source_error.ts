/**
 * What a parser says about a file it cannot take: the path, what was found, and the place. SEC answers a
 * client that is too fast, or that did not name itself, with a page of HTML in place of any file; that page
 * is told apart because the answer to it is to wait, not to mend.
 */

import { SqlwrightError } from "../errors.ts";

/** Where in a file; lines and columns count from 1, bytes from 0. */
export interface SourcePlace {
  line?: number | undefined;
  column?: number | undefined;
  byte?: number | undefined;
  /** A member of an archive, or a document of a whole submission. */
  member?: string | undefined;
  /** A column of a table, or the path of names to a value in JSON or XML. */
  field?: string | undefined;
  /** The value as it stands there. */
  value?: unknown;
}

const excerptCharacters = 80;
/** A page of SEC's says what it is within its first lines; a filing may quote the words further down. */
const blockPageCharacters = 8_192;

/** `edgar.source_invalid`: the file is not what SEC's layout says it is. */
export function sourceInvalid(
  path: string,
  found: string,
  place: SourcePlace = {},
  cause?: unknown,
): SqlwrightError {
  const { line, column, byte, member, field, value } = place;
  const where = [
    member === undefined ? "" : `in "${plainOf(member)}"`,
    line === undefined ? "" : `line ${line}`,
    column === undefined ? "" : `column ${column}`,
    byte === undefined ? "" : `byte ${byte}`,
    field === undefined ? "" : `field ${plainOf(field)}`,
  ].filter((part) => part !== "").join(", ");
  return new SqlwrightError(
    "edgar.source_invalid",
    `Cannot read "${path}": ${found}${value === undefined ? "" : `, not ${excerptOf(value)}`}` +
      (where === "" ? "" : ` (${where})`),
    {
      details: {
        path,
        found,
        ...(member === undefined ? {} : { member: plainOf(member) }),
        ...(line === undefined ? {} : { line }),
        ...(column === undefined ? {} : { column }),
        ...(byte === undefined ? {} : { byte }),
        ...(field === undefined ? {} : { field }),
        ...(value === undefined ? {} : { value: excerptOf(value) }),
      },
      hint:
        "Fetch the file again from SEC; if it is the same, the file has a layout this version does not know.",
      cause,
    },
  );
}

/**
 * What sqlwright's readers of bytes found wrong with a file, as a fault of SEC's file; any other error as it
 * is.
 */
export function toSourceInvalid(path: string, error: unknown, member?: string): unknown {
  if (!(error instanceof SqlwrightError) || !error.code.startsWith("load.source_")) return error;
  const { found, byte } = error.details;
  return sourceInvalid(
    path,
    String(found),
    { member, ...(typeof byte === "number" ? { byte } : {}) },
    error,
  );
}

/** `edgar.blocked`: SEC refuses this client for now. */
export function sourceBlocked(path: string): SqlwrightError {
  return new SqlwrightError(
    "edgar.blocked",
    `Cannot read "${path}": SEC answered with its page for refused clients in place of the file`,
    {
      details: { path },
      hint: "Wait ten minutes without a request; then at most ten a second, with a User-Agent that names a " +
        "company and a contact.",
    },
  );
}

/** Whether the text is SEC's page for a client over the rate or without a declared agent. */
export function isBlockPage(text: string): boolean {
  const start = text.slice(0, blockPageCharacters);
  return /^\s*</.test(start) && /Request Rate Threshold Exceeded|Undeclared Automated Tool/i.test(start);
}

/** Refuses HTML where anything else is due: SEC's page for refused clients, or another error page. */
export function refuseHtml(path: string, start: string, due: string): void {
  if (!/^[\s\uFEFF]*</.test(start)) return;
  if (isBlockPage(start)) throw sourceBlocked(path);
  throw sourceInvalid(path, `${due} is due and a page of HTML or XML was found`, {
    line: 1,
    value: start.trim(),
  });
}

/** A value for a message: one line, cut. */
export function excerptOf(value: unknown): string {
  if (typeof value === "string") return `"${plainOf(value)}"`;
  return plainOf(JSON.stringify(value) ?? String(value));
}

/** Control characters would change how a terminal or a log shows the message. */
function plainOf(text: string): string {
  const line = text.slice(0, excerptCharacters + 1).replace(/[\p{Cc}\p{Cf}]+/gu, " ");
  return line.length > excerptCharacters ? `${line.slice(0, excerptCharacters)}…` : line;
}
