/** The EDGAR tools over the bundled sample: what their headers promise, and what the data demands of the views and loads. */

import assert from "node:assert/strict";
import { join } from "node:path";
import type postgres from "postgres";
import type { Application, ToolResult } from "sqlwright";
import {
  callContext,
  type ExampleTag,
  loadQueries,
  project,
  testOnEach,
  type TestServer,
  withDatabase,
  withTestApplication,
} from "../../tests/harness.ts";

testOnEach(
  "every EDGAR tool has an example and every example is true of the sample",
  (server) =>
    withEdgar(server, async ({ application }) => {
      const { queries } = await loadQueries(join(project, "edgar/sql"));
      const wrong: string[] = [];
      for (const { module, tool, header } of queries) {
        if (module !== "edgar") continue;
        if (header.examples.length === 0) wrong.push(`${tool}: no example`);
        for (const example of header.examples) {
          const result = await application.callTool(tool, example.arguments, callContext());
          const fault = findFault(example, result);
          if (fault !== null) wrong.push(`${tool} ${example.name}: ${fault}`);
        }
      }
      assert.deepEqual(wrong, []);
    }),
);

testOnEach(
  "the sample is loaded whole and its filings with facts are loaded",
  (server) =>
    withEdgar(server, async ({ sql }) => {
      const [counts] = await sql`
      select
        (select count(*)::integer from edgar.company) as companies,
        (select count(*)::integer from edgar.ticker) as tickers,
        (select count(*)::integer from edgar.filing) as filings,
        (select count(*)::integer from edgar.fact) as facts,
        (
          select count(*)::integer
          from edgar.filing as filing
          where (filing.status = 'loaded') <> exists (
            select from edgar.fact as fact where fact.accession = filing.accession and fact.cik = filing.cik
          )
        ) as wrong_status`;
      assert.deepEqual({ ...counts }, {
        companies: 12,
        tickers: 13,
        filings: 2382,
        facts: 22644,
        wrong_status: 0,
      });
    }),
);

testOnEach(
  "facts as first and as last reported hold every period once, and differ where it was restated",
  (server) =>
    withEdgar(server, async ({ sql }) => {
      const [counts] = await sql`
      select
        (select count(*)::integer from edgar.fact_as_first_reported) as first,
        (select count(*)::integer from edgar.fact_as_last_reported) as last,
        (
          select count(*)::integer
          from edgar.fact_as_first_reported as first
          join edgar.fact_as_last_reported as last
            on (last.cik, last.taxonomy, last.tag, last.unit, last.end_on, last.days)
              = (first.cik, first.taxonomy, first.tag, first.unit, first.end_on, first.days)
        ) as periods`;
      assert.deepEqual({ ...counts }, { first: 11647, last: 11647, periods: 11647 });
    }),
);

testOnEach(
  "calendar years are those of SEC's frames, and a year is named as the company names it",
  (server) =>
    withEdgar(server, async ({ sql }) => {
      const different = await sql`
      select fact.frame, fact.end_on::text
      from edgar.fact as fact
      where fact.frame ~ '^CY[0-9]{4}$'
        and extract(year from fact.end_on - 180)::integer <> substring(fact.frame from 3)::integer`;
      assert.deepEqual([...different], []);
      const named = await sql`
      select headline.cik::integer, headline.end_on::text, headline.calendar_year, headline.fiscal_year
      from edgar.annual_headline as headline
      where headline.item = 'net_income' and headline.end_on >= '2025-12-31' and headline.cik in (104169, 354950, 1045810)
      order by headline.cik`;
      assert.deepEqual(named.map((row) => ({ ...row })), [
        { cik: 104169, end_on: "2026-01-31", calendar_year: 2025, fiscal_year: 2026 },
        { cik: 354950, end_on: "2026-02-01", calendar_year: 2025, fiscal_year: 2025 },
        { cik: 1045810, end_on: "2026-01-25", calendar_year: 2025, fiscal_year: 2026 },
      ]);
    }),
);

testOnEach(
  "a lessor's revenue is the whole and not the part from contracts",
  (server) =>
    withEdgar(server, async ({ sql }) => {
      const rows = await sql`
      select headline.value::text, headline.tag
      from edgar.annual_headline as headline
      where headline.cik = 1364479 and headline.item = 'revenue' and headline.calendar_year = 2025`;
      assert.deepEqual(rows.map((row) => ({ ...row })), [{ value: "4376000000", tag: "Revenues" }]);
    }),
);

testOnEach(
  "the four quarters of a year add up to it, and the derived ones name both sources",
  (server) =>
    withEdgar(server, async ({ application }) => {
      const call = (tool: string, args: Record<string, unknown>) =>
        application.callTool(tool, args, callContext()).then(({ structured }) =>
          structured.rows as Quarter[]
        );
      for (const item of ["revenue", "net_income", "operating_cash_flow"]) {
        const quarters = (await call("edgar_quarterly_figures", { cik: 320193, item, max: 12 }))
          .filter(({ fiscal_year }) => fiscal_year === 2025);
        assert.deepEqual(quarters.map(({ fiscal_quarter }) => fiscal_quarter), [4, 3, 2, 1]);
        const years = await call("edgar_annual_statement", { cik: 320193, years: 1 });
        const year = years.find((row) => row.item === item);
        const sum = quarters.reduce((total, { value }) => total + BigInt(value), 0n);
        assert.equal(String(sum), year?.value, item);
        for (const { is_derived, less_accession } of quarters) {
          assert.equal(less_accession !== null, is_derived);
        }
        assert.equal(quarters[0]?.is_derived, true);
      }
      const shares = await call("edgar_quarterly_figures", { cik: 320193, item: "eps_diluted", max: 40 });
      assert.ok(
        shares.length > 0 && shares.every(({ is_derived }) => !is_derived),
      );
    }),
);

