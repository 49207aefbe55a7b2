/**
 * Which staged rows do the merges refuse? Found by trials: parts of the rows are moved into the file's
 * staging table and merged under a savepoint, where PostgreSQL itself judges them.
 *
 * 1. Part by part in the order of the source. A part that passes stays for the rest of the search, so that
 *    later rows meet those before them: a row whose key has come before is the bad one, and a row whose
 *    parent has come is good. A part that fails is halved until one row is left. When its first half passes,
 *    the second is known to fail and is halved untried. So all rows are merged about once more, and a bad row
 *    costs about as many small trials as its part can be halved.
 * 2. A part that lacks a row, such as a parent, which the merges themselves may bring later, waits and is
 *    tried again when others have passed; it is halved only when nothing passes any more.
 * 3. A verdict has to hold without the parts: a row that fails alone on what was there before is bad. One
 *    that passes alone and met no equal, or whose merges group rows, is tried with all good rows at once.
 * 4. What only all rows together break ("cannot affect row a second time") is looked for among the rows with
 *    equal keys, pair by pair; where that says nothing, for the shortest beginning of the source that fails.
 *
 * All of it is undone: nothing that a trial has written stays.
 */

import type { CallConnection } from "../../postgres/pool.ts";
import type { Refusal } from "../copy/all_or_nothing.ts";
import { affectedTwice, type Merge, mergeRefusalOf, runMerges } from "./merge.ts";
import type { MergeNature } from "./analyse.ts";
import { hopelessRows, isBrought } from "./foreign_keys.ts";
import type { BadRow, StagedRows } from "../copy/staging_table.ts";

type Connection = Pick<CallConnection, "rows" | "script" | "execute">;
type Range = readonly [first: number, last: number];

export interface SearchOptions {
  staged: StagedRows;
  merges: readonly Merge[];
  nature: MergeNature;
  signal: AbortSignal;
  /** Called when a row is known to be bad; throws when there are too many. */
  found: (row: BadRow) => Promise<void>;
  /** How many may be. */
  most: number;
  /** Before each trial: how many rows have been judged. Throws when the time is over. */
  searching: (judged: number) => void;
}

/** A part that is still to be judged. */
interface Part {
  range: Range;
  /**
   * The first half of one that fails: when it passes, the part behind it fails. A rest may be tried together
   * with the one behind it, or in pieces.
   */
  kind: "whole" | "first half" | "rest";
  /** Known to fail, with what stands before it. */
  fails: boolean;
}

const search = "savepoint sqlwright_search";
const leave = "rollback to savepoint sqlwright_search; release savepoint sqlwright_search";
const trial = "savepoint sqlwright_trial";
// What is deferrable waits again for the end of the next part.
const keep = "set constraints all immediate; set constraints all deferred; release savepoint sqlwright_trial";
const check = "set constraints all immediate";
const undo = "rollback to savepoint sqlwright_trial; release savepoint sqlwright_trial";
/** Parts do not become shorter than this for having failed. */
const shortestPart = 64;
/** Pairs of equal keys that are tried at once. */
const mostPairs = 20_000;

const foreignKeyViolation = "23503";
const raised = "P0001";
/** Unique and exclusion constraints: of two rows. */
const pairViolations = new Set(["23505", "23P01"]);

/**
 * Rows that are bad by themselves, or with those before them; not all, when there are more than may be. The
 * merges have failed with all.
 */
export async function findBadRows(
  connection: Connection,
  options: SearchOptions,
): Promise<{ isCut: boolean }> {
  const { staged, signal } = options;
  await staged.index(connection, signal);
  await connection.script(search);
  const suspects = await new PartSearch(connection, options).run();
  await connection.script(leave);
  await confirm(connection, suspects, options);
  return { isCut: suspects.length > options.most };
}

class PartSearch {
  readonly #connection: Connection;
  readonly #options: SearchOptions;
  readonly #suspects: BadRow[] = [];
  readonly #waitable = new Map<string, boolean>();
  #judged = 0;

