/**
 * The files below some paths that SEC's layout knows, in the order in which they are loaded: tickers and
 * submissions before facts, so that a company has its name; older states of a mirror before its newest, so
 * that the newest stays.
 */

import { basename, join, relative, resolve, sep } from "node:path";
import { SqlwrightError } from "../errors.ts";
import { cikOfPath, filingPathOf, secPathOf, type SourceKind, sourceKindOf } from "../source/source_kind.ts";

export interface FoundFile {
  /** Where it lies. */
  file: string;
  /**
   * Its name in the ledger: SEC's path, and before it the folders between the given path and SEC's layout,
   * such as `snapshots/2026-05-01/`, because the same file in another folder is another state of it.
   */
  path: string;
  kind: SourceKind;
  sizeBytes: number;
}

/**
 * Files that are loaded at the same time do not wait for rows of each other; each phase ends before the next
 * begins.
 */
export type Phase = "tickers" | "submissions" | "indexes" | "facts" | "data_sets" | "filings";
export const phases: readonly Phase[] = [
  "tickers",
  "submissions",
  "indexes",
  "facts",
  "data_sets",
  "filings",
];

export function phaseOf(kind: SourceKind): Phase {
  switch (kind) {
    case "company_tickers":
    case "company_tickers_exchange":
    case "fund_tickers":
      return "tickers";
    case "submissions":
    case "submissions_page":
    case "submissions_archive":
      return "submissions";
    case "master_index":
    case "company_index":
    case "form_index":
      return "indexes";
    case "company_facts":
    case "company_facts_archive":
      return "facts";
    case "statement_data_sets":
      return "data_sets";
    case "filing_xml":
    case "filing_text":
    case "filing_document":
      return "filings";
    default:
      throw new TypeError(`unknown kind: ${kind satisfies never}`);
  }
}

/** More files than SEC has companies are no folder of its layout. */
const maximumFiles = 1_000_000;
const maximumDepth = 16;
/** Files passed over that are kept to say where one of them belongs. */
const maximumPassed = 100;

/** @throws {SqlwrightError} `edgar.path_unknown` where there is nothing, or nothing of SEC's layout */
export async function findSourceFiles(paths: readonly string[]): Promise<FoundFile[]> {
  const found = new Map<string, FoundFile>();
  for (const path of paths) {
    const before = found.size;
    const root = resolve(path);
    const info = await Deno.stat(root).catch((cause) => {
      const isAbsent = cause instanceof Deno.errors.NotFound;
      throw unknown(path, { why: isAbsent ? "there is nothing" : "it cannot be read", cause });
    });
    const look: Look = { root, passed: [] };
    if (!info.isFile) await addFolder(found, root, { look, depth: 0 });
    else if (sourceKindOf(root) === null) look.passed.push(root);
    else addFile(found, root, { root: null, sizeBytes: info.size });
    if (
      found.size === before && ![...found.keys()].some((file) => file === root || file.startsWith(root + sep))
    ) {
      const why = info.isFile ? "it does not lie in SEC's layout" : "no file in it lies in SEC's layout";
      throw unknown(path, { why, passed: look.passed });
    }
  }
  for (const { file, kind } of found.values()) {
    // SEC publishes an index also packed: one of the two is enough.
    if (kind.endsWith("_index") && !file.endsWith(".gz")) {
      found.delete(file.replace(/\.idx$/, ".gz"));
      found.delete(`${file}.gz`);
    }
  }
  return [...found.values()].toSorted(compareFiles);
}

interface Look {
  root: string;
  /** Files that were passed over, a few of them. */
  passed: string[];
}

async function addFolder(
  found: Map<string, FoundFile>,
  folder: string,
  { look, depth }: { look: Look; depth: number },
): Promise<void> {
  if (depth > maximumDepth) return;
  const { root, passed } = look;
  const entries = await Array.fromAsync(Deno.readDir(folder)).catch((cause) => {
    throw unknown(folder, { why: `it cannot be read: ${cause.message}`, cause });
  });
  for (const entry of entries) {
    const file = join(folder, entry.name);
    // Links could lead out of the folder, or around in it.
    if (entry.isSymlink || entry.name.startsWith(".")) continue;
    if (entry.isDirectory) await addFolder(found, file, { look, depth: depth + 1 });
    else if (entry.isFile && sourceKindOf(file) !== null) {
      addFile(found, file, { root, sizeBytes: (await Deno.stat(file)).size });
    } else if (passed.length < maximumPassed) passed.push(file);
    if (found.size > maximumFiles) throw unknown(root, { why: `it holds more than ${maximumFiles} files` });
  }
}

