/** `explain`: the plan, SQL, role and settings of a call; nothing is kept. Warnings are held to plans of real data. */

import assert from "node:assert/strict";
import { type Plan, planWarnings, readPlan } from "../../src/plan/read.ts";
import { formatPlan } from "../../src/cli/console/plan.ts";
import { testOnEach, withDatabase, withFiles } from "../harness.ts";
import { makeShop, run } from "./command.ts";

const plain = (_style: unknown, text: string) => text;

testOnEach(
  "explain draws the plan with times, rows, the SQL of both pages, role and settings",
  (server) =>
    withDatabase(async ({ serverUrl }) => {
      const { code, stdout, stderr } = await run(
        ["explain", "edgar_filing_feed", "--filed_on", "2026-02-03", "--page_size", "5"],
        { databaseUrl: serverUrl, project: "edgar" },
      );
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^edgar_filing_feed :many {2}Filings of a day$/m);
      assert.match(stdout, /^ {2}role +sqlwright_server, the login$/m);
      assert.match(stdout, /^ {2}settings +read only, statement_timeout 10\.0 s$/m);
      assert.match(stdout, /^First page$/m);
      assert.match(stdout, /^Next page {2}with --cursor it is planned$/m);
      assert.match(
        stdout,
        /^ {2}where \(page\."accession", page\."cik"\) > \(\$3::edgar\.accession, \$4::edgar\.cik\)$/m,
      );
      assert.match(stdout, /^ {2}\$1 {2}2026-02-03$/m);
      assert.match(stdout, /^ *ms +% +rows +expected {2}node$/m);
      assert.match(stdout, /^ *\d+\.\d+ +\d+ +3 +\d+ {2}Limit$/m);
      assert.match(
        stdout,
        /Bitmap Index Scan using index_filing_filed_on|Index Scan using index_filing_filed_on/,
      );
      assert.match(
        stdout,
        /^planning [\d.]+ m?s · execution [\d.]+ m?s · 8 kB pages: \d+ from cache, \d+ read$/m,
      );
      assert.equal(stderr, "");
    }, { server }),
);

testOnEach(
  "explain of a writing tool only plans, and with --analyze runs and rolls back",
  (server) =>
    withDatabase(async ({ serverUrl, sql }) => {
      const words = [
        "explain",
        "edgar_mark_filing_failed",
        "--accession",
        "0000320193-25-000079",
        "--reason",
        "x",
      ];
      const options = { databaseUrl: serverUrl, project: "edgar" };
      const failed = async () => [
        ...await sql`select count(*)::integer as count from edgar.filing where status = 'failed'`,
      ];
      const [planned, analyzed] = [await run(words, options), await run([...words, "--analyze"], options)];
      assert.equal(planned.code, 0, planned.stderr);
      assert.match(planned.stdout, /^ *cost +rows {2}node$/m);
      assert.match(planned.stdout, /Update on edgar\.filing/);
      assert.match(planned.stdout, /settings +read write/);
      assert.match(planned.stderr, /Only planned: --analyze runs it/);
      assert.equal(analyzed.code, 0, analyzed.stderr);
      assert.match(analyzed.stdout, /^ *ms +% +rows +expected {2}node$/m);
      assert.match(analyzed.stderr, /rolled back: the statements ran/);
      assert.deepEqual(await failed(), [{ count: 0 }]);
      const load = await run([
        "explain",
        "edgar_load_filings",
        "--source",
        "edgar/data/filing.csv",
        "--analyze",
        "--json",
      ], options);
      const report = JSON.parse(load.stdout);
      assert.equal(load.code, 0, load.stderr);
      assert.deepEqual(report.statements.map(({ note }: { note: string | null }) => note), [
        "has no plan",
        "COPY has no plan; the rows were read",
        null,
      ]);
      assert.match(report.statements[2].plan.root.type, /^Insert$/);
      const rows = JSON.stringify(report.statements[2].plan).match(/"rows":2382\b/);
      assert.ok(rows, "the merge saw the loaded rows");
    }, { server }),
);

Deno.test("explain of a :view shows the select of the given filters alone", () =>
  withDatabase(async ({ serverUrl }) => {
    const { code, stdout, stderr } = await run(
      ["explain", "edgar_fact_as_last_reported", "--cik", "320193", "--tag", "Assets"],
      { databaseUrl: serverUrl, project: "edgar" },
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /where source\."cik" = \$1::edgar\.cik\s+and source\."tag" = \$2::text/);
    assert.doesNotMatch(stdout, /source\."unit" =/);
  }));

