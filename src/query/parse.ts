/**
 * One query file, from its bytes to a `ParsedQuery`: decode, header, lexer, Postgres' own parser, kind,
 * parameters, rules.
 *
 * Pure but for the WASM parser, which `loadParser` of `parser.ts` fetches once. Every stage reports what it
 * finds and the next one goes on with what there is, so that a file's errors are told together.
 */
import { createHash } from "node:crypto";
import type { CopyTarget, Header, ModuleDefaults, ParsedQuery, Place, PlaceAt, Statement } from "./model.ts";
import { parseHeader } from "./header/header.ts";
import { createReport, type Diagnostic, didYouMean, type Report } from "./diagnostic.ts";
import { checkKind, partsOfKind, readCopyTarget } from "./rules/kind.ts";
import { type LexedStatement, splitStatements, type Token, tokenize } from "./lexer.ts";
import { lintQuery, withAllowed } from "./rules/lint.ts";
import { checkBinding, checkParameters, checkReferences, collectParameters } from "./rules/parameters.ts";
import { parseSql, SqlSyntaxError } from "./parser/libpg_query.ts";
import { decodeSource, indexPlaces } from "./source_text.ts";
import { tagRules } from "./header/tags.ts";
import { nestingOf, unwrap } from "./parser/parse_tree.ts";

export interface QueryFile {
  /** Relative to the SQL directory, with forward slashes: `<module>/<name>.sql`. */
  path: string;
  bytes: Uint8Array;
  /** Of the module's `_module.sql`. @default null */
  moduleDefaults?: ModuleDefaults | null;
  /** Tags that are refused for having no effect yet. @default unbuiltTags */
  unbuilt?: ReadonlySet<string>;
}

export interface ParsedFile {
  /** Null when a diagnostic is an error. */
  query: ParsedQuery | null;
  diagnostics: Diagnostic[];
}

/** Deeper trees are refused: what walks them is recursive. */
const maximumNesting = 2000;
const maximumToolName = 64;

/** Needs `loadParser` to have been awaited once. Throws nothing for what a file holds. */
export function parseQuery({ path, bytes, moduleDefaults = null, unbuilt }: QueryFile): ParsedFile {
  const diagnostics: Diagnostic[] = [];
  const report = createReport(path, diagnostics);
  const source = decodeSource(bytes, report);
  if (source === null) return { query: null, diagnostics };
  const placeAt = indexPlaces(source);
  const [module = "", name = ""] = path.replace(/\.sql$/, "").split("/");
  const tool = `${module}_${name}`;

  const options = unbuilt === undefined ? { moduleDefaults } : { moduleDefaults, unbuilt };
  const { header, namePlace, isKindKnown, tags, bodyStart } = parseHeader(source, placeAt, report, options);
  const lint = withAllowed(header, report);
  if (namePlace !== null) {
    checkName({ name, header, namePlace, tool }, report);
    if (header.description === "") {
      lint("description-missing", { line: 1, column: 1 }, "The file does not say what its tool is for");
    }
  }

  const before = diagnostics.length;
  const tokens = tokenize(source, bodyStart, placeAt, report);
  checkComments(source, tokens, placeAt, report);
  const isLexed = !diagnostics.slice(before).some(({ code }) =>
    code === "unterminated" || code === "syntax-error"
  );
  const lexed = splitStatements(source, tokens, placeAt);
  const statements = isLexed ? parseStatements(lexed, diagnostics.slice(before).length === 0, report) : null;
  const parameters = collectParameters(lexed, statements, header);
  if (isLexed) checkParameters({ parameters, header, isKindKnown }, report);

  let copy: CopyTarget | null = null;
  if (statements !== null && isKindKnown) {
    const isForbiddenAllowed = header.allows.some((allow) => allow.rules.includes("forbidden"));
    const endPlace = placeAt(source.length);
    checkKind(header.kind, statements, { kindPlace: header.kindPlace, endPlace, isForbiddenAllowed, report });
    const copies = statements.find((statement) => statement.role === "copy");
    if (copies !== undefined) copy = readCopyTarget(copies, statements, report);
    checkBinding(lexed, statements, report);
    checkReferences(header, parameters, { report, explainCompletion });
    const findWords = (statement: Statement, pattern: RegExp) => {
      const own = lexed[statements.indexOf(statement)];
      return own === undefined ? [] : findTokens(source, own.tokens, pattern, placeAt);
    };
    lintQuery({ kind: header.kind, header, tags, statements, copy, findWords }, lint);
  }
  if (statements === null || diagnostics.some(({ severity }) => severity === "error")) {
    return { query: null, diagnostics };
  }
  const main = statements.find((statement) => statement.role === "main");
  const query: ParsedQuery = {
    path,
    module,
    name,
    tool,
    kind: header.kind,
    source,
    hash: createHash("sha256").update(source).digest("hex"),
    header,
    parameters,
    statements,
    copy,
    ...partsOfKind(header.kind, main),
  };
  return { query, diagnostics };
}

