/**
 * The tools of the server that are no query files, for every command that serves or names tools. Only names and schemas are loaded here:
 * what a tool runs is imported when it is called, because a start pays for every import.
 */

import { edgarTools, type OpenClock } from "../edgar/tools.ts";
import { linkedExports, savedExports } from "../tool/export_program.ts";
import type { ProgramToolSource } from "../tool/program_tool.ts";

/** @param baseUrl where clients reach the server over HTTP; null over stdio, and for a command of a person's own */
export function programToolSources(baseUrl: (() => string) | null): ProgramToolSource[] {
  return [baseUrl === null ? savedExports() : linkedExports(baseUrl), edgarTools(openSharedClock)];
}

/** The slots of requests to SEC, in Redis where there is one. */
const openSharedClock: OpenClock = async ({ config, log }) => {
  if (config.REDIS_URL === undefined) return null;
  const { openRedisSlots } = await import("../shared_state/redis.ts");
  return await openRedisSlots(config.REDIS_URL, { log });
};
