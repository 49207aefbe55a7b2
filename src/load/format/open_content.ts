/**
 * A source, opened and understood: which columns it brings, the COPY that takes it, and how its content goes
 * there: as the bytes it is made of, or record by record where records must be known.
 */

import { nearestName } from "../../nearest.ts";
import { quoteIdentifier } from "../../postgres/identifiers.ts";
import type { CopyTarget } from "../../query/model.ts";
import {
  decoded,
  delimitedRecords,
  fieldOf,
  headerError,
  type HeaderLine,
  lineOf,
  takeHeader,
  withoutMark,
} from "./delimited.ts";
import { transcoded } from "./encoding.ts";
import { withoutEndMark } from "./end_of_data.ts";
import { type JsonColumn, openJsonRows } from "./json_rows.ts";
import { elementTexts, ndjsonTexts } from "./json_texts.ts";
import { copyOptionsOf, type DelimitedForm, type LoadOptions, optionFault, sourceFormOf } from "./options.ts";
import { type RecordPart, rowRecords, type SourceWords, textLine } from "./record.ts";
import type { OpenedSource } from "../source/model.ts";

/** What is to be copied. */
export interface Intake {
  /**
   * The COPY that takes it. @param relation quoted; another table of the same columns @default the file's own
   */
  textInto: (relation?: string) => string;
  /** The columns that are brought. */
  columns: readonly string[];
  content:
    /** @property lineOffset lines of the source before the bytes */
    | { kind: "bytes"; bytes: AsyncIterable<Uint8Array>; lineOffset: number }
    | { kind: "records"; records: AsyncIterable<RecordPart> };
  words: SourceWords;
  /** The value of a record's column, and a record, as text: of what goes to COPY. */
  valueOf: (record: Uint8Array, column: string) => string | null;
  textOf: (record: Uint8Array) => string;
  /** A record of these values, as it stands in the source or nearly so. */
  lineOf: (values: readonly (string | null)[]) => string;
}

export interface IntakeOptions {
  copy: CopyTarget;
  columns: readonly JsonColumn[];
  options: LoadOptions;
}

/**
 * @throws {SqlwrightError} `load.options_invalid`, `load.header_invalid`, and what the source throws
 */
export async function openIntake(source: OpenedSource, wanted: IntakeOptions): Promise<Intake> {
  const { copy, options } = wanted;
  const { name } = source;
  const form = sourceFormOf(copy, options, source.extension);
  switch (form.kind) {
    case "binary": {
      if (options.mode === "collect" || options.columns !== undefined) {
        throw optionFault(
          "COPY's binary format can only be loaded as it is",
          "Leave mode and columns out, or set the format",
        );
      }
      return {
        textInto: (relation = relationOf(copy)) =>
          `copy ${relation} (${listOf(copy.columns)}) from stdin (format binary)`,
        columns: copy.columns,
        content: { kind: "bytes", bytes: source.bytes, lineOffset: 0 },
        words: { source: name, word: "row" },
        ...asText(),
      };
    }
    case "ndjson":
    case "json": {
      const bytes = form.encoding.isUtf8 ? source.bytes : transcoded(source.bytes, form.encoding, name);
      const renamed = new Map(Object.entries(options.columns ?? {}));
      const { columns, records } = await openJsonRows(
        form.kind === "ndjson" ? ndjsonTexts(bytes) : elementTexts(bytes, name),
        wanted.columns,
        renamed,
      );
      return rowsIntake(copy, columns, records, {
        source: name,
        word: form.kind === "ndjson" ? "line" : "element",
      });
    }
    case "delimited":
      return await openDelimited(source, form, wanted);
    default:
      throw new TypeError(`unknown form: ${form satisfies never}`);
  }
}

/** Rows as PostgreSQL's text. */
export function openRows(
  copy: CopyTarget,
  { columns, batches, name }: {
    columns: readonly string[];
    batches: AsyncIterable<readonly (string | null)[][]> | Iterable<readonly (string | null)[][]>;
    /** Null for rows of the call. */
    name: string | null;
  },
): Intake {
  return rowsIntake(copy, columns, rowRecords(batches), { source: name, word: "row" });
}

function rowsIntake(
  copy: CopyTarget,
  columns: readonly string[],
  records: AsyncIterable<RecordPart>,
  words: SourceWords,
): Intake {
  return {
    textInto: (relation = relationOf(copy)) =>
      `copy ${relation} (${listOf(columns)}) from stdin (format text)`,
    columns,
    content: { kind: "records", records },
    words,
    ...asText(columns),
  };
}

