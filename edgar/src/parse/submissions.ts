/**
 * A company's submissions: its profile and its filings as columns of equal length, the newest thousand or
 * more in the main file, older ones in pages named there. SEC adds columns over the years: unknown ones are
 * accepted, missing ones are NULL. `acceptanceDateTime` stays text, because its Z is not reliably UTC.
 */

import type { LoadStep, Row } from "./load_step.ts";
import type { ParseLimits, SourceFile } from "../source/source_file.ts";
import { sourceInvalid } from "../source/source_error.ts";
import { accessionPattern, cikOf, isDate, textOrNull } from "../source/source_field.ts";
import { isObject, type JsonObject, readJson } from "../source/source_json.ts";
import { cikOfPath } from "../source/source_kind.ts";

/** An older page that a main file names. It may be missing at SEC. */
export interface OverflowPage {
  /** SEC's path, `submissions/CIK0000320193-submissions-001.json`. */
  path: string;
  filings: number | null;
  filed_from: string | null;
  /** Can be off by days. */
  filed_to: string | null;
}

const companyColumns = ["cik", "name", "tickers", "exchange", "sic", "fiscal_year_end", "state"] as const;

/**
 * What each column of a row is made of: our column, SEC's column, how its values are read. The first two are
 * the filing's key.
 */
const filingColumns = [
  ["accession", "accessionNumber", "accession"],
  ["form", "form", "required"],
  ["filed_on", "filingDate", "date_required"],
  ["report_on", "reportDate", "date"],
  ["accepted_text", "acceptanceDateTime", "text"],
  ["act", "act", "text"],
  ["file_number", "fileNumber", "text"],
  ["film_number", "filmNumber", "text"],
  ["items", "items", "text"],
  ["size_bytes", "size", "integer"],
  ["is_xbrl", "isXBRL", "flag"],
  ["is_inline_xbrl", "isInlineXBRL", "flag"],
  ["primary_document", "primaryDocument", "text"],
  ["primary_document_description", "primaryDocDescription", "text"],
] as const;

type Reading = (typeof filingColumns)[number][2];

/** The main file: the company, then its newer filings. */
export async function* parseSubmissions(file: SourceFile, limits: ParseLimits): AsyncGenerator<LoadStep> {
  const json = await readJson(file, limits);
  const cik = cikOf(json.cik) ?? (json.cik === undefined ? cikOfPath(file.path) : null);
  if (cik === null) {
    throw sourceInvalid(file.path, "a company number is due", { field: "cik", value: json.cik });
  }
  const inPath = cikOfPath(file.path);
  if (inPath !== null && inPath !== cik) {
    throw sourceInvalid(file.path, `the company of the path, ${inPath}, is due`, {
      field: "cik",
      value: json.cik,
    });
  }
  if (!isObject(json.filings) || !isObject(json.filings.recent)) {
    throw sourceInvalid(file.path, "an object of columns is due", {
      field: "filings.recent",
      value: isObject(json.filings) ? json.filings.recent ?? null : json.filings ?? null,
    });
  }
  const company = companyRow(file.path, json, cik);
  const batches = filingBatches(file.path, json.filings.recent, { cik, at: "filings.recent.", limits });
  yield { query: "load_companies", columns: companyColumns, batches: [[company]] };
  yield { query: "load_submissions", columns: submissionColumns(), batches };
}

/** A page: the bare columns. The company stands in the path alone. */
export async function* parseSubmissionsPage(file: SourceFile, limits: ParseLimits): AsyncGenerator<LoadStep> {
  const cik = cikOfPath(file.path);
  if (cik === null) throw sourceInvalid(file.path, "the path does not name the company as CIK##########");
  const json = await readJson(file, limits);
  const batches = filingBatches(file.path, json, { cik, at: "", limits });
  yield { query: "load_submissions", columns: submissionColumns(), batches };
}

/** The older pages that a main file's JSON names, for whoever fetches them. */
export function overflowPages(json: unknown, path: string): OverflowPage[] {
  const files = isObject(json) && isObject(json.filings) ? json.filings.files : undefined;
  if (files === undefined || files === null) return [];
  if (!Array.isArray(files)) {
    throw sourceInvalid(path, "an array is due", { field: "filings.files", value: files });
  }
  return files.map((entry: unknown, index) => {
    const field = `filings.files[${index}]`;
    // The name becomes part of an address and of a path: it is taken as SEC makes it or not at all.
    if (
      !isObject(entry) || typeof entry.name !== "string" ||
      !/^CIK\d{10}-submissions-\d{3}\.json$/.test(entry.name)
    ) {
      throw sourceInvalid(path, "the name of a page is due", { field, value: entry });
    }
    return {
      path: `submissions/${entry.name}`,
      filings: typeof entry.filingCount === "number" ? entry.filingCount : null,
      filed_from: typeof entry.filingFrom === "string" ? entry.filingFrom : null,
      filed_to: typeof entry.filingTo === "string" ? entry.filingTo : null,
    };
  });
}

