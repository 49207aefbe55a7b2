/**
 * TypeScript declarations of tools, from the schemas that MCP clients see: columns and parameters by name, enums as unions, null
 * where null can be. A bigint is a number, a numeric a string, a report the document that it builds. Pure.
 */

import type { JsonSchema } from "../tool/model.ts";

/** What is declared of a tool; a `Tool` is one. */
export interface DeclaredTool {
  name: string;
  module: string;
  title: string;
  description: string;
  inputSchema: JsonSchema;
  outputSchema: JsonSchema;
}

/** A module that exports `Queries`, for `queryClient<Queries>`. The same tools give the same text. */
export function declareQueries(tools: Iterable<DeclaredTool>): string {
  const modules = new Map<string, DeclaredTool[]>();
  for (const tool of [...tools].sort((one, other) => one.name < other.name ? -1 : 1)) {
    modules.set(tool.module, [...modules.get(tool.module) ?? [], tool]);
  }
  return [
    "// deno-fmt-ignore-file",
    "/** The query files' arguments and answers. Written by `sqlwright types`: change the files, not this. */",
    "",
    "export interface Queries {",
    ...[...modules].sort(([one], [other]) => one < other ? -1 : 1).flatMap(([module, own]) => [
      `  ${propertyName(module)}: {`,
      ...own.flatMap((tool) => declareTool(tool, "    ")),
      "  };",
    ]),
    "}",
    "",
  ].join("\n");
}

function declareTool(tool: DeclaredTool, indent: string): string[] {
  const inner = `${indent}  `;
  return [
    ...comment(`${tool.title}. ${tool.description}`, indent),
    `${indent}${propertyName(tool.name.slice(tool.module.length + 1))}: {`,
    `${inner}arguments: ${typeText(tool.inputSchema, inner)};`,
    `${inner}result: ${typeText(tool.outputSchema, inner)};`,
    `${indent}};`,
  ];
}

/** The type of a value; a type of several lines continues at the indent. */
function typeText(schema: JsonSchema, indent: string): string {
  const alternatives = (schema.anyOf ?? schema.oneOf) as JsonSchema[] | undefined;
  if (alternatives !== undefined) return union(alternatives.map((each) => typeText(each, indent)));
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return union(schema.enum.map((value) => JSON.stringify(value)));
  if (schema.type === undefined) return "unknown";
  return union(([schema.type].flat() as string[]).map((type) => plainType(type, schema, indent)));
}

function plainType(type: string, schema: JsonSchema, indent: string): string {
  switch (type) {
    case "integer":
    case "number":
      return "number";
    case "string":
    case "boolean":
    case "null":
      return type;
    case "array": {
      const item = schema.items === undefined ? "unknown" : typeText(schema.items as JsonSchema, indent);
      return /^[\w"]+$/.test(item) || item.startsWith("{") && isOneObject(item) ? `${item}[]` : `(${item})[]`;
    }
    case "object":
      return objectType(schema, indent);
    default:
      return "unknown";
  }
}

function objectType(schema: JsonSchema, indent: string): string {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
  if (properties.length === 0) {
    const { additionalProperties: others } = schema;
    if (others === false) return "Record<string, never>";
    return typeof others === "object" && others !== null
      ? `Record<string, ${typeText(others as JsonSchema, indent)}>`
      : "Record<string, unknown>";
  }
  const required = new Set((schema.required ?? []) as string[]);
  const inner = `${indent}  `;
  const lines = properties.flatMap(([name, property]) => {
    const mark = required.has(name) ? "" : "?";
    const { description } = property;
    return [
      ...(typeof description === "string" ? comment(description, inner) : []),
      `${inner}${propertyName(name)}${mark}: ${typeText(property, inner)};`,
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