function addFile(
  found: Map<string, FoundFile>,
  file: string,
  { root, sizeBytes }: { root: string | null; sizeBytes: number },
): void {
  const kind = sourceKindOf(file);
  if (kind === null) return;
  const own = secPathOf(file);
  const before = file.slice(0, -own.length);
  const isBelow = root !== null && before.startsWith(root + sep);
  const folders = isBelow ? relative(root, before).replaceAll("\\", "/") : "";
  found.set(file, { file, path: folders === "" ? own : `${folders}/${own}`, kind, sizeBytes });
}

/**
 * Folders with states in the order of their names, and what lies in no such folder last: it is the newest.
 */
function compareFiles(a: FoundFile, b: FoundFile): number {
  const [folderA, folderB] = [stateOf(a), stateOf(b)];
  if (folderA !== folderB) return folderA === "" ? 1 : folderB === "" ? -1 : folderA < folderB ? -1 : 1;
  const order = phases.indexOf(phaseOf(a.kind)) - phases.indexOf(phaseOf(b.kind));
  if (order !== 0) return order;
  // A company's own file names it before its older pages. Of the two lists of tickers the whole one has the
  // last word.
  const rank = (kind: SourceKind) => kind === "submissions_page" || kind === "company_tickers" ? 1 : 0;
  return rank(a.kind) - rank(b.kind) || (a.path < b.path ? -1 : 1);
}

/**
 * Files with the same key are loaded one after the other: the last of two lists of tickers stands, the first
 * index names a company, and a filing's table may lie in two files. So the rows do not depend on which of two
 * files happened to be faster.
 */
export function chainOf({ path, kind }: FoundFile): string {
  const phase = phaseOf(kind);
  switch (phase) {
    case "tickers":
    case "indexes":
    case "data_sets":
      return phase;
    case "submissions":
    case "facts":
      return cikOfPath(path) ?? path;
    case "filings":
      return filingPathOf(path)?.cik ?? path;
    default:
      throw new TypeError(`unknown phase: ${phase satisfies never}`);
  }
}

/** The folders before SEC's layout. */
export function stateOf({ path }: { path: string }): string {
  return path.slice(0, -secPathOf(path).length);
}

/** Where SEC has files that people keep without their folders, by their names. */
const homes: readonly [RegExp, string][] = [
  [/^company_tickers(?:_exchange|_mf)?\.json$/, "files/"],
  [/^CIK\d{10}-submissions-\d{3}\.json$/, "submissions/"],
  [/^CIK\d{10}\.json$/, "api/xbrl/companyfacts/ or submissions/, as it holds facts or filings"],
  [/^companyfacts\.zip$/, "Archives/edgar/daily-index/xbrl/"],
  [/^submissions\.zip$/, "Archives/edgar/daily-index/bulkdata/"],
  [/^\d{4}q[1-4]\.zip$/, "files/dera/data/financial-statement-data-sets/"],
  [/^(?:master|company|form)\.(?:idx|gz)$/, "Archives/edgar/full-index/YYYY/QTRn/"],
  [/^(?:master|company|form)\.\d{8}\.idx(?:\.gz)?$/, "Archives/edgar/daily-index/YYYY/QTRn/"],
];

/** @param more.passed files that were passed over: one that SEC has elsewhere is named with its place */
function unknown(
  path: string,
  { why, passed = [], cause }: { why: string; passed?: readonly string[]; cause?: unknown },
): SqlwrightError {
  for (const file of passed) {
    const name = basename(file);
    const home = homes.find(([pattern]) => pattern.test(name))?.[1];
    if (home === undefined) continue;
    return new SqlwrightError("edgar.path_unknown", `Cannot load "${path}": ${why}`, {
      details: { path },
      hint: `SEC has ${name} in ${home}: put it into such a folder, because its place says what it is`,
      cause,
    });
  }
  return new SqlwrightError("edgar.path_unknown", `Cannot load "${path}": ${why}`, {
    details: { path },
    hint:
      "Give files or folders laid out like SEC's addresses, such as api/xbrl/companyfacts/CIK0000320193.json",
    cause,
  });
}
