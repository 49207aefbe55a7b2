/**
 * YAML in flow style inside a tag: `{minimum: 1, maximum: 500}`, the arguments of an example, a default.
 *
 * A reader of our own for the part of YAML 1.2 (core schema) that a header needs: scalars, quoted scalars,
 * `[…]` and `{…}`. The yaml library reads environment variables while it parses, which the sandboxed server
 * may not; and a header is data without tricks, so that anchors, aliases, tags, comments, repeated keys and
 * keys without a value are refused, each at its place. A test holds the reader to the library's results.
 */

/** Reports at an index of the text that is being read. */
export type ReportAt = (index: number, message: string, hint?: string) => void;

/** What was read, and where the keys and values of the outermost mapping begin. */
export interface FlowValue {
  value: unknown;
  keyStarts: Map<string, number>;
  valueStarts: Map<string, number>;
}

const maximumNesting = 32;

/**
 * One value that takes up the whole text. Null when it cannot be read: reported with `start` added to the
 * index.
 */
export function parseFlow(text: string, start: number, report: ReportAt): FlowValue | null {
  const reader: Reader = {
    text: text.replaceAll("\n", " "),
    index: 0,
    nesting: 0,
    keyStarts: new Map(),
    valueStarts: new Map(),
  };
  try {
    skipSpace(reader);
    const value = readValue(reader);
    skipSpace(reader);
    if (reader.index < text.length) throw new FlowProblem(reader.index, "Something follows the value");
    const shift = (starts: Map<string, number>) =>
      new Map([...starts].map(([key, index]) => [key, index + start]));
    return { value, keyStarts: shift(reader.keyStarts), valueStarts: shift(reader.valueStarts) };
  } catch (error) {
    if (!(error instanceof FlowProblem)) throw error;
    report(start + error.index, error.message);
    return null;
  }
}

/**
 * Index after a value in flow style that begins at `start` with `{`, `[`, `'` or `"`; -1 when it does not
 * end.
 */
export function scanFlow(text: string, start: number): number {
  let depth = 0;
  // A quote opens a quoted scalar only where a scalar can begin; in `it's` it is a letter.
  let isScalarStart = true;
  let index = start;
  while (index < text.length) {
    const character = text[index] ?? "";
    if (isScalarStart && (character === "'" || character === '"')) {
      index = scanQuoted(text, index);
      if (index === -1) return -1;
      isScalarStart = false;
      if (depth === 0) return index;
      continue;
    }
    if (character === "{" || character === "[") depth++;
    if (character === "}" || character === "]") depth--;
    index++;
    if (depth === 0) return index;
    const isIndicator = "{[,:?-".includes(character);
    if (isIndicator) isScalarStart = true;
    else if (!/\s/.test(character)) isScalarStart = false;
  }
  return -1;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

interface Reader {
  text: string;
  index: number;
  nesting: number;
  keyStarts: Map<string, number>;
  valueStarts: Map<string, number>;
}

class FlowProblem extends Error {
  readonly index: number;

  constructor(index: number, message: string) {
    super(message);
    this.index = index;
  }
}

function readValue(reader: Reader): unknown {
  const first = reader.text[reader.index];
  if (first === "{") return readMapping(reader);
  if (first === "[") return readSequence(reader);
  return readScalar(reader).value;
}

function readMapping(reader: Reader): Record<string, unknown> {
  const entries = new Map<string, unknown>();
  enter(reader);
  for (;;) {
    skipSpace(reader);
    if (reader.text[reader.index] === "}") break;
    const keyStart = reader.index;
    const key = readKey(reader);
    if (entries.has(key)) throw new FlowProblem(keyStart, `The key "${key}" is here a second time`);
    skipSpace(reader);
    const isColon = reader.text[reader.index] === ":";
    if (isColon) reader.index++;
    skipSpace(reader);
    if (!isColon || /[,}]/.test(reader.text[reader.index] ?? "}")) {
      throw new FlowProblem(keyStart, `The key "${key}" has no value: write "${key}: value"`);
    }
    if (reader.nesting === 1) {
      reader.keyStarts.set(key, keyStart);
      reader.valueStarts.set(key, reader.index);
    }
    entries.set(key, readValue(reader));
    if (!continues(reader, "}")) break;
  }
  leave(reader);
  return Object.fromEntries(entries);
}

function readSequence(reader: Reader): unknown[] {
  const items: unknown[] = [];
  enter(reader);
  for (;;) {
    skipSpace(reader);
    if (reader.text[reader.index] === "]") break;
    items.push(readValue(reader));
    if (!continues(reader, "]")) break;
  }
  leave(reader);
  return items;
}

