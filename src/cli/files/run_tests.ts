/**
 * `test`: every `@example` of the query files and every SQL test, each in a transaction that is rolled back.
 * One line a test, the differences below those that fail, and JUnit XML for CI.
 */

import { relative, resolve } from "node:path";
import { BrokenFilesError, checkFiles } from "../../app.ts";
import { type Config, queryFoldersOf } from "../../config.ts";
import { SqlwrightError } from "../../errors.ts";
import { compareText, type Diagnostic, didYouMean } from "../../query/diagnostic.ts";
import { loadParser } from "../../query/parser/libpg_query.ts";
import { parseSqlTests, type SqlTestFile } from "../../sql_tests/parse.ts";
import type { Catalog, Tool } from "../../tool/model.ts";
import { runExample, runSqlTest, type TestBench, type TestFailure } from "../../sql_tests/run.ts";
import {
  formatCount,
  formatDiagnostics,
  formatDuration,
  paintFor,
  print,
  printJson,
  showControls,
  shownPlace,
  tell,
  UsageError,
  widthOf,
} from "../console/console.ts";
import { silentLog } from "../../log.ts";
import { withDatabase, withPools } from "../database.ts";
import { type ProjectOptions, readSettings } from "../environment.ts";
import { type TestOutcome, writeJUnit } from "./junit.ts";
import { cut } from "../console/table.ts";

export interface TestOptions extends ProjectOptions {
  /** The folder of SQL tests. */
  tests?: string | undefined;
  filter?: string | undefined;
  junit?: string | undefined;
  json?: boolean | undefined;
}

interface PlannedTest {
  suite: string;
  name: string;
  line: number;
  run: (bench: TestBench) => Promise<TestFailure[]>;
}

interface TestReport extends PlannedTest {
  time_ms: number;
  failures: TestFailure[];
}

/** @returns 1 when a test failed or a file is broken */
export async function runTest(paths: readonly string[], options: TestOptions): Promise<number> {
  const started_ms = performance.now();
  const config = readSettings(options);
  const matches = readFilter(options.filter);
  await loadParser();
  const directory = shownPlace(options.tests ?? config.project?.testsDirectory ?? "tests");
  const files = await readTestFiles(directory, { isRequired: options.tests !== undefined });
  return await withDatabase(
    config,
    ({ config }) =>
      withPools(config, async ({ writer }) => {
        const checked = await checkFiles(config, writer);
        const known = planTests(checked.catalog, files, { config, directory });
        const broken = files.filter(({ diagnostics }) => diagnostics.length > 0);
        const queries = shownPlace(config.SQLWRIGHT_SQL_DIR);
        const errors = checked.diagnostics.filter(({ severity, path }) =>
          severity === "error" && isSelected(joined(queries, path), paths)
        );
        // A broken file has no test that could run, and is not one that is not there.
        const left = paths.filter((path) =>
          known.some(({ suite }) => isIn(suite, path)) ||
          !errors.some((found) => isIn(joined(queries, found.path), path))
        );
        if (paths.length > 0 && left.length === 0) {
          throw new BrokenFilesError({ ...checked, diagnostics: errors });
        }
        const wanted = selectTests(known, broken, left, directory);
        const planned = wanted.tests.filter(({ suite, name }) => matches(`${suite} ${name}`));
        if (planned.length === 0 && wanted.broken.length === 0 && errors.length > 0) {
          throw new BrokenFilesError({ ...checked, diagnostics: errors });
        }
        if (planned.length === 0 && wanted.broken.length === 0) {
          throw new UsageError(
            "no test was selected",
            options.filter === undefined
              ? "Write an @example into a query file, or a SQL test: see docs/sql-tests.md"
              : "--filter is a part of the file's path or of the test's name, or /a regular expression/",
          );
        }
        const brokenQueries = new Set(errors.map(({ path }) => path)).size;
        if (errors.length > 0) {
          const options = { stream: "stderr" as const, directory: queries };
          tell(`${formatDiagnostics(errors, checked.sources, options)}\n`);
        }
        const bench: TestBench = {
          pool: writer,
          executor: {
            catalog: () => checked.catalog,
            sessionTimeout_ms: config.SQLWRIGHT_TIMEOUT,
            cursorSecret: crypto.getRandomValues(new Uint8Array(32)),
            sources: () => ({ kind: "folder", directory: config.SQLWRIGHT_SOURCE_DIR }),
            log: silentLog,
          },
        };
        const reports = await runAll(bench, planned, options.json ?? false);
        if (options.junit !== undefined) {
          await writeReport(options.junit, reports, wanted.broken, directory);
        }
        const failed = reports.filter(({ failures }) => failures.length > 0).length;
        const summary: Summary = {
          passed: reports.length - failed,
          failed,
          left_out: known.length - reports.length,
          elapsed_ms: performance.now() - started_ms,
        };
        if (options.json) printJson(toJson(reports, wanted.broken, summary));
        else tellSummary(summary, wanted.broken, directory);
        if (errors.length > 0) {
          tell(
            `${paintFor("stderr")("red", "✗")} ${formatCount(brokenQueries, "broken query file")}: ` +
              "the examples in them did not run",
          );
        }
        return failed > 0 || wanted.broken.length > 0 || errors.length > 0 ? 1 : 0;
      }),
  );
}

