/**
 * Checks JSON values against the schemas that this project advertises, and says per fault where it is, what
 * was found and what is allowed. Compiled once per tool. Covers the vocabulary that `schema.ts` and the
 * `{flow}` of a header can write.
 */

import { ExactNumber } from "../exact_number.ts";
import { nearestName } from "../nearest.ts";
import type { JsonSchema } from "./model.ts";

export interface Fault {
  /** Property path with array indexes: `rows[3].status`. */
  path: string;
  /** What is wrong, to be read after the path: `must be at most 100`. */
  problem: string;
  /** What was sent, shortened; null when nothing was. */
  found: string | null;
  /** The property does not exist at all. */
  isUnknown: boolean;
  /** A property of nearly that name. */
  near: string | null;
}

/** Appends faults; stops adding at {@link faultLimit}. */
export type Validate = (value: unknown, path: string, faults: Fault[]) => void;

/** More faults than this help nobody. */
const faultLimit = 20;

export function compileValidator(schema: JsonSchema): Validate {
  const types = schema.type === undefined ? null : [schema.type].flat() as string[];
  const checks = keywordChecks(schema, types);
  return (value, path, faults) => {
    if (faults.length >= faultLimit) return;
    if (types !== null && !isOfTypes(value, types)) {
      faults.push(fault(path, `must be ${listed(types.map(typeName))}`, value));
      return;
    }
    if (value === null) return;
    for (let index = 0; index < checks.length; index++) checks[index]!(value, path, faults);
  };
}

/** Validates a part. Its path is only written where there is a fault: ten thousand rows have none. */
function validatePart(
  validate: Validate,
  value: unknown,
  faults: Fault[],
  pathOf: () => string,
): void {
  const known = faults.length;
  validate(value, "", faults);
  if (faults.length === known) return;
  const path = pathOf();
  for (let index = known; index < faults.length; index++) {
    const inner = faults[index]!.path;
    faults[index]!.path = inner === "" || inner.startsWith("[") ? path + inner : `${path}.${inner}`;
  }
}

function isOfTypes(value: unknown, types: readonly string[]): boolean {
  for (let index = 0; index < types.length; index++) if (isOfType(value, types[index]!)) return true;
  return false;
}

export function describeFault({ path, problem, found, near }: Fault): string {
  const subject = path === "" ? "The arguments" : `"${path}"`;
  const advice = near === null ? "" : `; did you mean "${near}"?`;
  return `${subject} ${problem}${found === null ? "" : `, found ${found}`}${advice}`;
}

/** A value as a person can read it in one line. */
export function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function fault(path: string, problem: string, value: unknown): Fault {
  return { path, problem, found: shorten(value), isUnknown: false, near: null };
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "integer":
      return Number.isSafeInteger(value) || value instanceof ExactNumber && value.isInteger;
    case "number":
      return typeof value === "number" || value instanceof ExactNumber;
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value) &&
        !(value instanceof ExactNumber);
    case "string":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    default:
      return false;
  }
}