function readKey(reader: Reader): string {
  const start = reader.index;
  if (/[{[]/.test(reader.text[start] ?? "")) throw new FlowProblem(start, "A key must be a word");
  const { value, text } = readScalar(reader);
  if (value === null) throw new FlowProblem(start, "A key must be a word");
  if (text === "__proto__") throw new FlowProblem(start, '"__proto__" is refused as a key');
  return text;
}

function enter(reader: Reader): void {
  if (++reader.nesting > maximumNesting) {
    throw new FlowProblem(reader.index, `This is nested more than ${maximumNesting} deep`);
  }
  reader.index++;
}

function leave(reader: Reader): void {
  reader.nesting--;
  reader.index++;
}

/** After an item: true behind a comma, false before the end. */
function continues(reader: Reader, end: "}" | "]"): boolean {
  skipSpace(reader);
  const found = reader.text[reader.index];
  if (found === end) return false;
  if (found !== ",") {
    const what = found === undefined
      ? `A "${end}" is missing here`
      : `A comma or "${end}" is missing before this`;
    throw new FlowProblem(Math.min(reader.index, Math.max(0, reader.text.length - 1)), what);
  }
  reader.index++;
  return true;
}

/** The value by the core schema, and the scalar's own text. */
function readScalar(reader: Reader): { value: unknown; text: string } {
  const quote = reader.text[reader.index];
  if (quote === "'" || quote === '"') {
    const end = scanQuoted(reader.text, reader.index);
    if (end === -1) throw new FlowProblem(reader.index, "This quote does not end");
    const inside = reader.text.slice(reader.index + 1, end - 1);
    const text = quote === "'" ? inside.replaceAll("''", "'") : unescape(inside, reader.index + 1);
    reader.index = end;
    return { value: text, text };
  }
  return readPlain(reader);
}

/** Inside brackets a plain scalar ends at a bracket or comma; anywhere at ": " and before a comment. */
function readPlain(reader: Reader): { value: unknown; text: string } {
  const { text, index: start } = reader;
  const isInside = reader.nesting > 0;
  const refused = refusedStarts.get(text[start] ?? "");
  if (refused !== undefined) throw new FlowProblem(start, refused);
  const next = text[start + 1] ?? " ";
  if (/[-?:]/.test(text[start] ?? "") && (/\s/.test(next) || (isInside && /[,[\]{}]/.test(next)))) {
    throw new FlowProblem(start, "A value is expected here");
  }
  let end = start;
  while (end < text.length) {
    const character = text[end] ?? "";
    const after = text[end + 1] ?? " ";
    if (isInside && /[,[\]{}]/.test(character)) break;
    if (character === ":" && (/\s/.test(after) || (isInside && /[,[\]{}]/.test(after)))) {
      if (isInside) break;
      throw new FlowProblem(end, "A colon and a space make a mapping: put the value in quotes");
    }
    if (character === "#" && /\s/.test(text[end - 1] ?? "")) {
      throw new FlowProblem(end, "A comment cannot stand here: put the value in quotes");
    }
    end++;
  }
  const plain = text.slice(start, end).trimEnd();
  if (plain === "") {
    throw new FlowProblem(Math.min(start, Math.max(0, text.length - 1)), "A value is expected here");
  }
  reader.index = start + plain.length;
  return { value: resolve(plain, start), text: plain };
}

const refusedStarts: ReadonlyMap<string, string> = new Map([
  ["&", "Anchors and aliases are refused here"],
  ["*", "Anchors and aliases are refused here"],
  ["!", "YAML tags are refused here"],
  ["#", "A comment cannot stand here: put the value in quotes"],
  ["|", "Only flow style is read here"],
  [">", "Only flow style is read here"],
  ["%", "A value cannot begin so: put it in quotes"],
  ["@", "A value cannot begin so: put it in quotes"],
  ["`", "A value cannot begin so: put it in quotes"],
]);

/** Whole numbers that JSON cannot hold exactly become decimal strings, as in a tool's arguments. */
function resolve(plain: string, index: number): unknown {
  if (/^(?:null|Null|NULL|~)$/.test(plain)) return null;
  if (/^(?:true|True|TRUE)$/.test(plain)) return true;
  if (/^(?:false|False|FALSE)$/.test(plain)) return false;
  if (/^[-+]?[0-9]+$/.test(plain) || /^0o[0-7]+$/.test(plain) || /^0x[0-9a-fA-F]+$/.test(plain)) {
    const exact = plain.startsWith("-") ? -BigInt(plain.slice(1)) : BigInt(plain.replace("+", ""));
    return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact.toString();
  }
  const isFloat = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(plain);
  if (
    /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/.test(plain) ||
    (isFloat && !Number.isFinite(Number(plain)))
  ) {
    throw new FlowProblem(index, "JSON has no such number: put it in quotes");
  }
  return isFloat ? Number(plain) : plain;
}

const escapes: ReadonlyMap<string, string> = new Map(Object.entries({
  "0": "\0",
  "a": "\x07",
  "b": "\b",
  "t": "\t",
  "n": "\n",
  "v": "\v",
  "f": "\f",
  "r": "\r",
  "e": "\x1b",
  " ": " ",
  '"': '"',
  "/": "/",
  "\\": "\\",
  "N": "\x85",
  "_": "\xa0",
  "L": "\u2028",
  "P": "\u2029",
}));

function unescape(text: string, start: number): string {
  return text.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gsu,
    (_match: string, ...found: unknown[]) => {
      const [two, four, eight, single, index] = found;
      const digits = two ?? four ?? eight;
      const code = digits === undefined ? -1 : Number.parseInt(String(digits), 16);
      if (code >= 0 && code <= 0x10ffff) return String.fromCodePoint(code);
      const meant = escapes.get(String(single ?? ""));
      if (meant === undefined) throw new FlowProblem(start + Number(index), "This escape is none of YAML's");
      return meant;
    },
  );
}

function skipSpace(reader: Reader): void {
  while (/\s/.test(reader.text[reader.index] ?? "")) reader.index++;
}

function scanQuoted(text: string, start: number): number {
  const quote = text[start];
  let index = start + 1;
  while (index < text.length) {
    const character = text[index];
    if (quote === '"' && character === "\\") index += 2;
    else if (character !== quote) index++;
    else if (quote === "'" && text[index + 1] === "'") index += 2;
    else return index + 1;
  }
  return -1;
}
