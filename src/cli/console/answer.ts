/**
 * A tool's answer as a person reads it: rows as a table, one row as pairs, a report as an indented document.
 */

import { withoutDomains } from "../../postgres/types/types.ts";
import type { Kind } from "../../query/model.ts";
import type { Tool } from "../../tool/model.ts";
import { formatCount, showControls } from "./console.ts";
import { type Cell, type Column, cut, formatPairs, formatTable, type TableOptions } from "./table.ts";

/** The text for standard output. */
export function formatAnswer(
  tool: Tool,
  answer: Record<string, unknown>,
  options: TableOptions,
): string {
  return formats[tool.kind](tool, answer, options);
}

type Format = typeof formatAnswer;

const formats: Readonly<Record<Kind, Format>> = {
  many: formatRowsOf,
  view: formatRowsOf,
  one: (_tool, { row }, options) =>
    row === null ? options.paint("dim", "null: there is no such row") : formatPairs(
      Object.entries(row as object).map(([name, value]) => [name, toCell(value)]),
      options,
    ),
  value: (_tool, { value }, { paint }) => value === null ? paint("dim", "null") : toCell(value) ?? "null",
  report: (_tool, { report }, options) =>
    report === null
      ? options.paint("dim", "null: there is nothing to report")
      : formatDocument(report, options),
  exec: formatWrite,
  unnest: formatWrite,
  copy: formatLoad,
};

function formatRowsOf(tool: Tool, { rows }: Record<string, unknown>, options: TableOptions): string {
  return formatRows(tool, rows as Record<string, unknown>[], options);
}

function formatWrite(tool: Tool, answer: Record<string, unknown>, options: TableOptions): string {
  const count = formatCount(Number(answer.affected), "row");
  const lines = [
    answer.dry_run === true ? `${count} would be affected; a dry run, nothing was kept` : `${count} affected`,
    ...(answer.outcomes === undefined ? [] : formatOutcomes(answer)),
  ].join("\n");
  return answer.rows === undefined ? lines : `${lines}\n\n${formatRowsOf(tool, answer, options)}`;
}

function formatLoad(_tool: Tool, answer: Record<string, unknown>, options: TableOptions): string {
  const counts = Object.entries(answer).flatMap(([name, count]): [string, string][] =>
    typeof count === "number" ? [[name, formatCount(count, "row")]] : []
  );
  return [
    ...(answer.already_loaded === true ? ["This key was loaded before; nothing was done now."] : []),
    formatPairs(counts, options),
    ...(answer.rejects === undefined ? [] : [formatDocument(answer.rejects, options)]),
  ].join("\n\n");
}

const listedMissing = 10;

/** `2 updated · 1 unchanged · 1 missing`, and which rows of the call are missing, numbered as in an error. */
function formatOutcomes({ outcomes, row_outcomes: rows }: Record<string, unknown>): string[] {
  const counts = Object.entries(outcomes as Record<string, number>).map(([name, count]) =>
    `${count} ${name}`
  );
  const missing = (rows as string[]).flatMap((outcome, index) =>
    outcome === "missing" ? [`rows[${index}]`] : []
  );
  if (missing.length === 0) return [counts.join(" · ")];
  const more = missing.length > listedMissing ? ` and ${missing.length - listedMissing} more` : "";
  return [counts.join(" · "), `missing: ${missing.slice(0, listedMissing).join(", ")}${more}`];
}

/** Any JSON value, indented: pairs for scalars, tables for lists of flat objects. */
export function formatDocument(value: unknown, options: TableOptions): string {
  return formatNode(value, options).join("\n");
}

function formatRows(tool: Tool, rows: readonly Record<string, unknown>[], options: TableOptions): string {
  if (rows.length === 0) return options.paint("dim", "no rows");
  const columns = tool.query.columns.map(({ name, type }) => {
    const plain = withoutDomains(type);
    const cells = rows.map((row) => toCell(row[name]));
    return {
      title: name,
      isNumber: plain.kind === "base" && numberTypes.has(plain.base),
      isWhole: isCode(cells),
    };
  });
  return formatTable(columns, rows.map((row) => columns.map(({ title }) => toCell(row[title]))), options);
}

/** Whatever form they have in JSON. */
const numberTypes = new Set(["int2", "int4", "int8", "numeric", "float4", "float8", "oid"]);

function toCell(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value) && value.every(isScalar)) {
    return value.map((item) => toCell(item) ?? "null").join(", ");
  }
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

const isScalar = (value: unknown) => typeof value !== "object" || value === null;
const isFlatList = (value: unknown): value is unknown[] => Array.isArray(value) && value.every(isScalar);
const isFlatObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) &&
  Object.values(value).every((inner) => isScalar(inner) || isFlatList(inner));

function formatNode(value: unknown, options: TableOptions): string[] {
  const { paint, width, indent = 0 } = options;
  const margin = " ".repeat(indent);
  if (isScalar(value) || isFlatList(value)) {
    const cell = toCell(value);
    return [margin + (cell === null ? paint("dim", "null") : cut(showControls(cell), width - indent))];
  }
  if (Array.isArray(value)) return formatList(value, options);
  const entries = Object.entries(value as Record<string, unknown>);
  const leaves = entries.filter(([, inner]) => isScalar(inner) || (isFlatList(inner) && inner.length > 0));
  const lines: string[] = [];
  if (leaves.length > 0) {
    lines.push(formatPairs(leaves.map(([name, inner]) => [name, toCell(inner)]), options));
  }
  for (const [name, inner] of entries) {
    if (leaves.some(([leaf]) => leaf === name)) continue;
    const heading = margin + paint("bold", name);
    if (Array.isArray(inner) && inner.length === 0) lines.push(`${heading}  ${paint("dim", "none")}`);
    else {lines.push(
        ...(indent === 0 && lines.length > 0 ? [""] : []),
        heading,
        ...formatNode(inner, { ...options, indent: indent + 2 }),
      );}
  }
  return lines;
}

function formatList(items: readonly unknown[], options: TableOptions): string[] {
  if (items.every(isFlatObject)) {
    const names = [...new Set(items.flatMap((item) => Object.keys(item)))];
    const rows = items.map((item) => names.map((name) => toCell(item[name])));
    const columns: Column[] = names.map((title, index) => ({
      title,
      isNumber: rows.some((row) => row[index] !== null) &&
        rows.every((row) => isNumberText(row[index] ?? null)),
      isWhole: isCode(rows.map((row) => row[index] ?? null)),
    }));
    return [formatTable(columns, rows, options)];
  }
  return items.flatMap((item, index) => [...(index > 0 ? [""] : []), ...formatNode(item, options)]);
}

/** A number as JSON or numeric writes it; codes with leading zeros are none. */
function isNumberText(text: Cell): boolean {
  return text === null || /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i.test(text);
}

const longestCode = 40;

/** Dates, accession numbers, identifiers: one length, no spaces. Half of one names nothing. */
function isCode(cells: readonly Cell[]): boolean {
  const values = cells.filter((cell) => cell !== null);
  const [first] = values;
  return first !== undefined && first.length <= longestCode &&
    values.every((cell) => cell.length === first.length && !/\s/.test(cell));
}
