/**
 * SEC's own JSON as the CSV files that the load tools take, for tests on real files larger than the bundled sample. They lie
 * beside the project in `../shared/edgar`, laid out like SEC's addresses; whoever clones the project alone has none.
 */

import { join } from "node:path";
import { project } from "../harness.ts";

const payloads = join(project, "..", "shared", "edgar");

export async function hasPayloads(): Promise<boolean> {
  return await Deno.stat(join(payloads, "api")).then(() => true, () => false);
}

/** Writes company.csv, filing.csv and fact.csv into `directory` and says how many rows each has. */
export async function writeCsvFiles(
  directory: string,
): Promise<{ companies: number; filings: number; facts: number }> {
  const companies = new Map<number, string>();
  const filings = new Map<string, string>();
  let facts = 0;
  const factFile = join(directory, "fact.csv");
  await Deno.writeTextFile(
    factFile,
    "cik,taxonomy,tag,unit,start_on,end_on,value,accession,fy,fp,form,filed_on,frame\n",
  );
  for await (
    const { facts: taxonomies, ...company } of read<CompanyFacts>(join(payloads, "api/xbrl/companyfacts"))
  ) {
    const cik = Number(company.cik);
    companies.set(cik, line([cik, company.entityName, "{}", null, null, null, null]));
    for (const [taxonomy, tags] of Object.entries(taxonomies)) {
      let lines = "";
      for (const [tag, { units }] of Object.entries(tags)) {
        for (const [unit, rows] of Object.entries(units)) {
          facts += rows.length;
          for (const row of rows) {
            lines += line([
              cik,
              taxonomy,
              tag,
              unit,
              row.start,
              row.end,
              row.val,
              row.accn,
              row.fy,
              row.fp,
              row.form,
              row.filed,
              row.frame,
            ]);
          }
        }
      }
      await Deno.writeTextFile(factFile, lines, { append: true });
    }
  }
  for await (const submissions of read<Submissions>(join(payloads, "submissions"))) {
    const cik = Number(submissions.cik ?? /CIK(\d{10})/.exec(submissions.file)![1]);
    if (submissions.filings) {
      const { name, tickers, exchanges, sic, fiscalYearEnd, stateOfIncorporation } = submissions;
      companies.set(
        cik,
        line([
          cik,
          name,
          `{${(tickers ?? []).join(",")}}`,
          exchanges?.[0],
          sic,
          fiscalYearEnd,
          stateOfIncorporation,
        ]),
      );
    }
    const page = submissions.filings?.recent ?? submissions as unknown as FilingColumns;
    page.accessionNumber.forEach((accession, index) => {
      const values = [
        accession,
        cik,
        page.form[index],
        page.filingDate[index],
        page.reportDate[index],
        page.primaryDocument[index],
        page.size[index],
      ];
      filings.set(`${accession} ${cik}`, line(values));
    });
  }
  await Deno.writeTextFile(
    join(directory, "company.csv"),
    "cik,name,tickers,exchange,sic,fiscal_year_end,state\n" + [...companies.values()].join(""),
  );
  await Deno.writeTextFile(
    join(directory, "filing.csv"),
    "accession,cik,form,filed_on,report_on,primary_document,size_bytes\n" + [...filings.values()].join(""),
  );
  return { companies: companies.size, filings: filings.size, facts };
}

interface CompanyFacts {
  cik: number | string;
  entityName: string;
  facts: Record<string, Record<string, { units: Record<string, Fact[]> }>>;
}

interface Fact {
  start?: string;
  end: string;
  val: string;
  accn: string;
  fy: string | null;
  fp: string | null;
  form: string;
  filed: string;
  frame?: string;
}

interface FilingColumns {
  accessionNumber: string[];
  form: string[];
  filingDate: string[];
  reportDate: string[];
  primaryDocument: string[];
  size: string[];
}

interface Submissions {
  file: string;
  cik?: string;
  name?: string;
  tickers?: string[];
  exchanges?: (string | null)[];
  sic?: string;
  fiscalYearEnd?: string | null;
  stateOfIncorporation?: string;
  filings?: { recent: FilingColumns };
}

/** The parsed files of a folder; numbers stay the JSON's own text. */
async function* read<T>(directory: string): AsyncGenerator<T & { file: string }> {
  const parse = JSON.parse as (
    text: string,
    revive: (key: string, value: unknown, context: { source: string }) => unknown,
  ) => T;
  const names: string[] = [];
  for await (const { name } of Deno.readDir(directory)) {
    if (/^CIK\d{10}.*\.json$/.test(name)) names.push(name);
  }
  for (const name of names.toSorted()) {
    const text = await Deno.readTextFile(join(directory, name));
    yield {
      ...parse(text, (_key, value, { source }) => typeof value === "number" ? source : value),
      file: name,
    };
  }
}

/** One CSV line; null, undefined and the empty text that SEC writes for "none" are empty and unquoted: NULL. */
function line(values: readonly (string | number | null | undefined)[]): string {
  const fields = values.map((value) => {
    const text = String(value ?? "");
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return fields.join(",") + "\n";
}
