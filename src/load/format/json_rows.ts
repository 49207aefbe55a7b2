/**
 * Records of JSON → rows in COPY's text format: members by name to columns, values converted by the column's
 * type. Unknown members are refused, missing ones are null; a column with a default is brought by every
 * record or by none.
 */

import { nearestName } from "../../nearest.ts";
import { JsonFault, JsonScan } from "./json_scan.ts";
import type { TextBatch, TextPart } from "./json_texts.ts";
import { excerpt, recordExcerpt, type RecordPart, type Reject, textBatch, textLine } from "./record.ts";

/** A column that records bring. */
export interface JsonColumn {
  name: string;
  isNullable: boolean;
  hasDefault: boolean;
  /**
   * PostgreSQL's text of a value that is not null; `raw` is the value's own text.
   * @throws {ValueFault}
   */
  convert: (value: unknown, raw: string) => string;
}

/** A value that its column does not take: says why. */
export class ValueFault extends Error {}

export interface JsonRows {
  /** Those that the records bring. */
  columns: string[];
  records: AsyncIterable<RecordPart>;
}

/** @param renamed member → column; null skips the member */
export async function openJsonRows(
  parts: AsyncGenerator<TextPart>,
  columns: readonly JsonColumn[],
  renamed: ReadonlyMap<string, string | null>,
): Promise<JsonRows> {
  // Which columns with defaults come is told by the first record that can be read.
  const head: TextPart[] = [];
  let keys: FirstKeys | null = null;
  while (keys === null) {
    const { done, value } = await parts.next();
    if (done) break;
    head.push(value);
    for (const text of "texts" in value ? value.texts.texts : []) {
      keys = keysOf(text, columns.length);
      if (keys !== null) break;
    }
    if (head.length > mostUnreadable) break;
  }
  const columnOf = (key: string) => renamed.has(key) ? renamed.get(key)! : key;
  const brought = new Set([...keys?.names ?? []].map(columnOf));
  const isArray = keys?.isArray === true;
  const included = columns.filter(({ name, hasDefault }) => !hasDefault || isArray || brought.has(name));
  const reader = new RowReader(columns, included, renamed);
  async function* records(): AsyncGenerator<RecordPart> {
    try {
      for (const part of head) yield* "texts" in part ? reader.read(part.texts) : [part];
      for await (const part of parts) yield* "texts" in part ? reader.read(part.texts) : [part];
    } finally {
      await parts.return(undefined);
    }
  }
  return { columns: included.map(({ name }) => name), records: records() };
}

interface FirstKeys {
  names: Set<string>;
  isArray: boolean;
}

/** Null when it cannot be read, or is no row: an array of another length. */
function keysOf(text: string, length: number): FirstKeys | null {
  const names = new Set<string>();
  try {
    const isArray = new JsonScan().read(text, (key) => void names.add(key)) === "array";
    return isArray && names.size !== length ? null : { names, isArray };
  } catch (error) {
    if (error instanceof JsonFault) return null;
    throw error;
  }
}

/** Parts that are held until a record can be read. */
const mostUnreadable = 100;

class RecordFault extends Error {
  constructor(message: string, readonly column: string | null = null, readonly value: string | null = null) {
    super(message);
  }
}

class RowReader {
  readonly #columns: readonly JsonColumn[];
  readonly #included: readonly JsonColumn[];
  readonly #renamed: ReadonlyMap<string, string | null>;
  /** Index into `#included` by member; -1 skips. */
  readonly #indexes = new Map<string, number>();
  readonly #scan = new JsonScan();

  constructor(
    columns: readonly JsonColumn[],
    included: readonly JsonColumn[],
    renamed: ReadonlyMap<string, string | null>,
  ) {
    this.#columns = columns;
    this.#included = included;
    this.#renamed = renamed;
    const skipped = new Set([...renamed.values()]);
    included.forEach(({ name }, index) => {
      if (!renamed.has(name) && !skipped.has(name)) this.#indexes.set(name, index);
    });
    for (const [key, column] of renamed) {
      const index = column === null ? -1 : included.findIndex(({ name }) => name === column);
      if (column === null || index >= 0) this.#indexes.set(key, index);
    }
  }

