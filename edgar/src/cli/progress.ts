/**
 * How far a load is: on a terminal a bar for all files and one for each that is on its way, else a line for
 * each file and, where one takes long, one every five seconds. Everything goes to standard error; the answer
 * alone goes to standard output.
 */

import process from "node:process";
import type { MultiBar, SingleBar } from "cli-progress";
import stringWidth from "string-width";
import type { FileReport, LoadListener } from "../load/load_report.ts";
import { type Paint, paintFor, tell, widthOf } from "sqlwright";
import { type FileState, Run, type RunState } from "./run.ts";

export interface ProgressView extends LoadListener, Disposable {
  finish(): void;
}

const quiet_ms = 5000;
const framesPerSecond = 8;

/** @param isQuiet says nothing at all, for --json */
export async function openProgress({ isQuiet }: { isQuiet: boolean }): Promise<ProgressView> {
  if (isQuiet) return { finish: () => {}, [Symbol.dispose]: () => {} };
  const run = new Run();
  if (!Deno.stderr.isTerminal()) return plainView(run);
  const { default: { MultiBar } } = await import("cli-progress");
  return barView(run, MultiBar);
}

function barView(run: Run, Bars: typeof MultiBar): ProgressView {
  const paint = paintFor("stderr");
  // One column stays free: a full line would wrap on some terminals.
  const width = () => Math.max(20, widthOf("stderr") - 1);
  const bars = new Bars({
    format: (_options, _params, payload) => payload.draw(),
    fps: framesPerSecond,
    hideCursor: true,
    clearOnComplete: true,
    linewrap: false,
    forceRedraw: true,
    stream: process.stderr,
    gracefulExit: false,
  });
  bars.create(1, 0, { draw: () => formatRun(run.state, { width: width(), paint }) });
  const drawn = new Map<string, SingleBar>();
  const show = (path: string, sizeBytes?: number, isMember?: boolean): void => {
    const file = run.start(path, sizeBytes, isMember);
    if (!drawn.has(path)) {
      drawn.set(path, bars.create(1, 0, { draw: () => formatFile(file, { width: width(), paint }) }));
    }
  };
  let isOpen = true;
  const finish = () => {
    if (!isOpen) return;
    isOpen = false;
    bars.stop();
  };
  return {
    expected: (files, bytes) => run.expect(files, bytes),
    started: show,
    received: (path, bytes, total) => {
      show(path);
      run.receive(path, bytes, total);
    },
    advanced: (path, rows, fraction, isSent) => {
      show(path);
      run.advance(path, rows, fraction, isSent);
    },
    finished: (report) => {
      const bar = drawn.get(report.path);
      if (bar !== undefined) bars.remove(bar);
      drawn.delete(report.path);
      run.finish(report);
      const line = formatReport(report, { width: width(), paint });
      if (line !== null) bars.log(`${line}\n`);
    },
    noted: (text) => bars.log(`${paint("yellow", "note:")} ${cut(text, width() - 6)}\n`),
    finish,
    [Symbol.dispose]: finish,
  };
}

function plainView(run: Run): ProgressView {
  const paint = paintFor("stderr");
  const options = { width: Number.POSITIVE_INFINITY, paint };
  let told_ms = performance.now();
  const say = (text: string) => {
    told_ms = performance.now();
    tell(text);
  };
  const timer = setInterval(() => {
    if (performance.now() - told_ms < quiet_ms) return;
    const [file] = run.open.values();
    if (file !== undefined) say(`… ${formatFile(file, options)} (${formatRun(run.state, options)})`);
  }, 1000);
  const finish = () => clearInterval(timer);
  return {
    expected: (files, bytes) => run.expect(files, bytes),
    started: (path, sizeBytes, isMember) => void run.start(path, sizeBytes, isMember),
    received: (path, bytes, total) => run.receive(path, bytes, total),
    advanced: (path, rows, fraction, isSent) => run.advance(path, rows, fraction, isSent),
    finished: (report) => {
      run.finish(report);
      const line = formatReport(report, options);
      if (line !== null) say(line);
    },
    noted: (text) => say(`note: ${text}`),
    finish,
    [Symbol.dispose]: finish,
  };
}

