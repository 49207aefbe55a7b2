/** The BEGIN of a call, with the settings that hold for its transaction alone. */

import { quoteIdentifier } from "../postgres/identifiers.ts";
import { readKinds } from "../query/model.ts";
import type { ToolCall } from "./kind.ts";

/** How much longer this side waits than the server's own statement_timeout. */
const timeoutGrace_ms = 2000;

/** How long this side waits for a statement of the call before it gives up. */
export function boundOf({ tool }: Pick<ToolCall, "tool">): number {
  return tool.limits.timeout_ms + timeoutGrace_ms;
}

/** BEGIN with the settings of one call. */
export function beginOf(call: ToolCall, settings: readonly string[] = []): string {
  return beginWith(call, [...settingsOf(call), ...settings]);
}

/** The same, or null when the settings of the session are right as they are. */
export function beginIfNeeded(call: ToolCall, settings: readonly string[] = []): string | null {
  const all = [...settingsOf(call), ...settings];
  return all.length === 0 ? null : beginWith(call, all);
}

/**
 * A plan for arrays of any length takes them for short ones; one for optional filters takes none of them as
 * given.
 */
export const planEachCall = "set local plan_cache_mode = force_custom_plan";

function settingsOf({ tool: { query, limits, plansEachCall }, services }: ToolCall): string[] {
  const { role } = query.parsed.header;
  const settings: string[] = [];
  if (limits.timeout_ms !== services.sessionTimeout_ms) {
    settings.push(`set local statement_timeout = ${limits.timeout_ms}`);
  }
  if (plansEachCall) settings.push(planEachCall);
  if (role !== null) settings.push(`set local role ${quoteIdentifier(role)}`);
  return settings;
}

function beginWith({ tool }: ToolCall, settings: readonly string[]): string {
  return [readKinds.has(tool.kind) ? "begin read only" : "begin read write", ...settings].join("; ");
}