/** A part of the path or name in any case, or `/regular expression/`. */
function readFilter(text: string | undefined): (name: string) => boolean {
  if (text === undefined) return () => true;
  const pattern = /^\/(.+)\/$/s.exec(text)?.[1];
  if (pattern === undefined) return (name) => name.toLowerCase().includes(text.toLowerCase());
  try {
    const expression = new RegExp(pattern, "iu");
    return (name) => expression.test(name);
  } catch (error) {
    throw new UsageError(`--filter is no regular expression: ${(error as Error).message}`);
  }
}

async function readTestFiles(
  directory: string,
  { isRequired }: { isRequired: boolean },
): Promise<SqlTestFile[]> {
  const files: SqlTestFile[] = [];
  const walk = async (folder: string, depth: number): Promise<void> => {
    if (depth > 16) return;
    for await (const entry of Deno.readDir(`${directory}/${folder}`)) {
      if (entry.name.startsWith(".") || entry.name.startsWith("_")) continue;
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory) await walk(path, depth + 1);
      else if (entry.name.endsWith(".sql")) {
        files.push(parseSqlTests(path, await Deno.readFile(`${directory}/${path}`)));
      }
    }
  };
  try {
    await walk("", 0);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    if (isRequired) throw new UsageError(`there is no folder "${directory}"`, "Name the folder of SQL tests");
  }
  return files.sort((one, other) => compareText(one.path, other.path));
}

/** In the order of paths, then of the file. */
function planTests(
  { tools }: Catalog,
  files: readonly SqlTestFile[],
  { config, directory }: { config: Config; directory: string },
): PlannedTest[] {
  // What comes with sqlwright is tested behind what the project has made.
  const builtIn = Object.keys(queryFoldersOf(config).builtIn);
  const isShipped = ({ module }: Tool) => builtIn.includes(module);
  const all = [...tools.values()];
  const ordered = [...all.filter((tool) => !isShipped(tool)), ...all.filter(isShipped)];
  const examples = ordered.flatMap(({ name: tool, query: { parsed } }) =>
    parsed.header.examples.map((example): PlannedTest => ({
      suite: joined(shownPlace(config.SQLWRIGHT_SQL_DIR), parsed.path),
      name: `@example ${example.name}`,
      line: example.place.line,
      run: (bench) => runExample(bench, tool, example),
    }))
  );
  const tests = files.filter(({ diagnostics }) => diagnostics.length === 0).flatMap((file) =>
    file.tests.map((test): PlannedTest => ({
      suite: joined(directory, file.path),
      name: test.name,
      line: test.place.line,
      run: (bench) => runSqlTest(bench, file, test),
    }))
  );
  return [...examples, ...tests];
}

const joined = (directory: string, path: string) => `${directory.replace(/[\\/]+$/, "")}/${path}`;

const here = (path: string) => relative(Deno.cwd(), resolve(path)).replaceAll("\\", "/");

function isIn(suite: string, path: string): boolean {
  const [own, wanted] = [here(suite), here(path)];
  return wanted === "" || own === wanted || own === `${wanted}.sql` || own.startsWith(`${wanted}/`);
}

const isSelected = (suite: string, paths: readonly string[]) =>
  paths.length === 0 || paths.some((path) => isIn(suite, path));

/** Those of the named files and folders, or all. */
function selectTests(
  tests: readonly PlannedTest[],
  broken: readonly SqlTestFile[],
  paths: readonly string[],
  directory: string,
): { tests: PlannedTest[]; broken: SqlTestFile[] } {
  if (paths.length === 0) return { tests: [...tests], broken: [...broken] };
  const suites = [...tests.map(({ suite }) => suite), ...broken.map(({ path }) => joined(directory, path))];
  for (const path of paths) {
    if (suites.some((suite) => isIn(suite, path))) continue;
    throw new UsageError(
      `there is no test in "${path}"`,
      didYouMean(here(path), suites.map(here)) ??
        `Name query files with @example, or SQL tests in ${directory}`,
    );
  }
  const isWanted = (suite: string) => paths.some((path) => isIn(suite, path));
  return {
    tests: tests.filter(({ suite }) => isWanted(suite)),
    broken: broken.filter(({ path }) => isWanted(joined(directory, path))),
  };
}

async function runAll(
  bench: TestBench,
  planned: readonly PlannedTest[],
  isSilent: boolean,
): Promise<TestReport[]> {
  const reports: TestReport[] = [];
  let suite = "";
  for (const test of planned) {
    const started_ms = performance.now();
    const failures = await test.run(bench).catch((error) => {
      if (error instanceof SqlwrightError && /^database\.(failed)$/.test(error.code)) {
        return [lost(test, error)];
      }
      throw error;
    });
    const report = { ...test, failures, time_ms: performance.now() - started_ms };
    reports.push(report);
    if (isSilent) continue;
    if (test.suite !== suite) print(`${suite === "" ? "" : "\n"}${paintFor("stdout")("bold", test.suite)}`);
    suite = test.suite;
    print(formatTest(report));
  }
  return reports;
}

