/**
 * How a source is to be read and a load to be done: what the caller says over what the file's own COPY says.
 * Pure.
 */

import { SqlwrightError } from "../../errors.ts";
import type { CopyTarget } from "../../query/model.ts";
import { type CopyEncoding, encodingOf } from "./encoding.ts";

/** The argument `options` of a `:copy` tool; what is not given is absent. */
export interface LoadOptions {
  format?: "auto" | "csv" | "tsv" | "ndjson" | "json";
  compression?: "auto" | "none" | "gzip" | "zip";
  /** Member of a zip. */
  member?: string;
  encoding?: string;
  delimiter?: string;
  /** Empty: nothing is quoted. */
  quote?: string;
  null?: string;
  header?: boolean;
  /** Name in the source → column of the COPY; null skips it. */
  columns?: Record<string, string | null>;
  mode?: "all_or_nothing" | "collect";
  max_rejects?: number;
  idempotency_key?: string;
}

/** The form of delimited lines, as bytes where they are read here. */
export interface DelimitedForm {
  kind: "delimited";
  /** COPY's `csv` or `text`. */
  format: "csv" | "text";
  delimiter: string;
  /** Null: nothing is quoted. */
  quote: string | null;
  escape: string | null;
  hasHeader: boolean;
  encoding: CopyEncoding;
  /** Further options of the COPY, as SQL by name. */
  options: Record<string, string>;
}

export type SourceForm =
  | DelimitedForm
  | { kind: "ndjson" | "json"; encoding: CopyEncoding }
  /** COPY's own binary format: bytes that only PostgreSQL reads. */
  | { kind: "binary" };

/** No text holds this character: the quote of CSV in which nothing is quoted. */
const noQuote = "\x01";

const formatByExtension: Record<string, "csv" | "tsv" | "ndjson" | "json"> = {
  csv: "csv",
  tsv: "tsv",
  tab: "tsv",
  ndjson: "ndjson",
  jsonl: "ndjson",
  json: "json",
};

/** @throws {SqlwrightError} `load.options_invalid` */
export function sourceFormOf(copy: CopyTarget, options: LoadOptions, extension: string | null): SourceForm {
  const own = ownForm(copy);
  const format = wantedFormat(own, options, extension);
  const encoding = encodingOf(options.encoding ?? textOption(copy, "encoding") ?? "utf-8");
  if (format === "ndjson" || format === "json") {
    refuseDelimited(options, format);
    return { kind: format, encoding };
  }
  if (format === "binary") {
    refuseDelimited(options, format);
    return { kind: "binary" };
  }
  // A source in the form of the COPY is read by its options; another one by what is usual for its form.
  const isOwn = own === format ||
    (format === "tsv" && own === "csv" && textOption(copy, "delimiter") === "\t");
  const base = isOwn ? copy.options : {};
  const isText = format === "text";
  const delimiter = options.delimiter ?? string(base.delimiter) ?? (isText || format === "tsv" ? "\t" : ",");
  const quote = isText ? null : options.quote === "" ? null : options.quote ?? string(base.quote) ?? '"';
  checkCharacters({ delimiter, quote, isText, hasQuote: options.quote !== undefined });
  checkNull(options.null, { delimiter, quote });
  return {
    kind: "delimited",
    format: isText ? "text" : "csv",
    delimiter,
    quote: quote === noQuote ? null : quote,
    escape: quote === null ? null : string(base.escape) ?? quote,
    hasHeader: options.header ?? (isOwn ? isSwitchedOn(base.header) : true),
    encoding,
    options: passedOptions(base, options),
  };
}

