/**
 * `sql/lock.json`: what PostgreSQL and its parser said of every query file when `check --lock` was last run.
 *
 * It is committed. In a review it shows what a change does to the tools; `serve` starts from it without
 * parsing or describing anything. Everything is by name and in a fixed order, so that the same files over the
 * same migrations give the same text.
 */

import type { TypedColumn, TypedQuery } from "../describe/model.ts";
import { type DatabaseFacts, readFacts, type UsedObjects } from "./fingerprint.ts";
import { type DomainConstraints, domainConstraints } from "../postgres/types/domain.ts";
import type { PoolConnection } from "../postgres/pool.ts";
import type { PgType } from "../postgres/types/types.ts";
import { compareText } from "../query/diagnostic.ts";
import type { CopyTarget, Kind, Module, ParsedQuery, Statement, UnnestKeys } from "../query/model.ts";
import { functionCalls, walk } from "../query/parser/parse_tree.ts";
import { type JsonSchema, type ServerLimits, type Tool, type ToolAnnotations } from "../tool/model.ts";
import { toTool } from "../call/make_tool.ts";

export const lockVersion = 1;

export interface Lock extends DatabaseFacts {
  version: typeof lockVersion;
  /** By name. */
  modules: Record<string, LockedModule>;
  /** By tool name. */
  tools: Record<string, LockedTool>;
  /** The types of parameters and columns, and what they are made of, by PostgreSQL's name. */
  types: Record<string, LockedType>;
}

export interface LockedModule {
  /** Of `_module.sql`; null where there is none. */
  sha256: string | null;
  title: string | null;
  instructions: string;
}

export interface LockedTool {
  /** Relative to the folder of query files. */
  file: string;
  sha256: string;
  kind: Kind;
  title: string;
  description: string;
  parameters: { name: string; type: string }[];
  columns: LockedColumn[];
  statements: LockedStatement[];
  /** Only `:view`. */
  view?: { schema: string; name: string };
  /** Only `:copy`. */
  copy?: CopyTarget;
  /** Only `:unnest`: the parameters that are fields of a row. */
  unnested?: string[];
  /** Only `:unnest` whose rows can be told one by one. */
  keys?: UnnestKeys;
  /** The statement has optional filters: PostgreSQL plans it for the values of each call. */
  plansEachCall?: true;
  annotations: ToolAnnotations;
  /** Of the file, else of its module. */
  scopes?: readonly string[];
  /** With the default ceilings. */
  input: JsonSchema;
  output: JsonSchema;
  uses: { relations: Record<string, string[]>; functions: string[] };
}

export interface LockedColumn {
  name: string;
  type: string;
  typmod?: number;
  nullable: boolean;
  /** The header's `!` stands against what is known. */
  asserted?: true;
  hasDefault?: true;
  comment?: string;
}

export interface LockedStatement {
  role: Statement["role"];
  node: string;
  returnsRows?: true;
}

type TypeOwn = { schema?: string; comment?: string };
export type LockedType =
  & TypeOwn
  & (
    | { base: string }
    | { enum: string[] }
    | { array: string; delimiter?: string }
    | { domain: string; typmod?: number; notNull?: true; checks: string[]; constraints?: DomainConstraints }
    | { composite: { name: string; type: string; typmod?: number; notNull?: true; comment?: string }[] }
    | { range: string }
    | { multirange: string }
    | { pseudo: true }
  );

export interface LockInput {
  tools: Iterable<Tool>;
  modules: readonly Module[];
  /** Hash of each `_module.sql` by module. */
  moduleHashes: ReadonlyMap<string, string>;
  /** The default ceilings: a lock does not depend on the settings of whoever writes it. */
  limits: ServerLimits;
}

