/**
 * Which documents of a company's filings are asked for: the raw XML of ownership forms, the information tables of 13F filings, the main
 * documents of annual and quarterly reports. The newest filings first, and no more than were asked for.
 */

import type { SecClient } from "./client.ts";
import type { EdgarQueries } from "./ledger.ts";
import type { FilingContext } from "./load_step.ts";

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
  client: SecClient;
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
      const path = kind === "holdings"
        ? await informationTable(folder, accession, options)
        // An older filing is one text with all its documents.
        : name === null || !/\.(xml|html?)$/i.test(name)
        ? `Archives/edgar/data/${cik}/${accession}.txt`
        : `${folder}/${name}`;
      yield { path, filing };
    }
  }
}

/** The table's file has a name of the filer's own, which the folder's list tells; without a list the whole submission has it. */
async function informationTable(
  folder: string,
  accession: string,
  { client, signal }: DocumentOptions,
): Promise<string> {
  const answer = await client.get(`${folder}/index.json`, { signal });
  const whole = `${folder.slice(0, folder.lastIndexOf("/"))}/${accession}.txt`;
  if (answer.status !== "ok") return whole;
  const names = namesOf(answer.bytes).filter((name) =>
    /\.xml$/i.test(name) && !/^primary_doc\.xml$/i.test(name) && !name.includes("/")
  );
  const table = names.find((name) => /info.*table|table/i.test(name)) ?? names[0];
  return table === undefined ? whole : `${folder}/${table}`;
}

/** `{directory: {item: [{name, …}]}}` */
function namesOf(bytes: Uint8Array): string[] {
  try {
    const json = JSON.parse(new TextDecoder().decode(bytes)) as {
      directory?: { item?: { name?: unknown }[] };
    };
    const items = json.directory?.item;
    return Array.isArray(items)
      ? items.map(({ name }) => name).filter((name): name is string => typeof name === "string")
      : [];
  } catch {
    // What is no list is like none.
    return [];
  }
}
