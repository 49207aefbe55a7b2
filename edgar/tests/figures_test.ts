/**
 * What stands in tables because it would be slow to work out: it is what working it out gives, however the facts came and went; the migration keeps the
 * facts of an installation that is there; and a bulk load ends as a load with the key does.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import type postgres from "postgres";
import {
  callContext,
  deployFiles,
  edgarConfig,
  loadQueries,
  migrateFolder,
  project,
  testOnEach,
  withDatabase,
  withTestApplication,
} from "../../tests/harness.ts";

/** The annual figures as the facts give them, by another way than the one that keeps them. */
const annualFigures = `
  select distinct on (fact.cik, concept.item, extract(year from fact.end_on - 180))
    fact.cik::bigint, concept.item, extract(year from fact.end_on - 180)::integer, fact.end_on, fact.value, fact.unit, fact.tag, fact.accession::text
  from edgar.fact as fact
  join edgar.headline_concept as concept on (concept.taxonomy, concept.tag) = (fact.taxonomy, fact.tag)
  join edgar.headline_item as item on item.item = concept.item
  where fact.unit ~ item.unit_pattern
    and case item.period_type
      when 'duration' then fact.end_on - fact.start_on between 350 and 380 and fact.form not in ('10-Q', '10-Q/A')
      else fact.start_on is null and exists (
        select
        from edgar.fact as income
        join edgar.headline_concept as net on (net.taxonomy, net.tag) = (income.taxonomy, income.tag)
        where net.item = 'net_income'
          and income.cik = fact.cik
          and income.end_on = fact.end_on
          and income.end_on - income.start_on between 350 and 380
          and income.form not in ('10-Q', '10-Q/A')
          and income.unit ~ '^[A-Z]{3}$'
      )
    end
  order by fact.cik, concept.item, extract(year from fact.end_on - 180), fact.filed_on desc, fact.accession desc, concept.preference,
    fact.unit = 'USD' desc, fact.end_on desc, fact.unit`;

const keptFigures = `
  select figure.cik::bigint, figure.item, figure.calendar_year, figure.end_on, figure.value, figure.unit, figure.tag, figure.accession::text
  from edgar.annual_figure as figure`;

const restatements = `
  select reported.cik::bigint, concept.item, reported.tag, reported.unit, reported.start_on, reported.end_on, reported.amounts[1],
    reported.amounts[cardinality(reported.amounts)]
  from (
    select fact.cik, fact.taxonomy, fact.tag, fact.unit, fact.start_on, fact.end_on,
      array_agg(fact.value order by fact.filed_on, fact.accession) as amounts
    from edgar.fact as fact
    where fact.start_on is null or fact.end_on - fact.start_on between 350 and 380
    group by fact.cik, fact.taxonomy, fact.tag, fact.unit, fact.start_on, fact.end_on
  ) as reported
  join edgar.headline_concept as concept on (concept.taxonomy, concept.tag) = (reported.taxonomy, reported.tag)
  join edgar.headline_item as item on item.item = concept.item
  where reported.unit ~ item.unit_pattern
    and (item.period_type = 'instant') = (reported.start_on is null)
    and reported.amounts[1] <> reported.amounts[cardinality(reported.amounts)]`;

const keptRestatements = `
  select kept.cik::bigint, kept.item, kept.tag, kept.unit, kept.start_on, kept.end_on, kept.first_value, kept.last_value
  from edgar.restatement as kept`;

const loads = `
  select company.cik::bigint,
    (select count(*) from edgar.filing as filing where filing.cik = company.cik),
    (select count(*) from edgar.filing as filing where filing.cik = company.cik and filing.status = 'loaded'),
    (select count(*) from edgar.fact as fact where fact.cik = company.cik),
    (select max(filing.filed_on) from edgar.filing as filing where filing.cik = company.cik)
  from edgar.company as company`;

const keptLoads = `
  select company.cik::bigint, coalesce(kept.filings, 0), coalesce(kept.loaded_filings, 0), coalesce(kept.facts, 0), kept.last_filed_on
  from edgar.company as company
  left join edgar.company_load as kept on kept.cik = company.cik`;

testOnEach(
  "figures, restatements and counts are what the facts give, after every kind of change",
  (server) =>
    withDatabase(async ({ sql }) => {
      await assertKept(sql, "the sample");
      const [{ figures }] =
        await sql`select count(*)::integer as figures from edgar.annual_figure` as unknown as [
          { figures: number },
        ];
      assert.ok(figures > 2000);
      await sql`delete from edgar.fact where accession like '%-25-%'`;
      await assertKept(sql, "facts deleted");
      await sql`update edgar.fact set value = value * 2 where tag = 'NetIncomeLoss' and filed_on > '2020-01-01'`;
      await assertKept(sql, "values updated");
      await sql`delete from edgar.filing where cik = 320193 and filed_on > '2022-01-01'`;
      await assertKept(sql, "filings deleted");
      await sql`delete from edgar.headline_concept where item = 'revenue' and preference = 1`;
      await assertKept(sql, "a tag taken from an item");
      await sql`insert into edgar.headline_concept values ('revenue', 'us-gaap', 'Revenues', 9)`;
      await assertKept(sql, "a tag added to an item");
      await sql`delete from edgar.company where cik = 104169`;
      await assertKept(sql, "a company deleted");
      await sql`truncate edgar.fact`;
      await assertKept(sql, "facts truncated");
      const [{ left }] = await sql`select count(*)::integer as left from edgar.annual_figure` as unknown as [
        { left: number },
      ];
      assert.equal(left, 0);
    }, { server }),
);

