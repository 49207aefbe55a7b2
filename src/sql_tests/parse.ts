/**
 * Reads SQL tests: plain SQL with a few comment lines that name tests, call tools and say what is expected.
 * docs/sql-tests.md has the format. Like a query file, a test file is held to its grammar at the character:
 * nothing malformed is ignored.
 */

import type { ExampleTag, Place, PlaceAt } from "../query/model.ts";
import { createReport, type Diagnostic, didYouMean, type Report } from "../query/diagnostic.ts";
import { splitStatements, type Token, tokenize } from "../query/lexer.ts";
import { parseSql, SqlSyntaxError } from "../query/parser/libpg_query.ts";
import { decodeSource, indexPlaces } from "../query/source_text.ts";
import { readExpectation } from "../query/header/tag_inputs.ts";
import { unwrap } from "../query/parser/parse_tree.ts";
import { isObject, parseFlow } from "../query/header/yaml_flow.ts";

export interface SqlTestFile {
  path: string;
  /** What stands before the first test: runs at the start of every test. */
  setup: TestStep[];
  tests: SqlTest[];
  diagnostics: Diagnostic[];
  /** For showing diagnostics. */
  source: string;
}

export interface SqlTest {
  name: string;
  place: Place;
  steps: TestStep[];
}

export type TestStep =
  /** Null is the login. */
  | { kind: "role"; role: string | null; place: Place }
  | {
    kind: "call";
    tool: string;
    arguments: Record<string, unknown>;
    expects: ExpectedOutcome[];
    place: Place;
  }
  | {
    kind: "statement";
    text: string;
    expects: ExpectedOutcome[];
    place: Place;
    /** Place in the file of a 0-based code-point offset into `text`. */
    placeAt: (offset: number) => Place;
  };

/** What a step is expected to come to, as written and as read. */
export interface ExpectedOutcome {
  text: string;
  place: Place;
  expect: Expectation;
}

export type Expectation =
  | ExampleTag["expect"]
  | { kind: "denied" }
  | { kind: "plan-index"; index: string }
  /** Without a relation: on none. */
  | { kind: "plan-without-seq-scan"; relation: string | null }
  | { kind: "plan-cost"; below: number };

/** Needs `loadParser` to have been awaited once. Throws nothing for what a file holds. */
export function parseSqlTests(path: string, bytes: Uint8Array): SqlTestFile {
  const diagnostics: Diagnostic[] = [];
  const report = createReport(path, diagnostics);
  const file: SqlTestFile = { path, setup: [], tests: [], diagnostics, source: "" };
  const source = decodeSource(bytes, report);
  if (source === null) return file;
  file.source = source;
  const placeAt = indexPlaces(source);
  const tokens = tokenize(source, 0, placeAt, report);
  const reader: Reader = { file, source, placeAt, report, run: [] };
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index]!;
    if (token.kind !== "comment") {
      reader.run.push(token);
      continue;
    }
    const line = readLine(reader, tokens, index);
    if (line === null) continue;
    index = line.last;
    endRun(reader, line.place);
    readDirective(reader, line);
  }
  endRun(reader, null);
  // In a broken file a test may do nothing because what it does is broken.
  const isRight = diagnostics.length === 0;
  for (const { name, steps, place } of file.tests) {
    if (isRight && steps.every(({ kind }) => kind === "role")) {
      report("tag-value", place, `The test "${name}" does nothing`, "Write SQL or a -- call: below it");
    }
  }
  if (file.tests.length === 0 && diagnostics.length === 0) {
    const hint = "Begin one with: -- test: what must hold";
    report("tag-value", { line: 1, column: 1 }, "The file has no test", hint);
  }
  return file;
}

interface Reader {
  file: SqlTestFile;
  source: string;
  placeAt: PlaceAt;
  report: Report;
  /** Tokens since the last directive. */
  run: Token[];
}

interface DirectiveLine {
  word: Directive;
  place: Place;
  /** A line end stands where a continuation begins. */
  text: string;
  placeOf: (index: number) => Place;
  /** Index of its last token. */
  last: number;
}

const directives = ["test", "call", "expect", "as"] as const;
type Directive = (typeof directives)[number];

/**
 * A comment on a line of its own that says `-- word: …`. Prose is left alone, unless it is nearly a
 * directive.
 */
