/**
 * What a kind of query file does, as an entry of the table in `call/kinds.ts`: the arguments that it adds to
 * the file's own parameters, the schema of its answer, what only types can check, and how a call runs.
 */

import type { TypedQuery } from "../describe/model.ts";
import type { Log } from "../log.ts";
import type { ConnectionSource } from "../postgres/pool.ts";
import type { Report } from "../query/diagnostic.ts";
import type {
  BoundArguments,
  CallContext,
  JsonSchema,
  LoadInput,
  Tool,
  ToolLimits,
  ToolResult,
} from "./model.ts";

/** What every call needs of the server. */
export interface CallServices {
  /** Sessions that are read-only by default. */
  reader: ConnectionSource;
  writer: ConnectionSource;
  /** `statement_timeout` of the sessions of both pools. */
  sessionTimeout_ms: number;
  cursorSecret: Uint8Array;
  log: Log;
}

/** A call that is under way, with its arguments as its kind has bound them. */
export interface ToolCall<
  Bound extends BoundArguments = BoundArguments,
  Services extends CallServices = CallServices,
> {
  tool: Tool;
  bound: Bound;
  context: CallContext;
  services: Services;
}

/** What is known of a tool when its arguments are made. */
export interface ArgumentOptions {
  tool: string;
  limits: ToolLimits;
  /** Null for tools without pages. */
  page: Tool["page"];
}

/** The arguments that a kind adds. */
export interface KindArguments<Bound extends BoundArguments = BoundArguments> {
  /** In the order in which they are listed. */
  properties: Record<string, JsonSchema>;
  required: readonly string[];
  /** Parameters of the file that are no arguments: they are fields of the kind's rows. @default none */
  fields?: ReadonlySet<string>;
  /** Names that no parameter of the file may have. */
  reserved: readonly string[];
  /**
   * Binds what the schema has let through.
   *
   * @param values of the file's parameters, bound already
   * @throws {SqlwrightError} `argument.invalid`
   */
  bind(values: BoundArguments["values"], args: Record<string, unknown>, input: LoadInput | undefined): Bound;
}

/** One kind. `run` gets only what `arguments` of the same entry has bound. */
export interface KindEntry<
  Bound extends BoundArguments = BoundArguments,
  Services extends CallServices = CallServices,
> {
  arguments(query: TypedQuery, options: ArgumentOptions): KindArguments<Bound>;
  output(query: TypedQuery, isPaged: boolean): JsonSchema;
  /** Reports where the types do not fit the kind. */
  check(query: TypedQuery, report: Report): void;
  run(call: ToolCall<Bound, Services>): Promise<ToolResult>;
}

/** Of kinds without arguments of their own. */
export const noArguments: KindArguments = {
  properties: {},
  required: [],
  reserved: [],
  bind: (values) => ({ values }),
};

/** An argument as the call gave it. */
export function given(args: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(args, name) ? args[name] : undefined;
}