/** The server refused the test's transaction itself. */
function lost({ line }: PlannedTest, error: SqlwrightError): TestFailure {
  return {
    step: "transaction",
    place: { line, column: 1 },
    path: null,
    expected: "no error",
    found: `error ${error.code}: ${error.message}`,
  };
}

function formatTest({ suite, name, failures, time_ms }: TestReport): string {
  const paint = paintFor("stdout");
  const duration = formatDuration(time_ms);
  const time = paint("dim", duration);
  const shown = cut(showControls(name), Math.max(20, widthOf("stdout") - duration.length - 6));
  if (failures.length === 0) return `  ${paint("green", "✓")} ${shown}  ${time}`;
  return [
    `  ${paint("red", "✗")} ${paint("bold", shown)}  ${time}`,
    ...failures.flatMap((failure) => {
      const { step, place, path, expected, found } = failure;
      const at = path === null ? "" : `, ${path}`;
      return [
        `      ${showControls(step)}${at}  ${paint("dim", `${suite}:${place.line}:${place.column}`)}`,
        drawn(paint("green", "expected"), expected),
        drawn(paint("red", "found   "), found),
      ];
    }),
  ].join("\n");
}

/** Lines of text beside their label, each at the same column. */
function drawn(label: string, text: string): string {
  return text.split("\n").map((line, index) =>
    `        ${index === 0 ? label : "        "}  ${showControls(line)}`
  ).join("\n");
}

interface Summary {
  passed: number;
  failed: number;
  left_out: number;
  elapsed_ms: number;
}

function tellSummary(
  { passed, failed, left_out, elapsed_ms }: Summary,
  broken: readonly SqlTestFile[],
  directory: string,
): void {
  if (broken.length > 0) {
    print("\n" + drawDiagnostics(broken, directory));
  }
  const paint = paintFor("stdout");
  const isOk = failed === 0 && broken.length === 0;
  const parts = [
    `${passed.toLocaleString("en-US")} passed`,
    failed > 0 ? paint("red", `${failed} failed`) : `${failed} failed`,
    ...(broken.length > 0 ? [paint("red", formatCount(broken.length, "broken test file"))] : []),
    ...(left_out > 0 ? [`${left_out} left out`] : []),
  ];
  print(
    `\n${isOk ? paint("green", "✓") : paint("red", "✗")} ${parts.join(", ")} ${
      paint("dim", `in ${formatDuration(elapsed_ms)}`)
    }`,
  );
}

function drawDiagnostics(broken: readonly SqlTestFile[], directory: string): string {
  const sources = new Map(broken.map(({ path, source }) => [path, source]));
  return formatDiagnostics(broken.flatMap(({ diagnostics }) => diagnostics), sources, {
    stream: "stdout",
    directory,
  });
}

function toJson(reports: readonly TestReport[], broken: readonly SqlTestFile[], summary: Summary): unknown {
  return {
    passed: summary.passed,
    failed: summary.failed,
    tests: reports.map(({ suite, name, line, time_ms, failures }) => ({
      file: suite,
      name,
      line,
      ok: failures.length === 0,
      ms: Math.round(time_ms * 1000) / 1000,
      failures: failures.map(({ step, place, path, expected, found }) => ({
        step,
        line: place.line,
        column: place.column,
        path,
        expected,
        found,
      })),
    })),
    diagnostics: broken.flatMap(({ diagnostics }) => diagnostics),
  };
}

async function writeReport(
  path: string,
  reports: readonly TestReport[],
  broken: readonly SqlTestFile[],
  directory: string,
): Promise<void> {
  const outcomes: TestOutcome[] = [
    ...reports.map(({ suite, name, line, time_ms, failures }): TestOutcome => ({
      suite,
      name,
      line,
      time_ms,
      failure: failures.length === 0 ? null : {
        message: failures.map(oneLine).join("; "),
        text: failures.map((failure) =>
          `${suite}:${failure.place.line}:${failure.place.column}\n${failure.step}${
            failure.path === null ? "" : `, ${failure.path}`
          }\nexpected  ${failure.expected}\nfound     ${failure.found}`
        ).join("\n\n"),
      },
    })),
    ...broken.flatMap(({ path, diagnostics }) =>
      diagnostics.map((found) => toOutcome(path, found, directory))
    ),
  ];
  try {
    await Deno.writeTextFile(path, writeJUnit(outcomes));
  } catch (error) {
    throw new UsageError(
      `cannot write "${path}": ${(error as Error).message}`,
      "Name a file in a folder that exists",
    );
  }
  tell(`Wrote ${path}`);
}

function toOutcome(
  path: string,
  { line, column, code, message }: Diagnostic,
  directory: string,
): TestOutcome {
  const suite = joined(directory, path);
  return {
    suite,
    name: `${code} at ${line}:${column}`,
    line,
    time_ms: 0,
    failure: { message, text: `${suite}:${line}:${column}\n${message}` },
  };
}

const oneLine = ({ path, expected, found }: TestFailure) =>
  `${path === null ? "" : `${path}: `}expected ${expected}, found ${found}`;