/** A text array of PostgreSQL: every element quoted. */
export function textArray(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replace(/["\\]/g, "\\$&")}"`).join(",")}}`;
}

function companyRow(path: string, json: JsonObject, cik: string): Row {
  const text = (field: string) => {
    const value = json[field];
    if (value === undefined || value === null) return null;
    if (typeof value !== "string") throw sourceInvalid(path, "text is due", { field, value });
    return textOrNull(value);
  };
  const list = (field: string): (string | null)[] => {
    const value = json[field] ?? [];
    if (!Array.isArray(value) || !value.every((each) => each === null || typeof each === "string")) {
      throw sourceInvalid(path, "an array of texts is due", { field, value });
    }
    return value;
  };
  const name = text("name");
  if (name === null) {
    throw sourceInvalid(path, "the company's name is due", { field: "name", value: json.name ?? null });
  }
  const [tickers, exchanges] = [list("tickers"), list("exchanges")];
  if (exchanges.length !== 0 && exchanges.length !== tickers.length) {
    throw sourceInvalid(path, `as many exchanges as tickers, ${tickers.length}, are due`, {
      field: "exchanges",
      value: exchanges,
    });
  }
  const symbols = tickers.filter((each) => each !== null && each !== "") as string[];
  const exchange = textOrNull(exchanges[0]);
  return [
    cik,
    name,
    textArray(symbols),
    exchange,
    text("sic"),
    text("fiscalYearEnd"),
    text("stateOfIncorporation"),
  ];
}

function submissionColumns(): string[] {
  const [accession, ...others] = filingColumns.map(([own]) => own);
  return [accession!, "cik", ...others];
}

/** All rows are checked before the first is given away: a file counts as a whole. */
function filingBatches(
  path: string,
  columns: JsonObject,
  { cik, at, limits }: { cik: string; at: string; limits: ParseLimits },
): Row[][] {
  const keys = columns.accessionNumber;
  if (!Array.isArray(keys)) {
    throw sourceInvalid(path, "an array is due", { field: `${at}accessionNumber`, value: keys ?? null });
  }
  for (const [name, values] of Object.entries(columns)) {
    if (!Array.isArray(values)) {
      throw sourceInvalid(path, "an array is due", { field: at + name, value: values });
    }
    if (values.length !== keys.length) {
      throw sourceInvalid(path, `${keys.length} values, as many as accession numbers, are due`, {
        field: at + name,
        value: values.length,
      });
    }
  }
  const sources = filingColumns.map(([, name, reading]) => {
    const values = columns[name] as unknown[] | undefined;
    if (values === undefined && (reading === "required" || reading === "date_required")) {
      throw sourceInvalid(path, "the column is missing", { field: at + name });
    }
    return { name, reading, values };
  });
  const batches: Row[][] = [];
  let batch: Row[] = [];
  for (let index = 0; index < keys.length; index++) {
    const row: Row = new Array(filingColumns.length + 1);
    for (let column = 0; column < sources.length; column++) {
      const { name, reading, values } = sources[column]!;
      const text = values === undefined ? null : readValue(values[index], reading);
      if (text === undefined) {
        throw sourceInvalid(path, due[reading], {
          field: `${at}${name}[${index}]`,
          value: values![index] ?? null,
        });
      }
      row[column === 0 ? 0 : column + 1] = text;
    }
    row[1] = cik;
    batch.push(row);
    if (batch.length === limits.batch_rows) {
      batches.push(batch);
      batch = [];
    }
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

const due: Record<Reading, string> = {
  accession: "an accession number is due",
  required: "text is due",
  text: "text is due",
  date: "a date is due",
  date_required: "a date is due",
  integer: "a whole number is due",
  flag: "0 or 1 is due",
};

/** The value as PostgreSQL's text; undefined when it is none of its kind. */
function readValue(value: unknown, reading: Reading): string | null | undefined {
  if (reading === "integer") {
    if (value === null || value === "") return null;
    const number = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
    return Number.isSafeInteger(number) && number as number >= 0 ? String(number) : undefined;
  }
  if (reading === "flag") {
    if (value === null || value === "") return null;
    return value === 1 || value === true ? "true" : value === 0 || value === false ? "false" : undefined;
  }
  if (value !== null && typeof value !== "string") return undefined;
  const text = textOrNull(value);
  switch (reading) {
    case "text":
      return text;
    case "required":
      return text ?? undefined;
    case "accession":
      return text !== null && accessionPattern.test(text) ? text : undefined;
    case "date":
      return text === null || isDate(text) ? text : undefined;
    case "date_required":
      return text !== null && isDate(text) ? text : undefined;
    default:
      return reading satisfies never;
  }
}
