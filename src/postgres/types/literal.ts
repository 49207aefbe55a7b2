/**
 * Postgres' text forms of nested values: arrays `{a,"b",NULL}`, records `(a,"b",)`, ranges `[1,5)` and
 * multiranges `{[1,5),[7,8)}`; read into parts and written from parts.
 */

/** Parts of an array literal: text, null, or a nested array. */
export type ArrayPart = string | null | ArrayPart[];

/** Reads `{…}` with any nesting and an optional `[2:3]=` prefix, which is dropped. */
export function readArray(text: string, delimiter = ","): ArrayPart[] {
  let at = text.startsWith("[") ? text.indexOf("=") + 1 : 0;
  const readList = (): ArrayPart[] => {
    const parts: ArrayPart[] = [];
    at++;
    if (text[at] === "}") {
      at++;
      return parts;
    }
    for (;;) {
      if (text[at] === "{") parts.push(readList());
      else if (text[at] === '"') parts.push(readQuoted());
      else parts.push(readBare());
      if (text[at++] === "}") return parts;
    }
  };
  const readQuoted = (): string => {
    let part = "";
    for (at++; text[at] !== '"'; at++) {
      if (text[at] === "\\") at++;
      part += text[at];
    }
    at++;
    return part;
  };
  const readBare = (): string | null => {
    const start = at;
    while (at < text.length && text[at] !== delimiter && text[at] !== "}") at++;
    const part = text.slice(start, at);
    return part === "NULL" ? null : part;
  };
  return readList();
}

/** Writes an array literal; every text part is quoted, so nothing in it can end it. */
export function writeArray(parts: readonly ArrayPart[], delimiter = ","): string {
  const written = parts.map((part) =>
    part === null ? "NULL" : Array.isArray(part) ? writeArray(part, delimiter) : quote(part)
  );
  return `{${written.join(delimiter)}}`;
}

/** Reads `(…)`: one text or null per attribute. */
export function readRecord(text: string): (string | null)[] {
  const fields: (string | null)[] = [];
  let at = 1;
  for (;;) {
    let field = "";
    let isNull = true;
    while (text[at] !== "," && text[at] !== ")") {
      isNull = false;
      if (text[at] === '"') {
        for (at++;; at++) {
          if (text[at] === '"' && text[at + 1] === '"') at++;
          else if (text[at] === '"') break;
          else if (text[at] === "\\") at++;
          field += text[at];
        }
        at++;
      } else field += text[at++];
    }
    fields.push(isNull ? null : field);
    if (text[at++] === ")") return fields;
  }
}

export function writeRecord(fields: readonly (string | null)[]): string {
  return `(${fields.map((field) => field === null ? "" : quote(field)).join(",")})`;
}

export interface RangeParts {
  lower: string | null;
  upper: string | null;
  /** `[)`, `(]`, `[]`, `()` or `empty`. */
  bounds: string;
}

/** Reads `[a,b)`; an infinite bound is null. */
export function readRange(text: string): RangeParts {
  if (text === "empty") return { lower: null, upper: null, bounds: "empty" };
  const [lower, upper] = readRecord(`(${text.slice(1, -1)})`);
  return { lower: lower ?? null, upper: upper ?? null, bounds: text[0]! + text.at(-1)! };
}

export function writeRange({ lower, upper, bounds }: RangeParts): string {
  if (bounds === "empty") return "empty";
  const side = (value: string | null) => value === null ? "" : quote(value);
  return `${bounds[0]}${side(lower)},${side(upper)}${bounds[1]}`;
}

/** Reads `{[a,b),[c,d)}`. */
export function readMultirange(text: string): RangeParts[] {
  const ranges: RangeParts[] = [];
  let start = 1;
  let isQuoted = false;
  for (let at = 1; at < text.length - 1; at++) {
    const character = text[at]!;
    if (character === "\\") at++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (character === "]" || character === ")")) {
      ranges.push(readRange(text.slice(start, at + 1)));
      start = at + 2;
    }
  }
  return ranges;
}

const quote = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`;

const special = /[\\",{}\s;:]/;
const mustQuote = (element: string) =>
  special.test(element) || element === "" || (element.length === 4 && element.toLowerCase() === "null");

/** An array literal of elements that have no parts. */
export function writeElements(elements: readonly (string | null)[], delimiter: string): string {
  let literal = "";
  for (let index = 0; index < elements.length; index++) {
    const element = elements[index]!;
    if (index > 0) literal += delimiter;
    if (element === null) literal += "NULL";
    else literal += mustQuote(element) ? `"${element.replace(/["\\]/g, "\\$&")}"` : element;
  }
  return `{${literal}}`;
}
