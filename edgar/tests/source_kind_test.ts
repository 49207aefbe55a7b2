/** What a path says about a file of SEC. */

import assert from "node:assert/strict";
import { cikOfPath, filingPathOf, secPathOf, sourceKindOf } from "../src/source/source_kind.ts";

Deno.test("every layout of SEC is known by its path", () => {
  const kinds = {
    "files/company_tickers.json": "company_tickers",
    "files/company_tickers_exchange.json": "company_tickers_exchange",
    "files/company_tickers_mf.json": "fund_tickers",
    "submissions/CIK0000320193.json": "submissions",
    "submissions/CIK0000320193-submissions-001.json": "submissions_page",
    "api/xbrl/companyfacts/CIK0000320193.json": "company_facts",
    "Archives/edgar/full-index/2025/QTR4/master.idx": "master_index",
    "Archives/edgar/full-index/2025/QTR4/master.gz": "master_index",
    "Archives/edgar/full-index/master.idx": "master_index",
    "Archives/edgar/full-index/2025/QTR4/company.idx": "company_index",
    "Archives/edgar/full-index/2025/QTR4/form.gz": "form_index",
    "Archives/edgar/daily-index/2020/QTR1/master.20200103.idx": "master_index",
    "Archives/edgar/daily-index/2022/QTR4/company.20221003.idx": "company_index",
    "Archives/edgar/daily-index/1996/QTR1/form.960102.idx": "form_index",
    "Archives/edgar/daily-index/xbrl/companyfacts.zip": "company_facts_archive",
    "Archives/edgar/daily-index/bulkdata/submissions.zip": "submissions_archive",
    "files/dera/data/financial-statement-data-sets/2009q3.zip": "statement_data_sets",
    "Archives/edgar/data/320193/000032019324000123/aapl-20240928.htm": "filing_document",
    "Archives/edgar/data/320193/0001193125-19-292676.txt": "filing_text",
    "Archives/edgar/data/320193/000119312519292676/0001193125-19-292676.txt": "filing_text",
    "Archives/edgar/data/320193/000032019320000086/wf-form4_160262821333467.xml": "filing_xml",
    "Archives/edgar/data/1894188/000189418823000007/index.xml": "filing_xml",
  };
  for (const [path, kind] of Object.entries(kinds)) {
    assert.equal(sourceKindOf(path), kind, path);
    for (const before of ["/", "https://www.sec.gov/", "/data/shared/edgar/", "snapshots/2026-05-01/"]) {
      assert.equal(sourceKindOf(before + path), kind, before + path);
      assert.equal(secPathOf(before + path), path);
    }
  }
});

Deno.test("what is none of SEC's layouts, or holds nothing to load, has no kind", () => {
  for (
    const path of [
      "",
      "README.md",
      "company_tickers.json",
      "submissions/CIK320193.json",
      "submissions/CIK0000320193.json.part",
      "companyfacts/CIK0000320193.json",
      "Archives/edgar/full-index/2025/QTR5/master.idx",
      "Archives/edgar/full-index/2025/QTR4/xbrl.idx",
      // The page that SEC draws of a form, not its data.
      "Archives/edgar/data/320193/000032019320000086/xslF345X03/wf-form4_160262821333467.xml",
      "Archives/edgar/data/320193/000032019324000123/R2.htm",
      "Archives/edgar/data/320193/000032019324000123/0000320193-24-000123-index.htm",
      "Archives/edgar/data/320193/000032019324000123/aapl-20240928.jpg",
      "files/dera/data/financial-statement-data-sets/2009q5.zip",
    ]
  ) assert.equal(sourceKindOf(path), null, path);
});

Deno.test("a path names the company and the filing", () => {
  assert.deepEqual(filingPathOf("x/Archives/edgar/data/320193/000032019324000123/aapl-20240928.htm"), {
    cik: "320193",
    accession: "0000320193-24-000123",
    file_name: "aapl-20240928.htm",
  });
  assert.deepEqual(filingPathOf("Archives/edgar/data/320193/0001193125-19-292676.txt"), {
    cik: "320193",
    accession: "0001193125-19-292676",
    file_name: "0001193125-19-292676.txt",
  });
  assert.equal(filingPathOf("files/company_tickers.json"), null);
  assert.equal(cikOfPath("submissions/CIK0000320193-submissions-001.json"), "320193");
  assert.equal(cikOfPath("files/company_tickers.json"), null);
});
