/**
 * Whether the database is the one that the lock was made over: what the tools use is there with the same
 * columns and types, and every statement still describes as it did. Runs nothing but Describe, and needs no
 * parser.
 */

import { SqlwrightError } from "../errors.ts";
import { sqlstateOf } from "../postgres/database_error.ts";
import { readFacts, type RelationFacts } from "./fingerprint.ts";
import type { PoolConnection } from "../postgres/pool.ts";
import { loadTypes, type PgType, withoutDomains } from "../postgres/types/types.ts";
import type { Catalog, Tool } from "../tool/model.ts";
import { lockName } from "../project.ts";
import { type Lock, type LockedType, lockType, usedByLock } from "./lock.ts";

/** What is not as the lock says, and the tools that it concerns. */
export interface Drift {
  tools: string[];
  /** `column shop.order.amount is "text", and was "numeric not null"`. */
  message: string;
}

/** What could not be looked at, which says nothing of what is there. */
export interface Unverified {
  tools: string[];
  /** Somebody holds a lock, a statement was stopped, a privilege is missing. */
  error: SqlwrightError;
}

export interface Verification {
  drifts: Drift[];
  unverified: Unverified[];
}

/**
 * @param only the tools to look at. @default all
 * @returns the tools that could not be looked at
 * @throws {SqlwrightError} `catalog.drifted`, naming each tool and what moved
 */
export async function verifyLock(
  connection: PoolConnection,
  lock: Lock,
  catalog: Catalog,
  only?: ReadonlySet<string>,
): Promise<Unverified[]> {
  const { drifts, unverified } = await findDrift(connection, lock, catalog, only);
  if (drifts.length === 0) return unverified;
  const shown = drifts.slice(0, 5).map(({ tools, message }) => `${listed(tools)}: ${message}`);
  const more = drifts.length > shown.length ? `; and ${drifts.length - shown.length} more` : "";
  throw new SqlwrightError(
    "catalog.drifted",
    `Cannot serve by ${lockName}, for the database has moved: ${shown.join("; ")}${more}`,
    {
      details: { drift: drifts },
      hint: "Migrate the database, or run `sqlwright check --lock` over this one and commit the lock",
    },
  );
}

export async function findDrift(
  connection: PoolConnection,
  lock: Lock,
  catalog: Catalog,
  only: ReadonlySet<string> = new Set(catalog.tools.keys()),
): Promise<Verification> {
  const { relations, functions } = usedByLock(lock);
  const facts = await readFacts(connection, { relations, functions });
  const drifts: Drift[] = [];
  const add = (tools: string[], message: string) => {
    const concerned = tools.filter((tool) => only.has(tool));
    if (concerned.length > 0) drifts.push({ tools: concerned, message });
  };
  for (const name of Object.keys(lock.relations)) {
    for (const message of relationDrift(name, lock.relations[name]!, facts.relations[name])) {
      add(toolsOver(lock, name, message.column), message.text);
    }
  }
  for (const [name, was] of Object.entries(lock.functions)) {
    const is = facts.functions[name] ?? [];
    if (was.join() === is.join()) continue;
    add(
      Object.keys(lock.tools).filter((tool) => lock.tools[tool]!.uses.functions.includes(name)),
      is.length === 0
        ? `the function ${name} is gone`
        : `the function ${name} is ${is.join("; ")}, and was ${was.join("; ")}`,
    );
  }
  // What moved in a relation makes its statements fail or describe otherwise: that is told already.
  const told = new Set(drifts.flatMap(({ tools }) => tools));
  const left = [...catalog.tools.values()].filter(({ name }) => only.has(name) && !told.has(name));
  const { drifts: further, unverified } = await statementDrift(connection, lock, left);
  return { drifts: [...drifts, ...further], unverified };
}

/** How long Describe waits for a lock that somebody holds; once one was in vain, the others less. */
const lockTimeout_ms = 2000;
const furtherLockTimeout_ms = 100;

/**
 * SQLSTATEs, by their beginning, of a statement that was not looked at: the session, privileges, deadlocks,
 * resources, locks, cancels and timeouts, faults of the system. All others say what the statement meets.
 */
const notLookedAt = /^(?:08|25|28|40|42501|53|55|57|58|XX)/;

const isNotLookedAt = (error: SqlwrightError) =>
  error.code !== "database.failed" || notLookedAt.test(sqlstateOf(error) ?? "");

