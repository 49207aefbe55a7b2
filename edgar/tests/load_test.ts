/** SEC's files from folders into the database: what comes in, what changes, what is skipped, what is refused. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import type { EdgarQueries } from "../src/load/ledger.ts";
import { loadPaths } from "../src/load/load.ts";
import type { FileReport, LoadSummary } from "../src/load/load_report.ts";
import { project, withFiles } from "../../tests/harness.ts";
import { checksums, factsOf, withQueries } from "./loading.ts";
import { payloads, realPayloads, smallPayloads } from "./sec_server.ts";

const folder = payloads();
const isReal = folder === realPayloads;
const apple = "api/xbrl/companyfacts/CIK0000320193.json";

const load = (queries: EdgarQueries, ...paths: string[]): Promise<LoadSummary> =>
  loadPaths(paths, { queries, signal: AbortSignal.timeout(120_000) });

const outcome = ({ loaded, known, failed, inserted, updated, unchanged, rejected }: LoadSummary) => ({
  loaded,
  known,
  failed,
  inserted,
  updated,
  unchanged,
  rejected,
});

Deno.test("two states of a company's facts: new facts are inserted, a frame that moved is updated, the rest is unchanged", async () => {
  const [older, newer] = ["2026-01-30", "2026-05-01"].map((date) => join(folder, "snapshots", date)) as [
    string,
    string,
  ];
  const [before, after] = [await factsOf(join(older, apple)), await factsOf(join(newer, apple))];
  const isNew = [...after.keys()].filter((key) => !before.has(key)).length;
  const isChanged = [...after].filter(([key, rest]) => before.has(key) && before.get(key) !== rest).length;
  if (isReal) assert.deepEqual([before.size, after.size, isNew, isChanged], [24_579, 24_852, 273, 72]);
  assert.ok(isNew > 0 && isChanged > 0, "the states differ");
  await withQueries(async (queries, { sql }) => {
    assert.deepEqual(outcome(await load(queries, older)), {
      loaded: 1,
      known: 0,
      failed: 0,
      inserted: before.size,
      updated: 0,
      unchanged: 0,
      rejected: 0,
    });
    assert.deepEqual(outcome(await load(queries, newer)), {
      loaded: 1,
      known: 0,
      failed: 0,
      inserted: isNew,
      updated: isChanged,
      unchanged: before.size - isChanged,
      rejected: 0,
    });
    const rows = await sql`
      select fact.frame, fact.value::text as value, fact.cik::integer, fact.taxonomy, fact.tag, fact.unit, fact.start_on::text,
        fact.end_on::text, fact.accession, fact.fy, fact.fp, fact.form, fact.filed_on::text
      from edgar.fact as fact`;
    const loaded = new Map(rows.map((row) => [
      JSON.stringify([row.cik, row.taxonomy, row.tag, row.unit, row.start_on, row.end_on, row.accession]),
      JSON.stringify([Number(row.value), row.fy, row.fp, row.form, row.filed_on, row.frame]),
    ]));
    assert.deepEqual(loaded, after, "the database holds what the newer file says, and nothing else");
  });
});

Deno.test("a folder that is loaded twice changes nothing the second time, also when the ledger was lost", async () => {
  await withFiles({}, async (copy) => {
    for (
      const path of [
        apple,
        "submissions/CIK0000320193.json",
        "submissions/CIK0000320193-submissions-001.json",
        "files/company_tickers.json",
        "Archives/edgar/daily-index/2020/QTR1/master.20200103.idx",
        "Archives/edgar/data/320193/000121412826000004/wk-form4_1772148758.xml",
        "Archives/edgar/data/1894188/000189418823000007/index.xml",
      ]
    ) await copyFile(path, copy);
    await withQueries(async (queries, { sql }) => {
      const first = await load(queries, copy);
      assert.deepEqual(first.failures, []);
      assert.equal(first.loaded, 7);
      assert.ok(first.inserted > 0);
      const sums = await checksums(sql);
      const second = await load(queries, copy);
      assert.deepEqual([second.known, second.loaded, second.changes], [7, 0, 0]);
      assert.deepEqual(await checksums(sql), sums);
      await sql`delete from edgar.source_file`;
      const third = await load(queries, copy);
      assert.deepEqual([third.known, third.loaded], [0, 7]);
      assert.deepEqual(await checksums(sql), sums);
      assert.equal(third.changes, 0);
    });
  });
});

Deno.test("a concept gets the same label in whatever order companies' files are loaded, and at once", async () => {
  const companies = (await Array.fromAsync(Deno.readDir(join(folder, "api/xbrl/companyfacts"))))
    .map(({ name }) => join(folder, "api/xbrl/companyfacts", name)).toSorted().slice(0, 2);
  const sums: string[] = [];
  for (const concurrency of [1, 1, 6]) {
    companies.reverse();
    await withQueries(async (queries, { sql }) => {
      const options = { queries, signal: AbortSignal.timeout(120_000), concurrency };
      // Each by itself: the loader sorts what it is given together.
      if (concurrency === 1) { for (const company of companies) await loadPaths([company], options); }
      else await loadPaths(companies, options);
      const { concept } = await checksums(sql);
      sums.push(concept!);
      await sql`delete from edgar.source_file`;
      let changes = 0;
      for (const company of companies.toReversed()) changes += (await loadPaths([company], options)).changes;
      assert.equal(changes, 0, "a second load in another order changes nothing");
      const [counts] = await sql`
        select count(*) filter (where label is not null)::integer as labelled, count(labelled_on)::integer as dated
        from edgar.concept`;
      // The small files have labels of concepts without a fact, which has the date.
      if (isReal) {
        assert.ok(counts!.labelled > 100 && counts!.dated >= counts!.labelled, JSON.stringify(counts));
      } else assert.deepEqual(counts, { labelled: 35, dated: 3 });
    });
  }
  assert.deepEqual(sums, [sums[0], sums[0], sums[0]]);
});

Deno.test("the rows do not depend on how many files are loaded at once", async () => {
  const sums: Record<string, string>[] = [];
  for (const concurrency of [1, 6]) {
    await withQueries(async (queries, { sql }) => {
      const signal = AbortSignal.timeout(60_000);
      const { failures } = await loadPaths([smallPayloads], { queries, signal, concurrency });
      assert.deepEqual(failures, []);
      sums.push(await checksums(sql));
    });
  }
  assert.deepEqual(sums[1], sums[0]);
});

Deno.test("a file that fails is told with its reason, the others are loaded, and the next run takes it up again", async () => {
  const text = await Deno.readTextFile(join(folder, apple));
  await withFiles({
    [apple]: text.slice(0, text.length >> 1),
    "submissions/CIK0000320193.json": await Deno.readTextFile(join(folder, "submissions/CIK0000320193.json")),
  }, async (copy) => {
    await withQueries(async (queries, { sql }) => {
      const first = await load(queries, copy);
      assert.deepEqual([first.loaded, first.failed], [1, 1]);
      const [failure] = first.failures;
      assert.equal(failure!.path, apple);
      assert.equal(failure!.code, "edgar.source_invalid");
      assert.match(failure!.message, /byte \d+/);
      const [entry] = await sql`select status, failure from edgar.source_file where path = ${apple}`;
      assert.equal(entry!.status, "failed");
      assert.ok(entry!.failure.startsWith("edgar.source_invalid: Cannot read"));
      assert.equal(
        (await sql`select 1 from edgar.fact limit 1`).length,
        0,
        "nothing of half a file is loaded",
      );
      await Deno.writeTextFile(join(copy, apple), text);
      const second = await load(queries, copy);
      assert.deepEqual([second.loaded, second.known, second.failed], [1, 1, 0]);
    });
  });
});

Deno.test("pages of HTML, packed files that are cut, and wrong values are refused whole", async () => {
  const text = await Deno.readTextFile(join(folder, apple));
  const index = await Deno.readFile(
    join(folder, "Archives/edgar/daily-index/2020/QTR1/master.20200103.idx"),
  );
  const packed = gzipSync(index);
  const cases: [string, string | Uint8Array, string][] = [
    [apple, "<html><title>Request Rate Threshold Exceeded</title></html>", "edgar.blocked"],
    [apple, text.replace(/"end":"[\d-]+"/, '"end":"2026-02-30"'), "edgar.source_invalid"],
    [apple, text.replace(/"val":\d+/, `"val":1${"0".repeat(60)}`), "edgar.source_invalid"],
    [apple, text.replace(/"fp":"\w+"/, '"fp":"\\u0000"'), "edgar.source_invalid"],
    [
      "Archives/edgar/full-index/2020/QTR1/master.gz",
      packed.subarray(0, packed.length >> 1),
      "edgar.source_invalid",
    ],
  ];
  await withQueries(async (queries, { sql }) => {
    for (const [path, content, code] of cases) {
      await withFiles({}, async (copy) => {
        await writeFile(join(copy, path), content);
        const { failed, failures } = await load(queries, copy);
        assert.deepEqual([failed, failures[0]?.code], [1, code], `${path} ${failures[0]?.message}`);
      });
    }
    for (const table of ["fact", "filing"]) {
      assert.equal((await sql.unsafe(`select 1 from edgar.${table} limit 1`)).length, 0, table);
    }
  });
});

Deno.test("names in Latin-1 keep their letters, backslashes stay, and a packed index beside the plain one is one", async () => {
  const index = [
    "Description:           Master Index of EDGAR Dissemination Feed",
    "Last Data Received:    March 31, 2002",
    " ",
    "CIK|Company Name|Form Type|Date Filed|Filename",
    "--------------------------------------------------------------------------------",
    "1000|CR\u00c9DIT AGRICOLE S.A. \\DE\\|10-K|2002-03-29|edgar/data/1000/0000001000-02-000001.txt",
  ].join("\n");
  const latin1 = Uint8Array.from(index, (character) => character.charCodeAt(0));
  await withFiles({}, async (copy) => {
    const place = join(copy, "Archives/edgar/full-index/2002/QTR1");
    await writeFile(join(place, "master.idx"), latin1);
    await writeFile(join(place, "master.gz"), gzipSync(latin1));
    // Of several members, and the only one of its quarter.
    const alone = join(copy, "Archives/edgar/full-index/2002/QTR2");
    const other = new TextEncoder().encode(index.replaceAll("1000", "1001").replace("CR\u00c9DIT", "CREDIT"));
    const members = [other.subarray(0, 300), other.subarray(300)].map((part) => gzipSync(part));
    await writeFile(join(alone, "master.gz"), Buffer.concat(members));
    await withQueries(async (queries, { sql }) => {
      const summary = await load(queries, copy);
      assert.deepEqual([summary.files, summary.failures], [2, []]);
      const companies = await sql`select name from edgar.company where cik in (1000, 1001) order by cik`;
      assert.deepEqual(companies.map(({ name }) => name), [
        "CR\u00c9DIT AGRICOLE S.A. \\DE\\",
        "CREDIT AGRICOLE S.A. \\DE\\",
      ]);
    });
  });
});

Deno.test("a nightly archive is its members, each in the ledger under its own address", async () => {
  const { ZipWriter, Uint8ArrayWriter, Uint8ArrayReader } = await import("@zip.js/zip.js");
  const writer = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false });
  const names = ["CIK0000320193.json", "CIK0000063908.json"];
  for (const name of names) {
    const bytes = await Deno.readFile(join(folder, "api/xbrl/companyfacts", name));
    await writer.add(name, new Uint8ArrayReader(bytes));
  }
  const archive = await writer.close();
  await withFiles({}, async (copy) => {
    const path = "Archives/edgar/daily-index/xbrl/companyfacts.zip";
    await writeFile(join(copy, path), archive);
    await withQueries(async (queries, { sql }) => {
      const first = await load(queries, copy);
      assert.deepEqual([first.loaded, first.failures], [3, []]);
      const paths = (await sql`select path from edgar.source_file where status = 'loaded' order by path`).map(
        (
          { path },
        ) => path,
      );
      assert.deepEqual(
        paths,
        [path, ...names.toReversed().map((name) => `api/xbrl/companyfacts/${name}`)].toSorted(),
      );
      // The same file from SEC's own address is known by then.
      const plain = await load(queries, join(folder, apple));
      assert.equal(plain.known, 1);
      const again = await load(queries, copy);
      assert.deepEqual([again.known, again.changes], [1, 0]);
    });
  });
});

Deno.test("paths that hold nothing of SEC's are refused before anything is loaded", async () => {
  await withFiles({ "notes.txt": "nothing" }, async (copy) => {
    await withQueries(async (queries) => {
      for (const path of [copy, join(copy, "notes.txt"), join(copy, "nowhere")]) {
        await assert.rejects(load(queries, join(folder, apple), path), { code: "edgar.path_unknown" });
      }
      const { rows } = await queries.source_files({});
      assert.deepEqual(rows, []);
    });
  });
});

Deno.test("whoever listens is told of files, rows and how far each is", async () => {
  await withQueries(async (queries) => {
    const finished: FileReport[] = [];
    const fractions: number[] = [];
    const sent: boolean[] = [];
    let expected = 0;
    await loadPaths([join(folder, apple)], {
      queries,
      signal: AbortSignal.timeout(60_000),
      listener: {
        expected: (files, bytes) => {
          expected += files;
          assert.ok(bytes > 100_000 || !isReal);
        },
        advanced: (_path, _rows, fraction, isSent) => {
          fractions.push(fraction ?? -1);
          sent.push(isSent === true);
        },
        finished: (report) => void finished.push(report),
      },
    });
    assert.equal(expected, 1);
    assert.equal(finished.length, 1);
    assert.ok(finished[0]!.rows > 0);
    assert.deepEqual(fractions, fractions.toSorted((a, b) => a - b), "never back");
    assert.deepEqual(
      [fractions[0], fractions.at(-1), sent.at(-1)],
      [0, 0.5, true],
      "merging is the other half",
    );
  });
});

Deno.test("a cancelled load ends with the signal's reason, and what was whole stays", async () => {
  await withQueries(async (queries, { sql }) => {
    const cancel = new AbortController();
    const work = loadPaths([join(folder, "snapshots", "2026-01-30"), join(folder, apple)], {
      queries,
      signal: cancel.signal,
      concurrency: 1,
      listener: { finished: () => cancel.abort(new DOMException("enough", "AbortError")) },
    });
    await assert.rejects(work, { name: "AbortError" });
    const rows = await sql`select path from edgar.source_file`;
    assert.equal(rows.length, 1);
  });
});

async function copyFile(path: string, to: string): Promise<void> {
  const source = await Deno.readFile(join(folder, path)).catch(() =>
    Deno.readFile(join(project, "tests/fixtures/edgar_mirror", path))
  );
  await writeFile(join(to, path), source);
}

async function writeFile(file: string, content: string | Uint8Array): Promise<void> {
  await Deno.mkdir(join(file, ".."), { recursive: true });
  await (typeof content === "string" ? Deno.writeTextFile(file, content) : Deno.writeFile(file, content));
}
