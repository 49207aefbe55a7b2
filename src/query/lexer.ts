/**
 * Finds parameters and statements in SQL text, by the rules of psql's own lexer (psqlscan.l), so that a file
 * means the same to psql and to this server.
 *
 * Nothing here knows SQL's grammar: it knows where strings, quoted names and comments begin and end, what a
 * parameter is, and which semicolons end a statement. `tokenize` gives tokens with offsets into the source;
 * `splitStatements` groups them and writes each statement's `$n` text with a map from that text back to the
 * file.
 */
import type { Report } from "./diagnostic.ts";
import type { Place, PlaceAt } from "./model.ts";

/** Offsets are UTF-16 code units in the source; `end` is exclusive. */
export interface Token {
  kind: "word" | "number" | "string" | "identifier" | "symbol" | "parameter" | "comment";
  start: number;
  end: number;
  /** Only parameters: the name without colon and quotes. */
  name?: string;
}

export interface LexedStatement {
  /**
   * The SQL with `$1`, `$2` … for the names, from its first to its last token: no semicolon, no comment
   * around it.
   */
  text: string;
  /** `parameterNames[0]` is `$1`; the same name has the same number. */
  parameterNames: string[];
  /** The colon of every name's first use. */
  parameterPlaces: Place[];
  /** Place in the file of a 0-based code-point offset into `text`. */
  placeAt: (offset: number) => Place;
  /** Place in the file of a 0-based UTF-8 byte offset into `text`: what libpg-query's trees hold. */
  placeAtByte: (offset: number) => Place;
  /** Without comments. */
  tokens: Token[];
}

const wordStart = /[A-Za-z_\u0080-\uffff]/;
const wordPart = /[A-Za-z0-9_$\u0080-\uffff]/;
const parameterName = /^[A-Za-z][A-Za-z0-9_]{0,62}$/;

/** Tokens from `from` to the end. What does not end is reported at its start and ends the list. */
export function tokenize(source: string, from: number, placeAt: PlaceAt, report: Report): Token[] {
  const tokens: Token[] = [];
  const brackets: string[] = [];
  let index = from;
  while (index < source.length) {
    const character = source[index] ?? "";
    if (/\s/.test(character)) {
      index++;
      continue;
    }
    const token = readToken(source, index);
    if (token.unterminated !== undefined) {
      report("unterminated", placeAt(index), `${token.unterminated} begins here and does not end`);
      return tokens;
    }
    if (token.kind === "parameter") {
      const problem = judgeParameter(source, index, token.name ?? "", {
        before: tokens.findLast((earlier) => earlier.kind !== "comment"),
        isInBracket: brackets.at(-1) === "[",
      });
      if (problem !== null) {
        report(problem.code, placeAt(index), problem.message, problem.hint);
        token.kind = "symbol";
      }
    } else if (token.kind === "symbol") {
      if (character === "(" || character === "[") brackets.push(character);
      if (character === ")" || character === "]") brackets.pop();
      if (character === "\\") {
        report(
          "syntax-error",
          placeAt(index),
          "A backslash begins a psql command, and a query file is SQL only",
          "Remove the command",
        );
        return tokens;
      }
      if (/^\$\d/.test(source.slice(index, index + 2))) {
        const written = source.slice(index, token.end);
        report("positional-parameter", placeAt(index), `${written} is a parameter without a name`);
      }
    }
    tokens.push({
      kind: token.kind,
      start: index,
      end: token.end,
      ...(token.name === undefined ? {} : { name: token.name }),
    });
    index = token.end;
  }
  return tokens;
}

/** Statements between semicolons; empty ones are left out. */
export function splitStatements(
  source: string,
  tokens: readonly Token[],
  placeAt: PlaceAt,
): LexedStatement[] {
  const groups: Token[][] = [[]];
  let parentheses = 0;
  let blocks = 0;
  for (const token of tokens) {
    if (token.kind === "comment") continue;
    const group = groups[groups.length - 1] ?? [];
    const text = source.slice(token.start, token.end).toLowerCase();
    if (token.kind === "symbol") {
      if (text === "(") parentheses++;
      if (text === ")" && parentheses > 0) parentheses--;
      if (text === ";" && parentheses === 0 && blocks === 0) {
        groups.push([]);
        continue;
      }
    }
    // The body of `create function … begin atomic … end` holds semicolons of its own.
    if (token.kind === "word" && createsRoutine(source, group)) {
      if (text === "begin" || (text === "case" && blocks > 0)) blocks++;
      if (text === "end" && blocks > 0) blocks--;
    }
    group.push(token);
  }
  return groups.filter((group) => group.length > 0).map((group) => writeStatement(source, group, placeAt));
}

interface RawToken {
  kind: Token["kind"];
  end: number;
  name?: string;
  unterminated?: string;
}

