/**
 * Parsed queries → tools, with everything that a database can say against them. Used by the start and by
 * `check`.
 */

import { SqlwrightError } from "../errors.ts";
import { describeQueries } from "../describe/describe.ts";
import type { PoolConnection } from "../postgres/pool.ts";
import { findUnprovenPages, findVolatileCalls } from "./catalogue_rules.ts";
import { createReport, type Diagnostic } from "../query/diagnostic.ts";
import type { ParsedQuery } from "../query/model.ts";
import type { MissingDemand } from "./model.ts";
import { type ServerLimits, type Tool } from "../tool/model.ts";
import { toTool } from "../call/make_tool.ts";

export interface ProvenTools {
  tools: Tool[];
  diagnostics: Diagnostic[];
}

/** What a start needs: types, volatile functions, unique pages, and the cost of files that limit it. */
export async function proveTools(
  connection: PoolConnection,
  queries: readonly ParsedQuery[],
  limits: ServerLimits,
): Promise<ProvenTools> {
  const { typed, diagnostics } = await describeQueries(connection, queries);
  diagnostics.push(...await findVolatileCalls(connection, queries));
  diagnostics.push(...await findUnprovenPages(connection, typed));
  const made = typed.map((query) => toTool(query, limits, diagnostics)).filter((tool) => tool !== null);
  const limited = made.filter(({ query }) => query.parsed.header.maxCost !== null);
  if (limited.length > 0) {
    const { findCostlyPlans, planTools } = await import("./plans.ts");
    const { planned, diagnostics: refused } = await planTools(connection, limited);
    diagnostics.push(...refused, ...findCostlyPlans(planned));
  }
  const refused = pathsOf(diagnostics);
  return { tools: made.filter(({ query }) => !refused.has(query.parsed.path)), diagnostics };
}

/** What `check` tells beside what a start does. */
export interface FurtherFindings {
  diagnostics: Diagnostic[];
  /** Everything that the roles of the tools lack. */
  missing: MissingDemand[];
}

export interface FurtherOptions {
  largeTable_rows?: number;
  /** Modules that come with sqlwright: their plans are not the project's to mend. */
  shipped?: readonly string[];
}

/**
 * What only `check` tells: privileges, examples, parts of reports that have no schema, and large tables that
 * are read whole.
 * @param queries all files whose text is right, also those that the database refuses: a privilege may be the
 * reason
 */
export async function proveFurther(
  connection: PoolConnection,
  { tools, queries }: { tools: readonly Tool[]; queries: readonly ParsedQuery[] },
  { shipped = [], ...options }: FurtherOptions = {},
): Promise<FurtherFindings> {
  const { findMissing, readDemands, reportMissing } = await import("./privileges.ts");
  const missing = await findMissing(connection, await readDemands(connection, queries));
  const diagnostics = reportMissing(missing);
  // Without the privilege there is no plan.
  const refused = pathsOf(diagnostics);
  for (const tool of tools) checkExamples(tool, diagnostics);
  diagnostics.push(...tools.flatMap(({ query }) => query.notes ?? []));
  const { findSeqScans, planTools } = await import("./plans.ts");
  const { planned, diagnostics: unplanned } = await planTools(
    connection,
    tools.filter(({ query }) => !refused.has(query.parsed.path)),
  );
  const own = planned.filter(({ tool }) => !shipped.includes(tool.module));
  diagnostics.push(...unplanned, ...await findSeqScans(connection, own, options));
  return { diagnostics, missing };
}

/** Arguments that the tool itself would refuse, unless that is what the example shows. */
function checkExamples({ query: { parsed }, binding }: Tool, diagnostics: Diagnostic[]): void {
  for (const { name, arguments: args, expect, place } of parsed.header.examples) {
    if (expect.kind === "error" && (expect.code === null || expect.code.startsWith("argument."))) continue;
    try {
      binding.bind(args);
    } catch (error) {
      if (!(error instanceof SqlwrightError)) throw error;
      const message = error.message.replace(/^Cannot call \w+: /, "");
      createReport(parsed.path, diagnostics)(
        "example-fails",
        place,
        `The example "${name}" is refused: ${message}`,
        "Correct the example, or the @param that it breaks",
      );
    }
  }
}

function pathsOf(diagnostics: readonly Diagnostic[]): Set<string> {
  return new Set(diagnostics.filter(({ severity }) => severity === "error").map(({ path }) => path));
}
