/**
 * What the server offers to read: the catalogue as one JSON document, how its files are, and the SQL of each
 * tool's query file. Pure functions; the protocol is in server.ts.
 */
import type { JsonSchema } from "../tool/model.ts";
import type { McpApplication, ServedCatalog, ServedTool } from "./model.ts";

export const catalogUri = "sqlwright://catalog";
export const statusUri = "sqlwright://status";
export const sqlUriTemplate = "sqlwright://sql/{module}/{name}.sql";
/** The values that a parameter takes; of a field of `rows` the parameter is `rows.<field>`. */
export const valuesUriTemplate = "sqlwright://values/{tool}/{parameter}{?value}";

/** The rows that a load with mode collect has left out. */
export const rejectsUriTemplate = "sqlwright://loads/{id}/rejects";

/** A resource as `resources/list` tells it. */
export interface ListedResource {
  uri: string;
  name: string;
  title: string;
  description: string;
  mimeType: string;
}

export interface ResourceText {
  uri: string;
  mimeType: string;
  text: string;
}

/** Where resources come from. */
export type ResourceSource = Pick<McpApplication, "catalog" | "programTools" | "status">;

/** The catalogue first, then the status, then the query files by tool name. */
export function listResources({ catalog, status }: ResourceSource): ListedResource[] {
  return [
    {
      uri: catalogUri,
      name: "catalog",
      title: "Catalogue of tools",
      description: "Modules and tools with their kinds and parameters",
      mimeType: "application/json",
    },
    ...(status === undefined ? [] : [{
      uri: statusUri,
      name: "status",
      title: "Status of the query files",
      description: "Since when the catalogue serves, which files are broken and where, and the last reload",
      mimeType: "application/json",
    }]),
    ...toolsByName(catalog()).map((tool) => ({
      uri: sqlUri(tool),
      name: `${tool.module}/${tool.query.parsed.name}.sql`,
      title: tool.title,
      description: `The SQL that ${tool.name} runs`,
      mimeType: "application/sql",
    })),
  ];
}

/** The resource's text; null when there is no such resource. */
export function readResource(source: ResourceSource, uri: string): ResourceText | null {
  const catalog = source.catalog();
  if (uri === catalogUri) {
    return { uri, mimeType: "application/json", text: JSON.stringify(describeCatalog(source)) };
  }
  if (uri === statusUri && source.status !== undefined) {
    return { uri, mimeType: "application/json", text: JSON.stringify(source.status()) };
  }
  const values = readValues(catalog, uri);
  if (values !== null) return { uri, mimeType: "application/json", text: JSON.stringify(values) };
  const [, module, name] = /^sqlwright:\/\/sql\/([^/]+)\/([^/]+)\.sql$/.exec(uri) ?? [];
  const tool = catalog.tools.get(`${module}_${name}`);
  if (tool === undefined || tool.module !== module || tool.query.parsed.name !== name) return null;
  return { uri, mimeType: "application/sql", text: tool.query.parsed.source };
}

/** Rejects of a load, from the database; null for another URI, and when they are not there any more. */
export async function readRejects(
  { readRejects: read }: Pick<McpApplication, "readRejects">,
  uri: string,
): Promise<ResourceText | null> {
  const id = /^sqlwright:\/\/loads\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/rejects$/.exec(uri)?.[1];
  const text = id === undefined ? null : await read?.(id) ?? null;
  return text === null ? null : { uri, mimeType: "application/json", text };
}

/** Values of a variable, as `completion/complete` answers them. */
export interface Completion {
  values: string[];
  total: number;
  hasMore: boolean;
}

/** Completes a variable of one of the templates; null where there is no such template or variable. */
export function completeUri(
  catalog: ServedCatalog,
  template: string,
  { name, value }: { name: string; value: string },
  known: Record<string, string>,
): Completion | null {
  const candidates = template === sqlUriTemplate
    ? sqlCandidates(catalog, name, known)
    : template === valuesUriTemplate
    ? valueCandidates(catalog, name, known)
    : null;
  if (candidates === null) return null;
  const matching = matchingValues(candidates, value);
  const values = matching.slice(0, completionLimit);
  return { values, total: matching.length, hasMore: matching.length > values.length };
}

