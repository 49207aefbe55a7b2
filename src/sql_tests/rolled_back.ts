/**
 * A transaction that is always rolled back, in which tools run as ever: the same statements under the same
 * role and time, each call between savepoints. What one call writes the next one sees, and nothing stays. For
 * `test` and `explain`.
 *
 * A tool's BEGIN becomes SET TRANSACTION inside the savepoint, so that a read tool cannot write here either.
 * Its COMMIT becomes RELEASE, after the deferred constraints, which COMMIT would check.
 */

import { SqlwrightError } from "../errors.ts";
import { quoteIdentifier } from "../postgres/identifiers.ts";
import type { CallConnection, ConnectionSource, Pool, PoolConnection } from "../postgres/pool.ts";

export interface Rehearsal {
  /** For the calls of an executor. */
  reader: ConnectionSource;
  writer: ConnectionSource;
  /**
   * Lends the connection itself between savepoints: what `work` does stays until the end, or is undone when
   * it throws. Whatever is sent outside of it has no such net.
   */
  attempt: <T>(work: (connection: PoolConnection) => Promise<T>) => Promise<T>;
  /** The role of what follows; null is the login. Undone with the savepoint that it stands in. */
  become: (role: string | null) => Promise<void>;
}

/** Begins, lends and rolls back, whatever happens. */
export async function withRehearsal<T>(
  pool: Pool,
  use: (rehearsal: Rehearsal) => Promise<T>,
): Promise<T> {
  return await pool.withConnection(undefined, async (connection) => {
    // Each call chooses for itself below; a read-only whole, which a role may default to, would leave none.
    await connection.script("begin read write");
    try {
      return await use(rehearsalOf(connection));
    } finally {
      // A connection that is lost has rolled back by itself.
      await connection.script("rollback").catch(() => {});
    }
  });
}

const savepoint = "savepoint sqlwright_call";
const undo = "rollback to savepoint sqlwright_call; release savepoint sqlwright_call";
const keep = "release savepoint sqlwright_call";
/** As COMMIT does; what is deferrable waits again afterwards, until the next call ends. */
const checkConstraints = "set constraints all immediate; set constraints all deferred";

function rehearsalOf(connection: PoolConnection): Rehearsal {
  let role: string | null = null;
  const setRole = () => `set local role ${role === null ? "none" : quoteIdentifier(role)}`;
  // SAVEPOINT fails outside of a transaction, so nothing is written on a connection that was opened anew.
  const between = async <T>(work: () => Promise<T>, end: string): Promise<T> => {
    await connection.script(savepoint);
    let answer: T;
    try {
      answer = await work();
      if (end !== undo) await connection.script(`${checkConstraints}; ${end}`);
    } catch (error) {
      await connection.script(undo).catch(() => {});
      throw error;
    }
    if (end === undo) await connection.script(undo);
    // A role and a time that were set since the savepoint would outlive its release.
    else await connection.script(`${setRole()}; set local statement_timeout to default`);
    return answer;
  };
  const source = (end: string, before: string): ConnectionSource => ({
    withConnection: (signal, callback) => {
      signal?.throwIfAborted();
      return between(async () => {
        await connection.script(before);
        return await callback(callConnection(connection));
      }, end);
    },
  });
  return {
    reader: source(undo, "set transaction read only"),
    writer: source(keep, "set transaction read write"),
    attempt: (work) => between(() => work(connection), keep),
    become: async (next) => {
      role = next;
      await connection.script(setRole()).catch((error) => Promise.reject(toRoleError(error, next)));
    },
  };
}

/** A tool's BEGIN, with what it sets, as settings of the transaction that is there. */
function callConnection(connection: PoolConnection): CallConnection {
  const settings = (begin: string) => connection.script(begin.replace(/^begin\b/, "set transaction"));
  return {
    execute: (...statement) => connection.execute(...statement),
    copyFrom: (...statement) => connection.copyFrom(...statement),
    script: (text) => connection.script(text),
    rows: (...statement) => connection.rows(...statement),
    pipelined: async (begin, work) => {
      await settings(begin);
      return await work();
    },
    transaction: async <T, F>(begin: string, work: (first: F) => Promise<T>, first?: () => Promise<F>) => {
      await settings(begin);
      const before = await temporaryTables(connection);
      const answer = await work(await first?.() as F);
      // They are dropped on commit, and here is none: the next load would find its table there already.
      const made = (await temporaryTables(connection)).filter((table) => !before.includes(table));
      if (made.length > 0) await connection.script(`drop table ${made.join(", ")}`);
      return answer;
    },
  };
}

async function temporaryTables(connection: PoolConnection): Promise<string[]> {
  const rows = await connection.rows(
    `select pg_catalog.quote_ident(relation.relname) as name
     from pg_catalog.pg_class as relation
     where relation.relnamespace = pg_catalog.pg_my_temp_schema()
       and relation.relkind in ('r', 'p')`,
  );
  return rows.map(({ name }) => `pg_temp.${name}`);
}

function toRoleError(error: unknown, role: string | null): unknown {
  if (!(error instanceof SqlwrightError) || role === null) return error;
  return new SqlwrightError("database.failed", `Cannot become the role "${role}": ${error.message}`, {
    details: error.details,
    hint: `Grant it to the login of DATABASE_URL: grant ${quoteIdentifier(role)} to …`,
    cause: error,
  });
}
