/**
 * Runs the `@example`s of query files and SQL tests, each in a transaction of its own that is rolled back. A
 * call goes the tool's whole path: arguments, role, time, ceilings, answer. See `rehearsal.ts`.
 */

import { errorReport, SqlwrightError } from "../errors.ts";
import type { Pool, PoolConnection } from "../postgres/pool.ts";
import type { ExampleTag, Place } from "../query/model.ts";
import type { ExpectedOutcome, SqlTest, SqlTestFile, TestStep } from "./parse.ts";
import { localCaller } from "../tool/caller.ts";
import type { CallContext, ToolResult } from "../tool/model.ts";
import { callerOf, type Executor } from "../call/call_tool.ts";
import {
  compareAnswer,
  compareError,
  comparePlans,
  compareRows,
  describeExpectation,
  type Difference,
  isAboutPlan,
} from "./expect.ts";
import { type ExplainedStatement, explainingSource } from "../plan/explain_call.ts";
import type { Plan } from "../plan/read.ts";
import { errorResult } from "../tool/result.ts";
import { type Rehearsal, withRehearsal } from "./rolled_back.ts";

/** What tests need of an application; sessions of the pool must be able to write. */
export interface TestBench {
  pool: Pool;
  executor: Omit<Executor, "reader" | "writer">;
}

export interface TestFailure extends Difference {
  /** What was run: `call shop_find_order`, `statement`, `example by_ticker`. */
  step: string;
  place: Place;
}

/** Empty when the example holds. */
export async function runExample(
  bench: TestBench,
  tool: string,
  example: ExampleTag,
): Promise<TestFailure[]> {
  const { arguments: args, expect, place } = example;
  return await rehearse(bench, [
    {
      kind: "call",
      tool,
      arguments: args,
      expects: [{ text: describeExpectation(expect), place, expect }],
      place,
    },
  ]);
}

/** Empty when the test holds. It ends at its first step that does not. */
export async function runSqlTest(
  bench: TestBench,
  file: Pick<SqlTestFile, "setup">,
  test: SqlTest,
): Promise<TestFailure[]> {
  return await rehearse(bench, [...file.setup, ...test.steps]);
}

type CallStep = Extract<TestStep, { kind: "call" }>;
type StatementStep = Extract<TestStep, { kind: "statement" }>;

async function rehearse(bench: TestBench, steps: readonly TestStep[]): Promise<TestFailure[]> {
  return await withRehearsal(bench.pool, async (rehearsal) => {
    for (const step of steps) {
      const failures = await runStep(bench, rehearsal, step);
      if (failures.length > 0) return failures;
    }
    return [];
  });
}

async function runStep(bench: TestBench, rehearsal: Rehearsal, step: TestStep): Promise<TestFailure[]> {
  switch (step.kind) {
    case "role":
      try {
        await rehearsal.become(step.role);
        return [];
      } catch (error) {
        return [failed("as", step.place, "the role", describeError(asDatabaseError(error)))];
      }
    case "call":
      return await runCall(bench, rehearsal, step);
    case "statement":
      return await runStatement(rehearsal, step);
    default:
      throw new TypeError(`unknown step: ${step satisfies never}`);
  }
}

async function runCall(bench: TestBench, rehearsal: Rehearsal, step: CallStep): Promise<TestFailure[]> {
  const name = `call ${step.tool}`;
  const ofPlan = step.expects.filter(({ expect }) => isAboutPlan(expect));
  const ofAnswer = step.expects.filter(({ expect }) => !isAboutPlan(expect));
  if (ofPlan.length > 0) {
    const explained: ExplainedStatement[] = [];
    const answer = await answerOf(bench, step, {
      reader: explainingSource(rehearsal.reader, explained, { analyze: false }),
      writer: explainingSource(rehearsal.writer, explained, { analyze: false }),
    });
    if (answer.isError) {
      return [failed(name, ofPlan[0]!.place, ofPlan[0]!.text, describeError(errorOf(answer)))];
    }
    const plans = explained.map(({ plan }) => plan).filter((plan) => plan !== null);
    const failures = differencesOf(name, ofPlan, ({ expect }) => comparePlans(expect, plans));
    if (failures.length > 0) return failures;
  }
  if (ofPlan.length > 0 && ofAnswer.length === 0) return [];
  const answer = await answerOf(bench, step, rehearsal);
  if (ofAnswer.length === 0) {
    return answer.isError ? [failed(name, step.place, "an answer", describeError(errorOf(answer)))] : [];
  }
  return differencesOf(name, ofAnswer, ({ expect }) => compareAnswer(expect, answer));
}

async function answerOf(
  { executor }: TestBench,
  { tool, arguments: args }: CallStep,
  { reader, writer }: Pick<Rehearsal, "reader" | "writer">,
): Promise<ToolResult> {
  const context: CallContext = {
    // The statement's own timeout bounds it.
    signal: new AbortController().signal,
    progress: () => {},
    correlationId: "test",
    caller: localCaller,
  };
  try {
    return await callerOf({ ...executor, reader, writer })(tool, args, context);
  } catch (error) {
    if (error instanceof SqlwrightError) return errorResult(error);
    throw error;
  }
}

