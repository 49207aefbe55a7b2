/**
 * Readers of the tags that describe inputs, columns and examples: the ones with a text and YAML in flow
 * style.
 */
import { ExactNumber, nearestNumbers } from "../../exact_number.ts";
import type { ExampleTag, FilterTag, Flow, Header, ParamTag } from "../model.ts";
import { checkVocabulary, explainMisfit } from "./schema_keywords.ts";
import { isObject, parseFlow, scanFlow } from "./yaml_flow.ts";
import type { TagContext } from "./tag_context.ts";
import { filterArgument } from "../filter_argument.ts";

/** A column as a tag writes it: a name, or any name in double quotes. */
export const columnPattern = /(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*|"(?:[^"]|"")+")/;

export function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

export function readParam(context: TagContext, header: Header): void {
  const { text } = context;
  const name = /^[^\s?=]*/.exec(text)?.[0] ?? "";
  if (!/^[A-Za-z][A-Za-z0-9_]{0,62}$/.test(name)) {
    const hint = "A name is a letter, then letters, digits and underscores, at most 63";
    context.fail(0, `"${name === "" ? text : name}" is not a name of a parameter`, hint);
    return;
  }
  let index = name.length;
  const optional = text[index] === "?";
  if (optional) index++;
  const param: ParamTag = {
    name,
    optional,
    default: undefined,
    defaultText: null,
    defaultPlace: null,
    text: "",
    flow: {},
    from: null,
    place: context.placeOf(0),
  };
  if (header.params.some((earlier) => earlier.name === name)) {
    context.repeat(0, `Parameter "${name}" is declared a second time`);
  } else {
    // Kept also when the rest is wrong: the parameter is declared, and its use in the SQL is not another
    // error.
    header.params.push(param);
  }

  const from = /\s+from\s+((claim|header)\.\S*|\S+)\s*$/y;
  from.lastIndex = index;
  const source = from.exec(text);
  // A text may begin with "from": the server-filled form is a claim or header, or stands one space after the
  // name.
  if (source !== null && (source[2] !== undefined || !/^(\s{2}|\n)/.test(source[0]))) {
    readServerFilled(context, param, index, source[1] ?? "");
    return;
  }
  const end = readDefault(context, param, index);
  if (end === null) return;
  const tail = readTextAndFlow(context, end);
  if (tail === null) return;
  if (tail.text === "") {
    context.fail(0, `Parameter "${name}" has no text`, "Say after two spaces what the agent should pass");
    return;
  }
  param.text = tail.text;
  param.flow = tail.flow;
  const misfit = param.defaultText === null ? null : explainMisfit(nearestNumbers(param.default), tail.flow);
  if (misfit !== null) {
    const start = text.indexOf(param.defaultText ?? "", text.indexOf("=") + 1);
    context.fail(start, `The default ${param.defaultText} ${misfit}`);
  }
}

/** Reads ` = value` if it is there. The index after it; null when reported. */
function readDefault(context: TagContext, param: ParamTag, index: number): number | null {
  const { text } = context;
  // One space at most after the sign: two part the fields, and the default would be missing.
  const equals = /\s*= ?/y;
  equals.lastIndex = index;
  if (!equals.test(text)) return index;
  const start = equals.lastIndex;
  const end = endOfDefault(text, start);
  if (end === -1) {
    context.fail(start, "The default does not end");
    return null;
  }
  const written = text.slice(start, end);
  if (/^\s*$/.test(written)) {
    context.fail(
      text.indexOf("=", index),
      "The default is missing",
      'An empty text is "", no value is name?',
    );
    return null;
  }
  const read = parseFlow(written, start, context.fail);
  if (read === null) return null;
  if (read.value === null) {
    const hint = `Write ${param.name}? for a parameter that is null when absent`;
    context.fail(start, "A default cannot be null", hint);
    return null;
  }
  if (param.optional) {
    context.fail(index - 1, `"${param.name}" has both ? and a default`, "Keep one: ? is null when absent");
    return null;
  }
  param.default = exactDefault(read.value, written.trim());
  param.defaultText = written;
  param.defaultPlace = context.placeOf(start);
  return end;
}

/** Of a default such as 0.10 the digits are meant as they are written. */
function exactDefault(value: unknown, written: string): unknown {
  if (typeof value !== "number" || !/^-?\d+\.\d+$/.test(written)) return value;
  return JSON.stringify(value) === written ? value : new ExactNumber(written);
}

export function readColumn(context: TagContext, header: Header): void {
  const name = new RegExp(`^${columnPattern.source}`).exec(context.text)?.[0];
  if (name === undefined) {
    context.fail(0, `"${context.text.split(/\s/, 1)[0]}" is not a name of a column`);
    return;
  }
  const column = unquote(name);
  if (header.columns.some((earlier) => earlier.name === column)) {
    context.repeat(0, `Column "${column}" is described a second time`);
    return;
  }
  const mark = context.text[name.length];
  const nullable = mark === "?" ? true : mark === "!" ? false : null;
  const tail = readTextAndFlow(context, name.length + (nullable === null ? 0 : 1));
  if (tail === null) return;
  if (tail.text === "" && nullable === null && Object.keys(tail.flow).length === 0) {
    context.fail(
      0,
      `The tag says nothing about "${column}"`,
      "Write a text after two spaces, ?, ! or a {flow}",
    );
    return;
  }
  header.columns.push({
    name: column,
    nullable,
    text: tail.text,
    flow: tail.flow,
    place: context.placeOf(0),
  });
}

