/** `call`: runs one tool in this process, exactly as a client's call would run, and draws its answer. */

import { loadKinds } from "../../query/model.ts";
import type { SingleBar } from "cli-progress";
import { refuseBrokenTool, withApplication } from "../../app.ts";
import type { Config } from "../../config.ts";
import { SqlwrightError } from "../../errors.ts";
import { didYouMean } from "../../query/diagnostic.ts";
import { silentLog } from "../../log.ts";
import { localCaller } from "../../tool/caller.ts";
import type { Catalog, JsonSchema, Tool, ToolResult } from "../../tool/model.ts";
import { formatAnswer } from "../console/answer.ts";
import {
  type CallSwitches,
  type CallWords,
  readArguments,
  splitWords,
  typesOf,
  withJson,
} from "./call_arguments.ts";
import {
  formatCount,
  formatDuration,
  formatError,
  paintFor,
  print,
  printJson,
  tell,
  UsageError,
  widthOf,
} from "../console/console.ts";
import { withDatabase } from "../database.ts";
import { Interruption } from "../console/interruption.ts";
import { type ProjectOptions, readSettings } from "../environment.ts";
import { printPaged } from "../console/pager.ts";
import { formatTable, wrapWords } from "../console/table.ts";

/**
 * @param words what stands after the tool's name @returns 1 when the tool answers an error, 130 after Ctrl-C
 */
export async function runCall(
  name: string,
  words: readonly string[],
  options: ProjectOptions & { source?: string | undefined; json?: boolean | undefined },
): Promise<number> {
  const switches: CallSwitches = { ...options, json: options.json ?? false, help: false };
  const split = await withJson(splitWords(words, switches));
  const config = readSettings(switches);
  return await withDatabase(
    config,
    ({ config }) => callTool(withCursorSecret(config), name, split, switches),
  );
}

/**
 * Each call is a process of its own, so a secret made at random would refuse the cursor of the call before.
 * Nothing is given away: the signature keeps clients from making cursors, and a person here holds the
 * database's login itself.
 */
export function withCursorSecret(config: Config): Config {
  return {
    ...config,
    SQLWRIGHT_CURSOR_SECRET: config.SQLWRIGHT_CURSOR_SECRET ?? "sqlwright call on this machine",
  };
}

async function callTool(
  config: Config,
  name: string,
  split: CallWords,
  switches: CallSwitches,
): Promise<number> {
  // Other files may be broken: only the tool's own must be right.
  const options = { log: silentLog, sources: { kind: "any" as const }, skipsBroken: true };
  return await withApplication(config, options, async (application) => {
    refuseBrokenTool(application.files, name);
    const tool = findTool(application.catalog(), name);
    if (switches.help) {
      print(describeTool(tool));
      return 0;
    }
    const args = readArguments(tool, split, switches);
    using interruption = new Interruption();
    using progress = await Progress.start(tool, switches);
    const started_ms = performance.now();
    const result = await application.callTool(name, args, {
      signal: interruption.signal,
      progress: (done, total) => progress.show(done, total),
      correlationId: crypto.randomUUID(),
      caller: localCaller,
    });
    const elapsed_ms = performance.now() - started_ms;
    progress.stop();
    await tellResult(tool, result, { isJson: switches.json, elapsed_ms });
    if (!result.isError) return 0;
    return interruption.signal.aborted ? 130 : 1;
  });
}

/** @throws {SqlwrightError} `tool.unknown` */
export function findTool({ tools }: Catalog, name: string): Tool {
  const tool = tools.get(name);
  if (tool !== undefined) return tool;
  const near = didYouMean(name, tools.keys());
  throw new SqlwrightError("tool.unknown", `There is no tool "${name}"`, {
    details: { tool: name },
    hint: near ?? "sqlwright list shows every tool",
  });
}

