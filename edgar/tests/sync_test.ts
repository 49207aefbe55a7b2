/** The sync against a server that stands in for SEC, and that misbehaves as SEC and the network do. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { SecClient } from "../src/sec/client.ts";
import { processClock, RequestLimiter } from "../src/sec/limiter.ts";
import type { EdgarQueries } from "../src/load/ledger.ts";
import { Loader, loadPaths } from "../src/load/load.ts";
import type { LoadSummary } from "../src/load/load_report.ts";
import { sync, type SyncRequest } from "../src/sync/sync.ts";
import { createLog } from "sqlwright";
import { type TestDatabase, withFiles } from "../../tests/harness.ts";
import { checksums, factsOf, withQueries } from "./loading.ts";
import { readExcerpt } from "./source_files.ts";
import { type Behaviour, payloads, type SecServer, smallPayloads, withSecServer } from "./sec_server.ts";

/** What is counted is counted on SEC's whole files, where they are; what is asked and told, on small ones. */
const whole = payloads();
const folder = smallPayloads;
const silent = createLog({ level: "error", write: () => {} });
const submissions = "submissions/CIK0000320193.json";
const page = "submissions/CIK0000320193-submissions-001.json";
const facts = "api/xbrl/companyfacts/CIK0000320193.json";
const tickers = "files/company_tickers_exchange.json";

const nothing: SyncRequest = {
  tickers: [],
  ciks: [],
  since: null,
  isAll: false,
  isBulk: false,
  documents: [],
  maximumFilings: 10,
};

type RunSync = (
  request: Partial<SyncRequest>,
  options?: { now?: string; directory?: string },
) => Promise<LoadSummary>;

/** A database, a server, and a sync between the two: each run is like one of the command. */
async function withSync(
  use: (run: RunSync, sec: SecServer, database: TestDatabase, queries: EdgarQueries) => Promise<void>,
  served = folder,
): Promise<void> {
  await withQueries((queries, database) =>
    withSecServer(served, async (sec) => {
      const run: RunSync = async (request, { now, directory = null as string | null } = {}) => {
        const signal = AbortSignal.timeout(60_000);
        using client = new SecClient({
          userAgent: "Example Research admin@example.com",
          wwwUrl: sec.url,
          dataUrl: sec.url,
          limiter: new RequestLimiter(processClock(), { rate: 10 }),
          concurrency: 4,
          blockWait_ms: 200,
          timeout_ms: 500,
          retries: 1,
          backoff_ms: 10,
          log: silent,
        });
        const loader = new Loader({ queries, signal });
        const context = { client, loader, queries, signal, directory };
        return await sync(
          { ...nothing, ...request },
          now === undefined ? context : { ...context, now: () => new Date(now) },
        );
      };
      await use(run, sec, database, queries);
    })
  );
}

const asked = ({ log }: SecServer) => log.map(({ path, status }) => `${status} ${path}`).toSorted();

Deno.test("a company by its ticker: list, submissions with their page, facts; the second time SEC sends nothing", async () => {
  await withSync(async (run, sec, { sql }) => {
    const first = await run({ tickers: ["aapl"] });
    assert.deepEqual(first.failures, []);
    assert.deepEqual(asked(sec), [tickers, submissions, page, facts].map((path) => `200 ${path}`).toSorted());
    const [{ count }] = await sql`select count(*)::integer as count from edgar.fact` as [{ count: number }];
    assert.equal(count, (await factsOf(join(whole, facts))).size);
    const sums = await checksums(sql);

    sec.log.length = 0;
    const second = await run({ tickers: ["AAPL"] });
    assert.deepEqual([second.known, second.changes], [3, 0]);
    assert.deepEqual(asked(sec), [tickers, submissions, facts].map((path) => `304 ${path}`).toSorted());
    assert.deepEqual(await checksums(sql), sums);
  }, whole);
});

