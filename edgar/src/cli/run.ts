/**
 * How far a run over SEC's files is, counted from what its listener is told: files, bytes, rows, and the part
 * of each file on its way.
 */

import type { FileReport } from "../load/load_report.ts";

/** What is known of the run. */
export interface RunState {
  /** That are through. */
  files: number;
  expectedFiles: number;
  /** Of these two, those that lie in archives, of which nobody knows how many will come. */
  members: number;
  expectedMembers: number;
  /** Parts of files that are on their way, added up without members: 1.5 are one and a half. */
  openFiles: number;
  /** That were read, also of files on their way. */
  bytes: number;
  /** Of these, those of files that were skipped, which took no time. */
  skippedBytes: number;
  /** 0 where nobody knows: from SEC. */
  expectedBytes: number;
  rows: number;
  rejected: number;
  failed: number;
  elapsed_s: number;
}

/** What is known of a file on its way. */
export interface FileState {
  path: string;
  sizeBytes: number;
  /** It lies in an archive, whose bytes are counted. */
  isMember: boolean;
  rows: number;
  /** 0 to 1; null when nobody knows. */
  fraction: number | null;
  /** All rows are sent, and are merged. */
  isSent: boolean;
  /** Bytes that came from SEC, before the file is loaded; `from` where an earlier run had come to. */
  received: { bytes: number; from: number; total: number | null } | null;
  /** Since it is received, or loaded. */
  elapsed_s: number;
}

/**
 * Merging tells nothing on its way. It takes about as long as sending; a bar that is there before its file
 * says so.
 */
const longestMerged = 0.95;

class OpenFile implements FileState {
  rows = 0;
  isSent = false;
  received: FileState["received"] = null;
  #fraction: number | null = null;
  #began_ms = performance.now();
  #sent_ms = 0;

  constructor(readonly path: string, public sizeBytes: number, readonly isMember: boolean) {}

  get elapsed_s(): number {
    return (performance.now() - this.#began_ms) / 1000;
  }

  get fraction(): number | null {
    if (this.#fraction === null || !this.isSent) return this.#fraction;
    const merged = (performance.now() - this.#sent_ms) / Math.max(1, this.#sent_ms - this.#began_ms);
    return this.#fraction + (1 - this.#fraction) * Math.min(merged, longestMerged);
  }

  begin(sizeBytes: number): void {
    this.sizeBytes = sizeBytes;
    this.#began_ms = performance.now();
  }

  advance(rows: number, fraction: number | null, isSent: boolean): void {
    if (isSent && !this.isSent) this.#sent_ms = performance.now();
    Object.assign(this, { rows, isSent, received: null });
    this.#fraction = fraction;
  }
}

/** Counts what the listener is told. */
export class Run {
  readonly open = new Map<string, OpenFile>();
  readonly #started_ms = performance.now();
  #files = 0;
  #expectedFiles = 0;
  #members = 0;
  #expectedMembers = 0;
  #bytes = 0;
  #skippedBytes = 0;
  #expectedBytes = 0;
  #rows = 0;
  #rejected = 0;
  #failed = 0;

  expect(files: number, bytes: number): void {
    this.#expectedFiles += files;
    this.#expectedBytes += bytes;
  }

  start(path: string, sizeBytes = 0, isMember = false): OpenFile {
    const known = this.open.get(path);
    if (known !== undefined) {
      // A file of SEC has its size when it is there, and is loaded from then on.
      if (sizeBytes > 0) known.begin(sizeBytes);
      return known;
    }
    const file = new OpenFile(path, sizeBytes, isMember);
    this.#expectedMembers += Number(isMember);
    this.open.set(path, file);
    return file;
  }

  receive(path: string, bytes: number, total: number | null): void {
    const file = this.start(path);
    file.received = { bytes, from: file.received?.from ?? bytes, total };
  }

  advance(path: string, rows: number, fraction: number | null, isSent = false): void {
    this.start(path).advance(rows, fraction, isSent);
  }

  finish(report: FileReport): void {
    this.open.delete(report.path);
    const bytes = report.isMember ? 0 : report.sizeBytes;
    this.#files++;
    this.#members += Number(report.isMember);
    this.#bytes += bytes;
    this.#skippedBytes += report.outcome === "known" ? bytes : 0;
    this.#rows += report.rows;
    this.#rejected += report.rejected;
    this.#failed += Number(report.outcome === "failed");
  }

  get state(): RunState {
    const open = [...this.open.values()];
    const sumOf = (part: (file: FileState) => number) => open.reduce((sum, file) => sum + part(file), 0);
    return {
      files: this.#files,
      expectedFiles: Math.max(this.#expectedFiles, this.#files),
      members: this.#members,
      expectedMembers: this.#expectedMembers,
      openFiles: sumOf(({ isMember, fraction }) => isMember ? 0 : fraction ?? 0),
      bytes: this.#bytes +
        sumOf(({ isMember, sizeBytes, fraction }) => isMember ? 0 : sizeBytes * (fraction ?? 0)),
      skippedBytes: this.#skippedBytes,
      expectedBytes: this.#expectedBytes,
      rows: this.#rows + sumOf(({ rows }) => rows),
      rejected: this.#rejected,
      failed: this.#failed,
      elapsed_s: (performance.now() - this.#started_ms) / 1000,
    };
  }
}
