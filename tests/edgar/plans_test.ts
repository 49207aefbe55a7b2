/**
 * The access patterns of the read tools, on the largest data at hand: SEC's own files beside the project when they are there, else
 * the bundled sample. No tool reads all facts or all filings to answer its examples, also under the generic plan that a
 * prepared statement ends up with.
 */
import assert from "node:assert/strict";
import process from "node:process";
import type postgres from "postgres";
import { mainStatement } from "../../src/postgres/describe_statement.ts";
import { readKinds } from "../../src/query/kind.ts";
import type { Tool } from "../../src/tool/catalog.ts";
import { viewStatements } from "../../src/tool/view.ts";
import { callContext, type TestDatabase, withDatabase, withTestApplication } from "../harness.ts";
import { hasPayloads, writeCsvFiles } from "./sec_payloads.ts";

Deno.test("read tools find facts and filings by index, whatever the plan", async () => {
  await withDatabase(async (database) => {
    const isLarge = await hasPayloads();
    if (isLarge) await loadPayloads(database);
    else {process.stderr.write(
        "SEC's own files are not beside the project: looking at plans over the bundled sample" + "\n",
      );}
    await database.sql.unsafe("vacuum analyze");
    await withTestApplication({ DATABASE_URL: database.serverUrl }, async ({ catalog }) => {
      const scans: string[] = [];
      for (const tool of catalog().tools.values()) {
        if (!readKinds.has(tool.kind)) continue;
        for (const example of tool.query.parsed.header.examples) {
          if (example.expect.kind === "error") continue;
          for (const [label, text, parameters] of statementsOf(tool, example.arguments)) {
            for (const mode of ["force_generic_plan", "force_custom_plan"]) {
              const scanned = await sequentialScans(database.sql, mode, text, parameters);
              // A few thousand filings are read fastest whole; there it says nothing.
              for (const table of scanned) {
                if (table === "fact" || table === "filing" && isLarge) {
                  scans.push(`${tool.name} ${example.name}, ${label}, ${mode}: ${table}`);
                }
              }
            }
          }
        }
      }
      assert.deepEqual(scans, []);
    });
  });
});

async function loadPayloads({ serverUrl, sql }: TestDatabase): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "sqlwright_payloads_" });
  try {
    const written = await writeCsvFiles(directory);
    await sql.unsafe("truncate edgar.company, edgar.ticker, edgar.filing, edgar.fact cascade");
    await withTestApplication(
      { DATABASE_URL: serverUrl, SQLWRIGHT_SOURCE_DIR: directory },
      async ({ callTool }) => {
        for (
          const [tool, source, rows] of [
            ["edgar_load_companies", "company.csv", written.companies],
            ["edgar_load_filings", "filing.csv", written.filings],
            ["edgar_load_facts", "fact.csv", written.facts],
          ] as const
        ) {
          const { structured, text } = await callTool(tool, { source }, callContext());
          assert.equal(structured.copied, rows, text);
        }
      },
    );
    assert.ok(written.facts > 300_000);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** What a call of a tool runs: for pages also the statement of the next page, from a key in the middle of nowhere. */
function statementsOf(
  tool: Tool,
  args: Record<string, unknown>,
): [label: string, text: string, parameters: (string | null)[]][] {
  const bound = tool.binding.bind(args);
  const main = mainStatement(tool.query.parsed);
  if (tool.page === null) {
    return [[
      "call",
      main.text,
      main.parameterNames.map((name) => bound.values[name] ?? null),
    ]];
  }
  const { statements, values } = tool.kind === "view" ? viewStatements(tool, bound.filters) : {
    statements: tool.page.statements!,
    values: Object.fromEntries(main.parameterNames.map((name) => [name, bound.values[name] ?? null])),
  };
  const limit = String(bound.page!.size + 1);
  const key = tool.page.keys.map(({ type }) => sampleOf(type));
  const parameters = Object.values(values);
  return [["first page", statements.first, [...parameters, limit]], ["next page", statements.next, [
    ...parameters,
    ...key,
    limit,
  ]]];
}

function sampleOf(type: string): string {
  switch (type) {
    case "date":
    case "timestamp with time zone":
      return "2020-06-30";
    case "text":
      return "M";
    case "edgar.accession":
      return "0000320193-20-000062";
    default:
      return "320193";
  }
}

/** Tables of the schema `edgar` that the plan reads from end to end. */
async function sequentialScans(
  sql: postgres.Sql,
  mode: string,
  text: string,
  parameters: (string | null)[],
): Promise<string[]> {
  return await sql.begin(async (transaction) => {
    await transaction.unsafe(`set local plan_cache_mode = ${mode}`);
    await transaction.unsafe(`prepare looked_at as ${text}`);
    const literals = parameters.map((value) => value === null ? "null" : `'${value.replaceAll("'", "''")}'`);
    const [row] = await transaction.unsafe(
      `explain (format json) execute looked_at${literals.length > 0 ? `(${literals.join(", ")})` : ""}`,
    );
    await transaction.unsafe("deallocate looked_at");
    const scans: string[] = [];
    const visit = (node: PlanNode) => {
      if (node["Node Type"] === "Seq Scan") scans.push(node["Relation Name"] ?? "");
      for (const inner of node.Plans ?? []) visit(inner);
    };
    visit((row!["QUERY PLAN"] as { Plan: PlanNode }[])[0]!.Plan);
    return scans;
  });
}

interface PlanNode {
  "Node Type": string;
  "Relation Name"?: string;
  Plans?: PlanNode[];
}