const filterOperators = ["=", ">=", "<=", "~", "in"] as const;

export function readFilter(context: TagContext, header: Header): void {
  const match = new RegExp(`^(${columnPattern.source})(?:( +)(=|>=|<=|~|in)(?=\\s|$))?`).exec(context.text);
  if (match === null) {
    context.fail(0, `"${context.text.split(/\s/, 1)[0]}" is not a name of a column`);
    return;
  }
  const column = unquote(match[1] ?? "");
  const after = /^ +([^\sA-Za-z0-9{]+|[a-z]+(?= {2}))/.exec(context.text.slice(match[0].length));
  if (match[3] === undefined && after !== null && !/^ {2}/.test(after[0])) {
    const at = match[0].length + after[0].length - (after[1] ?? "").length;
    context.fail(
      at,
      `"${after[1]}" is not an operator of a filter`,
      `The operators are ${filterOperators.join(" ")}`,
    );
    return;
  }
  const tail = readTextAndFlow(context, match[0].length);
  if (tail === null) return;
  if (Object.keys(tail.flow).length > 0) {
    context.fail(context.text.indexOf("{"), "A filter takes no {flow}: its type is the column's");
    return;
  }
  if (tail.text === "") {
    context.fail(0, `Filter "${column}" has no text`, "Say after two spaces what the agent should pass");
    return;
  }
  const operator = filterOperators.find((known) => known === match[3]) ?? "=";
  const filter: FilterTag = { column, operator, text: tail.text, place: context.placeOf(0) };
  const input = filterArgument(filter);
  if (header.filters.some((earlier) => filterArgument(earlier) === input)) {
    context.repeat(0, `Another filter already has the input "${input}"`);
    return;
  }
  if (input === "cursor" || input === "page_size") {
    context.fail(0, `The input "${input}" is the server's own`, "Rename the column in the view");
    return;
  }
  header.filters.push(filter);
}

export function readComplete(context: TagContext, header: Header): void {
  const match = /^([A-Za-z][A-Za-z0-9_]*)\s+/.exec(context.text);
  if (match === null) {
    context.fail(0, `"${context.text}" is not a parameter and where its values come from`);
    return;
  }
  const param = match[1] ?? "";
  const start = match[0].length;
  const rest = context.text.slice(start);
  if (header.completes.some((earlier) => earlier.param === param)) {
    context.repeat(0, `"${param}" is completed a second time`);
    return;
  }
  const part = columnPattern.source;
  const column = new RegExp(`^from\\s+(${part})\\.(${part})\\.(${part})$`).exec(rest);
  if (column !== null) {
    const [schema, table, name] = column.slice(1).map(unquote);
    header.completes.push({
      param,
      from: { schema: schema ?? "", table: table ?? "", column: name ?? "" },
      place: context.placeOf(0),
    });
  } else if (/^(select|with)\s/i.test(rest)) {
    header.completes.push({ param, from: { query: rest }, place: context.placeOf(start) });
  } else {
    context.fail(
      start,
      `"${rest}" is not a column or a query`,
      "Write: from schema.table.column, or a select that uses :value",
    );
  }
}

export function readExample(context: TagContext, header: Header): void {
  const { text } = context;
  const name = /^[^\s{]*/.exec(text)?.[0] ?? "";
  if (!/^[a-z][a-z0-9_]*$/.test(name)) {
    context.fail(
      0,
      `"${name}" is not a name of an example`,
      "Write: @example by_ticker  {q: AAPL}  => rows >= 1",
    );
    return;
  }
  if (header.examples.some((earlier) => earlier.name === name)) {
    context.repeat(0, `Example "${name}" is here a second time`);
    return;
  }
  const start = skipSpace(text, name.length);
  if (text[start] !== "{" || start === name.length) {
    context.fail(
      Math.min(start, text.length - 1),
      "The example's arguments are missing",
      "Write {} for none",
    );
    return;
  }
  const end = scanFlow(text, start);
  if (end === -1) {
    context.fail(start, "The example's arguments do not end");
    return;
  }
  const args = parseFlow(text.slice(start, end), start, context.fail);
  if (args === null) return;
  const arrow = skipSpace(text, end);
  if (!text.startsWith("=>", arrow)) {
    context.fail(
      Math.min(arrow, text.length - 1),
      "The example says not what it expects",
      "Write: => rows >= 1",
    );
    return;
  }
  const expect = readExpectation(context, skipSpace(text, arrow + 2));
  if (expect === null || !isObject(args.value)) return;
  header.examples.push({ name, arguments: args.value, expect, place: context.placeOf(0) });
}

/** What stands after the arrow; also the `-- expect:` of a SQL test. Null when it is reported. */
export function readExpectation(context: TagContext, start: number): ExampleTag["expect"] | null {
  const rest = context.text.slice(start);
  const wrongKind = (what: string, isRight: boolean) => {
    if (context.kind !== null && !isRight) context.fail(start, `A :${context.kind} does not answer ${what}`);
    return context.kind !== null && !isRight;
  };
  const rows = /^rows\s*(>=|=)\s*(0|[1-9][0-9]{0,9})$/.exec(rest);
  if (rows !== null) {
    if (wrongKind("rows", ["many", "view", "exec", "unnest"].includes(context.kind ?? ""))) return null;
    return { kind: "rows", operator: rows[1] === "=" ? "=" : ">=", count: Number(rows[2]) };
  }
  const affected = /^affected\s*=\s*(0|[1-9][0-9]{0,9})$/.exec(rest);
  if (affected !== null) {
    if (wrongKind("affected", ["exec", "unnest", "copy"].includes(context.kind ?? ""))) return null;
    return { kind: "affected", count: Number(affected[1]) };
  }
  if (rest === "null") {
    if (wrongKind("null", ["one", "value", "report"].includes(context.kind ?? ""))) return null;
    return { kind: "null" };
  }
  const error = /^error(?:\s+([0-9A-Z]{5}|[a-z]+\.[a-z_]+))?$/.exec(rest);
  if (error !== null) return { kind: "error", code: error[1] ?? null };
  if (rest.startsWith("{")) {
    const end = scanFlow(context.text, start);
    if (end !== context.text.length) {
      context.fail(
        end === -1 ? start : end,
        end === -1 ? "The expectation does not end" : "Something follows the expectation",
      );
      return null;
    }
    const read = parseFlow(rest, start, context.fail);
    return read === null ? null : { kind: "subset", value: read.value };
  }
  context.fail(
    Math.min(start, context.text.length - 1),
    `"${rest}" is not an expectation`,
    "rows >= 1, rows = n, affected = n, null, error [SQLSTATE or code], or {what the answer holds}",
  );
  return null;
}

function readServerFilled(context: TagContext, param: ParamTag, index: number, source: string): void {
  const at = context.text.lastIndexOf(source);
  const match = /^(claim|header)\.(.+)$/.exec(source);
  const path = match?.[2] ?? "";
  const isClaim = match?.[1] === "claim" && /^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*$/.test(path);
  const isHeader = match?.[1] === "header" && /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(path);
  if (!isClaim && !isHeader) {
    context.fail(at, `"${source}" is not a claim or a header`, "Write claim.path or header.name");
    return;
  }
  param.from = { source: isClaim ? "claim" : "header", path };
  context.unbuilt(context.text.indexOf("from", index), "param from");
}

/** Index after a default: a value in flow style, or what stands before two spaces, a line end or the end. */
function endOfDefault(text: string, start: number): number {
  if (/[{['"]/.test(text[start] ?? "")) return scanFlow(text, start);
  const end = / {2,}|\n/g;
  end.lastIndex = start;
  return end.exec(text)?.index ?? text.length;
}

/**
 * What follows a name: two spaces, a text, two spaces, a flow; each of both may be absent. Null when
 * reported.
 */
function readTextAndFlow(context: TagContext, index: number): { text: string; flow: Flow } | null {
  const { text } = context;
  if (index === text.length) return { text: "", flow: {} };
  const start = skipSpace(text, index);
  if (!/^(?: {2}| *\n)/.test(text.slice(index))) {
    context.fail(
      index === start ? index : start,
      "Two spaces are missing before this",
      "Two or more spaces part the fields of a tag",
    );
    return null;
  }
  const gap = /(?:^| {2,}| *\n)\{/.exec(text.slice(start));
  const flowStart = gap === null ? -1 : start + gap.index + gap[0].length - 1;
  const words = text.slice(start, gap === null ? text.length : start + gap.index);
  const parted = / {2,}/.exec(words);
  if (parted !== null) {
    context.fail(
      start + parted.index + parted[0].length,
      "Two spaces part the text, and only a {flow} may follow it",
      "Write the text with single spaces",
    );
    return null;
  }
  const loose = /\s\{[^{}]*\}$/.exec(words);
  if (loose !== null) {
    context.fail(
      start + loose.index + 1,
      "One space stands before this {flow}",
      "Put two spaces before a {flow}",
    );
    return null;
  }
  const joined = words.replace(/\s*\n\s*/g, " ").trim();
  if (flowStart === -1) return { text: joined, flow: {} };
  const end = scanFlow(text, flowStart);
  if (end !== text.length) {
    context.fail(
      end === -1 ? flowStart : skipSpace(text, end),
      end === -1 ? "The {flow} does not end" : "Something follows the {flow}",
    );
    return null;
  }
  const read = parseFlow(text.slice(flowStart), flowStart, context.fail);
  if (read === null) return null;
  const flow = checkVocabulary(read, flowStart, context.fail);
  return flow === null ? null : { text: joined, flow };
}

function skipSpace(text: string, index: number): number {
  let end = index;
  while (end < text.length && /\s/.test(text[end] ?? "")) end++;
  return end;
}
