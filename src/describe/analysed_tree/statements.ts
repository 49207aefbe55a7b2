/**
 * The analysed tree of statements, as PostgreSQL itself makes it: each becomes the body of a temporary
 * function `begin atomic … end`, whose `pg_proc.prosqlbody` is the tree. Nothing runs, nothing stays: the
 * transaction is rolled back. docs/decisions/0010 says why this way.
 */

import { SqlwrightError } from "../../errors.ts";
import { sqlstateOf } from "../../postgres/database_error.ts";
import type { PoolConnection } from "../../postgres/pool.ts";
import { isNode, readTree, type TreeNode, TreeSyntaxError, type TreeValue } from "./node_text.ts";

export interface TreeRequest {
  /** One statement with `$n`, as it is described. */
  text: string;
  /** Types of `$1`, `$2` … as `format_type` writes them. */
  parameterTypes: readonly string[];
}

export interface StatementTrees {
  /** The QUERY node of each request, in order; null where PostgreSQL takes no such function. */
  trees: (TreeNode | null)[];
  /** Why no tree at all can be had; null when they can. */
  refusal: string | null;
}

/** Trees travel in portions, so that one answer stays small. */
const portion = 50;

/**
 * @throws {SqlwrightError} when the connection is lost. What the server refuses is in `refusal`: no right to
 * make temporary objects, a read-only session, a standby.
 */
export async function readStatementTrees(
  connection: PoolConnection,
  requests: readonly TreeRequest[],
): Promise<StatementTrees> {
  const trees: (TreeNode | null)[] = [];
  for (let start = 0; start < requests.length; start += portion) {
    const part = requests.slice(start, start + portion);
    const outcome = await readPortion(connection, part, false) ?? await readPortion(connection, part, true);
    if (typeof outcome === "string") return { trees: requests.map(() => null), refusal: outcome };
    trees.push(...outcome ?? part.map(() => null));
  }
  return { trees, refusal: null };
}

/**
 * @returns null when a statement was refused and none was `isSaved`; the server's words when it refuses all.
 */
async function readPortion(
  connection: PoolConnection,
  requests: readonly TreeRequest[],
  isSaved: boolean,
): Promise<(TreeNode | null)[] | string | null> {
  try {
    // A session may be read-only by default. The body's own checks are those that Describe has made.
    await connection.script("begin read write; set local check_function_bodies = off");
    await create(connection, "sqlwright_probe", { text: "select 1", parameterTypes: [] });
  } catch (error) {
    await connection.script("rollback");
    return refusalOf(error);
  }
  try {
    if (isSaved) {
      // CALL, for one, cannot be the body of a function.
      for (const [index, request] of requests.entries()) {
        await connection.script("savepoint sqlwright_tree");
        await create(connection, nameOf(index), request).catch(async (error) => {
          refusalOf(error);
          await connection.script("rollback to savepoint sqlwright_tree");
        });
      }
    } else {
      // All in one flush: the first that fails, fails the rest.
      const created = await Promise.allSettled(
        requests.map((request, index) => create(connection, nameOf(index), request)),
      );
      const failed = created.find((each) => each.status === "rejected");
      if (failed !== undefined) {
        refusalOf(failed.reason);
        return null;
      }
    }
    const rows = await connection.rows(
      `select proc.proname as name, proc.prosqlbody::text as body
       from pg_catalog.pg_proc as proc
       where proc.pronamespace = pg_catalog.pg_my_temp_schema()
         and proc.proname like 'sqlwright\\_tree\\_%'`,
    );
    const bodies = new Map(rows.map(({ name, body }) => [name, body]));
    return requests.map((_, index) => queryOf(bodies.get(nameOf(index)) ?? null));
  } finally {
    await connection.script("rollback");
  }
}

/** What the server says; an error that is not the server's answer is thrown on. */
function refusalOf(error: unknown): string {
  if (error instanceof SqlwrightError && error.code === "database.failed" && sqlstateOf(error) !== null) {
    return error.message;
  }
  throw error;
}

const nameOf = (index: number) => `sqlwright_tree_${index}`;

async function create(
  connection: PoolConnection,
  name: string,
  { text, parameterTypes }: TreeRequest,
): Promise<void> {
  await connection.execute(
    `create function pg_temp.${name} (${
      parameterTypes.join(", ")
    }) returns void language sql begin atomic ${text}\n; end`,
    [],
    { isPrepared: false },
  );
}

/** A body is a list of a list of queries, a view's rule a list of queries: each has one here. */
export function queryOf(text: string | null): TreeNode | null {
  if (text === null) return null;
  try {
    return firstQuery(readTree(text));
  } catch (error) {
    if (error instanceof TreeSyntaxError) return null;
    throw error;
  }
}

function firstQuery(value: TreeValue): TreeNode | null {
  if (Array.isArray(value)) return value.length === 1 ? firstQuery(value[0]!) : null;
  return isNode(value) && value.name === "QUERY" ? value : null;
}
