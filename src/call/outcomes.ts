/**
 * What became of each row of an `:unnest` call: updated, unchanged, missing, inserted or deleted. Three ways,
 * all sound:
 *
 * - By the count. An UPDATE by a key that one row at most has, which changed as many rows as there are keys,
 *   changed them all. If it changed fewer, one look-up tells which: a row that this transaction has written
 *   carries its number (`xmin`).
 * - By what the statement returns. Its RETURNING list gets the table's key at its end; a row whose key comes
 *   back was changed, and of the others one look-up says whether they are there. It costs next to nothing,
 *   and needs keys whose text says which they are.
 * - By places. Before the statement the rows that the keys mean are looked up, locked in the order of their
 *   keys, and remembered by their place (`tableoid`, `ctid`). While a row is locked nobody else can move it,
 *   and PostgreSQL writes every update to another place: a row that is afterwards still where it was is one
 *   that the statement did not touch.
 *
 * And two calls that touch the same rows in opposite orders never deadlock. Whoever finds no other call at
 * work on the table takes it for itself and goes one of the first two ways; whoever does find one shares the
 * table, and goes the last way, whose locks are in order.
 */

import { quoteIdentifier } from "../postgres/identifiers.ts";
import type { CallConnection, StatementOptions, TextRow } from "../postgres/pool.ts";
import { writeElements } from "../postgres/types/literal.ts";
import { castName, elementOf, withoutDomains } from "../postgres/types/types.ts";
import type { UnnestKeys } from "../query/model.ts";
import type { BoundArguments, Tool } from "../tool/model.ts";
import { type Outcome, possibleOutcomes } from "./outcome_names.ts";
import type { BoundRows } from "./model.ts";

export interface Outcomes {
  counts: Partial<Record<Outcome, number>>;
  /** In the order of the rows of the call. */
  rows: Outcome[];
}

/** One call that is under way in its transaction. */
export interface OutcomeCall {
  connection: CallConnection;
  tool: Tool;
  keys: UnnestKeys;
  bound: BoundRows;
  options: Pick<StatementOptions, "signal" | "bound_ms">;
}

/** Runs the statement, extended or not, and answers how many rows it changed. */
export type RunStatement = (
  extension: { returning: string; values?: BoundArguments["values"] },
  onKey?: (row: TextRow, firstKey: number) => void,
) => Promise<number>;

/** What the statement returned cannot be told from its text: the call has to be begun again, by places. */
export class InexactKeys extends Error {}

/**
 * @param standing of the call's table; null to go by places whatever it is
 * @throws {InexactKeys} when what the statement returned cannot tell
 */
export async function runWithOutcomes(
  call: OutcomeCall,
  standing: TableStanding | null,
  run: RunStatement,
): Promise<{ affected: number; outcomes: Outcomes }> {
  if (standing?.isAlone) {
    if (standing.isUniqueKey) return await runByCount(call, run);
    if (hasExactKeys(call)) return await runByReturning(call, run);
  } else await shareTable(call);
  const found = await findPlaces(call);
  const affected = await run({ returning: "", values: inOrder(call) });
  return { affected, outcomes: await outcomesByPlaces(call, found) };
}

/** What a call finds of its table when it begins. */
export interface TableStanding {
  /** The table is this call's alone until its transaction ends. */
  isAlone: boolean;
  /**
   * The keys of the call are those of a unique index, and the statement is an UPDATE that leaves them alone.
   */
  isUniqueKey: boolean;
}

/**
 * Locks of this kind are taken on tables by name: one holder that has its own order, or any number that share
 * one.
 */
const lockClass = 0x5351_4c57;

const lockedName = ({ keys }: OutcomeCall) => `${keys.schema}.${keys.table}`;

/**
 * Takes the table for the call, if no other call has it, in one statement, which may go out together with
 * BEGIN. The index is asked for each time: a DBA may drop it meanwhile. Null, and nothing taken, where only
 * places can tell.
 */
