/**
 * Reads the text that PostgreSQL writes for a tree of nodes (`pg_node_tree`): `{NAME :field value …}`, lists
 * `( … )`, `<>` for null, bitmapsets `(b 1 2)`, byte arrays `4 [ 1 0 0 0 ]`, and `\` before a character that
 * would mean something.
 *
 * Nothing here knows what a node means. Depth and length are bounded: the text comes from the catalogue,
 * whose size is not ours.
 */

/** `null` is `<>`. Numbers, names and flags stay text: only the field says what they are. */
export type TreeValue = string | null | TreeNode | TreeBytes | TreeValue[];

export interface TreeNode {
  /** `VAR`, `QUERY` … */
  name: string;
  fields: Readonly<Record<string, TreeValue>>;
}

/** A datum as it lies in memory. */
export class TreeBytes {
  constructor(readonly bytes: Uint8Array) {}
}

/** The text is not what PostgreSQL writes, or is larger than a tree may be. */
export class TreeSyntaxError extends SyntaxError {
  override readonly name = "TreeSyntaxError";
}

export interface TreeLimits {
  /** Characters of one tree. @default 32 Mi */
  length: number;
  /** Nodes and lists inside one another. @default 1000 */
  depth: number;
}

const defaultLimits: TreeLimits = { length: 32 * 1024 * 1024, depth: 1000 };

/** @throws {TreeSyntaxError} */
export function readTree(text: string, limits: Partial<TreeLimits> = {}): TreeValue {
  const { length, depth } = { ...defaultLimits, ...limits };
  if (text.length > length) {
    throw new TreeSyntaxError(`Cannot read a tree of ${text.length} characters: the limit is ${length}`);
  }
  return new Reader(text, depth).read();
}

/** The child node of a field; null for anything else. */
export function child(node: TreeNode, field: string): TreeNode | null {
  const value = node.fields[field];
  return isNode(value) ? value : null;
}