Deno.test("a file that has changed is loaded, and of it what is new", async () => {
  await withSync(async (run, sec) => {
    const state = (date: string) => join(whole, "snapshots", date, facts);
    sec.put(facts, await Deno.readFile(state("2026-01-30")));
    await run({ ciks: [320193] });
    sec.put(facts, await Deno.readFile(state("2026-05-01")));
    const second = await run({ ciks: [320193] });
    const [before, after] = [await factsOf(state("2026-01-30")), await factsOf(state("2026-05-01"))];
    const isNew = [...after.keys()].filter((key) => !before.has(key)).length;
    const isChanged = [...after].filter(([key, rest]) => before.has(key) && before.get(key) !== rest).length;
    assert.deepEqual([second.loaded, second.known], [1, 1]);
    assert.deepEqual([second.inserted, second.updated], [isNew, isChanged]);
  });
});

Deno.test("what was loaded from a folder is not loaded again from SEC, and then not even sent", async () => {
  await withSync(async (run, sec, { sql }, queries) => {
    const paths = [facts, submissions, page].map((path) => join(folder, path));
    await loadPaths(paths, { queries, signal: AbortSignal.timeout(60_000) });
    const sums = await checksums(sql);
    const first = await run({ ciks: [320193] });
    assert.deepEqual([first.known, first.failures], [2, []]);
    const second = await run({ ciks: [320193] });
    assert.deepEqual([second.known, second.changes], [2, 0]);
    assert.deepEqual(sec.log.map(({ status }) => status).toSorted(), [200, 200, 304, 304]);
    const { source_file: _ledger, ...tables } = await checksums(sql);
    const { source_file: _before, ...before } = sums;
    assert.deepEqual(tables, before);
  });
});

Deno.test("a company without facts is no failure, and the ledger says that SEC has none", async () => {
  await withSync(async (run, sec, { sql }) => {
    sec.put(facts, null);
    const summary = await run({ ciks: [320193] });
    assert.deepEqual([summary.failed, summary.missing], [0, 1]);
    const [entry] = await sql`select status from edgar.source_file where path = ${facts}`;
    assert.equal(entry!.status, "missing");
  });
});

const misbehaviours: [string, Behaviour, string][] = [
  ["SEC's block that does not end", { kind: "threshold" }, "edgar.blocked"],
  ["SEC's page for undeclared tools", { kind: "undeclared" }, "edgar.refused"],
  ["status 429", { kind: "status", status: 429 }, "edgar.unreachable"],
  ["status 500", { kind: "status", status: 500 }, "edgar.unreachable"],
  ["an HTML page with status 200", { kind: "page" }, "edgar.answer_invalid"],
  ["a connection cut at byte 10,000", { kind: "cut", byte: 10_000 }, "edgar.incomplete"],
  ["a truncated gzip body", { kind: "truncated_gzip" }, "edgar.incomplete"],
  ["half a JSON", { kind: "half" }, "edgar.source_invalid"],
  ["a server that stalls", { kind: "stall" }, "edgar.unreachable"],
  ["a redirect elsewhere", { kind: "redirect", to: "https://elsewhere.example/x" }, "edgar.answer_invalid"],
];

Deno.test("each misbehaviour is told by its code, loads nothing of the file, and the next run goes on from there", async () => {
  await withSync(async (run, sec, { sql }) => {
    const ends = ["edgar.blocked", "edgar.refused"];
    for (const [name, behaviour, code] of misbehaviours) {
      await sql`truncate edgar.fact`;
      await sql`delete from edgar.source_file where path = ${facts}`;
      sec.misbehave(facts, [behaviour], { isLasting: true });
      if (ends.includes(code)) await assert.rejects(run({ ciks: [320193] }), { code }, name);
      else {
        const { failed, failures } = await run({ ciks: [320193] });
        assert.deepEqual([failed, failures[0]?.code, failures[0]?.path], [1, code, facts], name);
        const [entry] = await sql`select failure from edgar.source_file where path = ${facts}`;
        assert.ok(entry!.failure.startsWith(`${code}: `), name);
      }
      assert.equal((await sql`select 1 from edgar.fact limit 1`).length, 0, name);
      sec.behave();
      const { failed, loaded, inserted } = await run({ ciks: [320193] });
      assert.deepEqual([failed, loaded, inserted > 0], [0, 1, true], name);
    }
  });
});