interface NameCheck {
  name: string;
  tool: string;
  header: Header;
  namePlace: Place;
}

function checkName({ name, tool, header, namePlace }: NameCheck, report: Report): void {
  if (header.name !== name) {
    report(
      "name-matches-file",
      namePlace,
      `The header says "${header.name}" and the file is "${name}.sql"`,
      `Write "-- name: ${name} :${header.kind}", or rename the file`,
    );
  }
  if (!/^[A-Za-z0-9_-]+$/.test(tool)) {
    report("tool-name", namePlace, `"${tool}" is not a name of a tool`);
  } else if (tool.length > maximumToolName) {
    report("tool-name", namePlace, `The tool's name "${tool}" has ${tool.length} characters`);
  }
}

/** A tag or name line below the header would be an ordinary comment, and say nothing. */
function checkComments(source: string, tokens: readonly Token[], placeAt: PlaceAt, report: Report): void {
  for (const token of tokens) {
    if (token.kind !== "comment") continue;
    const text = source.slice(token.start, token.end);
    const tag = /^--\s*@([A-Za-z-]+)/.exec(text);
    if (tag !== null && (tagRules.has(tag[1] ?? "") || didYouMean(tag[1] ?? "", tagRules.keys()) !== null)) {
      const place = placeAt(token.start + text.indexOf("@"));
      report("tag-misplaced", place, `@${tag[1]} stands below the header`, "Put it above the blank line");
    }
    if (/^-- name: \S+ :\w+/.test(text)) {
      const message = "A second name line stands below the header";
      report("header-syntax", placeAt(token.start), message, "One file is one tool: write another file");
    }
  }
}

/** Null when a statement does not parse. `isLoud` is false when the lexer already told why it cannot. */
function parseStatements(
  lexed: readonly LexedStatement[],
  isLoud: boolean,
  report: Report,
): Statement[] | null {
  const statements: Statement[] = [];
  const quiet: Report = (...finding) => {
    if (isLoud) report(...finding);
  };
  for (const each of lexed) {
    const parsed = parseStatement(each, quiet);
    if (parsed === null) continue;
    const { nodeType, tree } = parsed;
    statements.push({
      role: "main",
      text: each.text,
      parameterNames: each.parameterNames,
      nodeType,
      tree,
      returnsRows: nodeType === "SelectStmt" || tree.returningClause !== undefined,
      placeAt: each.placeAt,
      placeAtByte: each.placeAtByte,
    });
  }
  return statements.length === lexed.length ? statements : null;
}

function parseStatement(
  { text, placeAt }: LexedStatement,
  report: Report,
): { nodeType: string; tree: Record<string, unknown> } | null {
  try {
    const found = parseSql(text);
    const statement = unwrap(found[0]?.stmt);
    if (found.length !== 1 || statement === null) {
      report("one-statement", placeAt(0), `Postgres reads ${found.length} statements here`);
      return null;
    }
    if (nestingOf(statement.node) > maximumNesting) {
      report("syntax-error", placeAt(0), "This statement is nested too deeply", "Split it with CTEs");
      return null;
    }
    return { nodeType: statement.type, tree: statement.node };
  } catch (error) {
    if (error instanceof SqlSyntaxError) {
      report("syntax-error", placeAt(error.position), error.message);
      return null;
    }
    // The parser's stack, or this program's while it reads the tree.
    if (error instanceof RangeError || error instanceof WebAssembly.RuntimeError) {
      report("syntax-error", placeAt(0), "This statement is nested too deeply", "Split it with CTEs");
      return null;
    }
    throw error;
  }
}

/** Places of the token runs that, in lower case with single spaces, match a pattern. */
function findTokens(source: string, tokens: readonly Token[], pattern: RegExp, placeAt: PlaceAt): Place[] {
  const texts = tokens.map((token) => source.slice(token.start, token.end).toLowerCase());
  return tokens.flatMap((token, index) =>
    token.kind === "word" && pattern.test(texts.slice(index, index + 4).join(" "))
      ? [placeAt(token.start)]
      : []
  );
}

/** Why a query of `@complete` cannot be one, or null. */
function explainCompletion(query: string): string | null {
  let problem: string | null = null;
  const report: Report = (_code, _place, message) => problem ??= `The query of @complete: ${message}`;
  const placeAt = indexPlaces(query);
  const lexed = splitStatements(query, tokenize(query, 0, placeAt, report), placeAt);
  if (problem !== null) return problem;
  const statements = parseStatements(lexed, true, report);
  if (problem !== null || statements === null) return problem;
  const [only, ...more] = statements;
  if (only === undefined || more.length > 0 || only.nodeType !== "SelectStmt") {
    return "@complete takes one query";
  }
  if (only.parameterNames.join() !== "value") return "The query of @complete has the parameter :value alone";
  return null;
}
