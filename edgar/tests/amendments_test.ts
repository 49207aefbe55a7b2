/**
 * Amendments of 13F filings, through the loader and the read tools. No amendment is among SEC's payloads at hand: the real submission of LTS One
 * Management is made one in memory, with another accession number, and the elements that SEC's technical specification names.
 */

import assert from "node:assert/strict";
import type { EdgarQueries } from "../src/load/ledger.ts";
import { Loader } from "../src/load/load.ts";
import { withQueries } from "./loading.ts";
import { readExcerpt } from "./source_files.ts";

const folder = "Archives/edgar/data/1894188";
const original = "0001894188-23-000007";
const cik = 1894188;
/** Amazon and CoStar, the first two of the fourteen securities. */
const [amazon, costar] = ["023135106", "22160N109"];
const quarter = "2023-09-30";

interface Amendment {
  number: number;
  filed: string;
  /** Null where the cover page does not say it. */
  type: "RESTATEMENT" | "NEW HOLDINGS" | null;
  /** Rows of the table that stay; all when left out. */
  keep?: string[];
  /** Shares of the rows that stay. */
  shares?: string;
}

const accessionOf = (number: number) => `0001894188-23-00001${number}`;

/** The whole submission as an amendment. */
async function amend(
  { number, filed, type, keep, shares }: Amendment,
): Promise<{ path: string; text: string }> {
  const accession = accessionOf(number);
  const cover = `<isAmendment>true</isAmendment><amendmentNo>${number}</amendmentNo>${
    type === null ? "" : `<amendmentInfo><amendmentType>${type}</amendmentType></amendmentInfo>`
  }`;
  const text = (await readExcerpt(`${folder}/${original}.txt`))
    .replaceAll(original, accession)
    .replace("CONFORMED SUBMISSION TYPE:\t13F-HR", "CONFORMED SUBMISSION TYPE:\t13F-HR/A")
    .replace("FILED AS OF DATE:\t\t20231114", `FILED AS OF DATE:\t\t${filed}`)
    .replace("<submissionType>13F-HR<", "<submissionType>13F-HR/A<")
    .replace("<filingManager>", `${cover}<filingManager>`)
    .replace(/\s*<ns1:infoTable>[\s\S]*?<\/ns1:infoTable>/g, (row) => {
      const cusip = /<ns1:cusip>(\w+)</.exec(row)![1]!;
      if (keep !== undefined && !keep.includes(cusip)) return "";
      return shares === undefined ? row : row.replace(/<ns1:sshPrnamt>\d+</, `<ns1:sshPrnamt>${shares}<`);
    });
  return { path: `${folder}/${accession}.txt`, text };
}

const encode = (text: string) => new TextEncoder().encode(text);

async function load(queries: EdgarQueries, ...files: { path: string; text: string }[]): Promise<number> {
  const loader = new Loader({ queries, signal: AbortSignal.timeout(60_000) });
  for (const { path, text } of files) {
    const report = await loader.loadContent({ path, bytes: encode(text), fetched: null });
    assert.equal(report.outcome, "loaded", report.failure?.message);
  }
  return loader.summary.changes;
}

const first = async () => ({
  path: `${folder}/${original}.txt`,
  text: await readExcerpt(`${folder}/${original}.txt`),
});

/** What the tools answer about the two securities. */
async function holdings(queries: EdgarQueries) {
  const { rows } = await queries.manager_holdings({ cik });
  const holders = async (cusip: string) =>
    (await queries.fund_holders({ cusip, report_on: quarter })).rows
      .map(({ shares, accessions }) => ({ shares, accessions }));
  return {
    securities: rows.length,
    value: rows.reduce((sum, { value_usd }) => sum + BigInt(value_usd), 0n),
    amazon: await holders(amazon),
    costar: await holders(costar),
  };
}

const whole = { securities: 14, value: 454_926_000n };

