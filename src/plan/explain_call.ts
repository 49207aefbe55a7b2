/**
 * What PostgreSQL plans for a call. The call runs its own path, to the last setting; only its connection is
 * another one, which puts EXPLAIN before each statement and keeps the plans. Without `analyze` nothing of the
 * tool's own statements runs but the temporary tables of a load.
 */

import { SqlwrightError } from "../errors.ts";
import type { CallConnection, ConnectionSource, PoolConnection } from "../postgres/pool.ts";
import { type Plan, readPlan } from "./read.ts";

export interface ExplainedStatement {
  text: string;
  parameters: readonly (string | null)[];
  /** Null where PostgreSQL has none: `note` then says why. */
  plan: Plan | null;
  note: string | null;
}

/** A source whose statements are explained and not answered: a call over it finds no rows. */
export function explainingSource(
  source: ConnectionSource,
  explained: ExplainedStatement[],
  { analyze }: { analyze: boolean },
): ConnectionSource {
  return {
    withConnection: (signal, callback) =>
      source.withConnection(
        signal,
        (connection) => callback(explainingConnection(connection, explained, analyze)),
      ),
  };
}

const hasPlan = /^[\s(]*(?:select|insert|update|delete|merge|with|values|table)\b/i;
/** What later statements of a load refer to; in the transaction that is rolled back. */
const makesTemporary = /^\s*create\b/i;

function explainingConnection(
  connection: CallConnection,
  explained: ExplainedStatement[],
  analyze: boolean,
): CallConnection {
  const without = (text: string, parameters: readonly (string | null)[], note: string) =>
    explained.push({ text, parameters, plan: null, note });
  return {
    pipelined: (begin, work) => connection.pipelined(begin, work),
    // What a load asks and keeps for itself, which is none of the tool's statements.
    script: (text) => connection.script(text),
    rows: (...statement) => connection.rows(...statement),
    transaction: (begin, work, first) => connection.transaction(begin, work, first),
    copyFrom: async (text, source, signal) => {
      without(text, [], analyze ? "COPY has no plan; the rows were read" : "COPY has no plan");
      return analyze ? await connection.copyFrom(text, source, signal) : 0;
    },
    execute: async (text, parameters, options = {}) => {
      const { signal, bound_ms } = options;
      const bounds = { signal, ...(bound_ms === undefined ? {} : { bound_ms }) };
      if (!hasPlan.test(text)) {
        const isRun = analyze || makesTemporary.test(text);
        without(text, parameters, isRun ? "has no plan" : "has no plan, and was not run");
        return isRun
          ? await connection.execute(text, parameters, { ...bounds, isPrepared: false })
          : { count: 0, command: "" };
      }
      let answered = "";
      await connection.execute(
        `explain (format json, verbose, settings${analyze ? ", analyze, buffers" : ""}) ${text}`,
        parameters,
        { ...bounds, isPrepared: false, onRow: ([line]) => void (answered += line ?? "") },
      );
      explained.push({ text, parameters, plan: readPlan(JSON.parse(answered)), note: null });
      return { count: 0, command: "" };
    },
  };
}

/** Rows that the catalogue counts in each relation, by `schema.table`; those never analysed are left out. */
export async function relationSizes(
  connection: PoolConnection,
  relations: readonly string[],
): Promise<Map<string, number>> {
  if (relations.length === 0) return new Map();
  try {
    const rows = await connection.rows(
      `select namespace.nspname || '.' || relation.relname as name, relation.reltuples::bigint as rows
       from pg_catalog.pg_class as relation
       join pg_catalog.pg_namespace as namespace on namespace.oid = relation.relnamespace
       where relation.reltuples >= 0
         and namespace.nspname || '.' || relation.relname in (
           select wanted.name from pg_catalog.json_array_elements_text($1::json) as wanted (name)
         )`,
      [JSON.stringify(relations)],
    );
    return new Map(rows.map(({ name, rows }) => [name!, Number(rows)]));
  } catch (error) {
    // Sizes only sharpen the warnings.
    if (error instanceof SqlwrightError) return new Map();
    throw error;
  }
}
