/**
 * Tables that fit the terminal. Each row stays one line: columns that are too wide shrink, the widest first,
 * and what does not fit ends in an ellipsis. Where that would leave too little to read, each row is drawn as
 * a block of `name value` lines, as psql does with `\x auto`.
 */

import Table from "cli-table3";
import stringWidth from "string-width";
import { type Paint, showControls } from "./console.ts";

export interface Column {
  title: string;
  /** Numbers stand on the right, with their decimal points in one line, and are never cut. */
  isNumber?: boolean;
  /** Names and codes that are worthless when they are cut. */
  isWhole?: boolean;
  /** Prose: what does not fit goes on in the next line, at a word. */
  wraps?: boolean;
}

/** Null is drawn as a dim `null`. */
export type Cell = string | null;

export interface TableOptions {
  paint: Paint;
  /** In terminal cells; infinite where nothing is to be cut. */
  width: number;
  /** Spaces before each line. @default 0 */
  indent?: number;
}

const gap = 2;
/** Shorter text is never cut, and longer text not below it. */
const leastWidth = 12;
const ellipsis = "…";

/** Several lines, without a line end after the last. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  options: TableOptions,
): string {
  const { paint, indent = 0 } = options;
  const cells = rows.map((row) => row.map((cell) => cell === null ? null : showControls(cell)));
  for (const [index, column] of columns.entries()) if (column.isNumber) alignPoints(cells, index);
  const natural = columns.map(({ title }, index) =>
    Math.max(stringWidth(title), ...cells.map((row) => stringWidth(row[index] ?? "null")), 1)
  );
  const widths = shrink(columns, natural, options.width - indent);
  if (widths === null) {
    return formatWithConstants(columns, cells, options) ?? formatRecords(columns, cells, options);
  }
  const table = new Table({
    chars: blankChars,
    style: { head: [], border: [], "padding-left": 0, "padding-right": gap },
    colWidths: widths.map((width) => width + gap),
    colAligns: columns.map(({ isNumber }) => isNumber ? "right" : "left"),
    truncate: ellipsis,
  });
  // The text is cut before it is painted, so that an ellipsis never swallows the end of a colour.
  table.push(columns.map(({ title }, index) => paint("bold", cut(title, widths[index]!))));
  table.push(widths.map((width) => paint("dim", "─".repeat(width))));
  for (const row of cells) {
    table.push(
      row.map((cell, index) => {
        if (cell === null) return paint("dim", "null");
        const width = widths[index]!;
        return columns[index]!.wraps ? wrapWords(cell, width).join("\n") : cut(cell, width);
      }),
    );
  }
  const margin = " ".repeat(indent);
  return table.toString().split("\n").map((line) => margin + line.trimEnd()).join("\n");
}

/**
 * Columns with one value in all rows, once above the others. Null where there is none, or nothing would be
 * left.
 */
function formatWithConstants(
  columns: readonly Column[],
  rows: readonly Cell[][],
  options: TableOptions,
): string | null {
  const [first, second] = rows;
  if (first === undefined || second === undefined) return null;
  const isConstant = columns.map((_, index) => rows.every((row) => row[index] === first[index]));
  const others = columns.filter((_, index) => !isConstant[index]);
  if (others.length === 0 || others.length === columns.length) return null;
  const pairs = columns.map(({ title }, index) => [title, first[index]?.trim() ?? null] as const)
    .filter((_, index) => isConstant[index]);
  const left = rows.map((row) => row.filter((_, index) => !isConstant[index]));
  return `${formatPairs(pairs, options)}\n\n${formatTable(others, left, options)}`;
}

/**
 * Lines of at most so many terminal cells, broken at words; a word that is longer stands in a line of its
 * own, cut.
 */
export function wrapWords(text: string, width: number): string[] {
  if (!Number.isFinite(width) || stringWidth(text) <= width) return [text];
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/ +/)) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && stringWidth(longer) > width) {
      lines.push(cut(line, width));
      line = word;
    } else line = longer;
  }
  return [...lines, cut(line, width)];
}

/** `name  value` lines, the names in one column. */
export function formatPairs(
  pairs: readonly (readonly [string, Cell])[],
  { paint, width, indent = 0 }: TableOptions,
): string {
  const names = Math.max(0, ...pairs.map(([name]) => stringWidth(name)));
  const room = width - indent - names - gap;
  return pairs.map(([name, value]) => {
    const text = value === null ? paint("dim", "null") : cut(showControls(value), Math.max(room, 1));
    return " ".repeat(indent) + paint("dim", name + " ".repeat(names - stringWidth(name))) + " ".repeat(gap) +
      text;
  }).join("\n");
}

/** Shortens to a number of terminal cells. */
export function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = "";
  let used = 0;
  for (const character of text) {
    used += stringWidth(character);
    if (used > width - 1) break;
    kept += character;
  }
  return kept + ellipsis;
}

const blankChars = Object.fromEntries(
  [
    "top",
    "top-mid",
    "top-left",
    "top-right",
    "bottom",
    "bottom-mid",
    "bottom-left",
    "bottom-right",
    "left",
    "left-mid",
    "mid",
    "mid-mid",
    "right",
    "right-mid",
    "middle",
  ].map((name) => [name, ""]),
);

/** Pads fractions on the right, so that right-aligned numbers have their points in one line. */
function alignPoints(rows: Cell[][], index: number): void {
  const fraction = (text: string) => /\.\d+$/.exec(text)?.[0].length ?? 0;
  const longest = Math.max(0, ...rows.map((row) => fraction(row[index] ?? "")));
  if (longest === 0) return;
  for (const row of rows) {
    const text = row[index];
    if (typeof text === "string") row[index] = text + " ".repeat(longest - fraction(text));
  }
}

/** Takes from the widest columns until all fit. Null when they cannot fit. */
function shrink(columns: readonly Column[], natural: readonly number[], room: number): number[] | null {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width + gap, -gap) - room;
  while (excess > 0) {
    let widest = -1;
    for (const [index, width] of widths.entries()) {
      const { isNumber, isWhole } = columns[index]!;
      if (isNumber || isWhole || width <= leastWidth) continue;
      if (widest < 0 || width > widths[widest]!) widest = index;
    }
    if (widest < 0) return null;
    widths[widest]!--;
    excess--;
  }
  return widths;
}

function formatRecords(columns: readonly Column[], rows: readonly Cell[][], options: TableOptions): string {
  const { paint, indent = 0 } = options;
  return rows.map((row, index) => {
    const heading = " ".repeat(indent) + paint("dim", `── ${index + 1} ──`);
    const pairs = columns.map(({ title }, at) => [title, row[at]?.trim() ?? null] as const);
    return `${heading}\n${formatPairs(pairs, options)}`;
  }).join("\n");
}
