/**
 * TypeScript declarations of tools, from the schemas that MCP clients see: columns and parameters by name,
 * enums as unions, null where null can be. A bigint is a number, a numeric a string, a report the document
 * that it builds. Pure.
 */

import type { JsonSchema } from "../tool/model.ts";

/** What is declared of a tool; a `Tool` is one. */
export interface DeclaredTool {
  name: string;
  module: string;
  /** Gives shared types their names: `CopyOptions`. */
  kind: string;
  title: string;
  description: string;
  inputSchema: JsonSchema;
  outputSchema: JsonSchema;
}

/** A module that exports `Queries`, for `queryClient<Queries>`. The same tools give the same text. */
export function declareQueries(tools: Iterable<DeclaredTool>): string {
  const sorted = [...tools].sort((one, other) => one.name < other.name ? -1 : 1);
  const modules = new Map<string, DeclaredTool[]>();
  for (const tool of sorted) modules.set(tool.module, [...modules.get(tool.module) ?? [], tool]);
  const shared = findShared(sorted);
  return [
    "// deno-fmt-ignore-file",
    "/** The query files' arguments and answers. Written by `sqlwright types`: " +
    "change the files, not this. */",
    "",
    ...[...shared.values()].sort((one, other) => one.name < other.name ? -1 : 1).flatMap((type) => [
      `export interface ${type.name} ${objectType(type.schema, "", { names: shared, isTop: true })}`,
      "",
    ]),
    "export interface Queries {",
    ...[...modules].sort(([one], [other]) => one < other ? -1 : 1).flatMap(([module, own]) => [
      `  ${propertyName(module)}: {`,
      ...own.flatMap((tool) => declareTool(tool, "    ", shared)),
      "  };",
    ]),
    "}",
    "",
  ].join("\n");
}

/** An object type that several tools have, under one name. */
interface SharedType {
  name: string;
  schema: JsonSchema;
}

/** By the type's own text, in which nothing is shared. */
type SharedTypes = ReadonlyMap<string, SharedType>;

/** Shorter types are read more easily where they are used. */
const leastSharedLines = 6;

/**
 * Object types that stand in different places. One that only stands inside of another shared type is left
 * there.
 */
function findShared(tools: readonly DeclaredTool[]): SharedTypes {
  const places = new Map<string, { schema: JsonSchema; label: string; parents: Set<string> }>();
  const visit = (schema: JsonSchema, label: string, parent: string) => {
    for (const each of (schema.anyOf ?? schema.oneOf ?? []) as JsonSchema[]) visit(each, label, parent);
    if (typeof schema.items === "object" && schema.items !== null) {
      visit(schema.items as JsonSchema, label.replace(/s$/, ""), parent);
    }
    const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
    if (properties.length === 0) return;
    const text = objectType(schema, "");
    const place = places.get(text) ?? { schema, label, parents: new Set() };
    places.set(text, place);
    place.parents.add(parent);
    for (const [name, property] of properties) visit(property, `${label.split(" ")[0]} ${name}`, text);
  };
  for (const { kind, name, inputSchema, outputSchema } of tools) {
    visit(inputSchema, `${kind} arguments`, `${name} arguments`);
    visit(outputSchema, `${kind} result`, `${name} result`);
  }
  const shared = new Map<string, SharedType>();
  const taken = new Set(["Queries"]);
  for (const [text, { schema, label, parents }] of places) {
    if (parents.size < 2 || text.split("\n").length < leastSharedLines) continue;
    const base = label.split(/[^A-Za-z0-9]+/).map((word) => word.charAt(0).toUpperCase() + word.slice(1))
      .join("");
    let name = base;
    for (let number = 2; taken.has(name); number++) name = `${base}${number}`;
    taken.add(name);
    shared.set(text, { name, schema });
  }
  return shared;
}

interface Sharing {
  names: SharedTypes;
  /** The type itself is being declared. */
  isTop?: boolean;
}

const nothingShared: Sharing = { names: new Map() };

function declareTool(tool: DeclaredTool, indent: string, names: SharedTypes): string[] {
  const inner = `${indent}  `;
  return [
    ...comment(`${tool.title}. ${tool.description}`, indent),
    `${indent}${propertyName(tool.name.slice(tool.module.length + 1))}: {`,
    `${inner}arguments: ${typeText(tool.inputSchema, inner, { names })};`,
    `${inner}result: ${typeText(tool.outputSchema, inner, { names })};`,
    `${indent}};`,
  ];
}

/** The type of a value; a type of several lines continues at the indent. */
function typeText(schema: JsonSchema, indent: string, sharing: Sharing): string {
  const alternatives = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
  if (alternatives !== undefined) return union(alternatives.map((each) => typeText(each, indent, sharing)));
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return union(schema.enum.map((value) => JSON.stringify(value)));
  if (schema.type === undefined) return "unknown";
  return union(([schema.type].flat() as string[]).map((type) => plainType(type, schema, indent, sharing)));
}

function plainType(type: string, schema: JsonSchema, indent: string, sharing: Sharing): string {
  switch (type) {
    case "integer":
    case "number":
      return "number";
    case "string":
    case "boolean":
    case "null":
      return type;
    case "array": {
      const item = schema.items === undefined
        ? "unknown"
        : typeText(schema.items as JsonSchema, indent, sharing);
      return /^[\w"]+$/.test(item) || item.startsWith("{") && isOneObject(item) ? `${item}[]` : `(${item})[]`;
    }
    case "object":
      return objectType(schema, indent, sharing);
    default:
      return "unknown";
  }
}

function objectType(
  schema: JsonSchema,
  indent: string,
  { names, isTop = false }: Sharing = nothingShared,
): string {
  const sharing = { names };
  const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
  if (properties.length === 0) {
    const { additionalProperties: others } = schema;
    if (others === false) return "Record<string, never>";
    return typeof others === "object" && others !== null
      ? `Record<string, ${typeText(others as JsonSchema, indent, sharing)}>`
      : "Record<string, unknown>";
  }
  const known = isTop || names.size === 0 ? undefined : names.get(objectType(schema, ""));
  if (known !== undefined) return known.name;
  const required = new Set((schema.required ?? []) as string[]);
  const inner = `${indent}  `;
  const lines = properties.flatMap(([name, property]) => {
    const mark = required.has(name) ? "" : "?";
    const { description } = property;
    return [
      ...(typeof description === "string" ? comment(description, inner) : []),
      `${inner}${propertyName(name)}${mark}: ${typeText(property, inner, sharing)};`,
    ];
  });
  return `{\n${lines.join("\n")}\n${indent}}`;
}

/** True when the brace that opens the text is closed by its last character. */
function isOneObject(text: string): boolean {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === "{") depth++;
    if (text[index] === "}" && --depth === 0) return index === text.length - 1;
  }
  return false;
}

function union(types: readonly string[]): string {
  const distinct = [...new Set(types)];
  // Unknown holds all others.
  return distinct.includes("unknown") ? "unknown" : distinct.join(" | ");
}

function comment(text: string, indent: string): string[] {
  const lines = text.trim().replaceAll("*/", "*\\/").split("\n").map((line) => line.trimEnd());
  if (lines.length === 1) return [`${indent}/** ${lines[0]} */`];
  return [
    `${indent}/**`,
    ...lines.map((line) => `${indent} *${line === "" ? "" : ` ${line}`}`),
    `${indent} */`,
  ];
}

const propertyName = (name: string) => /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