export async function takeTable(call: OutcomeCall): Promise<TableStanding | null> {
  const { schema, table, isOnly, keys, does, returnAs } = call.keys;
  const isCountable = does.length === 1 && does[0] === "update";
  if (returnAs === undefined || !(isCountable || keyPatterns(call) !== null)) return null;
  const text = `select
  pg_catalog.pg_try_advisory_xact_lock(${lockClass}, pg_catalog.hashtext($1))::text
  || ';'
  || exists (
    select
    from pg_catalog.pg_index as index
    inner join pg_catalog.pg_class as class on class.oid = index.indrelid
    where index.indrelid = $2::pg_catalog.regclass
      and (class.relkind = 'p' or not class.relhassubclass or $4::boolean)
      and index.indisunique and index.indimmediate and index.indisvalid
      and index.indpred is null and index.indexprs is null
      and not exists (
        select
        from pg_catalog.unnest((index.indkey::smallint[])[0:index.indnkeyatts - 1]) as part (number)
        inner join pg_catalog.pg_attribute as attribute
          on attribute.attrelid = index.indrelid and attribute.attnum = part.number
        where attribute.attname <> all ($3::text[])
      )
  )::text`;
  const names = `{${keys.map(({ column }) => `"${column.replace(/["\\]/g, "\\$&")}"`).join(",")}}`;
  const relation = `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
  const [lock, unique] = await textOf(call, text, [
    lockedName(call),
    relation,
    names,
    String(isOnly ?? false),
  ]);
  return { isAlone: lock === "true", isUniqueKey: isCountable && unique === "true" };
}

/** Waits until nobody has the table alone. */
async function shareTable(call: OutcomeCall): Promise<void> {
  const text = `select pg_catalog.pg_advisory_xact_lock_shared(${lockClass}, pg_catalog.hashtext($1))::text`;
  await textOf(call, text, [lockedName(call)]);
}

// By the count

/**
 * A row is changed once at most, so as many changes as rows are one of each; fewer, also of keys given twice,
 * are looked up.
 */
async function runByCount(
  call: OutcomeCall,
  run: RunStatement,
): Promise<{ affected: number; outcomes: Outcomes }> {
  const affected = await run({ returning: "" });
  const rowCount = call.bound.elements[call.keys.keys[0]!.parameter]!.length;
  if (affected === rowCount) {
    const rows = new Array<Outcome>(rowCount).fill("updated");
    return { affected, outcomes: { counts: countOf(call, rows), rows } };
  }
  const rows = new Array<Outcome>(rowCount).fill("missing");
  const text = `select pg_catalog.string_agg(
  input.position::text
    || case when target.xmin = pg_catalog.pg_current_xact_id()::xid then '' else '=' end,
  ';'
)
${joinOf(call)}`;
  for (const entry of await textOf(call, text, valuesOf(call))) {
    const isUnchanged = entry.endsWith("=");
    rows[Number(isUnchanged ? entry.slice(0, -1) : entry) - 1] = isUnchanged ? "unchanged" : "updated";
  }
  return { affected, outcomes: { counts: countOf(call, rows), rows } };
}

// By what the statement returns

async function runByReturning(
  call: OutcomeCall,
  run: RunStatement,
): Promise<{ affected: number; outcomes: Outcomes }> {
  const { keys, bound } = call;
  const { does, returnAs } = keys;
  const isInsert = does.includes("insert");
  const name = quoteIdentifier(returnAs!);
  const columns = keys.keys.map(({ column }) => `${name}.${quoteIdentifier(column)}`);
  // The row that an upsert updates was locked for it; one that it inserts was not.
  if (isInsert) columns.push(`${name}.xmax::text`);
  const changed = new Map<string, Outcome>();
  const affected = await run({ returning: columns.join(", ") }, (row, firstKey) => {
    const outcome = !isInsert
      ? does.includes("update") ? "updated" : "deleted"
      : row[firstKey + keys.keys.length] === "0"
      ? "inserted"
      : "updated";
    changed.set(keyOf(keys.keys.map((_key, index) => row[firstKey + index] ?? null)), outcome);
  });
  const elements = keys.keys.map(({ parameter }) => bound.elements[parameter]!);
  const rowCount = elements[0]!.length;
  const rows = new Array<Outcome>(rowCount).fill("missing");
  const others: number[] = [];
  const seen = new Set<string>();
  for (let index = 0; index < rowCount; index++) {
    const key = keyOf(elements.map((values) => values[index] ?? null));
    const outcome = changed.get(key);
    if (outcome === undefined) others.push(index + 1);
    else {
      rows[index] = outcome;
      seen.add(key);
    }
  }
  if (seen.size < changed.size) throw new InexactKeys("a key came back in another text");
  if (others.length > 0) {
    for (const position of await findThere(call, others)) rows[position - 1] = "unchanged";
  }
  return { affected, outcomes: { counts: countOf(call, rows), rows } };
}

const keyOf = (parts: readonly (string | null)[]) => parts.length === 1 ? parts[0] ?? "\0" : parts.join("\0");

/** Types whose values have one text each; the rest has several, such as 1.0 and 1.00. */
const exactTypes: Readonly<Record<string, RegExp>> = {
  int2: /^(0|-?[1-9]\d*)$/,
  int4: /^(0|-?[1-9]\d*)$/,
  int8: /^(0|-?[1-9]\d*)$/,
  text: /^/,
  varchar: /^/,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  date: /^\d{4}-\d{2}-\d{2}$/,
};

/** How the values of each key must be written to have one text each; null where a key's type has none. */
function keyPatterns({ keys: { keys }, tool }: OutcomeCall): RegExp[] | null {
  const patterns = keys.map(({ parameter }) => {
    const { type } = tool.query.parameters.find(({ name }) => name === parameter)!;
    const element = withoutDomains(elementOf(type));
    if (element.kind === "enum") return /^/;
    return element.kind === "base" ? exactTypes[element.base] : undefined;
  });
  return patterns.every((pattern) => pattern !== undefined) ? patterns : null;
}

function hasExactKeys(call: OutcomeCall): boolean {
  return keyPatterns(call)?.every((pattern, index) => {
    const { parameter } = call.keys.keys[index]!;
    return call.bound.elements[parameter]!.every((value) => value === null || pattern.test(value));
  }) ?? false;
}

// By places

/** By position in the call (from 1), every place that its key means. */
type Places = ReadonlyMap<number, readonly string[]>;

async function findPlaces(call: OutcomeCall): Promise<Places> {
  const { keys } = call;
  const lock = !keys.locks ? "" : `\n  for ${keys.does.includes("delete") ? "" : "no key "}update of target`;
  const order = keys.keys.map(({ column }) => `target.${quoteIdentifier(column)}`).join(", ");
  const text = `with found as (
  select input.position, target.tableoid, target.ctid
  ${joinOf(call)}
  order by ${order}${lock}
)
select pg_catalog.string_agg(
  found.position::text || ' ' || found.tableoid::text || ' ' || found.ctid::text,
  ';'
)
from found`;
  const places = new Map<number, string[]>();
  for (const entry of await textOf(call, text, valuesOf(call))) {
    const space = entry.indexOf(" ");
    const position = Number(entry.slice(0, space));
    const known = places.get(position);
    if (known === undefined) places.set(position, [entry.slice(space + 1)]);
    else known.push(entry.slice(space + 1));
  }
  return places;
}

async function outcomesByPlaces(call: OutcomeCall, places: Places): Promise<Outcomes> {
  const { does, keys } = call.keys;
  const rowCount = call.bound.elements[keys[0]!.parameter]!.length;
  const untouched = await findUntouched(call, places);
  const gone = new Set<number>();
  const rows = new Array<Outcome>(rowCount).fill("missing");
  const open: number[] = [];
  for (let position = 1; position <= rowCount; position++) {
    const known = places.get(position);
    if (known === undefined) {
      if (does.includes("insert")) open.push(position);
    } else if (known.every((place) => untouched.has(place))) rows[position - 1] = "unchanged";
    else if (!does.includes("delete")) rows[position - 1] = "updated";
    else {
      rows[position - 1] = "deleted";
      if (does.includes("update")) gone.add(position);
    }
  }
  // Only where one of two things can have happened, and the key tells which.
  const asked = [...open, ...gone];
  if (asked.length > 0) {
    for (const position of await findThere(call, asked)) {
      rows[position - 1] = gone.has(position) ? "updated" : "inserted";
    }
  }
  return { counts: countOf(call, rows), rows };
}

/** Those of the places that still hold the version that was locked. */
async function findUntouched(call: OutcomeCall, places: Places): Promise<ReadonlySet<string>> {
  const all = [...places.values()].flat();
  if (all.length === 0) return new Set();
  const ctids = all.map((place) => `"${place.slice(place.indexOf(" ") + 1)}"`);
  const text = `select pg_catalog.string_agg(target.tableoid::text || ' ' || target.ctid::text, ';')