testOnEach(
  "loading facts again changes nothing, a moved frame is taken away, and a bad row leaves all as it was",
  (server) =>
    withEdgar(server, async ({ application, sql }) => {
      const load = (rows: Record<string, unknown>[]) =>
        application.callTool("edgar_load_facts", { rows }, callContext());
      const fact = {
        cik: 320193,
        taxonomy: "us-gaap",
        tag: "Assets",
        unit: "USD",
        start_on: null,
        end_on: "2026-06-27",
        value: "1.5",
        accession: "0000320193-26-000999",
        fy: 2026,
        fp: "Q3",
        form: "10-Q",
        filed_on: "2026-08-01",
        frame: "CY2026Q2I",
      };
      const first = await load([fact]);
      assert.equal(first.isError, false, first.text);
      const again = await load([fact]);
      assert.deepEqual([again.structured.copied, again.structured.affected], [1, 0]);
      await load([{ ...fact, frame: null }]);
      const stored = await sql`
      select fact.value::text, fact.frame, filing.status, filing.form
      from edgar.fact as fact
      join edgar.filing as filing on filing.accession = fact.accession and filing.cik = fact.cik
      where fact.accession = ${fact.accession}`;
      assert.deepEqual(stored.map((row) => ({ ...row })), [{
        value: "1.5",
        frame: null,
        status: "loaded",
        form: "10-Q",
      }]);
      const bad = await load([{ ...fact, end_on: "2026-06-28" }, { ...fact, cik: 2 }]);
      assert.equal(bad.isError, true);
      const [count] =
        await sql`select count(*)::integer as facts from edgar.fact where end_on = '2026-06-28'`;
      assert.equal(count?.facts, 0);
    }),
);

testOnEach(
  "a ticker moves to the company loaded last, and a ticker that is gone leads nowhere",
  (server) =>
    withEdgar(server, async ({ application, sql }) => {
      const company = { exchange: "NYSE", sic: "5812", fiscal_year_end: "1231", state: "DE" };
      const result = await application.callTool("edgar_load_companies", {
        rows: [
          { ...company, cik: 1, name: "Taker Corp", tickers: ["UA", "TAKE"] },
          { ...company, cik: 63908, name: "MCDONALDS CORP", tickers: [] },
        ],
      }, callContext());
      assert.equal(result.isError, false, result.text);
      const rows = await sql`
      select ticker.ticker, ticker.cik::integer, ticker.position
      from edgar.ticker as ticker
      where ticker.ticker in ('UA', 'UAA', 'TAKE', 'MCD')
      order by ticker.ticker`;
      assert.deepEqual(rows.map((row) => ({ ...row })), [
        { ticker: "TAKE", cik: 1, position: 2 },
        { ticker: "UA", cik: 1, position: 1 },
        { ticker: "UAA", cik: 1336917, position: 1 },
      ]);
    }),
);

testOnEach(
  "a failed filing shows with its reason until its status is set",
  (server) =>
    withEdgar(server, async ({ application }) => {
      const accession = "0000320193-25-000079";
      const call = (tool: string, args: Record<string, unknown>) =>
        application.callTool(tool, args, callContext());
      const failed = async () =>
        (await call("edgar_failed_filings", {})).structured.rows as Record<string, unknown>[];
      await call("edgar_mark_filing_failed", { accession, reason: "timed out" });
      assert.deepEqual((await failed()).map((row) => [row.accession, row.failure]), [[
        accession,
        "timed out",
      ]]);
      await call("edgar_set_filing_status", { rows: [{ accession, status: "loaded" }] });
      assert.deepEqual(await failed(), []);
    }),
);

interface Quarter {
  fiscal_year: number;
  fiscal_quarter: number;
  item: string;
  value: string;
  is_derived: boolean;
  less_accession: string | null;
}

function withEdgar(
  server: TestServer,
  use: (given: { application: Application; sql: postgres.Sql }) => Promise<void>,
): Promise<void> {
  return withDatabase(
    ({ serverUrl, sql }) =>
      withTestApplication({ DATABASE_URL: serverUrl }, (application) => use({ application, sql })),
    { server },
  );
}

/** What an example promises and the answer does not hold; null when it does. */
function findFault({ expect }: ExampleTag, { structured, isError, text }: ToolResult): string | null {
  if (isError) {
    return expect.kind === "error" && (expect.code === null || text.includes(expect.code)) ? null : text;
  }
  switch (expect.kind) {
    case "error":
      return "no error";
    case "null": {
      const answer = [structured.row, structured.value, structured.report].find((value) =>
        value !== undefined
      );
      return answer === null ? null : `not null: ${JSON.stringify(answer)}`;
    }
    case "affected":
      return structured.affected === expect.count ? null : `affected = ${structured.affected}`;
    case "rows": {
      const count = (structured.rows as unknown[]).length;
      return (expect.operator === "=" ? count === expect.count : count >= expect.count)
        ? null
        : `rows = ${count}`;
    }
    case "subset":
      return difference(expect.value, structured, "");
    default:
      return expect satisfies never;
  }
}

/** Where the answer does not hold what is expected: fields may be more, elements are compared in order. */
function difference(expected: unknown, found: unknown, path: string): string | null {
  if (typeof expected !== "object" || expected === null) {
    return expected === found ? null : `${path}: ${JSON.stringify(found)} is not ${JSON.stringify(expected)}`;
  }
  if (typeof found !== "object" || found === null) return `${path}: ${JSON.stringify(found)} has no fields`;
  for (const [key, value] of Object.entries(expected)) {
    const fault = difference(value, (found as Record<string, unknown>)[key], `${path}/${key}`);
    if (fault !== null) return fault;
  }
  return null;
}
