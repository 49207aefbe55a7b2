/**
 * Rows as Postgres writes them → the answer: structured content as JSON text, and for the agent a compact
 * text with column names once. Both are written in one pass, while rows arrive, under a ceiling of rows and
 * of bytes; the answer says what was cut and how to get the rest.
 */

import { SqlwrightError } from "../errors.ts";
import { ChangedTypeError, toJsonOf, UnrepresentableError } from "../postgres/types/codec.ts";
import type { TypedColumn } from "../describe/model.ts";
import type { TextRow } from "../postgres/pool.ts";
import type { ColumnWriter, Tool, ToolResult } from "./model.ts";
import { outdated } from "./held_types.ts";
import { representationOf } from "./schema.ts";

export function columnWriter(column: TypedColumn): ColumnWriter {
  const { name } = column;
  const toJson = toJsonOf(column.type, representationOf(column.tag?.flow ?? {}));
  return (text) => {
    if (text === null) {
      if (column.isAsserted) throw assertedNull(column);
      if (!column.isNullable) throw outdated(null, `column "${name}" was never null, and is null now`);
      return "null";
    }
    try {
      return toJson(text);
    } catch (error) {
      if (error instanceof ChangedTypeError) throw outdated(null, `column "${name}" holds ${error.message}`);
      if (!(error instanceof UnrepresentableError)) throw error;
      throw new SqlwrightError(
        "result.unrepresentable",
        `Cannot answer: column "${name}" holds ${error.message}`,
        {
          details: { column: name },
          hint: error.hint,
        },
      );
    }
  };
}

/** Of a column with `!`, and of one that lock.json says is never null: nothing was proven in this process. */
function assertedNull({ name, tag }: TypedColumn): SqlwrightError {
  const isTagged = tag?.nullable === false;
  return new SqlwrightError(
    "result.unrepresentable",
    isTagged
      ? `Cannot answer: column "${name}" is declared "${name}!", never null, and came back null`
      : `Cannot answer: column "${name}" is never null by lock.json, and came back null`,
    {
      details: { column: name },
      hint: isTagged
        ? `Write @column ${name}? or make the query exclude nulls`
        : "The database has changed: run `sqlwright check --lock` and commit the lock",
    },
  );
}

export interface RowLimits {
  rows: number;
  bytes: number;
}

/** Collects rows as JSON text. `write` says `stop` when a ceiling is reached. */
export class RowCollector {
  readonly #writers: ColumnWriter[];
  readonly #keys: string[];
  readonly #limits: RowLimits;
  #objects = "";
  #arrays = "";
  #count = 0;
  #last: TextRow | null = null;
  #cutBy: "rows" | "bytes" | null = null;

  constructor(writers: ColumnWriter[], keys: string[], limits: RowLimits) {
    this.#writers = writers;
    this.#keys = keys;
    this.#limits = limits;
  }

