/**
 * A finding about a query file, told to the DBA with file, line, column, caret and hint.
 *
 * Stages get a `Report` to call; `formatDiagnostic` draws one finding like a compiler does, `sortDiagnostics`
 * orders many.
 */
import { nearestName } from "../nearest.ts";
import type { Place } from "./model.ts";
import { type RuleCode, ruleOf } from "./rules/rule_list.ts";

export interface Diagnostic extends Place {
  code: RuleCode;
  severity: "error" | "warning";
  /** Relative to the SQL directory. */
  path: string;
  message: string;
  hint: string | null;
}

/** Adds a diagnostic. Without a hint the rule's own fix is the hint. */
export type Report = (code: RuleCode, place: Place, message: string, hint?: string | null) => void;

export interface FormatOptions {
  /** ANSI colours. @default false */
  color?: boolean;
  /** Shown before the diagnostic's path. @default "sql" */
  directory?: string;
  /** Longer source lines are clipped around the caret to as many terminal cells. @default 100 */
  width?: number;
}

/**
 * Several lines, without a line end after the last. `source` is the file's text; null when it cannot be
 * shown.
 */
export function formatDiagnostic(
  diagnostic: Diagnostic,
  source: string | null,
  { color = false, directory = "sql", width = 100 }: FormatOptions = {},
): string {
  const paint = (code: string, text: string) => color ? `\x1b[${code}m${text}\x1b[0m` : text;
  const accent = diagnostic.severity === "error" ? "1;31" : "1;33";
  const { line, column, hint } = diagnostic;
  const number = String(line);
  const margin = " ".repeat(number.length);
  const bar = paint("34", "|");
  const path = showControls(directory === "" ? diagnostic.path : `${directory}/${diagnostic.path}`);
  const message = diagnostic.message.split(/\r\n|\n|\r/).map(showControls).join(" ");
  const parts = [
    `${paint(accent, `${diagnostic.severity}[${diagnostic.code}]`)}${paint("1", `: ${message}`)}`,
    `${margin}${paint("34", "-->")} ${path}:${line}:${column}`,
  ];
  const text = source === null ? undefined : source.split(/\r\n|\n|\r/)[line - 1];
  if (text !== undefined) {
    const shown = clipLine(text, column, Math.max(20, width));
    parts.push(
      `${margin} ${bar}`,
      `${paint("34", number)} ${bar} ${shown.text}`.trimEnd(),
      `${margin} ${bar} ${" ".repeat(shown.caret_cells)}${paint(accent, "^")}`,
    );
  }
  if (hint !== null) parts.push(`${margin} ${paint("36", "help")}: ${showControls(hint)}`);
  return parts.join("\n");
}

/** A new array by path, line, column, code; the same finding twice is kept once. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const sorted = [...diagnostics].sort((one, other) =>
    // That the lock is stale follows from what was found before.
    Number(one.code === "lock-stale") - Number(other.code === "lock-stale") ||
    compareText(one.path, other.path) || one.line - other.line || one.column - other.column ||
    compareText(one.code, other.code) || compareText(one.message, other.message)
  );
  return sorted.filter((diagnostic, index) => {
    const before = sorted[index - 1];
    return before === undefined || before.path !== diagnostic.path || before.line !== diagnostic.line ||
      before.column !== diagnostic.column || before.code !== diagnostic.code ||
      before.message !== diagnostic.message;
  });
}

export function createReport(path: string, diagnostics: Diagnostic[]): Report {
  return (code, place, message, hint = ruleOf(code).fix) => {
    diagnostics.push({
      code,
      severity: ruleOf(code).severity,
      path,
      line: place.line,
      column: place.column,
      message,
      hint,
    });
  };
}

/** `Did you mean "x"?` for the nearest candidate that is near enough to be a slip, else null. */
export function didYouMean(word: string, candidates: Iterable<string>, sigil = ""): string | null {
  const nearest = nearestName(word, candidates);
  return nearest === null ? null : `Did you mean "${sigil}${nearest}"?`;
}

/** Code units, so that the order is the same everywhere. */
export function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

interface Cell {
  text: string;
  width_cells: number;
}

/**
 * The part of a line around the caret, tabs as spaces, and how many terminal cells stand before the caret.
 */
function clipLine(text: string, column: number, width: number): { text: string; caret_cells: number } {
  const cells: Cell[] = [];
  let total = 0;
  for (const character of text) {
    const cell = drawCharacter(character, total);
    cells.push(cell);
    total += cell.width_cells;
  }
  const caretIndex = Math.min(column - 1, cells.length);
  const measure = (from: number, to: number) =>
    cells.slice(from, to).reduce((sum, cell) => sum + cell.width_cells, 0);
  if (total <= width) {
    return { text: cells.map((cell) => cell.text).join(""), caret_cells: measure(0, caretIndex) };
  }
  // One cell on each side is kept for the ellipsis; the caret stands at two fifths where it can.
  let from = caretIndex;
  while (from > 0 && measure(from - 1, caretIndex) <= Math.floor(width * 0.4)) from--;
  let to = from;
  while (to < cells.length && measure(from, to + 1) <= width - 2) to++;
  while (from > 0 && to === cells.length && measure(from - 1, to) <= width - 2) from--;
  const before = from > 0 ? "…" : "";
  const after = to < cells.length ? "…" : "";
  return {
    text: before + cells.slice(from, to).map((cell) => cell.text).join("") + after,
    caret_cells: before.length + measure(from, caretIndex),
  };
}

const tab_cells = 4;

/** Characters that move a terminal's cursor or turn the direction of the text around. */
const control = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

function drawCharacter(character: string, position: number): Cell {
  if (character === "\t") {
    const width_cells = tab_cells - position % tab_cells;
    return { text: " ".repeat(width_cells), width_cells };
  }
  if (control.test(character)) return { text: "\uFFFD", width_cells: 1 };
  return { text: character, width_cells: measureCharacter(character) };
}

function showControls(text: string): string {
  return text.replace(new RegExp(control, "gu"), "\uFFFD");
}

/** Combining marks take no cell, East Asian wide characters and emoji two. */
function measureCharacter(character: string): number {
  if (/[\p{M}\u200b-\u200d\ufe0f]/u.test(character)) return 0;
  const code = character.codePointAt(0) ?? 0;
  const isWide = code >= 0x1100 && (code <= 0x115f || (code >= 0x2e80 && code <= 0xa4cf && code !== 0x303f) ||
    (code >= 0xa960 && code <= 0xa97f) || (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) || (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) || (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1f64f) || (code >= 0x1f680 && code <= 0x1f6ff) ||
    (code >= 0x1f900 && code <= 0x1f9ff) || (code >= 0x20000 && code <= 0x3fffd));
  return isWide ? 2 : 1;
}
