/**
 * The tools of the server that are no query files, for every command that serves or names tools. Only names
 * and schemas are loaded here: what a tool runs is imported when it is called, because a start pays for every
 * import.
 */

import { linkedExports, savedExports } from "../../export/tool.ts";
import type { OpenExtension } from "../../extension/open.ts";
import type { ProgramToolSource } from "../../tool/program_tool.ts";

/**
 * @param baseUrl where clients reach the server over HTTP; null over stdio, and for a command of a person's
 * own
 */
export async function programToolSources(
  opened: OpenExtension | null,
  baseUrl: (() => string) | null,
): Promise<ProgramToolSource[]> {
  const exports = baseUrl === null ? savedExports() : linkedExports(baseUrl);
  if (opened === null) return [exports];
  return [exports, ...await opened.extension.programTools(opened.config)];
}
