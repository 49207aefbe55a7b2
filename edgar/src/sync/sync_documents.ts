/**
 * Which documents of a company's filings are asked for: the raw XML of ownership forms, 13F filings whole,
 * the main documents of annual and quarterly reports. The newest filings first, and no more than were asked
 * for.
 */

import type { EdgarQueries } from "../load/ledger.ts";
import type { FilingContext } from "../source/source_file.ts";

export const documentKinds = ["ownership", "holdings", "documents"] as const;
export type DocumentKind = (typeof documentKinds)[number];

/** Form types by what is taken of them; an amendment is a type of its own. */
const forms: Record<DocumentKind, string[]> = {
  ownership: ["3", "4", "5", "3/A", "4/A", "5/A"],
  holdings: ["13F-HR", "13F-HR/A"],
  documents: ["10-K", "10-Q", "10-K/A", "10-Q/A", "20-F", "40-F", "10-KT"],
};

export interface DocumentOptions {
  kinds: readonly DocumentKind[];
  maximumFilings: number;
  queries: EdgarQueries;
  signal: AbortSignal;
}

export interface FilingDocument {
  /** SEC's. */
  path: string;
  filing: FilingContext;
}

const largestPage = 1000;

export async function* documentsOf(cik: number, options: DocumentOptions): AsyncGenerator<FilingDocument> {
  const { kinds, maximumFilings, queries, signal } = options;
  for (const kind of kinds) {
    const { rows } = await queries.company_filings(
      { cik, forms: forms[kind], page_size: Math.min(maximumFilings, largestPage) },
      { signal },
    );
    for (const { accession, form, filed_on, report_on, document_url } of rows) {
      const folder = `Archives/edgar/data/${cik}/${accession.replaceAll("-", "")}`;
      const name = document_url?.split("/").at(-1) ?? null;
      const filing: FilingContext = {
        accession,
        cik: String(cik),
        form,
        filed_on,
        ...(report_on === null ? {} : { report_on }),
      };
      // An older filing is one text with all its documents. A 13F is asked for as that text, too: its table
      // counts with its cover page, which says whether it amends another filing, and the table's own file has
      // a name of the filer's.
      const isWhole = kind === "holdings" || name === null || !/\.(xml|html?)$/i.test(name);
      yield { path: isWhole ? `Archives/edgar/data/${cik}/${accession}.txt` : `${folder}/${name}`, filing };
    }
  }
}