function readToken(source: string, start: number): RawToken {
  const character = source[start] ?? "";
  const next = source[start + 1] ?? "";
  if (character === "-" && next === "-") return { kind: "comment", end: findLineEnd(source, start) };
  if (character === "/" && next === "*") return readBlockComment(source, start);
  if (character === "'") return readString(source, start, { escapes: false });
  if (character === '"') return readIdentifier(source, start);
  if (next === "'" && /[eE]/.test(character)) return readString(source, start + 1, { escapes: true });
  if (next === "'" && /[bBxXnN]/.test(character)) return readString(source, start + 1, { escapes: false });
  if (/[uU]/.test(character) && next === "&") {
    if (source[start + 2] === "'") return readString(source, start + 2, { escapes: false });
    if (source[start + 2] === '"') return readIdentifier(source, start + 2);
  }
  if (character === "$") return readDollar(source, start);
  if (wordStart.test(character)) return { kind: "word", end: skipWhile(source, start, wordPart) };
  if (/[0-9]/.test(character) || (character === "." && /[0-9]/.test(next))) {
    return { kind: "number", end: skipWhile(source, start + 1, /[A-Za-z0-9_.]/) };
  }
  if (character === ":") return readColon(source, start);
  return { kind: "symbol", end: start + ((source.codePointAt(start) ?? 0) > 0xffff ? 2 : 1) };
}

/**
 * From the opening quote. A string goes on after whitespace with a line end and another quote, in the same
 * mode.
 */
function readString(source: string, quote: number, { escapes }: { escapes: boolean }): RawToken {
  let index = quote + 1;
  while (index < source.length) {
    const character = source[index];
    if (escapes && character === "\\") {
      index += 2;
    } else if (character !== "'") {
      index++;
    } else if (source[index + 1] === "'") {
      index += 2;
    } else {
      const continued = /(?:[ \t\f\v]|--[^\r\n]*)*[\r\n](?:\s|--[^\r\n]*[\r\n])*'/y;
      continued.lastIndex = index + 1;
      if (!continued.test(source)) return { kind: "string", end: index + 1 };
      index = continued.lastIndex;
    }
  }
  return { kind: "string", end: source.length, unterminated: "A string" };
}

function readIdentifier(source: string, quote: number): RawToken {
  let index = quote + 1;
  while (index < source.length) {
    if (source[index] !== '"') index++;
    else if (source[index + 1] === '"') index += 2;
    else return { kind: "identifier", end: index + 1 };
  }
  return { kind: "identifier", end: source.length, unterminated: "A quoted name" };
}

function readBlockComment(source: string, start: number): RawToken {
  let depth = 0;
  const mark = /\/\*|\*\//g;
  mark.lastIndex = start;
  for (let match = mark.exec(source); match !== null; match = mark.exec(source)) {
    depth += match[0] === "/*" ? 1 : -1;
    if (depth === 0) return { kind: "comment", end: mark.lastIndex };
  }
  return { kind: "comment", end: source.length, unterminated: "A comment" };
}

function readDollar(source: string, start: number): RawToken {
  const opening = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
  opening.lastIndex = start;
  const match = opening.exec(source);
  if (match === null) {
    return { kind: "symbol", end: Math.max(start + 1, skipWhile(source, start + 1, /[0-9]/)) };
  }
  const closing = source.indexOf(match[0], start + match[0].length);
  if (closing === -1) {
    return { kind: "string", end: source.length, unterminated: `A string in ${match[0]} quotes` };
  }
  return { kind: "string", end: closing + match[0].length };
}

/**
 * `::`, `:=`, a parameter, or a colon alone. A number after a colon is a slice's bound, as in psql without
 * such a variable.
 */
function readColon(source: string, start: number): RawToken {
  const next = source[start + 1] ?? "";
  if (next === ":" || next === "=") return { kind: "symbol", end: start + 2 };
  if (/[A-Za-z_\u0080-\uffff]/.test(next)) {
    const end = skipWhile(source, start + 1, /[A-Za-z0-9_\u0080-\uffff]/);
    return { kind: "parameter", end, name: source.slice(start + 1, end) };
  }
  if (next === "'" || next === '"') {
    const quoted = /:(?:'([^'\r\n]*)'|"([^"\r\n]*)")/y;
    quoted.lastIndex = start;
    const match = quoted.exec(source);
    if (match !== null) return { kind: "parameter", end: quoted.lastIndex, name: match[1] ?? match[2] ?? "" };
  }
  if (next === "{") {
    const closing = source.indexOf("}", start);
    const end = closing === -1 ? start + 2 : closing + 1;
    return { kind: "parameter", end, name: source.slice(start + 1, end) };
  }
  return { kind: "symbol", end: start + 1 };
}

