/** What the files of this folder hand each other. */

import type postgres from "postgres";
import type { Log } from "../log.ts";

export interface TurnOptions {
  /** How long to wait for other runs. @default 600000 */
  turn_timeout_ms?: number | undefined;
  /** Gets a line while this run waits. @default nothing is said */
  tell?: ((line: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface Script {
  /** As told in errors: `migrations/0001_create_orders.sql`. */
  path: string;
  text: string;
}

export interface ScriptStatement {
  text: string;
  /** Of the first character in the script's text, in UTF-16 code units. */
  offset: number;
  /** Node type of libpg-query's tree: `CreateStmt`, `ViewStmt` … */
  nodeType: string;
  tree: Record<string, unknown>;
}

/** A connection string, or a client whose server, user and password are used for a connection of our own. */
export type MigrationTarget = string | postgres.Sql;

export interface SessionOptions extends TurnOptions {
  log?: Log;
  /** Stops the statement that runs; its file is rolled back. */
  signal?: AbortSignal;
  /** How long a statement waits for a lock, where its file sets no other limit. @default 30000 */
  lockTimeout_ms?: number;
  /** @default 3600000 */
  statementTimeout_ms?: number;
  /** Only for a connection string. @default 10000 */
  connectTimeout_ms?: number;
}

/** One connection with the right to change the schema. */
export interface MigrationSession {
  /**
   * A pooler stands between: what is set or locked for the session may be another's in the next transaction.
   */
  isPooled: boolean;
  /** One statement; its rows as text. */
  run(text: string, parameters?: (string | number)[]): Promise<Record<string, string | null>[]>;
  /** One or several statements without parameters; their rows are dropped. */
  runScript(text: string): Promise<void>;
  runStatement(script: Script, statement: ScriptStatement): Promise<void>;
  /** Columns that a query would answer, with the relation and attribute they come from. */
  describe(text: string): Promise<{ name: string; table: number; number: number }[]>;
  /** BEGIN, the callback, COMMIT; ROLLBACK when it throws. */
  inTransaction<T>(callback: () => Promise<T>): Promise<T>;
}
