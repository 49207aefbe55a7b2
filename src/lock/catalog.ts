/**
 * Tools from the lock: listed at once, made when they are first called. Nothing of this needs PostgreSQL's
 * parser; a tool's header and the text of its statements come from its file, which is the one that was
 * locked.
 */

import { createHash } from "node:crypto";
import { SqlwrightError } from "../errors.ts";
import type { TypedColumn, TypedParameter, TypedQuery } from "../describe/model.ts";
import type { PgType } from "../postgres/types/types.ts";
import type {
  CopyTarget,
  Header,
  Kind,
  ModuleDefaults,
  ParsedQuery,
  QueryParameter,
  Statement,
  UnnestKeys,
} from "../query/model.ts";
import { parseHeader, parseModuleHeader } from "../query/header/header.ts";
import { splitStatements, tokenize } from "../query/lexer.ts";
import { indexPlaces } from "../query/source_text.ts";
import { type Catalog, type ServerLimits, type Tool } from "../tool/model.ts";
import { toTool } from "../call/make_tool.ts";
import { catalogOf } from "../tool/catalog.ts";
import { foldersOf, lockName, placeOfFile, type QueryFolders } from "../project.ts";
import { type Lock, type LockedTool, type LockedType, lockVersion } from "./lock.ts";

/** The query files as they lie there, all of them as the lock has them. */
export interface LockedFiles {
  lock: Lock;
  /** Text by path. */
  sources: ReadonlyMap<string, string>;
}

export interface LockedCatalogOptions {
  limits: ServerLimits;
  /** Those that the lock's input schemas were made with. */
  defaultLimits: ServerLimits;
}

/** Null when there is no lock of this version, or when it is not that of exactly these files. */
export function readLockedFiles(query: string | QueryFolders): LockedFiles | null {
  const folders = foldersOf(query);
  const lock = readLock(folders.lockFile);
  if (lock === null) return null;
  const expected = new Map<string, string>();
  for (const { file, sha256 } of Object.values(lock.tools)) expected.set(file, sha256);
  for (const [name, { sha256 }] of Object.entries(lock.modules)) {
    if (sha256 !== null) expected.set(`${name}/_module.sql`, sha256);
  }
  const sources = new Map<string, string>();
  try {
    const found = findFiles(folders, lock);
    if (found === null || found.length !== expected.size) return null;
    for (const path of found) {
      const bytes = withoutMark(Deno.readFileSync(placeOfFile(folders, path)));
      if (expected.get(path) !== hashOf(bytes)) return null;
      // What was locked was UTF-8.
      sources.set(path, decoder.decode(bytes));
    }
  } catch {
    // What cannot be read here is told by the loader, with its reason.
    return null;
  }
  return { lock, sources };
}