testOnEach(
  "two loads of one company at the same time add up",
  (server) =>
    withDatabase(async ({ serverUrl, sql }) => {
      const row = (tag: string, accession: string) => ({
        cik: 320193,
        taxonomy: "us-gaap",
        tag,
        unit: "USD",
        start_on: "2026-01-01",
        end_on: "2026-12-31",
        value: "5",
        accession,
        fy: 2026,
        fp: "FY",
        form: "10-K",
        filed_on: "2027-02-01",
        frame: null,
      });
      await withTestApplication({ DATABASE_URL: serverUrl }, async ({ callTool }) => {
        const results = await Promise.all(
          ["NetIncomeLoss", "OperatingIncomeLoss", "NetIncomeLoss", "GrossProfit"].map((tag, index) =>
            callTool(
              "edgar_load_facts",
              { rows: [row(tag, `0000320193-27-00000${index % 2}`)] },
              callContext(),
            )
          ),
        );
        for (const { isError, text } of results) assert.equal(isError, false, text);
      });
      const [{ facts }] = await sql`
      select count(*)::integer as facts from edgar.fact where accession like '0000320193-27-%'` as unknown as [
        { facts: number },
      ];
      assert.equal(facts, 3);
      await assertKept(sql, "four loads at once");
    }, { server }),
);

testOnEach(
  "a bulk load ends as a load with the key does, and can be ended and begun again",
  (server) =>
    withDatabase(async ({ serverUrl, sql }) => {
      const before = await sql.unsafe(
        `select md5(string_agg(fact::text, ',' order by fact::text)) as sum from edgar.fact`,
      );
      await sql`create table public.former as select * from edgar.fact where cik in (320193, 789019)`;
      await sql`delete from edgar.fact where cik in (320193, 789019)`;
      await sql`select edgar.begin_bulk()`;
      await sql`select edgar.begin_bulk()`;
      await withTestApplication({ DATABASE_URL: serverUrl }, async ({ callTool }) => {
        for (const isAgain of [false, true]) {
          const { structured, text, isError } = await callTool(
            "edgar_load_facts",
            { source: "fact.csv" },
            callContext(),
          );
          assert.equal(isError, false, text);
          const former = await sql`select count(*)::integer as facts from public.former`;
          assert.equal(structured.inserted, isAgain ? 0 : former[0]!.facts);
        }
      });
      await sql`call edgar.end_bulk()`;
      await sql`call edgar.end_bulk()`;
      const after = await sql.unsafe(
        `select md5(string_agg(fact::text, ',' order by fact::text)) as sum from edgar.fact`,
      );
      assert.deepEqual([...after], [...before]);
      await assertKept(sql, "a bulk load");
      await assert.rejects(
        sql`insert into edgar.fact select * from edgar.fact where cik = 320193`,
        { code: "23505" },
      );
      const [running] = await sql`select count(*)::integer as count from edgar.bulk_load`;
      assert.equal(running!.count, 0);
    }, { server }),
);

testOnEach(
  "an installation from before the partitions keeps its facts",
  (server) =>
    withDatabase(async ({ ownerUrl, sql }) => {
      const directory = await Deno.makeTempDir({ prefix: "sqlwright_migrations_" });
      try {
        for await (const { name } of Deno.readDir(join(project, "edgar/migrations"))) {
          if (/^000\d_/.test(name)) {
            await Deno.copyFile(join(project, "edgar/migrations", name), join(directory, name));
          }
        }
        await migrateFolder(ownerUrl, directory);
        await sql`insert into edgar.company (cik, name) values (1, 'One'), (2, 'Two')`;
        await sql`insert into edgar.filing (accession, cik, form, filed_on, status)
        select '0000000001-26-00000' || cik, cik, '10-K', '2026-02-01', 'loaded' from edgar.company`;
        await sql`insert into edgar.fact (cik, taxonomy, tag, unit, start_on, end_on, value, accession, fy, fp, form, filed_on, frame)
        select cik, 'us-gaap', 'NetIncomeLoss', 'USD', make_date(year, 1, 1), make_date(year, 12, 31), year + 0.5, '0000000001-26-00000' || cik,
          2025, 'FY', '10-K', '2026-02-01', 'CY' || year
        from edgar.company cross join generate_series(2010, 2025) as year`;
        const facts = "select fact::text from edgar.fact as fact order by fact::text";
        const before = await sql.unsafe(facts);
        await deployFiles(edgarConfig, ownerUrl, await loadQueries(join(project, "edgar/sql")));
        assert.equal(before.length, 32);
        assert.deepEqual([...await sql.unsafe(facts)], [...before]);
        const [kind] = await sql`select relkind from pg_class where oid = 'edgar.fact'::regclass`;
        assert.equal(kind!.relkind, "p");
        const [figures] = await sql`select count(*)::integer as count from edgar.annual_headline`;
        assert.equal(figures!.count, 32);
        await assertKept(sql, "the migration");
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
    }, { server, isEmpty: true }),
);

async function assertKept(sql: postgres.Sql, after: string): Promise<void> {
  for (
    const [name, wanted, kept] of [
      ["figures", annualFigures, keptFigures],
      ["restatements", restatements, keptRestatements],
      ["counts", loads, keptLoads],
    ] as const
  ) {
    const columns = name === "counts" ? "a, b, c, d, e" : "a, b, c, d, e, f, g, h";
    const rows = await sql.unsafe(`
      with wanted (${columns}) as (${wanted}), kept (${columns}) as (${kept})
      (select 'missing' as fault, * from wanted except select 'missing', * from kept)
      union all
      (select 'left over' as fault, * from kept except select 'left over', * from wanted)
      limit 3`);
    assert.deepEqual(rows.map((row) => ({ ...row })), [], `${name} after ${after}`);
  }
}