/** The lock of tools that are right. Reads the facts of what they use from the database. */
export async function makeLock(connection: PoolConnection, input: LockInput): Promise<Lock> {
  const types: Record<string, LockedType> = {};
  const tools = [...input.tools].sort((one, other) => compareText(one.name, other.name));
  const locked = tools.map((tool): [string, LockedTool] => [tool.name, lockTool(tool, input.limits, types)]);
  const relations = new Map<string, Set<string>>();
  const functions = new Set<string>();
  for (const [, { uses }] of locked) {
    for (const [name, columns] of Object.entries(uses.relations)) {
      relations.set(name, new Set([...relations.get(name) ?? [], ...columns]));
    }
    for (const name of uses.functions) functions.add(name);
  }
  const facts = await readFacts(connection, { relations, functions });
  for (const [, { uses }] of locked) keepKnown(uses, facts);
  // Reading a CHECK takes the parser, which a start from the lock does without.
  for (const type of Object.values(types)) {
    if ("domain" in type) type.constraints = domainConstraints(type.checks);
  }
  return {
    version: lockVersion,
    modules: Object.fromEntries(
      input.modules.map(({ name, title, instructions }) => [
        name,
        { sha256: input.moduleHashes.get(name) ?? null, title, instructions },
      ]),
    ),
    tools: Object.fromEntries(locked),
    types: sorted(types),
    ...facts,
  };
}

/** Objects and columns that the locked tools use, to ask the catalogue about. */
export function usedByLock({ tools }: Pick<Lock, "tools">): UsedObjects {
  const relations = new Map<string, Set<string>>();
  const functions = new Set<string>();
  for (const { uses } of Object.values(tools)) {
    for (const [name, columns] of Object.entries(uses.relations)) {
      relations.set(name, new Set([...relations.get(name) ?? [], ...columns]));
    }
    for (const name of uses.functions) functions.add(name);
  }
  return { relations, functions };
}

function lockTool(tool: Tool, limits: ServerLimits, types: Record<string, LockedType>): LockedTool {
  const { query } = tool;
  const { parsed } = query;
  const plain = toTool(query, limits, []) ?? tool;
  const unnested = parsed.parameters.filter(({ isUnnested }) => isUnnested).map(({ name }) => name);
  return {
    file: parsed.path,
    sha256: parsed.hash,
    kind: parsed.kind,
    title: plain.title,
    description: plain.description,
    parameters: query.parameters.map(({ name, type }) => ({ name, type: lockType(type, types) })),
    columns: query.columns.map((column) => lockColumn(column, types)),
    statements: parsed.statements.map(({ role, nodeType, returnsRows }) => ({
      role,
      node: nodeType,
      ...(returnsRows ? { returnsRows } : {}),
    })),
    ...(parsed.view === null ? {} : { view: parsed.view }),
    ...(parsed.copy === null ? {} : { copy: parsed.copy }),
    ...(unnested.length > 0 ? { unnested } : {}),
    ...(parsed.unnest ? { keys: parsed.unnest } : {}),
    ...(tool.plansEachCall ? { plansEachCall: true } : {}),
    annotations: plain.annotations,
    ...(plain.scopes.length > 0 ? { scopes: plain.scopes } : {}),
    input: plain.inputSchema,
    output: plain.outputSchema,
    uses: usesOf(query),
  };
}

function lockColumn(column: TypedColumn, types: Record<string, LockedType>): LockedColumn {
  return {
    name: column.name,
    type: lockType(column.type, types),
    ...(column.typmod === -1 ? {} : { typmod: column.typmod }),
    nullable: column.isNullable,
    ...(column.isAsserted ? { asserted: true } : {}),
    ...(column.hasDefault ? { hasDefault: true } : {}),
    ...(column.comment === null ? {} : { comment: column.comment }),
  };
}

/** Adds the type and all it is made of; answers its name. */
export function lockType(type: PgType, types: Record<string, LockedType>): string {
  const { name, schema, comment } = type;
  // A row type that contains itself ends in a pseudo-type of the same name.
  if (Object.hasOwn(types, name)) return name;
  const own: TypeOwn = {
    ...(schema === "pg_catalog" ? {} : { schema }),
    ...(comment === null ? {} : { comment }),
  };
  types[name] = { ...own, pseudo: true };
  types[name] = { ...own, ...bodyOf(type, (part) => lockType(part, types)) };
  return name;
}