/** Hex SHA-256 of a file's text, as `ParsedQuery.hash`. */
export function hashOf(source: string | Uint8Array): string {
  return createHash("sha256").update(source).digest("hex");
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function withoutMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** Null where there is none, or none that this version can read. */
export function readLock(lockFile: string): Lock | null {
  try {
    const lock = JSON.parse(Deno.readTextFileSync(lockFile));
    return lock?.version === lockVersion ? lock : null;
  } catch {
    return null;
  }
}

/**
 * Query files and module files of plain folders; null where anything lies that the loader would have to
 * judge.
 */
function findFiles({ directory, builtIn }: QueryFolders, { modules }: Lock): string[] | null {
  const found: string[] = [];
  const folders = Object.entries(builtIn);
  for (const entry of Deno.readDirSync(directory)) {
    if (/^[._]|~$/.test(entry.name) || entry.name === "README.md" || entry.name === lockName) continue;
    if (!entry.isDirectory || Object.hasOwn(builtIn, entry.name)) return null;
    folders.push([entry.name, `${directory}/${entry.name}`]);
  }
  for (const [module, folder] of folders) {
    if (!Object.hasOwn(modules, module)) return null;
    for (const { name, isFile } of Deno.readDirSync(folder)) {
      if (name !== "_module.sql" && (/^[._]|~$/.test(name) || name === lockName)) continue;
      if (!isFile) return null;
      if (name.endsWith(".sql")) found.push(`${module}/${name}`);
      else if (!name.endsWith(".md")) return null;
    }
  }
  return found;
}

export function lockedCatalog({ lock, sources }: LockedFiles, options: LockedCatalogOptions): Catalog {
  const defaults = new Map<string, ModuleDefaults | null>();
  const context: LockedContext = {
    ...options,
    types: typesOf(lock),
    isDefault: options.limits.rows === options.defaultLimits.rows,
    defaultsOf: (module) => {
      const path = `${module}/_module.sql`;
      if (!defaults.has(module)) {
        const source = sources.get(path);
        const parsed = source === undefined
          ? null
          : parseModuleHeader(source, indexPlaces(source), () => {}).defaults;
        defaults.set(module, parsed);
      }
      return defaults.get(module) ?? null;
    },
  };
  return catalogOf(
    Object.entries(lock.tools).map(([name, locked]) =>
      lockedTool(name, locked, sources.get(locked.file)!, context)
    ),
    Object.entries(lock.modules).map(([name, { title, instructions }]) => ({ name, title, instructions })),
  );
}

interface LockedContext extends LockedCatalogOptions {
  types: (name: string) => PgType;
  /** The lock's input schemas hold: their page sizes depend on the ceiling of rows. */
  isDefault: boolean;
  defaultsOf: (module: string) => ModuleDefaults | null;
}

/** What a client sees is there; the rest is made together when any of it is asked for. */
function lockedTool(name: string, locked: LockedTool, source: string, context: LockedContext): Tool {
  const query = new LockedQuery(name, locked, source, context);
  let made: Tool | null = null;
  const whole = () => made ??= makeTool(name, query, context);
  return {
    name,
    title: locked.title,
    description: locked.description,
    module: query.parsed.module,
    kind: locked.kind,
    get inputSchema() {
      return context.isDefault ? locked.input : whole().inputSchema;
    },
    outputSchema: locked.output,
    annotations: locked.annotations,
    scopes: locked.scopes ?? [],
    plansEachCall: locked.plansEachCall ?? false,
    query,
    get limits() {
      return whole().limits;
    },
    get binding() {
      return whole().binding;
    },
    get columns() {
      return whole().columns;
    },
    get page() {
      return whole().page;
    },
  };
}

function makeTool(name: string, query: TypedQuery, { limits }: LockedContext): Tool {
  const tool = toTool(query, limits, []);
  if (tool !== null) return tool;
  throw new SqlwrightError(
    "catalog.invalid",
    `Cannot make ${name} from ${lockName}: its header does not fit`,
    {
      details: { tool: name },
      hint: "Run `sqlwright check --lock`",
    },
  );
}

class LockedQuery implements TypedQuery {
  readonly parsed: ParsedQuery;
  readonly #locked: LockedTool;
  readonly #context: LockedContext;
  #parameters: TypedParameter[] | null = null;
  #columns: TypedColumn[] | null = null;

  constructor(tool: string, locked: LockedTool, source: string, context: LockedContext) {
    this.parsed = new LockedSource(tool, locked, source, context);
    this.#locked = locked;
    this.#context = context;
  }

  get parameters(): TypedParameter[] {
    return this.#parameters ??= this.#locked.parameters.map(({ name, type }) => ({
      name,
      type: this.#context.types(type),
      tag: this.parsed.header.params.find((param) => param.name === name) ?? null,
    }));
  }

  get columns(): TypedColumn[] {
    return this.#columns ??= this.#locked.columns.map((column) => ({
      name: column.name,
      type: this.#context.types(column.type),
      typmod: column.typmod ?? -1,
      isNullable: column.nullable,
      // Nothing was proven in this process: a null that the lock excludes must fail the call, not the client.
      isAsserted: !column.nullable,
      hasDefault: column.hasDefault ?? false,
      comment: column.comment ?? null,
      tag: this.parsed.header.columns.find(({ name }) => name === column.name) ?? null,
      source: null,
    }));
  }
}

class LockedSource implements ParsedQuery {
  readonly path: string;
  readonly module: string;
  readonly name: string;
  readonly kind: Kind;
  readonly hash: string;
  readonly view: ParsedQuery["view"];
  readonly copy: CopyTarget | null;
  readonly unnest: UnnestKeys | null;
  readonly #locked: LockedTool;
  readonly #context: LockedContext;
  #read: Pick<ParsedQuery, "header" | "parameters" | "statements"> | null = null;

