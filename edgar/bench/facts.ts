/**
 * `deno task --cwd edgar bench:facts [COPIES]`: every read tool of EDGAR over many facts. Loads SEC's own
 * files through `edgar load`, multiplies their companies by shifting CIK and accession number (64 copies: 20
 * million facts), and calls each tool 200 times with its examples' arguments and with random companies, tags,
 * filings and days that are there. Prints sizes, p50, p95 and the worst call of each tool; exits 1 when a p95
 * is 50 ms or more.
 *
 * In a scratch database of the embedded PostgreSQL with the embedded settings; or over DATABASE_URL (and
 * DATABASE_OWNER_URL, which may multiply) where somebody wants to keep it. Facts that are there are not
 * multiplied again.
 */

import { join } from "node:path";
import process from "node:process";
import postgres from "postgres";
import {
  type Application,
  createLog,
  localCaller,
  queryClient,
  readConfig,
  type Tool,
  withApplication,
  withScratchDatabase,
} from "sqlwright";
import { loadPaths } from "../src/load/load.ts";
import type { Queries } from "../src/queries.ts";

const calls = 200;
const target_ms = 50;
const project = new URL("../../", import.meta.url).pathname;
const payloads = join(project, "..", "shared", "edgar");
const copies = Number(Deno.args[0] ?? 64);
/** A copy's CIKs and accession numbers are so much larger than the original's: SEC's own are below. */
const shift = 10_000_000;

interface Database {
  url: string;
  ownerUrl: string;
}

async function main(): Promise<void> {
  const url = Deno.env.get("DATABASE_URL");
  if (url) return await run({ url, ownerUrl: Deno.env.get("DATABASE_OWNER_URL") ?? url });
  await withScratchDatabase(join(project, "edgar"), run);
}

async function run({ url, ownerUrl }: Database): Promise<void> {
  const owner = postgres(ownerUrl, { max: 1, onnotice: () => {} });
  const config = readConfig({ DATABASE_URL: url, SQLWRIGHT_SQL_DIR: join(project, "edgar/sql") });
  try {
    await withApplication(config, { log: createLog({ level: "error" }) }, async (application) => {
      const [{ is_multiplied }] = await owner`
        select exists (
          select
          from edgar.company as company
          where company.cik > ${shift}
        ) as is_multiplied` as unknown as [{ is_multiplied: boolean }];
      if (!is_multiplied) {
        await loadOriginals(application);
        await multiply(owner);
      }
      await printSizes(owner);
      await measureTools(application, await sampleOf(owner));
    });
  } finally {
    await owner.end();
  }
}

async function loadOriginals(application: Application): Promise<void> {
  const queries = queryClient<Queries>(application.callTool).edgar;
  const began_ms = performance.now();
  const folders = ["submissions", "api/xbrl/companyfacts", "files", "Archives/edgar/data"];
  const summary = await loadPaths(folders.map((folder) => join(payloads, folder)), {
    queries,
    signal: new AbortController().signal,
  });
  print(`Loaded ${summary.files} files of ${payloads} in ${seconds(began_ms)}`);
}

