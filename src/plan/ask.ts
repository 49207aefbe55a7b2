/**
 * The plan that a statement gets whatever its values, or for given values, without running it.
 *
 * `explain (generic_plan)` of PostgreSQL 16 takes parameters only over the simple protocol, over which no
 * query file is ever sent. A prepared statement with `plan_cache_mode = force_generic_plan` shows the same
 * plan, on every version.
 */

import { SqlwrightError } from "../errors.ts";
import { sqlstateOf } from "../postgres/database_error.ts";
import { quoteIdentifier } from "../postgres/identifiers.ts";
import type { PoolConnection } from "../postgres/pool.ts";

export interface PlanRequest {
  text: string;
  parameterCount: number;
  /** Plan for these values; null for the plan that serves all. */
  values: (string | null)[] | null;
  /** Who runs it; null is the login. */
  role: string | null;
}

/** Why PostgreSQL makes no plan, with its own fields. */
export interface PlanRefusal {
  error: SqlwrightError;
  /** 0-based offset in the text, in code points; null where PostgreSQL names no place. */
  offset: number | null;
  /** The login may not switch to the role. */
  isRole: boolean;
}

const prepare = "prepare sqlwright_plan as ";
const explain = "explain (verbose, format json) ";

/**
 * What `explain (verbose, format json)` answers, parsed, or why it does not. The transaction is rolled back.
 */
export async function explainPlan(
  connection: PoolConnection,
  { text, parameterCount, values, role }: PlanRequest,
): Promise<unknown | PlanRefusal> {
  await connection.script(
    `begin read only; set local plan_cache_mode = ${
      values === null ? "force_generic_plan" : "force_custom_plan"
    }`,
  );
  let prefix = values === null ? prepare : explain;
  let isRole = false;
  let isPrepared = false;
  try {
    if (role !== null) {
      isRole = true;
      await connection.execute(`set local role ${quoteIdentifier(role)}`, []);
      isRole = false;
    }
    if (values !== null) return JSON.parse(await answerOf(connection, explain + text, values));
    // No plan is made yet: errors here are those of Describe, at their places.
    await connection.execute(prepare + text, [], { isPrepared: false });
    isPrepared = true;
    prefix = "";
    const nulls = Array.from({ length: parameterCount }, () => "null").join(", ");
    const call = parameterCount === 0 ? "" : ` (${nulls})`;
    return JSON.parse(await answerOf(connection, `${explain}execute sqlwright_plan${call}`, []));
  } catch (error) {
    if (
      !(error instanceof SqlwrightError) || error.code !== "database.failed" || sqlstateOf(error) === null
    ) {
      throw error;
    }
    const { position } = error.details;
    const offset = typeof position === "number" && prefix !== "" ? position - 1 - prefix.length : null;
    return { error, offset: offset !== null && offset >= 0 ? offset : null, isRole } satisfies PlanRefusal;
  } finally {
    // A prepared statement outlives its transaction.
    await connection.script(isPrepared ? "rollback; deallocate sqlwright_plan" : "rollback");
  }
}

export function isPlanRefusal(answer: unknown): answer is PlanRefusal {
  return typeof answer === "object" && answer !== null && "error" in answer;
}

async function answerOf(
  connection: PoolConnection,
  text: string,
  values: (string | null)[],
): Promise<string> {
  let answer = "";
  await connection.execute(text, values, {
    isPrepared: false,
    onRow: ([line]) => void (answer += line ?? ""),
  });
  return answer;
}
