/**
 * The tool `sqlwright_export`: an agent asks for the whole result of a read tool and gets the place of a
 * file, never its content. Over HTTP a signed link that downloads it, over stdio a file in the folder that
 * SQLWRIGHT_EXPORT_DIR permits.
 */

import { pathToFileURL } from "node:url";
import { join, resolve } from "node:path";
import { contentTypes, type ExportFormat, exportFormats } from "./format/format.ts";
import type { Caller } from "../tool/caller.ts";
import type { CallContext, JsonSchema, ResourceLink } from "../tool/model.ts";
import type { ExportRequest } from "./run.ts";
import type { ProgramHost, ProgramTool, ProgramToolSource } from "../tool/program_tool.ts";
import { closedObject } from "../tool/schema.ts";

export const exportToolName = "sqlwright_export";
/** Below it the HTTP server answers links. */
export const exportsPath = "/exports/";

/** @param baseUrl where clients reach the server: `https://host[:port]`, without a slash at the end */
export function linkedExports(baseUrl: () => string): ProgramToolSource {
  return (host) => [
    exportTool({
      description:
        "Answers a link that downloads all rows of a read tool, without its ceilings. The link works for " +
        "ten minutes. Give it to the person, or fetch it with a tool of your own; the rows do not pass " +
        "through this conversation.",
      answer: {
        url: { description: "Download it with GET", type: "string", format: "uri" },
        expires_at: { type: "string", format: "date-time" },
      },
      linkKey: "url",
      run: (request, { caller }) => makeLink(host, baseUrl(), request, caller),
    }),
  ];
}

/** None without SQLWRIGHT_EXPORT_DIR. */
export function savedExports(): ProgramToolSource {
  return (host) => {
    const directory = host.config.SQLWRIGHT_EXPORT_DIR;
    if (directory === undefined) return [];
    return [
      exportTool({
        description:
          "Writes all rows of a read tool, without its ceilings, into a file on this machine and answers " +
          "where it is. The rows do not pass through this conversation.",
        answer: {
          file: { description: "Address of the file", type: "string", format: "uri" },
          path: { type: "string" },
          rows: { type: "integer", minimum: 0 },
          bytes: { type: "integer", minimum: 0 },
        },
        linkKey: "file",
        run: (request, context) => saveFile(host, resolve(directory), request, context),
      }),
    ];
  };
}

interface ExportTool {
  description: string;
  answer: Record<string, JsonSchema>;
  /** The member of the answer that is the address. */
  linkKey: string;
  run: (request: ExportRequest, context: CallContext) => Promise<Record<string, unknown>>;
}

function exportTool({ description, answer, linkKey, run }: ExportTool): ProgramTool {
  const title = "Export all rows";
  return {
    name: exportToolName,
    title,
    description,
    module: "sqlwright",
    // Those of the tool that is exported are asked for.
    scopes: [],
    inputSchema: closedObject({
      tool: { description: "Name of a tool that reads", type: "string", minLength: 1, maxLength: 128 },
      arguments: {
        description: "That tool's arguments, without cursor and page_size",
        type: "object",
        default: {},
      },
      format: {
        description:
          "csv as PostgreSQL writes it, ndjson as the tool answers, parquet with types; a report only ndjson",
        type: "string",
        enum: exportFormats,
        default: "csv",
      },
    }, ["tool"]),
    outputSchema: closedObject({ ...answer, format: { type: "string", enum: exportFormats } }),
    // It only reads: what it makes is a link, or a new file in the folder for exports.
    annotations: {
      title,
      readOnlyHint: linkKey === "url",
      destructiveHint: false,
      idempotentHint: linkKey === "url",
      openWorldHint: false,
    },
    run: async (args, context) => {
      const request: ExportRequest = {
        tool: args.tool as string,
        args: (args.arguments ?? {}) as Record<string, unknown>,
        format: (args.format ?? "csv") as ExportFormat,
      };
      return { ...await run(request, context), format: request.format };
    },
    links: (result): ResourceLink[] => [{
      uri: String(result[linkKey]),
      name: `export.${result.format}`,
      title,
      mimeType: contentTypes[result.format as ExportFormat].split(";")[0]!,
      ...(typeof result.bytes === "number" ? { size: result.bytes } : {}),
    }],
  };
}

async function makeLink(
  { catalog, secret }: ProgramHost,
  baseUrl: string,
  request: ExportRequest,
  caller: Caller,
): Promise<Record<string, unknown>> {
  const [{ prepareExport }, { linkTtl_ms, writeLink }] = await Promise.all([
    import("./run.ts"),
    import("./link.ts"),
  ]);
  // Wrong arguments are told now, to the agent, and not by the link to whoever opens it.
  prepareExport(catalog(), request, caller);
  const expiresAt = new Date(Date.now() + linkTtl_ms);
  return {
    url: `${baseUrl}${exportsPath}${writeLink({ ...request, subject: caller.subject }, expiresAt, secret)}`,
    expires_at: expiresAt.toISOString(),
  };
}

async function saveFile(
  { catalog, pools, config }: ProgramHost,
  directory: string,
  request: ExportRequest,
  context: CallContext,
): Promise<Record<string, unknown>> {
  const [{ prepareExport, runExport }, { writeWholeFile }] = await Promise.all([
    import("./run.ts"),
    import("./format/file.ts"),
  ]);
  const prepared = prepareExport(catalog(), request, context.caller);
  const limits = { timeout_ms: config.SQLWRIGHT_EXPORT_TIMEOUT, bytes: config.SQLWRIGHT_EXPORT_BYTES };
  const path = join(directory, exportFileName(request, crypto.randomUUID().slice(0, 8)));
  const { rows, bytes } = await writeWholeFile(
    path,
    (sink) => runExport(pools.reader, prepared, sink, limits, context),
  );
  return { file: pathToFileURL(path).href, path, rows, bytes };
}

/** `shop_order_feed-20241231T120000Z.csv`, with what makes it unique before the dot. */
export function exportFileName(
  { tool, format }: Pick<ExportRequest, "tool" | "format">,
  unique = "",
): string {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  return `${tool}-${time}${unique === "" ? "" : `-${unique}`}.${format}`;
}
