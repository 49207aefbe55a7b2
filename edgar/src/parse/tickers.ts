/**
 * SEC's three lists of ticker symbols: companies as an object of rows, companies with their exchange as
 * fields and rows, and the classes of funds. A company may have many symbols; SEC's order in the file is
 * their order, the main one first.
 */

import type { LoadStep, Row } from "./load_step.ts";
import type { ParseLimits, SourceFile } from "../source/source_file.ts";
import { sourceInvalid } from "../source/source_error.ts";
import { cikOf, inBatches, textOrNull } from "../source/source_field.ts";
import { isObject, type JsonObject, readJson } from "../source/source_json.ts";

const tickerColumns = ["ticker", "cik", "position", "name", "exchange"] as const;
const fundColumns = ["symbol", "cik", "series_id", "class_id"] as const;

/** `company_tickers.json`: `{"0": {cik_str, ticker, title}, …}`. It says nothing of exchanges. */
export async function* parseCompanyTickers(file: SourceFile, limits: ParseLimits): AsyncGenerator<LoadStep> {
  const json = await readJson(file, limits);
  const rows: Row[] = [];
  const positions = new Map<string, number>();
  for (const [key, entry] of Object.entries(json)) {
    if (!isObject(entry)) throw sourceInvalid(file.path, "an object is due", { field: key, value: entry });
    const cik = cikField(file.path, entry.cik_str, `${key}.cik_str`);
    const ticker = textField(file.path, entry.ticker, `${key}.ticker`);
    const name = requiredField(file.path, entry.title, `${key}.title`);
    if (ticker !== null) rows.push([ticker, cik, nextPosition(positions, cik), name, null]);
  }
  refuseNone(file.path, rows);
  yield { query: "load_tickers", columns: tickerColumns, batches: inBatches(rows, limits.batch_rows) };
}

/**
 * `company_tickers_exchange.json`: `{fields: [cik, name, ticker, exchange], data: [[…]]}`; no exchange is
 * null or "".
 */
export async function* parseExchangeTickers(file: SourceFile, limits: ParseLimits): AsyncGenerator<LoadStep> {
  const rows: Row[] = [];
  const positions = new Map<string, number>();
  for (
    const [at, row] of tableOf(file.path, await readJson(file, limits), ["cik", "name", "ticker", "exchange"])
  ) {
    const cik = cikField(file.path, row[0], `${at}.cik`);
    const name = requiredField(file.path, row[1], `${at}.name`);
    const ticker = textField(file.path, row[2], `${at}.ticker`);
    const exchange = textField(file.path, row[3], `${at}.exchange`);
    if (ticker !== null) rows.push([ticker, cik, nextPosition(positions, cik), name, exchange]);
  }
  refuseNone(file.path, rows);
  yield { query: "load_tickers", columns: tickerColumns, batches: inBatches(rows, limits.batch_rows) };
}

/** `company_tickers_mf.json`: classes of funds; a class may be without a symbol. Symbols keep their case. */
export async function* parseFundTickers(file: SourceFile, limits: ParseLimits): AsyncGenerator<LoadStep> {
  const rows: Row[] = [];
  for (
    const [at, row] of tableOf(file.path, await readJson(file, limits), [
      "cik",
      "seriesId",
      "classId",
      "symbol",
    ])
  ) {
    rows.push([
      textField(file.path, row[3], `${at}.symbol`),
      cikField(file.path, row[0], `${at}.cik`),
      requiredField(file.path, row[1], `${at}.seriesId`),
      requiredField(file.path, row[2], `${at}.classId`),
    ]);
  }
  refuseNone(file.path, rows);
  yield { query: "load_fund_classes", columns: fundColumns, batches: inBatches(rows, limits.batch_rows) };
}

/**
 * The rows of `{fields, data}` with the named fields in the asked order, whatever the file's own; each with
 * its place.
 */
function* tableOf(path: string, json: JsonObject, names: readonly string[]): Generator<[string, unknown[]]> {
  const { fields, data } = json;
  if (!Array.isArray(fields)) {
    throw sourceInvalid(path, "an array of names is due", { field: "fields", value: fields });
  }
  if (!Array.isArray(data)) {
    throw sourceInvalid(path, "an array of rows is due", { field: "data", value: data });
  }
  const places = names.map((name) => {
    const place = fields.indexOf(name);
    if (place < 0) {
      throw sourceInvalid(path, `the field ${name} is missing`, { field: "fields", value: fields });
    }
    return place;
  });
  for (const [index, row] of data.entries()) {
    if (!Array.isArray(row) || row.length !== fields.length) {
      throw sourceInvalid(path, `a row of ${fields.length} values is due`, {
        field: `data[${index}]`,
        value: row,
      });
    }
    yield [`data[${index}]`, places.map((place) => row[place])];
  }
}

/** From 1 within the company. */
function nextPosition(positions: Map<string, number>, cik: string): string {
  const position = (positions.get(cik) ?? 0) + 1;
  positions.set(cik, position);
  return String(position);
}

function cikField(path: string, value: unknown, field: string): string {
  const cik = cikOf(value);
  if (cik === null) throw sourceInvalid(path, "a company number is due", { field, value });
  return cik;
}

function textField(path: string, value: unknown, field: string): string | null {
  if (value === null) return null;
  if (typeof value !== "string") throw sourceInvalid(path, "text is due", { field, value: value ?? null });
  return textOrNull(value);
}

function requiredField(path: string, value: unknown, field: string): string {
  const text = textField(path, value, field);
  if (text === null) throw sourceInvalid(path, "text is due", { field, value });
  return text;
}

/** An empty list would take every ticker away; SEC has never sent one. */
function refuseNone(path: string, rows: readonly Row[]): void {
  if (rows.length === 0) throw sourceInvalid(path, "there is no row");
}