/** The options of the generated COPY. Columns of FORCE_… that the source lacks are left out. */
export function copyOptionsOf(form: DelimitedForm, columns: readonly string[]): string {
  const { format, delimiter, quote, escape, encoding } = form;
  const isCsv = format === "csv";
  const lists = new Set(["force_null", "force_not_null"]);
  const passed = Object.entries(form.options).flatMap(([name, value]) => {
    if (!lists.has(name) || value === "*") return [`${name} ${value}`];
    const kept = value.split(",").filter((column) => columns.includes(column));
    return kept.length === 0 ? [] : [`${name} (${kept.map((each) => `"${each.replaceAll('"', '""')}"`)})`];
  });
  return [
    `format ${format}`,
    `delimiter ${literal(delimiter)}`,
    ...(isCsv ? [`quote ${literal(quote ?? noQuote)}`, `escape ${literal(escape ?? quote ?? noQuote)}`] : []),
    ...(encoding.isUtf8 || encoding.copyName === null ? [] : [`encoding ${literal(encoding.copyName)}`]),
    ...passed,
  ].join(", ");
}

/** A string literal that holds whatever `standard_conforming_strings` says. */
export function literal(text: string): string {
  return `E'${text.replace(/[\\']/g, "\\$&").replaceAll("\t", "\\t").replaceAll("\x01", "\\x01")}'`;
}

export function optionFault(
  problem: string,
  hint: string,
  details: Record<string, unknown> = {},
): SqlwrightError {
  return new SqlwrightError("load.options_invalid", `Cannot load: ${problem}`, { details, hint });
}

function ownForm(copy: CopyTarget): "csv" | "text" | "binary" {
  const format = textOption(copy, "format")?.toLowerCase();
  return format === "csv" || format === "binary" ? format : "text";
}

function wantedFormat(
  own: "csv" | "text" | "binary",
  { format = "auto" }: LoadOptions,
  extension: string | null,
): "csv" | "tsv" | "text" | "binary" | "ndjson" | "json" {
  if (format !== "auto") return format;
  // Own delimiters are known better by the COPY than by an extension such as csv.
  const found = extension === null ? undefined : formatByExtension[extension];
  if (found === undefined) return own;
  return found === "tsv" && own === "text" ? own : found;
}

function refuseDelimited(options: LoadOptions, format: string): void {
  const wrong = (["delimiter", "quote", "null", "header"] as const).find((name) =>
    options[name] !== undefined
  );
  if (wrong !== undefined) {
    throw optionFault(
      `the option "${wrong}" is for CSV and TSV, and the source is read as ${format}`,
      `Leave "${wrong}" out, or set the format`,
      { option: wrong, format },
    );
  }
}

function checkCharacters(
  { delimiter, quote, isText, hasQuote }: {
    delimiter: string;
    quote: string | null;
    isText: boolean;
    hasQuote: boolean;
  },
): void {
  const isPlain = (text: string) =>
    text.length === 1 && text > "\0" && text < "\x80" && text !== "\r" && text !== "\n";
  if (!isPlain(delimiter)) {
    throw optionFault("the delimiter must be one ASCII character", "Such as ; or |", { option: "delimiter" });
  }
  if (quote !== null && !isPlain(quote)) {
    throw optionFault("the quote must be one ASCII character, or empty", 'Such as \' or ""', {
      option: "quote",
    });
  }
  if (quote === delimiter) {
    throw optionFault("the delimiter and the quote are the same", "Give one of them", { option: "quote" });
  }
  if (isText && /[\\.a-z0-9]/.test(delimiter)) {
    throw optionFault(
      "COPY's text format has no letter, digit, dot or backslash as its delimiter",
      'Such as ; or |, or set "format" to csv',
      { option: "delimiter" },
    );
  }
  if (isText && hasQuote) {
    throw optionFault("COPY's text format has no quote", 'Set "format" to csv or tsv', { option: "quote" });
  }
}

/** What COPY would refuse without saying where the text came from. */
function checkNull(
  text: string | undefined,
  { delimiter, quote }: { delimiter: string; quote: string | null },
): void {
  const found = text === undefined
    ? undefined
    : /[\r\n]/.test(text)
    ? "a line end"
    : text.includes(delimiter)
    ? "the delimiter"
    : quote !== null && text.includes(quote)
    ? "the quote"
    : text.includes("\0")
    ? "a NUL character"
    : undefined;
  if (found !== undefined) {
    throw optionFault(`the text for null holds ${found}`, 'Such as NA, or "" for nothing at all', {
      option: "null",
    });
  }
}

/** Options of the file's COPY that hold for the generated one too, and the caller's null. */
function passedOptions(own: CopyTarget["options"], { null: nullText }: LoadOptions): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    switch (name) {
      case "null":
      case "default":
        passed[name] = literal(String(value));
        break;
      case "force_null":
      case "force_not_null":
        passed[name] = String(value);
        break;
      case "freeze":
      case "on_error":
      case "reject_limit":
      case "log_verbosity":
        passed[name] = String(value);
        break;
    }
  }
  if (nullText !== undefined) passed.null = literal(nullText);
  return passed;
}

const string = (value: string | boolean | undefined) => typeof value === "string" ? value : undefined;

function textOption({ options }: CopyTarget, name: string): string | undefined {
  return string(options[name]);
}

const isSwitchedOn = (value: string | boolean | undefined) =>
  value !== undefined && value !== false && !["off", "false", "0"].includes(String(value).toLowerCase());