Deno.test("an amendment that adds holdings counts beside the first filing, and both are named", async () => {
  const added = await amend({
    number: 1,
    filed: "20231201",
    type: "NEW HOLDINGS",
    keep: [amazon],
    shares: "500",
  });
  for (const isReversed of [false, true]) {
    await withQueries(async (queries) => {
      const files = [await first(), added];
      await load(queries, ...(isReversed ? files.toReversed() : files));
      const { securities, amazon, costar } = await holdings(queries);
      assert.equal(securities, 14);
      assert.deepEqual(amazon, [{ shares: "138000", accessions: [original, accessionOf(1)] }]);
      assert.deepEqual(costar, [{ shares: "100000", accessions: [original] }]);
      const { rows } = await queries.manager_filings({ cik });
      assert.deepEqual(
        rows.map(({ accession, form, amendment_type, counts }) => [accession, form, amendment_type, counts]),
        [[accessionOf(1), "13F-HR/A", "NEW HOLDINGS", true], [original, "13F-HR", null, true]],
      );
    });
  }
});

Deno.test("a restatement replaces the first filing and what was added before it, also what it no longer lists", async () => {
  await withQueries(async (queries) => {
    await load(
      queries,
      await first(),
      await amend({ number: 1, filed: "20231201", type: "NEW HOLDINGS", keep: [costar], shares: "500" }),
      await amend({ number: 2, filed: "20231215", type: "RESTATEMENT", keep: [amazon], shares: "7" }),
    );
    const restated = await holdings(queries);
    assert.equal(restated.securities, 1);
    assert.deepEqual(restated.amazon, [{ shares: "7", accessions: [accessionOf(2)] }]);
    assert.deepEqual(restated.costar, [], "the restatement holds none");

    await load(
      queries,
      await amend({ number: 3, filed: "20240105", type: "NEW HOLDINGS", keep: [costar], shares: "9" }),
    );
    const { amazon: kept, costar: added } = await holdings(queries);
    assert.deepEqual(kept, [{ shares: "7", accessions: [accessionOf(2)] }]);
    assert.deepEqual(added, [{ shares: "9", accessions: [accessionOf(3)] }]);
    const { rows } = await queries.manager_filings({ cik });
    assert.deepEqual(rows.map(({ counts }) => counts), [true, true, false, false]);
  });
});

Deno.test("of an amendment that does not say which it is, nothing is counted twice", async () => {
  await withQueries(async (queries) => {
    await load(
      queries,
      await first(),
      await amend({ number: 1, filed: "20231201", type: null, shares: "1" }),
    );
    const { amazon, securities } = await holdings(queries);
    assert.equal(securities, 14);
    assert.deepEqual(amazon, [{ shares: "1", accessions: [accessionOf(1)] }]);
  });
});

Deno.test("a bare table and its cover page come together in either order, and a second load changes nothing", async () => {
  const text = await readExcerpt(`${folder}/${original}.txt`);
  const part = (pattern: RegExp) => pattern.exec(text)![0];
  const inFolder = `${folder}/${original.replaceAll("-", "")}`;
  const files = [
    { path: `${inFolder}/index.xml`, text: part(/<ns1:informationTable[\s\S]*<\/ns1:informationTable>/) },
    { path: `${inFolder}/primary_doc.xml`, text: part(/<edgarSubmission[\s\S]*<\/edgarSubmission>/) },
  ];
  for (const order of [files, files.toReversed()]) {
    await withQueries(async (queries, { sql }) => {
      await load(queries, order[0]!);
      const bare = await queries.manager_holdings({ cik });
      if (order === files) {
        assert.equal(bare.rows.length, 14, "a table of an unknown quarter is shown, with none");
        assert.equal(bare.rows[0]!.report_on, null);
      }
      await load(queries, order[1]!);
      const { securities, value } = await holdings(queries);
      assert.deepEqual({ securities, value }, whole);
      const { rows } = await queries.manager_holdings({ cik });
      assert.equal(rows[0]!.report_on, quarter);
      await sql`delete from edgar.source_file`;
      assert.equal(await load(queries, ...order), 0);
      assert.equal(
        await load(queries, await first()) > 0,
        true,
        "the submission says the day of filing as well",
      );
    });
  }
});