  constructor(connection: Connection, options: SearchOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  async run(): Promise<BadRow[]> {
    const { staged, most } = this.#options;
    let parts: Range[] = [[1, staged.count]];
    for (let isFirst = true;; isFirst = false) {
      const { waiting, hasPassed } = await this.#pass(parts, isFirst);
      if (waiting.length === 0 || this.#suspects.length > most) return this.#suspects;
      if (hasPassed) parts = waiting.map(({ range }) => range);
      else if (waiting.some(({ range: [first, last] }) => last > first)) {
        parts = waiting.flatMap(({ range }) => halves(range));
      } else {
        await this.#parting(waiting.map(({ range, refusal }) => ({ number: range[0], refusal })));
        return this.#suspects;
      }
    }
  }

  /** Rows that need each other come together or not at all; those that need another one are the suspects. */
  async #parting(waiting: readonly BadRow[]): Promise<void> {
    const { staged } = this.#options;
    const hopeless = await hopelessRows(this.#connection, staged, waiting);
    const together = waiting.filter(({ number }) => hopeless?.has(number) !== true);
    const refusal = together.length < 2
      ? together[0]?.refusal
      : await this.#try((connection, signal) =>
        staged.moveRows(connection, together.map(({ number }) => number), signal)
      );
    const isGood = refusal === null;
    this.#suspects.push(...waiting.filter(({ number }) => !isGood || hopeless?.has(number) === true));
  }

  /** Tries each part once, and halves of those that fail for a row of their own. */
  async #pass(
    ranges: readonly Range[],
    isKnown: boolean,
  ): Promise<{ waiting: { range: Range; refusal: Refusal }[]; hasPassed: boolean }> {
    const waiting: { range: Range; refusal: Refusal }[] = [];
    let hasPassed = false;
    /** Of a rest that is tried at once. */
    let length = this.#options.staged.count;
    const stack: Part[] = ranges.toReversed().map((range) => ({ range, kind: "whole", fails: isKnown }));
    for (let part = stack.pop(); part !== undefined; part = stack.pop()) {
      if (this.#suspects.length > this.#options.most) break;
      const { kind, fails } = part;
      if (fails && part.range[1] > part.range[0]) {
        const [one, other] = halves(part.range);
        stack.push({ range: other!, kind: "rest", fails: false });
        stack.push({ range: one!, kind: "first half", fails: false });
        continue;
      }
      const range = kind === "rest" && !fails ? takeRest(part.range, stack, length) : part.range;
      const size = range[1] - range[0] + 1;
      const refusal = await this.#tryRange(range);
      if (refusal === null) {
        hasPassed = true;
        this.#judged += size;
        length = Math.max(length, size * 2);
        const next = stack.at(-1);
        if (kind === "first half" && next !== undefined) next.fails = true;
      } else if (await this.#mayWait(refusal)) {
        waiting.push({ range, refusal });
      } else if (size === 1) {
        this.#judged++;
        this.#suspects.push({ number: range[0], refusal });
      } else {
        if (kind === "rest") length = Math.max(shortestPart, Math.ceil(size / 2));
        stack.push({ range, kind: "whole", fails: true });
      }
    }
    return { waiting, hasPassed };
  }

  async #tryRange(range: Range): Promise<Refusal | null> {
    return await this.#try((connection, signal) => this.#options.staged.moveRange(connection, range, signal));
  }

  async #try(move: (connection: Connection, signal: AbortSignal) => Promise<void>): Promise<Refusal | null> {
    return await tryRows(this.#connection, this.#options, move, { judged: this.#judged, isKept: true });
  }

  /** True when other rows of the same load could make the row a good one. */
  async #mayWait({ sqlstate, constraint }: Refusal): Promise<boolean> {
    if (sqlstate === raised) return true;
    if (sqlstate !== foreignKeyViolation) return false;
    const key = JSON.stringify(constraint);
    const known = this.#waitable.get(key);
    if (known !== undefined) return known;
    const answer = await isBrought(this.#connection, constraint, this.#options.nature.inserted);
    this.#waitable.set(key, answer);
    return answer;
  }
}