/** Facts in bulk, the other tables as they are: they are small beside them. */
async function multiply(owner: postgres.Sql): Promise<void> {
  const step = async (what: string, statement: string) => {
    const began_ms = performance.now();
    const { count } = await owner.unsafe(statement);
    print(`${what}: ${(count ?? 0).toLocaleString("en-US")} rows in ${seconds(began_ms)}`);
  };
  const copy = `generate_series(1, ${copies - 1}) as copy (number)`;
  const cik = (column: string) => `${column} + copy.number * ${shift}::bigint`;
  const accession = (column: string) =>
    `lpad((left(${column}, 10)::bigint + copy.number * ${shift}::bigint)::text, 10, '0')` +
    ` || substr(${column}, 11)`;
  await step("begin bulk", "select edgar.begin_bulk()");
  await step(
    "companies",
    `insert into edgar.company
       (cik, name, tickers, exchange, sic, fiscal_year_end, state, is_year_named_by_end)
     select ${cik("company.cik")}, company.name || ' ' || copy.number,
       array(select symbol.ticker || '-' || copy.number from unnest(company.tickers) as symbol (ticker)),
       company.exchange, company.sic, company.fiscal_year_end, company.state, company.is_year_named_by_end
     from edgar.company as company cross join ${copy}
     where company.cik in (select fact.cik from edgar.fact as fact)
       and company.cik < ${shift}`,
  );
  await step(
    "tickers",
    `insert into edgar.ticker (ticker, cik, position)
     select ticker.ticker || '-' || copy.number, ${cik("ticker.cik")}, ticker.position
     from edgar.ticker as ticker cross join ${copy}
     where exists (select from edgar.company as company where company.cik = ${cik("ticker.cik")})`,
  );
  await step(
    "filings",
    `insert into edgar.filing
       (accession, cik, form, filed_on, report_on, primary_document, size_bytes, status, items, is_xbrl)
     select ${accession("filing.accession")}, ${
      cik("filing.cik")
    }, filing.form, filing.filed_on, filing.report_on,
       filing.primary_document, filing.size_bytes, filing.status, filing.items, filing.is_xbrl
     from edgar.filing as filing cross join ${copy}
     where exists (select from edgar.company as company where company.cik = ${cik("filing.cik")})
     order by copy.number, filing.cik, filing.filed_on`,
  );
  const began_ms = performance.now();
  let facts = 0;
  // Copy by copy, so that the facts of a company lie together, as loads put them.
  for (let number = 1; number < copies; number++) {
    const { count } = await owner.unsafe(
      `insert into edgar.fact
         (cik, taxonomy, tag, unit, start_on, end_on, value, accession, fy, fp, form, filed_on, frame)
       select ${cik("fact.cik")}, fact.taxonomy, fact.tag, fact.unit, fact.start_on, fact.end_on,
         fact.value * (1 + copy.number * 0.001), ${
        accession("fact.accession")
      }, fact.fy, fact.fp, fact.form, fact.filed_on, fact.frame
       from (values (${number})) as copy (number) cross join edgar.fact as fact
       where fact.cik < ${shift}`,
    );
    facts += count;
  }
  print(`facts: ${facts.toLocaleString("en-US")} rows in ${seconds(began_ms)}`);
  await step("end bulk (key, figures, counts, analyze)", "call edgar.end_bulk()");
  await step(
    "documents",
    `insert into edgar.document_part (accession, cik, file_name, part, form, filed_on, body)
     select ${accession("part.accession")}, ${cik("part.cik")}, part.file_name, part.part, part.form,
       part.filed_on - copy.number, part.body
     from edgar.document_part as part cross join generate_series(1, ${
      copies * 8 - 1
    }) as copy (number) where part.cik < ${shift}`,
  );
  await step(
    "insider transactions",
    `insert into edgar.insider_transaction
       (accession, position, is_derivative, issuer_cik, owner_cik, owner_name, officer_title, security_title,
        transacted_on, transaction_code, shares, price, acquired_disposed, shares_after, is_direct,
        is_holding, form, filed_on)
     select ${accession("trade.accession")}, trade.position, trade.is_derivative,
       ${
      cik("trade.issuer_cik").replace("copy.number", `(copy.number % ${copies})`)
    }, trade.owner_cik, trade.owner_name,
       trade.officer_title, trade.security_title, trade.transacted_on - copy.number % 1500,
       trade.transaction_code, trade.shares + copy.number, trade.price, trade.acquired_disposed,
       trade.shares_after, trade.is_direct, trade.is_holding, trade.form, trade.filed_on - copy.number % 1500
     from edgar.insider_transaction as trade cross join generate_series(1, ${copies * 14}) as copy (number)
     where left(trade.accession, 10)::bigint < ${shift}`,
  );
  await step(
    "fund holdings",
    `insert into edgar.fund_holding
       (accession, position, cik, manager_name, report_on, filed_on, issuer_name, class_title, cusip,
        value_usd, shares, share_type, put_call, discretion)
     select ${accession("holding.accession")}, holding.position, ${cik("holding.cik")},
       coalesce(holding.manager_name, 'Manager') || ' ' || copy.number, 
       coalesce(holding.report_on, date '2022-12-31' - (copy.number % 2)::integer * 92), holding.filed_on,
       holding.issuer_name, holding.class_title, holding.cusip, holding.value_usd + copy.number,
       holding.shares + copy.number, holding.share_type, holding.put_call, holding.discretion
     from edgar.fund_holding as holding cross join generate_series(1, ${
      Math.min(copies * 14, 900)
    }) as copy (number)
     where left(holding.accession, 10)::bigint < ${shift}`,
  );
  await step(
    "fund reports",
    `insert into edgar.fund_report (accession, cik, manager_name, report_on, filed_on)
     select distinct on (holding.accession)
       holding.accession, holding.cik, holding.manager_name, holding.report_on, holding.filed_on
     from edgar.fund_holding as holding
     order by holding.accession, holding.position
     on conflict (accession) do nothing`,
  );
  await step("vacuum", "vacuum analyze");
}

