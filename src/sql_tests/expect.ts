/**
 * Whether an answer is what an `@example` or a SQL test expects, and if not, every place where it differs.
 * Pure.
 */

import type { Expectation } from "./parse.ts";
import type { ToolResult } from "../tool/model.ts";
import { isSeqScan, nameOf, nodesOf, type Plan } from "../plan/read.ts";

export interface Difference {
  /** Where in the answer, such as `rows[0].cik`; null for the whole. */
  path: string | null;
  expected: string;
  found: string;
}

/** insufficient_privilege, and a write in a read-only transaction. */
const denials = new Set(["42501", "25006"]);
const mostDifferences = 20;

export function isAboutPlan({ kind }: Expectation): boolean {
  return kind.startsWith("plan");
}

/** What a call answered against what is expected; empty when it holds. */
export function compareAnswer(expect: Expectation, { structured, isError }: ToolResult): Difference[] {
  if (isError) return compareError(expect, structured.error as ErrorAnswer);
  switch (expect.kind) {
    case "denied":
    case "error":
      return [whole(describeExpectation(expect), `no error: ${shown(structured)}`)];
    case "rows":
      return Array.isArray(structured.rows)
        ? compareRows(expect, structured.rows.length)
        : [whole(describeExpectation(expect), `an answer without rows: ${shown(structured)}`)];
    case "affected":
      return structured.affected === expect.count
        ? []
        : [whole(describeExpectation(expect), `affected = ${shown(structured.affected)}`)];
    case "null": {
      const answer = [structured.row, structured.value, structured.report].find((each) => each !== undefined);
      return answer === null ? [] : [whole("null", shown(answer))];
    }
    case "subset": {
      const differences: Difference[] = [];
      compareSubset(expect.value, structured, "", differences);
      return differences.slice(0, mostDifferences);
    }
    case "plan-index":
    case "plan-without-seq-scan":
    case "plan-cost":
      throw new TypeError(`an answer has no ${expect.kind}`);
    default:
      throw new TypeError(`unknown expectation: ${expect satisfies never}`);
  }
}

export interface ErrorAnswer {
  code: string;
  message: string;
  details?: Record<string, unknown>;
}

/** An error against what is expected: `error`, its SQLSTATE or its code. */
export function compareError(expect: Expectation, { code, message, details }: ErrorAnswer): Difference[] {
  const sqlstate = typeof details?.sqlstate === "string" ? details.sqlstate : null;
  const isExpected = expect.kind === "error"
    ? expect.code === null || expect.code === code || expect.code === sqlstate
    : expect.kind === "denied" && (sqlstate === null ? code === "database.refused" : denials.has(sqlstate));
  if (isExpected) return [];
  const names = sqlstate === null ? code : `${code}, ${sqlstate}`;
  return [whole(describeExpectation(expect), `error ${names}: ${message}`)];
}

export function compareRows(expect: Extract<Expectation, { kind: "rows" }>, count: number): Difference[] {
  const holds = expect.operator === "=" ? count === expect.count : count >= expect.count;
  return holds ? [] : [whole(describeExpectation(expect), `rows = ${count}`)];
}

/** @param plans of all statements of the call */
export function comparePlans(expect: Expectation, plans: readonly Plan[]): Difference[] {
  const nodes = plans.flatMap(({ root }) => [...nodesOf(root)]);
  const scans = nodes.filter(({ relation }) => relation !== null).map(nameOf).join("\n");
  const found = plans.length === 0 ? "no plan" : scans || nodes.map(nameOf).join("\n");
  switch (expect.kind) {
    case "plan-index":
      return nodes.some(({ index }) => index === expect.index)
        ? []
        : [whole(describeExpectation(expect), found)];
    case "plan-without-seq-scan": {
      const bad = nodes.filter((node) =>
        isSeqScan(node) && (expect.relation === null || node.relation === expect.relation)
      );
      if (plans.length > 0 && bad.length === 0) return [];
      return [whole(describeExpectation(expect), bad.map(nameOf).join("\n") || found)];
    }
    case "plan-cost": {
      const cost = Math.max(0, ...plans.map(({ root }) => root.totalCost));
      return plans.length > 0 && cost < expect.below
        ? []
        : [whole(describeExpectation(expect), `cost ${cost}\n${found}`)];
    }
    default:
      throw new TypeError(`a plan has no ${expect.kind}`);
  }
}

/** As it is written. */
export function describeExpectation(expect: Expectation): string {
  switch (expect.kind) {
    case "rows":
      return `rows ${expect.operator} ${expect.count}`;
    case "affected":
      return `affected = ${expect.count}`;
    case "null":
    case "denied":
      return expect.kind;
    case "error":
      return expect.code === null ? "error" : `error ${expect.code}`;
    case "subset":
      return shown(expect.value);
    case "plan-index":
      return `plan uses index ${expect.index}`;
    case "plan-without-seq-scan":
      return `plan without seq scan${expect.relation === null ? "" : ` on ${expect.relation}`}`;
    case "plan-cost":
      return `plan cost < ${expect.below}`;
    default:
      throw new TypeError(`unknown expectation: ${expect satisfies never}`);
  }
}

/** Fields and elements may be more; elements are compared in order; a number is its JSON text. */
function compareSubset(expected: unknown, found: unknown, path: string, differences: Difference[]): void {
  if (typeof expected !== "object" || expected === null) {
    if (expected !== found) differences.push(at(path, expected, found));
    return;
  }
  const isList = Array.isArray(expected);
  if (typeof found !== "object" || found === null || Array.isArray(found) !== isList) {
    differences.push(at(path, expected, found));
    return;
  }
  if (isList && expected.length === 0 && (found as unknown[]).length > 0) {
    differences.push(at(path, expected, found));
    return;
  }
  for (const [key, value] of Object.entries(expected)) {
    const inner = isList ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`;
    const own = Object.hasOwn(found, key) ? (found as Record<string, unknown>)[key] : undefined;
    compareSubset(value, own, inner, differences);
  }
}

const at = (path: string, expected: unknown, found: unknown): Difference => ({
  path: path === "" ? null : path,
  expected: shown(expected),
  found: found === undefined ? "nothing" : shown(found),
});

const whole = (expected: string, found: string): Difference => ({ path: null, expected, found });

const mostCharacters = 400;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length <= mostCharacters ? text : `${text.slice(0, mostCharacters)}…`;
}
