/** A real application with guarded tools over HTTP, for tests of who may do what. */

import { type Application, withApplication } from "../../../src/app.ts";
import { createLog } from "../../../src/log.ts";
import { downloaderOf } from "../../../src/mcp/http/download.ts";
import { type HttpOptions, serveHttp } from "../../../src/mcp/http/server.ts";
import { linkedExports } from "../../../src/export/tool.ts";
import type { ProgramToolSource } from "../../../src/tool/program_tool.ts";
import { testConfig, type TestDatabase, withDatabase, withFiles } from "../../harness.ts";
import { type Issuer, openVerifier, withIssuer } from "./issuer.ts";

/** Three tools that anybody may use, and four with scopes: of the file, of the module, two of them, and a program. */
export const guardedFiles = {
  "open/hello.sql": "-- name: hello :value\n-- Greets.\n\nselect 'hello' as greeting;\n",
  "secret/_module.sql": "-- title: Secret module\n-- Secret prose.\n-- @scope secret:read\n",
  "secret/figures.sql": `-- name: figures :many
-- Figures.
--
-- @param is_even?  Which half

select number.value
from (values (1), (2), (3)) as number (value)
where :is_even::boolean is null or (number.value % 2 = 0) = :is_even
order by number.value
limit 10;
`,
  "secret/shred.sql": `-- name: shred :exec
-- Shreds.
--
-- @scope secret:write  secret:admin

delete from secret.paper as paper where paper.id > 0;
`,
  "secret/load.sql": `-- name: load :copy
-- Loads papers.
--
-- @scope secret:write
-- @column id    Number
-- @column title  Text

copy secret.paper (id, title) from stdin (format csv);
`,
};

/** A program that calls a tool with authority of its own, and one that calls it as its caller. */
const program: ProgramToolSource = ({ callTool }) => [{
  name: "tend_papers",
  title: "Tend papers",
  description: "Tends papers.",
  module: "tend",
  scopes: ["tend"],
  inputSchema: { type: "object", properties: {}, required: [], additionalProperties: false },
  outputSchema: { type: "object", additionalProperties: true },
  annotations: {
    title: "Tend papers",
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: false,
  },
  run: async (_args, context) => {
    const { structured } = await callTool("open_hello", {}, context);
    return structured;
  },
}];

export interface Guarded {
  application: Application;
  issuer: Issuer;
  database: TestDatabase;
  directory: string;
  lines: string[];
  port: number;
  origin: string;
  url: string;
  /** Posts one message; `token` is an Authorization header. */
  post(message: unknown, token: string | null, headers?: Record<string, string>): Promise<Response>;
}

export interface GuardedOptions {
  http?: Partial<HttpOptions>;
  /** @default true */
  hasTokens?: boolean;
  variables?: Record<string, string>;
  files?: Record<string, string>;
}

export async function withGuarded(
  use: (guarded: Guarded) => Promise<void>,
  { http = {}, hasTokens = true, variables = {}, files = guardedFiles }: GuardedOptions = {},
): Promise<void> {
  const lines: string[] = [];
  const log = createLog({ level: "debug", write: (line) => void lines.push(line) });
  let origin = "";
  await withIssuer((issuer) =>
    withDatabase(async (database) => {
      await database.sql.unsafe(`
        create schema secret;
        create table secret.paper (id bigint primary key, title text not null);
        grant usage on schema secret to sqlwright_server;
        grant all on secret.paper to sqlwright_server;
      `);
      await withFiles(files, async (directory) => {
        const config = testConfig({
          DATABASE_URL: database.serverUrl,
          SQLWRIGHT_SQL_DIR: directory,
          ...variables,
        });
        const programTools = [linkedExports(() => origin), program];
        await withApplication(config, { log, programTools }, async (application) => {
          const server = await serveHttp(application, {
            hostname: "127.0.0.1",
            port: 0,
            log,
            drain_ms: 100,
            ...(hasTokens ? { tokens: await openVerifier(issuer.url, { log }) } : {}),
            answerDownload: downloaderOf({
              host: application.host,
              limits: { timeout_ms: 5000, bytes: 1_000_000 },
              maximum: 2,
            }),
            ...http,
          });
          origin = `http://127.0.0.1:${server.port}`;
          const url = `${origin}/mcp`;
          try {
            await use({
              application,
              issuer,
              database,
              directory,
              lines,
              port: server.port,
              origin,
              url,
              post: (message, token, headers = {}) =>
                fetch(url, {
                  method: "POST",
                  headers: {
                    ...jsonHeaders,
                    ...(token === null ? {} : { authorization: token }),
                    ...headers,
                  },
                  body: JSON.stringify(message),
                }),
            });
          } finally {
            await server.stop();
          }
        });
      });
    })
  );
}

export const jsonHeaders = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
};

const clientInfo = { name: "test", version: "1" };

/** A request of either era, with the headers that go with it. */
export function requestOf(
  era: "legacy" | "modern",
  method: string,
  params: Record<string, unknown> = {},
): { message: Record<string, unknown>; headers: Record<string, string> } {
  const message = { jsonrpc: "2.0", id: 1, method, params };
  if (era === "legacy") return { message, headers: {} };
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": clientInfo,
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  return {
    message: { ...message, params: { ...params, _meta } },
    headers: {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(typeof params.name === "string" ? { "mcp-name": params.name } : {}),
      ...(typeof params.uri === "string" ? { "mcp-name": params.uri } : {}),
    },
  };
}

export const initialize = {
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo },
};

export const eras = ["legacy", "modern"] as const;
export type Era = (typeof eras)[number];

/** The last message of an answer, whether JSON or a stream of events. */
export async function answerOf(response: Response) {
  const text = await response.text();
  const data = text.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6));
  return JSON.parse(data.filter((line) => line !== "").at(-1) ?? text);
}