function sqlCandidates(catalog: ServedCatalog, variable: string, known: Record<string, string>) {
  const tools = toolsByName(catalog);
  switch (variable) {
    case "module":
      return [...new Set(tools.map((tool) => tool.module))].sort();
    case "name":
      return tools.filter((tool) => known.module === undefined || tool.module === known.module)
        .map((tool) => tool.query.parsed.name).sort();
    default:
      return null;
  }
}

function valueCandidates({ tools }: ServedCatalog, variable: string, known: Record<string, string>) {
  const parameters = () => valuesByParameter(tools.get(known.tool ?? ""));
  switch (variable) {
    case "tool":
      return [...tools.values()].filter((tool) => valuesByParameter(tool).size > 0).map(({ name }) => name)
        .sort();
    case "parameter":
      return [...parameters().keys()];
    case "value":
      return parameters().get(known.parameter ?? "") ?? [];
    default:
      return null;
  }
}

/** `{tool, parameter, values}`, or null when the URI names no parameter whose values are known. */
function readValues({ tools }: ServedCatalog, uri: string) {
  const [, tool, parameter, value] =
    /^sqlwright:\/\/values\/([^/?]+)\/([^/?]+)(?:\?value=([^&]*))?$/.exec(uri) ?? [];
  if (tool === undefined || parameter === undefined) return null;
  const values = valuesByParameter(tools.get(tool)).get(parameter);
  return values === undefined
    ? null
    : { tool, parameter, values: matchingValues(values, decoded(value ?? "")) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const matchingValues = (values: readonly string[], start: string) =>
  values.filter((value) => value.toLowerCase().startsWith(start.toLowerCase()));

/**
 * The parameters that take one of a few values: enums, CHECKs that list their values, booleans. In the
 * schema's order.
 */
function valuesByParameter(tool: ServedTool | undefined): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const properties = (schema: unknown) =>
    Object.entries((schema as { properties?: Record<string, JsonSchema> } | undefined)?.properties ?? {});
  for (const [name, schema] of properties(tool?.inputSchema)) {
    const fields = name === "rows" ? properties(schema.items) : [];
    const places = [
      [name, schema] as const,
      ...fields.map(([field, own]) => [`rows.${field}`, own] as const),
    ];
    for (const [place, own] of places) {
      const values = valuesOf(own);
      if (values.length > 0) found.set(place, values);
    }
  }
  return found;
}

function valuesOf(schema: JsonSchema): string[] {
  if (Array.isArray(schema.enum)) return schema.enum.filter((value) => value !== null).map(String);
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  if (types.includes("boolean")) return ["true", "false"];
  return types.includes("array") && schema.items !== undefined ? valuesOf(schema.items as JsonSchema) : [];
}

/** Tools in the order of their names, by code unit: the same in every process and after every reload. */
export function toolsByName(catalog: ServedCatalog): ServedTool[] {
  return byName([...catalog.tools.values()]);
}

export function byName<Named extends { name: string }>(tools: readonly Named[]): Named[] {
  return tools.toSorted((one, other) => one.name < other.name ? -1 : one.name > other.name ? 1 : 0);
}

const completionLimit = 100; // the protocol's

export function sqlUri(tool: ServedTool): string {
  return `sqlwright://sql/${tool.module}/${tool.query.parsed.name}.sql`;
}

function describeCatalog({ catalog: catalogNow, programTools = [] }: ResourceSource) {
  const catalog = catalogNow();
  return {
    modules: catalog.modules.map(({ name, title, instructions }) => ({ name, title, instructions })),
    tools: toolsByName(catalog).map((tool) => ({
      name: tool.name,
      title: tool.title,
      module: tool.module,
      kind: tool.kind,
      description: tool.description,
      parameters: parametersOf(tool),
      ...scopesMember(tool),
      sql: sqlUri(tool),
    })),
    ...(programTools.length > 0
      ? {
        program_tools: byName(programTools).map((tool) => ({
          name: tool.name,
          title: tool.title,
          module: tool.module,
          description: tool.description,
          parameters: parametersOf(tool),
          ...scopesMember(tool),
        })),
      }
      : {}),
  };
}

const scopesMember = ({ scopes }: Pick<ServedTool, "scopes">) => scopes.length > 0 ? { scopes } : {};

function parametersOf({ inputSchema }: Pick<ServedTool, "inputSchema">) {
  const required = Array.isArray(inputSchema.required) ? inputSchema.required : [];
  return Object.entries(inputSchema.properties ?? {}).map(([name, schema]) => ({
    name,
    required: required.includes(name),
    schema,
  }));
}
