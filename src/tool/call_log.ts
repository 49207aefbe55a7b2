/** What the log says of each call, whichever kind of tool it was. */

import { errorReport, type SqlwrightError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { CallContext } from "./model.ts";

/** Times of the stages of one call, in milliseconds, and how often its transaction was begun. */
export interface CallStages {
  bind_ms: number;
  run_ms: number;
  /** Only told when more than one. */
  attempts?: number;
}

export function logCall(
  log: Log,
  tool: { name: string; isRead: boolean },
  context: CallContext,
  { bind_ms, run_ms, attempts = 1 }: CallStages,
): void {
  log[tool.isRead ? "debug" : "info"]("call.done", {
    tool: tool.name,
    correlation_id: context.correlationId,
    ...callerField(context),
    bind_ms: rounded(bind_ms),
    run_ms: rounded(run_ms),
    ...(attempts > 1 ? { attempts } : {}),
  });
}

/** The subject of the caller, where there is one. */
export function callerField({ caller }: Pick<CallContext, "caller">): { caller?: string } {
  return caller.subject === null ? {} : { caller: caller.subject };
}

/** What a caller sent never enters the log: of wrong arguments only their names do. */
export function logFailure(log: Log, error: SqlwrightError, fields: Record<string, unknown>): void {
  if (error.code.startsWith("argument.")) {
    const faults = (error.details.arguments ?? []) as { path: string }[];
    log.info("call.refused", { ...fields, code: error.code, arguments: faults.map(({ path }) => path) });
  } else {
    log.warn("call.failed", { ...fields, ...errorReport(error) });
  }
}

export const rounded = (time_ms: number) => Math.round(time_ms * 1000) / 1000;