function relationDrift(
  name: string,
  was: RelationFacts,
  is: RelationFacts | undefined,
): { column: string | null; text: string }[] {
  if (is === undefined) return [{ column: null, text: `the ${was.kind} ${name} is gone` }];
  if (is.kind !== was.kind) return [{ column: null, text: `${name} is a ${is.kind}, and was a ${was.kind}` }];
  return Object.entries(was.columns).flatMap(([column, type]) => {
    const now = is.columns[column];
    if (now === type) return [];
    const text = now === undefined
      ? `the column ${name}.${column} is gone`
      : `the column ${name}.${column} is ${now}, and was ${type}`;
    return [{ column, text }];
  });
}

/** Tools that use the relation, or one of its columns, by themselves or through views. */
function toolsOver(lock: Lock, relation: string, column: string | null): string[] {
  const isUsed = (names: readonly string[] | undefined) =>
    names !== undefined && (column === null || names.includes(column));
  const over = new Set([relation]);
  const views = Object.entries(lock.relations);
  // A column of a view stands for whatever the view is made of.
  for (let size = 0; size !== over.size;) {
    size = over.size;
    for (const [view, { from }] of views) {
      for (const name of over) {
        if (name === relation ? isUsed(from?.[name]) : from?.[name] !== undefined) over.add(view);
      }
    }
  }
  return Object.keys(lock.tools).filter((tool) => {
    const { relations } = lock.tools[tool]!.uses;
    return [...over].some((name) =>
      name === relation ? isUsed(relations[name]) : Object.hasOwn(relations, name)
    );
  });
}

async function statementDrift(
  connection: PoolConnection,
  lock: Lock,
  tools: readonly Tool[],
): Promise<Verification> {
  const drifts: Drift[] = [];
  const unverified: Unverified[] = [];
  const described: { tool: Tool; types: number[]; columns: readonly { name: string; type: number }[] }[] = [];
  for (const tool of tools) {
    // A view and the target of a load are relations; a load's temporary tables are not there.
    if (tool.query.parsed.view !== null || tool.query.parsed.copy !== null) continue;
    const timeout_ms = unverified.length === 0 ? lockTimeout_ms : furtherLockTimeout_ms;
    try {
      // A transaction for each, so that no lock is held while the next one is waited for.
      const answer = await connection.transaction(
        `begin read only; set local lock_timeout = ${timeout_ms}`,
        () => connection.describe(tool.query.parsed.statements[0]!.text),
      );
      described.push({ tool, ...answer });
    } catch (error) {
      if (!(error instanceof SqlwrightError) || sqlstateOf(error) === null) throw error;
      if (isNotLookedAt(error)) unverified.push({ tools: [tool.name], error });
      else {
        drifts.push({ tools: [tool.name], message: `PostgreSQL refuses its statement: ${error.message}` });
      }
    }
  }
  const types = await loadTypes(
    connection,
    described.flatMap(({ types, columns }) => [...types, ...columns.map(({ type }) => type)]),
  );
  for (const { tool, ...is } of described) {
    const message = describedDrift(tool, lock, is, types);
    if (message !== null) drifts.push({ tools: [tool.name], message });
  }
  return { drifts, unverified };
}

function describedDrift(
  { query }: Tool,
  lock: Lock,
  is: { types: number[]; columns: readonly { name: string; type: number }[] },
  types: ReadonlyMap<number, PgType>,
): string | null {
  const { parameterNames } = query.parsed.statements[0]!;
  for (const [index, name] of parameterNames.entries()) {
    const was = query.parameters.find((parameter) => parameter.name === name)!.type;
    const message = typeDrift(lock, was, types.get(is.types[index] ?? 0));
    if (message !== null) return `the parameter ${name} ${message}`;
  }
  if (is.columns.length !== query.columns.length) {
    return `it has ${is.columns.length} columns, and had ${query.columns.length}`;
  }
  for (const [index, { name, type }] of query.columns.entries()) {
    const now = is.columns[index]!;
    if (now.name !== name) return `the column ${index + 1} is ${now.name}, and was ${name}`;
    const found = types.get(now.type);
    // Describe flattens a domain to its base type.
    const isFlat = found !== undefined && withoutDomains(type).name === withoutDomains(found).name &&
      found.kind !== "domain";
    const message = typeDrift(lock, isFlat ? withoutDomains(type) : type, found);
    if (message !== null) return `the column ${name} ${message}`;
  }
  return null;
}

function typeDrift(lock: Lock, was: PgType, is: PgType | undefined): string | null {
  if (is === undefined || is.name !== was.name) return `is ${is?.name ?? "nothing"}, and was ${was.name}`;
  const now: Record<string, LockedType> = {};
  lockType(is, now);
  for (const [name, type] of Object.entries(now)) {
    // What a domain's checks come to follows from them.
    const { constraints: _constraints, ...locked } = { constraints: null, ...lock.types[name] };
    if (JSON.stringify(locked) !== JSON.stringify(type)) {
      return `has a type that has changed: ${name}`;
    }
  }
  return null;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