  *read({ texts, lines, bytes }: TextBatch): Generator<RecordPart> {
    let text = "";
    let kept: number[] = [];
    const flush = (): RecordPart => {
      const own = kept;
      const part = {
        batch: textBatch(
          text,
          own.length,
          (index) => lines[own[index]!]!,
          bytes === null ? null : (index) => bytes[own[index]!]!,
        ),
      };
      text = "";
      kept = [];
      return part;
    };
    for (let index = 0; index < texts.length; index++) {
      try {
        text += textLine(this.#row(texts[index]!));
        kept.push(index);
      } catch (error) {
        const reject = rejectOf(error, texts[index]!, lines[index]!, bytes?.[index] ?? null);
        if (kept.length > 0) yield flush();
        yield { reject };
      }
    }
    if (kept.length > 0) yield flush();
  }

  #row(text: string): (string | null)[] {
    const included = this.#included;
    const row = new Array<string | null | undefined>(included.length).fill(undefined);
    let count = 0;
    const set = (index: number, value: unknown, raw: string) => {
      const column = included[index]!;
      if (row[index] !== undefined) throw new RecordFault("it comes twice", column.name);
      row[index] = value === null ? null : converted(column, value, raw);
    };
    const kind = this.#scan.read(text, (key, value, raw) => {
      count++;
      const index = this.#indexes.get(key);
      if (index !== undefined) {
        if (index >= 0) set(index, value, raw);
      } else if (!/^\d+$/.test(key) || text.trimStart().startsWith("{")) throw this.#unknown(key);
      else if (Number(key) < included.length) set(Number(key), value, raw);
    });
    if (kind === "array" && count !== included.length) {
      throw new RecordFault(`${count} values, and ${included.length} are expected`);
    }
    for (let index = 0; index < row.length; index++) {
      if (row[index] !== undefined && row[index] !== null) continue;
      const column = included[index]!;
      if (row[index] === undefined && column.hasDefault) {
        throw new RecordFault(
          "it is missing, and the first record brings it: give it in all or in none",
          column.name,
        );
      }
      if (!column.isNullable) {
        throw new RecordFault(
          row[index] === undefined ? "it is missing" : "it must not be null",
          column.name,
        );
      }
      row[index] = null;
    }
    return row as (string | null)[];
  }

  #unknown(key: string): RecordFault {
    const omitted = this.#columns.find(({ name }) => name === (this.#renamed.get(key) ?? key));
    if (omitted !== undefined) {
      return new RecordFault("the first record does not bring it: give it in all or in none", omitted.name);
    }
    const names = this.#columns.map(({ name }) => name);
    const near = nearestName(key, names);
    const known = names.length > 12 ? `${names.slice(0, 12).join(", ")} …` : names.join(", ");
    return new RecordFault(
      `there is no column "${excerpt(key)}"${
        near === null ? `; there are ${known}` : `; did you mean "${near}"?`
      }`,
    );
  }
}

function converted({ name, convert }: JsonColumn, value: unknown, raw: string): string {
  try {
    return convert(value, raw);
  } catch (error) {
    if (error instanceof ValueFault) throw new RecordFault(error.message, name, excerpt(raw));
    throw error;
  }
}

function rejectOf(error: unknown, text: string, line: number, byte: number | null): Reject {
  const base = { line, byte, column: null, value: null, record: recordExcerpt(text) };
  if (error instanceof RecordFault) {
    return { ...base, column: error.column, value: error.value, reason: error.message, sqlstate: null };
  }
  if (error instanceof JsonFault) return { ...base, reason: error.message, sqlstate: "22P02" };
  throw error;
}