interface Answered {
  count: number;
  rows: (string | null)[][];
}

async function runStatement(rehearsal: Rehearsal, step: StatementStep): Promise<TestFailure[]> {
  const name = "statement";
  const ofPlan = step.expects.filter(({ expect }) => isAboutPlan(expect));
  const others = step.expects.filter(({ expect }) => !isAboutPlan(expect));
  const mustFail = others.some(({ expect }) => expect.kind === "error" || expect.kind === "denied");
  try {
    if (ofPlan.length > 0) {
      const plans = await plansOf(rehearsal, step.text);
      const failures = differencesOf(name, ofPlan, ({ expect }) => comparePlans(expect, plans));
      if (failures.length > 0) return failures;
    }
    const { answer, column } = await rehearsal.attempt(async (connection) => ({
      column: step.expects.length > 0 ? "any" : await onlyColumn(connection, step.text),
      answer: await answerSql(connection, step.text),
    }));
    if (column === "wrong") {
      return [failed(
        name,
        step.place,
        "one boolean column, as an assertion has, or an -- expect: below",
        "a query whose answer nobody looks at",
      )];
    }
    if (column === "boolean") return assertTrue(step, answer);
    return differencesOf(name, others, ({ expect }) => {
      switch (expect.kind) {
        case "rows":
          return compareRows(expect, answer.rows.length);
        case "affected":
          return answer.count === expect.count
            ? []
            : [{ path: null, expected: `affected = ${expect.count}`, found: `affected = ${answer.count}` }];
        default:
          return [{ path: null, expected: expect.kind, found: "no error" }];
      }
    });
  } catch (error) {
    const report = asDatabaseError(error);
    if (mustFail) return differencesOf(name, others, ({ expect }) => compareError(expect, report));
    const position = Number(report.details?.position ?? 1);
    return [failed(name, step.placeAt(position - 1), "no error", describeError(report))];
  }
}

async function plansOf(rehearsal: Rehearsal, text: string): Promise<Plan[]> {
  const explained: ExplainedStatement[] = [];
  await rehearsal.attempt(async (connection) => {
    const lender = {
      withConnection: <T>(_signal: unknown, use: (lent: PoolConnection) => Promise<T>) => use(connection),
    };
    await explainingSource(lender, explained, { analyze: false })
      .withConnection(undefined, (explaining) => explaining.execute(text, []));
  });
  return explained.map(({ plan }) => plan).filter((plan) => plan !== null);
}

const booleanOid = 16;
const voidOid = 2278;

/**
 * Of a query with nothing expected: an assertion, a call of a void function, or a query that says nothing.
 */
async function onlyColumn(
  connection: PoolConnection,
  text: string,
): Promise<"boolean" | "any" | "wrong"> {
  if (!/^[\s(]*(?:select|with|values|table)\b/i.test(text)) return "any";
  const { columns } = await connection.describe(text);
  if (columns.length === 0) return "any";
  if (columns.length > 1) return "wrong";
  const { type } = columns[0]!;
  return type === booleanOid ? "boolean" : type === voidOid ? "any" : "wrong";
}

const mostRows = 100_000;

async function answerSql(connection: PoolConnection, text: string): Promise<Answered> {
  const rows: (string | null)[][] = [];
  const { count } = await connection.execute(text, [], {
    isPrepared: false,
    onRow: (row) => {
      if (rows.length >= mostRows) {
        throw new SqlwrightError("result.too_large", `A statement of a test answers over ${mostRows} rows`);
      }
      rows.push(row);
    },
  });
  return { count, rows };
}

function assertTrue(step: StatementStep, { rows }: Answered): TestFailure[] {
  if (rows.length === 0) return [failed("statement", step.place, "true", "no rows")];
  const wrong = rows.find(([value]) => value !== "t");
  if (wrong === undefined) return [];
  return [failed("statement", step.place, "true", wrong[0] === null ? "null" : "false")];
}

function differencesOf(
  step: string,
  expects: readonly ExpectedOutcome[],
  compare: (outcome: ExpectedOutcome) => Difference[],
): TestFailure[] {
  return expects.flatMap((outcome) =>
    compare(outcome).map((difference) => ({ ...difference, step, place: outcome.place }))
  );
}

const failed = (step: string, place: Place, expected: string, found: string): TestFailure => ({
  step,
  place,
  path: null,
  expected,
  found,
});

interface ErrorFields {
  code: string;
  message: string;
  details?: Record<string, unknown>;
}

const errorOf = ({ structured }: ToolResult) => structured.error as ErrorFields;

function asDatabaseError(error: unknown): ErrorFields {
  if (error instanceof SqlwrightError) return errorReport(error);
  throw error;
}

function describeError({ code, message, details }: ErrorFields): string {
  const sqlstate = details?.sqlstate;
  return `error ${code}${typeof sqlstate === "string" ? `, ${sqlstate}` : ""}: ${message}`;
}
