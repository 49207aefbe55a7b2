/** What a run over SEC's files came to: each file, each kind, the whole; and who is told on the way. */

import { phaseOf, phases } from "./files.ts";
import type { LoadQuery } from "../parse/load_step.ts";
import { sourceKindOf } from "../source/source_kind.ts";

/** What became of rows. */
export interface RowCounts {
  rows: number;
  inserted: number;
  updated: number;
  unchanged: number;
  rejected: number;
}

/**
 * What became of one file. The counts are of what the file is about: of company facts the facts, and not the
 * concepts beside them.
 */
export interface FileReport extends RowCounts {
  /** As in the ledger. */
  path: string;
  /** `loaded`; `known`: loaded before with the same content; `missing`: SEC has none; `failed`. */
  outcome: "loaded" | "known" | "missing" | "failed";
  /** The counts of each query file that took rows. */
  queries: Partial<Record<LoadQuery, RowCounts>>;
  sizeBytes: number;
  /** It lies in an archive, whose bytes are counted. */
  isMember: boolean;
  seconds: number;
  /** Of a failed file. */
  failure: { code: string; message: string } | null;
}

/** What all files of a run came to, whole and by kind. */
export interface LoadSummary extends KindSummary {
  /** Of all query files, also of those that a file is not about: 0 when the run changed nothing. */
  changes: number;
  kinds: (KindSummary & { kind: string })[];
  failures: { path: string; code: string; message: string }[];
}

export interface KindSummary extends RowCounts {
  files: number;
  loaded: number;
  known: number;
  missing: number;
  failed: number;
  /** In which at least one of its files was on its way. */
  seconds: number;
}

/** Told how far a run is. */
export interface LoadListener {
  /** More files are to come; 0 bytes where nobody knows, and of members, whose bytes are their archive's. */
  expected?(files: number, bytes: number): void;
  started?(path: string, sizeBytes: number, isMember?: boolean): void;
  /** Bytes of the file that SEC sent so far. */
  received?(path: string, bytes: number, total: number | null): void;
  /**
   * Rows of the file that were sent so far, and which part of its load that is; null when nobody knows. When
   * all are sent, they are merged.
   */
  advanced?(path: string, rows: number, fraction: number | null, isSent?: boolean): void;
  finished?(report: FileReport): void;
  /** Something worth a line. */
  noted?(text: string): void;
}

export const noRows: RowCounts = { rows: 0, inserted: 0, updated: 0, unchanged: 0, rejected: 0 };

/** A file's report with its times, in ms of one clock. */
export interface TimedReport {
  report: FileReport;
  started_ms: number;
  ended_ms: number;
}

/** What stands beside what a file is about: a company's name, the labels of concepts. */
export const besides: readonly LoadQuery[] = ["add_companies", "load_companies", "load_concepts"];

/** The counts of what a file is about. */
export function mainCounts(queries: FileReport["queries"]): RowCounts {
  const all = Object.entries(queries) as [LoadQuery, RowCounts][];
  const main = all.filter(([query]) => !besides.includes(query));
  return (main.length > 0 ? main : all).reduce((sum, [, counts]) => addRows(sum, counts), noRows);
}

export function addRows(a: RowCounts, b: RowCounts): RowCounts {
  return {
    rows: a.rows + b.rows,
    inserted: a.inserted + b.inserted,
    updated: a.updated + b.updated,
    unchanged: a.unchanged + b.unchanged,
    rejected: a.rejected + b.rejected,
  };
}

export function summaryOf(reports: readonly TimedReport[], seconds: number): LoadSummary {
  const kinds = [...Map.groupBy(reports, ({ report }) => kindName(report.path))]
    .map(([kind, those]) => ({ kind, ...sumOf(those), seconds: spanOf(those) }))
    .toSorted((a, b) => phases.indexOf(phaseNamed(a.kind)) - phases.indexOf(phaseNamed(b.kind)));
  const changes = reports.flatMap(({ report }) => Object.values(report.queries))
    .reduce((sum, { inserted, updated }) => sum + inserted + updated, 0);
  return {
    ...sumOf(reports),
    seconds: rounded(seconds),
    changes,
    kinds,
    failures: reports.filter(({ report }) => report.failure !== null)
      .map(({ report: { path, failure } }) => ({ path, ...failure! })),
  };
}

function sumOf(reports: readonly TimedReport[]): Omit<KindSummary, "seconds"> {
  const countOf = (outcome: FileReport["outcome"]) =>
    reports.filter(({ report }) => report.outcome === outcome).length;
  return {
    files: reports.length,
    loaded: countOf("loaded"),
    known: countOf("known"),
    missing: countOf("missing"),
    failed: countOf("failed"),
    ...reports.reduce((sum, { report }) => addRows(sum, report), noRows),
  };
}

/** The time in which at least one of the files was on its way. */
function spanOf(reports: readonly TimedReport[]): number {
  let sum_ms = 0;
  let until_ms = -Infinity;
  for (const { started_ms, ended_ms } of reports.toSorted((a, b) => a.started_ms - b.started_ms)) {
    sum_ms += Math.max(0, ended_ms - Math.max(started_ms, until_ms));
    until_ms = Math.max(until_ms, ended_ms);
  }
  return rounded(sum_ms / 1000);
}

const rounded = (seconds: number) => Math.round(seconds * 1000) / 1000;

const phaseNamed = (kind: string) => phases.find((phase) => phase.replace("_", " ") === kind) ?? "filings";

/** Kinds by what a person calls them. */
export function kindName(path: string): string {
  const kind = sourceKindOf(path);
  return kind === null ? "other" : phaseOf(kind).replace("_", " ");
}
