/**
 * The types of an answer are held to those that the tool was made with, at each execution: a column that has
 * become another type since would otherwise be written by a writer that was not made for it. A prepared
 * statement keeps its columns, or PostgreSQL refuses it, so a description is looked at once for each.
 */

import type { TypedColumn } from "../describe/model.ts";
import { SqlwrightError } from "../errors.ts";
import type { ResultColumn } from "../postgres/pool.ts";
import { builtinOids } from "../postgres/types/builtin_oids.ts";
import { type PgType, withoutDomains } from "../postgres/types/types.ts";

/** Gets the columns of an execution. @throws {SqlwrightError} `tool.outdated` */
export type HoldTypes = (columns: readonly ResultColumn[]) => void;

/** What may follow the tool's own columns: the keys that an `:unnest` statement returns. */
export function holdTypes(tool: string, columns: readonly TypedColumn[], mayHaveMore: boolean): HoldTypes {
  const held = new WeakSet<readonly ResultColumn[]>();
  /** Types that the lock names without an OID: the first that is seen stays the right one. */
  const seen = new Map<string, number>();
  return (found) => {
    if (held.has(found)) return;
    if (found.length < columns.length || !mayHaveMore && found.length > columns.length) {
      throw outdated(tool, `the statement answers ${found.length} columns, and had ${columns.length}`);
    }
    for (const [index, { name, type }] of columns.entries()) {
      const now = found[index]!;
      if (now.name !== name) throw outdated(tool, `column ${index + 1} is "${now.name}", and was "${name}"`);
      const plain = withoutDomains(type);
      const wanted = oidOf(plain) ?? seen.get(plain.name) ?? null;
      if (wanted === null && now.type >= firstOwnOid) seen.set(plain.name, now.type);
      else if (now.type !== wanted) {
        throw outdated(tool, `column "${name}" was ${plain.name}, and has another type now`);
      }
    }
    held.add(found);
  };
}

/** OIDs below are PostgreSQL's own. */
const firstOwnOid = 16_384;

/** Null for a type of the database that the lock names. */
function oidOf({ oid, name }: PgType): number | null {
  return oid !== 0 ? oid : builtinOids.get(name) ?? null;
}

export function outdated(tool: string | null, found: string): SqlwrightError {
  return new SqlwrightError(
    "tool.outdated",
    `Cannot answer${
      tool === null ? "" : ` ${tool}`
    }: the database has changed since the tool was made: ${found}`,
    {
      ...(tool === null ? {} : { details: { tool } }),
      hint:
        "Nothing of the answer was sent, and nothing was kept. Ask for tools/list again, then call again; " +
        "a server that runs from lock.json wants `sqlwright check --lock` and a start",
    },
  );
}