function judgeParameter(
  source: string,
  start: number,
  name: string,
  { before, isInBracket }: { before: Token | undefined; isInBracket: boolean },
): { code: "param-name" | "slice-spacing"; message: string; hint: string } | null {
  const quote = source[start + 1];
  if (quote === '"') {
    return {
      code: "param-name",
      message: `:"${name}" would put an identifier into the SQL, and identifiers cannot be parameters`,
      hint: `A parameter is a value: write :${
        name.replace(/[^A-Za-z0-9_]/g, "") || "name"
      }, or name the object itself`,
    };
  }
  if (isInBracket && before !== undefined && quote !== "'") {
    const last = source[before.end - 1] ?? "";
    const isOperand = before.kind === "number" || last === ")" || last === "]" ||
      (before.end === start && before.kind !== "symbol");
    if (isOperand) {
      const lower = source.slice(source.lastIndexOf("[", start) + 1, start).trim();
      return {
        code: "slice-spacing",
        message: `:${name} is read as a parameter here, as psql does, and not as the end of a slice`,
        hint: `Write a slice with spaces, [${lower} : ${name}]`,
      };
    }
  }
  if (quote === "{") {
    return {
      code: "param-name",
      message: `:${name} is a test of a psql variable, which a query file cannot use`,
      hint: "Write :name",
    };
  }
  if (name === "" || !parameterName.test(name)) {
    return {
      code: "param-name",
      message: `"${name}" is not a name of a parameter`,
      hint: "A name is a letter, then letters, digits and underscores, at most 63",
    };
  }
  return null;
}

function findLineEnd(source: string, start: number): number {
  const found = /[\r\n]/g;
  found.lastIndex = start;
  return found.exec(source)?.index ?? source.length;
}

function skipWhile(source: string, start: number, pattern: RegExp): number {
  let index = start;
  while (index < source.length && pattern.test(source[index] ?? "")) index++;
  return index;
}

function createsRoutine(source: string, group: readonly Token[]): boolean {
  const opening = group.slice(0, 4).map((token) => source.slice(token.start, token.end).toLowerCase()).join(
    " ",
  );
  return /^create (or replace )?(function|procedure)\b/.test(opening);
}

/** A run of text that stands for a run of the source. A parameter's run stands for its colon. */
interface Run {
  textStart: number;
  sourceStart: number;
  isParameter: boolean;
}

function writeStatement(source: string, tokens: Token[], placeAt: PlaceAt): LexedStatement {
  const start = tokens[0]?.start ?? 0;
  const end = tokens.at(-1)?.end ?? start;
  const parameterNames: string[] = [];
  const parameterPlaces: Place[] = [];
  const runs: Run[] = [];
  let text = "";
  let copied = start;
  const copyUntil = (offset: number) => {
    runs.push({ textStart: text.length, sourceStart: copied, isParameter: false });
    text += source.slice(copied, offset);
    copied = offset;
  };
  for (const token of tokens) {
    if (token.kind !== "parameter" || token.name === undefined) continue;
    copyUntil(token.start);
    let number = parameterNames.indexOf(token.name) + 1;
    if (number === 0) {
      number = parameterNames.push(token.name);
      parameterPlaces.push(placeAt(token.start));
    }
    // `limit:n` must not become the name limit$1, nor `:'n'x` the junk $1x.
    const before = token.start > start && wordPart.test(source[token.start - 1] ?? "") ? " " : "";
    const after = wordPart.test(source[token.end] ?? "") && token.end < end ? " " : "";
    runs.push({ textStart: text.length, sourceStart: token.start, isParameter: true });
    text += `${before}$${number}${after}`;
    copied = token.end;
  }
  copyUntil(end);
  const placeOfUnit = (unit: number): Place => {
    const bounded = Math.max(0, Math.min(unit, text.length));
    const run = runs.findLast((candidate) => candidate.textStart <= bounded) ?? runs[0];
    if (run === undefined) return placeAt(start);
    return placeAt(run.isParameter ? run.sourceStart : run.sourceStart + bounded - run.textStart);
  };
  return {
    text,
    parameterNames,
    parameterPlaces,
    placeAt: (offset) => placeOfUnit(unitOfCodePoint(text, offset)),
    placeAtByte: (offset) => placeOfUnit(unitOfByte(text, offset)),
    tokens,
  };
}

function unitOfCodePoint(text: string, offset: number): number {
  let unit = 0;
  for (let count = 0; count < offset && unit < text.length; count++) {
    unit += (text.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1;
  }
  return unit;
}

function unitOfByte(text: string, offset: number): number {
  let unit = 0;
  for (let bytes = 0; bytes < offset && unit < text.length;) {
    const code = text.codePointAt(unit) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    unit += code > 0xffff ? 2 : 1;
  }
  return unit;
}
