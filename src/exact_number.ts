/**
 * Numbers of JSON with the digits that they were written with. A double holds some 15 of them, and no scale:
 * `12345678901234567890` and `0.10` become other numbers when JavaScript reads them, and nobody is told. What
 * a double does not hold as it was written is read as an {@link ExactNumber} instead.
 */

/** A number as its text. `String` gives the text, and JSON.stringify writes it as it is. */
export class ExactNumber {
  constructor(readonly source: string) {}

  /** The nearest double, which may be an infinity. */
  get nearest(): number {
    return Number(this.source);
  }

  /** Whether it is a whole number, whatever its form: `5`, `5.0`, `5e3`. */
  get isInteger(): boolean {
    return /^-?\d+(?:\.0+)?$/.test(this.source) || Number.isSafeInteger(this.nearest);
  }

  /** The digits of a whole number, without point and exponent. */
  get integerDigits(): string {
    return /^-?\d+/.exec(this.source)![0].length < this.source.length && Number.isSafeInteger(this.nearest)
      ? String(this.nearest)
      : this.source.replace(/\.0+$/, "");
  }

  toString(): string {
    return this.source;
  }

  toJSON(): unknown {
    return (JSON as typeof JSON & { rawJSON: (text: string) => unknown }).rawJSON(this.source);
  }
}

/**
 * Where a text may hold such a number: sixteen digits and points, a zero at the end of a fraction, an
 * exponent of three digits. It may be the inside of a string as well: then nothing is found.
 */
const inexact = /[:[,\s]-?(?=\d)(?:[\d.]{16}|\d+\.\d*0(?!\d)|[\d.]+[eE][+-]?\d{3})/;

/** Whether {@link parseExact} may find more in a text than JSON.parse. */
export function mayBeInexact(text: string): boolean {
  return inexact.test(text);
}

/**
 * The value of a JSON text, its numbers exact where a double is not.
 * @throws {SyntaxError} as JSON.parse does
 */
export function parseExact(text: string): unknown {
  if (!mayBeInexact(text)) return JSON.parse(text);
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
    const source = context?.source;
    if (typeof value !== "number" || source === undefined || JSON.stringify(value) === source) return value;
    return new ExactNumber(source);
  });
}

/** The nearest doubles in place of exact numbers, in a value and all that is in it. */
export function nearestNumbers(value: unknown): unknown {
  if (value instanceof ExactNumber) return value.nearest;
  if (Array.isArray(value)) return value.map(nearestNumbers);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, nearestNumbers(part)]));
}