/** Of records in COPY's text format. */
function asText(columns: readonly string[] = []): Pick<Intake, "valueOf" | "textOf" | "lineOf"> {
  const textOf = (record: Uint8Array) => new TextDecoder().decode(record);
  return {
    textOf,
    lineOf: textLine,
    valueOf: (record, column) => {
      const index = columns.indexOf(column);
      const value = textOf(record).replace(/\n$/, "").split("\t")[index];
      return value === undefined || value === "\\N"
        ? null
        : value.replace(/\\(.)/g, (_all, escaped: string) =>
          ({ t: "\t", n: "\n", r: "\r" })[escaped] ?? escaped);
    },
  };
}

async function openDelimited(
  source: OpenedSource,
  given: DelimitedForm,
  { copy, columns, options }: IntakeOptions,
): Promise<Intake> {
  const { name } = source;
  const isDecoded = given.encoding.copyName === null || (given.encoding.hidesAscii && needsRecords(options));
  const bytes = isDecoded ? transcoded(source.bytes, given.encoding, name) : source.bytes;
  const form = isDecoded
    ? { ...given, encoding: { ...given.encoding, isUtf8: true, label: "utf-8" } }
    : given;
  if (!form.hasHeader && options.columns !== undefined) {
    throw optionFault(
      "the option columns maps the names of a header line, and the source has none",
      "Leave columns out: the values are those of the COPY, in its order",
      { option: "columns" },
    );
  }
  const header: HeaderLine = form.hasHeader
    ? await takeHeader(bytes, form, name)
    : { names: copy.columns, lines: 0, endsWithReturn: null, rest: withoutMark(bytes) };
  const targets = form.hasHeader
    ? targetsOf(header.names, { copy, columns, options, source: name })
    : copy.columns;
  const kept = targets.flatMap((target, index) => target === null ? [] : [index]);
  const brought = targets.filter((target) => target !== null);
  const needs = options.mode === "collect" || brought.length < targets.length;
  const rest = withoutEndMark(header.rest, form, { source: name, lines: header.lines });
  return {
    textInto: (relation = relationOf(copy)) =>
      `copy ${relation} (${listOf(brought)}) from stdin (${copyOptionsOf(form, brought)})`,
    columns: brought,
    content: needs
      ? {
        kind: "records",
        records: delimitedRecords(rest, form, {
          fields: targets.length,
          kept,
          firstLine: header.lines + 1,
          endsWithReturn: header.endsWithReturn,
        }),
      }
      : { kind: "bytes", bytes: rest, lineOffset: header.lines },
    words: { source: name, word: "line" },
    valueOf: (record, column) => fieldOf(record, brought.indexOf(column), form),
    textOf: (record) => decoded(record, form),
    lineOf: (values) => lineOf(values, form),
  };
}

const needsRecords = ({ mode, columns = {} }: LoadOptions) =>
  mode === "collect" || Object.values(columns).includes(null);

/** The column of each name of the header; null for those that are skipped. */
function targetsOf(
  names: readonly string[],
  { copy, columns, options, source }: IntakeOptions & { source: string },
): (string | null)[] {
  const renamed = options.columns ?? {};
  const known = copy.columns;
  const listed = known.length > 20 ? `${known.slice(0, 20).join(", ")} …` : known.join(", ");
  const unused = Object.keys(renamed).find((name) => !names.includes(name));
  if (unused !== undefined) {
    const near = nearestName(unused, names);
    throw headerError(
      source,
      `the option columns names "${unused}", which the header line does not have`,
      near === null ? `The header line has ${names.slice(0, 20).join(", ")}` : `Did you mean "${near}"?`,
    );
  }
  const taken = new Map<string, string>();
  const targets = names.map((name) => {
    const target = Object.hasOwn(renamed, name) ? renamed[name]! : name;
    if (target === null) return null;
    if (!known.includes(target)) {
      const near = nearestName(target, known);
      throw headerError(
        source,
        `the header line has "${name.slice(0, 80)}", and there is no such column`,
        `${
          near === null ? `The columns are ${listed}.` : `Did you mean "${near}"?`
        } The option columns maps it to a column, or to null to skip it`,
      );
    }
    const other = taken.get(target);
    if (other !== undefined) {
      throw headerError(
        source,
        other === name
          ? `the header line has "${name}" twice`
          : `"${other}" and "${name}" are the same column`,
        "Skip one of them with the option columns",
      );
    }
    taken.set(target, name);
    return target;
  });
  const missing = columns.filter(({ name, isNullable, hasDefault }) =>
    !isNullable && !hasDefault && !taken.has(name)
  ).map(({ name }) => `"${name}"`);
  if (missing.length > 0) {
    throw headerError(
      source,
      `the header line lacks ${missing.join(", ")}`,
      "The option columns maps a name of the header line to a column",
    );
  }
  if (taken.size === 0) throw headerError(source, "no column is left to load", "Skip fewer columns");
  return targets;
}

const listOf = (columns: readonly string[]) => columns.map(quoteIdentifier).join(", ");

function relationOf({ schema, table }: CopyTarget): string {
  return (schema === null ? "" : `${quoteIdentifier(schema)}.`) + quoteIdentifier(table);
}