Deno.test("a page that the submissions list and SEC does not have is no failure; one that fails is asked for again", async () => {
  await withSync(async (run, sec, { sql }) => {
    sec.put(page, null);
    const without = await run({ ciks: [320193] });
    assert.deepEqual([without.failed, without.missing], [0, 1]);

    await sql`delete from edgar.source_file`;
    sec.put(page, await Deno.readFile(join(folder, page)));
    sec.misbehave(page, [{ kind: "status", status: 500 }], { isLasting: true });
    const broken = await run({ ciks: [320193] });
    assert.deepEqual(broken.failures.map(({ path }) => path).toSorted(), [page, submissions].toSorted());

    sec.behave();
    sec.log.length = 0;
    const next = await run({ ciks: [320193] });
    assert.equal(next.failed, 0);
    assert.ok(asked(sec).includes(`200 ${page}`));
    assert.ok(asked(sec).includes(`200 ${submissions}`), "without its page the file did not count as loaded");
  });
});

Deno.test("a ticker that SEC does not list is told by name, and nothing is asked for but the list", async () => {
  await withSync(async (run, sec) => {
    const error = await run({ tickers: ["AAPL", "NOSUCH", "NONE2"] }).then(() => null, (error) => error);
    assert.equal(error.code, "edgar.ticker_unknown");
    assert.deepEqual(error.details.tickers, ["NOSUCH", "NONE2"]);
    assert.deepEqual(asked(sec), [`200 ${tickers}`]);
  });
});

Deno.test("the documents of the newest filings: raw XML of an ownership form, once", async () => {
  const form = "Archives/edgar/data/320193/000121412826000004/wk-form4_1772148758.xml";
  await withSync(async (run, sec, { sql }) => {
    const json = JSON.parse(await Deno.readTextFile(join(folder, submissions)));
    const { recent } = json.filings;
    const row = recent.accessionNumber.indexOf("0001214128-26-000004");
    for (const column of Object.keys(recent)) recent[column] = [recent[column][row]];
    json.filings.files = [];
    sec.put(submissions, JSON.stringify(json));
    const first = await run({ ciks: [320193], documents: ["ownership"] });
    assert.deepEqual(first.failures, []);
    assert.ok(asked(sec).includes(`200 ${form}`), "the raw XML and not the rendered page");
    const rows = await sql`select owner_name, filed_on::text from edgar.insider_transaction`;
    assert.ok(rows.length > 0);
    assert.equal(rows[0]!.filed_on, recent.filingDate[0], "the day is that of the filing");

    sec.log.length = 0;
    await run({ ciks: [320193], documents: ["ownership"] });
    assert.ok(!asked(sec).some((line) => line.includes("Archives/")), "a filing's document never changes");
  });
});

Deno.test("a 13F comes whole, its table with its cover page, in one request", async () => {
  const base = "Archives/edgar/data/1894188";
  const filer = (names: string[] | null) =>
    JSON.stringify({
      cik: "1894188",
      name: "LTS One Management LP",
      tickers: [],
      exchanges: [],
      sic: "",
      filings: {
        recent: {
          accessionNumber: ["0001894188-23-000007"],
          filingDate: ["2023-11-14"],
          reportDate: ["2023-09-30"],
          form: ["13F-HR"],
          primaryDocument: ["xslForm13F_X02/primary_doc.xml"],
        },
        files: names ?? [],
      },
    });
  await withSync(async (run, sec, { sql }) => {
    sec.put("submissions/CIK0001894188.json", filer(null));
    const text = `${base}/0001894188-23-000007.txt`;
    sec.put(text, await readExcerpt(text));
    const { failures } = await run({ ciks: [1894188], documents: ["holdings"] });
    assert.deepEqual(failures, []);
    const [sum] = await sql`
      select count(*)::integer as rows, sum(value_usd)::bigint::text as value, min(filed_on)::text as filed_on
      from edgar.fund_holding`;
    assert.deepEqual({ ...sum }, { rows: 14, value: "454926000", filed_on: "2023-11-14" });
    const [report] = await sql`select form, report_on::text, entries, value_usd::text from edgar.fund_report`;
    assert.deepEqual({ ...report }, {
      form: "13F-HR",
      report_on: "2023-09-30",
      entries: 14,
      value_usd: "454926000",
    });

    sec.log.length = 0;
    await run({ ciks: [1894188], documents: ["holdings"] });
    assert.ok(!asked(sec).some((line) => line.includes("Archives")), "a filing is asked for once");
  });
});

