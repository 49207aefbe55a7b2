/**
 * What the server offers to read: the catalogue as one JSON document, how its files are, and the SQL of each tool's query file.
 * Pure functions; the protocol is in server.ts.
 */
import type { McpApplication, ServedCatalog, ServedTool } from "./server.ts";

export const catalogUri = "sqlwright://catalog";
export const statusUri = "sqlwright://status";
export const sqlUriTemplate = "sqlwright://sql/{module}/{name}.sql";

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
export type ResourceSource = Pick<McpApplication, "catalog" | "status">;

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
    return { uri, mimeType: "application/json", text: JSON.stringify(describeCatalog(catalog)) };
  }
  if (uri === statusUri && source.status !== undefined) {
    return { uri, mimeType: "application/json", text: JSON.stringify(source.status()) };
  }
  const [, module, name] = /^sqlwright:\/\/sql\/([^/]+)\/([^/]+)\.sql$/.exec(uri) ?? [];
  const tool = catalog.tools.get(`${module}_${name}`);
  if (tool === undefined || tool.module !== module || tool.query.parsed.name !== name) return null;
  return { uri, mimeType: "application/sql", text: tool.query.parsed.source };
}

/** At most `completionLimit` values for a variable of `sqlUriTemplate`; null for a variable it does not have. */
export function completeSqlUri(
  catalog: ServedCatalog,
  variable: string,
  value: string,
  known: Record<string, string>,
): { values: string[]; total: number; hasMore: boolean } | null {
  const tools = toolsByName(catalog);
  const candidates = variable === "module"
    ? tools.map((tool) => tool.module)
    : variable === "name"
    ? tools.filter((tool) => known.module === undefined || tool.module === known.module).map((tool) =>
      tool.query.parsed.name
    )
    : null;
  if (candidates === null) return null;
  const matching = [...new Set(candidates)].filter((candidate) => candidate.startsWith(value)).sort();
  const values = matching.slice(0, completionLimit);
  return { values, total: matching.length, hasMore: matching.length > values.length };
}

/** Tools in the order of their names, by code unit: the same in every process and after every reload. */
export function toolsByName(catalog: ServedCatalog): ServedTool[] {
  return [...catalog.tools.values()].sort((one, other) =>
    one.name < other.name ? -1 : one.name > other.name ? 1 : 0
  );
}

const completionLimit = 100; // the protocol's

export function sqlUri(tool: ServedTool): string {
  return `sqlwright://sql/${tool.module}/${tool.query.parsed.name}.sql`;
}

function describeCatalog(catalog: ServedCatalog) {
  return {
    modules: catalog.modules.map(({ name, title, instructions }) => ({ name, title, instructions })),
    tools: toolsByName(catalog).map((tool) => ({
      name: tool.name,
      title: tool.title,
      module: tool.module,
      kind: tool.kind,
      description: tool.description,
      parameters: parametersOf(tool),
      sql: sqlUri(tool),
    })),
  };
}

function parametersOf({ inputSchema }: ServedTool) {
  const required = Array.isArray(inputSchema.required) ? inputSchema.required : [];
  return Object.entries(inputSchema.properties ?? {}).map(([name, schema]) => ({
    name,
    required: required.includes(name),
    schema,
  }));
}
