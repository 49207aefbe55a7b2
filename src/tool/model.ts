/** A tool, its catalogue, and what goes into a call and comes out of it. */

import type { TypedQuery } from "../describe/model.ts";
import type { Kind, Module } from "../query/model.ts";
import type { Caller } from "./caller.ts";
import type { HoldTypes } from "./held_types.ts";

/** JSON Schema 2020-12. */
export type JsonSchema = Record<string, unknown>;

/** One tool, ready to be listed and called. */
export interface Tool {
  name: string;
  title: string;
  description: string;
  module: string;
  kind: Kind;
  inputSchema: JsonSchema;
  outputSchema: JsonSchema;
  annotations: ToolAnnotations;
  /** Of OAuth: a caller needs all of them. */
  scopes: readonly string[];
  query: TypedQuery;
  limits: ToolLimits;
  binding: ArgumentBinding;
  columns: ToolColumns;
  /** Null for tools without pages. Statements are those of a call that filters nothing. */
  page: { keys: readonly PageKey[]; statements: PageStatements } | null;
  /** It has optional filters: PostgreSQL plans its statement for the values of each call. */
  plansEachCall: boolean;
}

/** All four hints are always sent: the protocol's defaults are destructive and open-world. */
export interface ToolAnnotations {
  title: string;
  readOnlyHint: boolean;
  destructiveHint: boolean;
  idempotentHint: boolean;
  openWorldHint: boolean;
}

export interface ToolLimits {
  rows: number;
  /** Of `:exec` and `:unnest`: rows that a call may change. */
  affected: number;
  bytes: number;
  timeout_ms: number;
}

/** What writes the rows of an answer. */
export interface ToolColumns {
  names: string[];
  /** The names as a JSON array, for the compact text. */
  namesJson: string;
  keys: string[];
  writers: ColumnWriter[];
  /** Holds an execution's columns to those that the writers were made for. */
  hold: HoldTypes;
}

export interface Catalog {
  /** By name, in the order of names. */
  tools: ReadonlyMap<string, Tool>;
  modules: readonly Module[];
}

/** What a call brings along beside its arguments. */
export interface CallContext {
  /** Aborts when the client cancels or is gone, and when the server stops. */
  signal: AbortSignal;
  /** Tells the client how far the call is; total may be unknown. */
  progress: (done: number, total: number | null, message: string) => void;
  /** Of the log lines of this call. */
  correlationId: string;
  /** Whose call it is, and what it may use. */
  caller: Caller;
  /** In process only: what a `:copy` tool loads instead of the arguments rows and source. */
  input?: LoadInput;
}

/** Rows that a program streams into a `:copy` tool, as PostgreSQL text; null is NULL. */
export interface LoadInput {
  /** What an error calls it, such as the name of a file. */
  name: string;
  /** Columns of the tool's COPY, in the order of each row's values. */
  columns: readonly string[];
  batches: AsyncIterable<readonly (string | null)[][]> | Iterable<readonly (string | null)[][]>;
}

/** What a call answers. Structured content matches the tool's output schema unless `isError`. */
export interface ToolResult {
  /** `json` as a value: a getter that parses, because the hot path passes the text on. */
  readonly structured: Record<string, unknown>;
  /** Structured content as JSON text. */
  json: string;
  /** For the agent: as compact as nothing lost allows. */
  text: string;
  isError: boolean;
  /** Resources that the answer points to, as content beside the text. @default none */
  links?: readonly ResourceLink[];
}

/** MCP's `resource_link` content, without its type. */
export interface ResourceLink {
  uri: string;
  name: string;
  title?: string;
  description?: string;
  mimeType?: string;
  /** Bytes. */
  size?: number;
}

/**
 * Never throws for what a caller did wrong, but `tool.unknown` and `auth.scope_missing`: then no tool was
 * called.
 */
export type CallTool = (
  name: string,
  args: Record<string, unknown>,
  context: CallContext,
) => Promise<ToolResult>;

/**
 * The server's ceilings; a file or its module may only lower them. Times: `timeout_ms` is the default, the
 * maximum bounds it.
 */
export interface ServerLimits extends ToolLimits {
  loadTimeout_ms: number;
  maximumTimeout_ms: number;
}

/** The arguments of one call as PostgreSQL takes them. A kind with arguments of its own adds its part. */
export interface BoundArguments {
  /** Text or null by parameter name. */
  values: Record<string, string | null>;
}

export interface ArgumentBinding {
  schema: JsonSchema;
  /** @throws {SqlwrightError} `argument.unknown` or `argument.invalid`, naming every fault. */
  bind: (args: Record<string, unknown>, input?: LoadInput) => BoundArguments;
}

export interface PageKey {
  column: string;
  descending: boolean;
  /** As Postgres names the type, for the cast of the key's parameter. */
  type: string;
  /** Index of the column in a row of the answer. */
  index: number;
}

export interface PageStatements {
  first: string;
  next: string;
}

/** Writes one column's value; null is `null`. */
export type ColumnWriter = (text: string | null) => string;