Deno.test("since a day: the indexes of its working days, then the loaded companies that they name", async () => {
  const index = (rows: string[]) =>
    [
      "Description:           Daily Index of EDGAR Dissemination Feed",
      " ",
      "CIK|Company Name|Form Type|Date Filed|File Name",
      "--------------------------------------------------------------------------------",
      ...rows,
      "",
    ].join("\n");
  const daily = (day: string) => `Archives/edgar/daily-index/2026/QTR3/master.${day}.idx`;
  await withSync(async (run, sec, { sql }) => {
    await run({ ciks: [320193, 63908] });
    sec.log.length = 0;
    sec.put(
      daily("20260902"),
      index([
        "320193|APPLE INC|8-K|20260902|edgar/data/320193/0000320193-26-000099.txt",
        "777|SOMEBODY ELSE|8-K|20260902|edgar/data/777/0000000777-26-000001.txt",
        "777|SOMEBODY ELSE|8-K|20260902|edgar/data/777/0000000777-26-000001.txt",
      ]),
    );
    // 2026-09-01 is a Tuesday; the 5th and 6th are a weekend, the 7th is Labor Day.
    const summary = await run({ since: "2026-09-01" }, { now: "2026-09-08T12:00:00Z" });
    assert.deepEqual(summary.failures, []);
    const days = asked(sec).filter((line) => line.includes("daily-index"));
    assert.deepEqual(
      days,
      [200, 404, 404, 404, 404, 404].map((status, at) =>
        `${status} ${daily(["20260902", "20260901", "20260903", "20260904", "20260907", "20260908"][at]!)}`
      ).toSorted(),
    );
    const companies = asked(sec).filter((line) => !line.includes("daily-index"));
    assert.deepEqual(
      companies,
      [`304 ${facts}`, `304 ${submissions}`].toSorted(),
      "and not those who filed nothing",
    );
    const [filing] = await sql`select form from edgar.filing where accession = '0000000777-26-000001'`;
    assert.equal(filing!.form, "8-K");

    sec.log.length = 0;
    await run({ since: "2026-09-01" }, { now: "2026-09-08T12:00:00Z" });
    const again = asked(sec).filter((line) => line.includes("daily-index"));
    // Days that are long over are known; the last ones may still come.
    assert.deepEqual(again, [`404 ${daily("20260907")}`, `404 ${daily("20260908")}`]);
  });
});

Deno.test("the nightly archives come to disk, are loaded and go; the next night's are asked for by their ETag", async () => {
  const { ZipWriter, Uint8ArrayWriter, Uint8ArrayReader } = await import("@zip.js/zip.js");
  const zip = async (path: string) => {
    const writer = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false });
    await writer.add(path.split("/").at(-1)!, new Uint8ArrayReader(await Deno.readFile(join(folder, path))));
    return await writer.close();
  };
  await withFiles({}, (directory) =>
    withSync(async (run, sec, { sql }) => {
      const archive = "Archives/edgar/daily-index/xbrl/companyfacts.zip";
      sec.put(archive, await zip(facts));
      sec.put("Archives/edgar/daily-index/bulkdata/submissions.zip", await zip(submissions));
      sec.misbehave(archive, [{ kind: "cut", byte: 1_000 }]);
      const first = await run({ isBulk: true }, { directory });
      assert.deepEqual([first.failed, first.loaded], [0, 4]);
      assert.equal(
        sec.log.filter(({ path }) => path === archive).at(-1)!.status,
        206,
        "the rest after the cut",
      );
      assert.deepEqual(await Array.fromAsync(Deno.readDir(directory)), []);
      const sums = await checksums(sql);
      const second = await run({ isBulk: true }, { directory });
      assert.deepEqual([second.known, second.changes], [2, 0]);
      assert.deepEqual(await checksums(sql), sums);
    }));
});
