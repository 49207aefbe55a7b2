/**
 * The kinds of value that SEC's files share, checked and brought to PostgreSQL's text: CIK, accession number,
 * date, decimal, "none".
 */

/** `0000320193-24-000123`: the filer agent's CIK, the year, a number within it. */
export const accessionPattern = /^\d{10}-\d{2}-\d{6}$/;

/** Digits before the point are bounded by what a fact can mean, not by numeric's 131,072. */
const decimalPattern = /^-?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,2})?$/;
const integerPattern = /^-?\d{1,18}$/;

/** A CIK without leading zeros, from a number or text padded or not; null when it is none. */
export function cikOf(value: unknown): string | null {
  if (typeof value === "number") {
    return Number.isInteger(value) && value > 0 && value < 1e10 ? String(value) : null;
  }
  if (typeof value !== "string" || !/^\d{1,10}$/.test(value)) return null;
  const plain = value.replace(/^0+/, "");
  return plain === "" ? null : plain;
}

/** Whether the text is a day of the calendar as `2024-02-29`. */
export function isDate(text: string): boolean {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  return parts !== null && isDay(Number(parts[1]), Number(parts[2]), Number(parts[3]));
}

/** `2024-02-29` of `20240229` or `2024-02-29`; null when it is no day of the calendar. */
export function dateOf(text: string): string | null {
  const plain = /^\d{8}$/.test(text) ? `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}` : text;
  return isDate(plain) ? plain : null;
}

export function isDecimal(text: string): boolean {
  return decimalPattern.test(text);
}

export function isInteger(text: string): boolean {
  return integerPattern.test(text);
}

/** SEC writes "" where there is nothing. */
export function textOrNull(text: string | null | undefined): string | null {
  return text === undefined || text === "" ? null : text;
}

/** The rows in groups of at most `size`. */
export function* inBatches<T>(rows: readonly T[], size: number): Generator<T[]> {
  for (let start = 0; start < rows.length; start += size) yield rows.slice(start, start + size);
}

function isDay(year: number, month: number, day: number): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31);
}
