/**
 * The path of a call: find the tool, bind its arguments, let its kind run the statement, and answer. Errors
 * of the caller are answers too; every call leaves a line in the log.
 */

import { SqlwrightError } from "../errors.ts";
import { nearestName } from "../nearest.ts";
import { isQueryCanceled } from "../postgres/database_error.ts";
import { readKinds } from "../query/model.ts";
import { mainStatement } from "../query/statements.ts";
import { argumentFault } from "../tool/arguments.ts";
import { callerField, logCall, logFailure, rounded } from "../tool/call_log.ts";
import { authorize, type Caller, mayUse } from "../tool/caller.ts";
import type { CallContext, CallTool, Catalog, Tool, ToolResult } from "../tool/model.ts";
import { callProgram, type MountedProgram } from "../tool/program_tool.ts";
import { errorResult } from "../tool/result.ts";
import { kindEntries, type KindServices } from "./kinds.ts";

export interface Executor extends Omit<KindServices, "memory"> {
  catalog: () => Catalog;
  /** Tools that are written in TypeScript, by name. @default none */
  programs?: ReadonlyMap<string, MountedProgram>;
  /**
   * Describes a tool anew whose types have changed in the database; answers the tool that is served then, or
   * null where it stays. @default tools stay
   */
  renew?: (tool: Tool) => Promise<Tool | null>;
}

export function callerOf(executor: Executor): CallTool {
  const services: KindServices = { ...executor, memory: new WeakMap() };
  return async (name, args, context) => {
    const tool = toolOf(name, context);
    if (!("query" in tool)) return await callProgram(tool, args, context, executor.log);
    const first = await attempt(tool, args, context);
    if (!("outdated" in first)) return first;
    const renewed = await executor.renew?.(tool).catch(() => null) ?? null;
    // A read has done nothing yet that could not be done again; whoever writes shall see the new tool first.
    if (renewed === null || !readKinds.has(tool.kind)) return first.outdated;
    const second = await attempt(renewed, args, context);
    return "outdated" in second ? second.outdated : second;
  };

  /** @throws {SqlwrightError} `tool.unknown`, `auth.scope_missing` */
  function toolOf(name: string, context: CallContext): Tool | MountedProgram {
    const tool = executor.catalog().tools.get(name);
    if (tool === undefined) {
      const program = executor.programs?.get(name);
      if (program !== undefined) return program;
      throw unknownTool(name, namesFor(executor, context.caller));
    }
    authorize(context.caller, tool);
    return tool;
  }

  async function attempt(
    tool: Tool,
    args: Record<string, unknown>,
    context: CallContext,
  ): Promise<ToolResult | { outdated: ToolResult }> {
    const started_ms = performance.now();
    try {
      const bound = tool.binding.bind(args, context.input);
      const bound_ms = performance.now();
      const result = await kindEntries[tool.kind].run({ tool, bound, context, services });
      logCall(executor.log, { name: tool.name, isRead: readKinds.has(tool.kind) }, context, {
        bind_ms: bound_ms - started_ms,
        run_ms: performance.now() - bound_ms,
      });
      return result;
    } catch (thrown) {
      const error = toCallError(thrown, tool, context);
      const fields = {
        tool: tool.name,
        correlation_id: context.correlationId,
        ...callerField(context),
        ms: rounded(performance.now() - started_ms),
      };
      if (!(error instanceof SqlwrightError)) {
        executor.log.error("call.crashed", { ...fields, error });
        throw error;
      }
      logFailure(executor.log, error, fields);
      return error.code === "tool.outdated" ? { outdated: errorResult(error) } : errorResult(error);
    }
  }
}

/** Cancelled and timed-out calls, and errors in a bound value, by their cause; others unchanged. */
function toCallError(error: unknown, tool: Tool, { signal }: CallContext): unknown {
  if (signal.aborted && (error === signal.reason || isQueryCanceled(error))) {
    return signal.reason instanceof SqlwrightError
      ? signal.reason
      : new SqlwrightError("call.cancelled", `Cannot finish ${tool.name}: the call was cancelled`, {
        cause: error,
      });
  }
  if (isQueryCanceled(error)) {
    const { timeout_ms } = tool.limits;
    return new SqlwrightError(
      "call.timeout",
      `Cannot finish ${tool.name}: it took longer than ${timeout_ms} ms`,
      {
        details: { timeout_ms },
        hint: "Ask for less, or let the DBA raise @timeout",
        cause: error,
      },
    );
  }
  if (error instanceof SqlwrightError && error.code === "database.failed") {
    return argumentErrorOf(error, tool) ?? error;
  }
  return error;
}

/** A value that Postgres refuses when it is bound: the context of the error names the parameter's number. */
function argumentErrorOf(error: SqlwrightError, tool: Tool): SqlwrightError | null {
  const { sqlstate, where } = error.details;
  if (typeof sqlstate !== "string" || typeof where !== "string" || !/^(22|23)/.test(sqlstate)) return null;
  const number = /\$(\d+)/.exec(where)?.[1];
  if (number === undefined || tool.query.parsed.copy !== null) return null;
  const name = mainStatement(tool.query.parsed).parameterNames[Number(number) - 1];
  if (name === undefined) return null;
  const fault = argumentFault(tool.name, name, `is refused by PostgreSQL (${sqlstate}): ${error.message}`);
  fault.details.sqlstate = sqlstate;
  return fault;
}

/** A tool that the caller may not use is not proposed either. */
function namesFor({ catalog, programs }: Executor, caller: Caller): string[] {
  const tools = [...catalog().tools.values(), ...[...programs?.values() ?? []].map(({ tool }) => tool)];
  return tools.filter(({ scopes }) => mayUse(caller, scopes)).map(({ name }) => name);
}

function unknownTool(name: string, names: readonly string[]): SqlwrightError {
  const near = nearestName(name.slice(0, 80), names);
  const advice = near === null ? "" : `; did you mean "${near}"?`;
  return new SqlwrightError("tool.unknown", `There is no tool "${name.slice(0, 80)}"${advice}`, {
    details: { tool: name.slice(0, 80) },
    hint: "tools/list names every tool",
  });
}