/** Condemns those suspects that are bad also without the parts they were found in. */
async function confirm(
  connection: Connection,
  suspects: readonly BadRow[],
  options: SearchOptions,
): Promise<void> {
  const { staged, nature } = options;
  const judged = staged.count;
  const bad: BadRow[] = [];
  const doubtful: BadRow[] = [];
  const condemn = async (row: BadRow) => {
    bad.push(row);
    await options.found(row);
  };
  for (const row of suspects) {
    if (nature.isGrouped) {
      doubtful.push(row);
      continue;
    }
    const alone = await tryRows(
      connection,
      options,
      (connection, signal) => staged.moveRange(connection, [row.number, row.number], signal),
      { judged },
    );
    const isPair = pairViolations.has(row.refusal.sqlstate) && !nature.isChosen;
    if (alone?.sqlstate === row.refusal.sqlstate || isPair) await condemn(row);
    else doubtful.push(row);
  }
  for (const [index, row] of doubtful.entries()) {
    const others = [...bad, ...doubtful.slice(index + 1)].map(({ number }) => number);
    const refusal = await tryRows(
      connection,
      options,
      (connection, signal) => staged.moveRange(connection, [1, staged.count], signal, others),
      { judged },
    );
    if (refusal !== null) await condemn(row);
  }
}

/** Rows that only break what all good ones do together; those that were found before have been removed. */
export async function findClashes(
  connection: Connection,
  failure: { refusal: Refusal; index: number },
  options: SearchOptions,
): Promise<void> {
  const { staged, nature, found, signal } = options;
  await staged.index(connection, signal);
  let count = 0;
  const key = nature.keys[failure.index] ?? null;
  if (failure.refusal.sqlstate === affectedTwice && key !== null) {
    for (const { first, number } of await staged.repeated(connection, key, mostPairs)) {
      const refusal = await tryRows(
        connection,
        options,
        (connection, signal) => staged.moveRows(connection, [first, number], signal),
        { judged: number },
      );
      if (refusal?.sqlstate !== affectedTwice) continue;
      count++;
      await found({ number, refusal });
    }
  }
  if (count === 0) await found(await firstBreaking(connection, failure.refusal, options));
}

/** The row with which the beginning of the source first fails. */
async function firstBreaking(
  connection: Connection,
  refusal: Refusal,
  options: SearchOptions,
): Promise<BadRow> {
  const { staged } = options;
  let [passes, fails] = [0, staged.count];
  while (fails - passes > 1) {
    const middle = Math.floor((passes + fails) / 2);
    const answer = await tryRows(
      connection,
      options,
      (connection, signal) => staged.moveRange(connection, [1, middle], signal),
      { judged: passes },
    );
    if (answer === null) passes = middle;
    else [fails, refusal] = [middle, answer];
  }
  return { number: fails, refusal };
}

/** A rest with those that follow it, cut after so many rows; what is not taken goes back. */
function takeRest([first, end]: Range, stack: Part[], length: number): Range {
  let last = end;
  for (let next = stack.at(-1); next !== undefined; next = stack.at(-1)) {
    if (next.kind !== "rest" || next.fails || next.range[0] !== last + 1 || last - first + 1 >= length) break;
    last = next.range[1];
    stack.pop();
  }
  if (last - first + 1 <= length) return [first, last];
  stack.push({ range: [first + length, last], kind: "rest", fails: false });
  return [first, first + length - 1];
}

/** Merges some rows under a savepoint. @returns null when they pass */
async function tryRows(
  connection: Connection,
  { staged, merges, searching, signal }: SearchOptions,
  move: (connection: Connection, signal: AbortSignal) => Promise<void>,
  { judged, isKept = false }: { judged: number; isKept?: boolean },
): Promise<Refusal | null> {
  signal.throwIfAborted();
  searching(judged);
  await connection.script(staged.emptying() + trial);
  try {
    await move(connection, signal);
    await runMerges(connection, merges, { signal });
    await connection.script(isKept ? staged.emptied() + keep : `${check}; ${undo}`);
    return null;
  } catch (error) {
    const refusal = mergeRefusalOf(error);
    if (refusal === null) throw error;
    await connection.script(undo);
    return refusal;
  }
}

function halves([first, last]: Range): Range[] {
  if (first === last) return [[first, last]];
  const middle = Math.floor((first + last) / 2);
  return [[first, middle], [middle + 1, last]];
}
