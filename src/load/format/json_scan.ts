/**
 * Reads one JSON text member by member, with the text of each value beside the value: a number keeps its
 * digits, which JSON.parse would lose. Strict as JSON.parse is; pure.
 */

/** The text is no JSON; `at` is where, from 0. */
export class JsonFault extends Error {
  constructor(message: string, readonly at: number) {
    super(message);
  }
}

/** Called with each member: its key, its value, the value's own text. */
export type Member = (key: string, value: unknown, raw: string) => void;

const space = /[ \t\r\n]*/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const backslash = 92;

export class JsonScan {
  #text = "";
  #at = 0;
  /** Keys in the order in which the last object had them: the next one has them so too. */
  #keys: string[] = [];
  #quotedKeys: string[] = [];

  /** Reads an object or an array; of an array the key is the index. */
  read(text: string, member: Member): "object" | "array" {
    this.#text = text;
    this.#at = 0;
    this.#skip();
    const first = text.charCodeAt(this.#at);
    const isObject = first === 123;
    if (!isObject && first !== 91) throw this.#fault("an object is expected");
    this.#at++;
    this.#skip();
    const close = isObject ? 125 : 93;
    for (let index = 0; text.charCodeAt(this.#at) !== close || index > 0; index++) {
      const key = isObject ? this.#key(index) : String(index);
      const start = this.#at;
      const value = this.#value();
      member(key, value, text.slice(start, this.#at));
      this.#skip();
      const next = text.charCodeAt(this.#at);
      if (next === close) break;
      if (next !== 44) throw this.#fault(`"," or "${isObject ? "}" : "]"}" is expected`);
      this.#at++;
      this.#skip();
    }
    this.#at++;
    this.#skip();
    if (this.#at < text.length) throw this.#fault("more stands behind the value");
    return isObject ? "object" : "array";
  }

  #key(index: number): string {
    let key: string;
    const expected = this.#quotedKeys[index];
    if (expected !== undefined && this.#text.startsWith(expected, this.#at)) {
      this.#at += expected.length;
      key = this.#keys[index]!;
    } else {
      const start = this.#at;
      if (this.#text.charCodeAt(start) !== 34) throw this.#fault("a name in quotes is expected");
      key = this.#string();
      if (index < 2000) {
        this.#keys[index] = key;
        this.#quotedKeys[index] = this.#text.slice(start, this.#at);
      }
    }
    this.#skip();
    if (this.#text.charCodeAt(this.#at) !== 58) throw this.#fault('":" is expected');
    this.#at++;
    this.#skip();
    return key;
  }

  #value(): unknown {
    const code = this.#text.charCodeAt(this.#at);
    switch (code) {
      case 34:
        return this.#string();
      case 123:
      case 91:
        return this.#nested();
      case 116:
        return this.#word("true", true);
      case 102:
        return this.#word("false", false);
      case 110:
        return this.#word("null", null);
      default:
        number.lastIndex = this.#at;
        if (!number.test(this.#text)) throw this.#fault("a value is expected");
        return Number(this.#text.slice(this.#at, this.#at = number.lastIndex));
    }
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at;
    let end = text.indexOf('"', start + 1);
    if (end < 0) throw this.#fault("a string does not end");
    const plain = text.slice(start + 1, end);
    if (!plain.includes("\\") && isPrintable(plain)) {
      this.#at = end + 1;
      return plain;
    }
    while (isEscaped(text, end)) {
      end = text.indexOf('"', end + 1);
      if (end < 0) throw this.#fault("a string does not end");
    }
    const value = this.#parse(start, end + 1);
    this.#at = end + 1;
    return value as string;
  }

  #nested(): unknown {
    const text = this.#text;
    const start = this.#at;
    let depth = 0;
    for (let index = start; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code === 34) {
        do index = text.indexOf('"', index + 1); while (index >= 0 && isEscaped(text, index));
        if (index < 0) throw this.#fault("a string does not end");
      } else if (code === 123 || code === 91) depth++;
      else if ((code === 125 || code === 93) && --depth === 0) {
        const value = this.#parse(start, index + 1);
        this.#at = index + 1;
        return value;
      }
    }
    throw this.#fault("it does not end");
  }

  #parse(start: number, end: number): unknown {
    try {
      return JSON.parse(this.#text.slice(start, end));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new JsonFault("this is no JSON", start);
    }
  }

  #word<Value>(word: string, value: Value): Value {
    if (!this.#text.startsWith(word, this.#at)) throw this.#fault("a value is expected");
    this.#at += word.length;
    return value;
  }

  #skip(): void {
    const code = this.#text.charCodeAt(this.#at);
    if (code > 32) return;
    space.lastIndex = this.#at;
    space.test(this.#text);
    this.#at = space.lastIndex;
  }

  #fault(problem: string): JsonFault {
    const found = this.#at >= this.#text.length
      ? "it ends"
      : `found "${this.#text.slice(this.#at, this.#at + 12)}"`;
    return new JsonFault(`${problem} at character ${this.#at + 1}, and ${found}`, this.#at);
  }
}

/** The quote at `end` belongs to the string. */
function isEscaped(text: string, end: number): boolean {
  let count = 0;
  while (text.charCodeAt(end - 1 - count) === backslash) count++;
  return count % 2 === 1;
}

function isPrintable(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) < 32) return false;
  }
  return true;
}
