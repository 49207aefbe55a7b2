/** `explain`: the plan of a call with its times, the SQL that runs, and under which role and settings. */

import { serverFacts } from "../../app.ts";
import { SqlwrightError } from "../../errors.ts";
import { readKinds } from "../../query/model.ts";
import { localCaller } from "../../tool/caller.ts";
import type { Tool } from "../../tool/model.ts";
import { callerOf } from "../../call/call_tool.ts";
import { type ExplainedStatement, explainingSource, relationSizes } from "../../plan/explain_call.ts";
import { nodesOf, type PlanWarning, planWarnings } from "../../plan/read.ts";
import { withRehearsal } from "../../sql_tests/rolled_back.ts";
import { pageOf } from "../../call/page.ts";
import { Interruption } from "../console/interruption.ts";
import { formatDuration, type Paint, paintFor, print, printJson, tell, widthOf } from "../console/console.ts";
import { silentLog } from "../../log.ts";
import { formatPlan, formatPlanFacts } from "../console/plan.ts";
import { formatPairs } from "../console/table.ts";
import { type NamedTool, takeSwitch, type ToolOptions, withNamedTool } from "../calls/tool_words.ts";

export interface ExplainOptions extends ToolOptions {
  analyze?: boolean | undefined;
}

interface Explanation {
  statements: ExplainedStatement[];
  /** By statement. */
  warnings: PlanWarning[][];
  isAnalyzed: boolean;
  login: string;
  serverVersion: string;
}

/** @param words what stands after the tool's name */
export async function runExplain(
  name: string,
  words: readonly string[],
  options: ExplainOptions,
): Promise<number> {
  const { isSet, rest } = takeSwitch(words, "--analyze");
  return await withNamedTool(name, rest, options, async (named) => {
    const isRead = readKinds.has(named.tool.kind);
    const isAnalyzed = isRead || isSet || (options.analyze ?? false);
    const explanation = await explain(named, isAnalyzed);
    if (named.isJson) printJson(toJson(named, explanation));
    else draw(named, explanation);
    return 0;
  });
}

async function explain(
  { tool, args, config, catalog, pools }: NamedTool,
  isAnalyzed: boolean,
): Promise<Explanation> {
  using interruption = new Interruption();
  const statements: ExplainedStatement[] = [];
  const pool = readKinds.has(tool.kind) ? pools.reader : pools.writer;
  const result = await withRehearsal(pool, (rehearsal) =>
    callerOf({
      catalog: () => catalog,
      reader: explainingSource(rehearsal.reader, statements, { analyze: isAnalyzed }),
      writer: explainingSource(rehearsal.writer, statements, { analyze: isAnalyzed }),
      sessionTimeout_ms: config.SQLWRIGHT_TIMEOUT,
      cursorSecret: new TextEncoder().encode(config.SQLWRIGHT_CURSOR_SECRET),
      sources: () => ({ kind: "any" }),
      log: silentLog,
    })(tool.name, args, {
      signal: interruption.signal,
      progress: () => {},
      correlationId: "explain",
      caller: localCaller,
    }));
  if (result.isError) {
    const { code, message, details, hint } = result.structured.error as SqlwrightError;
    throw new SqlwrightError(code, message, {
      ...(details === undefined ? {} : { details }),
      ...(hint ? { hint } : {}),
    });
  }
  const relations = new Set(
    statements.flatMap(({ plan }) =>
      plan === null ? [] : [...nodesOf(plan.root)].flatMap(({ relation }) => relation ?? [])
    ),
  );
  return await pools.reader.withConnection(undefined, async (connection) => {
    const sizes = await relationSizes(connection, [...relations]);
    const { user, versionText } = await serverFacts(connection);
    return {
      statements,
      warnings: statements.map(({ plan }) => plan === null ? [] : planWarnings(plan, sizes)),
      isAnalyzed,
      login: user,
      serverVersion: versionText,
    };
  });
}

/** The two statements of a tool with pages; null for others. */
function pageSql(tool: Tool, args: Record<string, unknown>): { first: string; next: string } | null {
  return pageOf(tool.binding.bind(args))?.statements ?? null;
}

function draw({ tool, args, example }: NamedTool, explanation: Explanation): void {
  const { statements, warnings, isAnalyzed, login, serverVersion } = explanation;
  const paint = paintFor("stdout");
  const options = { paint, width: widthOf("stdout") };
  const isRead = readKinds.has(tool.kind);
  const { role } = tool.query.parsed.header;
  print(`${paint("bold", tool.name)} ${paint("dim", `:${tool.kind}`)}  ${tool.title}`);
  print(formatPairs([
    ["role", role ?? `${login}, the login`],
    [
      "settings",
      `${isRead ? "read only" : "read write"}, statement_timeout ${formatDuration(tool.limits.timeout_ms)}`,
    ],
    ["arguments", JSON.stringify(args)],
    ...(example === null ? [] : [["from", `@example ${example}`] as const]),
    ["server", `PostgreSQL ${serverVersion}`],
  ], { ...options, indent: 2 }));
  const pages = pageSql(tool, args);
  for (const [index, statement] of statements.entries()) {
    const { text, parameters, plan, note } = statement;
    const title = pages === null
      ? statements.length > 1 ? `Statement ${index + 1} of ${statements.length}` : "Statement"
      : text === pages.first
      ? "First page"
      : "Next page";
    print(`\n${paint("bold", title)}${note === null ? "" : paint("dim", `  ${note}`)}`);
    print(indented(text, paint));
    if (parameters.length > 0) {
      print(formatPairs(parameters.map((value, at) => [`$${at + 1}`, value]), { ...options, indent: 2 }));
    }
    if (plan === null) continue;
    print(`\n${formatPlan(plan, options)}\n`);
    for (const fact of formatPlanFacts(plan)) print(paint("dim", fact));
    for (const { message } of warnings[index]!) {
      print(`${paint(["bold", "yellow"], "warning:")} ${message}`);
    }
  }
  if (pages !== null && args.cursor === undefined) {
    print(`\n${paint("bold", "Next page")}${paint("dim", "  with --cursor it is planned")}`);
    print(indented(pages.next, paint));
  }
  const errors = paintFor("stderr");
  if (!isRead) {
    tell(
      isAnalyzed
        ? `${
          errors(["bold", "yellow"], "rolled back:")
        } the statements ran, triggers and all, and nothing was kept`
        : `${errors("dim", "Only planned: --analyze runs it in a transaction that is rolled back")}`,
    );
  }
}

const indented = (text: string, paint: Paint) =>
  text.split(/\r\n|\n|\r/).map((line) => line === "" ? "" : paint("dim", `  ${line}`)).join("\n");

function toJson({ tool, args, example }: NamedTool, explanation: Explanation): unknown {
  const { statements, warnings, isAnalyzed, login, serverVersion } = explanation;
  return {
    tool: tool.name,
    kind: tool.kind,
    role: tool.query.parsed.header.role ?? login,
    readOnly: readKinds.has(tool.kind),
    statementTimeout_ms: tool.limits.timeout_ms,
    analyzed: isAnalyzed,
    server: serverVersion,
    arguments: args,
    example,
    pages: pageSql(tool, args),
    statements: statements.map((statement, index) => ({ ...statement, warnings: warnings[index] })),
  };
}
