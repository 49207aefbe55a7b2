/**
 * Tools that are written in TypeScript and stand beside those of the SQL files: listed, validated, logged,
 * answered and cancelled as they are. A source makes them when the application starts; what they need beyond
 * their schemas they import when they are called, because a start pays for every import.
 */

import type { Config } from "../config.ts";
import { SqlwrightError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Pools } from "../postgres/pool.ts";
import type { Diagnostic } from "../query/diagnostic.ts";
import { argumentError } from "./arguments.ts";
import { callerField, logCall, logFailure, rounded } from "./call_log.ts";
import { authorize } from "./caller.ts";
import type {
  CallContext,
  CallTool,
  Catalog,
  JsonSchema,
  ResourceLink,
  Tool,
  ToolAnnotations,
  ToolResult,
} from "./model.ts";
import { errorResult } from "./result.ts";
import { compileValidator, describeFault, type Fault, type Validate } from "./validate.ts";

export interface ProgramTool {
  /** `<module>_<name>`, as tools of SQL files are called; no SQL file may have the same. */
  name: string;
  title: string;
  description: string;
  module: string;
  /** Closed objects, in the vocabulary of `validate.ts`. */
  inputSchema: JsonSchema;
  outputSchema: JsonSchema;
  annotations: ToolAnnotations;
  /** Of OAuth: a caller needs all of them; empty for everybody. */
  scopes: readonly string[];
  /**
   * Arguments are already those of the schema. Answers the structured content; throws SqlwrightError for what
   * the agent shall read, and the signal's reason or any error when the signal aborts.
   */
  run(args: Record<string, unknown>, context: CallContext): Promise<Record<string, unknown>>;
  /** The resources that an answer points to. @default none */
  links?(answer: Record<string, unknown>): readonly ResourceLink[];
}

/** What program tools get of the application. */
export interface ProgramHost {
  config: Config;
  log: Log;
  pools: Pools;
  /** What signs cursors and links. */
  secret: Uint8Array;
  catalog: () => Catalog;
  /**
   * Calls any tool, also those of programs, as the caller of the context would: what a program may do by
   * itself it does as `localCaller`.
   */
  callTool: CallTool;
}

/** Makes tools for an application; none where a setting that they need is missing. */
export type ProgramToolSource = (host: ProgramHost) => readonly ProgramTool[];

/** A tool with its compiled schemas. */
export interface MountedProgram {
  tool: ProgramTool;
  validate: Validate;
  validateAnswer: Validate;
}

/** @throws {TypeError} when two program tools have one name: a mistake of this program */
export function mountPrograms(
  sources: readonly ProgramToolSource[],
  host: ProgramHost,
): Map<string, MountedProgram> {
  const mounted = new Map<string, MountedProgram>();
  for (const tool of sources.flatMap((source) => source(host))) {
    if (mounted.has(tool.name)) throw new TypeError(`two program tools are called ${tool.name}`);
    mounted.set(tool.name, {
      tool,
      validate: compileValidator(tool.inputSchema),
      validateAnswer: compileValidator(tool.outputSchema),
    });
  }
  return mounted;
}

/** The errors of query files whose tools would be called as program tools are. */
export function findNameCollisions(
  tools: Iterable<Tool>,
  programs: { has(name: string): boolean },
): Diagnostic[] {
  return [...tools].filter(({ name }) => programs.has(name)).map(({ name, query: { parsed } }) => ({
    code: "name-reserved",
    severity: "error" as const,
    path: parsed.path,
    line: parsed.header.kindPlace.line,
    column: parsed.header.kindPlace.column,
    message: `A tool of the server itself is already called "${name}"`,
    hint: "Rename the file",
  }));
}

/**
 * Never throws for what a caller did wrong, but `auth.scope_missing`; a failure of the program itself is
 * thrown, as that of a SQL tool is.
 */
export async function callProgram(
  { tool, validate, validateAnswer }: MountedProgram,
  args: Record<string, unknown>,
  context: CallContext,
  log: Log,
): Promise<ToolResult> {
  authorize(context.caller, tool);
  const started_ms = performance.now();
  try {
    const faults: Fault[] = [];
    validate(args, "", faults);
    if (faults.length > 0) throw argumentError(tool.name, faults);
    context.signal.throwIfAborted();
    const bound_ms = performance.now();
    const answer = await tool.run(args, context);
    validateAnswer(answer, "", faults);
    if (faults.length > 0) {
      throw new TypeError(`${tool.name} answers against its schema: ${faults.map(describeFault).join("; ")}`);
    }
    logCall(log, { name: tool.name, isRead: tool.annotations.readOnlyHint }, context, {
      bind_ms: bound_ms - started_ms,
      run_ms: performance.now() - bound_ms,
    });
    return programResult(answer, tool.links?.(answer) ?? []);
  } catch (thrown) {
    const error = toProgramError(thrown, tool, context);
    const fields = {
      tool: tool.name,
      correlation_id: context.correlationId,
      ...callerField(context),
      ms: rounded(performance.now() - started_ms),
    };
    if (!(error instanceof SqlwrightError)) {
      log.error("call.crashed", { ...fields, error });
      throw error;
    }
    logFailure(log, error, fields);
    return errorResult(error);
  }
}

function programResult(structured: Record<string, unknown>, links: readonly ResourceLink[]): ToolResult {
  const json = JSON.stringify(structured);
  return { structured, json, text: json, isError: false, ...(links.length > 0 ? { links } : {}) };
}

function toProgramError(error: unknown, tool: ProgramTool, { signal }: CallContext): unknown {
  // Arguments that are wrong stay wrong, whoever has left.
  if (!signal.aborted || (error instanceof SqlwrightError && error.code.startsWith("argument."))) {
    return error;
  }
  return signal.reason instanceof SqlwrightError
    ? signal.reason
    : new SqlwrightError("call.cancelled", `Cannot finish ${tool.name}: the call was cancelled`, {
      cause: error,
    });
}
