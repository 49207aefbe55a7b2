/**
 * Records into one COPY, all or none: batches as a stream with backpressure, and for a record that PostgreSQL
 * refuses the place in the source, which its context gives as a line of the COPY.
 */

import { SqlwrightError } from "../../errors.ts";
import { sqlstateOf } from "../../postgres/database_error.ts";
import type { CallConnection } from "../../postgres/pool.ts";
import {
  copyContext,
  excerpt,
  type RecordBatch,
  type RecordPart,
  rejectError,
  type SourceWords,
} from "../format/record.ts";
import type { LoadProgress } from "./progress.ts";
import { withLine } from "./resource_error.ts";

/** What PostgreSQL says of a refused record. */
export interface Refusal {
  /** Line of COPY's input, from 1; null where the context has none. */
  line: number | null;
  column: string | null;
  reason: string;
  sqlstate: string;
  /** The constraint that is violated, where there is one. */
  constraint?: { schema: string; table: string; name: string };
}

/**
 * Data exceptions, integrity violations, limits such as a row's size, and what functions raise: of the row,
 * and not of the server.
 */
const isOfRow = /^(22|23|54|P0001)/;

const reasonLength = 400;

/** Null for errors that are not about a record. */
export function refusalOf(error: unknown): Refusal | null {
  const sqlstate = sqlstateOf(error);
  if (sqlstate === null || !isOfRow.test(sqlstate) || !(error instanceof SqlwrightError)) return null;
  const { where, column, schema, table, constraint } = error.details;
  const copied = copyContext(where);
  return {
    line: copied.line,
    column: copied.column ?? (typeof column === "string" ? column : null),
    reason: excerpt(error.message, reasonLength),
    sqlstate,
    ...(typeof schema === "string" && typeof table === "string" && typeof constraint === "string"
      ? { constraint: { schema, table, name: constraint } }
      : {}),
  };
}

/** Batches whose records may still be refused: what a socket holds back is far less. */
const rememberedBatches = 128;

/** Streams all records into one COPY. @returns the rows that it took */
export async function copyRecords(
  connection: Pick<CallConnection, "copyFrom">,
  text: string,
  records: AsyncIterable<RecordPart>,
  { words, signal, progress }: { words: SourceWords; signal: AbortSignal; progress: LoadProgress },
): Promise<number> {
  const sent: { batch: RecordBatch; first: number }[] = [];
  let first = 1;
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for await (const part of records) {
      signal.throwIfAborted();
      if ("reject" in part) throw rejectError(part.reject, words);
      const { batch } = part;
      sent.push({ batch, first });
      if (sent.length > rememberedBatches) sent.shift();
      first += batch.count;
      progress.rows += batch.count;
      progress.copying();
      yield batch.bytes;
    }
  }
  try {
    return await connection.copyFrom(text, bytes(), signal);
  } catch (error) {
    const placeOf = (line: number) => {
      const found = sent.findLast((each) => each.first <= line);
      const index = found === undefined ? 0 : line - found.first;
      const isKnown = found !== undefined && index < found.batch.count;
      return {
        line: isKnown ? found.batch.line(index) : line,
        byte: isKnown ? found.batch.byte?.(index) ?? null : null,
      };
    };
    const refusal = refusalOf(error);
    if (refusal === null || refusal.line === null) throw withLine(error, words, (line) => placeOf(line).line);
    throw refusedError(error, refusal, { words, ...placeOf(refusal.line) });
  }
}

/** PostgreSQL's refusal, with where the record stands in the source. */
export function refusedError(
  cause: unknown,
  { column, reason, sqlstate }: Refusal,
  { words, line, byte = null }: { words: SourceWords; line: number; byte?: number | null },
): SqlwrightError {
  const error = rejectError({ line, byte, column, value: null, reason, sqlstate, record: null }, words);
  const { hint, details } = cause instanceof SqlwrightError ? cause : { hint: null, details: {} };
  return new SqlwrightError("load.row_invalid", error.message, {
    details: { ...details, ...error.details },
    hint: adviceOf(sqlstate) ?? (hint ? `Nothing was loaded. ${hint}` : error.hint!),
    cause,
  });
}

/** Where the reason alone does not say what to do. */
function adviceOf(sqlstate: string): string | null {
  switch (sqlstate) {
    // character_not_in_repertoire, untranslatable_character: bytes of another encoding.
    case "22021":
    case "22P05":
      return "Nothing was loaded. Set the option encoding to what the source is written in, such as latin1 " +
        "or windows-1252; PostgreSQL's text holds no NUL";
    // bad_copy_file_format
    case "22P04":
      return "Nothing was loaded. A quote may be missing in this line or one before it, the options " +
        "delimiter and quote may not fit the source, or its lines end in different ways " +
        "(CR LF here, LF there)";
    // invalid_datetime_format, datetime_field_overflow: the server's hint is about DateStyle, which is always
    // ISO here.
    case "22007":
    case "22008":
      return "Nothing was loaded. Write dates as 2025-10-31 and times as 2025-10-31T16:30:00Z";
    default:
      return null;
  }
}

/** Streams bytes that are not looked at into one COPY. @param lineOffset lines of the source before them */
export async function copyBytes(
  connection: Pick<CallConnection, "copyFrom">,
  text: string,
  bytes: AsyncIterable<Uint8Array>,
  { words, signal, progress, lineOffset }: {
    words: SourceWords;
    signal: AbortSignal;
    progress: LoadProgress;
    lineOffset: number;
  },
): Promise<number> {
  async function* watched(): AsyncGenerator<Uint8Array> {
    const rate = new LineRate();
    for await (const chunk of bytes) {
      signal.throwIfAborted();
      progress.rows = rate.add(chunk);
      progress.isEstimated = true;
      progress.copying();
      yield chunk;
    }
  }
  try {
    return await connection.copyFrom(text, watched(), signal);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === null || refusal.line === null) throw withLine(error, words, (line) => line + lineOffset);
    throw refusedError(error, refusal, { words, line: refusal.line + lineOffset });
  }
}

/** Lines so far, from the line ends in every sixteenth chunk. */
class LineRate {
  #chunks = 0;
  #bytes = 0;
  #sampledBytes = 0;
  #sampledLines = 0;

  add(chunk: Uint8Array): number {
    this.#bytes += chunk.length;
    if (this.#chunks++ % 16 === 0) {
      this.#sampledBytes += chunk.length;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, end + 1)) this.#sampledLines++;
    }
    return Math.round(this.#sampledLines * this.#bytes / Math.max(1, this.#sampledBytes));
  }
}