from ${targetOf(call.keys)}
where target.ctid = any ($1::pg_catalog.tid[])`;
  return new Set(await textOf(call, text, [`{${ctids.join(",")}}`]));
}

/**
 * The call's values with its rows in the order of their keys, so that new rows too are inserted in one order
 * by all calls.
 */
function inOrder({ keys, bound }: OutcomeCall): BoundArguments["values"] {
  if (!keys.does.includes("insert")) return bound.values;
  const elements = keys.keys.map(({ parameter }) => bound.elements[parameter]!);
  const texts = elements[0]!.map((_value, index) => keyOf(elements.map((values) => values[index] ?? null)));
  const order = texts.map((_text, index) => index).sort((one, other) =>
    texts[one]! < texts[other]! ? -1 : texts[one]! > texts[other]! ? 1 : one - other
  );
  const sorted = Object.entries(bound.elements).map(([name, values]) => [
    name,
    writeElements(order.map((index) => values[index] ?? null), bound.delimiters[name]!),
  ]);
  return { ...bound.values, ...Object.fromEntries(sorted) };
}

// Both

/** Those of the positions whose key is in the table. */
async function findThere(call: OutcomeCall, positions: readonly number[]): Promise<number[]> {
  const text = `select pg_catalog.string_agg(distinct input.position::text, ';')
