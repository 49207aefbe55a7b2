/**
 * The access patterns of the read tools, over the bundled sample sixteen times: so many companies that no part of the facts holds one alone. No tool
 * reads a whole part of the facts, all filings or all figures to answer its examples, also under the generic plan that a prepared
 * statement ends up with.
 */
import assert from "node:assert/strict";
import type postgres from "postgres";
import type { Tool } from "sqlwright";
import { mainStatement, pageOf, withDatabase, withTestApplication } from "../../tests/harness.ts";

/** Tables that a tool must not read from end to end. Figures are few enough that a call for all of them may. */
const largeTable = /^(fact(_[0-9]+)?|filing|document_part|fund_holding|fund_report|insider_transaction)$/;

Deno.test("read tools find facts and filings by index, whatever the plan", async () => {
  await withDatabase(async (database) => {
    await multiply(database.sql);
    await withTestApplication({ DATABASE_URL: database.serverUrl }, async ({ catalog }) => {
      const scans: string[] = [];
      for (const tool of catalog().tools.values()) {
        if (!tool.annotations.readOnlyHint) continue;
        for (const example of tool.query.parsed.header.examples) {
          if (example.expect.kind === "error") continue;
          for (const [label, text, parameters] of statementsOf(tool, example.arguments)) {
            for (const mode of ["force_generic_plan", "force_custom_plan"]) {
              for (const table of await sequentialScans(database.sql, mode, text, parameters)) {
                if (largeTable.test(table)) {
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

/** Companies, filings and facts of the sample fifteen times more, under other numbers, and rows in the tables that the sample does not fill. */
async function multiply(sql: postgres.Sql): Promise<void> {
  const copy = "generate_series(1, 15) as copy (number)";
  const accession = (column: string) =>
    `lpad((left(${column}, 10)::bigint + copy.number * 10000000)::text, 10, '0') || substr(${column}, 11)`;
  await sql.unsafe(`insert into edgar.company (cik, name, sic)
    select company.cik + copy.number * 10000000, company.name || ' ' || copy.number, company.sic
    from edgar.company as company cross join ${copy}`);
  await sql.unsafe(`insert into edgar.filing (accession, cik, form, filed_on, status)
    select ${
    accession("filing.accession")
  }, filing.cik + copy.number * 10000000, filing.form, filing.filed_on, filing.status
    from edgar.filing as filing cross join ${copy}`);
  await sql.unsafe(
    `insert into edgar.fact (cik, taxonomy, tag, unit, start_on, end_on, value, accession, fy, fp, form, filed_on, frame)
    select fact.cik + copy.number * 10000000, fact.taxonomy, fact.tag, fact.unit, fact.start_on, fact.end_on, fact.value,
      ${accession("fact.accession")}, fact.fy, fact.fp, fact.form, fact.filed_on, fact.frame
    from edgar.fact as fact cross join ${copy}`,
  );
  await sql`insert into edgar.fund_holding (accession, position, cik, report_on, filed_on, issuer_name, cusip, value_usd, shares)
    select '0000000001-23-' || lpad(number::text, 6, '0'), place, 1000 + number, date '2023-09-30', date '2023-11-14',
      'ISSUER ' || place, lpad(place::text, 9, '0'), 1, 1
    from generate_series(1, 200) as number cross join generate_series(1, 100) as place`;
  await sql`insert into edgar.fund_report (accession, cik, report_on, filed_on)
    select '0000000001-23-' || lpad(number::text, 6, '0'), 1000 + number % 5000,
      (date '2023-10-01' - number % 40 * interval '3 months')::date - 1, date '2023-11-14'
    from generate_series(1, 10000) as number`;
  await sql`insert into edgar.insider_transaction (accession, position, is_derivative, issuer_cik, owner_cik, owner_name, transacted_on)
    select '0000000002-23-' || lpad(number::text, 6, '0'), 1, false, 320193 + number % 500, 5, 'Owner', date '2020-01-01' + number % 2000
    from generate_series(1, 20000) as number`;
  await sql`insert into edgar.document_part (accession, cik, file_name, part, body)
    select '0000000003-23-' || lpad(number::text, 6, '0'), 320193, 'a.htm', 1, 'Word' || number from generate_series(1, 5000) as number`;
  await sql.unsafe("vacuum analyze");
}

/** What a call of a tool runs: for pages also the statement of the next page, from a key in the middle of nowhere. */
function statementsOf(
  tool: Tool,
  args: Record<string, unknown>,
): [label: string, text: string, parameters: (string | null)[]][] {
  const bound = tool.binding.bind(args);
  const page = pageOf(bound);
  if (page === null) {
    const { text, parameterNames } = mainStatement(tool.query.parsed);
    return [["call", text, parameterNames.map((name) => bound.values[name] ?? null)]];
  }
  const { statements, parameters } = page;
  const limit = String(page.size + 1);
  const key = tool.page!.keys.map(({ type }) => sampleOf(type));
  return [
    ["first page", statements.first, [...parameters, limit]],
    ["next page", statements.next, [...parameters, ...key, limit]],
  ];
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