async function printSizes(owner: postgres.Sql): Promise<void> {
  const rows = await owner.unsafe(`
    select
      parent.relname as name,
      sum(pg_table_size(part.oid))::bigint / 1048576 as table_mb,
      sum(pg_indexes_size(part.oid))::bigint / 1048576 as index_mb,
      sum(part.reltuples)::bigint as rows
    from pg_class as parent
    join lateral (
      select tree.relid as oid from pg_partition_tree(parent.oid) as tree where tree.isleaf
      union
      select parent.oid where parent.relkind = 'r'
    ) as leaf on true
    join pg_class as part on part.oid = leaf.oid
    where parent.relnamespace = 'edgar'::regnamespace
      and parent.relkind in ('r', 'p')
      and not parent.relispartition
    group by parent.relname
    having sum(part.reltuples) > 1000
    order by sum(pg_total_relation_size(part.oid)) desc`);
  print("\n| table | rows | MB | MB of indexes |\n|---|--:|--:|--:|");
  for (const { name, rows: count, table_mb, index_mb } of rows) {
    print(`| ${name} | ${Number(count).toLocaleString("en-US")} | ${table_mb} | ${index_mb} |`);
  }
}

/** What is there, to make arguments of. */
interface Sample {
  ciks: string[];
  tickers: string[];
  names: string[];
  tags: { cik: string; tag: string; taxonomy: string }[];
  filings: { accession: string; filed_on: string; form: string; cik: string }[];
  items: string[];
  durations: string[];
  cusips: string[];
  statements: string[];
}

async function sampleOf(owner: postgres.Sql): Promise<Sample> {
  const column = async (statement: string) =>
    (await owner.unsafe(statement)).map((row) => String(Object.values(row)[0]));
  const figures = "select load.cik from edgar.company_load as load where load.facts > 0 " +
    "order by md5(load.cik::text) limit 400";
  const ciks = await column(figures);
  return {
    ciks,
    tickers: await column(
      `select ticker.ticker from edgar.ticker as ticker where ticker.cik in (${figures})
       order by md5(ticker.ticker) limit 400`,
    ),
    names: await column(
      `select split_part(company.name, ' ', 1) from edgar.company as company
       where company.cik in (${figures})`,
    ),
    tags: [
      ...await owner.unsafe(
        `select fact.cik::text as cik, fact.tag, fact.taxonomy from edgar.fact as fact
         where fact.cik in (${ciks.slice(0, 20).join(", ")}) and fact.accession like '%7' limit 2000`,
      ),
    ] as unknown as Sample["tags"],
    filings: [
      ...await owner.unsafe(
        `select filing.accession::text as accession, filing.filed_on::text as filed_on, filing.form,
           filing.cik::text as cik
         from edgar.filing as filing where filing.cik in (${
          ciks.slice(0, 60).join(", ")
        }) and filing.status = 'loaded' limit 4000`,
      ),
    ] as unknown as Sample["filings"],
    items: await column("select item.item from edgar.headline_item as item"),
    durations: await column(
      "select item.item from edgar.headline_item as item where item.period_type = 'duration'",
    ),
    cusips: await column("select distinct holding.cusip from edgar.fund_holding as holding limit 400"),
    statements: await column("select adsh from edgar.statement_submission limit 400"),
  };
}

const phrases = [
  "supply chain",
  '"gross margin"',
  "revenue",
  "tariff or duties",
  "iPhone -services",
  "risk",
  "company",
  "antitrust",
  '"artificial intelligence"',
  "zyzzyva",
];

function pick<T>(values: readonly T[]): T {
  const value = values[Math.floor(Math.random() * values.length)];
  if (value === undefined) throw new Error("There is nothing of this kind in the database to ask for");
  return value;
}