function keywordChecks(schema: JsonSchema, types: string[] | null): Validate[] {
  const checks: Validate[] = [];
  const text = (key: string) => schema[key] as string;
  const number = (key: string) => schema[key] as number;
  const when = (key: string, make: () => Validate) => {
    if (schema[key] !== undefined) checks.push(make());
  };
  // An exact number may come as text; its bounds hold all the same.
  const amountOf = (value: unknown): number | null =>
    typeof value === "number"
      ? value
      : value instanceof ExactNumber
      ? value.nearest
      : typeof value === "string" && types?.some((type) => type === "integer" || type === "number")
      ? Number(value)
      : null;
  const bound = (key: string, words: string, holds: (amount: number, limit: number) => boolean) =>
    when(key, () => (value, path, faults) => {
      const amount = amountOf(value);
      if (amount !== null && !holds(amount, number(key))) {
        faults.push(fault(path, `${words} ${number(key)}`, value));
      }
    });

  when("enum", () => {
    const allowed = schema.enum as unknown[];
    return (value, path, faults) => {
      if (allowed.includes(value instanceof ExactNumber ? value.nearest : value)) return;
      const near = typeof value === "string"
        ? nearestName(value, allowed.filter((item) => typeof item === "string"))
        : null;
      faults.push({
        ...fault(
          path,
          `must be one of ${allowed.filter((item) => item !== null).map(shorten).join(", ")}`,
          value,
        ),
        near,
      });
    };
  });
  bound("minimum", "must be at least", (amount, limit) => amount >= limit);
  bound("maximum", "must be at most", (amount, limit) => amount <= limit);
  bound("exclusiveMinimum", "must be more than", (amount, limit) => amount > limit);
  bound("exclusiveMaximum", "must be less than", (amount, limit) => amount < limit);
  bound("multipleOf", "must be a multiple of", (amount, limit) => Number.isInteger(amount / limit));
  when("minLength", () => (value, path, faults) => {
    if (typeof value === "string" && [...value].length < number("minLength")) {
      faults.push(fault(path, `must have at least ${number("minLength")} characters`, value));
    }
  });
  when("maxLength", () => (value, path, faults) => {
    if (
      typeof value === "string" && value.length > number("maxLength") &&
      [...value].length > number("maxLength")
    ) {
      faults.push(fault(path, `must have at most ${number("maxLength")} characters`, value));
    }
  });
  when("pattern", () => {
    const pattern = new RegExp(text("pattern"), "u");
    return (value, path, faults) => {
      if (typeof value === "string" && !pattern.test(value)) {
        faults.push(fault(path, `must match ${text("pattern")}`, value));
      }
    };
  });
  when("format", () => formatCheck(text("format")));
  when("contentEncoding", () => (value, path, faults) => {
    if (typeof value === "string" && !isBase64(value)) faults.push(fault(path, "must be base64", value));
  });
  when("minItems", () => (value, path, faults) => {
    if (Array.isArray(value) && value.length < number("minItems")) {
      faults.push({ ...fault(path, `must have at least ${number("minItems")} items`, value.length) });
    }
  });
  when("maxItems", () => (value, path, faults) => {
    if (Array.isArray(value) && value.length > number("maxItems")) {
      faults.push({ ...fault(path, `must have at most ${number("maxItems")} items`, value.length) });
    }
  });
  when("uniqueItems", () => (value, path, faults) => {
    if (
      schema.uniqueItems === true && Array.isArray(value) &&
      new Set(value.map((item) => JSON.stringify(item))).size < value.length
    ) {
      faults.push({ ...fault(path, "must not repeat an item", value) });
    }
  });
  when("items", () => {
    const item = compileValidator(schema.items as JsonSchema);
    return (value, path, faults) => {
      if (!Array.isArray(value)) return;
      for (let index = 0; index < value.length && faults.length < faultLimit; index++) {
        validatePart(item, value[index], faults, () => `${path}[${index}]`);
      }
    };
  });
  if (schema.properties !== undefined) checks.push(objectCheck(schema));
  return checks;
}

function objectCheck(schema: JsonSchema): Validate {
  const properties = new Map(
    Object.entries(schema.properties as Record<string, JsonSchema>).map((
      [name, property],
    ) => [name, compileValidator(property)]),
  );
  const required = (schema.required ?? []) as string[];
  const isClosed = schema.additionalProperties === false;
  const names = [...properties.keys()];
  return (value, path, faults) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return;
    if (value instanceof ExactNumber) return;
    const object = value as Record<string, unknown>;
    const at = (name: string) => path === "" ? name : `${path}.${name}`;
    for (const name of Object.keys(object)) {
      const validate = properties.get(name);
      if (validate) validatePart(validate, object[name], faults, () => at(name));
      else if (isClosed) {
        faults.push({
          path: at(name),
          problem: names.length === 0
            ? "is unknown: there are no arguments"
            : `is unknown: there ${names.length === 1 ? "is" : "are"} ${listed(names, "and")}`,
          found: null,
          isUnknown: true,
          near: nearestName(name, names),
        });
      }
    }
    for (const name of required) {
      if (!Object.hasOwn(object, name)) {
        faults.push({ path: at(name), problem: "is required", found: null, isUnknown: false, near: null });
      }
    }
  };
}

const withoutZone = /^(\d{4,7}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?( BC)?|-?infinity)$/;
const dateTime =
  /^(\d{4,7}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}(:?\d{2})?)?( BC)?|-?infinity)$/;

/**
 * Forms whose mistakes are worth telling before Postgres sees them; Postgres has the last word on the value.
 */
const formats: Record<string, { pattern: RegExp; words: string }> = {
  "iso-date-time": {
    pattern: withoutZone,
    words: "a time without zone such as 2024-12-31T12:00:00: the type holds no offset, and would drop one",
  },
  date: { pattern: /^(\d{4,7}-\d{2}-\d{2}( BC)?|-?infinity)$/, words: "a date such as 2024-12-31" },
  "date-time": {
    pattern: dateTime,
    words: "a time such as 2024-12-31T12:00:00Z",
  },
  uuid: { pattern: /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/, words: "a UUID" },
};

function formatCheck(format: string): Validate {
  const known = formats[format];
  return (value, path, faults) => {
    if (known && typeof value === "string" && !known.pattern.test(value)) {
      faults.push(fault(path, `must be ${known.words}`, value));
    }
  };
}

const isBase64 = (text: string) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);

const typeName = (type: string) =>
  ({
    null: "null",
    integer: "an integer",
    number: "a number",
    string: "a string",
    boolean: "true or false",
    array: "an array",
    object: "an object",
  })[type] ?? type;

function listed(words: readonly string[], conjunction = "or"): string {
  return words.length < 2
    ? words.join("")
    : `${words.slice(0, -1).join(", ")} ${conjunction} ${words.at(-1)}`;
}