  write(row: TextRow): void | "stop" {
    if (this.#cutBy !== null) return "stop";
    if (this.#count >= this.#limits.rows) {
      this.#cutBy = "rows";
      return "stop";
    }
    const writers = this.#writers;
    const keys = this.#keys;
    let object = "";
    let array = "";
    for (let index = 0; index < writers.length; index++) {
      const value = writers[index]!(row[index] ?? null);
      object += keys[index]! + value;
      array += index === 0 ? value : "," + value;
    }
    // Bytes are counted on the larger of the two forms, in UTF-16 units: exact for ASCII, and no pass over
    // the text.
    if (this.#objects.length + object.length + 2 > this.#limits.bytes) {
      this.#cutBy = "bytes";
      return "stop";
    }
    this.#objects += this.#count === 0 ? `{${object}}` : `,{${object}}`;
    this.#arrays += this.#count === 0 ? `[${array}]` : `,[${array}]`;
    this.#count++;
    this.#last = row;
  }

  get count(): number {
    return this.#count;
  }
  /** Rows were left out: the row ceiling or the byte ceiling was reached. */
  get cutBy(): "rows" | "bytes" | null {
    return this.#cutBy;
  }
  get lastRow(): TextRow | null {
    return this.#last;
  }
  get objects(): string {
    return `[${this.#objects}]`;
  }
  get arrays(): string {
    return `[${this.#arrays}]`;
  }
}

/** `"name":` for each column, with the comma before all but the first. */
export function columnKeys(columns: readonly TypedColumn[]): string[] {
  return columns.map(({ name }, index) => `${index === 0 ? "" : ","}${JSON.stringify(name)}:`);
}

/**
 * A result from its members, each already JSON text. The text block holds the same members unless others are
 * given.
 */
export function resultOf(
  members: Record<string, string>,
  textMembers: Record<string, string> = members,
): ToolResult {
  const json = writeMembers(members);
  const text = textMembers === members ? json : writeMembers(textMembers);
  return {
    json,
    text,
    isError: false,
    get structured() {
      return JSON.parse(json);
    },
  };
}

function writeMembers(members: Record<string, string>): string {
  let text = "";
  for (const name in members) text += `${text === "" ? "" : ","}"${name}":${members[name]}`;
  return `{${text}}`;
}

/** What the answer says when rows were left out. */
export function truncation(collector: RowCollector, limits: RowLimits, advice: string): string | null {
  switch (collector.cutBy) {
    case null:
      return null;
    case "rows":
      return `Only the first ${collector.count} rows: the ceiling is ${limits.rows} rows. ${advice}`;
    case "bytes":
      return `Only the first ${collector.count} rows: the ceiling is ${limits.bytes} bytes. ${advice}`;
    default:
      throw new TypeError(`unknown ceiling: ${collector.cutBy satisfies never}`);
  }
}

export function errorResult(error: SqlwrightError): ToolResult {
  const { code, message, details, hint } = error;
  const report = {
    code,
    message,
    ...(Object.keys(details).length > 0 ? { details } : {}),
    ...(hint === null ? {} : { hint }),
  };
  const json = JSON.stringify({ error: report });
  return {
    json,
    text: json,
    isError: true,
    get structured() {
      return JSON.parse(json);
    },
  };
}

/** Members are JSON text by name. */
export interface RowsResultOptions {
  /** How to get the rows that a ceiling has cut off; null says nothing of them. */
  advice: string | null;
  /** Members before the rows. @default none */
  before?: Record<string, string>;
  /** The same in the text for the agent. @default before */
  textBefore?: Record<string, string>;
  /** Members after the rows. @default none */
  after?: Record<string, string>;
}

export function rowsResult(
  tool: Tool,
  collector: RowCollector,
  { advice, before = {}, textBefore = before, after = {} }: RowsResultOptions,
): ToolResult {
  if (collector.count === 0 && collector.cutBy === "bytes") throw rowTooLarge(tool);
  const cut = advice === null ? null : truncation(collector, tool.limits, advice);
  const members = { ...after, ...(cut === null ? {} : { truncated: JSON.stringify(cut) }) };
  return resultOf(
    { ...before, rows: collector.objects, ...members },
    { ...textBefore, columns: tool.columns.namesJson, rows: collector.arrays, ...members },
  );
}

/** @param bytes of the answer where it is one value */
export function rowTooLarge(tool: Tool, bytes?: number): SqlwrightError {
  return new SqlwrightError(
    "result.too_large",
    `Cannot answer ${tool.name}: ${
      bytes === undefined ? "a single row" : `the ${tool.kind} of ${bytes} bytes`
    } is over the ceiling of ${tool.limits.bytes} bytes`,
    {
      details: { ceiling_bytes: tool.limits.bytes },
      hint: "Ask for less, or let the DBA raise @bytes and SQLWRIGHT_BYTES",
    },
  );
}

export function tooManyRows(tool: Tool, hint: string): SqlwrightError {
  return new SqlwrightError(
    "result.too_many_rows",
    `Cannot answer ${tool.name}: the query of a :${tool.kind} tool found more than one row`,
    { hint },
  );
}