interface DrawOptions {
  /** In terminal cells. */
  width: number;
  paint: Paint;
}

/**
 * `████████░░░░ 61 % 37/61 files 214,300 rows 41,200/s 8 s left`; what does not fit is left out from the
 * right.
 */
export function formatRun(state: RunState, { width, paint }: DrawOptions): string {
  const { files, expectedFiles, rows, rejected, failed, elapsed_s } = state;
  const fraction = fractionOf(state);
  const left_s = leftOf(state);
  const parts = [
    { text: `${Math.floor(Math.min(1, fraction) * 100)} %`.padStart(5) },
    { text: `${count(files)}/${count(expectedFiles)} files` },
    { text: `${count(rows)} rows` },
    ...(failed > 0 ? [{ text: `${count(failed)} failed`, style: "red" as const }] : []),
    ...(rejected > 0 ? [{ text: `${count(rejected)} rejected`, style: "yellow" as const }] : []),
    ...(left_s === null ? [] : [{ text: `${formatSpan(left_s)} left` }]),
    ...(elapsed_s < 1 ? [] : [{ text: `${count(Math.round(rows / elapsed_s))} rows/s` }]),
  ];
  return drawLine(fraction, parts, { width, paint });
}

function fractionOf({ bytes, expectedBytes, openFiles, ...state }: RunState): number {
  if (expectedBytes > 0) return bytes / expectedBytes;
  const expected = state.expectedFiles - state.expectedMembers;
  return expected > 0 ? (state.files - state.members + openFiles) / expected : 0;
}

/**
 * From the bytes that were loaded of the bytes to load; from SEC, where nobody knows these, from the files.
 * Null when it is too early to say.
 */
function leftOf(state: RunState): number | null {
  const { bytes, skippedBytes, expectedBytes, elapsed_s } = state;
  const fraction = fractionOf(state);
  if (elapsed_s <= 1 || fraction >= 1) return null;
  if (expectedBytes === 0) return fraction > 0.02 ? elapsed_s / fraction - elapsed_s : null;
  const loaded = bytes - skippedBytes;
  return loaded > 0.01 * (expectedBytes - skippedBytes)
    ? (expectedBytes - bytes) / (loaded / elapsed_s)
    : null;
}

/** The same for one file. */
export function formatFile(
  { path, rows, fraction, isSent, received, elapsed_s }: FileState,
  { width, paint }: DrawOptions,
): string {
  const isFinite = Number.isFinite(width);
  const part = received === null
    ? fraction
    : received.total === null
    ? null
    : received.bytes / Math.max(1, received.total);
  const facts = received === null
    ? rows === 0 ? "reading" : `${count(rows)} ${rows === 1 ? "row" : "rows"}${isSent ? ", merging" : ""}`
    : `${formatSize(received.bytes)} received`;
  const came = received === null || received.total === null
    ? part
    : (received.bytes - received.from) / Math.max(1, received.total - received.from);
  // Not of a moment.
  const left = part !== null && part < 1 && came !== null && came > 0.02 && elapsed_s > 2
    ? `${formatSpan(elapsed_s / came - elapsed_s)} left`
    : "";
  if (!isFinite) return [path, facts, left].filter((text) => text !== "").join(", ");
  const name = nameCell(path, width);
  const parts = [
    { text: part === null ? "" : `${Math.floor(part * 100)} %`, pad: 5 },
    { text: name },
    { text: facts },
    ...(left === "" ? [] : [{ text: left }]),
  ].map(({ text, pad }) => ({ text: pad === undefined ? text : text.padStart(pad) }));
  return paint("dim", drawLine(part ?? 0, parts, { width, paint: (_style, text) => text }));
}

