/**
 * A small application for tests of the transports: real dispatch, real answers, no database. Its tools echo their arguments,
 * tell progress, wait for their signal, fail, or answer with JSON text that is already serialised.
 */
import { SqlwrightError } from "../../src/errors.ts";
import { createLog, type Log } from "../../src/log.ts";
import type { McpApplication, ServedCatalog, ServedTool } from "../../src/mcp/model.ts";
import type { CallContext, ToolResult } from "../../src/tool/model.ts";

export interface EchoApplication extends McpApplication {
  /** Swaps the catalogue for one with these tools and tells the listeners. */
  replaceTools(tools: ServedTool[]): void;
  /** Calls of `echo_wait`: how many run, how each of the past ones ended, and when the last one did. */
  waiting: { running: number; ended: ("aborted" | "released")[]; endedAt_ms: number };
  /** Lets all calls of `echo_wait` answer. */
  release(): void;
}

type Run = (args: Record<string, unknown>, context: CallContext) => ToolResult | Promise<ToolResult>;

export function echoApplication(tools: ServedTool[] = defaultTools()): EchoApplication {
  let catalog = toCatalog(tools);
  const listeners = new Set<() => void>();
  const waiters = new Set<() => void>();
  const waiting: EchoApplication["waiting"] = { running: 0, ended: [], endedAt_ms: 0 };

  const runs: Record<string, Run> = {
    echo_arguments: (args) => answer({ arguments: args }),
    echo_text: ({ text }) => toResult(`{"text":\n${JSON.stringify(text)}}`),
    echo_progress: async ({ steps }, { progress }) => {
      for (let step = 1; step <= Number(steps); step++) {
        progress(step, Number(steps), `step ${step}`);
        // The official clients lose progress that arrives in one read with the answer.
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return answer({ steps });
    },
    echo_wait: async (_args, { signal }) => {
      waiting.running++;
      const { promise, resolve } = Promise.withResolvers<"aborted" | "released">();
      const release = () => resolve("released");
      waiters.add(release);
      if (signal.aborted) resolve("aborted");
      else signal.addEventListener("abort", () => resolve("aborted"), { once: true });
      const ended = await promise;
      waiters.delete(release);
      waiting.running--;
      waiting.ended.push(ended);
      waiting.endedAt_ms = performance.now();
      return answer({ ended });
    },
    echo_fail: () => {
      const json = `{"code":"argument.invalid","sqlstate":"22P02"}`;
      return toResult(json, json, true);
    },
    echo_crash: () => {
      throw new TypeError("a secret of the server");
    },
  };

  return {
    catalog: () => catalog,
    callTool: async (name, args, context) => {
      const run = runs[name];
      if (run === undefined || !catalog.tools.has(name)) {
        throw new SqlwrightError("tool.unknown", `Cannot call "${name}": there is no such tool`, {
          details: { tool: name },
        });
      }
      return await run(args, context);
    },
    onCatalogChanged: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    serverInfo: { name: "echo", version: "1.0.0", title: "Echo" },
    instructions: () => "Tools for tests.",
    replaceTools: (next) => {
      catalog = toCatalog(next);
      for (const listener of listeners) listener();
    },
    waiting,
    release: () => {
      for (const waiter of [...waiters]) waiter();
    },
  };
}

/** Keeps the lines, so that a test can look at what an operator would see. */
export function memoryLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  return { log: createLog({ level: "debug", write: (line) => void lines.push(line) }), lines };
}

export function defaultTools(): ServedTool[] {
  return [
    toTool("arguments", { any: {} }),
    toTool("text", { text: { type: "string" } }),
    toTool("progress", { steps: { type: "integer" } }),
    toTool("wait", {}),
    toTool("fail", {}),
    toTool("crash", {}),
  ];
}

/** A tool of the module `echo`. */
export function toTool(
  name: string,
  properties: Record<string, unknown>,
  scopes: readonly string[] = [],
): ServedTool {
  const title = `Echo ${name}`;
  return {
    name: `echo_${name}`,
    title,
    description: `Echoes its ${name}.`,
    module: "echo",
    kind: "value",
    inputSchema: { type: "object", properties, additionalProperties: true },
    outputSchema: { type: "object", additionalProperties: true },
    scopes,
    annotations: {
      title,
      readOnlyHint: true,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: false,
    },
    query: { parsed: { name, source: `-- name: ${name} :value\n\nselect 1 as one;\n` } },
  };
}

function toCatalog(tools: ServedTool[]): ServedCatalog {
  return {
    tools: new Map(tools.map((tool) => [tool.name, tool])),
    modules: [{ name: "echo", title: "Echo", instructions: "Says it again." }],
  };
}

/** A result as the product makes it: structured content is text, parsed only where somebody asks for the value. */
export function toResult(json: string, text = json, isError = false): ToolResult {
  return {
    get structured() {
      return JSON.parse(json);
    },
    json,
    text,
    isError,
  };
}

function answer(structured: Record<string, unknown>): ToolResult {
  return toResult(JSON.stringify(structured));
}
