/**
 * The files below some paths that SEC's layout knows, in the order in which they are loaded: tickers and submissions before facts, so that
 * a company has its name; older states of a mirror before its newest, so that the newest stays.
 */

import { join, relative, resolve, sep } from "node:path";
import { SqlwrightError } from "../errors.ts";
import { secPathOf, type SourceKind, sourceKindOf } from "./source_kind.ts";

export interface FoundFile {
  /** Where it lies. */
  file: string;
  /**
   * Its name in the ledger: SEC's path, and before it the folders between the given path and SEC's layout, such as
   * `snapshots/2026-05-01/`, because the same file in another folder is another state of it.
   */
  path: string;
  kind: SourceKind;
  sizeBytes: number;
}

/** Files that are loaded at the same time do not wait for rows of each other; each phase ends before the next begins. */
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

/** @throws {SqlwrightError} `edgar.path_unknown` where there is nothing, or nothing of SEC's layout */
export async function findSourceFiles(paths: readonly string[]): Promise<FoundFile[]> {
  const found = new Map<string, FoundFile>();
  for (const path of paths) {
    const before = found.size;
    const root = resolve(path);
    const info = await Deno.stat(root).catch((cause) => {
      throw unknown(
        path,
        cause instanceof Deno.errors.NotFound ? "there is nothing" : "it cannot be read",
        cause,
      );
    });
    if (info.isFile) addFile(found, root, { root: null, sizeBytes: info.size });
    else await addFolder(found, root, { root, depth: 0 });
    if (
      found.size === before && ![...found.keys()].some((file) => file === root || file.startsWith(root + sep))
    ) {
      throw unknown(path, info.isFile ? "it is no file of SEC's layout" : "no file in it is of SEC's layout");
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

async function addFolder(
  found: Map<string, FoundFile>,
  folder: string,
  { root, depth }: { root: string; depth: number },
): Promise<void> {
  if (depth > maximumDepth) return;
  for await (const entry of Deno.readDir(folder)) {
    const file = join(folder, entry.name);
    // Links could lead out of the folder, or around in it.
    if (entry.isSymlink || entry.name.startsWith(".")) continue;
    if (entry.isDirectory) await addFolder(found, file, { root, depth: depth + 1 });
    else if (entry.isFile && sourceKindOf(file) !== null) {
      addFile(found, file, { root, sizeBytes: (await Deno.stat(file)).size });
    }
    if (found.size > maximumFiles) throw unknown(root, `it holds more than ${maximumFiles} files`);
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

/** Folders with states in the order of their names, and what lies in no such folder last: it is the newest. */
function compareFiles(a: FoundFile, b: FoundFile): number {
  const [folderA, folderB] = [stateOf(a), stateOf(b)];
  if (folderA !== folderB) return folderA === "" ? 1 : folderB === "" ? -1 : folderA < folderB ? -1 : 1;
  const order = phases.indexOf(phaseOf(a.kind)) - phases.indexOf(phaseOf(b.kind));
  if (order !== 0) return order;
  // A company's own file names it before its older pages. Of the two lists of tickers the whole one has the last word.
  const rank = (kind: SourceKind) => kind === "submissions_page" || kind === "company_tickers" ? 1 : 0;
  return rank(a.kind) - rank(b.kind) || (a.path < b.path ? -1 : 1);
}

/** The folders before SEC's layout. */
export function stateOf({ path }: { path: string }): string {
  return path.slice(0, -secPathOf(path).length);
}

function unknown(path: string, why: string, cause?: unknown): SqlwrightError {
  return new SqlwrightError("edgar.path_unknown", `Cannot load "${path}": ${why}`, {
    details: { path },
    hint:
      "Give files or folders laid out like SEC's addresses, such as api/xbrl/companyfacts/CIK0000320193.json",
    cause,
  });
}