function bodyOf(type: PgType, lock: (part: PgType) => string): LockedType {
  switch (type.kind) {
    case "base":
      return { base: type.base };
    case "enum":
      return { enum: type.labels };
    case "array":
      return { array: lock(type.element), ...(type.delimiter === "," ? {} : { delimiter: type.delimiter }) };
    case "domain":
      return {
        domain: lock(type.base),
        ...(type.typmod === -1 ? {} : { typmod: type.typmod }),
        ...(type.isNotNull ? { notNull: true } : {}),
        checks: type.checks,
      };
    case "composite":
      return {
        composite: type.attributes.map((attribute) => ({
          name: attribute.name,
          type: lock(attribute.type),
          ...(attribute.typmod === -1 ? {} : { typmod: attribute.typmod }),
          ...(attribute.isNotNull ? { notNull: true } : {}),
          ...(attribute.comment === null ? {} : { comment: attribute.comment }),
        })),
      };
    case "range":
      return { range: lock(type.subtype) };
    case "multirange":
      return { multirange: lock(type.subtype) };
    case "pseudo":
      return { pseudo: true };
    default:
      throw new TypeError(`unknown kind of type: ${type satisfies never}`);
  }
}

/**
 * Every relation with its schema, every function, and every word that could be a column: the catalogue knows
 * which are.
 */
function usesOf({ parsed, columns }: TypedQuery): LockedTool["uses"] {
  const relations = new Set<string>();
  const functions = new Set<string>();
  const words = new Set(columns.map(({ name }) => name));
  for (const statement of parsed.statements) {
    collectWords(statement.tree, words);
    for (const { parts } of functionCalls(statement)) {
      if (parts[0] !== "pg_catalog") functions.add(parts.join("."));
    }
  }
  for (const name of relationsOf(parsed)) relations.add(name);
  return {
    relations: Object.fromEntries([...relations].sort().map((name) => [name, [...words]])),
    functions: [...functions].sort(),
  };
}

/** Relations that are written with their schema, as `schema.name`. */
export function relationsOf({ statements }: Pick<ParsedQuery, "statements">): Set<string> {
  const relations = new Set<string>();
  for (const { nodeType, tree } of statements) {
    walk(nodeType, tree, ({ type, node }) => {
      if (type === "RangeVar" && typeof node.schemaname === "string") {
        relations.add(`${node.schemaname}.${String(node.relname)}`);
      }
    });
  }
  return relations;
}

function collectWords(value: unknown, words: Set<string>): void {
  if (typeof value === "string") words.add(value);
  else if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) collectWords(inner, words);
  }
}

/**
 * Leaves out words that are no columns, functions of PostgreSQL's own, and relations that the lock has no
 * facts of.
 */
function keepKnown(uses: LockedTool["uses"], facts: DatabaseFacts): void {
  uses.relations = Object.fromEntries(
    Object.entries(uses.relations).filter(([name]) => Object.hasOwn(facts.relations, name)).map((
      [name, words],
    ) => [name, words.filter((word) => Object.hasOwn(facts.relations[name]!.columns, word)).sort()]),
  );
  const known = Object.keys(facts.functions);
  uses.functions = uses.functions.flatMap((name) =>
    known.filter((full) => full === name || (!name.includes(".") && full.endsWith(`.${name}`)))
  );
}

function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([one], [other]) => compareText(one, other)));
}

const width = 110;

/** The file's text: JSON that breaks lines only where they would be long. */
export function writeLock(lock: Lock): string {
  return `${writeValue(lock, 0, 0)}\n`;
}

function writeValue(value: unknown, indent: number, used: number): string {
  const line = JSON.stringify(value);
  if (typeof value !== "object" || value === null) return line;
  const spaced = writeLine(value);
  if (indent > 0 && indent + used + spaced.length < width) return spaced;
  const inner = " ".repeat(indent + 2);
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((item) => inner + writeValue(item, indent + 2, 0))
    : Object.entries(value).map(([key, item]) => {
      const name = `${JSON.stringify(key)}: `;
      return inner + name + writeValue(item, indent + 2, name.length);
    });
  if (parts.length === 0) return isList ? "[]" : "{}";
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  return `${open}\n${parts.join(",\n")}\n${" ".repeat(indent)}${close}`;
}

function writeLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(writeLine).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${writeLine(item)}`);
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}