/** The nodes of a list field; items that are no nodes are left out. */
export function children(node: TreeNode, field: string): TreeNode[] {
  const value = node.fields[field];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** The strings of a list field; null items are left out. */
export function strings(node: TreeNode, field: string): string[] {
  const value = node.fields[field];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** The numbers of a list of numbers, of OIDs or of a bitmapset, which each begin with a mark: `(i 1 2)`. */
export function numbers(node: TreeNode, field: string): number[] {
  return strings(node, field).slice(1).map(Number);
}

/** A whole number; NaN when the field is missing or none. */
export function numberOf(node: TreeNode, field: string): number {
  const value = node.fields[field];
  return typeof value === "string" ? Number(value) : NaN;
}

export function textOf(node: TreeNode, field: string): string | null {
  const value = node.fields[field];
  return typeof value === "string" ? value : null;
}

export function flag(node: TreeNode, field: string): boolean {
  return node.fields[field] === "true";
}

export function isNode(value: TreeValue | undefined): value is TreeNode {
  return typeof value === "object" && value !== null && "fields" in value;
}

/** Calls for every node at or below a value, outermost first. */
export function walkTree(value: TreeValue | undefined, visit: (node: TreeNode) => void): void {
  const pending: (TreeValue | undefined)[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (Array.isArray(next)) {
      for (let index = next.length - 1; index >= 0; index--) pending.push(next[index]);
    } else if (isNode(next)) {
      visit(next);
      for (const each of Object.values(next.fields).reverse()) {
        if (typeof each === "object") pending.push(each);
      }
    }
  }
}

const code = (character: string) => character.charCodeAt(0);
const [openBrace, closeBrace, openParenthesis, closeParenthesis] = ["{", "}", "(", ")"].map(code);
const [openBracket, backslash, quote, colon] = ["[", "\\", '"', ":"].map(code);
const isSpace = (character: number) => character === 32 || (character >= 9 && character <= 13);
const isDelimiter = (character: number) =>
  character === openBrace || character === closeBrace || character === openParenthesis ||
  character === closeParenthesis;

/** Most bytes that a datum may have: PostgreSQL's own limit of a value. */
const maximumDatum_bytes = 1024 * 1024 * 1024;

class Reader {
  #at = 0;
  constructor(readonly text: string, readonly maximumDepth: number) {}

  read(): TreeValue {
    const value = this.#value(0);
    this.#skipSpace();
    if (this.#at < this.text.length) this.#fail("the end");
    return value;
  }

  #value(depth: number): TreeValue {
    if (depth > this.maximumDepth) {
      throw new TreeSyntaxError(`Cannot read a tree: it is nested deeper than ${this.maximumDepth}`);
    }
    this.#skipSpace();
    const first = this.text.charCodeAt(this.#at);
    if (first === openBrace) return this.#node(depth);
    if (first === openParenthesis) return this.#list(depth);
    if (Number.isNaN(first) || isDelimiter(first)) this.#fail("a value");
    const token = this.#token();
    if (token.raw === "<>") return null;
    // A string node is written in quotes; a quote inside a plain name is escaped.
    if (first === quote && token.raw.length > 1 && token.raw.endsWith('"')) return token.text.slice(1, -1);
    this.#skipSpace();
    if (this.text.charCodeAt(this.#at) === openBracket && /^\d+$/.test(token.raw)) {
      return this.#bytes(Number(token.raw));
    }
    return token.text;
  }

  #node(depth: number): TreeNode {
    this.#at++;
    this.#skipSpace();
    const first = this.text.charCodeAt(this.#at);
    // PostgreSQL writes an empty node for a type that it cannot print.
    if (first === closeBrace) {
      this.#at++;
      return { name: "", fields: Object.create(null) };
    }
    if (Number.isNaN(first) || isDelimiter(first)) this.#fail("a node's name");
    const name = this.#token().text;
    const fields: Record<string, TreeValue> = Object.create(null);
    for (;;) {
      this.#skipSpace();
      const next = this.text.charCodeAt(this.#at);
      if (next === closeBrace) {
        this.#at++;
        return { name, fields };
      }
      if (next !== colon) this.#fail(`a field of ${name}`);
      this.#at++;
      const field = this.#token().text;
      // A field always has a value, which may itself begin with a colon. Some nodes write an array of
      // several: the first stands for it.
      fields[field] = this.#value(depth + 1);
      this.#skipRest();
    }
  }

  /** Values after the first, as some nodes write arrays: of no use here. */
  #skipRest(): void {
    for (;;) {
      this.#skipSpace();
      const next = this.text.charCodeAt(this.#at);
      if (Number.isNaN(next) || next === colon || isDelimiter(next)) return;
      this.#token();
    }
  }

  #list(depth: number): TreeValue[] {
    this.#at++;
    const items: TreeValue[] = [];
    for (;;) {
      this.#skipSpace();
      const next = this.text.charCodeAt(this.#at);
      if (next === closeParenthesis) {
        this.#at++;
        return items;
      }
      if (Number.isNaN(next)) this.#fail("the end of a list");
      items.push(this.#value(depth + 1));
    }
  }

  /** `[ 1 0 -1 0 ]`: bytes as C's char, which is signed on most machines. */
  #bytes(length: number): TreeBytes {
    if (length > maximumDatum_bytes) this.#fail("a datum of at most 1 GiB");
    const end = this.text.indexOf("]", this.#at);
    if (end === -1) this.#fail("the end of a datum");
    const values = this.text.slice(this.#at + 1, end).split(" ").filter((item) => item !== "");
    // A datum that is passed by value is written with all bytes of its word.
    if (values.length < length || !values.every((item) => /^-?\d{1,3}$/.test(item))) {
      this.#fail(`${length} bytes`);
    }
    this.#at = end + 1;
    return new TreeBytes(Uint8Array.from(values, (item) => Number(item) & 0xff));
  }

  #token(): { raw: string; text: string } {
    const start = this.#at;
    let isEscaped = false;
    while (this.#at < this.text.length) {
      const character = this.text.charCodeAt(this.#at);
      if (character === backslash) {
        isEscaped = true;
        this.#at += 2;
      } else if (isSpace(character) || isDelimiter(character)) {
        break;
      } else {
        this.#at++;
      }
    }
    if (this.#at > this.text.length) this.#fail("a character after the backslash");
    const raw = this.text.slice(start, this.#at);
    return { raw, text: isEscaped ? raw.replace(/\\([\s\S])/g, "$1") : raw };
  }

  #skipSpace(): void {
    while (isSpace(this.text.charCodeAt(this.#at))) this.#at++;
  }

  #fail(expected: string): never {
    const found = this.text.slice(this.#at, this.#at + 20);
    throw new TreeSyntaxError(
      `Cannot read a tree: ${expected} expected at character ${this.#at + 1}, ${
        found === "" ? "its end" : JSON.stringify(found)
      } found`,
    );
  }
}
