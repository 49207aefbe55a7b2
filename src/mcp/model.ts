/** What the MCP side needs of the application that it serves. */

import type { McpServer, Server } from "@modelcontextprotocol/server";
import type { UploadStore } from "../load/source/upload.ts";
import type { ParsedQuery } from "../query/model.ts";
import type { CallTool, Catalog, Tool } from "../tool/model.ts";
import type { ProgramTool } from "../tool/program_tool.ts";
import type { Caller } from "../tool/caller.ts";
import { type RequestId } from "./message.ts";

/** What the protocol tells of a tool; a `Tool` is one. */
export type ServedTool =
  & Pick<
    Tool,
    | "name"
    | "title"
    | "description"
    | "module"
    | "kind"
    | "inputSchema"
    | "outputSchema"
    | "annotations"
    | "scopes"
  >
  & { query: { parsed: Pick<ParsedQuery, "name" | "source"> } };

/** What the protocol tells of a catalogue; a `Catalog` is one. */
export interface ServedCatalog {
  tools: ReadonlyMap<string, ServedTool>;
  modules: readonly Pick<Catalog["modules"][number], "name" | "title" | "instructions">[];
}

/** What the protocol tells of a tool that is no query file. */
export type ServedProgram = Pick<
  ProgramTool,
  "name" | "title" | "description" | "module" | "inputSchema" | "outputSchema" | "annotations" | "scopes"
>;

export interface McpApplication {
  /** The catalogue that is served now; a reload swaps it whole. */
  catalog(): ServedCatalog;
  /** Tools beside the catalogue's, of other names; the same from start to stop. @default none */
  programTools?: readonly ServedProgram[];
  callTool: CallTool;
  /** Where `PUT /uploads` keeps files; null while no tool loads. @default never */
  uploads?(): UploadStore | null;
  /** Calls the listener after each swap; returns what ends that. */
  onCatalogChanged(listener: () => void): () => void;
  serverInfo: { name: string; version: string; title: string };
  /**
   * Prose for the agent about the server as a whole, or about what a caller sees of it; empty when there is
   * none.
   */
  instructions(catalog?: ServedCatalog): string;
  /**
   * What is served, since when, and which files are broken: the resource `sqlwright://status`. @default no
   * such resource
   */
  status?(): object;
  /** The rejects of a load as JSON text; null when there are none of this load. @default no such resources */
  readRejects?(loadId: string): Promise<string | null>;
  /**
   * Calls the listener with the URIs of resources whose text is another now; returns what ends that. @default
   * never
   */
  onResourcesUpdated?(listener: (uris: readonly string[]) => void): () => void;
  /** How long a client of 2026-07-28 may keep a list before it asks again. @default 60000 */
  listTtl_ms?: number;
  /**
   * Makes another SDK server where more than the catalogue is offered (prompts, views, elicitation). The
   * transports then answer only pings and calls of the catalogue's tools themselves.
   */
  makeServer?(): Promise<Server | McpServer>;
}

/** `legacy` is every revision up to 2025-11-25, `modern` is 2026-07-28. */
export type Era = "legacy" | "modern";

/** What `params` of a `tools/call` ask for. */
export interface RequestedCall {
  name: string;
  arguments: Record<string, unknown>;
  /** Set when the client wants `notifications/progress`. */
  progressToken: RequestId | null;
}

/** How a call is told to stop and where its notifications go. */
export interface CallChannel {
  caller: Caller;
  signal: AbortSignal;
  /** Sends one JSON-RPC message, as text, ahead of the answer. */
  notify: (text: string) => void;
}