Deno.test("explain takes the first example's arguments, tells JSON, and names what is wrong", async () => {
  await using shop = await makeShop();
  await withFiles({
    "shop/by_role.sql": "-- name: by_role :many\n-- Under a role and a time of its own.\n--\n" +
      "-- @param id   Number\n-- @rows 10\n-- @role shop_explain_role\n-- @timeout 2s\n-- @example one  {id: 1}  => rows = 1\n\n" +
      "select thing.name, current_user::text as role from shop.thing as thing where thing.id = :id::integer;\n",
    "shop/bad.sql": "-- name: bad :many\n-- Bad.\n\nselect thing.nam from shop.thing as thing limit 1;\n",
  }, async (sql) => {
    await shop.query("create role shop_explain_role");
    try {
      await shop.query(`grant shop_explain_role to ${new URL(shop.url).username}`);
      await shop.query("grant usage on schema shop to shop_explain_role");
      const options = { databaseUrl: shop.url, sql };
      const denied = await run(["explain", "shop_by_role"], options);
      assert.equal(denied.code, 1);
      assert.match(denied.stderr, /permission denied for table thing/);
      await shop.query("grant select on shop.thing to shop_explain_role");
      const { code, stdout, stderr } = await run(["explain", "shop_by_role", "--json"], options);
      assert.equal(code, 0, stderr);
      const report = JSON.parse(stdout);
      assert.equal(report.role, "shop_explain_role");
      assert.equal(report.statementTimeout_ms, 2000);
      assert.equal(report.example, "one");
      assert.equal(report.analyzed, true);
      assert.deepEqual(report.arguments, { id: 1 });
      assert.deepEqual(report.statements[0].parameters, ["1"]);
      const bad = await run(["explain", "shop_bad"], options);
      assert.equal(bad.code, 1);
      assert.match(bad.stderr, /bad\.sql:4:8/);
      const unknown = await run(["explain", "shop_by_rol"], options);
      assert.equal(unknown.code, 1);
      assert.match(unknown.stderr, /Did you mean "shop_by_role"\?/);
      const wrong = await run(["explain", "shop_by_role", "--ids", "1"], options);
      assert.equal(wrong.code, 2);
      const refused = await run(["explain", "shop_by_role", "--id", "one"], options);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /error\[argument\.invalid\]/);
    } finally {
      await shop.query("drop owned by shop_explain_role");
      await shop.query("drop role shop_explain_role");
    }
  });
});

testOnEach(
  "a large table read from end to end, a wrong estimate and a spill are warned of",
  (server) =>
    withDatabase(async ({ sql }) => {
      await sql.unsafe(`
      create table big (id integer primary key, kind integer not null, note text not null);
      insert into big select n, case when n <= 20000 then 1 else n end, repeat('x', 40) from generate_series(1, 40000) as n;
      analyze big;
      set work_mem = '64kB'`);
      const warn = async (query: string) => {
        const answers = await sql.unsafe(
          `set work_mem = '64kB'; explain (analyze, buffers, verbose, format json) ${query}`,
        ).simple() as unknown as Record<string, unknown>[][];
        const plan = readPlan(answers[1]![0]!["QUERY PLAN"]);
        return planWarnings(plan, new Map([["public.big", 40_000]])).map(({ kind, message }) =>
          `${kind}: ${message}`
        );
      };
      assert.deepEqual(await warn("select id from big where note = 'x'"), [
        "seq-scan: Seq Scan reads all 40,000 rows of public.big; an index could serve (big.note = 'x'::text)",
      ]);
      assert.deepEqual(await warn("select id from big where id = 7"), []);
      const sorted = await warn("select id, note from big order by note, kind, id");
      assert.match(sorted.join("\n"), /^spill: Sort went to disk with [\d,]+ kB/m);
      const wrong = await warn(
        "select b.id from big as b where b.kind = b.kind + 0 and b.kind % 2 = 1 and b.kind = 1 + 0 * b.id",
      );
      assert.match(
        wrong.join("\n"),
        /^misestimate: Seq Scan on public\.big as b was expected to give [\d,]+ rows and gave 20,000; `analyze/m,
      );
      // A LIMIT that stops early is no wrong estimate.
      const stopped = await warn("select id from big limit 1");
      assert.ok(!stopped.some((warning) => warning.startsWith("misestimate")), stopped.join());
    }, { server }),
);

Deno.test("a plan fits 80 and 140 columns: numbers stay whole and the tree is cut", () => {
  const node = (type: string, children: unknown[] = []) => ({
    "Node Type": type,
    "Relation Name": "a_table_with_a_rather_long_name_for_a_table",
    "Schema": "a_schema",
    "Alias": "alias",
    "Startup Cost": 0,
    "Total Cost": 12_345.67,
    "Plan Rows": 1_234_567,
    "Actual Total Time": 1234.5,
    "Actual Rows": 1_000_000,
    "Actual Loops": 1,
    "Filter":
      "((some_column = 'some value'::text) AND (another_column > 17) AND (a_third_column IS NOT NULL))",
    "Plans": children,
  });
  const plan: Plan = readPlan([{ "Plan": node("Seq Scan", [node("Seq Scan", [node("Index Scan")])]) }]);
  for (const width of [80, 140]) {
    const lines = formatPlan(plan, { paint: plain, width }).split("\n");
    assert.ok(lines.every((line) => line.length <= width), lines.join("\n"));
    assert.ok(lines.some((line) => line.endsWith("…")));
    assert.match(lines[2]!, /^ *0\.00 +0 +1,000,000 +1,234,567 {2}Seq Scan on a_schema/);
  }
  const whole = formatPlan(plan, { paint: plain, width: Infinity });
  assert.match(whole, /a_third_column IS NOT NULL\)\)$/m);
});