function readLine(
  { source, placeAt, report }: Reader,
  tokens: readonly Token[],
  index: number,
): DirectiveLine | null {
  const { start, end } = tokens[index]!;
  const match = /^--([^\S\r\n]*)([A-Za-z]+)([^\S\r\n]*):/.exec(source.slice(start, end));
  if (match === null || !startsLine(source, start)) return null;
  const [all, before = "", written = "", after = ""] = match;
  const word = directives.find((known) => known === written);
  const place = placeAt(start + 2 + before.length);
  if (word === undefined || before !== " " || after !== "") {
    const near = word ?? (before.length < 4 ? nearDirective(written) : null);
    if (near !== null) {
      report("unknown-tag", place, `"${all}" is no line of a test`, `Did you mean "-- ${near}: …"?`);
    }
    return null;
  }
  // Pieces of the value with their offsets: the first line, then each line that continues it.
  const pieces: { text: string; offset: number }[] = [];
  const addPiece = (from: number, to: number) => {
    const raw = source.slice(from, to);
    const text = raw.trim();
    pieces.push({ text, offset: from + raw.length - raw.trimStart().length });
  };
  addPiece(start + all.length, end);
  let last = index;
  for (let next = index + 1; next < tokens.length; next++) {
    const token = tokens[next]!;
    const isNextLine = /^[^\S\r\n]*(?:\r\n|\n|\r)[^\S\r\n]*$/.test(
      source.slice(tokens[next - 1]!.end, token.start),
    );
    if (
      token.kind !== "comment" || !isNextLine || !/^-- {4,}\S/.test(source.slice(token.start, token.end))
    ) break;
    addPiece(token.start + 2, token.end);
    last = next;
  }
  const text = pieces.map((piece) => piece.text).join("\n");
  const placeOf = (at: number) => {
    let left = at;
    for (const piece of pieces) {
      if (left <= piece.text.length) return placeAt(piece.offset + left);
      left -= piece.text.length + 1;
    }
    return place;
  };
  return { word, place, text, placeOf, last };
}

function nearDirective(written: string): string | null {
  const near = didYouMean(written, directives);
  return near === null ? null : /"(\w+)"/.exec(near)?.[1] ?? null;
}

function startsLine(source: string, start: number): boolean {
  return /(?:^|[\r\n])[^\S\r\n]*$/.test(source.slice(Math.max(0, start - 200), start));
}

const stepsOf = ({ file }: Reader): TestStep[] => file.tests.at(-1)?.steps ?? file.setup;

function readDirective(reader: Reader, line: DirectiveLine): void {
  const { file, report } = reader;
  const { word, text, place, placeOf } = line;
  const fail = (index: number, message: string, hint?: string) =>
    report("tag-value", placeOf(index), message, hint ?? forms[word]);
  if (text === "") return report("tag-value", place, `"-- ${word}:" says nothing`, forms[word]);
  switch (word) {
    case "test": {
      const name = text.replace(/\s+/g, " ");
      if (file.tests.some((earlier) => earlier.name === name)) {
        report("tag-duplicate", place, `Another test is already called "${name}"`, "Give it its own name");
      }
      file.tests.push({ name, place, steps: [] });
      return;
    }
    case "as": {
      const isQuoted = /^"(?:[^"]|"")+"$/.test(text);
      if (!isQuoted && !/^[a-z_][a-z0-9_$]*$/.test(text)) return fail(0, `"${text}" is not a name of a role`);
      const role = isQuoted ? text.slice(1, -1).replaceAll('""', '"') : text;
      stepsOf(reader).push({ kind: "role", role: role === "none" && !isQuoted ? null : role, place });
      return;
    }
    case "call": {
      const [, tool = "", gap = "", rest = ""] = /^([A-Za-z0-9_-]*)(\s*)([^]*)$/.exec(text) ?? [];
      if (tool === "") return fail(0, "The name of the tool is missing");
      const start = tool.length + gap.length;
      const args = rest === "" ? { value: {} } : parseFlow(rest, start, fail);
      if (args === null) return;
      if (!isObject(args.value)) return fail(start, "The arguments are no {…}");
      stepsOf(reader).push({ kind: "call", tool, arguments: args.value, expects: [], place });
      return;
    }
    case "expect": {
      const step = stepsOf(reader).at(-1);
      if (step === undefined || step.kind === "role") {
        report("tag-misplaced", place, "There is nothing above that this expects something of", forms.expect);
        return;
      }
      const expect = readOutcome(line, fail);
      if (expect === null) return;
      if (step.kind === "statement" && (expect.kind === "subset" || expect.kind === "null")) {
        return fail(
          0,
          "Only a call answers a document",
          "Compare in SQL: a query of one boolean must be true",
        );
      }
      step.expects.push({ text: text.replace(/\s*\n\s*/g, " "), place: placeOf(0), expect });
      return;
    }
    default:
      word satisfies never;
  }
}

