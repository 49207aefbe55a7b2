/**
 * Typed calls of the query files, in process: `queries.shop.find_order({ id: 42 })`. The types are those that
 * `sqlwright types` writes; the call is the one that MCP clients make, with its ceilings, roles and log.
 */

import { type ErrorCode, SqlwrightError } from "../errors.ts";
import { localCaller } from "../tool/caller.ts";
import type { CallContext, CallTool, LoadInput } from "../tool/model.ts";

/** What `sqlwright types` declares of one query file. */
export interface QueryType {
  arguments: object;
  result: object;
}

/** The client over declared types: module, then name of the file. */
export type QueryClient<Types> = {
  readonly [Module in keyof Types]: {
    readonly [Name in keyof Types[Module]]: Types[Module][Name] extends QueryType ? Query<Types[Module][Name]>
      : never;
  };
};

/**
 * Calls the tool and resolves with its structured content.
 * @throws {SqlwrightError} every error that a tool answers, with its code, details and hint
 */
export type Query<Type extends QueryType> = Record<never, never> extends Type["arguments"]
  ? (args?: Type["arguments"], options?: QueryOptions) => Promise<Type["result"]>
  : (args: Type["arguments"], options?: QueryOptions) => Promise<Type["result"]>;

export interface QueryOptions {
  /** Aborts the call, in the database too. @default never */
  signal?: AbortSignal;
  /** Told how far a load is. @default nobody */
  progress?: CallContext["progress"];
  /** Of the log lines of the call. @default "client" */
  correlationId?: string;
  /** What a `:copy` query loads, instead of the arguments rows and source. @default none */
  input?: LoadInput;
}

/** @param callTool of an application, such as `application.callTool` */
export function queryClient<Types>(callTool: CallTool): QueryClient<Types> {
  const modules = new Map<string, object>();
  return new Proxy({}, {
    get: (_target, module) => {
      if (!isName(module)) return undefined;
      const known = modules.get(module) ?? moduleOf(module, callTool);
      modules.set(module, known);
      return known;
    },
  }) as QueryClient<Types>;
}

function moduleOf(module: string, callTool: CallTool): object {
  return new Proxy({}, {
    get: (_target, name) =>
      isName(name)
        ? (args: Record<string, unknown> = {}, options: QueryOptions = {}) =>
          call(callTool, `${module}_${name}`, args, options)
        : undefined,
  });
}

/** A client that is awaited or printed is asked for `then` and symbols, and has none. */
const isName = (key: string | symbol): key is string => typeof key === "string" && key !== "then";

async function call(
  callTool: CallTool,
  tool: string,
  args: Record<string, unknown>,
  { signal, progress, correlationId, input }: QueryOptions,
): Promise<Record<string, unknown>> {
  const result = await callTool(tool, args, {
    signal: signal ?? new AbortController().signal,
    progress: progress ?? (() => {}),
    correlationId: correlationId ?? "client",
    // A program of this process: what it may do was decided where it was started.
    caller: localCaller,
    ...(input === undefined ? {} : { input }),
  });
  if (result.isError) throw toError(result.structured.error);
  return result.structured;
}

/** The error that a call answered, as the one it was. */
export function toError(answered: unknown): SqlwrightError {
  const { code, message, details, hint } = answered as {
    code: ErrorCode;
    message: string;
    details?: Record<string, unknown>;
    hint?: string;
  };
  return new SqlwrightError(code, message, {
    ...(details === undefined ? {} : { details }),
    ...(hint === undefined ? {} : { hint }),
  });
}
