/**
 * PostgreSQL's class 53, insufficient resources, in a load: a full disk, no memory, a limit of the
 * configuration. It is nobody's row; the error says how far the load was and what to do.
 */

import { SqlwrightError } from "../../errors.ts";
import { sqlstateOf } from "../../postgres/database_error.ts";
import { copyContext, type SourceWords } from "../format/record.ts";

/** How far a load is. */
export interface LoadStage {
  /** What runs, as in "in statement 1 of the merge"; null for the COPY. */
  statement: string | null;
  words: SourceWords;
  /** Rows that have been sent or copied, at least about. */
  rows: number;
  /** Of the source, as it lies there; null without one. */
  bytesRead: number | null;
  bytes: number | null;
}

const isResource = /^53/;

/** The load's error where the database has too few resources; any other unchanged. */
export function toResourceError(error: unknown, stage: LoadStage): unknown {
  const sqlstate = sqlstateOf(error);
  if (sqlstate === null || !isResource.test(sqlstate) || !(error instanceof SqlwrightError)) return error;
  // A login that is refused has loaded nothing yet.
  if (error.code !== "database.failed") return error;
  const { words: { source, word }, statement, rows, bytesRead, bytes } = stage;
  const { lack, advice } = lackOf(sqlstate);
  const line = statement === null ? error.details[word] : undefined;
  const subject = source === null ? "the rows" : `"${source}"`;
  const place = typeof line === "number" ? `, ${word} ${line}` : "";
  const behind = statement === null ? "" : ` in ${statement}`;
  return new SqlwrightError(
    "load.insufficient_resources",
    `Cannot load ${subject}${place}: PostgreSQL ${lack}${behind}: ${error.message}`,
    {
      details: {
        ...error.details,
        ...(source === null ? {} : { source }),
        phase: statement === null ? "copy" : "merge",
        rows,
        ...(bytesRead === null ? {} : { bytes_read: bytesRead }),
        ...(bytes === null ? {} : { bytes }),
      },
      hint: `Nothing was loaded. ${advice}; then load again`,
      cause: error,
    },
  );
}

/** The same error, with the line of the source that the COPY was at. */
export function withLine(error: unknown, { word }: SourceWords, lineOf: (line: number) => number): unknown {
  const sqlstate = sqlstateOf(error);
  if (sqlstate === null || !isResource.test(sqlstate) || !(error instanceof SqlwrightError)) return error;
  const { line } = copyContext(error.details.where);
  if (line === null) return error;
  return new SqlwrightError(error.code, error.message, {
    details: { ...error.details, [word]: lineOf(line) },
    ...(error.hint === null ? {} : { hint: error.hint }),
    cause: error.cause,
  });
}

function lackOf(sqlstate: string): { lack: string; advice: string } {
  switch (sqlstate) {
    // disk_full
    case "53100":
      return {
        lack: "has no disk space left",
        advice: "Free or add space where it keeps its tables, temporary files and WAL, or load in parts",
      };
    // out_of_memory
    case "53200":
      return { lack: "has no memory left", advice: "Lower work_mem, or load in parts" };
    // configuration_limit_exceeded
    case "53400":
      return {
        lack: "has reached a limit of its configuration",
        advice: "Raise the setting that the message names, such as temp_file_limit, or load in parts",
      };
    default:
      return { lack: "has too few resources", advice: "Wait until it has less to do" };
  }
}