const forms: Readonly<Record<Directive, string>> = {
  test: "Write: -- test: what must hold",
  as: "Write: -- as: role_name, or -- as: none for the login",
  call: "Write: -- call: module_tool {name: value}",
  expect: "Put it below a -- call: or a statement",
};

const planForms = "Write: plan uses index name, plan without seq scan [on schema.table], or plan cost < n";

function readOutcome(
  { text, place, placeOf }: DirectiveLine,
  fail: (index: number, message: string, hint?: string) => void,
): Expectation | null {
  if (text === "denied") return { kind: "denied" };
  if (/^plan\b/.test(text)) {
    const words = text.replace(/\s+/g, " ");
    const index = /^plan uses index ([\w$]+)$/.exec(words)?.[1];
    if (index !== undefined) return { kind: "plan-index", index };
    const scan = /^plan without seq scan(?: on ([\w$]+\.[\w$]+))?$/.exec(words);
    if (scan !== null) return { kind: "plan-without-seq-scan", relation: scan[1] ?? null };
    const cost = /^plan cost < (\d+(?:\.\d+)?)$/.exec(words)?.[1];
    if (cost !== undefined) return { kind: "plan-cost", below: Number(cost) };
    fail(0, `"${words}" says nothing of a plan`, planForms);
    return null;
  }
  return readExpectation({
    tag: "expect",
    kind: null,
    moduleDefaults: null,
    place,
    text,
    placeOf,
    fail: (index, message, hint) =>
      fail(
        index,
        message,
        hint?.startsWith("rows >=") === true
          ? `Write ${hint}, denied, or plan …`
          : hint ?? "docs/sql-tests.md has every form",
      ),
    repeat: fail,
    unbuilt: () => {},
  }, 0);
}

/** The statements between two directives. */
function endRun(reader: Reader, next: Place | null): void {
  const { source, placeAt, report, run } = reader;
  reader.run = [];
  const last = run.at(-1);
  if (last === undefined) return;
  const isEnded = source.slice(last.start, last.end) === ";";
  if (!isEnded && next !== null) {
    const message = "The statement above this line does not end";
    report("syntax-error", next, message, "End it with a semicolon");
  }
  for (const statement of splitStatements(source, run, placeAt)) {
    const place = statement.placeAt(0);
    const [parameter] = statement.parameterPlaces;
    if (parameter !== undefined) {
      const message = `:${statement.parameterNames[0]} is a parameter, and a test has none`;
      report("param-misplaced", parameter, message, "Write the value itself");
      continue;
    }
    if (!isRunnable(statement.text, statement.placeAt, report)) continue;
    stepsOf(reader).push({
      kind: "statement",
      text: statement.text,
      expects: [],
      place,
      placeAt: statement.placeAt,
    });
  }
}

/** What would end the test's transaction, or wait for rows from the client, is refused. */
function isRunnable(text: string, placeAt: (offset: number) => Place, report: Report): boolean {
  try {
    const type = unwrap(parseSql(text)[0]?.stmt)?.type;
    if (type === "TransactionStmt") {
      const message = "A test runs in a transaction of its own, which is rolled back";
      report("forbidden", placeAt(0), message, "Leave it out");
      return false;
    }
    if (type === "CopyStmt") {
      report("forbidden", placeAt(0), "A test cannot COPY", "Insert the rows, or call a :copy tool");
      return false;
    }
    return true;
  } catch (error) {
    if (error instanceof SqlSyntaxError) report("syntax-error", placeAt(error.position), error.message);
    else if (error instanceof RangeError || error instanceof WebAssembly.RuntimeError) {
      report("syntax-error", placeAt(0), "This statement is nested too deeply", null);
    } else throw error;
    return false;
  }
}