/** Arguments for one call: what the tool takes, out of what is there; null where only the examples serve. */
function argumentsOf(tool: string, sample: Sample): Record<string, unknown> | null {
  const cik = Number(pick(sample.ciks));
  const year = 2012 + Math.floor(Math.random() * 13);
  switch (tool.replace(/^edgar_/, "")) {
    case "annual_headline":
      return pick([
        {},
        { cik },
        { item: [pick(sample.items)], calendar_year_from: year, calendar_year_to: year },
        { item: [pick(sample.items), pick(sample.items)] },
      ]);
    case "annual_statement":
      return { cik, years: pick([1, 3, 10, 20]) };
    case "company_concepts":
      return pick([{ cik }, { cik, q: "Income" }]);
    case "company_filings":
      return pick([{ cik }, { cik, forms: ["10-K"] }, {
        cik,
        since: `${year}-01-01`,
        until: `${year}-12-31`,
      }]);
    case "company_report":
      return { cik, years: pick([1, 3, 10]) };
    case "compare_companies":
      return {
        companies: [pick(sample.tickers), pick(sample.tickers), pick(sample.ciks)],
        item: pick(sample.items),
        years: pick([1, 3, 10]),
      };
    case "concept_history": {
      const { cik, tag, taxonomy } = pick(sample.tags);
      return { cik: Number(cik), tag, taxonomy, period: pick(["any", "year", "quarter", "instant"]) };
    }
    case "data_status":
      return pick([{}, { cik }]);
    case "fact_as_first_reported":
    case "fact_as_last_reported": {
      const { cik, tag, taxonomy } = pick(sample.tags);
      return pick([{ cik: Number(cik), taxonomy, tag }, { cik: Number(cik) }]);
    }
    case "filing_facts":
    case "filing_statement":
      return { accession: pick(sample.filings).accession };
    case "filing_feed": {
      const { filed_on, form } = pick(sample.filings);
      return pick([{ filed_on }, { filed_on, form }]);
    }
    case "new_filings_since":
      return pick([{ since: `${year}-06-01` }, { since: `${year}-06-01`, forms: ["10-K"] }]);
    case "find_company":
      return { q: pick([pick(sample.tickers), pick(sample.names), pick(sample.ciks)]) };
    case "find_concept":
      return { q: pick(["Inventory", "Revenue", "Tax", "Assets", pick(sample.tags).tag.slice(0, 80)]) };
    case "find_fund_class":
      return { symbol: pick(sample.tickers) };
    case "find_security":
      return { q: pick(["APPLE", "BANK", "AMERICAN", "COCA", "A", "CH"]).padEnd(2, "M") };
    case "fund_holders":
      return { cusip: pick(sample.cusips) };
    case "manager_holdings":
      return { cik: 1067983 + shift * (1 + Math.floor(Math.random() * (copies - 1))) };
    case "growth_and_margins":
    case "company_profile":
    case "insider_transactions":
    case "statement_filings":
      return { cik };
    case "insider_feed":
      return pick([{ since: `${year}-01-01` }, {
        since: `${year}-01-01`,
        codes: ["S"],
        minimum_value_usd: "1000",
      }]);
    case "latest_value": {
      const { cik, tag, taxonomy } = pick(sample.tags);
      return { cik: Number(cik), tag, taxonomy };
    }
    case "quarterly_figures":
      return { cik, item: pick(sample.durations), max: pick([4, 8, 40]) };
    case "rank_companies":
      return { year, item: pick(sample.items), max: pick([10, 25, 200]) };
    case "rank_growth":
      return { year, item: pick(sample.items) };
    case "restatements":
      return pick([
        { item: pick(sample.items) },
        { item: pick(sample.items), from_year: year, to_year: year },
        { item: pick(sample.items), cik },
      ]);
    case "search_documents":
      return pick([{ q: pick(phrases) }, { q: pick(phrases), cik: 320193 }, {
        q: pick(phrases),
        forms: ["10-K"],
      }]);
    default:
      return null;
  }
}

async function measureTools(application: Application, sample: Sample): Promise<void> {
  print("\n| tool | p50 ms | p95 ms | worst ms | rows |\n|---|--:|--:|--:|--:|");
  const slow: string[] = [];
  for (const tool of application.catalog().tools.values()) {
    if (!tool.annotations.readOnlyHint) continue;
    const { p50, p95, worst, rows } = await measureTool(application, tool, sample);
    print(
      `| ${tool.name} | ${p50.toFixed(1)} | ${p95.toFixed(1)} | ${worst.toFixed(1)} | ${Math.round(rows)} |`,
    );
    if (p95 >= target_ms) slow.push(tool.name);
  }
  print(`\n${slow.length === 0 ? `Every p95 is below ${target_ms} ms` : `Slow: ${slow.join(", ")}`}`);
  if (slow.length > 0) process.exitCode = 1;
}

/** Rows are the mean of an answer's rows. */
async function measureTool(application: Application, tool: Tool, sample: Sample) {
  const examples = tool.query.parsed.header.examples.filter(({ expect }) => expect.kind !== "error");
  const times_ms: number[] = [];
  let rows = 0;
  for (let number = 0; number < calls; number++) {
    const args = number % 4 === 0 ? null : argumentsOf(tool.name, sample);
    const began_ms = performance.now();
    const result = await application.callTool(
      tool.name,
      args ?? examples[number % examples.length]?.arguments ?? {},
      {
        signal: new AbortController().signal,
        progress: () => {},
        correlationId: "bench",
        caller: localCaller,
      },
    );
    times_ms.push(performance.now() - began_ms);
    if (result.isError) throw new Error(`${tool.name} ${JSON.stringify(args)}: ${result.text}`);
    rows += Array.isArray(result.structured.rows) ? result.structured.rows.length : 1;
  }
  const sorted = times_ms.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  return { p50: at(0.5), p95: at(0.95), worst: at(1), rows: rows / calls };
}

const seconds = (began_ms: number) => `${((performance.now() - began_ms) / 1000).toFixed(1)} s`;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main();