async function tellResult(
  tool: Tool,
  result: ToolResult,
  { isJson, elapsed_ms }: { isJson: boolean; elapsed_ms: number },
): Promise<void> {
  const answer = result.structured;
  const paint = paintFor("stderr");
  if (isJson) printJson(answer);
  else if (result.isError) {
    tell(formatError(answer.error as { code: string; message: string; hint?: string }, paint));
  } else {
    const options = { paint: paintFor("stdout"), width: widthOf("stdout") };
    await printPaged(formatAnswer(tool, answer, options));
  }
  if (isJson) return;
  const duration = formatDuration(elapsed_ms);
  if (result.isError) return tell(paint("dim", `failed after ${duration}`));
  if (typeof answer.truncated === "string") {
    tell(`${paint(["bold", "yellow"], "cut:")} ${answer.truncated}`);
  }
  if (typeof answer.next_cursor === "string") {
    tell(`${paint("cyan", "more:")} --cursor ${answer.next_cursor}`);
  }
  const facts = Array.isArray(answer.rows) ? [formatCount(answer.rows.length, "row")] : [];
  if (typeof answer.copied === "number") {
    const rate = Math.round(answer.copied / (elapsed_ms / 1000));
    facts.push(`${rate.toLocaleString("en-US")} rows/s`);
  }
  tell(paint("dim", [...facts, duration].join(" · ")));
}

/** What `call TOOL --help` shows. */
export function describeTool({ name, title, kind, description, inputSchema }: Tool): string {
  const paint = paintFor("stdout");
  const width = widthOf("stdout");
  const properties = Object.entries(inputSchema.properties as Record<string, JsonSchema>);
  const required = (inputSchema.required ?? []) as string[];
  const rows = properties.map(([parameter, schema]) => [
    `--${parameter}`,
    describeType(schema),
    required.includes(parameter)
      ? "required"
      : schema.default === undefined
      ? ""
      : `default ${JSON.stringify(schema.default)}`,
    typeof schema.description === "string" ? schema.description : "",
  ]);
  const columns = [{ title: "parameter" }, { title: "type" }, { title: "" }, {
    title: "meaning",
    wraps: true,
  }];
  return [
    `${paint("bold", name)} ${paint("dim", `:${kind}`)}  ${title}`,
    ...(description === "" ? [] : ["", wrapText(description, width)]),
    "",
    rows.length === 0 ? paint("dim", "no parameters") : formatTable(columns, rows, { paint, width }),
  ].join("\n");
}

/** Paragraphs and lists keep their lines; each goes on at a word where it is too long. */
function wrapText(text: string, width: number): string {
  return text.split("\n").flatMap((line) => wrapWords(line, width)).join("\n");
}

function describeType(schema: JsonSchema): string {
  if (Array.isArray(schema.enum)) return schema.enum.filter((label) => label !== null).join(" | ");
  const types = typesOf(schema).filter((type) => type !== "null");
  // A text that may come as a number is a text.
  if (types[0] !== "string" && types.includes("integer")) return "integer";
  if (types[0] !== "string" && types.includes("number")) return "number";
  if (types.includes("array")) return `list of ${describeType((schema.items ?? {}) as JsonSchema)}`;
  if (types.length === 0) return "json";
  return typeof schema.format === "string" ? schema.format : String(types[0]);
}

/** How far a load is: only on a terminal, only for a file. */
class Progress {
  #bar: SingleBar | null;

  private constructor(bar: SingleBar | null) {
    this.#bar = bar;
  }

  static async start(tool: Tool, { source, json }: CallSwitches): Promise<Progress> {
    if (!loadKinds.has(tool.kind) || source === undefined || json || !Deno.stderr.isTerminal()) {
      return new Progress(null);
    }
    return new Progress(await startBar(await sizeOf(source)));
  }

  show(done: number, total: number | null): void {
    if (total !== null) this.#bar?.setTotal(total);
    this.#bar?.update(done);
  }

  stop(): void {
    this.#bar?.stop();
    this.#bar = null;
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}

async function startBar(size: number): Promise<SingleBar> {
  const { default: { SingleBar, Presets } } = await import("cli-progress");
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  const bar = new SingleBar({
    format: "{bar} {percentage} %  {value} of {total}  {duration_formatted}",
    formatValue: (value: number, _options: unknown, type: string) =>
      type === "value" || type === "total" ? megabytes(value) : String(value),
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
  }, Presets.shades_classic);
  bar.start(size, 0);
  return bar;
}

async function sizeOf(path: string): Promise<number> {
  return await Deno.stat(path).then(({ size }) => size, () => {
    throw new UsageError(`there is no file "${path}"`);
  });
}
