/** What a query file says, in the types that every later stage reads. It imports nothing. */

/** 1-based; a column counts code points, a tab is one. */
export interface Place {
  line: number;
  column: number;
}

export const kinds = ["many", "one", "value", "report", "exec", "view", "unnest", "copy"] as const;

export type Kind = (typeof kinds)[number];

/** A query file whose text, header and parse tree are right by themselves, before Postgres has seen it. */
export interface ParsedQuery {
  /** Relative to the SQL directory, with forward slashes: `shop/find_order.sql`. */
  path: string;
  module: string;
  /** The file's name without `.sql`. */
  name: string;
  /** `<module>_<name>`: the MCP tool's name. */
  tool: string;
  kind: Kind;
  /** The file's text without BOM, line ends as they are. */
  source: string;
  /** Hex SHA-256 of `source`. */
  hash: string;
  /** Tags of the file over the defaults of its `_module.sql`. */
  header: Header;
  /** Every parameter of the file once, in the order of first use in the SQL. */
  parameters: QueryParameter[];
  /**
   * The file's statements in order. One, except for `:copy`, where the one with `role: "copy"` stands among
   * setup and merge.
   */
  statements: Statement[];
  /** Only `:view`: the relation that the file creates. */
  view: { schema: string; name: string } | null;
  /** Only `:copy`. */
  copy: CopyTarget | null;
  /** Only `:unnest`: which rows of the table its rows mean. @default not known */
  unnest?: UnnestKeys | null;
}

export interface QueryParameter {
  name: string;
  /** First use in the SQL: the colon. */
  place: Place;
  /** Its `@param` tag; null only for the array parameters of `:unnest` that the header does not describe. */
  tag: ParamTag | null;
  /** Only `:unnest`: it stands in an `unnest(…)` and is a field of the tool's rows. */
  isUnnested: boolean;
}

export interface Statement {
  role: "main" | "setup" | "copy" | "merge";
  /** The SQL with `$1`, `$2` … in place of the names, no trailing semicolon or comment. */
  text: string;
  /** Names by number: `parameterNames[0]` is `$1`. */
  parameterNames: string[];
  /** Node type of libpg-query's tree: `SelectStmt`, `InsertStmt`, `CopyStmt` … */
  nodeType: string;
  /** The statement's node, without the type wrapper. Its locations are UTF-8 byte offsets into `text`. */
  tree: Record<string, unknown>;
  /** True for INSERT, UPDATE, DELETE, MERGE with a RETURNING list, and for SELECT. */
  returnsRows: boolean;
  /** Place in the file of a 0-based code-point offset into `text` (Postgres' `position` minus one). */
  placeAt: (offset: number) => Place;
  /** Place in the file of a 0-based UTF-8 byte offset into `text` (a location in `tree`). */
  placeAtByte: (offset: number) => Place;
}

export interface CopyTarget {
  schema: string | null;
  table: string;
  columns: string[];
  /** Lower-case options as written: `format`, `header`, `delimiter`, `quote`, `null` … */
  options: Record<string, string | boolean>;
  /**
   * The table that the load is for: what the merge writes, where the COPY goes to a staging table. Null where
   * that is not one table.
   */
  target: { schema: string | null; table: string } | null;
}

export type PlaceAt = (offset: number) => Place;

/** Kinds whose tools only read. */
/** Kinds whose answer is one document. */
export const documentKinds: ReadonlySet<Kind> = new Set(["report"]);

/** Kinds that take files in. */
export const loadKinds: ReadonlySet<Kind> = new Set(["copy"]);

export const readKinds: ReadonlySet<Kind> = new Set(["many", "one", "value", "report", "view"]);

/** JSON Schema vocabulary that a `{flow}` adds to a parameter or column. */
export type Flow = Record<string, unknown>;

export interface Header {
  name: string;
  kind: Kind;
  kindPlace: Place;
  title: string | null;
  /** Markdown prose for the agent. */
  description: string;
  params: ParamTag[];
  columns: ColumnTag[];
  untrusted: { column: string; place: Place }[];
  /** Empty when the file has no `@page`. */
  page: OrderTerm[];
  filters: FilterTag[];
  order: OrderTerm[];
  /** Ceilings; null where neither the file nor its module sets one. */
  rows: number | null;
  bytes: number | null;
  tokens: number | null;
  timeout_ms: number | null;
  maxCost: number | null;
  /** Of writes: rows that a call may change. */
  maxAffected: number | null;
  cache: { ttl_ms: number; by: string[]; place: Place } | null;
  role: string | null;
  scopes: string[];
  hints: { name: "idempotent" | "destructive" | "additive" | "open-world"; place: Place }[];
  confirm: { always: true } | { affectedAbove: number } | null;
  completes: {
    param: string;
    from: { schema: string; table: string; column: string } | { query: string };
    place: Place;
  }[];
  resource: { template: string; place: Place } | null;
  chart:
    | { type: "line" | "bar" | "area"; x: string; y: string[]; series: string | null; place: Place }
    | null;
  examples: ExampleTag[];
  deprecated: { use: string | null } | null;
  allows: { rules: string[]; reason: string; place: Place }[];
}

export interface ParamTag {
  name: string;
  optional: boolean;
  /** The default as its YAML scalar reads, its digits kept; undefined when the parameter has none. */
  default: unknown;
  defaultText: string | null;
  defaultPlace: Place | null;
  text: string;
  flow: Flow;
  /** Filled by the server, never by the agent. */
  from: { source: "claim" | "header"; path: string } | null;
  place: Place;
}

export interface ColumnTag {
  name: string;
  /** `?` true, `!` false, neither null. */
  nullable: boolean | null;
  text: string;
  flow: Flow;
  place: Place;
}

export interface OrderTerm {
  column: string;
  descending: boolean;
  place: Place;
}

export interface FilterTag {
  column: string;
  operator: "=" | ">=" | "<=" | "~" | "in";
  text: string;
  place: Place;
}

export interface ExampleTag {
  name: string;
  arguments: Record<string, unknown>;
  expect:
    | { kind: "rows"; operator: ">=" | "="; count: number }
    | { kind: "affected"; count: number }
    | { kind: "null" }
    | { kind: "error"; code: string | null }
    | { kind: "subset"; value: unknown };
  place: Place;
}

/** What `_module.sql` sets for every file of its module. A file's own tag comes before it. */
export type ModuleDefaults = Pick<
  Header,
  "rows" | "bytes" | "tokens" | "timeout_ms" | "maxCost" | "maxAffected" | "cache" | "role" | "scopes"
>;

export interface UnnestKeys {
  schema: string;
  table: string;
  /** `update only`: tables that inherit are left alone. */
  isOnly?: true;
  /** What can become of a row that is there, and of one that is not. */
  does: ("insert" | "update" | "delete")[];
  /** The statement locks the rows that are there, so that they may be locked in order before. */
  locks?: true;
  /**
   * What the statement itself calls its table, where RETURNING tells the keys: not in MERGE, nor where it
   * sets them.
   */
  returnAs?: string;
  keys: {
    column: string;
    parameter: string;
    /** The type that the file casts the values to, where it has a length or a precision: `numeric(4,2)`. */
    cast?: string;
  }[];
  /** Other conditions decide too which rows one of the call means: one key may be given more than once. */
  isNarrowed?: true;
}

/** A folder of query files. */
export interface Module {
  name: string;
  title: string | null;
  /** Prose for the agent. */
  instructions: string;
}
