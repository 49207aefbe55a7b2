/**
 * What a reload finds of each query file, and how the whole is told: the shapes of the resource
 * `sqlwright://status`. Pure.
 */

import { createHash } from "node:crypto";
import { type ErrorReport, errorReport } from "../errors.ts";
import type { Diagnostic } from "../query/diagnostic.ts";
import type { ParsedQuery } from "../query/model.ts";
import type { Catalog, Tool } from "../tool/model.ts";

/** What is served, since when, and what stands against the files as they lie there. */
export interface CatalogStatus {
  /** ISO 8601; when the present catalogue began to serve. */
  serving_since: string;
  /** Of all that a client sees and all that is run: the same in every process that serves the same tools. */
  fingerprint: string;
  tools: number;
  reload: "watch" | "off";
  files: FileStatus[];
  /** Null before the first; one that finds no change does not take the place of an earlier one. */
  last_reload: ReloadReport | null;
}

export interface FileStatus {
  path: string;
  state: "ok" | "broken";
  /**
   * `last good`: the file as it was before it, or its module, broke. Null for what is no query file, such as
   * `_module.sql`.
   */
  serves: "present" | "last good" | "nothing" | null;
  diagnostics: Omit<Diagnostic, "path">[];
}

export interface ReloadReport {
  /** ISO 8601. */
  at: string;
  /** `kept`: what has changed cannot be served, and the catalogue is the one before. */
  outcome: "swapped" | "unchanged" | "kept";
  duration_ms: number;
  /** Names of tools. */
  added: string[];
  changed: string[];
  removed: string[];
  /** Why the whole reload failed. */
  error: ErrorReport | null;
}

/** What is known of one file. */
export interface FileState {
  /** The query as it lies there; null when its text is wrong or its module is held. */
  query: ParsedQuery | null;
  /** The last tool that was right. */
  tool: Tool | null;
  /** What the database had to say of that tool. No errors. */
  notes: readonly Diagnostic[];
  /** Of the file as it lies there. */
  diagnostics: readonly Diagnostic[];
  /** The text is right, and the database refuses it: a migration may change that. */
  isRefused: boolean;
}

export const isError = ({ severity }: Diagnostic): boolean => severity === "error";
export const isBroken = ({ diagnostics }: FileState): boolean => diagnostics.some(isError);

/** True when the tool of the state is that of its query, and not of an earlier one. */
export function servesPresent({ query, tool }: FileState): boolean {
  return query !== null && tool !== null && meansTheSame(tool.query.parsed, query);
}

/** The same text under the same defaults of its module. */
export function meansTheSame(one: ParsedQuery, other: ParsedQuery): boolean {
  return one === other ||
    (one.hash === other.hash && JSON.stringify(one.header) === JSON.stringify(other.header));
}

export function fileStatusOf(path: string, state: FileState): FileStatus {
  return {
    path,
    state: isBroken(state) ? "broken" : "ok",
    serves: servesOf(path, state),
    diagnostics: state.diagnostics.map(({ code, severity, line, column, message, hint }) => ({
      code,
      severity,
      line,
      column,
      message,
      hint,
    })),
  };
}

export function servesOf(path: string, state: FileState): FileStatus["serves"] {
  if (!isQueryPath(path)) return null;
  if (state.tool === null) return "nothing";
  return servesPresent(state) ? "present" : "last good";
}

/** What changed from one catalogue to the next; `failure` is null when the reload went through. */
export function reportOf(
  before: Catalog,
  after: Catalog,
  { failure, hasNews, began_ms }: { failure: unknown; hasNews: boolean; began_ms: number },
): ReloadReport {
  const names = (tools: Iterable<Tool>, isWanted: (tool: Tool) => boolean) =>
    [...tools].filter(isWanted).map(({ name }) => name);
  const isKept = failure !== null || hasNews;
  return {
    at: new Date().toISOString(),
    outcome: before !== after ? "swapped" : isKept ? "kept" : "unchanged",
    duration_ms: Math.round((performance.now() - began_ms) * 10) / 10,
    added: names(after.tools.values(), ({ name }) => !before.tools.has(name)),
    changed: names(after.tools.values(), (tool) => (before.tools.get(tool.name) ?? tool) !== tool),
    removed: names(before.tools.values(), ({ name }) => !after.tools.has(name)),
    error: failure === null ? null : errorReport(failure),
  };
}

export function fingerprintOf({ tools, modules }: Catalog): string {
  const hash = createHash("sha256").update(JSON.stringify(modules));
  for (const tool of tools.values()) {
    const { name, title, description, inputSchema, outputSchema, annotations, limits, query } = tool;
    const { hash: text, header } = query.parsed;
    hash.update(
      JSON.stringify([
        name,
        title,
        description,
        inputSchema,
        outputSchema,
        annotations,
        limits,
        text,
        header,
      ]),
    );
  }
  return hash.digest("hex");
}

/** `<module>/<name>.sql`. */
function isQueryPath(path: string): boolean {
  return path.includes("/") && path.endsWith(".sql") && !path.endsWith("/_module.sql");
}
