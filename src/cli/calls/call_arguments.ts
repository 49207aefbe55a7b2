/**
 * The words after `call TOOL` as the tool's arguments. A value on the command line is text; the tool's own
 * input schema says what it means. What cannot be converted stays text, so that the tool itself refuses it,
 * in the words an agent would get.
 */

import { ExactNumber, parseExact } from "../../exact_number.ts";
import { loadKinds } from "../../query/model.ts";
import { resolve } from "node:path";
import { didYouMean } from "../../query/diagnostic.ts";
import type { JsonSchema, Tool } from "../../tool/model.ts";
import { UsageError } from "../console/console.ts";
import type { ProjectOptions } from "../environment.ts";

/** What stands after the tool's name. */
export interface CallWords {
  /** The JSON object. */
  json: string | null;
  /** `--name value` in order; a value is missing after the last `--name` and before another one. */
  pairs: { name: string; value: string | null }[];
}

/** The options of the command itself among the words. */
export interface CallSwitches extends ProjectOptions {
  source?: string | undefined;
  json: boolean;
  help: boolean;
}

/** Parts the words from the command's own options, whose names win over parameters of the same name. */
export function splitWords(words: readonly string[], switches: CallSwitches): CallWords {
  const split: CallWords = { json: null, pairs: [] };
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    if (word === "-h" || word === "--help") switches.help = true;
    else if (word === "--json") switches.json = true;
    else if (word.startsWith("--") && word.length > 2) {
      const [, name, inline] = /^--([^=]+)(?:=([\s\S]*))?$/.exec(word) ?? [];
      if (name === undefined) throw new UsageError(`"${word}" is no option`);
      const next = words[index + 1];
      // A negative number is a value; only what begins with two dashes is the next option.
      const value = inline ?? (next === undefined || next.startsWith("--") ? null : next);
      if (inline === undefined && value !== null) index++;
      if (name !== "project" && name !== "sql" && name !== "source") split.pairs.push({ name, value });
      else if (value === null) throw new UsageError(`option "--${name}" needs a value`);
      else switches[name] = value;
    } else if (split.json === null) split.json = word;
    else {throw new UsageError(
        `"${word}" is one word too many`,
        "Write --param value, or one JSON object in quotes",
      );}
  }
  return split;
}

/** As much JSON as a body over HTTP may have by far; a load takes its rows from a source. */
const maximumJson_bytes = 64 * 1024 * 1024;

/**
 * The words with their JSON: `-` is standard input, `@FILE` a file, for what no command line holds.
 * @throws {UsageError} for a file that cannot be read, and for too much
 */
export async function withJson(split: CallWords): Promise<CallWords> {
  const { json } = split;
  if (json === "-") return { ...split, json: await readBounded("standard input", Deno.stdin.readable) };
  if (json === null || !json.startsWith("@")) return split;
  const path = json.slice(1);
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    throw new UsageError(`cannot read "${path}": ${(error as Error).message}`);
  }
  return { ...split, json: await readBounded(`"${path}"`, file.readable) };
}

async function readBounded(name: string, stream: ReadableStream<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > maximumJson_bytes) {
      throw new UsageError(
        `the arguments in ${name} have more than ${maximumJson_bytes / 1024 / 1024} MiB`,
        "Call in parts, or load a file by a :copy tool with --source",
      );
    }
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await new Blob(chunks as BlobPart[]).bytes());
  } catch {
    throw new UsageError(`the arguments in ${name} are no UTF-8`);
  }
}

/** What of a tool its arguments depend on. */
export type CalledTool = Pick<Tool, "name" | "kind" | "inputSchema">;

/** @throws {UsageError} for parameters the tool does not have, and for JSON that is no object */
export function readArguments(
  tool: CalledTool,
  { json, pairs }: CallWords,
  { source }: CallSwitches,
): Record<string, unknown> {
  const properties = tool.inputSchema.properties as Record<string, JsonSchema>;
  const args = json === null ? {} : readObject(tool, json);
  const repeated = new Set<string>();
  for (const { name: written, value } of pairs) {
    const name = Object.hasOwn(properties, written) ? written : written.replaceAll("-", "_");
    const schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (schema === undefined) throw unknownParameter(tool, written);
    const isList = typesOf(schema).includes("array");
    if (value === null && !typesOf(schema).includes("boolean")) {
      throw new UsageError(`option "--${written}" needs a value`);
    }
    const converted = value === null ? true : convert(value, schema);
    if (isList && repeated.has(name)) args[name] = [args[name], converted].flat();
    else args[name] = converted;
    repeated.add(name);
  }
  if (source !== undefined) {
    if (!Object.hasOwn(properties, "source")) throw unknownParameter(tool, "source");
    // An address, an upload or a resource is what the tool's own `source` takes; all else is a file here.
    const isPath = loadKinds.has(tool.kind) && !/^(?:https?:\/\/|upload:|resource:)/i.test(source);
    args.source = isPath ? resolve(source) : source;
  }
  return args;
}

function readObject(tool: CalledTool, text: string): Record<string, unknown> {
  const properties = Object.keys(tool.inputSchema.properties as Record<string, unknown>);
  const [first] = (tool.inputSchema.required ?? properties) as string[];
  const hint = properties.length === 0
    ? `${tool.name} takes no parameters`
    : `Write --${first ?? properties[0]} VALUE, an object in single quotes such as '{"${
      first ?? properties[0]
    }": …}', - for standard input or @FILE; ${tool.name} takes ${
      properties.map((each) => `--${each}`).join(", ")
    }`;
  let value: unknown;
  try {
    value = parseExact(text);
  } catch (error) {
    throw new UsageError(`the arguments are no JSON: ${(error as Error).message}`, hint);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new UsageError("the arguments are no JSON object", hint);
}

function unknownParameter(tool: CalledTool, name: string): UsageError {
  const names = Object.keys(tool.inputSchema.properties as Record<string, unknown>);
  const near = didYouMean(name.replaceAll("-", "_"), names);
  const all = names.length === 0
    ? `${tool.name} takes no parameters`
    : `${tool.name} takes ${names.map((each) => `--${each}`).join(", ")}`;
  return new UsageError(`${tool.name} has no parameter "${name}"`, near === null ? all : `${near} ${all}`);
}

export function typesOf(schema: JsonSchema): unknown[] {
  return [schema.type ?? []].flat();
}

function convert(text: string, schema: JsonSchema): unknown {
  const types = typesOf(schema);
  if (text === "null" && (types.includes("null") || types.length === 0) && !types.includes("string")) {
    return null;
  }
  if (types.includes("boolean") && (text === "true" || text === "false")) return text === "true";
  // A text that may come as a number stays the text that it is: 007.
  if (types[0] !== "string" && types.includes("integer") && /^[+-]?\d+$/.test(text)) {
    return Number.isSafeInteger(Number(text))
      ? Number(text)
      : types.includes("string")
      ? text
      : new ExactNumber(text);
  }
  // An exact decimal stays text where the tool takes text.
  if (
    types.includes("number") && !types.includes("string") && text.trim() !== "" &&
    !Number.isNaN(Number(text))
  ) {
    return parseOr(text);
  }
  if (types.includes("array")) {
    const items = (schema.items ?? {}) as JsonSchema;
    if (text.trimStart().startsWith("[")) return parseOr(text);
    return text === "" ? [] : text.split(",").map((item) => convert(item.trim(), items));
  }
  // Without a type any JSON will do, and words that are none are a string.
  if (types.includes("object") || types.length === 0) return parseOr(text);
  return text;
}

function parseOr(text: string): unknown {
  try {
    return parseExact(text);
  } catch {
    return text;
  }
}
