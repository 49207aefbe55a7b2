/**
 * The tools of the server that are no query files, for every command that serves or names tools. Only names and schemas are loaded here:
 * what a tool runs is imported when it is called, because a start pays for every import.
 */

import type { Config } from "../../config.ts";
import type { OpenClock } from "../../../edgar/src/tools.ts";
import { linkedExports, savedExports } from "../../export/tool.ts";
import type { ProgramToolSource } from "../../tool/program_tool.ts";

/** @param baseUrl where clients reach the server over HTTP; null over stdio, and for a command of a person's own */
export async function programToolSources(
  config: Config,
  baseUrl: (() => string) | null,
): Promise<ProgramToolSource[]> {
  const exports = baseUrl === null ? savedExports() : linkedExports(baseUrl);
  if (config.EDGAR_USER_AGENT === undefined) return [exports];
  const { edgarTools } = await import("../../../edgar/src/tools.ts");
  return [exports, edgarTools(openSharedClock)];
}

/** The slots of requests to SEC, in Redis where there is one. */
const openSharedClock: OpenClock = async ({ config, log }) => {
  if (config.REDIS_URL === undefined) return null;
  const { openRedisSlots } = await import("../../../edgar/src/sec/redis_clock.ts");
  return await openRedisSlots(config.REDIS_URL, { log });
};
