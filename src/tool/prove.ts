/** Parsed queries → tools, with everything that a database can say against them. Used by the start and by `check`. */

import { describeQueries } from "../postgres/describe.ts";
import type { PoolConnection } from "../postgres/pool.ts";
import { findUnprovenPages, findVolatileCalls } from "../postgres/prove.ts";
import type { Diagnostic } from "../query/diagnostic.ts";
import type { ParsedQuery } from "../query/query.ts";
import { type ServerLimits, type Tool, toTool } from "./catalog.ts";

export interface ProvenTools {
  tools: Tool[];
  diagnostics: Diagnostic[];
}

export async function proveTools(
  connection: PoolConnection,
  queries: readonly ParsedQuery[],
  limits: ServerLimits,
): Promise<ProvenTools> {
  const { typed, diagnostics } = await describeQueries(connection, queries);
  diagnostics.push(...await findVolatileCalls(connection, queries));
  diagnostics.push(...await findUnprovenPages(connection, typed));
  const refused = new Set(diagnostics.filter(({ severity }) => severity === "error").map(({ path }) => path));
  const tools = typed.map((query) => toTool(query, limits, diagnostics));
  return {
    tools: tools.filter((tool) => tool !== null && !refused.has(tool.query.parsed.path)) as Tool[],
    diagnostics,
  };
}