/**
 * One line for a file that is through; null for one that was loaded before, of which there may be thousands.
 */
export function formatReport(report: FileReport, { width, paint }: DrawOptions): string | null {
  const { path, outcome, rows, inserted, updated, rejected, seconds, failure } = report;
  switch (outcome) {
    case "known":
      return null;
    case "missing":
      return `${paint("dim", "–")} ${nameCell(path, width)}  ${paint("dim", "SEC has no such file")}`;
    case "failed": {
      const { message = "it failed" } = failure ?? {};
      const text = message.includes(path) ? message : `${path}: ${message}`;
      return `${paint("red", "✗")} ${Number.isFinite(width) ? cut(text, width - 2) : text}`;
    }
    case "loaded": {
      const facts = [
        `${count(rows)} ${rows === 1 ? "row" : "rows"}`,
        ...(inserted > 0 ? [`${count(inserted)} new`] : []),
        ...(updated > 0 ? [`${count(updated)} changed`] : []),
        ...(rejected > 0 ? [`${count(rejected)} rejected`] : []),
        formatSpan(seconds),
      ].join(" · ");
      const name = nameCell(path, width);
      const room = width - nameWidth(width) - 4;
      return `${paint("green", "✓")} ${name}  ${
        paint("dim", Number.isFinite(width) ? cut(facts, room) : facts)
      }`;
    }
    default:
      throw new TypeError(`unknown outcome: ${outcome satisfies never}`);
  }
}

type Style = Parameters<Paint>[0];

function drawLine(
  fraction: number,
  parts: readonly { text: string; style?: Style }[],
  { width, paint }: DrawOptions,
): string {
  if (!Number.isFinite(width)) return parts.map(({ text }) => text.trim()).join(", ");
  const cells = barWidth(width);
  const done = Math.round(Math.max(0, Math.min(1, fraction)) * cells);
  let line = paint("cyan", "█".repeat(done)) + paint("dim", "░".repeat(cells - done));
  let used = cells;
  for (const { text, style } of parts) {
    const gap = 2;
    if (used + gap + stringWidth(text) > width) break;
    line += " ".repeat(gap) + (style === undefined ? text : paint(style, text));
    used += gap + stringWidth(text);
  }
  return line;
}

const barWidth = (width: number) => width < 60 ? 8 : width < 100 ? 14 : 24;

/** Shortens to a number of terminal cells. */
function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = "";
  for (const character of text) {
    if (stringWidth(kept + character) > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/**
 * Leaves folders out from the left, because the end says which file it is; a name that is too long loses its
 * middle.
 */
function cutPath(path: string, width: number): string {
  if (stringWidth(path) <= width) return path;
  const parts = path.split("/");
  while (parts.length > 1) {
    parts.shift();
    const rest = `…/${parts.join("/")}`;
    if (stringWidth(rest) <= width) return rest;
  }
  const name = parts[0]!;
  const tail = Math.ceil((width - 1) * 0.6);
  return `${name.slice(0, Math.max(0, width - 1 - tail))}…${name.slice(name.length - tail)}`;
}

/** Names stand in one column, so that what is said of them does, too. */
const nameWidth = (width: number) => width < 100 ? 33 : width < 130 ? 42 : 56;

function nameCell(path: string, width: number): string {
  if (!Number.isFinite(width)) return path;
  return cutPath(path, nameWidth(width)).padEnd(nameWidth(width));
}

export function count(number: number): string {
  return number.toLocaleString("en-US");
}

/** `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min` */
export function formatSpan(time_s: number): string {
  if (time_s < 10) return `${time_s.toFixed(time_s < 1 ? 2 : 1)} s`;
  if (time_s < 60) return `${Math.round(time_s)} s`;
  const minutes = Math.floor(time_s / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(time_s % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function formatSize(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(0)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
