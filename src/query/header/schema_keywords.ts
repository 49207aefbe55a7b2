/**
 * The JSON Schema vocabulary of a `{flow}`: which keywords there are, what their values must be, and whether
 * a default keeps to them. The YAML itself is read by `yaml_flow.ts`.
 */
import { didYouMean } from "../diagnostic.ts";
import { type FlowValue, isObject, type ReportAt } from "./yaml_flow.ts";

/** Holds a parameter's or column's flow to the known keywords. */
export function checkVocabulary(
  flow: FlowValue,
  start: number,
  report: ReportAt,
): Record<string, unknown> | null {
  if (!isObject(flow.value)) {
    report(start, "A {flow} is a mapping of JSON Schema keywords");
    return null;
  }
  let isRight = true;
  for (const [keyword, value] of Object.entries(flow.value)) {
    const check = vocabulary.get(keyword);
    if (check === undefined) {
      const hint = keywordHints.get(keyword) ?? didYouMean(keyword, vocabulary.keys()) ??
        `The keywords are ${[...vocabulary.keys()].join(", ")}`;
      report(flow.keyStarts.get(keyword) ?? start, `"${keyword}" is not a keyword of {flow}`, hint);
      isRight = false;
      continue;
    }
    const wrong = check(value);
    if (wrong !== null) {
      report(
        flow.valueStarts.get(keyword) ?? start,
        `"${keyword}" must be ${wrong}, not ${JSON.stringify(value)}`,
      );
      isRight = false;
    }
  }
  if (!isRight) return null;
  for (const [low, high] of ranges) {
    const [least, most] = [flow.value[low], flow.value[high]];
    if (typeof least === "number" && typeof most === "number" && least > most) {
      report(flow.valueStarts.get(high) ?? start, `"${high}" ${most} is below "${low}" ${least}`);
      return null;
    }
  }
  return flow.value;
}

/** Why a value breaks the vocabulary of its flow, or null. Types are Postgres' business and not looked at. */
export function explainMisfit(value: unknown, flow: Record<string, unknown>): string | null {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, minLength, maxLength, pattern } = flow;
  if (typeof value === "number") {
    if (typeof minimum === "number" && value < minimum) return `is below minimum ${minimum}`;
    if (typeof maximum === "number" && value > maximum) return `is above maximum ${maximum}`;
    if (typeof exclusiveMinimum === "number" && value <= exclusiveMinimum) {
      return `is not above exclusiveMinimum ${exclusiveMinimum}`;
    }
    if (typeof exclusiveMaximum === "number" && value >= exclusiveMaximum) {
      return `is not below exclusiveMaximum ${exclusiveMaximum}`;
    }
  }
  if (typeof value === "string") {
    const length = [...value].length;
    if (typeof minLength === "number" && length < minLength) return `is shorter than minLength ${minLength}`;
    if (typeof maxLength === "number" && length > maxLength) return `is longer than maxLength ${maxLength}`;
    if (typeof pattern === "string" && !new RegExp(pattern, "u").test(value)) {
      return `does not match ${pattern}`;
    }
  }
  if (Array.isArray(flow.enum) && !flow.enum.includes(value)) return "is not in enum";
  return null;
}

/** Returns what the value must be, or null when it is. */
type Check = (value: unknown) => string | null;

const isNumber: Check = (value) => typeof value === "number" ? null : "a number within ±(2^53−1)";
const isCount: Check = (value) =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? null : "a whole number, zero or more";

const vocabulary = new Map<string, Check>([
  ["minimum", isNumber],
  ["maximum", isNumber],
  ["exclusiveMinimum", isNumber],
  ["exclusiveMaximum", isNumber],
  ["multipleOf", (value) => typeof value === "number" && value > 0 ? null : "a number above zero"],
  ["minLength", isCount],
  ["maxLength", isCount],
  ["pattern", (value) => typeof value === "string" && compiles(value) ? null : "a regular expression"],
  ["enum", isEnum],
  ["format", isFormat],
  ["minItems", isCount],
  ["maxItems", isCount],
  ["uniqueItems", (value) => typeof value === "boolean" ? null : "true or false"],
  ["examples", (value) => Array.isArray(value) && value.length > 0 ? null : "a list of at least one value"],
  ["as", (value) => value === "string" || value === "number" ? null : "string or number"],
]);

const ranges = [
  ["minimum", "maximum"],
  ["exclusiveMinimum", "exclusiveMaximum"],
  ["minLength", "maxLength"],
  ["minItems", "maxItems"],
] as const;

const keywordHints = new Map([
  ["type", "Postgres knows the type: cast the parameter or the column in the SQL"],
  ["default", "Write the default after the name: `@param name = value  text`"],
  ["description", "Write the text before the {flow}"],
  ["required", "A parameter is required unless its name ends in ? or it has a default"],
  ["nullable", "Write ? after the name"],
]);

/** The formats of JSON Schema 2020-12. */
const formats = new Set(
  ("date date-time time duration email idn-email hostname idn-hostname ipv4 ipv6 uri uri-reference iri " +
    "iri-reference uri-template uuid json-pointer relative-json-pointer regex").split(" "),
);

function isEnum(value: unknown): string | null {
  const demand = "a list of at least one different scalar";
  if (!Array.isArray(value) || value.length === 0) return demand;
  if (value.some((label) => typeof label === "object" && label !== null)) return demand;
  return new Set(value).size === value.length ? null : demand;
}

function isFormat(value: unknown): string | null {
  return typeof value === "string" && formats.has(value) ? null : `one of ${[...formats].join(", ")}`;
}

function compiles(pattern: string): boolean {
  try {
    // The flag that JSON Schema validators compile with.
    new RegExp(pattern, "u");
    return true;
  } catch {
    return false;
  }
}
