/**
 * Keyset pages: the query is wrapped, ordered by its page columns, and continues after the last row's key.
 * Two statements, one for the first page and one for the next, because `$1 is null or (a, b) > ($1, $2)` is
 * only a filter while `(a, b) > ($1, $2)` alone is an index condition. Never an offset, so inserts do not
 * move rows between pages.
 *
 * The cursor is the key of the last row as text, signed, and tied to the tool's file and to the call's
 * arguments.
 */

import { createHmac, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import { SqlwrightError } from "../errors.ts";
import { castName } from "../postgres/types/types.ts";
import type { TypedColumn } from "../describe/model.ts";
import { quoteIdentifier } from "../postgres/identifiers.ts";
import type { OrderTerm } from "../query/model.ts";
import { type PageKey, type PageStatements } from "../tool/model.ts";

export function pageKeys(order: readonly OrderTerm[], columns: readonly TypedColumn[]): PageKey[] {
  return order.map(({ column, descending }) => {
    const index = columns.findIndex(({ name }) => name === column);
    return { column, descending, type: castNameOf(columns[index]), index };
  });
}

const castNameOf = (column: TypedColumn | undefined) => column === undefined ? "text" : castName(column.type);

/**
 * @param text the query without its final semicolon
 * @param parameterCount how many parameters it has; the page's own come after them: the key's values, then
 * the limit
 */
export function pageStatements(
  text: string,
  columns: readonly string[],
  keys: readonly PageKey[],
  parameterCount: number,
): PageStatements {
  const select = `select ${
    columns.map((name) => `page.${quoteIdentifier(name)}`).join(", ")
  }\nfrom (\n${text}\n) as page`;
  const order = `order by ${
    keys.map(({ column, descending }) => `page.${quoteIdentifier(column)}${descending ? " desc" : ""}`).join(
      ", ",
    )
  }`;
  return {
    first: `${select}\n${order}\nlimit $${parameterCount + 1}::bigint`,
    next: `${select}\nwhere ${afterKey(keys, parameterCount)}\n${order}\nlimit $${
      parameterCount + keys.length + 1
    }::bigint`,
  };
}

/**
 * All in one direction: a row comparison. Mixed: the leading column bounds the index, the rest decides ties.
 */
function afterKey(keys: readonly PageKey[], parameterCount: number): string {
  const column = ({ column }: PageKey) => `page.${quoteIdentifier(column)}`;
  const value = (key: PageKey, index: number) => `$${parameterCount + index + 1}::${key.type}`;
  const after = (key: PageKey) => key.descending ? "<" : ">";
  const [first] = keys;
  if (first === undefined) throw new TypeError("a page needs a key");
  if (keys.every(({ descending }) => descending === first.descending)) {
    return `(${keys.map(column).join(", ")}) ${after(first)} (${keys.map(value).join(", ")})`;
  }
  const ties = keys.map((key, index) => {
    const equal = keys.slice(0, index).map((before, at) => `${column(before)} = ${value(before, at)}`);
    return `(${[...equal, `${column(key)} ${after(key)} ${value(key, index)}`].join(" and ")})`;
  });
  return `${column(first)} ${after(first)}= ${value(first, 0)} and (${ties.join(" or ")})`;
}

export interface CursorScope {
  tool: string;
  /** Hash of the query file: another version of the file has other keys. */
  fileHash: string;
  /** The arguments, which must be the same from page to page. */
  values: Record<string, string | null>;
  filters: readonly unknown[];
}

const signatureBytes = 16;

export function writeCursor(key: readonly string[], scope: CursorScope, secret: Uint8Array): string {
  const payload = Buffer.from(JSON.stringify(key));
  return Buffer.concat([sign(payload, scope, secret), payload]).toString("base64url");
}

/** @throws {SqlwrightError} `cursor.invalid` */
export function readCursor(cursor: string, scope: CursorScope, secret: Uint8Array): string[] {
  const bytes = Buffer.from(cursor, "base64url");
  const payload = bytes.subarray(signatureBytes);
  const signature = sign(payload, scope, secret);
  if (bytes.length <= signatureBytes || !timingSafeEqual(bytes.subarray(0, signatureBytes), signature)) {
    throw new SqlwrightError(
      "cursor.invalid",
      `Cannot continue ${scope.tool}: the cursor does not belong to this call`,
      {
        hint: "Send next_cursor unchanged and with the same other arguments; to start again, " +
          "leave the cursor out",
      },
    );
  }
  return JSON.parse(payload.toString()) as string[];
}

function sign(
  payload: Uint8Array,
  { tool, fileHash, values, filters }: CursorScope,
  secret: Uint8Array,
): Uint8Array {
  const scope = JSON.stringify([tool, fileHash, Object.entries(values), filters]);
  return createHmac("sha256", secret).update(scope).update("\0").update(payload).digest().subarray(
    0,
    signatureBytes,
  );
}