  constructor(readonly tool: string, locked: LockedTool, readonly source: string, context: LockedContext) {
    const [module = "", name = ""] = locked.file.replace(/\.sql$/, "").split("/");
    this.path = locked.file;
    this.module = module;
    this.name = name;
    this.kind = locked.kind;
    this.hash = locked.sha256;
    this.view = locked.view ?? null;
    this.copy = locked.copy ?? null;
    this.unnest = locked.keys ?? null;
    this.#locked = locked;
    this.#context = context;
  }

  get header(): Header {
    return this.#readSource().header;
  }
  get parameters(): QueryParameter[] {
    return this.#readSource().parameters;
  }
  /** Without their trees: whoever needs those parses the file. */
  get statements(): Statement[] {
    return this.#readSource().statements;
  }

  #readSource() {
    return this.#read ??= readSource(this.source, this.#locked, this.#context.defaultsOf(this.module));
  }
}

function readSource(source: string, locked: LockedTool, moduleDefaults: ModuleDefaults | null) {
  const ignore = () => {};
  const placeAt = indexPlaces(source);
  const { header, bodyStart } = parseHeader(source, placeAt, ignore, { moduleDefaults });
  const lexed = splitStatements(source, tokenize(source, bodyStart, placeAt, ignore), placeAt);
  const statements = lexed.map((each, index): Statement => {
    const { role, node, returnsRows } = locked.statements[index]!;
    return {
      role,
      text: each.text,
      parameterNames: each.parameterNames,
      nodeType: node,
      tree: {},
      returnsRows: returnsRows ?? false,
      placeAt: each.placeAt,
      placeAtByte: each.placeAtByte,
    };
  });
  const places = new Map(
    lexed.flatMap(({ parameterNames, parameterPlaces }) =>
      parameterNames.map((name, index) => [name, parameterPlaces[index]!] as const)
    ).reverse(),
  );
  const parameters = locked.parameters.map(({ name }): QueryParameter => ({
    name,
    place: places.get(name) ?? { line: 1, column: 1 },
    tag: header.params.find((param) => param.name === name) ?? null,
    isUnnested: locked.unnested?.includes(name) ?? false,
  }));
  return { header, parameters, statements };
}

/** Types by name, made of those that the lock has. */
export function typesOf({ types }: Pick<Lock, "types">): (name: string) => PgType {
  const made = new Map<string, PgType>();
  const build = (name: string, above: readonly string[]): PgType => {
    const known = made.get(name);
    if (known !== undefined) return known;
    const locked = types[name];
    const { schema = "pg_catalog", comment = null } = locked ?? {};
    const own = { oid: 0, schema, name, comment };
    const type = locked === undefined || above.includes(name)
      ? { ...own, kind: "pseudo" as const }
      : typeOf(locked, own, (part) => build(part, [...above, name]));
    if (!above.includes(name)) made.set(name, type);
    return type;
  };
  return (name) => build(name, []);
}

function typeOf(
  locked: LockedType,
  own: { oid: number; schema: string; name: string; comment: string | null },
  build: (name: string) => PgType,
): PgType {
  if ("base" in locked) return { ...own, kind: "base", base: locked.base };
  if ("enum" in locked) return { ...own, kind: "enum", labels: locked.enum };
  if ("array" in locked) {
    return { ...own, kind: "array", element: build(locked.array), delimiter: locked.delimiter ?? "," };
  }
  if ("domain" in locked) {
    const { domain, typmod = -1, notNull = false, checks, constraints = {} } = locked;
    return { ...own, kind: "domain", base: build(domain), typmod, isNotNull: notNull, checks, constraints };
  }
  if ("composite" in locked) {
    const attributes = locked.composite.map((
      { name, type, typmod = -1, notNull = false, comment = null },
    ) => ({
      name,
      type: build(type),
      typmod,
      isNotNull: notNull,
      comment,
    }));
    return { ...own, kind: "composite", attributes };
  }
  if ("range" in locked) return { ...own, kind: "range", subtype: build(locked.range) };
  if ("multirange" in locked) return { ...own, kind: "multirange", subtype: build(locked.multirange) };
  return { ...own, kind: "pseudo" };
}
