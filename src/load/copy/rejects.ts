/**
 * Rejected rows: in the answer the first of them, in `sqlwright.load_reject` all, and from there a resource until they expire.
 */

import { sqlstateOf } from "../../postgres/database_error.ts";
import type { CallConnection } from "../../postgres/pool.ts";
import { type Reject, textLine } from "../format/record.ts";

export const rejectsUri = (loadId: string): string => `sqlwright://loads/${loadId}/rejects`;

/** In the answer. */
export const firstRejects = 20;
/** In the resource. */
const resourceRejects = 2000;

/** Writes them in the load's own transaction. */
export async function recordRejects(
  connection: Pick<CallConnection, "copyFrom">,
  loadId: string,
  rejects: readonly Reject[],
  signal: AbortSignal,
): Promise<void> {
  const encoder = new TextEncoder();
  async function* lines(): AsyncGenerator<Uint8Array> {
    for (let start = 0; start < rejects.length; start += 200) {
      const text = rejects.slice(start, start + 200).map(
        ({ line, column, value, reason, sqlstate, record }, index) =>
          textLine([
            loadId,
            String(start + index + 1),
            String(line),
            column,
            value,
            reason,
            sqlstate,
            record,
          ]),
      ).join("");
      yield await Promise.resolve(encoder.encode(text));
    }
  }
  await connection.copyFrom(
    "copy sqlwright.load_reject (load_id, number, line, column_name, value, reason, sqlstate, record) from stdin",
    lines(),
    signal,
  );
}

const readQuery = `select
    load.tool,
    load.source,
    load.finished_at::text as loaded_at,
    (select count(*) from sqlwright.load_reject as reject where reject.load_id = load.id)::text as count,
    (
      select pg_catalog.json_agg(
        pg_catalog.json_build_object(
          'line', reject.line, 'column', reject.column_name, 'value', reject.value,
          'reason', reject.reason, 'sqlstate', reject.sqlstate, 'record', reject.record
        )
        order by reject.number
      )::text
      from sqlwright.load_reject as reject
      where reject.load_id = load.id
        and reject.number <= ${resourceRejects}
    ) as rejects
  from sqlwright.load as load
  where load.id = $1::text::uuid
    and load.rejects_expire_at > now()`;

const missing = new Set(["42P01", "3F000", "42501"]);

/** The rejects of a load as JSON text; null when there is no such load, or they have expired. */
export async function readRejects(
  connection: Pick<CallConnection, "rows">,
  loadId: string,
): Promise<string | null> {
  const found = await connection.rows(readQuery, [loadId]).then(([row]) => row).catch((error) => {
    // A database without the migration, or a login that may not read it.
    if (missing.has(sqlstateOf(error) ?? "")) return undefined;
    throw error;
  });
  if (found === undefined) return null;
  const { tool, source, loaded_at, count } = found;
  const head = JSON.stringify({ tool, source, loaded_at, count: Number(count) });
  return `${head.slice(0, -1)},"rejects":${found.rejects ?? "[]"}}`;
}