${joinOf(call)}
where input.position = any ($${call.keys.keys.length + 1}::pg_catalog.int8[])`;
  return (await textOf(call, text, [...valuesOf(call), `{${positions.join(",")}}`])).map(Number);
}

function countOf({ keys }: OutcomeCall, rows: readonly Outcome[]): Outcomes["counts"] {
  const counts: Outcomes["counts"] = {};
  for (const name of possibleOutcomes(keys)) counts[name] = 0;
  for (const outcome of rows) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/** The input's keys, with their positions, beside the rows of the table. */
function joinOf({ keys: { keys, ...target }, tool }: OutcomeCall): string {
  // A domain over an array is no array to `unnest`.
  const typeOf = (name: string) =>
    castName(withoutDomains(tool.query.parameters.find((parameter) => parameter.name === name)!.type));
  // A key is compared as the statement compares it, rounded or cut to what the file casts it to.
  const arrays = keys.map(({ parameter, cast }, index) =>
    `$${index + 1}::${cast === undefined ? typeOf(parameter) : `${cast}[]`}`
  );
  const names = keys.map((_key, index) => `key_${index + 1}`);
  const equal = keys.map(({ column }, index) => `target.${quoteIdentifier(column)} = input.key_${index + 1}`);
  return `from unnest(${arrays.join(", ")}) with ordinality as input (${names.join(", ")}, position)
  inner join ${targetOf(target)} on ${equal.join(" and ")}`;
}

function targetOf({ schema, table, isOnly }: Pick<UnnestKeys, "schema" | "table" | "isOnly">): string {
  return `${isOnly ? "only " : ""}${quoteIdentifier(schema)}.${quoteIdentifier(table)} as target`;
}

const valuesOf = ({ keys, bound }: OutcomeCall) =>
  keys.keys.map(({ parameter }) => bound.values[parameter] ?? null);

/** The parts of the one text that a statement answers. */
async function textOf(
  { connection, options }: OutcomeCall,
  text: string,
  values: (string | null)[],
): Promise<string[]> {
  let answer: string | null = null;
  await connection.execute(text, values, {
    ...options,
    onRow: ([value]) => {
      answer = value ?? null;
    },
  });
  return answer === null ? [] : (answer as string).split(";");
}
